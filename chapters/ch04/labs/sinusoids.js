// The sinusoidal encoding as the lesson writes it: column 2j is a cosine, column 2j + 1 its sine.

/**
 * By how much each pair of columns turns from one position to the next.
 * @param {number} size columns
 */
export const frequencies = (size) => Array.from({ length: size / 2 }, (_, pair) => 10000 ** ((-2 * pair) / size));

/**
 * What a position is in these pairs of columns: cosine, sine, cosine, sine, …
 * @param {number} position
 * @param {number[]} omegas
 */
export const encode = (position, omegas) =>
  omegas.flatMap((omega) => [Math.cos(position * omega), Math.sin(position * omega)]);
