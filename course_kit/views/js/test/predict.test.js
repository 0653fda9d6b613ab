// What is said of a guess, without a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { verdictOf } from "../src/views/predict.js";
import { handsOf } from "../src/views/predict_hands.js";

const ANSWERS = ["to zero", "to the mean.", "nowhere"];
const said = (...given) => verdictOf(...given).map((parts) => parts.join(""));

test("one reason is that of the right answer, whatever was picked", () => {
  const question = { answers: ANSWERS, answer: 1, because: "All weights become equal." };
  assert.deepEqual(said(question, 1), ["✓ Yes. All weights become equal."]);
  assert.deepEqual(said(question, 1, true), ["✓ The answer: to the mean. All weights become equal."]); // nobody guessed
  assert.deepEqual(said(question, 0), ["✗ The answer: to the mean. All weights become equal."]);
  const full = { ...question, answers: ["趋于零", "趋于平均值。"] };
  assert.deepEqual(said(full, 0), ["✗ The answer: 趋于平均值. All weights become equal."]);
});

test("of a reason for each answer, that of the pick comes first, then that of the right one", () => {
  const question = { answers: ANSWERS, answer: 1, because: ["Weights sum to 1.", "They become equal.", "It moves."] };
  assert.deepEqual(said(question, 1), ["✓ Yes. They become equal."]);
  for (const [pick, reason] of [
    [0, "Weights sum to 1."],
    [2, "It moves."],
  ])
    assert.deepEqual(said(question, pick), [`✗ No. ${reason}`, "The answer is “to the mean”. They become equal."]);
});

test("raised hands are said round by round, those that were counted", () => {
  assert.equal(handsOf([12, NaN, 0], 0), "Hands before the discussion: A 12, C 0.");
  assert.equal(handsOf([NaN, NaN], 1), "");
});
