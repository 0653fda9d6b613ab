// The fifth scene: heads, mixed and added to the state, add up to a word.
import { said } from "./descent_numbers.js";
import { full, most, valuesAt, WIDE } from "./descent_pen.js";

const shareOf = (w) => w.toFixed(w < 0.001 && w > 0.00005 ? 4 : 3);
const signed = (x) => (x > 0 ? "+" : "") + said(x);

export function sum(p, m, spec, step, W) {
  if (step === 17) return heads(p, m, spec, W);
  if (step === 18) return residual(p, m, spec, W);
  if (step === 19) return parts(p, m, spec, W);
  return answer(p, m, spec, step, W);
}
function heads(p, m, spec, W) {
  const { small } = p;
  const wide = small ? 8 : WIDE;
  const left = small ? 62 : 84;
  const each = m.d / wide; // rows of a head
  const ch = small ? 24 : 36;
  const top = 34;
  const product = `${spec.heads} × ${m.d} = ${spec.size} numbers`;
  const whose = small ? product : `the answers of ${spec.heads} heads: ${product}`;
  p.heading("means", small ? 0 : left, 14, whose, "output");
  p.page("means", m.means, top, ch, "output", { left });
  const [x, cw] = valuesAt(p, W);
  p.items.forEach((one) => {
    const from = one.first - (m.head - 1) * m.d; // the numbers of this head come from where they were added up
    if (one.name === "means" && from >= 0 && from < m.d) one.start = [x + from * cw, p.height - 46, cw, 30, 1];
  });
  for (let n = 1; n <= spec.heads; n++) {
    const weight = n === m.head ? 700 : 400;
    p.text(`head.${n}`, left - (small ? 8 : 12), top + (n - 0.5) * each * ch, `head ${n}`, { align: "right", weight });
  }
}
function residual(p, m, spec, W) {
  const { small } = p;
  const gap = small ? 30 : 46;
  const [c, ch] = small ? [(W - gap) / 32, 8] : [(W - 3 * gap) / 64, 12];
  const wide = c * WIDE;
  const tall = 8 * ch;
  const at = [0, 1, 2, 3].map((n) =>
    small ? [(n % 2) * (wide + gap), n < 2 ? 28 : tall + 62] : [n * (wide + gap), 32],
  );
  const scale = full([m.after]);
  const state = small ? "its state" : `state of “${m.asker}”`;
  p.tile(
    "means",
    m.means,
    at[0],
    [c, ch],
    "output",
    small ? `${spec.heads} answers` : `answers of ${spec.heads} heads`,
  );
  p.tile("adds", m.adds, at[1], [c, ch], "output", "mixed", { from: [...at[0], c, ch], close: true });
  p.tile("state", m.state, at[2], [c, ch], "ink", state, { scale, close: true });
  p.tile("after", m.after, at[3], [c, ch], "ink", "new state", { scale, from: [...at[2], c, ch], close: true });
  ["× W", "+", "="].forEach((words, n) => {
    const x = small && n === 1 ? W / 2 : at[n + 1][0] - gap / 2;
    p.text(`sign ${words}`, x, small && n === 1 ? tall + 46 : at[n + 1][1] + tall / 2, words, {
      ...{ size: n ? 22 : 15, align: "center", colour: "quiet" },
    });
  });
  const y = at[3][1] + tall + (small ? 26 : 52);
  const lines = [
    ["state", m.state, "ink", small ? "its state" : state, [...at[2], c, ch]],
    [
      "adds",
      m.adds,
      "output",
      small ? "+ the heads, mixed" : W < 720 ? "+ mixed" : "+ heads, mixed",
      [...at[1], c, ch],
    ],
    ["after", m.after, "ink", "= new state", [...at[3], c, ch]],
  ];
  const first = p.lines(lines, y, Math.min(small ? 60 : 50, (p.height - y) / 3), { scale });
  p.heading("close", 0, y - 14, `numbers ${first + 1} to ${first + WIDE} of ${spec.size}`, "quiet");
}

// What each sub-layer adds to the logit, as steps of a stair, and the word if the decoder stopped there.
function parts(p, m, spec, W) {
  const { small, height } = p;
  const all = [...m.parts, m.rest];
  const N = all.length;
  const sums = all.reduce((so_far, x) => [...so_far, so_far.at(-1) + x], [0]);
  const low = Math.min(...sums);
  const range = Math.max(...sums) - low;
  const floor = height - 78;
  const stair = height - 214;
  const slot = small ? (height - 26) / N : W / N;
  all.forEach((x, n) => {
    const last = n === N - 1;
    const [name, layer] = (last ? "bias" : n ? spec.names[n] : "input").split(" ");
    const [a, b] = [sums[n], sums[n + 1]].sort((x, y) => x - y);
    const colour = x > 0 ? "output" : "minus";
    const [stop, chance] = m.stops[n] ?? [];
    const thumb = (x, y, cw, ch) =>
      last || p.vector(`thumb.${n}`, n ? m.study.added[n - 1] : m.start, x, y, cw, ch, n ? "output" : "ink");
    const strong = stop === m.next ? { weight: 700, colour: "output" } : {};
    if (small) {
      const [y, k] = [26 + (n + 0.5) * slot, (W * 0.2) / range];
      thumb(0, y - slot / 2 + 3, 2.4, (slot - 8) / 8);
      p.text(`name.${n}`, 46, y, layer ? `${name.split("-")[0]} ${layer}` : name, { size: 13 });
      p.number(`part.${n}`, W * 0.49, y, signed(x), { size: 13, weight: 700 });
      p.bar(`part.${n}`, W * 0.52 + (a - low) * k, y, Math.max(1, (b - a) * k), 10, colour);
      if (!last) p.number(`stop.${n}`, W, y, `${stop} ${chance.toFixed(2)}`, { size: 13, ...strong });
      return;
    }
    const middle = (n + 0.5) * slot;
    const c = Math.min(5, (slot - 12) / WIDE);
    const tall = Math.max(1, ((b - a) * stair) / range);
    const top = floor - 14 - ((b - low) * stair) / range;
    const [centre, quiet] = [{ align: "center" }, { align: "center", colour: "quiet", size: 13 }];
    thumb(middle - (c * WIDE) / 2, 42, c, c);
    p.text(`name.${n}`, middle, 10, name.split("-")[0], quiet);
    if (layer) p.text(`layer.${n}`, middle, 26, slot < 60 ? layer : `layer ${layer}`, quiet);
    const start = [middle - slot * 0.3, 82, slot * 0.6, 1, 0]; // from its vector
    p.bar(`part.${n}`, middle - slot * 0.3, top + tall / 2, slot * 0.6, tall, colour, { start });
    p.number(`part.${n}`, middle, top - 9, signed(x), { ...centre, weight: 700 });
    if (last)
      return p.number("logit.0", middle, floor + 42, `= ${said(m.logits[0])}`, { ...centre, weight: 700, size: 16 });
    p.number(`stop.${n}`, middle, floor + 42, stop, { ...centre, room: slot - 4, ...strong });
    p.text(`chance of ${n}`, middle, floor + 61, chance.toFixed(3), { ...quiet, size: 13, name: `stop.${n}` });
  });
  if (small) p.heading("adds up", W * 0.49, 10, `adds to “${m.next}”`, "output", "right");
  else {
    p.line("floor", 0, floor, W, floor, "line");
    p.heading("adds up", 0, 106, `what each adds to the score of “${m.next}”`, "output");
  }
  const stopped = "if the decoder stopped here, its most probable word would be";
  p.heading(
    "stops",
    small ? W : 0,
    small ? 10 : floor + 18,
    small ? "stopped here" : stopped,
    "quiet",
    small ? "right" : "left",
  );
}

// The most probable words: logits, and their shares.
function answer(p, m, spec, step, W) {
  const { small, height } = p;
  const top = 34;
  const pace = Math.min(small ? 58 : 50, (height - top) / m.rivals.length);
  const alone = step === 20;
  const x = small ? W * (alone ? 0.34 : 0.24) : W * (alone ? 0.5 : 0.14);
  const columns = small ? [W * (alone ? 0.54 : 0.42), W * 0.66, W * 0.86] : [x + 70, W * 0.52, W * 0.72];
  const reach = alone ? W - columns[0] - 18 : small ? 0 : Math.min(W * 0.17, W * 0.52 - columns[0] - 86);
  p.heading("logit", columns[0], 14, "logit", "quiet", "right");
  if (!alone) {
    p.heading("grown", columns[1], 14, "e to it", "quiet", "right");
    p.heading("chance", columns[2], 14, small ? "share" : "probability", "output", "right");
  } else if (!small) {
    const [c, ch, y] = [Math.min(16, (W * 0.34) / WIDE), 16, 104];
    p.tile("final", m.final, [0, y], [c, ch], "ink", `the final state of “${m.asker}”, normed`);
    p.line("meets", c * WIDE + 8, y + 4 * ch, x - 64, top + pace / 2);
    p.label(
      "meets",
      0,
      y + 8 * ch + 18,
      W < 720 ? "× a word's vector: logit" : "× the vector of a word, summed: its logit",
    );
  }
  m.rivals.forEach((rival, i) => {
    const y = top + (i + 0.5) * pace;
    const bold = { weight: i ? 400 : 700, size: i ? 14 : 16 };
    const w = (m.logits[i] / most([m.logits])) * reach;
    const from = (n) => ({ ...bold, start: [columns[n], y, 0] });
    const colour = i ? "text" : "output";
    p.text(`rival.${i}`, x, y, rival, { align: "right", weight: bold.weight, size: i ? 16 : 20, colour, room: x });
    p.number(`logit.${i}`, columns[0], y, said(m.logits[i]), bold);
    if (reach) p.bar(`logit.${i}`, columns[0] + 14, y, w, 14, w > 0 ? "plus" : "minus");
    if (alone) return;
    p.number(`grown.${i}`, columns[1], y, said(Math.exp(m.logits[i])), from(0));
    p.number(`chance.${i}`, columns[2], y, shareOf(m.chances[i]), from(1));
    p.bar(`chance.${i}`, columns[2] + 14, y, Math.max(1, m.chances[i] * (W - columns[2] - 20)), 14, "output");
  });
}
