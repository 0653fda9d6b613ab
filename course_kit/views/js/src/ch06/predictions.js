// The words that a model finds most probable at the chosen position, as bars; one model, or two side by side.
import { h } from "../shared/dom.js";
import { form, unknownOf } from "../shared/own.js";
import PREDICTIONS_CSS from "./predictions.css";
import { chance, gutter, wordline } from "./words.js";

export function predictions(ui) {
  const { spec, state, arrays } = ui;
  const { models, top } = spec;
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
  const read = {}; // own text -> what is shown of it
  const now = () => read[state.own] ?? lesson;
  const asked = () => now().truth.filter((t) => t !== null).length;

  const one = models.length === 1;
  const panels = models.map((m) => ({
    list: h("div", { class: "bars", role: "group", "aria-label": `most probable words ${m}` }),
    score: h("span", { class: "quiet score" }),
  }));
  const say = h("div", { class: "say", role: "status", "data-testid": "readout" });
  const box = h("div");
  const marks = h("span", { class: "quiet" });
  const controls = ui.root.querySelector(".controls");
  let line = null;
  let shown = null;
  let place = null;
  function build() {
    const { names, positions, at } = (shown = now());
    line = wordline(ui, { words: names, places: positions, name: at, label: "the words; arrow keys choose one" });
    line.chips.forEach((chip, i) => {
      chip.append(h("span", {}, names[i]));
      if (asked()) chip.append(...models.map(() => h("small", { "aria-hidden": "true" }, "\u00a0")));
    });
    line.line.classList.toggle("compared", !one);
    place = gutter(line.line, line.chips, one ? [] : models.map((m, k) => [`small:nth-of-type(${k + 1})`, m]));
    box.replaceChildren(line.line);
    mark();
  }
  // ✓ and ✗ at the words, a row for each model; those of an own text come one after the other
  function mark() {
    const { names, positions, truth, known, ready } = shown;
    positions.forEach((i, n) => {
      if (truth[n] === null || !ready(n)) return;
      const right = models.map((_, m) => known(m, n).rank === 1);
      line.chips[i].querySelectorAll("small").forEach((e, m) => (e.textContent = right[m] ? "✓" : "✗"));
      const told = models.map((name, m) => `${name} ${right[m] ? "right" : "wrong"}`.trim()).join(", ");
      line.chips[i].setAttribute("aria-label", `${names[i]}, word ${i + 1}, ${told}`);
    });
  }
  ui.body.append(
    box,
    h("div", { class: "marks" }, one ? panels[0].score : marks, controls),
    say,
    h(
      "div",
      { class: "panels" },
      ...panels.map((p, m) =>
        h(
          "div",
          { class: "panel", "data-testid": `model-${m}` },
          one ? null : h("div", { class: "model" }, h("b", {}, models[m]), " ", p.score),
          p.list,
        ),
      ),
    ),
  );
  ui.style(PREDICTIONS_CSS + `.view{--models:${models.length}}`);

  function row({ word, p }, mark, note, other = "") {
    const on = mark ? " true" : other;
    const long = p > 0.42;
    const at = long ? "within" : "behind"; // a note has room in a long bar, or behind a short one
    return [
      h("span", { class: `w${on}` }, word),
      h("span", { class: `p${on}` }, chance(p)),
      h(
        "i",
        { class: on.trim() || null },
        h("u", { style: `width:${100 * p}%` }),
        h("span", { class: `note ${at}`, style: long ? `right:${100 - 100 * p}%` : `left:${100 * p}%` }, note),
      ),
    ];
  }
  const empty = () => Array.from({ length: 3 }, () => h("span"));
  if (spec.own) ui.below.append(form(spec.own, fill, { rows: 2 }));
  async function fill([it], text, going) {
    const own = (read[text] ??= filled(it, text, top));
    const { own_position: place } = state;
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
      place();
      const { names, positions, bars, known, at, ready } = shown;
      const n = positions.indexOf(state[at]);
      const word = names[state[at]];
      marks.textContent = asked() && !one ? "✓ the first choice is the true word, ✗ it is another" : "";
      panels.forEach(({ list, score }, m) => {
        const best = bars(m, n);
        const true_ = known(m, n);
        const listed = best.some((b) => b.word === true_?.word);
        const left = Math.max(0, 1 - best.reduce((sum, b) => sum + b.p, 0) - (true_ && !listed ? true_.p : 0));
        list.replaceChildren(
          ...best.flatMap((b) => {
            const mark = b.word === true_?.word;
            return row(b, mark, mark ? "← true" : "");
          }),
          ...row({ word: "all others", p: left }, false, "", " rest"),
          ...(!asked()
            ? []
            : true_ && !listed
              ? row(true_, true, `true, rank ${true_.rank.toLocaleString("en-GB")}`)
              : empty()),
        );
        const right = positions.filter((_, i) => ready(i) && known(m, i)?.rank === 1).length;
        const where = `right at ${right} of ${asked()} positions`;
        score.textContent = !asked() ? "" : one ? `✓ first choice ${where}, ✗ wrong` : `✓ ${where}`;
      });
      // what the bars mean; their numbers are written at them
      const said = models.flatMap((name, m) => {
        const [best] = bars(m, n);
        const who = m ? `, ${name}` : ` ${name ? name[0].toUpperCase() + name.slice(1) : "The model"}`;
        return [
          `${who} expects `,
          h("b", { class: "output" }, `“${best.word}”`),
          known(m, n)?.rank === 1 ? ", the true word" : "",
        ];
      });
      say.replaceChildren(
        `At position ${state[at] + 1}, `,
        h("b", { class: "query" }, `“${word}”`),
        shown.truth[n] === null ? ": a gap." : " is covered.",
        ...said,
        ".",
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
            const [best] = bars(m, n);
            const t = known(m, n);
            return [best.word, chance(best.p), t?.word ?? "–", t ? chance(t.p) : "–"];
          }),
        ]),
      };
    },
    numbers: () => {
      const { positions, bars, known, at } = now();
      const n = positions.indexOf(state[at]);
      return models.map((_, m) => ({ bars: bars(m, n), true: known(m, n) }));
    },
  };
}

// As `gaps` in lesson.py, for a text in the page: each word covered in turn when it is asked for; where the text has
// gaps of its own, these.
function filled({ model, tokenizer }, text, top) {
  const { mask } = tokenizer;
  const pieces = tokenizer.framed(text, model.config.segments);
  const segments = pieces.map((piece) => piece.segment);
  const ids = pieces.map((piece) => piece.id);
  const names = ids.map((id) => tokenizer.token(id));
  const places = [...ids.keys()];
  const gaps = places.filter((i) => ids[i] === mask);
  const positions = gaps.length ? gaps : places.filter((i) => names[i][0] !== "[");
  if (!positions.length) throw new Error("There is no word in it that the model knows");
  if (ids.length > 64)
    throw new Error(`${ids.length - segments.at(-1) - 2} pieces of words; this picture has room for 60`);
  const found = [];
  function at(n) {
    if (found[n]) return found[n];
    const place = positions[n];
    const covered = ids.map((id, i) => (i === place ? mask : id));
    const shares = globalThis.courseModels.softmax(model.logits(covered, segments).words.row(place));
    const order = [...shares.keys()].sort((a, b) => shares[b] - shares[a]);
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
