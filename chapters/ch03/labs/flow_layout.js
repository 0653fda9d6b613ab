// Where things are in a picture of the flow lab: words, states, weights, what is handed over, contexts, words.
import { clamp } from "../../../course_kit/views/js/src/shared/numbers.js";

/** @import { Place, Side } from "./flow_numbers.js" */
/**
 * @typedef {object} Given what a layout is made of
 * @property {number} width of the picture at most
 * @property {number} unit
 * @property {number} tall
 * @property {number} dims numbers of a vector
 * @property {number} sources words of the sentence
 * @property {number} columns the most words of the sentence and of both translations
 * @property {number} above room for the longest word of the sentence
 * @property {number} below the same for the translations
 */

const SLANT = 0.71; // words are at 45°

export class Layout {
  /** @param {Given} given */
  constructor({ width, unit, tall, dims, sources, columns, above, below }) {
    this.unit = unit;
    this.dims = dims;
    this.sources = sources;
    this.columns = columns;
    this.left = 64 * unit; // names of the rows
    const room = (width - this.left - above * SLANT) / columns;
    this.column = clamp(room, 9 * unit, 48 * unit); // from one to the next
    this.cell = (dims <= 8 ? 9 : 6) * tall; // one number of a vector
    this.vector = dims * this.cell; // the height of all of them
    this.states = above * SLANT + 18 * unit;
    this.weights = this.states + this.vector + 7 * unit;
    this.contexts = this.weights + 19 * unit + Math.max(this.vector + 26 * tall, 92 * tall);
    this.width = Math.ceil(Math.min(width, this.left + columns * this.column + above * SLANT));
    this.height = Math.ceil(this.contexts + this.vector + below * SLANT + 18 * unit);
    /** Where the vector that is handed over hangs. */
    this.box = {
      x: this.left + (columns * this.column) / 2,
      y: (this.weights + this.contexts - this.vector) / 2,
    };
  }

  /** The middle of one of `count` columns, all of them in the middle of the picture. @param {number} i
   * @param {number} count */
  at(i, count) {
    return this.left + (i + 0.5 + (this.columns - count) / 2) * this.column;
  }

  /** @param {number} s */
  source(s) {
    return this.at(s, this.sources);
  }

  /** @param {number} x @param {number} count of columns in the row @param {number} shown of them */
  columnAt(x, count, shown = count) {
    const i = Math.round((x - this.at(0, count)) / this.column);
    return i >= 0 && i < shown ? i : -1;
  }

  /** The number of a vector at this height. @param {number} y @param {number} top of the vector */
  featureAt(y, top) {
    return clamp(Math.floor((y - top) / this.cell), 0, this.dims - 1);
  }

  /**
   * What is at a point of a picture: a word stands for its whole column.
   * @param {Side} side
   * @param {number} x
   * @param {number} y
   * @param {number} count words of the translation
   * @param {number} written of them
   * @returns {Place | null}
   */
  placeAt(side, x, y, count, written) {
    /** @param {Place["row"]} row @param {number} i @param {number | null} feature @returns {Place | null} */
    const place = (row, i, feature = null) => (i < 0 ? null : { side, row, i, feature });
    if (y < this.states + this.vector + 3) {
      const feature = y < this.states ? null : this.featureAt(y, this.states);
      return place("states", this.columnAt(x, this.sources), feature);
    }
    if (y > this.contexts - 6) {
      const feature = y > this.contexts + this.vector ? null : this.featureAt(y, this.contexts);
      return place("contexts", this.columnAt(x, count, written), feature);
    }
    if (side === "attention")
      return y < this.weights + 19 * this.unit ? place("weights", this.columnAt(x, this.sources)) : null;
    const inside = Math.abs(x - this.box.x) < this.column && y > this.box.y && y < this.box.y + this.vector;
    return inside ? place("vector", 0, this.featureAt(y, this.box.y)) : null;
  }
}
