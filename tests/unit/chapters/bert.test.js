// Chapter 6's predictions without a page: sums, bars and answers, held to their definitions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Lesson, OwnText, askedOf, rightOf, rowsOf } from "../../../chapters/ch06/labs/predictions_numbers.js";
import { isMark } from "../../../chapters/ch06/labs/words.js";

const near = (a, b, within = 1e-12) => assert.ok(Math.abs(a - b) < within, `${a} is not ${b}`);

// ---- predictions
const lesson = new Lesson(
  {
    ...{ names: ["a", "b", "c"], positions: [1, 2], truth: ["b", null], models: ["x", "y"], top: 2 },
    vocabulary: ["a", "b", "c"],
  },
  {
    words: Float32Array.of(1, 0, 2, 1, 0, 2, 1, 0),
    top: Float32Array.of(0.75, 0.125, 0.5, 0.25, 0.5, 0.375, 0.5, 0.25),
    true: Float32Array.of(0.75, 0, 0.0625, 0),
    rank: Float32Array.of(1, 0, 3, 0),
  },
);

test("all others are what is left: without the true word where it is listed by itself", () => {
  assert.equal(rowsOf(lesson, 0, 0).others, 0.125);
  assert.equal(rowsOf(lesson, 0, 0).beyond, null);
  assert.deepEqual(
    rowsOf(lesson, 0, 0).bars.map(({ right }) => right),
    [true, false],
  );
  assert.equal(rowsOf(lesson, 1, 0).others, 1 - 0.875 - 0.0625);
  assert.equal(rowsOf(lesson, 1, 0).beyond?.rank, 3);
  assert.equal(rowsOf(lesson, 0, 1).others, 0.25);
});

// A tokenizer of these words, and a model whose logits at a place are 2 for the word before it, 1 for the one after.
const KNOWN = ["[CLS]", "[SEP]", "[MASK]", "[UNK]", "the", "dog", "bites", "man"];
const tokenizer = {
  mask: 2,
  token: (id) => KNOWN[id],
  framed: (text) => {
    const ids = text
      .split(" ")
      .filter(Boolean)
      .map((word) => Math.max(3, KNOWN.indexOf(word)) - (word === "[MASK]"));
    return [0, ...ids, 1].map((id) => ({ id, segment: 0, text: KNOWN[id] }));
  },
};
const asked = [];
const model = {
  config: { segments: 2 },
  logits: (ids) => {
    asked.push(ids);
    const logits = (place) => KNOWN.map((_, id) => (id === ids[place - 1] ? 2 : id === ids[place + 1] ? 1 : 0));
    return { words: { row: logits } };
  },
};

test("each word of an own text is covered when it is asked for, and once", () => {
  const own = new OwnText({ model, tokenizer }, "the dog bites the man", 3);
  asked.length = 0;
  assert.deepEqual(own.positions, [1, 2, 3, 4, 5]);
  assert.equal(own.ready(1), false);
  const [best, second] = own.bars(0, 1);
  assert.deepEqual([best.word, second.word], ["the", "bites"]);
  const whole = Math.exp(2) + Math.exp(1) + 6;
  near(best.p, Math.exp(2) / whole);
  const { p, ...known } = own.known(0, 1);
  near(p, 1 / whole);
  assert.deepEqual(known, { word: "dog", rank: 7 }); // of equal ones the first in the vocabulary comes first
  assert.deepEqual(asked, [[0, 4, 2, 6, 4, 7, 1]]);
  assert.equal(own.ready(1), true);
  assert.equal(rightOf(own, 0), 0);
  assert.deepEqual(asked.length, 1); // what is not computed is not counted
});

test("a text with gaps of its own is asked at these, and nothing is true there", () => {
  const own = new OwnText({ model, tokenizer }, "the [MASK] bites", 2);
  assert.deepEqual([own.positions, own.truth, askedOf(own)], [[2], [null], 0]);
  assert.equal(own.known(0, 0), null);
  assert.deepEqual(own.bars(0, 0)[0].word, "the");
});

test("a text without words, or too long, is refused", () => {
  assert.throws(() => new OwnText({ model, tokenizer }, "猫", 2), /no word in it that the model knows/);
  const long = Array.from({ length: 70 }, () => "dog").join(" ");
  assert.throws(() => new OwnText({ model, tokenizer }, long, 2), /70 pieces of words; this picture has room for 60/);
});

test("only what is no word is set small where it cannot be chosen", () => {
  assert.deepEqual(["[CLS]", "[SEP]", ".", "“"].map(isMark), [true, true, true, true]);
  assert.deepEqual(["dog", "##s", "1984", "天", "don't"].map(isMark), [false, false, false, false, false]);
});
