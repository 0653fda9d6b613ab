// What → does to the views of a screen in front of a class.
import assert from "node:assert/strict";
import test from "node:test";
import { startOver, walk } from "../../../course_tools/classroom/jupyter/labextension/static/keys.js";

/** A screen with a view, which notes what is done to it. */
function screen(state, options = {}) {
  const done = [];
  const view = {
    state,
    spec: { controls: [{ kind: "choice", name: "cut", options: ["nothing", "noun", "pronoun"] }], ...options },
    act: (name) => {
      done.push(name);
      if (name === "on" && state.step < 2) state.step += 1;
      if (name === "reset") state.cut = "nothing";
    },
    set: (patch) => Object.assign(state, patch),
  };
  return { done, host: { view }, within: { querySelectorAll: () => [{ view }] } };
}

test("a view that is told in steps is walked through, and one that says so is not", () => {
  const { within } = screen({ step: 0 });
  assert.deepEqual([walk(within, "on"), walk(within, "on"), walk(within, "on")], [true, true, false]);
  assert.equal(walk(screen({ step: 0 }, { in_class: [] }).within, "on"), false);
});

test("a view's presses come one by one, are taken back together, and begin anew after a reset", () => {
  const state = { cut: "nothing" };
  const { done, host, within } = screen(state, { in_class: ["cut", "alone"] });
  assert.equal(walk(within, "back"), false);
  assert.ok(walk(within, "on"));
  assert.equal(state.cut, "noun");
  assert.ok(walk(within, "on"));
  assert.deepEqual(done, ["alone"]);
  assert.equal(walk(within, "on"), false);
  assert.ok(walk(within, "back"));
  assert.deepEqual([state.cut, done.at(-1), walk(within, "back")], ["nothing", "reset", false]);
  assert.ok(walk(within, "on"));
  startOver([host]);
  assert.deepEqual([walk(within, "back"), walk(within, "on"), state.cut], [false, true, "pronoun"]);
});
