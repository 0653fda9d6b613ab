// What is said at each step of the descent, in a line, and the number that is spelled out while none is pointed at.
import { largest } from "./descent_numbers.js";

const percentOf = (w) => `${(100 * w).toFixed(w > 0.995 || w < 0.095 ? 1 : 0)} %`;
const NUMBERS = "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split(
  " ",
);
const counted = (n, first) => (first ? counted(n)[0].toUpperCase() + counted(n).slice(1) : NUMBERS[n]) ?? `${n}`;

// [sentence, name, cell] of a step.
export function sentenceOf(m, spec, step) {
  const asker = `“${m.asker}”`;
  const lead = `“${spec.source[m.lead]}”`;
  const next = `“${m.next}”`;
  const S = spec.source.length;
  const D = spec.size;
  const second = m.order[1];
  const many = spec.vocabulary.toLocaleString("en");
  const adds = `${counted(m.below)} sub-layer${m.below > 1 ? "s add" : " adds"} to it`;
  const below = Math.min(...m.scores) < 0 ? ", some below zero" : "";
  const entering = largest(m.start);
  const pair = largest(m.products[m.lead]);
  const column = largest(m.mean);
  const score = [`score.${m.lead}`, 0];
  const also = m.shares[second] > 0.1 ? ` and “${spec.source[second]}”` : "";
  return [
    [`To the model, ${asker}, the last word written, is a list of ${D} learned numbers.`, "token", entering],
    [`Where it is matters too: position ${m.word - 1} has ${D} numbers of its own.`, "position", entering],
    [`Added number by number, they are the vector of ${asker} that enters the decoder.`, "start", entering],
    [`On its way to the cross-attention of layer ${m.layer}, ${adds}.`, "state", entering],
    [`A learned matrix turns the state into a query, for what ${asker} is looking for.`, "query", pair],
    ["Each English word, as the encoder has read it, offers a key of the same size.", `key.${m.lead}`, pair],
    [`The query meets the key of ${lead}: multiply them pair by pair.`, "product", pair],
    [`Add the ${m.d} products. The better query and key agree, the larger the sum.`, "sum", 0],
    [`Divide by √${m.d}, so that longer vectors do not score higher just for being longer.`, ...score],
    [`The other ${counted(S - 1)} keys in the same way: choose one. Each word now has a score.`, ...score],
    [`${S} scores${below}. How do they become shares of one whole?`, ...score],
    ["Raise e to each score: nothing is negative any more, and large scores stand out.", `raised.${m.lead}`, 0],
    ["Add them all up.", "total", 0],
    [`Divide by the sum. This is softmax: ${lead} gets ${percentOf(m.shares[m.lead])} of 1.`, `share.${m.lead}`, 0],
    ["Each English word also has a value: what it hands over when it is attended to.", `value.${m.lead}`, column],
    ["Multiply each value by its word's weight: most of them fade to almost nothing.", `weighted.${m.lead}`, column],
    [`Add them up, column by column. The answer of this head: mostly ${lead}${also}.`, "mean", column],
    [
      `${counted(spec.heads, true)} heads did this at once. Side by side, their answers are ${D} numbers again.`,
      "means",
      (m.head - 1) * m.d + column,
    ],
    ["A matrix mixes them, and the result is added to the state: a residual connection.", "after", largest(m.adds)],
    [
      `Every sub-layer adds to the same vector, and raises or lowers the score of ${next}.`,
      `part.${m.parts.indexOf(Math.max(...m.parts))}`,
      0,
    ],
    [`The final state meets a vector of each of ${many} French words: the scores are logits.`, "logit.0", 0],
    [`Softmax once more: ${next} gets ${percentOf(m.chances[0])}, and the decoder writes it.`, "chance.0", 0],
  ][step];
}
