// A figure's frames, how long a step stays, how its words are broken into lines and, in front of a class, into columns.
import assert from "node:assert/strict";
import test from "node:test";

const { headOf, numbersOf, playOf, shapeAt } = await import("../src/views/figure.js");
const { paceOf, repeats, within } = await import("../src/shared/pace.js");
const { asideOf, digitsIn, digitsOf, fold, rowLayout, freeOf, linesOf, overOf, columnLayout, toScale, upOf } =
  await import("../src/views/figure_room.js");

test("the state chooses a frame, the last axis fastest", () => {
  const axes = [
    { name: "word", values: ["it", "tired"] },
    { name: "step", values: [1, 2, 3] },
  ];
  const spec = /** @type {any} */ ({ axes });
  assert.deepEqual(numbersOf(spec, { word: "tired", step: 2 }), { frame: 4, step: 1 });
  const bar = /** @type {any} */ ({ shape: "bar", high: 12, each: [{ share: 0.2 }, { share: 0.7 }] });
  assert.equal(shapeAt(bar, 1).share, 0.7);
  assert.equal(shapeAt(bar, 1).high, 12);
});

test("a step stays as long as its new words take, a second at least, and the last has no time", () => {
  const six = "one two three four five six";
  assert.deepEqual(paceOf(["Three short words.", six, `${six} seven`, ""]), [1000, 1200, 1000]);
  assert.deepEqual(paceOf(["它是一只很小的猫也累了", ""]), [1100]);
  assert.deepEqual(paceOf(["alone"]), []);
});

test("steps that repeat a sentence are one, and all together last fifteen seconds at most", () => {
  assert.ok(repeats("Write: “l' âne”", "Write: “l' âne a”") && repeats("写：“它”", "写：“它们”"));
  assert.ok(!repeats("Write: “l'”", "Read: “l'”"));
  const ten = Array.from({ length: 10 }, (_, i) => `At ${i}, the three hands of the clock stand like this.`);
  assert.deepEqual(new Set(paceOf(ten)), new Set([600]));
  assert.deepEqual(paceOf([...ten.slice(0, 2), "Then something else."]), [1100, 1100]); // the time of one sentence
  const many = paceOf(Array.from({ length: 50 }, (_, i) => ten[0].replace("0", String(i))));
  assert.ok(Math.abs(many.reduce((sum, time) => sum + time, 0) - 15000) < 1);
  assert.deepEqual([within(800, 10), within(800, 30)], [800, 500]);
});

test("a figure ends as its poster: where it opened, or at its end if it opened on its first step", () => {
  const axes = [{ name: "step", values: [1, 2, 3] }];
  const shown = (/** @type {object} */ spec) =>
    playOf(/** @type {any} */ ({ axes, said: ["a", "b", "c"], ...spec }), { step: 2 }).shown;
  assert.deepEqual(shown({ state: { step: 3 } }), [1, 2, 3]);
  assert.deepEqual(shown({ state: { step: 1 } }), [1, 2, 3]);
  assert.deepEqual(shown({ state: { step: 2 } }), [1, 2, 3, 2]);
  assert.deepEqual(shown({ state: { step: 1 }, poster: { step: 2 } }), [1, 2, 3, 2]);
});

test("words go on in the next line where there is no room, Chinese anywhere, and nothing is lost", () => {
  assert.deepEqual(linesOf("looks at the English", 100), ["looks at the English"]);
  const lines = linesOf("looks at the English", 5);
  assert.ok(lines.length > 1);
  assert.equal(lines.join(""), "looks at the English");
  assert.deepEqual(linesOf("每个词自己", 2), ["每个", "词自", "己"]);
  assert.deepEqual(linesOf("", 5), [""]);
});

test("a head is wider than its line, and leaves a quarter of a short arrow to it", () => {
  assert.deepEqual(headOf(2, 100), { long: 14, half: 7 });
  const { long, half } = headOf(12, 30);
  assert.ok(long === 22.5 && half > 6 + 5);
  assert.ok(headOf(1.5, 8).half <= 5);
  assert.ok(headOf(1.5, 6).long <= 6); // no longer than its arrow
});

test("a number of a cell has two digits where there is room", () => {
  assert.deepEqual(
    [0.931, -12.34, 3, -0.5].map((x) => digitsOf(x, 2)),
    [".93", "−12.3", "3", "−.50"],
  );
  assert.deepEqual(
    [0.931, -0.04, 3].map((x) => digitsOf(x, 1)),
    [".9", "0", "3"],
  );
});

const column = (/** @type {number} */ pitch, look = {}) =>
  ["the", "animal", "it"].map((words, n) => {
    const text = { shape: "text", anchor: "end", x: 0.2, wide: 0.2, y: 20 + pitch * n, words, ...look };
    return /** @type {import("../src/views/figure_room.js").Shape} */ (text);
  });

test("in front of a class rows of words are as high as their type, and boxes do not touch", () => {
  assert.equal(upOf(column(12)), 2);
  assert.equal(upOf([...column(48), ...column(24, { shape: "box", x: 0.5 })]), 28 / 24);
  assert.equal(upOf(column(12, { words: " " })), 0);
  const rows = [20, 60].map((y) => /** @type {any} */ ({ shape: "cells", x: 0.5, y, numbers: [1] }));
  const arrow = /** @type {any} */ ({ shape: "arrow", from: [0.5, 49], to: [0.5, 31] });
  assert.equal(upOf(rows), 28 / 40);
  assert.ok(upOf([...rows, arrow]) > upOf(rows)); // there it is to be seen
});

test("words may be as high as what is above, below or around them leaves", () => {
  const [above, words] = column(60);
  assert.equal(freeOf(words, [above, words], 200), 2 * (60 - 10));
  assert.equal(freeOf(words, [above, words], 100), 2 * (100 - 80));
  const around = { ...words, shape: /** @type {"box"} */ ("box"), high: 40 };
  assert.equal(freeOf(words, [words, around], 200), 40);
});

test("numbers of cells that stand side by side have two digits, one, or are left to the table, all alike", () => {
  const digits = (/** @type {number} */ room) => digitsIn([[[0.16, 3], 9], [[-0.2, -0.04], room]]); // prettier-ignore
  assert.deepEqual([3, 2, 1].map(digits), [2, 1, 0]);
});

test("columns get what their words need, at the cost of those that have room", () => {
  /** @type {import("../src/views/figure_room.js").Need[]} */
  const needs = [
    [0, 0.25, 150],
    [0.25, 1, 100],
  ];
  assert.equal(columnLayout(needs, 1000, 0.5).drawn, 1000);
  assert.equal(columnLayout(needs, 1000, 0.5).at(0.25), 250, "there is room: nothing moves");
  const { drawn, at } = columnLayout(needs, 400, 0.5);
  assert.equal(drawn, 400);
  assert.ok(Math.abs(at(0.25) - 150) < 1 && Math.abs(at(1) - 400) < 1 && at(0.6) > at(0.25));
});

test("boxes as wide as their numbers keep their ratio", () => {
  /** @type {import("../src/views/figure_room.js").Shape[]} */
  const boxes = [
    { shape: "box", words: "1", wide: 0.1, x: 0.3 },
    { shape: "box", words: "3", wide: 0.3, x: 0.5 },
  ];
  const needs = toScale([[0, 0.2, 30], [0.25, 0.35, 50]], boxes); // prettier-ignore
  assert.deepEqual(needs.map(([, , px]) => Math.round(px)), [30, 200]); // prettier-ignore
  const { at } = columnLayout(needs, 250, 0.2);
  assert.ok(Math.abs((at(0.65) - at(0.35)) / (at(0.35) - at(0.25)) - 3) < 0.01);
});

test("a loop above a box needs room below the box over that", () => {
  /** @type {import("../src/views/figure_room.js").Shape[]} */
  const boxes = [20, 60].map((y) => ({ shape: "box", x: 0.5, y, wide: 0.2, high: 30 }));
  const loop = (/** @type {number} */ y) =>
    overOf({ shape: "arrow", from: [0.45, y], to: [0.55, y], bend: -40 }, boxes, 1);
  assert.deepEqual([loop(43), loop(3)], [[[35, 43, 26]], []]);
});

test("where no column can give more, a drawing is wider than its room", () => {
  const { drawn, at } = columnLayout([[0, 0.5, 200], [0.5, 1, 220]], 300, 0.5); // prettier-ignore
  assert.equal(drawn, 420);
  assert.ok(at(0.5) >= 200 && at(1) - at(0.5) >= 220);
});

test("a row grows with its lines, and pushes down what is below it, also from within a box", () => {
  const at = rowLayout([[10, 30, 60], [5, 35, 65]], 1); // prettier-ignore
  assert.deepEqual([5, 10, 20, 30, 40].map(at), [5, 10, 40, 70, 80]);
});

test("a drawing that can be cut near its middle goes on below, and one that cannot stays", () => {
  /** @type {import("../src/views/figure_room.js").Shape[]} */
  const words = [0.1, 0.4, 0.6, 0.9].map((x) => ({ shape: "text", x, y: 10, wide: 0.2 }));
  const halves = fold(words, 40) ?? [];
  assert.deepEqual(
    halves.map(({ x = 0, y }) => [Math.round(x * 10), y]),
    [2, 8, 2, 8].map((x, i) => [x, i < 2 ? 10 : 50]),
  );
  assert.equal(fold([...words, { shape: "box", x: 0.5, y: 10, wide: 0.9 }], 40), null);
});

test("words move to the middle of their box where its columns grew unevenly, unless an arrow touches them", () => {
  const box = /** @type {any} */ ({ shape: "box", x: 0.5, y: 20, wide: 0.4, high: 40 });
  const word = /** @type {any} */ ({ shape: "text", x: 0.5, y: 20, words: "drum" });
  const at = (/** @type {number} */ x) => 100 * x + (x > 0.6 ? 20 : 0);
  assert.equal(asideOf(word, [box, word], at), 10);
  assert.equal(asideOf(box, [box, word], at), 0);
  const arrow = /** @type {any} */ ({ shape: "arrow", from: [0.5, 20], to: [0.9, 20] });
  assert.equal(asideOf(word, [box, word, arrow], at), 0);
  assert.equal(asideOf(word, [word], at), 0);
});
