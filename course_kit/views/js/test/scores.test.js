// The twelve scores at numbers that a hand can compute. tests/unit/chapters/test_chapter2_labs.py compares them with
// Python's at many more.
import assert from "node:assert/strict";
import test from "node:test";
import { learnedOf, product, SCORES, times } from "../src/ch02/scores.js";

const QUERY = [3, 4]; // of length 5
const KEY = [1, 2];

/** @param {number} found @param {number} wanted */
const near = (found, wanted) => assert.ok(Math.abs(found - wanted) < 1e-12, `${found}, not ${wanted}`);
/** @param {string} name @param {object} learned */
const score = (name, learned = {}, place = 0) => SCORES[name](QUERY, KEY, /** @type {any} */ (learned), place);

test("a matrix is flat, row by row", () => {
  assert.equal(product(QUERY, KEY), 11);
  assert.deepEqual(times([1, 2, 3, 4, 5, 6], KEY), [5, 11, 17]);
});

test("dot is the product, and so is scaled_dot, whose √d is a step of its own", () => {
  assert.equal(score("dot"), 11);
  assert.equal(score("scaled_dot"), 11);
});

test("similarity is the cosine of the angle, and 0 for a vector without a direction", () => {
  near(score("similarity"), 11 / (5 * Math.sqrt(5)));
  near(SCORES.similarity([30, 40], KEY, {}, 0), score("similarity"));
  assert.equal(SCORES.similarity([0, 0], KEY, {}, 0), 0);
});

test("general, biased_general and activated_general have a matrix between query and key", () => {
  const W = [1, 2, 3, 4];
  assert.equal(score("general", { W }), 3 * 5 + 4 * 11);
  assert.equal(score("biased_general", { W, Wb: [1, -1] }), 1 * (11 + 1) + 2 * (25 - 1));
  near(score("activated_general", { W: W.map((w) => w / 100), b: [0.1] }), Math.tanh(0.59 + 0.1));
});

test("concat and additive are one function", () => {
  near(score("concat", { W: [1, 0, 0, 1], Wb: [-4.5], w: [2] }), 2 * Math.tanh(3 + 2 - 4.5));
  near(score("additive", { W1: [1, 0], W2: [0, 1], W1b: [-4.5], w: [2] }), 2 * Math.tanh(0.5));
});

test("deep has two layers that let nothing below 0 through", () => {
  const learned = { W0: [1, 0], W1: [0, 1], W1b: [-4], W2: [2], W2b: [-1], w: [3], wb: [0.5] };
  near(score("deep", learned), 3 * (2 * (3 + 2 - 4) - 1) + 0.5);
  near(score("deep", { ...learned, W1b: [-9] }), 0.5);
});

test("location_based counts keys and feature_based reads the key alone", () => {
  const W = [1, 1, 0, 2];
  assert.deepEqual([score("location_based", { W }, 0), score("location_based", { W }, 1)], [7, 8]);
  const learned = { W1: [1, 0], W2: [0, 1], W1b: [-4.5], w: [2] };
  near(score("feature_based", learned), 2 * Math.tanh(1 + 2 * 2 - 4.5));
  assert.equal(SCORES.feature_based([-8, 9], KEY, learned, 0), score("feature_based", learned));
});

test("generalized_kernel is a logarithm that does not overflow", () => {
  const apart = -(25 + 5) / (2 * Math.SQRT2); // features of the zero row: only the lengths are left
  near(score("generalized_kernel", { "features.rows": [0, 0] }), apart);
  near(score("generalized_kernel", { "features.rows": [0, 0, 0, 0] }), apart); // a mean over features
  near(score("generalized_kernel", { "features.rows": [1e4, 0] }), (1e4 * (3 + 1)) / 2 ** 0.25 + apart);
});

test("arrays say by their names whose they are", () => {
  const arrays = { "deep/wb": [1], "deep/w.bias": [2], "deep/W1.weight": [3], "activated_general/b": [4], values: [5] };
  const learned = learnedOf(arrays);
  assert.deepEqual(learned, { deep: { wb: [2], W1: [3] }, activated_general: { b: [4] } });
  assert.deepEqual(learnedOf({ "generalized_kernel/features.rows": [1] }), {
    generalized_kernel: { "features.rows": [1] },
  });
});
