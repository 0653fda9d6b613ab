// The heatmap: queries down, keys across, ink is attention. One canvas; only what is in the window is painted.
// Its accessible twin is an ARIA grid of one cell that moves with the selection.
import { arrow, h, pointed, spoken } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { legend } from "../shared/legend.js";
import { clamp } from "../shared/numbers.js";
import { ranked } from "../shared/ranked.js";
import { Twin } from "../shared/twin.js";
import HEATMAP_CSS from "./heatmap.css";
import { HeatmapNumbers } from "./heatmap_numbers.js";
import { paintMap, windowOf } from "./heatmap_paint.js";
import { t } from "../text.js";

/** @import { Pen } from "../shared/draw.js" */
/** @import { UI, Picture } from "../shared/types.js" */
/** @import { Cell, HeatmapSpec } from "./heatmap_numbers.js" */
/** @import { Window } from "./heatmap_paint.js" */

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
    this.twin = new Twin(ui, {
      ...{ label: ui.spec.title || t("heatmap"), name: "cells" },
      key: (event) => this.walk(event),
      focus: () => this.choose(this.lit, false),
      point: (event) => this.light(event && this.under(event)),
      press: (event) => this.press(event),
    });
    this.said = spoken();
    this.bars = h("div", { class: "ranked", "aria-hidden": "true" });
    this.inks = this.legend();
    ui.style(HEATMAP_CSS);
    ui.body.append(this.twin.element, this.inks);
    ui.side.append(this.said, this.bars);
  }

  // ---- elements
  legend() {
    const { map } = this;
    const ramp = { high: String(map.high), ink: map.dots ? "dots" : "" };
    return map.hasMask ? legend(ramp, ["masked", t("masked")]) : legend(ramp);
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
    if (!cell && !this.pointer) return;
    this.pointer = cell;
    this.ui.set({});
  }

  // ---- pointer and keys
  /** The cell under the pointer. @param {MouseEvent} event @returns {Cell | null} */
  under(event) {
    if (!this.place) return null;
    const [x, y] = pointed(event, this.twin.canvas);
    const { left, top, down, across } = this.place;
    const row = Math.floor((y - top + this.place.y) / down);
    const column = Math.floor((x - left + this.place.x) / across);
    const inside = x >= left && y >= top && row < this.map.rows && column < this.map.columns;
    return inside ? [row, column] : null;
  }

  /** @param {MouseEvent} event */
  press(event) {
    const cell = this.under(event);
    if (cell) this.choose(cell);
    this.light(cell);
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
    if (this.place) this.twin.reveal(this.place, row, column);
  }

  // ---- painting
  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { twin, map, ui } = this;
    const place = windowOf(map, ui, /** @type {Pen} */ (twin.canvas.getContext("2d")), width, narrow);
    this.place = place;
    this.inks.style.marginLeft = `${place.left}px`;
    ui.side.style.paddingTop = narrow || ui.spec.presenting ? "" : `${place.top}px`; // a screen is low
    twin.frame(place, map.rows, map.columns);
    const lit = this.lit;
    paintMap(map, ui, paper(twin.canvas, place.width, place.height), place, lit);
    this.say(lit);
    this.bars.replaceChildren(...ranked(map.bars(lit)));
  }

  /** The sentence beside the picture. @param {Cell} lit */
  say(lit) {
    const { map, said, twin } = this;
    const { exact, sentence } = map.said(lit);
    const [from, to] = [map.queries[lit[0]], map.keys[lit[1]]];
    const touched = this.pointer || this.ui.state.row >= 0;
    said.replaceChildren(
      h("div", {}, h("b", { class: "query" }, from), " → ", h("b", { class: "key" }, to), " ", h("b", {}, exact)),
      h("div", { class: "quiet" }, sentence),
      touched ? "" : h("div", { class: "quiet" }, t("Choose any cell.")),
    );
    const place = { rows: map.rows, columns: map.columns, row: lit[0] + 1, column: lit[1] + 1 };
    twin.tell({ ...place, label: `${sentence} ${exact}` });
  }

  table() {
    return this.map.table();
  }

  numbers() {
    return { weights: this.map.queries.map((_, q) => Array.from(this.map.row(q))) };
  }
}
