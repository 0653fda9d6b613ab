// The words that a model finds most probable at the chosen position, as bars; one model, or two side by side.
import { composing, h, spoken, used } from "../../../course_kit/views/js/src/shared/dom.js";
import { folded, form, unknownOf } from "../../../course_kit/views/js/src/shared/own.js";
import PREDICTIONS_CSS from "./predictions.css";
import { Lesson, OwnText, askedOf, numbersOf, rightOf, rowsOf } from "./predictions_numbers.js";
import { Gutter, WordLine, chance } from "./words.js";
import { t, woven } from "../../../course_kit/views/js/src/text.js";

/** @import { Picture, Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Bar, PredictionsSpec, Shown } from "./predictions_numbers.js" */

const LONG = 0.42; // of a bar: in it there is room for a note, else it comes behind

/** @param {UI} ui @returns {Picture} */
export function predictions(ui) {
  return new Predictions(ui);
}

/**
 * A row of bars. look: true: of the true word; rest: of all others.
 * @param {Bar} bar
 * @param {"" | "true" | "rest"} look
 * @param {string} note
 */
function row({ word, p }, look = "", note = "") {
  const share = 100 * p;
  const [where, side] = p > LONG ? ["within", `right:${100 - share}%`] : ["behind", `left:${share}%`];
  const marked = (/** @type {string} */ name) => (look ? `${name} ${look}` : name);
  return [
    h("span", { class: marked("w") }, word),
    h("span", { class: marked("p") }, chance(p)),
    h(
      "i",
      { class: look || null },
      h("u", { style: `width:${share}%` }),
      h("span", { class: `note ${where}`, style: side }, note),
    ),
  ];
}

/** @implements {Picture} */
class Predictions {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {PredictionsSpec} */ (ui.spec);
    this.models = this.spec.models;
    this.alone = this.models.length === 1;
    this.covered = this.spec.covered; // else the words stay, and what the model says of each stands below it
    this.lesson = new Lesson(this.spec, ui.arrays);
    /** @type {Map<string, OwnText>} by the reader's own text */
    this.read = new Map();
    /** @type {Shown} what is built */
    this.shown = this.lesson;
    this.words = this.wordsOf(this.lesson);
    this.gutter = this.gutterOf(this.words);
    this.box = h("div", {}, this.words.line);
    this.say = spoken();
    /** @type {Record<number, string>} what the reader has written into holes, by their positions */
    this.yours = {};
    this.asks = Boolean(ui.spec.silent); // each hole is guessed first
    /** @type {Set<number>} holes whose bars may be seen */
    this.seen = new Set(this.spec.seen);
    this.field = h("input", {
      id: `${ui.id}-yours`,
      type: "text",
      size: 12,
      maxLength: 24,
      autocapitalize: "none",
      spellcheck: false,
    });
    this.field.oninput = () => this.write();
    this.field.onkeydown = (event) => this.enter(event);
    const label = h("label", { for: this.field.id }, t("Your word for this hole: "));
    this.shows = h("button", { type: "button", onclick: () => this.see() }, t("show"));
    this.own = h("p", { class: "yours" }, label, this.field, " ", this.shows);
    this.marks = h("span", { class: "quiet" });
    this.panels = this.models.map((name, model) => this.panel(name, model));
    this.mark();
    this.build();
  }

  build() {
    const { body, root } = this.ui;
    const controls = root.querySelector(".controls");
    const marks = this.alone ? this.panels[0].score : this.marks;
    body.append(
      this.box,
      this.own,
      h("div", { class: "marks" }, marks, controls),
      this.say,
      h("div", { class: "panels" }, ...this.panels.map(({ element }) => element)),
    );
    if (this.spec.own) folded(this.ui, form(this.spec.own, this.fill.bind(this), { rows: 2 }));
    this.ui.style(`${PREDICTIONS_CSS}.view{--models:${this.models.length}}`);
  }

  /** @param {string} name @param {number} model */
  panel(name, model) {
    const list = h("div", { class: "bars", role: "group", "aria-label": t("most probable words {name}", { name }) });
    const score = h("span", { class: "quiet score" });
    const head = this.alone ? null : h("div", { class: "model" }, h("b", {}, name), " ", score);
    return { list, score, element: h("div", { class: "panel", "data-testid": `model-${model}` }, head, list) };
  }

  /** What is to be shown: the reader's own text, or the lesson. @returns {Shown} */
  get now() {
    return this.read.get(this.ui.state.own) ?? this.lesson;
  }

  /** Whether a reader can write into what is chosen: nothing says which word is true. */
  get open() {
    return this.covered && this.shown === this.lesson && this.lesson.truth[this.chosen(this.lesson)] === null;
  }

  /** The reader's word goes into its hole. */
  write() {
    const { position } = this.ui.state;
    this.yours[position] = this.field.value.trim().toLowerCase();
    this.ui.set({});
  }

  /** Enter shows the bars. @param {KeyboardEvent} event */
  enter(event) {
    if (event.key !== "Enter" || composing(event)) return;
    used(event);
    if (this.open) this.see();
  }

  /** The bars of the chosen hole. */
  see() {
    const { position } = this.ui.state;
    this.seen.add(position);
    this.ui.set({ position }, true);
  }

  /** Whether the chosen hole still waits for a guess. */
  get closed() {
    return this.asks && this.open && !this.seen.has(this.ui.state.position);
  }

  /** Holes with the reader's words, and the field for the one that is chosen. */
  fillHoles() {
    const { position } = this.ui.state;
    this.own.hidden = !this.covered || this.shown !== this.lesson || askedOf(this.lesson) === this.lesson.truth.length;
    if (this.own.hidden) return;
    this.own.style.visibility = this.open ? "" : "hidden"; // its room stays
    this.shows.style.visibility = this.closed ? "" : "hidden";
    if (this.ui.root.activeElement !== this.field) this.field.value = this.yours[position] ?? "";
    for (const [place, word] of Object.entries(this.yours)) {
      const chip = this.words.chips[Number(place)];
      chip.classList.toggle("filled", word !== "");
      /** @type {HTMLElement} */ (chip.firstChild).textContent = word || this.lesson.names[Number(place)];
    }
  }

  /** Which of the positions is chosen. @param {Shown} shown */
  chosen(shown) {
    return shown.positions.indexOf(this.ui.state[shown.at]);
  }

  numbers() {
    return numbersOf(this.now, this.models, this.chosen(this.now));
  }

  /** @param {Shown} shown */
  wordsOf(shown) {
    const { names, positions, at } = shown;
    const label = t("the words; arrow keys choose one");
    const words = new WordLine(this.ui, { words: names, places: positions, name: at, label });
    words.line.classList.toggle("compared", !this.alone);
    words.line.classList.toggle("open", !this.covered);
    words.line.addEventListener("keydown", ({ key }) => {
      if (this.open && /^\p{L}$/u.test(key)) this.field.select(); // which the letter goes into
    });
    words.chips.forEach((chip, i) => {
      const marks = askedOf(shown) ? this.models.map(() => h("small", { "aria-hidden": "true" }, "\u00a0")) : [];
      chip.append(h("span", {}, names[i]), ...marks);
    });
    return words;
  }

  /** @param {WordLine} words */
  gutterOf({ line, chips }) {
    const named = this.alone ? [] : this.models;
    const rows = named.map((label, model) => ({ selector: `small:nth-of-type(${model + 1})`, label }));
    return new Gutter(line, chips, rows);
  }

  /** Another text in the place of the one that is shown. @param {Shown} shown */
  rebuild(shown) {
    this.shown = shown;
    this.words = this.wordsOf(shown);
    this.gutter = this.gutterOf(this.words);
    this.box.replaceChildren(this.words.line);
  }

  /** ✓ and ✗ at the words, a row for each model; those of an own text come one after the other. */
  mark() {
    const { names, positions, truth } = this.shown;
    positions.forEach((position, place) => {
      if (truth[place] === null || !this.shown.ready(place)) return;
      const chip = this.words.chips[position];
      const right = this.models.map((_, model) => this.shown.known(model, place)?.rank === 1);
      chip.querySelectorAll("small").forEach((small, model) => {
        const mark = right[model] ? "✓" : "✗";
        small.textContent = this.covered ? mark : `${this.shown.bars(model, place)[0].word} ${mark}`;
      });
      const told = this.models.map((name, model) =>
        (right[model] ? t("{name} right", { name }) : t("{name} wrong", { name })).trim(),
      );
      chip.setAttribute(
        "aria-label",
        t("{name}, word {position}, {told}", {
          name: names[position],
          position: position + 1,
          told: told.join(t(", ")),
        }),
      );
    });
  }

  /**
   * Covers the words of an own text one after the other; a frame for each, so that the page answers meanwhile.
   * @param {any[]} models
   * @param {string} text
   * @param {() => boolean} going
   */
  async fill([loaded], text, going) {
    const own = this.read.get(text) ?? new OwnText(loaded, text, this.spec.top);
    this.read.set(text, own);
    const { own_position: before } = this.ui.state;
    const position = own.positions.includes(before) ? before : own.positions[0];
    this.ui.set({ own: text, own_position: position }, true);
    for (let place = 0; place < own.positions.length && going(); place++) {
      await new Promise(requestAnimationFrame);
      own.ask(place);
      this.ui.set({});
    }
    return unknownOf(loaded, own.pieces);
  }

  paint() {
    const shown = this.now;
    if (shown !== this.shown) this.rebuild(shown);
    if (this.ui.spec.silent) this.seen = new Set(this.spec.seen); // all is as it was first
    if (this.closed) this.ui.root.querySelector(".view")?.classList.add("asking");
    this.mark();
    this.words.sync();
    this.fillHoles();
    this.gutter.place();
    const several = askedOf(shown) && !this.alone;
    this.marks.textContent = several ? t("✓ the first choice is the true word, ✗ it is another") : "";
    this.models.forEach((_, model) => this.list(model));
    this.tell();
  }

  /** The bars of one model, and how often it is right. @param {number} model */
  list(model) {
    const { shown } = this;
    const { list, score } = this.panels[model];
    const { bars, others, beyond } = rowsOf(shown, model, this.chosen(shown));
    const asked = askedOf(shown);
    if (this.closed) {
      // where its answer will stand
      list.replaceChildren(
        ...bars.concat(bars[0]).flatMap(() => [h("span", { class: "w" }, "?"), h("span"), h("i", { class: "ghost" })]),
      );
      return;
    }
    const written = this.open ? this.yours[this.ui.state.position] : "";
    const last = beyond
      ? row(beyond, "true", t("true, rank {rank}", { rank: beyond.rank.toLocaleString("en-GB") }))
      : [0, 1, 2].map(() => h("span"));
    list.replaceChildren(
      ...bars.flatMap((bar) =>
        bar.right ? row(bar, "true", t("← true")) : row(bar, "", bar.word === written ? t("← yours") : ""),
      ),
      ...row({ word: t("all others"), p: others }, "rest"),
      ...(asked ? last : []), // its room stays where it is not needed
    );
    const right = rightOf(shown, model);
    const told = this.alone
      ? t("✓ first choice right at {right} of {asked} positions, ✗ wrong", { right, asked })
      : t("✓ right at {right} of {asked} positions", { right, asked });
    score.textContent = asked ? told : "";
  }

  tell() {
    const { shown } = this;
    const place = this.chosen(shown);
    const position = shown.positions[place];
    const mine = this.open && this.yours[position];
    const said = this.models.flatMap((name, model) => {
      const [best] = shown.bars(model, place);
      const first = name ? name[0].toUpperCase() + name.slice(1) : t("The model");
      const right = shown.known(model, place)?.rank === 1;
      const outcome = h("b", { class: "output" }, `“${best.word}”`);
      const values = { name: model ? name : first, word: "{word}" };
      const text = !right
        ? t("{name} expects {word}", values)
        : this.covered
          ? t("{name} expects {word}, the true word", values)
          : t("{name} expects {word}, the true tag", values);
      return [model ? t(", ") : "", ...woven(text, { word: outcome })];
    });
    const values = { position: position + 1, word: "{word}" };
    const covered = this.covered
      ? t("At position {position}, {word} is covered.", values)
      : t("At position {position}, {word}.", values);
    const there = shown.truth[place] === null ? t("At position {position}, {word}: a gap.", values) : covered;
    this.say.replaceChildren(
      ...woven(there, { word: h("b", { class: "warm" }, `“${shown.names[position]}”`) }),
      ...woven(t(" {sentence}."), { sentence: said }).flat(),
      mine && !shown.bars(0, place).some(({ word }) => word === mine)
        ? t(" “{word}” is not among the bars.", { word: mine })
        : "",
    );
  }

  /** What is expected at a position, as a table names it. */
  get noun() {
    return this.covered ? t("true word") : t("true tag");
  }

  /** @returns {Table} */
  table() {
    const shown = this.now;
    const what = [t("most probable"), t("probability"), this.noun, t("its probability")];
    const header = [t("position"), ...this.models.flatMap((name) => what.map((text) => `${name} ${text}`.trim()))];
    const rows = shown.positions.map((position, place) => {
      const cells = this.models.flatMap((_, model) => {
        const [best] = shown.bars(model, place);
        const truth = shown.known(model, place);
        return [best.word, chance(best.p), truth?.word ?? "–", truth ? chance(truth.p) : "–"];
      });
      return [`${position + 1} ${shown.names[position]}`, ...cells];
    });
    return { header, rows };
  }
}
