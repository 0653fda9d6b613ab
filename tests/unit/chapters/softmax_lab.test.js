import assert from "node:assert/strict";
import { test } from "node:test";
import { barsOf, numbersOf, sentences } from "../../../chapters/ch01/labs/softmax_numbers.js";

const spec = { names: ["animal", "street", "it"], reach: 3 };
const given = { scores: [2, 1, 0], temperature: 1, shift: 0, method: "stable", mask: [true, true, true] };
const at = (state) => numbersOf(spec, {}, { ...given, ...state });
const said = (state, chosen = -1) => sentences(spec, { ...given, ...state }, at(state), chosen);

test("what is finite, or never computed, is within the scale", () => {
  assert.deepEqual(at({ method: "naive" }).beyond, [false, false, false]);
  assert.deepEqual(at({ shift: 1000 }).beyond, [false, false, false]);
  assert.equal(at({ shift: 1000 }).heights[0], 1);
  assert.deepEqual(barsOf([0, 0], [0, 0], false).heights, [0, 0]);
});

test("a masked score has no share, and with all masked there is none", () => {
  const { weights, powers } = at({ mask: [true, false, true] });
  assert.equal(weights[1], 0);
  assert.equal(powers[1], 0);
  assert.deepEqual(at({ mask: [false, false, false] }).weights, [0, 0, 0]);
});

test("what is said of it", () => {
  assert.deepEqual(said({}), [
    "animal: 7.39 / 11.11 = 0.665",
    "“animal” gets 67 % of the attention. The shares sum to 1.00.",
  ]);
  assert.equal(said({}, 2)[0], "it: 1.00 / 11.11 = 0.090");
  assert.deepEqual(said({ shift: 1000, method: "naive" }), [
    "NaN",
    "e to the 1002 is too large for a number: ∞ / ∞ is NaN.",
  ]);
  assert.match(said({ shift: 1000 })[1], /so the largest score is subtracted from all first/);
  assert.equal(said({ mask: [false, false, false] })[0], "nobody to attend");
  assert.equal(said({ shift: -1000, method: "naive" })[1], "All powers of e vanish: the weights are lost.");
});
