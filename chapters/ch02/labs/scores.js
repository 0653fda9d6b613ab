// The twelve scores of chapters/ch02/scores.py a second time, for the browser, and the arithmetic of vectors that they
// need. q is a query, k a key, P the learned numbers by name: W for W.weight, Wb for W.bias.
// tests/unit/chapters/test_chapter2_labs.py holds them to Python's.

/** @typedef {ArrayLike<number>} Vector */
/** @typedef {Record<string, Vector>} Learned matrices are flat, row by row */

/** q·k. @param {Vector} a @param {Vector} b */
export function product(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** @param {Vector} vector */
const length = (vector) => Math.sqrt(product(vector, vector));

/** A matrix times a vector. @param {Vector} matrix as many columns as the vector has numbers @param {Vector} vector */
export function times(matrix, vector) {
  const columns = vector.length;
  return Array.from({ length: matrix.length / columns }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < columns; i++) sum += matrix[row * columns + i] * vector[i];
    return sum;
  });
}

/** @param {...Vector} vectors */
const plus = (...vectors) => Array.from(vectors[0], (_, i) => vectors.reduce((sum, vector) => sum + vector[i], 0));
/** @param {number[]} vector */
const tanh = (vector) => vector.map(Math.tanh);
/** @param {number[]} vector */
const relu = (vector) => vector.map((x) => Math.max(0, x));
/** @param {Vector} vector */
const squares = (vector) => Array.from(vector, (x) => x * x);

/** log Σ exp, without overflow. @param {number[]} vector */
function logSumExp(vector) {
  const top = Math.max(...vector);
  return top + Math.log(vector.reduce((sum, x) => sum + Math.exp(x - top), 0));
}

/** The logarithms of a vector's positive random features. @param {Vector} vector @param {Vector} rows of numbers */
function logFeatures(vector, rows) {
  const scaled = Array.from(vector, (x) => x / vector.length ** 0.25);
  const count = rows.length / vector.length;
  const constant = product(scaled, scaled) / 2 + Math.log(count) / 2;
  return times(rows, scaled).map((x) => x - constant);
}

/** @type {Record<string, (q: Vector, k: Vector, P: Learned, place: number) => number>} place of the key, from 0 */
export const SCORES = {
  similarity(q, k) {
    const lengths = length(q) * length(k);
    return lengths ? product(q, k) / lengths : 0;
  },
  dot: product,
  scaled_dot: product, // its √d is a step of its own
  general: (q, k, P) => product(q, times(P.W, k)),
  biased_general: (q, k, P) => product(k, plus(times(P.W, q), P.Wb)),
  activated_general: (q, k, P) => Math.tanh(product(q, times(P.W, k)) + P.b[0]),
  generalized_kernel(q, k, P) {
    const rows = P["features.rows"];
    return logSumExp(plus(logFeatures(q, rows), logFeatures(k, rows)));
  },
  concat: (q, k, P) => product(P.w, tanh(plus(times(P.W, [...Array.from(q), ...Array.from(k)]), P.Wb))),
  additive: (q, k, P) => product(P.w, tanh(plus(times(P.W1, q), times(P.W2, k), P.W1b))),
  deep(q, k, P) {
    const first = relu(plus(times(P.W0, q), times(P.W1, k), P.W1b));
    const second = relu(plus(times(P.W2, first), P.W2b));
    return product(P.w, second) + P.wb[0];
  },
  location_based: (q, k, P, place) => times(P.W, q)[place],
  feature_based: (q, k, P) => product(P.w, tanh(plus(times(P.W1, k), times(P.W2, squares(k)), P.W1b))),
};

/**
 * The learned numbers of each score, from arrays whose names say whose they are: "additive/W1.bias".
 * @param {Record<string, Vector>} arrays
 */
export function learnedOf(arrays) {
  /** @type {Record<string, Learned>} */
  const learned = {};
  for (const [name, array] of Object.entries(arrays)) {
    const [score, part] = name.split("/");
    if (!part) continue; // the values
    learned[score] ??= {};
    learned[score][part.replace(".weight", "").replace(".bias", "b")] = array;
  }
  return learned;
}
