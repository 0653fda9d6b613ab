// The cover: whom a word attends to, what the sentence becomes, and which word's state decided it.
import COVER_CSS from "./cover.css";
import { h, mix, rgb } from "../../../course_utils/views/core.js";
import { form, unknownOf } from "../../../course_utils/views/own.js";

const SCENES = [
  [1900, 1],
  [2100, 0],
  [2000, 1],
]; // six seconds that play by themselves: wait so long, then show this sentence

export function cover(ui) {
  const { spec, state, unit } = ui,
    svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const size = spec.study.tokens[0].length;
  const studies = { "": { ...spec.study, weights: rowsOf(ui.arrays.weights, size) } };
  let shownFor = null,
    words = [];

  const sentence = h("div", { class: "line", role: "group", "aria-label": "the sentence: choose the word that asks" }),
    french = h("div", { class: "line french", lang: "fr", role: "status", "data-testid": "french" }),
    says = h("p", { class: "says", role: "status", "data-testid": "readout" }),
    swaps = h("div", { class: "swaps", role: "group", "aria-label": "exchange the state of one word" });
  svg.setAttribute("class", "arcs");
  svg.setAttribute("aria-hidden", "true");
  ui.body.append(svg, sentence, french, says, swaps, form(spec.asked, ask));
  const css = h("style");
  css.textContent = COVER_CSS;
  ui.root.append(css);

  // ---- a sentence of the reader's own
  function ask([it], text) {
    studies[text] ??= study(it, twoOf(text), spec);
    const { tokens, unknown } = studies[text],
      asks = tokens[0].indexOf("it");
    ui.set({ own: text, shown: 0, guess: -1, asker: asks < 0 ? tokens[0].length - 1 : asks }, true);
    return unknownOf(unknown);
  }

  // ---- plays by itself until somebody touches it
  let playing = null;
  const stop = () => {
    clearTimeout(playing);
    playing = "over";
  };
  function play(scene = 0) {
    if (playing === "over" || scene >= SCENES.length || !sentence.isConnected) return;
    playing = setTimeout(() => {
      ui.set({ shown: SCENES[scene][1] });
      play(scene + 1);
    }, SCENES[scene][0]);
  }
  for (const touch of ["pointerdown", "keydown"]) ui.root.addEventListener(touch, stop);
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      if (playing === null && !state.own && state.guess < 0) play();
    });
    seen.observe(sentence);
  }

  const now = () => studies[state.own] ?? studies[""];
  function build() {
    const { tokens } = now(),
      at = state.shown;
    const shown = `${state.own} ${at}`;
    if (shown === shownFor) return;
    shownFor = shown;
    const word = (i, s) =>
      h(
        "button",
        { type: "button", "data-word": i, onclick: () => ui.set({ asker: i, shown: s }, true) },
        i ? tokens[s][i] : tokens[s][i][0].toUpperCase() + tokens[s][i].slice(1),
      );
    words = [];
    const line = [];
    tokens[at].forEach((token, i) => {
      let element = (words[i] = word(i, at));
      if (now().unknown?.some((piece) => piece.text === token)) {
        element.classList.add("unknown");
        element.title = "not among the model's words";
      }
      if (token !== tokens[1 - at][i]) {
        const both = [0, 1].map((s) => (s === at ? element : word(i, s)));
        both.forEach((b, s) => {
          b.onclick = null;
          b.setAttribute("aria-pressed", s === at);
          b.addEventListener("click", (e) => (e.stopImmediatePropagation(), ui.set({ shown: s }, true)), true);
        });
        element = h("span", { class: "pair" }, ...both);
      }
      line.push(i && !/^[.,!?)…]/.test(token) ? " " : "", element);
    });
    sentence.replaceChildren(...line);
  }

  function paintFrench() {
    const { written, place } = now(),
      at = state.shown;
    french.replaceChildren(
      ...written[at].flatMap((token, t) => {
        const text = t ? token : token[0].toUpperCase() + token.slice(1);
        const space = t && !/['’]$/.test(written[at][t - 1]) && !/^[.,)…]/.test(token) ? " " : "";
        return [space, t === place ? h("b", {}, text) : text];
      }),
    );
  }

  function paintArcs(width, weights) {
    const wraps = sentence.classList.contains("wraps"),
      tall = 130 * unit,
      { theme } = ui;
    const inkOf = (weight) => rgb(mix(theme.paper, theme.ink, 0.14 + 0.86 * weight));
    words.forEach((word, i) => {
      word.classList.toggle("asks", i === state.asker);
      word.style.borderBottom = wraps ? `${(1 + 16 * weights[i]) * unit}px solid ${inkOf(weights[i])}` : "";
      if (i !== state.asker) word.style.fontWeight = weights[i] > 0.25 ? 700 : "";
    });
    svg.style.display = wraps ? "none" : "";
    if (wraps) return;
    svg.setAttribute("height", tall);
    const left = svg.getBoundingClientRect().left,
      scale = svg.getBoundingClientRect().width / width || 1;
    const middles = words.map((word) => {
      const box = word.getBoundingClientRect();
      return (box.left + box.width / 2 - left) / scale;
    });
    const parts = [];
    const from = middles[state.asker];
    weights.forEach((weight, i) => {
      if (i === state.asker) return;
      const rise = Math.min(tall - 16 * unit, 14 * unit + 0.32 * Math.abs(middles[i] - from)),
        colour = inkOf(weight);
      const to = middles[i],
        over = tall - 1.33 * rise,
        d = `M${from} ${tall}C${from} ${over},${to} ${over},${to} ${tall}`;
      parts.push(`<path d="${d}" fill="none" stroke="${colour}" stroke-width="${(0.8 + 13 * weight) * unit}"/>`);
      if (weight >= 0.1)
        parts.push(
          `<text x="${(from + to) / 2}" y="${tall - rise - (4 + 6.5 * weight) * unit}" text-anchor="middle"` +
            ` font-size="${12.5 * unit}" fill="${theme.quiet}" stroke="${rgb(theme.paper)}" stroke-width="4"` +
            ` paint-order="stroke">${weight.toFixed(2)}</text>`,
        );
    });
    svg.innerHTML = parts.join("");
  }

  function paintSwaps(moved) {
    const { tokens, words: pair } = now(),
      at = state.shown,
      guessed = state.guess >= 0;
    swaps.hidden = !moved.length;
    const elements = moved.map((share, i) =>
      h(
        "button",
        {
          type: "button",
          "data-swap": i,
          class: i === state.guess ? "chosen" : "",
          "aria-label": `${tokens[at][i]}${guessed ? `: ${pair[1 - at]} ${percentOf(share)}` : ""}`,
          onclick: () => ui.set({ guess: i }, true),
        },
        h("span", { class: "slot" }, guessed ? h("i", { style: `height:${(100 * share).toFixed(1)}%` }) : null),
        h("div", { class: "quiet" }, guessed ? percentOf(share) : "?"),
        h("div", {}, tokens[at][i]),
      ),
    );
    const focused = ui.root.activeElement?.dataset.swap;
    swaps.replaceChildren(...elements);
    if (focused !== undefined) elements[focused]?.focus();
  }

  function paintWords() {
    const it = now(),
      at = state.shown;
    if (it.place === null || it.place === undefined) {
      says.replaceChildren("Both sentences become the same in French: nothing to explain. Compare two other words.");
      return;
    }
    const [one, other] = [it.words[at], it.words[1 - at]],
      key = top(it.weights[at][state.asker], state.asker),
      asker = it.tokens[at][state.asker],
      looks = [at, 1 - at].map((s) => it.weights[s][state.asker][key].toFixed(2));
    const [word, changed] = changedWords(it, at);
    const facts = [
      `With “${word}” it writes `,
      h("b", { class: "output" }, one),
      ` (${percentOf(it.shares[at][at])}; ${other} ${percentOf(it.shares[at][1 - at])}), with “${changed}” `,
      h("b", { class: "output" }, other),
      ` (${percentOf(it.shares[1 - at][1 - at])}). What “${asker}” gives to “${it.tokens[at][key]}” `,
      looks[0] === looks[1] ? "does not move" : Math.abs(looks[0] - looks[1]) < 0.05 ? "hardly moves" : "moves",
      `: ${looks[0]} and ${looks[1]}. `,
    ];
    const question =
      "So what decides? Give one word the state that it has in the other sentence: which one turns " +
      `“${one}” into “${other}”? Guess: choose a word.`;
    says.replaceChildren(
      ...facts,
      ...(state.guess < 0 ? [h("b", {}, question)] : [h("b", {}, verdict(it, at, state))]),
    );
  }

  return {
    paint(width) {
      build();
      paintFrench();
      const largest = 34 * unit;
      for (const line of [sentence, french]) line.classList.remove("wraps");
      sentence.style.fontSize = `${largest}px`;
      const wanted = Math.max(...[...sentence.children].map((e) => e.offsetLeft + e.offsetWidth), 1);
      const fits = Math.min(largest, (largest * (width - 16)) / wanted),
        wraps = fits < 14.5 * unit;
      sentence.style.fontSize = french.style.fontSize = `${wraps ? 18 * unit : fits}px`;
      for (const line of [sentence, french]) line.classList.toggle("wraps", wraps);
      french.style.whiteSpace = "normal";
      paintArcs(width, ui.follow("weights", now().weights[state.shown][state.asker]));
      paintSwaps(
        now().moved.length
          ? ui.follow("moved", state.guess < 0 ? now().moved[0].map(() => 0) : now().moved[state.shown])
          : [],
      );
      paintWords();
    },
    table() {
      const it = now(),
        at = state.shown,
        cause = it.moved.length > 0;
      const more = cause ? [`“${it.words[1 - at]}” with its state from there`] : [];
      return {
        header: ["word", `attention of “${it.tokens[at][state.asker]}”`, ...more],
        rows: it.tokens[at].map((token, i) => [
          token,
          it.weights[at][state.asker][i].toFixed(3),
          ...(cause ? [it.moved[at][i].toFixed(3)] : []),
        ]),
      };
    },
    numbers: () => now(),
  };
}

const percentOf = (p) => `${p < 0.0995 && p > 0 ? (100 * p).toFixed(p < 0.00995 ? 2 : 1) : Math.round(100 * p)} %`;
const top = (row, but = -1) => row.reduce((best, w, i) => (i !== but && (best < 0 || w > row[best]) ? i : best), -1);
// The two words between which the reader changes: the one shown, the other.
function changedWords({ tokens }, at) {
  const i = tokens[0].findIndex((token, k) => token !== tokens[1][k]);
  return [tokens[at][i], tokens[1 - at][i]];
}

// What the exchange has shown, from its numbers.
function verdict(it, at, state) {
  const moved = it.moved[at],
    tokens = it.tokens[at],
    best = top(moved),
    next = Math.max(...moved.filter((_, i) => i !== best)),
    looked = top(it.weights[at][state.asker], state.asker);
  const guess = state.guess === best ? "Yes. " : `Not “${tokens[state.guess]}”. `,
    carries = `“${tokens[best]}” carries ${percentOf(moved[best])}`;
  if (moved[best] < 0.5) return `${guess}No single word does it: ${carries}, any other at most ${percentOf(next)}.`;
  if (next > 0.05) return `${guess}${carries}, and is not alone: another carries ${percentOf(next)}.`;
  const map =
    best === looked || best === state.asker
      ? ""
      : ` “${tokens[state.asker]}” looks at “${tokens[looked]}”, and exchanging either changes nothing: ` +
        "a map is not an explanation.";
  const others = `any other word at most ${percentOf(next)}`;
  return `${guess}“${tokens[best]}” alone decides: ${percentOf(moved[best])}, ${others}.${map}`;
}

const rowsOf = (data, size) =>
  [0, 1].map((s) =>
    Array.from({ length: size }, (_, q) => Array.from(data.subarray((s * size + q) * size, (s * size + q + 1) * size))),
  );

// "too tired/wide." -> ["too tired.", "too wide."]
function twoOf(text) {
  const words = text.trim().split(/\s+/),
    marked = words.filter((word) => word.includes("/")),
    [one, other, more] = (marked[0] ?? "").split("/");
  if (marked.length !== 1 || !one || !other || more !== undefined)
    throw new Error("Put one slash between two words, as in “too tired/wide.”");
  const end = other.match(/[.,!?]*$/)[0];
  return [one + end, other].map((word) => words.map((w) => (w === marked[0] ? word : w)).join(" "));
}

// As `study` in cover.py, for a model in the page.
function study({ model, source, target }, pair, { layer, head, asked }) {
  const { greedy, softmax, BOS, UNK } = globalThis.courseModels;
  const pieces = pair.map((text) => source.pieces(text)),
    ids = pieces.map((all) => all.map((piece) => piece.id));
  if (ids[0].length !== ids[1].length)
    throw new Error("Both sentences need as many words, so that states can be exchanged");
  if (ids[0].length > asked.room)
    throw new Error(`These are ${ids[0].length} words, and there is room for ${asked.room}`);
  const weights = [];
  const states = ids.map((one) =>
    model.encode(one, (name, value) => {
      if (name === `encoder.${layer - 1}.attention.weights`)
        weights.push(one.map((_, q) => Array.from(value[head - 1].row(q))));
    }),
  );
  const written = ids.map((one) => greedy(model, one).ids),
    differs = written[0].findIndex((word, t) => word !== written[1][t]);
  const place = differs < 0 || differs >= written[1].length ? null : differs;
  const found = {
    tokens: pieces.map((all) => all.map((piece) => piece.text)),
    unknown: pieces.flat().filter((piece) => piece.id === UNK),
    written: written.map((all) => all.map((id) => target.token(id))),
    weights,
    place,
    words: [],
    shares: [],
    moved: [],
  };
  if (place === null) return found;
  const prefix = [BOS, ...written[0].slice(0, place)],
    rivals = written.map((all) => all[place]);
  const after = (memory) => {
    const { logits } = model.read(prefix, model.start(null, null, memory));
    const shares = softmax(logits.row(prefix.length - 1));
    return rivals.map((word) => shares[word]);
  };
  found.words = rivals.map((id) => target.token(id));
  found.shares = states.map(after);
  found.moved = states.map((own, s) =>
    ids[s].map((_, i) => {
      const mixed = own.at(-1).copy();
      mixed.row(i).set(states[1 - s].at(-1).row(i));
      return after([...own.slice(0, -1), mixed])[1 - s];
    }),
  );
  return found;
}
