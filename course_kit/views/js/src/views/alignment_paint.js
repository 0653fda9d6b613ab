// How large the parts of a translation's weights are, and its picture on a canvas: a row for each word written.
import { CellsPainter, SLOPE } from "../shared/cells.js";
import { framed, widest, write } from "../shared/draw.js";
import { slanting } from "../shared/labels.js";
import { t } from "../text.js";

/** @import { UI } from "../shared/types.js" */
/** @import { Pen } from "../shared/draw.js" */
/** @import { AlignmentNumbers, Place } from "./alignment_numbers.js" */
/**
 * @typedef {object} Own
 * @property {string[]} corner what rows and columns are
 * @property {number} room for the picture
 * @property {number} width of the canvas
 * @property {number} height
 * @typedef {import("../shared/cells.js").Place & Own} Layout
 *
 * @typedef {object} Look
 * @property {Place} lit
 * @property {boolean} selected whether somebody has pointed at it or chosen it: the rest is paler then
 * @property {number} progress of the newest row, which fades in
 */

const LONGEST = 130; // pixels of a label

/**
 * Rows as high as they can be while all are in sight; columns as wide as they need be.
 * @param {AlignmentNumbers} numbers
 * @param {UI} ui
 * @param {Pen} c
 * @param {number} width of the view
 * @param {boolean} narrow
 * @returns {Layout}
 */
export function layoutOf(numbers, ui, c, width, narrow) {
  const { unit, tall } = ui;
  const { columns, source, versions, total } = numbers;
  const longest = ui.spec.presenting ? total : numbers.longest; // a class cannot scroll
  const room = width - (narrow ? 0 : 250 * unit) - 4;
  const corner = narrow ? ["↓", "→"] : [t("translation ↓"), t("source →")];
  c.font = ui.font(13, 700);
  const words = versions.flatMap(({ tokens }) => tokens);
  const left = Math.min(Math.ceil(widest(c, [...words, corner[0]])), LONGEST * unit) + 14 * unit;
  const names = Math.min(Math.ceil(widest(c, source)), LONGEST * unit);
  const upright = room - left - 4;
  const leaning = room - left - names * SLOPE - 1;
  const most = (/** @type {number} */ length) => Math.floor(Math.min(52 * unit, length / columns));
  const slanted = names > most(upright) - 4;
  const widestCell = most(slanted ? leaning : upright);
  const row = Math.min(34 * unit, (400 * tall) / longest, 1.4 * widestCell);
  const high = longest * Math.max(14 * unit, Math.floor(row)); // a shorter version has higher rows
  const down = Math.min(44 * unit, high / Math.max(1, total), Math.max(14 * unit, 1.8 * widestCell));
  const across = Math.max(14 * unit, Math.min(1.7 * down, widestCell));
  const rise = names * Math.max(SLOPE, Math.sin(slanting(ui, across).turn)); // above narrow cells they stand steeper
  const top = Math.max(44 * unit, slanted ? rise + 18 * unit : 0);
  const ends = source.map((name, i) => (i + 0.7) * across + Math.min(widest(c, [name]), LONGEST * unit) * SLOPE);
  const size = {
    width: Math.ceil(left + Math.max(columns * across + 4, ...(slanted ? ends : []))),
    height: Math.ceil(top + high) + 3,
  };
  const sight = { wide: columns * across, high: total * down, x: 0, y: 0 };
  return { corner, left, top, across, down, slanted, names, room, ...sight, ...size };
}

export class RowsPainter extends CellsPainter {
  /** @param {AlignmentNumbers} numbers @param {UI} ui @param {Pen} c @param {Layout} place @param {Look} look */
  constructor(numbers, ui, c, place, look) {
    super(ui, c, place, numbers.written, numbers.columns);
    this.numbers = numbers;
    this.look = look;
    this.corners = place.corner;
  }

  paint() {
    const { c, ui, numbers, place, look } = this;
    const [target, source] = look.lit;
    const { left, top, wide } = place;
    framed(c, ui.theme.line, 1, left - 2, top - 2, wide + 3, numbers.total * place.down + 3);
    this.corner(this.corners);
    this.toCome();
    this.cells((row, column) => this.weight(row, column));
    c.globalAlpha = 1;
    if (look.selected && target >= 0 && source >= 0) this.frame(target, source, 2.5 * ui.unit);
    this.translated();
    this.read();
  }

  /** A line for each row to come. */
  toCome() {
    const { numbers, ui, c, place } = this;
    const { written, total } = numbers;
    const { left, top, wide, down } = place;
    if (written === total) return;
    c.fillStyle = ui.theme.line;
    for (let row = written; row < total; row++) c.fillRect(left, top + row * down - 1.5, wide - this.gap, 1);
    c.font = ui.font(Math.min(13, (down - 4) / ui.unit));
    write(c, t("still to be written"), left + wide / 2, top + (written + 0.5) * down - 1, ui.theme.quiet, "center");
  }

  /** Of a cell; the newest row fades in. @param {number} target @param {number} source */
  weight(target, source) {
    const { numbers, look, ui } = this;
    const weight = numbers.weight(target, source);
    const clear = !look.selected || target === look.lit[0] || source === look.lit[1];
    this.c.globalAlpha = target === numbers.written - 1 ? look.progress : 1;
    const pale = { ink: 0.3 * weight, colour: ui.theme.quiet };
    const untold = weight >= 0.05 || (look.selected && clear) ? {} : { text: "" };
    this.cell(target, source, weight, { ...(clear ? {} : pale), ...untold, told: target === look.lit[0] });
  }

  /** The words written; new ones are underlined. */
  translated() {
    const { numbers, ui, c, place, look } = this;
    const { theme, unit } = ui;
    const { tokens, changed } = numbers.version;
    this.rowNames({
      names: tokens,
      lit: (target) => numbers.isRowLit(look.lit, target),
      colour: (_, lit) => (lit ? theme.query : look.selected ? theme.quiet : theme.text),
      more(target, wide) {
        const y = place.top + (target + 0.5) * place.down + 7 * unit;
        if (changed[target]) c.fillRect(place.left - 8 * unit - wide, y, wide, 2 * unit);
      },
    });
  }

  /** The words read: one that is knocked out is struck out; above them their English, if all of it has room. */
  read() {
    const { numbers, ui, c, place, look } = this;
    const { theme, unit } = ui;
    const { slanted, across } = place;
    c.font = ui.font();
    const glosses = numbers.glosses && widest(c, numbers.glosses) < across ? numbers.glosses : [];
    const colour = (/** @type {number} */ source, /** @type {boolean} */ lit) =>
      lit ? theme.key : look.selected || numbers.isCut(source) ? theme.quiet : theme.text;
    const lit = (/** @type {number} */ source) => numbers.isColumnLit(look.lit, source);
    this.columnNames({
      ...{ names: numbers.source, lit, colour },
      more(source, wide) {
        if (numbers.isCut(source)) c.fillRect(slanted ? 0 : -wide / 2, 0, wide, 1.5 * unit);
        c.font = ui.font();
        write(c, glosses[source] ?? "", 0, -18 * unit, colour(source, lit(source)), slanted ? "left" : "center");
      },
    });
  }
}
