// One table: a column for each key, A and B below each other. Each step is a row of cells, a small heatmap with its
// numbers.
import { h } from "../../../course_kit/views/js/src/shared/dom.js";
import { fmt } from "../../../course_kit/views/js/src/shared/numbers.js";
import { inked, legible, mix, rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import { ALL_STEPS, changed, isMasked, shade, shownSteps, STEPS, vectorOf } from "./scoring_numbers.js";

/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { ScoringSpec, Slot, Step, Steps } from "./scoring_numbers.js" */

/** @param {number[]} vector */
export const listed = (vector, between = " ") => vector.map((x) => fmt(x)).join(between);

/** The numbers of query and keys, each in a field of its own. */
export class Fields {
  /** @param {UI} ui */
  constructor(ui) {
    const { names, query_name } = /** @type {ScoringSpec} */ (ui.spec);
    this.ui = ui;
    this.names = [query_name, ...names];
    /** @type {{ input: HTMLInputElement, vector: number, feature: number }[]} */
    this.all = [];
  }

  /** A row for each feature. */
  rows() {
    const rows = this.ui.state.query.map((/** @type {number} */ _, /** @type {number} */ feature) => {
      const name = h("th", { scope: "row" }, h("span", { class: "roomy" }, "feature "), feature + 1);
      return h("tr", {}, name, ...this.names.map((_, vector) => h("td", {}, this.field(vector, feature))));
    });
    return h("tbody", { class: "vectors" }, ...rows);
  }

  /** @param {number} vector 0 is the query, 1 the first key @param {number} feature */
  field(vector, feature) {
    const write = (/** @type {boolean} */ done) => {
      const typed = input.valueAsNumber;
      if (Number.isFinite(typed)) this.ui.set(changed(this.ui.state, vector, feature, [typed]), done);
    };
    const input = h("input", {
      type: "number",
      step: 0.05,
      "aria-label": `${this.names[vector]}, feature ${feature + 1}`,
      "data-control": `${vector ? "key" : "query"}-number`,
      oninput: () => write(false),
      onchange: () => write(true),
    });
    this.all.push({ input, vector, feature });
    return input;
  }

  /** Shows the state, except where the reader is typing. */
  sync() {
    const { root, state } = this.ui;
    for (const { input, vector, feature } of this.all) {
      const number = Number(vectorOf(state, vector)[feature].toFixed(3));
      if (root.activeElement !== input) input.value = String(number);
    }
  }
}

export class ScoreTable {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {ScoringSpec} */ (ui.spec);
    const { names } = this.spec;
    this.columns = names.length + 1; // and the heading of each row
    this.slots = { a: this.slot("a"), b: this.slot("b") };
    const widths = Array.from({ length: this.columns }, (_, i) => h("col", { class: i ? null : "names" }));
    const look = { class: "strip", style: `min-width:${5 + 3 * names.length}em` };
    const { a, b } = this.slots;
    this.element = h("table", look, h("colgroup", {}, ...widths), this.head(), a.body, b.body);
  }

  /** A control of the view. @param {string} name */
  control(name) {
    const input = this.ui.root.querySelector(`[data-control="${name}"]`);
    return /** @type {HTMLElement} */ (input?.closest(".control"));
  }

  /** The keys' names, with the boxes that mask them. */
  head() {
    const masks = this.control("mask");
    const boxes = [...masks.querySelectorAll("label")];
    masks.remove();
    for (const box of boxes) box.title = "may be attended";
    const corner = h("td", { class: "names" }, h("b", { class: "query" }, this.spec.query_name), " with");
    return h("thead", {}, h("tr", {}, corner, ...boxes.map((box) => h("th", { scope: "col" }, box))));
  }

  /** The rows of one score, and the menu above them. @param {Slot} name */
  slot(name) {
    const choice = this.control(name);
    const about = h("span", { class: "quiet about" });
    const letter = choice.querySelector("label");
    if (letter) letter.className = `mark ${name}`;
    const menu = h("div", { class: "menu" }, choice, about);
    const title = h("tr", { class: "slot" }, h("td", { colspan: this.columns }, menu));
    return { about, title, body: h("tbody", { "data-testid": `slot-${name}` }, title) };
  }

  /** @param {Record<Slot, Steps>} made */
  fill(made) {
    for (const slot of /** @type {Slot[]} */ (["a", "b"])) this.fillSlot(slot, made[slot]);
  }

  /** @param {Slot} slot @param {Steps} made */
  fillSlot(slot, made) {
    const { title, body, about } = this.slots[slot];
    const { equation, reference, parameters, pair, task } = this.spec.about[this.ui.state[slot]];
    const told = [reference, `${parameters} parameters`, `${pair} multiply–adds a pair`];
    const facts = [...told, ...(task ? [task] : [])].join(" · ");
    about.replaceChildren(h("span", { class: "equation" }, `${equation} · `), facts);
    const rows = shownSteps(this.ui.state, made).map((step) => this.row(slot, step, made));
    body.replaceChildren(title, ...rows, this.context(made.context));
  }

  /** A row of the table: one that has yet to come keeps its room. @param {number} place of its step, from 0
   * @param {string} kind @param {...HTMLElement} cells */
  line(place, kind, ...cells) {
    const later = place >= this.ui.state.step;
    return h("tr", { class: later ? `${kind} later` : kind, "aria-hidden": later && "true" }, ...cells);
  }

  /** @param {Slot} slot @param {Step} step @param {Steps} made */
  row(slot, step, made) {
    const [word, how] = this.words(this.ui.state[slot], step);
    const look = step === "score" ? "how equation" : "how";
    const told = [h("b", {}, word), " ", h("span", { class: look }, how)];
    const name = h("th", { scope: "row" }, ...told);
    return this.line(STEPS.indexOf(step), "step", name, ...made[step].map((x, i) => this.cell(step, x, i)));
  }

  /** How a step is called, and what it does. @param {string} name of the score @param {Step} step */
  words(name, step) {
    const { temperature } = this.ui.state;
    const root = "÷ √2";
    const scaled = temperature === 1 ? root : `${root} ÷ t`;
    const ours = name === "scaled_dot"; // its √d is a step of its own
    return {
      score: ["score", ours ? "q·k" : this.spec.about[name].equation],
      scaled: ["scaled", ours ? scaled : "÷ t"],
      masked: ["mask", ""],
      weights: ["weight", "softmax"],
    }[step];
  }

  /** @param {Step} step @param {number} x @param {number} key */
  cell(step, x, key) {
    const { state, theme } = this.ui;
    if (isMasked(state, step, x, key)) return h("td", { class: "hatched" }, h("span", { class: "hidden" }, "masked"));
    const sign = x < 0 ? theme.minus : theme.plus;
    const ground = step === "weights" ? inked(theme, x) : mix(theme.paper, sign, shade(x));
    return h("td", { style: `background:${rgb(ground)};color:${legible(ground)}` }, fmt(x));
  }

  /** The context is no number of a key, so it has no column. @param {number[]} context */
  context(context) {
    const what = h("span", { class: "quiet" }, `context Σ α v, a vector of 2 numbers: `);
    const vector = h("b", { class: "output" }, `(${listed(context, ", ")})`);
    return this.line(ALL_STEPS - 1, "context", h("td", { colspan: this.columns }, what, vector));
  }
}
