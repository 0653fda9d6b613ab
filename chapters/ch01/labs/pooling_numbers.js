// One query and all keys: with which weights, and what would come out without an example. And all queries at one width:
// weights, estimates, how many examples count, and the leave-one-out error.
import { clock, effective, nearest, pool, short, strongest } from "../../../course_kit/views/js/src/shared/numbers.js";

/** @import { Arrays, Spec, State } from "../../../course_kit/views/js/src/shared/types.js" */
/**
 * @typedef {Spec & { key_name: string, value_name: string, clock: boolean, widths: number[], kernels: string[],
 *   path?: number[] }}
 *   PoolingSpec clock: keys are hours; path: the widths of a training
 */

/** A key or a query as the text around the lab writes it: hours of a day as a clock shows them. @param {Spec} spec */
export const told = (spec) => (/** @type {number} */ key) => (spec.clock ? clock(key) : short(key));

/** Where the axis of the weights may end. */
const ROOFS = [0.02, 0.05, 0.1, 0.2, 0.5, 1];
const QUERIES = 160; // along the curve of the estimates

/**
 * The top of the weights' axis: what is there fits, and shares that are all equal stay low.
 * @param {ArrayLike<number>} weights
 */
export function roofOf(weights) {
  const most = Math.max(weights[strongest(weights)], 5 / weights.length);
  return ROOFS.find((roof) => roof >= most) ?? 1;
}

/**
 * Radius and opacity of the dot of an example by its weight, the same in all states of the lab: an area is a weight.
 * @param {number} weight
 */
export function dotOf(weight) {
  if (!weight) return { radius: 3, alpha: 0.28 };
  return { radius: 3 + 7 * Math.sqrt(weight), alpha: 0.45 + 0.5 * Math.sqrt(weight) };
}

/**
 * @param {PoolingSpec} spec
 * @param {Arrays} arrays keys [K], values [K]
 * @param {State} state
 */
export function numbersOf(spec, { keys, values }, state) {
  const [low, high] = spec.domain;
  /** @type {Set<number>} */
  const away = new Set(state.removed ?? []);
  const removed = Array.from(keys, (_, i) => away.has(i));
  const ask = (/** @type {number} */ query, /** @type {boolean[] | null} */ without = removed) =>
    pool(query, keys, values, state.kernel, state.width, without);
  const { weights, estimate } = ask(state.query);
  const grid = Array.from({ length: QUERIES + 1 }, (_, i) => low + ((high - low) * i) / QUERIES);
  return {
    removed,
    weights: Array.from(weights),
    estimate,
    roof: roofOf(weights),
    strongest: strongest(weights),
    effective: effective(weights),
    grid,
    curve: grid.map((query) => ask(query).estimate),
    whole: away.size ? ask(state.query, null).estimate : estimate, // with all examples
  };
}

/** @typedef {ReturnType<typeof numbersOf>} PoolingNumbers */

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
 * The error at any width, between those of the two widths beside it.
 * @param {number[]} widths
 * @param {number[]} errors
 * @param {number} width
 */
export function errorAt(widths, errors, width) {
  const above = widths.findIndex((w) => w >= width);
  if (above <= 0) return errors[above < 0 ? errors.length - 1 : 0];
  const [low, high] = [widths[above - 1], widths[above]];
  const part = Math.log(width / low) / Math.log(high / low);
  return (1 - part) * errors[above - 1] + part * errors[above];
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
