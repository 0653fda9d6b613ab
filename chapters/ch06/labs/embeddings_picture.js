// The strips of the embeddings view: a row for each word, a cell for each feature.
import { fitted, paper, widest, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { legible, mix, rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import { PARTS, numbersOf, rowOf } from "./embeddings_numbers.js";

/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { EmbeddingsSpec, EmbeddingsState, Part } from "./embeddings_numbers.js" */
/** @typedef {{ word: number, feature: number }} Cell */
/** @typedef {{ name: Part | "sum" | "normed", sign: string, side: (word: number) => string }} Strip side: what stands
 *   at the left of its rows */
/** @typedef {Strip & { x: number, y: number }} Placed */
/** @typedef {{ left: number[], widest: number, columns: number, cell: number, high: number, block: number }} Layout */

export const NORMED = "after the norm";
const TOP = 30; // above each strip, for its name
const PAD = 8;

/** @param {EmbeddingsSpec} spec @returns {Strip[]} */
function stripsOf({ segments, normed }) {
  const none = () => "";
  return [
    { name: "token", sign: "", side: none },
    { name: "segment", sign: "+", side: (word) => (segments ? String(segments[word]) : "") },
    { name: "position", sign: "+", side: (word) => String(word + 1) },
    { name: "sum", sign: "=", side: none },
    ...(normed ? [{ name: /** @type {const} */ ("normed"), sign: "→", side: none }] : []),
  ];
}

export class StripsPicture {
  /** @param {UI} ui @param {HTMLCanvasElement} canvas */
  constructor(ui, canvas) {
    this.ui = ui;
    this.canvas = canvas;
    this.spec = /** @type {EmbeddingsSpec} */ (ui.spec);
    this.state = /** @type {EmbeddingsState} */ (ui.state);
    this.c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.strips = stripsOf(this.spec);
    /** @type {Placed[]} */
    this.placed = [];
    this.cell = 0; // width of a feature
    this.high = 0; // of a row
  }

  /** @param {number} width @param {boolean} narrow @param {Cell} here */
  paint(width, narrow, here) {
    const { unit } = this.ui;
    const { window: shown } = this.spec;
    const at = this.layout(width, narrow);
    const across = at.left.reduce((a, b) => a + b) + at.columns * shown * at.cell + 3 * unit;
    const lines = Math.ceil(this.strips.length / at.columns);
    paper(this.canvas, Math.min(width, across), lines * at.block + 4 * unit);
    this.place(at);
    for (const strip of this.placed) {
      this.head(strip);
      this.sides(strip, at, here.word);
      this.cells(strip, here.word);
      this.frames(strip, here);
    }
  }

  /** @param {number} width @param {boolean} narrow @returns {Layout} */
  layout(width, narrow) {
    const { c, strips } = this;
    const { unit } = this.ui;
    const { names, window: shown, presenting } = this.spec;
    const columns = narrow ? 2 : strips.length;
    c.font = this.ui.font(13, 700);
    const longest = Math.min(widest(c, names), (narrow ? 70 : 110) * unit);
    const needs = strips.map(({ side }, i) => {
      const labels = i
        ? widest(
            c,
            names.map((_, word) => side(word)),
          )
        : 0;
      return (labels ? labels + PAD * unit : 0) + (i % columns ? 22 * unit : longest + PAD * unit);
    });
    const left = Array.from({ length: columns }, (_, column) =>
      Math.max(...needs.filter((_, i) => i % columns === column)),
    );
    const room = Math.min(width, 1200 * unit) - left.reduce((a, b) => a + b) - 3 * unit;
    const cell = Math.max(3, Math.min(room / (columns * shown), 24 * unit));
    const high = (names.length > 14 || presenting ? 19 : 23) * unit;
    return { left, widest: longest, columns, cell, high, block: names.length * high + TOP * unit };
  }

  /** @param {Layout} at */
  place({ left, columns, cell, high, block }) {
    this.cell = cell;
    this.high = high;
    let end = 0;
    this.placed = this.strips.map((strip, i) => {
      const column = i % columns;
      const x = (column ? end : 0) + left[column];
      end = x + this.spec.window * cell;
      return { ...strip, x, y: TOP * this.ui.unit + Math.floor(i / columns) * block };
    });
  }

  /** The cell at a point. @param {number} px @param {number} py @returns {Cell | null} */
  under(px, py) {
    const { names, window: shown } = this.spec;
    for (const { x, y } of this.placed) {
      const word = Math.floor((py - y) / this.high);
      const column = Math.floor((px - x) / this.cell);
      const inside = word >= 0 && word < names.length && column >= 0 && column < shown;
      if (inside) return { word, feature: this.state.first + column };
    }
    return null;
  }

  /** Whether a strip is of a part that is switched off. @param {Strip} strip */
  off({ name }) {
    const part = PARTS.indexOf(/** @type {Part} */ (name));
    return part >= 0 && !this.state.parts[part];
  }

  /** The name of a strip, and the sign in front of it. @param {Placed} strip */
  head(strip) {
    const { c } = this;
    const { theme, unit } = this.ui;
    const { name, sign, x, y } = strip;
    const room = this.spec.window * this.cell;
    const off = this.off(strip);
    c.font = this.ui.font(13, 700);
    const names = name === "normed" ? [NORMED, "norm"] : [name];
    const short = names.find((text) => c.measureText(text).width <= room) ?? name;
    const quiet = off ? theme.quiet : theme.text;
    const text = fitted(c, off ? `${short}: off` : short, room);
    write(c, text, x, y - 15 * unit, name === "sum" ? theme.output : quiet);
    write(c, sign, x - PAD * unit, y - 15 * unit, theme.text, "right");
  }

  /**
   * Words at the left, and what makes the rows of a strip; bold where the chosen word is.
   * @param {Placed} strip
   * @param {Layout} at
   * @param {number} chosen
   */
  sides({ side, x, y }, { widest }, chosen) {
    const { c } = this;
    const { theme, unit } = this.ui;
    const { names } = this.spec;
    const first = x === this.placed[0].x;
    names.forEach((name, word) => {
      const twin = name === names[chosen];
      const middle = y + (word + 0.5) * this.high - 1;
      const ink = twin ? theme.text : theme.quiet;
      c.font = this.ui.font(13, twin ? 700 : 400);
      write(c, side(word), x - PAD * unit, middle, ink, "right");
      if (first) write(c, fitted(c, name, widest), widest, middle, ink, "right");
    });
  }

  /** @param {Placed} strip @returns {number[][]} */
  rows({ name }) {
    const { spec, state } = this;
    const { arrays } = this.ui;
    if (name === "sum") return numbersOf(spec, arrays, state).sum;
    return spec.names.map((_, word) => rowOf(spec, arrays, name, word));
  }

  /** The numbers; words that are not the chosen one step back. @param {Placed} strip @param {number} chosen */
  cells(strip, chosen) {
    const { c, cell, high } = this;
    const { theme } = this.ui;
    const { first } = this.state;
    const reach = this.spec.reach[strip.name === "normed" ? "normed" : "parts"];
    const { names } = this.spec;
    const off = this.off(strip);
    this.rows(strip).forEach((numbers, word) => {
      c.globalAlpha = off ? 0.18 : names[word] === names[chosen] ? 1 : 0.4;
      const y = strip.y + word * high;
      for (let column = 0; column < this.spec.window; column++) {
        const number = numbers[first + column];
        const x = strip.x + column * cell;
        const colour = mix(theme.paper, number < 0 ? theme.minus : theme.plus, Math.abs(number) / reach);
        c.fillStyle = rgb(colour);
        c.fillRect(x, y, cell - (cell > 7 ? 1 : 0), high - 2);
        if (cell <= 23 || high <= 18) continue;
        c.font = this.ui.font(9);
        write(c, number.toFixed(1).replace("-", "−"), x + cell / 2, y + high / 2 - 1, legible(colour), "center");
      }
    });
    c.globalAlpha = 1;
  }

  /**
   * The word's row, thinner the rows of the same word, and the chosen cell.
   * @param {Placed} strip
   * @param {Cell} here
   */
  frames({ name, x, y }, { word, feature }) {
    const { c, cell, high } = this;
    const { theme, unit } = this.ui;
    const { names, window: shown } = this.spec;
    c.strokeStyle = name === "sum" ? theme.output : theme.text;
    names.forEach((other, i) => {
      if (other !== names[word]) return;
      c.lineWidth = (i === word ? 2 : 1) * unit;
      c.strokeRect(x - 1.5, y + i * high - 1.5, shown * cell + 2, high + 1);
    });
    const column = feature - this.state.first;
    if (column < 0 || column >= shown) return;
    c.lineWidth = 2 * unit;
    c.strokeStyle = theme.text;
    c.strokeRect(x + column * cell - 1, y + word * high - 1, cell + 1, high);
  }
}
