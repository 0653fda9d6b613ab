// The heatmap: queries down, keys across, ink is attention. One canvas; only what is in the window is painted.
// Its accessible twin is an ARIA grid of one cell that moves with the selection.
import { arrow, h, pointed, spoken } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { legend } from "../shared/legend.js";
import { clamp } from "../shared/numbers.js";
import HEATMAP_CSS from "./heatmap.css";
import { HeatmapNumbers } from "./heatmap_numbers.js";
import { paintMap, windowOf } from "./heatmap_paint.js";

/** @import { Pen } from "../shared/draw.js" */
/** @import { UI, Picture } from "../shared/types.js" */
/** @import { Cell, HeatmapSpec } from "./heatmap_numbers.js" */
/** @import { Window } from "./heatmap_paint.js" */

const BAR = 14; // pixels of a scroll bar

/** @param {UI} ui @returns {Picture} */
export const heatmap = (ui) => new Heatmap(ui);

class Heatmap {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.map = new HeatmapNumbers(/** @type {HeatmapSpec} */ (ui.spec), ui.arrays, ui.state);
    /** The cell under the pointer. @type {Cell | null} */
    this.pointer = null;
    /** Where the open map is. @type {Window | null} */
    this.place = null;
    this.canvas = this.picture();
    this.spacer = h("div");
    this.scroller = h("div", { class: "window", onscroll: () => ui.set({}) }, this.spacer, this.canvas);
    this.cell = h("div", { role: "gridcell", id: `${ui.id}-cell`, tabindex: -1 }, "–");
    this.line = h("div", { role: "row" }, this.cell);
    this.said = spoken();
    this.bars = h("div", { class: "bars", "aria-hidden": "true" });
    this.inks = this.legend();
    ui.style(HEATMAP_CSS);
    ui.body.append(this.grid(), this.inks);
    ui.side.append(this.said, this.bars);
  }

  // ---- elements
  picture() {
    return h("canvas", {
      "aria-hidden": "true",
      onpointermove: (/** @type {PointerEvent} */ event) => this.point(event),
      onpointerdown: (/** @type {PointerEvent} */ event) => this.press(event),
      onpointerleave: () => this.leave(),
    });
  }

  grid() {
    const { ui, map } = this;
    const look = {
      role: "grid",
      tabindex: 0,
      "aria-label": ui.spec.title || "heatmap",
      "aria-rowcount": map.rows,
      "aria-colcount": map.columns,
      "aria-activedescendant": this.cell.id,
    };
    const listeners = {
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.walk(event),
      onfocus: () => this.choose(this.lit, false),
    };
    return h("div", { ...look, ...listeners }, this.scroller, h("div", { class: "hidden" }, this.line));
  }

  legend() {
    const { map, ui } = this;
    const high = String(map.high);
    const unsaid = map.hasMask && !/hatched/i.test(ui.spec.caption ?? "");
    return unsaid ? legend({ high }, ["masked", "masked"]) : legend({ high });
  }

  // ---- what is lit
  /** Under the pointer, else chosen, else the largest number in sight. @returns {Cell} */
  get lit() {
    const { row, col } = this.ui.state;
    if (this.pointer) return this.pointer;
    if (row >= 0) return [row, col];
    const { high, wide, down } = this.place ?? { high: Infinity, wide: Infinity, down: 1 };
    return this.map.largest(high / down, wide / down);
  }

  /** @param {Cell} cell */
  choose([row, col], done = true) {
    this.ui.set({ row, col }, done);
  }

  /** Lights a cell, or none. @param {Cell | null} cell */
  light(cell) {
    this.pointer = cell;
    this.ui.set({});
  }

  // ---- pointer and keys
  /** The cell under the pointer. @param {PointerEvent} event @returns {Cell | null} */
  under(event) {
    if (!this.place) return null;
    const [x, y] = pointed(event, this.canvas);
    const { left, top, down, across } = this.place;
    const row = Math.floor((y - top + this.place.y) / down);
    const column = Math.floor((x - left + this.place.x) / across);
    const inside = x >= left && y >= top && row < this.map.rows && column < this.map.columns;
    return inside ? [row, column] : null;
  }

  /** @param {PointerEvent} event */
  point(event) {
    this.light(this.under(event));
  }

  /** @param {PointerEvent} event */
  press(event) {
    const cell = this.under(event);
    if (cell) this.choose(cell);
    this.light(cell);
  }

  leave() {
    if (this.pointer) this.light(null);
  }

  /** @param {KeyboardEvent} event */
  walk(event) {
    const { state } = this.ui;
    const step = arrow(event);
    if (!step) return;
    this.pointer = null;
    const row = clamp(Math.max(0, state.row) + step[0], 0, this.map.rows - 1);
    const column = clamp(Math.max(0, state.col) + step[1], 0, this.map.columns - 1);
    this.choose([row, column]);
    this.reveal(row, column);
  }

  /** Scrolls a cell into sight. @param {number} row @param {number} column */
  reveal(row, column) {
    if (!this.place) return;
    const { down: size, wide, high } = this.place;
    const { scroller } = this;
    scroller.scrollTop = Math.min(Math.max(scroller.scrollTop, (row + 1) * size - high), row * size);
    scroller.scrollLeft = Math.min(Math.max(scroller.scrollLeft, (column + 1) * size - wide), column * size);
  }

  // ---- painting
  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { scroller, map, ui } = this;
    const place = windowOf(map, ui, /** @type {Pen} */ (this.canvas.getContext("2d")), width, narrow);
    this.place = place;
    const more = [map.columns * place.across - place.wide, map.rows * place.down - place.high];
    const scrolls = Math.max(...more) > 1;
    this.arrange(place, narrow ? 0 : place.top, scrolls ? more : null);
    place.x = scrolls ? scroller.scrollLeft : 0;
    place.y = scrolls ? scroller.scrollTop : 0;
    const lit = this.lit;
    paintMap(map, ui, paper(this.canvas, place.width, place.height), place, lit);
    this.line.setAttribute("aria-rowindex", String(lit[0] + 1));
    this.cell.setAttribute("aria-colindex", String(lit[1] + 1));
    this.say(lit);
    this.showBars(lit);
  }

  /**
   * The sizes of what is around the canvas.
   * @param {Window} place
   * @param {number} above the text beside the picture
   * @param {number[] | null} more pixels that are out of sight, to the right and below
   */
  arrange({ left, width, height }, above, more = null) {
    const { scroller, spacer } = this;
    scroller.style.width = `${width}px`;
    scroller.style.height = `${height + (more ? BAR : 0)}px`;
    scroller.style.overflow = more ? "auto" : "hidden";
    spacer.style.cssText = more
      ? `position:absolute;width:${width + more[0]}px;height:${height + more[1]}px`
      : "display:none";
    this.inks.style.marginLeft = `${left}px`;
    this.ui.side.style.paddingTop = above && !this.ui.spec.presenting ? `${above}px` : ""; // a screen is low
  }

  /** The sentence beside the picture. @param {Cell} lit */
  say(lit) {
    const { map, said, cell } = this;
    const { exact, sentence } = map.said(lit);
    const [from, to] = [map.queries[lit[0]], map.keys[lit[1]]];
    const touched = this.pointer || this.ui.state.row >= 0;
    said.replaceChildren(
      h("div", {}, h("b", { class: "query" }, from), " → ", h("b", { class: "key" }, to), " ", h("b", {}, exact)),
      h("div", { class: "quiet" }, sentence),
      touched ? "" : h("div", { class: "quiet" }, "Choose any cell."),
    );
    cell.setAttribute("aria-label", `${sentence} ${exact}`);
  }

  /** The row as bars. @param {Cell} lit */
  showBars(lit) {
    const bars = this.map.bars(lit).flatMap(({ name, on, share, text }) => {
      const look = `width:${85 * share}%;background:var(--ink);${on ? "opacity:1" : ""}`;
      return [h("span", { class: on ? "key on" : "" }, name), h("i", {}, h("u", { style: look }), text)];
    });
    this.bars.replaceChildren(...bars);
  }

  table() {
    return this.map.table();
  }

  numbers() {
    return { weights: this.map.queries.map((_, q) => Array.from(this.map.row(q))) };
  }
}
