// A text of the reader's own: a field in the view, and the picture that follows what is typed, computed in the page by
// a trained model. `spec.own` (see own.py) says by which. A view whose picture has a method `answer` gets the field by
// itself: what the model reads -> a generator of pictures, one for each new word, each with what differs in the spec,
// and its arrays. Other views build it with `form`, and put it behind a quiet line with `folded`.
import { writing } from "../models/writing.js";
import { MISSING, loadModel, modelsAt } from "../models/load.js";
import { composing, h, typed } from "./dom.js";
import { readable } from "./labels.js";
import { t } from "../text.js";

/** @import { Own, Picture, Reading, UI } from "./types.js" */
/** @typedef {any} Model as models/load.js gives it */
/** @typedef {{ id: number, text: string }} Piece of a text, as a model reads it */
/**
 * @callback Answer what is done with a text -> what is to be said of it; it ends when going() is false
 * @param {Model[]} models
 * @param {string} text
 * @param {() => boolean} going
 * @returns {string | Promise<string>}
 *
 * @callback Then what more is to be done -> what is to be said of it
 * @param {Model[]} models
 * @param {() => boolean} going
 * @returns {string | Promise<string>}
 *
 * @typedef {object} FormOptions
 * @property {() => void} [forget] shows what was there first
 * @property {number} [rows] of the field; with more than one, what is typed is answered at once when the model is there
 * @property {import("./dom.js").Child} [beside] comes beside the button
 */

const READING = t("Reading …");
const NOTHING = t("There is no word to read: type a text");
const ELSEWHERE = t("You can type a text of your own here on the course's website and in JupyterLab.");
const MOST = 400; // letters of a text that is quoted

/** What a model reads instead of pieces that it does not know. @param {Model} model @param {Piece[]} pieces */
export function unknownOf({ source, tokenizer }, pieces) {
  const { unk, words } = source ?? tokenizer;
  const missing = new Set(pieces.filter(({ id }) => id === unk).map(({ text }) => `“${readable(text)}”`));
  const values = { missing: [...missing].join(t(", ")), reads: words[unk] };
  return missing.size ? t("It does not know {missing}, and reads {reads} there. ", values) : "";
}

/**
 * A field, a button, and a line on the model: `about`, or for once what `answer` gives. Its `ask(then)` asks, and then
 * lets `then` say more. Without the models' files it says where there are some.
 * @param {Own} given
 * @param {Answer} answer
 * @param {FormOptions} options
 * @returns {HTMLElement & { ask?: (then?: Then) => Promise<void> }}
 */
export function form(given, answer, options = {}) {
  if (!modelsAt()) return h("div", { class: "own", "data-testid": "model" }, ELSEWHERE);
  const made = new Form(given, answer, options);
  return Object.assign(made.element, { ask: (/** @type {Then | undefined} */ then) => made.ask(then) });
}

class Form {
  /** @param {Own} given @param {Answer} answer @param {FormOptions} options */
  constructor({ models, label, text, about, larger }, answer, { forget, rows = 1, beside = "" }) {
    this.names = models;
    this.text = text;
    this.answer = answer;
    this.forget = forget;
    this.rows = rows;
    /** The models, once they have come. @type {Model[] | null} */
    this.models = null;
    this.turn = 0; // the last question wins
    this.facts = h("span", {}, about);
    this.news = h("span");
    this.field = this.textarea();
    this.back = h("button", { type: "button", onclick: () => this.first(), hidden: true }, t("the first sentence"));
    const hint = t("Computed in this page: what you type is sent nowhere.");
    const button = h("button", { type: "button", onclick: () => this.ask(), title: hint }, t("ask the model"));
    const more =
      larger && h("button", { type: "button", onclick: () => this.ask(undefined, [larger.name]) }, larger.label);
    const said = h("span", { role: "status", "data-testid": "model" }, this.facts, this.news);
    this.element = h("div", { class: "own" }, h("label", {}, label, this.field), button, more, beside, this.back, said);
  }

  textarea() {
    const look = { rows: this.rows, spellcheck: "false", autocomplete: "off", autocapitalize: "off" };
    const field = h("textarea", {
      ...look,
      "data-control": "own",
      oninput: (/** @type {InputEvent} */ event) => composing(event) || this.typed(),
      oncompositionend: () => this.typed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.keys(event),
    });
    field.value = this.text;
    return field;
  }

  typed() {
    if (this.rows > 1 && this.models) this.ask();
  }

  /** @param {KeyboardEvent} event */
  keys(event) {
    typed(event);
    if (event.key !== "Enter" || (event.shiftKey && this.rows > 1) || composing(event)) return;
    event.preventDefault();
    this.ask();
  }

  /** Back to the first text. */
  first() {
    this.turn++;
    this.field.value = this.text;
    this.say("");
    this.back.hidden = true;
    this.forget?.();
    this.field.focus();
  }

  /** For once instead of the facts; "": they come back. @param {string} words */
  say(words) {
    this.facts.className = words ? "away" : "";
    this.news.textContent = words;
  }

  /** @param {Then} [then] @param {string[]} names of the models that are asked */
  async ask(then, names = this.names) {
    const mine = ++this.turn;
    const current = () => mine === this.turn;
    const going = () => current() && this.element.isConnected;
    const tell = (/** @type {string} */ words) => {
      if (current()) this.say(words);
    };
    try {
      if (!this.field.value.trim()) throw new Error(NOTHING);
      const usual = names === this.names;
      const models = (usual && this.models) || (await this.load(names, tell));
      if (usual) this.models = models;
      if (!going()) return;
      tell(this.rows > 1 ? "" : READING);
      if (this.rows === 1) await painted();
      if (!going()) return;
      tell(await this.answer(models, this.field.value, going));
      if (current()) this.back.hidden = !this.forget;
      if (then && going()) tell(await then(models, going));
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      const where = message === MISSING ? ELSEWHERE : "";
      tell(t("{sentence}. {more}", { sentence: message[0].toUpperCase() + message.slice(1), more: where }));
    }
  }

  /** @param {string[]} names @param {(words: string) => void} tell how far they have come */
  load(names, tell) {
    const shares = names.map(() => 0);
    const come = (/** @type {number} */ n) => (/** @type {number} */ share) => {
      shares[n] = share / names.length;
      tell(t("The model is coming: {share} %.", { share: Math.round(100 * shares.reduce((a, b) => a + b)) }));
    };
    return Promise.all(names.map((name, n) => loadModel(name, come(n))));
  }
}

/**
 * The words of ids, without the sign of a word's beginning.
 * @param {Model} tokenizer
 * @returns {(id: number) => string}
 */
const named = (tokenizer) => (id) => tokenizer.token(id).replace(/^▁(?=.)/, "");
/** Until what has been said is to be seen, in a page that is. */
const painted = () =>
  new Promise((done) => (document.hidden ? setTimeout(done) : requestAnimationFrame(() => setTimeout(done))));

/** What models read of a text, and what one of them writes about it. @implements {Reading} */
class Read {
  /** @param {Model[]} models @param {string} text @param {Own} given */
  constructor(models, text, { room, longest }) {
    const tokenizer = models[0].source ?? models[0].tokenizer;
    this.models = models;
    this.text = text;
    this.longest = longest;
    /** @type {Piece[]} */
    this.pieces = tokenizer.framed(text);
    this.ids = this.pieces.map(({ id }) => id);
    this.source = this.ids.map(named(tokenizer));
    /** What is to be said of it. */
    this.said = unknownOf(models[0], this.pieces);
    const { length } = this.ids;
    if (!length) throw new Error(NOTHING);
    if (length > room) throw new Error(t("These are {length} tokens, and there is room for {room}", { length, room }));
  }

  /**
   * What a model writes, word by word: picture(words, rows of weights over the source, ids) is yielded after each.
   * @param {Model} model
   * @param {Function} picture
   */
  write = (model, picture) => this.writing(model, picture);

  /** @param {Model} of @param {Function} picture @returns {Generator<any>} */
  *writing({ model, target, tokenizer }, picture) {
    const steps = writing(model, this.ids, { longest: this.longest });
    let step = steps.next();
    while (!step.done) {
      const { ids, weights } = step.value;
      yield picture(ids.map(named(target ?? tokenizer)), weights.map(shares), ids);
      step = steps.next();
    }
    if (!step.value.ended) this.said += t("It did not come to an end: this is its beginning. ");
  }
}

/** Of a GPT less than 1 falls on the source. @param {Float32Array | null | undefined} row */
function shares(row) {
  const whole = row?.reduce((a, b) => a + b) ?? 1;
  return row && Array.from(row, (weight) => weight / whole);
}

/**
 * A form behind one quiet line below the view, which a press opens; open where typing is what a reader is to do.
 * In front of a class, where no line is, there is none.
 * @param {UI} ui
 * @param {HTMLElement} element
 */
export function folded({ root, spec }, element) {
  const { fold = t("a sentence of your own"), open = false } = /** @type {Own} */ (spec.own);
  const room = open && !document.querySelector(".jp-Notebook"); // there a view is whole above the fold
  const line = h("details", { class: "more typed", open: room }, h("summary", {}, fold), element);
  root.querySelector(".foot")?.prepend(line);
  return line;
}

/** The field of a view that answers, and its answers in the view's place. @param {UI} ui @param {Picture} picture */
export function own(ui, picture) {
  const { own: given, made } = ui.spec;
  if (!given || !picture.answer) return;
  /** @type {Answer} */
  const show = (models, text, going) => answered(ui, picture, new Read(models, text, given), { element, going });
  const forget = () => ui.become({ made: element });
  const element = made ?? folded(ui, form(given, show, { forget }));
  if (made) ui.root.querySelector(".foot")?.prepend(made);
}

/**
 * Shows what a model writes, word by word -> what is to be said of it.
 * @param {UI} ui
 * @param {Picture} picture
 * @param {Read} read
 * @param {{ element: HTMLElement, going: () => boolean }} form
 */
async function answered(ui, picture, read, { element, going }) {
  const host = /** @type {HTMLElement} */ (ui.root.host);
  const { title, caption } = /** @type {Own} */ (ui.spec.own);
  const words = t("“{text}”, as the model reads it. The table has its numbers.", {
    text: readable(read.text.trim(), MOST),
  });
  let shown = 0;
  host.style.minHeight = `${host.offsetHeight}px`; // what comes below the view stays where it is
  try {
    for (const { spec, arrays } of picture.answer?.(read) ?? []) {
      ui.become({ title, caption, recorded: "", words, live: false, made: element, ...spec }, arrays);
      shown++;
      await painted();
      if (!going()) return "";
    }
  } finally {
    host.style.minHeight = "";
  }
  return read.said + (shown ? "" : t("It ends at once, and writes nothing. "));
}
