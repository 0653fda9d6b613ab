// The mathematics that several views share, and numbers as a reader sees them. No page is needed: tests run it in node.
// A definition here exists a second time in course_utils/attention.py; tests hold the two together.
import { t } from "../text.js";

/** How close two places are, by their distance in widths. @type {Record<string, (u: number) => number>} */
export const KERNELS = {
  gaussian: (u) => Math.exp((-u * u) / 2),
  boxcar: (u) => (Math.abs(u) <= 1 ? 1 : 0),
  epanechnikov: (u) => Math.max(0, 1 - u * u),
};

/**
 * Shares that sum to 1; nothing to attend gives zeros.
 * @param {ArrayLike<number>} scores
 * @param {ArrayLike<unknown> | null} allowed true where a score may be attended; null: everywhere
 * @param {number} temperature
 */
export function softmax(scores, allowed = null, temperature = 1) {
  const given = Array.from(scores);
  const open = given.map((s, i) => (!allowed || Boolean(allowed[i])) && s !== -Infinity);
  const top = given.reduce((most, s, i) => (open[i] && s > most ? s : most), -Infinity);
  const raised = given.map((s, i) => (open[i] ? Math.exp((s - top) / temperature) : 0));
  const total = raised.reduce((a, b) => a + b, 0);
  return raised.map((e) => (total ? e / total : 0));
}

/**
 * One query against all keys: weights that sum to 1, and their mean of the values; nobody in reach: zeros and NaN.
 * @param {number} query
 * @param {ArrayLike<number>} keys
 * @param {ArrayLike<number>} values
 * @param {string} kernel a name in KERNELS
 * @param {number} width
 * @param {ArrayLike<boolean> | null} removed keys that are left out
 */
export function pool(query, keys, values, kernel, width, removed = null) {
  const closeness = KERNELS[kernel];
  const weights = new Float64Array(keys.length);
  let total = 0;
  for (let i = 0; i < keys.length; i++) {
    if (removed?.[i]) continue;
    weights[i] = closeness((query - keys[i]) / width);
    total += weights[i];
  }
  let estimate = 0;
  for (let i = 0; i < keys.length; i++) {
    weights[i] = total ? weights[i] / total : 0;
    estimate += weights[i] * values[i];
  }
  return { weights, estimate: total ? estimate : NaN };
}

/** How many equal weights would be spread as these are. @param {Iterable<number>} weights */
export function effective(weights) {
  let squares = 0;
  for (const w of weights) squares += w * w;
  return squares ? 1 / squares : 0;
}

/** @param {number} x @param {number} least @param {number} most */
export const clamp = (x, least, most) => Math.max(least, Math.min(most, x));

/** The index of the value that is nearest to x. @param {number[]} values @param {number} x */
export const nearest = (values, x) =>
  values.reduce((best, v, i) => (Math.abs(v - x) < Math.abs(values[best] - x) ? i : best), 0);

/** Where the largest weight is that is not masked. @param {ArrayLike<number>} row */
export function strongest(row) {
  let best = 0;
  for (let k = 1; k < row.length; k++) if (row[k] > row[best] || Number.isNaN(row[best])) best = k;
  return best;
}

/** A number with so many digits behind the point. @param {number | null} x */
export function fmt(x, digits = 3) {
  if (x === null || Number.isNaN(x)) return "–";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  if (size && (size < 1e-3 || size >= 1e5)) return x.toExponential(1).replaceAll("-", "−");
  const text = x.toFixed(size >= 100 ? Math.min(1, digits) : digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

/** Two digits, or one from 100 on. @param {number} x */
export const short = (x) => fmt(x, Math.abs(x) >= 100 ? 1 : 2);

/** A number of hundredths, as the page's language writes it. @param {string | number} number */
export const percentage = (number) => t("{number} %", { number });

/** A weight as a share. @param {number} weight */
export function percent(weight) {
  if (weight > 0 && weight < 0.0005) return t("less than 0.1 %");
  return percentage(weight > 0 && weight < 0.005 ? (100 * weight).toFixed(1) : Math.round(100 * weight));
}

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A number of a chart, of any size, with three digits. @param {number} x */
export function number(x) {
  if (!Number.isFinite(x)) return "–";
  const size = Math.abs(x);
  if (size >= 1e6 || (x && size < 1e-3)) {
    const [digits, power] = x.toExponential(1).replace(".0", "").replace("e+", "e").split("e");
    return `${digits}·10${power.replace(/./g, (sign) => RAISED[Number(sign)] ?? "⁻")}`.replace("-", "−");
  }
  const near = Number.isInteger(x) ? x : Number(x.toPrecision(size >= 1000 ? 6 : 3));
  const look = { maximumFractionDigits: 6, useGrouping: size >= 10000 };
  return near.toLocaleString("en-GB", look).replace("-", "−");
}

/**
 * Hours of a day as a clock shows them: 14.6 -> "14:36".
 * @param {number} hours
 */
export function clock(hours) {
  if (!Number.isFinite(hours)) return "–";
  const minutes = Math.round(60 * Math.abs(hours));
  const sign = hours < 0 && minutes ? "−" : "";
  return `${sign}${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}
