// What matrices beside each other show, as numbers: which cell is which, and where each matrix stands.
import { evenly } from "../shared/chart.js";
import { number } from "../shared/numbers.js";
import { t } from "../text.js";
import { roleName } from "../shared/theme.js";

/** @import { Place, Ruler } from "../shared/chart.js" */
/** @import { Spec, State, Table } from "../shared/types.js" */

/**
 * @typedef {object} Panel
 * @property {string} title
 * @property {[rows: number, columns: number]} shape
 * @property {[low: number, high: number]} range no ink, and full ink
 * @property {boolean} signed its numbers may be below 0
 * @property {boolean} [mask] it says what may be seen: where it is 0, nothing
 * @property {string[]} rows their names, or none
 * @property {string[]} columns
 *
 * @typedef {object} Own
 * @property {Panel[]} panels
 * @property {string} rows what they are
 * @property {string} columns
 * @property {[string, string] | null} axes the same beside the names
 * @property {string} scale what the ink measures
 * @property {number} across how many side by side; 0: as many as fit
 * @property {(number | string)[]} along what the control chooses, one after the other in the numbers; or none
 * @typedef {Spec & Own} MapsSpec
 *
 * @typedef {object} Spot where a matrix is
 * @property {number} x
 * @property {number} y
 * @property {number} w
 * @property {number} h
 * @property {string[]} head lines of its title
 * @property {number} left of it with its names
 * @property {number} top
 *
 * @typedef {{ width: number, height: number, spots: Spot[] }} MapsLayout
 */

/** The cells of all matrices: the rows of a chart are all rows, one matrix after the other. */
export class Cells {
  /** @param {MapsSpec} spec @param {ArrayLike<number>} values @param {State} state */
  constructor(spec, values, state) {
    this.spec = spec;
    this.state = state;
    this.panels = spec.panels;
    this.values = values;
    this.starts = [0];
    this.first = [0];
    for (const { shape } of this.panels) {
      this.starts.push((this.starts.at(-1) ?? 0) + shape[0] * shape[1]);
      this.first.push((this.first.at(-1) ?? 0) + shape[0]);
    }
  }

  /** Where the numbers begin that are chosen. */
  get begin() {
    return Math.max(0, this.spec.along.indexOf(this.state.along)) * (this.starts.at(-1) ?? 0);
  }

  /** How many marks each row has. */
  get rows() {
    return this.panels.flatMap(({ shape: [rows, columns] }) => Array.from({ length: rows }, () => columns));
  }

  /** The matrix and its row, for a row of the chart. @param {number} row @returns {[panel: number, row: number]} */
  where(row) {
    const p = this.first.findLastIndex((start, i) => i < this.panels.length && start <= row);
    return [p, row - this.first[p]];
  }

  /** @param {number} p @param {number} r @param {number} k */
  value(p, r, k) {
    return this.values[this.begin + this.starts[p] + r * this.panels[p].shape[1] + k];
  }

  /** All numbers of a matrix. @param {number} p */
  of(p) {
    const from = this.begin + this.starts[p];
    return Array.from({ length: this.starts[p + 1] - this.starts[p] }, (_, i) => this.values[from + i]);
  }

  /** @param {number} p @param {"rows" | "columns"} what @param {number} i */
  name(p, what, i) {
    return roleName(this.panels[p][what][i] ?? "") || `${roleName(this.spec[what])} ${i + 1}`;
  }

  /** A cell in words. @param {Place} place */
  sentence([row, k]) {
    const [p, r] = this.where(row);
    const { title } = this.panels[p];
    return {
      title: title ? `${title} · ` : "",
      names: t("{name}: ", { name: `${this.name(p, "rows", r)} → ${this.name(p, "columns", k)}` }),
      number: number(this.value(p, r, k)),
    };
  }

  /** At most 36 columns of each. @returns {Table} */
  table() {
    const most = Math.min(36, Math.max(...this.panels.map(({ shape }) => shape[1])));
    return {
      header: [roleName(this.spec.rows), ...Array.from({ length: most }, (_, k) => String(k + 1))],
      rows: this.panels.flatMap(({ shape: [rows, columns], title }, p) =>
        Array.from({ length: rows }, (_, r) => [
          `${title} ${this.name(p, "rows", r)}`,
          ...Array.from({ length: Math.min(36, columns) }, (__, k) => number(this.value(p, r, k))),
        ]),
      ),
    };
  }
}

/** @param {MapsSpec} spec @param {number} width @param {boolean} narrow @param {Ruler} ruler @returns {MapsLayout} */
export const mapsLayout = (spec, width, narrow, ruler) => new Grid(spec, width, narrow, ruler).layout();

const LABELLED = 17; // a cell of this size has room for its label
const SHOWN = 13.5; // the same in front of a class, whose type is not enlarged as the rest is
const SQUEEZED = 10; // the same, smaller, where the third map would stand alone otherwise
const SEEN = 30; // the least of a cell that a class looks at, where several maps are in one line

/** Matrices in rows, their cells of one size so that they can be compared. */
class Grid {
  /** @param {MapsSpec} spec @param {number} width @param {boolean} narrow @param {Ruler} ruler */
  constructor(spec, width, narrow, ruler) {
    const { panels } = spec;
    const { unit } = ruler;
    const highest = Math.max(...panels.map(({ columns }) => ruler.widest(columns, 12))) * 0.72 + 8 * unit;
    this.spec = spec;
    this.panels = panels;
    this.width = width;
    this.narrow = narrow;
    this.ruler = ruler;
    this.unit = unit;
    this.lefts = panels.map(({ rows }) =>
      rows.length ? Math.min(ruler.widest(rows, 12) + 8 * unit, 0.55 * width) : 0,
    );
    this.tops = panels.map(({ columns }) => (columns.length ? highest : 0));
    this.least = (spec.presenting ? SHOWN : LABELLED) * unit;
    const slanted = panels.map(({ columns }) => ruler.widest(columns, 12) > this.least - 2);
    this.beyond = slanted.map((is) => (is ? 38 : 18) * unit); // slanted names need more
    this.labelled = this.tops.some(Boolean);
  }

  /** How large cells can be in so many columns. @param {number} columns */
  cell(columns) {
    const { unit, panels } = this;
    const more = this.spec.tall ?? 1;
    const lines = this.spec.presenting && this.spec.across > columns; // which have to fit on a screen together
    const high = (lines ? 85 : panels.length > 1 ? 230 : 400) * unit * more;
    const least = this.labelled ? this.least : 0;
    const most = (panels.length > 1 ? 44 : 72) * unit * more;
    const tall = panels.map(({ shape }) => Math.min(Math.max(high / shape[0], least), most));
    return Math.min(...tall, this.room(columns));
  }

  /**
   * How wide cells can be: in one row a map has what it needs, in several all have the same.
   * @param {number} columns
   */
  room(columns) {
    const { panels, lefts, beyond, width } = this;
    const around = panels.map((_, p) => lefts[p] + beyond[p]);
    const sum = (/** @type {number[]} */ numbers) => numbers.reduce((a, b) => a + b, 0);
    if (columns >= panels.length) return (width - sum(around)) / sum(panels.map(({ shape }) => shape[1]));
    return Math.min(...panels.map(({ shape }, p) => (width / columns - around[p]) / shape[1]));
  }

  /** Whether the names of rows leave room for the maps. @param {number} columns */
  named(columns) {
    const { lefts, width, panels } = this;
    if (columns >= panels.length) return lefts.reduce((a, b) => a + b, 0) <= 0.6 * width;
    return Math.max(...lefts) <= 0.5 * (width / columns);
  }

  columns() {
    const { spec, panels, narrow, width, unit } = this;
    const count = panels.length;
    const across = spec.across && !narrow ? spec.across : 0;
    if (across && !(spec.presenting && this.cell(across) < SEEN * unit)) return across;
    if (across) return Math.ceil(across / 2); // seen from the last row
    const most = Math.min(narrow ? Math.max(2, Math.floor(width / (210 * unit))) : 4, count % 3 ? 4 : 3);
    for (let columns = evenly(count, most); columns > 1; columns = evenly(count, columns - 1)) {
      const least = columns === 3 && count === 3 ? SQUEEZED * unit : this.least;
      if (this.named(columns) && (!this.labelled || this.cell(columns) >= least)) return columns;
    }
    return 1;
  }

  /**
   * From one map to the next: they stay together, however wide the page is.
   * @param {number[]} wide
   * @param {number} columns
   */
  pitches(wide, columns) {
    const { width, panels } = this;
    const inOne = columns >= panels.length && wide.reduce((a, b) => a + b, 0) <= width;
    return inOne ? wide : panels.map(() => Math.min(width / columns, Math.max(...wide)));
  }

  /** @returns {MapsLayout} */
  layout() {
    const { spec, panels, unit, ruler, width, lefts, tops, beyond } = this;
    const columns = this.columns();
    if (spec.presenting && columns >= panels.length)
      panels.forEach(({ rows }, p) => p && String(rows) === String(panels[0].rows) && (lefts[p] = 0)); // named once
    const cell = this.cell(columns);
    const high = (230 * unit * (spec.tall ?? 1)) / Math.max(...panels.map(({ shape }) => shape[0]));
    const deep = spec.presenting ? Math.max(cell, Math.min(1.35 * cell, high)) : cell; // a screen has room below
    const alone = panels.length === 1 && (panels[0].signed || spec.presenting);
    const broad = alone ? Math.max(cell, Math.min(this.room(1), 64 * unit)) : cell;
    const level = alone && tops[0] && ruler.widest(panels[0].columns, 12) <= broad - 2; // names that need not slant
    if (level) tops[0] = (spec.axes ? 40 : 20) * unit;
    const heads = panels.map(({ title }) => ruler.broken(title, width / columns - 14 * unit, 12, 700));
    const head = 18 * unit + (Math.max(...heads.map((lines) => lines.length)) - 1) * 15 * unit;
    const wide = panels.map(({ shape }, p) =>
      Math.max(lefts[p] + broad * shape[1] + beyond[p], ruler.widest(heads[p], 12, 700) + 14 * unit),
    );
    const pitches = this.pitches(wide, columns);
    const heights = panels.map(({ shape }, p) => head + tops[p] + deep * shape[0]);
    let [left, y] = [0, 0];
    const spots = panels.map(({ shape }, p) => {
      if (p && p % columns === 0) {
        left = 0;
        y += Math.max(...heights.slice(p - columns, p)) + 12 * unit;
      }
      const size = { w: broad * shape[1], h: deep * shape[0] };
      const spot = { x: left + lefts[p], y: y + head + tops[p], ...size, head: heads[p], left, top: y };
      left += pitches[p];
      return spot;
    });
    const last = heights.slice(columns * Math.floor((panels.length - 1) / columns));
    return { width, height: y + Math.max(...last) + 4, spots };
  }
}

/** The cell at a point. @param {MapsLayout} layout @param {Cells} cells @param {number} x @param {number} y */
export function cellAt({ spots }, cells, x, y) {
  const p = spots.findIndex((spot) => x >= spot.x && x < spot.x + spot.w && y >= spot.y && y < spot.y + spot.h);
  if (p < 0) return null;
  const [rows, columns] = cells.panels[p].shape;
  const r = Math.floor(((y - spots[p].y) / spots[p].h) * rows);
  return /** @type {Place} */ ([cells.first[p] + r, Math.floor(((x - spots[p].x) / spots[p].w) * columns)]);
}

/** A number in a cell: .25, 3, −12. @param {number} x */
export function figure(x) {
  const text = x
    .toFixed(Math.abs(x) < 10 ? 2 : 0)
    .replace(/\.00$/, "")
    .replace(/^-0$/, "0");
  return text.replace("-", "−").replace(/^(−?)0(?=\.)/, "$1");
}
