// The drawing of the Transformer: nothing lies on anything else, lines lead to their parts, keys move along the data.
import assert from "node:assert/strict";
import { test } from "node:test";
import { layoutOf, neighbour } from "../src/ch05/architecture_layout.js";

/** @import { Part, PartKind, Side } from "../src/ch05/architecture_layout.js" */

const high = { data: 25, layer: 27, sublayer: 30, norm: 24, attention: 32, residual: 24 };
const across = { outer: 42, lane: 26, inner: 16, gutter: 62 };
const SIZES = { ...across, high, letter: 17, gap: 10, branch: 14, roles: 20, sum: 6, edge: 8 };

/** @param {Side} side @param {string} name @param {PartKind} kind @param {Part["mask"]} mask */
const part = (side, name, kind, mask = "") => /** @type {Part} */ ({ name, side, kind, mask });

/** @param {Side} side @param {string} around @param {string} name @param {Part["mask"]} mask */
const sublayer = (side, around, name, mask = "") => [
  part(side, `${side}.${around}.norm`, "norm"),
  part(side, `${side}.${name}`, mask ? "attention" : "sublayer", mask),
  part(side, `${side}.${around}`, "residual"),
];

const ENCODER = [
  part("encoder", "source", "data"),
  part("encoder", "positions", "layer"),
  ...sublayer("encoder", "around_attention", "attention", "full"),
  ...sublayer("encoder", "around_ffn", "ffn"),
  part("encoder", "encoder_norm", "norm"),
];
const DECODER = [
  part("decoder", "target", "data"),
  part("decoder", "target_positions", "layer"),
  ...sublayer("decoder", "around_attention", "attention", "causal"),
  ...sublayer("decoder", "around_cross", "cross_attention", "cross"),
  ...sublayer("decoder", "around_ffn", "ffn"),
  part("decoder", "logits", "data"),
];
const BOTH = [...ENCODER, ...DECODER];

test("no part lies on another, each is above those that it reads, and all are on the paper", () => {
  for (const parts of [BOTH, ENCODER, DECODER]) {
    const { boxes, height, frames } = layoutOf(parts, 2, 600, SIZES);
    for (const half of [ENCODER, DECODER].filter(([first]) => parts.includes(first)))
      half.slice(1).forEach(({ name }, i) => {
        const below = boxes[half[i].name];
        assert.ok(boxes[name].y + boxes[name].h < below.y, name);
      });
    for (const { x, y, w, h } of [...Object.values(boxes), ...frames])
      assert.ok(x >= 0 && y >= 0 && x + w <= 600 && y + h <= height);
  }
  const { frames } = layoutOf(BOTH, 2, 600, SIZES);
  assert.ok(frames[0].x + frames[0].w < frames[1].x);
});

test("queries, keys and values arrive at self-attention from below, keys and values at cross-attention from the left", () => {
  const { boxes, lines } = layoutOf(BOTH, 2, 600, SIZES);
  const to = (/** @type {string} */ name) => lines.filter((line) => line.to === name && line.role);
  for (const name of ["encoder.attention", "decoder.attention"]) {
    assert.deepEqual(
      to(name).map(({ role }) => role),
      ["query", "key", "value"],
    );
    for (const { points } of to(name)) assert.equal(points[points.length - 1][1], boxes[name].y + boxes[name].h);
  }
  const cross = to("decoder.cross_attention");
  assert.deepEqual(
    cross.map(({ role }) => role),
    ["query", "key", "value"],
  );
  for (const { points } of cross.slice(1))
    assert.equal(points[points.length - 1][0], boxes["decoder.cross_attention"].x);
  const coloured = lines.filter(({ role }) => role).map((line) => line.to);
  assert.equal(coloured.length, 9);
});

test("a residual connection goes round the norm and the sub-layer into the sum", () => {
  const { boxes, lines } = layoutOf(BOTH, 2, 600, SIZES);
  for (const { name } of BOTH.filter(({ kind }) => kind === "residual")) {
    const around = lines.find((line) => line.to === name && line.points.length === 4);
    const [[, low], [out], , [, high]] = around?.points ?? [];
    const norm = boxes[`${name}.norm`];
    assert.ok(low > norm.y + norm.h && (out < norm.x || out > norm.x + norm.w));
    assert.equal(high, boxes[name].y + boxes[name].h / 2);
  }
});

test("one half alone: no memory line leaves the paper, and the decoder still gets its memory", () => {
  const encoder = layoutOf(ENCODER, 6, 330, SIZES);
  assert.ok(encoder.labels.some(({ text }) => text === "memory") && encoder.labels.some(({ text }) => text === "× 6"));
  assert.deepEqual(
    encoder.lines.filter(({ role }) => role).map(({ role }) => role),
    ["query", "key", "value"],
  );
  const decoder = layoutOf(DECODER, 6, 330, SIZES);
  assert.ok(decoder.labels.some(({ text }) => text === "memory"));
  for (const { points } of [...encoder.lines, ...decoder.lines])
    for (const [x, y] of points)
      assert.ok(x >= 0 && x <= 330 && y >= 0 && y <= Math.max(encoder.height, decoder.height));
});

test("up goes on with the data, down back, to the side into the other half at the same height", () => {
  const { boxes } = layoutOf(BOTH, 2, 600, SIZES);
  const go = (/** @type {string} */ from, /** @type {[number, number]} */ step) => neighbour(BOTH, boxes, from, step);
  assert.equal(go("source", [-1, 0]), "positions");
  assert.equal(go("source", [1, 0]), "source");
  assert.equal(go("encoder_norm", [-1, 0]), "target");
  assert.equal(go("logits", [-1, 0]), "logits");
  assert.equal(go("encoder.attention", [0, 1]), "decoder.attention");
  assert.equal(go("decoder.attention", [0, 1]), "decoder.attention");
  assert.equal(go("logits", [0, -1]), "encoder_norm");
  assert.equal(go("logits", [0, -1e6]), "source");
  assert.equal(go("source", [0, 1e6]), "logits");
});
