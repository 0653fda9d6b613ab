// What each model says to a question, without a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { said } from "../../../chapters/ch08/labs/replies.js";

const SPEC = {
  questions: ["who?", "why?"],
  models: ["a", "b"],
  replies: [
    ["x", "y"],
    ["1", "2"],
  ],
};

test("each model says its own to the question that is chosen", () => {
  assert.deepEqual(said(SPEC, "why?"), [
    { model: "a", reply: "y" },
    { model: "b", reply: "2" },
  ]);
});

test("of a question that is not there, the first is shown", () => {
  assert.deepEqual(
    said(SPEC, "when?").map(({ reply }) => reply),
    ["x", "1"],
  );
});
