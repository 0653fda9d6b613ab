// The scoring lab: one query, a few keys, two scores side by side: score → scale → mask → softmax → context.
import SCORING_CSS from "./scoring.css";
import { fmt, h, legible, mix, paper, percent, pointed, rgb, softmax } from "../../../course_utils/views/core.js";
import { SCORE } from "./scores.js";

const STEPS = ["score", "scaled", "masked", "weights", "context"];

export function scoring(ui) {
  const { spec, state, unit, arrays } = ui,
    names = spec.names,
    K = names.length,
    D = spec.dims,
    plane = D === 2;
  const canvas = plane
    ? h("canvas", { role: "img", "aria-label": spec.words, style: "cursor:grab;touch-action:none" })
    : null;
  const slots = { a: h("div", { "data-testid": "slot-a" }), b: h("div", { "data-testid": "slot-b" }) };
  const say = h("div", {
    class: "say",
    role: "status",
    "data-testid": "readout",
    style: "margin-top:.6em;min-height:2.8em",
  });
  const parameters = Object.fromEntries(
    spec.scores.map((s) => [
      s,
      Object.fromEntries(
        Object.keys(arrays)
          .filter((n) => n.startsWith(`${s}/`))
          .map((n) => [n.slice(s.length + 1), arrays[n]]),
      ),
    ]),
  );
  const key = (i) => state.key_vectors.slice(i * D, (i + 1) * D),
    round = (x) => Math.round(x * 20) / 20;
  let held = null,
    place = null;

  // ---- the numbers of one slot, step by step
  function steps(name) {
    const score = names.map((_, i) => SCORE[name](state.query, key(i), parameters[name], i));
    const by = (name === "scaled_dot" ? Math.sqrt(D) : 1) * state.temperature,
      scaled = score.map((s) => s / by);
    const masked = scaled.map((s, i) => (state.mask[i] ? s : -Infinity)),
      weights = softmax(masked);
    const value = (i) =>
      arrays.values ? Array.from(arrays.values.subarray(i * spec.value_dims, (i + 1) * spec.value_dims)) : key(i);
    const context = Array.from(value(0), (_, j) => weights.reduce((sum, w, i) => sum + w * value(i)[j], 0));
    return { score, scaled, masked, weights, context, by };
  }

  // ---- vectors as numbers
  const entry = (name, role, read, write) =>
    h(
      "tr",
      {},
      h("th", { scope: "row", class: role }, name),
      ...Array.from({ length: D }, (_, j) => {
        const input = h("input", {
          type: "number",
          step: 0.05,
          "aria-label": `${name}, feature ${j + 1}`,
          "data-control": `${role}-number`,
          oninput: () => Number.isFinite(input.valueAsNumber) && write(j, input.valueAsNumber, false),
          onchange: () => Number.isFinite(input.valueAsNumber) && write(j, input.valueAsNumber, true),
        });
        fields.push(() => ui.root.activeElement !== input && (input.value = +read(j).toFixed(3)));
        return h("td", {}, input);
      }),
    );
  const fields = [],
    set = (list, at, x) => list.map((v, i) => (i === at ? x : v));
  const numbers = h(
    "table",
    { class: "vectors" },
    h(
      "tbody",
      {},
      entry(
        spec.query_name,
        "query",
        (j) => state.query[j],
        (j, x, done) => ui.set({ query: set(state.query, j, x) }, done),
      ),
      ...names.map((n, i) =>
        entry(
          n,
          "key",
          (j) => state.key_vectors[i * D + j],
          (j, x, done) => ui.set({ key_vectors: set(state.key_vectors, i * D + j, x) }, done),
        ),
      ),
    ),
  );
  ui.body.append(
    ...(plane ? [canvas, h("details", { class: "more" }, h("summary", {}, "vectors as numbers"), numbers)] : [numbers]),
  );
  ui.side.append(slots.a, slots.b);
  ui.side.style.maxWidth = "none";
  ui.below.append(say);

  // ---- the plane: drag the tip of an arrow
  if (plane) {
    const tips = () => [state.query, ...names.map((_, i) => key(i))];
    const point = (e) => pointed(e, canvas);
    canvas.onpointerdown = (e) => {
      const [x, y] = point(e),
        far = tips().map(([a, b]) => Math.hypot(place.x(a) - x, place.y(b) - y)),
        best = far.indexOf(Math.min(...far));
      if (far[best] < 26 * unit) {
        held = best;
        canvas.setPointerCapture(e.pointerId);
        canvas.style.cursor = "grabbing";
      }
    };
    const move = (e, done) => {
      if (held === null) return;
      const edge = spec.reach,
        [x, y] = point(e).map((p, i) => Math.max(-edge, Math.min(edge, round(i ? place.fromY(p) : place.fromX(p)))));
      ui.set(
        held ? { key_vectors: set(set(state.key_vectors, 2 * held - 2, x), 2 * held - 1, y) } : { query: [x, y] },
        done,
      );
    };
    canvas.onpointermove = (e) => move(e, false);
    canvas.onpointerup = (e) => {
      move(e, true);
      held = null;
      canvas.style.cursor = "grab";
    };
  }
  function drawPlane(side, made) {
    const c = paper(canvas, side, side),
      { theme } = ui,
      middle = side / 2,
      one = (side / 2 - 14 * unit) / spec.reach;
    place = {
      x: (a) => middle + a * one,
      y: (b) => middle - b * one,
      fromX: (p) => (p - middle) / one,
      fromY: (p) => (middle - p) / one,
    };
    c.strokeStyle = theme.line;
    c.lineWidth = 1;
    for (let t = -Math.floor(spec.reach); t <= spec.reach; t++) {
      c.globalAlpha = t ? 0.55 : 1;
      c.beginPath();
      c.moveTo(place.x(t), 0);
      c.lineTo(place.x(t), side);
      c.moveTo(0, place.y(t));
      c.lineTo(side, place.y(t));
      c.stroke();
    }
    c.globalAlpha = 1;
    const arrow = ([a, b], colour, width, text, dash = []) => {
      const x = place.x(a),
        y = place.y(b),
        turn = Math.atan2(y - middle, x - middle),
        n = Math.hypot(x - middle, y - middle);
      c.strokeStyle = c.fillStyle = colour;
      c.lineWidth = width;
      c.setLineDash(dash);
      c.beginPath();
      c.moveTo(middle, middle);
      c.lineTo(x, y);
      c.stroke();
      c.setLineDash([]);
      if (n > 6) {
        c.beginPath();
        c.moveTo(x, y);
        for (const s of [2.6, -2.6]) c.lineTo(x + 9 * unit * Math.cos(turn + s), y + 9 * unit * Math.sin(turn + s));
        c.fill();
      } else {
        c.beginPath();
        c.arc(x, y, 4, 0, 7);
        c.fill();
      }
      c.font = ui.font(12, 600);
      c.textAlign = a > spec.reach * 0.6 ? "right" : "left";
      c.textBaseline = b >= 0 ? "bottom" : "top";
      c.fillText(text, x + (a > spec.reach * 0.6 ? -7 : 7) * unit, y + (b >= 0 ? -4 : 4) * unit);
    };
    names.forEach((n, i) => {
      c.globalAlpha = state.mask[i] ? 1 : 0.35;
      arrow(key(i), theme.key, 1.8 * unit, n);
      c.globalAlpha = 1;
    });
    if (state.step >= 5 && made.a.context.length === 2)
      for (const s of ["b", "a"]) {
        const [a, b] = made[s].context,
          x = place.x(a),
          y = place.y(b),
          r = 6 * unit;
        c.strokeStyle = c.fillStyle = theme.output;
        c.lineWidth = 2 * unit;
        c.beginPath();
        if (s === "a") {
          c.arc(x, y, r, 0, 7);
          c.fill();
        } else {
          c.rect(x - r, y - r, 2 * r, 2 * r);
          c.stroke();
        }
        c.font = ui.font(11, 700);
        c.textAlign = "center";
        c.textBaseline = "middle";
        c.fillStyle = s === "a" ? rgb(theme.paper) : theme.output;
        c.fillText(s.toUpperCase(), x, y + 0.5);
      }
    arrow(state.query, theme.query, 3 * unit, spec.query_name);
  }

  // ---- one slot: five rows, each a small heatmap with its numbers
  function fillSlot(slot, made) {
    const { theme } = ui,
      name = state[slot],
      about = spec.about[name];
    const reach = Math.max(...made.score.map(Math.abs), ...made.scaled.map(Math.abs), 1e-9);
    const cell = (x, step, i) => {
      if (x === -Infinity || (step === "weights" && !state.mask[i]))
        return h("td", { class: "hatched", style: `--h:${theme.hatch}` }, h("span", { class: "hidden" }, "masked"));
      const ground =
        step === "weights"
          ? mix(theme.paper, theme.ink, x)
          : mix(theme.paper, x < 0 ? theme.minus : theme.plus, (0.85 * Math.abs(x)) / reach);
      return h("td", { style: `background:${rgb(ground)};color:${legible(ground, theme)}` }, fmt(x, 3));
    };
    const label = {
      score: name === "scaled_dot" ? "q·k" : about.equation,
      scaled: name === "scaled_dot" ? `÷ √${D}${state.temperature === 1 ? "" : " ÷ t"}` : "÷ t",
      masked: "mask",
      weights: "softmax",
    };
    // a step that changes nothing has no row; the context is no number of a key, and stands below the table
    const idle = { scaled: made.by === 1, masked: state.mask.every(Boolean) };
    const later = (step) => (STEPS.indexOf(step) < state.step ? {} : { class: "later", "aria-hidden": "true" });
    const rows = STEPS.slice(0, 4)
      .filter((step) => !idle[step])
      .map((step) =>
        h("tr", later(step), h("th", { scope: "row" }, label[step]), ...made[step].map((x, i) => cell(x, step, i))),
      );
    const context = h(
      "div",
      later("context"),
      h("span", { class: "quiet" }, `context Σ α v, a vector of ${made.context.length} numbers: `),
      h("b", { class: "output" }, `(${made.context.map((x) => fmt(x)).join(", ")})`),
    );
    slots[slot].replaceChildren(
      h(
        "div",
        { class: "slot" },
        h("b", {}, `${slot.toUpperCase()} · ${spec.words_of[name] ?? name}`),
        h(
          "span",
          { class: "quiet about" },
          ` ${about.reference} · ${about.parameters} parameters, ${about.pair} ` +
            `multiply–adds a pair${about.task ? ` · ${about.task}` : ""}`,
        ),
      ),
      h(
        "table",
        { class: "strip" },
        h("thead", {}, h("tr", {}, h("td"), ...names.map((n) => h("th", { scope: "col", class: "key" }, n)))),
        h("tbody", {}, ...rows),
      ),
      context,
    );
  }
  const css = h("style");
  css.textContent = SCORING_CSS;
  ui.root.append(css);

  const both = () => ({ a: steps(state.a), b: steps(state.b) });
  return {
    paint(width, narrow) {
      const made = both();
      if (plane) drawPlane(Math.min(narrow ? width : width * 0.34, 300 * unit), made);
      fields.forEach((f) => f());
      fillSlot("a", made.a);
      fillSlot("b", made.b);
      const word = (s) => {
        const w = made[s].weights,
          most = Math.max(...w),
          tops = names.filter((_, i) => most - w[i] < 1e-9);
        if (!most) return ["nobody: all is masked"];
        const said = tops.flatMap((name, i) => [
          i ? (i < tops.length - 1 ? ", " : " and ") : "",
          h("b", { class: "key" }, name),
        ]);
        return [...said, ` with ${percent(most)}${tops.length > 1 ? " each" : ""}`];
      };
      say.replaceChildren(
        h("div", {}, "A attends most to ", ...word("a"), "; B to ", ...word("b"), "."),
        h(
          "div",
          { class: "quiet" },
          `Share of weight that A and B give to different keys: ` +
            `${percent(made.a.weights.reduce((s, w, i) => s + Math.abs(w - made.b.weights[i]), 0) / 2)}.`,
        ),
      );
    },
    table() {
      const made = both(),
        row = (s) =>
          STEPS.slice(0, 4).map((step) => [
            `${s.toUpperCase()} ${step}`,
            ...made[s][step].map((x) =>
              x === -Infinity || (step === "weights" && !state.mask[made[s][step].indexOf(x)] && x === 0)
                ? "masked"
                : fmt(x),
            ),
          ]);
      return {
        header: ["", ...names],
        rows: [
          ...row("a"),
          ["A context", made.a.context.map((x) => fmt(x)).join(" ")],
          ...row("b"),
          ["B context", made.b.context.map((x) => fmt(x)).join(" ")],
        ],
      };
    },
    numbers: both,
  };
}
