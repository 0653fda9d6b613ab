// What is said at each step of the descent, in a line, and the number that is spelled out while none is pointed at.
import { largest } from "./descent_numbers.js";

/** @import { Descended, DescentSpec } from "./descent_numbers.js" */
/** @typedef {{ text: string, name: string, cell: number }} Sentence name, cell: of the number */

const NUMBERS = "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split(
  " ",
);

/** A count in words. @param {number} n */
const counted = (n) => NUMBERS[n] ?? String(n);

/** @param {string} words */
const capital = (words) => words[0].toUpperCase() + words.slice(1);

/** @param {number} share */
const percentOf = (share) => `${(100 * share).toFixed(share > 0.995 || share < 0.095 ? 1 : 0)} %`;

/**
 * Of each step, from a word's vector to the word that is written.
 * @param {Descended} found
 * @param {DescentSpec} spec
 * @param {number} step
 * @returns {Sentence}
 */
export function sentenceOf(found, spec, step) {
  const all = [...toVector(found, spec), ...toScores(found, spec), ...toShares(found, spec), ...toWord(found, spec)];
  const [text, name, cell = 0] = all[step];
  return { text, name, cell };
}

/** @typedef {[string, string, number?]} Said text, name, cell */

/** @param {Descended} found @param {DescentSpec} spec @returns {Said[]} */
function toVector({ asker, word, layer, below, start }, { size }) {
  const entering = largest(start);
  const adds = `${counted(below)} sub-layer${below > 1 ? "s add" : " adds"} to it`;
  return [
    [`To the model, “${asker}”, the last word written, is a list of ${size} learned numbers.`, "token", entering],
    [`Where it is matters too: position ${word - 1} has ${size} numbers of its own.`, "position", entering],
    [`Added number by number, they are the vector of “${asker}” that enters the decoder.`, "start", entering],
    [`On its way to the cross-attention of layer ${layer}, ${adds}.`, "state", entering],
  ];
}

/** @param {Descended} found @param {DescentSpec} spec @returns {Said[]} */
function toScores({ asker, lead, products, d }, { source }) {
  const pair = largest(products[lead]);
  const score = `score.${lead}`;
  const others = `The other ${counted(source.length - 1)} keys`;
  return [
    [`A learned matrix turns the state into a query, for what “${asker}” is looking for.`, "query", pair],
    ["Each English word, as the encoder has read it, offers a key of the same size.", `key.${lead}`, pair],
    [`The query meets the key of “${source[lead]}”: multiply them pair by pair.`, "product", pair],
    [`Add the ${d} products. The better query and key agree, the larger the sum.`, "sum"],
    [`Divide by √${d}, so that longer vectors do not score higher just for being longer.`, score],
    [`${others} in the same way: choose one. Each word now has a score.`, score],
  ];
}

/** @param {Descended} found @param {DescentSpec} spec @returns {Said[]} */
function toShares({ lead, scores, shares, order, mean }, { source }) {
  const word = `“${source[lead]}”`;
  const below = Math.min(...scores) < 0 ? ", some below zero" : "";
  const column = largest(mean);
  const second = order[1];
  const also = shares[second] > 0.1 ? ` and “${source[second]}”` : "";
  return [
    [`${source.length} scores${below}. How do they become shares of one whole?`, `score.${lead}`],
    ["Raise e to each score: nothing is negative any more, and large scores stand out.", `raised.${lead}`],
    ["Add them all up.", "total"],
    [`Divide by the sum. This is softmax: ${word} gets ${percentOf(shares[lead])} of 1.`, `share.${lead}`],
    ["Each English word also has a value: what it hands over when it is attended to.", `value.${lead}`, column],
    ["Multiply each value by its word's weight: most of them fade to almost nothing.", `weighted.${lead}`, column],
    [`Add them up, column by column. The answer of this head: mostly ${word}${also}.`, "mean", column],
  ];
}

/** @param {Descended} found @param {DescentSpec} spec @returns {Said[]} */
function toWord({ head, d, mean, adds, parts, chances, next }, { heads, size, vocabulary }) {
  const many = vocabulary.toLocaleString("en");
  const count = capital(counted(heads));
  const side = `${count} heads did this at once. Side by side, their answers are ${size} numbers again.`;
  const raises = `Every sub-layer adds to the same vector, and raises or lowers the score of “${next}”.`;
  return [
    [side, "means", (head - 1) * d + largest(mean)],
    ["A matrix mixes them, and the result is added to the state: a residual connection.", "after", largest(adds)],
    [raises, `part.${parts.indexOf(Math.max(...parts))}`],
    [`The final state meets a vector of each of ${many} French words: the scores are logits.`, "logit.0"],
    [`Softmax once more: “${next}” gets ${percentOf(chances[0])}, and the decoder writes it.`, "chance.0"],
  ];
}
