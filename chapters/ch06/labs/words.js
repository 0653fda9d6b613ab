// A line of words of which one is chosen: by pointer, by arrow keys; one stop of the Tab key.
import { along, h } from "../../../course_kit/views/js/src/shared/dom.js";
import { clamp } from "../../../course_kit/views/js/src/shared/numbers.js";
import WORDS_CSS from "./words.css";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */

/** A probability as a reader sees it; the same in words.py. @param {number} p */
export const chance = (p) => (p > 0 && p < 0.0005 ? "< 0.001" : p.toFixed(3));

/** What is set small: what begins and ends a text, and what has neither letter nor digit. @param {string} word */
export const isMark = (word) => word.startsWith("[") || !/[\p{L}\p{N}]/u.test(word);

/**
 * The lines in which elements stand in the page.
 * @template {HTMLElement} E
 * @param {E[]} elements
 */
export function linesOf(elements) {
  /** @type {E[][]} */
  const lines = [];
  elements.forEach((element, i) => {
    if (!i || element.offsetLeft < elements[i - 1].offsetLeft) lines.push([]);
    lines[lines.length - 1].push(element);
  });
  return lines;
}

/** Beside each line of words, what the rows above or below them say. */
export class Gutter {
  /**
   * @param {HTMLElement} line
   * @param {HTMLElement[]} words
   * @param {{ selector: string, label: string | Node }[]} rows selector: of a row in a word
   */
  constructor(line, words, rows) {
    this.line = line;
    this.words = words;
    this.rows = rows;
    /** @type {HTMLElement[]} */
    this.labels = [];
  }

  /** To be called when the words have their places. */
  place() {
    for (const label of this.labels) label.remove();
    this.labels = linesOf(this.words).flatMap((words) => this.rows.flatMap((row) => this.label(words, row)));
    this.line.append(...this.labels);
  }

  /**
   * The label of one row in one line: level with the first word that has something there.
   * @param {HTMLElement[]} words
   * @param {{ selector: string, label: string | Node }} row
   */
  label(words, { selector, label }) {
    const cells = words.map((word) => /** @type {HTMLElement | null} */ (word.querySelector(selector)));
    const first = cells.find((cell) => cell?.textContent?.trim());
    if (!first) return [];
    const style = `top:${first.offsetTop}px;height:${first.offsetHeight}px`;
    const text = typeof label === "string" ? label : label.cloneNode(true);
    return [h("span", { class: "beside", style, "aria-hidden": "true" }, text)];
  }
}

export class WordLine {
  /**
   * @param {UI} ui
   * @param {object} given
   * @param {string[]} given.words
   * @param {number[]} given.places of the words that can be chosen
   * @param {string} given.name of the entry of the state
   * @param {string} given.label
   */
  constructor(ui, { words, places, name, label }) {
    this.ui = ui;
    this.places = places;
    this.name = name;
    this.wanted = false; // whether the chosen word is to have the focus
    this.chips = words.map((word, i) => (places.includes(i) ? this.button(word, i) : this.plain(word)));
    this.line = h("div", { class: "words", role: "group", "aria-label": label });
    words.forEach((word, i) => {
      this.line.append(this.chips[i]);
      const turn = word === "[SEP]" && i + 1 < words.length; // what it divides begins on a line of its own
      if (turn) this.line.append(h("span", { class: "turn", "aria-hidden": "true" }));
    });
    ui.style(WORDS_CSS);
  }

  /** @param {string} word @param {number} place @returns {HTMLElement} */
  button(word, place) {
    const look = {
      type: "button",
      class: "word",
      "data-word": place,
      "aria-label": t("{word}, word {place}", { word, place: place + 1 }),
    };
    const onclick = () => this.ui.set({ [this.name]: place }, true);
    return h("button", { ...look, onclick, onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event) });
  }

  /** A word that cannot be chosen. @param {string} word @returns {HTMLElement} */
  plain(word) {
    return h("span", { class: isMark(word) ? "word off" : "word" });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { places } = this;
    const now = clamp(places.indexOf(this.ui.state[this.name]), 0, places.length - 1);
    const next = along(event, now, places.length);
    if (next === null) return;
    this.wanted = true;
    this.ui.set({ [this.name]: places[next] }, true);
  }

  /** Shows which word is chosen. */
  sync() {
    const picked = this.ui.state[this.name];
    for (const place of this.places) {
      const chip = this.chips[place];
      const on = place === picked;
      chip.classList.toggle("picked", on);
      chip.tabIndex = on ? 0 : -1;
      chip.setAttribute("aria-pressed", String(on));
      if (on && this.wanted) chip.focus();
    }
    this.wanted = false;
  }
}
