// The room of a figure's words: in how many lines they are, how wide columns and how high rows become for them, and how
// many digits cells have.
import { clamp } from "../shared/numbers.js";

/**
 * @typedef {[x: number, y: number, across?: number, down?: number]} Point x: 0 to 1 of the width; the others: lengths,
 *   the last two from there on
 * @typedef {object} Shape
 * @property {"text" | "box" | "cells" | "bar" | "arrow" | "disc" | "web"} shape
 * @property {string} [role] query, key, value, output; else ink
 * @property {number} [x] its middle
 * @property {number} [y] its middle
 * @property {number} [wide] of a box or bar, 0 to 1 of the width; of a disc: at most
 * @property {number} [high]
 * @property {boolean} [even] a box to scale: its sides grow together
 * @property {string} [words]
 * @property {number} [size] of its type
 * @property {boolean} [strong]
 * @property {"start" | "middle" | "end"} [anchor]
 * @property {number[]} [numbers] of cells, side by side
 * @property {number} [per] so many of them in a line
 * @property {number} [share] of a bar, 0 to 1
 * @property {number} [before] what it was
 * @property {Point} [from] of an arrow
 * @property {Point} [to]
 * @property {number} [turn] of a hand, an arrow without `to`: radians from the top, clockwise
 * @property {number} [reach] and its length
 * @property {number[]} [dots] of a web: x, y, x, y, …
 * @property {number[]} [lines] between its dots: from, to, from, to, …
 * @property {number[]} [lit] the lines that stand out
 * @property {number} [bend] how far its middle is from the straight line
 * @property {number} [weight] its thickness; 0: not to be seen
 * @property {number} [since] the step with which it comes
 * @property {number} [until] the step after which it fades
 * @property {boolean} [head] of an arrow; without it a line
 * @property {number[]} [only] the frames in which it is to be seen
 * @property {number} [up] how far above the middle the words of a box stand
 * @property {Record<string, any>[]} [each] what is different in each frame
 * @typedef {[from: number, until: number, need: number]} Need
 */

export const [SIZE, LINE, TYPE] = [15, 20, 24]; // of words: on a page, from line to line; in front of a class
export const ACROSS = 580; // the width of the layout
const SIGHT = 24; // of an arrow
const SEEN = 6; // of one between two rows of cells in front of a class

/** A number of a cell, with so many digits behind its point. @param {number} x @param {1 | 2} digits */
export function digitsOf(x, digits) {
  const [long, short] = [2, 1].map((places) => x.toFixed(places).replace(/^(-?)0\./, "$1."));
  const text = Number.isInteger(x) ? String(x) : digits < 2 || long.length > 4 ? short : long;
  return digits < 2 && !/[1-9]/.test(text) ? "0" : text.replace("-", "−");
}

/**
 * How many digits numbers have in cells, all alike: two, one, or, where even that one has no room, none. The table has
 * them.
 * @param {[numbers: number[], room: number][]} cells room: of one number, in its size
 * @param {(words: string) => number} [ems]
 */
export function digitsIn(cells, ems = emsOf) {
  const fits = (/** @type {1 | 2} */ digits) =>
    cells.every(([numbers, room]) => numbers.every((x) => ems(digitsOf(x, digits)) <= room));
  return fits(2) ? 2 : fits(1) ? 1 : 0;
}

/** How wide words are, in widths of a large letter, about. @param {string} words */
export const emsOf = (words) => [...words].reduce((sum, letter) => sum + (letter > "\u2e80" ? 1 : 0.56), 0);

/**
 * Words in lines of so much room; Chinese breaks anywhere.
 * @param {string} words @param {number} room in their size @param {(words: string) => number} [ems]
 */
export function linesOf(words, room, ems = emsOf) {
  const [first = "", ...rest] = words.match(/[\u2e80-\uffff]|(?: × | (?=[✓✗.,!?])|[^\s\u2e80-\uffff])+\s?|\s/g) ?? [];
  const lines = [first];
  for (const word of rest)
    if (ems((lines.at(-1) + word).trimEnd()) > room) lines.push(word);
    else lines[lines.length - 1] += word;
  return lines;
}

/**
 * What a length upwards has to be in front of a class, so that rows of words do not touch, and an arrow from cells to
 * those above them is seen.
 * @param {Shape[]} shapes
 */
export function upOf(shapes) {
  /** @type {Record<string, [middle: number, need: number][]>} */
  const columns = {};
  const tips = shapes.flatMap(({ from, to }) => (from && to && Math.abs(from[0] - to[0]) < 0.002 ? [from, to] : []));
  const isJoined = (/** @type {Shape} */ { x = 0, y = 0 }) =>
    tips.some(([a, b]) => Math.abs(a - x) < 0.002 && Math.abs(b - y) < 16);
  for (const item of shapes) {
    const { shape, x = 0, y = 0, up = 0, anchor, words = "", each = [{}], numbers } = item;
    if (numbers || (words + each.map((changes) => changes.words ?? "").join("")).trim())
      (columns[`${x.toFixed(2)} ${anchor}`] ??= []).push([
        y - up,
        shape === "text" ? TYPE : numbers && isJoined(item) ? TYPE + 4 + SEEN : TYPE + 4,
      ]);
  }
  const needs = Object.values(columns).flatMap((column) => {
    column.sort(([a], [b]) => a - b);
    return column
      .slice(1)
      .map(([y, need], i) => (y - column[i][0] < 5 ? 0 : (need + column[i][1]) / 2 / (y - column[i][0])));
  });
  return Math.max(0, ...needs);
}

/**
 * Columns get the room that their words need, at the cost of those that have some to spare -> where in the drawing a
 * share of its width is, and how wide it becomes: wider than it should be where no column has.
 * @param {Need[]} needs from, until: shares of the width; need: in pixels
 * @param {number} width
 * @param {number} spare how much of its width a column keeps that gives some away
 */
export function columnLayout(needs, width, spare) {
  const near = (/** @type {number} */ x) => Math.round(x * 400) / 400;
  const rounded = needs.map(([from, until, need]) => /** @type {const} */ ([near(from), near(until), need]));
  /** @type {Record<number, typeof rounded>} */
  const upTo = {};
  for (const need of rounded) (upTo[need[1]] ??= []).push(need);
  const ends = [...new Set([0, 1, ...rounded.flatMap(([from, until]) => [from, until])])].sort((a, b) => a - b);
  const positionsAt = (/** @type {number} */ scale) => {
    /** @type {Map<number, number>} */
    const positions = new Map();
    let [before, at] = [ends[0], ends[0] * scale];
    for (const end of ends) {
      const minimum = (upTo[end] ?? []).map(([from, , px]) => (positions.get(from) ?? 0) + px);
      at = Math.max(at + (end - before) * scale, ...minimum);
      positions.set(end, at);
      before = end;
    }
    return positions;
  };
  const wide = (/** @type {number} */ scale) => positionsAt(scale).get(1) ?? 0;
  let [minimum, maximum] = [spare * width, width];
  if (wide(maximum) <= width + 1) return { drawn: width, at: (/** @type {number} */ x) => x * width };
  for (let n = 0; n < 12; n++) {
    const middle = (minimum + maximum) / 2;
    [minimum, maximum] = wide(middle) <= width ? [middle, maximum] : [minimum, middle];
  }
  const positions = positionsAt(minimum);
  const at = (/** @type {number} */ x) => {
    const i =
      clamp(
        ends.findIndex((end) => end >= x),
        1,
        ends.length - 1,
      ) || ends.length - 1;
    const [a, b] = [ends[i - 1], ends[i]];
    const [from, until] = [positions.get(a) ?? 0, positions.get(b) ?? 0];
    return from + ((x - a) / (b - a)) * (until - from);
  };
  return { drawn: Math.max(width, Math.ceil(wide(minimum))), at };
}

/**
 * Rows grow where words take more lines than the layout gave them -> how far down of the drawing a length of the layout
 * is.
 * @param {[top: number, bottom: number, need: number][]} rows need: in pixels
 * @param {number} up what a length upwards is
 */
export function rowLayout(rows, up) {
  /** @type {typeof rows} */
  const additions = [];
  const at = (/** @type {number} */ y) =>
    additions.reduce((sum, [top, bottom, px]) => sum + px * clamp((y - top) / (bottom - top), 0, 1), y * up);
  for (const [top, bottom, need] of rows.toSorted((a, b) => a[1] - a[0] - (b[1] - b[0]))) {
    const lack = need - (at(bottom) - at(top));
    if (lack > 0.5) additions.push([top, bottom, lack]);
  }
  return at;
}

/** Between words and what stands beside them. @param {Shape} shape */
export const airOf = ({ shape }) => (shape === "box" ? 8 : 5);

/**
 * Boxes as wide as the numbers in them keep their ratio: what columns below or above these need, all of them need.
 * @param {Need[]} needs @param {Shape[]} shapes @returns {Need[]}
 */
export function toScale(needs, shapes) {
  const boxes = shapes.filter(({ shape, words = "" }) => shape === "box" && Number(words) > 0);
  const ratios = boxes.map(({ wide = 0, words }) => wide / Number(words));
  const isAlike = new Set(boxes.map(({ words }) => words)).size < 2;
  if (isAlike || Math.max(...ratios) > 1.02 * Math.min(...ratios)) return needs;
  const ends = boxes.flatMap(endsOf);
  const [from, until] = [Math.min(...ends), Math.max(...ends)];
  const isInside = (/** @type {Need} */ [a, b]) => a > from - 0.005 && b < until + 0.005;
  return needs.map((need) => (isInside(need) ? [from, until, (need[2] * (until - from)) / (need[1] - need[0])] : need));
}

/** Where a shape begins and ends, shares of the width. @param {Shape} shape @returns {[number, number]} */
export function endsOf({ x = 0, wide = 0, anchor = "middle" }) {
  const from = x - { start: 0, middle: 0.5, end: 1 }[anchor] * wide;
  return [from, from + wide];
}

/** The box that words stand in, if they do. @param {Shape} item @param {Shape[]} shapes */
export function aroundOf({ shape, x = 0, y = 0 }, shapes) {
  const isIn = (/** @type {[number, number]} */ [from, until]) => from < x && x < until;
  const isAround = (/** @type {Shape} */ other) =>
    other.shape === "box" && isIn(endsOf(other)) && Math.abs((other.y ?? 0) - y) < (other.high ?? 0) / 2;
  if (shape === "text") return shapes.filter(isAround).sort((a, b) => (a.wide ?? 0) - (b.wide ?? 0))[0];
}

/**
 * How high words may become without touching what is above or below them, or leaving what they stand in.
 * @param {Shape} item @param {Shape[]} shapes @param {number} height how high the drawing is
 */
export function freeOf(item, shapes, height) {
  const [from, until] = endsOf(item);
  const { y = 0 } = item;
  let free = 2 * Math.min(y, height - y);
  for (const other of shapes) {
    const { shape, high = { cells: 22, text: LINE }[shape] ?? 20, from: [a, b] = [0, 0], to: [c, d] = [a, b] } = other;
    const [left, right] = shape === "arrow" ? [Math.min(a, c), Math.max(a, c)] : endsOf(other);
    const middle = other.y ?? 0;
    const [top, bottom] = shape === "arrow" ? [Math.min(b, d), Math.max(b, d)] : [middle - high / 2, middle + high / 2];
    if (other === item || shape === "web" || left > until || right < from) continue;
    for (const edge of [top, bottom]) free = Math.min(free, 2 * Math.abs(edge - y));
  }
  return free;
}

/**
 * Where words begin and end which an arrow touches from the side: it may not lie on them where they are larger.
 * @param {Shape} shape @param {Point[]} tips
 */
export function touchedOf({ shape, x = 0, y = 0, size = SIZE, words = "", each = [], anchor }, tips) {
  if (shape !== "text" || anchor) return undefined;
  const ems = Math.max(emsOf(words), ...each.map((changes) => emsOf(changes.words ?? "")));
  const half = (ems * size + 4) / 2 / ACROSS;
  const isNear = (/** @type {Point} */ [a, b]) =>
    Math.abs(b - y) < LINE / 2 && Math.abs(Math.abs(a - x) - half) * ACROSS < 6;
  return tips.some(isNear) ? /** @type {[number, number]} */ ([x - half, x + half]) : undefined;
}

/**
 * What a loop above a box needs below the box over that.
 * @param {Shape} item @param {Shape[]} shapes @param {number} unit
 * @returns {[top: number, bottom: number, need: number][]}
 */
export function overOf({ shape, from: [a, y] = [0, 0], to: [b, end] = [a, 0], bend = 0 }, shapes, unit) {
  if (shape !== "arrow" || !bend || a === b || y !== end) return [];
  const [left, right] = [Math.min(a, b), Math.max(a, b)];
  const isOwn = (/** @type {Shape} */ other) => Math.abs((other.y ?? 0) - (other.high ?? 0) / 2 - y) < 5;
  const overlaps = (/** @type {Shape} */ other) => endsOf(other)[0] < right && endsOf(other)[1] > left;
  const [own, ...further] = shapes.filter((other) => other.shape === "box" && overlaps(other) && isOwn(other));
  if (!own || further.length) return [];
  const bottoms = shapes
    .filter((other) => other.shape === "box" && overlaps(other))
    .map((other) => (other.y ?? 0) + (other.high ?? 0) / 2);
  const bottom = Math.max(...bottoms.filter((other) => other < y));
  return bottom > 0 ? [[bottom, y, (Math.abs(bend) / 2 + 6) * unit]] : [];
}

/** What an arrow from the side needs so that one sees it, and a box to scale. @param {Shape} item @returns {Need[]} */
export function arrowNeedsOf(item) {
  const { shape, even, wide = 0, from: [a, b, before = 0] = [0, 0], to: [c, d, behind = 0] = [a, b] } = item;
  const far = Math.abs(c - a) * ACROSS;
  if (even || (shape === "disc" && wide)) return [[...endsOf(item), 0.65 * wide * ACROSS]];
  if (shape !== "arrow" || far < 8 || Math.abs(d - b) > LINE) return [];
  return [[Math.min(a, c), Math.max(a, c), Math.min(far, SIGHT) + Math.abs(behind) + Math.abs(before)]];
}

/**
 * The right half of a drawing below its left one, where it can be cut near its middle; else none.
 * @param {Shape[]} shapes @param {number} high
 */
export function fold(shapes, high) {
  const near = 0.004;
  const spans = shapes.map((item) =>
    item.shape === "arrow" ? [item.from, item.to ?? item.from].map((at) => at?.[0] ?? 0).sort() : endsOf(item),
  );
  const isFree = (/** @type {number} */ x) => spans.every(([from, until]) => until < x + near || from > x - near);
  const cuts = spans.map(([, until]) => until).filter((x) => Math.abs(x - 0.5) < 0.15 && isFree(x));
  const cut = cuts.sort((a, b) => Math.abs(a - 0.5) - Math.abs(b - 0.5))[0];
  if (!cut || shapes.some(({ each }) => each?.some((changes) => "y" in changes))) return null;
  return shapes.map((item, i) => {
    const isRight = spans[i][0] > cut - near;
    const [begin, scale, down] = isRight ? [cut, 1 / (1 - cut), high] : [0, 1 / cut, 0];
    const at = (/** @type {Point | undefined} */ to) =>
      to && /** @type {Point} */ ([(to[0] - begin) * scale, to[1] + down, ...to.slice(2)]);
    const [x, y] = at([item.x ?? 0, item.y ?? 0]) ?? [];
    return { ...item, x, y, wide: item.wide && item.wide * scale, from: at(item.from), to: at(item.to) };
  });
}

/**
 * How far words or a box have to move so that they are in the middle of the box around them, where columns are not all
 * wider by the same; not if an arrow touches them.
 * @param {Shape} item @param {Shape[]} shapes @param {(share: number) => number} at where a share of the width is
 */
export function asideOf(item, shapes, at) {
  const { shape, x = 0, y = 0, wide = 0, anchor = "middle" } = item;
  if (!(shape === "text" || shape === "box") || anchor !== "middle") return 0;
  const isAround = (/** @type {Shape} */ { shape: kind, x: a = 0, y: b = 0, wide: far = 0, high = 0 }) =>
    kind === "box" && Math.abs(a - x) < 0.002 && far > wide + 0.002 && Math.abs(b - y) < high / 2;
  const around = shapes
    .filter((other) => other !== item && isAround(other))
    .sort((a, b) => (b.wide ?? 0) - (a.wide ?? 0))[0];
  const isTip = (/** @type {Point | undefined} */ to) =>
    to && Math.abs(to[0] - x) <= wide / 2 + 0.002 && Math.abs(to[1] - y) <= (item.high ?? LINE) / 2 + 2;
  if (!around || shapes.some(({ from, to }) => isTip(from) || isTip(to))) return 0;
  const middle = (/** @type {Shape} */ other) => endsOf(other).reduce((sum, end) => sum + at(end) / 2, 0);
  return middle(around) - (wide ? middle(item) : at(x));
}

/** The numbers of cells in all frames. @param {Shape} shape @returns {number[]} */
export const allOf = ({ numbers = [], each = [{}] }) => each.flatMap((changes) => changes.numbers ?? numbers);
