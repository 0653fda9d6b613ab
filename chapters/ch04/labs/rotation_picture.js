// The circle of the rotation lab: all positions on it, the same step from each, two of them and the angle between.
import { dot, paper, widest, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { fmt } from "../../../course_kit/views/js/src/shared/numbers.js";
import { rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import { pointOf } from "./rotation_numbers.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Point, RotationNumbers, RotationSpec, RotationState } from "./rotation_numbers.js" */

/** The name of a position's row. @param {number} position */
export const rowName = (position) => `P[${fmt(position, 0)}]`;

export class Circle {
  /** @param {UI} ui @param {HTMLCanvasElement} canvas */
  constructor(ui, canvas) {
    this.ui = ui;
    this.canvas = canvas;
    this.spec = /** @type {RotationSpec} */ (ui.spec);
    this.state = /** @type {RotationState} */ (ui.state);
    this.c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.middle = 0;
    this.radius = 0;
  }

  /** @param {RotationNumbers} made @param {number} side */
  paint(made, side) {
    const { unit } = this.ui;
    this.middle = side / 2;
    paper(this.canvas, side, side + 4 * unit);
    this.radius = this.middle - Math.max(42 * unit, this.roomForNames() + 12 * unit);
    this.axes();
    this.steps(made.omega);
    this.angle(made);
    made.points.forEach((point, which) => this.point(point, which));
    this.names(made);
    this.columns(side);
    this.tell(made);
  }

  /** What the longest name of a row needs, whatever is chosen: the circle keeps its size. */
  roomForNames() {
    const { length, controls } = this.spec;
    const offsets = controls.find(({ name }) => name === "offset")?.values ?? [0];
    this.c.font = this.ui.font(13, 600);
    return widest(this.c, [offsets[0], length - 1 + offsets.at(-1)].map(rowName));
  }

  /**
   * A point of the unit circle in the picture: as on a clock, its angle begins above and grows to the right.
   * @param {Point} point
   * @param {number} radius
   * @returns {[number, number]}
   */
  place([cosine, sine], radius = this.radius) {
    return [this.middle + radius * sine, this.middle - radius * cosine];
  }

  /** @param {number} angle @param {number} radius */
  at(angle, radius) {
    return this.place([Math.cos(angle), Math.sin(angle)], radius);
  }

  axes() {
    const { c, middle, radius } = this;
    const { theme } = this.ui;
    c.strokeStyle = theme.line;
    c.lineWidth = 1;
    c.beginPath();
    c.moveTo(middle - radius - 8, middle);
    c.lineTo(middle + radius + 8, middle);
    c.moveTo(middle, middle - radius - 8);
    c.lineTo(middle, middle + radius + 8);
    c.stroke();
    c.strokeStyle = theme.hatch;
    c.beginPath();
    c.arc(middle, middle, radius, 0, 7);
    c.stroke();
  }

  /** The same step from every position. @param {number} omega */
  steps(omega) {
    const { c } = this;
    const { theme, unit } = this.ui;
    const positions = Array.from({ length: this.spec.length }, (_, i) => i);
    c.strokeStyle = theme.line;
    c.beginPath();
    for (const i of positions) {
      c.moveTo(...this.place(pointOf(i, omega)));
      c.lineTo(...this.place(pointOf(i + this.state.offset, omega)));
    }
    c.stroke();
    for (const i of positions) dot(c, ...this.place(pointOf(i, omega)), 2 * unit, theme.quiet, 0.55);
  }

  /** The angle, as a spiral where it is more than one turn. @param {RotationNumbers} made */
  angle({ omega, angle }) {
    const { c, radius } = this;
    const { theme, unit } = this.ui;
    const from = this.state.position * omega;
    const sand = rgb(theme.plus);
    c.strokeStyle = sand;
    c.lineWidth = 2.5 * unit;
    c.beginPath();
    for (let step = 0; step <= 240; step++) {
      const turns = (Math.abs(angle) * step) / 240 / 2 / Math.PI;
      c.lineTo(...this.at(from + (angle * step) / 240, radius * (0.3 + Math.min(0.55, 0.08 * turns))));
    }
    c.stroke();
    if (Math.abs(angle) < 0.6) return;
    const [x, y] = this.at(from + angle / 2, radius * (0.47 + 0.02 * Math.abs(angle)));
    c.font = this.ui.font(13, 600);
    write(c, `${fmt((angle * 180) / Math.PI, 0)}°`, x, y, sand, "center");
  }

  /** @param {number} which 0: the position, 1: the one that is the offset away */
  colour(which) {
    return which ? rgb(this.ui.theme.plus) : this.ui.theme.text;
  }

  /**
   * A point and its radius: a dot, and a ring that goes round it where they meet.
   * @param {Point} point
   * @param {number} which
   */
  point(point, which) {
    const { c, middle } = this;
    const { unit } = this.ui;
    const [x, y] = this.place(point);
    c.strokeStyle = this.colour(which);
    c.lineWidth = 2 * unit;
    c.beginPath();
    c.moveTo(middle, middle);
    c.lineTo(x, y);
    c.stroke();
    if (which) {
      c.beginPath();
      c.arc(x, y, 8.5 * unit, 0, 7);
      c.stroke();
    } else dot(c, x, y, 5 * unit, this.colour(which));
  }

  /** The names of both points, outside the circle; those of near points step aside. @param {RotationNumbers} made */
  names({ omega, matrix, points: [first, second] }) {
    const { c, radius } = this;
    const { unit } = this.ui;
    const { position, offset } = this.state;
    const near = offset !== 0 && Math.hypot(first[0] - second[0], first[1] - second[1]) < 0.3;
    const lean = near ? 0.16 * Math.sign(matrix[1][0]) : 0;
    c.font = this.ui.font(13, 600);
    const place = (/** @type {number} */ which, /** @type {number} */ turned) => {
      const name = rowName(position + which * offset);
      const angle = (position + which * offset) * omega + turned;
      const half = (c.measureText(name).width / 2) * Math.abs(Math.sin(angle)); // a name beside the circle is wide
      const [x, y] = this.at(angle, radius + Math.max(27 * unit, 11 * unit + half));
      write(c, name, x, y, this.colour(which), "center");
    };
    place(0, -lean);
    if (offset) place(1, lean);
  }

  /** What goes across and what goes up. @param {number} side */
  columns(side) {
    const { c } = this;
    const { theme, unit } = this.ui;
    const { pair } = this.state;
    c.font = this.ui.font();
    write(c, t("sine, column {pair} →", { pair: 2 * pair + 1 }), side, side + 2 * unit, theme.quiet, "right", "bottom");
    write(c, t("↑ cosine, column {pair}", { pair: 2 * pair }), 2, 2, theme.quiet, "left", "top");
  }

  /** @param {RotationNumbers} made */
  tell({ points, angle }) {
    const { position, offset, pair } = this.state;
    const [first, second] = points.map((point) => point.map((x) => fmt(x)).join(", "));
    this.canvas.setAttribute(
      "aria-label",
      t("Circle of columns {left} and {right}: {one} at {first}, {other} at {second}, {angle} radians apart.", {
        ...{ left: 2 * pair, right: 2 * pair + 1, angle: fmt(angle) },
        ...{ one: rowName(position), first, other: rowName(position + offset), second },
      }),
    );
  }
}
