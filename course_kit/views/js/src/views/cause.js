// Does a weight matter? Rows of attention can be changed and heads silenced: what the model in the page then says.
import { changed, compared, weightsOf } from "../models/interventions.js";
import { loadModel } from "../models/load.js";
import { h, tableOf } from "../shared/dom.js";
import { askedInWords, changeInWords, toldOf } from "./cause_words.js";
import { t } from "../text.js";

/** @import { Answer, Row, Silent } from "../models/interventions.js" */
/** @import { Matrix } from "../models/tensors.js" */
/** @import { UI } from "../shared/types.js" */
/** @import { Told } from "./cause_words.js" */
/** @import { HeadsSpec } from "./heads_numbers.js" */
/**
 * @typedef {object} OpenHead
 * @property {() => Silent} head layer and head; −1: the mean, all of its layer's
 * @property {() => number} query the word that is chosen
 * @property {() => number} key
 * @property {(query: number, key: number) => boolean} seen whether a cell is not masked
 * @property {(weights: Float32Array) => void} show instead of those that are shown
 */

const FIRST = t("Does this weight matter? Guess what the model says then, and press.");

export class Cause {
  /** @type {Row[]} */
  painted = [];
  /** @type {Answer | undefined} */
  found = undefined;
  /** What the last answer was about, and how often in a row that was asked. */
  last = { change: "", knocked: "", times: 0 };
  turn = 0;

  /** @param {UI} ui @param {OpenHead} open */
  constructor(ui, open) {
    this.ui = ui;
    this.spec = /** @type {HeadsSpec} */ (ui.spec);
    this.open = open;
    this.given = /** @type {Float32Array} */ (ui.arrays.map0);
    const button = (/** @type {() => void} */ onclick, /** @type {string} */ words) =>
      h("button", { type: "button", onclick }, words);
    this.alone = button(() => this.paint(open.query(), [open.key()]), "");
    ui.actions.alone = () => this.alone.click();
    ui.actions.reset = () => this.painted.length && this.asItWas();
    this.undo = button(() => this.asItWas(), t("as it was"));
    this.told = h("div", { class: "told quiet", role: "status" }, FIRST);
    this.tables = h("div", { class: "tables", "data-testid": "cause-tables" });
    this.folded = h("details", { class: "more", hidden: true }, h("summary", {}, t("word by word, layer by layer")));
    this.line = h("div", { class: "line" }, this.alone);
    if (ui.spec.presenting) this.below();
    else this.above();
  }

  /** What one can do comes first, its answer beside it; its tables are at hand. */
  above() {
    const { ui, line, told, tables } = this;
    line.append(this.undo);
    ui.body.parentElement?.before(h("div", { class: "cause first", "data-testid": "cause" }, line, told));
    ui.root.querySelector(".summed-up")?.before(this.folded);
    this.folded.append(tables);
  }

  /** In front of a class what one can do stands beside the pictures, and its answer below. */
  below() {
    this.ui.below.append(h("div", { class: "cause", "data-testid": "cause" }, this.told, this.undo));
  }

  /** @param {number} query */
  rowOf(query) {
    const [layer, head] = this.open.head();
    return this.painted.find((one) => one[0] === layer && one[1] === head && one[2] === query);
  }

  /** The query of this row attends to these keys alone, to each as much; without keys, as it did.
   * @param {number} query @param {number[]} keys */
  paint(query, keys) {
    const seen = keys.filter((key) => this.open.seen(query, key));
    const before = this.rowOf(query);
    this.painted = this.painted.filter((one) => one !== before);
    if (seen.length) this.painted.push([...this.open.head(), query, seen]);
    this.ui.set({ query, key: seen.at(-1) ?? this.ui.state.key }, true);
    this.ask();
  }

  /** The chosen key joins those to which the chosen query attends, or leaves them. */
  toggle() {
    const query = this.open.query();
    const key = this.open.key();
    const keys = this.rowOf(query)?.[3] ?? [];
    this.paint(query, keys.includes(key) ? keys.filter((one) => one !== key) : [...keys, key]);
  }

  asItWas() {
    this.painted = [];
    this.ui.set({ knocked: [] }, true);
    this.ask();
  }

  async ask() {
    const mine = ++this.turn;
    this.last.knocked = String(this.ui.state.knocked);
    try {
      const it = await loadModel(this.spec.own?.models[0] ?? "", (share) => {
        if (mine === this.turn && !this.found)
          this.told.textContent = t("The model is coming: {share} %.", { share: Math.round(100 * share) });
      });
      if (mine === this.turn) this.answer(it);
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      this.told.textContent = t("{sentence}.", { sentence: message[0].toUpperCase() + message.slice(1) });
    }
  }

  /** @param {any} it the model that is asked */
  answer(it) {
    const { spec, painted } = this;
    const [map] = spec.maps;
    const ids = it.source.encode(spec.reads ?? spec.own?.text ?? "");
    if (ids.length !== map.shape[2])
      throw new Error(t("The model cuts this text up differently: ask it for the sentence again, above"));
    const out = this.ui.state.knocked.map((/** @type {any[]} */ one) => one.slice(-2));
    const tap = painted.length || out.length ? changed(it, ids, painted, out) : undefined;
    this.found = compared(it, ids, tap);
    this.open.show(tap ? packed(weightsOf(it, ids, tap)) : this.given);
    const change = changeInWords({ painted, out }, map.keys);
    const times = change === this.last.change ? this.last.times + 1 : 1;
    this.last = { ...this.last, change, times };
    this.tell(toldOf(this.found, askedInWords(change, times)));
  }

  /** @param {Told} told */
  tell({ asked, texts, news, tables }) {
    const written = texts.map(({ name, words }) =>
      h("div", {}, name, ...words.map(({ text, changed }) => (changed ? h("b", { class: "output" }, text) : text))),
    );
    const question = this.ui.spec.presenting ? "" : h("div", { class: "quiet" }, asked); // which a class has seen
    this.told.classList.remove("quiet");
    this.told.replaceChildren(question, ...written, news ? h("div", {}, news) : "");
    this.tables.replaceChildren(...tables.map((table) => tableOf(table)));
    this.folded.hidden = false;
    // the next answer finds this one's room
    for (const part of [this.told, this.tables]) part.style.minHeight = `${part.offsetHeight}px`;
  }

  /** Called at each paint. @param {string} query @param {string} key the chosen words */
  sync(query, key) {
    const { knocked } = this.ui.state;
    this.alone.textContent = t("let “{query}” attend only to “{key}”", { query, key });
    const asItWas = !this.painted.length && !knocked.length;
    this.undo.hidden = asItWas && !this.ui.spec.presenting;
    this.undo.style.visibility = asItWas ? "hidden" : ""; // before a class its room is there
    // another hand has silenced heads or brought them back: what is told would be of something else
    if (this.last.times && String(knocked) !== this.last.knocked) this.ask();
  }
}

/** Weights of each head [T, T] one after the other. @param {Matrix[][]} layers */
export function packed(layers) {
  const heads = layers.flat().map(({ data }) => data);
  const all = new Float32Array(heads.length * heads[0].length);
  for (const [i, head] of heads.entries()) all.set(head, i * head.length);
  return all;
}
