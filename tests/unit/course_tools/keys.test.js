// What → does to the views of a screen in front of a class.
import assert from "node:assert/strict";
import test from "node:test";
import { walk } from "../../../course_tools/classroom/jupyter/labextension/static/keys.js";

const screen = (view) => ({ querySelectorAll: () => [{ view }] });

test("a view that is told in steps is walked through, one that asks for presses gets these alone", () => {
  const state = { step: 0 };
  const act = () => state.step < 2 && (state.step += 1);
  const told = screen({ state, act, press: () => undefined });
  assert.deepEqual([walk(told, "on"), walk(told, "on"), walk(told, "on")], [true, true, false]);
  const answers = [true, false];
  const asks = screen({ state: { step: 0 }, act: assert.fail, press: () => answers.shift() });
  assert.deepEqual([walk(asks, "on"), walk(asks, "on")], [true, false]);
});
