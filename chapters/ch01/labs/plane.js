// Vectors of two numbers as arrows whose tips can be dragged.
// What is there at first fills the plane, with room around it to drag a tip to.
import { h, pointed } from "../../../course_kit/views/js/src/shared/dom.js";
import { dot, paper, straight, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { clamp } from "../../../course_kit/views/js/src/shared/numbers.js";

/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Pen } from "../../../course_kit/views/js/src/shared/draw.js" */
/**
 * @typedef {[number, number]} Point
 * @typedef {[number, number]} Span from, to
 * @typedef {{ middle: Point, one: number }} Place where the vector (0, 0) is, in pixels, and how many a length of 1 has
 * @typedef {{ vector: number[], name: string, colour: string, width?: number }} Arrow
 * @typedef {(vector: number, to: Point, done: boolean) => void} Move called while the tip of a vector is dragged
 */

const GRID = 99; // lines to each side of 0

/** What the plane shows of each axis. @param {number[][]} vectors @returns {[Span, Span]} */
export function spansOf(vectors) {
  /** @param {number} axis @returns {Span} */
  function span(axis) {
    const all = [0, ...vectors.map((vector) => vector[axis])];
    const low = Math.min(...all);
    const high = Math.max(...all);
    const room = Math.max(0.2 * (high - low), 0.5);
    return [low - room, high + room];
  }
  return [span(0), span(1)];
}

/** What shows both. @param {[Span, Span]} some @param {[Span, Span]} more @returns {[Span, Span]} */
const joined = (some, more) =>
  /** @type {[Span, Span]} */ (some.map(([low, high], i) => [Math.min(low, more[i][0]), Math.max(high, more[i][1])]));

/** @param {[Span, Span]} spans @param {number} wide @param {number} high @returns {Place} */
export function placed([[left, right], [bottom, top]], wide, high) {
  const one = Math.min(wide / (right - left), high / (top - bottom));
  return { middle: [(wide - (left + right) * one) / 2, (high + (bottom + top) * one) / 2], one };
}

/** From a vector to pixels. @param {Place} place @param {ArrayLike<number>} vector @returns {Point} */
export const pixels = ({ middle, one }, vector) => [middle[0] + vector[0] * one, middle[1] - vector[1] * one];

/** From pixels to a vector, in steps of 0.05. @param {Place} place @param {number[]} point @returns {Point} */
export function vectorAt({ middle, one }, point) {
  const steps = (/** @type {number} */ length) => Math.round((20 * length) / one) / 20;
  return [steps(point[0] - middle[0]), steps(middle[1] - point[1])];
}

export class Plane {
  /** @param {UI} ui @param {() => number[][]} vectors @param {Move | null} move null: they are not to be dragged */
  constructor(ui, vectors, move) {
    this.ui = ui;
    this.vectors = vectors;
    this.move = move;
    this.spans = spansOf(vectors());
    this.held = -1; // the vector under the pointer that is pressed
    /** @type {Point} */
    this.size = [1, 1];
    /** @type {Place} */
    this.place = { middle: [0, 0], one: 1 };
    const release = () => {
      this.held = -1;
    };
    this.canvas = h("canvas", {
      role: "img",
      "aria-label": ui.spec.words,
      style: "touch-action:none",
      onpointerdown: (/** @type {PointerEvent} */ event) => this.take(event),
      onpointermove: (/** @type {PointerEvent} */ event) => this.drag(event, false),
      onpointerup: (/** @type {PointerEvent} */ event) => {
        this.drag(event, true);
        release();
      },
      onpointercancel: release,
    });
  }

  /** @param {PointerEvent} event */
  take(event) {
    const [x, y] = pointed(event, this.canvas);
    const far = this.vectors().map((vector) => {
      const tip = pixels(this.place, vector);
      return Math.hypot(tip[0] - x, tip[1] - y);
    });
    const best = far.indexOf(Math.min(...far));
    if (!this.move || far[best] > 26 * this.ui.unit) return;
    this.held = best;
    this.canvas.setPointerCapture(event.pointerId);
  }

  /** A tip never leaves the picture. @param {PointerEvent} event @param {boolean} done */
  drag(event, done) {
    if (!this.move || this.held < 0) return;
    const inside = pointed(event, this.canvas).map((p, axis) => clamp(p, 8, this.size[axis] - 8));
    this.move(this.held, vectorAt(this.place, inside), done);
  }

  /**
   * The last arrow is on top. What nobody drags is always in sight: its plane grows, and never shrinks.
   * @param {number} wide
   * @param {number} high
   * @param {Arrow[]} arrows
   */
  draw(wide, high, arrows) {
    const c = paper(this.canvas, wide, high);
    this.size = [wide, high];
    if (!this.move) this.spans = joined(this.spans, spansOf(this.vectors()));
    this.place = placed(this.spans, wide, high);
    this.grid(c);
    const top = arrows.at(-1);
    for (const arrow of arrows) if (arrow !== top) this.arrow(c, arrow);
    if (top) this.arrow(c, top);
    const taken = arrows.flatMap(({ vector }) => shaft(this.place.middle, pixels(this.place, vector)));
    for (const arrow of arrows) if (arrow.name) this.name(c, arrow, taken);
  }

  /** @param {Pen} c */
  grid(c) {
    for (let t = -GRID; t <= GRID; t++) {
      const [x, y] = pixels(this.place, [t, t]);
      c.globalAlpha = t ? 0.55 : 1;
      straight(c, [x, 0], [x, this.size[1]], this.ui.theme.line, 1);
      straight(c, [0, y], [this.size[0], y], this.ui.theme.line, 1);
    }
    c.globalAlpha = 1;
  }

  /** @param {Pen} c @param {Arrow} arrow */
  arrow(c, { vector, colour, width = 2 }) {
    const { unit } = this.ui;
    const { middle, one } = this.place;
    const [x, y] = pixels(this.place, vector);
    straight(c, middle, [x, y], colour, width * unit);
    if (Math.hypot(...vector) * one > 6) head(c, colour, [x, y], Math.atan2(y - middle[1], x - middle[0]), 11 * unit);
    else dot(c, x, y, 4, colour);
  }

  /** Its name at the tip, or a little away from it, where that covers least. @param {Pen} c @param {Arrow} arrow
   * @param {Point[]} taken what others cover; grows by the name */
  name(c, { vector, name, colour }, taken) {
    const { unit } = this.ui;
    const [x, y] = pixels(this.place, vector);
    c.font = this.ui.font(13, 600);
    const [wide, high] = [c.measureText(name).width, 13 * unit];
    const corners = [0, 9 * unit, 18 * unit].flatMap((away) => {
      const heights = [y - 4 * unit - high - away, y + 4 * unit + away];
      if (vector[1] < 0) heights.reverse();
      const sides = [x + 7 * unit + away, x - 7 * unit - wide - away];
      const above = [...sides, x - wide / 2].flatMap((left) => heights.map((top) => [left, top]));
      return /** @type {Point[]} */ ([...above, ...sides.map((left) => [left, y - high / 2])]);
    });
    const inside = (/** @type {Point} */ [left, top], /** @type {Point} */ [u, v]) =>
      u > left - 2 && u < left + wide + 2 && v > top && v < top + high;
    const costs = corners.map((corner) => {
      const [left, top] = corner;
      const out = left < 0 || top < 0 || left + wide > this.size[0] || top + high > this.size[1];
      return 99 * Number(out) + taken.filter((point) => inside(corner, point)).length;
    });
    const [left, top] = corners[costs.indexOf(Math.min(...costs))];
    for (const part of [0.15, 0.5, 0.85])
      taken.push(...shaft([left, top + part * high], [left + wide, top + part * high]));
    write(c, name, left, top + high / 2, colour);
  }
}

/** Points along a line. @param {Point} from @param {Point} to @returns {Point[]} */
const shaft = ([x, y], [u, v]) =>
  Array.from({ length: 25 }, (_, i) => [x + (i / 24) * (u - x), y + (i / 24) * (v - y)]);

/** The head of an arrow that points in the direction of this angle. @param {Pen} c @param {string} colour
 * @param {Point} tip @param {number} angle @param {number} length */
function head(c, colour, [x, y], angle, length) {
  c.fillStyle = colour;
  c.beginPath();
  c.moveTo(x, y);
  for (const turn of [2.6, -2.6]) c.lineTo(x + length * Math.cos(angle + turn), y + length * Math.sin(angle + turn));
  c.fill();
}
