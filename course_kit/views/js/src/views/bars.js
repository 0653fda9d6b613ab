// A row for each name: one bar, or several, as before and after.
import { scale } from "../shared/axes.js";
import { chart, Ruler } from "../shared/chart.js";
import { h } from "../shared/dom.js";
import { dot, write } from "../shared/draw.js";
import { mix, rgb } from "../shared/theme.js";
import { t } from "../text.js";

/** @import { Form, Place } from "../shared/chart.js" */
/** @import { Pen } from "../shared/draw.js" */
/** @import { Theme } from "../shared/theme.js" */
/** @import { Picture, Spec, UI } from "../shared/types.js" */

/**
 * @typedef {object} Own
 * @property {string[]} names of the rows
 * @property {string[]} parts of each row, the light one first; [""] where it is one
 * @property {string} ylabel
 * @property {number} digits behind the point
 * @property {number} dots single measurements of each row, whose mean its bar is
 * @property {(number | string)[]} along what the control chooses, one after the other in the numbers; or none
 * @property {number} [tall] as in Spec
 * @typedef {Spec & Own} BarsSpec
 *
 * @typedef {object} BarsLayout
 * @property {number} width
 * @property {number} height
 * @property {number} from where the first row begins
 * @property {number} each height of a row, with what parts it from the next
 * @property {number} thick height of a bar
 * @property {boolean} joined whether the numbers of a row stand in one line, since its bars are lower than type
 * @property {number} start where the names end
 * @property {number} mean where the number of a row with dots ends, before its bar
 * @property {(value: number) => number} value along the bars
 * @property {string[]} above the lines of the label above the bars
 * @property {number[][]} key where each part is named, above the bars: [x, y]
 */

const LEAST = 12; // of a bar that has a number of its own

/** A value with its digits. @param {number} value @param {number} digits */
export const shown = (value, digits) => value.toFixed(digits).replace("-", "−");

/** @param {Own} spec @param {number[]} values row by row, of all that a control chooses @param {number} width
 * @param {Ruler} ruler @param {number[]} dots @param {number} high what the rows may take together
 * @returns {BarsLayout} */
export function barsLayout(
  { names, parts, ylabel, digits, tall = 1 },
  values,
  width,
  ruler,
  dots = [],
  high = Infinity,
) {
  const { unit } = ruler;
  const usual = 19 * parts.length + 12;
  const each = Math.min(usual * unit * Math.max(1, tall), high / names.length);
  const thick = (19 * each) / usual;
  const joined = parts.length > 1 && thick < LEAST * unit;
  const figures = ruler.widest(values.map((value) => shown(value, digits))) * (joined ? 1.3 * parts.length : 1);
  const mean = ruler.widest(names) + figures + 12 * unit;
  const start = dots.length ? mean + 14 * unit : ruler.widest(names) + 10 * unit;
  const [least, most] = [Math.min(0, ...values, ...dots), Math.max(0, ...values, ...dots) || 1];
  const value = scale(least, most, start, width - (dots.length ? 0 : figures) - 8 * unit);
  const above = ylabel ? ruler.broken(ylabel, width) : [];
  let x = Math.max(start, ylabel ? ruler.width(ylabel) + 24 * unit : 0);
  let y = 17 * unit * Math.max(0, above.length - 1);
  const key = parts.map((part) => {
    const wide = ruler.width(part) + 17 * unit;
    if (x + wide > width) [x, y] = [0, y + 20 * unit];
    x += wide + 19 * unit;
    return [x - wide - 19 * unit, y];
  });
  const from = ylabel || parts[0] ? y + 30 * unit : 0;
  return {
    width,
    height: from + names.length * each,
    from,
    each,
    thick,
    joined,
    start: ruler.widest(names) + 2 * unit,
    mean,
    value,
    above,
    key,
  };
}

/** @param {BarsLayout} layout @param {number} y @param {number} rows @param {number} parts @returns {Place | null} */
export function barAt({ from, each, thick }, y, rows, parts) {
  const row = Math.floor((y - from) / each);
  if (row < 0 || row >= rows) return null;
  return [row, Math.min(parts - 1, Math.floor((y - from - row * each) / thick))];
}

/** @param {UI} ui @returns {Picture} */
export function bars(ui) {
  const spec = /** @type {BarsSpec} */ (ui.spec);
  const { names, parts, ylabel, digits } = spec;
  const values = Array.from(ui.arrays.y);
  const dots = Array.from(ui.arrays.dots ?? []);
  const ruler = new Ruler(ui);
  const at = (/** @type {number} */ row) => Math.max(0, spec.along.indexOf(ui.state.along)) * names.length + row;
  const valueOf = (/** @type {number} */ row, /** @type {number} */ part) => values[at(row) * parts.length + part];
  const figure = (/** @type {number} */ row, /** @type {number} */ part) => shown(valueOf(row, part), digits);
  const measured = (/** @type {number} */ row) => dots.slice(at(row) * spec.dots, (at(row) + 1) * spec.dots);
  const each = (/** @type {number} */ row) => measured(row).map((value) => shown(value, digits));
  const high = () => (spec.presenting ? 0.55 * ui.screen * ui.tall : Infinity);
  /** @type {Form<BarsLayout>} */
  const form = {
    rows: names.map(() => parts.length),
    layout: (width) => barsLayout(spec, values, width, ruler, dots, high()),
    paint(pen, layout, place) {
      pen.font = ui.font(13);
      paintKey(pen, ui, layout);
      pen.fillStyle = ui.theme.quiet;
      pen.fillRect(layout.value(0) - 1, layout.from - 4, 1, layout.height - layout.from);
      for (const [row, name] of names.entries()) {
        const top = layout.from + row * layout.each;
        write(pen, name, layout.start, top + (parts.length * layout.thick) / 2, ui.theme.text, "right");
        for (const part of parts.keys()) {
          const on = !place || (place[0] === row && place[1] === part);
          const bar = { top: top + part * layout.thick, part, value: valueOf(row, part), text: figure(row, part), on };
          paintBar(pen, ui, layout, bar, measured(row));
        }
        if (!layout.joined) continue;
        const all = parts.map((_, part) => valueOf(row, part));
        const end = layout.value(Math.max(0, ...all)) + 5 * ui.unit;
        const words = all.map((one) => shown(one, digits)).join(" / ");
        write(pen, words, end, top + (parts.length * layout.thick) / 2 - ui.unit, ui.theme.text);
      }
    },
    find: (layout, _, y) => barAt(layout, y, names.length, parts.length),
    say: ([row, part]) => [
      t("{name}: ", {
        name: parts[part] ? t("{label}, {name}", { label: names[row], name: parts[part] }) : names[row],
      }),
      h("b", {}, figure(row, part)),
      ylabel ? ` ${ylabel}` : "",
      spec.dots ? t("; each: {values}", { values: each(row).join(", ") }) : "",
    ],
    table: () => ({
      header: parts[0] ? [ylabel || t("name"), ...parts] : [t("name"), ylabel || t("value")],
      rows: names.map((name, row) => [name, ...parts.map((_, part) => figure(row, part))]),
    }),
    numbers: () => ({ names, parts, values, dots }),
  };
  return chart(ui, form);
}

/** The last is the darkest. @param {Theme} theme @param {number} part @param {number} count */
const shade = (theme, part, count) =>
  rgb(mix(theme.paper, theme.ink, part === count - 1 ? 0.75 : 0.25 + (0.4 * part) / count));

/** @param {Pen} pen @param {UI} ui @param {BarsLayout} layout */
function paintKey(pen, { spec, theme, unit }, { above, key }) {
  const { parts } = /** @type {BarsSpec} */ (spec);
  above.forEach((line, i) => write(pen, line, 0, (9 + 17 * i) * unit, theme.quiet));
  key.forEach(([x, y], part) => {
    if (!parts[part]) return;
    pen.fillStyle = shade(theme, part, parts.length);
    pen.fillRect(x, y + 3 * unit, 12 * unit, 12 * unit);
    write(pen, parts[part], x + 17 * unit, y + 9 * unit, theme.text);
  });
}

/** @param {Pen} pen @param {UI} ui @param {BarsLayout} layout
 * @param {{ top: number, part: number, value: number, text: string, on: boolean }} bar on: none other is read out
 * @param {number[]} measured what its value is the mean of */
function paintBar(
  pen,
  { spec, theme, unit },
  { value: along, thick, joined, mean },
  { top, part, value, text, on },
  measured,
) {
  const { parts } = /** @type {BarsSpec} */ (spec);
  const [low, high] = [along(0), along(value)].sort((a, b) => a - b);
  pen.globalAlpha = on ? 1 : 0.45;
  pen.fillStyle = shade(theme, part, parts.length);
  pen.fillRect(low, top, high - low || 1, thick - 2 * unit);
  pen.globalAlpha = 1;
  const middle = top + thick / 2 - unit;
  for (const one of measured) {
    dot(pen, along(one), middle, 5 * unit, rgb(theme.paper));
    dot(pen, along(one), middle, 3.5 * unit, theme.text);
  }
  if (joined) return;
  if (measured.length) write(pen, text, mean, middle, theme.text, "right");
  else write(pen, text, high + 5 * unit, middle, theme.text);
}
