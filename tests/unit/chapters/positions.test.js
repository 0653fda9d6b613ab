// Chapter 4's labs without a page: encodings, rotations and shuffled attention, held to their formulae.
import assert from "node:assert/strict";
import { test } from "node:test";
import { softmax } from "../../../course_kit/views/js/src/shared/numbers.js";
import { SAME, attend, compared, movedWords, numbersOf } from "../../../chapters/ch04/labs/shuffle_numbers.js";
import { dragged, held, noticed, numbersOf as turned } from "../../../chapters/ch04/labs/rotation_numbers.js";
import { encode, frequencies } from "../../../chapters/ch04/labs/sines.js";

const near = (a, b, within = 1e-12) => assert.ok(Math.abs(a - b) < within, `${a} is not ${b}`);

// ---- the rotation
test("a dragged point goes to the nearest position, of two in one place to the nearer value", () => {
  const values = Array.from({ length: 50 }, (_, i) => i);
  const now = { position: 5, offset: 3, pair: 0 };
  const omega = Math.PI / 4; // eight positions in a turn
  assert.equal(held(now, omega, 5 * omega), "position");
  assert.equal(held(now, omega, 8 * omega - 0.1), "offset");
  assert.equal(held({ ...now, offset: 0 }, omega, 5 * omega), "position");
  assert.equal(dragged(now, omega, "position", values, 6 * omega), 6);
  assert.equal(dragged({ ...now, position: 21 }, omega, "position", values, 6 * omega), 22);
  assert.equal(dragged(now, omega, "offset", [-3, -2, -1, 0, 1, 2, 3, 4], omega + 0.05), 4);
});

test("what was moved last is told, and whether R moved with it", () => {
  const at = (state) => ({ state, matrix: turned({ length: 9, size: 8 }, state).matrix });
  const first = at({ position: 5, offset: 3, pair: 1 });
  const told = (change) => noticed(first, ...Object.values(at({ ...first.state, ...change })));
  assert.equal(told({}), null);
  assert.equal(told({ position: 6 }), "You moved i from 5 to 6: R stayed the same.");
  assert.equal(told({ offset: -2 }), "You moved δ from 3 to −2: R is another matrix.");
  assert.equal(told({ pair: 2 }), "You moved j from 1 to 2: R is another matrix.");
  assert.equal(told({ position: 1, offset: 1 }), "");
});

// ---- the shuffle
const NAMES = ["the", "dog", "bites", "the", "old", "man"];
const ORDERS = [
  [0, 1, 2, 3, 4, 5],
  [5, 4, 3, 2, 1, 0],
  [2, 0, 1, 3, 5, 4],
];
const numbers = (count, seed) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(1 + seed + 7 * i * (seed + 1)));
const spec = (given = {}) => ({ names: NAMES, size: 4, ...given });
const state = (order, positions = false, word = 0) => ({ order, positions, word });
const arrays = { x: numbers(24, 0) };
const projected = { ...arrays, query: numbers(12, 1), key: numbers(12, 2), value: numbers(8, 3) };

test("weights are the softmax of q · k / √d, outputs their averages of v", () => {
  const at = (array, size, row) => Array.from(array.slice(row * size, (row + 1) * size));
  const by = (row, map, columns) =>
    Array.from({ length: columns }, (_, e) => row.reduce((sum, x, d) => sum + x * map[d * columns + e], 0));
  for (const order of ORDERS)
    for (const positions of [false, true]) {
      const { weights, outputs } = attend(spec(), projected, order, positions);
      const added = (place, d) => (positions ? encode(place, frequencies(4))[d] : 0);
      const rows = order.map((w, place) => at(projected.x, 4, w).map((x, d) => x + added(place, d)));
      rows.forEach((row, r) => {
        const q = by(row, projected.query, 3);
        const raised = rows.map((other) => {
          const k = by(other, projected.key, 3);
          return Math.exp((q[0] * k[0] + q[1] * k[1] + q[2] * k[2]) / Math.sqrt(3));
        });
        const total = raised.reduce((a, b) => a + b);
        weights[r].forEach((w, c) => near(w, raised[c] / total));
        outputs[r].forEach((out, e) => {
          const pooled = rows.reduce((sum, other, c) => sum + weights[r][c] * by(other, projected.value, 2)[e], 0);
          near(out, pooled);
        });
      });
    }
});

test("outputs move with their words until positions are added", () => {
  for (const given of [arrays, projected])
    for (const order of ORDERS) {
      const without = numbersOf(spec(), given, state(order));
      assert.ok(without.equivariant && without.invariant && Math.max(...without.change) < SAME);
      const first = String(order) === String(ORDERS[0]);
      const added = numbersOf(spec(), given, state(order, true));
      assert.equal(added.equivariant, first);
      assert.equal(added.invariant, first);
      assert.equal(added.drift < SAME, first);
    }
});

test("the verdict is computed: scores that grow with the place of the key are not called equivariant", () => {
  const broken = (order) => {
    const rows = order.map((w) => Array.from(arrays.x.slice(4 * w, 4 * w + 4)));
    return rows.map((q) => {
      const scores = rows.map((k, place) => 0.3 * place + q.reduce((sum, x, d) => sum + x * k[d], 0) / 2);
      const weights = softmax(scores);
      return q.map((_, d) => rows.reduce((sum, row, c) => sum + weights[c] * row[d], 0));
    });
  };
  const swapped = [1, 0, 2, 3, 4, 5];
  const right = attend(spec(), arrays, swapped, false).outputs;
  const first = attend(spec(), arrays, ORDERS[0], false).outputs;
  assert.equal(compared(swapped, right, first).equivariant, true);
  const verdict = compared(swapped, broken(swapped), broken(ORDERS[0]));
  assert.equal(verdict.equivariant, false);
  assert.equal(verdict.invariant, false);
  assert.equal(compared(ORDERS[0], broken(ORDERS[0]), broken(ORDERS[0])).equivariant, true);
});

test("two words change places, three are named, more are counted", () => {
  const who = (order) => movedWords(spec(), state(order));
  assert.equal(who([0, 1, 2, 3, 4, 5]), null);
  assert.equal(who([0, 2, 1, 3, 4, 5]), "“dog” and “bites”");
  assert.equal(who([0, 2, 4, 3, 1, 5]), "“dog”, “bites”, “old”");
  assert.equal(who([5, 4, 3, 2, 1, 0]), "6 words");
});
