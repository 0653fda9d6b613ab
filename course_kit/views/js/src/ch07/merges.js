// Byte-pair encoding: count the pairs that stand side by side, make the most frequent one a piece, count again.
import { h } from "../shared/dom.js";
import { stepper } from "../shared/stepper.js";
import MERGES_CSS from "./merges.css";

export function merges(ui) {
  const { spec, state } = ui;
  const { names, counts, mark } = spec;
  const code = (a, b) => a.codePointAt(0) - b.codePointAt(0);
  const start = names.map((w) => Array.from(mark + w));
  const signs = [...new Set(start.flat())].sort(code);
  const key = (a, b) => `${a}\u0000${b}`;

  // ---- the numbers: once for every step, in the order in which they are asked for
  function ranked(words, age) {
    const found = new Map();
    words.forEach((pieces, w) => {
      for (let i = 1; i < pieces.length; i++) {
        const k = key(pieces[i - 1], pieces[i]);
        found.set(k, (found.get(k) ?? 0) + counts[w]);
      }
    });
    const all = [...found].map(([k, count]) => {
      const [left, right] = k.split("\u0000");
      return { left, right, count };
    });
    return all.sort(
      (p, q) => q.count - p.count || age.get(p.left) - age.get(q.left) || age.get(p.right) - age.get(q.right),
    );
  }
  const join = (pieces, { left, right }) =>
    pieces.reduce((out, p) => {
      if (out.at(-1) === left && p === right) out[out.length - 1] = left + right;
      else out.push(p);
      return out;
    }, []);
  const age = new Map(signs.map((c, i) => [c, i]));
  const steps = [{ words: start, made: null, pairs: ranked(start, age), known: age.size }];
  for (let n = 0; n < spec.last; n++) {
    const now = steps[n];
    const made = now.pairs[0];
    const words = now.words.map((p) => join(p, made));
    if (!age.has(made.left + made.right)) age.set(made.left + made.right, age.size);
    steps.push({ words, made, pairs: ranked(words, age), known: age.size });
  }
  const at = () => steps[Math.max(0, Math.min(spec.last, state.step))];
  const done = () => steps.slice(1, state.step + 1).map((s) => s.made);
  const used = (s) => s.words.reduce((sum, p, w) => sum + p.length * counts[w], 0);
  const next = (s) => (s.pairs[0]?.count > 1 ? s.pairs[0] : null);
  const cut = (word) => done().reduce(join, Array.from(mark + word));

  // ---- elements
  const list = h("div", {
    class: "list",
    role: "group",
    tabindex: 0,
    "data-testid": "picture",
    "aria-label": "the words in pieces; arrow keys left and right: merge by merge",
    onkeydown: (e) => walk.keys(e),
  });
  const bars = h("div", { class: "bars", "data-testid": "pairs" });
  const said = h("div", { class: "say", role: "status", "data-testid": "readout" });
  const learned = h("span", { class: "pieces", "data-testid": "vocabulary" });
  const walk = stepper({
    now: () => state.step,
    last: () => spec.last,
    go: (n) => ui.set({ step: n }, true),
    pace: 1200,
  });
  walk.row.firstChild.setAttribute("aria-label", "one merge back");
  walk.row.lastChild.setAttribute("aria-label", "one merge on");
  walk.row.setAttribute("aria-label", "merge by merge");
  const input = h("input", {
    id: `${ui.id}-word`,
    type: "text",
    size: 14,
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    "data-testid": "word",
    oninput: () => ui.set({ word: input.value.trim() }),
    onchange: () => ui.set({ word: input.value.trim() }, true),
    onkeydown: (e) => e.stopPropagation(),
  });
  const result = h("span", { class: "pieces", "data-testid": "cut" });
  const sizes = h("span", { "data-testid": "sizes" });
  ui.body.append(
    said,
    h("div", { class: "quiet head" }, "how often each word occurs, and its pieces"),
    list,
    h("div", { class: "quiet head" }, h("span", {}, "vocabulary: "), sizes),
    learned,
  );
  ui.side.append(h("div", { class: "quiet head" }, "how often two pieces are neighbours"), bars);
  const controls = ui.root.querySelector(".controls");
  controls.prepend(walk.row);
  const word = h(
    "div",
    { class: "another" },
    h("label", { for: input.id }, "cut a new word by these merges"),
    input,
    result,
  );
  spec.presenting ? controls.append(word) : ui.below.append(word);
  ui.style(MERGES_CSS + `.view{--tall:${1.8 * spec.bars}em;}`);

  function chips(pieces, made, pair) {
    let hot = false;
    return pieces.map((p, i) => {
      const first = !hot && pair && p === pair.left && pieces[i + 1] === pair.right;
      const on = hot || first;
      hot = first;
      return h("span", { class: `${on ? "hot" : ""} ${made && p === made.left + made.right ? "new" : ""}` }, p);
    });
  }
  const fill = (s, pair) =>
    list.replaceChildren(
      ...s.words
        .slice(0, spec.shown)
        .flatMap((p, w) => [
          h("span", {}, counts[w]),
          h("span", { class: "pieces", "data-word": names[w] }, ...chips(p, s.made, pair)),
        ]),
      ...(names.length > spec.shown
        ? [h("span"), h("span", { class: "quiet" }, `and ${names.length - spec.shown} more words, counted as well`)]
        : []),
    );
  // the pieces that the model would know: the characters (their number, if they are many), and what was merged
  const vocabulary = (step) => {
    const made = [...new Set(steps.slice(1, step + 1).map((s) => s.made.left + s.made.right))];
    learned.replaceChildren(
      ...(signs.length > 14 ? [h("i", {}, `${signs.length} characters`)] : signs.map((c) => h("span", {}, c))),
      ...(made.length > 20 ? [h("i", {}, "…")] : []),
      ...made.slice(-20).map((m, i, all) => h("span", { class: i + 1 === all.length ? "joined new" : "joined" }, m)),
    );
  };
  let measured = 0;
  return {
    paint(width) {
      const now = at();
      const pair = next(now);
      const most = now.pairs[0]?.count ?? 1;
      if (width !== measured) {
        // single characters take the most room: it stays reserved
        list.style.minHeight = "";
        fill(steps[0], steps[0].pairs[0]);
        list.style.minHeight = `${list.offsetHeight}px`;
        learned.style.minHeight = "";
        vocabulary(spec.last);
        learned.style.minHeight = `${learned.offsetHeight}px`;
        measured = width;
      }
      fill(now, pair);
      walk.sync();
      bars.replaceChildren(
        ...now.pairs.slice(0, spec.bars).flatMap((p, i) => {
          const on = i === 0 && pair ? "on" : "";
          return [
            h("span", { class: on }, `${p.left} ${p.right}`),
            h("i", { class: on }, h("u", { style: `width:${(100 * p.count) / most}%` })),
            h("span", { class: on }, p.count),
          ];
        }),
      );
      said.replaceChildren(
        h(
          "div",
          {},
          ...(now.made
            ? [
                `Merge ${state.step}: `,
                h("b", {}, `${now.made.left} + ${now.made.right} → ${now.made.left + now.made.right}`),
                `, side by side ${now.made.count} times.`,
              ]
            : ["Every word is cut into its characters."]),
        ),
        h(
          "div",
          {},
          ...(pair
            ? [
                "Next: ",
                h("b", {}, `${pair.left} + ${pair.right}`),
                `, ${pair.count} times`,
                now.pairs[1]?.count === pair.count ? "; another pair is as frequent, the first one counted wins." : ".",
              ]
            : ["No pair stands side by side twice: nothing is left to merge."]),
        ),
      );
      vocabulary(state.step);
      sizes.textContent = `${now.known} pieces · all words together take ${used(now)} (at first ${used(steps[0])})`;
      if (ui.root.activeElement !== input) input.value = state.word;
      result.replaceChildren(...(state.word ? cut(state.word).map((p) => h("span", {}, p)) : []));
    },
    table() {
      const now = at();
      const rows = (list, name) => list.map((m, i) => [`${name} ${i + 1}`, m.left, m.right, m.count]);
      return {
        header: ["what", "left", "right", "side by side"],
        rows: [...rows(done(), "merge"), ...rows(now.pairs.slice(0, spec.bars), "pair")],
      };
    },
    numbers: () => ({
      merges: done(),
      pieces: Object.fromEntries(names.map((w, i) => [w, at().words[i]])),
      pairs: at().pairs,
      known: at().known,
      used: used(at()),
      cut: cut(state.word),
    }),
  };
}
