// What every chart shares: the place under a pointer or under the arrow keys, and a sentence that reads it out. At rest
// nothing is chosen. A form of chart says how many marks its rows have, where all is, what is
// under a pointer, and what its numbers mean.
import { arrow, h, pointed } from "./dom.js";
import { broken, paper, wide, widest } from "./draw.js";
import { clamp } from "./numbers.js";
import CHART_CSS from "./chart.css";
import { t } from "../text.js";

/** @import { Pen } from "./draw.js" */
/** @import { Picture, State, Table, UI } from "./types.js" */

/**
 * @typedef {[row: number, mark: number]} Place
 * @typedef {{ width: number, height: number }} Size
 */

/**
 * @template {Size} L what `layout` finds
 * @typedef {object} Form
 * @property {number[]} rows how many marks each has
 * @property {(width: number, narrow: boolean) => L} layout where everything is
 * @property {(pen: Pen, layout: L, place: Place | null) => void} paint
 * @property {(layout: L, x: number, y: number) => Place | null} find the mark at a point of the picture
 * @property {(place: Place) => (Node | string)[]} say
 * @property {Place | null} [start] what is read out at rest; the keys begin there
 * @property {HTMLElement | null} [key] what the marks mean, under the picture
 * @property {() => Table} table
 * @property {() => any} numbers
 */

/** How wide texts are, as a chart writes them. */
export class Ruler {
  /** @param {Pick<UI, "font" | "unit">} ui @param {Pen | null} pen */
  constructor(ui, pen = document.createElement("canvas").getContext("2d")) {
    this.font = ui.font;
    this.unit = ui.unit;
    this.pen = /** @type {Pen} */ (pen);
  }

  /** @param {number} size @param {number} weight */
  set(size, weight) {
    this.pen.font = this.font(size, weight);
    return this.pen;
  }

  /** @param {string} text */
  width(text, size = 13, weight = 400) {
    return wide(this.set(size, weight), text);
  }

  /** @param {string[]} texts */
  widest(texts, size = 13, weight = 400) {
    return widest(this.set(size, weight), texts);
  }

  /** In two lines, if it is wider than its room. @param {string} text @param {number} room */
  broken(text, room, size = 13, weight = 400) {
    return broken(this.set(size, weight), text, room);
  }
}

/**
 * In how many columns so many panels stand if at most `most` fit: as equal as can be, and of three none alone.
 * @param {number} count
 * @param {number} most
 */
export function evenly(count, most) {
  const columns = Math.ceil(count / Math.ceil(count / clamp(most, 1, count)));
  return count === 3 && columns === 2 ? 1 : columns;
}

/**
 * Where an arrow key leads among rows of marks.
 * @param {Place} place
 * @param {[number, number]} step rows down, and marks to the right
 * @param {number[]} rows
 * @returns {Place}
 */
export function moved([row, mark], [down, right], rows) {
  const to = clamp(row + down, 0, rows.length - 1);
  return [to, clamp(mark + right, 0, Math.max(0, rows[to] - 1))];
}

/**
 * @template {Size} L
 * @param {UI} ui
 * @param {Form<L>} form
 * @returns {Picture}
 */
export const chart = (ui, form) => new Chart(ui, form);

/** @template {Size} L */
class Chart {
  /** @param {UI} ui @param {Form<L>} form */
  constructor(ui, form) {
    const marks = form.rows.reduce((sum, n) => sum + n, 0);
    this.ui = ui;
    this.form = form;
    this.state = /** @type {State & { row: number, mark: number }} */ (ui.state);
    this.canvas = h("canvas", {
      "aria-hidden": "true",
      onpointermove: (/** @type {PointerEvent} */ event) => this.point(event, false),
      onpointerdown: (/** @type {PointerEvent} */ event) => this.point(event, true),
      onpointerleave: () => this.hover(null),
    });
    const seen = () => ui.set({});
    const range = { "aria-valuemin": 0, "aria-valuemax": Math.max(0, marks - 1) };
    const listeners = { onfocus: seen, onblur: seen, onkeydown: (/** @type {KeyboardEvent} */ e) => this.press(e) };
    this.hand = h(
      "div",
      { class: "hand", role: "slider", tabindex: 0, "aria-label": ui.spec.title || t("chart"), ...range, ...listeners },
      this.canvas,
    );
    this.said = h("div", { class: "read", "data-testid": "readout" });
    /** @type {Place | null} */
    this.hovered = null;
    /** @type {L | null} */
    this.layout = null;
    ui.style(CHART_CSS);
    ui.body.append(this.hand, ...(form.key ? [form.key] : []), this.said);
  }

  /** Where the keys are, whether or not it is shown. @returns {Place} */
  get here() {
    const { row, mark } = this.state;
    return mark >= 0 ? [row, mark] : (this.form.start ?? [0, 0]);
  }

  /** What stands out: under the pointer, chosen, or where the keys begin. At rest nothing. @returns {Place | null} */
  get shown() {
    const chosen = this.state.mark >= 0 || this.hand.matches(":focus-visible");
    const place = this.hovered ?? (chosen ? this.here : null);
    return place && this.form.rows[place[0]] > place[1] ? place : null; // a chart may be empty
  }

  /** @param {Place | null | undefined} place */
  read(place) {
    return place && this.form.rows[place[0]] > place[1] ? this.form.say(place) : [];
  }

  /** @param {PointerEvent} event @param {boolean} keep */
  point(event, keep) {
    const [x, y] = pointed(event, this.canvas);
    const place = this.layout && this.form.find(this.layout, x, y);
    if (keep && place) this.ui.set({ row: place[0], mark: place[1] }, true);
    this.hover(place);
  }

  /** @param {Place | null} place */
  hover(place) {
    this.hovered = place;
    this.ui.set({});
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const step = arrow(event);
    if (!step) return;
    const page = event.key.startsWith("Page"); // ten marks, not ten rows
    const [row, mark] = moved(this.hovered ?? this.here, page ? [0, step[0]] : step, this.form.rows);
    this.hovered = null;
    this.ui.set({ row, mark }, true);
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { form, hand, here, shown } = this;
    this.layout = form.layout(width, narrow);
    const pen = paper(this.canvas, Math.floor(this.layout.width), Math.floor(this.layout.height));
    const told = shown ?? form.start;
    const said = this.read(told);
    form.paint(pen, this.layout, (said.length && told) || null); // what is read out is marked
    this.said.replaceChildren(...said);
    const before = form.rows.slice(0, here[0]).reduce((sum, n) => sum + n, 0);
    hand.setAttribute("aria-valuenow", String(before + here[1]));
    hand.setAttribute("aria-valuetext", h("p", {}, ...this.read(here)).textContent ?? "");
  }

  table() {
    return this.form.table();
  }

  numbers() {
    return this.form.numbers();
  }
}
