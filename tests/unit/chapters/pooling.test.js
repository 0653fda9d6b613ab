import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dotOf,
  errorAt,
  inkOf,
  mapOf,
  numbersOf as pooling,
  roofOf,
} from "../../../chapters/ch01/labs/pooling_numbers.js";

const near = (x, wanted) => assert.ok(Math.abs(x - wanted) < 1e-9, `${x} is not ${wanted}`);
const most = (list) => list.reduce((a, b) => Math.max(a, b));
const hours = Float64Array.from({ length: 50 }, (_, i) => (24 * (i + 0.5)) / 50);
const day = { keys: hours, values: hours.map(Math.sin), queries: hours };
const lab = { widths: [0.2, 1, 35], kernels: ["gaussian", "boxcar", "epanechnikov"] };
const three = { keys: Float64Array.of(1, 2, 4), values: Float64Array.of(10, 20, 0) };
const at = (state) =>
  pooling({ domain: [0, 5] }, three, { query: 2, kernel: "gaussian", width: 1, removed: [], ...state });

test("the pencil example of the chapter: 14.96, and 8.2 without the largest weight", () => {
  const closeness = [Math.exp(-0.5), 1, Math.exp(-2)];
  const total = closeness[0] + closeness[1] + closeness[2];
  const { weights, estimate, strongest, whole } = at({});
  closeness.forEach((c, i) => near(weights[i], c / total));
  near(estimate, (10 * closeness[0] + 20) / total);
  assert.equal(estimate.toFixed(2), "14.96");
  assert.equal(strongest, 1);
  near(whole, estimate);
  const without = at({ removed: [1] });
  assert.equal(without.estimate.toFixed(1), "8.2");
  assert.equal(without.weights[1], 0);
  assert.deepEqual(without.removed, [false, true, false]);
  near(without.whole, estimate);
});

test("the axis of the weights ends at a round share, and equal weights stay low on it", () => {
  assert.equal(roofOf([0.15, 0.1, 0.75]), 1);
  assert.equal(roofOf(Array(50).fill(0.02)), 0.1);
  assert.equal(roofOf([0.18, ...Array(49).fill(0.8 / 49)]), 0.2);
});

test("a dot is as large as its weight, whatever the other weights are", () => {
  for (const width of [0.2, 1, 1000]) {
    const { weights } = at({ width });
    for (const weight of weights) {
      const { radius } = dotOf(weight);
      near(((radius - 3) / 7) ** 2, weight);
    }
  }
  assert.ok(dotOf(0.02).radius < 4.1 && dotOf(1).radius === 10);
  assert.ok(dotOf(0).alpha < dotOf(1e-6).alpha && dotOf(1).alpha > 0.9);
});

test("the same weight is the same ink at every width: spread wide, a map is pale", () => {
  const ink = (width) => most(Array.from(mapOf(lab, day, { kernel: "gaussian", width, query: 0 }).weights, inkOf));
  assert.ok(ink(0.2) > 0.9, `at width 0.2 the darkest is ${ink(0.2)}`);
  assert.ok(ink(35) < 0.17, `at width 35 the darkest is ${ink(35)}`);
  assert.ok(ink(0.2) > ink(1) && ink(1) > ink(5) && ink(5) > ink(35));
  assert.deepEqual([0, 0.01, 0.25, 1, 2].map(inkOf), [0, 0.1, 0.5, 1, 1]);
});

test("how many examples count: one at the narrowest, nearly all at the widest", () => {
  const mean = (width) => mapOf(lab, day, { kernel: "gaussian", width, query: 0 }).mean;
  near(mean(0.01), 1);
  assert.ok(mean(35) > 49);
});

test("the errors are those of the kernel, and the lowest of them is found past gaps", () => {
  const errors = Float32Array.of(9, 9, 9, NaN, 2, 3, 9, 9, 9);
  const found = mapOf(lab, { ...day, errors }, { kernel: "boxcar", width: 30, query: 0 });
  assert.deepEqual(found.errors, [NaN, 2, 3]);
  assert.deepEqual([found.here, found.lowest], [2, 1]);
});

test("a ball between two widths lies on the curve between their errors, and never beyond its ends", () => {
  const [widths, errors] = [
    [1, 4, 16],
    [9, 3, 5],
  ];
  near(errorAt(widths, errors, 2), 6);
  assert.deepEqual(
    [0.1, 1, 4, 99].map((width) => errorAt(widths, errors, width)),
    [9, 9, 3, 5],
  );
});
