// The mask lab: padding, causal, an empty row, and four orders of mask and softmax, three of them wrong.
import { h, readout } from "../../../course_kit/views/js/src/shared/dom.js";
import { CellsPainter, inCell, SLOPE } from "../../../course_kit/views/js/src/shared/cells.js";
import { framed, paper, widest, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { fmt, percent } from "../../../course_kit/views/js/src/shared/numbers.js";
import { mix, rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import { isShown, numbersOf, verdictOf } from "./masking_numbers.js";
import { t, tn } from "../../../course_kit/views/js/src/text.js";

/** @import { Picture, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Pen } from "../../../course_kit/views/js/src/shared/draw.js" */
/** @import { Masked, MaskingSpec } from "./masking_numbers.js" */
/** @typedef {ReturnType<typeof verdictOf>} Verdict */

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
    const { state, theme, unit } = this.ui;
    const made = this.numbers();
    const verdict = verdictOf(made);
    const { first, second, height } = this.layout(width, narrow);
    const c = paper(this.canvas, width, height);
    const names = this.spec.names.map((name, i) => (i < state.length ? name : t("pad")));
    for (const place of [first, second]) {
      const painter = new CellsPainter(this.ui, c, place, this.count, this.count);
      const of = (/** @type {string} */ colour) => ({
        ...{ names, lit: (/** @type {number} */ i) => i < state.length },
        colour: (/** @type {number} */ _, /** @type {boolean} */ real) => (real ? colour : theme.quiet),
      });
      if (place === first || narrow) painter.rowNames(of(theme.query));
      painter.columnNames(of(theme.key));
      if (place === first) this.scores(painter, made);
      else this.weights(painter, made);
    }
    const ends = first.left + first.wide;
    this.heading(c, first, ends, t("scores"), [t("hatched = masked")], theme.quiet);
    const wrong = verdict.leak || verdict.less;
    this.heading(c, second, width, t("weights"), notesOf(verdict), wrong ? rgb(theme.minus) : theme.quiet);
    made.sums.forEach((sum, q) => {
      const whole = Math.abs(sum - 1) < 1e-9;
      c.font = this.ui.font(13, whole ? 400 : 700);
      const at = second.top + (q + 0.5) * second.down;
      write(c, `Σ ${fmt(sum, 2)}`, second.left + second.wide + 6 * unit, at, whole ? theme.quiet : rgb(theme.minus));
    });
    this.tell(verdict);
  }

  /** Two tables, beside each other or, in a narrow column, below each other.
   * @param {number} width @param {boolean} narrow */
  layout(width, narrow) {
    const { count } = this;
    const { tall, unit } = this.ui;
    const c = /** @type {Pen} */ (this.canvas.getContext("2d"));
    c.font = this.ui.font(13, 700);
    const longest = Math.min(80 * unit, widest(c, this.spec.names));
    const left = longest + 12 * unit;
    const gap = 28 * unit;
    const room = width - left - 50 * unit; // the sums are at the right
    const across = Math.floor(Math.min((narrow ? room : (room - gap) / 2) / count, 72 * unit));
    const down = Math.floor(Math.min(across, 34 * unit, Math.max((250 * tall) / count, Math.ceil(18 * unit))));
    const slanted = longest > across;
    const head = (slanted ? SLOPE * longest + 16 * unit : 26 * unit) + 20 * unit; // names, and a heading
    const [wide, high] = [count * across, count * down];
    const first = { left, top: head, across, down, slanted, names: longest, wide, high, head, x: 0, y: 0 };
    const below = { ...first, top: head + high + 14 * unit + head };
    const second = narrow ? below : { ...first, left: left + wide + gap };
    return { first, second, height: second.top + high + 2 };
  }

  /** @param {CellsPainter} painter @param {Masked} made */
  scores(painter, { allowed, scores }) {
    const { arrays, theme } = this.ui;
    const reach = Math.max(...arrays.scores.map(Math.abs), 1e-9);
    painter.cells((q, k) => {
      const score = allowed[q][k] ? scores[q][k] : NaN;
      const ground = mix(theme.paper, score < 0 ? theme.minus : theme.plus, (0.85 * Math.abs(score)) / reach);
      painter.cell(q, k, score, { ground, text: score.toFixed(1).replace("-", "−") });
    });
  }

  /** @param {CellsPainter} painter @param {Masked} made */
  weights(painter, made) {
    const { theme, unit } = this.ui;
    painter.cells((q, k) => {
      const weight = isShown(made, q, k) ? made.weights[q][k] : NaN;
      painter.cell(q, k, weight, { text: inCell(weight) || "0" });
      const [x, y] = painter.at(q, k);
      if (weight > 0 && !made.allowed[q][k])
        framed(painter.c, rgb(theme.minus), 2 * unit, x, y, painter.wide, painter.high);
    });
  }

  /**
   * A name, and behind it what there is to know, as long as it can be.
   * @param {Pen} c
   * @param {{ left: number, top: number, head: number }} place
   * @param {number} right where the room ends
   * @param {string} name
   * @param {string[]} notes the longest first
   * @param {string} colour of the note
   */
  heading(c, { left: x, top, head }, right, name, notes, colour) {
    const { theme, unit } = this.ui;
    const y = top - head + 18 * unit;
    c.font = this.ui.font(13, 700);
    write(c, name, x, y, theme.text, "left", "bottom");
    const behind = x + c.measureText(name).width + 10 * unit;
    c.font = this.ui.font(13, colour === theme.quiet ? 400 : 600);
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
      const cells = made.weights[q].map((weight, k) => (isShown(made, q, k) ? fmt(weight) : t("masked")));
      return [name, ...cells, fmt(made.sums[q])];
    });
    return { header: [t("query"), ...names, "Σ"], rows };
  }

  numbers() {
    return numbersOf(this.spec, this.ui.arrays, this.ui.state);
  }
}

/** What stands above the weights, the longest first. @param {Verdict} verdict */
function notesOf({ leak, less }) {
  if (leak) return [t("framed = leak, weight on a masked key"), t("framed = leak")];
  if (less) return [t("Σ below 1 = weight is missing"), t("Σ below 1")];
  return [t("none on masked keys"), t("no leak")];
}

/** The sentence below the picture: what is said first, and what follows. @param {Verdict} verdict */
export function sentenceOf({ leak, less, empty }) {
  if (leak)
    return [t("Leak: {share} ", { share: percent(leak) }), t("of all weight lies where the mask says no (framed).")];
  if (less)
    return [
      tn("{n} row ", "{n} rows ", less),
      tn("sums to less than 1: its output shrinks.", "sum to less than 1: their outputs shrink.", less),
    ];
  const none = tn(
    "{n} row with nothing to attend: zeros, not NaN.",
    "{n} rows with nothing to attend: zeros, not NaN.",
    empty,
  );
  return [t("No leak. "), empty ? none : t("Each row sums to 1.")];
}
