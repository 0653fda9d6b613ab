// The models of the course, as course_utils defines them: the same settings, the same names of weights, one sentence
// at a time. A test holds the two together for every trained model.
import { Model, listen, meanOf, places } from "./model.js";
import {
  ACTIVATIONS,
  Matrix,
  add,
  gruStep,
  linear,
  map,
  sinusoidal,
  softmax,
  times,
  weightedMeans,
} from "./tensors.js";

/** @import { About, Read, Step, Tap, Tensors } from "./model.js" */
/** @typedef {{ past: Read[], memory: Read[] }} Written what a Transformer has read, and what it has written so far */
/** @typedef {Read[]} Line what each layer of a GPT has read so far */
/** @typedef {{ states: Matrix, hidden: Matrix, projected: Matrix }} Memory of a translator with GRUs; projected: its
 *   states as the score reads them */

export class Transformer extends Model {
  normFirst = true;

  /** @param {number[]} ids @param {"source" | "target"} side */
  vectors(ids, side, first = 0) {
    const x = this.embed(ids, `${side}_embedding.weight`);
    const scale = Math.sqrt(x.columns);
    return sinusoidal(
      map(x, (value) => value * scale),
      first,
    );
  }

  /**
   * The states of the source after each layer, the last one normed: L × [S, D].
   * @param {number[]} ids
   * @param {Tap} [tap]
   */
  encode(ids, tap) {
    const states = [];
    let x = listen(tap, "encoder.embedding", this.vectors(ids, "source"));
    for (let n = 0; n < this.layers; n++) {
      x = this.block(x, `encoder.${n}`, { tap }).x;
      states.push(x);
    }
    states[states.length - 1] = listen(tap, "memory", this.norm(x, "encoder_norm"));
    return states;
  }

  /** @param {number[]} ids @param {Tap} [tap] @returns {Written} */
  start(ids, tap, states = this.encode(ids, tap)) {
    const last = states[states.length - 1];
    return { memory: states.map((_, n) => this.project(last, `decoder.${n}.cross_attention`)), past: [] };
  }

  /**
   * The next words of the target -> logits [T, V] of the word after each, and the state after them.
   * @param {number[]} ids
   * @param {Written} state
   * @param {Tap} [tap]
   */
  read(ids, state, tap) {
    const first = state.past[0]?.keys.rows ?? 0;
    /** @type {Read[]} */
    const past = [];
    let x = listen(tap, "decoder.embedding", this.vectors(ids, "target", first));
    for (const [n, memory] of state.memory.entries()) {
      const done = this.block(x, `decoder.${n}`, { causal: true, past: state.past[n], memory, tap });
      x = done.x;
      past.push(done.read);
    }
    return { logits: this.words(x, tap), state: { ...state, past } };
  }

  /** @param {Matrix} x @param {Tap} [tap] */
  words(x, tap) {
    return linear(listen(tap, "features", this.norm(x, "decoder_norm")), this.output);
  }

  /** The layer that gives logits: the table of the target's words. */
  get output() {
    return { weight: this.tensors["target_embedding.weight"], bias: this.tensors["output.bias"] };
  }

  /**
   * One word: as `read`, with its weights over the source: last layer, mean of the heads.
   * @param {number} word
   * @param {Written} state
   * @param {Tap} [tap]
   * @returns {Step}
   */
  step(word, state, tap) {
    let weights;
    const last = `decoder.${this.layers - 1}.cross_attention.weights`;
    const done = this.read([word], state, (name, value) => {
      const taken = listen(tap, name, value);
      if (name === last) weights = meanOf(taken);
      return taken;
    });
    return { ...done, weights };
  }
}

/** Chapter 3's translator, with additive attention of the newest state. */
export class TiedTranslator extends Model {
  /** The two layers of a GRU. @param {"encoder" | "decoder"} side @param {"" | "_reverse"} direction */
  cell(side, direction = "") {
    const tensor = (/** @type {string} */ kind) => this.tensors[`${side}.gru.${kind}_l0${direction}`];
    return {
      input: { weight: tensor("weight_ih"), bias: tensor("bias_ih") },
      hidden: { weight: tensor("weight_hh"), bias: tensor("bias_hh") },
    };
  }

  /**
   * The states of a GRU that reads x [T, E] from its beginning, or from its end.
   * @param {Matrix} x
   * @param {ReturnType<TiedTranslator["cell"]>} cell
   */
  run(x, cell, backwards = false) {
    const said = linear(x, cell.input);
    const states = new Matrix(x.rows, cell.hidden.weight.columns);
    let hidden = new Matrix(1, states.columns);
    for (let i = 0; i < x.rows; i++) {
      const t = backwards ? x.rows - 1 - i : i;
      hidden = gruStep(said.row(t), hidden, cell.hidden);
      states.row(t).set(hidden.data);
    }
    return { states, last: hidden };
  }

  /** @param {number[]} ids @param {Tap} [tap] @returns {Memory} */
  start(ids, tap) {
    const words = this.embed(ids, "encoder.embedding.weight");
    const there = this.run(words, this.cell("encoder"));
    const back = this.run(words, this.cell("encoder", "_reverse"), true);
    const states = listen(tap, "memory", Matrix.beside(there.states, back.states));
    const summary = Matrix.beside(there.last, back.last);
    const hidden = map(this.linear(summary, "decoder.first"), Math.tanh);
    return { states, hidden, projected: times(states, this.tensors["decoder.W2"]) };
  }

  /**
   * query [1, D] -> context [1, D] and weights [1, K]
   * @param {Matrix} query
   * @param {Memory} state
   * @param {Tap} [tap]
   */
  look(query, { states, projected }, tap) {
    const asked = add(times(query, this.tensors["decoder.W1"]), this.tensors["decoder.b"]).data;
    const direction = this.tensors["decoder.w"].data;
    const scores = new Float64Array(states.rows);
    for (let k = 0; k < scores.length; k++) {
      const key = projected.row(k);
      for (let i = 0; i < key.length; i++) scores[k] += direction[i] * Math.tanh(asked[i] + key[i]);
    }
    const shares = new Matrix(1, scores.length, Float32Array.from(softmax(scores)));
    /** @type {Matrix[]} */
    const [weights] = listen(tap, "decoder.weights", [shares]);
    return { context: weightedMeans([weights], states), weights };
  }

  /** @param {Matrix} features */
  words(features) {
    const weight = this.tensors["decoder.embedding.weight"];
    return linear(features, { weight, bias: this.tensors["decoder.output.bias"] });
  }

  /** @param {number} word @param {Memory} state @param {Tap} [tap] @returns {Step} */
  step(word, state, tap) {
    const cell = this.cell("decoder");
    const input = this.embed([word], "decoder.embedding.weight");
    const hidden = listen(tap, "decoder.state", gruStep(linear(input, cell.input).data, state.hidden, cell.hidden));
    const { context, weights } = this.look(hidden, state, tap);
    const read = this.linear(Matrix.beside(hidden, context), "decoder.output.readout");
    const features = listen(tap, "features", map(read, Math.tanh));
    return { logits: this.words(features), state: { ...state, hidden }, weights: weights.data };
  }

  /**
   * Teacher forcing: logits [T, V] of the word after each, and the state after them.
   * @param {number[]} ids
   * @param {Memory} state
   * @param {Tap} [tap]
   */
  read(ids, state, tap) {
    const rows = [];
    for (const id of ids) {
      const done = this.step(id, state, tap);
      state = done.state;
      rows.push(done.logits);
    }
    return { logits: Matrix.stack(rows), state };
  }
}

/** A GPT; without a table of positions its queries and keys are turned by them. */
export class GPT extends Model {
  normFirst = true;
  activation = "gelu_tanh";
  parts = { attention: "norm1", cross: "", ffn: "norm2", widen: "ffn.0", narrow: "ffn.2" };

  /** @param {About} card @param {Tensors} tensors */
  constructor(card, tensors) {
    super(card, tensors);
    this.rotary = !tensors["positions.weight"];
  }

  /** @param {number[]} ids @param {Tap} [tap] @returns {Line} */
  start(ids = [], tap = undefined) {
    return ids.length ? this.read(ids, [], tap).state : [];
  }

  /**
   * The next tokens -> logits [T, V] of the token after each, and the state after them.
   * @param {number[]} ids
   * @param {Line} state
   * @param {Tap} [tap]
   */
  read(ids, state = [], tap = undefined) {
    const first = state[0]?.keys.rows ?? 0;
    /** @type {Line} */
    const past = [];
    if (!this.rotary && first + ids.length > this.context)
      throw new RangeError(`${this.card.name} sees ${this.context} tokens at once`);
    let x = this.embed(ids, "tokens.weight");
    if (!this.rotary) x = add(x, this.embed(places(ids.length, first), "positions.weight"));
    x = listen(tap, "embedding", x);
    for (let n = 0; n < this.layers; n++) {
      const done = this.block(x, `blocks.${n}`, { causal: true, past: state[n], tap });
      x = done.x;
      past.push(done.read);
    }
    return { logits: this.words(x, tap), state: past };
  }

  /** @param {Matrix} x @param {Tap} [tap] */
  words(x, tap) {
    return linear(listen(tap, "features", this.norm(x, "norm")), { weight: this.tensors["tokens.weight"] });
  }

  /** One token: as `read`. @param {number} word @param {Line} state @param {Tap} [tap] @returns {Step} */
  step(word, state, tap) {
    return this.read([word], state, tap);
  }
}

export class Bert extends Model {
  /**
   * Ids and segments of one text, or of a pair -> hidden [T, D], pooled [1, D]
   * @param {number[]} ids
   * @param {number[]} segments
   * @param {Tap} [tap]
   */
  read(ids, segments = ids.map(() => 0), tap = undefined) {
    const embedded = (/** @type {string} */ part, /** @type {number[]} */ numbers) =>
      this.embed(numbers, `bert.embeddings.${part}.weight`);
    const words = add(embedded("tokens", ids), embedded("segments", segments));
    const sum = add(words, embedded("positions", places(ids.length)));
    let x = listen(tap, "embedding", this.norm(sum, "bert.embeddings.norm"));
    for (let n = 0; n < this.layers; n++) x = this.block(x, `bert.blocks.${n}`, { tap }).x;
    const pooled = map(this.linear(new Matrix(1, x.columns, x.row(0)), "bert.pooler"), Math.tanh);
    return { hidden: listen(tap, "features", x), pooled };
  }

  /**
   * Logits of each place's word [T, V] and of "the second sentence follows" [1, 2].
   * @param {number[]} ids
   * @param {number[]} [segments]
   * @param {Tap} [tap]
   * @returns {Record<string, Matrix>}
   */
  logits(ids, segments, tap) {
    const { hidden, pooled } = this.read(ids, segments, tap);
    return { words: this.words(hidden), follows: this.linear(pooled, "next_sentence") };
  }

  /** @param {Matrix} x */
  words(x) {
    const wide = this.norm(map(this.linear(x, "transform"), ACTIVATIONS.gelu), "norm");
    const weight = this.tensors["bert.embeddings.tokens.weight"];
    return linear(wide, { weight, bias: this.tensors["output.bias"] });
  }
}

/** By the name that a card has for it. @type {Record<string, new (card: About, tensors: Tensors) => Model>} */
export const ARCHITECTURES = {
  Transformer,
  TiedTranslator,
  GPT,
  RotaryGPT: GPT,
  BertForPreTraining: Bert,
};
