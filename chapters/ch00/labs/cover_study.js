// What attention does for the translation of one sentence: as in cover.py, for the sentences that a reader types, by a
// model in the page.
import { t } from "../../../course_kit/views/js/src/text.js";

/**
 * As Study in cover.py: [0] is with attention, [1] without.
 * @typedef {object} Study
 * @property {string[]} tokens
 * @property {number[][]} weights [S][S], of one head
 * @property {string[][]} written
 * @property {number} place
 * @property {string[]} words
 * @property {number[][]} shares
 * @property {number[]} given
 * @property {string[][]} rewritten
 * @property {number} asker
 * @property {string} hint
 * @property {string} [note] what the arcs of the word that asks first show
 * @property {number[]} [unknown] which words the model does not know, of a sentence that a reader typed
 * @property {number[]} [joined] which pieces go on with the word before them
 * @property {boolean} [larger] whether another model than usual has read it
 */

const ENCODER = /^encoder\.\d+\.attention\.weights$/;

/** Numbers in a row -> so many rows of them. @param {ArrayLike<number>} data @param {number} count */
export function rowsOf(data, count) {
  const [all, size] = [Array.from(data), data.length / count];
  return Array.from({ length: count }, (_, row) => all.slice(row * size, (row + 1) * size));
}

/**
 * As `study` in cover.py, for a model in the page.
 * @param {any} it a model that translates, with its vocabularies
 * @param {string} text
 * @param {Record<string, any>} spec which head, and the pronouns
 * @returns {Study}
 */
export function study({ model, source, target }, text, { layer, head, pronouns, own, lists }) {
  const { BOS, EOS, UNK, greedy, softmax } = /** @type {any} */ (globalThis).courseModels;
  /** @type {{ id: number, text: string, token: string }[]} */
  const pieces = source.pieces(text);
  const ids = pieces.map((piece) => piece.id);
  if (!ids.length) throw new Error(t("There is no word to read: type a sentence"));
  if (ids.length > own.room)
    throw new Error(t("These are {n} words, and there is room for {room}", { n: ids.length, room: own.room }));
  const { weights, states } = read(model, ids, `encoder.${layer - 1}.attention.weights`, head - 1);
  const without = model.encode(ids, silence);
  const each = lists ? ids.map((_, i) => mixed(without, states, i)) : [];
  const memories = [states, without, ...each];
  /** @type {number[][]} */
  const said = memories.map((memory) => greedy(model, ids, { states: memory }).ids);
  const first = [...said[0], EOS];
  /** Of each word of the translation, what else may stand there. @type {number[][][]} */
  const shares = memories.map((memory) => {
    const { logits } = model.read([BOS, ...said[0]], model.start(null, null, memory));
    return first.map((_, nth) => softmax(logits.row(nth)));
  });
  const tokensOf = (/** @type {number[]} */ all) => all.map((id) => /** @type {string} */ (target.token(id)));
  const named = (/** @type {number} */ id) => target.token(id).replace(/^▁(?=.)/, "");
  const fall = first.map((word, nth) => shares[0][nth][word] - shares[1][nth][word]);
  const place = placeOf(first, [...said[1], EOS], said[0].map(named), fall, pronouns);
  const word = first[place];
  const rivals = Array.from(shares[1][place], (p, id) => (id === word ? -1 : p));
  const pair = [word, rivals.indexOf(Math.max(...rivals))];
  const tokens = pieces.map((piece) => piece.text);
  return {
    tokens,
    weights,
    written: said.slice(0, 2).map(tokensOf),
    place,
    words: pair.map((id) => (id === EOS ? t("(the end)") : named(id))),
    shares: [0, 1].map((k) => pair.map((id) => shares[k][place][id])),
    given: shares.slice(2).map((all) => all[place][word]),
    rewritten: said.slice(2).map(tokensOf),
    asker: tokens.includes("it") ? tokens.indexOf("it") : tokens.length - 1,
    hint: "",
    joined: pieces.flatMap(({ token }, i) => (source.split === "subwords" && !token.startsWith("▁") ? [i] : [])),
    unknown: ids.flatMap((id, i) => (id === UNK ? [i] : [])),
  };
}

/** No head of the encoder hands anything on. @param {string} name @param {any[]} value */
function silence(name, value) {
  if (ENCODER.test(name)) for (const head of value) head.data.fill(0);
}

/** The encoder's states, and the weights of one head. */
function read(
  /** @type {any} */ model,
  /** @type {number[]} */ ids,
  /** @type {string} */ place,
  /** @type {number} */ head,
) {
  /** @type {number[][]} */
  let weights = [];
  /** @type {any[]} */
  const states = model.encode(ids, (/** @type {string} */ name, /** @type {any[]} */ value) => {
    if (name === place) weights = ids.map((_, query) => Array.from(value[head].row(query)));
  });
  return { weights, states };
}

/** The states without attention, of which that of word i is made with it. */
function mixed(/** @type {any[]} */ without, /** @type {any[]} */ states, /** @type {number} */ i) {
  const last = without.at(-1).copy();
  last.row(i).set(states.at(-1).row(i));
  return without.map(() => last);
}

/**
 * The place of the pronoun; without one the first where two translations differ, or where the chance falls most.
 * @param {number[]} one
 * @param {number[]} other
 * @param {string[]} words of the first
 * @param {number[]} fall
 * @param {string[]} pronouns
 */
export function placeOf(one, other, words, fall, pronouns) {
  const pronoun = words.findIndex((word) => pronouns.includes(word));
  if (pronoun >= 0) return pronoun;
  const differing = one.findIndex((id, nth) => nth < other.length && id !== other[nth]);
  return differing >= 0 ? differing : fall.indexOf(Math.max(...fall));
}
