// The flow lab: contexts as weighted means, what is said about them, and what is at a point of a picture.
import assert from "node:assert/strict";
import test from "node:test";
import { Layout } from "../../../chapters/ch03/labs/flow_layout.js";
import { readBy, told, vectorsOf } from "../../../chapters/ch03/labs/flow_numbers.js";

const SPEC = /** @type {any} */ ({
  source: ["He", "sleeps", "."],
  tokens: { plain: ["Il"], attention: ["Il", "dort"] },
  dims: 2,
  from: [2],
});
const ARRAYS = {
  states: Float32Array.of(1, 0, 0, 2, -1, -1),
  weights: Float32Array.of(0.5, 0.25, 0.25, 0, 1, 0),
  plain_context: Float32Array.of(-3, 0.5),
};

test("the plain model's states are its own where it has some", () => {
  const plain_states = Float32Array.of(9, 9, 9, 9, 9, 9);
  assert.deepEqual([...vectorsOf(SPEC, { ...ARRAYS, plain_states }).states.plain[2]], [9, 9]);
  assert.deepEqual([...vectorsOf(SPEC, ARRAYS).states.plain[2]], [-1, -1]);
});

test("one length is the same number in both pictures, and at every word", () => {
  assert.equal(vectorsOf(SPEC, ARRAYS).reach, 3);
  assert.equal(vectorsOf(SPEC, { ...ARRAYS, states: Float32Array.of(1, 0, 0, -8, 0, 0) }).reach, 8);
  // a mean lies among the states: another word written does not change the scale
  const fewer = { ...SPEC, tokens: { ...SPEC.tokens, attention: ["Il"] } };
  assert.equal(vectorsOf(fewer, ARRAYS).reach, 3);
});

test("what a word reads: at most three words, the largest share first", () => {
  const { most, effective } = readBy(Float64Array.of(0.04, 0.2, 0.5, 0.06, 0.1, 0.1));
  assert.deepEqual(
    most.map(({ s }) => s),
    [2, 1, 4],
  );
  assert.ok(Math.abs(effective - 1 / (0.0016 + 0.04 + 0.25 + 0.0036 + 0.01 + 0.01)) < 1e-12);
  assert.deepEqual(readBy(Float64Array.of(0.96, 0.04)).most, [{ weight: 0.96, s: 0 }]);
});

test("the numbers of what is pointed at", () => {
  const vectors = vectorsOf(SPEC, ARRAYS);
  const say = (/** @type {any} */ place) => told(SPEC, vectors, { feature: null, ...place }, 0);
  assert.equal(say({ side: "plain", row: "states", i: 1 }), "state of “sleeps”: 0.00  2.00");
  assert.equal(say({ side: "attention", row: "states", i: 2, feature: 0 }), "state of “.”, feature 1 of 2: −1.000");
  assert.equal(say({ side: "attention", row: "weights", i: 0 }), "weight of “He”: 0.500");
  assert.equal(say({ side: "attention", row: "contexts", i: 1 }), "context for “dort”: 0.00  2.00");
  assert.equal(say({ side: "plain", row: "contexts", i: 0 }), "the one vector: −3.00  0.50");
  assert.equal(say({ side: "plain", row: "vector", i: 0, feature: 1 }), "the one vector, feature 2 of 2: 0.500");
});

test("what is at a point of a picture", () => {
  const layout = new Layout({ width: 400, unit: 1, tall: 1, dims: 2, sources: 3, columns: 4, above: 50, below: 40 });
  const at = (/** @type {any} */ side, /** @type {number} */ x, /** @type {number} */ y) =>
    layout.placeAt(side, x, y, 4, 2);
  const place = (/** @type {any} */ side, /** @type {any} */ row, i = 0, feature = /** @type {any} */ (null)) => ({
    side,
    row,
    i,
    feature,
  });
  const state = layout.states + 1;
  assert.deepEqual(at("plain", layout.source(1), 5), place("plain", "states", 1)); // a word: its whole column
  assert.deepEqual(at("plain", layout.source(2), state), place("plain", "states", 2, 0));
  assert.deepEqual(at("plain", layout.source(2), state + layout.cell), place("plain", "states", 2, 1));
  assert.deepEqual(at("attention", layout.source(0), layout.weights + 5), place("attention", "weights", 0));
  assert.equal(at("plain", layout.source(0), layout.weights + 5), null);
  const { x, y } = layout.box;
  assert.deepEqual(at("plain", x, y + 1), place("plain", "vector", 0, 0));
  assert.equal(at("attention", x, y + 1), null);
  const below = layout.contexts + layout.vector + 5;
  assert.deepEqual(at("attention", layout.at(1, 4), below), place("attention", "contexts", 1));
  assert.equal(at("attention", layout.at(2, 4), below), null); // not yet written
  assert.equal(at("attention", 3, below), null);
});

test("fewer columns stand in the middle, and a narrow picture has narrow ones", () => {
  const given = { unit: 1, tall: 1, dims: 2, sources: 2, columns: 4, above: 50, below: 40 };
  const layout = new Layout({ ...given, width: 2000 });
  assert.equal(layout.column, 48);
  assert.equal((layout.source(0) + layout.source(1)) / 2, layout.box.x);
  assert.equal(new Layout({ ...given, width: 90 }).column, 9);
});
