// What made a number: a sentence, and the cells and numbers to light up.
import { said, shareOf, total } from "./descent_numbers.js";
import { partOf } from "./descent_sentences.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Descended, DescentSpec, Study } from "./descent_numbers.js" */
/** @typedef {[string, number]} Place a vector or a number by its name, and which number of it */
/** @typedef {[string, Place[]?]} Explained */
/** @typedef {{ value: number, text?: string }} Term */
/**
 * @typedef {object} Asked
 * @property {Descended} found
 * @property {DescentSpec} spec
 * @property {Study} study
 * @property {number} cell
 * @property {number} i in "key.3" it is 3
 * @property {number} d numbers in a head
 * @property {number} D numbers in a state
 * @property {string} word the source word number i
 * @property {string} at "Number 5", of the vector
 */

/**
 * The largest terms of a sum, the others together.
 * @param {Term[]} terms
 * @param {number} most so many
 */
export function sumOf(terms, most = 4) {
  const order = [...terms.keys()].sort((a, b) => Math.abs(terms[b].value) - Math.abs(terms[a].value));
  const named = order.slice(0, terms.length <= most + 1 ? terms.length : most);
  const others = order.slice(named.length);
  const text = named.map((i) => terms[i].text ?? said(terms[i].value));
  if (others.length)
    text.push(t("{n} more ({others})", { n: others.length, others: said(total(others.map((i) => terms[i].value))) }));
  return text.join(" + ");
}

/** @param {number[]} values @returns {Term[]} */
const bare = (values) => values.map((value) => ({ value }));

/** @param {number[]} values @param {string[]} names @returns {Term[]} */
const listed = (values, names) => values.map((value, j) => ({ value, text: `${said(value)} (${names[j]})` }));

/** The terms of a product of two vectors. @param {number[]} a @param {number[]} b @returns {Term[]} */
const pairsOf = (a, b) => a.map((x, i) => ({ value: x * b[i], text: `${said(x)} × ${said(b[i])}` }));

/** @param {number} bias @returns {Term} */
const biasOf = (bias) => ({ value: bias, text: t("bias {bias}", { bias: said(bias) }) });

/** All numbers of a vector. @param {string} name @param {number} length @returns {Place[]} */
const whole = (name, length) => Array.from({ length }, (_, i) => [name, i]);

/** The same number of each of these. @param {string[]} names @param {number} cell @returns {Place[]} */
const each = (names, cell) => names.map((name) => [name, cell]);

/** So many of a kind, each one number. @param {string} kind @param {number} length */
const row = (kind, length) =>
  each(
    Array.from({ length }, (_, i) => `${kind}.${i}`),
    0,
  );

/** @param {number} x */
const raisedTo = (x) => t("2.718 to the power {power} = {value}", { power: said(x), value: said(Math.exp(x)) });

/**
 * A number of a projection: all features of x, each times a learned parameter, and the bias.
 * @param {Asked} asked
 * @param {"query" | "key" | "value"} role
 * @param {number[]} x
 */
function projected({ study, cell }, role, x) {
  const terms = [...pairsOf(x, study[role][cell]), biasOf(study[`${role}_bias`][cell])];
  return t("{terms} = {sum} (state × parameter).", {
    terms: sumOf(terms, 3),
    sum: said(total(terms.map((one) => one.value))),
  });
}

/**
 * What each kind of number is made of; names as in descent_scenes.js, "key.3" is the vector of word 3.
 * @type {Record<string, (asked: Asked) => Explained>}
 */
const MADE = {
  // ---- a word becomes a vector
  token: ({ study, cell, at, D }) => [
    t("{at}: {token}, learned in training (and times √{D}).", { at, token: said(study.token[cell]), D }),
  ],
  position({ found, study, cell, D }) {
    const turn = said(10000 ** ((cell - (cell % 2)) / D));
    const place = found.word - 1;
    const wave = `${cell % 2 ? "cos" : "sin"}(${place} ÷ ${turn})`;
    const value = said(study.position[cell]);
    return [t("Position {place}, number {n}: {value} = {wave}.", { place, n: cell + 1, value, wave })];
  },
  start({ found, study, cell, at }) {
    const [word, position] = [said(study.token[cell]), said(study.position[cell])];
    const text = t("{at}: {word} (word) + {position} (position) = {start}.", {
      at,
      word,
      position,
      start: said(found.start[cell]),
    });
    return [text, each(["token", "position"], cell)];
  },
  state({ spec, found, study, cell, at }) {
    const terms = [found.start, ...study.added.slice(0, found.below)].map((x) => x[cell]);
    const names = terms.map((_, j) => (j ? `thumb.${j}` : "start"));
    return [
      t("{at}: {value} = {sum}.", {
        ...{ at, value: said(found.state[cell]), sum: sumOf(listed(terms, spec.names.map(partOf)), 3) },
      }),
      each(names, cell),
    ];
  },
  thumb({ spec, found, study, i, cell, at }) {
    const vector = i ? study.added[i - 1] : found.start;
    const value = said(vector[cell]);
    return [
      i
        ? t("{at} of what {part} adds: {value}.", { at, part: partOf(spec.names[i]), value })
        : t("{at} of what enters: {value}.", { at, value }),
    ];
  },

  // ---- its query meets every key
  query: (asked) => [
    t("Query, number {cell}: {asked}", { cell: asked.cell + 1, asked: projected(asked, "query", asked.found.read.x) }),
    whole("state", asked.D),
  ],
  key: (asked) => [
    t("Key of {word}, number {cell}: {asked}", {
      word: asked.word,
      cell: asked.cell + 1,
      asked: projected(asked, "key", asked.study.memory[asked.i]),
    }),
  ],
  value: (asked) => [
    t("Value of {word}, number {cell}: {asked}", {
      word: asked.word,
      cell: asked.cell + 1,
      asked: projected(asked, "value", asked.study.memory[asked.i]),
    }),
  ],
  product({ spec, found, cell, at }) {
    const { lead, q, k, products } = found;
    const key = t("{k} (key of “{source}”)", { k: said(k[lead][cell]), source: spec.source[lead] });
    const text = t("{at}: {q} (query) × {key} = {product}.", {
      at,
      q: said(q[cell]),
      key,
      product: said(products[lead][cell]),
    });
    return [text, each(["query", `key.${lead}`], cell)];
  },
  sum({ found: { products, sums, lead }, d }) {
    const text = t("All {d} products, added: {product} = {sum}.", {
      d,
      product: sumOf(bare(products[lead])),
      sum: said(sums[lead]),
    });
    return [text, whole("product", d)];
  },
  score({ found, i, d, word }) {
    const sum = said(found.sums[i]);
    const terms = `${sumOf(pairsOf(found.q, found.k[i]), 3)} = ${sum}`;
    const text = t("Score of {word}: {terms}, and {sum} ÷ √{d} = {score}.", {
      word,
      terms,
      sum,
      d,
      score: said(found.scores[i]),
    });
    return [text, [...whole("query", d), ...whole(`key.${i}`, d), ...each(i === found.lead ? ["sum"] : [], 0)]];
  },

  // ---- scores become shares
  raised: ({ found, i, word }) => [
    t("e to the score of {word}: {score}.", { word, score: raisedTo(found.scores[i]) }),
    each([`score.${i}`], 0),
  ],
  total: ({ found: { raised, sum } }) => [
    t("{sum} = {value}.", { sum: sumOf(bare(raised)), value: said(sum) }),
    row("raised", raised.length),
  ],
  share: ({ found: { raised, sum, shares }, i, word }) => [
    t("Share of {word}: {raised} ÷ {sum} = {share}.", {
      word,
      raised: said(raised[i]),
      sum: said(sum),
      share: shareOf(shares[i]),
    }),
    each([`raised.${i}`, "total", `score.${i}`], 0),
  ],

  // ---- shares average the values
  weighted({ found: { shares, v, weighted }, i, cell, word }) {
    const factors = t("share {share} × value {v}", { share: shareOf(shares[i]), v: said(v[i][cell]) });
    const text = t("{word}, number {cell}: {factors} = {weighted}.", {
      word,
      cell: cell + 1,
      factors,
      weighted: said(weighted[i][cell]),
    });
    return [text, [...each([`share.${i}`], 0), ...each([`value.${i}`], cell)]];
  },
  mean({ spec, found: { shares, v, weighted, mean }, cell, at }) {
    const terms = v.map((value, j) => ({
      value: weighted[j][cell],
      text: `${shareOf(shares[j])} × ${said(value[cell])} (${spec.source[j]})`,
    }));
    const lit = v.flatMap((_, j) => [...each([`weighted.${j}`, `value.${j}`], cell), ...each([`share.${j}`], 0)]);
    return [t("{at}: {sum} = {value}.", { at, sum: sumOf(terms, 3), value: said(mean[cell]) }), lit];
  },

  // ---- heads become a word
  means({ found, cell, d }) {
    const values = { head: Math.floor(cell / d) + 1, n: (cell % d) + 1, mean: said(found.means[cell]) };
    return [t("Head {head}, number {n}: {mean}, a mean of this head's values.", values)];
  },
  adds({ found, study, cell, at, D }) {
    const names = [...study.by_head.map((_, h) => t("head {head}", { head: h + 1 })), t("bias")];
    const terms = listed([...study.by_head.map((x) => x[cell]), study.out_bias[cell]], names);
    return [
      t("{at}: {sum} = {value}.", { at, sum: sumOf(terms, 8), value: said(found.adds[cell]) }),
      whole("means", D),
    ];
  },
  after({ found, cell, at }) {
    const [state, adds] = [said(found.state[cell]), said(found.adds[cell])];
    const text = t("{at}: {state} (was there) + {adds} (added) = {after}.", {
      at,
      state,
      adds,
      after: said(found.after[cell]),
    });
    return [text, each(["state", "adds"], cell)];
  },
  part({ spec, found, i, D }) {
    const { parts, rest, next, level, along } = found;
    if (i === parts.length) {
      return [
        t("The shift of the last norm and the bias of “{next}” add {rest}, whatever was read.", {
          next,
          rest: said(rest),
        }),
      ];
    }
    const sum = `${sumOf(pairsOf(level[i], along), 3)} = ${said(parts[i])}`;
    const text = i
      ? t("What {part} adds, with the row of “{next}”: {sum}.", { part: partOf(spec.names[i]), next, sum })
      : t("What the input adds, with the row of “{next}”: {sum}.", { next, sum });
    return [text, whole(`thumb.${i}`, D)];
  },
  stop({ spec, found, i }) {
    const [word, p] = found.stops[i];
    const text = t("If the decoder stopped after {name}: “{word}”, with a probability of {p}.", {
      name: partOf(spec.names[i]),
      word,
      p: shareOf(p),
    });
    return [text, row("part", i + 1)];
  },
  final({ found: { states, final }, cell, at }) {
    const state = said(states[states.length - 1][cell]);
    return [t("{at}: {state} in the last state, then normed: {final}.", { at, state, final: said(final[cell]) })];
  },
  logit({ spec, found, study, i, D }) {
    const rival = found.rivals[i];
    const parts = listed([...found.parts, found.rest], [...spec.names.map(partOf), t("bias")]);
    if (!i) {
      const sum = `${sumOf(parts, 3)} = ${said(found.logits[0])}`;
      return [t("Logit of “{rival}”: {sum}.", { rival, sum }), whole("final", D)];
    }
    const terms = [...pairsOf(found.final, study.rows[i]), biasOf(study.rows_bias[i])];
    const sum = `${sumOf(terms)} = ${said(found.logits[i])}`;
    return [t("Logit of “{rival}”: {sum}: the state with this word's row.", { rival, sum }), whole("final", D)];
  },
  grown: ({ found, i }) => [
    t("e to the logit of “{rival}”: {logit}.", { rival: found.rivals[i], logit: raisedTo(found.logits[i]) }),
    each([`logit.${i}`], 0),
  ],
  chance({ spec, found, study, i }) {
    const sum = t("{total} (the sum over all {vocabulary} words)", {
      total: said(Math.exp(study.total[0])),
      vocabulary: spec.vocabulary.toLocaleString("en"),
    });
    const share = `${said(Math.exp(found.logits[i]))} ÷ ${sum} = ${shareOf(found.chances[i])}`;
    return [
      t("Probability of “{rival}”: {share}.", { rival: found.rivals[i], share }),
      each([`logit.${i}`, `grown.${i}`], 0),
    ];
  },
};

/**
 * A sentence that says what made a number, and the places that it lights up.
 * @param {Descended} found
 * @param {DescentSpec} spec
 * @param {string} name
 * @param {number} cell
 * @returns {{ text: string, made: Place[] }}
 */
export function explain(found, spec, name, cell) {
  const [kind, number] = name.split(".");
  const i = Number(number);
  const sizes = { d: found.d, D: spec.size };
  const words = { word: `“${spec.source[i]}”`, at: t("Number {cell}", { cell: cell + 1 }) };
  const [text, made = []] = MADE[kind]({ found, spec, study: found.study, cell, i, ...sizes, ...words });
  return { text, made };
}
