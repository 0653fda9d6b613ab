// The numbers of the next token: temperature, top-k, top-p, and the draw. Everywhere the likeliest token comes first.
import { softmax } from "../../../course_kit/views/js/src/shared/numbers.js";
import { dice, visible } from "./tokens.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Arrays, Spec, State, Table } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Continued } from "./continued.js" */
/**
 * @typedef {Spec & { text: string, tokens: string[], before: number, fresh: number, asks: boolean }} SamplingSpec
 *   tokens: by their ids; before: how many were written; fresh: letters at the end of the text that are new; asks:
 *   Python is asked for what follows a draw
 *
 * @typedef {object} Text what is read: the lesson's, or the reader's own
 * @property {string} text
 * @property {number} before
 * @property {number} fresh
 * @property {number} reach where the axis ends
 * @property {number[]} ids
 * @property {string[]} names
 * @property {number[]} logits
 *
 * @typedef {{ temperature: number, top_k: number, top_p: number }} Settings
 * @typedef {ReturnType<typeof chancesOf>} Chances
 * @typedef {{ label: string, p: number, first: number, open: number, keep: boolean }} Row of the picture. first: what
 *   the model gives; open: the same at this temperature
 */

export const total = (/** @type {number[]} */ all) => all.reduce((sum, x) => sum + x, 0);

/** Shares of their sum. @param {number[]} all */
function scaled(all) {
  const sum = total(all);
  return all.map((x) => x / sum);
}

/** Tokens and their logits, the likeliest first. @param {number[]} logits @param {(id: number) => string} name */
function ranked(logits, name) {
  const ids = [...logits.keys()].sort((a, b) => logits[b] - logits[a]);
  return { ids, names: ids.map(name), logits: ids.map((id) => logits[id]) };
}

/** The lesson's text. @param {SamplingSpec} spec @param {Arrays} arrays @param {State} state @returns {Text} */
export function textOf({ text, before, fresh, tokens }, arrays, state) {
  const rank = ranked(Array.from(arrays.logits), (id) => tokens[id]);
  const [first] = chancesOf(rank.logits, /** @type {Settings} */ (state)).after;
  return { text, before, fresh, reach: reachOf(Math.max(first, 2 * softmax(rank.logits)[0])), ...rank };
}

/** The reader's own. @param {Continued} read @returns {Text} */
export function ownText({ it, logits, shown, written }) {
  const rank = ranked(logits, (id) => it.tokenizer.token(id));
  return { text: shown.join(""), before: written.length, fresh: shown[1].length, reach: 1, ...rank };
}

/** Where an axis ends that holds bars up to `high`, with ticks that are read easily. @param {number} high */
const reachOf = (high) => [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8].find((end) => high <= end) ?? 1;

/**
 * What is drawn from: temperature first, then the top k, then the top p of what is left.
 * @param {number[]} logits the largest first
 * @param {Settings} settings
 */
export function chancesOf(logits, { temperature, top_k, top_p }) {
  const open = temperature ? softmax(logits, null, temperature) : logits.map((_, i) => Number(i === 0));
  const few = scaled(open.slice(0, temperature ? top_k : 1));
  let before = 0;
  const reached = few.findIndex((p) => (before += p) >= top_p);
  const kept = top_p < 1 && reached >= 0 ? reached + 1 : few.length;
  const rest = scaled(few.slice(0, kept));
  const information = rest.map((p) => (p ? p * Math.log2(p) : 0));
  return {
    open, // at this temperature, nothing cut
    after: [...rest, ...logits.slice(kept).fill(0)], // what is drawn from
    kept, // tokens that can be drawn
    entropy: Math.abs(total(information)), // in bits
  };
}

/**
 * Draws: the first token at which the running sum is above the number thrown.
 * @param {Chances} chances
 * @param {Iterator<number>} throws
 * @param {number} count
 */
export function drawsOf({ after }, throws, count) {
  return Array.from({ length: count }, () => {
    const thrown = throws.next().value;
    let sum = 0;
    const at = after.findIndex((p) => (sum += p) > thrown);
    return at < 0 ? after.findLastIndex((p) => p > 0) : at;
  });
}

/** All of one state. */
export class Sampled {
  /**
   * @param {Text} text
   * @param {State} state
   * @param {number} rows that a picture has room for
   */
  constructor(text, state, rows = Infinity) {
    const { length } = text.logits;
    this.text = text;
    this.now = chancesOf(text.logits, /** @type {Settings} */ (state));
    this.raw = softmax(text.logits);
    this.drawn = drawsOf(this.now, dice(state.seed, text.before), state.draws);
    this.last = this.drawn.at(-1);
    this.rows = length > rows ? rows - 1 : length; // tokens in rows of their own
    this.lines = this.rows + Number(length > this.rows); // and one for all others
  }

  /** A row of the picture; behind the last token the others together. @param {number} row @returns {Row} */
  row(row) {
    const { now, raw, rows, text } = this;
    const of = (/** @type {number[]} */ all) => (row < rows ? all[row] : total(all.slice(rows)));
    const label = row < rows ? visible(text.names[row]) : t("{n} others", { n: text.names.length - rows });
    return { label, p: of(now.after), first: of(raw), open: of(now.open), keep: row < now.kept };
  }

  /** Whether a draw fell into a row. @param {number | undefined} draw @param {number} row */
  fell(draw, row) {
    return draw !== undefined && (row < this.rows ? draw === row : draw >= this.rows);
  }

  /** How often a row was drawn. @param {number} row */
  tally(row) {
    return this.drawn.filter((draw) => this.fell(draw, row)).length;
  }

  /** @returns {Table} */
  table() {
    const rows = Array.from({ length: this.lines }, (_, row) => {
      const { label, first, p } = this.row(row);
      return [label, first.toFixed(4), p.toFixed(4), String(this.tally(row))];
    });
    return { header: [t("token"), t("the model’s"), t("drawn from"), t("times drawn")], rows };
  }
}
