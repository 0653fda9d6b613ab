// Self-attention over words that change places: rows, columns and outputs permute along, unless positions are added.
import { h } from "../shared/dom.js";
import { fmt, softmax } from "../shared/numbers.js";
import SHUFFLE_CSS from "./shuffle.css";
import { shuffled } from "./shuffle_picture.js";
import { encode, frequencies } from "./sines.js";

export function shuffle(ui) {
  const { spec, state, unit, arrays } = ui;
  const { names, size: D } = spec;
  const T = names.length;
  const SAME = 1e-9; // computed in double precision: what differs less has not changed
  const first = names.map((_, i) => i);
  const matrix = (array, rows) =>
    Array.from({ length: rows }, (_, r) =>
      Array.from(array.subarray((r * array.length) / rows, ((r + 1) * array.length) / rows)),
    );
  const X = matrix(arrays.x, T);
  const maps = Object.fromEntries(["query", "key", "value"].map((n) => [n, arrays[n] ? matrix(arrays[n], D) : null]));
  const times = (a, b) => (b ? a.map((row) => b[0].map((_, e) => row.reduce((sum, x, d) => sum + x * b[d][e], 0))) : a);
  const mean = (rows) => rows[0].map((_, e) => rows.reduce((a, r) => a + r[e], 0) / rows.length);
  const far = (a, b) => Math.hypot(...a.map((x, i) => x - b[i]));

  function attend(order) {
    const omegas = state.positions ? frequencies(D) : null;
    const x = order.map((w, s) => (omegas ? encode(s, omegas).map((p, d) => p + X[w][d]) : X[w]));
    const [q, k, v] = ["query", "key", "value"].map((n) => times(x, maps[n]));
    const weights = q.map((a) =>
      softmax(k.map((b) => a.reduce((sum, y, e) => sum + y * b[e], 0) / Math.sqrt(a.length))),
    );
    return { weights, outputs: times(weights, v) };
  }
  function compute() {
    const now = attend(state.order);
    const before = attend(first);
    const change = [];
    state.order.forEach((w, s) => (change[w] = far(now.outputs[s], before.outputs[w])));
    const pooled = mean(now.outputs);
    const first_mean = mean(before.outputs);
    const drift = far(pooled, first_mean);
    const [equivariant, invariant] = [Math.max(...change) < SAME, drift < SAME];
    return { ...now, mean: pooled, first: before.outputs, first_mean, change, drift, equivariant, invariant };
  }

  // ---- words that can be picked and moved: buttons, keys, pointer
  const canvas = h("canvas", { role: "img", "aria-label": "attention weights and outputs" });
  const say = h("div", { class: "say", role: "status", "data-testid": "readout" });
  const chips = names.map((n, w) =>
    h(
      "button",
      {
        type: "button",
        class: "word",
        "data-word": w,
        onfocus: () => state.word !== w && ui.set({ word: w }, true),
        onpointerdown: (e) => grab(e, w),
        onkeydown: key,
      },
      n,
    ),
  );
  const line = h("div", {
    class: "words",
    role: "group",
    "aria-label": "the sentence; arrow keys choose a word, shift and arrow keys move it",
  });
  const reorder = (order, word = state.word) => ui.set({ order, word }, true);
  function move(word, slot) {
    const to = Math.max(0, Math.min(T - 1, slot));
    const order = state.order.filter((w) => w !== word);
    order.splice(to, 0, word);
    if (order.some((w, s) => w !== state.order[s])) reorder(order, word);
  }
  const slot = () => state.order.indexOf(state.word);
  function key(e) {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -T, End: T }[e.key];
    if (!step || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    e.stopPropagation();
    if (e.shiftKey) move(state.word, slot() + step);
    else ui.set({ word: state.order[Math.max(0, Math.min(T - 1, slot() + step))] });
    wants = true;
  }
  let wants = false;
  let shown = "";
  function grab(e, word) {
    if (e.button) return;
    ui.set({ word });
    const moved = (m) => {
      // the nearest word's place, on whichever line it stands
      const away = chips.map((chip, w) => {
        const b = chip.getBoundingClientRect();
        return Math.hypot(m.clientX - b.left - b.width / 2, 2 * (m.clientY - b.top - b.height / 2));
      });
      const near = away.indexOf(Math.min(...away));
      if (near !== word && settledAt(m)) {
        wants = true;
        move(word, state.order.indexOf(near));
      }
    };
    const stop = () => {
      removeEventListener("pointermove", moved);
      removeEventListener("pointerup", stop);
      removeEventListener("pointercancel", stop);
      swapped = null;
    };
    addEventListener("pointermove", moved);
    addEventListener("pointerup", stop);
    addEventListener("pointercancel", stop);
  }
  let swapped = null; // after a change of places the pointer has to travel on, or long and short words would flicker
  function settledAt(m) {
    if (swapped && Math.hypot(m.clientX - swapped[0], m.clientY - swapped[1]) < 12) return false;
    swapped = [m.clientX, m.clientY];
    return true;
  }
  Object.assign(ui.actions, {
    back: () => move(state.word, slot() - 1),
    on: () => move(state.word, slot() + 1),
    reverse: () => reorder(state.order.toReversed()),
    mix() {
      const dice = () => state.order.map((w) => [Math.random(), w]).sort(([a], [b]) => a - b);
      let order;
      do order = dice().map(([, w]) => w);
      while (order.every((w, s) => w === state.order[s]));
      reorder(order);
    },
  });
  const sign = (name, text) => h("span", {}, h("i", { class: name }), text);
  const signs = h("div", { class: "signs" }, "outputs:", sign("below0", "below 0"), sign("above0", "above 0"));
  ui.body.append(h("div", { class: "top" }, line, signs), canvas);
  ui.below.append(say);
  ui.style(SHUFFLE_CSS);

  function sentence() {
    if (shown !== state.order.join()) line.replaceChildren(...state.order.map((w) => chips[w]));
    chips.forEach((chip, w) => {
      chip.classList.toggle("picked", w === state.word);
      chip.tabIndex = w === state.word ? 0 : -1;
      chip.setAttribute("aria-pressed", w === state.word);
      chip.setAttribute("aria-label", `${names[w]}, place ${state.order.indexOf(w) + 1} of ${T}`);
    });
    shown = state.order.join();
    if (wants) chips[state.word].focus();
    wants = false;
  }
  const picture = shuffled(ui, canvas, SAME);
  const list = (words) => words.map((w) => `“${names[w]}”`).join(words.length === 2 ? " and " : ", ");
  function tell(made) {
    const moved = first.filter((w) => state.order[w] !== w);
    const who = moved.length > 3 ? `${moved.length} words` : list(moved);
    if (!moved.length) {
      say.replaceChildren("This is the first order. Drag a word: do the two ends of each line stay alike?");
      return;
    }
    const verdict = made.equivariant
      ? ["each output moved with its word, unchanged: ", h("b", {}, "equivariant"), "."]
      : ["the outputs changed: ", h("b", {}, "not equivariant"), "."];
    const pooled = made.invariant
      ? ["Their mean stayed: ", h("b", {}, "invariant"), "."]
      : ["Their mean moved by ", h("b", {}, fmt(made.drift, 2)), ": not invariant."];
    say.replaceChildren(
      h("div", {}, `${who[0].toUpperCase()}${who.slice(1)} have moved, and `, ...verdict),
      h("div", {}, ...pooled),
    );
  }
  return {
    paint(width, narrow) {
      const made = compute();
      sentence();
      // rows glide to their new places; the numbers are the new ones at once
      const places = first.map((w) => state.order.indexOf(w));
      picture(made, ui.follow("places", places), width, narrow);
      tell(made);
    },
    table() {
      const made = compute();
      const f = (x) => fmt(x);
      const o = state.order;
      const outputs = made.mean.map((_, e) => `output ${e + 1}`);
      return {
        header: ["word", ...o.map((w) => `→ ${names[w]}`), ...outputs, "changed by"],
        rows: [
          ...o.map((w, s) => [names[w], ...made.weights[s].map(f), ...made.outputs[s].map(f), f(made.change[w])]),
          ["mean", ...o.map(() => ""), ...made.mean.map(f), f(made.drift)],
        ],
      };
    },
    numbers: compute,
  };
}
