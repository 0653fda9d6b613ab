// The twelve scores, q and k as arrays, P the learned numbers, W for W.weight and Wb for W.bias: a second copy of
// course_utils/scores.py in the browser.
// tests/browser/test_scoring.py holds the two together.

export const product = (a, b) => {
  let s = 0;
  for (let i = 0; i < a.length; i++) s += a[i] * b[i];
  return s;
};
const length = (a) => Math.sqrt(product(a, a));
// rows of M, [n, D] flat, times x
export function times(M, x) {
  const D = x.length;
  const out = new Float64Array(M.length / D);
  for (let r = 0; r < out.length; r++) for (let i = 0; i < D; i++) out[r] += M[r * D + i] * x[i];
  return out;
}
const plus = (...vectors) => vectors[0].map((_, i) => vectors.reduce((s, v) => s + v[i], 0));
const tanh = (v) => v.map(Math.tanh);
const relu = (v) => v.map((x) => Math.max(0, x));
function logFeatures(x, rows) {
  const scaled = Array.from(x, (v) => v / x.length ** 0.25);
  const count = rows.length / x.length;
  return times(rows, scaled).map((r) => r - product(scaled, scaled) / 2 - 0.5 * Math.log(count));
}
const logSumExp = (v) => {
  const top = Math.max(...v);
  return top + Math.log(v.reduce((s, x) => s + Math.exp(x - top), 0));
};

export const SCORE = {
  similarity: (q, k) => {
    const n = length(q) * length(k);
    return n ? product(q, k) / n : 0;
  },
  dot: product,
  scaled_dot: product,
  general: (q, k, P) => product(q, times(P.W, k)),
  biased_general: (q, k, P) => product(k, plus(times(P.W, q), P.Wb)),
  activated_general: (q, k, P) => Math.tanh(product(q, times(P.W, k)) + P.b[0]),
  generalized_kernel: (q, k, P) =>
    logSumExp(plus(logFeatures(q, P["features.rows"]), logFeatures(k, P["features.rows"]))),
  concat: (q, k, P) => product(P.w, tanh(plus(times(P.W, [...q, ...k]), P.Wb))),
  additive: (q, k, P) => product(P.w, tanh(plus(times(P.W1, q), times(P.W2, k), P.W1b))),
  deep: (q, k, P) =>
    product(P.w, relu(plus(times(P.W2, relu(plus(times(P.W0, q), times(P.W1, k), P.W1b))), P.W2b))) + P.wb[0],
  location_based: (q, k, P, i) => times(P.W, q)[i],
  feature_based: (q, k, P) =>
    product(
      P.w,
      tanh(
        plus(
          times(P.W1, k),
          times(
            P.W2,
            Array.from(k, (x) => x * x),
          ),
          P.W1b,
        ),
      ),
    ),
};
