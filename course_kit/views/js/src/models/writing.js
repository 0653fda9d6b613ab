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

/** All of it at once. @param {Writer} model @param {number[]} source @param {How} how */
export function greedy(model, source, how = {}) {
  const words = writing(model, source, how);
  let step = words.next();
  while (!step.done) step = words.next();
  return step.value;
}

/** A token drawn from logits, each as often as it is expected. @param {ArrayLike<number>} logits */
export function draw(logits, random = Math.random) {
  const shares = softmax(logits);
  let left = random();
  const id = shares.findIndex((share) => {
    left -= share;
    return left <= 0;
  });
  return id < 0 ? largest(shares) : id;
}
