// What is said at each step of the descent, in a line, and the number that is spelled out while none is pointed at.
import { largest } from "./descent_numbers.js";
import { percentage } from "../../../course_kit/views/js/src/shared/numbers.js";
import { t, tc, tn } from "../../../course_kit/views/js/src/text.js";

/** @import { Descended, DescentSpec } from "./descent_numbers.js" */
/** @typedef {{ text: string, name: string, cell: number }} Sentence name, cell: of the number */

const NUMBERS = t("no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen").split(
  " ",
);

/** @type {Record<string, string>} */
const BRIEF = {
  "self-attention": tc("part", "self"),
  "cross-attention": tc("part", "cross"),
  "feed-forward": tc("part", "feed"),
};

/** What adds to the state, as it is shown: "self-attention 1". @param {string} name */
export const partOf = (name) => name.replace(/^\S+(?= \d+$)/, (kind) => t(kind));

/** The same in a word. @param {string} name */
export const briefOf = (name) => name.replace(/^\S+(?= \d+$)/, (kind) => BRIEF[kind] ?? kind);

/** A count in words. @param {number} n */
const counted = (n) => NUMBERS[n] ?? String(n);

/** @param {string} words */
const capital = (words) => words[0].toUpperCase() + words.slice(1);

/** @param {number} share */
const percentOf = (share) => percentage((100 * share).toFixed(share > 0.995 || share < 0.095 ? 1 : 0));

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
  const on = tn(
    "On its way to the cross-attention of layer {layer}, {count} sub-layer adds to it.",
    "On its way to the cross-attention of layer {layer}, {count} sub-layers add to it.",
    below,
    { layer, count: counted(below) },
  );
  return [
    [
      t("To the model, “{asker}”, the last word written, is a list of {size} learned numbers.", { asker, size }),
      "token",
      entering,
    ],
    [
      t("Where it is matters too: position {word} has {size} numbers of its own.", { word: word - 1, size }),
      "position",
      entering,
    ],
    [
      t("Added number by number, they are the vector of “{asker}” that enters the decoder.", { asker }),
      "start",
      entering,
    ],
    [on, "state", entering],
  ];
}

/** @param {Descended} found @param {DescentSpec} spec @returns {Said[]} */
function toScores({ asker, lead, products, d }, { source }) {
  const pair = largest(products[lead]);
  const score = `score.${lead}`;
  const count = counted(source.length - 1);
  return [
    [t("A learned matrix turns the state into a query, for what “{asker}” is looking for.", { asker }), "query", pair],
    [t("Each English word, as the encoder has read it, offers a key of the same size."), `key.${lead}`, pair],
    [
      t("The query meets the key of “{source}”: multiply them pair by pair.", { source: source[lead] }),
      "product",
      pair,
    ],
    [t("Add the {d} products. The better query and key agree, the larger the sum.", { d }), "sum"],
    [t("Divide by √{d}, so that longer vectors do not score higher just for being longer.", { d }), score],
    [t("The other {count} keys in the same way: choose one. Each word now has a score.", { count }), score],
  ];
}

/** @param {Descended} found @param {DescentSpec} spec @returns {Said[]} */
function toShares({ lead, scores, shares, order, mean }, { source }) {
  const word = `“${source[lead]}”`;
  const { length } = source;
  const asked =
    Math.min(...scores) < 0
      ? t("{length} scores, some below zero. How do they become shares of one whole?", { length })
      : t("{length} scores. How do they become shares of one whole?", { length });
  const column = largest(mean);
  const second = order[1];
  const added =
    shares[second] > 0.1
      ? t("Add them up, column by column. The answer of this head: mostly {word} and “{other}”.", {
          ...{ word, other: source[second] },
        })
      : t("Add them up, column by column. The answer of this head: mostly {word}.", { word });
  return [
    [asked, `score.${lead}`],
    [t("Raise e to each score: nothing is negative any more, and large scores stand out."), `raised.${lead}`],
    [t("Add them all up."), "total"],
    [
      t("Divide by the sum. This is softmax: {word} gets {share} of 1.", { word, share: percentOf(shares[lead]) }),
      `share.${lead}`,
    ],
    [t("Each English word also has a value: what it hands over when it is attended to."), `value.${lead}`, column],
    [t("Multiply each value by its word's weight: most of them fade to almost nothing."), `weighted.${lead}`, column],
    [added, "mean", column],
  ];
}

/** @param {Descended} found @param {DescentSpec} spec @returns {Said[]} */
function toWord({ head, d, mean, adds, parts, chances, next }, { heads, size, vocabulary }) {
  const many = vocabulary.toLocaleString("en");
  const count = capital(counted(heads));
  const side = t("{count} heads did this at once. Side by side, their answers are {size} numbers again.", {
    count,
    size,
  });
  const raises = t("Every sub-layer adds to the same vector, and raises or lowers the score of “{next}”.", { next });
  return [
    [side, "means", (head - 1) * d + largest(mean)],
    [t("A matrix mixes them, and the result is added to the state: a residual connection."), "after", largest(adds)],
    [raises, `part.${parts.indexOf(Math.max(...parts))}`],
    [t("The final state meets a vector of each of {many} French words: the scores are logits.", { many }), "logit.0"],
    [
      t("Softmax once more: “{next}” gets {chance}, and the decoder writes it.", {
        next,
        chance: percentOf(chances[0]),
      }),
      "chance.0",
    ],
  ];
}
