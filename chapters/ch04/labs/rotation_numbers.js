// A pair of columns as a point on a circle, and the matrix that carries position i to i + δ.
import { encode, frequencies } from "./sinusoids.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Spec } from "../../../course_kit/views/js/src/shared/types.js" */
/** @typedef {"position" | "offset" | "pair"} Moved an entry of the state */
/** @typedef {Record<Moved, number>} RotationState */
/** @typedef {Spec & { length: number, size: number }} RotationSpec positions, columns */
/** @typedef {ReturnType<typeof numbersOf>} RotationNumbers */
/** @typedef {number[]} Point [cosine, sine] */

export const TURN = 2 * Math.PI;
const EXACT = 1e-9; // what differs less is called equal

/** @param {number[][]} matrix @param {Point} point */
export const times = (matrix, point) => matrix.map((row) => row[0] * point[0] + row[1] * point[1]);

/** The largest difference of two entries. @param {number[]} a @param {number[]} b */
const apart = (a, b) => Math.max(...a.map((x, i) => Math.abs(x - b[i])));

/** @param {number[]} a @param {number[]} b */
export const equal = (a, b) => apart(a, b) < EXACT;

/** Where a position is on the circle of a pair. @param {number} position @param {number} omega @returns {Point} */
export const pointOf = (position, omega) => encode(position, [omega]);

/**
 * @param {RotationSpec} spec
 * @param {RotationState} state
 */
export function numbersOf({ size }, { position, offset, pair }) {
  const omega = frequencies(size)[pair];
  const angle = offset * omega;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const matrix = [
    [cos, -sin],
    [sin, cos],
  ];
  const points = [pointOf(position, omega), pointOf(position + offset, omega)];
  return { omega, angle, matrix, points, turned: times(matrix, points[0]) };
}

/** How far it has turned, 0 to 2π. @param {number} position @param {number} omega */
const turnOf = (position, omega) => (((position * omega) % TURN) + TURN) % TURN;

/** The way from one angle to another, the shorter one. @param {number} a @param {number} b */
const around = (a, b) => Math.min(Math.abs(a - b), TURN - Math.abs(a - b));

/**
 * Which of the two points is nearer to an angle.
 * @param {RotationState} state
 * @param {number} omega
 * @param {number} turn
 * @returns {"position" | "offset"}
 */
export function held({ position, offset }, omega, turn) {
  const [first, second] = [position, position + offset].map((i) => around(turnOf(i, omega), turn));
  return offset && second < first ? "offset" : "position";
}

/**
 * The value that brings the held point nearest to an angle; of several in the same place the one least far to go.
 * @param {RotationState} state
 * @param {number} omega
 * @param {"position" | "offset"} name
 * @param {number[]} values
 * @param {number} turn
 */
export function dragged(state, omega, name, values, turn) {
  const from = name === "offset" ? state.position : 0;
  const far = (/** @type {number} */ value) =>
    around(turnOf(from + value, omega), turn) + 1e-3 * Math.abs(value - state[name]);
  return values.reduce((best, value) => (far(value) < far(best) ? value : best));
}

const LETTERS = { position: "i", offset: "δ", pair: "j" };

/**
 * What the reader moved, and whether R moved with it; "" where more than one thing moved, null where nothing did.
 * @param {{ state: RotationState, matrix: number[][] }} last
 * @param {RotationState} state
 * @param {number[][]} matrix
 */
export function noticed(last, state, matrix) {
  const names = /** @type {Moved[]} */ (Object.keys(LETTERS));
  const moved = names.filter((name) => state[name] !== last.state[name]);
  if (!moved.length) return null;
  if (moved.length > 1) return "";
  const [name] = moved;
  const minus = (/** @type {number} */ x) => String(x).replace("-", "−");
  const values = { letter: LETTERS[name], before: minus(last.state[name]), after: minus(state[name]) };
  return apart(matrix.flat(), last.matrix.flat()) === 0
    ? t("You moved {letter} from {before} to {after}: R stayed the same.", values)
    : t("You moved {letter} from {before} to {after}: R is another matrix.", values);
}
