// Self-attention over words that change places: rows, columns and outputs permute along, unless positions are added.
import { h, spoken } from "../../../course_kit/views/js/src/shared/dom.js";
import { fmt } from "../../../course_kit/views/js/src/shared/numbers.js";
import SHUFFLE_CSS from "./shuffle.css";
import { movedWords, numbersOf, verdicts } from "./shuffle_numbers.js";
import { ShufflePicture } from "./shuffle_picture.js";
import { Words } from "./shuffle_words.js";
import { t, woven } from "../../../course_kit/views/js/src/text.js";

/** @import { Picture, Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { ShuffleNumbers, ShuffleSpec, ShuffleState } from "./shuffle_numbers.js" */

/** @param {UI} ui @returns {Picture} */
export function shuffle(ui) {
  return new Shuffle(ui);
}

/** @implements {Picture} */
class Shuffle {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {ShuffleSpec} */ (ui.spec);
    this.state = /** @type {ShuffleState} */ (ui.state);
    this.words = new Words(ui);
    this.say = spoken();
    const canvas = h("canvas", { role: "img", "aria-label": t("attention weights and outputs") });
    this.picture = new ShufflePicture(ui, canvas);
    Object.assign(ui.actions, {
      back: () => this.words.step(-1),
      on: () => this.words.step(1),
      reverse: () => this.words.reverse(),
      mix: () => this.words.mix(),
    });
    const sign = (/** @type {string} */ name, /** @type {string} */ text) =>
      h("span", {}, h("i", { class: name }), text);
    const signs = h(
      "div",
      { class: "signs" },
      t("outputs:"),
      sign("below0", t("below 0")),
      sign("above0", t("above 0")),
    );
    ui.body.append(h("div", { class: "top" }, this.words.line, signs), canvas);
    ui.below.append(this.say);
    ui.style(SHUFFLE_CSS);
  }

  numbers() {
    return numbersOf(this.spec, this.ui.arrays, this.state);
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const made = this.numbers();
    this.words.sync();
    // rows glide to their new places; the numbers are the new ones at once
    const places = this.spec.names.map((_, word) => this.state.order.indexOf(word));
    this.picture.paint(made, this.ui.follow("places", places), width, narrow);
    this.tell(made);
  }

  /** @param {ShuffleNumbers} made */
  tell(made) {
    const who = movedWords(this.spec, this.state);
    if (!who) {
      this.say.replaceChildren(t("This is the first order. Drag a word: do the two ends of each line stay alike?"));
      return;
    }
    const [outputs, mean] = verdicts(made, who).map(([text, words]) =>
      woven(text, Object.fromEntries(Object.entries(words).map(([place, word]) => [place, h("b", {}, word)]))),
    );
    this.say.replaceChildren(h("div", {}, ...outputs), h("div", {}, ...mean));
  }

  /** @returns {Table} */
  table() {
    const made = this.numbers();
    const { names } = this.spec;
    const { order } = this.state;
    const outputs = made.mean.map((_, feature) => t("output {feature}", { feature: feature + 1 }));
    const rows = order.map((word, place) => [
      names[word],
      ...[...made.weights[place], ...made.outputs[place], made.change[word]].map((number) => fmt(number)),
    ]);
    const mean = [t("mean"), ...order.map(() => ""), ...[...made.mean, made.drift].map((number) => fmt(number))];
    return {
      header: [t("word"), ...order.map((word) => `→ ${names[word]}`), ...outputs, t("changed by")],
      rows: [...rows, mean],
    };
  }
}
