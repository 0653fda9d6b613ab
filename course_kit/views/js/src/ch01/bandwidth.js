// Kernel and bandwidth: the fitted curve, the heatmap of its weights and the leave-one-out error move together.
import { axes, logTicks, range, scale } from "../shared/axes.js";
import { h, pointed } from "../shared/dom.js";
import { curve, dot, paper } from "../shared/draw.js";
import { effective, fmt, nearest, pool, short as said } from "../shared/numbers.js";
import { inked, rgb } from "../shared/theme.js";
import { asked, marked, straight } from "./marks.js";

export function bandwidth(ui) {
  const { state, unit, spec, arrays } = ui;
  const { keys, values, queries, truth_x, truth_y } = arrays;
  const n = keys.length;
  const Q = queries.length;
  const kernels = spec.kernels;
  const canvas = h("canvas", { role: "img", "aria-label": spec.words });
  const say = h("div", {
    class: "say",
    role: "status",
    "data-testid": "readout",
    style: `margin-top:.5em;min-height:${arrays.errors ? 2.9 : 1.5}em`,
  });
  const tile = new OffscreenCanvas(n, Q);
  const brush = tile.getContext("2d");
  const image = brush.createImageData(n, Q);
  const pixels = new Uint32Array(image.data.buffer);
  const weights = new Float32Array(Q * n);
  const estimates = new Float64Array(Q);
  const widths = spec.widths;
  const W = widths.length;
  let plots = null;
  let mean = 0;
  let most = 1;
  ui.body.append(canvas);
  spec.presenting ? ui.below.append(say) : ui.body.parentElement.after(say);

  function fit() {
    mean = most = 0;
    for (let q = 0; q < Q; q++) {
      const asked = pool(queries[q], keys, values, state.kernel, state.width);
      weights.set(asked.weights, q * n);
      estimates[q] = asked.estimate;
      mean += effective(asked.weights) / Q;
      for (const w of asked.weights) if (w > most) most = w;
    }
  }
  const errors = () =>
    arrays.errors.subarray(kernels.indexOf(state.kernel) * W, (kernels.indexOf(state.kernel) + 1) * W);
  const best = (list) => list.reduce((b, e, i) => (e < list[b] || Number.isNaN(list[b]) ? i : b), 0);
  function heat(c, box) {
    const { theme } = ui;
    const lut = Uint32Array.from({ length: 256 }, (_, i) => {
      const [r, g, b] = inked(theme, i / 255);
      return (255 << 24) | (b << 16) | (g << 8) | r;
    });
    const f = 255 / (most || 1);
    for (let i = 0; i < Q * n; i++) pixels[i] = lut[(weights[i] * f) | 0];
    brush.putImageData(image, 0, 0);
    c.imageSmoothingEnabled = n > box.w;
    c.drawImage(tile, box.x, box.y, box.w, box.h);
    c.strokeStyle = theme.line;
    c.strokeRect(box.x - 0.5, box.y - 0.5, box.w + 1, box.h + 1);
    c.font = ui.font(12, 600);
    c.textBaseline = "bottom";
    c.textAlign = "left";
    c.fillStyle = theme.key;
    const ends = (all) => `${fmt(Math.min(...all), 1)} to ${fmt(Math.max(...all), 1)}`;
    c.fillText(`keys by ${spec.key_name}, ${ends(keys)} →`, box.x, box.y - 5 * unit);
    c.save();
    c.translate(box.x - 6 * unit, box.y + box.h);
    c.rotate(-Math.PI / 2);
    c.fillStyle = theme.query;
    c.fillText(`← queries by ${spec.key_name}, ${ends(queries)}`, 0, 0);
    c.restore();
    // what the ink is worth, at this width
    const y = box.y + box.h + 18 * unit;
    const bar = { x: box.x + 70 * unit, w: box.w / 3 };
    const ramp = c.createLinearGradient(bar.x, 0, bar.x + bar.w, 0);
    [theme.paper, theme.ink].forEach((colour, i) => ramp.addColorStop(i, rgb(colour)));
    c.fillStyle = ramp;
    c.fillRect(bar.x, y - 6 * unit, bar.w, 12 * unit);
    c.strokeStyle = theme.line;
    c.strokeRect(bar.x - 0.5, y - 6 * unit - 0.5, bar.w + 1, 12 * unit + 1);
    c.font = ui.font(12);
    c.fillStyle = theme.quiet;
    c.textBaseline = "middle";
    c.fillText("weight", box.x, y);
    c.textAlign = "right";
    c.fillText("0", bar.x - 6 * unit, y);
    c.textAlign = "left";
    c.fillText(fmt(most, most < 0.01 ? 3 : 2), bar.x + bar.w + 6 * unit, y);
    const row = nearest(Array.from(queries), state.query);
    const t = box.h / Q;
    c.strokeStyle = theme.query;
    c.lineWidth = 1.5 * unit;
    c.strokeRect(box.x - 1, box.y + row * t - 1, box.w + 2, t + 2);
  }
  // The leave-one-out error against the width, a dot at this one -> what is said of it.
  function exam(c, box) {
    const { theme } = ui;
    const list = errors();
    const ex = scale(widths[0], widths[W - 1], box.x, box.x + box.w, true);
    const lowest = best(list);
    const here = nearest(widths, state.width);
    // on a log scale the curve fills its frame: the error of the widest kernel is a hundred times the lowest
    const top = Math.max(1e-9, ...list.filter(Number.isFinite)) * 1.2;
    const low = Math.max(list[lowest] / 1.3, top / 1e4);
    const ey = scale(low, top, box.y + box.h, box.y, true);
    const powers = logTicks(low, top).filter((t) => Number.isInteger(Math.log10(t)));
    axes(c, ui, box, ex, ey, { x: "width", y: "leave-one-out error, squared, log scale", up: powers });
    c.save();
    c.beginPath();
    c.rect(box.x, box.y, box.w, box.h);
    c.clip();
    curve(c, widths, list, ex, ey, theme.text, 1.6 * unit);
    c.restore();
    if (Number.isFinite(list[here])) dot(c, ex(widths[here]), ey(Math.max(low, list[here])), 5 * unit, theme.text);
    return (
      `Squared leave-one-out error ${fmt(list[here])}; the lowest ` +
      `is ${fmt(list[lowest])}, at width ${said(widths[lowest])}.`
    );
  }
  const point = (e, done) => {
    const [px, py] = pointed(e, canvas);
    const { box, map, x } = plots;
    if (px >= map.x && px <= map.x + map.w && py >= map.y && py <= map.y + map.h)
      ui.set({ query: queries[Math.min(Q - 1, Math.floor(((py - map.y) / map.h) * Q))] }, done);
    else if (px >= box.x && px <= box.x + box.w && py <= box.y + box.h) ui.set({ query: x.invert(px) }, done);
  };
  canvas.onpointerdown = (e) => point(e, false);
  canvas.onpointermove = (e) => e.buttons && point(e, false);
  canvas.onpointerup = (e) => point(e, true);

  return {
    paint(width, narrow) {
      fit();
      const { theme } = ui;
      const exams = Boolean(arrays.errors);
      const head = 24 * unit;
      const under = 46 * unit; // the axis and the query below the curve
      const between = (narrow ? 0 : 30) * unit + 24 * unit;
      const side = narrow
        ? Math.min(width - 32 * unit, 360 * unit)
        : Math.round(Math.min((exams ? 0.4 : 0.34) * width, (exams ? 340 : 310) * ui.tall));
      const left = { x: 46 * unit, w: (narrow ? width - 18 * unit : width - side - between) - 46 * unit };
      // beside the map, curve and error are as high as it; below each other they have heights of their own
      const room = side + 34 * unit - under;
      const error = narrow ? 90 * unit : Math.round((room - 58 * unit) * 0.3);
      const box = { ...left, y: head, h: narrow ? 200 * unit : exams ? room - 58 * unit - error : side };
      const curveBox = { ...left, y: box.y + box.h + under + 22 * unit, h: error };
      const end = exams ? curveBox.y + error + 36 * unit : box.y + box.h + under;
      const map = narrow
        ? { x: (width - side) / 2 + 12 * unit, y: end + 40 * unit, w: side, h: side }
        : { x: width - side - 2, y: head, w: side, h: side };
      const c = paper(canvas, width, Math.max(end, map.y + side + 34 * unit));
      const [bottom, top] = range([...values, ...(truth_y ?? [])]);
      const pad = 0.02 * (queries[Q - 1] - queries[0]);
      const x = scale(queries[0] - pad, queries[Q - 1] + pad, box.x, box.x + box.w);
      const y = scale(bottom, top, box.y + box.h, box.y);
      plots = { box, map, x };
      axes(c, ui, box, x, y, { x: "", y: spec.value_name });
      marked(ui, c, box.x + box.w, box.y - 11 * unit, "value", truth_x);
      c.save();
      c.beginPath();
      c.rect(box.x, box.y, box.w, box.h);
      c.clip();
      for (let i = 0; i < n; i++)
        dot(c, x(keys[i]), y(values[i]), (n > 300 ? 1.6 : 3.6) * unit, theme.value, n > 300 ? 0.35 : 0.5);
      if (truth_x) curve(c, truth_x, truth_y, x, y, theme.quiet, 1.2, [5, 4]);
      curve(c, queries, estimates, x, y, theme.output, 2.4 * unit);
      c.restore();
      const at = x(state.query);
      straight(c, at, box.y, at, box.y + box.h, theme.query, 1.8 * unit, [6, 4]);
      asked(ui, c, at, box.y + box.h + 24 * unit, box.x, box.x + box.w);
      heat(c, map);
      say.replaceChildren(
        h(
          "div",
          {},
          `width `,
          h("b", {}, said(state.width)),
          `: about `,
          h("b", {}, mean.toFixed(1)),
          ` of ${n} examples count for a query, on average.`,
        ),
        h("div", { class: "quiet" }, arrays.errors ? exam(c, curveBox) : ""),
      );
    },
    table: () => (
      fit(),
      { header: ["query", "estimate"], rows: Array.from(queries, (q, i) => [said(q), fmt(estimates[i])]) }
    ),
    numbers: () => (
      fit(),
      {
        weights: Array.from({ length: Q }, (_, q) =>
          Array.from(pool(queries[q], keys, values, state.kernel, state.width).weights),
        ),
        estimates: Array.from(estimates),
        errors: arrays.errors ? Array.from(errors()) : [],
      }
    ),
  };
}
