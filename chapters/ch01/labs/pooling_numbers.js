// One query and all keys: what is asked, with which weights, and what would come out without an example.
import { effective, pool, strongest } from "../../../course_kit/views/js/src/shared/numbers.js";

/** @import { Arrays, State } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { PoolingSpec } from "./marks.js" */

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
