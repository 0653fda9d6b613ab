// The game against the model: what is typed is compared with what comes next, then the model's guesses are shown. The
// first places are an example, in which the model's first guess is what is compared.
import { draw } from "../../../course_kit/views/js/src/models/writing.js";
import { h, spoken } from "../../../course_kit/views/js/src/shared/dom.js";
import { fmt, percent } from "../../../course_kit/views/js/src/shared/numbers.js";
import { inked, rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import { Beginning, spellOut } from "./continued.js";
import NEXT_CHARACTER_CSS from "./next_character.css";
import { Keyboard } from "./next_character_keys.js";
import {
  bitsOf,
  expectedFrom,
  guessesAt,
  isRight,
  playedOf,
  scoresOf,
  tableFor,
  tableOfNext,
} from "./next_character_numbers.js";
import { visible } from "./tokens.js";
import { t, woven } from "../../../course_kit/views/js/src/text.js";

/** @import { Picture, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Continued } from "./continued.js" */
/** @import { GameSpec, Guess } from "./next_character_numbers.js" */

/** @param {UI} ui @returns {Picture} */
export const next_character = (ui) => new Game(ui);

class Game {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {GameSpec} */ (ui.spec);
    this.page = h("div", { class: "page", "data-testid": "text" });
    this.said = spoken();
    this.score = h("div", { class: "score", "data-testid": "score" });
    this.where = h("div", { class: "quiet" });
    this.bars = h("div", { class: "bars" });
    this.keyboard = new Keyboard(ui, this.spec, (token) => this.guess(token));
    const told = h("div", {}, this.said, this.score);
    ui.body.append(this.page, h("div", { class: "turn" }, told, h("div", {}, this.where, this.bars)));
    this.keyboard.place();
    ui.actions.pass = () => this.guess("");
    ui.style(NEXT_CHARACTER_CSS);
    this.beginning = ui.spec.own ? new Beginning(ui, (logits) => draw(logits)) : null;
  }

  /** A text of the reader's own, or null in the game. */
  get read() {
    return this.beginning?.read ?? null;
  }

  /** "": the reader passes. @param {string} token */
  guess(token) {
    const { guesses } = this.ui.state;
    if (playedOf(this.spec, this.ui.state) < this.spec.hidden.length)
      this.ui.set({ guesses: [...guesses, token] }, true);
  }

  paint() {
    const { read } = this;
    this.keyboard.enable(!read);
    this.ui.body.parentElement?.classList.toggle("written", read !== null);
    this.scrolls(read !== null);
    if (read) this.paintOwn(read);
    else this.paintGame();
  }

  /** What scrolls can be scrolled by keys. @param {boolean} does */
  scrolls(does) {
    const look = { tabindex: "0", role: "group", "aria-label": t("the text so far") };
    this.page.classList.toggle("continued", does);
    for (const [name, value] of Object.entries(look)) {
      if (does) this.page.setAttribute(name, value);
      else this.page.removeAttribute(name);
    }
  }

  /** @param {Continued} read */
  paintOwn(read) {
    const [typed, written] = read.shown;
    const best = this.expected(read);
    const first = h("b", { class: "output" }, `“${visible(best[0].token)}”`);
    const drawn = t("Each letter is drawn as often as it is expected. “again”: the game.");
    spellOut(this.page, typed, written);
    this.score.replaceChildren();
    this.where.textContent = t("the model’s best guesses");
    const told = t("Next it expects {first} most: {share}.", { first: "{first}", share: percent(best[0].p) });
    this.say(h("div", {}, ...woven(told, { first })), drawn);
    this.bars.replaceChildren(...best.flatMap((guess) => barOf(guess)));
  }

  /** @param {Continued} read */
  expected({ logits, it }) {
    return expectedFrom(logits, (id) => it.tokenizer.token(id), this.spec.best[0].length);
  }

  paintGame() {
    const { spec, ui } = this;
    const played = playedOf(spec, ui.state);
    this.page.replaceChildren(
      h("span", { class: "shown" }, spec.shown),
      ...spec.hidden.map((_, i) => this.cell(i, played)),
    );
    this.paintScore();
    const last = spec.hidden[played - 1];
    this.where.textContent = t("the model’s best guesses where “{last}” stands", { last: visible(last) });
    if (scoresOf(spec, ui.arrays, ui.state).guessed) this.tell(played - 1);
    else this.ask(played);
    const bars = guessesAt(spec, ui.arrays, played - 1).flatMap((guess) => barOf(guess, guess.token === last));
    this.bars.replaceChildren(...bars);
  }

  /** One token of the text: its sign, whether it was guessed, and in ink how much the model expected it. */
  cell(/** @type {number} */ place, /** @type {number} */ played) {
    const { ui, spec } = this;
    if (place >= played) {
      const now = place === played;
      return h("span", { class: now ? "c hid now" : "c hid" }, now ? "?" : "\u00a0", h("small", {}, "\u00a0"), h("i"));
    }
    const right = isRight(spec, ui.state, place);
    const look = `c ${right ? "got" : ""} ${place === played - 1 ? "output" : ""}`;
    const ink = `background:${rgb(inked(ui.theme, ui.arrays.truth[place]))}`;
    return h(
      "span",
      { class: look },
      visible(spec.hidden[place]),
      h("small", {}, right ? "✓" : "–"),
      h("i", { style: ink }),
    );
  }

  paintScore() {
    const { spec, ui } = this;
    const { guessed, reader, model, bits } = scoresOf(spec, ui.arrays, ui.state);
    if (!guessed) return this.score.replaceChildren();
    const text = t("Right of {guessed}: you {you}, the model {model}.", { guessed, you: "{you}", model: "{model}" });
    const right = woven(text, { you: h("b", {}, reader), model: h("b", {}, model) });
    const paid = t("It pays {bits} bits per character; blind guessing {size}.", {
      bits: fmt(bits, 2),
      size: fmt(Math.log2(spec.size), 2),
    });
    this.score.replaceChildren(h("div", {}, ...right), h("div", { class: "quiet" }, paid));
  }

  /** Before the first guess. @param {number} played */
  ask(played) {
    const sign = visible(this.spec.hidden[played - 1]);
    const example = t("The model has played the first {played}. It gave “{sign}” {share}: {bits} bits.", {
      ...{ played, sign, ...this.paid(played - 1) },
    });
    this.say(h("b", {}, t("What comes next? Your guess.")), example);
  }

  /** After a guess. @param {number} place */
  tell(place) {
    const { spec, ui } = this;
    const truth = spec.hidden[place];
    const guess = ui.state.guesses[place - spec.opened];
    const right = guess === truth;
    const over = place + 1 === spec.hidden.length ? t(" That was the last one.") : "";
    const answer = h("b", {}, `“${visible(truth)}”`);
    const values = { answer: "{answer}", guess: visible(guess ?? "") };
    const verdict = right
      ? t("It is {answer}. You are right.", values)
      : guess
        ? t("It is {answer}. You guessed “{guess}”.", values)
        : t("It is {answer}. You passed.", values);
    const paid = this.paid(place);
    this.say(
      h("div", {}, ...woven(verdict, { answer }), over),
      spec.best[place].includes(truth)
        ? t("The model gave it {share}: {bits} bits.", paid)
        : t("The model gave it {share}: {bits} bits. Not among its five best:", paid),
    );
  }

  /** @param {number} place */
  paid(place) {
    const { arrays } = this.ui;
    return { share: percent(arrays.truth[place]), bits: bitsOf(arrays, place).toFixed(2) };
  }

  /** @param {HTMLElement} first @param {string} more */
  say(first, more) {
    this.said.replaceChildren(first, h("div", { class: "quiet" }, more));
  }

  table() {
    const { read, spec, ui } = this;
    return read ? tableOfNext(this.expected(read)) : tableFor(spec, ui.arrays, ui.state);
  }

  numbers() {
    const { read, spec, ui } = this;
    if (read) return { text: read.text, own: read.typed.length, expected: this.expected(read) };
    return { ...scoresOf(spec, ui.arrays, ui.state), each: spec.hidden.map((_, i) => bitsOf(ui.arrays, i)) };
  }
}

/** A guess of the model: its token, a bar, its probability. @param {Guess} guess */
function barOf({ token, p }, on = false) {
  const look = { class: on ? "on" : "" };
  return [
    h("span", look, visible(token)),
    h("i", look, h("u", { style: `width:${100 * p}%` })),
    h("span", look, p > 0 && p < 0.0005 ? "< 0.001" : p.toFixed(3)),
  ];
}
