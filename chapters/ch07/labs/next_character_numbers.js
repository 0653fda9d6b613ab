// The numbers of the game against the model: who was right, what the model paid, and what it expects next.
import { softmax } from "../../../course_kit/views/js/src/models/tensors.js";
import { fmt } from "../../../course_kit/views/js/src/shared/numbers.js";
import { visible } from "./tokens.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Arrays, Spec, State, Table } from "../../../course_kit/views/js/src/shared/types.js" */
/**
 * @typedef {Spec & { shown: string, hidden: string[], best: string[][], size: number, keys: string[],
 *   opened: number }} GameSpec shown: before the hidden tokens; best: the model's guesses for each
 * @typedef {{ token: string, p: number }} Guess
 */

/**
 * How many places have been played, by the model at first, then by the reader.
 * @param {GameSpec} spec
 * @param {State} state
 */
export const playedOf = (spec, state) => Math.min(spec.opened + state.guesses.length, spec.hidden.length);

/**
 * Whether the guess at a place was right: the model's where it opened the game.
 * @param {GameSpec} spec
 * @param {State} state
 * @param {number} place
 */
export function isRight({ opened, best, hidden }, state, place) {
  const guess = place < opened ? best[place][0] : state.guesses[place - opened];
  return guess === hidden[place];
}

/** What the model paid for the token at a place. @param {Arrays} arrays @param {number} place */
export const bitsOf = (arrays, place) => Math.abs(Math.log2(arrays.truth[place]));

/**
 * The model's guesses at a place.
 * @param {GameSpec} spec
 * @param {Arrays} arrays
 * @param {number} place
 * @returns {Guess[]}
 */
export function guessesAt({ best }, arrays, place) {
  const wide = best[0].length;
  return best[place].map((token, n) => ({ token, p: arrays.chances[place * wide + n] }));
}

/**
 * Right guesses of both where the reader guessed, and the bits that the model paid there for each; NaN before.
 * @param {GameSpec} spec
 * @param {Arrays} arrays
 * @param {State} state
 */
export function scoresOf(spec, arrays, state) {
  const played = playedOf(spec, state);
  const made = { guessed: played - spec.opened, reader: 0, model: 0, bits: NaN };
  let paid = 0;
  for (let place = spec.opened; place < played; place++) {
    made.reader += Number(isRight(spec, state, place));
    made.model += Number(spec.best[place][0] === spec.hidden[place]);
    paid += bitsOf(arrays, place);
  }
  if (made.guessed) made.bits = paid / made.guessed;
  return made;
}

/**
 * What a model expects next, the most likely first.
 * @param {number[]} logits
 * @param {(id: number) => string} name of a token
 * @param {number} count
 * @returns {Guess[]}
 */
export function expectedFrom(logits, name, count) {
  const shares = softmax(logits);
  const order = [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, count);
  return order.map((id) => ({ token: name(id), p: shares[id] }));
}

/** Keys in two sets: what is needed most, and capitals and rare signs; none is empty. @param {string[]} keys */
export function setsOf(keys) {
  const often = (/** @type {string} */ key) => (/\p{L}/u.test(key) ? !/\p{Lu}/u.test(key) : " \n,.'".includes(key));
  return [keys.filter(often), keys.filter((key) => !often(key))].filter((set) => set.length);
}

const QWERTY = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

/** The rows of a keyboard, if a set has all its letters; what else it has ends the last one. @param {string[]} set */
export function rowsOf(set) {
  const named = new Map(set.map((key) => [key.toLowerCase(), key]));
  const letters = QWERTY.map((row) => Array.from(row));
  if (!letters.flat().every((letter) => named.has(letter))) return [set];
  const rows = letters.map((row) => row.map((letter) => named.get(letter) ?? letter));
  rows[2].push(...set.filter((key) => !rows.some((row) => row.includes(key))));
  return rows;
}

/**
 * A place in a row of the table, for each that was played.
 * @param {GameSpec} spec
 * @param {Arrays} arrays
 * @param {State} state
 * @returns {Table}
 */
export function tableFor(spec, arrays, state) {
  const rows = spec.hidden.slice(0, playedOf(spec, state)).map((token, place) => {
    const guess = state.guesses[place - spec.opened];
    const told = guess ? visible(guess) : t("passed");
    const [first] = guessesAt(spec, arrays, place);
    return [
      String(place + 1),
      visible(token),
      place < spec.opened ? t("opened") : told,
      `${visible(first.token)} ${first.p.toFixed(3)}`,
      arrays.truth[place].toFixed(3),
      bitsOf(arrays, place).toFixed(2),
    ];
  });
  return {
    header: [t("place"), t("the true one"), t("you"), t("the model’s first"), t("it gave the right one"), t("bits")],
    rows,
  };
}

/** @param {Guess[]} expected @returns {Table} */
export const tableOfNext = (expected) => ({
  header: [t("next"), t("probability")],
  rows: expected.map(({ token, p }) => [visible(token), fmt(p)]),
});
