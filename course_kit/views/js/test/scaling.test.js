// The √d lab: many vectors out of a few, their products at each size, and how softmax answers.
import assert from "node:assert/strict";
import test from "node:test";
import { decided, entropyOf, numbersOf, responseOf, Sizes, turned } from "../src/ch02/scaling_numbers.js";

/** @param {number} found @param {number} wanted */
const near = (found, wanted) => assert.ok(Math.abs(found - wanted) < 1e-12, `${found}, not ${wanted}`);

// two queries and two keys of four features travel; each makes two
const SPEC = /** @type {any} */ ({ shape: [2, 4, 4, 2, 4], sizes: [1, 2, 4] });
const ARRAYS = { queries: Float32Array.of(1, 2, 3, 4, 0, 0, 0, 0), keys: Float32Array.of(1, 1, 1, 1, 2, 0, 0, 0) };

test("few vectors make many by turning their features round", () => {
  const vector = turned([1, 2, 3, 4, 5, 6, 7, 8], 2, 4, 4);
  const features = (/** @type {number} */ i) => [0, 1, 2, 3].map((f) => vector(i, f));
  assert.deepEqual([0, 1, 2, 3].map(features), [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [3, 4, 1, 2],
    [7, 8, 5, 6],
  ]);
});

test("products of the first d features, divided by √d or not", () => {
  const { plain, scaled } = numbersOf(SPEC, ARRAYS, { d: 4 });
  assert.deepEqual(plain.scores.slice(0, 4), [10, 2, 10, 6]); // keys: ones, [2, 0, 0, 0], ones, [0, 0, 2, 0]
  assert.deepEqual(scaled.scores.slice(0, 4), [5, 1, 5, 3]);
  assert.deepEqual(numbersOf(SPEC, ARRAYS, { d: 2 }).plain.scores.slice(0, 4), [3, 2, 3, 0]);
  near(plain.spread, 2 * scaled.spread);
  assert.equal(plain.weights.length, 4);
  for (const row of plain.weights)
    near(
      row.reduce((sum, w) => sum + w, 0),
      1,
    );
});

test("evenness: log of how many share, and 0 where one has all", () => {
  near(entropyOf([0.25, 0.25, 0.25, 0.25]), Math.log(4));
  near(entropyOf([0, 1, 0]), 0);
});

test("the response is the norm of softmax's Jacobian", () => {
  const weights = [0.5, 0.3, 0.2];
  const squares = weights.flatMap((a, i) => weights.map((b, j) => ((i === j ? a : 0) - a * b) ** 2));
  near(responseOf(weights), Math.sqrt(squares.reduce((sum, x) => sum + x, 0)));
  near(responseOf([0, 1, 0]), 0);
});

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
