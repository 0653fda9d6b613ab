import assert from "node:assert/strict";
import { test } from "node:test";
import { Ruler } from "../src/shared/chart.js";
import { LIGHT } from "../src/shared/theme.js";
import { places } from "../src/views/lines_labels.js";
import * as numbers from "../src/views/lines_numbers.js";
import { colourOf, dashesOf } from "../src/views/lines_paint.js";

const pen = { font: "", measureText: (text) => ({ width: 7 * text.length }) };
const ruler = new Ruler({ unit: 1, font: () => "" }, pen);
const box = { left: 40, top: 20, right: 560, bottom: 280 };

/** A panel of lines, name -> [xs, ys] or [xs, lows, highs]; and its arrays. */
function chartOf(series, given = {}) {
  const entries = Object.entries(series);
  const kind = (ys) => (ys.length > 2 ? "band" : (given.kind ?? "line"));
  const panel = {
    series: entries.map(([name, [x, ...ys]]) => ({
      ...{ name, kind: kind([x, ...ys]), role: given.roles?.[name] ?? null, labels: given.labels ?? null },
      count: x.length,
    })),
    ...{ title: "", xlabel: "x", ylabel: "y", log: "", mark: null, limits: null, start: null, ...given.panel },
  };
  const arrays = {
    x: Float32Array.from(entries.flatMap(([, [x]]) => x)),
    y: Float32Array.from(entries.flatMap(([, [, y]]) => y)),
    z: Float32Array.from(entries.flatMap(([, [, , z]]) => z ?? [])),
  };
  return { panel, rows: numbers.seriesOf([panel], arrays) };
}
const frame = { left: 0, top: 0, width: 600, height: 300 };
const layoutOf = ({ panel, rows }) => new numbers.PanelPlan(panel, rows, frame, ruler).layout();

test("the reach of numbers has room, whatever they are", () => {
  assert.deepEqual(numbers.reach([0, 10], false, 0.1), [-1, 11]);
  assert.deepEqual(numbers.reach([], false, 0.1), [0, 1]);
  assert.deepEqual(numbers.reach([NaN, 5], false, 0.2), [4, 6]);
  const [low, high] = numbers.reach([-1, 0, 1, 100], true, 0.5); // of a logarithm only what is above 0
  assert.ok(Math.abs(low - 0.1) < 1e-9 && Math.abs(high - 1000) < 1e-9);
  const [under, over] = numbers.reach([2], true, 0.05);
  assert.ok(under < 2 && over > 2);
});

test("bands have an upper edge, and only they take from it; whole numbers have no halves below", () => {
  const chart = chartOf({
    mean: [
      [1, 2],
      [3, 4],
    ],
    band: [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    other: [[1], [9]],
  });
  const below = layoutOf(chart).across.map(({ text }) => text);
  assert.deepEqual(below, ["1", "2"]);
  assert.deepEqual(
    chart.rows.map(({ z }) => Array.from(z)),
    [[3, 4], [5, 6], [9]],
  );
});

test("lines without a role have no colour of a role: dark and pale in turn, and then dashes", () => {
  const series = { points: [[1], [1]], fit: [[1], [1]], one: [[1], [1]], two: [[1], [1]], three: [[1], [1]] };
  const { rows } = chartOf(series, { roles: { points: "value", fit: "output" } });
  assert.deepEqual(
    rows.map((row) => colourOf(LIGHT, row)),
    [LIGHT.value, LIGHT.output, LIGHT.text, LIGHT.pale, LIGHT.text],
  );
  assert.deepEqual(dashesOf(rows[3]), []);
  assert.notDeepEqual(dashesOf(rows[4]), []);
  assert.deepEqual(dashesOf(rows[1]), []);
});

test("names that would cover each other are spread, in their order and within bounds", () => {
  assert.deepEqual(numbers.spread([10, 50, 90], 0, 100, 15), [10, 50, 90]);
  assert.deepEqual(numbers.spread([50, 51, 52], 0, 100, 15), [50, 65, 80]);
  assert.deepEqual(numbers.spread([95, 96, 97], 0, 100, 15), [70, 85, 100]);
  assert.deepEqual(numbers.spread([-20], 0, 100, 15), [0]);
  assert.deepEqual(numbers.spread([], 0, 100, 15), []);
});

test("names stand at the ends of lines, above where a line ends early, in a key where they are long", () => {
  const long = Array.from({ length: 20 }, (_, i) => i);
  const close = layoutOf(chartOf({ a: [long, long], b: [long, long.map((v) => v + 0.01)] }));
  const [a, b] = close.ends.map(({ y }) => y);
  assert.equal(close.key.length, 0);
  assert.ok(Math.abs(a - b) >= 15 && close.ends.every(({ x }) => x > close.box.right));
  assert.ok(
    close.ends.every(({ y }) => y < close.box.bottom),
    "the numbers below begin there",
  );
  const early = layoutOf(
    chartOf({
      all: [long, long],
      part: [
        [0, 5],
        [0, 5],
      ],
    }),
  );
  const part = early.ends.find(({ series }) => series.name === "part");
  assert.ok(part.x < early.box.right - 100);
  const names = { ["a name ".repeat(6)]: [long, long], ["another name ".repeat(5)]: [long, long] };
  const keyed = layoutOf(chartOf(names));
  assert.deepEqual([keyed.ends.length, keyed.key.length], [0, 2]);
  assert.ok(keyed.key[1].y > keyed.key[0].y && keyed.box.top > keyed.key[1].y, "one below the other");
  assert.equal(layoutOf(chartOf({ alone: [long, long] })).ends.length, 0);
});

test("the labels of points cover neither each other nor points; what finds no room is dropped", () => {
  const points = Array.from({ length: 40 }, (_, i) => ({ x: 300 + (i % 5), y: 150 + (i % 7) }));
  const labels = points.map((_, i) => `label ${i}`);
  const taken = points.map(({ x, y }) => [x - 4, y - 4, 8, 8]);
  const found = places(labels, points, box, taken, ruler);
  assert.ok(found.length >= 2 && found.length < 40);
  const boxes = found.map(({ lines, x, y, apart }) => [x, y, 7 * lines[0].length, apart * lines.length]);
  for (const [i, p] of boxes.entries())
    for (const q of boxes.slice(i + 1))
      assert.ok(p[0] >= q[0] + q[2] || q[0] >= p[0] + p[2] || p[1] >= q[1] + q[3] || q[1] >= p[1] + p[3]);
  assert.ok(
    found.some(({ leader }) => leader),
    "further away, at the end of a line",
  );
  const one = places(["base"], [{ x: 100, y: 100 }], box, [], ruler);
  assert.deepEqual([one[0].x, one[0].y, one[0].leader], [107, 93.5, null]);
  const atEdge = places(["a long name at the right"], [{ x: 555, y: 100 }], box, [], ruler);
  assert.ok(atEdge[0].x < 555 - 100);
  assert.deepEqual(
    places(
      ["", "x"],
      [
        { x: 1, y: 1 },
        { x: 100, y: NaN },
      ],
      box,
      [],
      ruler,
    ),
    [],
  );
});

test("a line across has its words where there is room", () => {
  const at = (x) =>
    layoutOf(
      chartOf(
        {
          a: [
            [0, 100],
            [0, 1],
          ],
        },
        { panel: { mark: [x, "trained to here"] } },
      ),
    ).mark;
  assert.ok(at(20).x > at(20).at);
  assert.ok(at(95).x < at(95).at);
});

test("what is read out at rest is where the author wants it, else nothing", () => {
  const given = chartOf(
    {
      a: [
        [0, 5, 10],
        [1, 2, 3],
      ],
    },
    { panel: { start: 6 } },
  );
  assert.deepEqual(numbers.startOf([given.panel], given.rows), [0, 1]);
  const none = chartOf({
    a: [
      [0, 5, 10],
      [1, 2, 3],
    ],
  });
  assert.equal(numbers.startOf([none.panel], none.rows), null);
});

test("a mark is told with its unit, or beside the others; hours as a clock", () => {
  const alone = chartOf({ "": [[14.6], [21]] }, { panel: { xlabel: "hour", ylabel: "°C", hours: true } });
  const told = numbers.sentence([alone.panel], alone.rows, [0, 0]);
  assert.deepEqual(told, { at: "hour 14:36", name: "", number: "21", unit: "°C", others: [] });
  const two = chartOf({
    a: [
      [1, 2],
      [3, 4],
    ],
    band: [
      [1, 2],
      [5, 6],
      [7, 8],
    ],
  });
  assert.deepEqual(numbers.sentence([two.panel], two.rows, [0, 1]).others, ["band: 6 to 8"]);
  assert.deepEqual(numbers.tableOf([alone.panel], alone.rows), {
    header: ["line", "hour", "°C"],
    rows: [["1", "14:36", "21"]],
  });
  const hours = layoutOf(
    chartOf(
      {
        "": [
          [0, 24],
          [0, 1],
        ],
      },
      { panel: { hours: true } },
    ),
  );
  assert.ok(
    hours.across.some(({ text }) => text === "12:00") && hours.across.every(({ text }) => text.endsWith(":00")),
  );
});

test("the nearest mark is found, in its own panel", () => {
  const chart = chartOf({
    a: [
      [0, 50, 100],
      [0, 1, 0],
    ],
  });
  chart.rows.push({ ...chart.rows[0], kind: "dashed", y: [0, 0, 0] }); // what it is compared with is told beside it
  const layout = layoutOf(chart);
  assert.deepEqual(numbers.found([layout], chart.rows, layout.x(52), layout.box.bottom), [0, 1]);
  assert.equal(numbers.found([layout], chart.rows, 700, 100), null);
});

test("charts are as wide as their column, and higher where it is wide", () => {
  const plain = { series: [{ labels: null }] };
  const spec = { panels: [plain], presenting: false };
  const size = (width) => numbers.frames(spec, width, width < 720, { unit: 1, tall: 1 });
  for (const width of [380, 736, 1240, 1800]) assert.equal(size(width).panels[0].width, width);
  assert.deepEqual([size(380).height, size(736).height, size(1240).height, size(1800).height], [250, 300, 335, 400]);
  const three = numbers.frames({ panels: [plain, plain, plain] }, 500, true, { unit: 1, tall: 1 });
  assert.deepEqual(
    three.panels.map(({ left }) => left),
    [0, 0, 0],
  );
  const named = { series: [{ labels: ["a"] }] };
  const [low, high] = [plain, named].map((one) =>
    numbers.frames({ panels: [one, one] }, 900, false, { unit: 1, tall: 1 }),
  );
  assert.ok(high.height > low.height, "names of points have room between them");
});
