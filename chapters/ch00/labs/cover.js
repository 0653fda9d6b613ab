// The cover: what a word attends to, and what the sentence becomes with attention and without.
import { modelsAt } from "../../../course_kit/views/js/src/models/load.js";
import { h, still, svgElement } from "../../../course_kit/views/js/src/shared/dom.js";
import { folded, form } from "../../../course_kit/views/js/src/shared/own.js";
import COVER_CSS from "./cover.css";
import { paintArcs, paintCells, paintLinks } from "./cover_arcs.js";
import { Play } from "./cover_play.js";
import { Sentence } from "./cover_sentence.js";
import { guessed, linesOf, noteOf, scenesOf, story } from "./cover_story.js";
import { rowsOf, study } from "./cover_study.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Own, State, Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { CoverSpec, Line, Piece } from "./cover_story.js" */
/** @import { Study } from "./cover_study.js" */

/** @param {UI} ui */
export const cover = (ui) => new Cover(ui);

/** @param {Piece} piece */
const nodeOf = ({ text, bold, role, was }) => (bold ? h("b", { class: role, "data-was": was }, text) : text);
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
    this.note = h("p", { class: "note" }); // in the picture
    this.french = h("div", { class: "french", role: "status", "data-testid": "french" });
    this.says = h("p", { class: "says", role: "status", "data-testid": "readout" });
    this.controls = /** @type {HTMLElement} */ (root.querySelector(".controls"));
    const here = spec.presenting ? [] : [this.controls]; // above the French that it changes
    ui.body.append(this.arcs, this.sentence.element, this.note, ...here, this.french, this.says);
    const own = /** @type {Own} */ (spec.own);
    folded(
      ui,
      form(own, (/** @type {any[]} */ models, /** @type {string} */ text) => this.ask(models[0], text)),
    );
    this.reset = /** @type {HTMLElement | null} */ (root.querySelector(".foot button, .controls button"));
    ui.style(COVER_CSS);
    this.play = new Play(ui);
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

  /** @param {Line} line @param {number} until from this piece on only its room is kept */
  line({ label, words, chances }, until = Infinity, look = "") {
    const shown = words.slice(0, until).map((word) => (word.door && !look ? this.door(word) : nodeOf(word)));
    const rest = h("span", { class: "later" }, ...words.slice(until).map(nodeOf));
    const hidden = look.includes("ghost") ? "true" : null;
    return h(
      "div",
      { class: `line ${look}`, "aria-hidden": hidden },
      h("span", { class: "label" }, label),
      h("span", { lang: "fr" }, ...shown, ...(until < Infinity ? [rest] : [])),
      h("i", {}, chances),
    );
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
    const { ui, sentence, play } = this;
    const { unit } = ui;
    const state = play.seen;
    play.turn();
    const it = this.now();
    const on = state.attention === "on";
    const asker = this.asker();
    sentence.build(it);
    const all = it.weights[asker];
    const weights = ui.follow(
      "weights",
      all.map((weight) => (on ? weight : 0)),
    );
    sentence.mark(weights, asker);
    const wraps = sentence.fit(width, unit);
    ui.body.classList.toggle("one-row", !wraps);
    this.arcs.classList.toggle("between", wraps);
    this.arcs.classList.toggle("drawn", play.scene === "draw");
    const ghosts = on ? [] : all;
    if (wraps) {
      paintCells(ui, sentence.cells, weights, ghosts);
      paintLinks(ui, this.arcs, sentence, weights, asker, ghosts);
    } else paintArcs(ui, this.arcs, sentence.words, weights, asker, ghosts);
    sentence.paintSwaps(it);
    this.note.replaceChildren(...noteOf(it, state, asker).map(nodeOf));
    this.translate(it, state);
    this.says.replaceChildren(...story(it, state, this.spec, Boolean(modelsAt()), play.ask).map(nodeOf));
    const { sentence: text, attention, asker: chosen } = ui.state;
    const began = text === Object.keys(this.spec.studies)[0] && attention === "on" && chosen < 0;
    if (this.reset) this.reset.style.visibility = began ? "hidden" : "";
  }

  /** The French; what is there already is not made again, so that what moves goes on. */
  translate(/** @type {Study} */ it, /** @type {State} */ state) {
    const { scene } = this.play;
    const lines = linesOf(it, state);
    const key = JSON.stringify([lines, scene]);
    if (key === this.translated) return;
    this.translated = key;
    for (const part of [this.french, this.says]) part.setAttribute("aria-live", scene ? "off" : "polite");
    const room = this.line({ ...lines[0], label: t("without") }, guessed(it), "ghost");
    const until = scene === "draw" ? 2 * it.place + 1 : Infinity;
    if (scene)
      this.french.replaceChildren(
        this.line(scenesOf(it, scene), until, scene),
        this.line({ ...lines[0], words: lines[0].words.map(({ text }) => ({ text })) }, 0, "ghost empty"),
      );
    else this.french.replaceChildren(...lines.map((line) => this.line(line)), ...(lines.length < 2 ? [room] : []));
  }

  /** With the word that asks. */
  caption() {
    const { tokens, larger } = this.now();
    const word = tokens[this.asker()];
    const token = word.includes("]") ? word : `[query|${word}]`;
    return larger && !this.spec.lists
      ? t("What {token} attends to, in one of the pictures of a larger translation model.", { token })
      : this.spec.caption.replace(/\[query\|[^\]]*\]/, () => token);
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
