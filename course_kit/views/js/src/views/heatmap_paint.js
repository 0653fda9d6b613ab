// How large the parts of a heatmap are, and its picture on a canvas: a map with its labels.
import { CellsPainter, SLOPE } from "../shared/cells.js";
import { fitted, widest } from "../shared/draw.js";
import { slanting } from "../shared/labels.js";
import { roleOf } from "../shared/theme.js";

/** @import { UI } from "../shared/types.js" */
/** @import { Pen } from "../shared/draw.js" */
/** @import { Cell, HeatmapNumbers } from "./heatmap_numbers.js" */
/** @typedef {ReturnType<typeof windowOf>} Window one map, or what of it is in sight, and the canvas */

const LONGEST = 150; // pixels of a label

/**
 * Every cell with its label while cells stay legible, else a window that scrolls.
 * @param {HeatmapNumbers} numbers
 * @param {UI} ui
 * @param {Pen} c
 * @param {number} width of the view
 * @param {boolean} narrow
 */
export function windowOf(numbers, ui, c, width, narrow) {
  const { unit, tall } = ui;
  const { rows, columns, queries, keys, axes } = numbers;
  const longest = LONGEST * unit;
  c.font = ui.font(13, 700);
  const room = width - (narrow ? 0 : 235 * unit) - 8;
  const corner = widest(c, [`${axes[0]} ↓`, `${axes[1]} →`]);
  const left = Math.ceil(Math.min(Math.max(corner, widest(c, queries)), longest)) + 12 * unit;
  const name = Math.ceil(Math.min(widest(c, keys), longest));
  const spare = room - left - Math.max(name * 0.5, Math.min(name * SLOPE, 40)); // no window for a few pixels
  const whole = ui.spec.presenting ? Math.max(4, (480 * tall) / rows) : Infinity; // a class cannot scroll
  const size = Math.min(whole, cellOf({ rows, columns, across: spare, unit, tall, narrow }));
  const slanted = name > size - 4;
  const rise = name * Math.max(SLOPE, Math.sin(slanting(ui, size).turn)); // above narrow cells they stand steeper
  const top = Math.max(42 * unit, slanted ? rise + 16 * unit : 0);
  const tail = slanted ? name * SLOPE : 4;
  const wide = Math.min(columns * size, Math.max(120, room - left - Math.min(tail, 40)));
  const high = Math.min(rows * size, 480 * tall);
  const drawn = { width: Math.ceil(Math.min(left + wide + tail, width)), height: Math.ceil(top + high) + 2 };
  return { left, top, across: size, down: size, slanted, names: longest, wide, high, ...drawn, x: 0, y: 0 };
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

/**
 * The map's cells in sight, and the names beside them.
 * @param {HeatmapNumbers} numbers
 * @param {UI} ui
 * @param {Pen} c
 * @param {Window} place
 * @param {Cell} lit
 */
export function paintMap(numbers, ui, c, place, [row, column]) {
  const { theme, unit } = ui;
  const painter = new CellsPainter(ui, c, place, numbers.rows, numbers.columns);
  painter.within(0, () =>
    painter.cells((q, k) => {
      const weight = numbers.row(q)[k];
      const dots = numbers.dots && !(q === row && k === column && painter.hasNumbers()); // where one points
      painter.cell(q, k, weight, { ink: weight / numbers.high, told: q === row, dots });
    }),
  );
  painter.within(3 * unit, () => painter.frame(row, column, 2 * unit));
  const colours = [theme.query, theme.key];
  const named = numbers.axes.map((name, i) => (roleOf(name) === ["query", "key"][i] ? colours[i] : theme.quiet));
  const arrows = ["↓", "→"].map((arrow) => ` ${arrow}`);
  c.font = ui.font();
  painter.corner(
    numbers.axes.map((name, i) => fitted(c, name, place.left - 12 * unit - c.measureText(arrows[i]).width) + arrows[i]),
    named,
  );
  const colour = (/** @type {number} */ role) => (/** @type {number} */ _, /** @type {boolean} */ on) =>
    on ? colours[role] : theme.text;
  painter.rowNames({ names: numbers.queries, lit: (q) => q === row, colour: colour(0) });
  painter.columnNames({ names: numbers.keys, lit: (k) => k === column, colour: colour(1) });
}
