// Does a weight matter? Rows of attention can be painted and heads silenced: what the model in the page then says.
import { loadModel } from "../models/load.js";
import { h } from "../shared/dom.js";

const HINT = "Or drag along a row of the open head (by keyboard: Space), to let its word attend to these keys alone.";

// head(): [layer, head], the one that is open (−1: the mean, all of its layer's); query(), key(): the chosen cell;
// canvas, under(x, y): where the open head is drawn, {row, col}; open(query, key): it is not masked; show(weights).
export function cause(ui, { canvas, under, head, query, key, open, show }) {
  const { spec, state } = ui;
  const given = ui.arrays.map0;
  let painted = []; // [layer, head, query, keys]
  let stroke = null; // what the hand is painting: {row, keys}
  let found;
  let turn = 0;
  const button = (onclick, words) => h("button", { type: "button", onclick }, words);
  const alone = button(() => paint(query(), [key()]), "");
  const undo = button(() => {
    painted = [];
    ui.set({ knocked: [] }, true);
    ask();
  }, "as it was");
  const told = h("div", { class: "told quiet", role: "status", "data-testid": "cause" }, HINT);
  const asked = h("b", {}, "Does this weight matter?");
  ui.below.append(h("div", { class: "cause" }, asked, alone, button(ask, "what does it say?"), undo, told));

  async function ask() {
    const mine = ++turn;
    try {
      const it = await loadModel(spec.own.models[0], (share) => {
        if (mine === turn && !found) told.textContent = `The model is coming: ${Math.round(100 * share)} %.`;
      });
      if (mine !== turn) return;
      const { changed, compared, weightsOf } = globalThis.courseModels;
      const pieces = (it.source ?? it.tokenizer).framed(spec.reads ?? spec.own.text);
      const read = { ids: pieces.map((p) => p.id), segments: pieces.map((p) => p.segment) };
      const out = state.knocked.map((k) => k.slice(-2));
      const tap = painted.length + out.length ? changed(it, read, painted, out) : undefined;
      if (pieces.length !== spec.maps[0].shape[2])
        throw new Error("The model cuts this text up differently: ask it for the sentence again, above");
      found = compared(it, read, tap);
      show(tap ? packed(weightsOf(it, read, tap), spec.maps[0].masked) : given);
      told.classList.remove("quiet");
      told.replaceChildren(...said(found));
      told.style.minHeight = `${told.offsetHeight}px`; // the next answer finds this one's room
    } catch ({ message }) {
      told.textContent = `${message[0].toUpperCase()}${message.slice(1)}.`;
    }
  }

  // The query of this row attends to these keys alone, to each as much; without keys, as it did.
  const here = (query) => (p) => String(p.slice(0, 3)) === String([...head(), query]);
  function paint(query, keys) {
    const seen = keys.filter((k) => open(query, k));
    painted = painted.filter((p) => !here(query)(p));
    if (seen.length) painted.push([...head(), query, seen]);
    ui.set({ query, key: seen.at(-1) ?? state.key }, true);
    ask();
  }
  canvas.addEventListener("pointerdown", (e) => {
    const { row, col } = under(e.offsetX, e.offsetY);
    canvas.setPointerCapture(e.pointerId);
    stroke = row >= 0 && col >= 0 ? { row, keys: [col] } : null;
  });
  canvas.addEventListener("pointermove", (e) => {
    const { col } = under(e.offsetX, e.offsetY);
    if (!e.buttons || !stroke || col === undefined || stroke.keys.includes(col)) return;
    const step = Math.sign(col - stroke.keys.at(-1)); // a fast hand leaves none out
    for (let k = stroke.keys.at(-1) + step; k !== col + step; k += step) stroke.keys.push(k);
    ui.set({});
  });
  canvas.addEventListener("pointerup", () => stroke?.keys.length > 1 && paint(stroke.row, stroke.keys));

  return {
    ask,
    found: () => found,
    paints: (q, k) => q === stroke?.row && stroke.keys.includes(k),
    // Was this the end of a stroke, and no click?
    drawn() {
      const many = stroke?.keys.length > 1;
      stroke = null;
      return many;
    },
    toggle() {
      const keys = painted.find(here(query()))?.[3] ?? [];
      const k = key();
      paint(query(), keys.includes(k) ? keys.filter((one) => one !== k) : [...keys, k]);
    },
    sync(query, key) {
      alone.textContent = `let “${query}” attend only to “${key}”`;
      undo.hidden = !painted.length && !state.knocked.length;
    },
  };
}

// Weights of each head [T, T] one after the other; masked: what a word may not attend to is NaN.
export function packed(layers, masked) {
  const size = layers[0][0].rows;
  const all = Float32Array.from(layers.flat().flatMap((w) => Array.from(w.data)));
  return masked ? all.map((w, j) => (j % size > Math.floor(j / size) % size ? NaN : w)) : all;
}

function said({ texts, words, stops }) {
  const then = stops.length > 1;
  const number = (x) => x.toFixed(3);
  // what differs is bold, between the beginning and the end that are the same
  function written(text, other = text) {
    const from = text.findIndex((word, t) => word !== other[t]);
    const to = text.findLastIndex((word, t) => word !== other[t + other.length - text.length]);
    return text.map((word, t) => (from >= 0 && t >= from && t <= to ? h("b", { class: "output" }, word) : word));
  }
  const same = then && String(texts?.[0]) === String(texts?.[1]);
  const rows = [
    h("div", {}, then ? "It wrote: " : "It writes: ", ...written(texts?.[0] ?? [])),
    then
      ? h("div", {}, ...(same ? ["It still writes that."] : ["Now: ", ...written(texts?.[1] ?? [], texts?.[0])]))
      : "",
  ];
  return [
    ...(texts ? rows : []),
    h(
      "div",
      { class: "tables" },
      table(
        texts ? (then ? "what moved most" : "what it is least sure of") : "what it expects",
        ["word", "probability", "now"].slice(0, 2 + then),
        words.map(([word, ...chances]) => [word, ...chances.map(number)]),
      ),
      table(
        texts ? `for “${words[0]?.[0]}”, had it stopped after` : "had it stopped after",
        ["layer", "it would say", "now"].slice(0, 2 + then),
        stops[0].map((_, n) => [n || "the input", ...stops.map((all) => `${all[n][0]} ${number(all[n][1])}`)]),
      ),
    ),
  ];
}

function table(caption, header, rows) {
  const cell = (tag, scope) => (t) => h(tag, { scope }, t);
  return h(
    "table",
    {},
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...header.map(cell("th", "col")))),
    h("tbody", {}, ...rows.map(([name, ...cells]) => h("tr", {}, cell("th", "row")(name), ...cells.map(cell("td"))))),
  );
}
