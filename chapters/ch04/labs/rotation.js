// A pair of columns as a point on a circle: one 2 × 2 matrix carries position i to i + δ, whatever i is.
import { h, pointed, spoken } from "../../../course_kit/views/js/src/shared/dom.js";
import { fmt } from "../../../course_kit/views/js/src/shared/numbers.js";
import ROTATION_CSS from "./rotation.css";
import { TURN, dragged, equal, held, noticed, numbersOf, pointOf, times } from "./rotation_numbers.js";
import { Circle, rowName } from "./rotation_picture.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Picture, Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Point, RotationNumbers, RotationSpec, RotationState } from "./rotation_numbers.js" */

/** @param {UI} ui @returns {Picture} */
export function rotation(ui) {
  return new Rotation(ui);
}

/** @param {number[]} numbers */
const listed = (numbers) => numbers.map((x) => fmt(x)).join(", ");

/** A matrix, or a column, in brackets. @param {number[][]} rows @param {string} name */
function bracket(rows, name, look = "matrix") {
  const cells = rows.flat().map((x) => h("span", {}, fmt(x)));
  return h("span", { class: look }, h("span", { class: `cells c${rows[0].length}` }, ...cells), h("small", {}, name));
}

/** @implements {Picture} */
class Rotation {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {RotationSpec} */ (ui.spec);
    this.state = /** @type {RotationState} */ (ui.state);
    this.canvas = h("canvas", {
      role: "img",
      "aria-label": t("two positions on a circle"),
      style: "cursor:grab;touch-action:none",
    });
    this.circle = new Circle(ui, this.canvas);
    this.equation = h("div", { class: "equation", role: "math" });
    this.same = h("div", { class: "same" });
    this.say = spoken();
    this.some = [...new Set([0, 1, 2, 3, 4].map((n) => Math.floor((n * this.spec.length) / 5)))];
    /** @type {"position" | "offset" | null} which of the two points is in the reader's hand */
    this.held = null;
    /** @type {{ state: RotationState, matrix: number[][] } | null} what was shown before */
    this.last = null;
    this.note = t("Drag P[i] round the circle: does R change?");
    ui.body.append(this.canvas);
    ui.side.append(this.equation, this.same, this.say);
    ui.style(ROTATION_CSS);
    this.listen();
  }

  numbers() {
    return numbersOf(this.spec, this.state);
  }

  /** The two points can be dragged round: the first is the position, the second the offset from it. */
  listen() {
    const { canvas } = this;
    canvas.onpointerdown = (event) => {
      this.held = held(this.state, this.numbers().omega, this.turn(event));
      canvas.setPointerCapture(event.pointerId);
      this.drag(event, false);
    };
    canvas.onpointermove = (event) => this.drag(event, false);
    const stop = (/** @type {PointerEvent} */ event) => {
      this.drag(event, true);
      this.held = null;
    };
    canvas.onpointerup = stop;
    canvas.onpointercancel = stop;
  }

  /** The angle at which a pointer is, clockwise from above. @param {PointerEvent} event */
  turn(event) {
    const [x, y] = pointed(event, this.canvas);
    const middle = this.canvas.offsetWidth / 2;
    return (Math.atan2(x - middle, middle - y) + TURN) % TURN;
  }

  /** @param {PointerEvent} event @param {boolean} done */
  drag(event, done) {
    const name = this.held;
    if (!name) return;
    const values = this.spec.controls.find((control) => control.name === name)?.values ?? [];
    const { omega } = this.numbers();
    this.ui.set({ [name]: dragged(this.state, omega, name, values, this.turn(event)) }, done);
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { body, unit } = this.ui;
    const made = this.numbers();
    const roomy = width > 560 * unit;
    body.parentElement?.classList.toggle("beside", narrow && roomy);
    this.notice(made);
    this.circle.paint(made, Math.min(narrow && !roomy ? width : width * 0.43, 380 * unit));
    this.write(made);
    this.list(made);
    this.tell(made);
  }

  /** What the reader moved last, and whether R moved with it. @param {RotationNumbers} made */
  notice({ matrix }) {
    if (this.last) {
      const note = noticed(this.last, this.state, matrix);
      if (note === null) return;
      this.note = note;
    }
    this.last = { state: { ...this.state }, matrix };
  }

  /** R · P[i] = P[i + δ] in numbers. @param {RotationNumbers} made */
  write({ matrix, points, turned }) {
    const { position, offset } = this.state;
    const [first, second] = points.map((point) => point.map((x) => [x]));
    const names = [rowName(position), rowName(position + offset)];
    this.equation.replaceChildren(
      bracket(matrix, t("R, for δ = {offset}", { offset: fmt(offset, 0) }), t("one matrix")),
      h("b", {}, "·"),
      bracket(first, names[0]),
      h("b", {}, equal(turned, points[1]) ? "=" : "≠"),
      bracket(second, names[1]),
    );
    const rows = matrix.map(listed).join("; ");
    this.equation.setAttribute(
      "aria-label",
      t("R = ({rows}) times {name} = {turned}", { rows, name: names[0], turned: listed(turned) }),
    );
  }

  /** The same R at some other positions. @param {RotationNumbers} made */
  list({ omega, matrix }) {
    const { offset } = this.state;
    const rows = this.some.flatMap((i) => {
      const [from, to] = [pointOf(i, omega), pointOf(i + offset, omega)];
      return [
        h("i", {}, rowName(i)),
        h("span", {}, `(${listed(from)})`),
        h("span", {}, equal(times(matrix, from), to) ? "→" : "↛"),
        h("i", {}, rowName(i + offset)),
        h("span", {}, `(${listed(to)})`),
      ];
    });
    const count = Math.abs(offset);
    const same =
      offset < 0
        ? t("The same R carries every position {count} back:", { count })
        : t("The same R carries every position {count} on:", { count });
    this.same.replaceChildren(h("b", {}, same), ...rows);
  }

  /** @param {RotationNumbers} made */
  tell({ omega, angle }) {
    const degrees = fmt((angle * 180) / Math.PI, 0);
    const product = `${fmt(this.state.offset, 0)} · ${fmt(omega, omega < 0.01 ? 5 : 3)}`;
    this.say.replaceChildren(
      h(
        "div",
        {},
        t("R turns by δ · ω = {product} = {angle} rad, {degrees}°.", { product, angle: fmt(angle), degrees }),
      ),
      h("div", { class: "quiet", "data-testid": "note" }, this.note),
    );
  }

  /** @returns {Table} */
  table() {
    const { omega, matrix } = this.numbers();
    const rows = Array.from({ length: this.spec.length }, (_, i) => {
      const from = pointOf(i, omega);
      const all = [...from, ...times(matrix, from), ...pointOf(i + this.state.offset, omega)];
      return [String(i), ...all.map((x) => fmt(x))];
    });
    return {
      header: ["i", t("cos"), t("sin"), t("R·P: cos"), t("R·P: sin"), t("P[i+δ]: cos"), t("P[i+δ]: sin")],
      rows,
    };
  }
}
