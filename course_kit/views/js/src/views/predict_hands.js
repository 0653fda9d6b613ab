// The hands that a class raises at a guess: a field for each answer, and bars beside it, before a discussion and after
// it. They are kept while the page is open, and nothing leaves it.
import { h } from "../shared/dom.js";
import { t } from "../text.js";

/** @typedef {number[][]} Counts of each round those of each answer; NaN: not counted yet */

const ROUNDS = [t("before"), t("after")];
const WORDS = [
  (/** @type {string} */ counts) => t("Hands before the discussion: {counts}.", { counts }),
  (/** @type {string} */ counts) => t("Hands after the discussion: {counts}.", { counts }),
];

/** @type {Map<string, string[][]>} what was typed, by question: a view may be made anew */
const kept = new Map();

/** What a round says, in words; "" of one that was not counted. @param {number[]} counts @param {number} round */
export function handsOf(counts, round, letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  const each = counts.flatMap((count, i) => (count >= 0 ? [`${letters[i]} ${count}`] : []));
  return each.length ? WORDS[round](each.join(", ")) : "";
}

/**
 * @param {string} question
 * @param {string[]} answers
 * @returns {{ rows: HTMLElement[], said: HTMLElement }} what stands beside each answer, and the words for all
 */
export function hands(question, answers) {
  const typed = kept.get(question) ?? [[], []];
  const said = h("p", { class: "hidden", role: "status", "data-testid": "hands" });
  const fields = ROUNDS.map((placeholder, round) =>
    answers.map((answer, i) => {
      const look = { type: "number", min: 0, "data-control": "hands", "aria-label": `${answer}: ${placeholder}` };
      return h("input", { ...look, placeholder, value: typed[round][i], oninput: paint, onkeydown: on });
    }),
  );
  const bars = ROUNDS.map(() => answers.map(() => h("u")));
  const rows = answers.map((_, i) =>
    h("span", { class: "hands" }, fields[0][i], fields[1][i], h("i", {}, bars[0][i], bars[1][i])),
  );

  /** Enter leads to the next answer, and after the last one out. @param {KeyboardEvent} event */
  function on(event) {
    if (!/^(Enter|ArrowRight)$/.test(event.key)) return;
    event.preventDefault();
    const all = fields.flat();
    const here = /** @type {HTMLInputElement} */ (event.target);
    const next = all[all.indexOf(here) + 1];
    if (next && all.indexOf(next) !== answers.length) next.focus();
    else here.blur();
  }

  function paint() {
    /** @type {Counts} */
    const counts = fields.map((round) => round.map((field) => field.valueAsNumber));
    const isCounted = counts[0].every((count) => count >= 0);
    for (const field of fields[1]) field.hidden = !isCounted && !field.value;
    counts.forEach((round, n) => {
      const all = round.reduce((sum, count) => sum + (count || 0), 0);
      round.forEach((count, i) => (bars[n][i].style.width = `${all ? (100 * (count || 0)) / all : 0}%`));
    });
    rows.forEach((row) =>
      row.classList.toggle(
        "counted",
        counts.flat().some((count) => count >= 0),
      ),
    );
    said.textContent = counts.map((round, n) => handsOf(round, n)).join(" ");
    kept.set(
      question,
      fields.map((round) => round.map(({ value }) => value)),
    );
  }
  paint();
  return { rows, said };
}
