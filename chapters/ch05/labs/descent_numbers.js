// The numbers of a descent: from what Python has put into the view, or from the model in the page, and all that follows
// from them. Names as in descent.py.
import { softmax } from "../../../course_kit/views/js/src/shared/numbers.js";

/** @import { Arrays, Spec } from "../../../course_kit/views/js/src/shared/types.js" */
/**
 * @typedef {Spec & { names: string[], sentence: string, source: string[],
 *   written: string[], next: string[], ids: number[], size: number, heads: number, vocabulary: number,
 *   rivals: string[], stops: [string, number][], eps: number }} DescentSpec
 *   names: of the input and all sub-layers; written: what the decoder has read; next: what it writes behind each;
 * @typedef {{ word: number, layer: number, head: number }} Choice all from 1
 *
 * @typedef {object} Study what one word and one head need, as Python's `Study`
 * @property {number[]} token
 * @property {number[]} position
 * @property {number[][]} added by each sub-layer
 * @property {number[][]} norm gain and shift before the cross-attention
 * @property {number[][]} memory
 * @property {number[][]} query
 * @property {number[]} query_bias
 * @property {number[][]} key
 * @property {number[]} key_bias
 * @property {number[][]} value
 * @property {number[]} value_bias
 * @property {number[]} means
 * @property {number[][]} by_head
 * @property {number[]} out_bias
 * @property {number[][]} last_norm
 * @property {number[][]} rows
 * @property {number[]} rows_bias
 * @property {number[]} total
 * @property {string[]} rivals
 * @property {[string, number][]} stops
 *
 * @typedef {ReturnType<typeof derived>} Descended
 * @typedef {{ model: any, source?: any, target?: any }} Loaded as loadModel gives it
 */

/** A number in a sentence; never a minus before nothing. @param {number} x */
export function said(x) {
  const size = Math.abs(x);
  if (size < 0.0005) return "0";
  if (size >= 1000) return Math.round(x).toLocaleString("en").replace("-", "−");
  const few = size < 0.095 ? 3 : 2;
  return x.toFixed(size >= 100 ? 1 : few).replace("-", "−");
}

/**
 * A number in a cell: as many digits as have room; never a minus before nothing.
 * @param {number} x
 * @param {number} width
 */
export function inCell(x, width) {
  const text = x.toFixed(Math.abs(x) < 9.95 && width >= 39.5 ? 2 : 1);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** A number in the table, as Python writes it; never a minus before nothing. @param {number} x */
export function tabled(x) {
  const text = x.toFixed(3);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

/** A share, with a fourth digit where three show nothing. @param {number} share */
export const shareOf = (share) => share.toFixed(share < 0.001 && share > 0.00005 ? 4 : 3);

/** The place of the number that is farthest from 0. @param {number[]} x */
export const largest = (x) => x.reduce((best, v, i) => (Math.abs(v) > Math.abs(x[best]) ? i : best), 0);

/** @param {number[]} all */
export const total = (all) => all.reduce((a, b) => a + b, 0);

/** The numbers from 0 on. @param {number} count */
const upTo = (count) => [...Array(count).keys()];

const PROJECTIONS = /** @type {const} */ (["query", "key", "value"]);
const MATRICES = ["added", "norm", "memory", "by_head", "last_norm", "rows", ...PROJECTIONS];

/** @param {number[]} a @param {number[]} b */
const inner = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

/** @param {...number[]} all */
const plus = (...all) => all[0].map((_, i) => total(all.map((one) => one[i])));

/** @param {number[]} x */
const meanOf = (x) => total(x) / x.length;

/**
 * What Python's `study` has found for the first word.
 * @param {Arrays} arrays
 * @param {DescentSpec} spec
 * @returns {Study}
 */
export function baked(arrays, spec) {
  const numbers = Object.entries(arrays).map(([name, data]) => {
    const row = (/** @type {number} */ i) => Array.from(data.subarray(i * spec.size, (i + 1) * spec.size));
    return [name, MATRICES.includes(name) ? upTo(data.length / spec.size).map(row) : Array.from(data)];
  });
  return { ...Object.fromEntries(numbers), rivals: spec.rivals, stops: spec.stops };
}

/**
 * The same from the model in the page.
 * @param {Loaded} loaded
 * @param {DescentSpec} spec
 * @param {Choice} choice
 * @returns {Study}
 */
export function studied(loaded, spec, choice) {
  const { model, source, target } = loaded;
  /** @type {Record<string, any>} what the model computed, by name */
  const heard = {};
  const tap = (/** @type {string} */ name, /** @type {any} */ value) => {
    heard[name] = value;
  };
  const place = choice.word - 1;
  const start = model.start(source.encode(spec.sentence), tap);
  const { logits } = model.read(spec.ids.slice(0, choice.word), start, tap);
  const states = statesIn(heard, model.layers, place);
  return {
    ...fromTensors(model.tensors, heard, spec, choice),
    ...fromStates(states, model.tensors, spec, choice),
    ...fromLogits(Array.from(logits.row(place)), model, target, spec),
    memory: rowsOf(heard.memory),
    stops: model.stops(states).map(([id, p]) => [target.token(id), p]),
  };
}

/** @param {any} matrix @returns {number[][]} */
const rowsOf = (matrix) => upTo(matrix.rows).map((i) => Array.from(matrix.row(i)));

/** The vector of a word as it enters the decoder, and after each sub-layer. */
function statesIn(/** @type {Record<string, any>} */ heard, /** @type {number} */ layers, /** @type {number} */ place) {
  const parts = (/** @type {number} */ n) => [
    `decoder.${n}.after_attention`,
    `decoder.${n}.after_cross`,
    `decoder.${n}`,
  ];
  const names = ["decoder.embedding", ...upTo(layers).flatMap(parts)];
  return names.map((name) => /** @type {number[]} */ (Array.from(heard[name].row(place))));
}

/** @param {number[][]} states @param {Record<string, any>} tensors @param {DescentSpec} spec @param {Choice} choice */
function fromStates(states, tensors, spec, { word }) {
  const row = tensors["target_embedding.weight"].row(spec.ids[word - 1]);
  const token = /** @type {number[]} */ (Array.from(row, (x) => x * Math.sqrt(spec.size)));
  return {
    token,
    position: states[0].map((x, i) => x - token[i]),
    added: states.slice(1).map((x, n) => x.map((v, i) => v - states[n][i])),
  };
}

/**
 * Of one layer's cross-attention: its norm, the projections of one head, and what each head adds.
 * @param {Record<string, any>} tensors
 * @param {Record<string, any>} heard
 * @param {DescentSpec} spec
 * @param {Choice} choice
 */
function fromTensors(tensors, heard, spec, { word, layer, head }) {
  const width = spec.size / spec.heads;
  const of = `decoder.${layer - 1}`;
  const list = (/** @type {string} */ name) => /** @type {number[]} */ (Array.from(tensors[name].data));
  const norm = (/** @type {string} */ name) => [list(`${name}.weight`), list(`${name}.bias`)];
  const inHead = (/** @type {number} */ h) => /** @type {const} */ ([h * width, (h + 1) * width]);
  const projection = (/** @type {string} */ name) => ({
    [name]: rowsOf(tensors[`${of}.cross_attention.${name}.weight`]).slice(...inHead(head - 1)),
    [`${name}_bias`]: list(`${of}.cross_attention.${name}.bias`).slice(...inHead(head - 1)),
  });
  const means = /** @type {number[]} */ (Array.from(heard[`${of}.cross_attention.means`].row(word - 1)));
  const out = rowsOf(tensors[`${of}.cross_attention.out.weight`]);
  const adds = (/** @type {number} */ h) =>
    out.map((weights) => inner(weights.slice(...inHead(h)), means.slice(...inHead(h))));
  const found = { ...projection("query"), ...projection("key"), ...projection("value") };
  return {
    .../** @type {Pick<Study, "query" | "query_bias" | "key" | "key_bias" | "value" | "value_bias">} */ (found),
    norm: norm(`${of}.around_cross.norm`),
    last_norm: norm("decoder_norm"),
    means,
    by_head: upTo(spec.heads).map(adds),
    out_bias: list(`${of}.cross_attention.out.bias`),
  };
}

/**
 * The most probable words.
 * @param {number[]} logits
 * @param {any} model
 * @param {any} target
 * @param {DescentSpec} spec
 */
function fromLogits(logits, { output }, target, spec) {
  const best = upTo(logits.length)
    .sort((a, b) => logits[b] - logits[a])
    .slice(0, spec.rivals.length);
  const top = Math.max(...logits);
  return {
    rows: best.map((id) => /** @type {number[]} */ (Array.from(output.weight.row(id)))),
    rows_bias: best.map((id) => /** @type {number} */ (output.bias?.data[id] ?? 0)),
    total: [top + Math.log(total(logits.map((x) => Math.exp(x - top))))],
    rivals: best.map((id) => /** @type {string} */ (target.token(id))),
  };
}

/** Layer norm. @param {number[]} x @param {number[][]} learned gain and shift @param {number} eps */
function normed(x, [gain, shift], eps) {
  const mean = meanOf(x);
  const spread = Math.sqrt(meanOf(x.map((v) => (v - mean) ** 2)) + eps);
  return { x: x.map((v, i) => ((v - mean) / spread) * gain[i] + shift[i]), mean, spread };
}

/** All that the scenes show, from a study. @param {Study} study @param {DescentSpec} spec @param {Choice} choice */
export function derived(study, spec, choice) {
  const start = plus(study.token, study.position);
  const states = [start];
  for (const added of study.added) states.push(plus(states[states.length - 1], added));
  const below = 3 * (choice.layer - 1) + 1; // sub-layers before this cross-attention
  const state = states[below];
  const attended = attention(study, spec, state);
  const d = spec.size / spec.heads;
  const means = study.means.map((x, i) => (Math.floor(i / d) === choice.head - 1 ? attended.mean[i % d] : x));
  const adds = plus(...study.by_head, study.out_bias);
  return {
    ...{ word: choice.word, layer: choice.layer, head: choice.head, study },
    ...{ d, root: Math.sqrt(d), asker: spec.written[choice.word - 1], next: study.rivals[0] },
    ...{ start, states, below, state, means, adds, after: plus(state, adds), rivals: study.rivals, stops: study.stops },
    ...attended,
    ...answer(study, spec, states),
  };
}

/**
 * One query meets every key; softmax; the mean of the values.
 * @param {Study} study
 * @param {DescentSpec} spec
 * @param {number[]} state
 */
function attention(study, spec, state) {
  const project = (/** @type {"query" | "key" | "value"} */ name, /** @type {number[]} */ x) =>
    study[name].map((weights, j) => inner(weights, x) + study[`${name}_bias`][j]);
  const read = normed(state, study.norm, spec.eps);
  const q = project("query", read.x);
  const k = study.memory.map((x) => project("key", x));
  const v = study.memory.map((x) => project("value", x));
  const products = k.map((key) => key.map((x, j) => x * q[j]));
  const sums = products.map(total);
  const scores = sums.map((x) => x / Math.sqrt(q.length));
  const raised = scores.map(Math.exp);
  const shares = softmax(scores);
  const order = upTo(shares.length).sort((a, b) => shares[b] - shares[a]);
  const weighted = v.map((value, i) => value.map((x) => shares[i] * x));
  const mean = plus(...weighted);
  const found = { read, q, k, v, products, sums, scores, raised, shares, order, weighted, mean };
  return { ...found, sum: total(raised), lead: order[0] };
}

/**
 * The last state, its logits, and what each sub-layer adds to the first of them.
 * @param {Study} study
 * @param {DescentSpec} spec
 * @param {number[][]} states
 */
function answer(study, spec, states) {
  const { x: final, spread } = normed(states[states.length - 1], study.last_norm, spec.eps);
  const [gain, shift] = study.last_norm;
  const along = study.rows[0].map((w, i) => (w * gain[i]) / spread);
  const level = [states[0], ...study.added].map((x) => x.map((v) => v - meanOf(x)));
  const logits = study.rows.map((row, i) => inner(row, final) + study.rows_bias[i]);
  return {
    ...{ final, along, level, logits },
    parts: level.map((x) => inner(x, along)),
    rest: inner(shift, study.rows[0]) + study.rows_bias[0],
    chances: logits.map((x) => Math.exp(x - study.total[0])),
  };
}
