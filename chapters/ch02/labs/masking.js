// The mask lab: padding, causal, an empty row, and four orders of mask and softmax, three of them wrong.
import { fmt, h, legible, mix, paper, percent, rgb, softmax } from "../../../course_utils/views/core.js";

export function masking(ui) {
  const { spec, state, unit, arrays } = ui,
    T = spec.names.length,
    names = spec.names;
  const canvas = h("canvas", { role: "img", "aria-label": spec.words });
  const say = h("div", {
    class: "say",
    role: "status",
    "data-testid": "readout",
    style: "margin-top:.5em;min-height:3.1em",
  });
  ui.body.append(canvas);
  ui.below.append(say);

  function compute() {
    const allowed = names.map((_, q) =>
      names.map((_, k) => k < state.length && (!state.causal || k <= q) && q !== state.empty - 1),
    );
    const scores = names.map((_, q) => Array.from(arrays.scores.subarray(q * T, (q + 1) * T)));
    const weights = scores.map((row, q) => {
      const open = allowed[q];
      if (state.order === "before") return softmax(row, open);
      if (state.order === "times") return softmax(row.map((s, k) => (open[k] ? s : 0)));
      if (state.order === "after") return softmax(row).map((w, k) => (open[k] ? w : 0));
      return softmax(row.map((s, k) => (open[k] ? s : -1e9)));
    });
    const sums = weights.map((row) => row.reduce((a, b) => a + b, 0));
    const leaks = weights.map((row, q) => row.reduce((a, w, k) => a + (allowed[q][k] ? 0 : w), 0));
    return { allowed, scores, weights, sums, leaks };
  }
  function grid(c, x, y, size, made, title, tail, cell) {
    const { theme } = ui,
      gap = size > 20 ? 2 : 1,
      s = size - gap;
    c.font = ui.font(12, 600);
    c.fillStyle = theme.text;
    c.textAlign = "left";
    c.textBaseline = "bottom";
    c.fillText(title, x, y - 5 * unit);
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.font = ui.font(Math.min(11, size / unit / 2.9));
    for (let q = 0; q < T; q++)
      for (let k = 0; k < T; k++) {
        const left = x + k * size,
          top = y + q * size,
          [ground, text, edge] = cell(q, k);
        if (ground === null) {
          c.strokeStyle = theme.hatch;
          c.lineWidth = 1;
          c.beginPath();
          for (let d = 4; d < 2 * s; d += 6) {
            c.moveTo(left + Math.max(0, d - s), top + Math.min(d, s));
            c.lineTo(left + Math.min(d, s), top + Math.max(0, d - s));
          }
          c.stroke();
        } else {
          c.fillStyle = rgb(ground);
          c.fillRect(left, top, s, s);
        }
        if (edge) {
          c.strokeStyle = edge;
          c.lineWidth = 2 * unit;
          c.strokeRect(left + 1, top + 1, s - 2, s - 2);
        }
        if (text && size >= 24 * unit) {
          c.fillStyle = ground ? legible(ground, theme) : theme.text;
          c.fillText(text, left + s / 2, top + s / 2 + 1);
        }
      }
    if (tail) tail(c, x + T * size + 6 * unit, y, size);
  }
  const short = (w) => (w >= 0.995 ? "1" : w < 0.005 ? "0" : w.toFixed(2).slice(1));
  return {
    paint(width, narrow) {
      const { theme } = ui,
        made = compute(),
        wide = Math.min(width, 940 * unit),
        tail = 48 * unit;
      const label = Math.min(
        80 * unit,
        ((c) => {
          c.font = ui.font(12);
          return Math.max(...names.map((n) => c.measureText(n).width));
        })(canvas.getContext("2d")) +
          10 * unit,
      );
      const size = Math.floor(
          narrow
            ? Math.min((wide - label - tail) / T, 34 * unit)
            : Math.min((wide - label - tail - 28 * unit) / (2 * T), 38 * unit, (430 * ui.tall) / T),
        ),
        side = size * T;
      const top = 26 * unit,
        foot = 0.75 * label + 14 * unit,
        second = narrow ? { x: label, y: top + side + foot + 28 * unit } : { x: label + side + 28 * unit, y: top };
      const c = paper(canvas, wide, second.y + side + foot),
        reach = Math.max(...arrays.scores.map(Math.abs), 1e-9),
        brick = rgb(theme.minus);
      const rows = (x, y) =>
        names.forEach((n, q) => {
          c.font = ui.font(12, q < state.length ? 600 : 400);
          c.fillStyle = q < state.length ? theme.query : theme.quiet;
          c.textAlign = "right";
          c.textBaseline = "middle";
          c.fillText(q < state.length ? n : "pad", x - 7 * unit, y + (q + 0.5) * size);
        });
      const columns = (x, y) =>
        names.forEach((n, k) => {
          c.font = ui.font(12, k < state.length ? 600 : 400);
          c.fillStyle = k < state.length ? theme.key : theme.quiet;
          c.textAlign = "right";
          c.textBaseline = "middle";
          c.save();
          c.translate(x + (k + 0.5) * size + 3, y + side + 8 * unit);
          c.rotate(-Math.PI / 4);
          c.fillText(k < state.length ? n : "pad", 0, 0);
          c.restore();
        });
      rows(label, top);
      columns(label, top);
      columns(second.x, second.y);
      if (narrow) rows(label, second.y);
      grid(c, label, top, size, made, "scores; hatched: masked", null, (q, k) => [
        made.allowed[q][k]
          ? mix(
              theme.paper,
              made.scores[q][k] < 0 ? theme.minus : theme.plus,
              (0.85 * Math.abs(made.scores[q][k])) / reach,
            )
          : null,
        made.allowed[q][k] ? made.scores[q][k].toFixed(1).replace("-", "−") : "",
      ]);
      grid(
        c,
        second.x,
        second.y,
        size,
        made,
        "weights",
        (c, x, y) =>
          made.sums.forEach((s, q) => {
            c.font = ui.font(11, Math.abs(s - 1) < 1e-9 ? 400 : 700);
            c.textAlign = "left";
            c.textBaseline = "middle";
            c.fillStyle = Math.abs(s - 1) < 1e-9 ? theme.quiet : brick;
            c.fillText(`Σ ${fmt(s, 2)}`, x, y + (q + 0.5) * size);
          }),
        (q, k) => {
          const w = made.weights[q][k],
            open = made.allowed[q][k],
            leak = !open && w > 1e-12;
          return [
            open || leak ? mix(theme.paper, theme.ink, w) : null,
            open || leak ? short(w) : "",
            leak ? brick : null,
          ];
        },
      );
      const leak = made.leaks.reduce((a, b) => a + b, 0) / T,
        empty = made.allowed.filter((row) => !row.some(Boolean)).length,
        short1 = made.sums.filter((s, q) => made.allowed[q].some(Boolean) && s < 1 - 1e-9).length;
      const verdict =
        leak > 1e-12
          ? [h("b", {}, `Leak: ${percent(leak)} `), "of all weight lies where the mask says no (framed)."]
          : short1
            ? [h("b", {}, `${short1} rows `), "sum to less than 1: their outputs shrink."]
            : [
                h("b", {}, "No leak. "),
                empty
                  ? `${empty} row${empty > 1 ? "s" : ""} with nothing to attend: zeros, not NaN.`
                  : "Each row sums to 1.",
              ];
      say.replaceChildren(h("div", {}, ...verdict), h("div", { class: "quiet" }, spec.orders[state.order]));
    },
    table() {
      const made = compute();
      return {
        header: ["query", ...names, "Σ"],
        rows: names.map((n, q) => [
          n,
          ...made.weights[q].map((w, k) => (made.allowed[q][k] || w > 1e-12 ? fmt(w) : "masked")),
          fmt(made.sums[q]),
        ]),
      };
    },
    numbers: compute,
  };
}
