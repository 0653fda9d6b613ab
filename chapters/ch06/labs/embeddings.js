// Three embeddings of each word and their sum: rows are words, strips are parts; a part can be switched off.
import { arrow, h, pointed, spoken } from "../../../course_kit/views/js/src/shared/dom.js";
import { clamp, fmt } from "../../../course_kit/views/js/src/shared/numbers.js";
import EMBEDDINGS_CSS from "./embeddings.css";
import { PARTS, numbersOf, rowOf, sumOf, toldOf } from "./embeddings_numbers.js";
import { NORMED, StripsPicture } from "./embeddings_picture.js";

/** @import { Picture, Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { EmbeddingsSpec, EmbeddingsState } from "./embeddings_numbers.js" */
/** @import { Cell } from "./embeddings_picture.js" */

const KEYS = "arrow keys up and down: word, left and right: feature";

/** @param {UI} ui @returns {Picture} */
export function embeddings(ui) {
  return new Embeddings(ui);
}

/** @implements {Picture} */
class Embeddings {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {EmbeddingsSpec} */ (ui.spec);
    this.state = /** @type {EmbeddingsState} */ (ui.state);
    /** @type {Cell | null} the one under the pointer */
    this.pointed = null;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.strips = new StripsPicture(ui, this.canvas);
    this.hand = this.frame();
    this.legend = h("div", { class: "scales" });
    this.say = spoken();
    ui.body.append(this.hand, this.legend);
    ui.below.append(this.say);
    ui.style(EMBEDDINGS_CSS);
    this.listen();
  }

  /** What takes the keys. */
  frame() {
    const look = { role: "group", tabindex: 0, "data-testid": "picture", class: "picture" };
    const label = `embeddings of ${this.spec.names.length} words; ${KEYS}`;
    const onkeydown = (/** @type {KeyboardEvent} */ event) => this.key(event);
    return h("div", { ...look, onkeydown, "aria-label": label }, this.canvas);
  }

  listen() {
    const { canvas } = this;
    canvas.onpointermove = (event) => this.point(this.under(event));
    canvas.onpointerleave = () => this.point(null);
    canvas.onclick = (event) => {
      const found = this.under(event);
      if (found) this.ui.set(found, true);
    };
  }

  /** @param {MouseEvent} event */
  under(event) {
    const [x, y] = pointed(event, this.canvas);
    return this.strips.under(x, y);
  }

  /** @param {Cell | null} cell */
  point(cell) {
    this.pointed = cell;
    this.ui.set({});
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const step = arrow(event);
    if (!step) return;
    this.pointed = null;
    const { names, features, window: shown } = this.spec;
    const word = clamp(this.state.word + step[0], 0, names.length - 1);
    const feature = clamp(this.state.feature + step[1], 0, features - 1);
    const first = clamp(this.state.first, feature - shown + 1, feature); // the window follows the feature
    this.ui.set({ word, feature, first }, true);
  }

  numbers() {
    return numbersOf(this.spec, this.ui.arrays, this.state);
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const here = this.pointed ?? { word: this.state.word, feature: this.state.feature };
    this.strips.paint(width, narrow, here);
    this.scales();
    this.tell(here);
  }

  /** What the colours mean: a scale for the parts and their sum, another one behind the norm. */
  scales() {
    const { normed, reach, window: shown, size } = this.spec;
    const { first } = this.state;
    const scale = (/** @type {string} */ what, /** @type {number} */ most) =>
      h("span", {}, `${what} −${most}`, h("i", { "aria-hidden": "true" }), String(most));
    this.legend.replaceChildren(
      scale(normed ? "parts and sum" : "below 0", reach.parts),
      ...(normed ? [scale(NORMED, reach.normed)] : []),
      h("span", { class: "window" }, `features ${first} to ${first + shown - 1} of ${size}`),
    );
  }

  /** @param {Cell} here */
  tell({ word, feature }) {
    const { spec, state } = this;
    const { arrays } = this.ui;
    const name = spec.names[word];
    const sum = fmt(sumOf(spec, arrays, state, word)[feature]);
    const segment = spec.segments ? `, segment ${spec.segments[word]}` : "";
    const where = `, position ${word + 1}${segment}, feature ${feature} of ${spec.size}: `;
    const addends = PARTS.flatMap((part, i) => {
      const text = `${part} ${fmt(rowOf(spec, arrays, part, word)[feature])}`;
      return [i ? " + " : "", h(state.parts[i] ? "span" : "s", {}, text)];
    });
    const { twins } = numbersOf(spec, arrays, state, word);
    this.say.replaceChildren(
      h(
        "div",
        { class: "sum" },
        h("b", {}, `“${name}”`),
        h("span", { class: "quiet" }, where),
        ...addends,
        " = ",
        h("b", { class: "output" }, sum),
      ),
      h("div", {}, toldOf(name, twins)),
    );
    const label = `embeddings of ${spec.names.length} words; “${name}”, feature ${feature}: ${sum}; ${KEYS}`;
    this.hand.setAttribute("aria-label", label);
  }

  /** @returns {Table} */
  table() {
    const { spec } = this;
    const { arrays } = this.ui;
    const { feature } = this.state;
    const { sum } = this.numbers();
    const last = spec.normed ? /** @type {const} */ (["normed"]) : [];
    const rows = spec.names.map((name, word) => {
      const of = (/** @type {typeof PARTS[number] | "normed"} */ part) => rowOf(spec, arrays, part, word)[feature];
      const numbers = [...PARTS.map(of), sum[word][feature], ...last.map(of)];
      return [`${word + 1} ${name}`, ...numbers.map((x) => fmt(x))];
    });
    return { header: [`feature ${feature}`, ...PARTS, "sum", ...last.map(() => NORMED)], rows };
  }
}
