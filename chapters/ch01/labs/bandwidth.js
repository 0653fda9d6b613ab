// Kernel and bandwidth: the fitted curve, the heatmap of its weights and the leave-one-out error move together.
import { h, pointed, readout } from "../../../course_kit/views/js/src/shared/dom.js";
import { paper } from "../../../course_kit/views/js/src/shared/draw.js";
import { fmt, short } from "../../../course_kit/views/js/src/shared/numbers.js";
import { numbersOf } from "./bandwidth_numbers.js";
import { Ink, paintCurve, paintExam, paintMap, sceneOf } from "./bandwidth_paint.js";
import { setTheClock, told } from "./marks.js";

/** @import { Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { BandwidthNumbers, BandwidthSpec } from "./bandwidth_numbers.js" */
/** @import { Scene } from "./bandwidth_paint.js" */
/** @import { Box } from "./marks.js" */

/** @param {Box} box @param {number} x @param {number} y */
const within = (box, x, y) => x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h;

/** @param {UI} ui */
export const bandwidth = (ui) => new Bandwidth(ui);

class Bandwidth {
  /** @param {UI} ui */
  constructor(ui) {
    const { arrays, spec } = ui;
    this.ui = ui;
    this.spec = /** @type {BandwidthSpec} */ (spec);
    this.exams = Boolean(arrays.errors);
    /** @type {Scene | null} */
    this.scene = null;
    this.ink = new Ink(arrays.keys.length, arrays.queries.length);
    this.canvas = h("canvas", { role: "img", "aria-label": spec.words });
    const place = `margin-top:.5em;min-height:${this.exams ? 2.9 : 1.5}em`;
    ui.body.append(this.canvas);
    this.say = readout(ui, place);
    this.canvas.onpointerdown = (event) => this.point(event, false);
    this.canvas.onpointermove = (event) => {
      if (event.buttons) this.point(event, false);
    };
    this.canvas.onpointerup = (event) => this.point(event, true);
  }

  /** @param {PointerEvent} event @param {boolean} done */
  point(event, done) {
    if (!this.scene) return;
    const { box, map, x } = this.scene;
    const { queries } = this.ui.arrays;
    const [across, down] = pointed(event, this.canvas);
    if (within(map, across, down)) {
      const row = Math.floor(((down - map.y) / map.h) * queries.length);
      this.ui.set({ query: queries[Math.min(queries.length - 1, row)] }, done);
    } else if (within({ ...box, y: 0, h: box.y + box.h }, across, down)) {
      this.ui.set({ query: x.invert(across) }, done);
    }
  }

  now() {
    return numbersOf(this.spec, this.ui.arrays, this.ui.state);
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { ui } = this;
    const scene = sceneOf(ui, width, narrow);
    const numbers = this.now();
    const c = paper(this.canvas, scene.width, scene.height);
    this.scene = scene;
    paintCurve(c, ui, scene, numbers);
    this.ink.fill(ui.theme, numbers.weights);
    paintMap(c, ui, scene.map, this.ink);
    if (this.exams) paintExam(c, ui, scene.exam, numbers);
    setTheClock(ui);
    this.tell(numbers);
  }

  /** @param {BandwidthNumbers} numbers */
  tell({ mean, errors, here, lowest }) {
    const { state, arrays } = this.ui;
    const exam = this.exams
      ? `Squared leave-one-out error ${fmt(errors[here])}; the lowest ` +
        `is ${fmt(errors[lowest])}, at width ${short(this.spec.widths[lowest])}.`
      : "";
    const words = ["width ", h("b", {}, short(state.width)), ": about ", h("b", {}, mean.toFixed(1))];
    this.say.replaceChildren(
      h("div", {}, ...words, ` of ${arrays.keys.length} examples count for a query, on average.`),
      h("div", { class: "quiet" }, exam),
    );
  }

  /** @returns {Table} */
  table() {
    const { estimates } = this.now();
    const query = told(this.spec);
    return {
      header: ["query", "estimate"],
      rows: Array.from(this.ui.arrays.queries, (q, i) => [query(q), fmt(estimates[i])]),
    };
  }

  numbers() {
    const { weights, estimates, errors } = this.now();
    const { keys, queries } = this.ui.arrays;
    const row = (/** @type {number} */ q) => Array.from(weights.subarray(q * keys.length, (q + 1) * keys.length));
    return { weights: Array.from(queries, (_, q) => row(q)), estimates, errors };
  }
}
