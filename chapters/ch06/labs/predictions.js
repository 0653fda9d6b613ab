// The words that a model finds most probable at the chosen position, as bars; one model, or two side by side.
import PREDICTIONS_CSS from "./predictions.css";
import { h } from "../../../course_utils/views/core.js";
import { form, unknownOf } from "../../../course_utils/views/own.js";
import { chance, wordline } from "./words.js";

export function predictions(ui) {
  const { spec, state, arrays } = ui,
    { models, top } = spec;
  // What is shown: the words, the positions among them that can be chosen, what is true there, what is expected there.
  const lesson = {
    ...{ names: spec.names, positions: spec.positions, truth: spec.truth, at: "position" },
    bars: (m, n) =>
      Array.from({ length: top }, (_, k) => {
        const i = (m * spec.positions.length + n) * top + k;
        return { word: spec.vocabulary[arrays.words[i]], p: arrays.top[i] };
      }),
    known(m, n) {
      const i = m * spec.positions.length + n;
      return spec.truth[n] === null ? null : { word: spec.truth[n], p: arrays.true[i], rank: arrays.rank[i] };
    },
    ready: () => true,
  };
  const read = {}, // own text -> what is shown of it
    now = () => read[state.own] ?? lesson,
    asked = () => now().truth.filter((t) => t !== null).length;

  const panels = models.map((m) => ({
    name: h("div", { class: "model" }),
    list: h("div", { class: "bars", role: "group", "aria-label": `most probable words ${m}` }),
    score: h("div", { class: "quiet score" }),
  }));
  const say = h("div", { class: "say", role: "status", "data-testid": "readout" });
  const box = h("div");
  let line = null,
    shown = null;
  function build() {
    const { names, positions, at } = (shown = now());
    line = wordline(ui, { words: names, places: positions, name: at, label: "the words; arrow keys choose one" });
    line.chips.forEach((chip, i) => {
      chip.append(h("span", {}, names[i]));
      if (asked()) chip.append(h("small", { "aria-hidden": "true" }, "\u00a0"));
    });
    box.replaceChildren(line.line);
    mark();
  }
  // ✓ and ✗ at the words; those of an own text come one after the other
  function mark() {
    const { names, positions, truth, known, ready } = shown;
    positions.forEach((i, n) => {
      if (truth[n] === null || !ready(n)) return;
      const right = models.map((_, m) => known(m, n).rank === 1);
      line.chips[i].querySelector("small").textContent = right.map((r) => (r ? "✓" : "✗")).join(" ");
      const told = models.map((name, m) => `${name} ${right[m] ? "right" : "wrong"}`.trim()).join(", ");
      line.chips[i].setAttribute("aria-label", `${names[i]}, word ${i + 1}, ${told}`);
    });
  }
  ui.body.append(
    box,
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
  if (spec.own) ui.below.append(form(spec.own, fill, { rows: 2 }));
  async function fill([it], text, going) {
    const own = (read[text] ??= filled(it, text, top)),
      { own_position: place } = state;
    ui.set({ own: text, own_position: own.positions.includes(place) ? place : own.positions[0] }, true);
    for (let n = 0; n < own.positions.length && going(); n++) {
      await new Promise(requestAnimationFrame);
      own.known(0, n);
      ui.set({});
    }
    return unknownOf(it, own.pieces);
  }
  return {
    paint() {
      if (shown !== now()) build();
      else if (shown !== lesson) mark();
      line.sync();
      const { names, positions, bars, known, at, ready } = shown,
        n = positions.indexOf(state[at]),
        word = names[state[at]];
      panels.forEach(({ name, list, score }, m) => {
        const best = bars(m, n),
          true_ = known(m, n),
          listed = best.some((b) => b.word === true_?.word),
          left = Math.max(0, 1 - best.reduce((sum, b) => sum + b.p, 0) - (true_ && !listed ? true_.p : 0));
        const where = h("span", { class: "query" }, `“${word}”`);
        name.replaceChildren(...(models[m] ? [models[m]] : ["at ", where]));
        list.replaceChildren(
          ...best.flatMap((b) => {
            const mark = b.word === true_?.word;
            return row(b, mark, mark ? "✓ true word" : "");
          }),
          ...row({ word: "all others", p: left }, false, "", " rest"),
          ...(!asked()
            ? []
            : true_ && !listed
              ? row(true_, true, `✓ rank ${true_.rank.toLocaleString("en-GB")}`)
              : empty()),
        );
        const right = positions.filter((_, i) => ready(i) && known(m, i)?.rank === 1).length;
        score.textContent = asked() ? `right at ${right} of ${asked()} positions` : "";
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
        h("div", {}, "At position ", String(state[at] + 1), ", ", h("b", { class: "query" }, `“${word}”`), ":"),
        ...said,
      );
    },
    table() {
      const { names, positions, bars, known } = now();
      const header = [
        "position",
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
      const { positions, bars, known, at } = now(),
        n = positions.indexOf(state[at]);
      return models.map((_, m) => ({ bars: bars(m, n), true: known(m, n) }));
    },
  };
}

// As `gaps` in lesson.py, for a text in the page: each word covered in turn when it is asked for; where the text has
// gaps of its own, these.
function filled({ model, tokenizer }, text, top) {
  const { mask } = tokenizer,
    pieces = tokenizer.framed(text),
    segments = pieces.map((piece) => piece.segment),
    ids = pieces.map((piece) => piece.id),
    names = ids.map((id) => tokenizer.token(id)),
    places = [...ids.keys()],
    gaps = places.filter((i) => ids[i] === mask),
    positions = gaps.length ? gaps : places.filter((i) => names[i][0] !== "[");
  if (!positions.length) throw new Error("There is no word in it that the model knows");
  if (ids.length > 64)
    throw new Error(`${ids.length - segments.at(-1) - 2} pieces of words; this picture has room for 60`);
  const found = [];
  function at(n) {
    if (found[n]) return found[n];
    const place = positions[n],
      covered = ids.map((id, i) => (i === place ? mask : id)),
      shares = globalThis.courseModels.softmax(model.logits(covered, segments).words.row(place)),
      order = [...shares.keys()].sort((a, b) => shares[b] - shares[a]);
    const truth = gaps.length
      ? null
      : { word: names[place], p: shares[ids[place]], rank: 1 + order.indexOf(ids[place]) };
    return (found[n] = { truth, bars: order.slice(0, top).map((i) => ({ word: tokenizer.token(i), p: shares[i] })) });
  }
  return {
    ...{ names, pieces, positions, at: "own_position" },
    truth: positions.map((i) => (gaps.length ? null : names[i])),
    bars: (_, n) => at(n).bars,
    known: (_, n) => at(n).truth,
    ready: (n) => n in found,
  };
}
