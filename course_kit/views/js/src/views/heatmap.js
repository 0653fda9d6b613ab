// The heatmap: queries down, keys across, ink is attention. One canvas; only what is in the window is painted.
// Its accessible twin is an ARIA grid of one cell that moves with the selection.
import { arrow, h, pointed, spoken } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { legend } from "../shared/legend.js";
import { clamp } from "../shared/numbers.js";
import HEATMAP_CSS from "./heatmap.css";
import { HeatmapNumbers } from "./heatmap_numbers.js";
import { MapPainter, paintTiles, tilesOf, windowOf } from "./heatmap_paint.js";

/** @import { UI, Picture } from "../shared/types.js" */
/** @import { Cell, HeatmapSpec } from "./heatmap_numbers.js" */
/** @import { Tiles, Window } from "./heatmap_paint.js" */

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
    /** Where all maps are, when all are shown. @type {Tiles | null} */
    this.tiles = null;
    this.canvas = this.picture();
    this.spacer = h("div");
    this.scroller = h("div", { class: "window", onscroll: () => ui.set({}) }, this.spacer, this.canvas);
    this.cell = h("div", { role: "gridcell", id: `${ui.id}-cell`, tabindex: -1 });
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
    const rounded = (/** @type {number} */ x) => String(Number(x.toFixed(2))).replace("-", "−");
    const ends = { low: rounded(map.low < 0 ? -map.reach : map.low), high: rounded(map.reach) };
    const scale = map.scores ? { name: "score", ink: map.low < 0 ? "signed" : "scores" } : {};
    const unsaid = map.hasMask && !/hatched/i.test(ui.spec.caption ?? "");
    return unsaid ? legend({ ...scale, ...ends }, ["masked", "masked"]) : legend({ ...scale, ...ends });
  }

  // ---- what is lit
  /** Under the pointer, else chosen, else the largest number in sight. @returns {Cell} */
  get lit() {
    const { row, col } = this.ui.state;
    if (this.pointer) return this.pointer;
    if (row >= 0) return [row, col];
    const { high, wide, size } = this.place ?? { high: Infinity, wide: Infinity, size: 1 };
    return this.map.largest(high / size, wide / size);
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
    const { left, top, size } = this.place;
    const row = Math.floor((y - top + this.place.y) / size);
    const column = Math.floor((x - left + this.place.x) / size);
    const inside = x >= left && y >= top && row < this.map.rows && column < this.map.columns;
    return inside ? [row, column] : null;
  }

  /** @param {PointerEvent} event */
  point(event) {
    if (!this.tiles) this.light(this.under(event));
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (this.tiles) {
      this.open(event, this.tiles);
      return;
    }
    const cell = this.under(event);
    if (cell) this.choose(cell);
    this.light(cell);
  }

  leave() {
    if (this.pointer) this.light(null);
  }

  /** Opens the map that is pressed. @param {PointerEvent} event @param {Tiles} tiles */
  open(event, { left, top, pitch }) {
    const [x, y] = pointed(event, this.canvas);
    const layer = Math.floor((y - top) / pitch);
    const head = Math.floor((x - left) / pitch);
    const inside = layer >= 0 && layer < this.map.layers && head >= 0 && head < this.map.heads;
    if (inside) this.ui.set({ layer, head, show: "one" }, true);
  }

  /** @param {KeyboardEvent} event */
  walk(event) {
    const { state } = this.ui;
    const step = state.show === "all" ? null : arrow(event);
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
    const { size, wide, high } = this.place;
    const { scroller } = this;
    scroller.scrollTop = Math.min(Math.max(scroller.scrollTop, (row + 1) * size - high), row * size);
    scroller.scrollLeft = Math.min(Math.max(scroller.scrollLeft, (column + 1) * size - wide), column * size);
  }

  // ---- painting
  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { ui, map } = this;
    const all = ui.state.show === "all";
    const pen = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.tiles = all ? tilesOf(map, ui.unit, width) : null;
    this.place = all ? null : windowOf(map, ui, pen, width, narrow);
    if (this.tiles) this.paintAll(this.tiles);
    if (this.place) this.paintOne(this.place, narrow);
  }

  /** @param {Tiles} tiles */
  paintAll(tiles) {
    this.arrange(tiles, 0);
    paintTiles(this.map, this.ui, paper(this.canvas, tiles.width, tiles.height), tiles);
    this.said.replaceChildren(h("span", { class: "quiet" }, "Choose a head to open it."));
    this.bars.replaceChildren();
    this.cell.setAttribute("aria-label", "nothing selected");
  }

  /** @param {Window} place @param {boolean} narrow */
  paintOne(place, narrow) {
    const { scroller, map } = this;
    const more = [map.columns * place.size - place.wide, map.rows * place.size - place.high];
    const scrolls = Math.max(...more) > 1;
    this.arrange(place, narrow ? 0 : place.top, scrolls ? more : null);
    place.x = scrolls ? scroller.scrollLeft : 0;
    place.y = scrolls ? scroller.scrollTop : 0;
    const lit = this.lit;
    const pen = paper(this.canvas, place.width, place.height);
    new MapPainter(map, this.ui, pen, place, lit).paint();
    this.line.setAttribute("aria-rowindex", String(lit[0] + 1));
    this.cell.setAttribute("aria-colindex", String(lit[1] + 1));
    this.say(lit);
    this.showBars(lit);
  }

  /**
   * The sizes of what is around the canvas.
   * @param {Tiles | Window} place
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
    const { scores } = this.map;
    const bars = this.map.bars(lit).flatMap(({ name, on, share, below, text }) => {
      const ink = below ? "minus" : "plus";
      const look = `width:${85 * share}%;background:var(--${scores ? ink : "ink"});${on ? "opacity:1" : ""}`;
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
