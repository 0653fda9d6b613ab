// From scores to shares in three stages: bars to drag, e raised to each, and pieces of one bar of length 1.
import { arrow, h, pointed, spoken } from "../../../course_kit/views/js/src/shared/dom.js";
import { paper } from "../../../course_kit/views/js/src/shared/draw.js";
import { clamp, fmt } from "../../../course_kit/views/js/src/shared/numbers.js";
import SOFTMAX_CSS from "./softmax.css";
import { numbersOf, sentences } from "./softmax_numbers.js";
import { paintSoftmax, sceneOf } from "./softmax_paint.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { SoftmaxNumbers, SoftmaxSpec } from "./softmax_numbers.js" */
/** @import { Scene, Shown } from "./softmax_paint.js" */

/** @param {UI} ui */
export const softmax_lab = (ui) => new SoftmaxLab(ui);

class SoftmaxLab {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {SoftmaxSpec} */ (ui.spec);
    this.step = this.spec.reach > 10 ? Math.round(this.spec.reach / 30) : 0.1;
    this.chosen = -1; // the bar under the hand
    this.dragged = false;
    this.drags = 0; // what was dragged is there already: the next glide begins anew
    /** @type {Scene | null} */
    this.scene = null;
    this.canvas = h("canvas", { role: "img", "aria-label": this.spec.words });
    this.say = spoken("margin-top:.5em");
    this.hands = this.spec.names.map((name, i) => this.hand(name, i));
    ui.body.append(h("div", { class: "plot" }, this.canvas, ...this.hands));
    (this.spec.presenting ? ui.side : ui.body).append(this.say); // a screen is wide and low
    ui.style(SOFTMAX_CSS);
  }

  /** The slider of one score, over its bar. @param {string} name @param {number} i */
  hand(name, i) {
    const { reach } = this.spec;
    const hand = h("div", {
      ...{ class: "hand", role: "slider", tabindex: 0, "data-score": i, "aria-label": t("score of {name}", { name }) },
      ...{ "aria-orientation": "vertical", "aria-valuemin": -reach, "aria-valuemax": reach },
      onpointerup: () => this.drop(),
      onpointercancel: () => this.drop(),
      onfocus: () => this.choose(i),
      onblur: () => this.choose(-1),
    });
    hand.addEventListener("pointerdown", (event) => {
      hand.setPointerCapture(event.pointerId);
      this.dragged = true;
      this.follow(i, event);
    });
    hand.addEventListener("pointermove", (event) => {
      if (!this.dragged) this.choose(i);
      else if (this.chosen === i) this.follow(i, event);
    });
    hand.addEventListener("pointerleave", () => {
      if (!this.dragged) this.choose(-1);
    });
    hand.addEventListener("keydown", (event) => {
      const [down, across] = arrow(event) ?? [0, 0];
      if (across !== down) this.move(i, this.ui.state.scores[i] + (across - down) * this.step, true);
    });
    return hand;
  }

  /** @param {number} i */
  choose(i) {
    if (i === this.chosen) return;
    this.chosen = i;
    this.ui.set({});
  }

  /** @param {number} i @param {number} score */
  move(i, score, done = false) {
    const { reach } = this.spec;
    const held = clamp(Math.round(score / this.step) * this.step, -reach, reach);
    /** @type {number[]} */
    const scores = [...this.ui.state.scores];
    scores[i] = Number(held.toFixed(2));
    this.chosen = i;
    this.ui.set({ scores }, done);
  }

  /** @param {number} i @param {PointerEvent} event */
  follow(i, event) {
    if (!this.scene) return;
    const [, y] = pointed(event, this.canvas);
    this.move(i, ((this.scene.zero - y) / this.scene.high) * this.spec.reach);
  }

  drop() {
    if (this.dragged) this.drags++;
    this.dragged = false;
    this.ui.set({}, true);
  }

  now() {
    return numbersOf(this.spec, this.ui.arrays, this.ui.state);
  }

  /** What is shown on its way to these numbers. @param {SoftmaxNumbers} numbers @returns {Shown} */
  shown({ heights, weights }) {
    const count = heights.length;
    const aim = [...this.ui.state.scores, ...heights, ...weights];
    const all = this.dragged ? aim : this.ui.follow(`stages ${this.drags}`, aim);
    const stage = (/** @type {number} */ nth) => all.slice(nth * count, (nth + 1) * count);
    return { scores: stage(0), heights: stage(1), shares: stage(2) };
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const numbers = this.now();
    const scene = sceneOf(this.ui, width, narrow);
    this.scene = scene;
    const c = paper(this.canvas, scene.width, scene.height);
    paintSoftmax(c, this.ui, scene, numbers, this.shown(numbers), this.chosen);
    this.hands.forEach((hand, i) => this.place(hand, i, scene, numbers));
    const [what, why] = sentences(this.spec, this.ui.state, numbers, this.chosen);
    this.say.style.minHeight = width < 480 * this.ui.unit ? "4.3em" : "2.9em"; // lines of a phone are short
    this.say.replaceChildren(h("div", {}, h("b", {}, what)), h("div", { class: "quiet" }, why));
  }

  /** @param {HTMLElement} hand @param {number} i @param {Scene} scene @param {SoftmaxNumbers} numbers */
  place(hand, i, { x, column, zero, high }, { scores, weights }) {
    const { state, unit } = this.ui;
    const box = {
      left: x(i) - column / 2,
      width: column,
      top: zero - high - 14 * unit,
      height: 2 * high + 28 * unit,
    };
    for (const [name, length] of Object.entries(box)) hand.style.setProperty(name, `${length}px`);
    hand.setAttribute("aria-valuenow", state.scores[i]);
    const told = t("share {weight}", { weight: fmt(weights[i]) });
    hand.setAttribute("aria-valuetext", t("score {score}, {told}", { score: fmt(scores[i], 2), told }));
  }

  /** @returns {Table} */
  table() {
    const { scores, powers, weights } = this.now();
    return {
      header: [t("key"), t("score"), t("e to the score"), t("weight")],
      rows: this.spec.names.map((name, i) => [name, fmt(scores[i]), fmt(powers[i]), fmt(weights[i])]),
    };
  }

  numbers() {
    return this.now();
  }
}
