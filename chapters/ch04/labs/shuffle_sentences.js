// What the shuffle lab says: who has moved, and what became of the outputs. Title and caption follow the state.
import { fmt } from "../../../course_kit/views/js/src/shared/numbers.js";

/** @import { ShuffleNumbers, ShuffleSpec, ShuffleState } from "./shuffle_numbers.js" */

const COUNTS = [
  "no",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
  "twelve",
];
const QUESTION = "What happens when words change places?";

/** The words that do not stand where they stood at first. @param {ShuffleState} state */
const movedOf = ({ order }) => order.map((_, word) => word).filter((word) => order[word] !== word);

/**
 * “dog” and “man”, or 5 words; null where all stand in the first order.
 * @param {ShuffleSpec} spec
 * @param {ShuffleState} state
 */
export function movedWords({ names }, state) {
  const moved = movedOf(state);
  if (!moved.length) return null;
  if (moved.length > 3) return `${moved.length} words`;
  return moved.map((word) => `“${names[word]}”`).join(moved.length === 2 ? " and " : ", ");
}

/**
 * Whether a title or caption that was given is about this state: what it is about is as it was at first.
 * @param {ShuffleSpec} spec
 * @param {ShuffleState} state
 * @param {"title" | "caption"} which
 */
function holds(spec, state, which) {
  const first = spec.initial ?? spec.state;
  return spec.told[which].every((name) => String(state[name]) === String(first[name]));
}

/**
 * @param {ShuffleSpec} spec
 * @param {ShuffleState} state
 * @param {boolean} equivariant
 */
export function titleOf(spec, state, equivariant) {
  if (holds(spec, state, "title")) return spec.title;
  if (!movedOf(state).length) return QUESTION;
  const outcome = equivariant
    ? "each output moves with its word, unchanged"
    : "outputs change when words change places";
  return `${state.positions ? "With" : "Without"} positions, ${outcome}`;
}

/**
 * @param {ShuffleSpec} spec
 * @param {ShuffleState} state
 * @param {boolean} equivariant
 */
export function captionOf(spec, state, equivariant) {
  if (holds(spec, state, "caption")) return spec.caption;
  const who = movedWords(spec, state);
  const mark = equivariant
    ? "“same”, or 0.00, means that no number in it has changed"
    : "Δ says by how much it has changed";
  return (
    `${who ?? "No words"} have changed places. Left: each row is a word’s weights on all ` +
    `${COUNTS[spec.names.length]}. Right: that word’s [output|output]${who ? `; ${mark}` : ", now and at first"}. ` +
    `Drag ${who ? "other words, too" : "a word"}.`
  );
}

/** An order in which these words have changed places in a ring. @param {number[]} order @param {number[]} words */
function turned(order, words) {
  const next = [...order];
  words.forEach((word, i) => {
    next[word] = words[(i + 1) % words.length];
  });
  return next;
}

/**
 * Titles and captions among which are the longest ones: room is kept for them.
 * @param {ShuffleSpec} spec
 */
export function longestTold(spec) {
  const first = /** @type {ShuffleState} */ (spec.initial ?? spec.state);
  const order = spec.names.map((_, word) => word);
  const byLength = order.toSorted((a, b) => spec.names[b].length - spec.names[a].length);
  const orders = [first.order, order, turned(order, byLength.slice(0, 3))];
  const states = orders.flatMap((order) => [false, true].map((positions) => ({ ...first, order, positions })));
  return {
    titles: states.flatMap((state) => [true, false].map((same) => titleOf(spec, state, same))),
    captions: states.flatMap((state) => [true, false].map((same) => captionOf(spec, state, same))),
  };
}

/**
 * Two sentences: what became of the outputs, and of their mean. Each is [words, the word that counts, words].
 * @param {ShuffleNumbers} made
 */
export function verdicts(made) {
  return [
    made.equivariant
      ? ["each output moved with its word, unchanged: ", "equivariant", "."]
      : ["the outputs changed: ", "not equivariant", "."],
    made.invariant
      ? ["Their mean stayed: ", "invariant", "."]
      : ["Their mean moved by ", fmt(made.drift, 2), ": not invariant."],
  ];
}
