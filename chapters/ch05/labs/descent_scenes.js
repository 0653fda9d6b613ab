// The five scenes: for each step a sentence, and where every vector, number and bar is. A place is a list of numbers
// that the stage follows from one step to the next, the last of them how visible the thing is.
import { percent } from "../../../course_utils/views/core.js";
import { largest, said } from "./descent_numbers.js";

const WIDE = 16; // cells in a row; longer vectors take several rows
export const places = (scenes) => Object.values(scenes).flatMap((count, scene) => Array(count).fill(scene));

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
      `Divide each by the sum: shares of 1. ${lead} gets ${percent(m.shares[m.lead])}. This is softmax.`,
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
    [`Softmax once more: ${next} gets ${percent(m.chances[0])}, and the decoder writes it.`, "chance.0", 0],
  ][step];
}

// Everything on the stage at a step: { height, items }.
export function stageOf(m, spec, step, W, narrow) {
  const items = [],
    S = spec.source.length,
    D = spec.size,
    lines = D / WIDE,
    d = m.d,
    per = d / WIDE;
  const height = narrow ? 452 : 332;
  const add = (type, id, place, more) => items.push({ type, id, place, ...more });
  const text = (id, x, y, words, more = {}) => add("text", id, [x, y, 1], { words, ...more });
  // A vector in rows of 16 cells; `beside`: its rows one after the other in one line.
  function vector(name, values, x, y, cw, ch, role, { scale = full([values]), from, beside, bars, first = 0 } = {}) {
    for (let r = 0; r * WIDE < values.length; r++) {
      const dx = beside ? r * WIDE * cw : 0,
        dy = beside ? 0 : r * ch;
      const start = from && [from.x + (from.beside ? r * WIDE * from.cw : 0), from.y + (from.beside ? 0 : r * from.ch)];
      add(bars ? "bars" : "cells", `${name}/${r}`, [x + dx, y + dy, cw, ch, 1], {
        ...{ name, first: first + r * WIDE, values: values.slice(r * WIDE, (r + 1) * WIDE), role, scale },
        start: start && [...start, from.cw, from.ch, 0],
      });
    }
  }
  const label = (id, x, y, words, colour = "quiet", more = {}) =>
    text(`label ${id}`, x, y, words, { colour, size: 12.5, ...more });
  const sign = (id, x, y, words) => text(`sign ${id}`, x, y, words, { size: 20, align: "center", colour: "quiet" });
  const bar = (id, x, y, w, h, colour, more) => add("bar", id, [x, y, w, h, 1], { colour, ...more });
  const line = (id, x1, y1, x2, y2, colour) => add("line", id, [x1, y1, x2, y2, 1], { colour });

  const room = narrow ? 66 : 92, // of the words on the left
    highest = most([m.scores]);
  const rowsAt = (top, bottom) => {
    const pitch = Math.min(25, (height - top - bottom) / S);
    spec.source.forEach((word, i) => {
      const strong = i === m.lead && step > 5;
      text(`word.${i}`, room - 8, top + (i + 0.5) * pitch, word, {
        align: "right",
        weight: strong ? 700 : 400,
        room: room - 8,
      });
    });
    return { pitch, y: (i) => top + i * pitch, middle: (i) => top + (i + 0.5) * pitch, ch: (pitch - 4) / per };
  };
  function score(i, x, y, zero, reach) {
    const start = step < 10 && !narrow && [W * 0.5, height - 60, 0]; // from where it was divided
    text(`score.${i}`, x, y, said(m.scores[i]), {
      start,
      name: `score.${i}`,
      align: "right",
      weight: i === m.lead ? 700 : 400,
    });
    if (!reach) return;
    const w = (m.scores[i] / highest) * reach;
    bar(`scorebar.${i}`, zero, y - 5, w, 10, w > 0 ? "plus" : "minus", { name: `score.${i}` });
  }

  // ---- 1 a word becomes a vector
  if (step < 4) {
    const c = narrow ? Math.min(10, (W - 40) / 32) : Math.min(20, (W - 130) / 48),
      wide = c * WIDE,
      tall = c * lines,
      gap = narrow ? W - 2 * wide : Math.min(64, (W - 3 * wide) / 2 - 6),
      count = Math.min(3, step + 1),
      top = (height - tall) / 2 + 8;
    const at = narrow
      ? [
          [0, 84],
          [wide + gap, 84],
          [(W - wide) / 2, 84 + tall + 84],
        ]
      : [0, 1, 2].map((n) => [(W - count * wide - (count - 1) * gap) / 2 + n * (wide + gap), top]);
    const scale = full([m.start]);
    if (step < 3) {
      vector("token", m.study.token, ...at[0], c, c, "ink", { scale });
      const [rows, place] = [spec.vocabulary.toLocaleString("en"), m.word - 1];
      const over = (id, n, big, small) => {
        text(`big ${id}`, at[n][0], at[n][1] - 46, big, { size: narrow ? 20 : 28, weight: 700 });
        label(id, at[n][0], at[n][1] - 15, small, "quiet", { size: narrow ? 12 : 13.5 });
      };
      over(
        "token",
        0,
        m.asker,
        narrow ? `row ${spec.ids[place]} of ${rows}` : `row ${spec.ids[place]} of a table of ${rows} words`,
      );
      if (step > 0) {
        sign("plus", at[0][0] + wide + gap / 2, at[0][1] + tall / 2, "+");
        vector("position", m.study.position, ...at[1], c, c, "ink", { scale });
        over("position", 1, `${place}`, narrow ? "its position" : "its position, counted from 0");
      }
      if (step > 1) {
        sign("is", narrow ? at[2][0] - 20 : at[1][0] + wide + gap / 2, at[2][1] + tall / 2, "=");
        vector("start", m.start, ...at[2], c, c, "ink", { scale, from: { x: at[1][0], y: at[1][1], cw: c, ch: c } });
        label("start", at[2][0], at[2][1] - 15, "what enters the decoder", "quiet", { size: 13.5 });
      }
    } else {
      const [left, right] = narrow
        ? [
            [0, 24],
            [W - wide, 24],
          ]
        : [at[0], at[2]];
      vector("start", m.start, ...left, c, c, "ink", { scale });
      label("start", left[0], left[1] - 14, narrow ? "enters the decoder" : "what enters the decoder");
      vector("state", m.state, ...right, c, c, "ink", {
        scale: full([m.state]),
        from: { x: left[0], y: left[1], cw: c, ch: c },
      });
      label("state", right[0], right[1] - 14, narrow ? "its state" : `the state of “${m.asker}”, layer ${m.layer}`);
      const columns = narrow ? 3 : 2,
        small = narrow ? 6 : Math.min(5.5, (wide - 24) / 2 / WIDE),
        pace = narrow ? W / 3 : wide / 2 + 6,
        x0 = narrow ? 0 : at[1][0] - 6,
        down = small * lines + (narrow ? 34 : 22),
        y0 = narrow ? tall + 70 : height / 2 - (Math.ceil(m.below / columns) * down) / 2;
      sign("plus", narrow ? W / 2 : left[0] + wide + gap / 2, left[1] + tall / 2, narrow ? "→" : "+");
      if (!narrow) sign("is", right[0] - gap / 2, left[1] + tall / 2, "=");
      for (let n = 1; n <= m.below; n++) {
        const x = x0 + ((n - 1) % columns) * pace,
          y = y0 + Math.floor((n - 1) / columns) * down + 14;
        vector(`thumb.${n}`, m.study.added[n - 1], x, y, small, small, "output", {
          scale: full([m.study.added[n - 1]]),
        });
        label(`thumb.${n}`, x, y - 8, (narrow ? "+ " : "") + spec.names[n], "quiet", { size: 11.5 });
      }
    }
  }

  // ---- 2 its query meets every key
  if (step >= 4 && step < 10) {
    const rows = rowsAt(narrow ? 60 : 66, narrow ? 150 : 2),
      cw = narrow ? 6.5 : Math.min(13, (W * 0.185) / WIDE),
      strip = { x: room, cw, ch: narrow ? 9 : 10 },
      keys = full(m.k),
      queries = full([m.q]);
    label(
      "query",
      room,
      8,
      narrow ? `query of “${m.asker}”` : `query of “${m.asker}” · layer ${m.layer}, head ${m.head}`,
      "query",
      { weight: 700 },
    );
    vector("query", m.q, strip.x, 18, cw, strip.ch, "query", { scale: queries });
    const px = narrow ? 0 : W * 0.355,
      pcw = narrow ? W / d : Math.min(12, (W * 0.34) / d);
    if (step === 4) {
      const c = narrow ? 8 : 11,
        x = narrow ? W - c * WIDE : px + 40,
        y = narrow ? 200 : 96;
      vector("state", m.state, x, y, c, c, "ink", { scale: full([m.state]) });
      label("state", x, y - 14, `the state of “${m.asker}”`);
      line("projects", x - 6, y + 30, room + WIDE * cw + 6, 28, "query");
      label("projects", x - 20, y - 44, `normed, × W of head ${m.head}`, "query");
    }
    if (step > 4)
      m.k.forEach((key, i) =>
        vector(`key.${i}`, key, strip.x, rows.y(i) + 1, cw, rows.ch, "key", {
          scale: keys,
          from: { x: room - 20, y: rows.y(i), cw: 1, ch: rows.ch },
        }),
      );
    if (step > 4) label("keys", room, narrow ? 51 : 54, "keys", "key", { weight: 700 });
    if (step > 5) {
      const y = narrow ? height - 132 : rows.y(0) + 14,
        from = { x: strip.x, y: 18, cw, ch: strip.ch },
        base = narrow ? y + 74 : y + 128,
        tall = narrow ? 26 : 50;
      vector("q2", m.q, px, y, pcw, 14, "query", { scale: queries, beside: true, from });
      sign("times", px + (d * pcw) / 2, y + 22, "×");
      vector("k2", m.k[m.lead], px, y + 30, pcw, 14, "key", {
        scale: keys,
        beside: true,
        from: { ...from, y: rows.y(m.lead), ch: rows.ch },
      });
      if (!narrow) {
        line("asks", strip.x + WIDE * cw + 6, 28, px - 8, y + 7, "query");
        line("offers", strip.x + WIDE * cw + 6, rows.middle(m.lead), px - 8, y + 37, "key");
      }
      vector("product", m.products[m.lead], px, base, pcw, tall, "plus", {
        beside: true,
        bars: true,
        from: { x: px, y: base, cw: pcw, ch: 0.1, beside: true },
      });
      label(
        "product",
        px,
        base - tall - (narrow ? -1 : 8),
        narrow ? "" : `multiply, pair by pair (with the key of “${spec.source[m.lead]}”)`,
      );
      const below = base + tall + (narrow ? 14 : 26);
      if (step > 6) text("sum", px, below, `sum ${said(m.sums[m.lead])}`, { name: "sum", size: 17, weight: 700 });
      if (step > 7)
        text("divided", px + 110, below, `÷ √${d} = ${said(m.scores[m.lead])}`, {
          name: `score.${m.lead}`,
          size: 17,
          weight: 700,
        });
    }
    if (step > 7) {
      const x = narrow ? room + WIDE * cw + 52 : W * 0.79,
        reach = narrow ? (W - x - 8) / 2 : W * 0.098,
        zero = x + 14 + reach;
      label("scores", x, narrow ? 51 : 54, "scores", "quiet", { align: "right", weight: 700 });
      for (let i = 0; i < S; i++) if (step > 8 || i === m.lead) score(i, x, rows.middle(i), zero, reach);
    }
  }

  // ---- 3 scores become shares
  if (step >= 10 && step < 14) {
    const rows = rowsAt(34, 38),
      columns = narrow ? [W * 0.38, W * 0.64, W * 0.82] : [W * 0.2, W * 0.5, W * 0.8],
      reach = narrow ? 0 : W * 0.065,
      head = (n, words, colour = "quiet") =>
        label(`column ${n}`, columns[n], 16, words, colour, { align: "right", weight: 700 });
    head(0, "score");
    if (step > 10) head(1, narrow ? "e^score" : "e to the score");
    if (step > 12) head(2, narrow ? "share" : "share of 1");
    for (let i = 0; i < S; i++) {
      const y = rows.middle(i),
        bold = { align: "right", weight: i === m.lead ? 700 : 400 };
      score(i, columns[0], y, columns[0] + 14 + reach, reach);
      if (step > 10) {
        add("text", `raised.${i}`, [columns[1], y, 1], {
          words: said(m.raised[i]),
          name: `raised.${i}`,
          start: [columns[0], y, 0],
          ...bold,
        });
        const w = (m.raised[i] / Math.max(...m.raised)) * reach * 2;
        if (!narrow)
          bar(`raisedbar.${i}`, columns[1] + 14, y - 5, w, 10, "plus", {
            name: `raised.${i}`,
            start: [columns[1] + 14, y - 5, 0, 10, 0],
          });
      }
      if (step > 12) {
        add("text", `share.${i}`, [columns[2], y, 1], {
          words: m.shares[i].toFixed(3),
          name: `share.${i}`,
          start: [columns[1], y, 0],
          ...bold,
        });
        const w = m.shares[i] * (narrow ? W * 0.15 : reach * 2.6);
        bar(`sharebar.${i}`, columns[2] + (narrow ? 8 : 14), y - 5, Math.max(w, 1), 10, "ink", {
          weight: m.shares[i],
          name: `share.${i}`,
        });
      }
    }
    const foot = height - 16;
    if (step > 11) {
      line("sum", columns[1] - 62, foot - 15, columns[1], foot - 15, "quiet");
      text("total", columns[1], foot, said(m.sum), { name: "total", align: "right", weight: 700, size: 16 });
      label("total", columns[1] - 70, foot, "sum", "quiet", { align: "right" });
    }
    if (step > 12) {
      line("whole", columns[2] - 62, foot - 15, columns[2], foot - 15, "quiet");
      text("one", columns[2], foot, "1.000", { align: "right", weight: 700, size: 16 });
      if (!narrow) label("divide", columns[2] - 70, foot, `each ÷ ${said(m.sum)}`, "quiet", { align: "right" });
    }
  }

  // ---- 4 shares average the values
  if (step >= 14 && step < 17) {
    const rows = rowsAt(34, narrow ? 84 : 2),
      cw = narrow ? Math.min(13, (W - room - 52) / WIDE) : Math.min(13, (W * 0.185) / WIDE),
      sx = narrow ? room + 40 : W * 0.13,
      vx = narrow ? room + 50 : W * 0.26,
      wx = narrow ? vx : W * 0.52,
      values = full(m.v);
    label("shares", sx, 16, narrow ? "share" : "share", "quiet", { align: "right", weight: 700 });
    label("values", vx, 16, narrow && step > 14 ? "share × value" : "value", "value", { weight: 700 });
    if (step > 14 && !narrow) label("weighted", wx, 16, "share × value", "value", { weight: 700 });
    for (let i = 0; i < S; i++) {
      const bold = { align: "right", weight: i === m.lead ? 700 : 400 };
      text(`share.${i}`, sx, rows.middle(i), m.shares[i].toFixed(3), { name: `share.${i}`, ...bold });
      if (!narrow)
        bar(`sharebar.${i}`, sx + 12, rows.middle(i) - 5, Math.max(1, m.shares[i] * (vx - sx - 30)), 10, "ink", {
          weight: m.shares[i],
          name: `share.${i}`,
        });
      if (!narrow || step < 15)
        vector(`value.${i}`, m.v[i], vx, rows.y(i) + 1, cw, rows.ch, "value", { scale: values });
      if (step > 14)
        vector(`weighted.${i}`, m.weighted[i], wx, rows.y(i) + 1, cw, rows.ch, "value", {
          scale: values,
          from: { x: vx, y: rows.y(i) + 1, cw, ch: rows.ch },
        });
    }
    if (step > 15) {
      const big = narrow ? cw : Math.min(14, (W * 0.19) / WIDE),
        x = narrow ? vx : W * 0.79,
        y = narrow ? height - 44 : height / 2 - big;
      vector("mean", m.mean, x, y, big, narrow ? 14 : big * 1.3, "output", {
        from: { x: wx, y: narrow ? height - 80 : height / 2, cw, ch: rows.ch },
      });
      label("mean", x, y - 13, narrow ? "their sum" : `the sum: what head ${m.head} answers`, "output", {
        weight: 700,
      });
      if (!narrow) line("adds", wx + WIDE * cw + 8, height / 2 + 4, x - 8, height / 2 + 4, "output");
    }
  }

  // ---- 5 heads add up to a word
  if (step === 17 || step === 18) {
    const four = step === 18,
      c = narrow ? 9 : four ? Math.min(14, (W - 190) / 64) : Math.min(22, W / 50),
      wide = c * WIDE,
      tall = c * lines,
      gap = narrow ? 34 : (W - 4 * wide - 30) / 3;
    const at = narrow
      ? [
          [0, 40],
          [W - wide, 40],
          [0, 90 + tall + 60],
          [W - wide, 90 + tall + 60],
        ]
      : [0, 1, 2, 3].map((n) => [15 + n * (wide + gap), (height - tall) / 2]);
    const [x, y] = four ? at[0] : [(W - wide) / 2, (height - tall) / 2];
    vector("means", m.means, x, y, c, c, "output");
    const mine = (one) => one.name === "means" && Math.floor(one.first / d) === m.head - 1;
    if (!four)
      items.filter(mine).forEach((one, r) => (one.start = [narrow ? room : W * 0.79, height / 2 + r * 18, 13, 17, 1]));
    label("means", x, y - 16, narrow && four ? "the heads" : `the answers of ${spec.heads} heads`, "output", {
      weight: 700,
    });
    if (!four)
      for (let head = 1; head <= spec.heads; head++)
        text(`head.${head}`, x - 14, y + (head - 0.5) * per * c, `head ${head}`, {
          align: "right",
          weight: head === m.head ? 700 : 400,
        });
    else {
      const from = { x: at[0][0], y: at[0][1], cw: c, ch: c };
      vector("adds", m.adds, ...at[1], c, c, "output", { from });
      label("adds", at[1][0], at[1][1] - 16, narrow ? "mixed" : "mixed: what it adds", "output", { weight: 700 });
      vector("state", m.state, ...at[2], c, c, "ink", { scale: full([m.after]) });
      label("state", at[2][0], at[2][1] - 16, narrow ? "was there" : "what was there", "quiet", { weight: 700 });
      vector("after", m.after, ...at[3], c, c, "ink", {
        scale: full([m.after]),
        from: { x: at[2][0], y: at[2][1], cw: c, ch: c },
      });
      label("after", at[3][0], at[3][1] - 16, narrow ? "the new state" : `the new state of “${m.asker}”`, "quiet", {
        weight: 700,
      });
      const between = (a, b, words) => sign(words, (at[a][0] + wide + at[b][0]) / 2, at[b][1] + tall / 2, words);
      between(0, 1, narrow ? "→" : "× W");
      if (narrow) sign("+", W / 2, at[1][1] + tall + 32, "+");
      else between(1, 2, "+");
      between(2, 3, "=");
    }
  }
  if (step === 19) {
    const N = m.parts.length + 1,
      parts = [...m.parts, m.rest],
      sums = parts.reduce((all, x) => [...all, all.at(-1) + x], [0]),
      low = Math.min(...sums),
      range = Math.max(...sums) - low;
    const short = (n) => (n === N - 1 ? "bias" : n ? spec.names[n] : "input");
    for (let n = 0; n < N; n++) {
      const values = n && n < N - 1 ? m.study.added[n - 1] : m.start,
        role = n ? "output" : "ink",
        up = parts[n] > 0,
        [a, b] = [sums[n], sums[n + 1]].sort((x, y) => x - y);
      if (narrow) {
        const pace = (height - 30) / N,
          y = 26 + n * pace,
          k = (W * 0.22) / range;
        if (n < N - 1) vector(`thumb.${n}`, values, 0, y + 2, 2.8, (pace - 6) / lines, role, {});
        text(`name.${n}`, 52, y + pace / 2, short(n), { size: 12 });
        text(`part.${n}`, W * 0.58, y + pace / 2, signed(parts[n]), { name: `part.${n}`, align: "right", size: 12.5 });
        bar(
          `partbar.${n}`,
          W * 0.6 + (a - low) * k,
          y + pace / 2 - 5,
          Math.max(1, (b - a) * k),
          10,
          up ? "output" : "minus",
          { name: `part.${n}` },
        );
        if (n < N - 1)
          text(`stop.${n}`, W, y + pace / 2, `${m.stops[n][0]} ${m.stops[n][1].toFixed(2)}`, {
            name: `stop.${n}`,
            align: "right",
            size: 12,
          });
        continue;
      }
      const slot = W / N,
        x = n * slot,
        k = 120 / range,
        base = 238,
        middle = x + slot / 2;
      const c = Math.min(5, (slot - 12) / WIDE);
      if (n < N - 1) vector(`thumb.${n}`, values, middle - (c * WIDE) / 2, 40, c, c, role, {});
      const [name, layer] = short(n).split(" ");
      text(`name.${n}`, middle, 12, slot < 88 ? name.split("-")[0] : name, {
        size: 11.5,
        align: "center",
        colour: "quiet",
      });
      if (layer) text(`layer.${n}`, middle, 27, `layer ${layer}`, { size: 11.5, align: "center", colour: "quiet" });
      bar(
        `partbar.${n}`,
        middle - slot * 0.3,
        base - (b - low) * k,
        slot * 0.6,
        Math.max(1, (b - a) * k),
        up ? "output" : "minus",
        { name: `part.${n}`, start: [middle - slot * 0.3, 80, slot * 0.6, 1, 0] },
      );
      text(`part.${n}`, middle, base - (b - low) * k - 9, signed(parts[n]), {
        name: `part.${n}`,
        align: "center",
        weight: 700,
      });
      if (n < N - 1) {
        text(`stop.${n}`, middle, 292, m.stops[n][0], {
          name: `stop.${n}`,
          align: "center",
          room: slot - 4,
          weight: m.stops[n][0] === m.next ? 700 : 400,
          colour: m.stops[n][0] === m.next ? "output" : "text",
        });
        text(`chance at ${n}`, middle, 310, m.stops[n][1].toFixed(3), {
          name: `stop.${n}`,
          align: "center",
          colour: "quiet",
        });
      } else
        text("whole", middle, 292, `= ${said(m.logits[0])}`, {
          name: "logit.0",
          align: "center",
          weight: 700,
          size: 16,
        });
    }
    if (narrow) {
      label("adds up", W * 0.58, 12, `adds to “${m.next}”`, "output", { align: "right", weight: 700 });
      label("stops", W, 12, "stopped here", "quiet", { align: "right" });
    } else {
      line("floor", 0, 254, W, 254, "line");
      label("stops", 4, 268, "If the decoder stopped here, its most probable word would be:");
    }
  }
  if (step > 19) {
    const pace = narrow ? 58 : 46,
      y0 = narrow ? 52 : 44,
      x = narrow ? W * 0.24 : W * 0.16,
      columns = narrow ? [W * 0.42, W * 0.66, W * 0.86] : [W * 0.24, W * 0.56, W * 0.76],
      reach = narrow ? 0 : W * 0.16,
      head = (n, words, colour = "quiet") =>
        label(`column ${n}`, columns[n], 18, words, colour, { align: "right", weight: 700 });
    head(0, "logit");
    if (step === 20 && !narrow) {
      const c = Math.min(17, W / 64);
      vector("final", m.final, W * 0.56, 96, c, c, "ink");
      label("final", W * 0.56, 80, "the final state, normed", "quiet", { weight: 700 });
      line("meets", W * 0.56 - 10, 96 + (c * lines) / 2, columns[0] + 30 + reach, y0 + pace / 2, "quiet");
    }
    if (step > 20) (head(1, "e to it"), head(2, narrow ? "share" : "probability", "output"));
    m.rivals.forEach((word, i) => {
      const y = y0 + (i + 0.5) * pace,
        bold = { align: "right", weight: i ? 400 : 700, size: i ? 14 : 16 },
        w = (m.logits[i] / most([m.logits])) * reach;
      text(`rival.${i}`, x, y, word, { ...bold, size: i ? 16 : 20, colour: i ? "text" : "output", room: x });
      text(`logit.${i}`, columns[0], y, said(m.logits[i]), { name: `logit.${i}`, ...bold });
      if (!narrow)
        bar(`logitbar.${i}`, columns[0] + 14, y - 7, w, 14, w > 0 ? "plus" : "minus", { name: `logit.${i}` });
      if (step < 21) return;
      add("text", `grown.${i}`, [columns[1], y, 1], {
        words: said(Math.exp(m.logits[i])),
        name: `grown.${i}`,
        start: [columns[0], y, 0],
        ...bold,
      });
      add("text", `chance.${i}`, [columns[2], y, 1], {
        words: shareOf(m.chances[i]),
        name: `chance.${i}`,
        start: [columns[1], y, 0],
        ...bold,
      });
      bar(`chancebar.${i}`, columns[2] + 14, y - 7, Math.max(1, m.chances[i] * (W - columns[2] - 20)), 14, "output", {
        name: `chance.${i}`,
      });
    });
  }
  return { height, items };
}
