// Matrices, and the few operations that all our models are made of. Rows lie one after the other; weights are as torch
// keeps them: [outputs, inputs]. Kept as float32, summed in double precision.

/** @typedef {{ weight: Matrix, bias?: Matrix }} Layer weight [outputs, inputs], bias [1, outputs] */

export class Matrix {
  /** @param {number} rows @param {number} columns @param {Float32Array} data */
  constructor(rows, columns, data = new Float32Array(rows * columns)) {
    this.rows = rows;
    this.columns = columns;
    this.data = data;
  }

  /** A row, as a part of this matrix: what is written into it is written here. @param {number} i */
  row(i) {
    return this.data.subarray(i * this.columns, (i + 1) * this.columns);
  }

  copy() {
    return new Matrix(this.rows, this.columns, this.data.slice());
  }

  /** One below the other. @param {Matrix[]} matrices */
  static stack(matrices) {
    const rows = matrices.reduce((sum, matrix) => sum + matrix.rows, 0);
    const stacked = new Matrix(rows, matrices[0].columns);
    let at = 0;
    for (const { data } of matrices) {
      stacked.data.set(data, at);
      at += data.length;
    }
    return stacked;
  }

  /** Columns side by side: [T, A] and [T, B] -> [T, A + B]. @param {Matrix} left @param {Matrix} right */
  static beside(left, right) {
    const both = new Matrix(left.rows, left.columns + right.columns);
    for (let t = 0; t < left.rows; t++) {
      both.row(t).set(left.row(t));
      both.row(t).set(right.row(t), left.columns);
    }
    return both;
  }
}

/** @param {Matrix} x @param {(value: number) => number} f */
export const map = (x, f) => new Matrix(x.rows, x.columns, x.data.map(f));

/** @param {Matrix} x @param {Matrix} y */
export function add(x, y) {
  const sum = x.copy();
  for (let i = 0; i < sum.data.length; i++) sum.data[i] += y.data[i];
  return sum;
}

/**
 * a[i] b[j] + a[i + 1] b[j + 1] + … of so many: in four sums, which a processor adds up side by side.
 * @param {Float32Array} a
 * @param {number} i
 * @param {Float32Array} b
 * @param {number} j
 * @param {number} count
 */
function dot(a, i, b, j, count) {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  let k = 0;
  for (; k + 3 < count; k += 4) {
    first += a[i + k] * b[j + k];
    second += a[i + k + 1] * b[j + k + 1];
    third += a[i + k + 2] * b[j + k + 2];
    fourth += a[i + k + 3] * b[j + k + 3];
  }
  for (; k < count; k++) first += a[i + k] * b[j + k];
  return first + second + third + fourth;
}

/** x Wᵀ + b: x [T, I], weight [O, I], bias [1, O] -> [T, O]. @param {Matrix} x @param {Layer} layer */
export function linear(x, { weight, bias }) {
  const inputs = x.columns;
  const outputs = weight.rows;
  const y = new Matrix(x.rows, outputs);
  for (let t = 0; t < x.rows; t++) {
    const row = y.row(t);
    let o = 0;
    for (; o + 3 < outputs; o += 4) fourDots(x.data, t * inputs, weight.data, o * inputs, inputs, row, o);
    for (; o < outputs; o++) row[o] = dot(x.data, t * inputs, weight.data, o * inputs, inputs);
    if (bias) for (o = 0; o < outputs; o++) row[o] += bias.data[o];
  }
  return y;
}

/** x W: x [T, I], W [I, O] -> [T, O]. @param {Matrix} x @param {Matrix} weight */
export function times(x, weight) {
  const y = new Matrix(x.rows, weight.columns);
  for (let t = 0; t < x.rows; t++)
    for (let o = 0; o < weight.columns; o++) {
      let sum = 0;
      for (let i = 0; i < x.columns; i++) sum += x.data[t * x.columns + i] * weight.data[i * weight.columns + o];
      y.data[t * weight.columns + o] = sum;
    }
  return y;
}

/**
 * What `dot` gives for four rows of b, put into y from place o: each number of a is read once for all.
 * @param {Float32Array} a
 * @param {number} i
 * @param {Float32Array} b
 * @param {number} j
 * @param {number} count
 * @param {Float32Array} y
 * @param {number} o
 */
function fourDots(a, i, b, j, count, y, o) {
  let first = 0;
  let second = 0;
  let third = 0;
  let fourth = 0;
  for (let k = 0; k < count; k++) {
    const value = a[i + k];
    first += value * b[j + k];
    second += value * b[j + count + k];
    third += value * b[j + 2 * count + k];
    fourth += value * b[j + 3 * count + k];
  }
  y[o] = first;
  y[o + 1] = second;
  y[o + 2] = third;
  y[o + 3] = fourth;
}

/**
 * Each row with mean 0 and variance 1, then scaled and moved.
 * @param {Matrix} x
 * @param {{ weight: Matrix, bias: Matrix }} layer
 */
export function layerNorm(x, { weight, bias }, eps = 1e-5) {
  const y = new Matrix(x.rows, x.columns);
  const count = x.columns;
  for (let t = 0; t < x.rows; t++) {
    const row = x.row(t);
    let mean = 0;
    let variance = 0;
    for (const value of row) mean += value / count;
    for (const value of row) variance += (value - mean) ** 2 / count;
    const scale = 1 / Math.sqrt(variance + eps);
    for (let i = 0; i < count; i++) y.data[t * count + i] = (row[i] - mean) * scale * weight.data[i] + bias.data[i];
  }
  return y;
}

/** Shares that sum to 1, in double precision. @param {ArrayLike<number>} scores */
export function softmax(scores) {
  const shares = Float64Array.from(scores);
  const top = shares.reduce((most, score) => Math.max(most, score), -Infinity);
  let total = 0;
  for (let i = 0; i < shares.length; i++) {
    shares[i] = Math.exp(shares[i] - top);
    total += shares[i];
  }
  return shares.map((share) => share / total);
}

/** Where the largest number is, the first of several. @param {ArrayLike<number>} numbers */
export function largest(numbers) {
  let best = 0;
  for (let i = 1; i < numbers.length; i++) if (numbers[i] > numbers[best]) best = i;
  return best;
}

/**
 * softmax(q kᵀ / √d) for each head: queries [Q, H·d], keys [K, H·d] -> H matrices [Q, K]. Query i stands at place
 * first + i, and a causal one sees the keys up to its own place.
 * @param {Matrix} queries
 * @param {Matrix} keys
 * @param {number} heads
 */
export function attentionWeights(queries, keys, heads, causal = false, first = 0) {
  const size = queries.columns / heads;
  return Array.from({ length: heads }, (_, head) => {
    const weights = new Matrix(queries.rows, keys.rows);
    for (let i = 0; i < queries.rows; i++) {
      const scores = new Float64Array(causal ? first + i + 1 : keys.rows);
      const from = i * queries.columns + head * size;
      for (let j = 0; j < scores.length; j++)
        scores[j] = dot(queries.data, from, keys.data, j * keys.columns + head * size, size) / Math.sqrt(size);
      weights.row(i).set(softmax(scores));
    }
    return weights;
  });
}

/**
 * The mean of the values under each head's weights: H × [Q, K], values [K, H·d] -> [Q, H·d].
 * @param {Matrix[]} weights
 * @param {Matrix} values
 */
export function weightedMeans(weights, values) {
  const size = values.columns / weights.length;
  const means = new Matrix(weights[0].rows, values.columns);
  for (const [head, { rows, columns, data }] of weights.entries())
    for (let i = 0; i < rows; i++)
      for (let c = head * size; c < (head + 1) * size; c++) {
        let sum = 0;
        for (let j = 0; j < columns; j++) sum += data[i * columns + j] * values.data[j * values.columns + c];
        means.data[i * means.columns + c] = sum;
      }
  return means;
}

/**
 * Rotary positions: each pair of features of each head turned by its position's angle.
 * @param {Matrix} x
 * @param {number} heads
 */
export function rotary(x, heads, first = 0) {
  const turned = x.copy();
  const size = x.columns / heads;
  for (let t = 0; t < x.rows; t++)
    for (let c = 0; c < x.columns; c += 2) {
      const angle = (first + t) * 10000 ** (-(c % size) / size);
      const at = t * x.columns + c;
      turned.data[at] = x.data[at] * Math.cos(angle) - x.data[at + 1] * Math.sin(angle);
      turned.data[at + 1] = x.data[at] * Math.sin(angle) + x.data[at + 1] * Math.cos(angle);
    }
  return turned;
}

/** x + the sinusoidal encoding of its places. @param {Matrix} x */
export function sinusoidal(x, first = 0) {
  const placed = x.copy();
  for (let t = 0; t < x.rows; t++)
    for (let c = 0; c < x.columns; c++) {
      const odd = c % 2;
      const angle = (first + t) * 10000 ** (-(c - odd) / x.columns);
      placed.data[t * x.columns + c] += odd ? Math.cos(angle) : Math.sin(angle);
    }
  return placed;
}

/** @param {number} x */
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/**
 * One step of a GRU.
 * @param {Float32Array} said what the input says: W x + b, [3 D]: reset, update, new
 * @param {Matrix} hidden the state before, [1, D]
 * @param {Layer} layer of the state
 * @returns {Matrix} the state after
 */
export function gruStep(said, hidden, layer) {
  const size = hidden.columns;
  const own = linear(hidden, layer).data;
  const after = new Matrix(1, size);
  for (let i = 0; i < size; i++) {
    const reset = sigmoid(said[i] + own[i]);
    const update = sigmoid(said[size + i] + own[size + i]);
    const fresh = Math.tanh(said[2 * size + i] + reset * own[2 * size + i]);
    after.data[i] = (1 - update) * fresh + update * hidden.data[i];
  }
  return after;
}

const CHEBYSHEV = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
  0.17087277,
];

/** To 1.2e-7 (Press et al., Numerical Recipes, erfc by a Chebyshev fit). @param {number} x */
function erf(x) {
  const t = 1 / (1 + Math.abs(x) / 2);
  const rest = t * Math.exp(-x * x + CHEBYSHEV.reduceRight((sum, coefficient) => sum * t + coefficient, 0));
  return x < 0 ? rest - 1 : 1 - rest;
}

/** By the name that a model's settings have for it. @type {Record<string, (x: number) => number>} */
export const ACTIVATIONS = {
  relu: (x) => Math.max(0, x),
  gelu: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  gelu_tanh: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};
