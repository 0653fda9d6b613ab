// What the models of the course share: weights by name, and a block of attention. One sentence at a time.
//
// Whoever wants to see inside, or to change something there, gives `tap(name, value)`: it is told each inner value by
// name ("decoder.1.cross_attention.weights", a matrix for each head), and what it returns takes the value's place.
import {
  ACTIVATIONS,
  Matrix,
  add,
  attentionWeights,
  largest,
  layerNorm,
  linear,
  map,
  rotary,
  softmax,
  weightedMeans,
} from "./tensors.js";
import { t } from "../text.js";

/** @import { Layer } from "./tensors.js" */
/** @typedef {(name: string, value: any) => any} Tap */
/** @typedef {Record<string, Matrix>} Tensors weights by their name */
/** @typedef {{ keys: Matrix, values: Matrix }} Read what attention reads: [T, D] each */
/** @typedef {{ name: string, architecture: string, config: Record<string, any> }} About a model: of its card */
/** @typedef {{ logits: Matrix, state: any, weights?: Float32Array | null }} Step what may follow a word [1, V], the
 *   state after it, and its weights over what was read */

/** @param {Tap | undefined} tap @param {string} name @param {any} value */
export const listen = (tap, name, value) => tap?.(name, value) ?? value;

/** 0, 1, 2, … @param {number} count */
export const places = (count, first = 0) => Array.from({ length: count }, (_, t) => first + t);

/** The mean of the heads' last rows, for each key. @param {Matrix[]} weights */
export function meanOf(weights) {
  const mean = new Float32Array(weights[0].columns);
  for (const head of weights) {
    const last = head.row(head.rows - 1);
    for (let k = 0; k < mean.length; k++) mean[k] += last[k] / weights.length;
  }
  return mean;
}

export class Model {
  normFirst = false; // where the norms of a block are
  rotary = false; // whether its positions are
  parts = {
    attention: "around_attention.norm",
    cross: "around_cross.norm",
    ffn: "around_ffn.norm",
    widen: "ffn.widen",
    narrow: "ffn.narrow",
  };

  /** @param {About} card @param {Tensors} tensors */
  constructor(card, tensors) {
    this.card = card;
    this.tensors = tensors;
    this.config = card.config;
    this.layers = card.config.layers;
    this.heads = card.config.heads;
    this.context = card.config.context; // tokens that it sees at once
    this.activation = card.config.activation ?? "relu";
  }

  /** Weight and bias of a layer. @param {string} name */
  layer(name) {
    return { weight: this.tensors[`${name}.weight`], bias: this.tensors[`${name}.bias`] };
  }

  /** @param {Matrix} x @param {string} name */
  linear(x, name) {
    return linear(x, this.layer(name));
  }

  /** @param {Matrix} x @param {string} name */
  norm(x, name) {
    return layerNorm(x, this.layer(name), this.config.eps ?? 1e-5);
  }

  /**
   * From the last states to logits: each architecture has its own.
   * @param {Matrix} _x [T, D]
   * @param {Tap} [_tap]
   * @returns {Matrix} [T, V]
   */
  words(_x, _tap) {
    throw new Error(t("{name} says no words", { name: this.card.name }));
  }

  /**
   * What it would say after each of these states [D], had it stopped there: the most probable word, its probability.
   * @param {Float32Array[]} states
   * @returns {[number, number][]}
   */
  stops(states) {
    const logits = this.words(Matrix.stack(states.map((state) => new Matrix(1, state.length, state))));
    return states.map((_, i) => {
      const shares = softmax(logits.row(i));
      const best = largest(shares);
      return [best, shares[best]];
    });
  }

  /** The rows of a table. @param {number[]} ids @param {string} name of the table */
  embed(ids, name) {
    const table = this.tensors[name];
    const wrong = ids.find((id) => !(id >= 0 && id < table.rows));
    if (wrong !== undefined)
      throw new RangeError(
        t("id {wrong} is not among the {rows} of {name}", { wrong, rows: table.rows, name: this.card.name }),
      );
    const rows = new Matrix(ids.length, table.columns);
    for (const [t, id] of ids.entries()) rows.row(t).set(table.row(id));
    return rows;
  }

  /** With their places in them, where the model has rotary ones. @param {Matrix} x @param {string} name */
  turned(x, name, first = 0) {
    return this.rotary && !name.includes("cross") ? rotary(x, this.heads, first) : x;
  }

  /** Keys and values of x. @param {Matrix} x @param {string} name @returns {Read} */
  project(x, name, first = 0) {
    return { keys: this.turned(this.linear(x, `${name}.key`), name, first), values: this.linear(x, `${name}.value`) };
  }

  /**
   * The queries of x attend to the keys and values that were read.
   * @param {Matrix} x
   * @param {Read} read
   * @param {string} name
   * @param {{ causal?: boolean, first?: number, tap?: Tap }} how
   */
  attend(x, read, name, { causal = false, first = 0, tap }) {
    const projected = this.turned(this.linear(x, `${name}.query`), name, first);
    const queries = listen(tap, `${name}.queries`, projected);
    const keys = listen(tap, `${name}.keys`, read.keys);
    const values = listen(tap, `${name}.values`, read.values);
    const shares = attentionWeights(queries, keys, this.heads, causal, first);
    const weights = listen(tap, `${name}.weights`, shares);
    return this.linear(listen(tap, `${name}.means`, weightedMeans(weights, values)), `${name}.out`);
  }

  /**
   * A sub-layer with its residual connection and its norm, before it or after.
   * @param {Matrix} x
   * @param {string} name of the norm
   * @param {(input: Matrix) => Matrix} sublayer
   */
  around(x, name, sublayer) {
    if (this.normFirst) return add(x, sublayer(this.norm(x, name)));
    return this.norm(add(x, sublayer(x)), name);
  }

  /**
   * A block.
   * @param {Matrix} x [T, D]
   * @param {string} name
   * @param {{ causal?: boolean, past?: Read, memory?: Read, tap?: Tap }} given past: what was read before x; memory:
   *   keys and values of the source
   * @returns {{ x: Matrix, read: Read }} x after it, and all that it has read
   */
  block(x, name, { causal = false, past, memory, tap } = {}) {
    const first = past?.keys.rows ?? 0;
    /** @type {Read} */
    let read = { keys: x, values: x };
    x = this.around(x, `${name}.${this.parts.attention}`, (input) => {
      read = this.project(input, `${name}.attention`, first);
      if (past) read = { keys: Matrix.stack([past.keys, read.keys]), values: Matrix.stack([past.values, read.values]) };
      return this.attend(input, read, `${name}.attention`, { causal, first, tap });
    });
    x = listen(tap, `${name}.after_attention`, x);
    if (memory) {
      const cross = `${name}.cross_attention`;
      x = this.around(x, `${name}.${this.parts.cross}`, (input) => this.attend(input, memory, cross, { tap }));
      x = listen(tap, `${name}.after_cross`, x);
    }
    x = this.around(x, `${name}.${this.parts.ffn}`, (input) => {
      const wide = map(this.linear(input, `${name}.${this.parts.widen}`), ACTIVATIONS[this.activation]);
      return this.linear(listen(tap, `${name}.ffn`, wide), `${name}.${this.parts.narrow}`);
    });
    return { x: listen(tap, name, x), read };
  }
}
