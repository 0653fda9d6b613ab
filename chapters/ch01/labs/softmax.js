// From scores to weights: temperature, a constant added to all scores, a mask, and what happens without the maximum.
import { h, fmt, paper, percent, softmax } from "../../../course_utils/views/core.js";

export function softmax_lab(ui) {
  const { state, unit, spec, arrays } = ui,
    names = spec.names,
    n = names.length;
  const canvas = h("canvas", { role: "img", "aria-label": spec.words }),
    say = h("div", { class: "say", role: "status", "data-testid": "readout" });
  ui.body.append(canvas);
  ui.side.append(say);

  const scores = () => Array.from(arrays.scores, (s) => s + state.shift);
  function weights() {
    if (state.method === "stable") return softmax(scores(), state.mask, state.temperature);
    const raised = scores().map((s, i) => (state.mask[i] ? Math.exp(s / state.temperature) : 0)),
      total = raised.reduce((a, b) => a + b, 0);
    return raised.map((e) => (total === 0 ? 0 : e / total));
  }
  return {
    paint(width, narrow) {
      const { theme } = ui,
        wide = Math.min(width - (narrow ? 0 : 240 * unit), 600 * unit),
        left = 66 * unit,
        step = Math.min((wide - left) / n, 92 * unit),
        high = 84 * unit;
      const c = paper(canvas, left + n * step, 3 * high + 20 * unit),
        s = scores(),
        w = weights(),
        reach = Math.max(...arrays.scores.map(Math.abs), 1e-9);
      const zero = 24 * unit + high * 0.62,
        floor = zero + high * 0.5 + 24 * unit + high,
        bar = step * 0.62;
      c.font = ui.font(12);
      c.fillStyle = theme.quiet;
      c.textAlign = "right";
      c.textBaseline = "middle";
      c.fillText("score", left - 10 * unit, zero);
      c.fillText("weight", left - 10 * unit, floor - high * 0.4);
      c.strokeStyle = theme.line;
      c.beginPath();
      for (const y of [zero, floor]) {
        c.moveTo(left, y + 0.5);
        c.lineTo(left + n * step, y + 0.5);
      }
      c.stroke();
      for (let i = 0; i < n; i++) {
        const x = left + (i + 0.5) * step,
          open = state.mask[i],
          tall = (arrays.scores[i] / reach) * high * 0.5;
        c.fillStyle = `rgb(${(arrays.scores[i] < 0 ? theme.minus : theme.plus).join(" ")})`;
        c.globalAlpha = open ? 0.75 : 0.2;
        c.fillRect(x - bar / 2, zero - Math.max(0, tall), bar, Math.abs(tall));
        c.globalAlpha = 1;
        c.textAlign = "center";
        c.font = ui.font(12);
        c.fillStyle = open ? theme.text : theme.quiet;
        c.textBaseline = "bottom";
        c.fillText(fmt(s[i], state.shift >= 100 ? 0 : 2), x, zero - Math.max(0, tall) - 3);
        const level = Number.isFinite(w[i]) ? w[i] : 0;
        if (open) {
          c.fillStyle = theme.text;
          c.fillRect(x - bar / 2, floor - level * high, bar, Math.max(level * high, 1));
        } else {
          c.strokeStyle = theme.hatch;
          for (let d = 0; d < bar; d += 6) {
            c.beginPath();
            c.moveTo(x - bar / 2 + d, floor);
            c.lineTo(x - bar / 2 + d + 6, floor - 12);
            c.stroke();
          }
        }
        c.fillStyle = theme.text;
        c.textBaseline = "bottom";
        c.fillText(
          open ? (Number.isNaN(w[i]) ? "NaN" : fmt(w[i])) : "masked",
          x,
          floor - level * high - (open ? 3 : 13),
        );
        c.fillStyle = theme.key;
        c.font = ui.font(13, 600);
        c.textBaseline = "top";
        c.fillText(names[i], x, floor + 8 * unit);
      }
      const total = w.reduce((a, b) => a + b, 0),
        top = w.reduce((b, x, i) => (x > w[b] ? i : b), 0),
        lost = w.some(Number.isNaN),
        none = !state.mask.some(Boolean);
      say.replaceChildren(
        h("div", {}, h("b", {}, lost ? "NaN" : none ? "nobody to attend" : `${names[top]}: ${fmt(w[top])}`)),
        h(
          "div",
          { class: "quiet" },
          lost
            ? `e to the ${fmt(Math.max(...s) / state.temperature, 0)} is too large for a number: ∞ / ∞ is NaN.`
            : none
              ? "All is masked: the weights are zeros, not NaN."
              : total === 0
                ? "All powers of e vanish: the weights are lost."
                : `“${names[top]}” gets ${percent(w[top])} of the attention. The weights sum to ${fmt(total, 2)}.`,
        ),
      );
    },
    table: () => {
      const s = scores(),
        w = weights();
      return {
        header: ["key", "score", "may be attended", "weight"],
        rows: names.map((m, i) => [m, fmt(s[i]), state.mask[i] ? "yes" : "no", fmt(w[i])]),
      };
    },
    numbers: () => ({ scores: scores(), weights: weights() }),
  };
}
