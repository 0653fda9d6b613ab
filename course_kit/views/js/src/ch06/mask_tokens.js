// The masking lab: which words a draw chooses and what becomes of them, and how the shares settle over many draws.
import { h } from "../shared/dom.js";
import { fmt } from "../shared/numbers.js";
import { mix, rgb } from "../shared/theme.js";
import MASK_TOKENS_CSS from "./mask_tokens.css";
import { gutter } from "./words.js";

const FEW = 30; // draws: with fewer, a band does not hold 95 of 100 shares; the same in mask_tokens.py

export function mask_tokens(ui) {
  const { spec, state, unit } = ui;
  const { names, special, vocabulary, mask, parts } = spec;
  const T = names.length;
  const kinds = ["masked", "random", "kept"];
  const rows = ["chosen", ...kinds];
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const many = (n) => `${n.toLocaleString("en-GB")} draw${n > 1 ? "s" : ""}`;

  // ---- the draws: a number depends on seed, draw and position alone, so each can be made again; the same in
  // mask_tokens.py
  const stir = (x) => {
    x ^= x >>> 16;
    x = Math.imul(x, 0x7feb352d);
    x ^= x >>> 15;
    x = Math.imul(x, 0x846ca68b);
    return (x ^ (x >>> 16)) >>> 0;
  };
  const start = (draw) => stir(stir((state.seed + 0x9e3779b9) >>> 0) + draw);
  const number = (from, i) => stir(from + i) / 2 ** 32;
  const kindOf = (u) => (u < parts.masked ? 0 : u < parts.masked + parts.random ? 1 : 2);
  function drawn() {
    const from = start(state.draws);
    return names.map((label, t) => {
      if (special[t] || number(from, 3 * t) >= state.share)
        return { input: label, label: null, kind: special[t] ? "special" : "as it is" };
      const kind = kinds[kindOf(number(from, 3 * t + 1))];
      return {
        input:
          kind === "masked"
            ? mask
            : kind === "kept"
              ? label
              : vocabulary[Math.floor(number(from, 3 * t + 2) * vocabulary.length)],
        label,
        kind,
      };
    });
  }
  // ---- the counts, filled up draw by draw: bins[share][kind], so that another share is a sum, not another draw
  let bins = null;
  let counted = 0;
  let seed = null;
  let shares = [];
  function fill(until) {
    if (!bins || until < counted || seed !== state.seed || !shares.includes(state.share)) {
      shares = [...new Set([...spec.controls.find((c) => c.name === "share").values, state.share])].sort(
        (a, b) => a - b,
      );
      bins = shares.map(() => [0, 0, 0]);
      counted = 0;
      seed = state.seed;
    }
    const largest = shares.at(-1);
    while (counted < until) {
      const from = start(++counted);
      for (let t = 0; t < T; t++) {
        const u = special[t] ? 1 : number(from, 3 * t);
        if (u < largest) bins[shares.findIndex((s) => u < s)][kindOf(number(from, 3 * t + 1))]++;
      }
    }
  }
  const own = special.filter((s) => !s).length;
  const band = (p, n) => {
    const half = n ? 2 * Math.sqrt((p * (1 - p)) / n) : 1;
    return [Math.max(0, p - half), Math.min(1, p + half)];
  };
  function statistics(draws) {
    fill(draws);
    const each = kinds.map((_, k) => bins.reduce((sum, b, i) => sum + (shares[i] <= state.share ? b[k] : 0), 0));
    const chosen = each.reduce((a, b) => a + b, 0);
    const tokens = draws * own;
    const counts = { chosen, ...Object.fromEntries(kinds.map((k, i) => [k, each[i]])) };
    const of = (r) => (r === "chosen" ? tokens : chosen);
    const made = (f) => Object.fromEntries(rows.map((r) => [r, f(r)]));
    return {
      draws,
      tokens,
      counts,
      shares: made((r) => (of(r) ? counts[r] / of(r) : null)),
      bands: made((r) => band(r === "chosen" ? state.share : parts[r], of(r))),
    };
  }

  // ---- elements
  const cells = names.map(() => {
    const [was, reads, kind] = [h("span", { class: "was" }), h("b"), h("span", { class: "kind" })];
    return { was, reads, kind, item: h("li", {}, was, reads, kind) };
  });
  const list = h(
    "ol",
    { class: "tokens", "aria-label": "the words as the model reads them" },
    ...cells.map((c) => c.item),
  );
  const heading = h("div", { class: "over" });
  const says = {
    chosen: "chosen, of all words",
    masked: `of these: ${mask}`,
    random: "a random word",
    kept: "kept as it is",
  };
  const lines = rows.map((r) => {
    const zone = h("i", { class: "zone" });
    const bar = h("i", { class: "bar" });
    const aim = h("i", { class: "aim" });
    const share = h("span", { class: "share", "data-testid": `share-${r}` });
    const text = h("span", { class: "quiet" });
    const track = h("span", { class: "track", "aria-hidden": "true" }, zone, bar, aim);
    return { r, zone, bar, aim, share, text, all: [h("span", { class: "name" }, says[r]), track, share, text] };
  });
  const say = h("div", { class: "say", role: "status", "data-testid": "readout" });
  ui.body.append(list, say);
  ui.below.append(heading, h("div", { class: "rows" }, ...lines.flatMap((l) => l.all)));
  const place = gutter(
    list,
    cells.map((c) => c.item),
    [
      [".was", "to predict"],
      ["b", "model reads"],
    ],
  );
  ui.style(MASK_TOKENS_CSS);

  const more = (n) => () => ui.set({ draws: Math.min(spec.most, state.draws + n) }, true);
  Object.assign(ui.actions, { one: more(1), hundred: more(100), many: more(10000) });
  let at = state.draws;
  let last = "";
  const pc = (x) => (x === null ? "–" : `${fmt(100 * x, 1)} %`);

  // columns of one width, so that no word moves when another is drawn; where they fit, each sentence on its own line
  const ends = names.flatMap((n, t) => (n === "[SEP]" || t === T - 1 ? [t + 1] : []));
  const longest = Math.max(...ends.map((end, i) => end - (ends[i - 1] ?? 0)));
  function lay(width, narrow) {
    const c = document.createElement("canvas").getContext("2d");
    c.font = ui.font(narrow || spec.presenting ? 13 : 16, 700);
    const wide = (w) => c.measureText(w).width + (spec.presenting ? 11 : 14) * unit;
    const least = Math.min(
      Math.max(...[...names, mask, ...vocabulary].map(wide)),
      Math.max(wide(mask), (spec.presenting ? 0 : 76) * unit),
    );
    const across = Math.max(1, Math.floor((width - parseFloat(getComputedStyle(list).paddingLeft)) / least));
    const whole = longest <= across;
    list.style.gridTemplateColumns = `repeat(${whole ? longest : Math.min(across, T)},minmax(0,1fr))`;
    cells.forEach(({ item }, t) => (item.style.gridColumnStart = whole && ends.includes(t) ? "1" : ""));
  }
  return {
    paint(width, narrow) {
      const { theme } = ui;
      const made = drawn();
      const style = (n, v) => list.getRootNode().querySelector(".view").style.setProperty(n, v);
      style("--sand", rgb(theme.plus));
      style("--brick", rgb(theme.minus));
      style("--sanded", rgb(mix(theme.paper, theme.plus, 0.14)));
      style("--bricked", rgb(mix(theme.paper, theme.minus, 0.14)));
      style("--zone", rgb(mix(theme.paper, theme.ink, 0.17)));
      lay(width, narrow);
      made.forEach((m, t) => {
        const { item, was, reads, kind } = cells[t];
        item.className = m.kind.replaceAll(" ", "-");
        was.textContent = m.label ?? "";
        reads.textContent = reads.title = m.input;
        kind.textContent = { special: "", "as it is": "" }[m.kind] ?? m.kind;
      });
      place();
      // the bars fill up, a quarter more in each frame, unless motion is unwelcome
      at = state.draws <= at || still() ? state.draws : Math.min(state.draws, Math.ceil(at * 1.25) + 1);
      if (at < state.draws) ui.set({});
      const s = statistics(at);
      const few = at < FEW;
      const chosen = made.filter((m) => m.label !== null);
      const legend = few ? "thin line: the intended share" : "grey: where chance puts 95 of 100 shares";
      heading.replaceChildren(
        h("b", {}, `Over ${many(at)}`),
        h("span", { class: "quiet" }, `, ${s.tokens.toLocaleString("en-GB")} words · ${legend}`),
      );
      for (const { r, zone, bar, aim, share, text } of lines) {
        const [low, high] = s.bands[r];
        const meant = r === "chosen" ? state.share : parts[r];
        zone.style.left = `${100 * low}%`;
        zone.style.width = few ? 0 : `max(2px,${100 * (high - low)}%)`;
        aim.style.left = `${100 * meant}%`;
        bar.style.width = `${100 * (s.shares[r] ?? 0)}%`;
        share.textContent = pc(s.shares[r]);
        text.textContent = few
          ? `${s.counts[r]} of ${r === "chosen" ? s.tokens : s.counts.chosen}, intended ${fmt(100 * meant, 0)} %`
          : `by chance ${fmt(100 * low, 1)} to ${fmt(100 * high, 1)} %`;
      }
      const key = JSON.stringify([made, at]);
      if (at < state.draws || key === last) return;
      last = key;
      say.replaceChildren(
        h("b", {}, `Draw ${state.draws.toLocaleString("en-GB")}: ${chosen.length} of ${own} words chosen. `),
        state.draws === spec.most
          ? `${many(spec.most)} are as many as it counts.`
          : chosen.length
            ? `The loss counts only ${chosen.length > 1 ? "these positions" : "this position"}.`
            : `Nothing to learn from: that happens in ${pc((1 - state.share) ** own)} of all draws.`,
      );
    },
    table() {
      const s = statistics(state.draws);
      const made = drawn();
      return {
        header: ["word", "the model reads", "label", "kind"],
        rows: [
          ...made.map((m, t) => [`${t + 1} ${names[t]}`, m.input, m.label ?? "−100", m.kind]),
          ...rows.map((r) => [
            `all ${r}`,
            `${s.counts[r]} of ${r === "chosen" ? s.tokens : s.counts.chosen}`,
            `share ${pc(s.shares[r])}`,
            state.draws < FEW
              ? `intended ${fmt(100 * (r === "chosen" ? state.share : parts[r]), 0)} %`
              : `band ${fmt(100 * s.bands[r][0], 1)}–${fmt(100 * s.bands[r][1], 1)} %`,
          ]),
        ],
      };
    },
    numbers: () => ({ drawn: drawn(), ...statistics(state.draws) }),
  };
}
