// The √d lab's numbers: what the size of vectors does to their dot products, to softmax, and to its response.
import { pool, softmax } from "../../../course_kit/views/js/src/shared/numbers.js";

/** @import { Arrays, Spec, State } from "../../../course_kit/views/js/src/shared/types.js" */
/**
 * @typedef {Spec & { sizes: number[], shape: [number, number, number, number, number] }} ScalingSpec shape: queries on
 *   show, queries, keys, how many of each travel, and the size of each of these
 * @typedef {{ scores: number[], spread: number, entropy: number, gradient: number, weights: number[][] }} Measured
 *   scores flat, a row of weights for each query; gradient: of the median query
 */

/** @param {number[]} list */
const total = (list) => list.reduce((sum, x) => sum + x, 0);
/** @param {number[]} list */
const mean = (list) => total(list) / list.length;

/** @param {number[]} list */
function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

/** The standard deviation. @param {number[]} list */
function spreadOf(list) {
  const middle = mean(list);
  return Math.sqrt(mean(list.map((x) => (x - middle) ** 2)));
}

/** How even weights are, in nats. @param {number[]} weights */
export const entropyOf = (weights) => -total(weights.map((w) => (w > 0 ? w * Math.log(w) : 0)));

/** The norm of softmax's Jacobian: ‖diag(α) − ααᵀ‖² = Σ α² − 2 Σ α³ + (Σ α²)². @param {number[]} weights */
export function responseOf(weights) {
  const squares = total(weights.map((w) => w ** 2));
  const cubes = total(weights.map((w) => w ** 3));
  return Math.sqrt(Math.max(0, squares - 2 * cubes + squares ** 2));
}

/**
 * Many vectors out of a few, by turning their features round.
 * @param {ArrayLike<number>} few flat
 * @param {number} base how many they are
 * @param {number} size of each
 * @param {number} count how many there are to be
 * @returns {(i: number, feature: number) => number} a feature of one of the many
 */
export function turned(few, base, size, count) {
  const step = Math.max(1, Math.floor(size / (count / base)));
  return (i, feature) => few[(i % base) * size + ((feature + Math.floor(i / base) * step) % size)];
}

/** Random queries and keys of every size, and what their products make of softmax. */
export class Sizes {
  /** @param {ScalingSpec} spec @param {Arrays} arrays */
  constructor({ shape, sizes }, { queries, keys }) {
    const [, manyQueries, manyKeys, base, most] = shape;
    this.sizes = sizes;
    this.queries = manyQueries;
    this.keys = manyKeys;
    const query = turned(queries, base, most, manyQueries);
    const key = turned(keys, base, most, manyKeys);
    this.products = this.productsOf(query, key, most);
    /** At each size the response, without and with √d. */
    this.curves = [false, true].map((scaled) => sizes.map((d) => this.measure(d, scaled).gradient));
    // few queries make the median jump from size to size: the line is its Gaussian average over neighbouring sizes
    const logs = sizes.map(Math.log);
    this.lines = this.curves.map((curve) => logs.map((x) => pool(x, logs, curve, "gaussian", 0.22).estimate));
  }

  /**
   * The dot products of the first d features, for each size d of the slider.
   * @param {(i: number, feature: number) => number} query
   * @param {(i: number, feature: number) => number} key
   * @param {number} most
   */
  productsOf(query, key, most) {
    /** @type {Map<number, Float64Array>} */
    const products = new Map();
    const running = new Float64Array(this.queries * this.keys);
    const wanted = new Set(this.sizes);
    for (let feature = 0; feature < most; feature++) {
      for (let q = 0; q < this.queries; q++) {
        const x = query(q, feature);
        for (let k = 0; k < this.keys; k++) running[q * this.keys + k] += x * key(k, feature);
      }
      if (wanted.has(feature + 1)) products.set(feature + 1, running.slice());
    }
    return products;
  }

  /**
   * At one size. The response is the median over the queries of ‖∂α/∂(q·k)‖, times √d: how the weights answer to one
   * standard deviation of q·k. With √d the chain rule divides by √d once more: only plain scores keep the factor.
   * @param {number} d
   * @param {boolean} scaled
   * @returns {Measured}
   */
  measure(d, scaled) {
    const root = Math.sqrt(d);
    const scores = Array.from(this.products.get(d) ?? [], (product) => (scaled ? product / root : product));
    const row = (/** @type {number} */ q) => scores.slice(q * this.keys, (q + 1) * this.keys);
    const weights = Array.from({ length: this.queries }, (_, q) => softmax(row(q)));
    return {
      scores,
      weights,
      spread: spreadOf(scores),
      entropy: mean(weights.map(entropyOf)),
      gradient: median(weights.map(responseOf)) * (scaled ? 1 : root),
    };
  }

  /** @param {number} d */
  both(d) {
    return { plain: this.measure(d, false), scaled: this.measure(d, true) };
  }
}

/** @param {ScalingSpec} spec @param {Arrays} arrays @param {State} state */
export const numbersOf = (spec, arrays, state) => new Sizes(spec, arrays).both(state.d);

/** The share of queries that give one key more than 0.9 of their weight. @param {Measured} made */
export const decided = ({ weights }) => mean(weights.map((row) => Number(Math.max(...row) > 0.9)));
