// The five scenes: for each step a sentence, and where every vector, number and bar is. A place is a list of numbers
// that the stage follows from one step to the next, the last of them how visible the thing is.
import { largest, said } from "./descent_numbers.js";

const WIDE = 16; // cells in a row; longer vectors take several rows
export const places = (scenes) => Object.values(scenes).flatMap((count, scene) => Array(count).fill(scene));

const percentOf = (w) => `${(100 * w).toFixed(w > 0.995 || w < 0.095 ? 1 : 0)} %`;
const shareOf = (w) => w.toFixed(w < 0.001 && w > 0.00005 ? 4 : 3);
const signed = (x) => (x > 0 ? "+" : "") + said(x);
const most = (vectors) => Math.max(...vectors.flat().map(Math.abs), 1e-9);
// The size at which a cell is full of colour: only the largest few are beyond it.
const full = (vectors) => {
  const sizes = vectors
    .flat()
    .map(Math.abs)
    .sort((a, b) => a - b);
  return Math.max(sizes[Math.floor(0.97 * (sizes.length - 1))], 1e-9);
};
const NUMBERS = "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split(
  " ",
);
const counted = (n, first) => (first ? counted(n)[0].toUpperCase() + counted(n).slice(1) : NUMBERS[n]) ?? `${n}`;

// The sentence of a step, and the number that is spelled out while none is pointed at: [sentence, name, cell].
export function sentenceOf(m, spec, step) {
  const asker = `“${m.asker}”`,
    lead = `“${spec.source[m.lead]}”`,
    next = `“${m.next}”`,
    S = spec.source.length,
    D = spec.size,
    second = m.order[1],
    many = spec.vocabulary.toLocaleString("en"),
    added = `${counted(m.below)} sub-layer${m.below > 1 ? "s have" : " has"} added to it`,
    below = Math.min(...m.scores) < 0 ? ", some below zero" : "",
    entering = largest(m.start),
    pair = largest(m.products[m.lead]),
    column = largest(m.mean);
  const also = m.shares[second] > 0.1 ? ` and “${spec.source[second]}”` : "";
  return [
    [
      `To the model, the last word written, ${asker}, is a row of a table: ${D} numbers, here in lines of 16.`,
      "token",
      entering,
    ],
    [`Where it is matters too: position ${m.word - 1} has ${D} numbers of its own.`, "position", entering],
    [`Added number by number, they are the vector of ${asker} that enters the decoder.`, "start", entering],
    [`On its way to the cross-attention of layer ${m.layer}, ${added}. This is its state now.`, "state", entering],
    [
      `A learned matrix makes a query of the state: ${m.d} numbers for what ${asker} is looking for in head ${m.head}.`,
      "query",
      pair,
    ],
    [`Each English word, as the encoder has read it, offers a key of the same size.`, `key.${m.lead}`, pair],
    [`The query meets the key of ${lead}: multiply them pair by pair.`, "product", pair],
    [`Add the ${m.d} products. The better query and key agree, the larger the sum.`, "sum", 0],
    [
      `Divide by √${m.d}, so that longer vectors do not score higher just because they are longer.`,
      `score.${m.lead}`,
      0,
    ],
    [
      `The other ${counted(S - 1)} keys in the same way: point at one. Each word now has a score.`,
      `score.${m.lead}`,
      0,
    ],
    [`${S} scores${below}. How do they become shares of one whole?`, `score.${m.lead}`, 0],
    ["Raise e to each score: nothing is negative any more, and large scores stand out.", `raised.${m.lead}`, 0],
    ["Add them all up.", "total", 0],
    [
      `Divide each by the sum: shares of 1. ${lead} gets ${percentOf(m.shares[m.lead])}. This is softmax.`,
      `share.${m.lead}`,
      0,
    ],
    ["Each English word also has a value: what it hands over when it is attended to.", `value.${m.lead}`, column],
    ["Multiply each value by its word's share: most of them fade to almost nothing.", `weighted.${m.lead}`, column],
    [`Add them up, column by column. The answer of this head: mostly ${lead}${also}.`, "mean", column],
    [
      `${counted(spec.heads, true)} heads did this at once, each with its own keys and values. ` +
        `Side by side: ${D} numbers again.`,
      "means",
      (m.head - 1) * m.d + column,
    ],
    [
      `A last matrix mixes the heads, and the result is added to what ${asker} had: a residual connection.`,
      "after",
      largest(m.adds),
    ],
    [
      `Every sub-layer adds to the same vector, and each addition raises or lowers the score of ${next}.`,
      `part.${m.parts.indexOf(Math.max(...m.parts))}`,
      0,
    ],
    [`The final state meets a vector for each of ${many} French words: these scores are called logits.`, "logit.0", 0],
    [`Softmax once more: ${next} gets ${percentOf(m.chances[0])}, and the decoder writes it.`, "chance.0", 0],
  ][step];
}

// What the scenes draw with: each thing has an id, by which the stage knows it again at the next step.
function pen(m, spec, step, W, narrow) {
  const items = [],
    height = narrow ? 452 : 332,
    per = m.d / WIDE, // rows of a head's vector
    room = narrow ? 66 : 92; // of the words on the left
  const add = (type, id, place, more) => items.push({ type, id, place, ...more });
  const text = (id, x, y, words, more) => add("text", id, [x, y, 1], { words, ...more });
  // A vector in rows of 16 cells; `beside`: its rows one after the other in one line; `from` and `was`:
  // the place and the values from which it comes.
  function vector(name, values, x, y, cw, ch, role, { scale = full([values]), from, was, beside, bars } = {}) {
    for (let r = 0; r * WIDE < values.length; r++) {
      const place = [x + (beside ? r * WIDE * cw : 0), y + (beside ? 0 : r * ch), cw, ch, 1],
        start = from && [from[0], from[1] + r * from[3], from[2], from[3], 0],
        [row, old] = [values, was ?? []].map((x) => x.slice(r * WIDE, (r + 1) * WIDE));
      add(bars ? "bars" : "cells", `${name}/${r}`, place, {
        name,
        first: r * WIDE,
        values: row,
        old,
        role,
        scale,
        start,
      });
    }
  }
  const label = (id, x, y, words, colour = "quiet", more) =>
    text(`label ${id}`, x, y, words, { colour, size: 12.5, ...more });
  const heading = (id, x, y, words, colour, align) => label(id, x, y, words, colour, { align, weight: 700 });
  return {
    ...{ items, height, per, room, text, vector, label, heading },
    number: (name, x, y, words, more) => text(name, x, y, words, { name, align: "right", ...more }),
    bar: (name, x, y, w, tall, colour, more) =>
      add("bar", `${name} bar`, [x, y - tall / 2, w, tall, 1], { colour, name, ...more }),
    line: (id, x1, y1, x2, y2, colour = "quiet") => add("line", `line ${id}`, [x1, y1, x2, y2, 1], { colour }),
    sign: (id, x, y, words) => text(`sign ${id}`, x, y, words, { size: 20, align: "center", colour: "quiet" }),
    // A whole vector in square cells with its name above it.
    tile(name, values, [x, y], c, role, words, more) {
      vector(name, values, x, y, c, c, role, more);
      heading(name, x, y - 15, words, role === "ink" ? "quiet" : role);
    },
    // The source words down the left side -> where their rows are.
    rows(top, bottom) {
      const pitch = Math.min(25, (height - top - bottom) / spec.source.length),
        middle = (i) => top + (i + 0.5) * pitch;
      spec.source.forEach((word, i) => {
        const weight = i === m.lead && step > 5 ? 700 : 400;
        text(`word.${i}`, room - 8, middle(i), word, { align: "right", weight, room: room - 8 });
      });
      return { y: (i) => top + i * pitch + 1, middle, ch: (pitch - 4) / per };
    },
    score(i, x, y, zero, reach) {
      const w = (m.scores[i] / most([m.scores])) * reach,
        start = step < 10 && !narrow && [W * 0.5, height - 60, 0]; // from where it was divided
      this.number(`score.${i}`, x, y, said(m.scores[i]), { start, weight: i === m.lead ? 700 : 400 });
      if (reach) this.bar(`score.${i}`, zero, y, w, 10, w > 0 ? "plus" : "minus");
    },
    share(i, x, y, reach, more) {
      const weight = i === m.lead ? 700 : 400;
      this.number(`share.${i}`, x, y, m.shares[i].toFixed(3), { weight, ...more });
      if (reach) this.bar(`share.${i}`, x + 12, y, Math.max(1, m.shares[i] * reach), 10, "ink", { ink: m.shares[i] });
    },
  };
}

// ---- 1 a word becomes a vector
function word(p, m, spec, step, W, narrow) {
  const c = narrow ? Math.min(10, (W - 40) / 32) : Math.min(20, (W - 130) / 48),
    [wide, tall] = [c * WIDE, (c * spec.size) / WIDE],
    gap = narrow ? W - 2 * wide : Math.min(64, (W - 3 * wide) / 2 - 6),
    count = Math.min(3, step + 1),
    left = (W - count * wide - (count - 1) * gap) / 2,
    top = narrow ? 84 : (p.height - tall) / 2 + 8,
    at = [0, 1, 2].map((n) => [narrow ? n * (wide + gap) : left + n * (wide + gap), top]),
    middle = top + tall / 2,
    place = m.word - 1,
    scale = full([m.start]);
  const between = (id, n, words) => p.sign(id, at[n][0] + wide + gap / 2, middle, words);
  if (step < 3) {
    if (narrow) at[2] = [(W - wide) / 2, top + tall + 84];
    const rows = narrow ? "" : `a table of ${spec.vocabulary.toLocaleString("en")} words`;
    p.text("token", at[0][0], top - 46, m.asker, { size: 28, weight: 700 });
    p.tile("token", m.study.token, at[0], c, "ink", `row ${spec.ids[place]} of ${rows || spec.vocabulary}`, { scale });
    if (step > 0) {
      between("plus", 0, "+");
      p.text("position", at[1][0], top - 46, `${place}`, { size: 28, weight: 700 });
      p.tile("position", m.study.position, at[1], c, "ink", narrow ? "position" : "position, from 0 on", { scale });
    }
    if (step > 1) {
      if (narrow) p.sign("is", at[2][0] - 20, at[2][1] + tall / 2, "=");
      else between("is", 1, "=");
      p.tile("start", m.start, at[2], c, "ink", "what enters the decoder", { scale, from: [...at[1], c, c] });
    }
    return;
  }
  const columns = narrow ? 3 : 2,
    small = narrow ? 6 : Math.min(5.5, (wide - 24) / 2 / WIDE),
    [across, down] = [narrow ? W / 3 : wide / 2 + 6, (small * spec.size) / WIDE + (narrow ? 34 : 22)],
    x0 = narrow ? 0 : at[1][0] - 6,
    y0 = narrow ? tall + 84 : p.height / 2 - (Math.ceil(m.below / columns) * down) / 2 + 14,
    ends = narrow ? [at[0], at[1]].map(([x]) => [x, 24]) : [at[0], at[2]];
  p.tile("start", m.start, ends[0], c, "ink", narrow ? "enters the decoder" : "what enters the decoder", { scale });
  const state = W < 1000 ? "its state" : `the state of “${m.asker}”, layer ${m.layer}`;
  p.tile("state", m.state, ends[1], c, "ink", state, { from: [...ends[0], c, c] });
  if (narrow) p.sign("plus", W / 2, 24 + tall / 2, "→");
  else (between("plus", 0, "+"), between("is", 1, "="));
  for (let n = 1; n <= m.below; n++) {
    const [x, y] = [x0 + ((n - 1) % columns) * across, y0 + Math.floor((n - 1) / columns) * down];
    p.vector(`thumb.${n}`, m.study.added[n - 1], x, y, small, small, "output");
    const name = across < 108 ? spec.names[n].replace("-attention", "") : spec.names[n];
    p.label(`thumb.${n}`, x, y - 8, (narrow ? "+ " : "") + name, "quiet", { size: 11.5 });
  }
}

// ---- 2 its query meets every key
function scores(p, m, spec, step, W, narrow) {
  const rows = p.rows(narrow ? 60 : 66, narrow ? 150 : 2),
    cw = narrow ? 6.5 : Math.min(13, (W * 0.185) / WIDE),
    x = p.room,
    end = x + WIDE * cw + 6,
    [keys, queries] = [full(m.k), full([m.q])],
    px = narrow ? 0 : W * 0.355,
    pw = narrow ? W / m.d : Math.min(12, (W * 0.34) / m.d),
    whose = narrow ? "" : ` · layer ${m.layer}, head ${m.head}`;
  p.heading("query", x, 8, `query of “${m.asker}”${whose}`, "query");
  p.vector("query", m.q, x, 18, cw, narrow ? 9 : 10, "query", { scale: queries });
  if (step === 4) {
    const c = narrow ? 9 : 14,
      at = narrow ? [W - c * WIDE, 210] : [px + 40, 104];
    p.tile("state", m.state, at, c, "ink", `the state of “${m.asker}”`);
    p.line("projects", at[0] - 6, at[1] + 4 * c, end, 28, "query");
    p.label("projects", at[0], at[1] - 38, narrow ? "normed, × W" : `normed, × W of head ${m.head}`, "query");
    return;
  }
  p.heading("keys", x, narrow ? 51 : 54, "keys", "key");
  m.k.forEach((key, i) => {
    const from = [x - 20, rows.y(i), 1, rows.ch];
    p.vector(`key.${i}`, key, x, rows.y(i), cw, rows.ch, "key", { scale: keys, from });
  });
  if (step === 5) return;
  const y = narrow ? p.height - 132 : rows.y(0) + 14,
    tall = narrow ? 26 : 50,
    base = y + (narrow ? 74 : 128),
    below = base + tall + (narrow ? 14 : 26),
    lead = m.lead;
  p.vector("q2", m.q, px, y, pw, 14, "query", { scale: queries, beside: true, from: [x, 18, cw, 10] });
  p.sign("times", px + (m.d * pw) / 2, y + 22, "×");
  const from = [x, rows.y(lead), cw, rows.ch];
  p.vector("k2", m.k[lead], px, y + 30, pw, 14, "key", { scale: keys, beside: true, from });
  p.vector("product", m.products[lead], px, base, pw, tall, "plus", { beside: true, bars: true });
  if (!narrow) {
    p.line("asks", end, 28, px - 8, y + 7, "query");
    p.line("offers", end, rows.middle(lead), px - 8, y + 37, "key");
    p.label("product", px, base - tall - 8, `multiply, pair by pair (with the key of “${spec.source[lead]}”)`);
  }
  const large = { align: "left", size: 17, weight: 700 };
  if (step > 6) p.number("sum", px, below, `sum ${said(m.sums[lead])}`, large);
  if (step < 8) return;
  p.text("divided", px + 110, below, `÷ √${m.d} = ${said(m.scores[lead])}`, { ...large, name: `score.${lead}` });
  const sx = narrow ? end + 46 : W * 0.79,
    reach = narrow ? (W - sx - 8) / 2 : W * 0.098;
  p.heading("scores", sx, narrow ? 51 : 54, "scores", "quiet", "right");
  spec.source.forEach((_, i) => (step > 8 || i === lead) && p.score(i, sx, rows.middle(i), sx + 14 + reach, reach));
}

// ---- 3 scores become shares
function shares(p, m, spec, step, W, narrow) {
  const rows = p.rows(34, 38),
    columns = narrow ? [W * 0.38, W * 0.64, W * 0.82] : [Math.max(p.room + 66, W * 0.2), W * 0.5, W * 0.8],
    reach = narrow ? 0 : W * 0.065,
    foot = p.height - 16;
  const names = narrow ? ["score", "e^score", "share"] : ["score", "e to the score", "share of 1"];
  names.forEach((name, n) => step > [0, 10, 12][n] && p.heading(name, columns[n], 16, name, "quiet", "right"));
  spec.source.forEach((_, i) => {
    const y = rows.middle(i),
      w = (m.raised[i] / Math.max(...m.raised)) * reach * 2,
      from = (n) => [columns[n], y, 0];
    p.score(i, columns[0], y, columns[0] + 14 + reach, reach);
    const weight = i === m.lead ? 700 : 400;
    if (step > 10) p.number(`raised.${i}`, columns[1], y, said(m.raised[i]), { weight, start: from(0) });
    if (step > 10 && !narrow) p.bar(`raised.${i}`, columns[1] + 14, y, w, 10, "plus");
    if (step > 12) p.share(i, columns[2], y, narrow ? W * 0.14 : reach * 2.6, { start: from(1) });
  });
  function summed(n, name, words, note) {
    p.line(name, columns[n] - 62, foot - 15, columns[n], foot - 15);
    p.text(name, columns[n], foot, words, { name: n === 1 && name, align: "right", weight: 700, size: 16 });
    if (!narrow) p.label(name, columns[n] - 86, foot, note, "quiet", { align: "right" });
  }
  if (step > 11) summed(1, "total", said(m.sum), "sum");
  if (step > 12) summed(2, "one", "1.000", `each ÷ ${said(m.sum)}`);
}

// ---- 4 shares average the values
function values(p, m, spec, step, W, narrow) {
  const rows = p.rows(34, narrow ? 84 : 2),
    cw = Math.min(13, (narrow ? W - p.room - 52 : W * 0.185) / WIDE),
    sx = narrow ? p.room + 40 : Math.max(p.room + 52, W * 0.13),
    vx = narrow ? p.room + 50 : W * 0.26,
    wx = narrow ? vx : W * 0.52,
    scale = full(m.v);
  const stays = !narrow || step < 15; // else the weighted values take their place
  p.heading("share", sx, 16, "share", "quiet", "right");
  if (stays) p.heading("value", vx, 16, "value", "value");
  if (step > 14) p.heading("weighted", wx, 16, "share × value", "value");
  spec.source.forEach((_, i) => {
    const [y, from] = [rows.y(i), [vx, rows.y(i), cw, rows.ch]];
    p.share(i, sx, rows.middle(i), narrow ? 0 : vx - sx - 30);
    if (stays) p.vector(`value.${i}`, m.v[i], vx, y, cw, rows.ch, "value", { scale });
    if (step > 14) p.vector(`weighted.${i}`, m.weighted[i], wx, y, cw, rows.ch, "value", { scale, from, was: m.v[i] });
  });
  if (step < 16) return;
  const [x, y, w, tall] = meanAt(p, W, narrow);
  p.vector("mean", m.mean, x, y, w, tall, "output", { from: [wx, p.height / 2, cw, rows.ch] });
  p.heading("mean", x, y - 13, W < 1000 ? "their sum" : `the sum: what head ${m.head} answers`, "output");
  if (!narrow) p.line("adds", wx + WIDE * cw + 8, y + tall, x - 8, y + tall, "output");
}
const meanAt = (p, W, narrow) => {
  const w = Math.min(14, (W * 0.19) / WIDE);
  return narrow ? [p.room + 50, p.height - 44, 13, 14] : [W * 0.79, p.height / 2 - w, w, w * 1.3];
};

// ---- 5 heads add up to a word
function sum(p, m, spec, step, W, narrow) {
  if (step === 19) return parts(p, m, spec, W, narrow);
  if (step > 19) return answer(p, m, spec, step, W, narrow);
  const four = step === 18,
    c = narrow ? (four ? 9 : 15) : four ? Math.min(14, (W - 190) / 64) : Math.min(22, W / 50),
    [wide, tall] = [c * WIDE, (c * spec.size) / WIDE],
    gap = (W - 4 * wide - 30) / 3;
  if (!four) {
    const [x, y] = [narrow ? W - wide : (W - wide) / 2, (p.height - tall) / 2];
    p.tile("means", m.means, [x, y], c, "output", `the answers of ${spec.heads} heads`);
    const [mx, my, w, h] = meanAt(p, W, narrow),
      mine = p.items.filter((one) => one.name === "means" && Math.floor(one.first / m.d) === m.head - 1);
    mine.forEach((one, r) => (one.start = [mx, my + r * h, w, h, 1]));
    for (let n = 1; n <= spec.heads; n++) {
      const weight = n === m.head ? 700 : 400;
      p.text(`head.${n}`, x - 14, y + (n - 0.5) * p.per * c, `head ${n}`, { align: "right", weight });
    }
    return;
  }
  const at = [0, 1, 2, 3].map((n) =>
    narrow ? [n % 2 ? W - wide : 0, n < 2 ? 40 : tall + 150] : [15 + n * (wide + gap), (p.height - tall) / 2],
  );
  const scale = full([m.after]);
  p.tile("means", m.means, at[0], c, "output", `the answers of ${spec.heads} heads`);
  p.tile("adds", m.adds, at[1], c, "output", W < 1000 ? "mixed" : "mixed: what it adds", { from: [...at[0], c, c] });
  p.tile("state", m.state, at[2], c, "ink", "what was there", { scale });
  const state = W < 1000 ? "the new state" : `the new state of “${m.asker}”`;
  p.tile("after", m.after, at[3], c, "ink", state, { scale, from: [...at[2], c, c] });
  ["× W", "+", "="].forEach((words, n) => {
    const x = narrow ? W / 2 : at[n + 1][0] - gap / 2;
    p.sign(words, x, narrow && n === 1 ? tall + 95 : at[n + 1][1] + tall / 2, words);
  });
}

// What each sub-layer adds to the logit, as steps of a stair, and the word if the decoder stopped there.
function parts(p, m, spec, W, narrow) {
  const all = [...m.parts, m.rest],
    N = all.length,
    sums = all.reduce((so_far, x) => [...so_far, so_far.at(-1) + x], [0]),
    low = Math.min(...sums),
    range = Math.max(...sums) - low,
    slot = narrow ? (p.height - 30) / N : W / N;
  all.forEach((x, n) => {
    const last = n === N - 1,
      full_name = last ? "bias" : n ? spec.names[n] : "input",
      [a, b] = [sums[n], sums[n + 1]].sort((x, y) => x - y),
      colour = x > 0 ? "output" : "minus",
      [stop, chance] = m.stops[n] ?? [];
    const thumb = (x, y, cw, ch) =>
      last || p.vector(`thumb.${n}`, n ? m.study.added[n - 1] : m.start, x, y, cw, ch, n ? "output" : "ink");
    if (narrow) {
      const [y, k] = [26 + (n + 0.5) * slot, (W * 0.22) / range];
      thumb(0, y - slot / 2 + 2, 2.8, ((slot - 6) * WIDE) / spec.size);
      p.text(`name.${n}`, 52, y, full_name, { size: 12 });
      p.number(`part.${n}`, W * 0.58, y, signed(x), { size: 12.5 });
      p.bar(`part.${n}`, W * 0.6 + (a - low) * k, y, Math.max(1, (b - a) * k), 10, colour);
      if (!last) p.number(`stop.${n}`, W, y, `${stop} ${chance.toFixed(2)}`, { size: 12 });
      return;
    }
    const middle = (n + 0.5) * slot,
      c = Math.min(5, (slot - 12) / WIDE),
      tall = Math.max(1, ((b - a) * 120) / range),
      top = 238 - ((b - low) * 120) / range,
      [name, layer] = full_name.split(" "),
      [centre, quiet] = [{ align: "center" }, { align: "center", colour: "quiet", size: 11.5 }];
    thumb(middle - (c * WIDE) / 2, 40, c, c);
    p.text(`name.${n}`, middle, 12, slot < 88 ? name.split("-")[0] : name, quiet);
    if (layer) p.text(`layer.${n}`, middle, 27, `layer ${layer}`, quiet);
    const start = [middle - slot * 0.3, 80, slot * 0.6, 1, 0]; // from its vector
    p.bar(`part.${n}`, middle - slot * 0.3, top + tall / 2, slot * 0.6, tall, colour, { start });
    p.number(`part.${n}`, middle, top - 9, signed(x), { ...centre, weight: 700 });
    if (last) return p.number("logit.0", middle, 292, `= ${said(m.logits[0])}`, { ...centre, weight: 700, size: 16 });
    const strong = stop === m.next ? { weight: 700, colour: "output" } : {};
    p.number(`stop.${n}`, middle, 292, stop, { ...centre, room: slot - 4, ...strong });
    p.text(`chance of ${n}`, middle, 310, chance.toFixed(3), { ...quiet, size: 13, name: `stop.${n}` });
  });
  if (narrow) p.heading("adds up", W * 0.58, 12, `adds to “${m.next}”`, "output", "right");
  else p.line("floor", 0, 254, W, 254, "line");
  const stopped = "If the decoder stopped here, its most probable word would be:";
  p.label("stops", narrow ? W : 4, narrow ? 12 : 268, narrow ? "stopped here" : stopped, "quiet", {
    align: narrow ? "right" : "left",
  });
}

// The most probable words: logits, and their shares.
function answer(p, m, spec, step, W, narrow) {
  const pace = narrow ? 58 : 46,
    x = narrow ? W * 0.24 : W * 0.16,
    columns = narrow ? [W * 0.42, W * 0.66, W * 0.86] : [W * 0.24, W * 0.56, W * 0.76],
    y0 = narrow ? 52 : 44;
  p.heading("logit", columns[0], 18, "logit", "quiet", "right");
  if (step > 20) {
    p.heading("grown", columns[1], 18, "e to it", "quiet", "right");
    p.heading("chance", columns[2], 18, narrow ? "share" : "probability", "output", "right");
  } else if (!narrow) {
    const c = Math.min(17, W / 64);
    p.tile("final", m.final, [W * 0.56, 96], c, "ink", "the final state, normed");
    p.line("meets", W * 0.56 - 10, 96 + 4 * c, columns[0] + 30 + W * 0.16, y0 + pace / 2);
  }
  m.rivals.forEach((rival, i) => {
    const y = y0 + (i + 0.5) * pace,
      bold = { weight: i ? 400 : 700, size: i ? 14 : 16 },
      w = (m.logits[i] / most([m.logits])) * W * 0.16,
      from = (n) => ({ ...bold, start: [columns[n], y, 0] });
    const colour = i ? "text" : "output";
    p.text(`rival.${i}`, x, y, rival, { align: "right", weight: bold.weight, size: i ? 16 : 20, colour, room: x });
    p.number(`logit.${i}`, columns[0], y, said(m.logits[i]), bold);
    if (!narrow) p.bar(`logit.${i}`, columns[0] + 14, y, w, 14, w > 0 ? "plus" : "minus");
    if (step < 21) return;
    p.number(`grown.${i}`, columns[1], y, said(Math.exp(m.logits[i])), from(0));
    p.number(`chance.${i}`, columns[2], y, shareOf(m.chances[i]), from(1));
    p.bar(`chance.${i}`, columns[2] + 14, y, Math.max(1, m.chances[i] * (W - columns[2] - 20)), 14, "output");
  });
}

// Everything on the stage at a step: { height, items }.
export function stageOf(m, spec, step, W, narrow) {
  const p = pen(m, spec, step, W, narrow);
  [word, scores, shares, values, sum][places(spec.scenes)[step]](p, m, spec, step, W, narrow);
  return p;
}
