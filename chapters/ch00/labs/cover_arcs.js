// What a word attends to: an arc to each other word, as thick as its weight; on a phone a line below each, and the
// largest weights as arcs between the rows.
import { svgElement } from "../../../course_kit/views/js/src/shared/dom.js";
import { mix, rgb } from "../../../course_kit/views/js/src/shared/theme.js";

/** @import { Theme } from "../../../course_kit/views/js/src/shared/theme.js" */
/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */

const TALL = 136; // height of the arcs
const EDGE = 50; // a number nearer to an edge would be cut off
const WIDE = 34; // the room of a number

/** The ink of a weight, the same in every picture of the cover. @param {Theme} theme @param {number} weight */
const inkOf = (theme, weight) => rgb(mix(theme.paper, theme.ink, weight < 0.005 ? 0 : 0.1 + 0.9 * weight ** 0.65));
/** @param {number} weight @param {number} unit */
const thickness = (weight, unit) => (0.8 + 14 * weight) * unit;

/** What is switched off: nobody is asked. @param {string} d */
const ghost = (d) => svgElement("path", { d, class: "ghost" });

/** Where the middles of the words are, in pixels of the arcs. @param {Element} svg @param {Element[]} words */
function middlesOf(svg, words) {
  const box = svg.getBoundingClientRect();
  const scale = box.width / svg.clientWidth || 1; // slides are scaled
  return words.map((word) => {
    const { left, width } = word.getBoundingClientRect();
    return (left + width / 2 - box.left) / scale;
  });
}

/**
 * The side of its arc on which a number stands: outside, or where it would not be cut off.
 * @param {number} to
 * @param {number} from
 * @param {number} width
 * @param {number} unit
 */
function sideOf(to, from, width, unit) {
  if (to < EDGE * unit) return 1;
  if (to > width - EDGE * unit) return -1;
  return to < from ? -1 : 1;
}

/**
 * @param {UI} ui
 * @param {Element} svg
 * @param {Element[]} words
 * @param {number[]} weights
 * @param {number} asker
 * @param {number[]} ghosts weights of arcs that are switched off: where they were
 */
export function paintArcs({ theme, unit, tall: room, spec }, svg, words, weights, asker, ghosts) {
  const tall = TALL * (spec.presenting ? 1.8 * room : unit); // a screen is low
  svg.setAttribute("height", String(tall));
  const middles = middlesOf(svg, words);
  const from = middles[asker];
  const farthest = Math.max(...middles.map((to) => Math.abs(to - from)));
  const others = weights
    .map((weight, i) => ({ weight, to: middles[i], i, off: ghosts[i] > 0 }))
    .filter(({ weight, i, off }) => i !== asker && (off || weight > 0));
  others.sort((one, other) => one.weight - other.weight); // the thickest on top
  const lines = others.flatMap(({ weight, to, off }, nth) => {
    const rise = (tall - 16 * unit) * (Math.abs(to - from) / farthest) ** 0.65;
    const over = tall - 1.33 * rise;
    const d = `M${from} ${tall}C${from} ${over},${to} ${over},${to} ${tall}`;
    const look = { stroke: inkOf(theme, weight), "stroke-width": thickness(weight, unit) };
    const arc = { d, fill: "none", ...look, pathLength: 1, style: `--nth:${nth / others.length}` };
    return [...(off ? [ghost(d)] : []), ...(weight > 0 ? [svgElement("path", arc)] : [])];
  });
  /** @type {number[]} the middles of numbers */
  const taken = [];
  const numbers = others
    .filter(({ weight }) => weight >= 0.1)
    .reverse()
    .flatMap(({ weight, to }) => {
      const side = sideOf(to, from, svg.clientWidth, unit);
      const place = { x: to + side * (6 + 7 * weight) * unit, y: tall - 9 * unit };
      const middle = place.x + (side * WIDE * unit) / 2;
      if (taken.some((one) => Math.abs(one - middle) < WIDE * unit)) return []; // its arc is the thinner one
      taken.push(middle);
      const anchor = side < 0 ? "end" : "start";
      const text = svgElement("text", {
        ...place,
        "text-anchor": anchor,
        "font-size": spec.presenting ? 24 : 13 * unit,
      });
      text.textContent = weight.toFixed(2);
      return text;
    });
  svg.replaceChildren(...lines, ...numbers);
}

const LINKED = 0.1; // a smaller weight has its line alone

/**
 * The arcs of a sentence of several rows run in the room below its words, where their numbers are.
 * @param {UI} ui
 * @param {Element} svg over all rows, behind them
 * @param {{ words: Element[], cells: Element[] }} sentence
 * @param {number[]} weights
 * @param {number} asker
 * @param {number[]} ghosts
 */
export function paintLinks({ theme, unit }, svg, { words, cells }, weights, asker, ghosts) {
  svg.removeAttribute("height");
  const box = svg.getBoundingClientRect();
  const scale = box.width / svg.clientWidth || 1;
  const at = (/** @type {Element} */ element) => {
    const { left, width, top, bottom } = element.getBoundingClientRect();
    return {
      x: (left + width / 2 - box.left) / scale,
      top: (top - box.top) / scale,
      bottom: (bottom - box.top) / scale,
    };
  };
  const from = at(words[asker]);
  const lines = weights.flatMap((weight, i) => {
    const off = ghosts[i] >= LINKED;
    if (i === asker || (weight < LINKED && !off)) return [];
    const to = at(words[i]);
    const above = to.bottom <= from.top;
    const start = above ? from.top : from.bottom; // of words in the same row, and below: under the asking one
    const end = to.top >= from.bottom ? to.top : to.bottom;
    const sag = start === end ? at(cells[i]).bottom : (start + end) / 2;
    const d = `M${from.x} ${start}C${from.x} ${sag},${to.x} ${sag},${to.x} ${end}`;
    const look = { stroke: inkOf(theme, weight), "stroke-width": thickness(weight, unit) / 2, opacity: 0.55 };
    return [off ? ghost(d) : svgElement("path", { d, fill: "none", pathLength: 1, ...look })];
  });
  svg.replaceChildren(...lines);
}

/**
 * A line below each word, unless its weight is next to nothing.
 * @param {UI} ui
 * @param {HTMLElement[]} cells
 * @param {number[]} weights
 * @param {number[]} ghosts
 */
export function paintCells({ theme, unit }, cells, weights, ghosts) {
  cells.forEach((cell, i) => {
    const weight = weights[i];
    const ink = inkOf(theme, weight);
    const thick = weight < 0.03 ? "0px" : `${thickness(weight, unit)}px`;
    cell.style.background = `linear-gradient(${ink}, ${ink}) top / 100% ${thick} no-repeat`;
    cell.style.paddingTop = thick;
    cell.classList.toggle("ghost", weight < 0.03 && ghosts[i] >= 0.03);
    cell.dataset.weight = weight >= 0.1 ? weight.toFixed(2) : "";
  });
}
