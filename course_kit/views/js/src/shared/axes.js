// Scales and the numbers at axes, and axes on a canvas for the labs that draw functions of one number.
import { widest, write } from "./draw.js";
import { clock, number } from "./numbers.js";

/** @import { Pen } from "./draw.js" */
/** @import { UI } from "./types.js" */

/**
 * From numbers to pixels, and back.
 * @typedef {((value: number) => number)
 *   & { invert: (pixel: number) => number, low: number, high: number, log: boolean }} Scale
 *
 * @typedef {object} Names of axes
 * @property {string | null} [x] null: no numbers below
 * @property {string} [y]
 * @property {number[]} [up] the numbers at the vertical axis, if not the usual ones
 * @property {boolean} [hours] the horizontal axis is a time of day
 */

/** @param {number} low @param {number} high @param {number} from @param {number} to @returns {Scale} */
export function scale(low, high, from, to, log = false) {
  const bent = (/** @type {number} */ value) => (log ? Math.log(value) : value);
  const start = bent(low);
  const span = bent(high) - start || 1;
  const map = (/** @type {number} */ value) => from + ((bent(value) - start) / span) * (to - from);
  const invert = (/** @type {number} */ pixel) => {
    const value = start + ((pixel - from) / (to - from)) * span;
    return log ? Math.exp(value) : value;
  };
  return Object.assign(map, { invert, low, high, log });
}

/** The multiples of a step from low to high. @param {number} low @param {number} high @param {number} step */
function multiples(low, high, step) {
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Round numbers, about `count` of them. @param {number} low @param {number} high @param {number} count */
export function ticks(low, high, count) {
  const least = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(least));
  return multiples(low, high, power * ([1, 2, 5].find((m) => m * power >= least) ?? 10));
}

/** 1, 2, 5, 10, …; over more powers 1, 3, 10, or only some of these. @param {number} low @param {number} high */
export function logTicks(low, high) {
  const lowest = Math.floor(Math.log10(low));
  const count = Math.floor(Math.log10(high) + 1e-9) - lowest + 1;
  const powers = Array.from({ length: Math.max(0, count) }, (_, i) => lowest + i);
  const every = Math.ceil(count / 7);
  const steps = count > 4 ? [1] : high > 40 * low ? [1, 3] : [1, 2, 5];
  const all = powers.filter((p) => p % every === 0).flatMap((p) => steps.map((m) => Number(`${m}e${p}`)));
  return all.filter((t) => t >= low * 0.999 && t <= high * 1.001);
}

const HOURS = [1 / 12, 1 / 6, 1 / 4, 1 / 2, 1, 2, 3, 6, 12, 24];

/** Times of day, at most about `count` of them. @param {number} low @param {number} high @param {number} count */
export function hourTicks(low, high, count) {
  const step = HOURS.find((hours) => hours >= (high - low) / count);
  return step ? multiples(low, high, step) : ticks(low, high, count);
}

/** A number at an axis. @param {number} t */
export const plain = (t) => String(Number(t.toPrecision(6))).replace("-", "−");

/** The same where it may be very large or small, or a time of day. @param {number} t @param {boolean} hours */
export function tick(t, hours = false) {
  if (hours) return clock(t);
  const size = Math.abs(t);
  return size >= 1e5 || (size && size < 1e-3) ? number(t) : plain(t);
}

/**
 * The numbers for an axis: `count` of them; on a logarithmic one as many as it has, but one alone is no scale.
 * @param {number} low
 * @param {number} high
 * @param {number} count
 * @param {{ log?: boolean, hours?: boolean }} kind
 */
export function numbersAt(low, high, count, { log = false, hours = false } = {}) {
  const found = log ? logTicks(low, high) : hours ? hourTicks(low, high, count) : ticks(low, high, count);
  return found.length > 1 ? found : ticks(low, high, 4);
}

/**
 * Those of the numbers at an axis that have room: [where, text], from the left.
 * @param {number[]} values
 * @param {Scale} x
 * @param {(text: string) => number} width
 * @param {number} apart
 */
export function roomy(values, x, width, apart, hours = false) {
  let free = -Infinity;
  return values.flatMap((value) => {
    const text = tick(value, hours);
    const half = width(text) / 2;
    const at = x(value);
    if (at - half < free) return [];
    free = at + half + apart;
    return [{ at, text }];
  });
}

/**
 * A frame with numbers below and at the left, and the names of both axes.
 * @param {Pen} c
 * @param {UI} ui
 * @param {{ x: number, y: number, w: number, h: number }} box
 * @param {Scale} x
 * @param {Scale} y
 * @param {Names} names
 */
export function axes(c, ui, box, x, y, names) {
  const { unit, theme } = ui;
  const [right, bottom] = [box.x + box.w, box.y + box.h];
  c.strokeStyle = theme.line;
  c.lineWidth = 1;
  c.strokeRect(box.x + 0.5, box.y + 0.5, box.w, box.h);
  c.font = ui.font();
  if (names.x != null) {
    const kind = { log: x.log, hours: names.hours };
    const across = numbersAt(x.low, x.high, Math.max(2, box.w / (80 * unit)), kind);
    for (const { at, text } of roomy(across, x, (text) => widest(c, [text]), 6 * unit, names.hours))
      write(c, text, at, bottom + 5 * unit, theme.quiet, "center", "top");
    write(c, names.x, right, bottom + 19 * unit, theme.quiet, "right", "top");
  }
  const up = names.up ?? ticks(y.low, y.high, Math.max(2, box.h / (50 * unit)));
  for (const value of up) write(c, plain(value), box.x - 6 * unit, y(value), theme.quiet, "right");
  if (names.y) write(c, names.y, box.x, box.y - 4 * unit, theme.quiet, "left", "bottom");
}

/** From the least to the greatest of some numbers, with room at both ends. @param {Iterable<number>} values */
export function range(values, pad = 0.06) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const room = (high - low || 1) * pad;
  return [low - room, high + room];
}
