// The words that a model finds most probable at the chosen place, as bars; one model, or two side by side.
import PREDICTIONS_CSS from "./predictions.css";
import { h } from "../../../course_utils/views/core.js";
import { chance, wordline } from "./words.js";

export function predictions(ui) {
  const { spec, state, arrays } = ui,
    { names, positions, models, top, truth, vocabulary } = spec,
    N = positions.length;
  const bars = (m, n) =>
    Array.from({ length: top }, (_, k) => {
      const i = (m * N + n) * top + k;
      return { word: vocabulary[arrays.words[i]], p: arrays.top[i] };
    });
  const known = (m, n) =>
    truth[n] === null ? null : { word: truth[n], p: arrays.true[m * N + n], rank: arrays.rank[m * N + n] };
  const right = (m, n) => known(m, n)?.rank === 1,
    asked = truth.filter((t) => t !== null).length;

  const { line, chips, sync } = wordline(ui, {
    words: names,
    places: positions,
    name: "position",
    label: "the words; arrow keys choose one",
  });
  const panels = models.map((m) => ({
    name: h("div", { class: "model" }),
    list: h("div", { class: "bars", role: "group", "aria-label": `most probable words ${m}` }),
    score: h("div", { class: "quiet score" }),
  }));
  const say = h("div", { class: "say", role: "status", "data-testid": "readout" });
  chips.forEach((chip, i) => {
    const n = positions.indexOf(i),
      marks = n < 0 || truth[n] === null ? "" : models.map((_, m) => (right(m, n) ? "✓" : "✗")).join(" ");
    chip.append(h("span", {}, names[i]));
    if (asked) chip.append(h("small", { "aria-hidden": "true" }, marks || "\u00a0"));
    if (marks)
      chip.setAttribute(
        "aria-label",
        `${names[i]}, word ${i + 1}, ` +
          `${models.map((name, m) => `${name} ${right(m, n) ? "right" : "wrong"}`.trim()).join(", ")}`,
      );
  });
  ui.body.append(
    line,
    h(
      "div",
      { class: "panels" },
      ...panels.map((p, m) => h("div", { class: "panel", "data-testid": `model-${m}` }, p.name, p.list, p.score)),
    ),
  );
  ui.below.append(say);
  const css = h("style");
  css.textContent =
    PREDICTIONS_CSS +
    `.view{--models:${models.length};${models.length > 1 ? "--widest:27em;--said:7.7em" : "--widest:34em;--said:6em"}}`;
  ui.root.append(css);

  function row({ word, p }, mark, note, other = "") {
    const on = mark ? " true" : other;
    return [
      h("span", { class: `w${on}` }, word),
      h("i", { class: on.trim() || null, "aria-hidden": "true" }, h("u", { style: `width:${100 * p}%` })),
      h("span", { class: "p" }, chance(p)),
      h("span", { class: `note${on}` }, note),
    ];
  }
  const empty = () => Array.from({ length: 4 }, () => h("span"));
  return {
    paint() {
      sync();
      const n = positions.indexOf(state.position),
        word = names[state.position];
      panels.forEach(({ name, list, score }, m) => {
        const shown = bars(m, n),
          true_ = known(m, n),
          listed = shown.some((b) => b.word === true_?.word),
          left = Math.max(0, 1 - shown.reduce((sum, b) => sum + b.p, 0) - (true_ && !listed ? true_.p : 0));
        const where = h("span", { class: "query" }, `“${word}”`);
        name.replaceChildren(...(models[m] ? [models[m]] : ["at ", where]));
        list.replaceChildren(
          ...shown.flatMap((b) => {
            const mark = b.word === true_?.word;
            return row(b, mark, mark ? "✓ true word" : "");
          }),
          ...row({ word: "all others", p: left }, false, "", " rest"),
          ...(!asked
            ? []
            : true_ && !listed
              ? row(true_, true, `✓ rank ${true_.rank.toLocaleString("en-GB")}`)
              : empty()),
        );
        score.textContent = asked
          ? `right at ${positions.filter((_, i) => right(m, i)).length} of ${asked} places`
          : "";
      });
      const said = models.map((name, m) => {
        const [best] = bars(m, n),
          true_ = known(m, n);
        return h(
          "div",
          {},
          name ? `${name}: ` : "",
          "expects ",
          h("b", { class: "output" }, `“${best.word}”`),
          ` with ${chance(best.p)}`,
          !true_
            ? "."
            : true_.rank === 1
              ? ", which is the true word."
              : `; the true word “${true_.word}” has ${chance(true_.p)}, ` +
                `rank ${true_.rank.toLocaleString("en-GB")}.`,
        );
      });
      say.replaceChildren(
        h("div", {}, "At place ", String(state.position + 1), ", ", h("b", { class: "query" }, `“${word}”`), ":"),
        ...said,
      );
    },
    table() {
      const header = [
        "place",
        ...models.flatMap((m) =>
          ["most probable", "probability", "true word", "its probability"].map((t) => `${m} ${t}`.trim()),
        ),
      ];
      return {
        header,
        rows: positions.map((p, n) => [
          `${p + 1} ${names[p]}`,
          ...models.flatMap((_, m) => {
            const [best] = bars(m, n),
              t = known(m, n);
            return [best.word, chance(best.p), t?.word ?? "–", t ? chance(t.p) : "–"];
          }),
        ]),
      };
    },
    numbers: () => {
      const n = positions.indexOf(state.position);
      return models.map((_, m) => ({ bars: bars(m, n), true: known(m, n) }));
    },
  };
}
