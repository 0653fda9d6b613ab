// A text of the reader's own in a lab: a language model reads it, and writes on token after token. The field keeps what
// the reader typed; what the model writes is shown in the lab's own box.
import { Matrix } from "../../../course_kit/views/js/src/models/tensors.js";
import { UNK } from "../../../course_kit/views/js/src/models/text.js";
import { h } from "../../../course_kit/views/js/src/shared/dom.js";
import { folded, form, unknownOf } from "../../../course_kit/views/js/src/shared/own.js";
import CONTINUED_CSS from "./continued.css";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { State, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @typedef {{ model: any, tokenizer: any, source: any }} Loaded as loadModel gives it */
/** @typedef {{ id: number, token: string, text: string }} Piece */

const FRAME = 20; // ms: as many tokens as a model writes in so long are shown at once

/** The field below a lab, and what is read and written. */
export class Beginning {
  /**
   * @param {UI} ui
   * @param {(logits: number[]) => number} next the id of the token to write
   * @param {State} also what the state becomes when the text changes
   */
  constructor(ui, next, also = {}) {
    this.ui = ui;
    this.next = next;
    this.also = also;
    /** @type {Continued | null} */
    this.text = null;
    this.stopped = true;
    this.goesOn = false; // "write on" was pressed: what was written stays
    this.on = h("button", { type: "button", onclick: () => this.pressed() }, t("write on"));
    /** @type {any} */
    const own = ui.spec.own;
    const given = { ...own, text: ui.state.own || own.text };
    const answer = (/** @type {Loaded[]} */ [it], /** @type {string} */ text) => this.answer(it, text);
    /** @type {any} */
    const more = { beside: this.on, rows: 2 };
    /** @type {any} */
    this.form = form(given, answer, more);
    folded(ui, this.form);
    ui.style(CONTINUED_CSS);
  }

  /** What has been read; null while the lesson's text is shown. */
  get read() {
    return this.ui.state.own ? this.text : null;
  }

  /** Writes one token. @param {number} id */
  add(id) {
    this.text?.add(id);
    this.show(true);
  }

  /** Writes one token, as soon as the model is there. */
  draw() {
    this.goesOn = true;
    this.form.ask?.(() => {
      if (this.text) this.add(this.next(this.text.logits));
      return "";
    });
  }

  show(done = false) {
    this.ui.set({ ...this.also, own: this.text?.text }, done);
  }

  pressed() {
    if (!this.stopped) return this.writes(false);
    this.goesOn = true;
    this.form.ask((/** @type {unknown} */ _, /** @type {() => boolean} */ going) => this.write(going));
  }

  /**
   * To "ask the model", or when the field is edited: the text is read from its beginning.
   * @param {Loaded} it
   * @param {string} text
   */
  answer(it, text) {
    this.writes(false);
    const same = this.goesOn && this.read?.typed === text;
    this.goesOn = false;
    this.text ??= new Continued(it);
    if (!same) this.text.read(text);
    this.show(true);
    return this.text.about;
  }

  /** A readout that changes with each letter is not read out. @param {boolean} now */
  writes(now) {
    this.stopped = !now;
    this.on.textContent = now ? t("stop") : t("write on");
    this.ui.root.querySelector('[data-testid="readout"]')?.setAttribute("aria-live", now ? "off" : "polite");
  }

  /** @param {() => boolean} going */
  async write(going) {
    this.writes(true);
    const goesOn = () => going() && !this.stopped && this.read !== null;
    const said = await this.text?.write(this.next, () => this.show(), goesOn);
    if (going()) this.writes(false);
    this.ui.set({}, true);
    return said;
  }
}

/**
 * A text in the box of a lab, with what is new in it marked, and a sign where it goes on. Its end is seen, until a
 * reader scrolls back.
 * @param {HTMLElement} box
 * @param {string} before
 * @param {string} marked
 */
export function spellOut(box, before, marked, sign = "▁") {
  const [old, now] = [box.querySelector("span"), box.querySelector("b")];
  const same = old?.textContent === before && now?.textContent === marked;
  if (same && box.textContent === before + marked + sign) return;
  const mark = h("b", { class: "output" }, marked);
  box.replaceChildren(h("div", {}, h("span", {}, before), mark, h("span", { class: "slot" }, sign)));
  box.scrollTop = box.scrollHeight;
}

/** A text as a model has read it, and what it wrote to it. */
export class Continued {
  /** @param {Loaded} it */
  constructor(it) {
    this.it = it;
    /** @type {number} tokens that the model sees at once */
    this.room = it.model.context;
    this.text = "";
    this.typed = ""; // by the reader; the rest was written
    this.known = 0; // pieces of what was typed
    /** @type {number[]} ids of what was written */
    this.written = [];
    /** @type {Piece[]} */
    this.pieces = [];
    this.from = 0; // the first piece that is read
    /** @type {number[]} */
    this.ids = []; // of the pieces that are read
    /** @type {{ keys: any, values: any }[]} of each layer, for these ids */
    this.past = [];
    /** @type {number[]} of what comes next */
    this.logits = [];
  }

  /** Reads what the reader typed. @param {string} text */
  read(text) {
    const pieces = this.it.tokenizer.pieces(text);
    this.take(pieces, text);
    this.typed = text;
    this.known = pieces.length;
    this.written = [];
  }

  /**
   * Writes one token more. It stays the one drawn, even if its letters could be cut in another way.
   * @param {number} id
   */
  add(id) {
    const { tokenizer } = this.it;
    const token = tokenizer.token(id);
    this.written.push(id);
    this.take([...this.pieces, { id, token, text: token }], this.typed + tokenizer.decode(this.written));
  }

  /**
   * Reads only what has changed. Of a text that is longer than what the model sees at once, the last half of that.
   * @param {Piece[]} pieces
   * @param {string} text
   */
  take(pieces, text) {
    const from = this.begins(pieces.length);
    const ids = pieces.slice(from).map((piece) => piece.id);
    const changed = from === this.from ? ids.findIndex((id, i) => id !== this.ids[i]) : 0;
    const same = changed < 0 ? ids.length : changed;
    if (same < Math.max(ids.length, this.ids.length) || !this.logits.length)
      this.ask(ids, Math.min(same, ids.length - 1));
    this.text = text;
    this.from = from;
    this.ids = ids;
    this.pieces = pieces;
  }

  /** The first piece to read, of so many. @param {number} count */
  begins(count) {
    if (count <= this.room) return 0;
    const stays = this.from > 0 && count > this.from && count - this.from <= this.room;
    return stays ? this.from : count - this.room / 2;
  }

  /**
   * Asks the model what comes after these ids.
   * @param {number[]} ids
   * @param {number} same so many at the beginning it has read already
   */
  ask(ids, same) {
    const { model } = this.it;
    const cut = (/** @type {any} */ x) => new Matrix(same, x.columns, x.data.subarray(0, same * x.columns));
    const past = same ? this.past.map(({ keys, values }) => ({ keys: cut(keys), values: cut(values) })) : [];
    const { logits, state } = model.read(ids.slice(same), past);
    this.logits = Array.from(logits.row(logits.rows - 1));
    this.past = state;
  }

  get full() {
    return this.ids.length >= this.room;
  }

  /** [what was typed, what was written], as a reader sees it; a sign that the model does not know as what it reads. */
  get shown() {
    const { tokenizer } = this.it;
    const typed = this.pieces.slice(0, this.known).map(({ id, text }) => (id === UNK ? tokenizer.token(id) : text));
    return [typed.join(""), this.text.slice(this.typed.length)];
  }

  get about() {
    const values = { read: this.ids.length, all: this.pieces.length };
    const cut = this.letters
      ? t("It reads the last {read} of these {all} letters. ", values)
      : t("It reads the last {read} of these {all} pieces. ", values);
    return unknownOf(this.it, this.pieces) + (this.from ? cut : "");
  }

  get letters() {
    return this.it.tokenizer.split === "exact";
  }

  /**
   * Writes while it may, as many tokens in each frame as it can -> what is said of it.
   * @param {(logits: number[]) => number} next
   * @param {() => void} show after each frame
   * @param {() => boolean} going
   */
  async write(next, show, going) {
    const began = performance.now();
    const before = this.pieces.length;
    while (going() && !this.full) {
      const until = performance.now() + FRAME;
      do this.add(next(this.logits));
      while (!this.full && performance.now() < until);
      show();
      await new Promise(requestAnimationFrame);
    }
    const written = this.pieces.length - before;
    const pace = Math.round((1000 * written) / (performance.now() - began));
    const values = { written, pace, room: this.room };
    const full = this.letters
      ? t("Its {room} letters are full: press again, and it goes on from the last half. ", values)
      : t("Its {room} pieces are full: press again, and it goes on from the last half. ", values);
    const told = this.letters
      ? t("{written} letters, {pace} a second. ", values)
      : t("{written} pieces, {pace} a second. ", values);
    return told + (this.full ? full : this.about);
  }
}
