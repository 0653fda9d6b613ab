// Three embeddings of each word, and the sum of those that are switched on; the same in embeddings.py.
import { fmt } from "../../../course_kit/views/js/src/shared/numbers.js";

/** @import { Arrays, Spec } from "../../../course_kit/views/js/src/shared/types.js" */
/** @typedef {"token" | "segment" | "position"} Part */
/** @typedef {{ word: number, feature: number, first: number, parts: boolean[] }} EmbeddingsState */
/**
 * @typedef {Spec & { names: string[], segments: number[] | null, features: number, size: number, window: number,
 *   normed: boolean, reach: { parts: number, normed: number } }} EmbeddingsSpec
 */

/** @type {Part[]} */
export const PARTS = ["token", "segment", "position"];

/** @param {number[]} a @param {number[]} b */
const distance = (a, b) => Math.hypot(...a.map((x, i) => x - b[i]));

/**
 * The numbers of one word in one part, or after the norm.
 * @param {EmbeddingsSpec} spec
 * @param {Arrays} arrays
 * @param {Part | "normed"} name
 * @param {number} word
 */
export const rowOf = ({ features }, arrays, name, word) =>
  Array.from(arrays[name].subarray(word * features, (word + 1) * features));

/**
 * @param {EmbeddingsSpec} spec
 * @param {Arrays} arrays
 * @param {EmbeddingsState} state
 * @param {number} word
 */
export function sumOf(spec, arrays, { parts }, word) {
  const on = PARTS.filter((_, i) => parts[i]).map((name) => rowOf(spec, arrays, name, word));
  return Array.from({ length: spec.features }, (_, feature) => on.reduce((sum, row) => sum + row[feature], 0));
}

/**
 * sum: [T, F]; twins: the other positions with the chosen word, and how far their sums lie from its own.
 * @param {EmbeddingsSpec} spec
 * @param {Arrays} arrays
 * @param {EmbeddingsState} state
 * @param {number} word
 */
export function numbersOf(spec, arrays, state, word = state.word) {
  const { names } = spec;
  const sum = names.map((_, other) => sumOf(spec, arrays, state, other));
  const twins = names
    .map((_, other) => other)
    .filter((other) => other !== word && names[other] === names[word])
    .map((other) => [other, distance(sum[other], sum[word])]);
  return { sum, twins };
}

/**
 * What is said of the other positions with a word.
 * @param {string} name
 * @param {number[][]} twins
 */
export function toldOf(name, twins) {
  if (!twins.length) return "No other position has this word.";
  const same = twins.filter(([, apart]) => apart === 0).map(([place]) => place + 1);
  const differ = twins.filter(([, apart]) => apart > 0);
  const ways = differ.map(([place, apart]) => `position ${place + 1}: its sum lies ${fmt(apart, 2)} away`);
  const equal = `“${name}” at position ${same.join(", ")}`;
  const alike = `The same sum, number by number, as ${equal}: nothing tells them apart. `;
  const other = `“${name}” is also at ${ways.join(", and at ")}.`;
  return `${same.length ? alike : ""}${differ.length ? other : ""}`;
}
