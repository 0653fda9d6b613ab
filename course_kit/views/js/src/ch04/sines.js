// The sinusoidal encoding, as in course_utils/positions.py: column 2j is a sine, column 2j + 1 its cosine.
export const frequencies = (size) => Array.from({ length: size / 2 }, (_, j) => 10000 ** ((-2 * j) / size));
export const encode = (position, omegas) => omegas.flatMap((w) => [Math.sin(position * w), Math.cos(position * w)]);
