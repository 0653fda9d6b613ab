// The labs of chapter 7 without a page: what is drawn from, what is expected next, what is read again,
// which pairs merge.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Continued } from "../../../chapters/ch07/labs/continued.js";
import { markedPieces, Merging, nextOf } from "../../../chapters/ch07/labs/merges_numbers.js";
import { expectedFrom, rowsOf, setsOf, tableFor } from "../../../chapters/ch07/labs/next_character_numbers.js";
import { Sampled } from "../../../chapters/ch07/labs/sampling_numbers.js";
import { visible } from "../../../chapters/ch07/labs/tokens.js";

const near = (actual, expected) => {
  assert.equal(actual.length, expected.length);
  actual.forEach((x, i) => assert.ok(Math.abs(x - expected[i]) < 1e-9, `${i}: ${x} is not ${expected[i]}`));
};
const halves = [1 / 2, 1 / 4, 1 / 8, 1 / 8].map(Math.log);
const open = { temperature: 1, top_k: 4, top_p: 1 };

// ---- sampling
test("what has no row of its own is one row together", () => {
  const names = ["a", "b", "c", "d"];
  const text = { text: "", before: 0, fresh: 0, reach: 1, ids: [0, 1, 2, 3], names, logits: halves };
  const all = new Sampled(text, { ...open, seed: 0, draws: 100 }, 3);
  assert.deepEqual([all.rows, all.lines], [2, 3]);
  const others = all.row(2);
  assert.equal(others.label, "2 others");
  assert.ok(Math.abs(others.p - 0.25) < 1e-6);
  assert.equal(all.tally(0) + all.tally(1) + all.tally(2), 100);
  assert.deepEqual(all.table().rows.at(-1).slice(0, 3), ["2 others", "0.2500", "0.2500"]);
});

test("tokens as they are seen", () => {
  assert.deepEqual([" ", "\n", "", "a b"].map(visible), ["␣", "⏎", "∅", "a␣b"]);
});

// ---- the next character
const game = {
  hidden: ["a", "b", "c"],
  best: [
    ["a", "x"],
    ["x", "b"],
    ["c", "x"],
  ],
  opened: 1,
  size: 4,
  shown: "",
};
const numbers = { truth: [0.5, 0.25, 1], chances: [0.5, 0.1, 0.6, 0.25, 1, 0] };

test("the table gives away nothing", () => {
  const { rows } = tableFor(game, numbers, { guesses: [""] });
  assert.deepEqual(rows, [
    ["1", "a", "opened", "a 0.500", "0.500", "1.00"],
    ["2", "b", "passed", "x 0.600", "0.250", "2.00"],
  ]);
});

test("what is expected next is sorted, and sums to 1 over all", () => {
  const best = expectedFrom([0, Math.log(3), 0], (id) => "abc"[id], 3);
  assert.deepEqual(
    best.map(({ token }) => token),
    ["b", "a", "c"],
  );
  near(
    best.map(({ p }) => p),
    [0.6, 0.2, 0.2],
  );
});

test("capitals and rare signs are a second set, and none is empty", () => {
  assert.deepEqual(setsOf([..."aé我B3!.\n"]), [[..."aé我.\n"], [..."B3!"]]);
  assert.deepEqual(setsOf(["A", "B"]), [["A", "B"]]);
  assert.deepEqual(setsOf([]), []);
});

test("a set with all letters lies as on a keyboard; what else it has ends the last row", () => {
  const all = [..."abcdefghijklmnopqrstuvwxyz"];
  assert.deepEqual(
    rowsOf([...all, " ", "."]).map((row) => row.join("")),
    ["qwertyuiop", "asdfghjkl", "zxcvbnm ."],
  );
  assert.deepEqual(rowsOf(all.map((key) => key.toUpperCase()))[1].join(""), "ASDFGHJKL");
  assert.deepEqual(rowsOf(["b", "a"]), [["b", "a"]]);
});

// ---- a text of the reader's own: a model of six letters at once, which expects the letter after the last
function reader() {
  const asked = [];
  const model = {
    context: 6,
    start: () => [],
    read(ids, past = []) {
      asked.push({ ids, kept: past.length ? past[0].keys.rows : 0 });
      const rows = (past.length ? past[0].keys.rows : 0) + ids.length;
      const tensor = { rows, columns: 1, data: new Float32Array(rows) };
      const next = Float32Array.from({ length: 26 }, (_, i) => Number(i === (ids.at(-1) + 1) % 26));
      return { logits: { rows: 1, row: () => next }, state: [{ keys: tensor, values: tensor }] };
    },
  };
  const letter = (id) => String.fromCharCode(97 + id);
  const tokenizer = {
    split: "exact",
    words: [],
    unk: -1,
    token: letter,
    decode: (ids) => ids.map(letter).join(""),
    pieces: (words) => Array.from(words, (text) => ({ id: text.charCodeAt(0) - 97, token: text, text })),
  };
  return { asked, read: new Continued({ model, tokenizer, source: null }) };
}
const most = (logits) => logits.indexOf(Math.max(...logits));

test("only what has changed is read", () => {
  const { asked, read } = reader();
  read.read("cde");
  read.read("cdef");
  read.read("cd");
  read.read("xd");
  assert.deepEqual(asked, [
    { ids: [2, 3, 4], kept: 0 },
    { ids: [5], kept: 3 },
    { ids: [3], kept: 1 },
    { ids: [23, 3], kept: 0 },
  ]);
});

test("what is written stays apart from what was typed", () => {
  const { read } = reader();
  read.read("cd");
  read.add(most(read.logits));
  read.add(most(read.logits));
  assert.deepEqual([read.text, read.typed, ...read.shown], ["cdef", "cd", "cd", "ef"]);
});

test("of a text that is too long the last half is read", () => {
  const { read } = reader();
  read.read("cdefgh");
  assert.ok(read.full && !read.about);
  read.add(most(read.logits));
  assert.deepEqual([read.from, read.ids], [4, [6, 7, 8]]);
  assert.equal(read.about, "It reads the last 3 of these 7 letters. ");
  read.add(most(read.logits));
  assert.deepEqual([read.from, read.ids.length], [4, 4]);
  assert.equal(read.text, "cdefghij");
});

// ---- merges
test("pieces of the next pair are marked, each pair once, and those merged last", () => {
  const next = { left: "a", right: "a", count: 2 };
  const marks = markedPieces(["a", "a", "a", "ab"], { left: "a", right: "b", count: 3 }, next);
  assert.deepEqual(
    marks.map((mark) => mark.hot),
    [true, true, false, false],
  );
  assert.deepEqual(
    marks.map((mark) => mark.new),
    [false, false, false, true],
  );
});

test("nothing is merged that stands side by side once", () => {
  const one = new Merging({ names: ["ab"], counts: [1], mark: "", last: 0, bars: 8 });
  assert.equal(nextOf(one.at(0)), null);
  assert.deepEqual(one.at(0).pairs, [{ left: "a", right: "b", count: 1 }]);
  assert.equal(nextOf({ words: [], made: null, pairs: [] }), null);
});
