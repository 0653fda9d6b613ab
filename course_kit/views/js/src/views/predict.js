// A guess before the answer: cards with a letter, which are native radio buttons, and a card that is still face down.
// Once picked, a mark takes the place of the letter, and that card says what is right, and why. The browser keeps the
// guess, and the page hears of it: it unfolds what follows.
import { along, foreign, h, used } from "../shared/dom.js";
import { curled, readable } from "../shared/labels.js";
import { hands } from "./predict_hands.js";
import PREDICT_CSS from "./predict.css";
import { t } from "../text.js";

/** @import { Picture, Spec, UI } from "../shared/types.js" */
/** @typedef {string | string[]} Because why the right answer is right, or a reason for each answer */
/** @typedef {{ answers: string[], answer: number, because: Because }} Question answer: the number of the right one */
/** @typedef {Spec & Question} PredictSpec */

const HINT = t("Guess before you read on; a wrong guess teaches more.");
const FIRST = t("Guess first."); // in front of a class
const MARKS = "✓✗";
const MOST = 300; // letters of an answer
const LONG = 26; // letters of an answer from which each has a line of its own
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/**
 * What is said of a guess, sentence by sentence: what comes in bold, and why it is so.
 * @param {Question} question
 * @param {number} pick
 * @param {boolean} told the answer was shown, and nobody had guessed
 * @returns {[said: string, because: string][]}
 */
export function verdictOf({ answers, answer, because }, pick, told = false) {
  const right = answers[answer].replace(/[.。]$/, "");
  const reason = typeof because === "string" ? because : because[answer];
  if (told) return [[t("✓ The answer: {right}. ", { right }), reason]];
  if (typeof because === "string")
    return [[pick === answer ? t("✓ Yes. ") : t("✗ The answer: {right}. ", { right }), reason]];
  if (pick === answer) return [[t("✓ Yes. "), reason]];
  return [
    [t("✗ No. "), because[pick]],
    [t("The answer is “{right}”. ", { right }), reason],
  ];
}

/** Where the browser keeps the guess at a question; the pages that fold what follows look there. */
const placeOf = (/** @type {string} */ question) => `attention-course:guess:${question}`;

/** @param {string} question @returns {number} the guess of an earlier visit, or -1 */
function earlier(question) {
  try {
    return Number(localStorage.getItem(placeOf(question)) ?? -1);
  } catch {
    return -1; // a browser that keeps nothing
  }
}

/** @param {string} question @param {number} pick */
function keep(question, pick) {
  try {
    if (pick < 0) localStorage.removeItem(placeOf(question));
    else localStorage.setItem(placeOf(question), String(pick));
  } catch {
    // a browser that keeps nothing
  }
}

/** @param {UI} ui @returns {Picture} */
export function predict(ui) {
  const { state, id } = ui;
  const spec = /** @type {PredictSpec} */ (ui.spec);
  if (!spec.presenting && state.pick < 0) state.pick = earlier(spec.title); // each class guesses anew
  if (!(state.pick < spec.answers.length)) state.pick = -1;
  let kept = state.pick;
  let isTold = false; // the answer was shown, and nobody had guessed
  const answers = spec.answers.map((answer) => curled(readable(answer, MOST)));
  const question = { answers, answer: spec.answer, because: spec.because };
  const sentences = (/** @type {number} */ pick) =>
    verdictOf(question, pick, isTold).map(([said, because]) => {
      const mark = MARKS.includes(said[0]) ? h("span", { class: "sign" }, said[0]) : null;
      return h("div", {}, mark, h("b", {}, curled(mark ? said.slice(1) : said)), curled(because));
    });
  const inputs = answers.map((_, i) => {
    const onchange = () => {
      isTold = false;
      ui.set({ pick: i }, true);
    };
    return h("input", { type: "radio", name: `${id}-guess`, "data-control": "pick", onchange });
  });
  /** Arrow keys lead to an answer and choose none; its letter does, or Enter. @param {KeyboardEvent} event */
  const onkeydown = (event) => {
    const at = inputs.indexOf(/** @type {HTMLInputElement} */ (event.target));
    if (at < 0 || event.shiftKey || foreign(event)) return;
    const to = along(event, at, inputs.length);
    if (to !== null) return inputs[to].focus();
    const chosen = event.key === "Enter" ? at : event.key.length === 1 ? LETTERS.indexOf(event.key.toUpperCase()) : -1;
    if (!inputs[chosen]) return;
    used(event);
    inputs[chosen].focus();
    inputs[chosen].click();
  };
  const letters = answers.map(() => h("span", { class: "letter", "aria-hidden": "true" }));
  const labels = answers.map((answer, i) =>
    h("label", {}, inputs[i], letters[i], h("span", { class: "answer" }, answer)),
  );
  const said = h("div", { role: "status", "data-testid": "verdict" });
  // unseen: the room of the longest that can be said
  const hint = spec.presenting ? FIRST : HINT;
  const waiting = () => h("div", { class: "quiet" }, h("span", { class: "sign" }), hint);
  const room = [waiting(), ...answers.map((_, i) => h("div", {}, ...sentences(i)))];
  for (const unseen of room) unseen.className = "room";
  for (const unseen of room) unseen.ariaHidden = "true";
  const card = h("div", { class: "verdict" }, ...room, said);
  ui.style(PREDICT_CSS);
  const long = answers.some((answer) => answer.length > LONG);
  const fieldset = h(
    "fieldset",
    { class: long ? "answers long" : "answers", style: `--count:${answers.length}`, onkeydown },
    h("legend", { class: "hidden" }, spec.title),
    ...labels,
  );
  ui.body.append(fieldset, card);
  if (spec.presenting) {
    const { rows, said: counted } = hands(spec.title, answers);
    labels.forEach((label, i) => label.after(rows[i]));
    ui.body.append(counted);
  }

  ui.actions.answer = () => {
    if (state.pick >= 0) return;
    isTold = true;
    ui.set({ pick: spec.answer }, true);
  };

  /** The browser and the page hear of a guess, and of one that is taken back. */
  function tell() {
    if (state.pick === kept) return;
    kept = state.pick;
    if (!spec.presenting) keep(spec.title, kept);
    ui.root.host.dispatchEvent(new CustomEvent("course-guess", { bubbles: true, composed: true }));
  }

  return {
    paint() {
      isTold &&= state.pick === spec.answer;
      tell();
      inputs.forEach((input, i) => {
        input.checked = state.pick === i;
      });
      const told = state.pick >= 0;
      labels.forEach((label, i) => {
        const right = told && i === spec.answer;
        const wrong = told && !right && i === state.pick;
        label.classList.toggle("right", right);
        label.classList.toggle("wrong", wrong);
        letters[i].textContent = right ? "✓" : wrong ? "✗" : (LETTERS[i] ?? "·");
      });
      card.classList.toggle("right", told && state.pick === spec.answer);
      card.classList.toggle("wrong", told && state.pick !== spec.answer);
      card.classList.toggle("told", told);
      fieldset.classList.toggle("told", told);
      said.replaceChildren(...(told ? sentences(state.pick) : [waiting()]));
    },
    table: () => ({ header: [t("number"), t("answer")], rows: answers.map((answer, i) => [String(i + 1), answer]) }),
    numbers: () => ({ pick: state.pick }),
  };
}
