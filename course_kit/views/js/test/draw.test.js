// Text that fits into a picture, with a pen that only measures: a letter is 10 wide.
import assert from "node:assert/strict";
import { test } from "node:test";
import { broken, fitted, widest } from "../src/shared/draw.js";

const pen = /** @type {any} */ ({ measureText: (text) => ({ width: 10 * Array.from(text).length }) });

test("a text that fits stays whole, another is cut with …", () => {
  assert.equal(fitted(pen, "animal", 60), "animal");
  assert.equal(fitted(pen, "animal", 59), "anim…");
  assert.equal(fitted(pen, "animal", 30), "an…");
  assert.equal(fitted(pen, "", 0), "");
  assert.equal(fitted(pen, "ab", 1), "a…", "one letter stays, however narrow it is");
});

test("what is cut is as long as it can be", () => {
  for (let room = 20; room <= 400; room += 7) {
    const text = fitted(pen, "x".repeat(30), room);
    if (text.endsWith("…")) assert.ok(pen.measureText(text).width <= room && room - pen.measureText(text).width < 10);
    else assert.ok(room >= 300);
  }
});

test("a very long text costs few measurements", () => {
  let count = 0;
  const counting = /** @type {any} */ ({
    measureText(text) {
      count++;
      return pen.measureText(text);
    },
  });
  assert.equal(fitted(counting, "y".repeat(10_000), 50), "yyyy…");
  assert.ok(count < 20);
});

test("no half of a sign beyond 16 bits is left over", () => {
  assert.equal(fitted(pen, "😀😀😀😀", 30), "😀😀…");
});

test("the widest of some texts", () => {
  assert.equal(widest(pen, ["a", "abc", "ab"]), 30);
  assert.equal(widest(pen, []), 0);
});

test("a text is broken into two lines of about the same length, if it must be", () => {
  assert.deepEqual(broken(pen, "one two three four", 200), ["one two three four"]);
  assert.deepEqual(broken(pen, "one two three four", 100), ["one two three", "four"]);
  assert.deepEqual(broken(pen, "one two three four five", 100), ["one two three", "four five"]);
  assert.deepEqual(broken(pen, "incomprehensibilities", 10), ["incomprehensibilities"]);
});
