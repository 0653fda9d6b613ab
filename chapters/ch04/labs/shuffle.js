// Self-attention over words that change places: rows, columns and outputs permute along, unless positions are added.
import SHUFFLE_CSS from "./shuffle.css";
import { fmt, h, legible, mix, paper, rgb, softmax } from "../../../course_utils/views/core.js";
import { encode, frequencies } from "./sines.js";

export function shuffle(ui) {
  const { spec, state, unit, arrays } = ui,
    { names, size: D } = spec,
    T = names.length,
    SAME = 1e-9,
    first = names.map((_, i) => i);
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const matrix = (array, rows) =>
    Array.from({ length: rows }, (_, r) =>
      Array.from(array.subarray((r * array.length) / rows, ((r + 1) * array.length) / rows)),
    );
  const X = matrix(arrays.x, T),
    maps = Object.fromEntries(["query", "key", "value"].map((n) => [n, arrays[n] ? matrix(arrays[n], D) : null]));
  const times = (a, b) => (b ? a.map((row) => b[0].map((_, e) => row.reduce((sum, x, d) => sum + x * b[d][e], 0))) : a);
  const mean = (rows) => rows[0].map((_, e) => rows.reduce((a, r) => a + r[e], 0) / rows.length),
    far = (a, b) => Math.hypot(...a.map((x, i) => x - b[i]));

  function attend(order) {
    const omegas = state.positions ? frequencies(D) : null,
      x = order.map((w, s) => (omegas ? encode(s, omegas).map((p, d) => p + X[w][d]) : X[w]));
    const [q, k, v] = ["query", "key", "value"].map((n) => times(x, maps[n]));
    const weights = q.map((a) =>
      softmax(k.map((b) => a.reduce((sum, y, e) => sum + y * b[e], 0) / Math.sqrt(a.length))),
    );
    return { weights, outputs: times(weights, v) };
  }
  function compute() {
    const now = attend(state.order),
      before = attend(first),
      change = [];
    state.order.forEach((w, s) => (change[w] = far(now.outputs[s], before.outputs[w])));
    const pooled = mean(now.outputs),
      drift = far(pooled, mean(before.outputs));
    return { ...now, mean: pooled, change, drift, equivariant: Math.max(...change) < SAME, invariant: drift < SAME };
  }

  // ---- words that can be picked and moved: buttons, keys, pointer
  const canvas = h("canvas", { role: "img", "aria-label": "attention weights and outputs" }),
    say = h("div", { class: "say", role: "status", "data-testid": "readout" });
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
    const to = Math.max(0, Math.min(T - 1, slot)),
      order = state.order.filter((w) => w !== word);
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
  let wants = false,
    shown = "",
    places = null,
    time = 0;
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
      const order = [...state.order];
      do
        for (let i = T - 1; i > 0; i--) {
          const j = Math.floor(Math.random() * (i + 1));
          [order[i], order[j]] = [order[j], order[i]];
        }
      while (order.every((w, s) => w === state.order[s]));
      reorder(order);
    },
  });
  ui.body.append(line, canvas);
  ui.below.append(say);
  const css = h("style");
  css.textContent = SHUFFLE_CSS;
  ui.root.append(css);

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
  // rows glide to their new places; the numbers are the new ones at once
  function glide() {
    const target = first.map((w) => state.order.indexOf(w)),
      now = performance.now(),
      share = 1 - Math.exp(-Math.min(now - time, 50) / 70);
    time = now;
    places =
      !places || still()
        ? target
        : places.map((p, w) => (Math.abs(target[w] - p) < 0.01 ? target[w] : p + (target[w] - p) * share));
    if (places.some((p, w) => p !== target[w])) ui.set({});
  }
  const short = (w) => (w >= 0.995 ? "1" : w < 0.005 ? "0" : w.toFixed(2).slice(1));
  return {
    paint(width, narrow) {
      const { theme } = ui,
        made = compute(),
        wide = Math.min(width, 900 * unit),
        E = made.mean.length,
        c = canvas.getContext("2d");
      sentence();
      glide();
      c.font = ui.font(13, 600);
      const widest = Math.min(
          110 * unit,
          Math.max(...names.map((n) => c.measureText(n).width), c.measureText("mean").width),
        ),
        left = widest + 12 * unit,
        gap = (narrow ? 16 : 40) * unit,
        tail = 58 * unit;
      const fits = (columns) =>
          Math.floor(
            Math.min(34 * unit, (340 * ui.tall) / T, (wide - left - tail - (columns > T ? gap : 0)) / columns),
          ),
        beside = fits(T + 0.62 * E),
        stack = beside < 22 * unit;
      const cell = stack ? Math.min(fits(T), 30 * unit) : beside,
        bit = stack ? Math.min(cell, (wide - left - tail) / E) : cell * 0.62,
        top = 22 * unit + widest * 0.71;
      // outputs on the rows of their words, or below the matrix where there is no room beside it
      const out = stack ? left : left + T * cell + gap,
        down = stack ? T * cell + 34 * unit : 0,
        foot = top + down + T * cell + 12 * unit,
        right = Math.max(out + E * bit + tail, left + T * cell + widest * 0.71);
      const g = paper(canvas, Math.min(right, width), foot + cell + 4 * unit),
        reach = Math.max(...made.outputs.flat().map(Math.abs), 1e-9),
        at = (w) => places[w];
      const tint = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)),
        purple = tint(theme.output);
      g.textBaseline = "middle";
      const fit = (t, room) => {
        while (t.length > 2 && g.measureText(t).width > room) t = `${t.slice(0, -2)}…`;
        return t;
      };
      const row = (numbers, y) =>
        numbers.forEach((v, e) => {
          g.fillStyle = rgb(mix(theme.paper, v < 0 ? theme.plus : purple, (0.9 * Math.abs(v)) / reach));
          g.fillRect(out + e * bit, y, bit - 1, cell - 2);
        });
      const label = (y, changed) => {
        g.textAlign = "left";
        g.font = ui.font(11.5, changed < SAME ? 400 : 700);
        g.fillStyle = changed < SAME ? theme.quiet : rgb(theme.minus);
        g.fillText(changed < SAME ? "same" : `Δ ${fmt(changed, 2)}`, out + E * bit + 7 * unit, y);
      };
      state.order.forEach((w, s) => {
        const y = top + at(w) * cell,
          picked = w === state.word;
        state.order.forEach((u, r) => {
          const weight = made.weights[s][r],
            colour = mix(theme.paper, theme.ink, weight),
            x = left + at(u) * cell;
          g.fillStyle = rgb(colour);
          g.fillRect(x, y, cell - 2, cell - 2);
          if (cell >= 25 * unit) {
            g.font = ui.font(11);
            g.textAlign = "center";
            g.fillStyle = legible(colour);
            g.fillText(short(weight), x + cell / 2 - 1, y + cell / 2);
          }
        });
        row(made.outputs[s], y + down);
        label(y + down + cell / 2, made.change[w]);
        g.font = ui.font(Math.min(13, (0.8 * cell) / unit), picked ? 700 : 400);
        g.textAlign = "right";
        g.fillStyle = picked ? theme.query : theme.text;
        g.fillText(fit(names[w], widest), left - 8 * unit, y + cell / 2 - 1);
        if (down) {
          g.fillStyle = picked ? theme.output : theme.text;
          g.fillText(fit(names[w], widest), left - 8 * unit, y + down + cell / 2 - 1);
        }
        g.save();
        g.translate(left + (at(w) + 0.42) * cell, top - 8 * unit);
        g.rotate(-Math.PI / 4);
        g.textAlign = "left";
        g.fillStyle = picked ? theme.key : theme.text;
        g.fillText(fit(names[w], widest), 0, 0);
        g.restore();
      });
      // the picked word: its row, its column, its output
      const here = at(state.word) * cell;
      g.lineWidth = 2 * unit;
      g.strokeStyle = theme.query;
      g.strokeRect(left - 1, top + here - 1, T * cell, cell);
      g.strokeStyle = theme.key;
      g.strokeRect(left + here - 1, top - 1, cell, T * cell);
      g.strokeStyle = theme.output;
      g.strokeRect(out - 2, top + down + here - 1, E * bit + 2, cell);
      row(made.mean, foot);
      label(foot + cell / 2, made.drift);
      g.font = ui.font(13, 600);
      g.fillStyle = theme.output;
      g.textAlign = "right";
      g.fillText("mean", out - 8 * unit, foot + cell / 2);
      g.textAlign = "left";
      g.textBaseline = "bottom";
      g.fillText("outputs", out, top + down - 7 * unit);
      const away = state.order.some((w, s) => w !== s),
        most = made.change.indexOf(Math.max(...made.change));
      canvas.setAttribute(
        "aria-label",
        `Attention weights and outputs of ${T} words in the order: ${state.order.map((w) => names[w]).join(" ")}`,
      );
      say.replaceChildren(
        h(
          "div",
          {},
          state.positions ? "With positions. " : "Without positions. ",
          h(
            "span",
            { class: "quiet" },
            away ? `At first: ${names.join(" ")}` : "The words stand as at first: nothing to compare yet.",
          ),
        ),
        h(
          "div",
          {},
          ...(!away
            ? [h("span", { class: "quiet" }, "Move a word.")]
            : made.equivariant
              ? ["Each output moved with its word and did not change: ", h("b", {}, "equivariant"), "."]
              : [
                  "The outputs changed: ",
                  h("b", {}, "not equivariant"),
                  `. “${names[most]}” differs most, by ${fmt(made.change[most], 2)}.`,
                ]),
        ),
        h(
          "div",
          {},
          ...(!away
            ? [""]
            : made.invariant
              ? ["Their mean stayed: ", h("b", {}, "invariant"), "."]
              : ["Their mean moved by ", h("b", {}, fmt(made.drift, 2)), ": not invariant."]),
        ),
      );
    },
    table() {
      const made = compute(),
        f = (x) => fmt(x),
        o = state.order,
        outputs = made.mean.map((_, e) => `output ${e + 1}`);
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
