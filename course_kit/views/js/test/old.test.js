// A browser that is too old for the views says so, once in each, and the page goes on.
import assert from "node:assert/strict";
import test from "node:test";
import { canShow, stay } from "../src/old.js";

const page = (lacks = {}) => {
  const document = { adoptedStyleSheets: [], createElement: () => ({}) };
  return { RegExp, Array, ResizeObserver: Object, OffscreenCanvas: Object, document, ...lacks };
};
const NoLookbehind = class {
  constructor() {
    throw new SyntaxError("invalid group specifier name"); // as Safari 16.3 says it
  }
};

test("a browser that lacks one of these cannot show a view", () => {
  assert.ok(canShow(page()));
  const old = [
    { RegExp: NoLookbehind },
    { OffscreenCanvas: undefined },
    { Array: { prototype: {} } },
    { document: {} },
  ];
  for (const lacks of old) assert.ok(!canShow(page(lacks)));
});

test("it adds one sentence to each view, to those that come later, too", () => {
  const said = [];
  const host = { append: (note) => said.push(note.textContent) };
  const old = page({ courseViews: [(program) => program.show(host)] });
  stay(old);
  old.courseViews.push((program) => program.live({ el: host })());
  assert.equal(said.length, 2);
  for (const words of said) assert.match(words, /too old .* Safari 16\.4/);
});
