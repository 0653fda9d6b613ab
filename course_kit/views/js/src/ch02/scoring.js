// The scoring lab: one query, a few keys, two scores in one table: score → scale → mask → softmax → context.
import { h } from "../shared/dom.js";
import { fmt, percent, softmax } from "../shared/numbers.js";
import { inked, legible, mix, rgb } from "../shared/theme.js";
import SCORING_CSS from "./scoring.css";
import { plane } from "./plane.js";
import { SCORE } from "./scores.js";

const STEPS = ["score", "scaled", "masked", "weights", "context"];

export function scoring(ui) {
  const { spec, state, unit, arrays } = ui;
  const { names, dims: D } = spec;
  const K = names.length;
  const flat = D === 2;
  const say = h("div", {
    class: "say",
    role: "status",
    "data-testid": "readout",
    style: "margin-top:.6em;min-height:2.8em",
  });
  const parameters = {};
  for (const name in arrays) {
    const [score, part] = name.split("/");
    (parameters[score] ??= {})[part?.replace(/\.weight|\.(b)ias/, "$1")] = arrays[name];
  }
  const key = (i) => state.key_vectors.slice(i * D, (i + 1) * D);

  // ---- the numbers of one slot, step by step
  function steps(name) {
    const score = names.map((_, i) => SCORE[name](state.query, key(i), parameters[name], i));
    const by = (name === "scaled_dot" ? Math.sqrt(D) : 1) * state.temperature;
    const scaled = score.map((s) => s / by);
    const masked = scaled.map((s, i) => (state.mask[i] ? s : -Infinity));
    const weights = softmax(masked);
    const value = (i) => (arrays.values ? arrays.values.slice(i * spec.value_dims, (i + 1) * spec.value_dims) : key(i));
    const context = Array.from(value(0), (_, j) => weights.reduce((sum, w, i) => sum + w * value(i)[j], 0));
    return { score, scaled, masked, weights, context, by };
  }

  // ---- vectors as numbers, each in a field of its own
  const fields = [];
  const set = (list, at, x) => list.map((v, i) => (i === at ? x : v));
  const write = (i, j, x, done) =>
    Number.isFinite(x) &&
    ui.set(i ? { key_vectors: set(state.key_vectors, (i - 1) * D + j, x) } : { query: set(state.query, j, x) }, done);
  const vectors = [spec.query_name, ...names]; // the query, then the keys
  function field(i, j) {
    const input = h("input", {
      type: "number",
      step: 0.05,
      "aria-label": `${vectors[i]}, feature ${j + 1}`,
      "data-control": `${i ? "key" : "query"}-number`,
      oninput: () => write(i, j, input.valueAsNumber, false),
      onchange: () => write(i, j, input.valueAsNumber, true),
    });
    fields.push(
      () =>
        ui.root.activeElement !== input &&
        (input.value = +(i ? state.key_vectors[(i - 1) * D + j] : state.query[j]).toFixed(3)),
    );
    return h("td", {}, input);
  }
  const features = () =>
    h(
      "tbody",
      { class: "vectors" },
      ...state.query.map((_, j) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, h("span", { class: "roomy" }, "feature "), j + 1),
          ...vectors.map((_, i) => field(i, j)),
        ),
      ),
    );

  // ---- one table: a column for each key, the vectors above (unless they are drawn), A and B below each other
  const control = (name) => ui.root.querySelector(`[data-control="${name}"]`).closest(".control");
  const masks = control("mask");
  const boxes = [...masks.querySelectorAll("label")];
  masks.remove();
  boxes.forEach((box) => (box.title = "may be attended"));
  const all = K + (flat ? 1 : 2);
  const slots = {};
  for (const slot of ["a", "b"]) {
    const choice = control(slot);
    const about = h("span", { class: "quiet about" });
    choice.querySelector("label").className = `mark ${slot}`;
    const title = h("tr", { class: "slot" }, h("td", { colspan: all }, choice, about));
    slots[slot] = { about, title, body: h("tbody", { "data-testid": `slot-${slot}` }, title) };
  }
  const table = h(
    "table",
    { class: `strip ${flat ? "" : "full"}`, style: `min-width:${(flat ? 5 : 4) + 3 * K}em` },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("td", { class: "names" }, ...(flat ? [h("b", { class: "query" }, spec.query_name), " with"] : [])),
        flat ? null : h("th", { scope: "col", class: "query" }, spec.query_name),
        ...boxes.map((box) => h("th", { scope: "col" }, box)),
      ),
    ),
    flat ? null : features(),
    slots.a.body,
    slots.b.body,
  );
  const drawn =
    flat &&
    plane(
      ui,
      () => [state.query, ...names.map((_, i) => key(i))],
      (i, [x, y], done) => (write(i, 0, x, done), write(i, 1, y, done)),
    );
  if (flat) {
    const heads = vectors.map((name, i) => h("th", { scope: "col", class: i ? "key" : "query" }, name));
    const numbers = h("table", {}, h("thead", {}, h("tr", {}, h("td"), ...heads)), features());
    ui.body.append(drawn.canvas, h("details", { class: "more" }, h("summary", {}, "vectors as numbers"), numbers));
  } else ui.body.hidden = true;
  ui.side.append(table);
  spec.presenting ? ui.below.append(say) : ui.body.parentElement.after(say);

  // ---- one slot: up to four rows of cells, each a small heatmap with its numbers, and the context
  const listed = (v, by = " ") => v.map((x) => fmt(x)).join(by);
  const hidden = (x, step, i) => x === -Infinity || (step === "weights" && !state.mask[i]);
  function fillSlot(slot, made, reach) {
    const { theme } = ui;
    const name = state[slot];
    const told = spec.about[name];
    const cell = (x, step, i) => {
      if (hidden(x, step, i)) return h("td", { class: "hatched" }, h("span", { class: "hidden" }, "masked"));
      const sign = x < 0 ? theme.minus : theme.plus;
      const ground = step === "weights" ? inked(theme, x) : mix(theme.paper, sign, (0.85 * Math.abs(x)) / reach);
      return h("td", { style: `background:${rgb(ground)};color:${legible(ground)}` }, fmt(x, 3));
    };
    const label = {
      score: ["score", name === "scaled_dot" ? "q·k" : told.equation],
      scaled: ["scaled", name === "scaled_dot" ? `÷ √${D}${state.temperature === 1 ? "" : " ÷ t"}` : "÷ t"],
      masked: ["mask", ""],
      weights: ["weight", "softmax"],
    };
    // a step that changes nothing has no row; the context is no number of a key, so it has no column
    const idle = { scaled: made.by === 1, masked: state.mask.every(Boolean) };
    const line = (step, kind, ...cells) => {
      const later = STEPS.indexOf(step) >= state.step;
      return h("tr", { class: `${kind} ${later ? "later" : ""}`, "aria-hidden": later && "true" }, ...cells);
    };
    const rows = STEPS.slice(0, 4)
      .filter((step) => !idle[step])
      .map((step) => {
        const [word, how] = label[step];
        return line(
          step,
          "step",
          h("th", { scope: "row", colspan: all - K }, h("b", {}, word), " ", h("span", { class: "how" }, how)),
          ...made[step].map((x, i) => cell(x, step, i)),
        );
      });
    const context = line(
      "context",
      "context",
      h(
        "td",
        { colspan: all },
        h("span", { class: "quiet" }, `context Σ α v, a vector of ${made.context.length} numbers: `),
        h("b", { class: "output" }, `(${listed(made.context, ", ")})`),
      ),
    );
    slots[slot].about.textContent =
      `${told.reference} · ${told.parameters} parameters · ${told.pair} multiply–adds a pair` +
      (told.task ? ` · ${told.task}` : "");
    slots[slot].body.replaceChildren(slots[slot].title, ...rows, context);
  }
  ui.style(SCORING_CSS);

  const both = () => ({ a: steps(state.a), b: steps(state.b) });
  return {
    paint(width, narrow) {
      const made = both();
      const high = (narrow ? 280 : spec.presenting ? 410 : 320) * ui.tall;
      if (flat) {
        const shown = state.step >= 5 && made.a.context.length === 2;
        drawn.draw(
          narrow ? width : width * (spec.presenting ? 0.34 : 0.38),
          high,
          shown ? { B: made.b.context, A: made.a.context } : {},
        );
      }
      // room for all four steps of both, so that a row more or less moves nothing below
      table.style.height =
        flat && !narrow ? `${high + 26 * unit}px` : spec.presenting ? "" : `${25 + (flat ? 0 : 1.9 * D)}em`;
      fields.forEach((f) => f());
      // one shade for one score, in A and in B
      const all = [made.a, made.b].flatMap(({ score, scaled }) => [...score, ...scaled]);
      const reach = Math.max(1e-9, ...all.map(Math.abs));
      for (const slot in made) fillSlot(slot, made[slot], reach);
      const word = (s) => {
        const w = made[s].weights;
        const most = Math.max(...w);
        const tops = names.filter((_, i) => most - w[i] < 1e-9);
        if (!most) return ["nobody: all is masked"];
        const said = tops.flatMap((name, i) => [
          i ? (i < tops.length - 1 ? ", " : " and ") : "",
          h("b", { class: "key" }, name),
        ]);
        return [...said, ` with ${percent(most)}${tops.length > 1 ? " each" : ""}`];
      };
      say.replaceChildren(h("div", {}, "A attends most to ", ...word("a"), "; B to ", ...word("b"), "."));
    },
    table() {
      const rows = Object.entries(both()).flatMap(([slot, made]) =>
        STEPS.map((step) => [
          `${slot.toUpperCase()} ${step}`,
          ...(step === "context"
            ? [listed(made.context)]
            : made[step].map((x, i) => (hidden(x, step, i) ? "masked" : fmt(x)))),
        ]),
      );
      return { header: ["", ...names], rows };
    },
    numbers: () => ({ ...both(), plane: flat && drawn.where() }),
  };
}
