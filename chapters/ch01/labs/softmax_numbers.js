// From scores to shares, and what is said of them. Softmax in chapters/ch01/labs/softmax.py computes the same.
import { fmt, percent, softmax, strongest } from "../../../course_kit/views/js/src/shared/numbers.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Arrays, Spec, State } from "../../../course_kit/views/js/src/shared/types.js" */
/** @typedef {Spec & { names: string[], reach: number }} SoftmaxSpec reach: how far a score can be dragged */

/** @param {number[]} list */
const sum = (list) => list.reduce((a, b) => a + b, 0);

/** A power of e, as short as its bar. @param {number} x */
export const brief = (x) => fmt(x, x >= 100 ? 0 : 2);

/**
 * How high the bars of the powers are, from 0 to 1, and which of them end beyond that. The highest has its full height,
 * whatever it is: only ratios count. A power that is too large for a number is beyond a scale that ends with the
 * largest number there is; the stable way never computes it, and its bars are as high as the shares are long.
 * @param {number[]} powers
 * @param {number[]} weights
 * @param {boolean} stable
 */
export function barsOf(powers, weights, stable) {
  const largest = Math.max(...powers);
  const none = powers.map(() => false);
  if (largest < Infinity) return { heights: powers.map((e) => (largest ? e / largest : 0)), beyond: none };
  if (stable) return { heights: weights.map((w) => w / Math.max(...weights)), beyond: none };
  return { heights: powers.map((e) => Math.min(1, e / Number.MAX_VALUE)), beyond: powers.map((e) => e === Infinity) };
}

/** @param {SoftmaxSpec} _spec @param {Arrays} _arrays @param {State} state scores [K], mask [K] and how to compute */
export function numbersOf(_spec, _arrays, state) {
  const stable = state.method === "stable";
  const scores = state.scores.map((/** @type {number} */ score) => score + state.shift);
  /** @type {number[]} */
  const powers = scores.map((/** @type {number} */ score, /** @type {number} */ i) =>
    state.mask[i] ? Math.exp(score / state.temperature) : 0,
  );
  const total = sum(powers);
  const weights = stable
    ? softmax(scores, state.mask, state.temperature)
    : powers.map((e) => (total === 0 ? 0 : e / total));
  return { scores, powers, total, weights, ...barsOf(powers, weights, stable) };
}

/** @typedef {ReturnType<typeof numbersOf>} SoftmaxNumbers */

/**
 * What is said of one key, or of the one with the largest share: the division, and what it means.
 * @param {SoftmaxSpec} spec
 * @param {State} state
 * @param {SoftmaxNumbers} numbers
 * @param {number} chosen -1: none
 * @returns {[string, string]}
 */
export function sentences({ names }, state, { scores, powers, total, weights }, chosen) {
  const at = chosen < 0 ? strongest(weights) : chosen;
  const large = !Number.isFinite(total);
  const most = t("e to the {power} is too large for a number", {
    power: fmt(Math.max(...scores) / state.temperature, 0),
  });
  if (weights.some(Number.isNaN)) return ["NaN", t("{most}: ∞ / ∞ is NaN.", { most })];
  if (!state.mask.some(Boolean)) return [t("nobody to attend"), t("All is masked: the weights are zeros, not NaN.")];
  const division = large || !total ? "" : `${brief(powers[at])} / ${brief(total)} = `;
  const what = t("{name}: {value}", { name: names[at], value: division + fmt(weights[at]) });
  const whole = sum(weights);
  if (whole === 0) return [what, t("All powers of e vanish: the weights are lost.")];
  const sums = t("The shares sum to {whole}.", { whole: fmt(whole, 2) });
  if (large)
    return [
      what,
      t("{most}, so the largest score is subtracted from all first. Only differences count. {sums}", { most, sums }),
    ];
  return [
    what,
    t("“{name}” gets {weight} of the attention. {sums}", { name: names[at], weight: percent(weights[at]), sums }),
  ];
}
