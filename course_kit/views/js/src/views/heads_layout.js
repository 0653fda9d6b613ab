// Where the head explorer draws what: the small maps, and the open head beside them where there is room, else below.
import { clamp } from "../shared/numbers.js";
import { t } from "../text.js";

/** @import { HeadMap } from "./heads_numbers.js" */
/**
 * @typedef {import("../shared/cells.js").Place} Place
 * @typedef {Place & { corner: string[], turn: number, width: number, height: number }} Open the open head; corner: how
 *   its queries and its keys are called there; turn: of slanted keys; size of the canvas
 *
 * @typedef {ReturnType<typeof layoutOf>} Layout
 *
 * @typedef {object} Room
 * @property {number} width
 * @property {boolean} narrow
 * @property {number} unit
 * @property {number} tall
 * @property {number} digits size of the numbers' font in pixels
 * @property {number} grid the height that there is for the small maps
 * @property {number} open the height that there is for the open head
 * @property {boolean} [whole] whether all rows are to be seen at once
 * @property {(words: string[]) => number} widest width of the longest word in the labels' font
 */

const GAP = 5; // between small maps
const MOST = 60; // the width of one: together they are an index
const LEAN = 0.71; // of a slanted word's length, what it goes up and to the right
const SLANTED = 17; // of a cell in front of a class: its slanted name has a line of its own
const FLAT = 1.35; // a small map that has to be low is wider by so much at most

/** @param {HeadMap} map @param {Room} room */
export function layoutOf(map, room) {
  const { width, unit, digits } = room;
  const [layers, heads, queries, keys] = map.shape;
  const columns = heads + (heads > 1 ? 1 : 0);
  const left = 52 * unit;
  const top = 20 * unit;
  const spare = width - left - columns * (44 * unit + GAP) - 24;
  const beside = !room.narrow && spare >= 300 * unit;
  const big = openOf(map, room, beside ? spare : null);
  const share = (beside ? width - big.width - 24 : width) - left;
  const frame = 2.5 * unit;
  const number = frame / 2 + 2.2 * unit + 0.73 * digits; // digits are as high as 0.73 of their font
  const cap = number + 3.5 * unit;
  const ratio = clamp(queries / keys, 0.45, 1.4);
  const wished = clamp(Math.floor(share / columns) - GAP, 16, MOST * unit);
  const most = Math.max(24 * unit, (room.grid - top - 2) / layers - cap - GAP);
  const tall = Math.floor(Math.min(Math.round(wished * ratio), most));
  const tile = Math.min(wished, Math.round((FLAT * tall) / ratio));
  const across = tile + GAP;
  const down = tall + cap + GAP;
  const grid = left + columns * across;
  return {
    ...{ left, top, tile, tall, across, down, frame, number, beside, big },
    width: grid,
    height: top + layers * down + 2,
  };
}

/**
 * @param {HeadMap} map
 * @param {Room} room
 * @param {number | null} spare the width that the small maps leave at least; null: it stands below them
 * @returns {Open}
 */
function openOf(map, room, spare) {
  const { width, unit } = room;
  const [, , queries, keys] = map.shape;
  const widest = (/** @type {string[]} */ words) => Math.min(130 * unit, Math.ceil(room.widest(words)));
  const names = widest(map.keys);
  const letters = map.keys.every((key) => Array.from(key).length < 2); // stand upright in the narrowest column
  const tail = letters ? 4 : names * LEAN + 4;
  const bare = widest(map.queries) + 12 * unit;
  const corner = Math.max(bare, widest([t("query ↓")]) + 12 * unit); // it is named where that hides no column
  const fits = corner + 14 * unit * keys + tail <= (spare ?? width - 4);
  const label = fits ? corner : bare;
  const whole = label + 14 * unit * keys + tail; // what it takes to see all columns at once
  const legibly = keys > 16 && !letters ? whole + 7 * unit * keys : 0; // slanted words grow with their columns
  const wished = Math.max(300 * unit, 0.6 * width, spare !== null && whole <= spare ? whole : 0, legibly);
  const most = spare === null ? width - 4 : Math.min(spare, wished);
  const lean = names * LEAN + 18 * unit;
  const free = room.open - Math.max(44 * unit, lean);
  const every = Math.min(450 * room.tall, free) / (unit * queries);
  const least = Math.min(leastCell(room, bare + 10 * unit * keys + tail), room.whole ? every : Infinity);
  const left = Math.max(least * unit * queries, free);
  const tallest = Math.min(450 * room.tall, left);
  const fitting = Math.min(34 * unit, Math.floor((most - label - tail) / keys), Math.floor(tallest / queries));
  const size = Math.max(least * unit, fitting);
  // wider than high where there is room, so that no slanted key is left out
  const apart = room.whole && !letters ? SLANTED * unit : 0;
  const across = Math.max(size, Math.min(apart, Math.floor((most - label - tail) / keys)));
  const slanted = names > across - (letters ? 0 : 4);
  const end = slanted ? tail : 4;
  const high = Math.min(queries * size, tallest);
  const wide = Math.min(keys * across, Math.max(100, most - label - end));
  const top = Math.max(44 * unit, slanted ? lean : 0);
  return {
    ...{ left: label, top, across, down: size, slanted, turn: Math.PI / 4, names, wide, high, x: 0, y: 0 },
    corner: fits ? [t("query ↓"), t("key →")] : ["↓", "→"],
    width: Math.ceil(Math.min(most, label + wide + end)),
    height: Math.ceil(top + high) + 2,
  };
}

/** The least size of a cell. @param {Room} room @param {number} small the width of all cells at 10 */
function leastCell({ narrow, width, open }, small) {
  if (Number.isFinite(open)) return 12.6; // in front of a class no slanted key need be left out at this size
  return narrow && small <= width - 4 ? 10 : 14; // 10 if all can then be seen
}

/** The small map at a point, as a hover. @param {Layout} layout @param {HeadMap["shape"]} shape @param {number} x
 * @param {number} y */
export function mapAt({ left, top, across, down }, [layers, heads], x, y) {
  const layer = Math.floor((y - top) / down);
  const head = Math.floor((x - left) / across);
  const columns = heads + (heads > 1 ? 1 : 0);
  return layer >= 0 && layer < layers && head >= 0 && head < columns ? { layer, head } : {};
}

/** The cell or label of the open head at a point, as a hover. @param {Open} open @param {HeadMap["shape"]} shape
 * @param {number} x @param {number} y */
export function cellAt(open, [, , queries, keys], x, y) {
  const above = y < open.top;
  const leaning = above && open.slanted ? (y - open.top + 8) / Math.tan(open.turn) : 0;
  const row = Math.floor((y - open.top + open.y) / open.down);
  const col = Math.floor((x - open.left + open.x + leaning) / open.across);
  if (row >= queries || col >= keys || (above && col < 0)) return {};
  if (above) return { col };
  return x < open.left ? { row } : { row, col };
}
