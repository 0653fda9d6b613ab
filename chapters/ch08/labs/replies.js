// One question at a time, and what each of several models says to it, side by side.
import { h } from "../../../course_kit/views/js/src/shared/dom.js";
import REPLIES_CSS from "./replies.css";

/** @import { Picture, Spec, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @typedef {Spec & { questions: string[], models: string[], replies: string[][] }} RepliesSpec replies: by model */

/** What each model says to the question that is chosen. @param {RepliesSpec} spec @param {string} question */
export function said({ questions, models, replies }, question) {
  const at = Math.max(0, questions.indexOf(question));
  return models.map((model, i) => ({ model, reply: replies[i][at] }));
}

/** @param {UI} ui @returns {Picture} */
export function replies(ui) {
  const spec = /** @type {RepliesSpec} */ (ui.spec);
  const columns = spec.models.map((model, i) => {
    const reply = h("span", {});
    const text = h("div", { "data-testid": `reply-${i}` }, h("b", {}, model), "\n", reply);
    const room = spec.replies[i].map((one) => h("div", { class: "room", "aria-hidden": "true" }, `${model}\n${one}`));
    return { reply, box: h("div", {}, ...room, text) };
  });
  ui.style(REPLIES_CSS);
  const asked = h("div", { class: "asked" });
  const buttons = spec.questions.map((question) =>
    h("button", { type: "button", onclick: () => ui.set({ question }, true) }, question),
  );
  const questions = h("div", { class: "questions", role: "group", "aria-label": "questions" }, ...buttons);
  const replied = h("div", { class: "replies" }, ...columns.map(({ box }) => box));
  ui.body.append(h("div", { class: "talk" }, questions, h("div", { role: "status" }, asked, replied)));

  return {
    paint() {
      asked.replaceChildren(ui.state.question);
      for (const [i, button] of buttons.entries())
        button.setAttribute("aria-pressed", String(spec.questions[i] === ui.state.question));
      said(spec, ui.state.question).forEach(({ reply }, i) => columns[i].reply.replaceChildren(reply));
    },
    table: () => ({
      header: ["question", ...spec.models],
      rows: spec.questions.map((question) => [question, ...said(spec, question).map(({ reply }) => reply)]),
    }),
    numbers: () => ({ question: ui.state.question, said: said(spec, ui.state.question) }),
  };
}
