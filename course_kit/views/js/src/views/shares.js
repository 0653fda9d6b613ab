// The shares of a whole, in shades of ink: a bar for each name, cut into its parts; below the axis the key to them.
import { chart, Ruler } from "../shared/chart.js";
import { h } from "../shared/dom.js";
import { write } from "../shared/draw.js";
import { number } from "../shared/numbers.js";
import { legible, mix, rgb } from "../shared/theme.js";

/** @import { Form, Place } from "../shared/chart.js" */
/** @import { Pen } from "../shared/draw.js" */
/** @import { Theme } from "../shared/theme.js" */
/** @import { Picture, Spec, UI } from "../shared/types.js" */

/**
 * @typedef {Spec & { names: string[], parts: string[], xlabel: string }} SharesSpec
 *
 * @typedef {object} SharesLayout
 * @property {number} width
 * @property {number} height
 * @property {number} left where the bars begin
 * @property {number} wide how long they are
 * @property {number} high a bar, and the room below it
 * @property {number} line of the key
 * @property {{ x: number, y: number }[]} key where each part of it is, from the upper left corner of the key
 */

/** What share of its whole each part is, in percent. @param {ArrayLike<number>} amounts @param {number} parts */
export function sharesOf(amounts, parts) {
  const rows = Array.from({ length: amounts.length / parts }, (_, r) =>
    Array.from({ length: parts }, (_, i) => amounts[r * parts + i]),
  );
  return rows.map((row) => {
    const total = row.reduce((sum, amount) => sum + amount, 0);
    return { total, amounts: row, shares: row.map((amount) => (100 * amount) / total) };
  });
}

/** @param {SharesSpec} spec @param {number} width @param {Ruler} ruler @returns {SharesLayout} */
export function sharesLayout({ names, parts }, width, ruler) {
  const { unit } = ruler;
  const line = 20 * unit;
  const high = 34 * unit;
  const left = ruler.widest(names) + 10 * unit;
  let [x, y] = [0, 0];
  const key = parts.map((part) => {
    const room = ruler.width(part) + 34 * unit;
    if (x && x + room > width) [x, y] = [0, y + line];
    const at = { x, y };
    x += room;
    return at;
  });
  const height = names.length * high + 2.4 * line + y + line;
  return { width, height, left, wide: width - left - 16 * unit, high, line, key };
}

/**
 * @param {SharesLayout} layout @param {number[][]} shares @param {number} atX @param {number} atY
 * @returns {Place | null}
 */
export function shareAt({ left, wide, high }, shares, atX, atY) {
  const r = Math.floor(atY / high);
  if (atX < left || r < 0 || r >= shares.length) return null;
  let edge = left;
  const i = shares[r].findIndex((share) => {
    edge += (share / 100) * wide;
    return atX < edge;
  });
  return i < 0 ? null : [r, i];
}

/** @param {UI} ui @returns {Picture} */
export function shares(ui) {
  const spec = /** @type {SharesSpec} */ (ui.spec);
  const { names, parts } = spec;
  const rows = sharesOf(ui.arrays.y, parts.length);
  const ruler = new Ruler(ui);
  /** @type {Form<SharesLayout>} */
  const form = {
    rows: names.map(() => parts.length),
    layout: (width) => sharesLayout(spec, width, ruler),
    paint(pen, layout, place) {
      pen.font = ui.font(13);
      rows.forEach((row, r) => paintBar(pen, ui.theme, layout, { name: names[r], parts, r, ...row }, place));
      paintAxis(pen, ui, layout);
    },
    find: (layout, x, y) => {
      const all = rows.map((row) => row.shares);
      return shareAt(layout, all, x, y);
    },
    say: ([r, i]) => [
      `${names[r]}, ${parts[i]}: `,
      h("b", {}, `${rows[r].shares[i].toFixed(1)} %`),
      h("span", { class: "quiet" }, ` · ${number(rows[r].amounts[i])} of ${number(rows[r].total)}`),
    ],
    table: () => ({
      header: ["of", ...parts],
      rows: names.map((name, r) => [name, ...rows[r].amounts.map(number)]),
    }),
    numbers: () => ({ names, parts, amounts: Array.from(ui.arrays.y) }),
  };
  return chart(ui, form);
}

/** @param {Theme} theme @param {number} i @param {number} count */
const shade = (theme, i, count) => mix(theme.paper, theme.ink, 0.88 - (0.72 * i) / Math.max(1, count - 1));

/**
 * @param {Pen} pen
 * @param {Theme} theme
 * @param {SharesLayout} layout
 * @param {{ name: string, parts: string[], r: number, shares: number[] }} bar
 * @param {Place | null} place
 */
function paintBar(pen, theme, layout, { name, parts, r, shares: own }, place) {
  const { left, wide, high } = layout;
  const top = r * high;
  const unit = high / 34;
  write(pen, name, left - 8 * unit, top + 0.42 * high, theme.text, "right");
  let x = left;
  parts.forEach((part, i) => {
    const long = (own[i] / 100) * wide;
    const ink = shade(theme, i, parts.length);
    pen.fillStyle = rgb(ink);
    pen.fillRect(x, top, Math.max(long - 1.5, 0.5), 0.84 * high);
    if (place && place[0] === r && place[1] === i) {
      pen.strokeStyle = theme.query;
      pen.lineWidth = 2;
      pen.strokeRect(x, top + 1, long, 0.84 * high - 2);
    }
    const percent = `${own[i].toFixed(0)} %`;
    const fits = [`${part} ${percent}`, percent].find((text) => pen.measureText(text).width + 10 < long);
    if (fits) write(pen, fits, x + 6 * unit, top + 0.42 * high, legible(ink));
    x += long;
  });
}

/** The percentages below the bars, and the key. @param {Pen} pen @param {UI} ui @param {SharesLayout} layout */
function paintAxis(pen, ui, { width, left, wide, high, line, key }) {
  const { unit, theme } = ui;
  const { names, parts, xlabel } = /** @type {SharesSpec} */ (ui.spec);
  const base = names.length * high;
  for (const percent of [0, 25, 50, 75, 100]) {
    const x = left + (percent / 100) * wide;
    pen.fillStyle = theme.line;
    pen.fillRect(Math.round(x) - 1, base, 1, 5 * unit);
    write(pen, `${percent}`, x, base + 8 * unit, theme.quiet, "center", "top");
  }
  write(pen, xlabel, width, base + 1.2 * line + 8 * unit, theme.quiet, "right", "top");
  key.forEach(({ x, y }, i) => {
    const middle = base + 2.9 * line + y;
    pen.fillStyle = rgb(shade(theme, i, parts.length));
    pen.fillRect(x, middle - 6 * unit, 12 * unit, 12 * unit);
    write(pen, parts[i], x + 17 * unit, middle, theme.text);
  });
}
