// Who may attend whom, and what the four orders of mask and softmax make of it, at numbers a hand can compute.
import assert from "node:assert/strict";
import test from "node:test";
import { isShown, numbersOf, verdictOf } from "../../../chapters/ch02/labs/masking_numbers.js";

const SPEC = /** @type {any} */ ({ names: ["one", "two", "three", "four"] });
const EQUAL = { scores: new Float32Array(16) };
const STATE = { length: 2, causal: false, empty: 0, order: "before" };

/** @param {object} state */
const made = (state, arrays = EQUAL) => numbersOf(SPEC, arrays, { ...STATE, ...state });
/** @param {number} found @param {number} wanted */
const near = (found, wanted) => assert.ok(Math.abs(found - wanted) < 1e-12, `${found}, not ${wanted}`);

test("mask, then softmax: no leak; softmax, then multiply: what was masked is missing", () => {
  assert.deepEqual(verdictOf(made({ empty: 1 })), { leak: 0, less: 0, empty: 1 });
  assert.deepEqual(verdictOf(made({ order: "after", empty: 3 })), { leak: 0, less: 3, empty: 1 });
});

test("−1e9, then softmax: right until a whole row is masked", () => {
  assert.deepEqual(verdictOf(made({ order: "large" })), { leak: 0, less: 0, empty: 0 });
  const emptied = made({ order: "large", empty: 1 });
  assert.deepEqual(emptied.weights[0], [0.25, 0.25, 0.25, 0.25]);
  near(verdictOf(emptied).leak, 0.25);
  assert.ok(isShown(emptied, 0, 3));
  assert.ok(!isShown(emptied, 1, 3));
});
