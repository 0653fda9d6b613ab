// The numbers of a view as they come: one buffer, and its layout in the spec.
import { t } from "./text.js";

/** @typedef {{ name: string, dtype: string, size: number, offset: number }} Place one array in the buffer */
/** @typedef {Float32Array | Float64Array | Uint8Array} Numbers */

/** @type {Float32Array | undefined} the value of each of the 65,536 patterns of 16 bits */
let halves;

/** @param {number} bits */
function halfOf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
}

/** float16 -> float32. @param {Uint16Array} bits */
export function fromHalf(bits) {
  halves ??= Float32Array.from({ length: 65536 }, (_, pattern) => halfOf(pattern));
  const table = halves;
  return Float32Array.from(bits, (pattern) => table[pattern]);
}

const KINDS = { float32: Float32Array, float64: Float64Array, uint8: Uint8Array };

/**
 * @param {ArrayBuffer} buffer
 * @param {Place[]} layout
 * @returns {Record<string, Numbers>}
 */
export function decode(buffer, layout) {
  return Object.fromEntries(
    layout.map(({ name, dtype, size, offset }) => {
      if (dtype === "float16") return [name, fromHalf(new Uint16Array(buffer.slice(offset), 0, size))];
      if (!(dtype in KINDS))
        throw new Error(t("the numbers of this view are {dtype}, which it cannot read", { dtype }));
      return [name, new KINDS[/** @type {keyof typeof KINDS} */ (dtype)](buffer.slice(offset), 0, size)];
    }),
  );
}

/** @param {string} text */
export const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
