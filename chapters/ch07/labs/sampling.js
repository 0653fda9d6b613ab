// The next token: temperature, top-k, top-p, then a draw with dice that give the same numbers in Python.
import { along, h, spoken } from "../../../course_kit/views/js/src/shared/dom.js";
import { clamp, fmt, percent } from "../../../course_kit/views/js/src/shared/numbers.js";
import { Beginning, spellOut } from "./continued.js";
import SAMPLING_CSS from "./sampling.css";
import { drawsOf, nameOf, ownText, placeOf, Sampled } from "./sampling_numbers.js";
import { paintChances } from "./sampling_paint.js";
import { dice, spelled, visible } from "./tokens.js";

/** @import { Picture, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { SamplingSpec, Text } from "./sampling_numbers.js" */
/** @import { Geometry } from "./sampling_paint.js" */

const MOST_SHOWN = 220; // letters of the lesson's text
const SIGNS = { bar: "how likely it is drawn", mark: "what the model gives it", cut: "cut: never drawn" };

/** @param {UI} ui @returns {Picture} */
export const sampling = (ui) => new Sampling(ui);

class Sampling {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {SamplingSpec} */ (ui.spec);
    /** @type {any} */
    const { logits, counts } = ui.arrays;
    /** @type {Text} */
    this.lesson = { ...this.spec, logits, counts };
    this.hover = -1;
    /** @type {Geometry} */
    this.geometry = { top: 0, step: 1, lines: 1 };
    this.line = h("div", { class: "text", "data-testid": "text", role: "group", "aria-label": "the text so far" });
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.option = h("div", { role: "option", id: `${ui.id}-row`, "aria-selected": "true" }, "the most likely token");
    this.say = spoken();
    this.place();
    this.listen();
    ui.style(SAMPLING_CSS);
    this.beginning = ui.spec.own ? new Beginning(ui, () => this.drawn(), { draws: 0, row: 0 }) : null;
  }

  place() {
    const { ui, line, canvas, option, say } = this;
    const look = {
      ...{ role: "listbox", tabindex: 0, "data-testid": "picture", "aria-activedescendant": option.id },
      "aria-label": "tokens, the most likely first; arrow keys choose one",
    };
    const twin = h("div", { class: "hidden", role: "presentation" }, option);
    const signs = Object.entries(SIGNS).map(([sign, words]) => h("span", {}, h("i", { class: sign }), words));
    const key = (/** @type {KeyboardEvent} */ event) => this.key(event);
    ui.body.append(h("div", { ...look, onkeydown: key }, canvas, twin));
    ui.side.append(h("div", { class: "signs" }, ...signs), say);
    ui.body.parentElement?.before(line);
  }

  listen() {
    const { ui, canvas } = this;
    canvas.onpointermove = (event) => this.point(this.under(event));
    canvas.onpointerleave = () => this.point(-1);
    canvas.onclick = (event) => {
      const row = this.under(event);
      if (row >= 0) ui.set({ row }, true);
    };
    ui.actions.one = () => this.draw();
    ui.actions.many = () => ui.set({ draws: ui.state.draws + 100 }, true);
  }

  /** What is read: the lesson's text, or a beginning of the reader's own and what was drawn since. @returns {Text} */
  get text() {
    const read = this.beginning?.read;
    return read ? ownText(read) : this.lesson;
  }

  sampled(rows = Infinity) {
    return new Sampled(this.spec, this.text, this.ui.state, rows);
  }

  // ---- under the hand
  /** The row under a pointer, or -1. @param {MouseEvent} event */
  under({ offsetY }) {
    const { top, step, lines } = this.geometry;
    const row = Math.floor((offsetY - top) / step);
    return row >= 0 && row < lines ? row : -1;
  }

  /** @param {number} row */
  point(row) {
    if (row === this.hover) return;
    this.hover = row;
    this.ui.set({});
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") return;
    const row = along(event, this.ui.state.row, this.geometry.lines);
    if (row === null) return;
    this.hover = -1;
    this.ui.set({ row }, true);
  }

  /** One throw of the dice: the draw, and what it was drawn from. */
  thrown() {
    const { text, now } = this.sampled();
    const { seed, step } = this.ui.state;
    const [one] = drawsOf(now, dice(seed, step + text.before), 1);
    return { text, now, one };
  }

  /** The id of a token for the reader's own text. */
  drawn() {
    const { text, one } = this.thrown();
    return text.ids?.[one.at] ?? 0;
  }

  /** Writes a token where a model can say what follows it, in Python or, once it has come, here; else draws again. */
  draw() {
    const { ui, spec, beginning } = this;
    if (beginning?.read) return beginning.add(this.drawn());
    if (spec.asks && (spec.live || !spec.own)) {
      const { now, one } = this.thrown();
      return ui.set({ pick: placeOf(now, one) }, true);
    }
    ui.set({ draws: ui.state.draws + 1 }, true);
    if (spec.asks) beginning?.draw();
  }

  // ---- what is shown
  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { ui, spec } = this;
    const usual = spec.presenting || narrow ? 12 : 15;
    const sampled = this.sampled(Math.round(usual * Math.min(1, spec.tall ?? 1))); // a screen may be low
    const chosen = this.hover >= 0 ? this.hover : clamp(ui.state.row, 0, sampled.lines - 1);
    const wide = Math.min(width - (narrow ? 0 : 250 * ui.unit), 620 * ui.unit);
    this.geometry = paintChances(ui, this.canvas, sampled, { wide, chosen, size: spec.size });
    this.write(sampled);
    this.tell(sampled, chosen);
  }

  /** The text so far, and what was drawn. @param {Sampled} sampled */
  write({ text, now, last }) {
    const read = this.beginning?.read;
    const drawn = last && last.at < now.names.length ? this.spell(now.names[last.at]) : "…";
    const token = drawn.replace(/\n$/, "⏎\n") || "∅";
    this.scrolls(Boolean(read));
    if (read) {
      const [typed, written] = read.shown;
      if (last) spellOut(this.line, text.text, token, "");
      else spellOut(this.line, typed, written);
      return;
    }
    const before = text.text + text.pieces.slice(0, this.ui.state.step).join("");
    const fresh = text.new && !last ? before.slice(-text.new) : "";
    const old = before.slice(0, before.length - fresh.length);
    const cut = old.length > MOST_SHOWN ? `…${old.slice(-MOST_SHOWN)}` : old;
    spellOut(this.line, cut, last ? token : fresh, last ? "" : "▁");
  }

  /** @param {string} token */
  spell(token) {
    return spelled(token, this.spec.whole);
  }

  /** A text of the reader's own may be long: it can be scrolled, by keys as well. @param {boolean} does */
  scrolls(does) {
    this.line.classList.toggle("continued", does);
    if (does) this.line.tabIndex = 0;
    else this.line.removeAttribute("tabindex");
  }

  /** @param {Sampled} sampled @param {number} chosen */
  tell(sampled, chosen) {
    const { now } = sampled;
    const { label, p, first, keep } = sampled.row(chosen);
    const here = keep ? `here ${fmt(p)}` : "cut, it cannot be drawn";
    const sentence = `“${label}”: the model gives ${fmt(first)}; ${here}`;
    const times = sampled.tally(chosen);
    const open = fmt(2 ** now.entropy, 1);
    this.option.textContent = `${sentence}${times ? `, drawn ${times} times` : ""}`;
    this.say.replaceChildren(
      h("div", {}, h("b", {}, sentence), "."),
      h("div", {}, `${now.kept} of ${this.spec.size} tokens can be drawn${this.cuts()}.`),
      h("div", { class: "quiet" }, `Entropy ${fmt(now.entropy, 2)} bits: as open as ${open} equally likely tokens.`),
      h("div", {}, this.ofDraws(sampled)),
    );
  }

  cuts() {
    const { top_k, top_p } = this.ui.state;
    const cuts = [];
    if (top_k < this.spec.size) cuts.push(`top-k ${top_k}`);
    if (top_p < 1) cuts.push(`top-p ${fmt(top_p, 2)}`);
    return cuts.length ? ` (${cuts.join(", then ")})` : "";
  }

  /** @param {Sampled} sampled */
  ofDraws({ text, now, drawn, last }) {
    const { temperature, step } = this.ui.state;
    if (!last) {
      const words = temperature === 0 ? "Temperature 0: nothing is left to chance." : "Draw one.";
      return h("span", { class: "quiet" }, words);
    }
    const times = drawn.length === 1 ? "once" : `${drawn.length} times`;
    const truth = text.pieces[step];
    const other = text.pieces.length && last.at < now.names.length && this.spell(now.names[last.at]) !== truth;
    const stands = other ? ` In the text stands “${visible(truth)}”.` : "";
    return `Drawn ${times}, last “${nameOf(now, last.at)}”, which had ${percent(now.after[last.at])}.${stands}`;
  }

  table() {
    return this.sampled().table(this.spec.size > 100 ? 60 : 100);
  }

  numbers() {
    const { now, drawn } = this.sampled();
    return {
      ...{ probabilities: now.after, entropy: now.entropy, kept: now.kept },
      names: now.after.map((_, i) => nameOf(now, i)),
      drawn: drawn.map(({ at }) => nameOf(now, at)),
    };
  }
}
