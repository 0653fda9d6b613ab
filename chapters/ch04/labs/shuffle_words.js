// The sentence of the shuffle lab: words that are picked and moved, by pointer, by keys and by buttons.
import { foreign, h, used } from "../../../course_kit/views/js/src/shared/dom.js";
import { clamp } from "../../../course_kit/views/js/src/shared/numbers.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { ShuffleSpec, ShuffleState } from "./shuffle_numbers.js" */

/** @type {Record<string, number>} steps to the right */
const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
const TRAVEL = 12; // pixels from one change of places to the next, or long and short words would flicker

export class Words {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {ShuffleSpec} */ (ui.spec);
    this.state = /** @type {ShuffleState} */ (ui.state);
    this.shown = ""; // the order in which the words stand in the page
    this.wanted = false; // whether the picked word is to have the focus
    /** @type {{ x: number, y: number } | null} where the pointer was when words last changed places */
    this.turned = null;
    this.before = this.state.order; // when it was taken in the hand
    this.chips = this.spec.names.map((name, word) => this.chip(name, word));
    this.line = h("div", {
      class: "words",
      role: "group",
      "aria-label": t("the sentence; arrow keys choose a word, shift and arrow keys move it"),
    });
  }

  /** @param {string} name @param {number} word */
  chip(name, word) {
    const look = { type: "button", class: "word", "data-word": word };
    const heard = {
      onfocus: () => this.pick(word),
      onpointerdown: (/** @type {PointerEvent} */ event) => this.grab(event, word),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event),
    };
    return h("button", { ...look, ...heard }, name);
  }

  /** The place of the picked word. */
  get place() {
    return this.state.order.indexOf(this.state.word);
  }

  /** @param {number} word */
  pick(word) {
    if (this.state.word !== word) this.ui.set({ word }, true);
  }

  /** @param {number[]} order @param {number} word */
  reorder(order, word = this.state.word) {
    this.ui.set({ order, word }, true);
  }

  /** @param {number} word @param {number} place */
  move(word, place) {
    const order = this.state.order.filter((other) => other !== word);
    order.splice(clamp(place, 0, order.length), 0, word);
    if (String(order) !== String(this.state.order)) this.reorder(order, word);
  }

  /** Moves the picked word so many places to the right. @param {number} step */
  step(step) {
    this.move(this.state.word, this.place + step);
  }

  reverse() {
    this.reorder(this.state.order.toReversed());
  }

  /** Another order, by chance. */
  mix() {
    const { order } = this.state;
    let mixed = order;
    while (String(mixed) === String(order)) {
      const drawn = order.map((word) => ({ word, chance: Math.random() }));
      mixed = drawn.sort((a, b) => a.chance - b.chance).map(({ word }) => word);
    }
    this.reorder(mixed);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const step = STEPS[event.key];
    if (!step || foreign(event)) return;
    used(event);
    const { order } = this.state;
    if (event.shiftKey) this.step(step);
    else this.ui.set({ word: order[clamp(this.place + step, 0, order.length - 1)] });
    this.wanted = true;
  }

  /** A word in the hand, until the pointer is let go. @param {PointerEvent} event @param {number} word */
  grab(event, word) {
    if (event.button) return;
    this.ui.set({ word });
    this.before = this.state.order;
    const moved = (/** @type {PointerEvent} */ now) => this.drag(now, word);
    const stop = () => {
      removeEventListener("pointermove", moved);
      removeEventListener("pointerup", stop);
      removeEventListener("pointercancel", stop);
      this.turned = null;
    };
    addEventListener("pointermove", moved);
    addEventListener("pointerup", stop);
    addEventListener("pointercancel", stop);
  }

  /** @param {PointerEvent} event @param {number} word */
  drag({ clientX: x, clientY: y }, word) {
    const near = this.nearestTo(x, y);
    if (near === word) return;
    if (this.turned && Math.hypot(x - this.turned.x, y - this.turned.y) < TRAVEL) return;
    this.turned = { x, y };
    this.wanted = true;
    const places = [this.before.indexOf(word), this.before.indexOf(near)]; // the two change places
    this.reorder(this.before.with(places[0], near).with(places[1], word), word);
  }

  /** The word that is nearest to a point, on whichever line it stands. @param {number} x @param {number} y */
  nearestTo(x, y) {
    const away = this.chips.map((chip) => {
      const box = chip.getBoundingClientRect();
      return Math.hypot(x - box.left - box.width / 2, 2 * (y - box.top - box.height / 2));
    });
    return away.indexOf(Math.min(...away));
  }

  /** Shows the state. */
  sync() {
    const { order, word: picked } = this.state;
    if (this.shown !== String(order)) this.line.replaceChildren(...order.map((word) => this.chips[word]));
    this.shown = String(order);
    this.chips.forEach((chip, word) => {
      chip.classList.toggle("picked", word === picked);
      chip.tabIndex = word === picked ? 0 : -1;
      chip.setAttribute("aria-pressed", String(word === picked));
      const place = t("place {word} of {n}", { word: order.indexOf(word) + 1, n: order.length });
      chip.setAttribute("aria-label", t("{word}, {place}", { word: this.spec.names[word], place }));
    });
    if (this.wanted) this.chips[picked].focus();
    this.wanted = false;
  }
}
