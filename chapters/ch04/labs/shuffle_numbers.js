// Self-attention over words in some order, and how far the outputs have changed, in double precision.
import { fmt, softmax } from "../../../course_kit/views/js/src/shared/numbers.js";
import { rowsOf } from "../../ch00/labs/cover_study.js";
import { encode, frequencies } from "./sinusoids.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Arrays, Spec } from "../../../course_kit/views/js/src/shared/types.js" */
/** @typedef {{ order: number[], positions: boolean, word: number }} ShuffleState order: the word at each place */
/** @typedef {Spec & { names: string[], size: number, state: ShuffleState }} ShuffleSpec */
/** @typedef {ReturnType<typeof numbersOf>} ShuffleNumbers */

export const SAME = 1e-9; // in double precision what differs less has not changed

/** @param {number[]} a @param {number[]} b */
const product = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

/** @param {number[]} a @param {number[]} b */
const distance = (a, b) => Math.hypot(...a.map((x, i) => x - b[i]));

/** @param {number[][]} a @param {number[][]} b */
const times = (a, b) => a.map((row) => b[0].map((_, column) => row.reduce((sum, x, i) => sum + x * b[i][column], 0)));

/** @param {number[][]} rows */
const meanOf = (rows) => rows[0].map((_, column) => rows.reduce((sum, row) => sum + row[column], 0) / rows.length);

/**
 * Weights and outputs, a row for each place.
 * @param {ShuffleSpec} spec
 * @param {Arrays} arrays x
 * @param {number[]} order
 * @param {boolean} positions
 */
export function attend(spec, arrays, order, positions) {
  const words = rowsOf(arrays.x, spec.names.length);
  const omegas = frequencies(spec.size);
  const rows = order.map((word, place) =>
    positions ? encode(place, omegas).map((x, column) => x + words[word][column]) : words[word],
  );
  const root = Math.sqrt(spec.size);
  const weights = rows.map((query) => softmax(rows.map((key) => product(query, key) / root)));
  return { weights, outputs: times(weights, rows) };
}

/**
 * What has become of each word's output, and of their mean, since the first order.
 * @param {number[]} order
 * @param {number[][]} outputs a row for each place of this order
 * @param {number[][]} first the same in the first order
 */
export function compared(order, outputs, first) {
  const change = first.map((output, word) => distance(outputs[order.indexOf(word)], output));
  const mean = meanOf(outputs);
  const first_mean = meanOf(first);
  const drift = distance(mean, first_mean);
  return { mean, first_mean, change, drift, equivariant: Math.max(...change) < SAME, invariant: drift < SAME };
}

/**
 * @param {ShuffleSpec} spec
 * @param {Arrays} arrays
 * @param {ShuffleState} state
 */
export function numbersOf(spec, arrays, { order, positions }) {
  const now = attend(spec, arrays, order, positions);
  const inOrder = spec.names.map((_, word) => word);
  const first = attend(spec, arrays, inOrder, positions).outputs;
  return { ...now, first, ...compared(order, now.outputs, first) };
}

/**
 * “dog” and “man”, or 5 words: those that do not stand where they stood at first; null where all do.
 * @param {ShuffleSpec} spec
 * @param {ShuffleState} state
 */
export function movedWords({ names }, { order }) {
  const moved = names.filter((_, word) => order[word] !== word);
  if (!moved.length) return null;
  if (moved.length > 3) return t("{n} words", { n: moved.length });
  const named = moved.map((name) => `“${name}”`);
  return named.length === 2 ? t("{one} and {other}", { one: named[0], other: named[1] }) : named.join(t(", "));
}

/**
 * Two sentences: what became of the outputs, and of their mean. Each is [sentence, what counts in its open places].
 * @param {ShuffleNumbers} made
 * @param {string} who has moved
 * @returns {[text: string, words: Record<string, string>][]}
 */
export function verdicts({ equivariant, invariant, drift }, who) {
  const outputs = equivariant
    ? t("{who} have moved, and each output moved with its word, unchanged: {verdict}.", { who, verdict: "{verdict}" })
    : t("{who} have moved, and the outputs changed: {verdict}.", { who, verdict: "{verdict}" });
  return [
    [outputs, { verdict: equivariant ? t("equivariant") : t("not equivariant") }],
    invariant
      ? [t("Their mean stayed: {verdict}."), { verdict: t("invariant") }]
      : [t("Their mean moved by {distance}: not invariant."), { distance: fmt(drift, 2) }],
  ];
}
