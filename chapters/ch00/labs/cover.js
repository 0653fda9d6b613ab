// The cover: what a word attends to, and what the sentence becomes with attention and without.
import { modelsAt } from "../../../course_kit/views/js/src/models/load.js";
import { h, still, svgElement } from "../../../course_kit/views/js/src/shared/dom.js";
import { folded, form } from "../../../course_kit/views/js/src/shared/own.js";
import COVER_CSS from "./cover.css";
import { paintArcs, paintCells, paintLinks } from "./cover_arcs.js";
import { Sentence } from "./cover_sentence.js";
import { linesOf, story } from "./cover_story.js";
import { rowsOf, study } from "./cover_study.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Own, Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { CoverSpec, Line, Piece } from "./cover_story.js" */
/** @import { Study } from "./cover_study.js" */

/** @param {UI} ui */
export const cover = (ui) => new Cover(ui);

/** @param {Piece} piece */
const nodeOf = ({ text, bold, role }) => (bold ? h("b", { class: role }, text) : text);
const said = (/** @type {string} */ word) => t("How does a Transformer come to write “{word}”?", { word });

class Cover {
  /** @param {UI} ui */
  constructor(ui) {
    const { spec, root } = ui;
    this.ui = ui;
    this.spec = /** @type {CoverSpec} */ (spec);
    const given = /** @type {[string, Study][]} */ (Object.entries(spec.studies));
    /** By sentence. @type {Record<string, Study>} */
    this.studies = Object.fromEntries(
      given.map(([text, one], i) => {
        const weights = one.weights ?? rowsOf(ui.arrays[`weights${i}`], one.tokens.length);
        return [text, { ...one, weights }];
      }),
    );
    this.was = this.now();
    this.sentence = new Sentence(ui);
    this.arcs = svgElement("svg", { class: "arcs", "aria-hidden": "true" });
    this.french = h("div", { class: "french", role: "status", "data-testid": "french" });
    this.says = h("p", { class: "says", role: "status", "data-testid": "readout" });
    this.room = h("div", { class: "french room" }); // on a phone: below what is said, which follows the French
    ui.body.append(this.arcs, this.sentence.element, this.french, this.says, this.room);
    const own = /** @type {Own} */ (spec.own);
    folded(
      ui,
      form(own, (/** @type {any[]} */ models, /** @type {string} */ text) => this.ask(models[0], text)),
    );
    this.controls = /** @type {HTMLElement} */ (root.querySelector(".controls"));
    this.reset = /** @type {HTMLElement | null} */ (root.querySelector(".foot > button, .controls button"));
    ui.style(COVER_CSS);
  }

  now() {
    return this.studies[this.ui.state.sentence];
  }

  /** A sentence of the reader's own. @param {any} model @param {string} text */
  ask(model, text) {
    const { larger } = /** @type {Own} */ (this.spec.own);
    const isLarger = larger?.name === model.card.name;
    this.studies[text] = { ...study(model, text, this.spec), larger: isLarger };
    this.ui.set({ sentence: text, attention: "on" }, true);
    const { top, bottom } = this.french.getBoundingClientRect();
    const sentence = this.sentence.element; // on a phone it stands a screen above the field
    if (top < 0 || bottom > innerHeight) sentence.scrollIntoView({ behavior: still() ? "auto" : "smooth" });
    return isLarger ? /** @type {any} */ (larger).about : "";
  }

  /** The word whose attention is shown. */
  asker() {
    const { asker } = this.ui.state;
    return asker < 0 ? this.now().asker : asker;
  }

  /** A new sentence, or attention that comes back, begins anew. */
  begin() {
    const { state } = this.ui;
    if (this.now() !== this.was) Object.assign(state, { asker: -1, tried: [] });
    if (state.attention === "on") state.tried = [];
    this.was = this.now();
  }

  /** @param {Line} line @param {number} i the second one that is not yet to be seen keeps its room */
  line({ label, words, chances }, i) {
    const text = h("span", { lang: "fr" }, ...words.map((word) => (word.door && !i ? this.door(word) : nodeOf(word))));
    const look = i ? { class: "line ghost", "aria-hidden": "true" } : { class: "line" };
    return h("div", look, h("span", { class: "label" }, label), text, h("i", {}, chances));
  }

  /** A word that leads into the model: how does it come to be written? @param {Piece} piece */
  door(piece) {
    if (!modelsAt()) return nodeOf(piece);
    const words = said(piece.text);
    const look = {
      type: "button",
      class: "door",
      "aria-label": t("{name}: {value}", { name: piece.text, value: words }),
      title: words,
    };
    return h("button", { ...look, onclick: () => this.enter() }, nodeOf(piece));
  }

  /** The descent in this view's place, and from there back to what is here now. */
  enter() {
    const { ui, studies } = this;
    const { sentence } = ui.state;
    const { place, written, larger } = this.now();
    const here = { studies, state: { ...ui.state }, initial: ui.spec.initial ?? ui.spec.state };
    const leave = () => {
      ui.become(here);
      /** @type {HTMLElement | null} */ (ui.root.querySelector(".door"))?.focus({ preventScroll: true });
    };
    const title = said(written[0][place]);
    const models = larger ? [this.spec.own?.larger?.name] : this.spec.door.models;
    const own = { ...this.spec.door, models, text: sentence, title };
    const opens = { tokens: written[0], word: place + 1 };
    ui.become({ kind: "descent", title, caption: "", controls: [], state: {}, sentence, opens, own, leave }, {});
  }

  /** @param {number} width */
  paint(width) {
    this.begin();
    const { ui, sentence } = this;
    const { state, unit } = ui;
    const it = this.now();
    const on = state.attention === "on";
    const asker = this.asker();
    sentence.build(it);
    const weights = ui.follow(
      "weights",
      it.weights[asker].map((weight) => (on ? weight : 0)),
    );
    sentence.mark(weights, asker);
    const wraps = sentence.fit(width, unit);
    this.arcs.classList.toggle("between", wraps);
    if (wraps) {
      paintCells(ui, sentence.cells, weights);
      paintLinks(ui, this.arcs, sentence, weights, asker);
    } else paintArcs(ui, this.arcs, sentence.words, weights, asker);
    sentence.paintSwaps(it);
    const lines = linesOf(it, state);
    this.switchAbove(wraps);
    const room = on ? [this.line(lines[0], 1)] : [];
    this.french.replaceChildren(...lines.map((line) => this.line(line, 0)), ...(wraps ? [] : room));
    this.room.replaceChildren(...(wraps ? room : []));
    this.says.replaceChildren(...story(it, state, this.spec, Boolean(modelsAt())).map(nodeOf));
    const began = state.sentence === Object.keys(this.spec.studies)[0] && on && state.asker < 0;
    if (this.reset) this.reset.style.visibility = began ? "hidden" : "";
    this.wraps = wraps;
  }

  /** On a phone the switch is where its sentence ends, above the French that it changes. @param {boolean} is */
  switchAbove(is) {
    const { ui, french, controls } = this;
    if (is === ui.body.contains(controls)) return;
    if (is) french.before(controls);
    else ui.below.before(controls);
  }

  /** With the word that asks; of arcs only where there are some. */
  caption() {
    const { tokens, larger } = this.now();
    const word = tokens[this.asker()];
    const token = word.includes("]") ? word : `[query|${word}]`;
    const { lists, caption } = this.spec;
    if (!this.wraps && (lists || !larger)) return caption.replace(/\[query\|[^\]]*\]/, () => token);
    if (lists)
      return t("Switch attention off, then press ⇅ under a word. Weights: what {token} attends to.", { token });
    if (!larger)
      return t("Weights: what {token} attends to, in one of twelve such pictures of a translation model.", { token });
    return this.wraps
      ? t("Weights: what {token} attends to, in one of the pictures of a larger translation model.", { token })
      : t("Arcs: what {token} attends to, in one of the pictures of a larger translation model.", { token });
  }

  /** @returns {Table} */
  table() {
    const { tokens, words, weights, given } = this.now();
    const asker = this.asker();
    const header = [t("word"), t("attention of “{token}”", { token: tokens[asker] })];
    const rows = tokens.map((token, i) => [token, weights[asker][i].toFixed(3)]);
    if (this.spec.lists) {
      header.push(t("probability of “{word}” with attention for this word alone", { word: words[0] }));
      rows.forEach((row, i) => row.push(given[i].toFixed(3)));
    }
    return { header, rows };
  }

  numbers() {
    return this.now();
  }
}
