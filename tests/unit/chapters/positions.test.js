// Chapter 4's labs without a page: encodings, rotations and shuffled attention, held to their formulae.
import assert from "node:assert/strict";
import { test } from "node:test";
import { softmax } from "../../../course_kit/views/js/src/shared/numbers.js";
import { attend, compared, movedWords } from "../../../chapters/ch04/labs/shuffle_numbers.js";
import { dragged, held, noticed, numbersOf as turned } from "../../../chapters/ch04/labs/rotation_numbers.js";

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
