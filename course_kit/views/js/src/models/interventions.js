// What follows from a look: the weights with which a Transformer reads, what it writes, and what it writes when rows of
// its encoder's attention are others or heads are silent.
import { listen } from "./model.js";
import { softmax } from "./tensors.js";
import { BOS } from "./text.js";
import { greedy } from "./writing.js";

/** @import { Tap } from "./model.js" */
/** @import { Matrix } from "./tensors.js" */
/** @typedef {[layer: number, head: number, query: number, keys: number[]]} Row this query attends to these keys alone,
 *   to each as much; head −1: in all heads */
/** @typedef {[layer: number, head: number]} Silent a head that gives nothing */
/** @typedef {[word: string, ...chances: number[]]} Chances of a word: as it was, and with the change */
/** @typedef {{ texts: string[][], place: number, words: Chances[], stops: [string, number][][] }} Answer */

const SELF = /^encoder\.(\d+)\.attention\.(weights|means)$/;
const STATES = /^decoder\.(embedding|\d+)$/;
const MOST = 4; // words that are compared

/**
 * A tap for the self-attention with which a text is read.
 * @param {any} it a model as courseModels.open gives it
 * @param {number[]} ids
 * @param {Row[]} rows
 * @param {Silent[]} out
 * @returns {Tap}
 */
export function changed({ model }, ids, rows, out) {
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

/** A tap that also tells what it hears. @param {Tap | undefined} tap @param {(name: string, value: any) => void} hear
 * @returns {Tap} */
const telling = (tap, hear) => (name, value) => {
  const taken = listen(tap, name, value);
  hear(name, taken);
  return taken;
};

/**
 * The weights of self-attention with which the model reads.
 * @param {any} it
 * @param {number[]} ids
 * @param {Tap} [tap]
 * @returns {Matrix[][]} [layer][head]
 */
export function weightsOf({ model }, ids, tap) {
  /** @type {Matrix[][]} */
  const layers = [];
  const hear = (/** @type {string} */ name, /** @type {any} */ value) => {
    if (SELF.exec(name)?.[2] === "weights") layers.push(value);
  };
  model.encode(ids, telling(tap, hear));
  return layers;
}

/**
 * What the model writes, and with a tap what it then writes. words: those that change most, or of which it is least
 * sure. place: where the first of them stands; stops: what it would say there after its input and each layer, [[word,
 * probability], …] for each.
 * @param {any} it
 * @param {number[]} ids
 * @param {Tap} [tap]
 * @returns {Answer}
 */
export function compared(it, ids, tap) {
  const taps = tap ? [undefined, tap] : [undefined];
  const word = (/** @type {number} */ id) => it.target.token(id).replace(/^▁(?=.)/, "");
  const texts = taps.map((one) => greedy(it.model, ids, { tap: one }).ids);
  const passes = taps.map((one) => passed(it, ids, texts[0], one));
  const chances = passes.map(({ logits }) => texts[0].map((id, t) => softmax(logits.row(t))[id]));
  const [before, after] = chances;
  const rank = (/** @type {number} */ t) => (after ? -Math.abs(after[t] - before[t]) : before[t]);
  const chosen = [...texts[0].keys()].sort((a, b) => rank(a) - rank(b)).slice(0, MOST);
  const place = chosen[0] ?? 0;
  return {
    texts: texts.map((text) => written(it.target, text)),
    place,
    words: chosen.map((t) => [word(texts[0][t]), ...chances.map((shares) => shares[t])]),
    stops: passes.map(({ states }) => {
      const said = it.model.stops(states.map((state) => state.row(place)));
      return said.map((/** @type {[number, number]} */ [id, share]) => [word(id), share]);
    }),
  };
}

/** Logits of what it has written, and the states after the input and after each layer. @param {any} it
 * @param {number[]} ids @param {number[]} text @param {Tap | undefined} tap */
function passed({ model }, ids, text, tap) {
  /** @type {Map<string, Matrix>} */
  const states = new Map();
  const told = telling(tap, (name, value) => {
    if (STATES.test(name)) states.set(name, value);
  });
  const { logits } = model.read([BOS, ...text], model.start(ids, told), told);
  return { logits, states: [...states.values()] };
}

/** What each word adds to the text. @param {any} names @param {number[]} ids @returns {string[]} */
const written = (names, ids) =>
  ids.map((_, t) => names.decode(ids.slice(0, t + 1)).slice(names.decode(ids.slice(0, t)).length));
