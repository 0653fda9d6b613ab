// One of the two pictures of the flow lab, on its canvas.
import { fitted, paper, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { inked, legible, mix, rgb } from "../../../course_kit/views/js/src/shared/theme.js";

/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Pen } from "../../../course_kit/views/js/src/shared/draw.js" */
/** @import { FlowSpec, Place, Side, Vector, Vectors } from "./flow_numbers.js" */
/** @import { Layout } from "./flow_layout.js" */
/**
 * @typedef {object} Shown
 * @property {number} now the word that the picture is about
 * @property {number} written how many there are
 * @property {Place | null} lit what is pointed at in this picture
 *
 * @typedef {{ at: (i: number) => number, y: number, align: CanvasTextAlign, role: "key" | "query" | "text" }} Line
 *   of words
 */

const MARKED = 0.1; // states with at least this weight stand out

export class FlowPainter {
  /**
   * @param {UI} ui
   * @param {Vectors} vectors
   * @param {Side} side
   * @param {HTMLCanvasElement} canvas
   * @param {Layout} layout
   */
  constructor(ui, vectors, side, canvas, layout) {
    this.ui = ui;
    this.spec = /** @type {FlowSpec} */ (ui.spec);
    this.vectors = vectors;
    this.side = side;
    this.layout = layout;
    this.words = this.spec.tokens[side];
    this.c = paper(canvas, layout.width, layout.height);
  }

  /** Where the column of a written word is. @param {number} t */
  target(t) {
    return this.layout.at(t, this.words.length);
  }

  /** @param {Shown} shown */
  paint(shown) {
    const { layout, side, spec } = this;
    const { unit } = this.ui;
    const weights = side === "attention" ? this.vectors.weights[shown.now] : null;
    const reads = (/** @type {number} */ s) => (weights ? weights[s] >= MARKED : spec.from.includes(s));
    const lit = shown.lit?.row === "states" || shown.lit?.row === "weights" ? shown.lit.i : -1;
    this.labels();
    this.vectors.states[side].forEach((state, s) =>
      this.column(state, layout.source(s), layout.states, "value", reads(s)),
    );
    const above = layout.states - 9 * unit;
    const source = /** @type {Line} */ ({ at: (s) => layout.source(s), y: above, align: "left", role: "key" });
    this.line(spec.source, source, (s) => reads(s) || s === lit);
    if (weights) this.read(weights, this.target(shown.now));
    else this.handOver(shown);
    const contexts = this.vectors.contexts[side].slice(0, shown.written);
    contexts.forEach((context, t) => this.column(context, this.target(t), layout.contexts, "output", t === shown.now));
    const below = layout.contexts + layout.vector + 10 * unit;
    const role = weights ? "query" : "text";
    const target = /** @type {Line} */ ({ at: (t) => this.target(t), y: below, align: "right", role });
    this.line(this.words.slice(0, shown.written), target, (t) => t === shown.now);
  }

  /** The names of the rows. */
  labels() {
    const { c, layout } = this;
    const { theme, unit } = this.ui;
    const right = layout.left - 8 * unit;
    c.font = this.ui.font(12);
    write(c, "states", right, layout.states + layout.vector / 2, theme.quiet, "right");
    write(c, "context", right, layout.contexts + layout.vector / 2, theme.quiet, "right");
    if (this.side === "attention") write(c, "weights", right, layout.weights + 8 * unit, theme.quiet, "right");
  }

  /**
   * A vector: bars from a middle line, to the right above 0 and to the left below.
   * @param {Vector} vector
   * @param {number} x
   * @param {number} y
   * @param {"value" | "output"} role
   * @param {boolean} strong whether it stands out
   */
  column(vector, x, y, role, strong) {
    const { c, layout } = this;
    const { theme } = this.ui;
    const half = layout.column / 2 - 1.5;
    c.fillStyle = theme.hatch;
    c.fillRect(x - 0.5, y, 1, layout.vector);
    c.fillStyle = theme[role];
    c.globalAlpha = strong ? 1 : 0.45;
    vector.forEach((number, d) => {
      const long = (half * number) / this.vectors.reach;
      c.fillRect(Math.min(x, x + long), y + d * layout.cell + 0.5, Math.max(Math.abs(long), 0.5), layout.cell - 1);
    });
    c.globalAlpha = 1;
    if (!strong) return;
    c.strokeStyle = theme[role];
    c.lineWidth = 1;
    c.strokeRect(x - half - 0.5, y - 1.5, 2 * half + 1, layout.vector + 3);
  }

  /** Words at a slant. @param {string[]} words @param {Line} line @param {(i: number) => boolean} bold */
  line(words, { at, y, align, role }, bold) {
    const { c, layout } = this;
    const { theme, unit } = this.ui;
    const size = Math.min(12.5, (0.78 * layout.column) / unit);
    words.forEach((word, i) => {
      c.save();
      c.translate(at(i), y);
      c.rotate(-Math.PI / 4);
      c.font = this.ui.font(size, bold(i) ? 700 : 400);
      write(c, fitted(c, word, 100 * unit), 0, 0, bold(i) ? theme[role] : theme.text, align);
      c.restore();
    });
  }

  /** With attention: weights as cells of ink, and lines as thick as they are. @param {Vector} weights
   * @param {number} to where the context is */
  read(weights, to) {
    const { c, layout } = this;
    const { theme, unit } = this.ui;
    const high = 17 * unit;
    const wide = layout.column - 2;
    weights.forEach((weight, s) => {
      const x = layout.source(s);
      if (weight > 0.004) {
        const ink = rgb(mix(theme.paper, theme.ink, 0.12 + 0.75 * weight));
        this.thread(x, layout.weights + high, to, layout.contexts - 4, ink, Math.max(0.7, 9 * unit * weight));
      }
      const ground = inked(theme, weight);
      c.fillStyle = rgb(ground);
      c.fillRect(x - wide / 2, layout.weights, wide, high);
      if (layout.column < 23 * unit || weight < 0.05) return;
      c.font = this.ui.font(10.5);
      const text = weight >= 0.995 ? "1" : weight.toFixed(2).slice(1);
      write(c, text, x, layout.weights + 9 * unit, legible(ground), "center");
    });
  }

  /** Without attention: one vector, handed over once, for every word. @param {Shown} shown */
  handOver({ now, written }) {
    const { c, layout, spec } = this;
    const { theme, unit } = this.ui;
    const { x, y } = layout.box;
    const below = y + layout.vector + 4;
    const end = layout.contexts - 4;
    for (const s of spec.from)
      this.thread(layout.source(s), layout.states + layout.vector + 4, x, y - 4, theme.quiet, 2 * unit);
    for (let t = 0; t < written; t++) if (t !== now) this.thread(x, below, this.target(t), end, theme.line, 1.2 * unit);
    this.thread(x, below, this.target(now), end, theme.quiet, 3 * unit);
    this.column(this.vectors.one, x, y, "output", true);
    c.font = this.ui.font(12);
    const beside = x + layout.column / 2 + 6 * unit;
    write(c, "one vector for all", beside, y + layout.vector / 2, theme.output);
  }

  /** @param {number} x @param {number} y @param {number} toX @param {number} toY @param {string} colour
   * @param {number} width */
  thread(x, y, toX, toY, colour, width) {
    const { c } = this;
    const bend = (toY - y) / 2;
    c.strokeStyle = colour;
    c.lineWidth = width;
    c.lineCap = "round";
    c.beginPath();
    c.moveTo(x, y);
    c.bezierCurveTo(x, y + bend, toX, toY - bend, toX, toY);
    c.stroke();
  }
}
