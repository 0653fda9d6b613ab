// The map of the descent without a page: which parts of the drawing are lit on a word's way down.
import assert from "node:assert/strict";
import { test } from "node:test";
import { litAt } from "../../../chapters/ch05/labs/descent_map.js";
import { layoutOf } from "../../../course_kit/views/js/src/views/architecture_layout.js";
import { columns, sizes } from "../../../course_kit/views/js/test/transformer.js";

test("each step of the descent lights parts that are drawn", () => {
  const { boxes } = layoutOf(columns, { ...sizes, word: 0 }, 506, { layers: 3 });
  const there = new Set(boxes.map(({ key, layer }) => `${key} ${layer}`));
  for (let step = 0; step < 22; step++)
    for (const layer of [1, 2, 3]) {
      const { lit, past } = litAt(columns, 3, step, { word: 1, layer, head: 4 });
      assert.ok(lit.length, String(step));
      for (const { key, layer: n } of [...lit, ...past]) assert.ok(there.has(`${key} ${n}`), `${key} ${n}`);
      const before = new Set(past.map(({ key, layer: n }) => `${key} ${n}`));
      for (const { key, layer: n } of lit) assert.ok(!before.has(`${key} ${n}`), `${step}: ${key} is now, not past`);
    }
});

test("the place of a word on its way down", () => {
  const at = (step, layer) => litAt(columns, 3, step, { word: 1, layer, head: 4 });
  const lit = (step, layer) => at(step, layer).lit.map(({ key, layer: n }) => `${key} ${n}`);
  assert.deepEqual(lit(0, 2), ["target_embedding 0"]);
  assert.deepEqual(lit(1, 2), ["target_positions 0"]);
  assert.deepEqual(lit(3, 2), ["decoder.around_cross 2"]);
  assert.deepEqual(lit(5, 2), ["decoder.cross_attention 2", "memory 0"]);
  assert.deepEqual(lit(12, 3), ["decoder.cross_attention 3"]);
  assert.deepEqual(lit(18, 1), ["decoder.around_cross 1"]);
  assert.equal(lit(19, 1).length, 2 * 3 * 3);
  assert.deepEqual(lit(20, 1), ["decoder_norm 0", "output 0"]);
  assert.deepEqual(lit(21, 1), ["softmax 0"]);
  assert.deepEqual(at(9, 2).said, ["cross-attention", "layer 2, head 4"]);
  assert.equal(at(9, 2).past.length, 2 + 2 * 4, "the input, and four sub-layers with their norms");
});
