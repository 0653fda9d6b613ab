// From scores to shares, and what is said of them. Softmax in chapters/ch01/labs/softmax.py computes the same.
import { fmt, percent, softmax, strongest } from "../../../course_kit/views/js/src/shared/numbers.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Arrays, Spec, State } from "../../../course_kit/views/js/src/shared/types.js" */
/** @typedef {Spec & { names: string[], reach: number }} SoftmaxSpec reach: how far a score can be dragged */

/** @param {number[]} list */
const sum = (list) => list.reduce((a, b) => a + b, 0);

/** A power of e, as short as its bar. @param {number} x */
export const brief = (x) => fmt(x, x >= 100 ? 0 : 2);

/** @param {SoftmaxSpec} _spec @param {Arrays} _arrays @param {State} state scores [K], temperature and shift */
export function numbersOf(_spec, _arrays, state) {
  const scores = state.scores.map((/** @type {number} */ score) => score + state.shift);
  /** @type {number[]} */
  const powers = scores.map((/** @type {number} */ score) => Math.exp(score / state.temperature));
  const weights = softmax(scores, null, state.temperature);
  const most = Math.max(...weights); // the highest bar is as high as it can be: only ratios count
  return { scores, powers, total: sum(powers), weights, heights: weights.map((w) => w / most) };
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
  const division = large || !total ? "" : `${brief(powers[at])} / ${brief(total)} = `;
  const what = t("{name}: {value}", { name: names[at], value: division + fmt(weights[at]) });
  const sums = t("The shares sum to {whole}.", { whole: fmt(sum(weights), 2) });
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
