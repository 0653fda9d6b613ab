// Cells with a name for each row and each column, as every heatmap has them, or a window on them: a weight in its cell,
// frames, names, and what rows and columns are.
import { dot, fitted, framed, hatch, write } from "./draw.js";
import { crowded, slanting } from "./labels.js";
import { clamp } from "./numbers.js";
import { inked, legible, rgb } from "./theme.js";

/** @import { Pen } from "./draw.js" */
/** @import { UI } from "./types.js" */
/**
 * @typedef {object} Place of the cells on a canvas; all in pixels
 * @property {number} left where they begin
 * @property {number} top
 * @property {number} across from one to the next
 * @property {number} down
 * @property {boolean} slanted whether the names of columns are
 * @property {number} names the longest of them
 * @property {number} wide how much of the cells is in sight
 * @property {number} high
 * @property {number} x how far they are scrolled
 * @property {number} y
 *
 * @typedef {object} Names of rows, or of columns
 * @property {string[]} names
 * @property {(i: number) => boolean} lit
 * @property {(i: number) => boolean} [asked] written wherever nothing that is lit is in the way
 * @property {(i: number, lit: boolean) => string} colour
 * @property {(i: number, wide: number) => void} [more] what is drawn at a name that is so wide
 */

export const LEAST = 12; // pixels of a number or a name; what has no room for that is left to the pointer and the table

export const PALER = 0.5; // dots of the rows that are not read

/** What a slanted name rises, for each pixel of it. */
export const SLOPE = 0.71;

/** A weight as it stands in its cell. @param {number} x */
export function inCell(x) {
  if (x >= 0.995) return "1";
  return x < 0.005 ? "" : x.toFixed(2).slice(1);
}

/** @param {number} from @param {number} until */
const steps = (from, until) => Array.from({ length: Math.max(0, until - from) }, (_, i) => from + i);

export class CellsPainter {
  /** @param {UI} ui @param {Pen} c @param {Place} place @param {number} rows @param {number} columns */
  constructor(ui, c, place, rows, columns) {
    const { across, down, x, y, wide, high } = place;
    this.ui = ui;
    this.c = c;
    this.place = place;
    this.rows = steps(Math.floor(y / down), Math.min(rows, Math.ceil((y + high) / down))); // in sight
    this.columns = steps(Math.floor(x / across), Math.min(columns, Math.ceil((x + wide) / across)));
    this.gap = Math.min(across, down) > 20 ? 2 : 1;
    this.wide = across - this.gap; // a cell
    this.high = down - this.gap;
  }

  /** Where a cell is. @param {number} row @param {number} column */
  at(row, column) {
    const { left, top, across, down, x, y } = this.place;
    return [left + column * across - x, top + row * down - y];
  }

  /** Draws what is in sight, and so far around it. @param {number} around @param {() => void} draw */
  within(around, draw) {
    const { c, place } = this;
    c.save();
    c.beginPath();
    c.rect(place.left - around, place.top - around, place.wide + 2 * around, place.high + 2 * around);
    c.clip();
    draw();
    c.restore();
  }

  /** All cells in sight. @param {(row: number, column: number) => void} draw */
  cells(draw) {
    const cell = this.place.across / this.ui.unit;
    const small = Math.min(13.2, (cell - 4) / 1.65); // ".00" in its cell, as large as what tells about a picture
    this.c.font = this.ui.font(Math.max(LEAST / this.ui.unit, small, Math.min(14, cell / 4)));
    for (const row of this.rows) for (const column of this.columns) draw(row, column);
  }

  /**
   * A weight: a square of ink with its number, or a dot as large as it is; hatched where it is masked, which is NaN.
   * @param {number} row
   * @param {number} column
   * @param {number} weight
   * @param {{ ink?: number, ground?: number[], text?: string, colour?: string, told?: boolean, dots?: boolean }}
   *   look ink: from 0 to 1; ground: of what is no weight; colour: of the text; told: of the row that is read, whose
   *   numbers may be smaller, and whose dots are darker; dots: a dot, whose area is the ink
   */
  cell(row, column, weight, { ink = weight, ground, text = inCell(weight), colour, told = false, dots = false } = {}) {
    const { c, ui, place, wide, high } = this;
    const [x, y] = this.at(row, column);
    if (Number.isNaN(weight)) {
      hatch(c, ui.theme.hatch, x, y, wide, high);
      return;
    }
    ground ??= inked(ui.theme, dots ? 0 : ink);
    c.fillStyle = rgb(ground);
    c.fillRect(x, y, wide, high);
    if (dots) {
      const radius = (Math.min(wide, high) / 2) * Math.sqrt(Math.min(1, Math.max(0, ink)));
      dot(c, x + wide / 2, y + high / 2, radius, ui.theme.text, told ? 1 : PALER);
      return;
    }
    const isWide = ui.spec.presenting || c.measureText(text).width <= wide;
    const roomy = isWide && place.across >= 24 * ui.unit && place.down >= 18 * ui.unit;
    if (!roomy && !(told && !ui.spec.presenting && this.fits())) return;
    write(c, text, x + wide / 2, y + high / 2 + 1, colour ?? legible(ground), "center");
  }

  /** Whether a cell of the row that is read has its number; without room for that it stays a dot among dots. */
  hasNumbers() {
    const { c, ui, place } = this;
    if (ui.spec.presenting) return place.across >= 24 * ui.unit && place.down >= 18 * ui.unit;
    const { font } = c;
    const fits = this.fits();
    c.font = font;
    return fits;
  }

  /** Whether a cell has room for a weight in small type, which is set then. */
  fits() {
    const { c, ui, wide, high } = this;
    c.font = ui.font(Math.max(10.5, LEAST / ui.unit));
    return c.measureText(".00").width <= wide && high >= 11 * ui.unit;
  }

  /** A frame around so many cells of a row. @param {number} row @param {number} column @param {number} line */
  frame(row, column, line, count = 1) {
    const out = 1 + line / 2;
    const [x, y] = this.at(row, column);
    const wide = this.wide + (count - 1) * this.place.across;
    framed(this.c, this.ui.theme.query, line, x - out, y - out, wide + 2 * out, this.high + 2 * out);
  }

  /** What rows are, and above it what columns are. @param {string[]} names @param {string[]} colours */
  corner(names, colours = [this.ui.theme.query, this.ui.theme.key]) {
    const { c, ui, place } = this;
    c.font = ui.font();
    names.forEach((name, i) =>
      write(c, name, place.left - 8 * ui.unit, place.top - (10 + 18 * i) * ui.unit, colours[i], "right"),
    );
  }

  /** @param {Names} names */
  rowNames({ names, lit, colour, more }) {
    const { c, ui, place } = this;
    const { left, top, high, down } = place;
    const size = clamp(down / ui.unit, Math.max(10, LEAST / ui.unit), 13);
    const every = Math.ceil(parseFloat(ui.font(size).split(" ")[1]) / down - 0.1);
    for (const row of this.rows) {
      const y = this.at(row + 0.5, 0)[1];
      if (crowded(row, lit, every) || y <= top || y >= top + high) continue;
      const on = lit(row);
      c.font = ui.font(size, on ? 700 : 400);
      const text = fitted(c, names[row], left - 12 * ui.unit);
      write(c, text, left - 8 * ui.unit, y, colour(row, on), "right");
      more?.(row, c.measureText(text).width);
    }
  }

  /** Those of columns, slanted where one is wider than its cell. @param {Names} names */
  columnNames({ names, lit, asked = () => false, colour, more }) {
    const { c, ui, place } = this;
    const { left, top, wide, across, slanted } = place;
    const { size, turn, every } = slanted ? slanting(ui, across) : { size: 13, turn: 0, every: 1 };
    const first = (/** @type {number} */ i) => lit(i) || (asked(i) && !crowded(i, lit, every, true));
    for (const column of this.columns) {
      const [x] = this.at(0, column + 0.5);
      if (crowded(column, first, every) || x < left || x > left + wide) continue;
      const on = lit(column);
      c.save();
      c.translate(x, top - 8 * ui.unit);
      c.rotate(-turn);
      c.font = ui.font(size, on ? 700 : 400);
      const text = fitted(c, names[column], slanted ? place.names : across);
      write(c, text, 0, 0, colour(column, on), slanted ? "left" : "center");
      more?.(column, c.measureText(text).width);
      c.restore();
    }
  }
}
