// What the head explorer shows, as numbers and words. Head H of a layer is the mean of its heads; NaN is a masked cell.
import { clamp, strongest } from "../shared/numbers.js";
import { t, woven } from "../text.js";

/** @import { Arrays, Spec, State, Table } from "../shared/types.js" */
/** @typedef {{ name: string, queries: string[], keys: string[], shape: [number, number, number, number],
 *   masked: boolean }} HeadMap shape: layers, heads, queries, keys */
/** @typedef {Spec & { maps: HeadMap[], high: number, reads?: string }} HeadsSpec high: the weight of full ink; reads:
 *   the text, where it is not that of `own` */
/** @typedef {{ layer?: number, head?: number, row?: number, col?: number }} Hover what a pointer is on: a small map, or
 *   a cell of the open head, or a label of it */
/** @typedef {import("../data.js").Numbers} Numbers */
/** @typedef {[layer: number, head: number]} Head */

const masked = Number.isNaN;

/** As Python writes it: a table has the same digits there. @param {number} x @param {number} digits */
export const plain = (x, digits) => (masked(x) ? "–" : x.toFixed(Math.abs(x) >= 100 ? 0 : digits).replace("-", "−"));

/** @param {string} text */
export const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** The largest weight. @param {Numbers} weights */
export function most(weights) {
  let top = 0;
  for (const weight of weights) if (weight > top) top = weight;
  return top;
}

/** The mean over the heads of each layer: [L, H, Q, K] -> [L, Q, K]. @type {WeakMap<Numbers, Float32Array>} */
const MEANS = new WeakMap();

/** @param {Numbers} weights @param {HeadMap["shape"]} shape */
function meansOf(weights, [layers, heads, queries, keys]) {
  const known = MEANS.get(weights);
  if (known) return known;
  const size = queries * keys;
  const means = Float32Array.from({ length: layers * size }, (_, at) => {
    const first = Math.floor(at / size) * heads * size + (at % size);
    let sum = 0;
    for (let head = 0; head < heads; head++) sum += weights[first + head * size];
    return sum / heads;
  });
  MEANS.set(weights, means);
  return means;
}

export class HeadsNumbers {
  /** @param {HeadsSpec} spec @param {Arrays} arrays @param {State} state @param {Hover} hover */
  constructor(spec, arrays, state, hover = {}) {
    this.spec = spec;
    this.state = state;
    this.hover = hover;
    this.place = Math.max(
      0,
      spec.maps.findIndex(({ name }) => name === state.map),
    );
    this.map = spec.maps[this.place];
    const [layers, heads, queries, keys] = this.map.shape;
    this.layers = layers;
    this.heads = heads;
    this.queries = queries;
    this.keys = keys;
    this.columns = heads + (heads > 1 ? 1 : 0);
    this.weights = arrays[`map${this.place}`];
  }

  /** The weights of a query in a head. @param {number} layer @param {number} head @param {number} query */
  row(layer, head, query) {
    const mean = head >= this.heads;
    const all = mean ? meansOf(this.weights, this.map.shape) : this.weights;
    const from = ((mean ? layer : layer * this.heads + head) * this.queries + query) * this.keys;
    return all.subarray(from, from + this.keys);
  }

  /** The head that is open. @returns {Head} */
  get opened() {
    const { layer, head } = this.state;
    return [clamp(layer, 0, this.layers - 1), head < 0 ? this.columns - 1 : clamp(head, 0, this.heads - 1)];
  }

  /** The head that is told of: the one under the pointer, else the open one. @returns {Head} */
  get told() {
    const { layer, head } = this.hover;
    return layer === undefined || head === undefined ? this.opened : [layer, head];
  }

  /** The word that is chosen, whatever a pointer is on. */
  get chosen() {
    return clamp(this.state.query, 0, this.queries - 1);
  }

  get query() {
    return this.hover.row ?? this.chosen;
  }

  /** The key that is chosen, or null: each head's strongest. */
  get fixed() {
    if (this.hover.col !== undefined) return this.hover.col;
    return this.state.key < 0 ? null : clamp(this.state.key, 0, this.keys - 1);
  }

  /** The weights of the query in a head. @param {number} layer @param {number} head */
  asked(layer, head) {
    return this.row(layer, head, this.query);
  }

  /** @param {Numbers} row */
  key(row) {
    return this.fixed ?? strongest(row);
  }

  /** The weight that stands under a small map. @param {number} layer @param {number} head */
  number(layer, head) {
    const row = this.asked(layer, head);
    return row[this.key(row)];
  }

  /** A head as `state.knocked` names it. @param {Head} head */
  mark([layer, head]) {
    return this.spec.maps.length > 1 ? [this.map.name, layer, head] : [layer, head];
  }

  /** Whether a head is knocked out. @param {number} layer @param {number} head */
  out(layer, head) {
    const mark = String(this.mark([layer, head]));
    return this.state.knocked.some((/** @type {any[]} */ one) => String(one) === mark);
  }

  /** `state.knocked` with this head, or without it if it was there. @param {Head} head @returns {any[][]} */
  toggled(head) {
    const mark = this.mark(head);
    const rest = this.state.knocked.filter((/** @type {any[]} */ one) => String(one) !== String(mark));
    return rest.length < this.state.knocked.length ? rest : [...rest, mark];
  }

  /** All heads, the one with the largest number first, unknown ones last. @returns {Head[]} */
  ranking() {
    const all = Array.from({ length: this.layers * this.heads }, (_, i) => {
      /** @type {Head} */
      const head = [Math.floor(i / this.heads), i % this.heads];
      const number = this.number(...head);
      return { head, number: masked(number) ? -Infinity : number };
    });
    all.sort((a, b) => Number(b.number > a.number) - Number(b.number < a.number));
    return all.map(({ head }) => head);
  }

  /** @param {number} layer @param {number} head */
  name(layer, head) {
    return head < this.heads
      ? t("layer {layer}, head {head}", { layer: layer + 1, head: head + 1 })
      : t("layer {layer}, mean of its heads", { layer: layer + 1 });
  }

  /** @param {number} layer @param {number} head */
  sentence(layer, head) {
    const { text, words } = this.parts(layer, head);
    return woven(text, words).join("");
  }

  /** That sentence, with open places for its words. @param {number} layer @param {number} head */
  parts(layer, head) {
    const row = this.asked(layer, head);
    const key = this.key(row);
    const values = { head: this.name(layer, head), weight: plain(row[key], 3), query: "{query}", key: "{key}" };
    const gives =
      key === strongest(row) && row[key] > 0
        ? t("{head}: {query} gives {weight} to {key}, its largest share", values)
        : t("{head}: {query} gives {weight} to {key}", values);
    const text = masked(row[key]) ? t("{head}: {query} may not attend to {key}", values) : gives;
    const { queries, keys } = this.map;
    return { text, words: { query: `“${queries[this.query]}”`, key: `“${keys[key]}”` } };
  }

  /** What else there is to say of a head. @param {number} layer @param {number} head */
  more(layer, head) {
    const found = [];
    const count = this.layers * this.heads;
    const rank = this.ranking().findIndex((one) => one[0] === layer && one[1] === head) + 1;
    if (rank && count > 1 && !masked(this.number(layer, head)))
      found.push(
        rank > 1
          ? t("Number {rank} of {count} heads. ", { rank, count })
          : t("The largest of {count} heads. ", { count }),
      );
    if (this.out(layer, head)) found.push(t("Knocked out. "));
    return found.join("");
  }

  /** A row for each head, the largest number first, then the mean of each layer. @returns {Table} */
  table() {
    const { map, state } = this;
    const marked = state.knocked.some((/** @type {any[]} */ one) => one.length < 3 || one[0] === map.name);
    /** @type {Head[]} */
    const means = Array.from({ length: this.heads > 1 ? this.layers : 0 }, (_, layer) => [layer, this.heads]);
    const rows = [...this.ranking(), ...means].map(([layer, head]) => {
      const row = this.asked(layer, head);
      const weight = row[this.key(row)];
      const top = strongest(row);
      return [
        this.name(layer, head),
        masked(weight) ? t("masked") : plain(weight, 3),
        `${map.keys[top]} ${plain(row[top] || 0, 3)}`,
        ...(marked ? [this.out(layer, head) ? t("yes") : ""] : []),
      ];
    });
    const asks = map.queries[this.query];
    const pair = this.fixed === null ? t("{asks} → its strongest", { asks }) : `${asks} → ${map.keys[this.fixed]}`;
    const header = [t("head"), pair, t("most on")];
    return { header: [...header, ...(marked ? [t("knocked out")] : [])], rows };
  }

  /** The open head [Q, K], and the number of each head, of the mean last. */
  numbers() {
    const [layer, head] = this.opened;
    return {
      open: Array.from({ length: this.queries }, (_, query) => Array.from(this.row(layer, head, query))),
      heads: Array.from({ length: this.layers }, (_, l) =>
        Array.from({ length: this.columns }, (_, i) => this.number(l, i)),
      ),
    };
  }
}

/** @param {HeadsSpec} spec @param {Arrays} arrays @param {State} state */
export function numbersOf(spec, arrays, state) {
  const numbers = new HeadsNumbers(spec, arrays, state);
  const [layer, head] = numbers.opened;
  return {
    ...numbers.numbers(),
    ranking: numbers.ranking(),
    table: numbers.table(),
    sentence: capital(numbers.sentence(layer, head)),
    more: numbers.more(layer, head),
  };
}
