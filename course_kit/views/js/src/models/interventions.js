// What follows from a look: the weights with which a model reads, what it says, and what it says when rows of attention
// are others or heads are silent. What is read is { ids, segments }, as the model's vocabulary has framed a text.
import { softmax } from "./tensors.js";
import { BOS } from "./text.js";
import { greedy } from "./writing.js";

/** @import { Tap } from "./model.js" */
/** @import { Matrix } from "./tensors.js" */
/** @typedef {{ ids: number[], segments?: any[] }} Text that is read */
/** @typedef {[layer: number, head: number, query: number, keys: number[]]} Row this query attends to these keys alone,
 *   to each as much; head −1: in all heads */
/** @typedef {[layer: number, head: number]} Silent a head that gives nothing */
/** @typedef {[word: string, ...chances: number[]]} Chances of a word: as it was, and with the change */
/** @typedef {{ texts?: string[][], place: number, words: Chances[], stops: [string, number][][] }} Answer */

const SELF = /^(?:encoder|(?:bert\.)?blocks)\.(\d+)\.attention\.(weights|means)$/;
const STATES = /^(decoder\.)?embedding$|^(decoder|(bert\.)?blocks)\.\d+$/;
const MOST = 4; // words that are compared

/**
 * A tap for the self-attention with which a text is read.
 * @param {any} it a model as courseModels.open gives it
 * @param {Text} text
 * @param {Row[]} rows
 * @param {Silent[]} out
 * @returns {Tap}
 */
export function changed({ model }, { ids }, rows, out) {
  return (name, value) => {
    const [, layer, what] = name.match(SELF) ?? [];
    const here = (/** @type {number[] | Row} */ change) => change[0] === Number(layer);
    if (what === "means") for (const [, head] of out.filter(here)) silence(value, head, model.heads);
    // a matrix of another size: it is writing already
    if (what === "weights" && value[0].columns === ids.length) for (const row of rows.filter(here)) paint(value, row);
    return value;
  };
}

/** @param {Matrix} means @param {number} head @param {number} heads */
function silence(means, head, heads) {
  const size = means.columns / heads;
  for (let t = 0; t < means.rows; t++) means.row(t).fill(0, head * size, (head + 1) * size);
}

/** @param {Matrix[]} heads @param {Row} change */
function paint(heads, [, head, query, keys]) {
  for (const weights of head < 0 ? heads : [heads[head]]) {
    const row = weights.row(query).fill(0);
    for (const key of keys) row[key] = 1 / keys.length;
  }
}

/**
 * A pass of the model: logits of each word, of what it has written after what it read. What it hears on the way is
 * told to `hear`.
 * @param {any} it
 * @param {Text} text
 * @param {number[] | null} written
 * @param {Tap | undefined} tap
 * @param {(name: string, value: any) => void} hear
 */
function pass({ model }, { ids, segments }, written, tap, hear) {
  /** @type {Tap} */
  function told(name, value) {
    const taken = tap?.(name, value) ?? value;
    hear(name, taken);
    return taken;
  }
  if (model.logits) return model.logits(ids, segments, told).words;
  if (written) return model.read([BOS, ...written], model.start(ids, told), told).logits;
  return model.encode ? model.encode(ids, told) : model.read(ids, undefined, told).logits;
}

/**
 * The weights of self-attention with which the model reads.
 * @param {any} it
 * @param {Text} text
 * @param {Tap} [tap]
 * @returns {Matrix[][]} [layer][head]
 */
export function weightsOf(it, text, tap) {
  /** @type {Matrix[][]} */
  const layers = [];
  pass(it, text, null, tap, (name, value) => {
    if (SELF.exec(name)?.[2] === "weights") layers.push(value);
  });
  return layers;
}

/**
 * What the model says, and with a tap what it then says. A translator writes `texts`; the others say what belongs at
 * one place: at [MASK], or behind the last token. words: the translation's as far as they change most, or the most
 * probable ones. place: where the first of them stands; stops: what it would say there after its input and each
 * layer, [[word, probability], …] for each.
 * @param {any} it
 * @param {Text} text
 * @param {Tap} [tap]
 * @returns {Answer}
 */
export function compared(it, text, tap) {
  const taps = tap ? [undefined, tap] : [undefined];
  const names = it.target ?? it.tokenizer;
  const word = (/** @type {number} */ id) => names.token(id).replace(/^▁(?=.)/, "");
  const texts = it.card.data.pair && taps.map((one) => greedy(it.model, text.ids, { tap: one }).ids);
  const passes = taps.map((one) => passed(it, text, texts?.[0] ?? null, one));
  const logits = passes.map((one) => one.logits);
  const { place, chosen, chances } = texts ? ofWritten(texts[0], logits) : ofPlace(it, text.ids, logits);
  return {
    texts: texts?.map((/** @type {number[]} */ ids) => written(names, ids)),
    place,
    words: chosen.map((i) => [word(texts ? texts[0][i] : i), ...chances.map((shares) => shares[i])]),
    stops: passes.map(({ states }) => {
      const said = it.model.stops(states.map((state) => state.row(place)));
      return said.map((/** @type {[number, number]} */ [id, share]) => [word(id), share]);
    }),
  };
}

/** Logits, and the states after the input and after each layer. @param {any} it @param {Text} text
 * @param {number[] | null} ids that it has written @param {Tap | undefined} tap */
function passed(it, text, ids, tap) {
  /** @type {Map<string, Matrix>} */
  const states = new Map();
  const logits = pass(it, text, ids, tap, (name, value) => {
    if (STATES.test(name)) states.set(name, value);
  });
  return { logits, states: [...states.values()] };
}

/**
 * Of a translation: the words whose probabilities change most; without a change, those of which it is least sure.
 * @param {number[]} ids
 * @param {Matrix[]} logits
 */
function ofWritten(ids, logits) {
  const chances = logits.map((one) => ids.map((id, t) => softmax(one.row(t))[id]));
  const [before, after] = chances;
  const rank = (/** @type {number} */ t) => (after ? -Math.abs(after[t] - before[t]) : before[t]);
  const chosen = [...ids.keys()].sort((a, b) => rank(a) - rank(b)).slice(0, MOST);
  return { place: chosen[0] ?? 0, chosen, chances };
}

/**
 * At one place: the words that are most probable, before and after.
 * @param {any} it
 * @param {number[]} ids
 * @param {Matrix[]} logits
 */
function ofPlace(it, ids, logits) {
  const masked = ids.indexOf(it.tokenizer?.mask);
  const place = masked < 0 ? logits[0].rows - 1 : masked;
  const chances = logits.map((one) => softmax(one.row(place)));
  const count = logits.length > 1 ? MOST - 1 : MOST;
  const best = (/** @type {Float64Array} */ shares) =>
    [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, count);
  return { place, chosen: [...new Set(chances.flatMap(best))], chances };
}

/** What each word adds to the text. @param {any} names @param {number[]} ids @returns {string[]} */
const written = (names, ids) =>
  ids.map((_, t) => names.decode(ids.slice(0, t + 1)).slice(names.decode(ids.slice(0, t)).length));
