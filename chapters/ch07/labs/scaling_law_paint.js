// The picture of the scaling law: all models that cost the same, the best of every budget, and where the sliders are.
import { scale } from "../../../course_kit/views/js/src/shared/axes.js";
import { curve, dot, paper, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { fmt } from "../../../course_kit/views/js/src/shared/numbers.js";
import { rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import { Law, marked, placed } from "./scaling_law_numbers.js";

/** @import { Pen } from "../../../course_kit/views/js/src/shared/draw.js" */
/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Box, Label, ScalingNumbers, ScalingSpec, ScalingState } from "./scaling_law_numbers.js" */

const LOSS = [1.5, 6]; // of the vertical axis
const HIGH = 16; // of a label

export class ScalingPainter {
  /**
   * @param {UI} ui
   * @param {HTMLCanvasElement} canvas
   * @param {ScalingNumbers} numbers
   * @param {number} width
   * @param {boolean} narrow
   */
  constructor(ui, canvas, numbers, width, narrow) {
    const { unit, spec, theme } = ui;
    const wide = Math.min(width - (narrow ? 0 : 262 * unit), 860 * unit);
    const tall = spec.presenting ? 470 : 330 * unit;
    this.ui = ui;
    this.unit = unit;
    this.theme = theme;
    this.spec = /** @type {ScalingSpec} */ (spec);
    this.state = /** @type {ScalingState} */ (ui.state);
    this.law = new Law(this.spec.law);
    this.numbers = numbers;
    this.sparse = narrow || spec.presenting;
    /** @type {Pen} */
    this.pen = paper(canvas, wide, tall);
    /** @type {Box} */
    this.box = { x: 40 * unit, y: 22 * unit, w: wide - 58 * unit, h: tall - 66 * unit };
    const [low, high] = this.spec.limits.N;
    const { x, y, w, h } = this.box;
    this.x = scale(low, high, x, x + w, true);
    this.y = scale(LOSS[0], LOSS[1], y + h, y, true);
    this.short = w < 400 * unit; // names have little room
  }

  paint() {
    const { pen, box, theme, unit, numbers, law } = this;
    this.axes();
    const low = this.x.invert(box.x);
    const sizes = Array.from({ length: 240 }, (_, i) => this.x.invert(box.x + (box.w * i) / 239));
    const path = Array.from({ length: 160 }, (_, i) => law.best(10 ** (10 + i / 7.5)));
    const best = { xs: path.map(([N]) => N), ys: path.map(([N, D]) => law.loss(N, D)) };
    const same = { xs: sizes, ys: sizes.map((N) => law.at(numbers.flops, N)) };
    pen.save();
    pen.beginPath();
    pen.rect(box.x, box.y, box.w, box.h);
    pen.clip();
    if (law.E > LOSS[0]) curve(pen, [low, sizes[239]], [law.E, law.E], this.x, this.y, theme.quiet, 1);
    curve(pen, best.xs, best.ys, this.x, this.y, theme.second, 1.6 * unit, [5 * unit, 4 * unit]);
    curve(pen, same.xs, same.ys, this.x, this.y, theme.text, 2 * unit);
    this.diamond();
    dot(pen, ...this.mine, 7 * unit, theme.output);
    pen.restore();
    this.names(this.points(same), this.points(best));
  }

  /**
   * Where the sliders are; at the upper edge, where the loss is higher than the picture.
   * @returns {[number, number]}
   */
  get mine() {
    return [this.x(this.state.N), Math.max(this.box.y + 7 * this.unit, this.y(this.numbers.loss))];
  }

  /** @returns {[number, number]} */
  get best() {
    return [this.x(this.numbers.best_N), this.y(this.numbers.best_loss)];
  }

  axes() {
    const { pen, box, theme, unit, x, y } = this;
    const [low, high] = this.spec.limits.N;
    const bottom = box.y + box.h;
    pen.strokeStyle = theme.line;
    pen.lineWidth = 1;
    pen.strokeRect(box.x + 0.5, box.y + 0.5, box.w, box.h);
    pen.font = this.ui.font(12);
    for (let e = Math.ceil(Math.log10(low)); 10 ** e <= high * 1.01; e += this.sparse ? 2 : 1)
      write(pen, marked(10 ** e), x(10 ** e), bottom + 5 * unit, theme.quiet, "center", "top");
    write(pen, "parameters N", box.x + box.w, bottom + 21 * unit, theme.quiet, "right", "top");
    for (let loss = 2; loss <= 6; loss++) {
      write(pen, String(loss), box.x - 6 * unit, y(loss), theme.quiet, "right");
      curve(pen, [low, high], [loss, loss], x, y, theme.line, 1);
    }
    write(pen, "loss, nats per token", box.x, box.y - 4 * unit, theme.quiet, "left", "bottom");
  }

  diamond() {
    const { pen, theme } = this;
    const [x, y] = this.best;
    const radius = 7 * this.unit;
    pen.fillStyle = theme.second;
    pen.beginPath();
    pen.moveTo(x - radius, y);
    pen.lineTo(x, y - radius);
    pen.lineTo(x + radius, y);
    pen.lineTo(x, y + radius);
    pen.fill();
  }

  /**
   * Points of a curve in the picture, at most 3 pixels apart.
   * @param {{ xs: number[], ys: number[] }} curve
   * @returns {number[][]}
   */
  points({ xs, ys }) {
    const { box } = this;
    const all = xs.map((value, i) => [this.x(value), this.y(ys[i])]);
    const close = all.flatMap(([x, y], i) => {
      const [toX, toY] = all[Math.min(i + 1, all.length - 1)];
      const steps = Math.min(200, Math.max(1, Math.ceil(Math.hypot(toX - x, toY - y) / 3)));
      return Array.from({ length: steps }, (_, k) => {
        const part = k / steps;
        return [x + (toX - x) * part, y + (toY - y) * part];
      });
    });
    return close.filter(([x, y]) => x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h);
  }

  /**
   * Each curve and mark is named where it is, and no name lies on a curve or on another name.
   * @param {number[][]} same points of the curve of this budget
   * @param {number[][]} every points of the best of every budget
   */
  names(same, every) {
    const { unit, theme, law, box } = this;
    const named = [this.mineLabel(), this.bestLabel(), this.floorLabel(), this.sameLabel(same), this.everyLabel(every)];
    const labels = named.filter((label) => label !== null);
    const floor = this.y(law.E);
    const line = Array.from({ length: Math.ceil(box.w / 3) }, (_, i) => [box.x + 3 * i, floor]);
    const points = [...same, ...every, ...(law.E > LOSS[0] ? line : [])];
    const marks = [this.mine, this.best].map(([x, y]) => {
      const radius = 8 * unit;
      return { x: x - radius, y: y - radius, w: 2 * radius, h: 2 * radius };
    });
    const inner = { x: box.x + 4, y: box.y + 2, w: box.w - 8, h: box.h - 4 };
    const boxes = placed(labels, HIGH * unit, inner, points, marks);
    this.pen.lineJoin = "round";
    this.pen.lineWidth = 4 * unit;
    this.pen.strokeStyle = rgb(theme.paper);
    labels.forEach((label, i) => {
      const place = boxes[i];
      if (!place) return;
      this.pen.font = this.ui.font(label.size, label.weight);
      this.pen.textAlign = "left";
      this.pen.textBaseline = "middle";
      this.pen.strokeText(label.text, place.x, place.y + place.h / 2);
      write(this.pen, label.text, place.x, place.y + place.h / 2, label.colour);
    });
  }

  /** @param {string} text @param {string} colour @param {number} size @param {number} weight */
  label(text, colour, size = 13, weight = 400) {
    this.pen.font = this.ui.font(size, weight);
    const wide = this.pen.measureText(text).width;
    /** @type {Label & { colour: string, size: number, weight: number }} */
    const label = { text, colour, size, weight, wide, corners: [] };
    return label;
  }

  /** Corners around a mark, nearest first. @param {[number, number]} mark @param {number} wide @returns {number[][]} */
  around([x, y], wide) {
    const { unit } = this;
    const high = HIGH * unit;
    return [12, 22, 34, 50, 75, 110].flatMap((away) => {
      const far = away * unit;
      return [
        [x + far, y - high / 2],
        [x - far - wide, y - high / 2],
        [x - wide / 2, y - far - high],
        [x - wide / 2, y + far],
        [x + far, y - far - high],
        [x - far - wide, y - far - high],
        [x + far, y + far],
        [x - far - wide, y + far],
      ];
    });
  }

  mineLabel() {
    const { spec, state, numbers, theme } = this;
    const model = Object.keys(spec.models).find((name) => {
      const [N, D] = spec.models[name];
      return N === state.N && D === state.D;
    });
    const text = `${model ?? "yours"}${this.short ? "" : ` ${fmt(numbers.loss, 2)}`}`;
    const label = this.label(text, theme.output, 13, 700);
    return { ...label, must: true, corners: this.around(this.mine, label.wide) };
  }

  /** Of the diamond, where it is not where the sliders are. */
  bestLabel() {
    const apart = Math.abs(this.best[0] - this.mine[0]) > 14 * this.unit;
    if (!apart) return null;
    const label = this.label(`best ${fmt(this.numbers.best_loss, 2)}`, this.theme.second, 13, 600);
    const corners = this.around(this.best, label.wide);
    const below = corners.filter(([, y]) => y > this.best[1]);
    return { ...label, must: true, corners: [...below, ...corners] };
  }

  floorLabel() {
    const { law, box, unit, theme } = this;
    if (law.E <= LOSS[0]) return null;
    const label = this.label(`${fmt(law.E, 2)} stays, whatever the model`, theme.quiet, 12);
    const y = this.y(law.E) + 4 * unit;
    const steps = Array.from({ length: 10 }, (_, i) => [box.x + 8 + 0.1 * i * box.w, y]);
    return { ...label, corners: steps };
  }

  /** Beside an arm of the valley: below the right one, or inside. @param {number[][]} points */
  sameLabel(points) {
    const { unit, theme, best } = this;
    const label = this.label(this.short ? "same budget" : "the same budget, other sizes", theme.text);
    const right = points.filter(([x]) => x > best[0]).toReversed();
    const left = points.filter(([x]) => x < best[0]);
    const [gap, high] = [8 * unit, HIGH * unit];
    const corners = [
      ...right.map(([x, y]) => [x + gap, y + 2]),
      ...right.map(([x, y]) => [x - gap - label.wide, y - high]),
      ...left.map(([x, y]) => [x - gap - label.wide, y + 2]),
      ...left.map(([x, y]) => [x + gap, y - high]),
    ];
    return { ...label, corners };
  }

  /** Above the dashed line, from its upper end on; or below it. @param {number[][]} points */
  everyLabel(points) {
    const { unit, theme } = this;
    const label = this.label("the best of every budget", theme.second);
    const [gap, high] = [8 * unit, HIGH * unit];
    const corners = [
      ...points.map(([x, y]) => [x + gap, y - high]),
      ...points.map(([x, y]) => [x - gap - label.wide, y]),
    ];
    return { ...label, corners };
  }
}
