// What is told of a changed look: what was asked, what the model says to it, and which words that is about.

/** @import { Answer, Row, Silent } from "../models/interventions.js" */
/** @typedef {{ painted: Row[], out: Silent[] }} Change of the weights, and of the heads, with which a text is read */
/** @typedef {{ text: string, changed: boolean }[]} Words of a text; changed: not as in the other one */
/** @typedef {{ caption: string, header: string[], rows: string[][] }} Numbered a table of the answer */
/** @typedef {ReturnType<typeof toldOf>} Told */

const LEAST = 0.0005; // a probability that moves less is written with the same three digits

/** @param {number} x */
const digits = (x) => x.toFixed(3);

/** @param {string} word */
const quoted = (word) => `“${word.trim()}”`;

/** @param {number} layer @param {number} head */
const named = (layer, head) => (head < 0 ? `all heads of layer ${layer + 1}` : `layer ${layer + 1}, head ${head + 1}`);

/**
 * The change in words.
 * @param {Change} change
 * @param {string[]} words that are read
 */
export function changeInWords({ painted, out }, words) {
  const rows = painted.map(([layer, head, query, keys]) => {
    const read = keys.map((key) => quoted(words[key])).join(", ");
    return `${quoted(words[query])} attending only to ${read} in ${named(layer, head)}`;
  });
  const heads = out.map(([layer, head]) => `${named(layer, head)} knocked out`);
  return [...heads, ...rows].join("; ") || "nothing changed";
}

/** @param {string} change in words @param {number} times that the same was asked, this one included */
export function askedInWords(change, times) {
  if (times < 2) return `Asked with ${change}.`;
  return `Asked ${times === 2 ? "again" : `${times} times`} with ${change}: the same answer.`;
}

/** The words of a text, and which of them are between what it has in common with the other one at both ends.
 * @param {string[]} text @param {string[]} other @returns {Words} */
export function differing(text, other) {
  const from = text.findIndex((word, t) => word !== other[t]);
  const to = text.findLastIndex((word, t) => word !== other[t + other.length - text.length]);
  return text.map((word, t) => ({ text: word, changed: from >= 0 && t >= from && t <= to }));
}

/**
 * @param {Answer} answer
 * @param {string} asked what was asked
 */
export function toldOf(answer, asked) {
  const { words, stops } = answer;
  const twice = stops.length > 1;
  const header = (/** @type {string} */ first, /** @type {string} */ second) =>
    twice ? [first, second, "now"] : [first, second];
  const chances = {
    caption: twice ? "what moved most" : "what it is least sure of",
    header: header("word", "probability"),
    rows: words.map(([word, ...both]) => [word, ...both.map(digits)]),
  };
  const layers = {
    caption: `${subjectOf(answer)}, had it stopped after`,
    header: header("layer", "it would say"),
    rows: stops[0].map((_, layer) => [
      layer ? String(layer) : "the input",
      ...stops.map((all) => `${all[layer][0]} ${digits(all[layer][1])}`),
    ]),
  };
  return { asked, texts: textsOf(answer), news: twice ? newsOf(answer) : "", tables: [chances, layers] };
}

/** @param {Answer} answer */
const sameText = ({ texts: [before, after] }) => Boolean(after) && String(before) === String(after);

/** @param {Answer} answer */
function textsOf({ texts }) {
  const [before, after] = texts;
  const first = { name: after ? "It wrote: " : "It writes: ", words: differing(before, before) };
  if (!after || String(before) === String(after)) return [first];
  return [
    { ...first, words: differing(before, after) },
    { name: "Now: ", words: differing(after, before) },
  ];
}

/** Which word the second table is about, and why this one. @param {Answer} answer */
function subjectOf({ words, stops }) {
  if (!words.length) return "for what comes next";
  return `for ${quoted(words[0][0])}, ${stops.length > 1 ? "which moved most" : "its least sure word"}`;
}

/** What a change has changed. @param {Answer} answer */
function newsOf(answer) {
  const still = sameText(answer) ? "It still writes that." : "";
  const [moved] = answer.words; // the first moved most
  if (!moved) return still;
  const [word, before, after] = moved;
  const most =
    Math.abs(after - before) < LEAST
      ? "No probability has moved by 0.001."
      : `${quoted(word)} moved most: ${digits(before)}, now ${digits(after)}.`;
  return `${still && `${still} `}${most}`;
}
