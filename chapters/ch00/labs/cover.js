// The cover: what a word attends to, what the sentence becomes, and which word's state decides it.
import { h, svgElement } from "../../../course_kit/views/js/src/shared/dom.js";
import { folded, form } from "../../../course_kit/views/js/src/shared/own.js";
import { widest } from "../../../course_kit/views/js/src/shared/draw.js";
import COVER_CSS from "./cover.css";
import { paintArcs, paintCells, paintLinks } from "./cover_arcs.js";
import { Sentence } from "./cover_sentence.js";
import {
  changed,
  openOf,
  replies,
  story,
  subjectOf,
  textOf,
  translation,
  translations,
  withoutArcs,
} from "./cover_story.js";
import { rowsOf, study, twoOf } from "./cover_study.js";

/** @import { Pen } from "../../../course_kit/views/js/src/shared/draw.js" */
/** @import { Own, Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { CoverSpec, Piece } from "./cover_story.js" */
/** @import { Study } from "./cover_study.js" */

/** Texts that keep room for themselves: a text with a few letters less may have a line more. */
const LONGEST = 6;

/** @param {UI} ui */
export const cover = (ui) => new Cover(ui);

/** @param {Piece} piece */
function nodeOf({ text, bold, role, line }) {
  if (line) return h("br");
  return bold ? h("b", { class: role }, text) : text;
}

class Cover {
  /** @param {UI} ui */
  constructor(ui) {
    const { spec, root } = ui;
    this.ui = ui;
    this.spec = /** @type {CoverSpec} */ (spec);
    const size = spec.study.tokens[0].length;
    /** By what was typed. @type {Record<string, Study>} */
    this.studies = { "": { ...spec.study, weights: rowsOf(ui.arrays.weights, size) } };
    this.wraps = false;
    this.kept = ""; // for what room is kept
    this.brush = /** @type {Pen} */ (document.createElement("canvas").getContext("2d"));
    this.sentence = new Sentence(ui);
    this.arcs = svgElement("svg", { class: "arcs", "aria-hidden": "true" });
    this.french = h("div", { class: "french", lang: "fr", role: "status", "data-testid": "french" });
    this.says = h("p", { class: "says", role: "status", "data-testid": "readout" });
    this.frenchRoom = h("div", { class: "room" }, this.french);
    this.saysRoom = h("div", { class: "room" }, this.says);
    ui.body.append(this.arcs, this.sentence.element, this.frenchRoom, this.saysRoom);
    // one quiet line below: what is there on demand
    folded(ui, this.ownField());
    this.reset = /** @type {HTMLElement | null} */ (root.querySelector(".foot > button, .controls button"));
    ui.style(COVER_CSS);
  }

  /** What is shown: of the reader's own sentence, or of the given one. */
  now() {
    return this.studies[this.ui.state.own] ?? this.studies[""];
  }

  /** The field for a sentence of the reader's own, with some to try. */
  ownField() {
    const { spec } = this.ui;
    const given = /** @type {Own} */ (spec.own);
    const own = form(given, (/** @type {any[]} */ models, /** @type {string} */ text) => this.ask(models[0], text));
    const field = own.querySelector("textarea");
    if (!field) return own;
    const suggest = (/** @type {string} */ text) => {
      const take = () => {
        field.value = text;
        /** @type {any} */ (own).ask();
      };
      return h("button", { class: "try", onclick: take }, subjectOf(text));
    };
    const others = spec.others.flatMap((/** @type {string} */ text, /** @type {number} */ i) => [
      i ? ", " : "or ",
      suggest(text),
    ]);
    own.querySelector("[role=status]")?.before(h("span", {}, ...others));
    return own;
  }

  /** A sentence of the reader's own. @param {any} model @param {string} text */
  ask(model, text) {
    this.studies[text] ??= study(model, twoOf(text), this.spec);
    const asker = this.studies[text].tokens[0].indexOf("it");
    this.ui.set({ own: text, shown: 0, tried: [], turned: false, asker: Math.max(0, asker) }, true);
    return "";
  }

  /** @param {Piece[]} pieces */
  nodesOf(pieces) {
    return pieces.map((piece) => nodeOf(this.wraps ? { ...piece, text: withoutArcs(piece.text) } : piece));
  }

  /** Room for all that the reader can come to: what stands below keeps its place. */
  keepRoom() {
    const { state } = this.ui;
    const wanted = `${this.wraps} ${state.own}`;
    if (this.kept === wanted) return;
    this.kept = wanted;
    const it = this.now();
    this.reserve(this.frenchRoom, this.french, translations(it, state));
    this.reserve(this.saysRoom, this.says, replies(it, state, this.spec));
  }

  /**
   * Lays the longest of these texts, out of sight, where the one that is shown stands.
   * @param {HTMLElement} room
   * @param {HTMLElement} shown
   * @param {Piece[][]} texts
   */
  reserve(room, shown, texts) {
    const lines = (/** @type {Piece[]} */ pieces) => pieces.filter(({ line }) => line).length;
    const length = (/** @type {Piece[]} */ pieces) => textOf(pieces).length + 60 * lines(pieces);
    const longest = texts.toSorted((one, other) => length(other) - length(one)).slice(0, LONGEST);
    const look = { class: `${shown.className} ghost`, "aria-hidden": "true" };
    room.replaceChildren(shown, ...longest.map((pieces) => h("div", look, ...this.nodesOf(pieces))));
  }

  /**
   * Both translations fit into one line if they can do so without becoming small.
   * @param {number} size
   * @param {number} width
   */
  sizeOfFrench(size, width) {
    this.brush.font = `700 ${size}px ${this.ui.family}`;
    const written = this.now().written.map((said) => said.join(" "));
    const fits = (size * width) / widest(this.brush, written);
    return fits > 0.8 * size ? Math.min(size, fits) : size;
  }

  /** @param {number} width */
  paint(width) {
    const { ui, sentence } = this;
    const { state, unit } = ui;
    const it = this.now();
    sentence.build(it);
    const weights = ui.follow("weights", it.weights[state.shown][state.asker]);
    sentence.mark(weights);
    this.french.replaceChildren(...translation(it, state).map(nodeOf));
    const { size, wraps } = sentence.fit(width, unit);
    this.wraps = wraps;
    this.frenchRoom.style.fontSize = `${wraps ? 20 * unit : this.sizeOfFrench(size, width)}px`;
    this.arcs.classList.toggle("between", wraps);
    if (wraps) {
      paintCells(ui, sentence.cells, weights);
      paintLinks(ui, this.arcs, sentence, weights, state.asker);
    } else paintArcs(ui, this.arcs, sentence.words, weights, state.asker);
    const open = openOf(it, state);
    const heights = open.map((known, i) => (known ? it.moved[state.shown][i] : 0));
    sentence.paintSwaps(it, open, ui.follow("moved", heights));
    this.says.replaceChildren(...this.nodesOf(story(it, state, this.spec)));
    this.keepRoom();
    const began = !state.own && !state.turned && state.asker === this.spec.asker;
    if (this.reset) this.reset.style.visibility = began ? "hidden" : "";
  }

  title() {
    if (!this.ui.state.own) return this.spec.title;
    const [one, other] = changed(this.now(), 0);
    return `What decides: “${one}” or “${other}”?`;
  }

  /** With the word that asks; of arcs only where there are some. */
  caption() {
    const { state } = this.ui;
    const token = this.now().tokens[state.shown][state.asker];
    const words = this.wraps ? withoutArcs(this.spec.caption) : this.spec.caption;
    return words.replace(/\[query\|[^\]]*\]/, () => (token.includes("]") ? token : `[query|${token}]`));
  }

  /** @returns {Table} */
  table() {
    const { tokens, words, weights, moved } = this.now();
    const { shown: at, asker } = this.ui.state;
    const header = ["word", `attention of “${tokens[at][asker]}”`];
    const rows = tokens[at].map((token, i) => [token, weights[at][asker][i].toFixed(3)]);
    if (moved.length && this.spec.swaps) {
      header.push(`probability of “${words[1 - at]}” with this word's list from the other sentence`);
      rows.forEach((row, i) => row.push(moved[at][i].toFixed(3)));
    }
    return { header, rows };
  }

  numbers() {
    return this.now();
  }
}
