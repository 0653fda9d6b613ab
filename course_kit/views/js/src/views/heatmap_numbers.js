// What a heatmap shows of its data at a state: its rows, what is lit, what is said. No page is needed.
import { readable } from "../shared/labels.js";
import { fmt, percent } from "../shared/numbers.js";
import { best } from "../shared/ranked.js";
import { t } from "../text.js";
import { roleName } from "../shared/theme.js";

/** @import { Arrays, Spec, State, Table } from "../shared/types.js" */
/** @typedef {[row: number, column: number]} Cell */
/**
 * @typedef {object} HeatmapFields
 * @property {[one: number, maps: number, rows: number, columns: number]} shape
 * @property {string[]} queries
 * @property {string[]} keys
 * @property {[string, string]} axes what rows and columns are
 * @property {[low: number, high: number]} range
 * @property {boolean} [dots] a dot for each weight, a number where one points
 *
 * @typedef {Spec & HeatmapFields} HeatmapSpec
 */

const MANY = 32; // columns: a table shows of more only the strongest

export class HeatmapNumbers {
  /** @param {HeatmapSpec} spec @param {Arrays} arrays @param {State} state head: the map that is shown; row, col */
  constructor(spec, arrays, state) {
    const [, maps, rows, columns] = spec.shape;
    this.spec = spec;
    this.state = state;
    this.weights = /** @type {Float32Array} */ (arrays.weights);
    this.rows = rows;
    this.columns = columns;
    this.high = spec.range[1];
    this.dots = spec.dots ?? false;
    this.queries = spec.queries.map((label) => readable(label));
    this.keys = spec.keys.map((label) => readable(label));
    this.axes = spec.axes.map((label) => readable(roleName(label)));
    this.same = spec.queries.every((name, q) => name === spec.keys[q]);
    const sizes = [this.queries.length - rows, this.keys.length - columns];
    if (sizes.some(Boolean) || this.weights.length !== maps * rows * columns)
      throw new Error(t("the numbers and labels of this heatmap do not fit together"));
    if (this.weights.some((x) => Math.abs(x) === Infinity)) throw new Error(t("a number of this heatmap is infinite"));
  }

  /** The numbers of one query in the map that is shown; NaN is a masked cell. @param {number} q */
  row(q) {
    const start = (this.state.head * this.rows + q) * this.columns;
    return this.weights.subarray(start, start + this.columns);
  }

  get hasMask() {
    return this.weights.some(Number.isNaN);
  }

  /**
   * The largest number among the first rows and columns that is not a word's own.
   * @param {number} rows
   * @param {number} columns
   * @returns {Cell}
   */
  largest(rows, columns) {
    /** @type {Cell} */
    let best = [0, 0];
    let most = 0;
    for (let q = 0; q < Math.min(this.rows, rows); q++) {
      const row = this.row(q);
      for (let k = 0; k < Math.min(this.columns, columns); k++) {
        const own = this.same && this.rows > 1 && q === k;
        if (own || !(row[k] > most)) continue;
        best = [q, k];
        most = row[k];
      }
    }
    return best;
  }

  /** The number of a cell, and what it says. @param {Cell} cell */
  said([q, k]) {
    const row = this.row(q);
    const x = row[k];
    const [from, to] = [this.queries[q], this.keys[k]];
    if (Number.isNaN(x)) return { exact: t("masked"), sentence: t("“{from}” may not attend to “{to}”.", { from, to }) };
    const first = row.every((other, i) => i === k || !(other >= x));
    const values = { from, to, share: percent(x) };
    const sentence = first
      ? t("“{from}” puts {share} of its attention on “{to}”, its largest share.", values)
      : t("“{from}” puts {share} of its attention on “{to}”.", values);
    return { exact: fmt(x), sentence };
  }

  /**
   * The row of a cell as bars: at most so many of its numbers, this one and the largest, from left to right.
   * @param {Cell} cell
   */
  bars([q, k], most = 14) {
    const row = this.row(q);
    const places = best(row, k, most).toSorted((a, b) => a - b);
    return places.map((place) => ({
      name: this.keys[place],
      on: place === k,
      share: row[place] / this.high,
      text: row[place].toFixed(2),
    }));
  }

  /** @returns {Table} */
  table() {
    if (this.columns <= MANY) {
      const text = (/** @type {number} */ x) => (Number.isNaN(x) ? t("masked") : fmt(x));
      return {
        header: [t("query"), ...this.keys],
        rows: this.queries.map((name, q) => [name, ...Array.from(this.row(q), text)]),
      };
    }
    return {
      header: [t("query"), t("1st key"), t("2nd key"), t("3rd key")],
      rows: this.queries.map((name, q) => [name, ...this.strongest(q)]),
    };
  }

  /** The three largest numbers of a row, with their keys. @param {number} q */
  strongest(q) {
    const row = this.row(q);
    return best(row, -1, 3).map((k) => `${this.keys[k]} ${fmt(row[k])}`);
  }
}
