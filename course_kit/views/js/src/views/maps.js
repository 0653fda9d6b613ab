// Matrices beside each other.
import { LEAST } from "../shared/cells.js";
import { chart, Ruler } from "../shared/chart.js";
import { h } from "../shared/dom.js";
import { fitted, hatch, widest, write } from "../shared/draw.js";
import { legend } from "../shared/legend.js";
import { slanting } from "../shared/labels.js";
import { inked, legible, mix, rgb, roleName, roleOf } from "../shared/theme.js";
import { cellAt, Cells, figure, mapsLayout } from "./maps_numbers.js";

const LOW = 9; // of cells that have no room for a name; of numbers every tenth is there
const SMALL = 9.9; // what is below 10 is as small as its cell makes it, see `font` in mount.js

/** @import { Form, Place } from "../shared/chart.js" */
/** @import { Pen } from "../shared/draw.js" */
/** @import { Theme } from "../shared/theme.js" */
/** @import { Picture, UI } from "../shared/types.js" */
/** @import { MapsLayout, MapsSpec, Panel } from "./maps_numbers.js" */

/** @param {UI} ui @returns {Picture} */
export function maps(ui) {
  const spec = /** @type {MapsSpec} */ (ui.spec);
  const cells = new Cells(spec, ui.arrays.y, ui.state);
  const ruler = new Ruler(ui);
  /** @type {Form<MapsLayout>} */
  const form = {
    rows: cells.rows,
    layout: (width, narrow) => mapsLayout(spec, width, narrow, ruler),
    paint(pen, layout, place) {
      const painter = new MapsPainter(ui, pen, cells, layout);
      for (const p of cells.panels.keys()) painter.map(p);
      if (place) painter.cursor(place);
    },
    find: (layout, x, y) => cellAt(layout, cells, x, y),
    say(place) {
      const { title, names, number } = cells.sentence(place);
      return [h("span", { class: "quiet" }, title), names, h("b", {}, number)];
    },
    key: keyOf(spec),
    table: () => cells.table(),
    numbers: () => spec.panels.map((_, p) => cells.of(p)),
  };
  return chart(ui, form);
}

/** What the ink measures, if it is one measure. @param {MapsSpec} spec */
function keyOf({ panels, scale: name }) {
  const [{ range, signed }] = panels;
  const [low, high] = signed ? [figure(-range[1]), figure(range[1])] : range;
  const same = panels.every((panel) => `${[panel.range, panel.signed]}` === `${[range, signed]}`);
  return same && (name || signed) ? legend({ low, high, name, ink: signed ? "signed" : "" }) : null;
}

/**
 * The colour of a cell: ink; of numbers that may be below 0, that of their sign.
 * @param {Theme} theme
 * @param {Pick<Panel, "signed" | "range">} panel
 * @param {number} value
 */
export function shade(theme, { signed, range: [low, high] }, value) {
  const share = (value - low) / (high - low || 1);
  return signed ? mix(theme.paper, share < 0 ? theme.minus : theme.plus, Math.abs(share)) : inked(theme, share);
}

/** The colour of a role, for its name; or another. @param {Theme} theme @param {string} name @param {string} other */
const played = ({ query, key, value }, name, other) => ({ query, key, value })[roleOf(name)] ?? other;

class MapsPainter {
  /** @param {UI} ui @param {Pen} pen @param {Cells} cells @param {MapsLayout} layout */
  constructor(ui, pen, cells, layout) {
    this.ui = ui;
    this.pen = pen;
    this.cells = cells;
    this.spots = layout.spots;
  }

  /** A matrix with its title and names. @param {number} p */
  map(p) {
    this.inside(p);
    this.title(p);
    this.rows(p);
    this.columns(p);
    if (this.cells.spec.axes && !p) this.axes(this.cells.spec.axes);
  }

  /** @param {number} p */
  steps(p) {
    const [rows, columns] = this.cells.panels[p].shape;
    return [this.spots[p].w / columns, this.spots[p].h / rows];
  }

  /** @param {number} p */
  inside(p) {
    const { pen, ui, cells } = this;
    const { unit, theme } = ui;
    const panel = cells.panels[p];
    const [rows, columns] = panel.shape;
    const { x, y, w, h: high } = this.spots[p];
    const [dx, dy] = this.steps(p);
    const small = Math.min(dx, dy);
    let figures = small >= 26 * unit && (panel.range[1] > 9 || cells.of(p).some((value) => value % 1));
    if (small > 9) {
      pen.fillStyle = theme.line; // seen between light cells; dark ones touch
      pen.fillRect(x, y, w, high);
    }
    pen.font = ui.font();
    const longest = () => widest(pen, figures ? Array.from(cells.of(p), figure) : []);
    if (figures && longest() > dx - 4) {
      pen.font = ui.font(ui.spec.presenting ? SMALL : LEAST / unit);
      if (ui.spec.presenting) pen.font = ui.font(Math.max(6, Math.min(SMALL, (SMALL * (dx - 4)) / longest())));
      else figures &&= longest() <= dx - 2;
    }
    for (let r = 0; r < rows; r++)
      for (let k = 0; k < columns; k++) {
        const value = cells.value(p, r, k);
        const colour = shade(theme, panel, value);
        const dark = (value - panel.range[0]) / (panel.range[1] - panel.range[0] || 1) >= 0.9;
        const gap = small > 9 && !dark ? 1 : -0.4;
        pen.fillStyle = rgb(colour);
        pen.fillRect(x + k * dx, y + r * dy, dx - gap, dy - gap);
        if (panel.mask && !value) hatch(pen, theme.hatch, x + k * dx, y + r * dy, dx - gap, dy - gap);
        if (figures) write(pen, figure(value), x + (k + 0.5) * dx, y + (r + 0.5) * dy, legible(colour), "center");
      }
    pen.strokeStyle = theme.line;
    pen.lineWidth = 1;
    pen.strokeRect(x - 0.5, y - 0.5, w + 1, high + 1);
  }

  /** @param {number} p */
  title(p) {
    const { pen, ui } = this;
    const { head, left, top } = this.spots[p];
    pen.font = ui.font(13, 700);
    head.forEach((text, n) => write(pen, text, left, top + (8 + 15 * n) * ui.unit, ui.theme.text));
  }

  /** The names of rows, cut where they are too long. @param {number} p */
  rows(p) {
    const { pen, ui } = this;
    const { x, y, left } = this.spots[p];
    const [, dy] = this.steps(p);
    if (x === left) return;
    pen.font = ui.font(dy < LOW ? SMALL : Math.min(12, dy / ui.unit));
    this.cells.panels[p].rows.forEach((name, r) => {
      if (dy < LOW && Number(name) % 10 !== 0) return;
      const text = fitted(pen, roleName(name), x - left - 6 * ui.unit);
      write(pen, text, x - 6 * ui.unit, y + (r + 0.5) * dy, played(ui.theme, name, ui.theme.text), "right");
    });
  }

  /** The names of columns, slanted where one is wider than its cell; of small cells only some. @param {number} p */
  columns(p) {
    const { pen, ui } = this;
    const { x, y } = this.spots[p];
    const { columns } = this.cells.panels[p];
    const [dx] = this.steps(p);
    pen.font = ui.font();
    const slanted = dx >= LOW && widest(pen, columns) > dx - 2;
    const { size, turn, every } = slanted ? slanting(ui, dx) : { size: 12, turn: 0, every: 1 };
    pen.font = ui.font(size);
    columns.forEach((name, k) => {
      if (k % every || (dx < LOW && Number(name) % (10 * dx < 30 * ui.unit ? 20 : 10) !== 0)) return;
      pen.save();
      pen.translate(x + (k + 0.5) * dx, y - (slanted ? 5 : 9) * ui.unit);
      pen.rotate(-turn);
      write(pen, name, 0, 0, ui.theme.text, slanted ? "left" : "center");
      pen.restore();
    });
  }

  /** What rows and columns are, in the corner above the first names. @param {[string, string]} names */
  axes(names) {
    const { pen, ui } = this;
    const { unit, theme } = ui;
    const { x, y, left, top } = this.spots[0];
    pen.font = ui.font();
    if (top + 46 * unit >= y || x - left <= widest(pen, names) + 20 * unit) return;
    names.forEach((name, i) => {
      const colour = played(theme, name, theme.quiet);
      write(pen, `${roleName(name)} ${"↓→"[i]}`, x - 6 * unit, y - (i ? 26 : 9) * unit, colour, "right");
    });
  }

  /** The cell that is read out. @param {Place} place */
  cursor([row, k]) {
    const { pen } = this;
    const [p, r] = this.cells.where(row);
    const { x, y } = this.spots[p];
    const [dx, dy] = this.steps(p);
    pen.strokeStyle = this.ui.theme.query;
    pen.lineWidth = 2;
    pen.strokeRect(x + k * dx - 1, y + r * dy - 1, Math.max(dx, 3) + 1, dy + 1);
  }
}
