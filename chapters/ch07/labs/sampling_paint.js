// The picture of what may come next: a row for each token, in it a bar, a mark for what the model gives, hatching for
// what is cut.
import { fitted, framed, hatch, paper, widest, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { fmt } from "../../../course_kit/views/js/src/shared/numbers.js";
import { rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import { visible } from "./tokens.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Pen } from "../../../course_kit/views/js/src/shared/draw.js" */
/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Row, Sampled } from "./sampling_numbers.js" */

/** @type {Record<number, number>} of an axis with this end; else 5 */
const PARTS = { 0.2: 4, 0.3: 3, 0.4: 4, 0.6: 3, 0.8: 4 };

/** Where the rows are: as a pointer needs it. @typedef {{ top: number, step: number, lines: number }} Geometry */

/**
 * @param {UI} ui
 * @param {HTMLCanvasElement} canvas
 * @param {Sampled} sampled
 * @param {{ wide: number, chosen: number, longest: string }} how chosen: the row that is framed; longest: of all tokens
 * @returns {Geometry}
 */
export function paintChances(ui, canvas, sampled, how) {
  return new Painting(ui, canvas, sampled, how).paint();
}

class Painting {
  /**
   * @param {UI} ui
   * @param {HTMLCanvasElement} canvas
   * @param {Sampled} sampled
   * @param {{ wide: number, chosen: number, longest: string }} how
   */
  constructor(ui, canvas, sampled, { wide, chosen, longest }) {
    const { unit } = ui;
    this.ui = ui;
    this.canvas = canvas;
    this.sampled = sampled;
    this.wide = wide;
    this.chosen = chosen;
    this.step = ui.spec.presenting ? 31 : 21 * unit;
    this.top = 20 * unit;
    const pen = /** @type {Pen} */ (canvas.getContext("2d"));
    pen.font = ui.font(13, 700);
    const names = [t("{n} others", { n: sampled.text.names.length }), visible(longest)];
    this.left = Math.min(0.3 * wide, widest(pen, names)) + 12 * unit; // of the bars
    this.tail = 96 * unit; // right of the longest bar: its number, and how often it was drawn
    this.c = pen;
  }

  /** @param {number} p */
  x(p) {
    const { reach } = this.sampled.text;
    return this.left + (Math.min(p, reach) / reach) * (this.wide - this.left - this.tail);
  }

  paint() {
    const { canvas, sampled, top, step, wide } = this;
    this.c = paper(canvas, wide, top + sampled.lines * step + 4);
    this.axis();
    for (let row = 0; row < sampled.lines; row++) this.row(row, sampled.row(row));
    return { top, step, lines: sampled.lines };
  }

  axis() {
    const { c, ui, top, step, sampled } = this;
    const { reach } = sampled.text;
    const parts = PARTS[reach] ?? 5;
    const bottom = top + sampled.rows * step;
    c.font = ui.font();
    c.strokeStyle = ui.theme.line;
    c.lineWidth = 1;
    for (let part = 0; part <= parts; part++) {
      const at = (part / parts) * reach;
      write(c, String(Number(at.toFixed(3))), this.x(at), top - 11 * ui.unit, ui.theme.quiet, "center");
      c.beginPath();
      c.moveTo(this.x(at) + 0.5, top - 3);
      c.lineTo(this.x(at) + 0.5, bottom);
      c.stroke();
    }
  }

  /** @param {number} row @param {Row} told */
  row(row, told) {
    const { c, ui, sampled, wide, left, top, step } = this;
    const { theme, unit } = ui;
    const y = top + row * step;
    const middle = y + step / 2;
    const now = sampled.fell(sampled.last, row);
    const chosen = row === this.chosen;
    const times = sampled.tally(row);
    if (chosen) framed(c, theme.quiet, 1, 0.5, y, wide - 1, step);
    c.font = ui.font(13, now || chosen ? 700 : 400);
    const colour = told.keep ? theme.text : theme.quiet;
    write(c, fitted(c, told.label, left - 8 * unit), left - 8 * unit, middle, now ? theme.output : colour, "right");
    if (row < sampled.rows) this.bar(told, middle, now, chosen);
    else this.others(told, middle, times > 0);
    c.font = ui.font(13, 700);
    if (times) write(c, `× ${times}`, wide - 6 * unit, middle, theme.output, "right");
  }

  /** Many together are no bar: said in words. @param {Row} told @param {number} y @param {boolean} drawn */
  others({ p, first, keep }, y, drawn) {
    const { c, ui, wide, left } = this;
    const of = fmt(first);
    const kept = [
      t("together {p}; the model gives them {of}", { p: fmt(p), of }),
      t("{p} (model: {of})", { p: fmt(p), of }),
    ];
    const cut = [t("cut; the model gives them {of} together", { of }), t("cut (model: {of})", { of })];
    const [whole, brief] = keep ? kept : cut;
    c.font = ui.font();
    const fits = c.measureText(whole).width < wide - left - (drawn ? 60 * ui.unit : 0);
    write(c, fits ? whole : brief, this.x(0), y, keep ? ui.theme.text : ui.theme.quiet);
  }

  /** @param {Row} told @param {number} y @param {boolean} now drawn last @param {boolean} chosen */
  bar({ p, first, open, keep }, y, now, chosen) {
    const { c, ui, step } = this;
    const { theme, unit } = ui;
    const high = step * 0.5;
    const zero = this.x(0);
    // the mark is behind the bar, which stays whole, and overhangs it
    c.fillStyle = theme.quiet;
    c.fillRect(Math.round(this.x(first) - 1.2 * unit), y - step * 0.45, 2.4 * unit, step * 0.9);
    if (keep) {
      c.fillStyle = now ? theme.output : theme.text;
      c.fillRect(zero, y - high / 2, Math.max(this.x(p) - zero, 0.8), high);
    } else this.cut(zero, y - high / 2, Math.max(this.x(open) - zero, 3), high);
    const shown = keep ? p : open;
    if (shown > this.sampled.text.reach) this.broken(y, high);
    c.font = ui.font(13, chosen ? 700 : 400);
    const end = Math.max(this.x(shown), this.x(first)) + 8 * unit;
    write(c, keep ? fmt(p) : t("cut"), end, y, keep ? theme.text : theme.quiet);
  }

  /** @param {number} x @param {number} y @param {number} wide @param {number} high */
  cut(x, y, wide, high) {
    const { c, ui } = this;
    hatch(c, ui.theme.hatch, x, y, wide, high, { width: 1.5 * ui.unit, apart: 5 * ui.unit });
    framed(c, ui.theme.quiet, 1, x, y, wide, high);
  }

  /** Two cuts through a bar that is longer than there is room. @param {number} y @param {number} high */
  broken(y, high) {
    const { c, ui } = this;
    const end = this.x(1);
    c.strokeStyle = rgb(ui.theme.paper);
    c.lineWidth = 3 * ui.unit;
    c.beginPath();
    for (const back of [10, 17]) {
      c.moveTo(end - back * ui.unit, y + high / 2);
      c.lineTo(end - (back - 6) * ui.unit, y - high / 2);
    }
    c.stroke();
  }
}
