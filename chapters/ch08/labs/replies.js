// One question at a time, and what each of several models says to it, side by side. Of models that Python has asked,
// how they came to it: token by token, what was expected there and what a head attended to. Live, the reader asks.
import { composing, h, spoken, still, typed } from "../../../course_kit/views/js/src/shared/dom.js";
import { readable } from "../../../course_kit/views/js/src/shared/labels.js";
import { stepper } from "../../../course_kit/views/js/src/shared/stepper.js";
import { visible } from "../../ch07/labs/tokens.js";
import REPLIES_CSS from "./replies.css";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Arrays, Picture, Spec, State, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/**
 * @typedef {{ pieces: string[], begins: number, chances: [string, number][][], heads: number, at: number }} Trace
 *   chances: of each token of the answer, which begin behind so many pieces; at: of its weights, in all
 * @typedef {Spec & { questions: string[], models: string[], replies: string[][], traces?: (Trace | null)[][],
 *   fresh?: boolean }} RepliesSpec replies, traces: by model; fresh: the reader has just asked
 */

/** What each model says to the question that is chosen. @param {RepliesSpec} spec @param {string} question */
export function said({ questions, models, replies }, question) {
  const at = Math.max(0, questions.indexOf(question));
  return models.map((model, i) => ({ model, reply: replies[i][at] }));
}

/** How each model comes to its answer; null for a sentence that no model wrote. @param {RepliesSpec} spec */
const tracesAt = ({ questions, traces = [] }, /** @type {string} */ question) =>
  traces.map((of) => of[Math.max(0, questions.indexOf(question))]);

/**
 * How the chosen model comes to the chosen token of its answer, or the first that wrote one; null if none did. step:
 * -1, or one that is too large, is the last.
 * @param {RepliesSpec} spec
 * @param {Arrays} arrays
 * @param {State} state
 */
export function traceAt(spec, { weights }, state) {
  const told = tracesAt(spec, state.question);
  const who = told[state.who] ? state.who : told.findIndex(Boolean);
  const trace = told[who];
  if (!trace) return null;
  const { pieces, begins, chances, heads, at } = trace;
  const last = chances.length - 1;
  const step = state.step < 0 ? last : Math.min(state.step, last);
  const head = Math.min(state.head, heads - 1);
  const from = at + (step * heads + head) * pieces.length;
  const attended = Array.from(weights.slice(from, from + begins + step));
  const strongest = attended.indexOf(Math.max(...attended));
  return { who, pieces, begins, chances: chances[step], heads, head, step, last, attended, strongest };
}

/** @param {UI} ui @returns {Picture} */
export function replies(ui) {
  const spec = /** @type {RepliesSpec} */ (ui.spec);
  const traced = spec.traces ? new Traced(ui) : null;
  const columns = spec.models.map((model, i) => {
    const reply = h("span", { translate: "no" });
    const name = traced
      ? h("button", { type: "button", onclick: () => traced.show({ who: i }) }, model)
      : h("b", {}, model);
    const text = h("div", { "data-testid": `reply-${i}` }, name, "\n", reply);
    const room = spec.replies[i].map((one) => {
      const text = h("span", { translate: "no" }, one);
      return h("div", { class: "room", "aria-hidden": "true" }, `${model}\n`, text);
    });
    return { reply, name, box: h("div", {}, ...room, text) };
  });
  ui.style(REPLIES_CSS);
  const choose = (/** @type {string} */ question) => (traced ? traced.show({ question }) : ui.set({ question }, true));
  const buttons = spec.questions.map((one) =>
    h("button", { type: "button", onclick: () => choose(one) }, readable(one, LONGEST)),
  );
  const questions = h("div", { class: "questions", role: "group", "aria-label": t("questions") }, ...buttons);
  const replied = h("div", { class: "replies" }, ...columns.map(({ box }) => box));
  const answers = h("div", { role: traced ? null : "status" }, replied, traced?.box);
  ui.body.append(h("div", { class: traced ? "talk traced" : "talk" }, h("div", {}, traced?.field, questions), answers));
  if (spec.fresh) traced?.play();

  return {
    paint() {
      const { question } = ui.state;
      for (const [i, button] of buttons.entries())
        button.setAttribute("aria-pressed", String(spec.questions[i] === question));
      said(spec, question).forEach(({ reply }, i) => {
        columns[i].reply.replaceChildren(traced?.part(i) ?? reply);
        if (!traced) return;
        columns[i].name.setAttribute("aria-pressed", String(i === traced.now?.who));
        columns[i].name.toggleAttribute("disabled", !tracesAt(spec, question)[i]);
      });
      traced?.paint();
    },
    table: () => ({
      header: [t("question"), ...spec.models],
      rows: spec.questions.map((question) => [question, ...said(spec, question).map(({ reply }) => reply)]),
    }),
    numbers: () => ({ question: ui.state.question, said: said(spec, ui.state.question), trace: traced?.now }),
  };
}

/** The field, and the tokens with what was expected and attended to. */
class Traced {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.steps = stepper({
      now: () => this.now?.step ?? 0,
      last: () => this.now?.last ?? 0,
      go: (step) => ui.set({ step }),
      pace: 160,
    });
    const look = { class: "pieces", role: "group", tabindex: 0, onkeydown: this.steps.keys, "data-testid": "pieces" };
    this.pieces = h("div", {
      ...look,
      "aria-label": t("tokens of question and answer; arrow keys move in the answer"),
    });
    this.heads = h("span", { class: "control", role: "group", "aria-label": t("head") });
    this.bars = h("div", { class: "chances", "aria-hidden": "true" });
    this.told = spoken();
    this.box = h("div", { class: "trace" }, this.pieces, this.steps.row, this.heads, this.bars, this.told);
    const { live, presenting } = ui.spec;
    const comes = presenting && document.body.classList.contains("course-presenting"); // with its kernel
    this.field = live || comes ? this.asking(Boolean(live)) : h("p", { class: "quiet" }, presenting ? "" : RECORDED);
  }

  /** What a reader types goes to Python, whose answer comes as another view. @param {boolean} live or not yet */
  asking(live) {
    const { ui } = this;
    const note = h("div", { class: "quiet", role: "status", "data-testid": "asking" });
    const send = () => {
      const asked = field.value.trim();
      note.textContent = asked ? t("Asked. The answer comes when the kernel is free.") : t("Type a question first.");
      if (asked) ui.set({ asked }, true);
    };
    const onkeydown = (/** @type {KeyboardEvent} */ event) => {
      typed(event);
      if (event.key !== "Enter" || composing(event) || event.shiftKey) return;
      event.preventDefault();
      send();
    };
    const look = { disabled: !live, placeholder: live ? "" : COMES };
    const field = h("textarea", { rows: 2, "data-control": "asked", spellcheck: "false", onkeydown, ...look });
    return h(
      "div",
      {},
      h("label", {}, t("Your question:"), field),
      h("button", { type: "button", onclick: send, disabled: !live }, t("ask")),
      note,
    );
  }

  get now() {
    return traceAt(/** @type {RepliesSpec} */ (this.ui.spec), this.ui.arrays, this.ui.state);
  }

  /** @param {State} patch another question or model: its answer appears token by token */
  show(patch) {
    this.steps.stop();
    this.ui.set({ ...patch, step: -1 }, true);
    this.play();
  }

  play() {
    if (!still() && this.now) this.steps.start();
  }

  /** What the chosen model has written so far; null of others, and at the end. @param {number} model */
  part(model) {
    const { now } = this;
    if (model !== now?.who || now.step === now.last) return null;
    return now.pieces.slice(now.begins, now.begins + now.step + 1).join("");
  }

  paint() {
    const { ui, now, steps, pieces, bars, told, heads, box } = this;
    box.classList.toggle("none", !now);
    if (!now) return told.replaceChildren("");
    const { begins, step, head, attended, strongest } = now;
    steps.sync();
    pieces.replaceChildren(
      ...now.pieces.slice(0, begins + step + 1).map((piece, i) => {
        const kind = i === begins + step ? "output" : i < begins ? "quiet" : "";
        const go = i < begins ? null : () => steps.to(i - begins);
        return h("span", { class: kind, style: `--w:${attended[i] ?? 0}`, ...(go && { onclick: go }) }, visible(piece));
      }),
    );
    pieces.scrollTop = pieces.scrollHeight; // where it writes
    const one = (/** @type {number} */ i) =>
      h("button", { type: "button", onclick: () => ui.set({ head: i }, true) }, i + 1);
    if (heads.childElementCount !== now.heads)
      heads.replaceChildren(t("head"), ...Array.from({ length: now.heads }, (_, i) => one(i)));
    [...heads.children].forEach((button, i) => button.setAttribute("aria-pressed", String(i === head)));
    bars.replaceChildren(
      ...now.chances
        .slice(0, ui.spec.presenting ? 3 : 5)
        .flatMap(([name, p]) => [
          h("span", {}, visible(name)),
          h("i", { style: `width:${100 * p}%` }),
          h("span", {}, p.toFixed(3)),
        ]),
    );
    const [name, p] = now.chances[0];
    told.setAttribute("aria-live", steps.timer ? "off" : "polite");
    const most = `“${visible(now.pieces[strongest])}” (${attended[strongest].toFixed(3)})`;
    told.textContent = t("“{name}” had a probability of {p}. There head {head} attends most to {most}.", {
      ...{ name: visible(name), p: p.toFixed(3), head: head + 1, most },
    });
  }
}

const LONGEST = 120; // letters of a question that is quoted
const RECORDED = t("These answers are recorded. To ask your own, run this cell in JupyterLab.");
const COMES = t("You can type here when the kernel is ready.");
