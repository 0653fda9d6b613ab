// What a translation shows at a state, without a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AlignmentNumbers } from "../src/views/alignment_numbers.js";
import { inCell } from "../src/shared/cells.js";

const SOURCE = ["He", "is", "tired", "."];
const TARGET = ["Il", "est", "fatigué", "."];
const DIAGONAL = TARGET.map((_, t) => SOURCE.map((_, s) => (s === t ? 0.85 : 0.05)));

/** A version of the translation; its rows come after those of the others. */
const version = (tokens, more = {}) => ({
  ...{ tokens, start: 0, label: "", word: null },
  ...{ changed: tokens.map(() => false), lost: TARGET.map(() => false), ...more },
});

function lab({ rows = DIAGONAL, versions = [version(TARGET)], ...more } = {}, state = {}) {
  const spec = { source: SOURCE, versions, languages: ["en", "fr"], first: -1, ...more };
  const whole = { step: 4, variant: 0, row: -1, col: -1, ...state };
  return new AlignmentNumbers(spec, { weights: Float32Array.from(rows.flat()) }, whole);
}

const without = version(["Est", "fatigué", "."], {
  ...{ start: 4, label: "without “He”", word: 0 },
  ...{ changed: [true, false, false], lost: [true, true, false, false] },
});
const blind = TARGET.slice(1).map(() => [NaN, 0.5, 0.25, 0.25]);
const knocked = { rows: [...DIAGONAL, ...blind], versions: [version(TARGET), without] };

test("as many words are written as the state says, and never more than there are", () => {
  assert.equal(lab({}, { step: 2 }).written, 2);
  assert.equal(lab(knocked, { variant: 1, step: 4 }).written, 3);
  assert.deepEqual(lab({}, { step: 2 }).numbers().tokens, ["Il", "est"]);
  assert.deepEqual(lab(knocked, { variant: 1 }).row(0).slice(1), [0.5, 0.25, 0.25]);
});

test("it opens on the word asked for, or on one that looks far away", () => {
  assert.equal(lab({ first: 1 }).first(), 1);
  assert.equal(lab({ first: 3 }, { step: 2 }).first(), 1, "of those that are written");
  const far = DIAGONAL.map((row, t) => (t === 2 ? DIAGONAL[0] : row));
  assert.equal(lab({ rows: far }).first(), 2);
  assert.equal(lab({}, { step: 0 }).first(), -1);
});

test("a word lights those that it looks at, or that look at it", () => {
  const numbers = lab();
  const lit = (place) => [
    TARGET.filter((_, t) => numbers.isRowLit(place, t)).join(" "),
    SOURCE.filter((_, s) => numbers.isColumnLit(place, s)).join(" "),
  ];
  assert.deepEqual(lit([2, -1]), ["fatigué", "tired"]);
  assert.deepEqual(lit([-1, 1]), ["est", "is"]);
  assert.deepEqual(lit([2, 1]), ["fatigué", "is"], "a cell: its own two only");
  assert.deepEqual(lit([-1, -1]), ["", ""]);
});

test("a press leads to the variant of a source word, and back", () => {
  const at = (variant) => lab(knocked, { variant });
  assert.deepEqual([at(0).after([-1, 0]), at(1).after([-1, 0]), at(0).after([-1, 1])], [1, 0, null]);
  assert.deepEqual([at(0).after([1, -1]), at(0).after([1, 0])], [null, null], "written words and cells have none");
});

const spoken = ({ head, text }) => [head.map((part) => part.text).join(""), text];

test("links that somebody set are not called attention", () => {
  assert.equal(spoken(lab({ linked: true }).said([2, -1]))[1], "“fatigué” translates “tired”.");
  assert.match(spoken(lab({ linked: true }).said([-1, 0]))[1], /^“He” is translated by “/);
});

test("a written word is said with its strongest source word, or with the one asked for", () => {
  assert.deepEqual(spoken(lab().said([2, -1])), [
    "fatigué → tired 0.850",
    "“fatigué” puts 85 % of its attention on “tired”, its largest share.",
  ]);
  assert.deepEqual(spoken(lab().said([2, 0])), ["fatigué → He 0.050", "“fatigué” puts 5 % of its attention on “He”."]);
  const masked = lab(knocked, { variant: 1 });
  assert.deepEqual(spoken(masked.said([1, 0])), ["fatigué → He masked", "“fatigué” may not attend to “He”."]);
  const nowhere = lab({ rows: DIAGONAL.map((row) => row.map(() => NaN)) });
  assert.deepEqual(spoken(nowhere.said([0, -1])), ["Il", "No weights here."]);
});

test("a source word is said with all that look at it", () => {
  assert.deepEqual(spoken(lab({ glosses: ["il", "", "", ""] }).said([-1, 0])), [
    "He ← Il 0.850",
    "“He” (il) gets 1.00 of the 4 words’ attention, most from “Il”.",
  ]);
  assert.match(lab({}, { step: 1 }).said([-1, 1]).text, /0\.05 of the 1 word’s attention, most from “Il”\.$/);
  assert.deepEqual(spoken(lab({}, { step: 0 }).said([-1, 1])), ["is", "Nobody has looked at it yet."]);
  assert.deepEqual(spoken(lab(knocked, { variant: 1 }).said([-1, 0])), [
    "He",
    "“He” gets 0.00 of the 3 words’ attention.",
  ]);
});

test("the table has what is written, and says what is masked", () => {
  assert.deepEqual(lab({}, { step: 1 }).table(), {
    header: ["word", "He", "is", "tired", "."],
    rows: [["Il", "0.850", "0.050", "0.050", "0.050"]],
  });
  assert.equal(lab(knocked, { variant: 1 }).table().rows[0][1], "masked");
});

test("what stands in a cell fits into it", () => {
  assert.deepEqual([1, 0.25, 0.054, 0.004].map(inCell), ["1", ".25", ".05", ""]);
});

test("weights and words that do not fit together are no translation", () => {
  assert.throws(() => lab({ rows: DIAGONAL.slice(1) }), /fit together/);
  assert.throws(() => lab({ source: undefined }));
  assert.throws(() => lab({ versions: [version([...TARGET, "!"])] }), /fit together/);
  assert.throws(() => lab({ rows: [[Infinity, 0, 0, 0], ...DIAGONAL.slice(1)] }), /infinite/);
});
