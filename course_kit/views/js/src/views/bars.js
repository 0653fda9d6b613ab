// Bars, upright while their names are short and fit below them, else lying.
import { scale } from "../shared/axes.js";
import { chart, Ruler } from "../shared/chart.js";
import { h } from "../shared/dom.js";
import { write } from "../shared/draw.js";

/** @import { Form, Place } from "../shared/chart.js" */
/** @import { Pen } from "../shared/draw.js" */
/** @import { Picture, Spec, UI } from "../shared/types.js" */

/**
 * @typedef {object} Own
 * @property {string[]} names
 * @property {string} ylabel
 * @property {number} digits behind the point
 * @typedef {Spec & Own} BarsSpec
 *
 * @typedef {object} BarsLayout
 * @property {number} width
 * @property {number} height
 * @property {boolean} upright
 * @property {number} from where the place of the first bar begins, across the bars
 * @property {number} each how much of it a bar has
 * @property {(value: number) => number} value along the bars
 * @property {number} start where a value of 0, or the least one, is
 */

const USUAL = 0.8; // `spec.tall` of a slide that is not drawn higher
const LONG = 120; // what is longer would part upright bars

/** A value with its digits. @param {number} value @param {number} digits */
export const shown = (value, digits) => value.toFixed(digits).replace("-", "−");

/**
 * Upright bars stand as close together as their names let them, however wide the page is; lying ones have long names.
 * @param {BarsSpec} spec
 * @param {number[]} values
 * @param {number} width
 * @param {number} tall
 * @param {Ruler} ruler
 * @returns {BarsLayout}
 */
export function barsLayout({ names, digits, tall: roomy = USUAL }, values, width, tall, ruler) {
  const { unit } = ruler;
  const longest = ruler.widest(names);
  const figures = ruler.widest(values.map((value) => shown(value, digits)));
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values) || 1];
  const upright = longest < Math.min(width / names.length - 8 * unit, LONG * unit);
  if (upright) {
    const height = 240 * Math.min(unit, tall);
    const each = Math.min(width / names.length, Math.max(longest + 20 * unit, figures + 12 * unit, 64 * unit));
    const start = height - 22 * unit;
    return { width, height, upright, from: 0, each, value: scale(least, most, start, 42 * unit), start };
  }
  const head = 24 * unit;
  const each = 26 * unit * Math.min(1.8, Math.max(1, roomy / USUAL));
  const start = longest + 10 * unit;
  const value = scale(least, most, start, width - figures - 8 * unit);
  return { width, height: names.length * each + head, upright, from: head, each, value, start };
}

/** @param {BarsLayout} layout @param {number} x @param {number} y @param {number} count @returns {Place | null} */
export function barAt({ upright, from, each }, x, y, count) {
  const i = Math.floor(((upright ? x : y) - from) / each);
  return i >= 0 && i < count ? [0, i] : null;
}

/** @param {UI} ui @returns {Picture} */
export function bars(ui) {
  const spec = /** @type {BarsSpec} */ (ui.spec);
  const { names, ylabel, digits } = spec;
  const values = Array.from(ui.arrays.y);
  const ruler = new Ruler(ui);
  const figures = values.map((value) => shown(value, digits));
  /** @type {Form<BarsLayout>} */
  const form = {
    rows: [names.length],
    layout: (width) => barsLayout(spec, values, width, ui.tall, ruler),
    paint(pen, layout, place) {
      pen.font = ui.font(13);
      if (ylabel) write(pen, ylabel, 0, 9 * ui.unit, ui.theme.quiet);
      for (const i of names.keys()) paintBar(pen, ui, layout, i, figures[i], place);
    },
    find: (layout, x, y) => barAt(layout, x, y, names.length),
    say: ([, i]) => [`${names[i]}: `, h("b", {}, figures[i]), ylabel ? ` ${ylabel}` : ""],
    table: () => ({ header: ["name", ylabel || "value"], rows: names.map((name, i) => [name, figures[i]]) }),
    numbers: () => ({ names, values }),
  };
  return chart(ui, form);
}

/**
 * A bar with its name and its number; where another one is read out, it steps back.
 * @param {Pen} pen
 * @param {UI} ui
 * @param {BarsLayout} layout
 * @param {number} i
 * @param {string} figure
 * @param {Place | null} place
 */
function paintBar(pen, ui, { height, upright, from, each, value, start }, i, figure, place) {
  const { unit, theme } = ui;
  const { names } = /** @type {BarsSpec} */ (ui.spec);
  const middle = from + (i + 0.5) * each;
  const half = Math.min(0.31 * each, 40 * unit);
  const ends = [value(0), value(ui.arrays.y[i])];
  const low = Math.min(...ends);
  const long = Math.max(...ends) - low || 1;
  pen.globalAlpha = place && place[1] !== i ? 0.45 : 0.85;
  pen.fillStyle = theme.text;
  if (upright) pen.fillRect(middle - half, low, 2 * half, long);
  else pen.fillRect(low, middle - half, long, 2 * half);
  pen.globalAlpha = 1;
  if (upright) {
    write(pen, figure, middle, low - 4 * unit, theme.text, "center", "bottom");
    write(pen, names[i], middle, height - 16 * unit, theme.text, "center", "top");
  } else {
    write(pen, figure, low + long + 5 * unit, middle, theme.text);
    write(pen, names[i], start - 8 * unit, middle, theme.text, "right");
  }
}
