// Byte-pair encoding: count the pairs that stand side by side, make the most frequent one a piece, count again.
import { composing, h, spoken, typed } from "../../../course_kit/views/js/src/shared/dom.js";
import { stepper } from "../../../course_kit/views/js/src/shared/stepper.js";
import MERGES_CSS from "./merges.css";
import { markedPieces, Merging, nextOf, pieceOf } from "./merges_numbers.js";
import { t, woven } from "../../../course_kit/views/js/src/text.js";

/** @import { Picture, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { MergesSpec, Pair, Step } from "./merges_numbers.js" */

/** @param {UI} ui @returns {Picture} */
export const merges = (ui) => new Merges(ui);

class Merges {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {MergesSpec} */ (ui.spec);
    this.merging = new Merging(this.spec);
    this.measured = 0; // the width for which room is kept
    this.list = h("div", {
      ...{ class: "list", role: "group", tabindex: 0, "data-testid": "picture" },
      "aria-label": t("the words in pieces; arrow keys left and right: merge by merge"),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.walk.keys(event),
    });
    this.bars = h("div", { class: "bars", "data-testid": "pairs" });
    this.said = spoken();
    this.learned = h("span", { class: "pieces", "data-testid": "vocabulary" });
    this.sizes = h("span", { "data-testid": "sizes" });
    this.cut = h("span", { class: "pieces", "data-testid": "cut" });
    this.input = this.typed();
    this.walk = this.steps();
    this.place();
    ui.style(`${MERGES_CSS}.view{--tall:${1.8 * this.spec.bars}em;}`);
  }

  /** For a word of the reader's own. */
  typed() {
    const { ui } = this;
    const input = h("input", {
      ...{ id: `${ui.id}-word`, type: "text", size: 14, "data-testid": "word" },
      ...{ autocomplete: "off", autocapitalize: "off", spellcheck: "false" },
      oninput: (/** @type {InputEvent} */ event) => composing(event) || ui.set({ word: input.value.trim() }),
      oncompositionend: () => ui.set({ word: input.value.trim() }),
      onchange: () => ui.set({ word: input.value.trim() }, true),
      onkeydown: typed,
    });
    return input;
  }

  steps() {
    const { ui, spec } = this;
    const go = (/** @type {number} */ step) => ui.set({ step }, true);
    const walk = stepper({ now: () => ui.state.step, last: () => spec.last, go, pace: 1200 });
    walk.row.firstElementChild?.setAttribute("aria-label", t("one merge back"));
    walk.row.lastElementChild?.setAttribute("aria-label", t("one merge on"));
    walk.row.setAttribute("aria-label", t("merge by merge"));
    return walk;
  }

  place() {
    const { ui, spec, input } = this;
    const head = (/** @type {(string | HTMLElement)[]} */ ...words) => h("div", { class: "quiet head" }, ...words);
    const words = head(t("how often each word occurs, and its pieces"));
    ui.body.append(words, this.list, head(h("span", {}, t("vocabulary: ")), this.sizes), this.learned);
    ui.side.append(head(t("how often two pieces are neighbours")), this.bars, this.said);
    const label = h("label", { for: input.id }, t("cut a new word by these merges"));
    const another = h("div", { class: "another" }, label, input, this.cut);
    const controls = ui.root.querySelector(".controls");
    controls?.prepend(this.walk.row);
    if (spec.presenting) controls?.append(another);
    else ui.below.append(another);
  }

  /** @param {number} width */
  paint(width) {
    const { ui, merging, input } = this;
    const { step, word } = ui.state;
    const now = merging.at(step);
    if (width !== this.measured) this.measure(width);
    this.fill(now, ui.spec.silent ? null : nextOf(now));
    this.walk.sync();
    this.count(now);
    this.say(now);
    this.know(step);
    this.sizes.textContent = t("{count} pieces · all words together take {now} (at first {first})", {
      count: merging.signs.length + merging.learned(step).length,
      now: merging.used(now),
      first: merging.used(merging.at(0)),
    });
    if (ui.root.activeElement !== input) input.value = word;
    const pieces = word ? merging.cut(word, step) : [];
    this.cut.replaceChildren(...pieces.map((piece) => h("span", {}, piece)));
  }

  /** Single characters take the most room, all pieces theirs: it stays reserved. @param {number} width */
  measure(width) {
    const { list, learned, merging, spec } = this;
    const first = merging.at(0);
    list.style.minHeight = "";
    this.fill(first, first.pairs[0] ?? null);
    list.style.minHeight = `${list.offsetHeight}px`;
    learned.style.minHeight = "";
    this.know(spec.last);
    learned.style.minHeight = `${learned.offsetHeight}px`;
    this.measured = width;
  }

  /** The words in their pieces. @param {Step} step @param {Pair | null} next */
  fill({ words, made }, next) {
    const { names, counts } = this.spec;
    const rows = words.flatMap((pieces, w) => {
      const chips = markedPieces(pieces, made, next).map((chip) => {
        const look = `${chip.hot ? "hot" : ""} ${chip.new ? "new" : ""}`;
        return h("span", { class: look }, chip.piece);
      });
      return [h("span", {}, `${counts[w]} ×`), h("span", { class: "pieces", "data-word": names[w] }, ...chips)];
    });
    this.list.replaceChildren(...rows);
  }

  /** The pieces that a model would know: the characters, and what was merged. @param {number} step */
  know(step) {
    const { merging } = this;
    const made = merging.learned(step);
    const joined = made.map((piece, i) => h("span", { class: i === made.length - 1 ? "joined new" : "joined" }, piece));
    this.learned.replaceChildren(...merging.signs.map((sign) => h("span", {}, sign)), ...joined);
  }

  /** How often pairs are neighbours. @param {Step} now */
  count(now) {
    const next = nextOf(now);
    const most = now.pairs[0]?.count ?? 1;
    const bars = now.pairs.slice(0, this.spec.bars).flatMap(({ left, right, count }, i) => {
      if (this.ui.spec.silent) return [h("span", {}, "? ?"), h("i"), h("span", {}, "?")]; // the first pair is guessed
      const look = { class: i === 0 && next ? "on" : "" };
      const bar = h("u", { style: `width:${(100 * count) / most}%` });
      return [h("span", look, `${left} ${right}`), h("i", look, bar), h("span", look, count)];
    });
    this.bars.replaceChildren(...bars);
  }

  /** @param {Step} now */
  say(now) {
    const { made, pairs } = now;
    const next = nextOf(now);
    const merge = made && h("b", {}, `${made.left} + ${made.right} → ${pieceOf(made)}`);
    const values = { merge: "{merge}", step: this.ui.state.step, count: made?.count };
    const done = made
      ? woven(t("Merge {step}: {merge}, side by side {count} times.", values), { merge })
      : [t("Every word is cut into its characters.")];
    const tie = next && pairs[1]?.count === next.count;
    const coming = { pair: "{pair}", count: next?.count };
    const text = tie
      ? t("Next: {pair}, {count} times; another pair is as frequent, the first one counted wins.", coming)
      : t("Next: {pair}, {count} times.", coming);
    const then = next
      ? woven(text, { pair: h("b", {}, `${next.left} + ${next.right}`) })
      : [t("No pair stands side by side twice: nothing is left to merge.")];
    this.said.replaceChildren(h("div", {}, ...done), h("div", {}, ...then));
  }

  table() {
    return this.merging.table(this.ui.state);
  }

  numbers() {
    return this.merging.numbers(this.ui.state);
  }
}
