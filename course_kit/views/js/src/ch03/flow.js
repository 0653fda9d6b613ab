// Two ways from a sentence to its translation: one vector handed over once, or a new weighted mean for every word.
import { h, pointed } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { fmt, percent } from "../shared/numbers.js";
import { stepper } from "../shared/stepper.js";
import { inked, legible, mix, rgb } from "../shared/theme.js";
import FLOW_CSS from "./flow.css";

export function flow(ui) {
  const { spec, state, unit, arrays } = ui;
  const { source, tokens, dims: D } = spec;
  const S = source.length;
  const T = Math.max(tokens.plain.length, tokens.attention.length);
  const C = Math.max(S, T);
  const at = (side) =>
    Math.min(hover?.side === side && hover.row === "contexts" ? hover.i : state.step - 1, tokens[side].length - 1);
  const weights = (t) => arrays.weights.subarray(t * S, (t + 1) * S);
  const part = (array, i) => array.subarray(i * D, (i + 1) * D);
  const states = { plain: arrays.plain_states ?? arrays.states, attention: arrays.states };
  function mean(t) {
    // Σ α h: the states, weighted
    const out = new Float64Array(D);
    weights(t).forEach((w, s) => part(arrays.states, s).forEach((x, d) => (out[d] += w * x)));
    return out;
  }
  const contexts = {
    plain: tokens.plain.map(() => arrays.plain_context),
    attention: tokens.attention.map((_, t) => mean(t)),
  };
  const reach = Object.fromEntries(
    ["plain", "attention"].map((side) => [
      side,
      Math.max(...states[side].map(Math.abs), ...contexts[side].flatMap((x) => Array.from(x, Math.abs)), 1e-9),
    ]),
  );
  let hover = null;

  const canvas = (side) => {
    const c = h("canvas", { "aria-hidden": "true" });
    c.onpointermove = (e) => {
      const found = under(side, e);
      if (JSON.stringify(found) !== JSON.stringify(hover)) {
        hover = found;
        ui.set({});
      }
    };
    c.onpointerleave = () => {
      hover = null;
      ui.set({});
    };
    c.onclick = (e) => {
      const found = under(side, e);
      if (found?.row === "contexts") (steps.stop(), go(found.i + 1));
    };
    return c;
  };
  const go = (n) => {
    hover = null;
    ui.set({ step: n }, true);
  };
  const steps = stepper({ now: () => state.step, last: () => T, go, first: 1, pace: 1100 });
  const canvases = { plain: canvas("plain"), attention: canvas("attention") };
  const places = {};
  const panels = h(
    "div",
    {
      class: "panels",
      role: "group",
      tabindex: 0,
      "data-testid": "picture",
      "aria-label": "data flow without and with attention; arrow keys left and right: word by word",
      onkeydown: steps.keys,
    },
    ...["plain", "attention"].map((side) =>
      h(
        "div",
        {},
        h(
          "div",
          { class: "panel" },
          h("b", {}, spec.names[side]),
          spec.presenting ? null : h("span", { class: "quiet" }, ` ${spec.notes[side]}`),
        ),
        canvases[side],
      ),
    ),
  );
  const said = h("div", { class: "say", role: "status", "data-testid": "readout" });
  const sign = (side, words) => h("span", {}, h("i", { class: side, "aria-hidden": "true" }), words);
  ui.body.append(
    h("div", { class: "signs" }, `A column: ${D} numbers,`, sign("below0", "below 0"), sign("above0", "above 0")),
    panels,
  );
  ui.below.append(said);
  ui.body.parentElement.nextElementSibling.prepend(steps.row);

  // ---- the picture: words, states, weights, what is handed over, contexts, words
  function layout(width) {
    const c = canvases.plain.getContext("2d");
    const long = (words) => Math.min(100 * unit, Math.max(...words.map((w) => c.measureText(w).width)) + 4);
    c.font = ui.font(13, 700);
    const above = long(source);
    const below = long([...tokens.plain, ...tokens.attention]);
    const cell = (D <= 8 ? 9 : 6) * ui.tall;
    const left = 64 * unit;
    const size = Math.max(9 * unit, Math.min(48 * unit, (width - left - above * 0.71) / C));
    const tall = D * cell;
    const top = above * 0.71 + 18 * unit;
    const row = top + tall + 7 * unit;
    const middle = row + 19 * unit;
    const bottom = middle + Math.max(tall + 26 * ui.tall, 92 * ui.tall);
    return {
      size,
      cell,
      left,
      tall,
      top,
      row,
      middle,
      bottom,
      above,
      below,
      height: Math.ceil(bottom + tall + below * 0.71 + 18 * unit),
      width: Math.ceil(Math.min(width, left + C * size + above * 0.71)),
      source: (s) => left + (s + 0.5 + (C - S) / 2) * size,
      target: (t, n) => left + (t + 0.5 + (C - n) / 2) * size,
    };
  }
  function column(c, g, vector, x, y, role, most, strong = true) {
    const half = g.size / 2 - 1.5;
    c.fillStyle = ui.theme.hatch;
    c.fillRect(x - 0.5, y, 1, g.tall);
    c.fillStyle = ui.theme[role];
    c.globalAlpha = strong ? 1 : 0.45;
    vector.forEach((v, d) => {
      const w = (half * v) / most;
      c.fillRect(Math.min(x, x + w), y + d * g.cell + 0.5, Math.max(Math.abs(w), 0.5), g.cell - 1);
    });
    c.globalAlpha = 1;
    if (strong) {
      c.strokeStyle = ui.theme[role];
      c.lineWidth = 1;
      c.strokeRect(x - half - 0.5, y - 1.5, 2 * half + 1, g.tall + 3);
    }
  }
  function curve(c, x0, y0, x1, y1, colour, thick) {
    const bend = (y1 - y0) / 2;
    c.strokeStyle = colour;
    c.lineWidth = thick;
    c.lineCap = "round";
    c.beginPath();
    c.moveTo(x0, y0);
    c.bezierCurveTo(x0, y0 + bend, x1, y1 - bend, x1, y1);
    c.stroke();
  }
  function draw(side, g) {
    const c = paper(canvases[side], g.width, g.height);
    const { theme } = ui;
    const now = at(side);
    const n = tokens[side].length;
    const written = Math.min(state.step, n);
    const most = reach[side];
    const attends = side === "attention";
    const lit = hover?.side === side ? hover : {};
    const w = attends ? weights(now) : null;
    const from = attends ? [] : spec.from;
    const box = { x: g.left + (C * g.size) / 2, y: (g.row + g.bottom - g.tall) / 2 };
    const fit = (t, room) => {
      while (t.length > 2 && c.measureText(t).width > room) t = `${t.slice(0, -2)}…`;
      return t;
    };
    const words = (list, place, y, on, role, align) =>
      list.forEach((t, i) => {
        c.save();
        c.translate(place(i), y);
        c.rotate(-Math.PI / 4);
        c.font = ui.font(Math.min(12.5, (0.78 * g.size) / unit), on(i) ? 700 : 400);
        c.fillStyle = on(i) ? theme[role] : theme.text;
        c.textAlign = align;
        c.textBaseline = "middle";
        c.fillText(fit(t, 100 * unit), 0, 0);
        c.restore();
      });
    c.font = ui.font(12);
    c.fillStyle = theme.quiet;
    c.textAlign = "right";
    c.textBaseline = "middle";
    c.fillText("states", g.left - 8 * unit, g.top + g.tall / 2);
    c.fillText("context", g.left - 8 * unit, g.bottom + g.tall / 2);
    if (attends) c.fillText("weights", g.left - 8 * unit, g.row + 8 * unit);
    for (let s = 0; s < S; s++)
      column(c, g, part(states[side], s), g.source(s), g.top, "value", most, attends ? w[s] >= 0.1 : from.includes(s));
    words(
      source,
      g.source,
      g.top - 9 * unit,
      (s) => (attends ? w[s] >= 0.1 : from.includes(s)) || (lit.row !== "contexts" && lit.i === s),
      "key",
      "left",
    );
    if (attends)
      for (let s = 0; s < S; s++) {
        // ink cells, and lines as thick as the weight
        const x = g.source(s);
        const colour = inked(theme, w[s]);
        const side = g.size - 2;
        if (w[s] > 0.004)
          curve(
            c,
            x,
            g.row + 17 * unit,
            g.target(now, n),
            g.bottom - 4,
            rgb(mix(theme.paper, theme.ink, 0.12 + 0.75 * w[s])),
            Math.max(0.7, 9 * unit * w[s]),
          );
        c.fillStyle = rgb(colour);
        c.fillRect(x - side / 2, g.row, side, 17 * unit);
        if (g.size >= 23 * unit && w[s] >= 0.05) {
          c.font = ui.font(10.5);
          c.fillStyle = legible(colour);
          c.textAlign = "center";
          c.fillText(w[s] >= 0.995 ? "1" : w[s].toFixed(2).slice(1), x, g.row + 9 * unit);
        }
      }
    else {
      for (const s of from) curve(c, g.source(s), g.top + g.tall + 4, box.x, box.y - 4, theme.quiet, 2 * unit);
      for (let t = 0; t < written; t++)
        if (t !== now) curve(c, box.x, box.y + g.tall + 4, g.target(t, n), g.bottom - 4, theme.line, 1.2 * unit);
      curve(c, box.x, box.y + g.tall + 4, g.target(now, n), g.bottom - 4, theme.quiet, 3 * unit);
      column(c, g, arrays.plain_context, box.x, box.y, "output", most);
      c.font = ui.font(12);
      c.fillStyle = theme.output;
      c.textAlign = "left";
      c.fillText("one vector for all", box.x + g.size / 2 + 6 * unit, box.y + g.tall / 2);
    }
    contexts[side]
      .slice(0, written)
      .forEach((v, t) => column(c, g, v, g.target(t, n), g.bottom, "output", most, t === now));
    words(
      tokens[side].slice(0, written),
      (t) => g.target(t, n),
      g.bottom + g.tall + 10 * unit,
      (t) => t === now,
      attends ? "query" : "text",
      "right",
    );
    places[side] = { ...g, n, written, box };
  }
  function under(side, e) {
    const g = places[side];
    const [x, y] = pointed(e, canvases[side]);
    const near = (place, count) => {
      const i = Math.round((x - place(0)) / g.size);
      return i >= 0 && i < count ? i : -1;
    };
    const feature = (from) => Math.max(0, Math.min(D - 1, Math.floor((y - from) / g.cell)));
    const found = (row, i, d = null) => (i < 0 ? null : { side, row, i, d });
    if (y < g.top + g.tall + 3) return found("states", near(g.source, S), y < g.top ? null : feature(g.top));
    if (y > g.bottom - 6)
      return found(
        "contexts",
        near((t) => g.target(t, g.n), g.written),
        y > g.bottom + g.tall ? null : feature(g.bottom),
      );
    if (side === "attention") return y < g.middle ? found("weights", near(g.source, S)) : null;
    return Math.abs(x - g.box.x) < g.size && y > g.box.y && y < g.box.y + g.tall
      ? found("vector", 0, feature(g.box.y))
      : null;
  }

  function say() {
    const t = at("attention");
    const p = at("plain");
    const w = Array.from(weights(t));
    const top = w
      .map((x, s) => [x, s])
      .sort((a, b) => b[0] - a[0])
      .filter(([x], i) => i < 3 && x >= 0.05);
    const q = (x) => `“${x}”`;
    const effective = 1 / w.reduce((a, x) => a + x * x, 0);
    const all = (v) => Array.from(v, (x) => fmt(x, 2)).join("  ");
    let numbers = "Choose a column or a weight to read its numbers.";
    if (hover) {
      const { side, row, i, d } = hover;
      const v = row === "states" ? part(states[side], i) : row === "vector" ? arrays.plain_context : contexts[side][i];
      const of =
        row === "states"
          ? `state of ${q(source[i])}`
          : row === "vector" || side === "plain"
            ? "the one vector"
            : `context for ${q(tokens[side][i])}`;
      numbers =
        row === "weights"
          ? `weight of ${q(source[i])}: ${fmt(w[i])}`
          : d === null
            ? `${of}: ${all(v)}`
            : `${of}, feature ${d + 1} of ${D}: ${fmt(v[d])}`;
    }
    said.replaceChildren(
      h(
        "div",
        {},
        "With attention, “",
        h("b", { class: "query" }, tokens.attention[t]),
        "” reads ",
        ...top.flatMap(([x, s], i) => [i ? ", " : "", `${percent(x)} “`, h("b", { class: "key" }, source[s]), "”"]),
        `: ${effective.toFixed(1)} of ${S} words (effective number).`,
      ),
      h(
        "div",
        {},
        "Without, “",
        h("b", {}, tokens.plain[p]),
        `” reads the same ${D} ${D === 1 ? "number" : "numbers"} as every other word.`,
      ),
      h("div", { class: "quiet", "data-testid": "numbers" }, numbers),
    );
  }
  ui.style(FLOW_CSS);

  return {
    paint(width, narrow) {
      const half = (width - 20 * unit) / 2;
      const pair = !narrow && (half - 64 * unit - 60 * unit) / C >= 11 * unit;
      const g = layout(pair ? half : width);
      for (const side of ["plain", "attention"]) {
        draw(side, g);
        canvases[side].parentElement.style.width = `${pair ? half : g.width}px`;
      }
      say();
      steps.sync();
    },
    table() {
      const t = at("attention");
      const f = (x) => fmt(x);
      return {
        header: ["feature", "one vector", `context for “${tokens.attention[t]}”`, ...source],
        rows: [
          ["weight", "", "", ...Array.from(weights(t), f)],
          ...Array.from({ length: D }, (_, d) => [
            String(d + 1),
            f(arrays.plain_context[d]),
            f(contexts.attention[t][d]),
            ...source.map((_, s) => f(arrays.states[s * D + d])),
          ]),
        ],
      };
    },
    numbers: () => ({
      contexts: contexts.attention.map((v) => Array.from(v)),
      plain: contexts.plain.map((v) => Array.from(v)),
    }),
    // A sentence of the reader's own: what both models read, then a context more with each word.
    answer({ models, source, ids, write }) {
      const cut = (x) =>
        Float32Array.from(
          Array.from({ length: x.rows }, (_, i) => [...x.row(i).subarray(...spec.own.features)]).flat(),
        );
      const [attends, plain] = models.map((it) => it.model.start(ids));
      const given = { states: cut(attends.states), plain_states: cut(plain.states), plain_context: cut(plain.summary) };
      let others = [];
      for (others of write(models[1], (words) => words));
      return write(models[0], (words, rows) => ({
        spec: {
          source,
          tokens: { plain: others, attention: words },
          from: spec.own.from.map((i) => (i + source.length) % source.length),
          controls: [
            {
              ...spec.controls[0],
              values: [...Array(Math.max(others.length, words.length)).keys()].map((i) => i + 1),
            },
          ],
          state: { step: words.length },
        },
        arrays: { ...given, weights: Float32Array.from(rows.flat()) },
      }));
    },
  };
}
