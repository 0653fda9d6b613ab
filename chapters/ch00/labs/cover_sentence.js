// The sentence on the cover: a column for each word, with its weight and its exchange below it.
import { h } from "../../../course_kit/views/js/src/shared/dom.js";
import { percentOf } from "./cover_story.js";

/** @import { State, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Study } from "./cover_study.js" */

/** A chance as short as a button. @param {number} p */
const chanceOf = (p) => `${Math.round(100 * p)} %`;

export class Sentence {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    const alone = ui.spec.swaps ? "" : " alone";
    this.element = h("div", { class: `words${alone}`, role: "group", "aria-label": "the sentence" });
    this.built = ""; // of what it is
    /** @type {HTMLElement[]} */
    this.words = [];
    /** @type {HTMLElement[]} */
    this.cells = [];
    /** @type {HTMLElement[]} */
    this.swaps = [];
  }

  /**
   * A word: pressed, it asks; the one that is away comes instead.
   * @param {Study} study
   * @param {number} i
   * @param {number} s of which of the two sentences
   */
  word({ tokens, unknown }, i, s) {
    const { shown } = this.ui.state;
    const here = s === shown;
    const token = tokens[s][i];
    const text = i ? token : token[0].toUpperCase() + token.slice(1);
    const made = h(
      "button",
      {
        ...{ type: "button", class: here ? "word" : "word away", "data-word": i, "data-sentence": s },
        "aria-label": here ? `${text}: what does it attend to?` : `change to ${text}`,
        onclick: () => this.ui.set(here ? { asker: i } : { shown: s, turned: true }, true),
      },
      text,
    );
    if (here && unknown?.[s].includes(i)) {
      made.classList.add("unknown");
      made.title = "not among the model's words";
    }
    return made;
  }

  /**
   * The button that takes a word's numbers from the other sentence, with room for the chance that this brings.
   * @param {Study} study
   * @param {number} i
   */
  swap({ moved }, i) {
    const onclick = () => this.ui.set({ tried: [...this.ui.state.tried, i] }, true);
    const digits = Math.max(1, ...moved.map((row) => chanceOf(row[i]).length - 2));
    const look = { type: "button", class: "swap", "data-swap": i, style: `--digits:${digits}` };
    return h("button", { ...look, onclick }, h("i"), h("span", { class: "chance" }));
  }

  /** @param {Study} study @param {number} i */
  column(study, i) {
    const { tokens } = study;
    const { shown } = this.ui.state;
    const changes = tokens[0][i] !== tokens[1][i];
    const pair = [0, 1].map((s) => (s === shown ? this.words[i] : this.word(study, i, s)));
    const written = changes ? h("span", { class: "pair" }, ...pair) : this.words[i];
    const away = `press “${tokens[1 - shown][i]}” ↑`;
    const hint = changes ? h("span", { class: "hint", "aria-hidden": "true" }, away) : null;
    const sign = i > 0 && /^[.,!?]$/.test(tokens[shown][i]);
    const parts = [h("span", { class: "is" }, written), this.cells[i], this.swaps[i]];
    return h("div", { class: sign ? "column sign" : "column" }, ...parts, hint);
  }

  /** Builds the columns anew if another sentence is shown; the focus stays where it was. @param {Study} study */
  build(study) {
    const { state, root } = this.ui;
    const wanted = `${state.own} ${state.shown}`;
    if (this.built === wanted) return;
    this.built = wanted;
    const focused = /** @type {HTMLElement | null} */ (root.activeElement)?.dataset;
    const tokens = study.tokens[state.shown];
    this.words = tokens.map((_, i) => this.word(study, i, state.shown));
    this.cells = tokens.map(() => h("i", { class: "share" }));
    this.swaps = tokens.map((_, i) => this.swap(study, i));
    this.element.replaceChildren(...tokens.map((_, i) => this.column(study, i)));
    if (focused?.swap) this.swaps[Number(focused.swap)]?.focus();
    if (!focused?.word) return;
    const again = this.words[Number(focused.word)] ?? root.querySelector("textarea");
    again?.focus();
  }

  /** Which word asks, and which are looked at. @param {number[]} weights */
  mark(weights) {
    const { asker } = this.ui.state;
    this.words.forEach((word, i) => {
      word.classList.toggle("asks", i === asker);
      word.classList.toggle("heavy", i !== asker && weights[i] >= 0.2);
    });
  }

  /**
   * The chance that each exchange brings, where it is known.
   * @param {Study} study
   * @param {boolean[]} open
   * @param {number[]} heights from 0 to 1
   */
  paintSwaps({ tokens, words, moved }, open, heights) {
    const { state } = this.ui;
    const at = state.shown;
    this.element.classList.toggle("exchanging", moved.length > 0 && state.turned && this.ui.spec.swaps);
    this.element.classList.toggle("untouched", !state.turned && moved.length > 0);
    this.swaps.forEach((swap, i) => {
      swap.classList.toggle("chosen", i === state.tried.at(-1));
      if (!moved.length) return;
      const [level, chance] = /** @type {HTMLElement[]} */ ([...swap.children]);
      const told = open[i] ? `: ${words[1 - at]} ${percentOf(moved[at][i])}` : "";
      swap.setAttribute("aria-label", `take the numbers of “${tokens[at][i]}” from the other sentence${told}`);
      level.style.height = `${(100 * heights[i]).toFixed(1)}%`;
      chance.textContent = open[i] ? chanceOf(moved[at][i]) : "⇅";
    });
  }

  /**
   * As large as fits into one line, unless that is small: then it wraps -> pixels, and whether it does.
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
    return { size, wraps };
  }
}
