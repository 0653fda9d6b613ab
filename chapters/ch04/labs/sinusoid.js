// The sinusoidal encoding: position × column as a heatmap, and a column as a wave on the same rows.
import { arrow, h, pointed, spoken } from "../../../course_kit/views/js/src/shared/dom.js";
import { clamp, fmt } from "../../../course_kit/views/js/src/shared/numbers.js";
import { legend } from "../../../course_kit/views/js/src/shared/legend.js";
import SINUSOID_CSS from "./sinusoid.css";
import { isCosine, numbersOf, period, told } from "./sinusoid_numbers.js";
import { SinusoidPicture } from "./sinusoid_picture.js";
import { t, woven } from "../../../course_kit/views/js/src/text.js";

/** @import { Picture, Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Cell, SinusoidSpec } from "./sinusoid_numbers.js" */

/** @param {UI} ui @returns {Picture} */
export function sinusoid(ui) {
  return new Sinusoid(ui);
}

/** @implements {Picture} */
class Sinusoid {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {SinusoidSpec} */ (ui.spec);
    this.state = /** @type {Cell} */ (ui.state);
    this.made = numbersOf(this.spec);
    /** @type {Cell | null} the one under the pointer */
    this.pointed = null;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.picture = new SinusoidPicture(ui, this.canvas, this.made);
    this.say = spoken();
    ui.body.append(this.frame(), legend({ low: "−1", high: 1, name: "", ink: "signed" }));
    ui.below.append(this.say);
    ui.style(SINUSOID_CSS);
    this.listen();
  }

  /** What takes the keys. */
  frame() {
    const { length, size } = this.spec;
    const keys = t("arrow keys up and down: position, left and right: column");
    const look = { role: "group", tabindex: 0, "data-testid": "picture", class: "picture" };
    return h(
      "div",
      {
        ...look,
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
        "aria-label": t("sinusoidal encoding, {length} positions by {size} columns; {keys}", { length, size, keys }),
      },
      this.canvas,
    );
  }

  listen() {
    const { canvas } = this;
    canvas.onpointermove = (event) => this.point(this.under(event));
    canvas.onpointerleave = () => this.point(null);
    canvas.onclick = (event) => {
      const found = this.under(event);
      if (found) this.ui.set(found, true);
    };
  }

  /** @param {MouseEvent} event */
  under(event) {
    const [x, y] = pointed(event, this.canvas);
    return this.picture.under(x, y, this.state.column);
  }

  /** @param {Cell | null} cell */
  point(cell) {
    this.pointed = cell;
    this.ui.set({});
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const step = arrow(event);
    if (!step) return;
    this.pointed = null;
    const position = clamp(this.state.position + step[0], 0, this.spec.length - 2);
    const column = clamp(this.state.column + step[1], 0, this.spec.size - 1);
    this.ui.set({ position, column }, true);
  }

  /** @param {number} width */
  paint(width) {
    const here = this.pointed ?? this.state;
    this.picture.paint(width, here);
    this.tell(here);
  }

  /** @param {Cell} here */
  tell({ position, column }) {
    const { encoding, frequencies } = this.made;
    const angle = `${position} · ${fmt(frequencies[column >> 1], 4)}`;
    const [value, next] = [0, 1].map((later) => fmt(encoding[position + later][column]));
    const change = fmt(Math.abs(encoding[position + 1][column] - encoding[position][column]));
    const formula = `P[${position}, ${column}] = ${isCosine(column) ? "cos" : "sin"}(${angle}) = ${value}`;
    const count = told(period(column, frequencies));
    const repeats = t(" · Column {column} repeats after {count} positions.", { column, count });
    const moved = t(
      "From position {here} to {there} column {column} goes from {value} to {next}, a change of {change}.",
      {
        ...{ here: position, there: position + 1, column, value, next, change: "{change}" },
      },
    );
    this.say.replaceChildren(
      h("div", {}, ...woven(moved, { change: h("b", {}, change) })),
      h("div", { class: "quiet" }, formula, repeats),
    );
  }

  /** @returns {Table} */
  table() {
    const sine = this.state.column - (this.state.column % 2);
    const rows = this.made.encoding.map((row, position) => [String(position), fmt(row[sine]), fmt(row[sine + 1])]);
    return {
      header: [t("position"), t("column {sine}: sine", { sine }), t("column {sine}: cosine", { sine: sine + 1 })],
      rows,
    };
  }

  numbers() {
    return this.made;
  }
}
