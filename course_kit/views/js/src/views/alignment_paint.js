// How large the parts of a translation's weights are, and its picture on a canvas: a row for each word written.
import { fitted, framed, hatch, widest, write } from "../shared/draw.js";
import { crowded, slanting } from "../shared/labels.js";
import { inked, legible, rgb } from "../shared/theme.js";

/** @import { UI } from "../shared/types.js" */
/** @import { Pen } from "../shared/draw.js" */
/** @import { AlignmentNumbers, Place } from "./alignment_numbers.js" */
/**
 * @typedef {object} Layout all in pixels
 * @property {string[]} corner what rows and columns are
 * @property {number} left where cells begin
 * @property {number} top
 * @property {number} across from one cell to the next
 * @property {number} down
 * @property {boolean} slanted whether the names of columns are
 * @property {number} names the longest of them
 * @property {number} room for the picture
 * @property {number} width of the canvas
 * @property {number} height
 *
 * @typedef {object} Look
 * @property {Place} lit
 * @property {boolean} selected whether somebody has pointed at it or chosen it: the rest is paler then
 * @property {number} progress of the newest row, which fades in
 */

const LONGEST = 130; // pixels of a label
const SLOPE = 0.71; // what a slanted label rises, for each pixel of it

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
  const corner = narrow ? ["↓", "→"] : ["translation ↓", "source →"];
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
  const top = Math.max(44 * unit, slanted ? names * SLOPE + 18 * unit : 0);
  const size = {
    width: Math.ceil(left + columns * across + (slanted ? names * SLOPE : 4)),
    height: Math.ceil(top + high) + 3,
  };
  return { corner, left, top, across, down, slanted, names, room, ...size };
}

/** A weight as it stands in its cell. @param {number} x */
export function inCell(x) {
  if (x >= 0.995) return "1";
  return x < 0.005 ? "0" : x.toFixed(2).slice(1);
}

export class RowsPainter {
  /** @param {AlignmentNumbers} numbers @param {UI} ui @param {Pen} c @param {Layout} place @param {Look} look */
  constructor(numbers, ui, c, place, look) {
    this.numbers = numbers;
    this.ui = ui;
    this.c = c;
    this.place = place;
    this.look = look;
    this.gap = Math.min(place.across, place.down) > 20 ? 2 : 1;
    this.wide = place.across - this.gap; // a cell
    this.high = place.down - this.gap;
  }

  paint() {
    this.frame();
    this.toCome();
    this.cells();
    this.c.globalAlpha = 1;
    this.chosen();
    this.rowNames();
    this.columnNames();
  }

  /** Where a cell is. @param {number} target @param {number} source */
  at(target, source) {
    const { left, top, across, down } = this.place;
    return [left + source * across, top + target * down];
  }

  /** The newest row fades in. @param {number} target */
  fade(target) {
    this.c.globalAlpha = target === this.numbers.written - 1 ? this.look.progress : 1;
  }

  /** Around all rows, and in the corner what they are. */
  frame() {
    const { numbers, ui, c, place } = this;
    const { left, top, across, down } = place;
    const { theme, unit } = ui;
    framed(c, theme.line, 1, left - 2, top - 2, numbers.columns * across + 3, numbers.total * down + 3);
    c.font = ui.font(12);
    write(c, place.corner[0], left - 9 * unit, top - 10 * unit, theme.query, "right");
    write(c, place.corner[1], left - 9 * unit, top - 28 * unit, theme.key, "right");
  }

  /** A line for each row to come. */
  toCome() {
    const { numbers, ui, c, place } = this;
    const { columns, written, total } = numbers;
    const { left, top, across, down } = place;
    const { theme, unit } = ui;
    if (written === total) return;
    c.fillStyle = theme.line;
    for (let row = written; row < total; row++)
      c.fillRect(left, top + row * down - 1.5, columns * across - this.gap, 1);
    c.font = ui.font(Math.min(13, (down - 4) / unit));
    const middle = left + (columns * across) / 2;
    write(c, "still to be written", middle, top + (written + 0.5) * down - 1, theme.quiet, "center");
  }

  cells() {
    const { numbers, ui, c, place } = this;
    c.font = ui.font(Math.min(11.5, place.across / ui.unit / 2.4));
    for (let target = 0; target < numbers.written; target++) {
      this.fade(target);
      numbers.source.forEach((_, source) => this.cell(target, source));
    }
  }

  /** @param {number} target @param {number} source */
  cell(target, source) {
    const { numbers, ui, c, place, look, wide, high } = this;
    const { theme, unit } = ui;
    const [x, y] = this.at(target, source);
    const weight = numbers.weight(target, source);
    if (Number.isNaN(weight)) {
      hatch(c, theme.hatch, x, y, wide, high);
      return;
    }
    const clear = !look.selected || target === look.lit[0] || source === look.lit[1];
    const colour = inked(theme, clear ? weight : 0.3 * weight);
    c.fillStyle = rgb(colour);
    c.fillRect(x, y, wide, high);
    const telling = weight >= 0.05 || (look.selected && clear);
    if (!telling || place.across < 26 * unit || place.down < 18 * unit) return;
    write(c, inCell(weight), x + wide / 2, y + high / 2 + 1, clear ? legible(colour) : theme.quiet, "center");
  }

  /** A frame around the cell that is chosen. */
  chosen() {
    const { ui, c, look, wide, high } = this;
    const [target, source] = look.lit;
    if (!look.selected || target < 0 || source < 0) return;
    const line = 2.5 * ui.unit;
    const out = 1 + line / 2;
    const [x, y] = this.at(target, source);
    framed(c, ui.theme.query, line, x - out, y - out, wide + 2 * out, high + 2 * out);
  }

  rowNames() {
    const { numbers, ui, c, place, look } = this;
    const { left, top, down } = place;
    const { theme, unit } = ui;
    const { tokens, changed } = numbers.version;
    const size = Math.min(13, down / unit - 1);
    const right = left - 9 * unit;
    for (let target = 0; target < numbers.written; target++) {
      const lit = numbers.isRowLit(look.lit, target);
      const y = top + (target + 0.5) * down;
      const other = look.selected ? theme.quiet : theme.text;
      c.font = ui.font(size, lit ? 700 : 400);
      const text = fitted(c, tokens[target], left - 14 * unit);
      write(c, text, right, y, lit ? theme.query : other, "right");
      if (!changed[target]) continue;
      const wide = c.measureText(text).width;
      c.fillRect(right - wide, y + 7 * unit, wide, 2 * unit);
    }
  }

  columnNames() {
    const { numbers, ui, place, look } = this;
    const { size, every } = place.slanted ? slanting(ui, place.across) : { size: 13, every: 1 };
    const type = place.slanted ? size : Math.min(13, place.across / ui.unit);
    const lit = (/** @type {number} */ source) => numbers.isColumnLit(look.lit, source);
    const glosses = this.glosses();
    numbers.source.forEach((_, source) => {
      if (!crowded(source, lit, every)) this.columnName(source, type, lit(source), glosses[source]);
    });
  }

  /** The words in English, if all of them have room. */
  glosses() {
    const { numbers, ui, c, place } = this;
    c.font = ui.font(12);
    return numbers.glosses && widest(c, numbers.glosses) < place.across ? numbers.glosses : [];
  }

  /** @param {number} source @param {number} type its size @param {boolean} lit @param {string | undefined} gloss */
  columnName(source, type, lit, gloss) {
    const { numbers, ui, c, place, look } = this;
    const { theme, unit } = ui;
    const { slanted, names, across } = place;
    const cut = numbers.isCut(source);
    const align = slanted ? "left" : "center";
    const pale = look.selected || cut ? theme.quiet : theme.text;
    const colour = lit ? theme.key : pale;
    c.save();
    c.translate(place.left + (source + 0.5) * across, place.top - 9 * unit);
    if (slanted) c.rotate(-Math.PI / 4);
    c.font = ui.font(type, lit ? 700 : 400);
    const text = fitted(c, numbers.source[source], slanted ? names : across);
    write(c, text, 0, 0, colour, align);
    if (cut) {
      const wide = c.measureText(text).width;
      c.fillRect(slanted ? 0 : -wide / 2, 0, wide, 1.5 * unit);
    }
    if (gloss) {
      c.font = ui.font(12);
      write(c, gloss, 0, -18 * unit, colour, align);
    }
    c.restore();
  }
}
