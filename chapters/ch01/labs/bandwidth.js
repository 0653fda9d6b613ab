// Kernel and bandwidth: the fitted curve, the heatmap of its weights and the leave-one-out error move together.
import { h, fmt, mix, paper, pool, nearest, pointed } from "../../../course_utils/views/core.js";
import { axes, curve, dot, effective, range, said, scale } from "../../../course_utils/views/axes.js";

export function bandwidth(ui) {
  const { state, unit, spec, arrays } = ui,
    { keys, values, queries, truth_x, truth_y } = arrays,
    n = keys.length,
    Q = queries.length,
    kernels = spec.kernels;
  const canvas = h("canvas", { role: "img", "aria-label": spec.words }),
    say = h("div", {
      class: "say",
      role: "status",
      "data-testid": "readout",
      style: "margin-top:.5em;min-height:3.1em",
    });
  const tile = new OffscreenCanvas(n, Q),
    brush = tile.getContext("2d"),
    image = brush.createImageData(n, Q),
    pixels = new Uint32Array(image.data.buffer);
  const weights = new Float32Array(Q * n),
    estimates = new Float64Array(Q),
    widths = spec.widths,
    W = widths.length;
  let plots = null,
    mean = 0,
    most = 1;
  ui.body.append(canvas);
  ui.below.append(say);

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
    const { theme } = ui,
      lut = Uint32Array.from({ length: 256 }, (_, i) => {
        const [r, g, b] = mix(theme.paper, theme.ink, i / 255);
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
    c.fillText("keys, sorted →", box.x, box.y - 5 * unit);
    c.save();
    c.translate(box.x - 6 * unit, box.y + box.h);
    c.rotate(-Math.PI / 2);
    c.fillStyle = theme.query;
    c.fillText("← queries, sorted", 0, 0);
    c.restore();
    c.font = ui.font(11);
    c.fillStyle = theme.quiet;
    c.textBaseline = "top";
    c.fillText(`full ink = weight ${fmt(most, 2)}`, box.x, box.y + box.h + 5 * unit);
    const row = nearest(Array.from(queries), state.query),
      t = box.h / Q;
    c.strokeStyle = theme.query;
    c.lineWidth = 1.5 * unit;
    c.strokeRect(box.x - 1, box.y + row * t - 1, box.w + 2, t + 2);
  }
  // The leave-one-out error against the width, a dot at this one -> what is said of it.
  function exam(c, box) {
    const { theme } = ui,
      list = errors(),
      ex = scale(widths[0], widths[W - 1], box.x, box.x + box.w, true),
      lowest = best(list),
      here = nearest(widths, state.width);
    const finite = list.filter(Number.isFinite),
      roof = Math.min(Math.max(...finite), 12 * list[lowest]),
      ey = scale(0, roof * 1.05, box.y + box.h, box.y);
    axes(c, ui, box, ex, ey, { x: "width", y: "leave-one-out error, squared" });
    c.save();
    c.beginPath();
    c.rect(box.x, box.y, box.w, box.h);
    c.clip();
    curve(c, widths, list, ex, ey, theme.text, 1.6 * unit);
    c.restore();
    if (Number.isFinite(list[here])) dot(c, ex(widths[here]), Math.max(box.y, ey(list[here])), 5 * unit, theme.text);
    return (
      `Squared leave-one-out error ${fmt(list[here])}; the lowest ` +
      `is ${fmt(list[lowest])}, at width ${said(widths[lowest])}.`
    );
  }
  const point = (e, done) => {
    const [px, py] = pointed(e, canvas),
      { box, map, x } = plots;
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
      const { theme } = ui,
        wide = Math.min(width, 900 * unit),
        side = narrow ? Math.min(wide - 40 * unit, 300 * unit) : Math.round(wide * 0.34);
      const box = {
        x: 46 * unit,
        y: 22 * unit,
        w: (narrow ? wide - 16 * unit : wide - side - 46 * unit) - 46 * unit,
        h: 220 * ui.tall,
      };
      const below = box.y + box.h + 58 * unit;
      const curveBox = {
        x: box.x,
        y: arrays.errors ? below : box.y + box.h,
        w: box.w,
        h: arrays.errors ? 76 * ui.tall : 0,
      };
      const map = narrow
        ? { x: 30 * unit, y: curveBox.y + curveBox.h + 68 * unit, w: side, h: side }
        : { x: wide - side - 4, y: box.y, w: side, h: side };
      const height = Math.max(curveBox.y + curveBox.h, map.y + map.h) + (narrow ? 26 : 40) * unit,
        c = paper(canvas, wide, height);
      const [bottom, top] = range([...values, ...(truth_y ?? [])]),
        pad = 0.02 * (queries[Q - 1] - queries[0]),
        x = scale(queries[0] - pad, queries[Q - 1] + pad, box.x, box.x + box.w),
        y = scale(bottom, top, box.y + box.h, box.y);
      plots = { box, map, x };
      axes(c, ui, box, x, y, { x: spec.key_name, y: spec.value_name });
      c.save();
      c.beginPath();
      c.rect(box.x, box.y, box.w, box.h);
      c.clip();
      for (let i = 0; i < n; i++)
        dot(c, x(keys[i]), y(values[i]), (n > 300 ? 1.6 : 3.6) * unit, theme.value, n > 300 ? 0.35 : 0.5);
      if (truth_x) curve(c, truth_x, truth_y, x, y, theme.quiet, 1.2, [5, 4]);
      curve(c, queries, estimates, x, y, theme.output, 2.4 * unit);
      curve(c, [state.query, state.query], [bottom, top], x, y, theme.query, 1.6 * unit, [6, 4]);
      c.restore();
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
