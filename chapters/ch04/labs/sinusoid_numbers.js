// The encoding as a table, a column of it as a wave, and binary counting.
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
  const digits = encoding.map((_, position) => Array.from(inBinary(position, length), Number));
  return { encoding, digits, frequencies: omegas };
}

/** A position in as many binary digits as the last one has. @param {number} position @param {number} length */
export const inBinary = (position, length) => position.toString(2).padStart((length - 1).toString(2).length, "0");

/** @param {number} column */
export const isCosine = (column) => column % 2 === 1;

/** The column of the same pair. @param {number} column */
export const partner = (column) => (isCosine(column) ? column - 1 : column + 1);

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
