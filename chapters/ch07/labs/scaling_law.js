// Scaling on paper: sliders for parameters and tokens, what they cost, the loss to expect, and what would be better.
import { h, spoken } from "../../../course_kit/views/js/src/shared/dom.js";
import { clamp, fmt } from "../../../course_kit/views/js/src/shared/numbers.js";
import { digits, duration, Law, numbersOf, power, spelled } from "./scaling_law_numbers.js";
import { ScalingPainter } from "./scaling_law_paint.js";
import SCALING_LAW_CSS from "./scaling_law.css";

/** @import { Picture, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { ScalingSpec, ScalingState } from "./scaling_law_numbers.js" */

const PARTS = ["stays", "model too small", "text too short"];

/** @param {UI} ui @returns {Picture} */
export const scaling_law = (ui) => new ScalingLaw(ui);

class ScalingLaw {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {ScalingSpec} */ (ui.spec);
    this.state = /** @type {ScalingState} */ (ui.state);
    this.names = Object.keys(this.spec.models);
    this.canvas = h("canvas", { role: "img", "aria-label": ui.spec.words });
    this.said = spoken();
    this.stack = h("div", { class: "parts", "data-testid": "parts" });
    this.list = this.models();
    ui.style(SCALING_LAW_CSS);
    ui.body.append(this.canvas);
    ui.side.append(this.said, this.stack);
    this.place();
  }

  /** The menu of known models. */
  models() {
    const choose = () => {
      const size = this.spec.models[this.names[list.selectedIndex - 1]];
      if (size) this.ui.set({ N: size[0], D: size[1] }, true);
    };
    const list = h(
      "select",
      { id: `${this.ui.id}-model`, "data-control": "model", onchange: choose },
      h("option", {}, "–"),
      ...this.names.map((name) => h("option", {}, name)),
    );
    return list;
  }

  /** Puts the menu, and the way to the best, behind the menu of machines. */
  place() {
    const { list, names, ui } = this;
    const as = h("span", { class: "control" }, h("label", { for: list.id }, "as"), list);
    const go = h("button", { type: "button", "data-testid": "best", onclick: () => this.improve() }, "go to the best");
    const machine = ui.root.querySelector('[data-control="machine"]')?.parentElement;
    machine?.after(...(names.length ? [as] : []), go);
  }

  /** To the best model that costs the same. */
  improve() {
    const { limits, law } = this.spec;
    const [N, D] = new Law(law).best(6 * this.state.N * this.state.D);
    this.ui.set({ N: clamp(N, ...limits.N), D: clamp(D, ...limits.D) }, true);
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const numbers = this.numbers();
    new ScalingPainter(this.ui, this.canvas, numbers, width, narrow).paint();
    this.name("N", "parameters");
    this.name("D", "tokens");
    const { models } = this.spec;
    const { N, D } = this.state;
    this.list.selectedIndex = this.names.findIndex((name) => models[name][0] === N && models[name][1] === D) + 1;
    this.say(numbers);
    this.stackUp(numbers);
    this.canvas.setAttribute(
      "aria-label",
      `Loss against parameters for ${power(numbers.flops)} operations: lowest ${fmt(numbers.best_loss)} ` +
        `at ${spelled(numbers.best_N)} parameters; the sliders reach ${fmt(numbers.loss)}.`,
    );
  }

  /** The number as one reads it, beside its slider. @param {"N" | "D"} name @param {string} what */
  name(name, what) {
    const shown = /** @type {HTMLOutputElement} */ (this.ui.root.querySelector(`[data-testid=${name}]`));
    shown.value = spelled(this.state[name]);
    const slider = this.ui.root.querySelector(`[data-control=${name}]`);
    slider?.setAttribute("aria-valuetext", `${shown.value} ${what}`);
  }

  /** @param {ReturnType<typeof numbersOf>} numbers */
  say(numbers) {
    const { state, spec } = this;
    const { N, D, machine } = state;
    const outside = [N < spec.fitted.N[0], N > spec.fitted.N[1], D < spec.fitted.D[0], D > spec.fitted.D[1]];
    const better =
      `, model too ${N > numbers.best_N ? "large" : "small"}; best: ${fmt(numbers.best_loss)}, with ` +
      `${spelled(numbers.best_N)} parameters and ${spelled(numbers.best_D)} tokens`;
    const isBest = numbers.loss - numbers.best_loss < 5e-4;
    this.said.replaceChildren(
      h("div", {}, "6ND = ", h("b", {}, power(numbers.flops)), " operations"),
      h("div", { class: "quiet" }, `${duration(numbers.hours)} at ${machine}`),
      h(
        "div",
        {},
        "loss ",
        h("b", { class: "output" }, fmt(numbers.loss)),
        isBest ? ": the best for so many operations" : better,
      ),
      h(
        "div",
        { class: "quiet" },
        `${digits(D / N)} tokens per parameter. `,
        outside.some(Boolean) ? "The law was not fitted to such sizes." : "",
      ),
    );
  }

  /** The loss as a bar of its parts, and their numbers. @param {ReturnType<typeof numbersOf>} numbers */
  stackUp({ parts, loss }) {
    const { theme } = this.ui;
    const colours = [theme.quiet, theme.third, theme.text];
    const square = (/** @type {number} */ i) => h("i", { style: `background:${colours[i]}` });
    const wide = (/** @type {number} */ part) => `width:${(100 * part) / loss}%`;
    this.stack.replaceChildren(
      h("b", {}, "What the loss is made of"),
      h("div", {}, ...parts.map((part, i) => h("i", { style: `${wide(part)};background:${colours[i]}` }))),
      ...parts.flatMap((part, i) => [h("span", {}, square(i), fmt(part)), h("span", {}, PARTS[i])]),
    );
  }

  table() {
    const { spec, state, names } = this;
    const { best_N, best_D } = this.numbers();
    /** @type {[string, number, number][]} */
    const sizes = [
      ["these sliders", state.N, state.D],
      ["best for the same cost", best_N, best_D],
      ...names.map((name) => /** @type {[string, number, number]} */ ([name, ...spec.models[name]])),
    ];
    return {
      header: ["model", "parameters", "tokens", "operations", "loss", state.machine],
      rows: sizes.map(([name, N, D]) => {
        const { flops, loss, hours } = numbersOf(spec, { ...state, N, D });
        return [name, spelled(N), spelled(D), power(flops), fmt(loss), duration(hours)];
      }),
    };
  }

  numbers() {
    return numbersOf(this.spec, this.state);
  }
}
