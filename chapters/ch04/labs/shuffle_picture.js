// The picture of the shuffle lab: weights, the outputs now and, at the lines' other ends, those of the first order.
import { PALER } from "../../../course_kit/views/js/src/shared/cells.js";
import { dot, fitted, paper, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { fmt } from "../../../course_kit/views/js/src/shared/numbers.js";
import { inked, legible, mix, rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import { SAME } from "./shuffle_numbers.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { ShuffleNumbers, ShuffleSpec, ShuffleState } from "./shuffle_numbers.js" */
/** @typedef {ReturnType<ShufflePicture["layout"]>} Layout */
/** @typedef {{ align?: CanvasTextAlign, size?: number, weight?: number, colour?: string }} Look of a text */
/** @typedef {ReturnType<ShufflePicture["lines"]>[number]} Line from an output to what it was at first */

/** Two digits without the leading 0. @param {number} weight */
function share(weight) {
  if (weight >= 0.995) return "1";
  return weight < 0.005 ? "0" : weight.toFixed(2).slice(1);
}

export class ShufflePicture {
  /** @param {UI} ui @param {HTMLCanvasElement} canvas */
  constructor(ui, canvas) {
    this.ui = ui;
    this.canvas = canvas;
    this.names = /** @type {ShuffleSpec} */ (ui.spec).names;
    this.state = /** @type {ShuffleState} */ (ui.state);
    this.c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  }

  /**
   * @param {ShuffleNumbers} made
   * @param {number[]} places the row of each word, on its way there
   * @param {number} width
   * @param {boolean} narrow
   */
  paint(made, places, width, narrow) {
    const at = this.layout(width, narrow, made.mean.length);
    paper(this.canvas, Math.min(width, at.before + at.span + at.left), at.mean + at.row);
    this.weights(made, places, at);
    this.frames(places, at);
    this.outputs(made, places, at);
    const order = this.state.order.map((word) => this.names[word]).join(" ");
    const count = this.names.length;
    this.canvas.setAttribute(
      "aria-label",
      t("Attention weights and outputs of {count} words in the order: {order}", { count, order }),
    );
  }

  /** How wide a text is. @param {string} text @param {number} size @param {number} weight */
  wide(text, size = 13, weight = 600) {
    this.c.font = this.ui.font(size, weight);
    return this.c.measureText(text).width;
  }

  /** @param {string} text @param {number} x @param {number} y @param {Look} look */
  write(text, x, y, { align = "left", size = 13, weight = 400, colour = this.ui.theme.text } = {}) {
    this.c.font = this.ui.font(size, weight);
    write(this.c, text, x, y, colour, align);
  }

  /** A name that is cut where it is too wide. @param {string} name @param {number} room @param {Look} look */
  named(name, room, { size = 13, weight = 400 }) {
    this.c.font = this.ui.font(size, weight);
    return fitted(this.c, name, room);
  }

  /**
   * Where everything is: the outputs come beside the weights, or below them where there is no room.
   * @param {number} width
   * @param {boolean} narrow
   * @param {number} features of an output
   */
  layout(width, narrow, features) {
    const { unit, tall, spec } = this.ui;
    const count = this.names.length;
    const all = Math.min(width, 900 * unit);
    const longest = Math.max(...this.names.map((name) => this.wide(name)));
    const widest = Math.min(110 * unit, Math.max(this.wide(t("mean")), longest)); // of the names
    const left = widest + 10 * unit;
    const gap = (narrow ? 18 : 44) * unit;
    const tail = Math.max(this.wide("Δ 0.00", 12, 700), this.wide(t("same"), 12, 400)) + 12 * unit; // of what is said
    const lines = tail + (narrow ? 34 : 56) * unit;
    const beside = all - 2 * left - gap - lines;
    const most = Math.min(44 * unit, ((spec.presenting ? 250 : 290) * tall) / count);
    const fits = beside / (count + 0.6 * features);
    const stack = fits < 22 * unit;
    const cell = Math.floor(Math.min(stack ? (all - left) / count : fits, most));
    const room = stack ? all - 2 * left - lines : beside - count * cell;
    const bit = Math.min(0.8 * cell, room / features / 2); // the width of one number of an output
    const row = stack ? Math.min(cell, 28 * unit) : cell;
    const slanted = longest > cell - 2 * unit;
    const top = (slanted ? 22 * unit + widest * 0.71 : 26 * unit) + (spec.presenting ? 8 : 0);
    const out = stack ? left : left + count * cell + gap;
    const down = stack ? top + count * cell + 40 * unit : top;
    const span = features * bit; // the width of an output
    const before = out + span + lines;
    const mean = down + count * row + 10 * unit;
    return { widest, left, tail, stack, cell, bit, row, slanted, top, out, down, before, mean, span };
  }

  /** @param {ShuffleNumbers} made @param {number[]} places @param {Layout} at */
  weights(made, places, at) {
    const { order } = this.state;
    const { unit, theme } = this.ui;
    order.forEach((word, place) => {
      order.forEach((other, column) => {
        this.weight(made.weights[place][column], places[word], places[other], at, word === this.state.word);
      });
      this.name(word, places[word], at);
    });
    if (this.wide("weights", 12, 400) < at.left)
      this.write(t("weights"), 0, at.top - 13 * unit, { size: 12, colour: theme.quiet });
  }

  /**
   * A dot as large as the weight; in the row of the picked word ink, with the number, where there is room for one.
   * @param {number} weight @param {number} row @param {number} column @param {Layout} at @param {boolean} picked
   */
  weight(weight, row, column, { left, top, cell }, picked) {
    const { theme } = this.ui;
    const isNumber = picked && this.wide(".00", 11.5, 400) <= cell - 3;
    const colour = inked(theme, isNumber ? weight : 0);
    const x = left + column * cell;
    const y = top + row * cell;
    this.c.fillStyle = rgb(colour);
    this.c.fillRect(x, y, cell - 2, cell - 2);
    if (!isNumber) {
      const radius = (cell / 2 - 1) * Math.sqrt(weight);
      dot(this.c, x + cell / 2 - 1, y + cell / 2 - 1, radius, theme.text, picked ? 1 : PALER);
      return;
    }
    const look = { align: /** @type {const} */ ("center"), size: 12, colour: legible(colour) };
    this.write(share(weight), x + cell / 2 - 1, y + cell / 2, look);
  }

  /** A word's name beside its row and above its column. @param {number} word @param {number} row @param {Layout} at */
  name(word, row, { left, top, cell, slanted, widest }) {
    const { c } = this;
    const { unit, theme, spec } = this.ui;
    const picked = word === this.state.word;
    const look = { size: Math.min(13, (0.8 * cell) / unit), weight: picked ? 700 : 400 };
    const name = this.named(this.names[word], widest, look);
    const colour = picked ? theme.query : theme.text;
    this.write(name, left - 8 * unit, top + (row + 0.5) * cell - 1, { ...look, align: "right", colour });
    if (spec.presenting && slanted && cell < 34 && !picked) return; // they would lie on each other; the rows have them
    c.save();
    c.translate(left + (row + (slanted ? 0.42 : 0.5)) * cell - 1, top - (slanted ? 8 : 13) * unit);
    if (slanted) c.rotate(-Math.PI / 4);
    const across = picked ? theme.key : theme.text;
    this.write(name, 0, 0, { ...look, align: slanted ? "left" : "center", colour: across });
    c.restore();
  }

  /** Row and column of the picked word. @param {number[]} places @param {Layout} at */
  frames(places, { left, top, cell }) {
    const { c } = this;
    const { unit, theme } = this.ui;
    const here = places[this.state.word] * cell;
    const all = this.names.length * cell;
    c.lineWidth = 2 * unit;
    c.strokeStyle = theme.query;
    c.strokeRect(left - 1, top + here - 1, all, cell);
    c.strokeStyle = theme.key;
    c.strokeRect(left + here - 1, top - 1, cell, all);
  }

  /**
   * A line for each word, and one for their mean: where it is, where it was at first, its numbers then and now.
   * @param {ShuffleNumbers} made
   * @param {number[]} places
   * @param {Layout} at
   */
  lines(made, places, { down, row, mean }) {
    const words = this.names.map((name, word) => ({
      name,
      here: down + places[word] * row,
      there: down + word * row,
      picked: word === this.state.word,
      change: made.change[word],
      now: made.outputs[this.state.order.indexOf(word)],
      first: made.first[word],
    }));
    const pooled = { name: "", here: mean, there: mean, picked: false, change: made.drift };
    return [...words, { ...pooled, now: made.mean, first: made.first_mean }];
  }

  /** @param {ShuffleNumbers} made @param {number[]} places @param {Layout} at */
  outputs(made, places, at) {
    const { unit, theme } = this.ui;
    const reach = Math.max(...[...made.outputs, ...made.first].flat().map(Math.abs), 1e-9);
    const moved = this.state.order.some((word, place) => word !== place);
    for (const line of this.lines(made, places, at)) {
      this.strip(line.now, at.out, line.here, reach, at);
      this.strip(line.first, at.before, line.there, reach, at);
      if (moved) this.change(line, at);
      this.link(line, at);
      this.ends(line, at);
    }
    const head = { weight: 600, colour: theme.output };
    this.write(t("outputs now"), at.out, at.down - 14 * unit, head);
    const short = at.span < 110 * unit; // where strips are narrow, the words would end beyond the view
    this.write(short ? t("at first") : t("outputs at first"), at.before, at.down - 14 * unit, head);
  }

  /** @param {number[]} numbers @param {number} x @param {number} y @param {number} reach @param {Layout} at */
  strip(numbers, x, y, reach, { bit, row }) {
    const { theme } = this.ui;
    numbers.forEach((number, feature) => {
      const tint = number < 0 ? theme.minus : theme.plus;
      this.c.fillStyle = rgb(mix(theme.paper, tint, 0.95 * (Math.abs(number) / reach) ** 0.6));
      this.c.fillRect(x + feature * bit, y, bit - 1, row - 2);
    });
  }

  /** By how much an output has changed. @param {Line} line @param {Layout} at */
  change({ change, here }, { out, span, row }) {
    const { unit, theme } = this.ui;
    const same = change < SAME;
    const text = same ? t("same") : `Δ ${fmt(change, change < 10 ? 2 : 1)}`;
    const look = same ? { colour: theme.quiet } : { weight: 700, colour: rgb(theme.minus) };
    this.write(text, out + span + 6 * unit, here + row / 2 - 1, { size: 12, ...look });
  }

  /** From an output to what it was at first. @param {Line} line @param {Layout} at */
  link({ here, there, picked }, { out, span, tail, before, row }) {
    const { c } = this;
    const { unit, theme } = this.ui;
    const moved = Math.abs(here - there) > 1;
    const [from, to] = [here + row / 2 - 1, there + row / 2 - 1];
    const [start, end] = [out + span + tail, before - 6 * unit];
    const middle = (start + end) / 2;
    if (picked) c.strokeStyle = theme.output;
    else c.strokeStyle = moved ? theme.text : theme.hatch;
    c.lineWidth = (picked || moved ? 1.8 : 1.2) * unit;
    c.beginPath();
    c.moveTo(start, from);
    c.bezierCurveTo(middle, from, middle, to, end, to);
    c.stroke();
  }

  /** The names at both ends of a line, and the frames of the picked word. @param {Line} line @param {Layout} at */
  ends({ name, here, there, picked }, { out, before, span, row, stack, widest }) {
    const { c } = this;
    const { unit, theme } = this.ui;
    const size = Math.min(13, (0.8 * row) / unit);
    const ofWord = { size, weight: picked ? 700 : 400, colour: picked ? theme.output : theme.text };
    const look = name ? ofWord : { weight: 600, colour: theme.output };
    const middle = row / 2 - 1;
    const shown = name ? this.named(name, widest, look) : t("mean");
    if (name) this.write(shown, before + span + 7 * unit, there + middle, look);
    if (stack || !name) this.write(shown, out - 8 * unit, here + middle, { ...look, align: "right" });
    if (!picked) return;
    c.strokeStyle = theme.output;
    c.lineWidth = 2 * unit;
    c.strokeRect(out - 2, here - 1, span + 2, row);
    c.strokeRect(before - 2, there - 1, span + 2, row);
  }
}
