import assert from "node:assert/strict";
import { test } from "node:test";
import { hourTicks, logTicks, numbersAt, plain, range, roomy, scale, tick, ticks } from "../src/shared/axes.js";

test("a scale maps both ways, evenly or by powers", () => {
  const even = scale(0, 10, 100, 300);
  assert.deepEqual([even(0), even(5), even(10), even.invert(200)], [100, 200, 300, 5]);
  const log = scale(1, 100, 0, 200, true);
  assert.ok(Math.abs(log(10) - 100) < 1e-9 && Math.abs(log.invert(100) - 10) < 1e-9);
  assert.deepEqual([log.low, log.high, log.log], [1, 100, true]);
  assert.equal(scale(3, 3, 0, 10)(3), 0); // no span, no NaN
});

test("numbers at an axis are round, and about as many as wanted", () => {
  assert.deepEqual(ticks(0, 10, 5), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(ticks(-0.05, 1.05, 5), [0, 0.5, 1]);
  assert.deepEqual(ticks(0, 0.3, 3), [0, 0.1, 0.2, 0.3]); // not 0.30000000000000004
  assert.deepEqual(ticks(-7, 7, 3), [-5, 0, 5]);
  for (const [low, high] of [
    [0, 1],
    [-3, 17],
    [1e-6, 3e-6],
    [1e6, 9e7],
  ])
    for (const count of [2, 5, 9]) {
      const found = ticks(low, high, count);
      assert.ok(found.length <= count + 1 && found.every((t) => t >= low && t <= high * (1 + 1e-9)));
    }
});

test("logarithmic ones are 1, 2, 5 or 1, 3 or powers, whichever have room", () => {
  assert.deepEqual(logTicks(1, 10), [1, 2, 5, 10]);
  assert.deepEqual(logTicks(0.95, 105), [1, 3, 10, 30, 100]);
  assert.deepEqual(logTicks(1, 1e5), [1, 10, 100, 1000, 10000, 100000]);
  const far = logTicks(1e-9, 1e9);
  assert.ok(far.length <= 7 && far.includes(1));
  assert.deepEqual(numbersAt(1.3, 1.9, 5, { log: true }), [1.4, 1.6, 1.8]); // one power alone would be no scale
});

test("hours of a day have steps of a clock", () => {
  assert.deepEqual(hourTicks(-0.48, 24.48, 8), [0, 6, 12, 18, 24]);
  assert.deepEqual(hourTicks(0, 24, 9), [0, 3, 6, 9, 12, 15, 18, 21, 24]);
  assert.deepEqual(hourTicks(14, 15, 4), [14, 14.25, 14.5, 14.75, 15]);
  assert.deepEqual(
    hourTicks(14, 15, 4).map((t) => tick(t, true)),
    ["14:00", "14:15", "14:30", "14:45", "15:00"],
  );
  assert.deepEqual(numbersAt(0, 24, 4, { hours: true }), [0, 6, 12, 18, 24]);
});

test("numbers that would touch are dropped", () => {
  const x = scale(0, 100, 0, 100);
  const wide = roomy([0, 10, 20, 30, 100], x, () => 12, 4);
  assert.deepEqual(
    wide.map(({ text }) => text),
    ["0", "20", "100"],
  );
  assert.equal(roomy([0, 10, 20, 30, 100], x, () => 6, 4).length, 5);
});

test("numbers as texts", () => {
  assert.deepEqual([0, 0.25, -3, 12345.6, 1e-9].map(plain), ["0", "0.25", "−3", "12345.6", "1e−9"]);
  assert.deepEqual(
    [1e-4, 2e5, 3e18, 0.5].map((t) => tick(t)),
    ["1·10⁻⁴", "200,000", "3·10¹⁸", "0.5"],
  );
});

test("a range has room at both ends", () => {
  assert.deepEqual(range([0, 5, 10], 0.1), [-1, 11]);
  assert.deepEqual(range([4], 0.5), [3.5, 4.5]);
});
