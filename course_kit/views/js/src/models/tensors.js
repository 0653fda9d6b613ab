// Matrices, and the few operations that all our models are made of. Rows lie one after the other; weights are as torch
// keeps them: [outputs, inputs]. Kept as float32, summed in double precision.

export class Matrix {
  constructor(rows, columns, data = new Float32Array(rows * columns)) {
    Object.assign(this, { rows, columns, data });
  }
  row(i) {
    return this.data.subarray(i * this.columns, (i + 1) * this.columns);
  }
  copy() {
    return new Matrix(this.rows, this.columns, this.data.slice());
  }
  static stack(matrices) {
    const stacked = new Matrix(
      matrices.reduce((n, m) => n + m.rows, 0),
      matrices[0].columns,
    );
    let at = 0;
    for (const m of matrices) {
      stacked.data.set(m.data, at);
      at += m.data.length;
    }
    return stacked;
  }
  // Columns side by side: [T, A] and [T, B] -> [T, A + B].
  static beside(left, right) {
    const both = new Matrix(left.rows, left.columns + right.columns);
    for (let t = 0; t < left.rows; t++) {
      both.row(t).set(left.row(t));
      both.row(t).set(right.row(t), left.columns);
    }
    return both;
  }
}

export const map = (x, f) => new Matrix(x.rows, x.columns, x.data.map(f));

export function add(x, y) {
  return new Matrix(
    x.rows,
    x.columns,
    x.data.map((v, i) => v + y.data[i]),
  );
}

function dot(a, i, b, j, n) {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < n; k += 4) {
    s0 += a[i + k] * b[j + k];
    s1 += a[i + k + 1] * b[j + k + 1];
    s2 += a[i + k + 2] * b[j + k + 2];
    s3 += a[i + k + 3] * b[j + k + 3];
  }
  for (; k < n; k++) s0 += a[i + k] * b[j + k];
  return s0 + s1 + s2 + s3;
}

// x Wᵀ + b: x [T, I], weight [O, I], bias [O] -> [T, O].
export function linear(x, { weight, bias }) {
  const inputs = x.columns;
  const outputs = weight.rows;
  const y = new Matrix(x.rows, outputs);
  for (let o = 0; o < outputs; o++) {
    const b = bias ? bias.data[o] : 0;
    for (let t = 0; t < x.rows; t++)
      y.data[t * outputs + o] = b + dot(x.data, t * inputs, weight.data, o * inputs, inputs);
  }
  return y;
}

// Each row with mean 0 and variance 1, then scaled and moved.
export function layerNorm(x, { weight, bias }, eps = 1e-5) {
  const y = new Matrix(x.rows, x.columns);
  const n = x.columns;
  for (let t = 0; t < x.rows; t++) {
    const row = x.row(t);
    let mean = 0;
    let variance = 0;
    for (const v of row) mean += v / n;
    for (const v of row) variance += (v - mean) ** 2 / n;
    const scale = 1 / Math.sqrt(variance + eps);
    for (let i = 0; i < n; i++) y.data[t * n + i] = (row[i] - mean) * scale * weight.data[i] + bias.data[i];
  }
  return y;
}

export function softmax(scores) {
  let top = -Infinity;
  let total = 0;
  for (const s of scores) top = Math.max(top, s);
  const shares = Float64Array.from(scores, (s) => Math.exp(s - top));
  for (const s of shares) total += s;
  return shares.map((s) => s / total);
}

// softmax(q kᵀ / √d) for each head: q [Q, H·d], k [K, H·d] -> H matrices [Q, K]. Query i stands at place first + i, and
// a causal one sees the keys up to its own place.
export function attentionWeights(q, k, heads, causal = false, first = 0) {
  const d = q.columns / heads;
  return Array.from({ length: heads }, (_, h) => {
    const weights = new Matrix(q.rows, k.rows);
    for (let i = 0; i < q.rows; i++) {
      const seen = causal ? first + i + 1 : k.rows;
      const scores = new Float64Array(seen);
      for (let j = 0; j < seen; j++)
        scores[j] = dot(q.data, i * q.columns + h * d, k.data, j * k.columns + h * d, d) / Math.sqrt(d);
      weights.row(i).set(softmax(scores));
    }
    return weights;
  });
}

// The mean of the values under each head's weights: H × [Q, K], values [K, H·d] -> [Q, H·d].
export function weightedMeans(weights, values) {
  const d = values.columns / weights.length;
  const out = new Matrix(weights[0].rows, values.columns);
  weights.forEach((w, h) => {
    for (let i = 0; i < w.rows; i++)
      for (let c = h * d; c < (h + 1) * d; c++) {
        let sum = 0;
        for (let j = 0; j < w.columns; j++) sum += w.data[i * w.columns + j] * values.data[j * values.columns + c];
        out.data[i * out.columns + c] = sum;
      }
  });
  return out;
}

// Rotary positions: each pair of features of each head turned by its position's angle.
export function rotary(x, heads, first = 0) {
  const y = x.copy();
  const d = x.columns / heads;
  for (let t = 0; t < x.rows; t++)
    for (let c = 0; c < x.columns; c += 2) {
      const angle = (first + t) * 10000 ** (-(c % d) / d);
      const [a, b] = [x.data[t * x.columns + c], x.data[t * x.columns + c + 1]];
      y.data[t * x.columns + c] = a * Math.cos(angle) - b * Math.sin(angle);
      y.data[t * x.columns + c + 1] = a * Math.sin(angle) + b * Math.cos(angle);
    }
  return y;
}

// x + the sinusoidal encoding of its places.
export function sinusoidal(x, first = 0) {
  const y = x.copy();
  const D = x.columns;
  for (let t = 0; t < x.rows; t++)
    for (let c = 0; c < D; c++) {
      const angle = (first + t) * 10000 ** (-(c - (c % 2)) / D);
      y.data[t * D + c] += c % 2 ? Math.cos(angle) : Math.sin(angle);
    }
  return y;
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

// One step of a GRU: what the input says (W x + b, [3 D]: reset, update, new), and the state before -> the state after.
export function gruStep(said, hidden, { weight, bias }) {
  const D = hidden.columns;
  const own = linear(hidden, { weight, bias }).data;
  const after = new Matrix(1, D);
  for (let i = 0; i < D; i++) {
    const reset = sigmoid(said[i] + own[i]);
    const update = sigmoid(said[D + i] + own[D + i]);
    const fresh = Math.tanh(said[2 * D + i] + reset * own[2 * D + i]);
    after.data[i] = (1 - update) * fresh + update * hidden.data[i];
  }
  return after;
}

// erf to 1.2e-7 (Press et al., Numerical Recipes, erfc by a Chebyshev fit).
function erf(x) {
  const t = 1 / (1 + Math.abs(x) / 2);
  const c = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  const rest = t * Math.exp(-x * x + c.reduceRight((sum, a) => sum * t + a, 0));
  return x < 0 ? rest - 1 : 1 - rest;
}

export const ACTIVATIONS = {
  relu: (x) => Math.max(0, x),
  gelu: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  gelu_tanh: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};
