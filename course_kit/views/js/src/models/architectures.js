// The models of the course, as course_utils defines them: the same settings, the same names of weights, one
// sentence at a time. A test holds the two together for every trained model.
//
// Whoever wants to see inside, or to change something there, gives `tap(name, value)`: it is told each inner value by
// name ("decoder.1.cross_attention.weights", a matrix for each head), and what it returns takes the value's place.
import {
  ACTIVATIONS,
  Matrix,
  add,
  attentionWeights,
  gruStep,
  layerNorm,
  linear,
  map,
  rotary,
  sinusoidal,
  softmax,
  weightedMeans,
} from "./tensors.js";
import { BOS, EOS, PAD } from "./text.js";

const listen = (tap, name, value) => tap?.(name, value) ?? value;

class Model {
  constructor(card, tensors) {
    const c = card.config;
    const missing = ["window", "key_heads"].find((s) => c[s] != null);
    if (missing) throw new Error(`${card.name} has ${missing}, which the page does not know`);
    Object.assign(this, { card, tensors, config: c });
  }
  // weight and bias of a layer, each a matrix
  layer(name) {
    return { weight: this.tensors[`${name}.weight`], bias: this.tensors[`${name}.bias`] };
  }
  linear(x, name) {
    return linear(x, this.layer(name));
  }
  norm(x, name) {
    return layerNorm(x, this.layer(name), this.config.eps ?? 1e-5);
  }
  // What it would say after each of these states [D], had it stopped there: the most probable word and its probability.
  stops(states) {
    const logits = this.words(Matrix.stack(states.map((x) => new Matrix(1, x.length, x))));
    return states.map((_, i) => {
      const shares = softmax(logits.row(i));
      const best = shares.reduce((top, p, id) => (p > shares[top] ? id : top), 0);
      return [best, shares[best]];
    });
  }
  embed(ids, name) {
    const table = this.tensors[name];
    const wrong = ids.find((id) => !(id >= 0 && id < table.rows));
    if (wrong !== undefined) throw new RangeError(`id ${wrong} is not among the ${table.rows} of ${this.card.name}`);
    return Matrix.stack([
      new Matrix(0, table.columns),
      ...ids.map((id) => new Matrix(1, table.columns, table.row(id))),
    ]);
  }
  // Keys and values of x: [T, D] twice.
  project(x, name, first = 0) {
    const keys = this.linear(x, `${name}.key`);
    const turned = this.rotary && !name.includes("cross") ? rotary(keys, this.config.num_heads, first) : keys;
    return { keys: turned, values: this.linear(x, `${name}.value`) };
  }
  // The queries of x attend to the keys and values that were read.
  attend(x, read, name, { causal = false, first = 0, tap }) {
    const heads = this.config.num_heads;
    const projected = this.linear(x, `${name}.query`);
    const queries = listen(
      tap,
      `${name}.queries`,
      this.rotary && !name.includes("cross") ? rotary(projected, heads, first) : projected,
    );
    const keys = listen(tap, `${name}.keys`, read.keys);
    const values = listen(tap, `${name}.values`, read.values);
    const weights = listen(tap, `${name}.weights`, attentionWeights(queries, keys, heads, causal, first));
    return this.linear(listen(tap, `${name}.means`, weightedMeans(weights, values)), `${name}.out`);
  }
  // A sub-layer with its residual connection and its norm, before it or after.
  around(x, name, sublayer) {
    return this.normFirst
      ? add(x, sublayer(this.norm(x, `${name}.norm`)))
      : this.norm(add(x, sublayer(x)), `${name}.norm`);
  }
  // A block: x [T, D]; past: what was read before x; memory: keys and values of the source -> x and all that was read.
  block(x, name, { causal = false, past, memory, tap } = {}) {
    const first = past?.keys.rows ?? 0;
    let read;
    x = this.around(x, `${name}.around_attention`, (input) => {
      read = this.project(input, `${name}.attention`, first);
      if (past) read = { keys: Matrix.stack([past.keys, read.keys]), values: Matrix.stack([past.values, read.values]) };
      return this.attend(input, read, `${name}.attention`, { causal, first, tap });
    });
    x = listen(tap, `${name}.after_attention`, x);
    if (memory) {
      x = this.around(x, `${name}.around_cross`, (input) =>
        this.attend(input, memory, `${name}.cross_attention`, { tap }),
      );
      x = listen(tap, `${name}.after_cross`, x);
    }
    x = this.around(x, `${name}.around_ffn`, (input) => {
      const wide = map(this.linear(input, `${name}.ffn.widen`), ACTIVATIONS[this.config.activation]);
      return this.linear(listen(tap, `${name}.ffn`, wide), `${name}.ffn.narrow`);
    });
    return { x: listen(tap, name, x), read };
  }
}

export class Transformer extends Model {
  constructor(card, tensors) {
    super(card, tensors);
    this.normFirst = this.config.norm_first;
    this.rotary = this.config.positions === "rotary";
  }
  place(x, side, first) {
    if (this.config.positions === "sinusoidal") return sinusoidal(x, first);
    if (this.config.positions !== "learned") return x;
    return add(
      x,
      this.embed(
        [...Array(x.rows).keys()].map((t) => first + t),
        `${side}positions.table`,
      ),
    );
  }
  vectors(ids, side, first = 0) {
    const x = map(this.embed(ids, `${side}_embedding.weight`), (v) => v * Math.sqrt(this.config.model_size));
    return this.place(x, side === "target" && this.config.positions === "learned" ? "target_" : "", first);
  }
  // The states of the source after each layer, the last one normed: L × [S, D].
  encode(ids, tap) {
    const states = [];
    let x = listen(tap, "encoder.embedding", this.vectors(ids, "source"));
    for (let n = 0; n < this.config.num_layers; n++) states.push((x = this.block(x, `encoder.${n}`, { tap }).x));
    states[states.length - 1] = listen(tap, "memory", this.norm(x, "encoder_norm"));
    return states;
  }
  start(ids, tap, states = this.encode(ids, tap)) {
    const memory = states.map((_, n) => this.project(states.at(-1), `decoder.${n}.cross_attention`));
    return { memory, past: [] };
  }
  // The next words of the target: ids, state -> logits [T, V] of the word after each, and the state after them.
  read(ids, state, tap) {
    const first = state.past[0]?.keys.rows ?? 0;
    const past = [];
    let x = listen(tap, "decoder.embedding", this.vectors(ids, "target", first));
    state.memory.forEach((memory, n) => {
      const done = this.block(x, `decoder.${n}`, { causal: true, past: state.past[n], memory, tap });
      x = done.x;
      past.push(done.read);
    });
    return { logits: this.words(x, tap), state: { ...state, past } };
  }
  words(x, tap) {
    return linear(listen(tap, "features", this.norm(x, "decoder_norm")), this.output);
  }
  get output() {
    const tied = this.tensors["output.weight"] ?? this.tensors["target_embedding.weight"];
    return { weight: tied, bias: this.tensors["output.bias"] };
  }
  // One word: as `read`, with its weights over the source: last layer, mean of the heads.
  step(word, state, tap) {
    let weights;
    const last = `decoder.${this.config.num_layers - 1}.cross_attention.weights`;
    const done = this.read([word], state, (name, value) => {
      const taken = listen(tap, name, value);
      if (name === last) weights = meanOf(taken);
      return taken;
    });
    return { ...done, weights };
  }
}

export class Seq2Seq extends Model {
  constructor(card, tensors) {
    super(card, tensors);
    if (![null, "additive"].includes(this.config.attention) || this.config.num_layers !== 1)
      throw new Error(`${card.name}: the page knows one layer with additive attention or none`);
    this.feeds = this.config.attention === null || this.config.query === "previous";
  }
  cell(name, direction = "") {
    const t = (kind) => this.tensors[`${name}.${kind}_l0${direction}`];
    return {
      input: { weight: t("weight_ih"), bias: t("bias_ih") },
      hidden: { weight: t("weight_hh"), bias: t("bias_hh") },
    };
  }
  // The states of a GRU that reads x [T, E] from its beginning, or from its end.
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
  start(ids, tap) {
    const turned = this.config.reverse_source ? ids.toReversed() : ids;
    const words = this.embed(turned, "source_embedding.weight");
    const there = this.run(words, this.cell("encoder"));
    const back = this.run(words, this.cell("encoder", "_reverse"), true);
    const states = listen(tap, "memory", Matrix.beside(there.states, back.states));
    const summary = Matrix.beside(there.last, back.last);
    const hidden = map(this.linear(summary, "bridge"), Math.tanh);
    const projected = this.config.attention && this.linear(states, "score.W2");
    return { states, summary, hidden, projected };
  }
  // query [1, D] -> context [1, D] and weights [1, K]
  attend(query, state, tap) {
    const projected = this.linear(query, "score.W1").data;
    const w = this.tensors["score.w.weight"].data;
    const scores = new Float64Array(state.states.rows);
    for (let k = 0; k < scores.length; k++)
      state.projected.row(k).forEach((p, i) => (scores[k] += w[i] * Math.tanh(projected[i] + p)));
    const shares = new Matrix(1, scores.length, Float32Array.from(softmax(scores)));
    const [weights] = listen(tap, "decoder.weights", [shares]);
    return { context: weightedMeans([weights], state.states), weights };
  }
  step(word, state, tap) {
    let x = this.embed([word], "target_embedding.weight");
    let weights = null;
    let context = state.summary;
    if (this.feeds && this.config.attention) ({ context, weights } = this.attend(state.hidden, state, tap));
    if (this.feeds) x = Matrix.beside(x, context);
    const cell = this.cell("decoder");
    const hidden = listen(tap, "decoder.state", gruStep(linear(x, cell.input).data, state.hidden, cell.hidden));
    if (!this.feeds) ({ context, weights } = this.attend(hidden, state, tap));
    const features = listen(tap, "features", map(this.linear(Matrix.beside(hidden, context), "readout"), Math.tanh));
    const logits = linear(features, { weight: this.tensors["target_embedding.weight"], bias: this.tensors.bias });
    const row = weights && (this.config.reverse_source ? weights.data.toReversed() : weights.data);
    return { logits, state: { ...state, hidden }, weights: row };
  }
  // Teacher forcing: logits [T, V] of the word after each, and the state after them.
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

export class GPT extends Model {
  constructor(card, tensors) {
    super(card, tensors);
    this.normFirst = this.config.norm_first;
    this.rotary = this.config.positions === "rotary";
    this.sharesContext = true;
  }
  start(ids = [], tap) {
    const state = { past: [], source: ids.length };
    return ids.length ? { ...this.read(ids, state, tap).state, source: ids.length } : state;
  }
  // The next tokens: ids, state -> logits [T, V] of the token after each, and the state after them.
  read(ids, state = this.start(), tap) {
    const first = state.past[0]?.keys.rows ?? 0;
    const past = [];
    if (!this.rotary && first + ids.length > this.config.max_length)
      throw new RangeError(`${this.card.name} sees ${this.config.max_length} tokens at once`);
    let x = this.embed(ids, "tokens.weight");
    if (!this.rotary) {
      const places = ids.map((_, t) => first + t);
      x = add(x, this.embed(places, "positions.weight"));
    }
    x = listen(tap, "embedding", x);
    for (let n = 0; n < this.config.num_layers; n++) {
      const done = this.block(x, `blocks.${n}`, { causal: true, past: state.past[n], tap });
      x = done.x;
      past.push(done.read);
    }
    return { logits: this.words(x, tap), state: { ...state, past } };
  }
  words(x, tap) {
    return linear(listen(tap, "features", this.norm(x, "norm")), { weight: this.tensors["tokens.weight"] });
  }
  step(word, state, tap) {
    let weights;
    const last = `blocks.${this.config.num_layers - 1}.attention.weights`;
    const done = this.read([word], state, (name, value) => {
      const taken = listen(tap, name, value);
      if (name === last) weights = meanOf(taken).subarray(0, state.source);
      return taken;
    });
    return { ...done, weights };
  }
}

export class Bert extends Model {
  // ids and segments of one text, or of a pair -> hidden [T, D], pooled [1, D]
  read(ids, segments = ids.map(() => 0), tap) {
    const e = (part, numbers) => this.embed(numbers, `bert.embeddings.${part}`);
    const places = ids.map((_, t) => t);
    const sum = add(add(e("tokens.weight", ids), e("segments.weight", segments)), e("positions.weight", places));
    let x = listen(tap, "embedding", this.norm(sum, "bert.embeddings.norm"));
    for (let n = 0; n < this.config.num_layers; n++) x = this.block(x, `bert.blocks.${n}`, { tap }).x;
    const pooled = map(this.linear(new Matrix(1, x.columns, x.row(0)), "bert.pooler"), Math.tanh);
    return { hidden: listen(tap, "features", x), pooled };
  }
  // Logits: of each place's word [T, V], of "the second sentence follows" [1, 2], of a class [1, C] or [T, C], of
  // where an answer begins and ends [T, 2]: what this model was trained for.
  logits(ids, segments, tap) {
    const { hidden, pooled } = this.read(ids, segments, tap);
    const kind = this.card.architecture;
    if (kind === "BertForSequenceClassification") return { labels: this.linear(pooled, "classifier") };
    if (kind === "BertForTokenClassification") return { labels: this.linear(hidden, "classifier") };
    if (kind === "BertForQuestionAnswering") return { answer: this.linear(hidden, "answer") };
    return { words: this.words(hidden), follows: this.linear(pooled, "next_sentence") };
  }
  words(x) {
    const wide = this.norm(map(this.linear(x, "transform"), ACTIVATIONS.gelu), "norm");
    const output = { weight: this.tensors["bert.embeddings.tokens.weight"], bias: this.tensors["output.bias"] };
    return linear(wide, output);
  }
}

export const ARCHITECTURES = {
  Transformer,
  Seq2Seq,
  GPT,
  BertForPreTraining: Bert,
  BertForSequenceClassification: Bert,
  BertForTokenClassification: Bert,
  BertForQuestionAnswering: Bert,
};

// The mean of the heads' last rows, for each key.
function meanOf(weights) {
  const mean = new Float32Array(weights[0].columns);
  for (const w of weights) w.row(w.rows - 1).forEach((a, k) => (mean[k] += a / weights.length));
  return mean;
}

// What may follow: softmax of logits; <pad> and <bos> are never written.
export function probabilities(logits) {
  const open = Float64Array.from(logits);
  open[PAD] = open[BOS] = -Infinity;
  return softmax(open);
}

// The most probable word at each step, until <eos> or `longest` words, as course_utils.decoding.greedy: yields what is
// written so far after each word, { ids, weights, shares }, and returns { ids, weights, ended }. states: what a
// Transformer has read, in the place of the source.
export function* writing(model, source, { longest, tap, states } = {}) {
  const limit = model.sharesContext ? Math.floor(model.config.max_length / 2) : model.config.max_length;
  const read = source.slice(0, limit);
  longest ??= Math.min(2 * read.length + 10, model.sharesContext ? limit - 1 : Infinity);
  const ids = [];
  const weights = [];
  let state = model.start(read, tap, states);
  let word = BOS;
  while (ids.length <= longest) {
    const done = model.step(word, state, tap);
    const shares = probabilities(done.logits.data);
    word = shares.reduce((best, p, i) => (p > shares[best] ? i : best), 0);
    state = done.state;
    if (word === EOS) return { ids, weights, ended: true };
    if (ids.length === longest) break;
    ids.push(word);
    weights.push(done.weights);
    yield { ids, weights, shares };
  }
  return { ids, weights, ended: false };
}

// All of it at once. `each` is called after each word, and may stop it by returning false.
export function greedy(model, source, { each, ...options } = {}) {
  const words = writing(model, source, options);
  for (;;) {
    const { value, done } = words.next();
    if (done) return value;
    const { ids, weights, shares } = value;
    if (each?.(ids.at(-1), shares, ids, weights) === false) return { ids, weights, ended: false };
  }
}

// A token drawn from logits, as course_utils.decoding.sampling does it: temperature, then the top k, then the top p.
export function draw(logits, { temperature = 1, k = Infinity, p = 1, random = Math.random } = {}) {
  const shares = softmax(Float64Array.from(logits, (s) => s / temperature));
  const order = [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, k);
  let total = 0;
  let kept = 0;
  const whole = order.reduce((sum, i) => sum + shares[i], 0);
  while (kept < order.length && (kept === 0 || total < p * whole)) total += shares[order[kept++]];
  let left = random() * total;
  for (let i = 0; i < kept; i++) if ((left -= shares[order[i]]) <= 0) return order[i];
  return order[kept - 1];
}
