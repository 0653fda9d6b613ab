// The guided descent: one word from its embedding to its probability, on one stage; a press does the next step.
import { loadModel } from "../../../course_kit/views/js/src/models/load.js";
import { foreign, h, pointed, used } from "../../../course_kit/views/js/src/shared/dom.js";
import { paper } from "../../../course_kit/views/js/src/shared/draw.js";
import { clamp } from "../../../course_kit/views/js/src/shared/numbers.js";
import { draw, leastOf } from "./descent_draw.js";
import { explain } from "./descent_explain.js";
import { hitAt, neighbour, same } from "./descent_keys.js";
import { DescentMap } from "./descent_map.js";
import { Moves } from "./descent_moves.js";
import { baked, derived, studied, tabled } from "./descent_numbers.js";
import { closing, descended, Opening } from "./descent_of_a_sentence.js";
import { places, stageOf } from "./descent_scenes.js";
import { partOf, sentenceOf } from "./descent_sentences.js";
import { Words } from "./descent_words.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Picture, Reading, State, Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Hit } from "./descent_draw.js" */
/** @import { Aim } from "./descent_keys.js" */
/** @import { Choice, Descended, DescentSpec, Study } from "./descent_numbers.js" */

const MET = 9; // the step at which every key has met the query
const CLOSE = ["token", "position", "start", "state", "thumb", "adds", "after"]; // of these some numbers are shown
const [WIDE_STAGE, PHONE_STAGE, PHONE] = [336, 440, 480]; // heights; and up to which width it is a phone's
const STAGE = t("the stage: space or right arrow does the next step, left arrow goes back, Enter explores numbers");
const ELSEWHERE = t("On the course's website and in JupyterLab, any word, layer and head can be chosen.");

/** Rows down and columns to the right. @type {Record<string, [number, number]>} */
const WAYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** @param {State} state @returns {Choice} */
const choiceOf = ({ word, layer, head }) => ({ word, layer, head });
/** @param {Choice} choice */
const nameOf = ({ word, layer, head }) => `${word} ${layer} ${head}`;
const capital = (/** @type {string} */ words) => words[0].toUpperCase() + words.slice(1);

/** @param {UI} ui @returns {Picture} */
export const descent = (ui) => (ui.spec.written ? new Descent(ui) : new Opening(ui));

class Descent {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {DescentSpec} */ (ui.spec);
    this.sceneOf = places();
    this.last = this.sceneOf.length - 1;
    this.good = choiceOf(ui.state); // the last one that is known
    /** @type {any} as `answer` gives it */
    const study = ui.arrays.study ?? baked(ui.arrays, this.spec);
    this.found = derived(/** @type {Study} */ (study), this.spec, this.good);
    /** @type {Record<string, Descended>} */
    this.known = { [nameOf(this.good)]: this.found };
    this.wanted = ""; // what is being computed
    this.trouble = "";
    /** @type {Aim | null} what is pointed at */
    this.aim = null;
    /** @type {number | null} the number pointed at in a vector of which only some are shown */
    this.close = null;
    this.focus = -1; // the key whose products are shown, once all have met the query
    /** @type {Hit[]} */
    this.hits = [];
    this.painted = -1; // the step that is on the stage
    this.moves = new Moves(ui);
    this.canvas = this.stage();
    this.map = new DescentMap(ui, (to) => this.go(to));
    this.words = new Words(ui, [this.map.element, this.canvas], {
      sceneOf: this.sceneOf,
      go: (step) => this.go({ step }),
    });
    const { view } = this.words;
    view.addEventListener("keydown", (event) => this.key(event));
    view.addEventListener("click", ({ target, detail }) => {
      const isGroup = /** @type {HTMLElement} */ (target).closest(".map, .scenes, .sentences");
      if (detail && isGroup) this.canvas.focus({ preventScroll: true }); // arrows lead through it by keyboard alone
    });
    closing(ui);
    ui.actions.on = () => this.go({ step: ui.state.step + 1 }); // in front of a class → does it, wherever the focus is
    ui.actions.back = () => this.go({ step: ui.state.step - 1 });
  }

  stage() {
    const under = (/** @type {PointerEvent} */ event) => this.point(hitAt(this.hits, pointed(event, this.canvas)));
    return h("canvas", {
      ...{ tabindex: 0, role: "application", "aria-label": STAGE },
      ...{ onpointermove: under, onpointerdown: under },
      onpointerleave: () => {
        if (!this.ui.state.free) this.point(null);
      },
    });
  }

  /** The title asks for the word that is written. */
  title() {
    return t("How does a Transformer come to write “{next}”?", { next: this.found.next });
  }

  // ---- under the hand
  /** To a step, and perhaps to another layer. @param {State} to */
  go({ step, ...choice }) {
    this.aim = null;
    this.close = null;
    this.focus = -1;
    this.ui.set({ ...choice, step: clamp(step, 0, this.last), free: false }, true);
  }

  /** @param {Aim | null} hit */
  point(hit) {
    if (same(hit, this.aim)) return;
    this.aim = hit && { name: hit.name, cell: hit.cell, id: hit.id };
    const [kind, i] = hit?.name.split(".") ?? [];
    if (this.ui.state.step === MET && (kind === "key" || kind === "score")) this.focus = Number(i);
    if (hit && CLOSE.includes(kind)) this.close = hit.cell;
    this.ui.set({});
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (foreign(event) || target.closest("input, select, summary, .scroll")) return;
    const pressed = [" ", "Enter"].includes(event.key) && target.closest("button"); // it is its own
    if (!pressed && this.does(event.key)) used(event);
  }

  /** Does what a key says -> whether it says anything. @param {string} key */
  does(key) {
    const { step, free } = this.ui.state;
    /** @type {Record<string, number>} */
    const steps = { " ": step + 1, ArrowRight: step + 1, ArrowLeft: step - 1, Home: 0, End: this.last };
    if (key === "Enter" || (key === "Escape" && free)) this.explore(!free);
    else if (free && key in WAYS) this.point(neighbour(this.hits, this.aim, WAYS[key]) ?? this.aim);
    else if (key in steps) this.go({ step: steps[key] });
    else return false;
    return true;
  }

  /** Arrow keys go from number to number, or from step to step. @param {boolean} free */
  explore(free) {
    const { name, cell } = sentenceOf(this.found, this.spec, this.ui.state.step);
    this.ui.set({ free });
    this.point(free ? { name, cell } : null);
  }

  // ---- another word, layer or head
  /** What is chosen, once it is known; until then what was there before. */
  choose() {
    const { state } = this.ui;
    const choice = choiceOf(state);
    const name = nameOf(choice);
    const known = this.known[name];
    if (known) {
      this.found = state.step === MET && this.focus >= 0 ? { ...known, lead: this.focus } : known;
      this.good = choice;
      this.wanted = "";
    } else if (this.wanted !== name) this.ask(choice);
  }

  /** Asks the model in the page. @param {Choice} choice */
  async ask(choice) {
    const { ui, spec, known } = this;
    const name = nameOf(choice);
    this.wanted = name;
    this.trouble = t("The model is coming …");
    try {
      if (!spec.own) throw new Error(t("this model has no file"));
      const tell = (/** @type {number} */ share) => {
        this.trouble = t("The model is coming: {share} %", { share: Math.round(100 * share) });
        ui.set({});
      };
      const model = await loadModel(spec.own.models[0], tell);
      known[name] ??= derived(studied(model, spec, choice), spec, choice);
      this.trouble = "";
      if (this.wanted === name) this.wanted = "";
      ui.set({});
    } catch (error) {
      if (this.wanted !== name) return;
      this.wanted = "";
      this.trouble = t("{sentence}. {more}", {
        ...{ sentence: capital(/** @type {Error} */ (error).message), more: ELSEWHERE },
      });
      ui.set({ ...this.good });
    }
  }

  /** A sentence of the reader's own: its translation, and the word before its last but one. @param {Reading} reading */
  *answer({ models: [model], text, source, write }) {
    const { ui } = this;
    /** @type {string[]} */
    let tokens = [];
    /** @type {number[]} */
    let written = [];
    const steps = write(model, (/** @type {string[]} */ words, /** @type {any} */ _, /** @type {number[]} */ done) => [
      words,
      done,
    ]);
    for (const [words, done] of steps) {
      tokens = words;
      written = done;
    }
    if (!tokens.length) return;
    const { layer, head, step } = ui.state;
    yield descended(model, { text, source, tokens, ids: written }, { layer, head, step });
  }

  // ---- what is shown
  /** @param {number} width */
  paint(width) {
    this.choose();
    const { spec, found, aim, trouble } = this;
    const { step } = this.ui.state;
    const sentence = sentenceOf(found, spec, step);
    const at = aim ?? sentence;
    const { text, made } = explain(found, spec, at.name, at.cell);
    const size = this.size(width);
    this.words.paint(found, sentence.text, trouble || text, !trouble && !aim);
    const c = paper(this.canvas, width, size.height * size.zoom);
    this.map.paint(step, this.good.layer);
    c.scale(size.zoom, size.zoom);
    const items = this.moves.to(stageOf(found, spec, step, size, this.close).items);
    this.hits = draw(c, this.ui, items, { lit: made, at, aimed: aim !== null, zoom: size.zoom });
    this.painted = step;
  }

  /**
   * The stage in units of its own; in front of a class it is as large as the screen lets it.
   * @param {number} pixels
   */
  size(pixels) {
    const { ui, spec, words } = this;
    const room = ui.screen - 378;
    const zoom = spec.presenting ? Math.min(pixels / 900, Math.max(1, room / 300)) : ui.unit;
    const width = pixels / zoom;
    const small = width < PHONE;
    const wide = spec.presenting ? Math.max(300, room / zoom) : WIDE_STAGE;
    words.view.classList.toggle("tight", pixels < 1140 * ui.unit);
    words.view.classList.toggle("large", spec.presenting);
    words.view.classList.toggle("phone", pixels < PHONE * ui.unit);
    return { width, height: small ? PHONE_STAGE : wide, small, zoom, least: leastOf(ui, zoom) };
  }

  /** @returns {Table} */
  table() {
    const { found, spec } = this;
    const last = this.sceneOf[this.ui.state.step] === this.sceneOf[this.last];
    if (last) {
      const rows = found.stops.map(([word, p], i) => [partOf(spec.names[i]), word, p.toFixed(3)]);
      return { header: [t("if it stopped after"), t("most probable word"), t("probability")], rows };
    }
    const rows = spec.source.map((word, i) => [word, tabled(found.scores[i]), tabled(found.shares[i])]);
    return { header: [t("word"), t("score"), t("share")], rows };
  }

  numbers() {
    const { found, aim, hits, painted, moves } = this;
    return { ...found, aim, hits, step: painted, moving: moves.moving };
  }
}
