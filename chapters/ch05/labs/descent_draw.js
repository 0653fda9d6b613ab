// The stage on its canvas: cells, bars, numbers and lines where they are now, and a frame around what is pointed at.
import { fitted, wide } from "../../../course_kit/views/js/src/shared/draw.js";
import { legible, mix, rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import { inCell } from "./descent_numbers.js";

/** @import { Pen } from "../../../course_kit/views/js/src/shared/draw.js" */
/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Place } from "./descent_explain.js" */
/** @import { Item } from "./descent_stage.js" */
/**
 * @typedef {Item & { at: number[], now?: number[], leaving?: boolean, visit?: number }} Shown at, now: its place and
 *   values at this moment
 * @typedef {{ name: string, cell: number, id: string, bar: boolean, x: number, y: number, w: number, h: number }} Hit
 *   the box of a number, in pixels of the canvas
 * @typedef {{ lit: Place[], at: { name: string, cell: number }, aimed: boolean, zoom: number }} How lit: what made the
 *   number `at`; aimed: it is pointed at; zoom: pixels of a unit of the stage
 * @typedef {[number, number, number, number]} Box x, y, width, height
 */

const HEADINGS = new Set([600, 700]); // weights of the names of vectors, and of lines
const hex = (/** @type {string} */ colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
const clip = (/** @type {number} */ x) => Math.max(0, Math.min(1, x));
const fontOf = (/** @type {Item} */ { weight = 400, size = 13 }, /** @type {string} */ family, is = size) =>
  `${weight} ${is}px ${family}`;

/**
 * Draws all of it -> the boxes of all numbers.
 * @param {Pen} c
 * @param {UI} ui
 * @param {Shown[]} items
 * @param {How} how
 */
export function draw(c, ui, items, how) {
  return new Drawing(c, ui, how).draw(items);
}

/**
 * Whether the words of one of these have no room: then all say it in fewer, as one column.
 * @param {Item[]} items
 * @param {(item: Item) => number} width of its words
 */
export const cramped = (items, width) => items.some((item) => item.brief && item.room && width(item) > item.room);

/** Of letters in front of a class, in units of the stage. @param {UI} ui @param {number} zoom */
export const leastOf = ({ spec }, zoom) => (spec.presenting ? 18 / zoom : 0);

class Drawing {
  /** @param {Pen} c @param {UI} ui @param {How} how */
  constructor(c, ui, { lit, at, aimed, zoom }) {
    this.c = c;
    this.ui = ui;
    this.lit = new Set(lit.map(([name, cell]) => `${name}|${cell}`));
    this.at = at;
    this.aimed = aimed;
    this.zoom = zoom;
    this.most = ui.spec.presenting ? 24 / zoom : 0; // for a class type is that large where there is room
    this.least = leastOf(ui, zoom);
    this.brief = false;
    /** @type {Hit[]} */
    this.hits = [];
    /** @type {Box[]} what is pointed at: framed last */
    this.strong = [];
    /** @type {Map<string, Box>} one frame around all cells of a vector that are lit */
    this.around = new Map();
  }

  /** @param {Shown[]} items */
  draw(items) {
    const { c, ui } = this;
    c.textBaseline = "middle";
    this.brief = cramped(items, (item) => {
      c.font = fontOf(item, ui.family, Math.max(item.size ?? 13, this.least));
      return wide(c, item.words ?? "");
    });
    for (const item of items) {
      c.globalAlpha = clip(item.at[item.at.length - 1]);
      this.item(item);
    }
    c.globalAlpha = 1;
    for (const box of this.around.values()) this.outline(box, false);
    for (const box of this.strong) this.outline(box, true);
    return this.hits;
  }

  /** @param {Shown} item */
  item(item) {
    const { type } = item;
    if (type === "cells" || type === "bars") this.vector(item);
    else if (type === "text") this.text(item);
    else if (type === "bar") this.bar(item);
    else if (type === "line") this.line(item);
    else this.frame(item);
  }

  /** @param {Shown} item */
  vector(item) {
    const { at, now = [], scale = 1, type } = item;
    const [left, y, width, height] = at;
    now.forEach((value, j) => {
      const share = Math.min(1, Math.abs(value) / scale);
      /** @type {Box} */
      const box = [left + j * width, y, width, height];
      if (type === "bars") this.barOf(item, j, value, share, box);
      else this.cell(item, j, value, share, box);
    });
  }

  /**
   * A number of a vector as a bar above or below a line.
   * @param {Shown} item
   * @param {number} j
   * @param {number} value
   * @param {number} share
   * @param {Box} box
   */
  barOf(item, j, value, share, [left, y, width, height]) {
    const { c, ui } = this;
    const tall = Math.max(0.7, share * height);
    const top = value > 0 ? y - tall : y;
    const cell = (item.first ?? 0) + j;
    c.fillStyle = rgb(value > 0 ? ui.theme.plus : ui.theme.minus);
    c.fillRect(left, top, width - 1.5, tall);
    this.hit(item, cell, [left, y - height, width, 2 * height]);
    if (this.aimed && this.isAt(item, cell)) this.strong.push([left, top, width - 0.5, tall + 1]);
  }

  /** @param {Shown} item @param {number} j @param {number} value @param {number} share @param {Box} box */
  cell(item, j, value, share, box) {
    const { c, ui } = this;
    const [left, y, width, height] = box;
    const sign = value < 0 ? "minus" : "plus";
    const role = this.colour(item.role === "ink" ? sign : (item.role ?? sign)); // without a role: by sign
    const fill = mix(ui.theme.paper, role, 0.07 + 0.93 * share);
    const cell = (item.first ?? 0) + j;
    c.fillStyle = rgb(fill);
    c.fillRect(left, y, width - (width > 4 ? 1 : 0.4), height - (height > 4 ? 1 : 0.4));
    if (item.digits && width >= 30 && height >= 14.5) {
      const large = Math.min(this.most, width / 3.3, height * 0.72);
      c.font = `400 ${Math.max(large, this.least, width < 44 ? 12 : 12.5)}px ${ui.family}`;
      c.textAlign = "center";
      c.fillStyle = share > 0.3 ? legible(fill) : ui.theme.text;
      c.fillText(inCell(value, width), left + width / 2 - 0.5, y + height / 2);
    } else if (value < 0 && share > 0.08 && width >= 6 && height >= 6) {
      c.fillStyle = share > 0.45 ? legible(fill) : rgb(role);
      c.fillRect(left + width / 2 - 2.5, y + height / 2 - 1, 4, 1);
    }
    this.hit(item, cell, box);
    if (this.isAt(item, cell)) this.strong.push(box);
    else if (this.lit.has(`${item.name}|${cell}`)) this.wrap(item, box);
  }

  /** @param {Shown} item */
  text(item) {
    const { c, ui } = this;
    let [x, y] = item.at;
    const { align = "left", room, brief, words = "", size: usual = 13 } = item;
    const whole = this.brief && brief ? brief : words;
    c.font = fontOf(item, ui.family);
    const across = c.canvas.width / c.getTransform().a;
    const free = room ?? across - x;
    const isHeading = HEADINGS.has(item.weight ?? 400) && align === "left"; // a list is as large as its rows
    const large = isHeading ? Math.min(this.most, (usual * free) / wide(c, whole)) : 0;
    const size = Math.max(usual, large, this.least);
    c.font = fontOf(item, ui.family, size);
    c.fillStyle = rgb(this.colour(item.colour ?? "text"));
    c.textAlign = align;
    const shown = room ? fitted(c, whole, room) : whole;
    const width = c.measureText(shown).width;
    if (isHeading) [x, y] = [Math.min(x, across - width), Math.max(y, size / 2)]; // nothing of it is cut
    c.fillText(shown, x, y);
    const before = { right: width, center: width / 2 };
    const left = x - (before[/** @type {"right" | "center"} */ (align)] ?? 0);
    this.hit(item, 0, [left - 3, y - size * 0.75, width + 6, size * 1.5]);
    if (item.name && this.isAt(item, 0) && this.aimed)
      this.strong.push([left - 3, y - size * 0.75, width + 7, size * 1.5]);
    else if (this.lit.has(`${item.name}|0`)) c.fillRect(left, y + size * (this.least ? 0.47 : 0.62), width, 1.5);
  }

  /** @param {Shown} item */
  bar(item) {
    const { c, ui } = this;
    const [x, y, wide, high] = item.at;
    const left = Math.min(x, x + wide);
    const ink = mix(ui.theme.paper, ui.theme.ink, 0.25 + 0.75 * (item.ink ?? 1));
    c.fillStyle = rgb(item.colour === "ink" ? ink : this.colour(item.colour ?? "text"));
    c.fillRect(left, y, Math.abs(wide), high);
    this.hit(item, 0, [left, y, Math.abs(wide), high]);
  }

  /** A level line, or a dotted curve. @param {Shown} item */
  line({ at: [x1, y1, x2, y2], colour = "quiet" }) {
    const { c } = this;
    const middle = (x1 + x2) / 2;
    c.strokeStyle = rgb(this.colour(colour));
    c.lineWidth = 1.3;
    c.setLineDash(y1 === y2 ? [] : [2.5, 3]);
    c.beginPath();
    c.moveTo(x1, y1);
    c.bezierCurveTo(middle, y1, middle, y2, x2, y2);
    c.stroke();
    c.setLineDash([]);
  }

  /** @param {Shown} item */
  frame({ at: [x, y, wide, high] }) {
    const { c, ui } = this;
    c.strokeStyle = ui.theme.text;
    c.lineWidth = 1.2;
    c.strokeRect(x - 1.5, y - 1.5, wide + 2, high + 2);
  }

  /** A frame around a box; a strong one stands off from what is below it. @param {Box} box @param {boolean} strong */
  outline([x, y, wide, high], strong) {
    const { c, ui } = this;
    const out = strong ? 1 : 0.5;
    if (strong) {
      c.strokeStyle = rgb(ui.theme.paper);
      c.lineWidth = 4;
      c.strokeRect(x - 0.5, y - 0.5, wide, high);
    }
    c.strokeStyle = ui.theme.text;
    c.lineWidth = strong ? 2 : 1.2;
    c.strokeRect(x - out, y - out, wide + 2 * out - 1, high + 2 * out - 1);
  }

  /** Makes the frame around a vector's lit cells hold one more. @param {Shown} item @param {Box} box */
  wrap({ group = "" }, [x, y, wide, high]) {
    const before = this.around.get(group);
    const [left, top] = before ? [Math.min(before[0], x), Math.min(before[1], y)] : [x, y];
    const right = Math.max(before ? before[0] + before[2] : 0, x + wide);
    const bottom = Math.max(before ? before[1] + before[3] : 0, y + high);
    this.around.set(group, [left, top, right - left, bottom - top]);
  }

  /** Remembers the box of a number. @param {Shown} item @param {number} cell @param {Box} box */
  hit({ leaving, name, type, id }, cell, box) {
    if (!name || leaving) return;
    const [x, y, w, h] = box.map((length) => length * this.zoom);
    this.hits.push({ name, cell, id, bar: type === "bar", x, y, w, h });
  }

  /** Whether it is the number that is spelled out. @param {Shown} item @param {number} cell */
  isAt({ name }, cell) {
    return name === this.at.name && cell === this.at.cell;
  }

  /** @param {string} name of a colour of the theme */
  colour(name) {
    const colour = /** @type {Record<string, string | number[]>} */ (this.ui.theme)[name] ?? this.ui.theme.text;
    return typeof colour === "string" ? hex(colour) : colour;
  }
}
