// The numbers of the scoring lab: each score of the two, step by step from query and keys to the context.
import { softmax } from "../../../course_kit/views/js/src/shared/numbers.js";
import { learnedOf, product, SCORES } from "./scores.js";

/** @import { Arrays, Spec, State } from "../../../course_kit/views/js/src/shared/types.js" */
/**
 * @typedef {{ equation: string, reference: string, parameters: number, pair: number, task: string }} About a score
 * @typedef {Spec & { names: string[], query_name: string,
 *   about: Record<string, About> }} ScoringSpec
 * @typedef {"score" | "scaled" | "masked" | "weights"} Step one that has a number for each key
 * @typedef {{ score: number[], scaled: number[], masked: number[], weights: number[], context: number[],
 *   by: number }} Steps by: what the scores are divided by
 * @typedef {"a" | "b"} Slot
 */

/** @type {Step[]} */
export const STEPS = ["score", "scaled", "masked", "weights"];
export const ALL_STEPS = STEPS.length + 1; // the last is the context

/** One of the vectors, each of two numbers: 0 is the query, 1 the first key. @param {State} state @param {number} i */
export const vectorOf = ({ query, key_vectors }, i) =>
  /** @type {number[]} */ (i ? key_vectors.slice(2 * i - 2, 2 * i) : query);

/** The query and all keys. @param {ScoringSpec} spec @param {State} state */
export const vectorsOf = ({ names }, state) => [0, ...names].map((_, i) => vectorOf(state, i));

/**
 * What changes in the state when numbers of a vector do: numbers[0] is the one at `feature`, and so on.
 * @param {State} state
 * @param {number} i 0 is the query, 1 the first key
 * @param {number} feature
 * @param {number[]} numbers
 */
export function changed(state, i, feature, numbers) {
  const first = i ? 2 * i - 2 + feature : feature;
  const list = i ? state.key_vectors : state.query;
  const made = [...list.slice(0, first), ...numbers, ...list.slice(first + numbers.length)];
  return i ? { key_vectors: made } : { query: made };
}

/**
 * The numbers of one score.
 * @param {ScoringSpec} spec
 * @param {Arrays} arrays
 * @param {State} state
 * @param {string} name
 * @returns {Steps}
 */
export function stepsOf(spec, arrays, state, name) {
  const [query, ...keys] = vectorsOf(spec, state);
  const learned = learnedOf(arrays)[name];
  const score = keys.map((key, i) => SCORES[name](query, key, learned, i));
  const by = (name === "scaled_dot" ? Math.SQRT2 : 1) * state.temperature;
  const scaled = score.map((s) => s / by);
  const masked = scaled.map((s, i) => (state.mask[i] ? s : -Infinity));
  const weights = softmax(masked);
  const column = (/** @type {number} */ j) => keys.map((key) => key[j]);
  const context = [0, 1].map((j) => product(weights, column(j)));
  return { score, scaled, masked, weights, context, by };
}

/**
 * @param {ScoringSpec} spec
 * @param {Arrays} arrays
 * @param {State} state
 * @returns {Record<Slot, Steps>}
 */
export const numbersOf = (spec, arrays, state) => ({
  a: stepsOf(spec, arrays, state, state.a),
  b: stepsOf(spec, arrays, state, state.b),
});

/** Whether a cell has no number to show. @param {State} state @param {Step} step @param {number} x @param {number} i */
export const isMasked = (state, step, x, i) => x === -Infinity || (step === "weights" && !state.mask[i]);

/** The steps that change nothing have no row. @param {State} state @param {Steps} made */
export const shownSteps = (state, made) =>
  STEPS.filter((step) => !((step === "scaled" && made.by === 1) || (step === "masked" && state.mask.every(Boolean))));

/** The keys that share the largest weight, and the weight. @param {string[]} names @param {number[]} weights */
export function mostAttended(names, weights) {
  const most = Math.max(...weights);
  return { most, tops: names.filter((_, i) => most && most - weights[i] < 1e-9) };
}

/**
 * How much of its colour a score has, from none to 0.85. The same score has the same shade in every state of every lab:
 * a reader who moves an arrow sees the scores move, not the scale.
 * @param {number} score
 */
export const shade = (score) => 0.85 * (1 - Math.exp(-Math.abs(score) / 3));
