// Play, pause, one word back, one word on: for the labs in which a sentence is written. Buttons, and keys for a
// picture.
import { foreign, h, used } from "./dom.js";
import { clamp } from "./numbers.js";
import { within } from "./pace.js";
import { t } from "../text.js";

/**
 * @typedef {object} Steps
 * @property {() => number} now how many words are written
 * @property {() => number} last how many there are
 * @property {(count: number) => void} go writes so many
 * @property {number} [first] where playing begins
 * @property {number} [pace] milliseconds of a word, fewer where there are many
 */

/** @param {Steps} steps */
export const stepper = (steps) => new Stepper(steps);

class Stepper {
  /** @param {Steps} steps */
  constructor({ now, last, go, first = 0, pace = 800 }) {
    this.now = now;
    this.last = last;
    this.go = go;
    this.first = first;
    this.pace = pace;
    this.timer = 0; // 0: it stands still
    this.expected = -1; // how many words are written, unless another hand has moved it
    const button = (/** @type {object} */ look, /** @type {string} */ text) =>
      h("button", { type: "button", ...look }, text);
    this.back = button({ "aria-label": t("one word back"), onclick: () => this.to(now() - 1) }, "◀");
    this.play = button({ class: "play", "data-testid": "play", onclick: () => this.toggle() }, t("play"));
    this.on = button({ "aria-label": t("one word on"), onclick: () => this.to(now() + 1) }, "▶");
    const look = { class: "control stepper", role: "group", "aria-label": t("word by word") };
    this.row = h("span", look, this.back, this.play, this.on);
  }

  /** Stops, and writes so many words. @param {number} count */
  to(count) {
    this.stop();
    this.go(clamp(count, this.first, this.last()));
  }

  /** Any other press in its view stops it. @param {Event} event */
  hand = ({ target }) => {
    if (target !== this.play) this.stop();
  };

  toggle() {
    if (this.timer) this.stop();
    else this.start();
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.play.textContent = t("play");
  }

  start() {
    if (this.now() >= this.last()) this.go(this.first);
    this.expected = this.now();
    this.play.textContent = t("pause");
    this.play.getRootNode().addEventListener("pointerdown", this.hand);
    this.wait(this.each / 3);
  }

  /** Milliseconds of a word. */
  get each() {
    return within(this.pace, this.last() - this.first);
  }

  /** @param {number} milliseconds */
  wait(milliseconds) {
    this.timer = window.setTimeout(() => this.tick(), milliseconds);
  }

  tick() {
    const gone = !this.play.isConnected || this.now() !== this.expected;
    if (!gone) this.go(Math.min(this.last(), this.expected + 1));
    this.expected = this.now();
    if (gone || this.expected >= this.last()) this.stop();
    else this.wait(this.each);
  }

  /** A listener that can be given away. @param {KeyboardEvent} event */
  keys = (event) => {
    /** @type {Record<string, () => void>} */
    const moves = {
      ArrowLeft: () => this.to(this.now() - 1),
      ArrowRight: () => this.to(this.now() + 1),
      Home: () => this.to(this.first),
      End: () => this.to(this.last()),
      " ": () => this.toggle(),
    };
    const move = moves[event.key];
    if (!move || foreign(event) || event.shiftKey) return;
    used(event);
    move();
  };

  /** Buttons that lead nowhere are off. */
  sync() {
    this.back.disabled = this.now() <= this.first;
    this.on.disabled = this.now() >= this.last();
  }
}
