// The head explorer's numbers, words and layout, and what is told of a changed look.
import assert from "node:assert/strict";
import { test } from "node:test";
import { packed } from "../src/views/cause.js";
import { differing, toldOf } from "../src/views/cause_words.js";
import { cellAt, layoutOf, mapAt } from "../src/views/heads_layout.js";
import { strongest } from "../src/shared/numbers.js";
import { HeadsNumbers, most } from "../src/views/heads_numbers.js";
import { Matrix } from "../src/models/tensors.js";

const WORDS = ["the", "animal", "slept"];
const MAP = { name: "attention", queries: WORDS, keys: WORDS, shape: [2, 2, 3, 3], masked: false };
const STATE = { map: "attention", layer: 0, head: 0, query: 1, key: 2, number: "weight", knocked: [] };
const SPEC = { maps: [MAP], high: 1, state: STATE };

/** Head h of layer l gives key k of each query 0.1 (l + 1) (h + 1), the others the rest by halves. */
function weights(key = 2) {
  const all = new Float32Array(36);
  for (let at = 0; at < 36; at++) {
    const head = Math.floor(at / 9);
    const share = 0.1 * (Math.floor(head / 2) + 1) * ((head % 2) + 1);
    all[at] = at % 3 === key ? share : (1 - share) / 2;
  }
  return all;
}

const of = (patch = {}, hover = {}, spec = SPEC, array = weights()) =>
  new HeadsNumbers(spec, { map0: array }, { ...STATE, ...patch }, hover);

test("the largest weight is found beside masked cells", () => {
  assert.equal(strongest(Float32Array.of(NaN, 0.2, 0.8, NaN)), 2);
  assert.equal(strongest(Float32Array.of(0.5, 0.5)), 0);
  assert.equal(strongest(Float32Array.of(NaN, 0)), 1);
  assert.equal(most(Float32Array.of(NaN, 0.25, 0.5)), 0.5);
});

test("what is chosen stays inside the map", () => {
  assert.deepEqual(of({ layer: 9, head: 9, query: 9, key: 9 }).opened, [1, 1]);
  assert.deepEqual(of({ head: -1 }).opened, [0, 2]);
  const far = of({ query: 9, key: 9 });
  assert.deepEqual([far.query, far.fixed], [2, 2]);
});

test("a pointer shows another word, and tells of another head", () => {
  assert.equal(of({}, { row: 2 }).query, 2);
  assert.equal(of({}, { row: 2 }).chosen, 1);
  assert.equal(of({}, { col: 0 }).fixed, 0);
  assert.deepEqual(of({}, { layer: 1, head: 2 }).told, [1, 2]);
  assert.deepEqual(of({}, { layer: 1, head: 2 }).opened, [0, 0]);
});

test("a sentence says the weight, and what else there is to say", () => {
  const numbers = of({ knocked: [[1, 1]] });
  assert.equal(numbers.sentence(0, 0), "layer 1, head 1: “animal” gives 0.100 to “slept”");
  assert.equal(numbers.sentence(1, 1), "layer 2, head 2: “animal” gives 0.400 to “slept”, its largest share");
  assert.equal(numbers.sentence(1, 2), "layer 2, mean of its heads: “animal” gives 0.300 to “slept”");
  assert.equal(numbers.more(1, 1), "The largest of 4 heads. Knocked out. ");
  assert.equal(numbers.more(0, 0), "Number 4 of 4 heads. ");
  assert.equal(numbers.more(0, 2), "");
  const closed = weights();
  closed[5] = NaN;
  assert.equal(of({}, {}, SPEC, closed).sentence(0, 0), "layer 1, head 1: “animal” may not attend to “slept”");
});

test("a head is knocked out and brought back, in its map", () => {
  assert.deepEqual(of({ knocked: [[0, 0]] }).toggled([1, 1]), [
    [0, 0],
    [1, 1],
  ]);
  assert.deepEqual(of({ knocked: [[0, 0]] }).toggled([0, 0]), []);
  const two = { ...SPEC, maps: [MAP, { ...MAP, name: "other" }] };
  assert.deepEqual(of({}, {}, two).toggled([1, 0]), [["attention", 1, 0]]);
  assert.equal(of({ knocked: [["other", 0, 0]] }, {}, two).out(0, 0), false);
});

// ---- layout

const letterWidth = (size) => (words) => Math.max(...words.map((word) => 0.6 * size * word.length));
const ROOM = { narrow: false, unit: 1, tall: 1, digits: 11, grid: Infinity, open: Infinity, widest: letterWidth(13) };
const PRESENTING = { ...ROOM, unit: 1.8, tall: 1.15, digits: 24, widest: letterWidth(24) };
const sentence = (count, shape) => {
  const words = Array.from({ length: count }, (_, i) => `word${i}`);
  return { ...MAP, queries: words, keys: words, shape: [...shape, count, count] };
};

test("numbers stand below the frame of their map, at every size", () => {
  for (const room of [ROOM, PRESENTING, { ...PRESENTING, grid: 400, open: 500 }])
    for (const [layers, heads] of [
      [3, 4],
      [6, 8],
      [1, 1],
    ]) {
      const { tall, down, frame, number } = layoutOf(sentence(12, [layers, heads]), { ...room, width: 1896 });
      const top = tall + number - 0.73 * room.digits;
      const edge = tall + 0.5 + frame / 2;
      assert.ok(top - edge >= room.unit, `${top} is on the frame that ends at ${edge}`);
      const next = down - 0.5 - frame / 2;
      assert.ok(next - (tall + number) >= 2, "and above the next map's");
    }
});

test("the open head is beside the small maps where there is room, else below", () => {
  assert.equal(layoutOf(sentence(12, [3, 4]), { ...ROOM, width: 1136 }).beside, true);
  assert.equal(layoutOf(sentence(12, [3, 4]), { ...ROOM, width: 620 }).beside, false);
  assert.equal(layoutOf(sentence(12, [3, 4]), { ...ROOM, width: 1136, narrow: true }).beside, false);
});

test("of many words a window is seen; of a few all", () => {
  const few = layoutOf(sentence(12, [3, 4]), { ...ROOM, width: 1136 }).big;
  const many = layoutOf(sentence(200, [3, 4]), { ...ROOM, width: 1136 }).big;
  assert.equal(few.high, 12 * few.down);
  assert.ok(many.high < 200 * many.down);
});

test("where height is dear both pictures keep to it", () => {
  const map = sentence(12, [3, 4]);
  const room = { ...PRESENTING, width: 1896 };
  const free = layoutOf(map, room);
  const low = layoutOf(map, { ...room, grid: 420, open: 560 });
  assert.ok(free.height > 420 && low.height <= 420);
  assert.ok(free.big.height > 560 && low.big.height <= 562);
  assert.ok(low.tile > low.tall, "a low map is wider");
  assert.ok(low.width + low.big.width <= 1896);
});

test("a point is a small map, a cell or a label", () => {
  const map = sentence(3, [2, 2]);
  const layout = layoutOf(map, { ...ROOM, width: 1136 });
  const { left, top, across, down, big } = layout;
  const middle = [left + 2.5 * across, top + 1.5 * down];
  assert.deepEqual(mapAt(layout, map.shape, ...middle), { layer: 1, head: 2 });
  assert.deepEqual(mapAt(layout, map.shape, left - 9, top + 5), {});
  assert.deepEqual(mapAt(layout, map.shape, left + 3 * across + 5, top + 5), {});
  const y = big.top + 1.5 * big.down;
  assert.deepEqual(cellAt(big, map.shape, big.left + 2.5 * big.across, y), { row: 1, col: 2 });
  assert.deepEqual(cellAt(big, map.shape, 5, y), { row: 1 });
  assert.deepEqual(cellAt({ ...big, slanted: false }, map.shape, big.left + 5, 5), { col: 0 });
  assert.deepEqual(cellAt({ ...big, y: big.down }, map.shape, 5, y), { row: 2 });
  assert.deepEqual(cellAt(big, map.shape, big.left + 3.5 * big.across, y), {});
});

// ---- what is told of a changed look

const CHANGED = {
  texts: [
    ["il", " est", " fatigué", "."],
    ["elle", " est", " large", "."],
  ],
  place: 0,
  words: [
    ["il", 0.9, 0.2],
    ["est", 0.8, 0.7],
  ],
  stops: [
    [
      ["le", 0.5],
      ["il", 0.9],
    ],
    [
      ["le", 0.5],
      ["elle", 0.6],
    ],
  ],
};
const SAME = { ...CHANGED, texts: [CHANGED.texts[0], CHANGED.texts[0]] };

test("of two texts what differs is marked, between what is the same at both ends", () => {
  const marks = (text, other) => differing(text, other).map(({ changed }) => Number(changed));
  assert.deepEqual(marks(CHANGED.texts[0], CHANGED.texts[1]), [1, 1, 1, 0]);
  assert.deepEqual(marks(["a", "b", "c"], ["a", "x", "y", "c"]), [0, 1, 0]);
  assert.deepEqual(marks(["a", "b"], ["a", "b"]), [0, 0]);
});

test("a change is told: the texts, or that it is still the same, and what moved most", () => {
  const told = toldOf(CHANGED, "Asked.");
  assert.deepEqual(
    told.texts.map(({ name, words }) => name + words.map(({ text }) => text).join("")),
    ["It wrote: il est fatigué.", "Now: elle est large."],
  );
  assert.equal(told.news, "“il” moved most: 0.900, now 0.200.");
  assert.equal(toldOf(SAME, "Asked.").news, "It still writes that. “il” moved most: 0.900, now 0.200.");
  assert.equal(toldOf(SAME, "Asked.").texts.length, 1);
  const still = { ...SAME, words: [["il", 0.9, 0.9001]] };
  assert.equal(toldOf(still, "Asked.").news, "It still writes that. No probability has moved by 0.001.");
});

test("weights of a reading are packed as the view has them", () => {
  const head = new Matrix(2, 2, Float32Array.of(1, 0, 0.25, 0.75));
  assert.deepEqual([...packed([[head], [head]])], [1, 0, 0.25, 0.75, 1, 0, 0.25, 0.75]);
});
