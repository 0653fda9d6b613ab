// The cover: what a word attends to, what the sentence becomes, and which word's state decides it.
import { h } from "../shared/dom.js";
import { form } from "../shared/own.js";
import { mix, rgb } from "../shared/theme.js";
import COVER_CSS from "./cover.css";
import { changed, percentOf, story, subjectOf, top } from "./cover_story.js";
import { rowsOf, study, twoOf } from "./cover_study.js";

export function cover(ui) {
  const { spec, state, unit } = ui;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const size = spec.study.tokens[0].length;
  const studies = { "": { ...spec.study, weights: rowsOf(ui.arrays.weights, size) } };
  const now = () => studies[state.own] ?? studies[""];
  let words = [];
  let swaps = [];
  let built = null;

  const sentence = h("div", { class: "words", role: "group", "aria-label": "the sentence" });
  const french = h("div", { class: "french", lang: "fr", role: "status", "data-testid": "french" });
  const says = h("p", { class: "says", role: "status", "data-testid": "readout" });
  const own = form(spec.own, ask);
  const field = own.querySelector("textarea");
  const take = (text) => ((field.value = text), own.ask());
  const suggest = (text) => h("button", { class: "try", onclick: () => take(text) }, subjectOf(text));
  if (field)
    own
      .querySelector("[role=status]")
      .before(h("span", {}, "or ", ...spec.others.flatMap((text, i) => [i ? ", " : "", suggest(text)])));
  svg.setAttribute("class", "arcs");
  svg.setAttribute("aria-hidden", "true");
  ui.body.append(svg, sentence, french, says);
  // one quiet line below: what is there on demand
  const foot = ui.root.querySelector(".foot");
  const reset = ui.root.querySelector(".foot > button, .controls button");
  foot?.prepend(h("details", { class: "more typed" }, h("summary", {}, "a sentence of your own"), own));
  const before = ui.root.querySelector(".caption")?.firstChild;
  const leads = before?.data;
  ui.style(COVER_CSS);

  // ---- a sentence of the reader's own
  function ask([it], text) {
    studies[text] ??= study(it, twoOf(text), spec);
    const asker = studies[text].tokens[0].indexOf("it");
    ui.set({ own: text, shown: 0, tried: [], turned: false, asker: Math.max(0, asker) }, true);
    return "";
  }

  // ---- the sentence: a column for each word, with its weight and its exchange below it
  function button(i, s) {
    const at = state.shown;
    const token = now().tokens[s][i];
    const act = s === at ? { asker: i } : { shown: s, turned: true };
    const text = i ? token : token[0].toUpperCase() + token.slice(1);
    const label = s === at ? `${text}: what does it attend to?` : `change to ${text}`;
    const made = { type: "button", class: s === at ? "word" : "word away", "data-word": i, "data-sentence": s };
    return h("button", { ...made, "aria-label": label, onclick: () => ui.set(act, true) }, text);
  }
  function swap(i) {
    const act = () => ui.set({ tried: [...state.tried, i] }, true);
    return h(
      "button",
      { type: "button", class: "swap", "data-swap": i, onclick: act },
      h("i"),
      h("span", { class: "chance" }),
    );
  }
  function build() {
    const { tokens, unknown } = now();
    const at = state.shown;
    if (built === `${state.own} ${at}`) return;
    built = `${state.own} ${at}`;
    const focused = ui.root.activeElement?.dataset;
    words = tokens[at].map((_, i) => button(i, at));
    swaps = tokens[at].map((_, i) => swap(i));
    const columns = words.map((word, i) => {
      if (unknown?.[at].includes(i)) {
        word.classList.add("unknown");
        word.title = "not among the model's words";
      }
      const pair = [0, 1].map((s) => (s === at ? word : button(i, s)));
      const changes = tokens[0][i] !== tokens[1][i];
      const written = changes ? h("span", { class: "pair" }, ...pair) : word;
      const hint = changes && h("span", { class: "hint", "aria-hidden": "true" }, `press “${tokens[1 - at][i]}” ↑`);
      const parts = [h("span", { class: "is" }, written), h("i", { class: "share" }), swaps[i]];
      const sign = i && /^[.,!?]$/.test(tokens[at][i]);
      return h("div", { class: sign ? "column sign" : "column" }, ...parts, hint || null);
    });
    sentence.replaceChildren(...columns);
    if (focused?.swap) swaps[focused.swap]?.focus();
    if (focused?.word) (columns[focused.word]?.querySelector(`[data-sentence="${at}"]`) ?? field)?.focus();
  }

  function paintFrench() {
    const { written, place, moved, rewritten, words: pair } = now();
    const at = state.shown;
    const tried = state.tried.at(-1);
    const exchanged = place.length && tried !== undefined && state.asker !== top(moved[at]);
    const said = exchanged ? rewritten[at][tried] : written[at];
    french.replaceChildren(
      ...said.flatMap((token, t) => {
        const text = t ? token : token[0].toUpperCase() + token.slice(1);
        const space = t && !/['’]$/.test(said[t - 1]) && !/^[.,)…]/.test(token) ? " " : "";
        return [space, t === place[at] || (exchanged && pair.includes(token)) ? h("b", {}, text) : text];
      }),
    );
  }

  // Both translations fit into one line if they can do so without becoming small.
  const brush = document.createElement("canvas").getContext("2d");
  function sizeOfFrench(size, width) {
    brush.font = `700 ${size}px ${ui.family}`;
    const widest = Math.max(...now().written.map((said) => brush.measureText(said.join(" ")).width));
    const fits = (size * width) / widest;
    return fits > 0.8 * size ? Math.min(size, fits) : size;
  }

  const inkOf = (weight) => mix(ui.theme.paper, ui.theme.ink, weight < 0.005 ? 0 : 0.1 + 0.9 * weight ** 0.65);
  const thickness = (weight) => (0.8 + 14 * weight) * unit;
  // On a phone each word's weight, unless next to nothing, is a line below it, as thick as an arc would be.
  function paintCells(weights) {
    words.forEach((word, i) => {
      const cell = word.closest(".column").querySelector(".share");
      const ink = rgb(inkOf(weights[i]));
      const thick = weights[i] < 0.03 ? "0px" : `${thickness(weights[i])}px`;
      cell.style.background = `linear-gradient(${ink}, ${ink}) top / 100% ${thick} no-repeat`;
      cell.style.paddingTop = thick;
      cell.dataset.weight = weights[i] >= 0.1 ? weights[i].toFixed(2) : "";
    });
  }
  function paintArcs(weights) {
    const tall = 136 * unit;
    svg.setAttribute("height", tall);
    const box = svg.getBoundingClientRect();
    const scale = box.width / svg.clientWidth || 1;
    const middles = words.map((word) => {
      const b = word.getBoundingClientRect();
      return (b.left + b.width / 2 - box.left) / scale;
    });
    const from = middles[state.asker];
    const farthest = Math.max(...middles.map((to) => Math.abs(to - from)));
    const lines = [];
    const numbers = [];
    weights.forEach((weight, i) => {
      if (i === state.asker) return;
      const to = middles[i];
      const rise = (tall - 16 * unit) * (Math.abs(to - from) / farthest) ** 0.65;
      const over = tall - 1.33 * rise;
      const inside = to < 50 * unit ? 1 : to > svg.clientWidth - 50 * unit ? -1 : 0; // or the number would be cut off
      const side = inside || (to < from ? -1 : 1);
      lines.push([
        weight,
        `<path d="M${from} ${tall}C${from} ${over},${to} ${over},${to} ${tall}" fill="none"` +
          ` stroke="${rgb(inkOf(weight))}" stroke-width="${thickness(weight)}"/>`,
      ]);
      if (weight >= 0.1)
        numbers.push(
          `<text x="${to + side * (6 + 7 * weight) * unit}" y="${tall - 9 * unit}"` +
            ` text-anchor="${side < 0 ? "end" : "start"}" font-size="${13 * unit}">${weight.toFixed(2)}</text>`,
        );
    });
    lines.sort(([one], [other]) => one - other); // the thickest on top
    svg.innerHTML = [...lines.map(([, line]) => line), ...numbers].join("");
  }

  // What is shown of the exchanges: those that were tried, and all when the one that decides is found.
  const open = () => {
    const { moved } = now();
    const at = state.shown;
    return moved.length ? moved[at].map((_, i) => state.tried.includes(i) || state.tried.includes(top(moved[at]))) : [];
  };
  function paintSwaps(heights) {
    const { tokens, words: pair, moved } = now();
    const at = state.shown;
    const shown = open();
    sentence.classList.toggle("exchanging", moved.length > 0 && state.turned);
    swaps.forEach((swap, i) => {
      swap.classList.toggle("chosen", i === state.tried.at(-1));
      if (!moved.length) return;
      const chance = shown[i] ? `: ${pair[1 - at]} ${percentOf(moved[at][i])}` : "";
      swap.setAttribute("aria-label", `take the numbers of “${tokens[at][i]}” from the other sentence${chance}`);
      swap.querySelector("i").style.height = `${(100 * heights[i]).toFixed(1)}%`;
      swap.lastChild.textContent = shown[i] ? `${Math.round(100 * moved[at][i])} %` : "⇅";
    });
  }

  // Where the weights are cells, nothing is said of arcs.
  const worded = (text, wraps) =>
    wraps
      ? text
          .replace(/\ban arc\b/g, "a weight")
          .replace(/\barc/g, "weight")
          .replace(/\bArc/g, "Weight")
      : text;
  function paintWords(wraps) {
    const it = now();
    const began = !state.own && !state.turned && state.asker === spec.asker;
    ui.root.querySelector(".title").textContent = state.own
      ? `What decides: “${changed(it, 0)[0]}” or “${changed(it, 0)[1]}”?`
      : spec.title;
    const asker = ui.root.querySelector(".caption .query");
    if (asker) asker.textContent = it.tokens[state.shown][state.asker];
    if (before) before.data = worded(leads, wraps);
    says.replaceChildren(...story(it, state, spec));
    for (const part of says.childNodes) if (part.localName !== "br") part.textContent = worded(part.textContent, wraps);
    sentence.classList.toggle("untouched", !state.turned && it.moved.length > 0);
    reset.style.visibility = began ? "hidden" : "";
  }

  return {
    paint(width) {
      build();
      const weights = ui.follow("weights", now().weights[state.shown][state.asker]);
      words.forEach((word, i) => {
        word.classList.toggle("asks", i === state.asker);
        word.classList.toggle("heavy", i !== state.asker && weights[i] >= 0.2);
      });
      paintFrench();
      const largest = 30 * unit;
      sentence.classList.remove("wraps");
      sentence.style.maxWidth = "none";
      sentence.style.fontSize = `${largest}px`;
      let fits = largest;
      for (let i = 0; i < 3; i++) {
        fits = Math.min(fits, (fits * (width - 2)) / sentence.offsetWidth); // some parts keep their size
        sentence.style.fontSize = `${fits}px`;
      }
      const wraps = fits < 15 * unit;
      sentence.style.maxWidth = "";
      sentence.style.fontSize = `${wraps ? 20 * unit : fits}px`;
      french.style.fontSize = `${wraps ? 20 * unit : sizeOfFrench(fits, width)}px`;
      sentence.classList.toggle("wraps", wraps);
      svg.style.display = wraps ? "none" : "";
      wraps ? paintCells(weights) : paintArcs(weights);
      paintSwaps(
        ui.follow(
          "moved",
          open().map((shown, i) => (shown ? now().moved[state.shown][i] : 0)),
        ),
      );
      paintWords(wraps);
    },
    table() {
      const it = now();
      const at = state.shown;
      const cause = it.moved.length > 0;
      const more = cause ? [`probability of “${it.words[1 - at]}” with this word's list from the other sentence`] : [];
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
