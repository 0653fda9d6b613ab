// The map of the descent without a page: where the word is at each step, and where a press on a part leads.
import assert from "node:assert/strict";
import { test } from "node:test";
import { litAt, partsOf } from "../../../chapters/ch05/labs/descent_map.js";

const LAYERS = 3;
const [encoder, decoder] = partsOf(LAYERS);
const lit = (step, layer) => decoder.slice(...litAt(step, layer, LAYERS)).map(({ name, layer: n }) => `${name} ${n}`);

test("the place of a word on its way down", () => {
  assert.deepEqual(lit(0, 2), ["embedding 0"]);
  assert.deepEqual(lit(2, 2), ["positions 0"]);
  assert.deepEqual(lit(3, 2), ["self-attention 1", "cross-attention 1", "feed-forward 1", "self-attention 2"]);
  for (const step of [4, 12, 18]) assert.deepEqual(lit(step, 3), ["cross-attention 3"]);
  assert.equal(lit(19, 1).length, 3 * LAYERS);
  assert.deepEqual([lit(20, 1), lit(21, 1)], [["output 0"], ["softmax 0"]]);
});

test("a press on a part leads to a step at which it is lit", () => {
  for (const { name, layer, go } of decoder) assert.ok(lit(go.step, go.layer ?? 2).includes(`${name} ${layer}`), name);
  assert.ok(encoder.every(({ go }) => go.step === 5 && !go.layer));
});
