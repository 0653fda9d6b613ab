// What changes between two sentences that differ in one word, and which word's state carries it: as in cover.py, for
// the sentences that a reader types, by a model in the page.

/**
 * As Study in cover.py; weights [2][S][S], of one head.
 * @typedef {object} Study
 * @property {string[][]} tokens
 * @property {string[][]} written
 * @property {number[][][]} weights
 * @property {number[]} place
 * @property {string[]} words
 * @property {number[][]} shares
 * @property {number[][]} moved
 * @property {string[][][]} rewritten
 * @property {number[]} silenced
 * @property {number[][]} [unknown] which words the model does not know, of a sentence that a reader typed
 */

/** [2 · S · S] -> [2][S][S]. @param {ArrayLike<number>} data @param {number} size @returns {number[][][]} */
export function rowsOf(data, size) {
  const all = Array.from(data);
  const row = (/** @type {number} */ r) => all.slice(r * size, (r + 1) * size);
  return [0, 1].map((s) => Array.from({ length: size }, (_, q) => row(s * size + q)));
}

/** "too tired/wide." -> ["too tired.", "too wide."]. @param {string} text */
export function twoOf(text) {
  const words = text.trim().split(/\s+/);
  const marked = words.filter((word) => word.includes("/"));
  const [one, other, more] = (marked[0] ?? "").split("/");
  if (marked.length !== 1 || !one || !other || more !== undefined) {
    throw new Error("Put one slash between two words, as in “too tired/wide.”");
  }
  const end = other.match(/[.,!?]*$/)?.[0] ?? "";
  return [one + end, other].map((word) => words.map((w) => (w === marked[0] ? word : w)).join(" "));
}

/**
 * As `study` in cover.py, for a model in the page.
 * @param {any} it a model that translates, with its vocabularies
 * @param {string[]} pair of sentences
 * @param {Record<string, any>} spec which head, and how sure the model is to be
 * @returns {Study}
 */
export function study({ model, source, target }, pair, { layer, head, sure, pronouns, own }) {
  const { greedy } = /** @type {any} */ (globalThis).courseModels;
  /** @type {{ id: number, text: string }[][]} */
  const pieces = pair.map((text) => source.pieces(text));
  const ids = pieces.map((all) => all.map((piece) => piece.id));
  if (ids[0].length !== ids[1].length) {
    throw new Error("Both sentences need as many words, so that states can be exchanged");
  }
  if (ids[0].length > own.room) throw new Error(`These are ${ids[0].length} words, and there is room for ${own.room}`);
  const place = `encoder.${layer - 1}.attention.weights`;
  const { weights, states } = read(model, ids, place, head - 1);
  const tokensOf = (/** @type {number[]} */ all) => all.map((id) => /** @type {string} */ (target.token(id)));
  /** @type {number[][]} */
  const written = ids.map((one) => greedy(model, one).ids);
  /** @type {Study} */
  const found = {
    tokens: pieces.map((all) => all.map((piece) => piece.text)),
    unknown: pieces.map((all) => all.flatMap((piece, i) => (piece.id === 1 ? [i] : []))),
    written: written.map(tokensOf),
    weights,
    ...{ place: [], words: [], shares: [], moved: [], rewritten: [], silenced: [] },
  };
  const differing = difference(found.written, pronouns);
  if (!differing.length) return found;
  const rivals = written.map((all, s) => all[differing[s]]);
  const { BOS } = /** @type {any} */ (globalThis).courseModels;
  /** What the model expects at each place of translation s, by what the encoder has given. */
  const heard = (/** @type {number} */ s, /** @type {any[]} */ memory) =>
    model.read([BOS, ...written[s]], model.start(null, null, memory)).logits;
  const chances = (/** @type {number} */ s, /** @type {any} */ logits) => chancesOf(rivals, logits.row(differing[s]));
  const shares = states.map((memory, s) => chances(s, heard(s, memory)));
  if (Math.min(shares[0][0], shares[1][1]) < sure) return found;
  const exchanged = exchangesOf(ids, states).map((all, s) =>
    all.map((memory) => ({ memory, logits: heard(s, memory) })),
  );
  const without = (/** @type {string} */ name, /** @type {any[]} */ value) => {
    if (name === place) value[head - 1].data.fill(0);
  };
  return {
    ...found,
    place: differing,
    words: tokensOf(rivals),
    shares,
    moved: exchanged.map((all, s) => all.map(({ logits }) => chances(s, logits)[1 - s])),
    rewritten: exchanged.map((all, s) =>
      all.map(({ memory, logits }) =>
        tokensOf(repeats(logits, written[s]) ? written[s] : greedy(model, ids[s], { states: memory }).ids),
      ),
    ),
    silenced: ids.map((one, s) => chances(s, heard(s, model.encode(one, without)))[s]),
  };
}

/** The encoder's states of both sentences, and the weights of one head. */
function read(
  /** @type {any} */ model,
  /** @type {number[][]} */ ids,
  /** @type {string} */ place,
  /** @type {number} */ head,
) {
  /** @type {number[][][]} */
  const weights = [];
  /** @type {any[][]} */
  const states = ids.map((one) =>
    model.encode(one, (/** @type {string} */ name, /** @type {any[]} */ value) => {
      if (name === place) weights.push(one.map((_, query) => Array.from(value[head].row(query))));
    }),
  );
  return { weights, states };
}

/** How probable each of these words is. @param {number[]} words @param {ArrayLike<number>} logits */
function chancesOf(words, logits) {
  const shares = /** @type {any} */ (globalThis).courseModels.softmax(logits);
  return words.map((word) => /** @type {number} */ (shares[word]));
}

/** Whether the model would write the same words again. @param {any} logits [T + 1, V] @param {number[]} words [T] */
function repeats(logits, words) {
  const { EOS, probabilities } = /** @type {any} */ (globalThis).courseModels;
  return [...words, EOS].every((word, t) => {
    const shares = probabilities(logits.row(t));
    return shares[word] === Math.max(...shares);
  });
}

/** For each sentence and each of its words: its states, of which that word's comes from the other sentence. */
function exchangesOf(/** @type {number[][]} */ ids, /** @type {any[][]} */ states) {
  return states.map((mine, s) =>
    ids[s].map((_, i) => {
      const mixed = mine.at(-1).copy();
      mixed.row(i).set(states[1 - s].at(-1).row(i));
      return mine.map(() => mixed);
    }),
  );
}

/**
 * Where two translations differ: at their pronouns, if each has one and they differ; else at the first word.
 * @param {string[][]} texts
 * @param {string[]} pronouns
 */
export function difference(texts, pronouns) {
  const found = texts.map((text) => text.flatMap((word, t) => (pronouns.includes(word) ? [t] : [])));
  const [one, other] = found;
  if (one.length === 1 && other.length === 1 && texts[0][one[0]] !== texts[1][other[0]]) return [one[0], other[0]];
  const first = texts[0].findIndex((word, t) => t < texts[1].length && word !== texts[1][t]);
  return first < 0 ? [] : [first, first];
}
