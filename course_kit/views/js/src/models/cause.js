// What follows from a look: the weights with which a model reads, what it says, and what it says when rows of attention
// are others or heads are silent. What is read is { ids, segments }, as the model's vocabulary has framed a text.
import { greedy } from "./architectures.js";
import { softmax } from "./tensors.js";
import { BOS } from "./text.js";

const SELF = /^(?:encoder|(?:bert\.)?blocks)\.(\d+)\.attention\.(weights|means)$/;
const STATES = /^(decoder\.)?embedding$|^(decoder|(bert\.)?blocks)\.\d+$/;
const MOST = 4; // words that are compared

// A tap for the self-attention with which a text is read. rows: [layer, head, query, keys], so that this query attends
// to these keys alone, to each as much (head −1: in all heads); out: [layer, head] of heads that give nothing.
export function changed({ model }, { ids }, rows, out) {
  return (name, value) => {
    const [, layer, what] = name.match(SELF) ?? [];
    if (what === "means") {
      const d = value.columns / model.config.num_heads;
      for (const [, head] of out.filter(([l]) => l === +layer))
        for (let t = 0; t < value.rows; t++) value.row(t).fill(0, head * d, (head + 1) * d);
    } else if (what)
      for (const [, head, query, keys] of rows.filter(([l]) => l === +layer))
        for (const weights of head < 0 ? value : [value[head]]) {
          if (weights.columns !== ids.length) continue; // it is writing already
          const row = weights.row(query).fill(0);
          for (const key of keys) row[key] = 1 / keys.length;
        }
    return value;
  };
}

// What the model hears on the way is told to `hear`; logits of each word, of what it has written after what it read.
function read({ model }, { ids, segments }, written, tap, hear) {
  const told = (name, value) => {
    const taken = tap?.(name, value) ?? value;
    hear(name, taken);
    return taken;
  };
  if (model.logits) return model.logits(ids, segments, told).words;
  if (!written) return model.encode ? model.encode(ids, told) : model.read(ids, undefined, told).logits;
  return model.read([BOS, ...written], model.start(ids, told), told).logits;
}

// The weights of self-attention with which the model reads: [layer][head], each a matrix.
export function weightsOf(it, given, tap) {
  const layers = [];
  read(it, given, null, tap, (name, value) => SELF.exec(name)?.[2] === "weights" && layers.push(value));
  return layers;
}

// What the model says, and with a tap what it then says: { texts, at, place, words, stops }. A translator writes
// `texts`; the others say what belongs at one place: at [MASK], or behind the last token. words: [word, probability,
// probability then]: the translation's as far as they change most, or the most probable ones. place: where the first
// of them stands; stops: what it would say there after its input and each layer, [[word, probability], …] for each.
export function compared(it, given, tap) {
  const translates = it.card.data.pair;
  const names = it.target ?? it.tokenizer;
  const taps = tap ? [undefined, tap] : [undefined];
  const texts = translates && taps.map((t) => greedy(it.model, given.ids, { tap: t }).ids);
  const passes = taps.map((t) => {
    const states = {};
    const logits = read(it, given, texts?.[0] ?? null, t, (name, value) => STATES.test(name) && (states[name] = value));
    return { logits, states: Object.values(states) };
  });
  const masked = given.ids.indexOf(it.tokenizer?.mask);
  let place = masked < 0 ? passes[0].logits.rows - 1 : masked;
  let chances;
  let chosen;
  if (translates) {
    chances = passes.map(({ logits }) => texts[0].map((id, t) => softmax(logits.row(t))[id]));
    const moved = (t) => (tap ? -Math.abs(chances[1][t] - chances[0][t]) : chances[0][t]);
    chosen = [...texts[0].keys()].sort((a, b) => moved(a) - moved(b)).slice(0, MOST);
    place = chosen[0] ?? 0;
  } else {
    chances = passes.map(({ logits }) => softmax(logits.row(place)));
    const best = (shares) => [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, tap ? MOST - 1 : MOST);
    chosen = [...new Set(chances.flatMap(best))];
  }
  const word = (id) => names.token(id).replace(/^▁(?=.)/, "");
  const written = (ids) =>
    ids.map((_, t) => names.decode(ids.slice(0, t + 1)).slice(names.decode(ids.slice(0, t)).length));
  return {
    ...{ texts: texts?.map(written), place },
    words: chosen.map((i) => [word(translates ? texts[0][i] : i), ...chances.map((shares) => shares[i])]),
    stops: passes.map(({ states }) => it.model.stops(states.map((x) => x.row(place))).map(([id, p]) => [word(id), p])),
  };
}
