import assert from "node:assert/strict";
import { test } from "node:test";
import { evenly, moved, Ruler } from "../src/shared/chart.js";
import { DARK, LIGHT } from "../src/shared/theme.js";
import { barAt, barsLayout, shown } from "../src/views/bars.js";
import { cellAt, Cells, figure, mapsLayout } from "../src/views/maps_numbers.js";
import { shade } from "../src/views/maps.js";

const pen = { font: "", measureText: (text) => ({ width: 7 * text.length }) };
const ruler = new Ruler({ unit: 1, font: () => "" }, pen);

test("keys move among rows of marks and stop at their ends", () => {
  const rows = [3, 1, 2];
  assert.deepEqual(moved([0, 0], [0, 1], rows), [0, 1]);
  assert.deepEqual(moved([0, 2], [0, 1], rows), [0, 2]);
  assert.deepEqual(moved([0, 2], [1, 0], rows), [1, 0]);
  assert.deepEqual(moved([1, 0], [9, 1e6], rows), [2, 1]);
  assert.deepEqual(moved([2, 1], [-9, -1e6], rows), [0, 0]);
  assert.deepEqual(moved([0, 0], [0, 1], [0]), [0, 0]);
});

test("panels stand in equal rows, and of three none alone", () => {
  assert.deepEqual(
    [1, 2, 3].map((most) => evenly(3, most)),
    [1, 1, 3],
  );
  assert.deepEqual(
    [4, 3, 2, 1].map((most) => evenly(4, most)),
    [4, 2, 2, 1],
  );
  assert.deepEqual([evenly(5, 4), evenly(6, 4), evenly(1, 4), evenly(7, 0)], [3, 3, 1, 1]);
});

test("the four colours are legible as words in light and dark", () => {
  const light = (hex) => {
    const part = (i) => parseInt(hex.slice(i, i + 2), 16) / 255;
    const linear = [1, 3, 5].map(part).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  for (const [theme, grounds] of [
    [LIGHT, ["#ffffff", "#fafbfc"]],
    [DARK, ["#1c2128", "#111111"]],
  ])
    for (const ground of grounds)
      for (const role of ["query", "key", "value", "output"])
        assert.ok(contrast(theme[role], ground) >= 4.5, `${role} on ${ground}`);
});

test("of several bars for a name each row has all, one under the other", () => {
  const spec = { names: ["form", "fits"], parts: ["before", "after"], ylabel: "%", digits: 0 };
  for (const width of [360, 900]) {
    const layout = barsLayout(spec, [0, 100, 12, 81], width, ruler);
    const { from, each, thick, key } = layout;
    assert.ok(layout.value(100) < width && key[1][0] > key[0][0] && each > 2 * thick);
    assert.deepEqual(barAt(layout, from + thick / 2, 2, 2), [0, 0]);
    assert.deepEqual(barAt(layout, from + each + 1.5 * thick, 2, 2), [1, 1]);
    assert.equal(barAt(layout, from - 1, 2, 2), null);
  }
  const alone = barsLayout({ names: ["a", "b"], parts: [""], ylabel: "", digits: 0 }, [1, -2], 900, ruler);
  assert.ok(alone.from === 0 && alone.value(1) > alone.value(0) && alone.value(0) > alone.value(-2));
  assert.equal(shown(-0.5, 1), "−0.5");
});

/** `count` maps of [size, size] with labels of so many letters, or none. */
function maps(count, size, letters = 0) {
  const labels = letters ? Array(size).fill("x".repeat(letters)) : [];
  const panel = (i) => ({
    ...{ title: `map ${i}`, shape: [size, size], range: [0, 1], signed: false },
    ...{ rows: labels, columns: labels },
  });
  return { panels: Array.from({ length: count }, (_, i) => panel(i)), rows: "query", columns: "key", across: 0 };
}
const rowsOf = ({ spots }) => [...new Set(spots.map(({ top }) => top))].map((y) => spots.filter((s) => s.top === y));

test("no third map stands alone in a second row, at any width", () => {
  for (let width = 300; width <= 1600; width += 20)
    for (const spec of [maps(3, 7, 8), maps(3, 15, 8), maps(3, 4, 2), maps(3, 30)]) {
      const sizes = rowsOf(mapsLayout(spec, width, width < 720, ruler)).map((row) => row.length);
      assert.ok(sizes.length === 1 || sizes.length === 3, `${width}: ${sizes}`);
    }
  const site = mapsLayout(maps(3, 7, 8), 736, false, ruler);
  assert.equal(rowsOf(site).length, 1);
});

test("maps fit their column, are comparable and stay together", () => {
  for (const spec of [maps(3, 7, 8), maps(2, 12, 5), maps(1, 6, 20), maps(36, 36), maps(5, 3, 3)])
    for (const width of [320, 736, 1500]) {
      const { spots, height } = mapsLayout(spec, width, width < 720, ruler);
      assert.equal(new Set(spots.map(({ w }) => w.toFixed(3))).size, 1);
      for (const { x, y, w, h } of spots) assert.ok(x + w <= width + 0.5 && y + h <= height, `${width}`);
    }
  const { spots } = mapsLayout(maps(3, 7, 8), 1600, false, ruler);
  assert.ok(spots[1].left - (spots[0].x + spots[0].w) < 60);
});

test("a cell is found where it is, and told by its names", () => {
  const spec = maps(2, 2, 1);
  spec.panels[1].rows = ["it", "was"];
  const values = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
  const state = { along: "first" };
  const cells = new Cells({ ...spec, along: ["first", "second"] }, [...values, ...values.map((x) => x / 2)], state);
  assert.deepEqual(cells.rows, [2, 2, 2, 2]);
  assert.deepEqual(
    [cells.where(0), cells.where(3)],
    [
      [0, 0],
      [1, 1],
    ],
  );
  const layout = mapsLayout(spec, 700, false, ruler);
  const { x, y, w, h } = layout.spots[1];
  assert.deepEqual(cellAt(layout, cells, x + 0.75 * w, y + 0.25 * h), [2, 1]);
  assert.equal(cellAt(layout, cells, x + w + 1, y), null);
  assert.deepEqual(cells.sentence([2, 1]), { title: "map 1 · ", names: "it → x: ", number: "0.6" });
  assert.deepEqual(cells.table().rows[3], ["map 1 was", "0.7", "0.8"]);
  state.along = "second";
  assert.deepEqual(cells.of(1), [0.25, 0.3, 0.35, 0.4]);
  assert.equal(cells.sentence([2, 1]).number, "0.3");
  assert.deepEqual([0.25, 3, -12.4, -0.5, 0].map(figure), [".25", "3", "−12", "−.50", "0"]);
});

test("maps are drawn in ink; numbers that may be below 0 in the colour of their sign", () => {
  const grey = ([r, g, b]) => Math.max(r, g, b) - Math.min(r, g, b) < 24;
  for (const theme of [LIGHT, DARK])
    for (const value of [0.5, 1]) {
      assert.ok(grey(shade(theme, { signed: false, range: [0, 1] }, value)));
      const [more, less] = [value, -value].map((x) => shade(theme, { signed: true, range: [0, 1] }, x));
      assert.ok(!grey(more) && !grey(less) && `${more}` !== `${less}`);
    }
});
