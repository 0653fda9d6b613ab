// What the shuffle lab says: who has moved, and what became of the outputs.
import { fmt } from "../../../course_kit/views/js/src/shared/numbers.js";

/** @import { ShuffleNumbers, ShuffleSpec, ShuffleState } from "./shuffle_numbers.js" */

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
