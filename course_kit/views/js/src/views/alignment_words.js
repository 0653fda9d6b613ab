// Both sentences of a translation, as words that one can point at, focus and press.
import { foreign, h, used } from "../shared/dom.js";
import { inked, legible, rgb } from "../shared/theme.js";
import { known } from "./alignment_numbers.js";
import { t } from "../text.js";

/** @import { UI } from "../shared/types.js" */
/** @import { AlignmentNumbers, Place } from "./alignment_numbers.js" */
/**
 * @typedef {object} Hands what words do
 * @property {(place: Place | null) => void} show while they are pointed at
 * @property {(place: Place) => void} press
 * @property {(place: Place) => void} point when an arrow key leads to them: Tab alone chooses nothing
 * @property {(count: number) => void} go writes so many
 */

/** One sentence: a toolbar, in which arrow keys go from word to word. */
class Line {
  /**
   * @param {string[]} tokens
   * @param {{ label: string, lang: string, glosses?: string[] | null, written?: () => number }} look written: so many
   *   words are
   * @param {(i: number) => Place} place of a word
   * @param {Hands} hands
   */
  constructor(tokens, { label, lang, glosses, written = () => tokens.length }, place, hands) {
    this.hands = hands;
    this.place = place;
    this.written = written;
    this.words = tokens.map((token, i) =>
      h(
        "button",
        {
          type: "button",
          class: "word",
          tabindex: i ? -1 : 0,
          "data-word": i,
          onpointerenter: () => hands.show(place(i)),
          onpointerleave: () => hands.show(null),
          onclick: () => hands.press(place(i)),
        },
        glosses ? h("ruby", {}, token, h("rt", { lang: "en" }, glosses[i])) : token,
      ),
    );
    const onkeydown = (/** @type {KeyboardEvent} */ event) => this.keys(event);
    this.element = h("div", { class: "line", role: "toolbar", "aria-label": label, onkeydown, lang }, ...this.words);
  }

  /** @param {KeyboardEvent} event */
  keys(event) {
    if (event.key === "Escape") this.hands.point([-1, -1]);
    const root = /** @type {ShadowRoot} */ (this.element.getRootNode());
    const at = this.words.findIndex((word) => word === root.activeElement);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: this.written() - 1 }[event.key];
    if (to === undefined || at < 0 || foreign(event)) return;
    used(event);
    if (to >= 0 && to < this.words.length) this.reach(to);
  }

  /** Focuses a word; one that is not written yet is written. @param {number} to */
  reach(to) {
    if (to >= this.written()) {
      this.hands.go(to + 1);
      this.words[to].style.visibility = "visible";
    }
    this.words.forEach((word, i) => {
      word.tabIndex = i === to ? 0 : -1;
    });
    this.words[to].focus();
    this.hands.point(this.place(to));
  }
}

export class Sentences {
  /** @param {AlignmentNumbers} numbers @param {UI} ui @param {Hands} hands */
  constructor(numbers, ui, hands) {
    const { source, versions, glosses } = numbers;
    const [from, to] = numbers.spec.languages;
    this.numbers = numbers;
    this.ui = ui;
    this.compares = versions.length > 1;
    const above = { label: t("source sentence"), lang: from, glosses };
    this.source = new Line(source, above, (i) => [-1, i], hands);
    this.targets = versions.map(({ tokens, label }, i) => {
      const look = {
        label: i ? t("translation {label}", { label }) : t("translation"),
        lang: to,
        written: () => numbers.written,
      };
      return new Line(tokens, look, (place) => [place, -1], hands);
    });
    /** The first translation, below one that has changed. */
    this.before = h("div", { lang: to });
    this.element = h(
      "div",
      { class: "strip" },
      h("span", { class: "key" }, t("source")),
      this.source.element,
      h("span", { class: "query" }, t("translation")),
      h("div", { class: "stack" }, ...this.targets.map(({ element }) => element)),
      this.compares ? h("span", { class: "quiet was" }, t("before")) : null,
      this.compares ? this.before : null,
    );
  }

  /** Both sentences as large as they fit on their lines. @param {number} width @param {CanvasRenderingContext2D} c */
  fit(width, c) {
    const { ui, numbers } = this;
    c.font = ui.font(20);
    const pixels = parseFloat(ui.font(20).split(" ")[1]);
    const long = (/** @type {string[]} */ words) =>
      words.reduce((sum, word) => sum + c.measureText(word).width / pixels + 0.56, 0);
    const most = Math.max(...[numbers.source, ...numbers.versions.map(({ tokens }) => tokens)].map(long));
    const size = Math.floor((width - 100 * ui.unit) / most);
    this.element.style.fontSize = `${Math.max(14 * ui.unit, Math.min(18 * ui.unit, size))}px`;
  }

  /** @param {Place} lit */
  paint(lit) {
    this.source.words.forEach((word, i) => this.paintSource(word, i, lit));
    this.targets.forEach(({ element, words }, variant) => {
      const shown = variant === this.ui.state.variant;
      element.style.visibility = shown ? "visible" : "hidden";
      words.forEach((word, i) => {
        word.classList.toggle("changed", this.numbers.versions[variant].changed[i]);
        if (shown) this.paintTarget(word, i, lit);
        else word.style.visibility = "";
      });
    });
    if (this.compares) this.compare();
  }

  /** @param {HTMLElement} word @param {number} source @param {Place} lit */
  paintSource(word, source, lit) {
    const { numbers } = this;
    const weight = lit[0] >= 0 ? known(numbers.weight(lit[0], source)) : 0;
    const cut = numbers.isCut(source);
    const can = numbers.knocks(source).length > 0;
    this.ink(word, weight, numbers.isColumnLit(lit, source) ? "key" : null);
    word.className = ["word", can ? "can" : "", cut ? "cut" : ""].filter(Boolean).join(" ");
    if (can) word.ariaPressed = String(cut);
  }

  /** @param {HTMLElement} word @param {number} target @param {Place} lit */
  paintTarget(word, target, lit) {
    const { numbers } = this;
    const [row, column] = lit;
    const written = target < numbers.written;
    const weight = written && row < 0 && column >= 0 ? known(numbers.weight(target, column)) : 0;
    const bright = target === row || (written && numbers.isRowLit(lit, target));
    this.ink(word, weight, bright ? "query" : null);
    if (!written) word.style.visibility = "hidden";
  }

  /**
   * A word on the ink of its weight, underlined in the colour of its role.
   * @param {HTMLElement} word
   * @param {number} weight
   * @param {"key" | "query" | null} role
   */
  ink({ style }, weight, role) {
    const ground = inked(this.ui.theme, weight);
    style.cssText = "";
    if (weight > 0.004) style.background = rgb(ground);
    if (role) {
      style.textShadow = "0.5px 0";
      style.boxShadow = `0 2px var(--${role})`;
      style.color = `var(--${role})`;
    }
    if (weight > 0.06) style.color = legible(ground);
  }

  /** What is gone is struck out in the first translation. */
  compare() {
    const { numbers, before, ui } = this;
    const { variant } = ui.state;
    this.element.classList.toggle("compared", variant > 0);
    if (before.dataset.of === String(variant)) return;
    before.dataset.of = String(variant);
    const { lost } = numbers.version;
    const words = numbers.versions[0].tokens.map((token, i) => h(lost[i] ? "del" : "span", { class: "word" }, token));
    before.replaceChildren(...words);
  }
}
