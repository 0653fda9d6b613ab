// Drag a query along the axis: dots are the values, the curve is the estimate everywhere. Below, ticks are the keys and
// bars in ink the weights on them; or, beside the curve, a map of the weights of all queries, and below it the error.
import { h, pointed, spoken, still } from "../../../course_kit/views/js/src/shared/dom.js";
import { paper } from "../../../course_kit/views/js/src/shared/draw.js";
import { clamp, fmt, nearest, percent, short } from "../../../course_kit/views/js/src/shared/numbers.js";
import { acrossError, Ink, paintExam, paintMap } from "./map_paint.js";
import { mapOf, numbersOf, told } from "./pooling_numbers.js";
import { isExam, paintPooling, sceneOf } from "./pooling_paint.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { MapNumbers, PoolingNumbers, PoolingSpec } from "./pooling_numbers.js" */
/** @import { Box, Scene } from "./pooling_paint.js" */

/** @param {Box | null} box @param {number} x @param {number} y */
const within = (box, x, y) => box && x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h;

const ROLLING = 5000; // milliseconds of all steps of a training

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
    const { keys, queries } = ui.arrays;
    this.ink = queries ? new Ink(keys.length, queries.length) : null;
    this.canvas = h("canvas", { role: "img", "aria-label": ui.spec.words, style: "cursor:ew-resize" });
    const place = `margin-top:.5em;min-height:${isExam(ui) ? 1.4 : this.ink && !ui.spec.presenting ? 4.3 : 2.9}em`;
    this.say = spoken(place);
    ui.body.append(this.canvas);
    (ui.spec.presenting && !this.ink ? ui.side : ui.body).append(this.say); // a screen is wide and low
    this.canvas.onpointerdown = (event) => this.press(event);
    this.canvas.onpointermove = (event) => this.drag(event);
    this.canvas.onpointerup = (event) => this.release(event);
    ui.actions.knock = () => this.removeLargest();
    ui.actions.back = () => ui.set({ removed: [] }, true);
    ui.actions.play = () => this.roll();
    this.timer = 0;
    if (this.spec.path && !ui.spec.presenting && !still()) this.awaited();
    if (isExam(ui)) ui.root.querySelector('[data-control="query"]')?.closest(".control")?.remove();
    if (!ui.spec.presenting) this.keepTogether(); // a screen's controls have another order
  }

  /** Rolls once, by itself, when it has come into sight. */
  awaited() {
    if (!globalThis.IntersectionObserver) return;
    const { width } = this.ui.state;
    const eye = new IntersectionObserver(
      ([{ intersectionRatio: share }]) => {
        if (share < 0.9) return;
        eye.disconnect();
        if (this.ui.state.width === width) this.roll();
      },
      { threshold: 0.9 },
    );
    eye.observe(this.canvas);
  }

  /** The width goes the way of the training, step by step. */
  roll() {
    const path = this.spec.path ?? [];
    clearTimeout(this.timer);
    const show = (/** @type {number} */ i) => {
      if (!this.canvas.isConnected || (i && this.ui.state.width !== path[i - 1])) return; // another hand has moved it
      this.ui.set({ width: path[i] }, i + 1 === path.length);
      if (i + 1 < path.length) this.timer = window.setTimeout(show, Math.min(400, ROLLING / path.length), i + 1);
    };
    show(0);
  }

  now() {
    return numbersOf(this.spec, this.ui.arrays, this.ui.state);
  }

  /** The weights of all queries. */
  map() {
    return this.ink && mapOf(this.spec, this.ui.arrays, this.ui.state);
  }

  numbers() {
    return { ...this.now(), map: this.map() };
  }

  /** The two buttons for examples share a row: one alone below the others looks lost. */
  keepTogether() {
    const [knock, back] = ["knock", "back"].map((name) => this.ui.root.querySelector(`[data-control="${name}"]`));
    const pair = h("span", { class: "control" });
    knock?.before(pair);
    if (knock && back) pair.append(knock, back);
  }

  /** The slider of the query tells hours as the picture does. */
  setTheClock() {
    const { root, state } = this.ui;
    const time = this.told(state.query);
    const shown = /** @type {HTMLOutputElement | null} */ (root.querySelector('output[data-testid="query"]'));
    if (shown) shown.value = time;
    root.querySelector('input[data-control="query"]')?.setAttribute("aria-valuetext", t("query {time}", { time }));
  }

  removeLargest() {
    const { weights, strongest } = this.now();
    const { state } = this.ui;
    if (weights[strongest] > 0) this.ui.set({ removed: [...state.removed, strongest] }, true);
  }

  /** The example under a pointer, or -1. @param {PointerEvent} event */
  under(event) {
    const { scene } = this;
    if (!scene || this.ink) return -1;
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
    const [across, down] = pointed(event, this.canvas);
    const { queries } = this.ui.arrays;
    if (!this.scene) return;
    const { map, exam, x } = this.scene;
    const row = map && Math.floor(((down - map.y) / map.h) * queries.length);
    if (within(map, across, down)) this.ui.set({ query: queries[clamp(Number(row), 0, queries.length - 1)] }, done);
    else if (exam && within(exam, across, down)) {
      const { widths } = this.spec;
      if (this.spec.path)
        this.ui.set({ width: widths[nearest(widths, acrossError(this.ui, exam).invert(across))] }, done);
    } else this.ui.set({ query: clamp(x.invert(across), low, high) }, done);
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
    const numbers = this.now();
    const map = this.map();
    const c = paper(this.canvas, scene.width, scene.height);
    this.scene = scene;
    paintPooling(c, this.ui, scene, numbers);
    if (this.ink && map && scene.map) {
      this.ink.fill(this.ui.theme, map.weights);
      paintMap(c, this.ui, scene.map, this.ink);
    }
    if (map && scene.exam) paintExam(c, this.ui, scene.exam, map);
    if (this.spec.clock) this.setTheClock();
    this.tell(numbers, map);
  }

  /** On the width, where all queries are shown. @param {MapNumbers} map */
  ofWidth({ mean, errors, here, lowest }) {
    const width = short(this.ui.state.width);
    const count = mean.toFixed(1);
    if (!errors.length)
      return isExam(this.ui)
        ? t("Width {width}.", { width })
        : t("Width {width}: about {count} readings count, on average.", { width, count });
    const [error, least] = [fmt(errors[here]), fmt(errors[lowest])];
    const values = { width, count, error, least, best: short(this.spec.widths[lowest]) };
    return isExam(this.ui)
      ? t("Width {width}; squared error {error}, lowest {least} at {best}.", values) // in one line
      : t(
          "Width {width}: about {count} readings count, on average; squared error {error}, lowest {least} at {best}.",
          values,
        );
  }

  /** @param {PoolingNumbers} numbers @param {MapNumbers | null} map */
  tell({ weights, estimate, strongest, effective, whole }, map) {
    const { state, arrays } = this.ui;
    const count = (state.removed ?? []).length;
    const found = t(" · About {effective} of {all} readings count; the largest weight, {share}, is at {place}.", {
      effective: effective.toFixed(1),
      all: weights.length - count,
      share: percent(weights[strongest]),
      place: this.told(arrays.keys[strongest]),
    });
    const none = t(" · No key is within reach: no weights, no estimate.");
    if (map && isExam(this.ui)) {
      this.say.replaceChildren(h("div", {}, this.ofWidth(map)));
      return;
    }
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
        map
          ? this.ofWidth(map)
          : count
            ? t("With all: {whole}. Without {count}: {estimate}.", {
                whole: short(whole),
                count,
                estimate: short(estimate),
              })
            : t("Choose a dot to leave its reading out."),
      ),
    );
  }

  /** @returns {Table} */
  table() {
    const { keys, values } = this.ui.arrays;
    const { weights, removed } = this.now();
    const key = this.spec.clock ? this.told : fmt;
    return {
      header: [t("example"), t("key"), t("value"), t("weight")],
      rows: Array.from(keys, (_, i) => [
        String(i + 1),
        key(keys[i]),
        fmt(values[i]),
        removed[i] ? t("removed") : fmt(weights[i]),
      ]),
    };
  }
}
