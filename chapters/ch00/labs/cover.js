// The cover: whom a word attends to, what the sentence becomes, and which word's state decides it.
import COVER_CSS from "./cover.css";
import { h, mix, rgb } from "../../../course_utils/views/core.js";
import { form } from "../../../course_utils/views/own.js";

const SCENES = [
  [2000, 1],
  [2200, 0],
  [1800, null],
]; // six seconds that play by themselves: wait so long, then show this sentence

export function cover(ui) {
  const { spec, state, unit } = ui,
    svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const size = spec.study.tokens[0].length,
    studies = { "": { ...spec.study, weights: rowsOf(ui.arrays.weights, size) } },
    now = () => studies[state.own] ?? studies[""];
  let words = [],
    swaps = [],
    built = null;

  const sentence = h("div", { class: "words", role: "group", "aria-label": "the sentence" }),
    french = h("div", { class: "french", lang: "fr", role: "status", "data-testid": "french" }),
    says = h("p", { class: "says", role: "status", "data-testid": "readout" }),
    own = form(spec.asked, ask),
    field = own.querySelector("input");
  const suggest = (text) => h("button", { class: "try", onclick: () => (field.value = text) }, subjectOf(text));
  if (field)
    own
      .querySelector("[role=status]")
      .before(h("span", {}, "or ", ...spec.others.flatMap((text, i) => [i ? ", " : "", suggest(text)])));
  svg.setAttribute("class", "arcs");
  svg.setAttribute("aria-hidden", "true");
  ui.body.append(svg, sentence, french, says, own);
  const css = h("style");
  css.textContent = COVER_CSS;
  ui.root.append(css);

  // ---- a sentence of the reader's own
  function ask([it], text) {
    studies[text] ??= study(it, twoOf(text), spec);
    const asker = studies[text].tokens[0].indexOf("it");
    ui.set({ own: text, shown: 0, guess: -1, turned: false, asker: Math.max(0, asker) }, true);
    return "";
  }

  // ---- plays by itself until somebody touches it
  let playing = null;
  function play(scene = 0) {
    if (playing === "over" || scene >= SCENES.length || !sentence.isConnected) return;
    playing = setTimeout(() => {
      if (SCENES[scene][1] !== null) ui.set({ shown: SCENES[scene][1] });
      play(scene + 1);
    }, SCENES[scene][0]);
  }
  for (const touch of ["pointerdown", "keydown"])
    ui.root.addEventListener(touch, () => {
      clearTimeout(playing);
      playing = "over";
    });
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      if (playing === null && !state.own && !state.turned) play();
    });
    seen.observe(sentence);
  }

  // ---- the sentence: a column for each word, with its exchange below it
  function build() {
    const { tokens, unknown } = now(),
      at = state.shown;
    if (built === `${state.own} ${at}`) return;
    built = `${state.own} ${at}`;
    const focused = ui.root.activeElement?.dataset;
    const button = (i, s) => {
      const act = s === at ? { asker: i } : { shown: s, turned: true };
      const text = i ? tokens[s][i] : tokens[s][i][0].toUpperCase() + tokens[s][i].slice(1);
      const label = s === at ? `${text}: whom does it attend to?` : `change to ${text}`;
      const made = { type: "button", class: s === at ? "word" : "word away", "data-word": i, "data-sentence": s };
      return h("button", { ...made, "aria-label": label, onclick: () => ui.set(act, true) }, text);
    };
    words = tokens[at].map((_, i) => button(i, at));
    swaps = tokens[at].map((_, i) =>
      h(
        "button",
        { type: "button", class: "swap", "data-swap": i, onclick: () => ui.set({ guess: i }, true) },
        h("div", { class: "slot" }, h("i")),
        h("div", { class: "quiet" }),
      ),
    );
    const columns = words.map((word, i) => {
      if (unknown?.[at].includes(i)) {
        word.classList.add("unknown");
        word.title = "not among the model's words";
      }
      const pair = [0, 1].map((s) => (s === at ? word : button(i, s)));
      const changes = tokens[0][i] !== tokens[1][i];
      return h("div", { class: "column" }, changes ? h("span", { class: "pair" }, ...pair) : word, swaps[i]);
    });
    sentence.replaceChildren(...columns);
    if (focused?.swap) swaps[focused.swap]?.focus();
    if (focused?.word) (columns[focused.word]?.querySelector(`[data-sentence="${at}"]`) ?? field)?.focus();
  }

  function paintFrench() {
    const { written, place, moved, rewritten } = now(),
      at = state.shown,
      exchanged = place !== null && state.guess >= 0 && state.asker !== top(moved[at]),
      said = exchanged ? rewritten[at][state.guess] : written[at];
    french.replaceChildren(
      ...said.flatMap((token, t) => {
        const text = t ? token : token[0].toUpperCase() + token.slice(1);
        const space = t && !/['’]$/.test(said[t - 1]) && !/^[.,)…]/.test(token) ? " " : "";
        return [space, t === place ? h("b", {}, text) : text];
      }),
    );
  }

  function paintArcs(weights) {
    const wraps = sentence.classList.contains("wraps"),
      tall = 120 * unit,
      { theme } = ui;
    const inkOf = (weight) => rgb(mix(theme.paper, theme.ink, 0.16 + 0.84 * weight));
    words.forEach((word, i) => {
      const share = i === state.asker ? 0 : weights[i];
      word.style.borderBottom = wraps ? `${(1 + 12 * share) * unit}px solid ${inkOf(share)}` : "";
      word.style.marginBottom = wraps ? `${12 * (1 - share) * unit}px` : "";
    });
    svg.style.display = wraps ? "none" : "";
    if (wraps) return;
    svg.setAttribute("height", tall);
    const box = svg.getBoundingClientRect(),
      scale = box.width / svg.clientWidth || 1;
    const middles = words.map((word) => {
      const b = word.getBoundingClientRect();
      return (b.left + b.width / 2 - box.left) / scale;
    });
    const from = middles[state.asker],
      farthest = Math.max(...middles.map((to) => Math.abs(to - from)));
    const arcs = weights.map((weight, i) => {
      if (i === state.asker) return "";
      const to = middles[i],
        rise = (tall - 22 * unit) * (Math.abs(to - from) / farthest) ** 0.65,
        over = tall - 1.33 * rise,
        side = to < from ? -1 : 1;
      const number =
        weight < 0.1
          ? ""
          : `<text x="${to + side * (9 + 6 * weight) * unit}" y="${tall - 8 * unit}"` +
            ` text-anchor="${side < 0 ? "end" : "start"}" font-size="${13 * unit}" fill="${theme.text}"` +
            ` stroke="${rgb(theme.paper)}" stroke-width="4" paint-order="stroke">${weight.toFixed(2)}</text>`;
      return (
        `<path d="M${from} ${tall}C${from} ${over},${to} ${over},${to} ${tall}" fill="none"` +
        ` stroke="${inkOf(weight)}" stroke-width="${(0.8 + 13 * weight) * unit}"/>${number}`
      );
    });
    svg.innerHTML = arcs.join("");
  }

  function paintSwaps(moved) {
    const { tokens, words: pair } = now(),
      at = state.shown,
      guessed = state.guess >= 0;
    swaps.forEach((swap, i) => {
      swap.classList.toggle("hidden", !moved.length || !(state.turned || guessed));
      swap.classList.toggle("chosen", i === state.guess);
      if (!moved.length) return;
      const share = guessed ? `${pair[1 - at]} ${percentOf(now().moved[at][i])}` : "exchange";
      swap.setAttribute("aria-label", `give “${tokens[at][i]}” its state from the other sentence: ${share}`);
      swap.querySelector("i").style.height = `${(100 * moved[i]).toFixed(1)}%`;
      swap.lastChild.textContent = guessed ? percentOf(now().moved[at][i]) : "⇅";
    });
  }

  function paintWords() {
    const it = now();
    ui.root.querySelector(".title").textContent = state.own
      ? `What decides: “${changed(it, 0)[0]}” or “${changed(it, 0)[1]}”?`
      : spec.title;
    ui.root.querySelector(".caption").style.visibility = state.own ? "hidden" : ""; // it speaks of animal and street
    says.replaceChildren(...story(it, state, spec));
  }

  return {
    paint(width) {
      build();
      words.forEach((word, i) => word.classList.toggle("asks", i === state.asker));
      paintFrench();
      const largest = 34 * unit;
      sentence.classList.remove("wraps");
      sentence.style.maxWidth = "none";
      sentence.style.fontSize = `${largest}px`;
      for (const swap of swaps) swap.style.fontSize = `${12.5 * unit}px`;
      const fits = Math.min(largest, (largest * (width - 4)) / sentence.offsetWidth),
        wraps = fits < 15 * unit;
      sentence.style.maxWidth = "";
      sentence.style.fontSize = french.style.fontSize = `${wraps ? 19 * unit : fits}px`;
      sentence.classList.toggle("wraps", wraps);
      paintArcs(ui.follow("weights", now().weights[state.shown][state.asker]));
      const { moved } = now();
      paintSwaps(moved.length ? ui.follow("moved", state.guess < 0 ? moved[0].map(() => 0) : moved[state.shown]) : []);
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
const subjectOf = (text) =>
  text
    .match(/^The (\w+).*?the (\w+)/)
    .slice(1)
    .join(" and ");

// The two words between which the reader changes: the one shown, the other.
function changed({ tokens }, at) {
  const i = tokens[0].findIndex((token, k) => token !== tokens[1][k]);
  return i < 0 ? ["", ""] : [tokens[at][i], tokens[1 - at][i]];
}

// One sentence for where the reader stands: change the word; guess what decides; see it; ask that word.
function story(it, { shown: at, asker, guess, turned }, { sure }) {
  const [one, other] = [it.words[at], it.words[1 - at]],
    tokens = it.tokens[at],
    [word, away] = changed(it, at);
  const bold = (text) => h("b", {}, text),
    french = (text) => h("b", { class: "output" }, text);
  const strange = [...new Set([0, 1].flatMap((s) => (it.unknown?.[s] ?? []).map((i) => it.tokens[s][i])))];
  const unknown = strange.length
    ? [`It does not know ${strange.map((w) => `“${w}”`).join(", ")}: it reads <unk>. `]
    : [];
  if (it.place === null) {
    const why = `The translations are alike, or it gives its words less than ${percentOf(sure)}. `;
    return [...unknown, why, "Compare two other words."];
  }
  if (!turned && guess < 0)
    return [
      ...unknown,
      bold(`Change “${word}” to “${away}”. What will move: what “${tokens[asker]}” looks at, or the French?`),
    ];
  const key = top(it.weights[at][asker], asker),
    looks = [1 - at, at].map((s) => it.weights[s][asker][key].toFixed(2)),
    still = Math.abs(looks[0] - looks[1]) < 0.05;
  if (guess < 0)
    return [
      ...unknown,
      `“${tokens[asker]}” → “${tokens[key]}” ${still ? "hardly moved" : "moved"}: ${looks.join(", now ")}. French: `,
      french(other),
      ` became `,
      french(one),
      ". ",
      bold(
        "So which word decides? ⇅ lets one word be read as in the other sentence, the rest as here. " +
          `Guess the one that brings back “${other}”.`,
      ),
    ];
  const moved = it.moved[at],
    best = top(moved),
    next = Math.max(...moved.filter((_, i) => i !== best));
  const verdict = guess === best ? "Yes: " : `Not “${tokens[guess]}” (${other} ${percentOf(moved[guess])}): `;
  if (moved[best] < sure || next > 0.05)
    return [
      `${verdict}No word decides alone: “${tokens[best]}” gives ${other} ${percentOf(moved[best])}, ` +
        `another ${percentOf(next)}.`,
    ];
  const decides =
    `what was read at “${tokens[best]}” decides: ${other} ${percentOf(moved[best])}, ` +
    `with any other word at most ${percentOf(next)}. `;
  if (asker !== best) return [verdict, decides, bold(`So ask that word: click “${tokens[best]}”.`)];
  const asked = [at, 1 - at].map((s) => top(it.weights[s][best], best)),
    answers = [at, 1 - at].map(
      (s, k) => `“${it.tokens[s][best]}” → “${it.tokens[s][asked[k]]}” ${it.weights[s][best][asked[k]].toFixed(2)}`,
    );
  const moral =
    asked[0] === asked[1]
      ? "Its arcs do not turn either: a map of attention need not explain an answer."
      : "These arcs turn. The same head, another word asked: a map answers only the question that was put to it.";
  return [`${answers.join(", ")}. `, bold(moral)];
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
function study({ model, source, target }, pair, { layer, head, sure, asked }) {
  const { greedy, softmax, BOS } = globalThis.courseModels;
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
  const tokensOf = (all) => all.map((id) => target.token(id)),
    written = ids.map((one) => greedy(model, one).ids),
    differs = written[0].findIndex((word, t) => word !== written[1][t]);
  const found = {
    tokens: pieces.map((all) => all.map((piece) => piece.text)),
    unknown: pieces.map((all) => all.flatMap((piece, i) => (piece.id === 1 ? [i] : []))),
    written: written.map(tokensOf),
    weights,
    ...{ place: null, words: [], shares: [], moved: [], rewritten: [] },
  };
  if (differs < 0 || differs >= written[1].length) return found;
  const prefix = [BOS, ...written[0].slice(0, differs)],
    rivals = written.map((all) => all[differs]);
  const after = (memory) => {
    const { logits } = model.read(prefix, model.start(null, null, memory)),
      shares = softmax(logits.row(prefix.length - 1));
    return rivals.map((word) => shares[word]);
  };
  const shares = states.map(after);
  if (Math.min(shares[0][0], shares[1][1]) < sure) return found;
  const exchanged = states.map((own, s) =>
    ids[s].map((_, i) => {
      const mixed = own.at(-1).copy();
      mixed.row(i).set(states[1 - s].at(-1).row(i));
      return own.map(() => mixed);
    }),
  );
  return {
    ...found,
    place: differs,
    words: tokensOf(rivals),
    shares,
    moved: exchanged.map((all, s) => all.map((memory) => after(memory)[1 - s])),
    rewritten: exchanged.map((all, s) => all.map((states) => tokensOf(greedy(model, ids[s], { states }).ids))),
  };
}
