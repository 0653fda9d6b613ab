import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { fonts, language, t, tc, tn, woven } from "../src/text.js";

const page = /** @type {any} */ (globalThis);
afterEach(() => {
  page.courseWords = undefined;
});

test("English is filled; a value that is missing leaves its place", () => {
  assert.equal(t("{word} gives {share} to {word}", { word: "it", share: 0 }), "it gives 0 to it");
  assert.equal(t("{word}.", { word: "cut …" }), "cut …");
  assert.equal(t("{word} and {other}", { word: "{other}" }), "{other} and {other}", "a value is no template");
  assert.equal(tn("{n} row", "{n} rows", 1), "1 row");
  assert.equal(tn("{n} row", "{n} rows", 0), "0 rows");
  assert.deepEqual([language(), fonts("Georgia, serif")], [null, "Georgia, serif"]);
});

test("a translation has its own order, and its own word for each meaning", () => {
  page.courseWords = { "{a} to {b}": "{b}由{a}", right: "对", "side\u0004right": "右", "": { fonts: "CJK" } };
  assert.equal(t("{a} to {b}", { a: 1, b: "it" }), "it由1");
  assert.deepEqual([t("right"), tc("side", "right"), tc("hand", "right")], ["对", "右", "right"]);
  assert.match(fonts("Georgia, serif"), /^Georgia, CJK, serif$/);
});

test("English is shown for a translation with other places, or that is none", () => {
  page.courseWords = { "{a} to {b}": "{a}到", "{a} of {b}": "{a}，{b}，{c}", it: 5, "": { tag: "xx", fonts: "Serif" } };
  assert.equal(t("{a} to {b}", { a: 1, b: 2 }), "1 to 2");
  assert.equal(t("{a} of {b}", { a: 1, b: 2 }), "1 of 2");
  assert.equal(t("{a} of {b}", { a: 1 }), "1 of {b}");
  assert.deepEqual([t("it"), t("toString"), tn("it", "them", 2), language()], ["it", "toString", "them", "xx"]);
});

test("a number has the form of its language", () => {
  page.courseWords = { "{n} row": ["{n} wiersz", "{n} wiersze", "{n} wierszy"], "": { tag: "pl" } };
  assert.deepEqual(
    [1, 3, 5, 22].map((n) => tn("{n} row", "{n} rows", n)),
    ["1 wiersz", "3 wiersze", "5 wierszy", "22 wiersze"],
  );
  page.courseWords = { "{n} row": "{n} 行" };
  assert.equal(tn("{n} row", "{n} rows", 3), "3 行");
});

test("elements stand in the places of a sentence, in the order of its language", () => {
  page.courseWords = { "Press {button} again, {name}": "{name}，再按{button}" };
  const button = { tag: "button" };
  assert.deepEqual(woven(t("Press {button} again, {name}"), { button, name: "Ada" }), ["Ada", "，再按", button]);
});
