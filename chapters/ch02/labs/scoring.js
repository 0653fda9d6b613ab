// The scoring lab: one query, a few keys, two scores in one table: score → scale → mask → softmax → context.
import { h, readout } from "../../../course_kit/views/js/src/shared/dom.js";
import { fmt, percent } from "../../../course_kit/views/js/src/shared/numbers.js";
import { Plane } from "../../ch01/labs/plane.js";
import { ALL_STEPS, changed, isMasked, mostAttended, numbersOf, STEPS, vectorsOf } from "./scoring_numbers.js";
import { Fields, listed, ScoreTable } from "./scoring_table.js";
import SCORING_CSS from "./scoring.css";

/** @import { Picture, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { ScoringSpec, Slot, Steps } from "./scoring_numbers.js" */

/** @param {UI} ui @returns {Picture} */
export function scoring(ui) {
  if (ui.state.query.length !== 2) throw new RangeError("vectors of two numbers only, since edition 4");
  ui.style(SCORING_CSS);
  return new Scoring(ui);
}

class Scoring {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {ScoringSpec} */ (ui.spec);
    this.fields = new Fields(ui);
    this.plane = this.drawn();
    this.scores = new ScoreTable(ui);
    this.say = readout(ui, "margin-top:.6em;min-height:2.8em");
    ui.side.append(this.scores.element);
  }

  /** The plane, and its vectors as numbers, folded. */
  drawn() {
    const { fields, spec, ui } = this;
    const plane = new Plane(
      ui,
      () => vectorsOf(spec, ui.state),
      (vector, to, done) => ui.set(changed(ui.state, vector, 0, to), done),
    );
    const heads = fields.names.map((name, i) => h("th", { scope: "col", class: i ? "key" : "query" }, name));
    const numbers = h("table", {}, h("thead", {}, h("tr", {}, h("td"), ...heads)), fields.rows());
    ui.body.append(plane.canvas, h("details", { class: "more" }, h("summary", {}, "vectors as numbers"), numbers));
    return plane;
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { spec, ui } = this;
    const { theme, state } = ui;
    const made = this.made();
    const high = (narrow ? 280 : spec.presenting ? 410 : 320) * ui.tall;
    const wide = narrow ? width : width * (spec.presenting ? 0.34 : 0.38);
    const [query, ...keys] = vectorsOf(spec, state);
    const arrows = [
      ...keys.map((vector, i) => {
        return { vector, name: spec.names[i], colour: theme.key, alpha: state.mask[i] ? 1 : 0.35 };
      }),
      { vector: query, name: spec.query_name, colour: theme.query, width: 3.4 },
    ];
    const marks = [
      { vector: made.b.context, name: "B", full: false },
      { vector: made.a.context, name: "A", full: true },
    ];
    const shown = state.step >= ALL_STEPS;
    this.plane.draw(wide, high, arrows, shown ? marks : [], shown ? "A, B: averages of the keys" : "");
    const room = narrow ? "34em" : `${high + 44 * ui.unit}px`; // for all steps
    this.scores.element.style.height = narrow && spec.presenting ? "" : room;
    this.fields.sync();
    this.scores.fill(made);
    const attends = (/** @type {Slot} */ slot) => this.attended(made[slot]);
    this.say.replaceChildren(h("div", {}, "A attends most to ", ...attends("a"), "; B to ", ...attends("b"), "."));
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
    return { ...this.made(), plane: this.plane.place };
  }
}
