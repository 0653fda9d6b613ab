import assert from "node:assert/strict";
import { test } from "node:test";
import * as law from "../../../chapters/ch07/labs/scaling_law_numbers.js";
import { ScalingPainter } from "../../../chapters/ch07/labs/scaling_law_paint.js";
import { LIGHT } from "../../../course_kit/views/js/src/shared/theme.js";

const SPEC = {
  law: [1.8172, 482.01, 2085.43, 0.3478, 0.3658],
  models: { "GPT-3": [175e9, 300e9], Gopher: [280e9, 300e9], Chinchilla: [70e9, 1.4e12] },
  machines: { one: 1e12, large: 1e17 },
  limits: { N: [1e5, 1e13], D: [1e6, 1e15] },
  fitted: { N: [70e6, 16e9], D: [5e9, 500e9] },
};
const near = (a, b, precision = 1e-9) => assert.ok(Math.abs(a - b) <= precision * Math.abs(b), `${a}, not ${b}`);

test("the best of a budget costs the same, and no other size is better", () => {
  const chinchilla = new law.Law(SPEC.law);
  for (const flops of [1e17, 1e20, 1e24]) {
    const [N, D] = chinchilla.best(flops);
    near(6 * N * D, flops);
    for (const factor of [0.5, 0.9, 1.1, 2]) assert.ok(chinchilla.at(flops, factor * N) > chinchilla.loss(N, D));
  }
  near(chinchilla.loss(1e9, 20e9), 1.8172 + 482.01 / 1e9 ** 0.3478 + 2085.43 / 20e9 ** 0.3658);
});

test("large numbers and times as one says them", () => {
  assert.deepEqual([1.4e12, 70e9, 999.9e6, 124e6, 5e5, 12].map(law.spelled), [
    ...["1.4 trillion", "70 billion", "1 billion", "124 million", "500 thousand", "12"],
  ]);
  assert.deepEqual([1e5, 1e7, 1e10, 1e13].map(law.marked), ["100 k", "10 M", "10 B", "10 T"]);
  assert.deepEqual([1e6, 100, 5, 0.1, 1e-3].map(law.duration), [
    ...["114 years", "4.2 days", "5.0 hours", "6.0 minutes", "3.6 seconds"],
  ]);
  assert.deepEqual([1.2e20, 9.99e9].map(law.power), ["1.20 · 10²⁰", "9.99 · 10⁹"]);
  assert.equal(law.digits(0.01234), "0.0123");
});

test("a label takes the first place that covers nothing, or is left out", () => {
  const box = { x: 0, y: 0, w: 200, h: 100 };
  const label = {
    text: "a",
    wide: 50,
    corners: [
      [-10, 0],
      [0, 0],
      [100, 50],
    ],
  };
  assert.deepEqual(law.placed([label], 10, box, [], []), [{ x: 0, y: 0, w: 50, h: 10 }]);
  assert.equal(law.placed([label], 10, box, [[20, 5]], [])[0].x, 100);
  const both = law.placed([label, label, label], 10, box, [], []);
  assert.deepEqual(
    both.map((place) => place?.x ?? null),
    [0, 100, null],
  );
  const marks = [{ x: 0, y: 0, w: 200, h: 100 }];
  assert.equal(law.placed([label], 10, box, [], marks)[0], null);
  assert.equal(law.placed([{ ...label, must: true }], 10, box, [[20, 5]], marks)[0].x, 100);
});

/** Draws into nothing, and notes what is written where. */
function drawn(state, width, narrow) {
  const written = [];
  const nothing = () => {};
  const pen = new Proxy(
    { font: "13px", measureText: (text) => ({ width: 6.5 * text.length }), fillText: (...all) => written.push(all) },
    { get: (own, name) => own[name] ?? nothing, set: (own, name, value) => Reflect.set(own, name, value) },
  );
  const canvas = { style: {}, getContext: () => pen };
  globalThis.window ??= /** @type {any} */ ({ devicePixelRatio: 1 });
  const font = (size) => `${size}px`;
  const ui = { unit: 1, spec: SPEC, theme: LIGHT, state: { machine: "one", ...state }, font };
  const painter = new ScalingPainter(ui, canvas, law.numbersOf(SPEC, ui.state), width, narrow);
  painter.paint();
  const names = written.filter(([text]) => /budget|best|yours|stays|GPT|Gopher|Chinchilla/.test(text));
  return { painter, names: names.map(([text, x, y]) => ({ text, x, y: y - 8, w: 6.5 * text.length, h: 16 })) };
}

test("no name covers another, a curve or a mark, wherever the sliders are", () => {
  const crowded = [];
  for (const [width, narrow] of [
    [1000, false],
    [740, false],
    [400, true],
  ])
    for (let N = 5; N <= 13; N += 1)
      for (let D = 6; D <= 15; D += 1.5) {
        const { painter, names } = drawn({ N: 10 ** N, D: 10 ** D }, width, narrow);
        for (const [i, a] of names.entries()) {
          for (const b of names.slice(i + 1))
            assert.ok(
              a.x >= b.x + b.w || b.x >= a.x + a.w || a.y >= b.y + b.h || b.y >= a.y + a.h,
              `${a.text}, ${b.text}`,
            );
          assert.ok(a.x >= painter.box.x && a.x + a.w <= painter.box.x + painter.box.w, a.text);
          const { flops, loss } = painter.numbers;
          if (!/^(yours|best \d)/.test(a.text) || loss > 6) continue; // above the picture there is no such place
          const over = Array.from({ length: 200 }, (_, k) => a.x + (a.w * k) / 199).some((x) => {
            const y = painter.y(painter.law.at(flops, painter.x.invert(x)));
            return y > a.y + 2 && y < a.y + a.h - 2;
          });
          if (over) crowded.push(a.text);
        }
        assert.ok(names.some(({ text }) => text.startsWith("yours")));
      }
  assert.deepEqual(crowded, [], "on the curve of their budget");
});

test("the names say what they belong to, a model by its own name", () => {
  const texts = drawn({ N: 175e9, D: 300e9 }, 1000, false).names.map(({ text }) => text);
  for (const text of ["the best of every budget", "the same budget, other sizes", "GPT-3 2.01", "best 1.99"])
    assert.ok(texts.includes(text), text);
});
