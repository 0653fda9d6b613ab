// What the parts of the attention pooling lab draw and say alike: keys and queries, a legend, the query below its axis.
import { curve, dot, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { translate } from "../../../course_kit/views/js/src/shared/language.js";
import { clock, short } from "../../../course_kit/views/js/src/shared/numbers.js";

/** @import { Pen } from "../../../course_kit/views/js/src/shared/draw.js" */
/** @import { Spec, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @typedef {{ x: number, y: number, w: number, h: number }} Box */
/**
 * @typedef {Spec & { key_name: string, value_name: string, clock: boolean, widths: number[], kernels: string[] }}
 *   PoolingSpec clock: keys are hours
 */
/** @typedef {[number, number]} Point */

/** A key or a query as the text around the lab writes it: hours of a day as a clock shows them. @param {Spec} spec */
export const told = (spec) => (/** @type {number} */ key) => (spec.clock ? clock(key) : short(key));

/** The slider of the query tells hours as the picture does. @param {UI} ui */
export function setTheClock({ root, spec, state }) {
  if (!spec.clock) return;
  const shown = /** @type {HTMLOutputElement | null} */ (root.querySelector('output[data-testid="query"]'));
  if (shown) shown.value = clock(state.query);
  root.querySelector('input[data-control="query"]')?.setAttribute("aria-valuetext", `query ${clock(state.query)}`);
}

/**
 * A straight line from one point to another.
 * @param {Pen} c
 * @param {Point} from
 * @param {Point} to
 * @param {string} colour
 * @param {number} width
 * @param {number[]} dash
 */
export function straight(c, from, to, colour, width, dash = []) {
  const as = (/** @type {number} */ at) => at;
  curve(c, [from[0], to[0]], [from[1], to[1]], as, as, colour, width, dash);
}

/**
 * Marks and what they are, in one row that ends at `right`: dots for values, the curve of the estimates, the truth.
 * @param {UI} ui
 * @param {Pen} c
 * @param {number} right
 * @param {number} y
 * @param {string} value what the dots are
 * @param {boolean} truth whether it is drawn
 */
export function marked({ theme, unit, font }, c, right, y, value, truth) {
  /** @param {string} colour @param {number} width @param {number[]} dash */
  const line = (colour, width, dash) => (/** @type {number} */ x) =>
    straight(c, [x, y], [x + 16 * unit, y], colour, width, dash);
  const items = [
    { name: translate(value), mark: (/** @type {number} */ x) => dot(c, x + 8 * unit, y, 4 * unit, theme.value) },
    { name: translate("estimate"), mark: line(theme.output, 2.4 * unit, []) },
  ];
  if (truth) items.push({ name: translate("truth"), mark: line(theme.quiet, 1.2, [5, 4]) });
  c.font = font(12);
  const wide = items.map(({ name }) => c.measureText(name).width + 34 * unit);
  let x = right - wide.reduce((a, b) => a + b, -12 * unit);
  items.forEach(({ name, mark }, i) => {
    mark(x);
    write(c, name, x + 22 * unit, y + 1, theme.quiet);
    x += wide[i];
  });
}

/**
 * A triangle at the query and its number; the name of the axis goes where these are not.
 * @param {UI} ui
 * @param {Pen} c
 * @param {number} at
 * @param {number} y
 * @param {Point} axis where it begins and ends
 */
export function asked({ theme, unit, font, state, spec }, c, at, y, [from, to]) {
  const middle = y + 9 * unit;
  const leftwards = at > to - 110 * unit; // there is no room for the number at the right
  c.fillStyle = theme.query;
  c.beginPath();
  c.moveTo(at, y);
  c.lineTo(at - 8 * unit, y + 14 * unit);
  c.lineTo(at + 8 * unit, y + 14 * unit);
  c.fill();
  c.font = font(13, 700);
  const text = translate(`query ${told(spec)(state.query)}`);
  const number = c.measureText(text).width + 12 * unit;
  if (leftwards) write(c, text, at - 12 * unit, middle, theme.query, "right");
  else write(c, text, at + 12 * unit, middle, theme.query);
  c.font = font(12);
  const name = c.measureText(spec.key_name).width + 8 * unit;
  if (to - name > at + (leftwards ? 8 * unit : number)) write(c, spec.key_name, to, middle, theme.quiet, "right");
  else if (from + name < at - (leftwards ? number : 8 * unit)) write(c, spec.key_name, from, middle, theme.quiet);
}
