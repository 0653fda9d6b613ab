// The numbers of a descent: from what Python has put into the view, or from the model in the page; all that follows
// from them; and what made each, term by term. Names as in descent.py.
import { softmax } from "../shared/numbers.js";

export function said(x) {
  const size = Math.abs(x);
  if (size >= 1000) return Math.round(x).toLocaleString("en");
  return (size < 0.0005 ? "0" : x.toFixed(size >= 100 ? 1 : size < 0.095 ? 3 : 2)).replace("-", "−");
}
export const largest = (x) => x.reduce((best, v, i) => (Math.abs(v) > Math.abs(x[best]) ? i : best), 0);

const PROJECTIONS = ["query", "key", "value"];
const inner = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const total = (all) => all.reduce((a, b) => a + b, 0);
const plus = (...all) => Array.from(all[0], (_, i) => total(all.map((one) => one[i])));
const meanOf_ = (x) => total(x) / x.length;
const rowsFrom = (data, width) =>
  Array.from({ length: data.length / width }, (_, i) => Array.from(data.subarray(i * width, (i + 1) * width)));

// What Python's `study` has found for the first word.
export function baked(arrays, spec) {
  const D = spec.size;
  const wide = ["added", "norm", "memory", "by_head", "last_norm", "rows", ...PROJECTIONS];
  const numbers = Object.fromEntries(
    Object.entries(arrays).map(([name, x]) => [name, wide.includes(name) ? rowsFrom(x, D) : Array.from(x)]),
  );
  return { ...numbers, rivals: spec.rivals, stops: spec.stops };
}

// The same from the model in the page: { model, source, target } as loadModel gives it.
export function studied({ model, source, target }, spec, { word, layer, head }) {
  const heard = {};
  const tap = (name, value) => void (heard[name] = value);
  const at = word - 1;
  const row = (name) => Array.from(heard[name].row(at));
  const start = model.start(source.encode(spec.sentence), tap);
  const { logits } = model.read(spec.ids.slice(0, word), start, tap);
  const tensor = (name) => model.tensors[name];
  const own = `decoder.${layer - 1}`;
  const rowsOf_ = (name) => [...Array(tensor(name).rows).keys()].map((i) => Array.from(tensor(name).row(i)));
  const pair = (name) => [tensor(`${name}.weight`), tensor(`${name}.bias`)].map((m) => Array.from(m.data));
  const states = [row("decoder.embedding")];
  for (let n = 0; n < model.config.num_layers; n++)
    states.push(row(`decoder.${n}.after_attention`), row(`decoder.${n}.after_cross`), row(`decoder.${n}`));
  const D = spec.size;
  const d = D / spec.heads;
  const said = Array.from(logits.row(at));
  const token = Array.from(tensor("target_embedding.weight").row(spec.ids[at]), (x) => x * Math.sqrt(D));
  const means = row(`${own}.cross_attention.means`);
  const out = rowsOf_(`${own}.cross_attention.out.weight`);
  const inHead = (h) => [h * d, (h + 1) * d];
  const best = [...said.keys()].sort((a, b) => said[b] - said[a]).slice(0, spec.rivals.length);
  const top = Math.max(...said);
  const output = model.output;
  const found = {
    token,
    position: states[0].map((x, i) => x - token[i]),
    added: states.slice(1).map((x, n) => x.map((v, i) => v - states[n][i])),
    norm: pair(`${own}.around_cross.norm`),
    memory: [...Array(heard.memory.rows).keys()].map((i) => Array.from(heard.memory.row(i))),
    means,
    by_head: Array.from({ length: spec.heads }, (_, h) =>
      out.map((weights) => inner(weights.slice(...inHead(h)), means.slice(...inHead(h)))),
    ),
    out_bias: Array.from(tensor(`${own}.cross_attention.out.bias`).data),
    last_norm: pair("decoder_norm"),
    rows: best.map((id) => Array.from(output.weight.row(id))),
    rows_bias: best.map((id) => output.bias?.data[id] ?? 0),
    total: [top + Math.log(total(said.map((s) => Math.exp(s - top))))],
    rivals: best.map((id) => target.token(id)),
  };
  for (const name of PROJECTIONS) {
    const [weight, bias] = [`${own}.cross_attention.${name}.weight`, `${own}.cross_attention.${name}.bias`];
    found[name] = rowsOf_(weight).slice(...inHead(head - 1));
    found[`${name}_bias`] = Array.from(tensor(bias).data).slice(...inHead(head - 1));
  }
  found.stops = model.stops(states).map(([id, p]) => [target.token(id), p]);
  return found;
}

function normed(x, [gain, shift], eps) {
  const mean = meanOf_(x);
  const spread = Math.sqrt(meanOf_(x.map((v) => (v - mean) ** 2)) + eps);
  return { x: x.map((v, i) => ((v - mean) / spread) * gain[i] + shift[i]), mean, spread };
}

// All that the scenes show, from a study.
export function derived(s, spec, { word, layer, head }) {
  const d = spec.size / spec.heads;
  const project = (name, x) => s[name].map((weights, j) => inner(weights, x) + s[`${name}_bias`][j]);
  const start = plus(s.token, s.position);
  const states = [start];
  for (const added of s.added) states.push(plus(states.at(-1), added));
  const below = 3 * (layer - 1) + 1; // sub-layers before this cross-attention
  const state = states[below];
  const read = normed(state, s.norm, spec.eps);
  const q = project("query", read.x);
  const k = s.memory.map((x) => project("key", x));
  const v = s.memory.map((x) => project("value", x));
  const products = k.map((key) => key.map((x, j) => x * q[j]));
  const sums = products.map(total);
  const scores = sums.map((x) => x / Math.sqrt(d));
  const raised = scores.map(Math.exp);
  const shares = softmax(scores);
  const order = [...shares.keys()].sort((a, b) => shares[b] - shares[a]);
  const weighted = v.map((value, i) => value.map((x) => shares[i] * x));
  const mean = plus(...weighted);
  const means = s.means.map((x, i) => (Math.floor(i / d) === head - 1 ? mean[i % d] : x));
  const adds = plus(...s.by_head, s.out_bias);
  const after = plus(state, adds);
  const { spread } = normed(states.at(-1), s.last_norm, spec.eps);
  const [gain, shift] = s.last_norm;
  const along = s.rows[0].map((w, i) => (w * gain[i]) / spread);
  const level = [start, ...s.added].map((x) => x.map((v) => v - meanOf_(x)));
  const parts = level.map((x) => inner(x, along)); // of the first word's logit
  const rest = inner(shift, s.rows[0]) + s.rows_bias[0];
  const final = normed(states.at(-1), s.last_norm, spec.eps).x;
  const logits = s.rows.map((row, i) => inner(row, final) + s.rows_bias[i]);
  const chances = logits.map((x) => Math.exp(x - s.total[0]));
  return {
    ...{ word, layer, head, start, states, below, state, read, q, k, v, products, sums, scores, raised, shares, order },
    ...{ weighted, mean, means, adds, after, parts, rest, final, logits, chances, rivals: s.rivals, stops: s.stops },
    ...{ study: s, root: Math.sqrt(d), d, asker: spec.written[word - 1], sum: total(raised) },
    ...{ along, level, lead: order[0], next: s.rivals[0] },
  };
}

// ---- what made a number: a sentence, and the cells and numbers to light up: [name, index of the cell]
const part = (w) => w.toFixed(w < 0.001 && w > 0.00005 ? 4 : 3);
const times = (a, b) => `${said(a)} × ${said(b)}`;
// The largest terms of a sum, the others together.
function sumOf(terms, most = 4) {
  const order = [...terms.keys()].sort((a, b) => Math.abs(terms[b].value) - Math.abs(terms[a].value));
  const named = order.slice(0, terms.length <= most + 1 ? terms.length : most);
  const others = order.slice(named.length);
  const text = named.map((i) => terms[i].text ?? said(terms[i].value));
  if (others.length) text.push(`${others.length} more (${said(total(others.map((i) => terms[i].value)))})`);
  return text.join(" + ");
}
const pairsOf = (a, b) => a.map((x, i) => ({ value: x * b[i], text: times(x, b[i]) }));
const all = (name, length) => Array.from({ length }, (_, i) => [name, i]);

// A number of a projection: all features of x, each times a learned parameter, and the bias.
function projected({ s, cell }, role, x) {
  const bias = s[`${role}_bias`][cell];
  const terms = [...pairsOf(x, s[role][cell]), { value: bias, text: `bias ${said(bias)}` }];
  return `${sumOf(terms, 3)} = ${said(total(terms.map((one) => one.value)))} (state × parameter).`;
}
const key = (c) => `“${c.spec.source[c.m.lead]}”`;
const e = (x) => `2.718 to the power ${said(x)} = ${said(Math.exp(x))}`;
const listed = (values, names) => values.map((value, j) => ({ value, text: `${said(value)} (${names[j]})` }));

// What each kind of number is made of; names as in descent_scenes.js, "key.3" is the vector of word 3.
const MADE = {
  token: ({ s, cell, at, D }) => [`${at}: ${said(s.token[cell])}, learned in training (and times √${D}).`],
  position({ spec, m, s, cell, D }) {
    const value = said(s.position[cell]);
    const wave = `${cell % 2 ? "cos" : "sin"}(${m.word - 1} ÷ ${said(10000 ** ((cell - (cell % 2)) / D))})`;
    return [`Position ${m.word - 1}, number ${cell + 1}: ${value}${spec.waves ? ` = ${wave}` : ", learned"}.`];
  },
  start: ({ m, s, cell, at }) => [
    `${at}: ${said(s.token[cell])} (word) + ${said(s.position[cell])} (position) = ${said(m.start[cell])}.`,
    [
      ["token", cell],
      ["position", cell],
    ],
  ],
  state({ spec, m, s, cell, at }) {
    const terms = [m.start, ...s.added.slice(0, m.below)].map((x) => x[cell]);
    const places = terms.map((_, j) => [j ? `thumb.${j}` : "start", cell]);
    return [`${at}: ${said(m.state[cell])} = ${sumOf(listed(terms, spec.names), 3)}.`, places];
  },
  query: (c) => [`Query, number ${c.cell + 1}: ${projected(c, "query", c.m.read.x)}`, all("state", c.D)],
  key: (c) => [`Key of ${c.word}, number ${c.cell + 1}: ${projected(c, "key", c.s.memory[c.i])}`],
  value: (c) => [`Value of ${c.word}, number ${c.cell + 1}: ${projected(c, "value", c.s.memory[c.i])}`],
  product(c) {
    const { m, cell, at } = c;
    const product = said(m.products[m.lead][cell]);
    return [
      `${at}: ${said(m.q[cell])} (query) × ${said(m.k[m.lead][cell])} (key of ${key(c)}) = ${product}.`,
      ["query", `key.${m.lead}`].map((name) => [name, cell]),
    ];
  },
  sum: ({ m, d }) => [
    `All ${d} products, added: ${sumOf(m.products[m.lead].map((value) => ({ value })))} = ${said(m.sums[m.lead])}.`,
    all("product", d),
  ],
  score({ m, i, d, word }) {
    const sum = `${sumOf(pairsOf(m.q, m.k[i]), 3)} = ${said(m.sums[i])}`;
    return [
      `Score of ${word}: ${sum}, and ${said(m.sums[i])} ÷ √${d} = ${said(m.scores[i])}.`,
      [...all("query", d), ...all(`key.${i}`, d), ...(i === m.lead ? [["sum", 0]] : [])],
    ];
  },
  raised: ({ m, i, word }) => [`e to the score of ${word}: ${e(m.scores[i])}.`, [[`score.${i}`, 0]]],
  total: ({ m }) => [
    `${sumOf(m.raised.map((value) => ({ value })))} = ${said(m.sum)}.`,
    m.raised.map((_, j) => [`raised.${j}`, 0]),
  ],
  share: ({ m, i, word }) => [
    `Share of ${word}: ${said(m.raised[i])} ÷ ${said(m.sum)} = ${part(m.shares[i])}.`,
    [`raised.${i}`, "total", `score.${i}`].map((name) => [name, 0]),
  ],
  weighted: ({ m, i, cell, word }) => [
    `${word}, number ${cell + 1}: share ${part(m.shares[i])} × value ${said(m.v[i][cell])} = ` +
      `${said(m.weighted[i][cell])}.`,
    [
      [`share.${i}`, 0],
      [`value.${i}`, cell],
    ],
  ],
  mean({ spec, m, cell, at }) {
    const text = (x, j) => `${part(m.shares[j])} × ${said(x[cell])} (${spec.source[j]})`;
    const terms = m.v.map((x, j) => ({ value: m.weighted[j][cell], text: text(x, j) }));
    return [
      `${at}: ${sumOf(terms, 3)} = ${said(m.mean[cell])}.`,
      m.v.flatMap((_, j) => [
        [`weighted.${j}`, cell],
        [`value.${j}`, cell],
        [`share.${j}`, 0],
      ]),
    ];
  },
  means: ({ m, cell, d }) => [
    `Head ${Math.floor(cell / d) + 1}, number ${(cell % d) + 1}: ${said(m.means[cell])}, a mean of this head's values.`,
  ],
  adds({ m, s, cell, at, D }) {
    const names = [...s.by_head.map((_, h) => `head ${h + 1}`), "bias"];
    const terms = listed([...s.by_head.map((x) => x[cell]), s.out_bias[cell]], names);
    return [`${at}: ${sumOf(terms, 8)} = ${said(m.adds[cell])}.`, all("means", D)];
  },
  after: ({ m, cell, at }) => [
    `${at}: ${said(m.state[cell])} (was there) + ${said(m.adds[cell])} (added) = ${said(m.after[cell])}.`,
    [
      ["state", cell],
      ["adds", cell],
    ],
  ],
  thumb: ({ spec, m, s, i, cell, at }) => [
    `${at} of what ${i ? `${spec.names[i]} adds` : "enters"}: ${said((i ? s.added[i - 1] : m.start)[cell])}.`,
  ],
  part({ spec, m, i, D }) {
    if (i === m.parts.length)
      return [`The shift of the last norm and the bias of “${m.next}” add ${said(m.rest)}, whatever was read.`];
    const sum = `${sumOf(pairsOf(m.level[i], m.along), 3)} = ${said(m.parts[i])}`;
    const name = i ? spec.names[i] : "the input";
    return [`What ${name} adds, with the row of “${m.next}”: ${sum}.`, all(`thumb.${i}`, D)];
  },
  stop: ({ spec, m, i }) => [
    `If the decoder stopped after ${spec.names[i]}: “${m.stops[i][0]}”, with a probability of ${part(m.stops[i][1])}.`,
    Array.from({ length: i + 1 }, (_, j) => [`part.${j}`, 0]),
  ],
  final: ({ m, cell, at }) => [
    `${at}: ${said(m.states.at(-1)[cell])} in the last state, then normed: ${said(m.final[cell])}.`,
  ],
  logit({ spec, m, s, i, D }) {
    const text = `Logit of “${m.rivals[i]}”: `;
    const parts = listed([...m.parts, m.rest], [...spec.names, "bias"]);
    if (!i) return [`${text}${sumOf(parts, 3)} = ${said(m.logits[0])}.`, all("final", D)];
    const terms = [...pairsOf(m.final, s.rows[i]), { value: s.rows_bias[i], text: `bias ${said(s.rows_bias[i])}` }];
    return [`${text}${sumOf(terms)} = ${said(m.logits[i])}: the state with this word's row.`, all("final", D)];
  },
  grown: ({ m, i }) => [`e to the logit of “${m.rivals[i]}”: ${e(m.logits[i])}.`, [[`logit.${i}`, 0]]],
  chance({ spec, m, s, i }) {
    const sum = `${said(Math.exp(s.total[0]))} (the sum over all ${spec.vocabulary.toLocaleString("en")} words)`;
    return [
      `Probability of “${m.rivals[i]}”: ${said(Math.exp(m.logits[i]))} ÷ ${sum} = ${part(m.chances[i])}.`,
      [
        [`logit.${i}`, 0],
        [`grown.${i}`, 0],
      ],
    ];
  },
};

// explain(derived, spec, name, cell) -> a sentence that says what made a number, and the places that it lights up.
export function explain(m, spec, name, cell) {
  const [kind, i] = name.split(".");
  const context = { m, spec, cell, s: m.study, i: +i, d: m.d, D: spec.size };
  const [text, made = []] = MADE[kind]({ ...context, word: `“${spec.source[+i]}”`, at: `Number ${cell + 1}` });
  return { text, made };
}
