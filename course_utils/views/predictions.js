// The words that a model finds most probable at the chosen place, as bars; one model, or two side by side.
import { h } from "./core.js";
import { chance, wordline } from "./words.js";

export function predictions(ui) {
  const { spec, state, arrays } = ui, { names, positions, models, top, truth, vocabulary } = spec, N = positions.length;
  const bars = (m, n) => Array.from({ length: top }, (_, k) => { const i = (m * N + n) * top + k; return { word: vocabulary[arrays.words[i]], p: arrays.top[i] }; });
  const known = (m, n) => (truth[n] === null ? null : { word: truth[n], p: arrays.true[m * N + n], rank: arrays.rank[m * N + n] });
  const right = (m, n) => known(m, n)?.rank === 1, asked = truth.filter(t => t !== null).length;

  const { line, chips, sync } = wordline(ui, { words: names, places: positions, name: "position", label: "the words; arrow keys choose one" });
  const panels = models.map(m => ({ name: h("div", { class: "model" }), list: h("div", { class: "bars", role: "group", "aria-label": `most probable words ${m}` }), score: h("div", { class: "quiet score" }) }));
  const say = h("div", { class: "say", role: "status", "data-testid": "readout" });
  chips.forEach((chip, i) => {
    const n = positions.indexOf(i), marks = n < 0 || truth[n] === null ? "" : models.map((_, m) => (right(m, n) ? "✓" : "✗")).join(" ");
    chip.append(h("span", {}, names[i]));
    if (asked) chip.append(h("small", { "aria-hidden": "true" }, marks || "\u00a0"));
    if (marks) chip.setAttribute("aria-label", `${names[i]}, word ${i + 1}, ${models.map((name, m) => `${name} ${right(m, n) ? "right" : "wrong"}`.trim()).join(", ")}`);
  });
  ui.body.append(line, h("div", { class: "panels" }, ...panels.map((p, m) => h("div", { class: "panel", "data-testid": `model-${m}` }, p.name, p.list, p.score))));
  ui.below.append(say);
  const css = h("style");
  css.textContent = `.side{display:none}.view .body{width:100%}.panels{display:grid;grid-template-columns:repeat(${models.length},minmax(0,${models.length > 1 ? 27 : 34}em));gap:.8em 2.4em}.narrow .panels{grid-template-columns:minmax(0,1fr)}.model{font-weight:700;margin-bottom:.25em}
.bars{display:grid;grid-template-columns:7em minmax(3em,1fr) 4em 7.2em;gap:.2em .6em;align-items:center}.bars span{min-height:1.4em;overflow-wrap:anywhere}.bars .w{text-align:right}.bars i{display:block;height:.95em;border-left:1px solid var(--quiet)}.bars u{display:block;height:100%;background:var(--output);opacity:.5;border-radius:0 2px 2px 0}.bars .true u{opacity:1}.bars .note{white-space:nowrap;font-size:.95em}.bars .p{text-align:right;white-space:nowrap}.bars .rest u{background:var(--quiet)}.true{font-weight:700;color:var(--output)}
.word small{font-size:.8em;line-height:1;color:var(--quiet)}.score{margin-top:.3em;min-height:1.4em}.view .say{margin-top:.7em;min-height:3.1em}.narrow .say{min-height:${models.length > 1 ? 7.7 : 6}em}`;
  ui.root.append(css);

  function row({ word, p }, mark, note, other = "") {
    const on = mark ? " true" : other;
    return [h("span", { class: `w${on}` }, word), h("i", { class: on.trim() || null, "aria-hidden": "true" }, h("u", { style: `width:${100 * p}%` })), h("span", { class: "p" }, chance(p)), h("span", { class: `note${on}` }, note)];
  }
  const empty = () => Array.from({ length: 4 }, () => h("span"));
  return {
    paint() {
      sync();
      const n = positions.indexOf(state.position), word = names[state.position];
      panels.forEach(({ name, list, score }, m) => {
        const shown = bars(m, n), true_ = known(m, n), listed = shown.some(b => b.word === true_?.word), left = Math.max(0, 1 - shown.reduce((sum, b) => sum + b.p, 0) - (true_ && !listed ? true_.p : 0));
        name.replaceChildren(models[m] || "at ", ...(models[m] ? [] : [h("span", { class: "query" }, `“${word}”`)]));
        list.replaceChildren(...shown.flatMap(b => { const mark = b.word === true_?.word; return row(b, mark, mark ? "✓ true word" : ""); }),
          ...row({ word: "all others", p: left }, false, "", " rest"), ...(!asked ? [] : true_ && !listed ? row(true_, true, `✓ rank ${true_.rank.toLocaleString("en-GB")}`) : empty()));
        score.textContent = asked ? `right at ${positions.filter((_, i) => right(m, i)).length} of ${asked} places` : "";
      });
      const said = models.map((name, m) => {
        const [best] = bars(m, n), true_ = known(m, n);
        return h("div", {}, name ? `${name}: ` : "", "expects ", h("b", { class: "output" }, `“${best.word}”`), ` with ${chance(best.p)}`, !true_ ? "." : true_.rank === 1 ? ", which is the true word." : `; the true word “${true_.word}” has ${chance(true_.p)}, rank ${true_.rank.toLocaleString("en-GB")}.`);
      });
      say.replaceChildren(h("div", {}, "At place ", String(state.position + 1), ", ", h("b", { class: "query" }, `“${word}”`), ":"), ...said);
    },
    table() {
      const header = ["place", ...models.flatMap(m => ["most probable", "probability", "true word", "its probability"].map(t => `${m} ${t}`.trim()))];
      return { header, rows: positions.map((p, n) => [`${p + 1} ${names[p]}`, ...models.flatMap((_, m) => { const [best] = bars(m, n), t = known(m, n); return [best.word, chance(best.p), t?.word ?? "–", t ? chance(t.p) : "–"]; })]) };
    },
    numbers: () => { const n = positions.indexOf(state.position); return models.map((_, m) => ({ bars: bars(m, n), true: known(m, n) })); },
  };
}
