// What each model says to a question, and how it came to it, without a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { said, traceAt } from "../../../chapters/ch08/labs/replies.js";

const TRACE = {
  pieces: ["w", "h", "o", "?", "y", "!"],
  begins: 4,
  chances: [
    [
      ["y", 0.75],
      ["x", 0.25],
    ],
    [["!", 1]],
  ],
  heads: 2,
  at: 6, // behind other weights
};
const SPEC = {
  questions: ["who?", "why?"],
  models: ["a", "b"],
  replies: [
    ["x", "y"],
    ["1", "2"],
  ],
  traces: [
    [null, null],
    [TRACE, null],
  ],
};
const row = (place) => Array.from({ length: 6 }, (_, i) => Number(i === place));
const ARRAYS = { weights: Float32Array.from([...row(5), ...[0, 1, 2, 3].flatMap(row)]) };
const at = (state) => traceAt(SPEC, ARRAYS, { question: "who?", who: 1, step: -1, head: 0, ...state });

test("each model says its own to the question that is chosen, else to the first", () => {
  assert.deepEqual(said(SPEC, "why?"), [
    { model: "a", reply: "y" },
    { model: "b", reply: "2" },
  ]);
  assert.deepEqual(
    said(SPEC, "when?").map(({ reply }) => reply),
    ["x", "1"],
  );
});

test("a token has its own chances and the weights of the chosen head, and sees no later one", () => {
  const first = at({ step: 0, head: 1 });
  assert.deepEqual(first.attended, [0, 1, 0, 0]);
  assert.deepEqual([first.strongest, first.chances[0]], [1, ["y", 0.75]]);
  assert.deepEqual(at({}).attended, [0, 0, 1, 0, 0]);
});

test("where the chosen model has not written, the first that has is shown", () => {
  assert.deepEqual(at({ who: 0 }), at({}));
  assert.equal(at({ who: 0 }).who, 1);
});

test("what is too large is the last, and a sentence that no model wrote has no tokens", () => {
  assert.deepEqual([at({ step: 9 }).step, at({ head: 9 }).head, at({}).step], [1, 1, 1]);
  assert.equal(at({ question: "why?" }), null);
});
