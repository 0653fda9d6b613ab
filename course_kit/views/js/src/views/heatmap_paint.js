// How large the parts of a heatmap are, and its picture on a canvas: a map with its labels.
import { fitted, framed, hatch, widest, write } from "../shared/draw.js";
import { crowded, slanting } from "../shared/labels.js";
import { clamp } from "../shared/numbers.js";
import { inked, legible, rgb } from "../shared/theme.js";

/** @import { UI } from "../shared/types.js" */
/** @import { Pen } from "../shared/draw.js" */
/** @import { Cell, HeatmapNumbers } from "./heatmap_numbers.js" */
/**
 * @typedef {object} Window one map, or what of it is in sight; all in pixels
 * @property {number} left where its cells begin
 * @property {number} top
 * @property {number} size of a cell
 * @property {boolean} slanted whether the names of columns are
 * @property {number} wide how much of the map is in sight
 * @property {number} high
 * @property {number} width of the canvas
 * @property {number} height
 * @property {number} x how far it is scrolled
 * @property {number} y
 */

const LONGEST = 150; // pixels of a label
const SLOPE = 0.71; // what a slanted label rises, for each pixel of it

/**
 * Every cell with its label while cells stay legible, else a window that scrolls.
 * @param {HeatmapNumbers} numbers
 * @param {UI} ui
 * @param {Pen} c
 * @param {number} width of the view
 * @param {boolean} narrow
 * @returns {Window}
 */
export function windowOf(numbers, ui, c, width, narrow) {
  const { unit, tall } = ui;
  const { rows, columns, queries, keys, axes } = numbers;
  const longest = LONGEST * unit;
  c.font = ui.font(13, 600);
  const room = width - (narrow ? 0 : 235 * unit) - 8;
  const corner = widest(c, [`${axes[0]} ↓`, `${axes[1]} →`]);
  const left = Math.ceil(Math.min(Math.max(corner, widest(c, queries)), longest)) + 12;
  const name = Math.ceil(Math.min(widest(c, keys), longest));
  const across = room - left - name * 0.5;
  const whole = ui.spec.presenting ? Math.max(4, (480 * tall) / rows) : Infinity; // a class cannot scroll
  const size = Math.min(whole, cellOf({ rows, columns, across, unit, tall, narrow }));
  const slanted = name > size - 4;
  const rise = name * SLOPE;
  const top = Math.max(42 * unit, slanted ? rise + 16 * unit : 0);
  const tail = slanted ? rise : 4;
  const wide = Math.min(columns * size, Math.max(120, room - left - Math.min(tail, 40)));
  const high = Math.min(rows * size, 480 * tall);
  const drawn = { width: Math.ceil(Math.min(left + wide + tail, width)), height: Math.ceil(top + high) + 2 };
  return { left, top, size, slanted, wide, high, ...drawn, x: 0, y: 0 };
}

/**
 * The size of a cell: so that all are in sight if they can be, even if not all labels are.
 * @param {{ rows: number, columns: number, across: number, unit: number, tall: number, narrow: boolean }} given
 */
function cellOf({ rows, columns, across, unit, tall, narrow }) {
  const tiny = 9 * unit;
  const least = [tiny, narrow ? 4 : tiny].find((size) => columns * size <= across) ?? 14 * unit;
  const down = Math.max(420 * tall, rows * least) / rows;
  return Math.max(least, Math.min(56 * unit, Math.floor(across / columns), Math.floor(down)));
}

/** @param {number} from @param {number} until */
const steps = (from, until) => Array.from({ length: Math.max(0, until - from) }, (_, i) => from + i);

/** One map: its cells, and the names beside them. */
export class MapPainter {
  /** @param {HeatmapNumbers} numbers @param {UI} ui @param {Pen} c @param {Window} place @param {Cell} lit */
  constructor(numbers, ui, c, place, lit) {
    this.numbers = numbers;
    this.ui = ui;
    this.c = c;
    this.place = place;
    this.row = lit[0];
    this.column = lit[1];
    const { size, x, y, wide, high } = place;
    this.queries = steps(Math.floor(y / size), Math.min(numbers.rows, Math.ceil((y + high) / size)));
    this.keys = steps(Math.floor(x / size), Math.min(numbers.columns, Math.ceil((x + wide) / size)));
    this.gap = size > 20 ? 2 : 1;
  }

  paint() {
    this.within(0, () => this.cells());
    this.within(3 * this.ui.unit, () => this.frame());
    this.axes();
    this.rowNames();
    this.columnNames();
  }

  /** Draws what is in the window, and so far around it. @param {number} around @param {() => void} draw */
  within(around, draw) {
    const { c, place } = this;
    c.save();
    c.beginPath();
    c.rect(place.left - around, place.top - around, place.wide + 2 * around, place.high + 2 * around);
    c.clip();
    draw();
    c.restore();
  }

  cells() {
    const { numbers, ui, c, place, gap } = this;
    const { size, left, top } = place;
    const cell = size / ui.unit;
    c.font = ui.font(Math.max(Math.min(11.5, cell / 2.4), Math.min(14, cell / 4)));
    for (const q of this.queries) {
      const row = numbers.row(q);
      for (const k of this.keys) this.cell(row[k], left + k * size - place.x, top + q * size - place.y, size - gap);
    }
  }

  /** @param {number} number @param {number} x @param {number} y @param {number} side */
  cell(number, x, y, side) {
    const { numbers, ui, c, place } = this;
    if (Number.isNaN(number)) {
      hatch(c, ui.theme.hatch, x, y, side, side);
      return;
    }
    const colour = inked(ui.theme, number / numbers.high);
    c.fillStyle = rgb(colour);
    c.fillRect(x, y, side, side);
    const text = numbers.inCell(number);
    if (place.size >= 26 * ui.unit) write(c, text, x + side / 2, y + side / 2 + 1, legible(colour), "center");
  }

  /** Around the cell that is lit. */
  frame() {
    const { ui, c, place, row, column, gap } = this;
    const { size, left, top } = place;
    const line = 2 * ui.unit;
    const out = 1 + line / 2;
    const side = size - gap + 2 * out;
    framed(c, ui.theme.query, line, left + column * size - place.x - out, top + row * size - place.y - out, side, side);
  }

  /** What rows and columns are, in the corner. */
  axes() {
    const { numbers, ui, c, place } = this;
    const { theme, unit } = ui;
    const room = place.left - 10;
    const [down, right] = numbers.axes;
    c.font = ui.font(12);
    const corner = (/** @type {string} */ name, /** @type {string} */ arrow) =>
      `${fitted(c, name, room - c.measureText(` ${arrow}`).width)} ${arrow}`;
    const [across, above] = [place.left - 8, place.top];
    write(c, corner(down, "↓"), across, above - 10 * unit, down === "query" ? theme.query : theme.quiet, "right");
    write(c, corner(right, "→"), across, above - 28 * unit, right === "key" ? theme.key : theme.quiet, "right");
  }

  rowNames() {
    const { numbers, ui, c, place, row } = this;
    const { size, left, top, high } = place;
    const type = this.type;
    const apart = Math.ceil(((type + 2) * ui.unit) / size); // rows from one name to the next
    for (const q of this.queries) {
      const y = top + (q + 0.5) * size - place.y;
      if (crowded(q, (i) => i === row, apart) || y <= top || y >= top + high) continue;
      c.font = ui.font(type, q === row ? 700 : 400);
      const colour = q === row ? ui.theme.query : ui.theme.text;
      write(c, fitted(c, numbers.queries[q], left - 10), left - 8, y, colour, "right");
    }
  }

  columnNames() {
    const { numbers, ui, c, place, column } = this;
    const { size, left, top, wide, slanted } = place;
    const slant = slanting(ui, size);
    for (const k of this.keys) {
      const x = left + (k + 0.5) * size - place.x;
      if ((slanted && crowded(k, (i) => i === column, slant.every)) || x < left || x > left + wide) continue;
      c.font = ui.font(slanted ? slant.size : this.type, k === column ? 700 : 400);
      c.save();
      c.translate(x, top - 8);
      if (slanted) c.rotate(-Math.PI / 4);
      const text = fitted(c, numbers.keys[k], slanted ? LONGEST * ui.unit : size);
      write(c, text, 0, 0, k === column ? ui.theme.key : ui.theme.text, slanted ? "left" : "center");
      c.restore();
    }
  }

  /** The size of names that stand upright. */
  get type() {
    return clamp(this.place.size / this.ui.unit - 1, 11, 13);
  }
}
