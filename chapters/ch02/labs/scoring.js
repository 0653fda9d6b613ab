// The scoring lab: one query, a few keys, two scores in one table: score → scale → mask → softmax → context.
import { h, readout } from "../../../course_kit/views/js/src/shared/dom.js";
import { fmt, percent } from "../../../course_kit/views/js/src/shared/numbers.js";
import { Plane } from "./plane.js";
import { ALL_STEPS, changed, isMasked, mostAttended, numbersOf, STEPS, vectorsOf } from "./scoring_numbers.js";
import { Fields, listed, ScoreTable } from "./scoring_table.js";
import SCORING_CSS from "./scoring.css";

/** @import { Picture, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { ScoringSpec, Slot, Steps } from "./scoring_numbers.js" */

/** @param {UI} ui @returns {Picture} */
export function scoring(ui) {
  ui.style(SCORING_CSS);
  return new Scoring(ui);
}

class Scoring {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {ScoringSpec} */ (ui.spec);
    this.fields = new Fields(ui);
    this.plane = this.spec.dims === 2 ? this.drawn() : null; // vectors of two numbers are arrows
    this.scores = new ScoreTable(ui, this.plane ? null : this.fields);
    this.more = this.spec.alone ? this.folded() : null;
    this.say = readout(ui, "margin-top:.6em;min-height:2.8em");
    ui.body.hidden = !this.plane;
    ui.side.append(this.scores.element);
  }

  /** The second score, the menus and the sliders, behind a line that opens. */
  folded() {
    const { scores, ui } = this;
    const line = h("summary", {}, "compare with another score, step by step");
    const controls = ui.root.querySelector(".controls");
    const inside = [h("div", { class: "scroll" }, scores.slots.a.menu, scores.second), controls];
    const more = h("details", { class: "more", ontoggle: () => ui.set({}) }, line, ...inside);
    ui.root.querySelector(".view")?.classList.add("alone");
    ui.side.style.minHeight = `${12 + 2.1 * this.spec.dims}em`; // with the rows that a mask and a temperature add
    ui.below.append(more);
    return more;
  }

  /** Whether one score is seen alone. */
  get alone() {
    return this.more !== null && !this.more.open;
  }

  /** The plane, and its vectors as numbers, folded. */
  drawn() {
    const { fields, spec, ui } = this;
    const plane = new Plane(
      ui,
      () => vectorsOf(spec, ui.state),
      (vector, to, done) => ui.set(changed(ui.state, spec.dims, vector, 0, to), done),
    );
    const heads = fields.names.map((name, i) => h("th", { scope: "col", class: i ? "key" : "query" }, name));
    const numbers = h("table", {}, h("thead", {}, h("tr", {}, h("td"), ...heads)), fields.rows());
    ui.body.append(plane.canvas, h("details", { class: "more" }, h("summary", {}, "vectors as numbers"), numbers));
    return plane;
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { plane, spec, ui } = this;
    const made = this.made();
    const high = (narrow ? 280 : spec.presenting ? 410 : 320) * ui.tall;
    if (plane) {
      const shown = ui.state.step >= ALL_STEPS && made.a.context.length === 2;
      const wide = narrow ? width : width * (spec.presenting ? 0.34 : 0.38);
      plane.draw(wide, high, shown ? { a: made.a.context, b: made.b.context } : {});
    }
    this.scores.element.style.height = this.more ? "" : this.room(high, narrow);
    this.fields.sync();
    this.scores.fill(made, this.alone);
    const attends = (/** @type {Slot} */ slot) => this.attended(made[slot]);
    const asks = h("b", { class: "query" }, `“${spec.query_name}”`);
    const said = this.alone
      ? [asks, " attends most to ", ...attends("a"), "."]
      : ["A attends most to ", ...attends("a"), "; B to ", ...attends("b"), "."];
    this.say.replaceChildren(h("div", {}, ...said));
  }

  /** The height of the table: all steps of both scores fit in, so that a row more or less moves nothing below.
   * @param {number} high of the plane @param {boolean} narrow */
  room(high, narrow) {
    const { plane, spec, ui } = this;
    if (plane && !narrow) return `${high + 44 * ui.unit}px`;
    if (spec.presenting) return "";
    return `${34 + (plane ? 0 : 1.9 * spec.dims)}em`;
  }

  /** Whom a query attends most, in words. @param {Steps} made */
  attended({ weights }) {
    const { most, tops } = mostAttended(this.spec.names, weights);
    if (!tops.length) return ["nobody: all is masked"];
    const before = (/** @type {number} */ i) => (i === tops.length - 1 ? " and " : ", ");
    const named = tops.flatMap((name, i) => [i ? before(i) : "", h("b", { class: "key" }, name)]);
    return [...named, ` with ${percent(most)}${tops.length > 1 ? " each" : ""}`];
  }

  table() {
    const made = this.made();
    const slots = /** @type {Slot[]} */ (["a", "b"]);
    const rows = slots.flatMap((slot) => this.tableRows(slot.toUpperCase(), made[slot]));
    return { header: ["", ...this.spec.names], rows };
  }

  /** @param {string} letter @param {Steps} made */
  tableRows(letter, made) {
    const { state } = this.ui;
    const rows = STEPS.map((step) => {
      const cells = made[step].map((x, i) => (isMasked(state, step, x, i) ? "masked" : fmt(x)));
      return [`${letter} ${step}`, ...cells];
    });
    return [...rows, [`${letter} context`, listed(made.context)]];
  }

  made() {
    return numbersOf(this.spec, this.ui.arrays, this.ui.state);
  }

  numbers() {
    return { ...this.made(), plane: this.plane?.place ?? false };
  }
}
