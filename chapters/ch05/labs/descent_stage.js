// What the scenes put on the stage: each thing has an id, by which the stage knows it at the next step. A place is a
// list of numbers that the stage follows from one step to the next, the last of them how visible the thing is.
import { said } from "./descent_numbers.js";

/** @import { Descended, DescentSpec } from "./descent_numbers.js" */
/**
 * @typedef {object} Item
 * @property {"cells" | "bars" | "text" | "bar" | "line" | "frame"} type
 * @property {string} id
 * @property {number[]} place of cells: x, y, width and height of one
 * @property {string} [name] of the number, or of the vector
 * @property {string} [group] what gets one frame together
 * @property {number} [first] which number of the vector is its first
 * @property {number[]} [values]
 * @property {number[]} [old] the values from which it comes
 * @property {string} [role] whose colour it has; "ink": by sign
 * @property {number} [scale] the value of full colour
 * @property {boolean} [digits] whether the numbers are to be read
 * @property {number[] | false} [start] the place from which it comes
 * @property {string} [words]
 * @property {string} [brief] shorter words, where those have no room
 * @property {string} [colour]
 * @property {number} [size] of the letters
 * @property {number} [weight]
 * @property {CanvasTextAlign} [align]
 * @property {number} [room]
 * @property {number} [ink] of a bar, from 0 to 1
 *
 * @typedef {Partial<Item>} Look
 * @typedef {number[]} Cells x, y, width and height of the first cell
 * @typedef {[string, number[], string, string, Cells?, string?]} Line name, values, role, words, from where, and
 *   briefer words
 *
 * @typedef {object} Layout of a vector
 * @property {number} [scale]
 * @property {Cells} [from] the cells from which it comes
 * @property {number[]} [was] the values from which it comes
 * @property {boolean} [beside] its rows one after the other in one line
 * @property {boolean} [bars]
 * @property {boolean} [digits]
 * @property {number} [wide] cells in a row
 * @property {string} [group]
 * @property {number} [first] what its first number is of a longer vector
 */

export const WIDE = 16; // cells in a row; longer vectors take several rows
/** A tile is no higher than one of 128 numbers. @param {Cells} cells @param {number[]} values @returns {Cells} */
export const low = ([x, y, wide, high], { length }) => [x, y, wide, Math.min(high, (8 * WIDE * high) / length)];
const SHORTEST = 14; // a bar with less room is none

/** @param {number[][]} vectors */
export const most = (vectors) => Math.max(...vectors.flat().map(Math.abs), 1e-9);

/** The size at which a cell is full of colour: only the largest few are beyond it. @param {number[][]} vectors */
export function full(vectors) {
  const sizes = vectors
    .flat()
    .map(Math.abs)
    .sort((a, b) => a - b);
  return Math.max(sizes[Math.floor(0.97 * (sizes.length - 1))], 1e-9);
}

/** A vector has the colour of its role, its name too; without a role the name is quiet. @param {string} role */
const tint = (role) => (role === "ink" ? "quiet" : role);

export class Stage {
  /**
   * @param {Descended} found
   * @param {DescentSpec} spec
   * @param {number} step
   * @param {{ width: number, height: number, small: boolean, least?: number }} size small: of a phone; least: of
   *   letters, in front of a class
   * @param {number} close the number of a vector that is looked at closely
   */
  constructor(found, spec, step, { width, height, small, least = 0 }, close) {
    this.found = found;
    this.spec = spec;
    this.step = step;
    this.width = width;
    this.height = height;
    this.small = small;
    this.close = close;
    this.least = least;
    this.room = small ? 66 : least ? 112 : 92; // of the words on the left
    this.size = 13; // of their letters
    /** @type {Item[]} */
    this.items = [];
  }

  /** Where the values of the fourth scene begin, and how wide their cells are. */
  get values() {
    const left = this.room + (this.small ? 48 : 136);
    return [left, (this.width - left) / (2 * WIDE)];
  }

  /** @param {Item["type"]} type @param {string} id @param {number[]} place @param {Look} look */
  add(type, id, place, look = {}) {
    this.items.push({ type, id, place, ...look });
  }

  // ---- words
  /** @param {string} id @param {number} x @param {number} y @param {string} words @param {Look} look */
  text(id, x, y, words, look = {}) {
    this.add("text", id, [x, y, 1], { words, ...look });
  }

  /** @param {string} id @param {number} x @param {number} y @param {string} words @param {Look} look */
  label(id, x, y, words, colour = "quiet", look = {}) {
    this.text(`label ${id}`, x, y, words, { colour, size: 13, ...look });
  }

  /**
   * @param {string} id
   * @param {number} x
   * @param {number} y
   * @param {string} words
   * @param {string} colour
   * @param {CanvasTextAlign} [align]
   */
  heading(id, x, y, words, colour, align) {
    this.label(id, x, y, words, colour, { align, weight: 700 });
  }

  /**
   * A number that can be pointed at.
   * @param {string} name
   * @param {number} x
   * @param {number} y
   * @param {string} words
   * @param {Look} look
   */
  number(name, x, y, words, look = {}) {
    this.text(name, x, y, words, { name, align: "right", ...look });
  }

  /** A large sign between two vectors. @param {string} id @param {number} x @param {number} y @param {string} words */
  sign(id, x, y, words) {
    this.text(`sign ${id}`, x, y, words, { size: 22, align: "center", colour: "quiet" });
  }

  // ---- bars, lines, frames
  /**
   * @param {string} name
   * @param {number} x
   * @param {number} y its middle
   * @param {number} wide
   * @param {number} high
   * @param {string} colour
   * @param {Look} look
   */
  bar(name, x, y, wide, high, colour, look = {}) {
    this.add("bar", `${name} bar`, [x, y - high / 2, wide, high, 1], { colour, name, ...look });
  }

  /** @param {string} id @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 */
  line(id, x1, y1, x2, y2, colour = "quiet") {
    this.add("line", `line ${id}`, [x1, y1, x2, y2, 1], { colour });
  }

  /** @param {string} id @param {number} x @param {number} y @param {number} wide @param {number} high */
  frame(id, x, y, wide, high) {
    this.add("frame", `frame ${id}`, [x, y, wide, high, 1]);
  }

  // ---- vectors
  /**
   * A vector in rows of cells.
   * @param {string} name
   * @param {number[]} values
   * @param {Cells} cells
   * @param {string} role
   * @param {Layout} layout
   */
  vector(name, values, [x, y, cellWidth, cellHeight], role, layout = {}) {
    const { from, was = [], beside = false, bars = false, digits, wide = WIDE, group = name, first = 0 } = layout;
    const scale = layout.scale ?? full([values]);
    for (let row = 0; row * wide < values.length; row++) {
      const at = row * wide;
      const left = x + (beside ? at * cellWidth : 0);
      const top = y + (beside ? 0 : row * cellHeight);
      const start = from && [from[0], from[1] + row * from[3], from[2], from[3], 0];
      const numbers = { first: first + at, values: values.slice(at, at + wide), old: was.slice(at, at + wide) };
      const look = { name, group, ...numbers, role, scale, digits, start };
      this.add(bars ? "bars" : "cells", `${group}/${row}`, [left, top, cellWidth, cellHeight, 1], look);
    }
  }

  /**
   * A whole vector in cells with its name above it; looked: with a frame around what is looked at closely.
   * @param {string} name
   * @param {number[]} values
   * @param {Cells} cells
   * @param {string} role
   * @param {string} words
   * @param {Layout & { looked?: boolean }} layout
   */
  tile(name, values, cells, role, words, { looked = false, ...layout } = {}) {
    const [x, y, cellWidth, cellHeight] = low(cells, values);
    if (layout.from) layout.from = low(layout.from, values);
    this.vector(name, values, [x, y, cellWidth, cellHeight], role, layout);
    this.heading(name, x, y - 12, words, tint(role));
    if (looked) this.frame(name, x, y + Math.floor(this.close / WIDE) * cellHeight, WIDE * cellWidth, cellHeight);
  }

  /**
   * A whole vector with its numbers to read, as wide as the stage.
   * @param {string} name
   * @param {number[]} values
   * @param {number} y
   * @param {number} cellHeight
   * @param {string} role
   * @param {Layout & { left?: number }} layout
   */
  page(name, values, y, cellHeight, role, { left = 0, ...layout } = {}) {
    const wide = this.small ? 8 : WIDE;
    const cells = [left, y, (this.width - left) / wide, cellHeight];
    this.vector(name, values, cells, role, { digits: true, wide, ...layout });
  }

  /**
   * Some numbers of several vectors below each other, one line each -> which number is the first of them.
   * @param {Line[]} all
   * @param {number} y
   * @param {number} pitch from line to line
   * @param {{ scale: number, count?: number, most?: number }} look most: room for their names
   */
  lines(all, y, pitch, { scale, count = WIDE, most: widest = 146 }) {
    const { small, width } = this;
    const wide = small ? 8 : WIDE;
    const first = Math.floor(this.close / count) * count;
    const left = small ? 0 : Math.min(widest, width * 0.185);
    const above = small ? 16 : 0;
    const cellHeight = Math.min(36, (pitch - (this.least ? 2 : 4) - above) / Math.ceil(count / wide));
    all.forEach(([name, values, role, words, from, brief], n) => {
      const top = y + n * pitch + above;
      const row = Math.floor(first / WIDE);
      /** @type {Layout} */
      const layout = { scale, wide, first, digits: true, group: `line ${name}` };
      if (from) {
        const [x, above, cellWidth, high] = low(from, values);
        layout.from = [x, above + row * high, cellWidth, high];
      }
      const cells = [left, top, (width - left) / wide, cellHeight];
      this.vector(name, values.slice(first, first + count), cells, role, layout);
      const look = { weight: 600, size: 13, room: small ? width : left - 6, brief };
      this.label(`line ${name}`, 0, small ? top - 9 : top + cellHeight / 2, words, tint(role), look);
    });
    return first;
  }

  // ---- the source words
  /** They stand down the left side -> where their rows are. @param {number} top @param {number} bottom */
  rows(top, bottom, largest = this.small ? 28 : 25) {
    const { spec, found, room } = this;
    const pitch = Math.min(largest, (this.height - top - bottom) / spec.source.length);
    const middle = (/** @type {number} */ i) => top + (i + 0.5) * pitch;
    this.size = Math.max(Math.min(13, pitch - 0.5), this.least);
    spec.source.forEach((word, i) => {
      const weight = i === found.lead && this.step > 5 ? 700 : 400;
      const look = { align: /** @type {const} */ ("right"), weight, room: room - 8, size: this.size };
      this.text(`word.${i}`, room - 8, middle(i), word, look);
    });
    return { y: (/** @type {number} */ i) => top + i * pitch + 1, middle, high: pitch - 3 };
  }

  /** What is most attended is bold. @param {number} i */
  weight(i) {
    return i === this.found.lead ? 700 : 400;
  }

  /**
   * The score of a word, and a bar from `zero`.
   * @param {number} i
   * @param {number} x
   * @param {number} y
   * @param {number} zero
   * @param {number} reach
   * @param {Look} look
   */
  score(i, x, y, zero, reach, look = {}) {
    const { scores } = this.found;
    const wide = (scores[i] / most([scores])) * reach;
    this.number(`score.${i}`, x, y, said(scores[i]), { weight: this.weight(i), size: this.size, ...look });
    if (reach > SHORTEST) this.bar(`score.${i}`, zero, y, wide, 10, wide > 0 ? "plus" : "minus");
  }

  /**
   * The share of a word, and a bar.
   * @param {number} i
   * @param {number} x
   * @param {number} y
   * @param {number} reach
   * @param {Look} look
   */
  share(i, x, y, reach, look = {}) {
    const share = this.found.shares[i];
    const wide = Math.max(1, share * reach);
    this.number(`share.${i}`, x, y, share.toFixed(3), { weight: this.weight(i), size: this.size, ...look });
    if (reach > SHORTEST) this.bar(`share.${i}`, x + 12, y, wide, 10, "ink", { ink: share });
  }
}
