// What a model writes, word by word: the most probable word each time, or one drawn by its probability.
import { largest, softmax } from "./tensors.js";
import { BOS, EOS, PAD } from "./text.js";

/** @import { Model, Step, Tap } from "./model.js" */
/** @import { Matrix } from "./tensors.js" */
/** @typedef {Model & { start(ids: number[], tap?: Tap, states?: Matrix[]): any,
 *   step(word: number, state: any, tap?: Tap): Step }} Writer */
/** @typedef {{ longest?: number, tap?: Tap, states?: Matrix[] }} How longest: so many words at most; states: what a
 *   Transformer has read, in the place of the source */
/** @typedef {{ ids: number[], weights: (Float32Array | null | undefined)[] }} Said what is written, and the weights of
 *   each word over what was read */

/** What may follow: softmax of logits; <pad> and <bos> are never written. @param {ArrayLike<number>} logits */
export function probabilities(logits) {
  const open = Float64Array.from(logits);
  open[PAD] = -Infinity;
  open[BOS] = -Infinity;
  return softmax(open);
}

/**
 * The most probable word at each step, until <eos> or `longest` words, as a beam of 1 in Python: yields what is
 * written so far after each word, and in the end whether it came to an end.
 * @param {Writer} model
 * @param {number[]} source
 * @param {How} how
 * @returns {Generator<Said & { shares: Float64Array }, Said & { ended: boolean }>}
 */
export function* writing(model, source, { longest, tap, states } = {}) {
  const read = source.slice(0, model.context);
  const most = longest ?? 2 * read.length + 10;
  /** @type {number[]} */
  const ids = [];
  /** @type {Said["weights"]} */
  const weights = [];
  let state = model.start(read, tap, states);
  let word = BOS;
  while (ids.length <= most) {
    const done = model.step(word, state, tap);
    const shares = probabilities(done.logits.data);
    word = largest(shares);
    state = done.state;
    if (word === EOS) return { ids, weights, ended: true };
    if (ids.length === most) break;
    ids.push(word);
    weights.push(done.weights);
    yield { ids, weights, shares };
  }
  return { ids, weights, ended: false };
}

/**
 * All of it at once. `each` is called after each word, and may stop it by returning false.
 * @param {Writer} model
 * @param {number[]} source
 * @param {How & { each?: (word: number, shares: Float64Array, ids: number[], weights: Said["weights"]) => any }} how
 * @returns {Said & { ended: boolean }}
 */
export function greedy(model, source, { each, ...how } = {}) {
  const words = writing(model, source, how);
  for (;;) {
    const { value, done } = words.next();
    if (done) return value;
    const { ids, weights, shares } = value;
    if (each?.(ids[ids.length - 1], shares, ids, weights) === false) return { ids, weights, ended: false };
  }
}

/**
 * A token drawn from logits, as course_kit.decoding.sampling does it: temperature, then the top k, then the top p.
 * @param {ArrayLike<number>} logits
 * @param {{ temperature?: number, k?: number, p?: number, random?: () => number }} how
 * @returns {number}
 */
export function draw(logits, { temperature = 1, k = Infinity, p = 1, random = Math.random } = {}) {
  const shares = softmax(Float64Array.from(logits, (logit) => logit / temperature));
  const order = [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, k);
  const whole = order.reduce((sum, id) => sum + shares[id], 0);
  let total = 0;
  let kept = 0;
  while (kept < order.length && (kept === 0 || total < p * whole)) {
    total += shares[order[kept]];
    kept++;
  }
  let left = random() * total;
  for (const id of order.slice(0, kept)) {
    left -= shares[id];
    if (left <= 0) return id;
  }
  return order[kept - 1];
}
