// Two lists above the screen: all keys, and the places to go to.
import { el } from "./screen.js";
import { t } from "./text.js";

const SOON = 1000; // ms in which letters are one word

const keys = () => [
  [t("→ · space · page down"), t("next: run, then the sentence to keep, then the next screen")],
  [t("← · page up"), t("back")],
  [t("shift →"), t("also into a section marked (not in class); past what is left of a view told step by step")],
  [t("A to D · digits"), t("at a guess: choose · count raised hands, Enter to the next answer, twice for two rounds")],
  [t("Enter · shift Enter"), t("run, or run again")],
  ["S", t("stop (a training keeps its best); first takes back what waits behind it")],
  [t("Tab, then arrows · Esc"), t("into the view · out of it")],
  [t("R · shift R"), t("reset the views of this screen · of the whole chapter")],
  ["N", t("notes in a second window")],
  ["G", t("go to a section or chapter: arrows, or its first letters")],
  ["C · E", t("show a cell's code, or put it away · write in it")],
  [t("shift T"), t("train now, though a result is kept")],
  [t("shift K"), t("a fresh kernel, with all that stands above")],
  [t("B · full stop"), t("black screen")],
  ["Ctrl P", t("print: a page for each screen")],
  ["Q", t("leave: JupyterLab as usual; alt P presents again")],
];

/** @param {string} running what runs, and how far it is */
export function help(running) {
  const rows = keys().map(([key, does]) => el("tr", {}, el("th", {}, key), el("td", {}, does)));
  const now = running ? [el("p", {}, running)] : [];
  return el("dialog", { className: "course-dialog" }, ...now, el("h2", {}, t("Keys")), el("table", {}, ...rows));
}

// Sections of this chapter, then the other chapters
export function chooser(deck) {
  const dialog = el("dialog", { className: "course-dialog", ariaLabel: t("Go to") });
  const go = (text, act, here) =>
    el(
      "button",
      {
        autofocus: here,
        onclick: () => {
          dialog.close();
          act();
        },
      },
      text,
    );
  const heads = deck.steps.map((s, i) => [s, i]).filter(([s, i]) => s.heading !== deck.steps[i - 1]?.heading);
  const now = heads.findLast(([, i]) => i <= deck.at)?.[1];
  dialog.append(...heads.map(([s, i]) => go(s.heading, () => deck.go(i), i === now)));
  const others = deck.course.configured.chapters.filter((c) => !c.endsWith(`${deck.name}.ipynb`));
  dialog.append(...others.map((c) => go(`→ ${deck.titleOf(c)}`, () => deck.leave(c))));
  return dialog;
}

// Shows one until it is closed; arrow keys walk through its buttons, letters lead to the next that has them.
export function pop(dialog, closed) {
  let [typed, at] = ["", 0]; // and when
  dialog.onclose = () => {
    dialog.remove();
    closed();
  };
  dialog.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const buttons = [...dialog.querySelectorAll("button")];
    if (/^\S$/u.test(event.key)) {
      typed = (event.timeStamp - at < SOON ? typed : "") + event.key.toLowerCase();
      at = event.timeStamp;
      const found = (way) => buttons.find((one) => one.textContent.toLowerCase()[way](typed));
      (found("startsWith") ?? found("includes"))?.focus();
    }
    if (step) buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length)?.focus();
  };
  document.body.append(dialog);
  dialog.showModal();
}
