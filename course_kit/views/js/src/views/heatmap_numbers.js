// What a heatmap shows of its data at a state: its rows, what is lit, what is said. No page is needed.
import { readable } from "../shared/labels.js";
import { fmt, percent } from "../shared/numbers.js";

/** @import { Arrays, Spec, State, Table } from "../shared/types.js" */
/** @typedef {[row: number, column: number]} Cell */
/**
 * @typedef {object} HeatmapFields
 * @property {[layers: number, heads: number, rows: number, columns: number]} shape
 * @property {string[]} queries
 * @property {string[]} keys
 * @property {[string, string]} axes what rows and columns are
 * @property {"weights" | "scores"} mode
 * @property {[low: number, high: number]} range
 *
 * @typedef {Spec & HeatmapFields} HeatmapSpec
 */

const MANY = 32; // columns: a table shows of more only the strongest

export class HeatmapNumbers {
  /** @param {HeatmapSpec} spec @param {Arrays} arrays @param {State} state layer, head, row, col */
  constructor(spec, arrays, state) {
    const [layers, heads, rows, columns] = spec.shape;
    this.spec = spec;
    this.state = state;
    this.weights = /** @type {Float32Array} */ (arrays.weights);
    this.layers = layers;
    this.heads = heads;
    this.rows = rows;
    this.columns = columns;
    this.low = spec.range[0];
    this.high = spec.range[1];
    this.scores = spec.mode === "scores";
    this.queries = spec.queries.map((label) => readable(label));
    this.keys = spec.keys.map((label) => readable(label));
    this.axes = spec.axes.map((label) => readable(label));
    this.same = spec.queries.every((name, q) => name === spec.keys[q]);
    const sizes = [this.queries.length - rows, this.keys.length - columns];
    if (sizes.some(Boolean) || this.weights.length !== layers * heads * rows * columns)
      throw new Error("the numbers and labels of this heatmap do not fit together");
    if (this.weights.some((x) => Math.abs(x) === Infinity)) throw new Error("a number of this heatmap is infinite");
  }

  /** The numbers of one map; NaN is a masked cell. @param {number} layer @param {number} head */
  map(layer, head) {
    const size = this.rows * this.columns;
    const start = (layer * this.heads + head) * size;
    return this.weights.subarray(start, start + size);
  }

  /** The numbers of one query in the map that is shown. @param {number} q */
  row(q) {
    return this.map(this.state.layer, this.state.head).subarray(q * this.columns, (q + 1) * this.columns);
  }

  get hasMask() {
    return this.weights.some(Number.isNaN);
  }

  /** The farthest from 0 that the scale goes. */
  get reach() {
    return this.low < 0 ? Math.max(-this.low, this.high) : this.high;
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
        if (own || !(Math.abs(row[k]) > most)) continue;
        best = [q, k];
        most = Math.abs(row[k]);
      }
    }
    return best;
  }

  /** How much of its ink a number gets, 0 to 1; on a scale through 0 by its distance from 0. @param {number} x */
  share(x) {
    if (this.low < 0) return Math.abs(x) / (this.reach || 1);
    return (x - this.low) / (this.high - this.low || 1);
  }

  /** A number as it stands in its cell. @param {number} x */
  inCell(x) {
    if (this.scores) return fmt(x, Math.abs(x) >= 10 ? 0 : 1);
    if (x >= 0.995) return "1";
    return x < 0.005 ? "" : x.toFixed(2).slice(1);
  }

  /** The number of a cell, and what it says. @param {Cell} cell */
  said([q, k]) {
    const row = this.row(q);
    const x = row[k];
    const [from, to] = [this.queries[q], this.keys[k]];
    if (Number.isNaN(x)) return { exact: "masked", sentence: `“${from}” may not attend to “${to}”.` };
    const first = row.every((other, i) => i === k || !(other >= x));
    if (this.scores) {
      const most = first ? ", its highest score" : "";
      return { exact: fmt(x), sentence: `“${from}” scores “${to}” ${fmt(x)}${most}.` };
    }
    const most = first ? ", its largest share" : "";
    return { exact: fmt(x), sentence: `“${from}” puts ${percent(x)} of its attention on “${to}”${most}.` };
  }

  /**
   * The row of a cell as bars: at most so many of its numbers, this one and the largest, from left to right.
   * @param {Cell} cell
   */
  bars([q, k], most = 14) {
    const seen = Array.from(this.row(q), (x, place) => ({ x, place })).filter(({ x }) => !Number.isNaN(x));
    const ranked = seen.toSorted((a, b) => Number(b.place === k) - Number(a.place === k) || b.x - a.x);
    const shown = ranked.slice(0, most).toSorted((a, b) => a.place - b.place);
    const full = this.scores ? Math.max(...shown.map(({ x }) => Math.abs(x)), 1e-9) : this.high;
    return shown.map(({ x, place }) => ({
      name: this.keys[place],
      on: place === k,
      share: Math.abs(x) / full,
      below: x < 0,
      text: this.scores ? fmt(x, 2) : x.toFixed(2),
    }));
  }

  /** @returns {Table} */
  table() {
    if (this.columns <= MANY) {
      const text = (/** @type {number} */ x) => (Number.isNaN(x) ? "masked" : fmt(x));
      return {
        header: ["query", ...this.keys],
        rows: this.queries.map((name, q) => [name, ...Array.from(this.row(q), text)]),
      };
    }
    return {
      header: ["query", "1st key", "2nd key", "3rd key"],
      rows: this.queries.map((name, q) => [name, ...this.strongest(q)]),
    };
  }

  /** The three largest numbers of a row, with their keys. @param {number} q */
  strongest(q) {
    const seen = Array.from(this.row(q), (x, k) => ({ x, k })).filter(({ x }) => !Number.isNaN(x));
    const ranked = seen.toSorted((a, b) => b.x - a.x);
    return ranked.slice(0, 3).map(({ x, k }) => `${this.keys[k]} ${fmt(x)}`);
  }
}
