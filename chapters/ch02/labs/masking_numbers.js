// The mask lab's numbers: who may attend whom, and the weights by four orders of mask and softmax. Three are wrong.
import { softmax } from "../../../course_kit/views/js/src/shared/numbers.js";

/** @import { Arrays, Spec, State } from "../../../course_kit/views/js/src/shared/types.js" */
/**
 * @typedef {Spec & { names: string[], orders: Record<string, string> }} MaskingSpec
 * @typedef {{ allowed: boolean[][], scores: number[][], weights: number[][], sums: number[], leaks: number[] }} Masked
 *   a row for each query; sums of its weights, and of those on masked keys
 */

/** The weights of a query, from its scores and where it may look. @type {Record<string,
 *  (scores: number[], open: boolean[]) => number[]>} */
const ORDERS = {
  before: (scores, open) => softmax(scores, open),
  times: (scores, open) => softmax(scores.map((score, k) => (open[k] ? score : 0))),
  after: (scores, open) => softmax(scores).map((weight, k) => (open[k] ? weight : 0)),
  large: (scores, open) => softmax(scores.map((score, k) => (open[k] ? score : -1e9))),
};

/** @param {number[]} list */
const total = (list) => list.reduce((sum, x) => sum + x, 0);

/**
 * @param {MaskingSpec} spec
 * @param {Arrays} arrays
 * @param {State} state
 * @returns {Masked}
 */
export function numbersOf({ names }, arrays, { length, causal, empty, order }) {
  const count = names.length;
  const allowed = names.map((_, q) => names.map((_, k) => k < length && (!causal || k <= q) && q !== empty - 1));
  const scores = names.map((_, q) => Array.from(arrays.scores.subarray(q * count, (q + 1) * count)));
  const weights = scores.map((row, q) => ORDERS[order](row, allowed[q]));
  const leaks = weights.map((row, q) => total(row.filter((_, k) => !allowed[q][k])));
  return { allowed, scores, weights, sums: weights.map(total), leaks };
}

/**
 * What is wrong, if something is: the share of all weight on masked keys, how many rows sum to less than 1 although
 * they have something to attend, and how many have nothing.
 * @param {Masked} made
 */
export function verdictOf({ allowed, sums, leaks }) {
  const some = allowed.map((row) => row.some(Boolean));
  const share = total(leaks) / leaks.length;
  return {
    leak: share > 1e-12 ? share : 0,
    less: sums.filter((sum, q) => some[q] && sum < 1 - 1e-9).length,
    empty: some.filter((any) => !any).length,
  };
}

/** Whether a cell has a weight to show: where the mask says yes, or where it leaks.
 * @param {Masked} made @param {number} q @param {number} k */
export const isShown = ({ allowed, weights }, q, k) => allowed[q][k] || weights[q][k] > 1e-12;
