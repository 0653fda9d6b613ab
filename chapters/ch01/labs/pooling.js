// Whom does the query ask? Drag a query along the axis: bars are its weights, dots its values, the curve its estimate.
import { h, fmt, paper, percent, pool, rgb, pointed } from "../../../course_utils/views/core.js";
import { axes, curve, dot, effective, range, said, scale } from "../../../course_utils/views/axes.js";

export function pooling(ui) {
  const { state, unit, spec, arrays } = ui,
    { keys, values, truth_x, truth_y } = arrays,
    [low, high] = spec.domain,
    n = keys.length;
  const canvas = h("canvas", { role: "img", "aria-label": spec.words, style: "cursor:ew-resize" }),
    say = h("div", { class: "say", role: "status", "data-testid": "readout" });
  const grid = Float64Array.from({ length: 161 }, (_, i) => low + ((high - low) * i) / 160);
  let x = null,
    y = null,
    pressed = -1;
  ui.body.append(canvas);
  ui.side.append(say);

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
    const i = pressed,
      without = state.removed.filter((j) => j !== i);
    ui.set({ removed: without.length < state.removed.length ? without : [...without, i] }, true);
  };

  return {
    paint(width, narrow) {
      const wide = Math.min(width, narrow ? width : width - 230 * unit, 640 * unit),
        theme = ui.theme;
      const box = { x: 46 * unit, y: 20 * unit, w: wide - 62 * unit, h: (narrow ? 200 : 240) * ui.tall },
        strip = 100 * ui.tall,
        foot = box.y + box.h + 26 * unit + strip;
      const c = paper(canvas, wide, foot + 34 * unit),
        out = removed(),
        { weights, estimate } = ask(state.query, out);
      const [bottom, top] = range([...values, ...(truth_y ?? [])]);
      y = scale(bottom, top, box.y + box.h, box.y);
      x = scale(low, high, box.x, box.x + box.w);
      axes(c, ui, box, x, y, { x: "", y: spec.value_name });
      c.save();
      c.beginPath();
      c.rect(box.x, box.y - 2, box.w, box.h + 4);
      c.clip();
      if (truth_x) curve(c, truth_x, truth_y, x, y, theme.quiet, 1.2, [5, 4]);
      curve(
        c,
        grid,
        grid.map((q) => ask(q, out).estimate),
        x,
        y,
        theme.output,
        2.4 * unit,
      );
      const most = Math.max(...weights, 1e-12);
      for (let i = 0; i < n; i++) {
        if (out[i]) {
          c.strokeStyle = theme.quiet;
          c.lineWidth = 1.3;
          c.beginPath();
          for (const s of [-1, 1]) {
            c.moveTo(x(keys[i]) - 4, y(values[i]) - 4 * s);
            c.lineTo(x(keys[i]) + 4, y(values[i]) + 4 * s);
          }
          c.stroke();
        } else
          dot(
            c,
            x(keys[i]),
            y(values[i]),
            (3 + 5 * Math.sqrt(weights[i] / most)) * unit,
            theme.value,
            weights[i] ? 0.45 + 0.5 * (weights[i] / most) : 0.28,
          );
      }
      c.restore();
      const at = x(state.query);
      c.fillStyle = theme.key;
      const bar = Math.max(1.5, Math.min(6 * unit, (0.6 * box.w) / n));
      for (let i = 0; i < n; i++) {
        const t = weights[i] * strip; // from 0 to 100 %, whatever is asked: a wide kernel is seen to be unsure
        if (t > 0.3) c.fillRect(x(keys[i]) - bar / 2, foot - t, bar, t);
      }
      c.strokeStyle = theme.line;
      c.lineWidth = 1;
      c.beginPath();
      c.moveTo(box.x, foot + 0.5);
      c.lineTo(box.x + box.w, foot + 0.5);
      c.stroke();
      c.font = ui.font(11);
      c.fillStyle = theme.key;
      c.textAlign = "right";
      c.textBaseline = "middle";
      c.fillText("weight", box.x - 6 * unit, foot - strip / 2);
      c.fillText("100 %", box.x - 6 * unit, foot - strip + 5 * unit);
      c.fillText("0", box.x - 6 * unit, foot - 2 * unit);
      c.fillStyle = theme.quiet;
      c.textAlign = at > box.x + box.w / 2 ? "left" : "right";
      c.textBaseline = "top";
      c.fillText(spec.key_name, at > box.x + box.w / 2 ? box.x : box.x + box.w, foot + 6 * unit);
      c.strokeStyle = theme.query;
      c.lineWidth = 1.8 * unit;
      c.setLineDash([6, 4]);
      c.beginPath();
      c.moveTo(at, box.y);
      c.lineTo(at, foot);
      c.stroke();
      c.setLineDash([]);
      c.fillStyle = theme.query;
      c.beginPath();
      c.moveTo(at, foot + 3);
      c.lineTo(at - 8 * unit, foot + 17 * unit);
      c.lineTo(at + 8 * unit, foot + 17 * unit);
      c.fill();
      const left = at > box.x + box.w - 110 * unit,
        beside = (text, colour, px, py) => {
          c.font = ui.font(13, 700);
          c.fillStyle = colour;
          c.textAlign = left ? "right" : "left";
          c.textBaseline = "middle";
          c.strokeStyle = rgb(theme.paper);
          c.lineWidth = 4 * unit;
          c.lineJoin = "round";
          c.strokeText(text, px + (left ? -12 : 12) * unit, py);
          c.fillText(text, px + (left ? -12 : 12) * unit, py);
        };
      beside(`query ${said(state.query)}`, theme.query, at, foot + 11 * unit);
      if (!Number.isNaN(estimate)) {
        dot(c, at, y(estimate), 7 * unit, theme.text === "#1b2430" ? "#fff" : "#1c2128");
        dot(c, at, y(estimate), 5.5 * unit, theme.output);
        beside(said(estimate), theme.output, at, Math.max(box.y + 10 * unit, y(estimate) - 16 * unit));
      }
      const strongest = weights.reduce((best, w, i) => (w > weights[best] ? i : best), 0),
        before = state.removed.length ? ask(state.query, null).estimate : null,
        asked = h("b", { class: "query" }, said(state.query));
      say.replaceChildren(
        h("div", {}, asked, " → ", h("b", { class: "output" }, said(estimate))),
        h(
          "div",
          { class: "quiet" },
          Number.isNaN(estimate)
            ? "No key is within reach: no weights, no estimate."
            : `About ${effective(weights).toFixed(1)} of ${n - state.removed.length} examples count.`,
        ),
        h(
          "div",
          { class: "quiet" },
          Number.isNaN(estimate)
            ? ""
            : `The largest weight, ${percent(weights[strongest])}, is at ${said(keys[strongest])}.`,
        ),
        h(
          "div",
          { class: "quiet" },
          before === null ? "" : `With all: ${said(before)}. Without ${state.removed.length}: ${said(estimate)}.`,
        ),
      );
    },
    table() {
      const out = removed(),
        { weights } = ask(state.query, out);
      return {
        header: ["example", "key", "value", "weight"],
        rows: Array.from(keys, (k, i) => [String(i + 1), fmt(k), fmt(values[i]), out[i] ? "removed" : fmt(weights[i])]),
      };
    },
    numbers: () => {
      const { weights, estimate } = ask(state.query, removed());
      return { weights: Array.from(weights), estimate, curve: Array.from(grid, (q) => ask(q, removed()).estimate) };
    },
  };
}
