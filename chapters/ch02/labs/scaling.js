// The weights that random vectors of size d give each other, without and with √d; below, how they respond.
import { axes, scale } from "../../../course_kit/views/js/src/shared/axes.js";
import { h, readout } from "../../../course_kit/views/js/src/shared/dom.js";
import { curve, dot, paper, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { fmt, percent } from "../../../course_kit/views/js/src/shared/numbers.js";
import { inked, rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import { decided, Sizes } from "./scaling_numbers.js";
import SCALING_CSS from "./scaling.css";

/** @import { Picture, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Pen } from "../../../course_kit/views/js/src/shared/draw.js" */
/** @import { Measured, ScalingSpec } from "./scaling_numbers.js" */
/** @typedef {{ x: number, y: number, w: number, h: number }} Box */

/** @param {UI} ui @returns {Picture} */
export function scaling(ui) {
  ui.style(SCALING_CSS);
  return new Scaling(ui);
}

class Scaling {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    const spec = /** @type {ScalingSpec} */ (ui.spec);
    const [shown, queries, keys] = spec.shape;
    this.shown = shown; // queries in the picture
    this.queries = queries;
    this.keys = keys;
    this.experiment = new Sizes(spec, ui.arrays);
    this.canvas = h("canvas", { role: "img", "aria-label": spec.words });
    ui.body.append(this.canvas);
    this.say = readout(ui, "margin-top:.5em");
    this.plot = h("canvas", { role: "img", "aria-label": "response of the weights to q·k, by d" });
    const fold = { class: "more", open: !spec.presenting, ontoggle: () => ui.set({}) };
    this.more = h("details", fold, h("summary", {}, "how the weights respond to q·k"), this.plot);
    ui.below.append(this.more);
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { tall, unit } = this.ui;
    const made = this.numbers();
    const left = 24 * unit;
    const gap = 44 * unit;
    const head = 28 * unit;
    const beside = !narrow || width > 480 * unit;
    const w = beside ? (width - left - gap - 4) / 2 : width - left - 4;
    const high = (beside ? 200 : 140) * tall;
    const step = high + head + 26 * unit;
    const c = paper(this.canvas, width, beside ? step : 2 * step);
    const second = beside ? { x: left + w + gap, y: head } : { x: left, y: head + step };
    this.heat(c, made.plain, { x: left, y: head, w, h: high }, "without √d", "softmax(q·k)");
    this.heat(c, made.scaled, { ...second, w, h: high }, "with √d", "softmax(q·k / √d)");
    if (this.more.open) this.response(made, this.ui.below.clientWidth);
    this.say.style.minHeight = narrow ? "4.3em" : "1.5em";
    this.tell(made);
  }

  /** A map of the first queries' weights. @param {Pen} c @param {Measured} made @param {Box} box
   * @param {string} name @param {string} formula */
  heat(c, made, box, name, formula) {
    const { theme } = this.ui;
    const wide = box.w / this.keys;
    const high = box.h / this.shown;
    made.weights.slice(0, this.shown).forEach((row, q) =>
      row.forEach((weight, k) => {
        c.fillStyle = rgb(inked(theme, weight));
        c.fillRect(box.x + k * wide, box.y + q * high, wide + 0.3, high + 0.3);
      }),
    );
    c.strokeStyle = theme.line;
    c.lineWidth = 1;
    c.strokeRect(box.x - 0.5, box.y - 0.5, box.w + 1, box.h + 1);
    this.heading(c, box, name, formula, `${formula}, scores ± ${fmt(made.spread, 1)}`);
    this.sides(c, box);
  }

  /** @param {Pen} c @param {Box} box @param {string} name @param {string} formula @param {string} more the same, and
   *  what there is to know, where there is room */
  heading(c, box, name, formula, more) {
    const { theme, unit } = this.ui;
    const y = box.y - 6 * unit;
    c.font = this.ui.font(13, 700);
    write(c, name, box.x, y, theme.text, "left", "bottom");
    const after = box.x + c.measureText(`${name}  `).width;
    c.font = this.ui.font(13);
    const fits = c.measureText(more).width < box.x + box.w - after;
    write(c, fits ? more : formula, after, y, theme.quiet, "left", "bottom");
  }

  /** What the rows and the columns are. @param {Pen} c @param {Box} box */
  sides(c, box) {
    const { theme, unit } = this.ui;
    const bottom = box.y + box.h;
    c.font = this.ui.font(12, 600);
    write(c, `${this.keys} keys →`, box.x, bottom + 6 * unit, theme.key, "left", "top");
    c.save();
    c.translate(box.x - 6 * unit, bottom);
    c.rotate(-Math.PI / 2);
    const rows = `← ${this.shown} queries`;
    const fits = c.measureText(rows).width < box.h;
    write(c, fits ? rows : "← queries", 0, 0, theme.query, "left", "bottom");
    c.restore();
  }

  /** The median query's ∂α/∂(q·k), times √d, at every size. @param {{ plain: Measured, scaled: Measured }} made
   * @param {number} width */
  response(made, width) {
    const { spec, state, tall, theme, unit } = this.ui;
    const { curves, lines, sizes } = this.experiment;
    const box = { x: 46 * unit, y: 26 * unit, w: width - (spec.presenting ? 130 : 100) * unit, h: 110 * tall };
    const c = paper(this.plot, width, box.y + box.h + 36 * unit);
    const brick = rgb(theme.minus);
    const sand = rgb(theme.plus);
    const x = scale(1, spec.shape[4], box.x, box.x + box.w, true);
    const y = scale(0, Math.max(...curves.flat()) * 1.08, box.y + box.h, box.y);
    axes(c, this.ui, box, x, y, { x: "d, the size of the vectors", y: "" });
    const exact = ["response of the median query; dots: each size, line: smoothed", "median response"];
    c.font = this.ui.font(12);
    const fits = exact.find((text) => c.measureText(text).width < width - box.x) ?? "";
    write(c, fits, box.x, box.y - 6 * unit, theme.quiet, "left", "bottom");
    curve(c, sizes, lines[0], x, y, brick, 2 * unit, [6, 3]);
    curve(c, sizes, lines[1], x, y, sand, 2.4 * unit);
    for (const [i, colour] of [brick, sand].entries())
      curves[i].forEach((value, k) => dot(c, x(sizes[k]), y(value), 1.6 * unit, colour, 0.5));
    curve(c, [state.d, state.d], [0, y.high], x, y, theme.text, 1, [3, 3]);
    dot(c, x(state.d), y(made.plain.gradient), 5 * unit, brick);
    dot(c, x(state.d), y(made.scaled.gradient), 5 * unit, sand);
    const end = box.x + box.w + 8 * unit;
    const line = (spec.presenting ? 15 : 17) * unit;
    c.font = this.ui.font(12, 600);
    write(c, "q·k", end, y(0) + 2, brick, "left", "bottom");
    write(c, "÷ √d", end, y(0) + 2 - line, sand, "left", "bottom");
  }

  /** @param {{ plain: Measured, scaled: Measured }} made */
  tell({ plain, scaled }) {
    const few = (/** @type {Measured} */ measured) =>
      h("b", {}, decided(measured) ? percent(decided(measured)) : "none");
    this.say.replaceChildren(
      "d = ",
      h("b", {}, String(this.ui.state.d)),
      ": without √d, ",
      few(plain),
      ` of the ${this.queries} queries give one key more than 0.9 of their weight; with √d, `,
      few(scaled),
      ".",
    );
  }

  table() {
    const { plain, scaled } = this.numbers();
    return {
      header: [`d = ${this.ui.state.d}`, "q·k", "÷ √d"],
      rows: [
        ["standard deviation of the scores", fmt(plain.spread), fmt(scaled.spread)],
        ["evenness (entropy)", fmt(plain.entropy), fmt(scaled.entropy)],
        ["response of the median query", fmt(plain.gradient), fmt(scaled.gradient)],
      ],
    };
  }

  numbers() {
    return this.experiment.both(this.ui.state.d);
  }
}
