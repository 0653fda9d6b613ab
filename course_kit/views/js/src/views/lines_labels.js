// Names beside the points of a chart, each where it covers nothing; what finds no room is left to the pointer.
import { clamp } from "../shared/numbers.js";

/** @import { Ruler } from "../shared/chart.js" */

/**
 * @typedef {{ left: number, top: number, right: number, bottom: number }} Box
 * @typedef {[left: number, top: number, width: number, height: number]} Taken
 * @typedef {object} Named
 * @property {number} i of the point
 * @property {string[]} lines
 * @property {number} x of its left edge
 * @property {number} y of its upper edge
 * @property {number} apart from line to line
 * @property {[x: number, y: number, toX: number, toY: number] | null} leader from the point, if it is far away
 */

/**
 * Corners at which a label can begin, as near as `away`: beside, above, below, at the corners.
 * @param {{ x: number, y: number }} point @param {number} wide @param {number} high @param {number} away
 */
const around = ({ x, y }, wide, high, away) => [
  [x + away, y - high / 2],
  [x - away - wide, y - high / 2],
  [x - wide / 2, y - high - away + 2],
  [x - wide / 2, y + away - 1],
  [x + away - 2, y + away - 3],
  [x - away + 2 - wide, y + away - 3],
  [x + away - 2, y - high - away + 3],
  [x - away + 2 - wide, y - high - away + 3],
];
const NEAR = 8; // so many corners

/** @param {Taken} a @param {Taken} b */
const covers = (a, b) => a[0] < b[0] + b[2] && b[0] < a[0] + a[2] && a[1] < b[1] + b[3] && b[1] < a[1] + a[3];

/**
 * The labels that have room, the longest first, since they find least. taken: what they may not cover; grows by them.
 * @param {string[]} labels
 * @param {{ x: number, y: number }[]} points
 * @param {Box} box
 * @param {Taken[]} taken
 * @param {Ruler} ruler
 * @returns {Named[]}
 */
export function places(labels, points, box, taken, ruler) {
  const apart = 13 * ruler.unit;
  const texts = labels.map((text) => ruler.broken(String(text), 0.45 * (box.right - box.left), 12));
  const widths = texts.map((lines) => ruler.widest(lines, 12));
  const order = labels.map((_, i) => i).sort((i, j) => widths[j] - widths[i]);
  return order.flatMap((i) => {
    const point = points[i];
    const wide = widths[i];
    const high = apart * texts[i].length;
    if (!labels[i] || !Number.isFinite(point.y)) return [];
    const corners = [
      ...around(point, wide, high, 7),
      ...around(point, wide, high, 24 * ruler.unit).slice(2), // at the end of a line
    ];
    const free = corners.findIndex(
      ([x, y]) =>
        x > box.left - 30 &&
        x + wide < box.right + 12 &&
        y > box.top - apart &&
        y + high < box.bottom + 4 &&
        !taken.some((other) => covers([x, y, wide, high], other)),
    );
    if (free < 0) return [];
    const [x, y] = corners[free];
    taken.push([x, y, wide, high]);
    const end = [clamp(point.x, x, x + wide), y + (y < point.y ? high : 0)];
    /** @type {Named["leader"]} */
    const leader = free < NEAR ? null : [point.x, point.y, end[0], end[1]];
    return [{ i, lines: texts[i], x, y, apart, leader }];
  });
}
