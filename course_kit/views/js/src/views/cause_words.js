// What is told of a changed look: what was asked, what the model says to it, and which words that is about.
import { t } from "../text.js";

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
const named = (layer, head) =>
  head < 0
    ? t("all heads of layer {layer}", { layer: layer + 1 })
    : t("layer {layer}, head {head}", { layer: layer + 1, head: head + 1 });

/**
 * The change in words.
 * @param {Change} change
 * @param {string[]} words that are read
 */
export function changeInWords({ painted, out }, words) {
  const rows = painted.map(([layer, head, query, keys]) => {
    const read = keys.map((key) => quoted(words[key])).join(t(", "));
    return t("{word} attending only to {read} in {layer}", {
      word: quoted(words[query]),
      read,
      layer: named(layer, head),
    });
  });
  const heads = out.map(([layer, head]) => t("{layer} knocked out", { layer: named(layer, head) }));
  return [...heads, ...rows].join(t("; ")) || t("nothing changed");
}

/** @param {string} change in words @param {number} times that the same was asked, this one included */
export function askedInWords(change, times) {
  if (times < 2) return t("Asked with {change}.", { change });
  return times === 2
    ? t("Asked again with {change}: the same answer.", { change })
    : t("Asked {times} times with {change}: the same answer.", { change, times });
}

/** The words of a text, and which of them are between what it has in common with the other one at both ends.
 * @param {string[]} text @param {string[]} other @returns {Words} */
export function differing(text, other) {
  const from = text.findIndex((word, nth) => word !== other[nth]);
  const to = text.findLastIndex((word, nth) => word !== other[nth + other.length - text.length]);
  return text.map((word, nth) => ({ text: word, changed: from >= 0 && nth >= from && nth <= to }));
}

/**
 * @param {Answer} answer
 * @param {string} asked what was asked
 */
export function toldOf(answer, asked) {
  const { words, stops } = answer;
  const twice = stops.length > 1;
  const header = (/** @type {string} */ first, /** @type {string} */ second) =>
    twice ? [first, second, t("now")] : [first, second];
  const chances = {
    caption: twice ? t("what moved most") : t("what it is least sure of"),
    header: header(t("word"), t("probability")),
    rows: words.map(([word, ...both]) => [word, ...both.map(digits)]),
  };
  const layers = {
    caption: subjectOf(answer),
    header: header(t("layer"), t("it would say")),
    rows: stops[0].map((_, layer) => [
      layer ? String(layer) : t("the input"),
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
  const first = { name: after ? t("It wrote: ") : t("It writes: "), words: differing(before, before) };
  if (!after || String(before) === String(after)) return [first];
  return [
    { ...first, words: differing(before, after) },
    { name: t("Now: "), words: differing(after, before) },
  ];
}

/** Which word the second table is about, and why this one. @param {Answer} answer */
function subjectOf({ words, stops }) {
  if (!words.length) return t("for what comes next, had it stopped after");
  const word = quoted(words[0][0]);
  return stops.length > 1
    ? t("for {word}, which moved most, had it stopped after", { word })
    : t("for {word}, its least sure word, had it stopped after", { word });
}

/** What a change has changed. @param {Answer} answer */
function newsOf(answer) {
  const still = sameText(answer) ? t("It still writes that.") : "";
  const [moved] = answer.words; // the first moved most
  if (!moved) return still;
  const [word, before, after] = moved;
  const most =
    Math.abs(after - before) < LEAST
      ? t("No probability has moved by 0.001.")
      : t("{word} moved most: {before}, now {after}.", {
          word: quoted(word),
          before: digits(before),
          after: digits(after),
        });
  return `${still && `${still} `}${most}`;
}
