import assert from "node:assert/strict";
import { test } from "node:test";
import { clock } from "../src/shared/numbers.js";

test("hours of a day are told as a clock tells them", () => {
  const told = { 14.6: "14:36", 8: "8:00", 0: "0:00", 24: "24:00", 9.999: "10:00", 6.05: "6:03" };
  for (const [hours, text] of Object.entries(told)) assert.equal(clock(Number(hours)), text);
  assert.equal(clock(-1.5), "−1:30");
  assert.equal(clock(-0.001), "0:00");
  assert.equal(clock(NaN), "–");
});
