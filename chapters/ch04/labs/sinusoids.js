// The sinusoidal encoding, as in course_utils/positions.py: column 2j is a sine, column 2j + 1 its cosine.

/**
 * By how much each pair of columns turns from one position to the next.
 * @param {number} size columns
 */
export const frequencies = (size) => Array.from({ length: size / 2 }, (_, pair) => 10000 ** ((-2 * pair) / size));

/**
 * What a position is in these pairs of columns: sine, cosine, sine, cosine, …
 * @param {number} position
 * @param {number[]} omegas
 */
export const encode = (position, omegas) =>
  omegas.flatMap((omega) => [Math.sin(position * omega), Math.cos(position * omega)]);
