// Words of a figure in front of a class: in two columns where its rows are lower than a line.
import assert from "node:assert/strict";
import test from "node:test";
import { asideOf } from "../src/views/figure.js";

const column = (/** @type {number} */ pitch, role = "ink") =>
  ["the", "animal", "it"].map((words, n) => ({
    ...{
      shape: /** @type {const} */ ("text"),
      anchor: /** @type {const} */ ("end"),
      x: 0.2,
      y: pitch * n,
      words,
      role,
    },
  }));

test("only of a column whose rows are too low every second word goes aside, beyond the others", () => {
  assert.deepEqual([...asideOf(column(30), 1, 1000).keys()], []);
  const aside = asideOf([...column(30, "quiet"), ...column(18)], 1, 1000);
  assert.deepEqual([...aside.keys()], [4]);
  assert.ok((aside.get(4) ?? 0) > 24 * 0.5 * "the".length && (aside.get(4) ?? 0) < 200);
  assert.deepEqual([...asideOf(column(18), 1.8, 1000).keys()], [], "a higher drawing has room for all");
});
