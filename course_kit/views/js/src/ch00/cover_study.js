// What changes between two sentences that differ in one word, and which word's state carries it: as in cover.py, for
// the sentences that a reader types, by a model in the page.

export const rowsOf = (data, size) =>
  [0, 1].map((s) =>
    Array.from({ length: size }, (_, q) => Array.from(data.subarray((s * size + q) * size, (s * size + q + 1) * size))),
  );

// "too tired/wide." -> ["too tired.", "too wide."]
export function twoOf(text) {
  const words = text.trim().split(/\s+/);
  const marked = words.filter((word) => word.includes("/"));
  const [one, other, more] = (marked[0] ?? "").split("/");
  if (marked.length !== 1 || !one || !other || more !== undefined)
    throw new Error("Put one slash between two words, as in “too tired/wide.”");
  const end = other.match(/[.,!?]*$/)[0];
  return [one + end, other].map((word) => words.map((w) => (w === marked[0] ? word : w)).join(" "));
}

// As `study` in cover.py, for a model in the page.
export function study({ model, source, target }, pair, { layer, head, sure, pronouns, own }) {
  const { greedy, softmax, BOS } = globalThis.courseModels;
  const pieces = pair.map((text) => source.pieces(text));
  const ids = pieces.map((all) => all.map((piece) => piece.id));
  if (ids[0].length !== ids[1].length)
    throw new Error("Both sentences need as many words, so that states can be exchanged");
  if (ids[0].length > own.room) throw new Error(`These are ${ids[0].length} words, and there is room for ${own.room}`);
  const weights = [];
  const states = ids.map((one) =>
    model.encode(one, (name, value) => {
      if (name === `encoder.${layer - 1}.attention.weights`)
        weights.push(one.map((_, q) => Array.from(value[head - 1].row(q))));
    }),
  );
  const tokensOf = (all) => all.map((id) => target.token(id));
  const written = ids.map((one) => greedy(model, one).ids);
  const found = {
    tokens: pieces.map((all) => all.map((piece) => piece.text)),
    unknown: pieces.map((all) => all.flatMap((piece, i) => (piece.id === 1 ? [i] : []))),
    written: written.map(tokensOf),
    weights,
    ...{ place: [], words: [], shares: [], moved: [], rewritten: [], silenced: [] },
  };
  const place = difference(found.written, pronouns);
  if (!place.length) return found;
  const rivals = written.map((all, s) => all[place[s]]);
  const after = (s, memory) => {
    const prefix = [BOS, ...written[s].slice(0, place[s])];
    const { logits } = model.read(prefix, model.start(null, null, memory));
    const shares = softmax(logits.row(prefix.length - 1));
    return rivals.map((word) => shares[word]);
  };
  const shares = states.map((memory, s) => after(s, memory));
  if (Math.min(shares[0][0], shares[1][1]) < sure) return found;
  const exchanged = states.map((own, s) =>
    ids[s].map((_, i) => {
      const mixed = own.at(-1).copy();
      mixed.row(i).set(states[1 - s].at(-1).row(i));
      return own.map(() => mixed);
    }),
  );
  const without = (name, value) => {
    if (name === `encoder.${layer - 1}.attention.weights`) value[head - 1].data.fill(0);
  };
  return {
    ...found,
    place,
    words: tokensOf(rivals),
    shares,
    moved: exchanged.map((all, s) => all.map((memory) => after(s, memory)[1 - s])),
    rewritten: exchanged.map((all, s) => all.map((states) => tokensOf(greedy(model, ids[s], { states }).ids))),
    silenced: ids.map((one, s) => after(s, model.encode(one, without))[s]),
  };
}

// Where two translations differ: at their pronouns, if each has one and they differ; else at the first word.
function difference(texts, pronouns) {
  const found = texts.map((text) => text.flatMap((word, t) => (pronouns.includes(word) ? [t] : [])));
  if (found.every((places) => places.length === 1) && texts[0][found[0][0]] !== texts[1][found[1][0]])
    return found.map(([t]) => t);
  const first = texts[0].findIndex((word, t) => t < texts[1].length && word !== texts[1][t]);
  return first < 0 ? [] : [first, first];
}
