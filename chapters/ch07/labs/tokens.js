// What the labs of the next token share: tokens as they are seen, and the dice.

/** A token that can be seen: a space as ␣, a new line as ⏎. @param {string} token */
export const visible = (token) => token.replaceAll(" ", "␣").replaceAll("\n", "⏎") || "∅";

/**
 * Numbers from 0 to 1, the same for the same seed and step: mulberry32.
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
