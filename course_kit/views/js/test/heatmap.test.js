// What a heatmap shows of its data, without a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { HeatmapNumbers } from "../src/views/heatmap_numbers.js";

const STATE = { head: 0, row: -1, col: -1 };

/** The numbers of one map of these rows; `more` is of the spec. */
function mapOf(rows, more = {}, state = STATE) {
  const [queries, keys] = [rows.map((_, q) => `q${q}`), rows[0].map((_, k) => `k${k}`)];
  const shape = [1, 1, rows.length, rows[0].length];
  const spec = { shape, queries, keys, axes: ["query", "key"], range: [0, 1], ...more };
  return new HeatmapNumbers(spec, { weights: Float32Array.from(rows.flat()) }, state);
}

test("a row is of the map that is shown", () => {
  const shape = [1, 3, 1, 2];
  const state = { ...STATE };
  const map = mapOf([Array.from({ length: 6 }, (_, i) => i)], { shape, keys: ["a", "b"] }, state);
  assert.deepEqual([...map.row(0)], [0, 1]);
  state.head = 2;
  assert.deepEqual([...map.row(0)], [4, 5]);
  assert.deepEqual([...mapOf([[0.25, 0.75], [1, 0]]).row(1)], [1, 0]); // prettier-ignore
});

test("it opens on the largest number in sight that is not a word's own", () => {
  const rows = [
    [0.9, 0.1],
    [0.4, 0.6],
  ];
  assert.deepEqual(mapOf(rows).largest(2, 2), [0, 0]);
  assert.deepEqual(mapOf(rows, { queries: ["a", "b"], keys: ["a", "b"] }).largest(2, 2), [1, 0]);
  assert.deepEqual(mapOf(rows, { queries: ["a", "b"], keys: ["a", "b"] }).largest(0.5, 2), [0, 1]);
  assert.deepEqual(mapOf([[NaN, 0.2]]).largest(9, 9), [0, 1]);
  assert.deepEqual(mapOf([[NaN, NaN]]).largest(9, 9), [0, 0]);
});

test("a cell is said in words", () => {
  const map = mapOf([[0.25, 0.75, NaN]]);
  assert.equal(map.said([0, 1]).sentence, "“q0” puts 75 % of its attention on “k1”, its largest share.");
  assert.equal(map.said([0, 0]).sentence, "“q0” puts 25 % of its attention on “k0”.");
  assert.deepEqual(map.said([0, 2]), { exact: "masked", sentence: "“q0” may not attend to “k2”." });
  const even = mapOf([[0.5, 0.5]]);
  assert.equal(even.said([0, 0]).sentence, "“q0” puts 50 % of its attention on “k0”.", "two are the largest");
});

test("labels from right to left turn round nothing else in a sentence", () => {
  const map = mapOf([[1]], { queries: ["שלום"], keys: ["\u202eabc\0"] });
  assert.equal(
    map.said([0, 0]).sentence,
    "“\u2068שלום\u2069” puts 100 % of its attention on “abc␀”, its largest share.",
  );
});

test("bars are this number and the largest of its row, from left to right", () => {
  const row = Array.from({ length: 20 }, (_, k) => k / 190);
  const bars = mapOf([row]).bars([0, 0]);
  assert.deepEqual(
    bars.map(({ name }) => name),
    ["k0", ...Array.from({ length: 13 }, (_, i) => `k${i + 7}`)],
  );
  assert.deepEqual([bars[0].on, bars[0].text, bars[1].text], [true, "0.00", "0.04"]);
});

test("a table has all numbers, or the three largest where there are many", () => {
  assert.deepEqual(mapOf([[0.25, NaN]]).table(), { header: ["query", "k0", "k1"], rows: [["q0", "0.250", "masked"]] });
  const row = Array.from({ length: 40 }, (_, k) => (k === 5 ? 0.5 : 0.5 / 39));
  const long = mapOf([row]).table();
  assert.deepEqual(long.header, ["query", "1st key", "2nd key", "3rd key"]);
  assert.deepEqual(long.rows[0].slice(0, 2), ["q0", "k5 0.500"]);
});

test("numbers and labels that do not fit together are no heatmap", () => {
  assert.throws(() => mapOf([[1, 0]], { keys: ["one"] }), /fit together/);
  assert.throws(() => mapOf([[1, 0]], { shape: [1, 2, 1, 2] }), /fit together/);
  assert.throws(() => mapOf([[1, 0]], { shape: undefined }));
  assert.throws(() => mapOf([[1, -Infinity]]), /infinite/);
});
