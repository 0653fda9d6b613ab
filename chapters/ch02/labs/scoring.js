// The scoring lab: a query and keys that one drags, one of twelve scores, and every step from score to context.
import { h, readout } from "../../../course_kit/views/js/src/shared/dom.js";
import { percent, softmax } from "../../../course_kit/views/js/src/shared/numbers.js";
import { Plane } from "../../ch01/labs/plane.js";
import { learnedOf, product, SCORES } from "./scores.js";
import SCORING_CSS from "./scoring.css";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Arrays, Picture, Spec, State, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/**
 * @typedef {Spec & { names: string[], equations: Record<string, string>, steps: Record<Step, string> }} ScoringSpec
 * @typedef {"score" | "scaled" | "masked" | "weights"} Step
 * @typedef {Record<Step, number[]> & { context: number[] }} Steps
 */

const STEPS = /** @type {Step[]} */ (["score", "scaled", "masked", "weights"]);
const FAR = 9; // the largest number that a reader can give

/** The query and all keys. @param {State} state @returns {number[][]} */
export const vectorsOf = ({ vectors }) =>
  Array.from({ length: vectors.length / 2 }, (_, i) => vectors.slice(2 * i, 2 * i + 2));

/** @param {Spec} _ @param {Arrays} arrays @param {State} state @returns {Steps} */
export function numbersOf(_, arrays, state) {
  const [query, ...keys] = vectorsOf(state);
  const learned = learnedOf(arrays)[state.score];
  const score = keys.map((key, i) => SCORES[state.score](query, key, learned, i));
  const by = state.score === "scaled_dot" ? Math.SQRT2 : 1; // two numbers each
  const scaled = score.map((s) => s / by);
  const masked = scaled.map((s, i) => (state.mask[i] ? s : -Infinity));
  const weights = softmax(masked, state.mask);
  const context = [0, 1].map((axis) =>
    product(
      weights,
      keys.map((key) => key[axis]),
    ),
  );
  return { score, scaled, masked, weights, context };
}

/** @param {number} x */
const said = (x) => (x === -Infinity ? "−∞" : x.toFixed(3).replace("-", "−"));

/** @param {UI} ui @returns {Picture} */
export function scoring(ui) {
  ui.style(SCORING_CSS);
  const spec = /** @type {ScoringSpec} */ (ui.spec);
  const names = [t("query"), ...spec.names];
  const numbers = () => numbersOf(spec, ui.arrays, ui.state);
  const move = (/** @type {number} */ i, /** @type {number[]} */ to, /** @type {boolean} */ done) => {
    const vectors = [...ui.state.vectors];
    vectors.splice(2 * i, to.length, ...to);
    ui.set({ vectors }, done);
  };
  const plane = new Plane(ui, () => vectorsOf(ui.state), move);
  const inputs = names.map((name, i) => [0, 1].map((axis) => field(name, i, axis)));
  const cells = STEPS.map((step) => spec.names.map(() => h("td", { class: step })));
  const context = h("td", { class: "output", colspan: spec.names.length + 1 });
  const equation = h("td", { class: "quiet", colspan: spec.names.length + 1 });
  const row = (/** @type {string} */ name, /** @type {(Node | null)[]} */ ...rest) =>
    h("tr", {}, h("th", { scope: "row" }, name), ...rest);
  const heads = names.map((name, i) => h("th", { scope: "col", class: i ? "key" : "query" }, name));
  const vectors = [0, 1].map((axis) =>
    row(axis ? t("second") : t("first"), ...inputs.map((two) => h("td", {}, two[axis]))),
  );
  const steps = STEPS.map((step, i) => row(spec.steps[step], h("td"), ...cells[i]));
  ui.body.append(plane.canvas);
  ui.side.append(
    h("table", {}, h("thead", {}, h("tr", {}, h("td"), ...heads)),
      h("tbody", {}, ...vectors, h("tr", {}, h("td"), equation), ...steps, row(t("context"), context))),
  ); // prettier-ignore
  const say = readout(ui, "margin-top:.5em;min-height:1.6em");

  /** @param {string} name @param {number} i @param {number} axis */
  function field(name, i, axis) {
    const give = (/** @type {boolean} */ done) => {
      const to = [...vectorsOf(ui.state)[i]];
      if (!Number.isFinite(input.valueAsNumber)) return;
      to[axis] = Math.max(-FAR, Math.min(FAR, input.valueAsNumber));
      move(i, to, done);
    };
    const label = axis ? t("{name}, second number", { name }) : t("{name}, first number", { name });
    const input = h("input", {
      ...{ type: "number", step: 0.1, min: -FAR, max: FAR, "aria-label": label },
      oninput: () => give(false),
      onchange: () => give(true),
    });
    return input;
  }

  return {
    paint(width, narrow) {
      const made = numbers();
      const all = vectorsOf(ui.state);
      const arrows = all.map((vector, i) => ({
        ...{ vector, name: names[i], colour: i ? ui.theme.key : ui.theme.query, width: i ? 2 : 3 },
      }));
      const out = { vector: made.context, name: t("context"), colour: ui.theme.output, width: 2 };
      plane.draw(narrow ? width : 0.4 * width, (narrow ? 260 : 330) * ui.tall, [...arrows, out]);
      inputs.forEach((two, i) =>
        two.forEach((input, axis) => {
          if (input.getRootNode() && /** @type {ShadowRoot} */ (input.getRootNode()).activeElement !== input)
            input.value = String(all[i][axis]);
        }),
      );
      STEPS.forEach((step, s) => {
        cells[s].forEach((cell, i) => {
          cell.textContent = said(made[step][i]);
          cell.style.setProperty("--share", step === "weights" ? String(made.weights[i]) : "0");
        });
      });
      equation.textContent = spec.equations[ui.state.score];
      context.textContent = `(${made.context.map(said).join(", ")})`;
      const most = made.weights.indexOf(Math.max(...made.weights));
      say.textContent = made.weights[most]
        ? t("The query attends most to {name}, with {share}.", {
            ...{ name: spec.names[most], share: percent(made.weights[most]) },
          })
        : t("Every key is masked: there is nothing to attend to.");
    },
    table() {
      const made = numbers();
      const rows = STEPS.map((step) => [spec.steps[step], ...made[step].map(said)]);
      const context = [t("context"), ...made.context.map(said), ...names.slice(3).map(() => "")];
      return { header: [t("step"), ...spec.names], rows: [...rows, context] };
    },
    numbers,
  };
}
