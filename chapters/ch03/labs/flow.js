// Two ways from a sentence to its translation: one vector handed over once, or a new weighted mean for every word.
import { h, pointed, spoken } from "../../../course_kit/views/js/src/shared/dom.js";
import { widest } from "../../../course_kit/views/js/src/shared/draw.js";
import { fmt, percent } from "../../../course_kit/views/js/src/shared/numbers.js";
import { stepper } from "../../../course_kit/views/js/src/shared/stepper.js";
import { Layout } from "./flow_layout.js";
import { numbersOf, readBy, SIDES, told, vectorsOf } from "./flow_numbers.js";
import { FlowPainter } from "./flow_paint.js";
import FLOW_CSS from "./flow.css";

/** @import { Picture, Reading, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { FlowOwn, FlowSpec, Place, Side } from "./flow_numbers.js" */

/** @param {UI} ui @returns {Picture} */
export function flow(ui) {
  ui.style(FLOW_CSS);
  return new Flow(ui);
}

class Flow {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {FlowSpec} */ (ui.spec);
    const { tokens } = this.spec;
    this.longest = Math.max(tokens.plain.length, tokens.attention.length);
    this.vectors = vectorsOf(this.spec, ui.arrays);
    /** @type {Place | null} */
    this.hover = null;
    /** @type {Layout | null} the same for both pictures */
    this.layout = null;
    this.steps = stepper({
      now: () => ui.state.step,
      last: () => this.longest,
      go: (step) => this.go(step),
      first: 1,
      pace: 1100,
    });
    this.canvases = { plain: this.canvas("plain"), attention: this.canvas("attention") };
    this.said = spoken();
    ui.body.append(this.signs(), this.panels());
    ui.below.append(this.said);
    ui.body.parentElement?.nextElementSibling?.prepend(this.steps.row); // the controls
  }

  /** @param {number} step */
  go(step) {
    this.hover = null;
    this.ui.set({ step }, true);
  }

  // ---- elements

  /** @param {Side} side */
  canvas(side) {
    const canvas = h("canvas", {
      "aria-hidden": "true",
      onpointermove: (/** @type {PointerEvent} */ event) => this.point(this.under(side, event)),
      onpointerleave: () => this.point(null),
      onclick: (/** @type {PointerEvent} */ event) => {
        const found = this.under(side, event);
        if (found?.row !== "contexts") return;
        this.steps.stop();
        this.go(found.i + 1);
      },
    });
    return canvas;
  }

  /** @param {Place | null} place */
  point(place) {
    if (JSON.stringify(place) === JSON.stringify(this.hover)) return;
    this.hover = place;
    this.ui.set({});
  }

  /** What a pointer is over. @param {Side} side @param {PointerEvent} event */
  under(side, event) {
    const [x, y] = pointed(event, this.canvases[side]);
    const count = this.spec.tokens[side].length;
    return this.layout?.placeAt(side, x, y, count, this.written(side)) ?? null;
  }

  /** What a column means. */
  signs() {
    const sign = (/** @type {string} */ look, /** @type {string} */ words) =>
      h("span", {}, h("i", { class: look, "aria-hidden": "true" }), words);
    const column = `A column: ${this.spec.dims} numbers,`;
    return h("div", { class: "signs" }, column, sign("below0", "below 0"), sign("above0", "above 0"));
  }

  panels() {
    const look = {
      class: "panels",
      role: "group",
      tabindex: 0,
      "data-testid": "picture",
      "aria-label": "data flow without and with attention; arrow keys left and right: word by word",
      onkeydown: this.steps.keys,
    };
    return h("div", look, ...SIDES.map((side) => this.panel(side)));
  }

  /** @param {Side} side */
  panel(side) {
    const { names, notes, presenting } = this.spec;
    const note = presenting ? null : h("span", { class: "quiet" }, ` ${notes[side]}`);
    return h("div", {}, h("div", { class: "panel" }, h("b", {}, names[side]), note), this.canvases[side]);
  }

  // ---- what is shown

  /** How many words a side has written. @param {Side} side */
  written(side) {
    return Math.min(this.ui.state.step, this.spec.tokens[side].length);
  }

  /** The word that the picture of a side is about: the one pointed at, else the last. @param {Side} side */
  now(side) {
    const pointed = this.hover?.side === side && this.hover.row === "contexts";
    const word = pointed && this.hover ? this.hover.i : this.ui.state.step - 1;
    return Math.min(word, this.spec.tokens[side].length - 1);
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { unit } = this.ui;
    const columns = Math.max(this.spec.source.length, this.longest);
    const half = (width - 20 * unit) / 2;
    const beside = !narrow && (half - 124 * unit) / columns >= 11 * unit;
    const layout = this.placed(beside ? half : width, columns);
    this.layout = layout;
    for (const side of SIDES) {
      const canvas = this.canvases[side];
      const lit = this.hover?.side === side ? this.hover : null;
      const painter = new FlowPainter(this.ui, this.vectors, side, canvas, layout);
      painter.paint({ now: this.now(side), written: this.written(side), lit });
      if (canvas.parentElement) canvas.parentElement.style.width = `${beside ? half : layout.width}px`;
    }
    this.tell();
    this.steps.sync();
  }

  /** @param {number} width @param {number} columns */
  placed(width, columns) {
    const { tall, unit } = this.ui;
    const { dims, source, tokens } = this.spec;
    const c = /** @type {CanvasRenderingContext2D} */ (this.canvases.plain.getContext("2d"));
    c.font = this.ui.font(13, 700);
    const room = (/** @type {string[]} */ words) => Math.min(100 * unit, widest(c, words)) + 4;
    const above = room(source);
    const below = room([...tokens.plain, ...tokens.attention]);
    return new Layout({ width, unit, tall, dims, sources: source.length, columns, above, below });
  }

  // ---- in words

  tell() {
    const attention = h("div", {}, ...this.withAttention());
    const plain = h("div", {}, ...this.without());
    const numbers = h("div", { class: "quiet", "data-testid": "numbers" }, this.pointedAt());
    this.said.replaceChildren(attention, plain, numbers);
  }

  withAttention() {
    const { source, tokens } = this.spec;
    const t = this.now("attention");
    const { most, effective } = readBy(this.vectors.weights[t]);
    const read = most.flatMap(({ weight, s }, i) => [
      i ? ", " : "",
      `${percent(weight)} “`,
      h("b", { class: "key" }, source[s]),
      "”",
    ]);
    const word = h("b", { class: "query" }, tokens.attention[t]);
    const many = `: ${effective.toFixed(1)} of ${source.length} words (effective number).`;
    return ["With attention, “", word, "” reads ", ...read, many];
  }

  without() {
    const { dims, tokens } = this.spec;
    const word = h("b", {}, tokens.plain[this.now("plain")]);
    return ["Without, “", word, `” reads the same ${dims} ${dims === 1 ? "number" : "numbers"} as every other word.`];
  }

  pointedAt() {
    if (!this.hover) return "Choose a column or a weight to read its numbers.";
    return told(this.spec, this.vectors, this.hover, this.now("attention"));
  }

  table() {
    const { dims, source, tokens } = this.spec;
    const { contexts, one, states, weights } = this.vectors;
    const t = this.now("attention");
    const feature = (/** @type {number} */ d) => {
      const cells = [one[d], contexts.attention[t][d], ...states.attention.map((state) => state[d])];
      return [String(d + 1), ...cells.map((x) => fmt(x))];
    };
    return {
      header: ["feature", "one vector", `context for “${tokens.attention[t]}”`, ...source],
      rows: [
        ["weight", "", "", ...Array.from(weights[t], (x) => fmt(x))],
        ...Array.from({ length: dims }, (_, d) => feature(d)),
      ],
    };
  }

  numbers() {
    return numbersOf(this.spec, this.ui.arrays);
  }

  /**
   * A sentence of the reader's own: what both models read, then a context more with each word.
   * @param {Reading} read
   */
  answer({ models, source, ids, write }) {
    const own = /** @type {FlowOwn} */ (this.spec.own);
    const [control] = this.spec.controls;
    /** @param {{ rows: number, row: (i: number) => Float32Array }} matrix */
    function cut(matrix) {
      const shown = (/** @type {unknown} */ _, /** @type {number} */ i) => [...matrix.row(i).subarray(...own.features)];
      return Float32Array.from(Array.from({ length: matrix.rows }, shown).flat());
    }
    const [attends, plain] = models.map(({ model }) => model.start(ids));
    const given = { states: cut(attends.states), plain_states: cut(plain.states), plain_context: cut(plain.summary) };
    /** @type {string[]} */
    let others = [];
    for (const words of write(models[1], (/** @type {string[]} */ found) => found)) others = words;
    const from = own.from.map((i) => (i + source.length) % source.length);
    return write(models[0], (/** @type {string[]} */ words, /** @type {number[][]} */ rows) => {
      const values = Array.from({ length: Math.max(others.length, words.length) }, (_, i) => i + 1);
      const tokens = { plain: others, attention: words };
      return {
        spec: { source, tokens, from, controls: [{ ...control, values }], state: { step: words.length } },
        arrays: { ...given, weights: Float32Array.from(rows.flat()) },
      };
    });
  }
}
