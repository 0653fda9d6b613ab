// The sentence on the cover: a column for each word, with its weight and, below it, the way to give it its list back.
import { h, toolbar } from "../../../course_kit/views/js/src/shared/dom.js";
import { percentOf } from "./cover_story.js";
import { t } from "../../../course_kit/views/js/src/text.js";
import { percentage } from "../../../course_kit/views/js/src/shared/numbers.js";

/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Study } from "./cover_study.js" */

/** A chance as short as a button. @param {number} p */
const chanceOf = (p) => percentage(Math.round(100 * p)).replace(" ", "\u00a0");

export class Sentence {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    const alone = ui.spec.lists ? "" : " alone";
    this.element = h("div", { class: `words${alone}`, role: "group", "aria-label": t("the sentence") });
    this.oneStop = toolbar(this.element);
    /** @type {Study | null} whose columns they are */
    this.built = null;
    /** @type {HTMLElement[]} */
    this.words = [];
    /** @type {HTMLElement[]} */
    this.cells = [];
    /** @type {HTMLElement[]} */
    this.swaps = [];
  }

  /** A word: pressed, it asks. @param {Study} study @param {number} i */
  word({ tokens, unknown }, i) {
    const text = i ? tokens[i] : tokens[i][0].toUpperCase() + tokens[i].slice(1);
    const look = {
      type: "button",
      class: "word",
      "data-word": i,
      "aria-label": t("{text}: what does it attend to?", { text }),
    };
    const made = h("button", { ...look, onclick: () => this.ui.set({ asker: i }, true) }, text);
    if (unknown?.includes(i)) {
      made.classList.add("unknown");
      made.title = t("not among the model's words");
    }
    return made;
  }

  /** The button that gives a word its list back, with room for the chance that this brings. @param {number} i */
  swap(i) {
    const onclick = () => this.ui.set({ tried: [...this.ui.state.tried, i] }, true);
    return h("button", { type: "button", class: "swap", "data-swap": i, onclick }, h("i"), h("span"));
  }

  /** Builds the columns anew if another sentence is shown. @param {Study} study */
  build(study) {
    if (this.built === study) return;
    this.built = study;
    const { tokens, joined } = study;
    this.words = tokens.map((_, i) => this.word(study, i));
    this.cells = tokens.map(() => h("i", { class: "share" }));
    this.swaps = tokens.map((_, i) => this.swap(i));
    const columns = tokens.map((token, i) => {
      const sign = i > 0 && /^[.,!?]$/.test(token);
      const kind = joined?.includes(i) ? " joined" : "";
      return h("div", { class: sign ? "column sign" : `column${kind}` }, this.words[i], this.cells[i], this.swaps[i]);
    });
    this.element.replaceChildren(...columns);
    this.oneStop();
  }

  /** Which word asks, and which are looked at. @param {number[]} weights @param {number} asker */
  mark(weights, asker) {
    this.words.forEach((word, i) => {
      word.classList.toggle("asks", i === asker);
      word.classList.toggle("heavy", i !== asker && weights[i] >= 0.2);
    });
  }

  /** The chance that each list brings back, where it was tried. @param {Study} study */
  paintSwaps({ tokens, words, given }) {
    const { attention, tried } = this.ui.state;
    this.element.classList.toggle("exchanging", attention === "off" && this.ui.spec.lists);
    this.swaps.forEach((swap, i) => {
      const open = tried.includes(i);
      swap.classList.toggle("chosen", i === tried.at(-1));
      const [level, chance] = /** @type {HTMLElement[]} */ ([...swap.children]);
      const values = { token: tokens[i], word: words[0], share: percentOf(given[i]) };
      const told = open
        ? t("attention for “{token}” alone: {word} {share}", values)
        : t("attention for “{token}” alone", values);
      swap.setAttribute("aria-label", told);
      level.style.height = open ? `${(100 * given[i]).toFixed(1)}%` : "0";
      chance.textContent = open ? chanceOf(given[i]) : t("give back");
    });
  }

  /**
   * As large as fits into one line, unless that is small: then it wraps -> whether it does.
   * @param {number} width
   * @param {number} unit
   */
  fit(width, unit) {
    const { style, classList } = this.element;
    classList.remove("wraps");
    style.maxWidth = "none";
    let size = 30 * unit;
    style.fontSize = `${size}px`;
    // some parts keep their size, so that one step does not go all the way
    for (let tries = 0; tries < 12 && this.element.offsetWidth > width - 1; tries++) {
      size *= (width - 2) / this.element.offsetWidth;
      style.fontSize = `${size}px`;
    }
    const wraps = size < 13 * unit;
    style.maxWidth = "";
    style.fontSize = `${wraps ? 20 * unit : size}px`;
    classList.toggle("wraps", wraps);
    return wraps;
  }
}
