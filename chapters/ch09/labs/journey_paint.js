// A map of the journey: a square of one size, however many words it has; beside it the two words that are lit.
import { fitted, framed, paper, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { clamp } from "../../../course_kit/views/js/src/shared/numbers.js";
import { mix, rgb } from "../../../course_kit/views/js/src/shared/theme.js";

/** @import { Pen } from "../../../course_kit/views/js/src/shared/draw.js" */
/** @import { Theme } from "../../../course_kit/views/js/src/shared/theme.js" */
/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Heatmap, Pair } from "./journey_numbers.js" */

/** Where the cells are. @typedef {{ left: number, top: number, wide: number, high: number }} Geometry */

const CURVE = 0.65; // in small maps on a light ground, too, the eye needs more ink to tell a small weight from none

/**
 * The ink of a weight, as a share of the largest of all maps; the same in each of them.
 * @param {Theme} theme
 * @param {number} share
 */
export const inkOf = (theme, share) => mix(theme.paper, theme.ink, clamp(share, 0, 1) ** CURVE);

/** The inks from no weight to the largest, as a style sheet has them. @param {Theme} theme */
export function rampOf(theme) {
  const stops = Array.from({ length: 11 }, (_, i) => rgb(inkOf(theme, i / 10)));
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/**
 * @param {UI} ui
 * @param {HTMLCanvasElement} canvas
 * @param {Heatmap} map
 * @param {Pair} pair
 * @param {{ side: number, left: number, high: number }} how left: room for the words of the queries; high: full ink
 * @returns {Geometry}
 */
export function paintMap(ui, canvas, map, pair, { side, left, high: most }) {
  const { theme, unit } = ui;
  const [height, width] = map.panel.shape;
  const cells = { left, top: Math.round(20 * unit), wide: side / width, high: side / height };
  const { top, wide, high } = cells;
  const gap = Math.min(wide, high) > 16 ? 2 : 1;
  const c = paper(canvas, left + side + 3, top + side + 3);
  map.rows.forEach((row, q) =>
    row.forEach((weight, k) => {
      c.fillStyle = rgb(inkOf(theme, weight / most));
      c.fillRect(left + k * wide, top + q * high, wide - gap, high - gap);
    }),
  );
  framed(c, theme.quiet, 1, left - 1, top - 1, side - gap + 2, side - gap + 2);
  light(c, ui, map, pair, cells, gap);
  return cells;
}

/**
 * The row of the query and the column of the key, with their words.
 * @param {Pen} c
 * @param {UI} ui
 * @param {Heatmap} map
 * @param {Pair} pair
 * @param {Geometry} cells
 * @param {number} gap between cells
 */
function light(c, { font, theme, unit }, map, pair, { left, top, wide, high }, gap) {
  const { queries, keys, shape } = map.panel;
  const [q, k] = map.place(pair);
  const side = wide * shape[1];
  const line = 1.5 * unit;
  const out = 1.2 * unit + line / 2; // around the cells, not over them
  c.font = font(12, 700);
  if (q >= 0) {
    const y = top + q * high;
    write(c, fitted(c, queries[q], left - 6 * unit), left - 6 * unit, y + high / 2, theme.query, "right");
    framed(c, theme.query, line, left - out, y - out, side - gap + 2 * out, high - gap + 2 * out);
  }
  if (k >= 0) {
    const x = left + k * wide;
    const text = fitted(c, keys[k], side);
    const half = c.measureText(text).width / 2;
    const middle = clamp(x + wide / 2, left + half, left + side - half);
    write(c, text, middle, top - 6 * unit, theme.key, "center", "alphabetic");
    framed(c, theme.key, line, x - out, top - out, wide - gap + 2 * out, side - gap + 2 * out);
  }
}
