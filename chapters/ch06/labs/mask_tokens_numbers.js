// The masking lab's draws and their statistics; the same in mask_tokens.py. A number depends on seed, draw and position
// alone, so that each draw can be made again without those before.

/** @import { Spec } from "../../../course_kit/views/js/src/shared/types.js" */
/** @typedef {"masked" | "random" | "kept"} Kind what becomes of a chosen word */
/** @typedef {"chosen" | Kind} Row of the statistics */
/** @typedef {{ draws: number, share: number, seed: number }} MaskState */
/** @typedef {{ input: string, label: string | null, kind: Kind | "special" | "as it is" }} Masked */
/**
 * @typedef {Spec & { names: string[], special: boolean[], vocabulary: string[], mask: string, most: number,
 *   parts: Record<Kind, number> }} MaskSpec
 */

export const FEW = 30; // draws: with fewer, a band does not hold 95 of 100 shares; the same in mask_tokens.py
/** @type {Kind[]} */
export const KINDS = ["masked", "random", "kept"];
/** @type {Row[]} */
export const ROWS = ["chosen", ...KINDS];

/** Every bit of a whole number stirred. Source: Wellons 2018, "lowbias32". @param {number} x */
export function stir(x) {
  let y = x ^ (x >>> 16);
  y = Math.imul(y, 0x7feb352d);
  y ^= y >>> 15;
  y = Math.imul(y, 0x846ca68b);
  return (y ^ (y >>> 16)) >>> 0;
}

/** Where the numbers of a draw begin. @param {number} seed @param {number} draw */
const start = (seed, draw) => stir(stir((seed + 0x9e3779b9) >>> 0) + draw);

/** Number i of a draw, from 0 to 1. @param {number} from @param {number} i */
const uniform = (from, i) => stir(from + i) / 2 ** 32;

/**
 * A position's three numbers: chosen? what becomes of it? which random word?
 * @param {number} seed
 * @param {number} draw
 * @param {number} position
 */
export function uniforms(seed, draw, position) {
  const from = start(seed, draw);
  return [0, 1, 2].map((i) => uniform(from, 3 * position + i));
}

/** @param {Record<Kind, number>} parts @param {number} u @returns {Kind} */
function kindOf(parts, u) {
  if (u < parts.masked) return "masked";
  return u < parts.masked + parts.random ? "random" : "kept";
}

/**
 * What the draw shown makes of each word.
 * @param {MaskSpec} spec
 * @param {MaskState} state
 * @returns {Masked[]}
 */
export function drawn({ names, special, vocabulary, mask, parts }, { seed, draws, share }) {
  return names.map((label, position) => {
    if (special[position]) return { input: label, label: null, kind: "special" };
    const [chosen, what, which] = uniforms(seed, draws, position);
    if (chosen >= share) return { input: label, label: null, kind: "as it is" };
    const kind = kindOf(parts, what);
    const inputs = { masked: mask, random: vocabulary[Math.floor(which * vocabulary.length)], kept: label };
    return { input: inputs[kind], label, kind };
  });
}

/**
 * Where 95 of 100 shares of so many independent choices lie.
 * @param {number} share
 * @param {number} count
 */
export function band(share, count) {
  const half = count ? 2 * Math.sqrt((share * (1 - share)) / count) : 1;
  return [Math.max(0, share - half), Math.min(1, share + half)];
}

/** Counts that are filled up draw by draw; another share is a sum of them, not another draw. */
export class Counter {
  /** @param {MaskSpec} spec */
  constructor(spec) {
    this.spec = spec;
    this.own = spec.special.filter((special) => !special).length; // words that may be chosen
    this.draws = 0; // as far as it has counted
    this.seed = -1;
    /** @type {number[]} the shares that a reader can choose */
    this.shares = [];
    /** @type {Record<Kind, number>[]} by share: what became of words that are chosen from this share on */
    this.bins = [];
  }

  /** @param {MaskState} state */
  fill({ draws, share, seed }) {
    if (draws < this.draws || seed !== this.seed || !this.shares.includes(share)) this.begin(seed, share);
    while (this.draws < draws) this.count(++this.draws);
  }

  /** @param {number} seed @param {number} share */
  begin(seed, share) {
    const values = this.spec.controls.find(({ name }) => name === "share")?.values ?? [];
    this.shares = [...new Set([...values, share])].sort((a, b) => a - b);
    this.bins = this.shares.map(() => ({ masked: 0, random: 0, kept: 0 }));
    this.draws = 0;
    this.seed = seed;
  }

  /** @param {number} draw */
  count(draw) {
    const { special, parts } = this.spec;
    const from = start(this.seed, draw);
    special.forEach((never, position) => {
      const chosen = never ? 1 : uniform(from, 3 * position);
      const bin = this.shares.findIndex((share) => chosen < share);
      if (bin >= 0) this.bins[bin][kindOf(parts, uniform(from, 3 * position + 1))]++;
    });
  }

  /**
   * Over the draws 1 … `draws`: counts, shares (chosen: of all that may be; the rest: of the chosen) and bands.
   * @param {MaskState} state
   */
  statistics(state) {
    this.fill(state);
    const { draws, share } = state;
    const bins = this.bins.filter((_, i) => this.shares[i] <= share);
    const [masked, random, kept] = KINDS.map((kind) => bins.reduce((sum, bin) => sum + bin[kind], 0));
    const chosen = masked + random + kept;
    const tokens = draws * this.own;
    const counts = { chosen, masked, random, kept };
    const meant = { chosen: share, ...this.spec.parts };
    const of = (/** @type {Row} */ row) => (row === "chosen" ? tokens : chosen);
    return {
      draws,
      tokens,
      counts,
      shares: byRow((row) => (of(row) ? counts[row] / of(row) : null)),
      bands: byRow((row) => band(meant[row], of(row))),
    };
  }
}

/**
 * @template T
 * @param {(row: Row) => T} make
 */
const byRow = (make) => /** @type {Record<Row, T>} */ (Object.fromEntries(ROWS.map((row) => [row, make(row)])));

/**
 * @param {MaskSpec} spec
 * @param {MaskState} state
 * @param {Counter} counter
 */
export const numbersOf = (spec, state, counter) => ({ drawn: drawn(spec, state), ...counter.statistics(state) });
