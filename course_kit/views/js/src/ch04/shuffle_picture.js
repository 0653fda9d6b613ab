// The picture of the shuffle lab: weights, the outputs now and, at the lines' other ends, those of the first order.
import { paper } from "../shared/draw.js";
import { fmt } from "../shared/numbers.js";
import { inked, legible, mix, rgb } from "../shared/theme.js";

// -> paint(made, places, width, narrow): made: what was computed; places: the row of each word, on its way there.
export function shuffled(ui, canvas, same) {
  const { spec, state, unit } = ui;
  const { names } = spec;
  const T = names.length;
  const c = canvas.getContext("2d");
  const short = (w) => (w >= 0.995 ? "1" : w < 0.005 ? "0" : w.toFixed(2).slice(1));
  const fit = (t, room) => {
    while (t.length > 2 && c.measureText(t).width > room) t = `${t.slice(0, -2)}…`;
    return t;
  };
  const wide = (t, size = 13, weight = 600) => {
    c.font = ui.font(size, weight);
    return c.measureText(t).width;
  };
  const write = (text, x, y, { align = "left", size = 13, weight = 400, colour = ui.theme.text } = {}) => {
    c.font = ui.font(size, weight);
    c.textAlign = align;
    c.fillStyle = colour;
    c.fillText(text, x, y);
  };
  // the outputs come beside the weights, or below them where there is no room
  function layout(width, narrow, E) {
    const all = Math.min(width, 900 * unit);
    const widest = Math.min(110 * unit, Math.max(...["mean", ...names].map((n) => wide(n))));
    const left = widest + 10 * unit;
    const gap = (narrow ? 18 : 44) * unit;
    const tail = Math.max(wide("Δ 0.00", 12, 700), wide("same", 12, 400)) + 12 * unit;
    const lines = tail + (narrow ? 34 : 56) * unit;
    const beside = all - 2 * left - gap - lines;
    const most = Math.min(44 * unit, ((spec.presenting ? 250 : 290) * ui.tall) / T);
    const fits = beside / (T + 0.6 * E);
    const stack = fits < 22 * unit;
    const cell = Math.floor(Math.min(stack ? (all - left) / T : fits, most));
    const room = stack ? all - 2 * left - lines : beside - T * cell;
    const bit = Math.min(0.8 * cell, room / E / 2);
    const row = stack ? Math.min(cell, 28 * unit) : cell;
    const slanted = Math.max(...names.map((n) => wide(n))) > cell - 2 * unit;
    const top = (slanted ? 22 * unit + widest * 0.71 : 26 * unit) + (spec.presenting ? 8 : 0);
    const out = stack ? left : left + T * cell + gap;
    const down = stack ? top + T * cell + 40 * unit : top;
    const before = out + E * bit + lines;
    const mean = down + T * row + 10 * unit;
    return { widest, left, tail, stack, cell, bit, row, slanted, top, out, down, before, mean, span: E * bit };
  }
  function weights(made, places, { left, top, cell, slanted, widest }) {
    const { theme } = ui;
    state.order.forEach((w, s) => {
      const y = top + places[w] * cell;
      const picked = w === state.word;
      const size = Math.min(13, (0.8 * cell) / unit);
      const weight = picked ? 700 : 400;
      state.order.forEach((u, r) => {
        const colour = inked(theme, made.weights[s][r]);
        const x = left + places[u] * cell;
        c.fillStyle = rgb(colour);
        c.fillRect(x, y, cell - 2, cell - 2);
        if (wide(".00", 11.5, 400) > cell - 3) return;
        const at = [x + cell / 2 - 1, y + cell / 2];
        write(short(made.weights[s][r]), ...at, { align: "center", size: 12, colour: legible(colour) });
      });
      const name = fit(names[w], widest);
      const colour = picked ? theme.query : theme.text;
      write(name, left - 8 * unit, y + cell / 2 - 1, { align: "right", size, weight, colour });
      c.save();
      c.translate(left + (places[w] + (slanted ? 0.42 : 0.5)) * cell - 1, top - (slanted ? 8 : 13) * unit);
      if (slanted) c.rotate(-Math.PI / 4);
      const across = picked ? theme.key : theme.text;
      write(name, 0, 0, { align: slanted ? "left" : "center", size, weight, colour: across });
      c.restore();
    });
    if (wide("weights", 12, 400) < left) write("weights", 0, top - 13 * unit, { size: 12, colour: theme.quiet });
    const here = places[state.word] * cell;
    c.lineWidth = 2 * unit;
    c.strokeStyle = theme.query;
    c.strokeRect(left - 1, top + here - 1, T * cell, cell);
    c.strokeStyle = theme.key;
    c.strokeRect(left + here - 1, top - 1, cell, T * cell);
  }
  function outputs(made, places, { widest, left, tail, stack, bit, row, out, down, before, mean, span }) {
    const { theme } = ui;
    const reach = Math.max(...[...made.outputs, ...made.first].flat().map(Math.abs), 1e-9);
    const middle = row / 2 - 1;
    const away = state.order.some((w, s) => w !== s);
    const strip = (numbers, x, y) =>
      numbers.forEach((v, e) => {
        c.fillStyle = rgb(mix(theme.paper, v < 0 ? theme.minus : theme.plus, 0.95 * (Math.abs(v) / reach) ** 0.6));
        c.fillRect(x + e * bit, y, bit - 1, row - 2);
      });
    const size = Math.min(13, (0.8 * row) / unit);
    const [x0, x1] = [out + span + tail, before - 6 * unit];
    const head = { weight: 600, colour: theme.output };
    const lines = names.map((name, w) => ({
      ...{ name, y: down + places[w] * row, y0: down + w * row, picked: w === state.word, change: made.change[w] },
      ...{ now: made.outputs[state.order.indexOf(w)], first: made.first[w] },
    }));
    lines.push({ y: mean, y0: mean, change: made.drift, now: made.mean, first: made.first_mean });
    for (const { name, y, y0, picked, change, now, first } of lines) {
      strip(now, out, y);
      strip(first, before, y0);
      const moved = Math.abs(y - y0) > 1;
      const [from, to] = [y + middle, y0 + middle];
      const at = [out + span + 6 * unit, from];
      if (away && change < same) write("same", ...at, { size: 12, colour: theme.quiet });
      else if (away) {
        const shown = fmt(change, change < 10 ? 2 : 1);
        write(`Δ ${shown}`, ...at, { size: 12, weight: 700, colour: rgb(theme.minus) });
      }
      c.strokeStyle = picked ? theme.output : moved ? theme.text : theme.hatch;
      c.lineWidth = (picked || moved ? 1.8 : 1.2) * unit;
      c.beginPath();
      c.moveTo(x0, from);
      c.bezierCurveTo((x0 + x1) / 2, from, (x0 + x1) / 2, to, x1, to);
      c.stroke();
      const how = name ? { size, weight: picked ? 700 : 400, colour: picked ? theme.output : theme.text } : head;
      wide(name ?? "", size, how.weight);
      if (name) write(fit(name, widest), before + span + 7 * unit, to, how);
      if (stack || !name) write(name ? fit(name, widest) : "mean", out - 8 * unit, from, { ...how, align: "right" });
      if (!picked) continue;
      c.lineWidth = 2 * unit;
      c.strokeRect(out - 2, y - 1, span + 2, row);
      c.strokeRect(before - 2, y0 - 1, span + 2, row);
    }
    write("outputs now", out, down - 14 * unit, head);
    write("outputs at first", before, down - 14 * unit, head);
  }
  return (made, places, width, narrow) => {
    const at = layout(width, narrow, made.mean.length);
    const { theme } = ui;
    paper(canvas, Math.min(width, at.before + at.span + at.left), at.mean + at.row);
    c.textBaseline = "middle";
    weights(made, places, at);
    outputs(made, places, at);
    const order = state.order.map((w) => names[w]).join(" ");
    canvas.setAttribute("aria-label", `Attention weights and outputs of ${T} words in the order: ${order}`);
  };
}
