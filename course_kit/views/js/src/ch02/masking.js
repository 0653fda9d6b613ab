// The mask lab: padding, causal, an empty row, and four orders of mask and softmax, three of them wrong.
import { h } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { fmt, percent, softmax } from "../shared/numbers.js";
import { inked, legible, mix, rgb } from "../shared/theme.js";

export function masking(ui) {
  const { spec, state, unit, arrays } = ui;
  const T = spec.names.length;
  const names = spec.names;
  const canvas = h("canvas", { role: "img", "aria-label": spec.words });
  const say = h("div", {
    class: "say",
    role: "status",
    "data-testid": "readout",
    style: "margin-top:.5em;min-height:3.1em",
  });
  ui.body.append(canvas);
  spec.presenting ? ui.below.append(say) : ui.body.parentElement.after(say);

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
  // One table of cells [wide, high]; cell(q, k) -> [ground or null (hatched), text, edge or null].
  function grid(c, x, y, [wide, high], cell) {
    const { theme } = ui;
    const gap = wide > 20 ? 2 : 1;
    const [w, t] = [wide - gap, high - gap];
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.font = ui.font(Math.min(12, wide / unit / 2.9));
    for (let q = 0; q < T; q++)
      for (let k = 0; k < T; k++) {
        const left = x + k * wide;
        const top = y + q * high;
        const [ground, text, edge] = cell(q, k);
        if (ground === null) {
          c.save();
          c.beginPath();
          c.rect(left, top, w, t);
          c.clip();
          c.strokeStyle = theme.hatch;
          c.lineWidth = 1;
          c.beginPath();
          for (let d = 4; d < w + t; d += 6) {
            c.moveTo(left + d, top);
            c.lineTo(left + d - t, top + t);
          }
          c.stroke();
          c.restore();
        } else {
          c.fillStyle = rgb(ground);
          c.fillRect(left, top, w, t);
        }
        if (edge) {
          c.strokeStyle = edge;
          c.lineWidth = 2 * unit;
          c.strokeRect(left + 1, top + 1, w - 2, t - 2);
        }
        if (text && wide >= 24 * unit) {
          c.fillStyle = ground ? legible(ground, theme) : theme.text;
          c.fillText(text, left + w / 2, top + t / 2 + 1);
        }
      }
  }
  // A name from x on, and behind it what there is to know, as long as it can be.
  function heading(c, x, y, right, name, notes, colour) {
    c.textAlign = "left";
    c.textBaseline = "bottom";
    c.font = ui.font(13, 700);
    c.fillStyle = ui.theme.text;
    c.fillText(name, x, y);
    x += c.measureText(name).width + 10 * unit;
    c.font = ui.font(12, colour === ui.theme.quiet ? 400 : 600);
    c.fillStyle = colour;
    c.fillText(notes.find((note) => c.measureText(note).width < right - x) ?? "", x, y);
  }
  const short = (w) => (w >= 0.995 ? "1" : w < 0.005 ? "0" : w.toFixed(2).slice(1));
  return {
    paint(width, narrow) {
      const { theme } = ui;
      const made = compute();
      const tail = 50 * unit;
      const gap = 28 * unit;
      const c0 = canvas.getContext("2d");
      c0.font = ui.font(12, 600);
      const longest = Math.max(...names.map((n) => c0.measureText(n).width));
      const label = Math.min(80 * unit, longest + 10 * unit);
      const wide = Math.floor(
        Math.min((narrow ? width - label - tail : (width - label - tail - gap) / 2) / T, 72 * unit),
      );
      const high = Math.floor(Math.min(wide, 34 * unit, (250 * ui.tall) / T));
      const size = [wide, high];
      const side = wide * T;
      const tall = high * T;
      const slanted = longest > wide - 4 * unit;
      const top = 24 * unit;
      const foot = slanted ? 0.71 * Math.min(longest, 76 * unit) + 18 * unit : 24 * unit;
      const second = narrow ? { x: label, y: top + tall + foot + 28 * unit } : { x: label + side + gap, y: top };
      const c = paper(canvas, width, second.y + tall + foot);
      const reach = Math.max(...arrays.scores.map(Math.abs), 1e-9);
      const brick = rgb(theme.minus);
      const rows = (x, y) =>
        names.forEach((n, q) => {
          c.font = ui.font(12, q < state.length ? 600 : 400);
          c.fillStyle = q < state.length ? theme.query : theme.quiet;
          c.textAlign = "right";
          c.textBaseline = "middle";
          c.fillText(q < state.length ? n : "pad", x - 7 * unit, y + (q + 0.5) * high);
        });
      const columns = (x, y) =>
        names.forEach((n, k) => {
          c.font = ui.font(12, k < state.length ? 600 : 400);
          c.fillStyle = k < state.length ? theme.key : theme.quiet;
          c.textBaseline = "middle";
          c.textAlign = slanted ? "right" : "center";
          c.save();
          c.translate(x + (k + 0.5) * wide + (slanted ? 3 : -1), y + tall + (slanted ? 8 : 11) * unit);
          if (slanted) c.rotate(-Math.PI / 4);
          c.fillText(k < state.length ? n : "pad", 0, 0);
          c.restore();
        });
      rows(label, top);
      columns(label, top);
      columns(second.x, second.y);
      if (narrow) rows(label, second.y);
      const leak = made.leaks.reduce((a, b) => a + b, 0) / T;
      const empty = made.allowed.filter((row) => !row.some(Boolean)).length;
      const less = made.sums.filter((s, q) => made.allowed[q].some(Boolean) && s < 1 - 1e-9).length;
      grid(c, label, top, size, (q, k) => {
        const s = made.scores[q][k];
        const ground = mix(theme.paper, s < 0 ? theme.minus : theme.plus, (0.85 * Math.abs(s)) / reach);
        return made.allowed[q][k] ? [ground, s.toFixed(1).replace("-", "−")] : [null, ""];
      });
      heading(c, label, top - 6 * unit, label + side, "scores", ["hatched = masked"], theme.quiet);
      grid(c, second.x, second.y, size, (q, k) => {
        const w = made.weights[q][k];
        const open = made.allowed[q][k];
        const leaks = !open && w > 1e-12;
        return open || leaks ? [inked(theme, w), short(w), leaks ? brick : null] : [null, ""];
      });
      const [notes, colour] =
        leak > 1e-12
          ? [["framed = leak, weight on a masked key", "framed = leak"], brick]
          : less
            ? [["Σ below 1 = weight is missing", "Σ below 1"], brick]
            : [["none on masked keys", "no leak"], theme.quiet];
      heading(c, second.x, second.y - 6 * unit, width, "weights", notes, colour);
      made.sums.forEach((s, q) => {
        const whole = Math.abs(s - 1) < 1e-9;
        c.font = ui.font(12, whole ? 400 : 700);
        c.textAlign = "left";
        c.textBaseline = "middle";
        c.fillStyle = whole ? theme.quiet : brick;
        c.fillText(`Σ ${fmt(s, 2)}`, second.x + side + 6 * unit, second.y + (q + 0.5) * high);
      });
      const verdict =
        leak > 1e-12
          ? [h("b", {}, `Leak: ${percent(leak)} `), "of all weight lies where the mask says no (framed)."]
          : less
            ? [h("b", {}, `${less} row${less > 1 ? "s" : ""} `), "sum to less than 1: their outputs shrink."]
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
