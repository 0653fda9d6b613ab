// Attention that lives: what is said to make a number does, back to what is given.
import assert from "node:assert/strict";
import test from "node:test";
import * as numbers from "../../../chapters/ch01/labs/attention_numbers.js";
import { pixels, placed, spansOf, vectorAt } from "../../../chapters/ch01/labs/plane.js";

const WORDS = ["the", "train", "stops"];
const SENTENCE = /** @type {any} */ ({
  shapes: { x: [3, 2], WQ: [2, 2], WK: [2, 2], WV: [2, 2] },
  state: { x: [0.5, 0, -1, 1.5, 1, 0.5], WQ: [1, 1, 0, 1], WK: [0, 1, 1, 0], WV: [2, 0, 0, -1] },
  ...{ queries: WORDS, keys: WORDS, values: WORDS, quoted: true, distance: false, scaled: true },
});
const ALONE = /** @type {any} */ ({
  shapes: { q: [1, 2], k: [3, 2], v: [3, 2] },
  state: { q: [1, 1.5], k: [0.5, 2.5, 1.5, 1, 3, 1.5], v: [1.5, 0, 0, 2, 1, 0.5] },
  ...{ queries: ["q"], keys: ["k₁", "k₂", "k₃"], values: ["v₁", "v₂", "v₃"] },
  ...{ quoted: false, distance: true, scaled: false },
});

/** @param {any} spec @param {numbers.Tables} t @param {numbers.Place} place the sum that is shown, as it is computed */
function computed(spec, t, place) {
  const written = numbers.madeOf(spec, t, place).parts.map((part) => {
    if (typeof part !== "string") {
      const [letter, r, c] = part.at;
      return part.power ? `Math.exp(${t[letter][r][c]})` : `(${t[letter][r][c]})`;
    }
    const signs = { "×": "*", "÷": "/", "−": "-", "²": "**2", "½": "(1/2)", "√2": "Math.SQRT2" };
    return Object.entries(signs).reduce((text, [sign, code]) => text.replaceAll(sign, code), part);
  });
  return written.length ? Function(`return ${written.join("").replace(/^-/, "-1*")}`)() : null;
}

for (const [name, spec, given] of /** @type {[string, any, number]} */ (
  /** @type {any} */ ([
    ["a sentence", SENTENCE, 6 + 12],
    ["a query", ALONE, 2 + 12],
  ])
))
  test(`the sum shown for each number of ${name} gives this number`, () => {
    const t = numbers.tablesOf(spec, spec.state);
    let untouched = 0;
    for (const letter of numbers.LETTERS.filter((one) => t[one]))
      t[letter].forEach((row, r) =>
        row.forEach((x, c) => {
          const sum = computed(spec, t, [letter, r, c]);
          if (sum === null) untouched++;
          else assert.ok(Math.abs(sum - x) < 1e-12, `${letter} ${r} ${c}: ${sum}, not ${x}`);
        }),
      );
    assert.equal(untouched, given);
  });

test("an output goes back to every word, and a query to its own only", () => {
  const t = numbers.tablesOf(SENTENCE, SENTENCE.state);
  const from = (/** @type {numbers.Place} */ place) => [...numbers.ancestorsOf(SENTENCE, t, place)];
  assert.equal(from(["o", 1, 0]).filter((at) => at.startsWith("x")).length, 6);
  assert.ok(!from(["o", 1, 0]).includes("q,0,0"), "the query of another word");
  assert.deepEqual(from(["q", 1, 0]).sort(), ["WQ,0,0", "WQ,1,0", "q,1,0", "x,1,0", "x,1,1"]);
});

test("a number is named in the words of its own page", () => {
  const what = (/** @type {any} */ spec, /** @type {numbers.Place} */ place) =>
    numbers.madeOf(spec, numbers.tablesOf(spec, spec.state), place).what;
  assert.equal(what(SENTENCE, ["s", 0, 2]), "Score: how well “stops” fits “the”");
  assert.equal(what(ALONE, ["s", 0, 0]), "Score: how well k₁ fits q");
  assert.equal(what(SENTENCE, ["v", 1, 0]), "Value of “train”, number 1");
  assert.equal(what(ALONE, ["v", 1, 0]), "v₂, number 1");
});

test("numbers are changed where they are, and no others", () => {
  assert.deepEqual(numbers.changed(ALONE, ALONE.state, ["k", 1, 0], 7, 8), { k: [0.5, 2.5, 7, 8, 3, 1.5] });
  assert.deepEqual(numbers.changed(ALONE, ALONE.state, ["q", 0, 1], 7), { q: [1, 7] });
});

test("the plane has room for all vectors and for 0, and one scale for both axes", () => {
  const spans = spansOf([
    [1, 0],
    [4, -1],
  ]);
  assert.deepEqual(spans, [
    [-0.8, 4.8],
    [-1.5, 0.5],
  ]);
  const place = placed(spans, 560, 400);
  assert.equal(place.one, 100);
  assert.deepEqual(pixels(place, [0, 0]), place.middle);
  const found = vectorAt(place, pixels(place, [1.26, -0.31])).map((x) => x.toFixed(9));
  assert.deepEqual(found, ["1.250000000", "-0.300000000"]);
});
