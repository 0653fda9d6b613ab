// Byte-pair encoding in numbers: which pairs stand side by side, what is merged, how a word is cut. As merge_once.
import { t, tc } from "../../../course_kit/views/js/src/text.js";

/** @import { Spec, State, Table } from "../../../course_kit/views/js/src/shared/types.js" */
/**
 * @typedef {Spec & { names: string[], counts: number[], mark: string, last: number, bars: number }} MergesSpec mark:
 *   stands before each word; last: merges at most; bars: pairs
 * @typedef {{ left: string, right: string, count: number }} Pair two pieces, and how often they stand side by side
 * @typedef {{ words: string[][], made: Pair | null, pairs: Pair[] }} Step made: what was merged last; pairs: the most
 *   frequent first
 */

const BESIDE = "\u0000";

/** @param {Pair} pair */
export const pieceOf = ({ left, right }) => left + right;

/**
 * The pieces of a word after a pair has become one piece, from the left.
 * @param {string[]} pieces
 * @param {Pair} pair
 */
export function joined(pieces, pair) {
  /** @type {string[]} */
  const out = [];
  for (const piece of pieces) {
    if (piece === pair.right && out.at(-1) === pair.left) out[out.length - 1] = pieceOf(pair);
    else out.push(piece);
  }
  return out;
}

/**
 * How often two pieces stand side by side, the most frequent first; of as frequent ones the first one counted.
 * @param {string[][]} words
 * @param {number[]} counts how often each occurs
 * @returns {Pair[]}
 */
function ranked(words, counts) {
  /** @type {Map<string, number>} */
  const found = new Map();
  words.forEach((pieces, w) => {
    for (let i = 1; i < pieces.length; i++) {
      const both = pieces[i - 1] + BESIDE + pieces[i];
      found.set(both, (found.get(both) ?? 0) + counts[w]);
    }
  });
  const pairs = [...found].map(([both, count]) => {
    const [left, right] = both.split(BESIDE);
    return { left, right, count };
  });
  return pairs.sort((a, b) => b.count - a.count);
}

/** The single characters that occur, in the order of their numbers. @param {MergesSpec} spec */
export function signsOf({ names, mark }) {
  const code = (/** @type {string} */ sign) => sign.codePointAt(0) ?? 0;
  const signs = new Set(names.flatMap((word) => Array.from(mark + word)));
  return [...signs].sort((a, b) => code(a) - code(b));
}

/** All steps, from single characters on. */
export class Merging {
  /** @param {MergesSpec} spec */
  constructor(spec) {
    const { names, counts, mark, last } = spec;
    this.spec = spec;
    this.signs = signsOf(spec);
    const words = names.map((word) => Array.from(mark + word));
    /** @type {Step[]} */
    this.steps = [{ words, made: null, pairs: ranked(words, counts) }];
    for (let n = 0; n < last; n++) this.steps.push(this.after(this.steps[n]));
  }

  /** @param {Step} step @returns {Step} */
  after({ words, pairs: [made] }) {
    const merged = words.map((pieces) => joined(pieces, made));
    return { words: merged, made, pairs: ranked(merged, this.spec.counts) };
  }

  /** @param {number} step */
  at(step) {
    return this.steps[Math.max(0, Math.min(this.spec.last, step))];
  }

  /** The merges made so far. @param {number} step @returns {Pair[]} */
  made(step) {
    return this.steps.slice(1, step + 1).flatMap(({ made }) => made ?? []);
  }

  /** All pieces that were joined, each once. @param {number} step */
  learned(step) {
    return [...new Set(this.made(step).map(pieceOf))];
  }

  /** How many pieces all words take together. @param {Step} step */
  used({ words }) {
    return words.reduce((sum, pieces, w) => sum + pieces.length * this.spec.counts[w], 0);
  }

  /**
   * A word in pieces, also one that was never counted: the merges so far, in their order.
   * @param {string} word
   * @param {number} step
   */
  cut(word, step) {
    return this.made(step).reduce(joined, Array.from(this.spec.mark + word));
  }

  /** @param {State} state @returns {Table} */
  table({ step }) {
    /** @param {Pair[]} pairs @param {(n: number) => string} name */
    const rows = (pairs, name) => pairs.map(({ left, right, count }, i) => [name(i + 1), left, right, String(count)]);
    const next = this.at(step).pairs.slice(0, this.spec.bars);
    const all = [...rows(this.made(step), (n) => t("merge {n}", { n })), ...rows(next, (n) => t("pair {n}", { n }))];
    return { header: [t("what"), tc("side", "left"), tc("side", "right"), t("side by side")], rows: all };
  }

  /** @param {State} state */
  numbers({ step, word }) {
    const now = this.at(step);
    return {
      ...{ merges: this.made(step), pairs: now.pairs, words: now.words, used: this.used(now) },
      cut: this.cut(word, step),
    };
  }
}

/** The pair that is merged next; null where none stands side by side twice. @param {Step} step */
export const nextOf = ({ pairs: [first] }) => (first?.count > 1 ? first : null);

/**
 * Which pieces of a word are the next pair (hot), and which were merged last (new).
 * @param {string[]} pieces
 * @param {Pair | null} made
 * @param {Pair | null} next
 */
export function markedPieces(pieces, made, next) {
  let second = false;
  return pieces.map((piece, i) => {
    const first = !second && next !== null && piece === next.left && pieces[i + 1] === next.right;
    const hot = first || second;
    second = first;
    return { piece, hot, new: made !== null && piece === pieceOf(made) };
  });
}
