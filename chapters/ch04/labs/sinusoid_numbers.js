// The encoding as a table, and a column of it as a wave.
import { fmt } from "../../../course_kit/views/js/src/shared/numbers.js";
import { encode, frequencies } from "./sines.js";

/** @import { Spec } from "../../../course_kit/views/js/src/shared/types.js" */
/** @typedef {Spec & { length: number, size: number }} SinusoidSpec positions, columns */
/** @typedef {{ position: number, column: number }} Cell */
/** @typedef {ReturnType<typeof numbersOf>} SinusoidNumbers */

/** @param {SinusoidSpec} spec */
export function numbersOf({ length, size }) {
  const omegas = frequencies(size);
  const encoding = Array.from({ length }, (_, position) => encode(position, omegas));
  return { encoding, frequencies: omegas };
}

/** @param {number} column */
export const isCosine = (column) => column % 2 === 1;

/** A column at any position, fractions too. @param {number} position @param {number} column @param {number[]} omegas */
export function wave(position, column, omegas) {
  const angle = position * omegas[column >> 1];
  return isCosine(column) ? Math.cos(angle) : Math.sin(angle);
}

/** After how many positions a column repeats. @param {number} column @param {number[]} omegas */
export const period = (column, omegas) => (2 * Math.PI) / omegas[column >> 1];

/** The same as a reader sees it. @param {number} positions */
export const told = (positions) =>
  positions < 100 ? fmt(positions, 1) : Math.round(positions).toLocaleString("en-GB");
