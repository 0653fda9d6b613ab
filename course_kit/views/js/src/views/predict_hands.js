// The hands that a class raises at a guess: a field for each answer, and bars beside it, before a discussion and after
// it. They are kept while the page is open, and nothing leaves it.
import { h } from "../shared/dom.js";
import { t } from "../text.js";

const ROUNDS = [t("before"), t("after")];

/** @type {Map<string, { rows: HTMLElement[], said: HTMLElement }>} by question: a view may be made anew */
const kept = new Map();

/** What a round says, in words; "" of one that was not counted. @param {number[]} counts @param {number} round */
export function handsOf(counts, round) {
  const each = counts.flatMap((count, i) => (count >= 0 ? [`${"ABCDEFGHIJ"[i]} ${count}`] : [])).join(", ");
  if (!each) return "";
  if (round) return t("Hands after the discussion: {counts}.", { counts: each });
  return t("Hands before the discussion: {counts}.", { counts: each });
}

/** What stands beside each answer, and the words for all of it. @param {string} question @param {string[]} answers */
export function hands(question, answers) {
  const there = kept.get(question);
  if (there) return there;
  const said = h("p", { class: "hidden", role: "status", "data-testid": "hands" });
  const fields = ROUNDS.map((placeholder) =>
    answers.map((answer) => {
      const look = { type: "number", min: 0, "data-control": "hands", "aria-label": `${answer}: ${placeholder}` };
      return h("input", { ...look, placeholder, oninput: paint, onkeydown: on });
    }),
  );
  const bars = ROUNDS.map(() => answers.map(() => h("u")));
  const rows = answers.map((_, i) => {
    return h("span", { class: "hands" }, fields[0][i], fields[1][i], h("i", {}, bars[0][i], bars[1][i]));
  });

  /** Enter leads to the next answer, and after the last one out. @param {KeyboardEvent} event */
  function on(event) {
    if (!/^(Enter|ArrowRight)$/.test(event.key)) return;
    event.preventDefault();
    const here = /** @type {HTMLInputElement} */ (event.target);
    const round = fields.find((some) => some.includes(here)) ?? [];
    round[round.indexOf(here) + 1]?.focus();
    if (here === round.at(-1)) here.blur();
  }

  function paint() {
    const counts = fields.map((round) => round.map((field) => field.valueAsNumber));
    for (const field of fields[1]) field.hidden = !field.value && !counts[0].every((count) => count >= 0);
    counts.forEach((round, n) => {
      const all = round.reduce((sum, count) => sum + (count || 0), 0) || 1;
      round.forEach((count, i) => (bars[n][i].style.width = `${(100 * (count || 0)) / all}%`));
    });
    said.textContent = counts.map(handsOf).join(" ");
    for (const row of rows) row.classList.toggle("counted", Boolean(said.textContent.trim()));
  }
  paint();
  kept.set(question, { rows, said });
  return { rows, said };
}
