// Dot products of random vectors of size d, with and without √d: their spread, the weights, the gradient.
import SCALING_CSS from "./scaling.css";
import { fmt, h, mix, paper, pool, rgb, softmax } from "../../../course_utils/views/core.js";
import { axes, curve, dot, scale } from "../../../course_utils/views/axes.js";

export function scaling(ui) {
  const { spec, state, unit, arrays } = ui,
    [shown, Q, K, base, most] = spec.shape,
    sizes = spec.sizes,
    n = Q * K;
  const canvas = h("canvas", { role: "img", "aria-label": spec.words });
  const say = h("div", {
    class: "say",
    role: "status",
    "data-testid": "readout",
    style: "margin-top:.5em;min-height:3.1em",
  });
  ui.body.append(canvas);
  spec.presenting ? ui.below.append(say) : ui.body.parentElement.after(say);

  // dot products of the first d features, for the sizes of the slider; few vectors make many by turning them round
  const vector = (list, count) => {
    const step = Math.max(1, Math.floor(most / (count / base)));
    return (i, f) => list[(i % base) * most + ((f + Math.floor(i / base) * step) % most)];
  };
  const query = vector(arrays.queries, Q),
    key = vector(arrays.keys, K);
  const products = new Map();
  const running = new Float64Array(n),
    wanted = new Set(sizes);
  for (let f = 0; f < most; f++) {
    for (let q = 0; q < Q; q++) {
      const x = query(q, f);
      for (let k = 0; k < K; k++) running[q * K + k] += x * key(k, f);
    }
    if (wanted.has(f + 1)) products.set(f + 1, running.slice());
  }
  // spread of the scores, mean entropy of the weights, median size of ∂α/∂(q·k) over the queries, times √d
  function measure(d, scaled) {
    const scores = Array.from(products.get(d), (s) => (scaled ? s / Math.sqrt(d) : s)),
      mean = scores.reduce((a, b) => a + b, 0) / n;
    const spread = Math.sqrt(scores.reduce((a, s) => a + (s - mean) ** 2, 0) / n),
      weights = [];
    const gradients = [];
    let entropy = 0;
    for (let q = 0; q < Q; q++) {
      const w = softmax(scores.slice(q * K, (q + 1) * K)),
        squares = w.reduce((a, x) => a + x * x, 0);
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
  const logs = sizes.map(Math.log),
    lines = curves.map((list) => logs.map((x) => pool(x, logs, list, "gaussian", 0.22).estimate));
  const both = () => ({ plain: measure(state.d, false), scaled: measure(state.d, true) });

  function histogram(c, x, floor, tall, made, colour, fill) {
    const bin = Math.max(made.spread * 0.45, 1e-9),
      counts = new Map();
    for (const s of made.scores) {
      const b = Math.floor(s / bin);
      counts.set(b, (counts.get(b) ?? 0) + 1);
    }
    const top = Math.max(...counts.values());
    c.fillStyle = c.strokeStyle = colour;
    c.lineWidth = 1.2;
    for (const [b, count] of counts) {
      const left = Math.max(x(b * bin), x(x.low)),
        right = Math.min(x((b + 1) * bin), x(x.high)),
        up = (count / top) * tall;
      if (right > left)
        fill
          ? c.fillRect(left, floor - up, Math.max(right - left - 0.5, 0.8), up)
          : c.strokeRect(left, floor - up, Math.max(right - left, 0.8), up);
    }
  }
  function heat(c, weights, x, y, side, tall, title, colour) {
    const { theme } = ui,
      wide = side / K,
      high = tall / shown;
    weights.slice(0, shown).forEach((row, q) =>
      row.forEach((w, k) => {
        c.fillStyle = rgb(mix(theme.paper, theme.ink, w));
        c.fillRect(x + k * wide, y + q * high, wide + 0.3, high + 0.3);
      }),
    );
    c.strokeStyle = theme.line;
    c.lineWidth = 1;
    c.strokeRect(x - 0.5, y - 0.5, side + 1, tall + 1);
    c.textAlign = "left";
    c.textBaseline = "bottom";
    c.font = ui.font(13, 700);
    c.fillStyle = colour;
    c.fillText(title, x, y - 6 * unit);
    c.font = ui.font(12, 600);
    c.fillStyle = theme.key;
    c.textBaseline = "top";
    c.fillText(`${K} keys →`, x, y + tall + 6 * unit);
    c.save();
    c.translate(x - 6 * unit, y + tall);
    c.rotate(-Math.PI / 2);
    c.textBaseline = "bottom";
    c.fillStyle = theme.query;
    const said = `← ${shown} queries`;
    c.fillText(c.measureText(said).width < tall ? said : "← queries", 0, 0);
    c.restore();
  }
  const css = h("style");
  css.textContent = SCALING_CSS;
  ui.root.append(css);
  return {
    paint(width, narrow) {
      const { theme } = ui,
        made = both(),
        head = 26 * unit,
        half = narrow ? width - 10 * unit : width * 0.44;
      const box = { x: 6 * unit, y: head, w: half - 14 * unit, h: 140 * ui.tall };
      const first = narrow ? 24 * unit : half + 44 * unit,
        beside = !narrow || width > 480 * unit,
        side = beside ? (width - first - 4 - 40 * unit) / 2 : width - first - 4,
        high = narrow ? 150 * unit : box.h,
        maps = [0, 1].map((i) => ({
          x: first + (beside ? i * (side + 40 * unit) : 0),
          y: narrow ? box.y + box.h + 66 * unit + (beside ? 0 : i * (high + 52 * unit)) : head,
        }));
      const curveBox = {
        x: 46 * unit,
        y: (narrow ? maps[1].y + high : box.y + box.h) + 66 * unit,
        w: width - (spec.presenting ? 130 : 100) * unit,
        h: 96 * ui.tall,
      };
      const c = paper(canvas, width, curveBox.y + curveBox.h + 36 * unit),
        brick = rgb(theme.minus),
        sand = rgb(theme.plus);
      const x = scale(-64, 64, box.x, box.x + box.w),
        floor = box.y + box.h;
      histogram(c, x, floor, box.h * 0.92, made.plain, brick, false);
      histogram(c, x, floor, box.h * 0.92, made.scaled, sand, true);
      c.strokeStyle = theme.line;
      c.lineWidth = 1;
      c.beginPath();
      c.moveTo(box.x, floor + 0.5);
      c.lineTo(box.x + box.w, floor + 0.5);
      c.stroke();
      c.font = ui.font(11);
      c.fillStyle = theme.quiet;
      c.textAlign = "center";
      c.textBaseline = "top";
      for (const t of [-60, -40, -20, 0, 20, 40, 60]) c.fillText(String(t).replace("-", "−"), x(t), floor + 5 * unit);
      c.textAlign = "right";
      const axis = ["score of a query with a key, ± standard deviation", "score, ± standard deviation"];
      c.fillText(axis.find((t) => c.measureText(t).width < box.w) ?? "score", box.x + box.w, floor + 20 * unit);
      const label = (text, px, py, colour, weight = 600, base = "top") => {
        c.font = ui.font(12, weight);
        c.textAlign = "left";
        c.textBaseline = base;
        c.strokeStyle = rgb(theme.paper);
        c.lineWidth = 4 * unit;
        c.lineJoin = "round";
        c.strokeText(text, px, py);
        c.fillStyle = colour;
        c.fillText(text, px, py);
      };
      c.font = ui.font(13, 700);
      c.textBaseline = "bottom";
      c.textAlign = "left";
      c.fillStyle = theme.text;
      c.fillText("scores of all pairs", box.x, box.y - 6 * unit);
      const row = (i) => box.y + (4 + 20 * i) * (spec.presenting ? 1.5 : 1) * unit;
      label("□ q·k", box.x, row(0), brick);
      label(`± ${fmt(made.plain.spread, 1)}`, box.x, row(1), brick);
      label("■ q·k ÷ √d", box.x + 0.66 * box.w, row(0), sand);
      label(`± ${fmt(made.scaled.spread, 1)}`, box.x + 0.66 * box.w, row(1), sand);
      heat(c, made.plain.weights, maps[0].x, maps[0].y, side, high, "weights of q·k", brick);
      heat(c, made.scaled.weights, maps[1].x, maps[1].y, side, high, "weights of q·k ÷ √d", sand);
      const ex = scale(1, most, curveBox.x, curveBox.x + curveBox.w, true),
        ey = scale(0, Math.max(...curves.flat()) * 1.08, curveBox.y + curveBox.h, curveBox.y);
      axes(c, ui, curveBox, ex, ey, { x: "d, the size of the vectors", y: "" });
      c.font = ui.font(13, 700);
      c.textAlign = "left";
      c.textBaseline = "bottom";
      c.fillStyle = theme.text;
      c.fillText("response of the weights to q·k", curveBox.x, curveBox.y - 6 * unit);
      const after = curveBox.x + c.measureText("response of the weights to q·k").width + 10 * unit;
      const exact = ["√d · ∂α/∂(q·k) of the median query; dots: each size, line: smoothed", "√d · ∂α/∂(q·k)"];
      c.font = ui.font(12);
      const note = exact.find((text) => c.measureText(text).width < width - after);
      label(note ?? "", after, curveBox.y - 6 * unit, theme.quiet, 400, "bottom");
      curve(c, sizes, lines[0], ex, ey, brick, 2 * unit, [6, 3]);
      curve(c, sizes, lines[1], ex, ey, sand, 2.4 * unit);
      curves.forEach((list, i) =>
        list.forEach((v, k) => dot(c, ex(sizes[k]), ey(v), 1.6 * unit, [brick, sand][i], 0.5)),
      );
      curve(c, [state.d, state.d], [0, ey.high], ex, ey, theme.text, 1, [3, 3]);
      dot(c, ex(state.d), ey(made.plain.gradient), 5 * unit, brick);
      dot(c, ex(state.d), ey(made.scaled.gradient), 5 * unit, sand);
      const end = curveBox.x + curveBox.w + 8 * unit,
        line = (spec.presenting ? 15 : 17) * unit;
      label("q·k", end, ey(0) + 2, brick, 600, "bottom");
      label("÷ √d", end, ey(0) + 2 - line, sand, 600, "bottom");
      const share = (m) => `${Math.round((100 * m.entropy) / Math.log(K))} %`;
      say.replaceChildren(
        h(
          "div",
          {},
          "d = ",
          h("b", {}, String(state.d)),
          `: standard deviation of the scores ${fmt(made.plain.spread, 1)}, ` +
            `divided by √d ${fmt(made.scaled.spread, 1)}.`,
        ),
        h(
          "div",
          { class: "quiet" },
          `Entropy ${fmt(made.plain.entropy, 2)} of at most ${fmt(Math.log(K), 2)} (${share(made.plain)}), with √d ` +
            `${fmt(made.scaled.entropy, 2)} (${share(made.scaled)}). Response ` +
            `${fmt(made.plain.gradient)}, with √d ${fmt(made.scaled.gradient)}.`,
        ),
      );
    },
    table() {
      const made = both(),
        row = (name, key) => [name, fmt(made.plain[key]), fmt(made.scaled[key])];
      return {
        header: [`d = ${state.d}`, "q·k", "÷ √d"],
        rows: [
          row("standard deviation of the scores", "spread"),
          row("entropy of the weights", "entropy"),
          row("∂α/∂(q·k) times √d, median query", "gradient"),
        ],
      };
    },
    numbers: both,
  };
}
