// Labels from anybody's data, as views show them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { crowded, curled, readable, slanting } from "../src/shared/labels.js";

test("quotes of a sentence are curly", () => {
  assert.equal(curled(`the model's "it", and ("that")`), "the model’s “it”, and (“that”)");
  assert.equal(curled("“it” isn’t"), "“it” isn’t");
  assert.equal(curled("How does it come to write “l'”?"), "How does it come to write “l'”?");
});

test("a word stays as it is", () => {
  for (const word of ["animal", "didn't", "", " ", "我", "naïve", "<b>&amp;</b>", "[CLS]", "two words"])
    assert.equal(readable(word), word);
});

test("what no font draws gets a sign, and a space remains one", () => {
  assert.equal(readable("a\0b"), "a␀b");
  assert.equal(readable("\x1b[31m\x7f"), "␛[31m␡");
  assert.equal(readable("a\nb\tc"), "a\nb\tc");
});

test("a long label is cut between letters as a reader counts them", () => {
  assert.equal(readable("x".repeat(10_000)), `${"x".repeat(100)}…`);
  assert.equal(readable("x".repeat(100)), "x".repeat(100));
  assert.equal(readable("👩‍🚀👩‍🚀👩‍🚀", 2), "👩‍🚀👩‍🚀…");
  assert.equal(readable("👩‍🚀👩‍🚀👩‍🚀", 3), "👩‍🚀👩‍🚀👩‍🚀");
});

test("a letter keeps its accents, and loses a tower of them", () => {
  assert.equal(readable("ô̂ ञ्चा"), "ô̂ ञ्चा");
  assert.equal(readable(`z${"\u0301".repeat(10_000)}!`), `z${"\u0301".repeat(4)}!`);
});

test("text from right to left is kept apart from what stands around it", () => {
  assert.equal(readable("שלום"), "\u2068שלום\u2069");
  assert.equal(readable("مرحبا 12"), "\u2068مرحبا 12\u2069");
});

test("signs that turn text round are left out", () => {
  assert.equal(readable("abc\u202edef\u2067"), "abcdef");
  assert.equal(readable("\u2069\u202eשלום"), "\u2068שלום\u2069");
});

test("slanted labels are legible: 11 pixels or more, and their lines never closer than their type is high", () => {
  const plain = { unit: 1, font: (size) => `400 ${Math.round(size)}px sans-serif` };
  for (let cell = 4; cell <= 56; cell++) {
    const { size, turn, every } = slanting(plain, cell);
    assert.ok(size >= 11 && size <= 13);
    assert.ok(every * cell * Math.sin(turn) >= 1.05 * Math.round(size) - 1e-9, `cells of ${cell}`);
  }
  assert.deepEqual(
    [9, 14, 20].map((cell) => slanting(plain, cell).every),
    [2, 1, 1],
  );
  assert.ok(slanting(plain, 14).turn > slanting(plain, 20).turn);
  const screen = { unit: 1.8, font: (size) => `400 ${Math.max(24, Math.round(1.8 * size))}px sans-serif` };
  assert.equal(slanting(screen, 50).every, 1);
  assert.equal(slanting(screen, 20).every, 2);
});

test("of labels in a crowd every so many are shown, and those that are lit keep others away", () => {
  const shown = (every, ...lit) => [0, 1, 2, 3, 4, 5, 6].filter((i) => !crowded(i, (j) => lit.includes(j), every));
  assert.deepEqual(shown(1, 3), [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(shown(2), [0, 2, 4, 6]);
  assert.deepEqual(shown(2, 3), [0, 3, 6]);
  assert.deepEqual(shown(3, 4), [0, 4]);
  assert.deepEqual(shown(2, 3, 4), [0, 3, 4, 6]);
});
