// What the labs of the next token share: tokens as they are written and seen, and the dice. As in next_token.py.

/** A token that can be seen: a space as ␣, a new line as ⏎. @param {string} token */
export const visible = (token) => token.replaceAll(" ", "␣").replaceAll("\n", "⏎") || "∅";

/**
 * A token as it is written in a text: ▁dog and Ġdog -> " dog", ##s -> "s"; words with a space before them.
 * @param {string} token
 */
export function spelled(token, words = false) {
  if (token.startsWith("▁") || token.startsWith("Ġ")) return ` ${token.slice(1)}`;
  if (token.startsWith("##") && token.length > 2) return token.slice(2);
  return (words ? " " : "") + token;
}

/**
 * Numbers from 0 to 1, the same for the same seed and step here and in Python: mulberry32.
 * @param {number} seed
 * @param {number} step
 * @returns {Generator<number, never>}
 */
export function* dice(seed, step) {
  let a = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b);
  for (;;) {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    yield ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}
