// The five scenes: for each step, where every vector, number and bar is.
import { sum } from "./descent_last.js";
import { said } from "./descent_numbers.js";
import { full, pen, valuesAt, WIDE } from "./descent_pen.js";
import { sentenceOf } from "./descent_sentences.js";

export const places = (scenes) => Object.values(scenes).flatMap((count, scene) => Array(count).fill(scene));

// ---- 1 a word becomes a vector
function word(p, m, spec, step, W) {
  const { small } = p;
  const place = m.word - 1;
  const scale = full([m.start]);
  const many = spec.vocabulary.toLocaleString("en");
  const D = spec.size;
  const title = (id, x, words) => p.text(id, x, 22, words, { size: 28, weight: 700 });
  // Some numbers of each vector in a line of their own, below the tiles.
  function close(lines, bottom) {
    const y = bottom + (small ? 30 : 50);
    const first = p.lines(lines, y, small ? 66 : Math.min(50, (p.height - y) / lines.length), { scale });
    const words = `numbers ${first + 1} to ${first + WIDE} of ${D}${small ? "" : ", from the framed line"}`;
    p.heading("close", 0, y - 14, words, "quiet");
  }
  if (step === 0) {
    const [c, ch, top] = [W / WIDE, small ? 16 : 18, 68];
    const sign = (id, x, words) => p.label(id, x, small ? top + 8 * ch + 116 : 54, words, id);
    title("token", 0, m.asker);
    p.tile("token", m.study.token, [0, top], [c, ch], "ink", `its row in the table of ${many} French words`, {
      ...{ scale, close: true },
    });
    sign("minus", small ? 0 : W - 180, "■ below 0");
    sign("plus", small ? 90 : W - 80, "■ above 0");
    return close([["token", m.study.token, "ink", `“${m.asker}”`, [0, top, c, ch]]], top + 8 * ch);
  }
  if (step === 3) return climb(p, m, spec, W, full([m.state]));
  const gap = small ? 26 : 60;
  const tiles = step + 1;
  const c = (W - (tiles - 1) * gap) / (tiles * WIDE);
  const [wide, ch] = [c * WIDE, small ? 9 : 13];
  const top = 68;
  const at = [0, 1, 2].map((n) => [n * (wide + gap), top]);
  const between = (id, n, words) => p.sign(id, at[n][0] + wide + gap / 2, top + 4 * ch, words);
  title("token", 0, m.asker);
  p.tile("token", m.study.token, at[0], [c, ch], "ink", small ? "word" : "the word's row", { scale, close: true });
  between("plus", 0, "+");
  title("position", at[1][0], `${place}`);
  const counted_ = small ? "position" : "position, from 0";
  p.tile("position", m.study.position, at[1], [c, ch], "ink", counted_, { scale, close: true });
  const lines = [
    ["token", m.study.token, "ink", `“${m.asker}”`, [...at[0], c, ch]],
    ["position", m.study.position, "ink", `+ position ${place}`, [...at[1], c, ch]],
  ];
  if (step > 1) {
    between("is", 1, "=");
    const from = [...at[1], c, ch];
    p.tile("start", m.start, at[2], [c, ch], "ink", small ? "the sum" : "enters the decoder", {
      scale,
      from,
      close: true,
    });
    lines.push(["start", m.start, "ink", small ? "= enters the decoder" : "= the sum", from]);
  }
  close(lines, top + 8 * ch);
}

// What the sub-layers below have added, number by number.
function climb(p, m, spec, W, scale) {
  const { small } = p;
  const [c, ch, top] = small ? [(W - 60) / 32, 6, 26] : [11, 7, 24];
  const right = W - c * WIDE;
  const count = small ? 8 : WIDE;
  const short = (name) => (W > 480 && W < 720 ? name.replace(/-\w+/, "") : name);
  p.tile("start", m.start, [0, top], [c, ch], "ink", small ? "enters" : "enters the decoder", { scale, close: true });
  p.tile("state", m.state, [right, top], [c, ch], "ink", small ? "its state" : `the state of “${m.asker}” now`, {
    ...{ scale, close: true, from: [0, top, c, ch] },
  });
  const words = m.below > 1 ? `+ ${m.below} sub-layers =` : "+ 1 sub-layer =";
  p.text("sign climb", W / 2, top + 4 * ch, small ? "→" : words, {
    size: small ? 22 : 16,
    align: "center",
    colour: "quiet",
  });
  const added = m.study.added
    .slice(0, m.below)
    .map((x, n) => [`thumb.${n + 1}`, x, "output", `+ ${short(spec.names[n + 1])}`]);
  const lines = [
    ["start", m.start, "ink", "enters", [0, top, c, ch]],
    ...added,
    ["state", m.state, "ink", "= its state now"],
  ];
  const y = top + 8 * ch + (small ? 8 : 14);
  p.lines(lines, y, Math.min(70, (p.height - y) / lines.length), { scale, count });
}

// ---- 2 its query meets every key
function scores(p, m, spec, step, W) {
  const { small, room } = p;
  const whose = `query of “${m.asker}” · layer ${m.layer}, head ${m.head}`;
  const [keys, queries] = [full(m.k), full([m.q])];
  if (step === 4) {
    const [ch, tall, top] = small ? [11, 26, 24] : [Math.min(18, (p.height - 164) / 8), 36, 24];
    const rows = small ? 16 : 8;
    const middle = top + rows * ch + (small ? 26 : 22);
    const wide = small ? 8 : WIDE;
    p.heading("state", 0, 10, `the state of “${m.asker}”: ${spec.size} numbers`, "quiet");
    const from = [W - 11 * WIDE, 24, 11, 7];
    p.page("state", m.state, top, ch, "ink", small ? {} : { from });
    const matrix = `× the query matrix of head ${m.head}: ${m.d} × ${spec.size} learned parameters`;
    p.text("projects", W / 2, middle, small ? "↓ normed, × the query matrix ↓" : `↓  normed, then ${matrix}  ↓`, {
      ...{ align: "center", colour: "query", size: 14 },
    });
    p.heading("query", 0, middle + 28, small ? whose : `${whose}: ${m.d} numbers`, "query");
    const below = [0, middle - 30, W / wide, tall];
    return p.page("query", m.q, middle + 42, tall, "query", { scale: queries, from: below });
  }
  const bottom = step === 5 ? 2 : small ? 112 : 82;
  const right = step === 5 ? 0 : small ? 56 : 172;
  const cw = (W - room - right) / (2 * WIDE);
  const rows = p.rows(62, bottom);
  const end = room + 2 * WIDE * cw;
  const lead = m.lead;
  const over = { beside: true };
  p.heading("query", room, 10, whose, "query");
  p.vector("query", m.q, room, 20, cw, 18, "query", { scale: queries, ...over });
  p.heading("keys", room, 51, small ? "keys" : "keys of the English words", "key");
  m.k.forEach((key, i) => {
    const from = [room - 20, rows.y(i), 1, rows.ch];
    p.vector(`key.${i}`, key, room, rows.y(i), cw, rows.ch, "key", { scale: keys, from, ...over });
  });
  if (step === 5) return;
  p.frame("asks", room, 20, end - room, 18);
  p.frame("offers", room, rows.y(lead), end - room, rows.ch);
  const y = p.height - bottom + 14;
  const base = y + (small ? 42 : 38);
  const of = small ? "" : `query × key of “${spec.source[lead]}”, `;
  p.heading("product", room, y, `${of}pair by pair`, "quiet");
  const from = [room, rows.y(lead), cw, 1];
  p.vector("product", m.products[lead], room, base, cw, 28, "plus", { bars: true, ...over, from });
  const large = { align: "left", size: small ? 15 : 17, weight: 700 };
  const [x, line] = small ? [room - 60, p.height - 10] : [end + 16, p.height - 50];
  if (step === 6 && !small) {
    const [pair] = sentenceOf(m, spec, step).slice(2);
    const product = `= ${said(m.products[lead][pair])}`;
    p.label("pair", x, line - 24, `number ${pair + 1}:`);
    p.text("factors", x, line, `${said(m.q[pair])} × ${said(m.k[lead][pair])}`, { size: 15 });
    p.text("result", x, line + 24, product, { size: 15, weight: 700 });
  }
  if (step > 6) p.number("sum", x, line, `sum ${said(m.sums[lead])}`, large);
  if (step < 8) return;
  const [dx, dy] = small ? [110, 0] : [0, 28];
  p.text("divided", x + dx, line + dy, `÷ √${m.d} = ${said(m.scores[lead])}`, { ...large, name: `score.${lead}` });
  const sx = end + (small ? 54 : 58);
  const reach = small ? 0 : 48;
  const start = step < 10 && [x + dx + 90, line + dy, 0]; // from where it was divided
  p.heading("scores", sx, 51, small ? "score" : "scores", "quiet", "right");
  spec.source.forEach(
    (_, i) => (step > 8 || i === lead) && p.score(i, sx, rows.middle(i), sx + 14 + reach, reach, { start }),
  );
}

// ---- 3 scores become shares
function shares(p, m, spec, step, W) {
  const { small, room } = p;
  const rows = p.rows(34, 38);
  const count = step < 11 ? 1 : step < 13 ? 2 : 3;
  const pace = (W - room) / count;
  const columns = [0, 1, 2].map((n) => room + n * pace + (small ? 60 : 66));
  const reach = (pace - 90) / 2;
  const foot = Math.min(p.height - 16, rows.y(spec.source.length) + 28);
  const names = small ? ["score", "e^score", "weight"] : ["score", "e to the score", "weight: its share of 1"];
  names
    .slice(0, count)
    .forEach((name, n) => p.heading(name, columns[n], 16, name, "quiet", n < 2 || small ? "right" : "center"));
  spec.source.forEach((_, i) => {
    const y = rows.middle(i);
    const w = (m.raised[i] / Math.max(...m.raised)) * reach * 2;
    const from = (n) => [columns[n], y, 0];
    const weight = i === m.lead ? 700 : 400;
    p.score(i, columns[0], y, columns[0] + 14 + reach, reach);
    if (count < 2) return;
    p.number(`raised.${i}`, columns[1], y, said(m.raised[i]), { weight, start: from(0) });
    if (reach > 14) p.bar(`raised.${i}`, columns[1] + 14, y, w, 10, "plus");
    if (count > 2) p.share(i, columns[2], y, reach * 2, { start: from(1) });
  });
  function summed(n, name, words, note) {
    p.line(name, columns[n] - 58, foot - 15, columns[n], foot - 15);
    p.text(name, columns[n], foot, words, { name: n === 1 && name, align: "right", weight: 700, size: 16 });
    if (!small) p.label(name, columns[n] + 14, foot, note, "quiet");
  }
  if (step > 11) summed(1, "total", said(m.sum), "their sum");
  if (step > 12) summed(2, "one", "1.000", `${pace > 190 ? "each " : ""}÷ ${said(m.sum)}`);
}

// ---- 4 shares average the values
function values(p, m, spec, step, W) {
  const { small } = p;
  const rows = p.rows(28, step < 16 ? 2 : 58, 26);
  const sx = p.room + (small ? 42 : 50);
  const [x, cw] = valuesAt(p, W);
  const scale = full(m.v);
  p.heading("share", sx, 14, small ? "share" : "weight", "quiet", "right");
  p.heading(
    "value",
    x,
    14,
    step > 14 ? "weight × value" : small ? "values" : `values: ${m.d} numbers of each word`,
    "value",
  );
  spec.source.forEach((_, i) => {
    const [y, from] = [rows.y(i), [x, rows.y(i), cw, rows.ch]];
    const more = { scale, beside: true };
    p.share(i, sx, rows.middle(i), small ? 0 : x - sx - 22);
    if (step < 15) p.vector(`value.${i}`, m.v[i], x, y, cw, rows.ch, "value", more);
    else p.vector(`weighted.${i}`, m.weighted[i], x, y, cw, rows.ch, "value", { ...more, from, was: m.v[i] });
  });
  if (step < 16) return;
  const y = small ? rows.y(spec.source.length) + 12 : p.height - 46;
  p.line("adds", x, y - 6, W, y - 6, "output");
  p.vector("mean", m.mean, x, y, cw, 30, "output", { beside: true, from: [x, y - 80, cw, rows.ch] });
  p.heading("mean", x - 12, y + 15, small ? "their sum" : `answer of head ${m.head}`, "output", "right");
}

// Everything on the stage at a step: { height, items }. stage: { W, height, small }.
export function stageOf(m, spec, step, stage) {
  const at = m.close ?? sentenceOf(m, spec, step)[2];
  const p = pen(m, spec, step, stage, at);
  [word, scores, shares, values, sum][places(spec.scenes)[step]](p, m, spec, step, stage.W);
  return p;
}
