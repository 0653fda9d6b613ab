// The next token: temperature, top-k, top-p, then a draw with dice that can be repeated.
import { along, h, spoken } from "../../../course_kit/views/js/src/shared/dom.js";
import { clamp, fmt, percent } from "../../../course_kit/views/js/src/shared/numbers.js";
import { Beginning, spellOut } from "./continued.js";
import SAMPLING_CSS from "./sampling.css";
import { drawsOf, ownText, Sampled, textOf } from "./sampling_numbers.js";
import { paintChances } from "./sampling_paint.js";
import { dice, visible } from "./tokens.js";
import { t, tn, woven } from "../../../course_kit/views/js/src/text.js";

/** @import { Picture, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { SamplingSpec, Text } from "./sampling_numbers.js" */
/** @import { Geometry } from "./sampling_paint.js" */

const MOST_SHOWN = 220; // letters of the lesson's text
const ROWS = 60; // of the table
const SIGNS = { bar: t("how likely it is drawn"), mark: t("what the model gives it"), cut: t("cut: never drawn") };

/** @param {UI} ui @returns {Picture} */
export const sampling = (ui) => new Sampling(ui);

class Sampling {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {SamplingSpec} */ (ui.spec);
    this.lesson = textOf(this.spec, ui.arrays, ui.state);
    this.longest = this.spec.tokens.reduce((most, token) => (token.length > most.length ? token : most), "");
    this.hover = -1;
    /** @type {Geometry} */
    this.geometry = { top: 0, step: 1, lines: 1 };
    this.line = h("div", { class: "text", "data-testid": "text", role: "group", "aria-label": t("the text so far") });
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.option = h("div", { role: "option", id: `${ui.id}-row`, "aria-selected": "true" }, t("the most likely token"));
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
      "aria-label": t("tokens, the most likely first; arrow keys choose one"),
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
    return new Sampled(this.text, this.ui.state, rows);
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

  /** The id of the token on which the dice fall next. */
  drawn() {
    const { text, now } = this.sampled();
    const [rank] = drawsOf(now, dice(this.ui.state.seed, text.before), 1);
    return text.ids[rank];
  }

  /** Writes a token where a model can say what follows it, in Python or, once it has come, here; else draws again. */
  draw() {
    const { ui, spec, beginning } = this;
    if (beginning?.read) return beginning.add(this.drawn());
    if (spec.asks && (spec.live || !spec.own)) return ui.set({ pick: this.drawn() }, true);
    ui.set({ draws: ui.state.draws + 1 }, true);
    if (spec.asks) beginning?.draw();
  }

  // ---- what is shown
  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { ui, spec } = this;
    const usual = spec.presenting ? 9 : narrow ? 12 : 15;
    const sampled = this.sampled(Math.round(usual * Math.min(1, spec.tall ?? 1))); // a screen may be low
    const chosen = this.hover >= 0 ? this.hover : clamp(ui.state.row, 0, sampled.lines - 1);
    const wide = Math.min(width - (narrow ? 0 : 250 * ui.unit), 620 * ui.unit);
    this.geometry = paintChances(ui, this.canvas, sampled, { wide, chosen, longest: this.longest });
    this.write(sampled);
    this.tell(sampled, chosen);
  }

  /** The text so far, and what was drawn. @param {Sampled} sampled */
  write({ text, last }) {
    const read = this.beginning?.read;
    const token = last === undefined ? "" : text.names[last].replace(/\n$/, "⏎\n") || "∅";
    const sign = token ? "" : "▁";
    this.scrolls(Boolean(read));
    if (read && !token) {
      const [typed, written] = read.shown;
      return spellOut(this.line, typed, written);
    }
    const fresh = token ? "" : text.text.slice(text.text.length - text.fresh);
    const old = text.text.slice(0, text.text.length - fresh.length);
    const cut = !read && old.length > MOST_SHOWN ? `…${old.slice(-MOST_SHOWN)}` : old;
    spellOut(this.line, cut, token || fresh, sign);
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
    const values = { label, first: fmt(first), p: fmt(p) };
    const sentence = keep
      ? t("“{label}”: the model gives {first}; here {p}", values)
      : t("“{label}”: the model gives {first}; cut, it cannot be drawn", values);
    const times = sampled.tally(chosen);
    const open = fmt(2 ** now.entropy, 1);
    this.option.textContent = times ? t("{sentence}, drawn {times} times", { sentence, times }) : sentence;
    this.say.replaceChildren(
      h("div", {}, ...woven(t("{sentence}."), { sentence: h("b", {}, sentence) })),
      h("div", {}, this.kept(now.kept)),
      h(
        "div",
        { class: "quiet" },
        t("Entropy {entropy} bits: as open as {open} equally likely tokens.", { entropy: fmt(now.entropy, 2), open }),
      ),
      h("div", {}, this.ofDraws(sampled)),
    );
  }

  /** How many tokens can be drawn, and what has cut the others. @param {number} kept */
  kept(kept) {
    const { top_k, top_p } = this.ui.state;
    const values = { kept, all: this.spec.tokens.length, top_k, top_p: fmt(top_p, 2) };
    const [few, sure] = [top_k < values.all, top_p < 1];
    if (few && sure) return t("{kept} of {all} tokens can be drawn (top-k {top_k}, then top-p {top_p}).", values);
    if (few) return t("{kept} of {all} tokens can be drawn (top-k {top_k}).", values);
    if (sure) return t("{kept} of {all} tokens can be drawn (top-p {top_p}).", values);
    return t("{kept} of {all} tokens can be drawn.", values);
  }

  /** @param {Sampled} sampled */
  ofDraws({ text, now, drawn, last }) {
    if (last === undefined) {
      const words = this.ui.state.temperature === 0 ? t("Temperature 0: nothing is left to chance.") : t("Draw one.");
      return h("span", { class: "quiet" }, words);
    }
    return tn(
      "Drawn once, last “{name}”, which had {share}.",
      "Drawn {n} times, last “{name}”, which had {share}.",
      drawn.length,
      { name: visible(text.names[last]), share: percent(now.after[last]) },
    );
  }

  table() {
    return this.sampled(ROWS + 1).table();
  }

  numbers() {
    const { text, now, drawn } = this.sampled();
    const names = text.names.map(visible);
    const { after: probabilities, entropy, kept } = now;
    return { probabilities, entropy, kept, names, drawn: drawn.map((rank) => names[rank]) };
  }
}
