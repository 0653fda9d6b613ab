// The twelve scores at numbers that a hand can compute. tests/unit/chapters/test_chapter2_labs.py compares them with
// Python's at many more.
import assert from "node:assert/strict";
import test from "node:test";
import { learnedOf, SCORES } from "../../../chapters/ch02/labs/scores.js";

const QUERY = [3, 4]; // of length 5
const KEY = [1, 2];

/** @param {number} found @param {number} wanted */
const near = (found, wanted) => assert.ok(Math.abs(found - wanted) < 1e-12, `${found}, not ${wanted}`);
/** @param {string} name @param {object} learned */
const score = (name, learned = {}, place = 0) => SCORES[name](QUERY, KEY, /** @type {any} */ (learned), place);

test("similarity is the cosine of the angle, and 0 for a vector without a direction", () => {
  near(score("similarity"), 11 / (5 * Math.sqrt(5)));
  near(SCORES.similarity([30, 40], KEY, {}, 0), score("similarity"));
  assert.equal(SCORES.similarity([0, 0], KEY, {}, 0), 0);
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
