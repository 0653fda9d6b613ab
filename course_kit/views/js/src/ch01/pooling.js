// Drag a query along the axis: ticks are the keys, bars in ink the weights on them, dots the values, the curve the
// estimate everywhere.
import { axes, range, scale } from "../shared/axes.js";
import { h, pointed } from "../shared/dom.js";
import { curve, dot, paper } from "../shared/draw.js";
import { effective, fmt, percent, pool, short as said } from "../shared/numbers.js";
import { rgb } from "../shared/theme.js";
import { asked, marked, straight } from "./marks.js";

const ROOFS = [0.02, 0.05, 0.1, 0.2, 0.5, 1];

export function pooling(ui) {
  const { state, unit, spec, arrays } = ui;
  const { keys, values, truth_x, truth_y } = arrays;
  const [low, high] = spec.domain;
  const n = keys.length;
  const canvas = h("canvas", { role: "img", "aria-label": spec.words, style: "cursor:ew-resize" });
  const say = h("div", {
    class: "say",
    role: "status",
    "data-testid": "readout",
    style: "margin-top:.5em;min-height:2.9em",
  });
  const grid = Float64Array.from({ length: 161 }, (_, i) => low + ((high - low) * i) / 160);
  let x = null;
  let y = null;
  let pressed = -1;
  ui.body.append(canvas);
  (spec.presenting ? ui.side : ui.body).append(say); // a screen is wide and low

  const removed = () => {
    const out = new Uint8Array(n);
    state.removed.forEach((i) => (out[i] = 1));
    return out;
  };
  const ask = (query, out) => pool(query, keys, values, state.kernel, state.width, out);
  ui.actions.knock = () => {
    const { weights } = ask(state.query, removed());
    const strongest = weights.reduce((best, w, i) => (w > weights[best] ? i : best), 0);
    if (weights[strongest] > 0) ui.set({ removed: [...state.removed, strongest] }, true);
  };
  ui.actions.back = () => ui.set({ removed: [] }, true);
  const place = (e) => pointed(e, canvas);
  const move = (e, done) => x && ui.set({ query: Math.min(high, Math.max(low, x.invert(place(e)[0]))) }, done);
  const under = (e) => {
    const [px, py] = place(e);
    return keys.findIndex((k, i) => Math.hypot(x(k) - px, y(values[i]) - py) < 9 * unit);
  };
  canvas.onpointerdown = (e) => {
    canvas.setPointerCapture(e.pointerId);
    if ((pressed = under(e)) < 0) move(e, false);
  };
  canvas.onpointermove = (e) => {
    if (e.buttons) {
      if (under(e) !== pressed) pressed = -1;
      if (pressed < 0) move(e, false);
    }
  };
  canvas.onpointerup = (e) => {
    // a click on a dot takes the example out, or brings it back
    if (pressed < 0) return move(e, true);
    const i = pressed;
    const without = state.removed.filter((j) => j !== i);
    ui.set({ removed: without.length < state.removed.length ? without : [...without, i] }, true);
  };

  function tell(weights, estimate) {
    const strongest = weights.reduce((best, w, i) => (w > weights[best] ? i : best), 0);
    const count = state.removed.length;
    const none = Number.isNaN(estimate);
    say.replaceChildren(
      h(
        "div",
        {},
        h("b", { class: "query" }, said(state.query)),
        " → ",
        h("b", { class: "output" }, said(estimate)),
        h(
          "span",
          { class: "quiet" },
          none
            ? " · No key is within reach: no weights, no estimate."
            : ` · About ${effective(weights).toFixed(1)} of ${n - count} examples count; ` +
                `the largest weight, ${percent(weights[strongest])}, is at ${said(keys[strongest])}.`,
        ),
      ),
      h(
        "div",
        { class: "quiet" },
        count
          ? `With all: ${said(ask(state.query, null).estimate)}. Without ${count}: ${said(estimate)}.`
          : "Choose a dot to leave its example out.",
      ),
    );
  }
  // the top of the weights' axis: what is there fits, and shares that are all equal stay low
  const roof = (weights) => ROOFS.find((r) => r >= Math.max(...weights, 5 / n)) ?? 1;
  function crossed(c, px, py) {
    for (const s of [-1, 1]) straight(c, px - 4, py - 4 * s, px + 4, py + 4 * s, ui.theme.quiet, 1.3);
  }
  // what is at the right of the picture: the name of what is drawn there, and its number
  function beside(c, lines, colour, px, py) {
    c.fillStyle = colour;
    c.textAlign = "left";
    c.textBaseline = "middle";
    lines.forEach(([text, weight], i) => {
      c.font = ui.font(weight > 400 ? 13 : 12, weight);
      c.fillText(text, px, py + (i - (lines.length - 1) / 2) * 17 * (ui.spec.presenting ? 1.6 : unit));
    });
  }

  return {
    paint(room, narrow) {
      const { theme } = ui;
      const width = spec.presenting && !narrow ? room - 240 * unit : room;
      const small = narrow || spec.presenting;
      const right = (narrow ? 62 : spec.presenting ? 78 : 92) * unit;
      const box = { x: 46 * unit, y: 24 * unit, w: width - 46 * unit - right, h: 200 * ui.tall };
      const strip = 72 * ui.tall;
      const foot = box.y + box.h + (spec.presenting ? 22 : 30) * unit + strip;
      const c = paper(canvas, width, foot + 28 * unit);
      const out = removed();
      const { weights, estimate } = ask(state.query, out);
      const end = box.x + box.w;
      const [bottom, top] = range([...values, ...(truth_y ?? [])]);
      y = scale(bottom, top, box.y + box.h, box.y);
      x = scale(low, high, box.x, end);
      axes(c, ui, box, x, y, { x: "", y: spec.value_name });
      const value = small ? "value" : "value, larger with more weight";
      marked(ui, c, narrow ? width - 2 : end, box.y - 11 * unit, value, truth_x);
      c.save();
      c.beginPath();
      c.rect(box.x, box.y - 2, box.w, box.h + 4);
      c.clip();
      if (truth_x) curve(c, truth_x, truth_y, x, y, theme.quiet, 1.2, [5, 4]);
      const estimates = grid.map((q) => ask(q, out).estimate);
      curve(c, grid, estimates, x, y, theme.output, 2.4 * unit);
      const most = Math.max(...weights, 1e-12);
      for (let i = 0; i < n; i++) {
        const [px, py, share] = [x(keys[i]), y(values[i]), weights[i] / most];
        if (out[i]) crossed(c, px, py);
        else dot(c, px, py, (3 + 5 * Math.sqrt(share)) * unit, theme.value, weights[i] ? 0.45 + 0.5 * share : 0.28);
      }
      c.restore();
      // the weights, on an axis that says how high it is
      const at = x(state.query);
      const [most_] = ui.follow("roof", [roof(weights)]);
      for (const t of [1, 0.5, 0]) {
        const py = Math.round(foot - t * strip) + 0.5;
        straight(c, box.x, py, end, py, theme.line, 1);
        c.font = ui.font(12);
        c.fillStyle = theme.quiet;
        c.textAlign = "right";
        c.textBaseline = "middle";
        c.fillText(t ? `${+(100 * t * roof(weights)).toFixed(1)} %` : "0", box.x - 6 * unit, py);
      }
      const bar = Math.max(1.5, Math.min(6 * unit, (0.6 * box.w) / n));
      for (let i = 0; i < n; i++) {
        const t = Math.min(1, weights[i] / most_) * strip;
        c.fillStyle = rgb(theme.ink);
        if (t > 0.3) c.fillRect(x(keys[i]) - bar / 2, foot - t, bar, t);
        straight(
          c,
          x(keys[i]),
          foot + 1,
          x(keys[i]),
          foot + 6 * unit,
          out[i] ? theme.line : theme.key,
          n > 100 ? 0.5 : 1.2,
        );
      }
      beside(c, [["weight", 700]], theme.text, end + 8 * unit, foot - strip / 2);
      beside(c, [["keys", 700]], theme.key, end + 8 * unit, foot + 3 * unit);
      // the query, and what it gets
      for (const [from, to] of [
        [box.y, box.y + box.h],
        [foot - strip, foot],
      ])
        straight(c, at, from, at, to, theme.query, 1.8 * unit, [6, 4]);
      asked(ui, c, at, foot + 8 * unit, box.x, end);
      if (!Number.isNaN(estimate)) {
        const py = y(estimate);
        straight(c, at, py, end + 4 * unit, py, theme.output, 1.2 * unit, [2, 3]);
        dot(c, at, py, 7 * unit, rgb(theme.paper));
        dot(c, at, py, 5.5 * unit, theme.output);
        const shown = [said(estimate), 700];
        beside(c, small ? [shown] : [["estimate", 400], shown], theme.output, end + 8 * unit, py);
      }
      tell(weights, estimate);
    },
    table() {
      const out = removed();
      const { weights } = ask(state.query, out);
      return {
        header: ["example", "key", "value", "weight"],
        rows: Array.from(keys, (k, i) => [String(i + 1), fmt(k), fmt(values[i]), out[i] ? "removed" : fmt(weights[i])]),
      };
    },
    numbers: () => {
      const { weights, estimate } = ask(state.query, removed());
      return {
        weights: Array.from(weights),
        estimate,
        roof: roof(weights),
        curve: Array.from(grid, (q) => ask(q, removed()).estimate),
      };
    },
  };
}
