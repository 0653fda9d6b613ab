// A canvas, and as its twin for keyboards and screen readers an ARIA grid of one cell, the one that is chosen.
import { h } from "../shared/dom.js";

/** @import { UI } from "../shared/types.js" */
/** @import { Hover } from "./heads_numbers.js" */
/** @typedef {{ rows: number, columns: number, row: number, column: number, label: string }} Told the cell that is
 *   chosen, counted from 1 */

export class Twin {
  /**
   * @param {UI} ui
   * @param {{ label: string, name: string, key: (event: KeyboardEvent) => void,
   *   under: (x: number, y: number) => Hover, point: (hover: Hover) => void, press: (hover: Hover) => void }} given
   *   under: what is at a point of the canvas; point and press: a pointer is on it, or has clicked it
   */
  constructor(ui, { label, name, key, under, point, press }) {
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.spacer = h("div");
    this.cell = h("div", { role: "gridcell", id: `${ui.id}-${name}` });
    this.row = h("div", { role: "row" }, this.cell);
    const look = { role: "grid", tabindex: 0, "aria-label": label, "aria-activedescendant": this.cell.id };
    this.element = h(
      "div",
      { ...look, "data-testid": name, onscroll: () => ui.set({}), onkeydown: key },
      this.spacer,
      this.canvas,
      h("div", { class: "hidden" }, this.row),
    );
    const at = (/** @type {MouseEvent} */ event) => under(event.offsetX, event.offsetY);
    this.canvas.onpointermove = (event) => point(at(event));
    this.canvas.onpointerleave = () => point({});
    this.canvas.onclick = (event) => press(at(event));
  }

  /** @param {Told} told */
  tell({ rows, columns, row, column, label }) {
    this.element.setAttribute("aria-rowcount", String(rows));
    this.element.setAttribute("aria-colcount", String(columns));
    this.row.setAttribute("aria-rowindex", String(row));
    this.cell.setAttribute("aria-colindex", String(column));
    this.cell.setAttribute("aria-label", label);
  }
}
