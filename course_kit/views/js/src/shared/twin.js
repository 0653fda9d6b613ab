// A canvas of cells, and as its twin for keyboards and screen readers an ARIA grid of one cell, the one that is chosen.
// What is larger than its room is seen through a window that scrolls.
import { h } from "./dom.js";
import { clamp } from "./numbers.js";

/** @import { UI } from "./types.js" */
/** @import { Place } from "./cells.js" */
/**
 * @typedef {{ rows: number, columns: number, row: number, column: number, label: string }} Told the cell that is
 *   chosen, counted from 1
 */

const BAR = 14; // pixels of a scroll bar

export class Twin {
  /**
   * @param {UI} ui
   * @param {{ label: string, name: string, key: (event: KeyboardEvent) => void, focus?: () => void,
   *   point: (event: MouseEvent | null) => void, press: (event: MouseEvent) => void }} given point and press: a pointer
   *   is on the canvas, or on it no longer, or has clicked it
   */
  constructor(ui, { label, name, key, focus = () => {}, point, press }) {
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.spacer = h("div");
    this.cell = h("div", { role: "gridcell", id: `${ui.id}-${name}` });
    this.row = h("div", { role: "row" }, this.cell);
    const look = { role: "grid", tabindex: 0, "aria-label": label, "aria-activedescendant": this.cell.id };
    this.element = h(
      "div",
      { ...look, "data-testid": name, onscroll: () => ui.set({}), onkeydown: key, onfocus: focus },
      this.spacer,
      this.canvas,
      h("div", { class: "hidden" }, this.row),
    );
    this.canvas.onpointermove = point;
    this.canvas.onpointerleave = () => point(null);
    this.canvas.onclick = press;
  }

  /** @param {Told} told */
  tell({ rows, columns, row, column, label }) {
    this.element.setAttribute("aria-rowcount", String(rows));
    this.element.setAttribute("aria-colcount", String(columns));
    this.row.setAttribute("aria-rowindex", String(row));
    this.cell.setAttribute("aria-colindex", String(column));
    this.cell.setAttribute("aria-label", label);
  }

  /**
   * A window of the canvas's size on so many cells. Where they are scrolled is written into their place.
   * @param {Place & { width: number, height: number }} place
   * @param {number} rows
   * @param {number} columns
   */
  frame(place, rows, columns) {
    const { element, spacer } = this;
    const right = columns * place.across - place.wide;
    const below = rows * place.down - place.high;
    const rolls = Math.max(right, below) > 1;
    element.style.width = `${place.width}px`;
    element.style.height = `${place.height + (rolls ? BAR : 0)}px`;
    element.style.overflow = rolls ? "auto" : "hidden";
    const size = `width:${place.width + right}px;height:${place.height + below}px`;
    spacer.style.cssText = rolls ? `position:absolute;${size}` : "display:none";
    place.x = rolls ? element.scrollLeft : 0;
    place.y = rolls ? element.scrollTop : 0;
    return rolls;
  }

  /** Scrolls a cell into sight. @param {Place} place @param {number} row @param {number} column */
  reveal({ across, down, wide, high }, row, column) {
    const { element } = this;
    element.scrollTop = clamp(element.scrollTop, (row + 1) * down - high, row * down);
    element.scrollLeft = clamp(element.scrollLeft, (column + 1) * across - wide, column * across);
  }
}
