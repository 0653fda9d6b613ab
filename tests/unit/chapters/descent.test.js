// The guided descent without a page: its numbers by hand, what is said, what is on the stage at each step.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cramped } from "../../../chapters/ch05/labs/descent_draw.js";
import { explain, sumOf } from "../../../chapters/ch05/labs/descent_explain.js";
import { hitAt, neighbour } from "../../../chapters/ch05/labs/descent_keys.js";
import { signed } from "../../../chapters/ch05/labs/descent_last.js";
import { derived, inCell, said, tabled } from "../../../chapters/ch05/labs/descent_numbers.js";
import { places, stageOf } from "../../../chapters/ch05/labs/descent_scenes.js";
import { sentenceOf } from "../../../chapters/ch05/labs/descent_sentences.js";

const LAYERS = 3;
const names = [
  "the input",
  ...[1, 2, 3].flatMap((n) => ["self-attention", "cross-attention", "feed-forward"].map((x) => `${x} ${n}`)),
];

// Four features, two heads of two; two source words. The norm of [1, −1, 1, −1] is itself, and so are the memories.
const spec = {
  ...{ names, source: ["it", "was"], written: ["<bos>", "il"], next: ["il", "était", "<eos>"], ids: [2, 3] },
  ...{ size: 4, heads: 2, vocabulary: 1205, rivals: ["était", "a"], eps: 0 },
};
const flat = [0, 0, 0, 0];
const ones = [[1, 1, 1, 1], flat];
const study = {
  token: [0.5, -1, 1, 0],
  position: [0.5, 0, 0, -1],
  added: [flat, [0, 0, 0.001, 0], [1, -1, 1, -1], ...Array(6).fill(flat)],
  norm: ones,
  memory: [flat, [2, 0, 0, 0]],
  query: [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
  ],
  query_bias: [0, 0],
  key: [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
  ],
  key_bias: [0, 0],
  value: [
    [1, 0, 0, 0],
    [0, 0, 0, 0],
  ],
  value_bias: [0, 3],
  means: [9, 9, 5, 6],
  by_head: [
    [1, 0, 0, 0],
    [0, 2, 0, 0],
  ],
  out_bias: [0, 0, 0, 1],
  last_norm: ones,
  rows: [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
  ],
  rows_bias: [0.5, 0],
  total: [Math.log(Math.exp(1.5) + Math.exp(-1))],
  rivals: ["était", "a"],
  stops: names.map((_, n) => [n ? "était" : "il", n / 10]),
};
const found = derived(study, spec, { word: 2, layer: 1, head: 1 });

test("a word becomes a vector, and the sub-layers below add to it", () => {
  assert.deepEqual(found.start, [1, -1, 1, -1]);
  assert.deepEqual([found.below, found.state], [1, [1, -1, 1, -1]]);
  assert.deepEqual(
    found.states.at(-1).map((x) => Math.round(x)),
    [2, -2, 2, -2],
  );
  assert.equal(derived(study, spec, { word: 2, layer: 2, head: 1 }).below, 4);
});

test("there is never a minus, nor a plus, before nothing", () => {
  for (const x of [-0, -0.0001, -0.00049, -0.004, -0.04]) {
    for (const width of [30, 60]) assert.doesNotMatch(inCell(x, width), /^−0\.?0*$/, `${x}`);
    assert.doesNotMatch(said(x), /^−0\.?0*$/);
    assert.doesNotMatch(signed(-x), /^[+−]0\.?0*$/);
    assert.doesNotMatch(tabled(x), /^-0\.?0*$/);
  }
  assert.deepEqual([inCell(-0.004, 60), inCell(-0.04, 30), inCell(-0.006, 60)], ["0.00", "0.0", "−0.01"]);
});

test("of a sum the largest terms are said, the others together", () => {
  assert.equal(
    sumOf(
      [1, -5, 0.5, 3, 2, 0.25].map((value) => ({ value })),
      3,
    ),
    "−5.00 + 3.00 + 2.00 + 3 more (1.75)",
  );
  assert.equal(sumOf([{ value: 2, text: "two" }, { value: 1 }]), "two + 1.00");
});

test("what made a number, and what it lights up", () => {
  const start = explain(found, spec, "start", 0);
  assert.equal(start.text, "Number 1: 0.50 (word) + 0.50 (position) = 1.00.");
  assert.deepEqual(start.made, [
    ["token", 0],
    ["position", 0],
  ]);
  const share = explain(found, spec, "share.1", 0);
  assert.equal(share.text, "Share of “was”: 4.11 ÷ 5.11 = 0.804.");
  assert.deepEqual(share.made, [
    ["raised.1", 0],
    ["total", 0],
    ["score.1", 0],
  ]);
  assert.equal(explain(found, spec, "position", 0).text, "Position 1, number 1: 0.50 = sin(1 ÷ 1.00).");
  assert.equal(
    explain(found, spec, "value.0", 1).text,
    "Value of “it”, number 2: bias 3.00 + 0 × 0 + 0 × 0 + 2 more (0) = 3.00 (state × parameter).",
  );
  assert.equal(
    explain(found, spec, "stop.2", 0).text,
    "If the decoder stopped after cross-attention 1: “était”, with a probability of 0.200.",
  );
});

test("each step says a sentence, about a number that is on the stage", () => {
  const steps = places();
  assert.deepEqual([steps.length, steps[0], steps[4], steps.at(-1)], [22, 0, 1, 4]);
  const sentences = steps.map((_, step) => sentenceOf(found, spec, step));
  assert.equal(new Set(sentences.map(({ text }) => text)).size, 22);
  assert.equal(sentences[3].text, "On its way to the cross-attention of layer 1, one sub-layer adds to it.");
  assert.equal(sentences[10].text, "2 scores. How do they become shares of one whole?");
  assert.equal(sentences[13].text, "Divide by the sum. This is softmax: “was” gets 80 % of 1.");
  assert.equal(sentences[16].text, "Add them up, column by column. The answer of this head: mostly “was” and “it”.");
  assert.equal(sentences[21].text, "Softmax once more: “était” gets 92 %, and the decoder writes it.");
});

for (const size of [
  { width: 1160, height: 336, small: false },
  { width: 390, height: 440, small: true },
]) {
  test(`at ${size.width} px everything has its own id, a place of numbers, and what is said is shown`, () => {
    places().forEach((_, step) => {
      const { items } = stageOf(found, spec, step, size);
      const { name, cell } = sentenceOf(found, spec, step);
      assert.equal(new Set(items.map(({ id }) => id)).size, items.length, `step ${step}`);
      assert.ok(
        items.every(({ place }) => place.every(Number.isFinite)),
        `step ${step}`,
      );
      const shown = items.filter((item) => item.name === name);
      const holds = ({ first = 0, values = [0] }) => cell >= first && cell < first + values.length;
      assert.ok(shown.some(holds), `step ${step}: ${name}, ${cell}`);
      for (const item of items) if (item.name) assert.ok(explain(found, spec, item.name, 0).text);
    });
  });
}

test("two layers can be told apart, however narrow: all labels of a column are brief where one has no room", () => {
  const upper = derived(study, spec, { word: 2, layer: LAYERS, head: 1 });
  const { items } = stageOf(upper, spec, 3, { width: 700, height: 336, small: false });
  const labels = items.filter(({ brief }) => brief);
  assert.equal(labels.length, 7);
  assert.deepEqual(
    labels.map(({ brief }) => brief),
    ["+ self 1", "+ cross 1", "+ feed 1", "+ self 2", "+ cross 2", "+ feed 2", "+ self 3"],
  );
  assert.equal(new Set(labels.map(({ words }) => words)).size, 7);
  assert.ok(cramped(items, ({ words = "" }) => 8 * words.length));
  assert.ok(!cramped(items, ({ words = "" }) => 2 * words.length));
});

test("arrows go to the nearest number ahead, and never to a bar", () => {
  const hit = (name, x, y, bar = false) => ({ name, cell: 0, id: name, bar, x, y, w: 10, h: 10 });
  const hits = [hit("a", 0, 0), hit("b", 30, 2), hit("c", 100, 0), hit("bar", 15, 0, true), hit("d", 0, 40)];
  const from = { name: "a", cell: 0, id: "a" };
  assert.equal(neighbour(hits, from, [0, 1]).name, "b");
  assert.equal(neighbour(hits, from, [1, 0]).name, "d");
  assert.equal(neighbour(hits, from, [0, -1]), null);
  assert.equal(neighbour(hits, null, [0, 1]).name, "a");
  assert.equal(hitAt(hits, [16, 5]).name, "bar");
  assert.equal(hitAt(hits, [500, 5]), null);
});
