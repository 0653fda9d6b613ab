// The √d lab: many vectors out of a few, their products at each size, and how softmax answers.
import assert from "node:assert/strict";
import test from "node:test";
import { decided, numbersOf, responseOf, Sizes } from "../../../chapters/ch02/labs/scaling_numbers.js";

/** @param {number} found @param {number} wanted */
const near = (found, wanted) => assert.ok(Math.abs(found - wanted) < 1e-12, `${found}, not ${wanted}`);

// two queries and two keys of four features travel; each makes two
const SPEC = /** @type {any} */ ({ shape: [2, 4, 4, 2, 4], sizes: [1, 2, 4] });
const ARRAYS = { queries: Float32Array.of(1, 2, 3, 4, 0, 0, 0, 0), keys: Float32Array.of(1, 1, 1, 1, 2, 0, 0, 0) };

test("the median query, and the factor √d that only the plain scores keep", () => {
  const { plain, scaled } = numbersOf(SPEC, ARRAYS, { d: 4 });
  const middle = (/** @type {number[][]} */ rows) => {
    const sorted = rows.map(responseOf).sort((a, b) => a - b);
    return (sorted[1] + sorted[2]) / 2;
  };
  near(plain.gradient, 2 * middle(plain.weights));
  near(scaled.gradient, middle(scaled.weights));
  const { curves } = new Sizes(SPEC, ARRAYS);
  near(curves[0][2], plain.gradient);
  near(curves[1][2], scaled.gradient);
});

test("how many queries have decided", () => {
  const made = /** @type {any} */ ({
    weights: [
      [1, 0],
      [0.9, 0.1],
      [0.95, 0.05],
      [0.5, 0.5],
    ],
  });
  assert.equal(decided(made), 0.5);
});
