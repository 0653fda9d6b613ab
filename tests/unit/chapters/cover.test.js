import assert from "node:assert/strict";
import { test } from "node:test";
import { guessed, linesOf, noteOf, percentOf, scenesOf, story } from "../../../chapters/ch00/labs/cover_story.js";
import { placeOf, rowsOf } from "../../../chapters/ch00/labs/cover_study.js";

const study = {
  tokens: ["it", "was", "tired"],
  written: [
    ["elle", "était", "fatiguée", "."],
    ["il", "était", "fatigué", "."],
  ],
  place: 0,
  words: ["elle", "il"],
  shares: [
    [0.92, 0.001],
    [0.025, 0.85],
  ],
  given: [0.03, 0.02, 0.91],
  rewritten: [
    ["il", "était", "fatigué", "."],
    ["il", "était", "fatigué", "."],
    ["elle", "était", "fatiguée", "."],
  ],
  hint: "In French a cow is [output|elle].",
};
const same = { ...study, written: [study.written[0], study.written[0]] };
const on = { attention: "on", tried: [] };
const off = { attention: "off", tried: [] };
const textOf = (pieces) => pieces.map(({ text }) => text).join("");
const said = (state, it = study, spec = { lists: true }) => textOf(story(it, state, spec));
const bold = (line) => line.words.filter((piece) => piece.bold).map((piece) => piece.text);

test("the story begins with a question, and no step gives the next one away", () => {
  assert.match(said(on), /^In French a cow is elle\. .*\?$/);
  assert.doesNotMatch(said(on), /92|2\.5|tired/);
  assert.match(said(off), /“elle” falls from 92\u00a0% to 2.5\u00a0%/);
  assert.doesNotMatch(said(off), /tired/);
  assert.doesNotMatch(said(off, study, { lists: false }), /list/);
  assert.match(said({ ...off, tried: [0] }), /“it” alone, “elle” has 3.0\u00a0%, without 2.5\u00a0%\..*guess/);
  assert.match(said({ ...off, tried: [0, 2] }), /“tired” is enough/);
});

test("the picture says what its arcs show, and that none is asked where they are off", () => {
  const it = { ...study, note: "[query|it] gives most to “bridge”.", asker: 0 };
  assert.deepEqual(noteOf(it, on, 1), []);
  assert.deepEqual(noteOf(it, on, 0)[1], { text: "it", bold: true, role: "query" });
  assert.equal(textOf(noteOf(it, off, 0)), "nobody is asked");
  assert.match(textOf(noteOf(it, { ...off, tried: [0, 2] }, 0)), /“tired”/);
});

test("before it is switched off, the French without attention ends where one has to guess", () => {
  assert.equal(textOf(linesOf(study, on)[0].words.slice(0, guessed(study))), "");
  assert.equal(
    textOf(linesOf(study, on)[0].words.slice(0, guessed({ ...study, place: 2, written: same.written }))),
    "Elle était ",
  );
});

test("what it plays is what it would show, word from word, and then nothing is asked but to do the same", () => {
  assert.deepEqual(bold(scenesOf(study, "off")), ["Il", "fatigué"]);
  const melting = scenesOf(study, "back").words.flatMap(({ was }) => was ?? []);
  assert.deepEqual(melting, ["Il", "fatigué"]);
  assert.doesNotMatch(textOf(story(study, on, { lists: false }, false, "nothing")), /attention/);
  assert.match(textOf(story({ ...study, note: "x" }, on, { lists: false }, false, "turn")), /Your turn/);
});

test("unknown words are named", () => {
  const strange = { ...study, unknown: [1] };
  for (const state of [on, off]) assert.match(said(state, strange), /It does not know “was”: it reads <unk>\. /);
});

test("both translations are there only when attention is off, what differs in bold", () => {
  assert.deepEqual(linesOf(study, on).map(bold), [[]]);
  assert.deepEqual(linesOf(study, off).map(bold), [
    ["Elle", "fatiguée"],
    ["Il", "fatigué"],
  ]);
  assert.deepEqual(
    linesOf(study, { ...off, tried: [2] }).map(({ label }) => label),
    ["with attention", "only for “tired”"],
  );
  assert.deepEqual(linesOf(same, off).map(bold), [[], []]);
  const elided = { ...study, written: [["l'", "eau", "."], ["il"]] };
  assert.equal(textOf(linesOf(elided, on)[0].words), "L'eau.");
});

test("the word in question is the pronoun, or differs, or is the one that is least sure", () => {
  const place = (one, other, words, fall) => placeOf(one, other, words, fall, ["il", "elle"]);
  assert.equal(place([4, 5, 3], [4, 6, 3], ["a", "b"], [0, 0, 0]), 1);
  assert.equal(place([4, 5, 3], [6, 5, 3], ["a", "il"], [0.5, 0, 0]), 1);
  assert.equal(place([4, 5, 3], [4, 5, 3], ["a", "b"], [0.1, 0, 0.2]), 2);
  assert.equal(place([4, 3], [3], ["a"], [0, 0]), 0);
});

test("shares of all sizes, rows", () => {
  const all = ["0", "0.07", "5.0", "10", "93"].map((share) => `${share}\u00a0%`);
  assert.deepEqual([0, 0.0007, 0.05, 0.0995, 0.93].map(percentOf), all);
  assert.deepEqual(rowsOf(Float32Array.of(1, 2, 3, 4), 2), [
    [1, 2],
    [3, 4],
  ]);
});
