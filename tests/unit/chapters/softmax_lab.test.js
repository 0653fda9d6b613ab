import assert from "node:assert/strict";
import { test } from "node:test";
import { barsOf, numbersOf } from "../../../chapters/ch01/labs/softmax_numbers.js";

const spec = { names: ["animal", "street", "it"], reach: 3 };
const given = { scores: [2, 1, 0], temperature: 1, shift: 0, method: "stable", mask: [true, true, true] };
const at = (state) => numbersOf(spec, {}, { ...given, ...state });

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
