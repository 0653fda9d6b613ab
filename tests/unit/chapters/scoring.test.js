// The scoring lab's steps from a score to a context, and the geometry of its plane.
import assert from "node:assert/strict";
import test from "node:test";
import { pixels, placed, spansOf, vectorAt } from "../../../chapters/ch01/labs/plane.js";
import {
  changed,
  isMasked,
  mostAttended,
  numbersOf,
  shownSteps,
  vectorsOf,
} from "../../../chapters/ch02/labs/scoring_numbers.js";

const SPEC = /** @type {any} */ ({ names: ["one", "two", "three"] });
const STATE = {
  query: [2, 0],
  key_vectors: [0, 1, Math.LN2, 5, -9, -9],
  a: "dot",
  b: "scaled_dot",
  mask: [true, true, false],
  temperature: 2,
  step: 5,
};

/** @param {ArrayLike<number>} found @param {number[]} wanted */
function near(found, wanted) {
  assert.equal(found.length, wanted.length);
  wanted.forEach((x, i) => assert.ok(found[i] === x || Math.abs(found[i] - x) < 1e-12, `${found[i]}, not ${x}`));
}

test("all masked: zeros, and nobody is attended", () => {
  const { a } = numbersOf(SPEC, {}, { ...STATE, mask: [false, false, false] });
  near(a.weights, [0, 0, 0]);
  assert.deepEqual(mostAttended(SPEC.names, a.weights), { most: 0, tops: [] });
  assert.deepEqual(mostAttended(SPEC.names, [0.4, 0.2, 0.4]), { most: 0.4, tops: ["one", "three"] });
});

test("a step that changes nothing is not shown, and a masked cell has no number", () => {
  const open = { ...STATE, mask: [true, true, true], temperature: 1 };
  assert.deepEqual(shownSteps(open, numbersOf(SPEC, {}, open).a), ["score", "weights"]);
  assert.deepEqual(shownSteps(open, numbersOf(SPEC, {}, open).b), ["score", "scaled", "weights"]);
  assert.deepEqual(shownSteps(STATE, numbersOf(SPEC, {}, STATE).a), ["score", "scaled", "masked", "weights"]);
  assert.ok(isMasked(STATE, "masked", -Infinity, 2));
  assert.ok(isMasked(STATE, "weights", 0, 2));
  assert.ok(!isMasked(STATE, "weights", 0, 1));
});

test("numbers of a vector are changed, and no others", () => {
  assert.deepEqual(changed(STATE, 0, 1, [7]), { query: [2, 7] });
  assert.deepEqual(changed(STATE, 2, 0, [7, 8]), { key_vectors: [0, 1, 7, 8, -9, -9] });
  assert.deepEqual(vectorsOf(SPEC, { ...STATE, ...changed(STATE, 3, 1, [4]) })[3], [-9, 4]);
});

test("the plane has room for all vectors and for 0, and one scale for both axes", () => {
  const spans = spansOf([
    [1, 0],
    [4, -1],
  ]);
  assert.deepEqual(spans, [
    [-0.8, 4.8],
    [-1.5, 0.5],
  ]);
  const place = placed(spans, 560, 400);
  assert.equal(place.one, 100);
  near(pixels(place, [0, 0]), place.middle);
  near(pixels(place, [-0.8, 0]), [0, place.middle[1]]);
  near(pixels(place, [1, 1]), [place.middle[0] + 100, place.middle[1] - 100]);
  near(vectorAt(place, pixels(place, [1.25, -0.3])), [1.25, -0.3]);
  near(vectorAt(place, pixels(place, [1.26, -0.31])), [1.25, -0.3]);
});
