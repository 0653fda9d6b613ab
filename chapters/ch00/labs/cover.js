// The cover: whom a word attends to, what the sentence becomes, and which word's state decides it.
import COVER_CSS from "./cover.css";
import { h, mix, rgb } from "../../../course_utils/views/core.js";
import { form } from "../../../course_utils/views/own.js";

const MOMENT = 1500; // for so many milliseconds each of four words asks, until somebody touches the picture

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
    own = form(spec.own, ask),
    field = own.querySelector("textarea");
  const take = (text) => ((field.value = text), own.ask());
  const suggest = (text) => h("button", { class: "try", onclick: () => take(text) }, subjectOf(text));
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
    ui.set({ own: text, shown: 0, tried: [], turned: false, asker: Math.max(0, asker) }, true);
    return "";
  }

  // ---- plays by itself until somebody touches it: other words ask, and give nothing away
  let playing = null;
  const scenes = [1, 5, 3, spec.asker].filter((i) => i < size);
  function play(scene = 0) {
    if (playing === "over" || scene >= scenes.length || !sentence.isConnected) return;
    playing = setTimeout(() => {
      ui.set({ asker: scenes[scene] });
      play(scene + 1);
    }, MOMENT);
  }
  for (const touch of ["pointerdown", "keydown"])
    ui.root.addEventListener(touch, () => {
      if (playing !== "over" && playing !== null && !state.turned) ui.set({ asker: spec.asker });
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
        { type: "button", class: "swap", "data-swap": i, onclick: () => ui.set({ tried: [...state.tried, i] }, true) },
        h("span", { class: "slot" }, h("i")),
        h("span", { class: "chance" }),
      ),
    );
    const columns = words.map((word, i) => {
      if (unknown?.[at].includes(i)) {
        word.classList.add("unknown");
        word.title = "not among the model's words";
      }
      const pair = [0, 1].map((s) => (s === at ? word : button(i, s)));
      const changes = tokens[0][i] !== tokens[1][i];
      const written = changes ? h("span", { class: "pair" }, ...pair) : word;
      return h("div", { class: "column" }, h("span", { class: "is" }, written), h("i", { class: "share" }), swaps[i]);
    });
    sentence.replaceChildren(...columns);
    if (focused?.swap) swaps[focused.swap]?.focus();
    if (focused?.word) (columns[focused.word]?.querySelector(`[data-sentence="${at}"]`) ?? field)?.focus();
  }

  function paintFrench() {
    const { written, place, moved, rewritten, words: pair } = now(),
      at = state.shown,
      tried = state.tried.at(-1);
    const exchanged = place.length && tried !== undefined && state.asker !== top(moved[at]),
      said = exchanged ? rewritten[at][tried] : written[at];
    french.replaceChildren(
      ...said.flatMap((token, t) => {
        const text = t ? token : token[0].toUpperCase() + token.slice(1);
        const space = t && !/['’]$/.test(said[t - 1]) && !/^[.,)…]/.test(token) ? " " : "";
        return [space, t === place[at] || (exchanged && pair.includes(token)) ? h("b", {}, text) : text];
      }),
    );
  }

  function paintArcs(weights) {
    const wraps = sentence.classList.contains("wraps"),
      tall = 120 * unit,
      { theme } = ui;
    const inkOf = (weight) => rgb(mix(theme.paper, theme.ink, 0.16 + 0.84 * weight));
    words.forEach((word, i) => {
      const bar = word.closest(".column").querySelector(".share");
      bar.style.width = `${36 * weights[i]}%`;
      bar.style.background = inkOf(weights[i]);
      bar.dataset.weight = weights[i] >= 0.1 ? weights[i].toFixed(2) : "";
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
        inside = to < 50 * unit ? 1 : to > svg.clientWidth - 50 * unit ? -1 : 0, // or the number would be cut off
        side = inside || (to < from ? -1 : 1);
      const number =
        weight < 0.1
          ? ""
          : `<text x="${to + side * (9 + 6 * weight) * unit}" y="${tall - 8 * unit}"` +
            ` text-anchor="${side < 0 ? "end" : "start"}" font-size="${13 * unit}" fill="${theme.text}">` +
            `${weight.toFixed(2)}</text>`;
      return (
        `<path d="M${from} ${tall}C${from} ${over},${to} ${over},${to} ${tall}" fill="none"` +
        ` stroke="${inkOf(weight)}" stroke-width="${(0.8 + 13 * weight) * unit}"/>${number}`
      );
    });
    svg.innerHTML = arcs.join("");
  }

  // What is shown of the exchanges: those that were tried, and all when the one that decides is found.
  const open = () => {
    const { moved } = now(),
      at = state.shown;
    return moved.length ? moved[at].map((_, i) => state.tried.includes(i) || state.tried.includes(top(moved[at]))) : [];
  };
  function paintSwaps(heights) {
    const { tokens, words: pair, moved } = now(),
      at = state.shown,
      shown = open();
    swaps.forEach((swap, i) => {
      swap.classList.toggle("hidden", !moved.length || !state.turned);
      swap.classList.toggle("chosen", i === state.tried.at(-1));
      if (!moved.length) return;
      const chance = shown[i] ? `: ${pair[1 - at]} ${percentOf(moved[at][i])}` : "";
      swap.setAttribute("aria-label", `take the numbers of “${tokens[at][i]}” from the other sentence${chance}`);
      swap.querySelector("i").style.height = `${(100 * heights[i]).toFixed(1)}%`;
      swap.lastChild.textContent = shown[i] ? percentOf(moved[at][i]) : "⇅";
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
      const asker = ui.root.querySelector(".caption .query");
      if (asker) asker.textContent = now().tokens[state.shown][state.asker];
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
      paintSwaps(
        ui.follow(
          "moved",
          open().map((shown, i) => (shown ? now().moved[state.shown][i] : 0)),
        ),
      );
      paintWords();
    },
    table() {
      const it = now(),
        at = state.shown,
        cause = it.moved.length > 0;
      const more = cause ? [`“${it.words[1 - at]}” with its numbers from there`] : [];
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
    .match(/^The (\w+).*?the ([\w/]+)/)
    .slice(1)
    .join(", ");

// The two words between which the reader changes: the one shown, the other.
function changed({ tokens }, at) {
  const i = tokens[0].findIndex((token, k) => token !== tokens[1][k]);
  return i < 0 ? ["", ""] : [tokens[at][i], tokens[1 - at][i]];
}

// What is said where the reader stands: change the word; guess what decides; see it; ask that word.
function story(it, { shown: at, asker, tried, turned: changedOnce }, { sure, asker: given }) {
  const [one, other] = [it.words[at], it.words[1 - at]],
    tokens = it.tokens[at],
    [word, away] = changed(it, at),
    first = tokens.includes("it") ? tokens.indexOf("it") : Math.min(given, tokens.length - 1);
  const bold = (text) => h("b", {}, text),
    french = (text) => h("b", { class: "output" }, text);
  const strange = [...new Set([0, 1].flatMap((s) => (it.unknown?.[s] ?? []).map((i) => it.tokens[s][i])))];
  const unknown = strange.length
    ? [`It does not know ${strange.map((w) => `“${w}”`).join(", ")}: it reads <unk>. `]
    : [];
  if (!it.place.length) {
    const why = `The translations are alike, or it gives its words less than ${percentOf(sure)}. `;
    return [...unknown, why, "Compare two other words."];
  }
  if (!changedOnce)
    return [
      ...unknown,
      bold(`Change “${word}” to “${away}”. What will move: what “${tokens[first]}” attends to, or the French?`),
    ];
  const moved = it.moved[at],
    best = top(moved),
    arc = (s) => {
      const key = top(it.weights[s][asker], asker);
      return { key, weight: it.weights[s][asker][key], text: `“${it.tokens[s][asker]}” → “${it.tokens[s][key]}”` };
    };
  const [here, there] = [arc(at), arc(1 - at)],
    changes = here.key !== there.key || tokens[asker] !== it.tokens[1 - at][asker];
  const arcs = changes
    ? `${there.text} ${there.weight.toFixed(2)}, now ${here.text} ${here.weight.toFixed(2)}. `
    : `${here.text}: ${there.weight.toFixed(2)}, now ${here.weight.toFixed(2)}. `;
  if (!tried.length)
    return [
      ...[...unknown, arcs, "The French: ", french(other), ", now ", french(one), ". "],
      bold(
        "Which word carries that? The model turns each word into numbers that depend on its whole sentence; ⇅ takes " +
          `a word's numbers from the other one. Guess: which brings back “${other}”?`,
      ),
    ];
  const last = tried.at(-1),
    before = percentOf(it.shares[at][1 - at]),
    chance = (i) => `the chance of “${other}” goes from ${before} to ${percentOf(moved[i])}`;
  if (!tried.includes(best)) return [`Not “${tokens[last]}”: ${chance(last)}. `, bold("Another guess?")];
  const others = Math.max(...moved.filter((_, i) => i !== best));
  if (moved[best] < sure || others > 0.05)
    return [`“${tokens[best]}” does most: ${chance(best)}. It is not alone: another word brings ${percentOf(others)}.`];
  if (asker !== best)
    return [
      `With the numbers of “${tokens[best]}”, ${chance(best)}; of any other word, to ${percentOf(others)} at most. `,
      bold(`So see what that word attends to: press “${tokens[best]}” in the sentence.`),
    ];
  const turned = here.key !== there.key && Math.min(here.weight, there.weight) > sure,
    lay = [0, 1].map((s) => top(it.weights[s][first], first)),
    moral = turned && lay[0] === lay[1] ? `This arc turned, that of “${tokens[first]}” did not. ` : "",
    [whole, without] = [it.shares[at][at], it.silenced[at]];
  const proof =
    without > 0.9 * whole
      ? `Yet an arc is no proof: without these arcs “${one}” still gets ${percentOf(without)}.`
      : `And the arcs matter: without them “${one}” gets ${percentOf(without)}, with them ${percentOf(whole)}.`;
  return [arcs, bold(moral + proof)];
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
function study({ model, source, target }, pair, { layer, head, sure, pronouns, own }) {
  const { greedy, softmax, BOS } = globalThis.courseModels;
  const pieces = pair.map((text) => source.pieces(text)),
    ids = pieces.map((all) => all.map((piece) => piece.id));
  if (ids[0].length !== ids[1].length)
    throw new Error("Both sentences need as many words, so that states can be exchanged");
  if (ids[0].length > own.room) throw new Error(`These are ${ids[0].length} words, and there is room for ${own.room}`);
  const weights = [];
  const states = ids.map((one) =>
    model.encode(one, (name, value) => {
      if (name === `encoder.${layer - 1}.attention.weights`)
        weights.push(one.map((_, q) => Array.from(value[head - 1].row(q))));
    }),
  );
  const tokensOf = (all) => all.map((id) => target.token(id)),
    written = ids.map((one) => greedy(model, one).ids);
  const found = {
    tokens: pieces.map((all) => all.map((piece) => piece.text)),
    unknown: pieces.map((all) => all.flatMap((piece, i) => (piece.id === 1 ? [i] : []))),
    written: written.map(tokensOf),
    weights,
    ...{ place: [], words: [], shares: [], moved: [], rewritten: [], silenced: [] },
  };
  const place = difference(found.written, pronouns);
  if (!place.length) return found;
  const rivals = written.map((all, s) => all[place[s]]);
  const after = (s, memory) => {
    const prefix = [BOS, ...written[s].slice(0, place[s])],
      { logits } = model.read(prefix, model.start(null, null, memory)),
      shares = softmax(logits.row(prefix.length - 1));
    return rivals.map((word) => shares[word]);
  };
  const shares = states.map((memory, s) => after(s, memory));
  if (Math.min(shares[0][0], shares[1][1]) < sure) return found;
  const exchanged = states.map((own, s) =>
    ids[s].map((_, i) => {
      const mixed = own.at(-1).copy();
      mixed.row(i).set(states[1 - s].at(-1).row(i));
      return own.map(() => mixed);
    }),
  );
  const without = (name, value) => {
    if (name === `encoder.${layer - 1}.attention.weights`) value[head - 1].data.fill(0);
  };
  return {
    ...found,
    place,
    words: tokensOf(rivals),
    shares,
    moved: exchanged.map((all, s) => all.map((memory) => after(s, memory)[1 - s])),
    rewritten: exchanged.map((all, s) => all.map((states) => tokensOf(greedy(model, ids[s], { states }).ids))),
    silenced: ids.map((one, s) => after(s, model.encode(one, without))[s]),
  };
}

// Where two translations differ: at their pronouns, if each has one and they differ; else at the first word.
function difference(texts, pronouns) {
  const found = texts.map((text) => text.flatMap((word, t) => (pronouns.includes(word) ? [t] : [])));
  if (found.every((places) => places.length === 1) && texts[0][found[0][0]] !== texts[1][found[1][0]])
    return found.map(([t]) => t);
  const first = texts[0].findIndex((word, t) => t < texts[1].length && word !== texts[1][t]);
  return first < 0 ? [] : [first, first];
}
