// The drawing of a model without a page: where its parts are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sizesOf } from "../src/views/architecture.js";
import { aloneIn, isAlone, layoutOf } from "../src/views/architecture_layout.js";
import { columns, encoder, sizes, sub } from "./transformer.js";

const drawn = layoutOf(columns, sizes, 506);
const keysUp = ({ boxes }, from) =>
  boxes
    .filter(({ key, kind }) => kind !== "times" && from.some((start) => key.startsWith(start)))
    .toSorted((a, b) => b.y - a.y)
    .map(({ key }) => key);

test("the data flow upwards through every part, the norm before its sub-layer", () => {
  assert.deepEqual(keysUp(drawn, ["target", "decoder", "output", "softmax"]), [
    ...["target_embedding", "target_positions", "decoder.around_attention", "decoder.attention"],
    ...["decoder.around_cross", "decoder.cross_attention", "decoder.around_ffn", "decoder.ffn"],
    ...["decoder_norm", "output", "softmax"],
  ]);
});

test("a post-norm stands above its sub-layer", () => {
  const rows = [{ kind: "block", key: "b", rows: [sub("b", "attention", "around", "full", false)] }];
  const layout = layoutOf([{ ...encoder, rows }], sizes, 506);
  assert.deepEqual(keysUp(layout, ["b"]), ["b.attention", "b.around"]);
});

test("no box lies on another, and all are inside", () => {
  for (const width of [340, 506, 700]) {
    const { boxes, high } = layoutOf(columns, sizesOf({ unit: 1, spec: { presenting: false } }, width), width);
    boxes.forEach((one, i) => {
      assert.ok(one.x >= 0 && one.x + one.wide <= width && one.y >= 0 && one.y + one.high <= high, one.key);
      for (const other of boxes.slice(0, i)) {
        const across = Math.min(one.x + one.wide, other.x + other.wide) - Math.max(one.x, other.x);
        const down = Math.min(one.y + one.high, other.y + other.high) - Math.max(one.y, other.y);
        assert.ok(across <= 0 || down <= (one.kind === "times" ? 4 : 1e-9), `${one.key} on ${other.key}`);
      }
    });
  }
});

test("a residual connection leaves below its norm and ends in its ⊕", () => {
  const plus = drawn.pluses.find(({ key }) => key === "decoder.around_cross");
  const norm = drawn.boxes.find(({ key }) => key === "decoder.around_cross");
  const { points } = drawn.lines.find(({ key, role }) => key === "decoder.around_cross" && !role);
  assert.ok(points[0][1] > norm.y + norm.high, "below its norm");
  assert.deepEqual(points.at(-1), [plus.x + plus.r, plus.y]);
});

test("keys and values come from the memory, queries from the decoder", () => {
  const entering = drawn.lines.filter(({ key, role }) => key === "decoder.cross_attention" && role);
  const memory = drawn.boxes.find(({ key }) => key === "memory");
  assert.deepEqual(new Set(entering.map(({ role }) => role)), new Set(["query", "key", "value"]));
  for (const { role, points } of entering) {
    const fromTheLeft = points[0][0] < points.at(-1)[0];
    assert.equal(fromTheLeft, role !== "query", role);
  }
  const way = drawn.lines.filter(({ key }) => key === "memory").flatMap(({ points }) => points);
  assert.deepEqual(way[0], [memory.x + memory.wide, memory.y + memory.high / 2]);
});

test("a height that is asked for is kept", () => {
  assert.ok(Math.abs(layoutOf(columns, sizes, 506, { high: 600 }).high - 600) < 1e-6);
});

const note = (mark, key, at) => ({ mark, key, at, text: `${key} ${at}` });
const llama = {
  ...{ name: "Decoder", side: 1, reads: "tokens", gives: "next token" },
  notes: [note("1", "b.norm", "box"), note("2", "b.attention", "way"), note("4", "b.attention", "box")],
  rows: [
    { kind: "box", key: "tokens" },
    { kind: "block", key: "b", rows: [sub("b", "attention", "norm", "causal")] },
  ],
};

test("a column that nothing stands beside needs no room for another", () => {
  assert.ok(isAlone([llama]) && isAlone([encoder]));
  assert.ok(!isAlone(columns));
  const width = aloneIn(sizes);
  for (const column of [llama, { ...llama, side: -1, notes: [] }]) {
    const { boxes, blocks } = layoutOf([column], sizes, width);
    for (const { x, wide } of boxes) assert.ok(x >= 0 && x + wide <= width);
    assert.deepEqual([blocks[0].x, blocks[0].wide], [0, width]);
    assert.equal(boxes[0].wide, sizes.widest);
  }
});

test("a note stands at the height of its part, or of the way into it", () => {
  const { boxes, labels } = layoutOf([llama], sizesOf({ unit: 1, spec: {} }, 500, { alone: true }), aloneIn(sizes));
  const middle = (wanted) => {
    const { y, high } = boxes.find(({ key }) => key === wanted);
    return y + high / 2;
  };
  const [norm, way, attention] = labels.filter(({ kind }) => kind === "note");
  const near = (one, other) => Math.abs(one - other) < 1e-9;
  assert.ok(near(norm.y, middle("b.norm")) && near(attention.y, middle("b.attention")));
  assert.ok(near(way.y, (norm.y + attention.y) / 2), "half way from the norm to the attention");
  assert.ok(norm.y - way.y > 16, "a line of text has room");
  assert.ok(Math.min(...[norm, way, attention].map(({ x }) => x)) > aloneIn(sizes));
});
