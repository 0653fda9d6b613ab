// The flow lab's numbers: the vectors of two translators, and what each new word reads of them.
import { effective, fmt } from "../../../course_kit/views/js/src/shared/numbers.js";

/** @import { Arrays, Own, Spec } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Numbers } from "../../../course_kit/views/js/src/data.js" */
/**
 * @typedef {"plain" | "attention"} Side without attention, and with it
 * @typedef {Spec & { source: string[], tokens: Record<Side, string[]>, dims: number, from: number[],
 *   names: Record<Side, string>, notes: Record<Side, string> }} FlowSpec from: of these states the one vector is made
 * @typedef {Own & { features: [number, number], from: number[] }} FlowOwn features: those that are shown of a state
 * @typedef {Numbers | Float64Array} Vector
 *
 * @typedef {object} Vectors
 * @property {Record<Side, Vector[]>} states one for each source word
 * @property {Record<Side, Vector[]>} contexts one for each word written
 * @property {Vector[]} weights a row for each word written with attention
 * @property {Vector} one handed over without attention
 * @property {number} reach the largest number of them all: one length is the same number in both pictures
 *
 * @typedef {{ side: Side, row: "states" | "weights" | "vector" | "contexts", i: number, feature: number | null }} Place
 *   what is pointed at; feature null: a whole column
 */

/** @type {Side[]} */
export const SIDES = ["plain", "attention"];

/** @param {Numbers} array @param {number} size of a row @returns {Numbers[]} */
const rowsOf = (array, size) =>
  Array.from({ length: array.length / size }, (_, i) => array.subarray(i * size, (i + 1) * size));

/** Σ α h: the states, weighted. @param {Vector} weights @param {Vector[]} states @param {number} dims */
function meanOf(weights, states, dims) {
  const mean = new Float64Array(dims);
  states.forEach((state, s) => {
    for (let d = 0; d < dims; d++) mean[d] += weights[s] * state[d];
  });
  return mean;
}

/** @param {FlowSpec} spec @param {Arrays} arrays @returns {Vectors} */
export function vectorsOf({ source, tokens, dims }, arrays) {
  const attention = rowsOf(arrays.states, dims);
  const states = { attention, plain: arrays.plain_states ? rowsOf(arrays.plain_states, dims) : attention };
  const weights = rowsOf(arrays.weights, source.length);
  const one = arrays.plain_context;
  const contexts = {
    plain: tokens.plain.map(() => one),
    attention: tokens.attention.map((_, t) => meanOf(weights[t], attention, dims)),
  };
  const all = [...states.plain, ...states.attention, one, ...contexts.attention];
  const reach = all.reduce((most, vector) => Math.max(most, ...vector.map(Math.abs)), 1e-9);
  return { states, contexts, weights, one, reach };
}

/** The contexts of both translations. @param {FlowSpec} spec @param {Arrays} arrays */
export function numbersOf(spec, arrays) {
  const { contexts } = vectorsOf(spec, arrays);
  const lists = (/** @type {Vector[]} */ rows) => rows.map((row) => Array.from(row));
  return { contexts: lists(contexts.attention), plain: lists(contexts.plain) };
}

/** The words that a new word reads most, at most three; how many equal ones would be as many. @param {Vector} row */
export function readBy(row) {
  const shares = Array.from(row, (weight, s) => ({ weight, s }));
  const most = shares.sort((a, b) => b.weight - a.weight).slice(0, 3);
  return { most: most.filter(({ weight }) => weight >= 0.05), effective: effective(row) };
}

/**
 * The numbers of a column or a weight, in words.
 * @param {FlowSpec} spec
 * @param {Vectors} vectors
 * @param {Place} place
 * @param {number} now the word whose weights are shown
 */
export function told(spec, vectors, { side, row, i, feature }, now) {
  const { source, tokens, dims } = spec;
  const { states, contexts, weights, one } = vectors;
  if (row === "weights") return `weight of “${source[i]}”: ${fmt(weights[now][i])}`;
  const columns = {
    states: { vector: states[side][i], name: `state of “${source[i]}”` },
    vector: { vector: one, name: "the one vector" },
    contexts: {
      vector: contexts[side][i],
      name: side === "plain" ? "the one vector" : `context for “${tokens[side][i]}”`,
    },
  };
  const { vector, name } = columns[row];
  if (feature === null) return `${name}: ${Array.from(vector, (x) => fmt(x, 2)).join("  ")}`;
  return `${name}, feature ${feature + 1} of ${dims}: ${fmt(vector[feature])}`;
}
