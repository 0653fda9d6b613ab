// Numbers as a reader sees them, the mathematics that views share, and how numbers come: against known values.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, fromBase64 } from "../src/data.js";
import { clamp, clock, effective, fmt, nearest, number, percent, short, softmax } from "../src/shared/numbers.js";

const close = (seen, wanted) =>
  Array.from(wanted).forEach((x, i) =>
    assert.ok(Math.abs(seen[i] - x) < 1e-12, `${Array.from(seen)} is not ${wanted}`),
  );

test("softmax gives shares that sum to 1", () => {
  close(softmax([0, 0, 0, 0]), [0.25, 0.25, 0.25, 0.25]);
  close(softmax([Math.log(1), Math.log(2), Math.log(5)]), [1 / 8, 2 / 8, 5 / 8]);
  close(softmax([1000, 1000]), [0.5, 0.5]); // without the largest taken away it would be ∞ / ∞
  close(softmax([-1e5, 0]), [0, 1]);
});

test("what is masked gets nothing, and nobody to attend gives zeros", () => {
  close(softmax([5, 0, 0], [false, true, true]), [0, 0.5, 0.5]);
  close(softmax([-Infinity, 0], null), [0, 1]);
  close(softmax([1, 2], [0, 0]), [0, 0]);
  close(softmax([-Infinity, -Infinity]), [0, 0]);
  assert.deepEqual(softmax([]), []);
});

test("the effective number of weights", () => {
  assert.equal(effective([0.25, 0.25, 0.25, 0.25]), 4);
  assert.equal(effective([1, 0, 0]), 1);
  assert.equal(effective([0, 0]), 0);
});

test("a number has its digits, a true minus, and never a minus before zero", () => {
  assert.deepEqual(
    [0, -0, 1.25, -1.25, 12.3456].map((x) => fmt(x)),
    ["0.000", "0.000", "1.250", "−1.250", "12.346"],
  );
  assert.deepEqual(
    [-0.004, -0.001, -1e-300].map((x) => fmt(x, 2)),
    ["0.00", "0.00", "−1.0e−300"],
  );
  for (let x = -1; x <= 1; x += 0.0007)
    for (const digits of [0, 1, 2, 3]) assert.doesNotMatch(fmt(x, digits), /^−[0.]*$|-/, `${x} with ${digits}`);
});

test("large, small and missing numbers", () => {
  assert.deepEqual(
    [123.456, 99999.4, 1e5, 0.0004, -3e-7].map((x) => fmt(x)),
    [...["123.5", "99999.4", "1.0e+5", "4.0e−4", "−3.0e−7"]],
  );
  assert.deepEqual(
    [NaN, null, Infinity, -Infinity].map((x) => fmt(x)),
    ["–", "–", "∞", "−∞"],
  );
  assert.deepEqual([1.234, 123.46, -123.46].map(short), ["1.23", "123.5", "−123.5"]);
});

test("a share in percent says something of small ones, too", () => {
  assert.deepEqual([0, 0.0004, 0.0005, 0.0042, 0.005, 0.126, 1].map(percent), [
    ...["0 %", "less than 0.1 %", "0.1 %", "0.4 %", "1 %", "13 %", "100 %"],
  ]);
});

test("the numbers of a chart have three digits, of any size", () => {
  assert.deepEqual([0, 1, -2.5, 1234.5, 12345, 0.00012, 3e9, -4e-7].map(number), [
    ...["0", "1", "−2.5", "1234.5", "12,345", "1.2·10⁻⁴", "3·10⁹", "−4·10⁻⁷"],
  ]);
  assert.equal(number(Infinity), "–");
});

test("the nearest value, and the nearest within bounds", () => {
  assert.deepEqual([nearest([0, 1, 4], 3), nearest([0, 1, 4], -9), nearest([5], 1)], [2, 0, 0]);
  assert.deepEqual([clamp(-1, 0, 3), clamp(2, 0, 3), clamp(9, 0, 3)], [0, 2, 3]);
});

/** Bytes from texts of eight bits or of hexadecimal digits. */
const bytes = (hex) => Uint8Array.from(hex.match(/../g), (two) => parseInt(two, 16)).buffer;

test("numbers come as float16, float32, float64 and uint8, one after the other", () => {
  // 1, −2, 65504, 2⁻²⁴, ∞, NaN · 1.5, −0.25 · π · 7, 255
  const halves = "003c00c0ff7b0100007c007e";
  const buffer = bytes(`${halves}0000c03f000080be182d4454fb21094007ff`);
  const layout = [
    { name: "half", dtype: "float16", size: 6, offset: 0 },
    { name: "single", dtype: "float32", size: 2, offset: 12 },
    { name: "double", dtype: "float64", size: 1, offset: 20 },
    { name: "byte", dtype: "uint8", size: 2, offset: 28 },
  ];
  const { half, single, double, byte } = decode(buffer, layout);
  assert.deepEqual([...half], [1, -2, 65504, 2 ** -24, Infinity, NaN]);
  assert.deepEqual([...single], [1.5, -0.25]);
  assert.deepEqual([...double], [Math.PI]);
  assert.deepEqual([...byte], [7, 255]);
});

test("every pattern of 16 bits is the number that IEEE 754 says", () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const { half } = decode(all.buffer, [{ name: "half", dtype: "float16", size: 65536, offset: 0 }]);
  assert.equal(half[0x3555], Math.fround(1365 / 4096), "a third");
  assert.ok(Object.is(half[0x8000], -0));
  for (let i = 1; i < 0x7c00; i++) assert.ok(half[i] > half[i - 1], "they rise with their pattern");
  assert.ok(half.slice(0x7c01, 0x8000).every(Number.isNaN));
});

test("too few numbers, or of a kind that is not known, are refused", () => {
  for (const dtype of ["float16", "float32", "float64", "uint8"])
    assert.throws(() => decode(new ArrayBuffer(8), [{ name: "x", dtype, size: 9, offset: 0 }]), RangeError);
  assert.throws(() => decode(new ArrayBuffer(8), [{ name: "x", dtype: "int64", size: 1, offset: 0 }]), /int64/);
});

test("numbers come in base64", () => {
  assert.deepEqual([...new Uint8Array(fromBase64("AAECgP8="))], [0, 1, 2, 128, 255]);
  assert.throws(() => fromBase64("not base64!"));
});

test("hours of a day are told as a clock tells them", () => {
  const told = { 14.6: "14:36", 8: "8:00", 0: "0:00", 24: "24:00", 9.999: "10:00", 6.05: "6:03" };
  for (const [hours, text] of Object.entries(told)) assert.equal(clock(Number(hours)), text);
  assert.equal(clock(-1.5), "−1:30");
  assert.equal(clock(-0.001), "0:00");
  assert.equal(clock(NaN), "–");
});
