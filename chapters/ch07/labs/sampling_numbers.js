// The numbers of the next token: temperature, top-k, top-p, and the draw, as Python computes them. Levels of logits,
// the largest first; a level may stand for several tokens, of which none has a name.
import { clamp } from "../../../course_kit/views/js/src/shared/numbers.js";
import { dice, visible } from "./tokens.js";

/** @import { Spec, State, Table } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Continued } from "./continued.js" */
/**
 * @typedef {Spec & { text: string, pieces: string[], size: number, before: number, whole: boolean, new: number,
 *   names: string[][], bounds: [number, number][], reach: number, asks: boolean }} SamplingSpec pieces: what was
 *   written at each step; before: steps that were written before; new: letters at the end that are new; reach: where
 *   the axis ends; whole: tokens are whole words; asks: Python is asked for what follows a draw
 *
 * @typedef {object} Text what is read: the lesson's, or the reader's own
 * @property {string} text
 * @property {string[]} pieces
 * @property {number} before
 * @property {number} new
 * @property {number} reach
 * @property {[number, number][]} bounds of the levels of each step
 * @property {string[][]} names of the levels of each step, so far as they have any
 * @property {Float32Array} logits
 * @property {Float32Array} counts how many tokens share a level
 * @property {number[]} [ids] of the levels
 *
 * @typedef {{ logits: number[], counts: number[], names: string[] }} Levels
 * @typedef {{ temperature: number, top_k: number, top_p: number }} Settings
 *
 * @typedef {ReturnType<typeof chancesOf>} Chances of the levels
 * @typedef {{ at: number, rest: number }} Draw the level, and where in it the dice fell, from 0 to 1
 * @typedef {{ label: string, p: number, first: number, open: number, keep: number }} Row of the picture. first: what
 *   the model gives; open: the same at this temperature
 */

export const total = (/** @type {number[]} */ all) => all.reduce((sum, x) => sum + x, 0);

/** @param {Continued} read @returns {Text} */
export function ownText({ it, logits, shown, written }) {
  const ids = [...logits.keys()].sort((a, b) => logits[b] - logits[a]);
  return {
    ...{ text: shown.join(""), pieces: [], before: written.length, new: shown[1].length, reach: 1, ids },
    bounds: [[0, ids.length]],
    names: [ids.map((id) => it.tokenizer.token(id))],
    logits: Float32Array.from(ids, (id) => logits[id]),
    counts: new Float32Array(ids.length).fill(1),
  };
}

/** The levels of a step. @param {Text} text @param {number} step @returns {Levels} */
export function levelsOf({ logits, counts, bounds, names }, step) {
  const [from, to] = bounds[step];
  return {
    logits: Array.from(logits.subarray(from, to)),
    counts: Array.from(counts.subarray(from, to)),
    names: names[step],
  };
}

/**
 * What one token of each level gets at a temperature; at 0 the first token gets all.
 * @param {Levels} levels
 * @param {number} temperature
 */
export function cooled({ logits, counts }, temperature) {
  if (temperature === 0) return logits.map((_, i) => (i ? 0 : 1));
  const raised = logits.map((logit) => Math.exp((logit - logits[0]) / temperature));
  const sum = total(raised.map((e, i) => e * counts[i]));
  return raised.map((e) => e / sum);
}

/** How many tokens of each level are among the top k. @param {number[]} counts @param {number} k */
export function topK(counts, k) {
  let before = 0;
  return counts.map((count) => {
    const kept = clamp(k - before, 0, count);
    before += count;
    return kept;
  });
}

/**
 * How many tokens of each level are needed to reach a share of 1: at least one.
 * @param {number[]} single what one token of each level gets
 * @param {number[]} counts
 * @param {number} share
 */
export function topP(single, counts, share) {
  let sum = 0;
  return single.map((p, i) => {
    const before = sum;
    sum += counts[i] * p;
    if (counts[i] === 1) return Number(sum - p < share);
    return clamp(Math.ceil((share - before) / p), 0, counts[i]);
  });
}

/**
 * What is drawn from: temperature first, then the top k, then the top p of what is left.
 * @param {Levels} levels
 * @param {Settings} settings
 */
export function chancesOf(levels, { temperature, top_k, top_p }) {
  const { counts, names } = levels;
  const cool = cooled(levels, temperature);
  const open = temperature === 0 ? counts.map((_, i) => Number(i === 0)) : counts;
  let keep = topK(open, top_k);
  const left = total(cool.map((p, i) => p * keep[i]));
  const single = cool.map((p) => p / left);
  if (top_p < 1) keep = topP(single, keep, top_p);
  const all = total(single.map((p, i) => p * keep[i]));
  const after = single.map((p, i) => (p * keep[i]) / all);
  const information = single.map((p, i) => (keep[i] && p ? keep[i] * (p / all) * Math.log2(p / all) : 0));
  return {
    ...{ counts, names, keep, after }, // keep: how many tokens of each are left; after: what is drawn from
    before: cool.map((p, i) => p * open[i]), // at this temperature, nothing cut
    entropy: Math.abs(total(information)), // in bits
    kept: total(keep), // tokens that can be drawn
  };
}

/**
 * Draws: the first level whose running sum is above the number thrown.
 * @param {Chances} chances
 * @param {Iterator<number>} throws
 * @param {number} count
 * @returns {Draw[]}
 */
export function drawsOf({ after }, throws, count) {
  return Array.from({ length: count }, () => {
    const thrown = throws.next().value;
    let sum = 0;
    let at = 0;
    for (let i = 0; i < after.length && sum <= thrown; i++) {
      if (!after[i]) continue;
      at = i;
      sum += after[i];
    }
    return { at, rest: after[at] ? (thrown - sum + after[at]) / after[at] : 0 };
  });
}

/** How a level is called. @param {Chances} chances @param {number} level */
export const nameOf = ({ names, counts }, level) =>
  level < names.length ? visible(names[level]) : `one of ${counts[level]} rarer tokens`;

/** The place of a draw among all tokens, the most likely first. @param {Chances} chances @param {Draw} draw */
export function placeOf({ counts, keep }, { at, rest }) {
  return total(counts.slice(0, at)) + Math.min(keep[at] - 1, Math.floor(rest * keep[at]));
}

/** All of one state. */
export class Sampled {
  /**
   * @param {SamplingSpec} spec
   * @param {Text} text
   * @param {State} state
   * @param {number} rows that a picture has room for
   */
  constructor(spec, text, state, rows = Infinity) {
    const levels = levelsOf(text, state.step);
    const draws = dice(state.seed, state.step + text.before);
    this.text = text;
    this.room = rows;
    this.now = chancesOf(levels, /** @type {any} */ (state));
    this.raw = chancesOf(levels, { temperature: 1, top_k: spec.size, top_p: 1 });
    this.drawn = drawsOf(this.now, draws, state.draws);
    this.last = this.drawn.at(-1);
    const { length } = this.now.after;
    this.rows = Math.min(length, rows - (length > rows ? 1 : 0), this.now.names.length); // levels in rows of their own
    this.lines = this.rows + (length > this.rows ? 1 : 0); // and one for all others
  }

  /** A row of the picture; behind the last level the others together. @param {number} row @returns {Row} */
  row(row) {
    const { now, raw, rows } = this;
    const of = (/** @type {number[]} */ all) => (row < rows ? all[row] : total(all.slice(rows)));
    const label = row < rows ? visible(now.names[row]) : `${of(now.counts)} others`;
    return { label, p: of(now.after), first: of(raw.after), open: of(now.before), keep: of(now.keep) };
  }

  /** Whether a draw fell into a row. @param {Draw | undefined} draw @param {number} row */
  fell(draw, row) {
    return draw !== undefined && (row < this.rows ? draw.at === row : draw.at >= this.rows);
  }

  /** How often a row was drawn. @param {number} row */
  tally(row) {
    return this.drawn.filter((draw) => this.fell(draw, row)).length;
  }

  /** The most likely tokens, and the rest together. @param {number} most @returns {Table} */
  table(most) {
    const { now, raw, drawn } = this;
    const count = Math.min(now.names.length, most);
    const f = (/** @type {number} */ x) => x.toFixed(4);
    const times = (/** @type {(at: number) => boolean} */ there) => String(drawn.filter(({ at }) => there(at)).length);
    const rows = now.names
      .slice(0, count)
      .map((name, i) => [visible(name), f(raw.after[i]), f(now.after[i]), times((at) => at === i)]);
    if (now.after.length > count) {
      const rest = (/** @type {number[]} */ all) => total(all.slice(count));
      const name = `${rest(now.counts)} rarer tokens`;
      rows.push([name, f(rest(raw.after)), f(rest(now.after)), times((at) => at >= count)]);
    }
    return { header: ["token", "the model’s", "drawn from", "times drawn"], rows };
  }
}
