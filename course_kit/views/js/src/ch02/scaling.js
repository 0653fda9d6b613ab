// The weights that random vectors of size d give each other, without and with √d; folded below, how they respond.
import { axes, scale } from "../shared/axes.js";
import { h } from "../shared/dom.js";
import { curve, dot, paper } from "../shared/draw.js";
import { fmt, percent, pool, softmax } from "../shared/numbers.js";
import { inked, rgb } from "../shared/theme.js";
import SCALING_CSS from "./scaling.css";

export function scaling(ui) {
  const { spec, state, unit, arrays } = ui;
  const [shown, Q, K, base, most] = spec.shape;
  const sizes = spec.sizes;
  const n = Q * K;
  const canvas = h("canvas", { role: "img", "aria-label": spec.words });
  const say = h("div", {
    class: "say",
    role: "status",
    "data-testid": "readout",
    style: "margin-top:.5em",
  });
  ui.body.append(canvas);
  spec.presenting ? ui.below.append(say) : ui.body.parentElement.after(say);
  const plot = h("canvas", { role: "img", "aria-label": "response of the weights to q·k, by d" });
  const more = h(
    "details",
    { class: "more", ontoggle: () => ui.set({}) },
    h("summary", {}, "how the weights respond to q·k"),
    plot,
  );
  ui.below.append(more);

  // dot products of the first d features, for the sizes of the slider; few vectors make many by turning them round
  const vector = (list, count) => {
    const step = Math.max(1, Math.floor(most / (count / base)));
    return (i, f) => list[(i % base) * most + ((f + Math.floor(i / base) * step) % most)];
  };
  const query = vector(arrays.queries, Q);
  const key = vector(arrays.keys, K);
  const products = new Map();
  const running = new Float64Array(n);
  const wanted = new Set(sizes);
  for (let f = 0; f < most; f++) {
    for (let q = 0; q < Q; q++) {
      const x = query(q, f);
      for (let k = 0; k < K; k++) running[q * K + k] += x * key(k, f);
    }
    if (wanted.has(f + 1)) products.set(f + 1, running.slice());
  }
  // spread of the scores, mean entropy of the weights, median size of ∂α/∂(q·k) over the queries, times √d
  function measure(d, scaled) {
    const scores = Array.from(products.get(d), (s) => (scaled ? s / Math.sqrt(d) : s));
    const mean = scores.reduce((a, b) => a + b, 0) / n;
    const spread = Math.sqrt(scores.reduce((a, s) => a + (s - mean) ** 2, 0) / n);
    const weights = [];
    const gradients = [];
    let entropy = 0;
    for (let q = 0; q < Q; q++) {
      const w = softmax(scores.slice(q * K, (q + 1) * K));
      const squares = w.reduce((a, x) => a + x * x, 0);
      entropy -= w.reduce((a, x) => a + (x > 0 ? x * Math.log(x) : 0), 0) / Q;
      // ‖diag(α) − ααᵀ‖² = Σ α² − 2 Σ α³ + (Σ α²)²
      gradients.push(Math.sqrt(Math.max(0, squares - 2 * w.reduce((a, x) => a + x ** 3, 0) + squares ** 2)));
      weights.push(w);
    }
    gradients.sort((a, b) => a - b);
    // with √d, the chain rule divides by √d once more, so that only the plain scores keep the factor
    const gradient = ((gradients[Q / 2 - 1] + gradients[Q / 2]) / 2) * (scaled ? 1 : Math.sqrt(d));
    return { scores, spread, entropy, gradient, weights };
  }
  const curves = [false, true].map((scaled) => sizes.map((d) => measure(d, scaled).gradient));
  // few queries make the median jump from size to size: the line is its Gaussian average over neighbouring sizes
  const logs = sizes.map(Math.log);
  const lines = curves.map((list) => logs.map((x) => pool(x, logs, list, "gaussian", 0.22).estimate));
  const both = () => ({ plain: measure(state.d, false), scaled: measure(state.d, true) });

  function heat(c, made, box, name, formula) {
    const { theme } = ui;
    const { x, y, w, h: tall } = box;
    const wide = w / K;
    const high = tall / shown;
    made.weights.slice(0, shown).forEach((row, q) =>
      row.forEach((weight, k) => {
        c.fillStyle = rgb(inked(theme, weight));
        c.fillRect(x + k * wide, y + q * high, wide + 0.3, high + 0.3);
      }),
    );
    c.strokeStyle = theme.line;
    c.lineWidth = 1;
    c.strokeRect(x - 0.5, y - 0.5, w + 1, tall + 1);
    c.textAlign = "left";
    c.textBaseline = "bottom";
    c.font = ui.font(13, 700);
    c.fillStyle = theme.text;
    c.fillText(name, x, y - 6 * unit);
    const after = x + c.measureText(`${name}  `).width;
    c.font = ui.font(13);
    c.fillStyle = theme.quiet;
    const said = `${formula}, scores ± ${fmt(made.spread, 1)}`;
    c.fillText(c.measureText(said).width < x + w - after ? said : formula, after, y - 6 * unit);
    c.font = ui.font(12, 600);
    c.fillStyle = theme.key;
    c.textBaseline = "top";
    c.fillText(`${K} keys →`, x, y + tall + 6 * unit);
    c.save();
    c.translate(x - 6 * unit, y + tall);
    c.rotate(-Math.PI / 2);
    c.textBaseline = "bottom";
    c.fillStyle = theme.query;
    const rows = `← ${shown} queries`;
    c.fillText(c.measureText(rows).width < tall ? rows : "← queries", 0, 0);
    c.restore();
  }
  // the median query's ∂α/∂(q·k), times √d, at every size
  function response(made, width) {
    const { theme } = ui;
    const box = { x: 46 * unit, y: 26 * unit, w: width - (spec.presenting ? 130 : 100) * unit, h: 110 * ui.tall };
    const c = paper(plot, width, box.y + box.h + 36 * unit);
    const brick = rgb(theme.minus);
    const sand = rgb(theme.plus);
    const x = scale(1, most, box.x, box.x + box.w, true);
    const y = scale(0, Math.max(...curves.flat()) * 1.08, box.y + box.h, box.y);
    axes(c, ui, box, x, y, { x: "d, the size of the vectors", y: "" });
    const label = (text, px, py, colour, weight = 600) => {
      c.font = ui.font(12, weight);
      c.textAlign = "left";
      c.textBaseline = "bottom";
      c.fillStyle = colour;
      c.fillText(text, px, py);
    };
    const exact = ["response of the median query; dots: each size, line: smoothed", "median response"];
    c.font = ui.font(12);
    label(
      exact.find((text) => c.measureText(text).width < width - box.x) ?? "",
      box.x,
      box.y - 6 * unit,
      theme.quiet,
      400,
    );
    curve(c, sizes, lines[0], x, y, brick, 2 * unit, [6, 3]);
    curve(c, sizes, lines[1], x, y, sand, 2.4 * unit);
    curves.forEach((list, i) => list.forEach((v, k) => dot(c, x(sizes[k]), y(v), 1.6 * unit, [brick, sand][i], 0.5)));
    curve(c, [state.d, state.d], [0, y.high], x, y, theme.text, 1, [3, 3]);
    dot(c, x(state.d), y(made.plain.gradient), 5 * unit, brick);
    dot(c, x(state.d), y(made.scaled.gradient), 5 * unit, sand);
    const end = box.x + box.w + 8 * unit;
    const line = (spec.presenting ? 15 : 17) * unit;
    label("q·k", end, y(0) + 2, brick);
    label("÷ √d", end, y(0) + 2 - line, sand);
  }
  ui.style(SCALING_CSS);
  return {
    paint(width, narrow) {
      const made = both();
      const left = 24 * unit;
      const gap = 44 * unit;
      const head = 28 * unit;
      const beside = !narrow || width > 480 * unit;
      const w = beside ? (width - left - gap - 4) / 2 : width - left - 4;
      const tall = (beside ? 200 : 140) * ui.tall;
      const step = tall + head + 26 * unit;
      const c = paper(canvas, width, beside ? step : 2 * step);
      const box = (i) => ({ x: left + (beside ? i * (w + gap) : 0), y: head + (beside ? 0 : i * step), w, h: tall });
      heat(c, made.plain, box(0), "without √d", "softmax(q·k)");
      heat(c, made.scaled, box(1), "with √d", "softmax(q·k / √d)");
      if (more.open) response(made, ui.below.clientWidth);
      const share = (m) => m.weights.filter((row) => Math.max(...row) > 0.9).length / Q;
      const few = (x) => (x ? percent(x) : "none");
      say.style.minHeight = narrow ? "4.3em" : "1.5em";
      say.replaceChildren(
        "d = ",
        h("b", {}, String(state.d)),
        ": without √d, ",
        h("b", {}, few(share(made.plain))),
        ` of the ${Q} queries give one key more than 0.9 of their weight; with √d, `,
        h("b", {}, few(share(made.scaled))),
        ".",
      );
    },
    table() {
      const made = both();
      const row = (name, key) => [name, fmt(made.plain[key]), fmt(made.scaled[key])];
      return {
        header: [`d = ${state.d}`, "q·k", "÷ √d"],
        rows: [
          row("standard deviation of the scores", "spread"),
          row("evenness (entropy)", "entropy"),
          row("response of the median query", "gradient"),
        ],
      };
    },
    numbers: both,
  };
}
