// What views draw on a canvas: text that fits, hatching, frames, arrows, curves, dots.
import { pieces } from "../text.js";

/** @typedef {CanvasRenderingContext2D} Pen */

/**
 * Dots of the screen in a pixel of the page: of this screen, and of a page that is enlarged while it is presented.
 * @param {Element} canvas
 */
export function dots(canvas) {
  return (window.devicePixelRatio || 1) * Math.min(canvas.currentCSSZoom ?? 1, 4);
}

/**
 * A canvas of this size in pixels of the page, sharp on every screen and empty -> its pen.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
export function paper(canvas, width, height) {
  const ratio = dots(canvas);
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const c = /** @type {Pen} */ (canvas.getContext("2d"));
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  return c;
}

/**
 * Text in the pen's font.
 * @param {Pen} c
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {string} colour
 * @param {CanvasTextAlign} align
 * @param {CanvasTextBaseline} base
 */
export function write(c, text, x, y, colour, align = "left", base = "middle") {
  c.textAlign = align;
  c.textBaseline = base;
  c.fillStyle = colour;
  c.fillText(text, x, y);
}

/**
 * A text that is cut, with …, where it is wider than its room.
 * @param {Pen} c
 * @param {string} text
 * @param {number} room
 */
export function fitted(c, text, room) {
  const letters = Array.from(text);
  if (c.measureText(text).width <= room) return text;
  let [fits, most] = [1, letters.length]; // between them is how many letters have room
  while (most - fits > 1) {
    const half = Math.floor((fits + most) / 2);
    if (c.measureText(`${letters.slice(0, half).join("")}…`).width <= room) fits = half;
    else most = half;
  }
  return `${letters.slice(0, fits).join("")}…`;
}

/** How wide `write` writes it. @param {Pen} c @param {string} text */
export const wide = (c, text) => c.measureText(text).width;

/** @param {Pen} c @param {string[]} texts */
export const widest = (c, texts) => texts.reduce((most, text) => Math.max(most, wide(c, text)), 0);

/**
 * A text in two lines of about the same length, if it is wider than `room`.
 * @param {Pen} c
 * @param {string} text
 * @param {number} room
 */
export function broken(c, text, room) {
  const { words, space } = pieces(text);
  /** @param {number} n */
  const first = (n) => c.measureText(words.slice(0, n).join(space)).width;
  if (words.length < 2 || first(words.length) < room) return [text];
  const half = 1 + words.findIndex((_, i) => first(i + 1) > 0.45 * first(words.length));
  return half < words.length ? [words.slice(0, half).join(space), words.slice(half).join(space)] : [text];
}

/**
 * Hatching: what is masked, or left out.
 * @param {Pen} c
 * @param {string} colour
 * @param {number} x
 * @param {number} y
 * @param {number} wide
 * @param {number} high
 * @param {{ width?: number, apart?: number }} look width of the lines, and how far apart they are
 */
export function hatch(c, colour, x, y, wide, high, { width = 1, apart = 6 } = {}) {
  c.save();
  c.beginPath();
  c.rect(x, y, wide, high);
  c.clip();
  c.strokeStyle = colour;
  c.lineWidth = width;
  c.beginPath();
  for (let d = 4; d < wide + high; d += apart) {
    c.moveTo(x + d, y);
    c.lineTo(x + d - high, y + high);
  }
  c.stroke();
  c.restore();
}

/**
 * A frame of this width just inside a box.
 * @param {Pen} c
 * @param {string} colour
 * @param {number} width
 * @param {number} x
 * @param {number} y
 * @param {number} wide
 * @param {number} high
 */
export function framed(c, colour, width, x, y, wide, high) {
  c.strokeStyle = colour;
  c.lineWidth = width;
  c.strokeRect(x + width / 2, y + width / 2, wide - width, high - width);
}

/**
 * A line through points; where y is NaN there is none.
 * @param {Pen} c
 * @param {ArrayLike<number>} xs
 * @param {ArrayLike<number>} ys
 * @param {(x: number) => number} x
 * @param {(y: number) => number} y
 * @param {string} colour
 * @param {number[]} dash
 */
export function curve(c, xs, ys, x, y, colour, width = 2, dash = []) {
  c.strokeStyle = colour;
  c.lineWidth = width;
  c.setLineDash(dash);
  c.beginPath();
  let down = false;
  for (let i = 0; i < xs.length; i++) {
    const known = !Number.isNaN(ys[i]);
    if (known && down) c.lineTo(x(xs[i]), y(ys[i]));
    else if (known) c.moveTo(x(xs[i]), y(ys[i]));
    down = known;
  }
  c.stroke();
  c.setLineDash([]);
}

/**
 * A straight line from one point to another.
 * @param {Pen} c
 * @param {[number, number]} from
 * @param {[number, number]} to
 * @param {string} colour
 * @param {number} width
 * @param {number[]} dash
 */
export function straight(c, from, to, colour, width, dash = []) {
  const as = (/** @type {number} */ at) => at;
  curve(c, [from[0], to[0]], [from[1], to[1]], as, as, colour, width, dash);
}

/**
 * @param {Pen} c
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {string} colour
 */
export function dot(c, x, y, radius, colour, alpha = 1) {
  c.globalAlpha = alpha;
  c.fillStyle = colour;
  c.beginPath();
  c.arc(x, y, radius, 0, 7);
  c.fill();
  c.globalAlpha = 1;
}
