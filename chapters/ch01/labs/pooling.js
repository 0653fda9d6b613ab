// Drag a query along the axis: ticks are the keys, bars in ink the weights on them, dots the values, the curve the
// estimate everywhere.
import { h, pointed, spoken } from "../../../course_kit/views/js/src/shared/dom.js";
import { paper } from "../../../course_kit/views/js/src/shared/draw.js";
import { clamp, fmt, percent, short } from "../../../course_kit/views/js/src/shared/numbers.js";
import { setTheClock, told } from "./marks.js";
import { numbersOf } from "./pooling_numbers.js";
import { paintPooling, sceneOf } from "./pooling_paint.js";

/** @import { Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { PoolingSpec } from "./marks.js" */
/** @import { PoolingNumbers } from "./pooling_numbers.js" */
/** @import { Scene } from "./pooling_paint.js" */

/** @param {UI} ui */
export const pooling = (ui) => new Pooling(ui);

class Pooling {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {PoolingSpec} */ (ui.spec);
    this.told = told(ui.spec);
    /** @type {Scene | null} */
    this.scene = null;
    this.pressed = -1; // the example under the hand
    this.canvas = h("canvas", { role: "img", "aria-label": ui.spec.words, style: "cursor:ew-resize" });
    const place = "margin-top:.5em;min-height:2.9em";
    this.say = spoken(place);
    ui.body.append(this.canvas);
    (ui.spec.presenting ? ui.side : ui.body).append(this.say); // a screen is wide and low
    this.canvas.onpointerdown = (event) => this.press(event);
    this.canvas.onpointermove = (event) => this.drag(event);
    this.canvas.onpointerup = (event) => this.release(event);
    ui.actions.knock = () => this.removeLargest();
    ui.actions.back = () => ui.set({ removed: [] }, true);
    if (!ui.spec.presenting) this.keepTogether(); // a screen's controls have another order
  }

  numbers() {
    return numbersOf(this.spec, this.ui.arrays, this.ui.state);
  }

  /** The two buttons for examples share a row: one alone below the others looks lost. */
  keepTogether() {
    const [knock, back] = ["knock", "back"].map((name) => this.ui.root.querySelector(`[data-control="${name}"]`));
    const pair = h("span", { class: "control" });
    knock?.before(pair);
    if (knock && back) pair.append(knock, back);
  }

  removeLargest() {
    const { weights, strongest } = this.numbers();
    const { state } = this.ui;
    if (weights[strongest] > 0) this.ui.set({ removed: [...state.removed, strongest] }, true);
  }

  /** The example under a pointer, or -1. @param {PointerEvent} event */
  under(event) {
    const { scene } = this;
    if (!scene) return -1;
    const { keys, values } = this.ui.arrays;
    const [across, down] = pointed(event, this.canvas);
    const reach = 9 * this.ui.unit;
    const near = (/** @type {number} */ key, /** @type {number} */ i) =>
      Math.hypot(scene.x(key) - across, scene.y(values[i]) - down) < reach;
    return keys.findIndex(near);
  }

  /** @param {PointerEvent} event @param {boolean} done */
  move(event, done) {
    const [low, high] = this.spec.domain;
    const [across] = pointed(event, this.canvas);
    if (this.scene) this.ui.set({ query: clamp(this.scene.x.invert(across), low, high) }, done);
  }

  /** @param {PointerEvent} event */
  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.pressed = this.under(event);
    if (this.pressed < 0) this.move(event, false);
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (!event.buttons) return;
    if (this.under(event) !== this.pressed) this.pressed = -1;
    if (this.pressed < 0) this.move(event, false);
  }

  /** A click on a dot takes its example out, or brings it back. @param {PointerEvent} event */
  release(event) {
    if (this.pressed < 0) {
      this.move(event, true);
      return;
    }
    /** @type {number[]} */
    const before = this.ui.state.removed;
    const without = before.filter((i) => i !== this.pressed);
    this.ui.set({ removed: without.length < before.length ? without : [...without, this.pressed] }, true);
  }

  /** @param {number} room @param {boolean} narrow */
  paint(room, narrow) {
    const scene = sceneOf(this.ui, room, narrow);
    const numbers = this.numbers();
    this.scene = scene;
    paintPooling(paper(this.canvas, scene.width, scene.height), this.ui, scene, numbers);
    setTheClock(this.ui);
    this.tell(numbers);
  }

  /** @param {PoolingNumbers} numbers */
  tell({ weights, estimate, strongest, effective, whole }) {
    const { state, arrays } = this.ui;
    const count = state.removed.length;
    const found =
      ` · About ${effective.toFixed(1)} of ${weights.length - count} examples count; ` +
      `the largest weight, ${percent(weights[strongest])}, is at ${this.told(arrays.keys[strongest])}.`;
    const none = " · No key is within reach: no weights, no estimate.";
    this.say.replaceChildren(
      h(
        "div",
        {},
        h("b", { class: "query" }, this.told(state.query)),
        " → ",
        h("b", { class: "output" }, short(estimate)),
        h("span", { class: "quiet" }, Number.isNaN(estimate) ? none : found),
      ),
      h(
        "div",
        { class: "quiet" },
        count
          ? `With all: ${short(whole)}. Without ${count}: ${short(estimate)}.`
          : "Choose a dot to leave its example out.",
      ),
    );
  }

  /** @returns {Table} */
  table() {
    const { keys, values } = this.ui.arrays;
    const { weights, removed } = this.numbers();
    const key = this.spec.clock ? this.told : fmt;
    return {
      header: ["example", "key", "value", "weight"],
      rows: Array.from(keys, (_, i) => [
        String(i + 1),
        key(keys[i]),
        fmt(values[i]),
        removed[i] ? "removed" : fmt(weights[i]),
      ]),
    };
  }
}
