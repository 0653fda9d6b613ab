// The mask lab: padding, causal, an empty row, and four orders of mask and softmax, three of them wrong.
import { h, readout } from "../../../course_kit/views/js/src/shared/dom.js";
import { framed, hatch, paper, widest, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { translate } from "../../../course_kit/views/js/src/shared/language.js";
import { fmt, percent } from "../../../course_kit/views/js/src/shared/numbers.js";
import { inked, legible, mix, rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import { isShown, numbersOf, verdictOf } from "./masking_numbers.js";

/** @import { Picture, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Pen } from "../../../course_kit/views/js/src/shared/draw.js" */
/** @import { Masked, MaskingSpec } from "./masking_numbers.js" */
/**
 * @typedef {{ x: number, y: number }} Corner
 * @typedef {{ wide: number, high: number, label: number, slanted: boolean, first: Corner, second: Corner,
 *   height: number }} Layout of two tables: the size of a cell, the room for names of rows
 * @typedef {{ ground: number[] | null, text?: string, frame?: boolean }} Cell ground null: hatched
 * @typedef {ReturnType<typeof verdictOf>} Verdict
 */

/** @param {UI} ui @returns {Picture} */
export function masking(ui) {
  return new Masking(ui);
}

class Masking {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {MaskingSpec} */ (ui.spec);
    this.count = this.spec.names.length;
    this.canvas = h("canvas", { role: "img", "aria-label": ui.spec.words });
    ui.body.append(this.canvas);
    this.say = readout(ui, "margin-top:.5em;min-height:3.1em");
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const made = this.numbers();
    const verdict = verdictOf(made);
    const place = this.layout(width, narrow);
    const c = paper(this.canvas, width, place.height);
    this.rows(c, place, place.first.y);
    if (narrow) this.rows(c, place, place.second.y);
    this.columns(c, place, place.first);
    this.columns(c, place, place.second);
    this.scores(c, place, made);
    this.weights(c, place, made, width, verdict);
    this.tell(verdict);
  }

  /** Two tables, beside each other or, in a narrow column, below each other.
   * @param {number} width @param {boolean} narrow @returns {Layout} */
  layout(width, narrow) {
    const { count } = this;
    const { tall, unit } = this.ui;
    const c = /** @type {Pen} */ (this.canvas.getContext("2d"));
    c.font = this.ui.font(12, 600);
    const longest = widest(c, this.spec.names);
    const label = Math.min(80 * unit, longest + 10 * unit);
    const gap = 28 * unit;
    const room = width - label - 50 * unit; // the sums are at the right
    const wide = Math.floor(Math.min((narrow ? room : (room - gap) / 2) / count, 72 * unit));
    const high = Math.floor(Math.min(wide, 34 * unit, Math.max((250 * tall) / count, 15 * unit))); // a number's height
    const slanted = longest > wide - 4 * unit;
    const foot = slanted ? 0.71 * Math.min(longest, 76 * unit) + 18 * unit : 24 * unit;
    const top = 24 * unit;
    const bottom = (/** @type {number} */ y) => y + count * high + foot;
    const beside = { x: label + count * wide + gap, y: top };
    const second = narrow ? { x: label, y: bottom(top) + 28 * unit } : beside;
    return { wide, high, label, slanted, first: { x: label, y: top }, second, height: bottom(second.y) };
  }

  /** The names of the queries. @param {Pen} c @param {Layout} place @param {number} y */
  rows(c, { label, high }, y) {
    const { state, theme, unit } = this.ui;
    this.spec.names.forEach((name, q) => {
      const real = q < state.length;
      c.font = this.ui.font(12, real ? 600 : 400);
      const colour = real ? theme.query : theme.quiet;
      write(c, real ? name : translate("pad"), label - 7 * unit, y + (q + 0.5) * high, colour, "right");
    });
  }

  /** The names of the keys, below their columns. @param {Pen} c @param {Layout} place @param {Corner} corner */
  columns(c, { wide, high, slanted }, { x, y }) {
    const { state, theme, unit } = this.ui;
    const below = y + this.count * high + (slanted ? 8 : 11) * unit;
    this.spec.names.forEach((name, k) => {
      const real = k < state.length;
      c.font = this.ui.font(12, real ? 600 : 400);
      c.save();
      c.translate(x + (k + 0.5) * wide + (slanted ? 3 : -1), below);
      if (slanted) c.rotate(-Math.PI / 4);
      write(c, real ? name : translate("pad"), 0, 0, real ? theme.key : theme.quiet, slanted ? "right" : "center");
      c.restore();
    });
  }

  /** @param {Pen} c @param {Layout} place @param {Masked} made */
  scores(c, place, { allowed, scores }) {
    const { arrays, theme, unit } = this.ui;
    const { x, y } = place.first;
    const reach = Math.max(...arrays.scores.map(Math.abs), 1e-9);
    this.grid(c, place, place.first, (q, k) => {
      if (!allowed[q][k]) return { ground: null };
      const score = scores[q][k];
      const ground = mix(theme.paper, score < 0 ? theme.minus : theme.plus, (0.85 * Math.abs(score)) / reach);
      return { ground, text: score.toFixed(1).replace("-", "−") };
    });
    const right = x + this.count * place.wide;
    this.heading(c, x, y - 6 * unit, right, "scores", ["hatched = masked"], theme.quiet);
  }

  /** @param {Pen} c @param {Layout} place @param {Masked} made @param {number} width @param {Verdict} verdict */
  weights(c, place, made, width, verdict) {
    const { theme, unit } = this.ui;
    const { x, y } = place.second;
    this.grid(c, place, place.second, (q, k) => {
      if (!isShown(made, q, k)) return { ground: null };
      const weight = made.weights[q][k];
      return { ground: inked(theme, weight), text: inCell(weight), frame: !made.allowed[q][k] };
    });
    const brick = rgb(theme.minus);
    const wrong = verdict.leak || verdict.less;
    this.heading(c, x, y - 6 * unit, width, "weights", notesOf(verdict), wrong ? brick : theme.quiet);
    const right = x + this.count * place.wide + 6 * unit;
    made.sums.forEach((sum, q) => {
      const whole = Math.abs(sum - 1) < 1e-9;
      c.font = this.ui.font(12, whole ? 400 : 700);
      write(c, `Σ ${fmt(sum, 2)}`, right, y + (q + 0.5) * place.high, whole ? theme.quiet : brick);
    });
  }

  /** One table. @param {Pen} c @param {Layout} place @param {Corner} corner
   * @param {(q: number, k: number) => Cell} cell */
  grid(c, { wide, high }, { x, y }, cell) {
    const gap = wide > 20 ? 2 : 1;
    c.font = this.ui.font(Math.min(12, wide / this.ui.unit / 2.9));
    for (let q = 0; q < this.count; q++)
      for (let k = 0; k < this.count; k++)
        this.cell(c, x + k * wide, y + q * high, wide - gap, high - gap, cell(q, k), wide >= 24 * this.ui.unit);
  }

  /**
   * @param {Pen} c
   * @param {number} x
   * @param {number} y
   * @param {number} wide
   * @param {number} high
   * @param {Cell} cell
   * @param {boolean} readable whether there is room for the text
   */
  cell(c, x, y, wide, high, { ground, text, frame }, readable) {
    const { theme, unit } = this.ui;
    if (!ground) return hatch(c, theme.hatch, x, y, wide, high);
    c.fillStyle = rgb(ground);
    c.fillRect(x, y, wide, high);
    if (frame) framed(c, rgb(theme.minus), 2 * unit, x, y, wide, high);
    if (text && readable) write(c, text, x + wide / 2, y + high / 2 + 1, legible(ground), "center");
  }

  /**
   * A name, and behind it what there is to know, as long as it can be.
   * @param {Pen} c
   * @param {number} x
   * @param {number} y
   * @param {number} right where the room ends
   * @param {string} name
   * @param {string[]} notes the longest first
   * @param {string} colour of the note
   */
  heading(c, x, y, right, name, notes, colour) {
    const { theme, unit } = this.ui;
    c.font = this.ui.font(13, 700);
    write(c, name, x, y, theme.text, "left", "bottom");
    const behind = x + c.measureText(name).width + 10 * unit;
    c.font = this.ui.font(12, colour === theme.quiet ? 400 : 600);
    const note = notes.find((words) => c.measureText(words).width < right - behind) ?? "";
    write(c, note, behind, y, colour, "left", "bottom");
  }

  /** @param {Verdict} verdict */
  tell(verdict) {
    const [bold, words] = sentenceOf(verdict);
    const order = h("div", { class: "quiet" }, this.spec.orders[this.ui.state.order]);
    this.say.replaceChildren(h("div", {}, h("b", {}, bold), words), order);
  }

  table() {
    const { names } = this.spec;
    const made = this.numbers();
    const rows = names.map((name, q) => {
      const cells = made.weights[q].map((weight, k) => (isShown(made, q, k) ? fmt(weight) : "masked"));
      return [name, ...cells, fmt(made.sums[q])];
    });
    return { header: ["query", ...names, "Σ"], rows };
  }

  numbers() {
    return numbersOf(this.spec, this.ui.arrays, this.ui.state);
  }
}

/** A weight as a cell has room for it: .25, or 1. @param {number} weight */
function inCell(weight) {
  if (weight >= 0.995) return "1";
  return weight < 0.005 ? "0" : weight.toFixed(2).slice(1);
}

/** What stands above the weights, the longest first. @param {Verdict} verdict */
function notesOf({ leak, less }) {
  if (leak) return ["framed = leak, weight on a masked key", "framed = leak"];
  if (less) return ["Σ below 1 = weight is missing", "Σ below 1"];
  return ["none on masked keys", "no leak"];
}

/** The sentence below the picture: what is said first, and what follows. @param {Verdict} verdict */
export function sentenceOf({ leak, less, empty }) {
  const rows = (/** @type {number} */ count) => `${count} row${count > 1 ? "s" : ""} `;
  if (leak) return [`Leak: ${percent(leak)} `, "of all weight lies where the mask says no (framed)."];
  if (less) return [rows(less), "sum to less than 1: their outputs shrink."];
  return ["No leak. ", empty ? `${rows(empty)}with nothing to attend: zeros, not NaN.` : "Each row sums to 1."];
}
