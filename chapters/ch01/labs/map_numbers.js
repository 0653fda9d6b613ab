// All queries and all keys at one width: weights, estimates, how many examples count, and the leave-one-out error.
import { effective, nearest, pool } from "../../../course_kit/views/js/src/shared/numbers.js";

/** @import { Arrays, State } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { PoolingSpec } from "./marks.js" */

/** Weights that the legend of the ink names. */
export const NAMED = [1, 0, 0.1, 0.5, 0.01];

/**
 * How much ink a weight is, from 0 to 1: at every width and kernel the same. The root keeps a hundredth visible, where
 * all the examples share one query's attention.
 * @param {number} weight
 */
export const inkOf = (weight) => Math.sqrt(Math.min(1, Math.max(0, weight)));

/** The index of the lowest that is a number. @param {number[]} list */
const lowestOf = (list) => list.reduce((best, x, i) => (x < list[best] || Number.isNaN(list[best]) ? i : best), 0);

/**
 * The errors of one kernel, [W], and which of them is this width's and which the lowest.
 * @param {PoolingSpec} spec
 * @param {Arrays} arrays
 * @param {State} state
 */
function errorsOf({ kernels, widths }, { errors }, { kernel, width }) {
  if (!errors) return { errors: [], here: -1, lowest: -1 };
  const begin = kernels.indexOf(kernel) * widths.length;
  const list = Array.from(errors.subarray(begin, begin + widths.length));
  return { errors: list, here: nearest(widths, width), lowest: lowestOf(list) };
}

/**
 * weights: [Q * K], a row for each query, in one piece.
 * @param {PoolingSpec} spec
 * @param {Arrays} arrays queries [Q], keys [K], values [K]
 * @param {State} state
 */
export function mapOf(spec, arrays, state) {
  const { queries, keys, values } = arrays;
  const weights = new Float64Array(queries.length * keys.length);
  /** @type {number[]} */
  const estimates = [];
  let mean = 0; // how many examples count for a query, on average
  queries.forEach((query, row) => {
    const asked = pool(query, keys, values, state.kernel, state.width);
    weights.set(asked.weights, row * keys.length);
    estimates.push(asked.estimate);
    mean += effective(asked.weights) / queries.length;
  });
  return { weights, estimates, mean, ...errorsOf(spec, arrays, state) };
}

/** @typedef {ReturnType<typeof mapOf>} MapNumbers */
