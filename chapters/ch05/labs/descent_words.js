// What stands around the stage: scenes, the two sentences, what is said of the step, and what made a number.
import { h, toolbar } from "../../../course_kit/views/js/src/shared/dom.js";
import DESCENT_CSS from "./descent.css";
import { SCENES } from "./descent_scenes.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Descended, DescentSpec } from "./descent_numbers.js" */

const EARLY = 3; // up to this step no layer and no head has anything to do
const WALK = t("space or → goes on, ← back, Enter explores");
const FREE = t("exploring: arrows go from number to number, Enter ends it");

export class Words {
  /**
   * @param {UI} ui
   * @param {HTMLElement[]} stage the model and, below it, what it computes
   * @param {{ sceneOf: number[], go: (step: number) => void }} steps
   */
  constructor(ui, stage, { sceneOf, go }) {
    const spec = /** @type {DescentSpec} */ (ui.spec);
    this.ui = ui;
    this.spec = spec;
    this.sceneOf = sceneOf;
    this.view = /** @type {HTMLElement} */ (ui.root.querySelector(".view"));
    this.scenes = Object.keys(SCENES).map((name, n) => {
      const look = { type: "button", "data-scene": n + 1, onclick: () => go(sceneOf.indexOf(n)) };
      return h("button", look, h("i", {}, n + 1), h("span", {}, name));
    });
    const button = (/** @type {string} */ name, /** @type {string} */ words, /** @type {number} */ by) =>
      h("button", { type: "button", class: name, onclick: () => go(ui.state.step + by) }, words);
    this.back = button("back", t("← back"), -1);
    this.next = button("next", t("next step →"), 1);
    this.next.dataset.main = ""; // in front of a class
    this.sentences = h("div", { class: "sentences" });
    this.says = h("p", { class: "says", role: "status", "data-testid": "says" });
    this.made = h("p", { class: "made", "data-testid": "made" });
    this.keys = h("span", { class: "keys" });
    this.place(stage);
    ui.style(DESCENT_CSS);
  }

  /** What is said of a step and the way to the next one are side by side. @param {HTMLElement[]} stage */
  place(stage) {
    const { ui, back, next } = this;
    const scenes = h("div", { class: "scenes", role: "group", "aria-label": t("scenes") }, ...this.scenes);
    ui.root.querySelector(".title")?.after(this.keys);
    const turn = h("div", { class: "turn" }, this.says, h("span", { class: "steps" }, back, next));
    toolbar(scenes);
    this.oneStop = toolbar(this.sentences);
    ui.body.append(scenes, this.sentences, turn, ...stage, this.made);
  }

  /**
   * @param {Descended} found
   * @param {string} sentence
   * @param {string} made what made a number
   * @param {boolean} asks whether the reader is told to choose one
   */
  paint(found, sentence, made, asks) {
    const { ui, sceneOf } = this;
    const { step, free } = ui.state;
    this.mark(sceneOf[step]);
    this.write(found.word, step === sceneOf.length - 1);
    if (this.says.textContent !== sentence) this.says.textContent = sentence; // once only, for those who hear it
    this.made.replaceChildren(asks ? h("span", { class: "quiet" }, t("Choose any number. ")) : "", made);
    this.back.disabled = step === 0;
    this.next.disabled = step === sceneOf.length - 1;
    this.view.classList.toggle("early", step < EARLY);
    this.keys.classList.toggle("free", free);
    this.keys.textContent = free ? FREE : WALK;
  }

  /** Marks the scene. @param {number} scene */
  mark(scene) {
    this.scenes.forEach((button, n) => {
      button.classList.toggle("past", n < scene);
      if (n === scene) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
    });
  }

  /**
   * Both sentences; a word of the translation can be chosen.
   * @param {number} word which one is written
   * @param {boolean} done
   */
  write(word, done) {
    const { ui, spec, sentences } = this;
    const focused = /** @type {HTMLElement | null} */ (ui.root.activeElement)?.dataset.place;
    const words = spec.next.slice(0, -1).flatMap((text, i) => {
      const now = done ? "now done" : "now";
      const there = i + 1 < word ? "there" : "";
      const choose = () => ui.set({ word: i + 1 }, true);
      const look = { type: "button", class: i + 1 === word ? now : there, "data-place": i + 1, onclick: choose };
      return [spaced(spec.next, i) ? " " : "", h("button", look, text)];
    });
    const source = spec.source.map((text, i) => (i && !/^[.,!?]/.test(text) ? " " : "") + text).join("");
    sentences.replaceChildren(h("span", {}, source), h("span", { class: "written", lang: "fr" }, "→ ", ...words));
    this.oneStop?.();
    const again = focused && sentences.querySelector(`[data-place="${focused}"]`);
    if (again instanceof HTMLElement) again.focus();
  }
}

/** Whether a space stands before a French word. @param {string[]} words @param {number} i */
const spaced = (words, i) => i > 0 && !/['’]$/.test(words[i - 1]) && !/^[.,)…]/.test(words[i]);
