// What a translation shows at a state: its weights, what is lit, what is said. No page is needed.
import { readable } from "../shared/labels.js";
import { fmt, percent, strongest } from "../shared/numbers.js";
import { t, tn } from "../text.js";

/** @import { Arrays, Spec, State, Table } from "../shared/types.js" */
/** @typedef {[target: number, source: number]} Place of a word in both sentences; -1: none */
/** @typedef {{ text: string, role?: "query" | "key" | "plain" }} Part of a sentence, in bold where it has a role */
/**
 * @typedef {object} Version the translation, or what becomes of it without a word
 * @property {string[]} tokens
 * @property {number} start its first row of weights
 * @property {string} label
 * @property {number | null} word the source word that is knocked out
 * @property {boolean[]} changed which of its words are new
 * @property {boolean[]} lost which of the first translation's words are gone
 *
 * @typedef {object} AlignmentFields
 * @property {string[]} source
 * @property {Version[]} versions
 * @property {[string, string]} languages
 * @property {number} first the word that it opens on; -1: one that tells something
 * @property {string[] | null} [glosses]
 * @property {boolean} [linked] the weights are links that somebody set, and no attention
 *
 * @typedef {Spec & AlignmentFields} AlignmentSpec
 */

/** A weight from here on lights the other word. */
export const PARTNER = 0.15;
export const POINT = t("Choose any word, or press play to see it grow.");

const NOBODY = /** @type {Place} */ ([-1, -1]);
/** A masked weight counts as none. @param {number} x */
export const known = (x) => (Number.isNaN(x) ? 0 : x);
/** @param {number} count @param {string} one @param {string} more */

/** @param {boolean[]} marks */
const marked = (marks) => marks.filter(Boolean).length;

/** @param {Version} version @returns {Version} */
function readableVersion(version) {
  const { tokens, label } = version;
  return { ...version, tokens: tokens.map((token) => readable(token)), label: readable(label, 300) };
}

export class AlignmentNumbers {
  /** @param {AlignmentSpec} spec @param {Arrays} arrays @param {State} state step, variant, row, col */
  constructor(spec, arrays, state) {
    this.spec = spec;
    this.state = state;
    this.weights = /** @type {Float32Array} */ (arrays.weights);
    this.source = spec.source.map((token) => readable(token));
    this.glosses = spec.glosses?.map((gloss) => readable(gloss)) ?? null;
    this.versions = spec.versions.map(readableVersion);
    this.longest = Math.max(...this.versions.map(({ tokens }) => tokens.length));
    const rows = this.versions.reduce((sum, { tokens }) => sum + tokens.length, 0);
    if (this.weights.length !== rows * this.columns) throw new Error(t("weights and words do not fit together"));
    if (this.weights.some((x) => Math.abs(x) === Infinity)) throw new Error(t("a weight is infinite"));
  }

  get columns() {
    return this.source.length;
  }

  get version() {
    return this.versions[this.state.variant];
  }

  /** How many words the whole translation has. */
  get total() {
    return this.version.tokens.length;
  }

  /** How many of them are written. */
  get written() {
    return Math.min(this.state.step, this.total);
  }

  /** @param {number} target @param {number} source */
  weight(target, source) {
    return this.weights[(this.version.start + target) * this.columns + source];
  }

  /** The weights of a written word over the source. @param {number} target */
  row(target) {
    return this.source.map((_, source) => this.weight(target, source));
  }

  /** The weights of a source word from all words written so far. @param {number} source */
  column(source) {
    return Array.from({ length: this.written }, (_, target) => this.weight(target, source));
  }

  /** What it means in English, in brackets. @param {number} source */
  gloss(source) {
    const gloss = this.glosses?.[source];
    return gloss ? ` (${gloss})` : "";
  }

  /** Whether a source word is knocked out. @param {number} source */
  isCut(source) {
    return this.version.word === source;
  }

  // ---- what is lit
  /** What was chosen; null: nothing. @returns {Place | null} */
  get chosen() {
    const { row, col } = this.state;
    return row < 0 && col < 0 ? null : [Math.min(row, this.written - 1), col];
  }

  /**
   * The word on which a whole translation opens: the one asked for, or the one that looks farthest from where its
   * place would be.
   */
  first() {
    const { spec, state, written, version } = this;
    if (spec.first >= 0 && !state.variant) return Math.min(spec.first, written - 1);
    const targets = Array.from({ length: written }, (_, target) => target);
    const words = targets.filter((target) => /[\p{L}\p{N}]/u.test(version.tokens[target]));
    return words.reduce((best, target) => (best < 0 || this.astray(target) > this.astray(best) ? target : best), -1);
  }

  /** How far a word looks from its own place, in sentences; -1: nowhere in particular. @param {number} target */
  astray(target) {
    const row = this.row(target);
    const most = strongest(row);
    return known(row[most]) > 0.4 ? Math.abs(most / this.columns - target / this.total) : -1;
  }

  /**
   * Whether a written word is lit: itself, or by the source word that it looks at.
   * @param {Place} lit
   * @param {number} target
   */
  isRowLit([row, column], target) {
    return target === row || (row < 0 && column >= 0 && this.weight(target, column) >= PARTNER);
  }

  /**
   * Whether a source word is lit: itself, or by the written word that looks at it.
   * @param {Place} lit
   * @param {number} source
   */
  isColumnLit([row, column], source) {
    return source === column || (row >= 0 && column < 0 && this.weight(row, source) >= PARTNER);
  }

  // ---- variants
  /** The variants in which a source word is knocked out. @param {number} source */
  knocks(source) {
    return this.versions.flatMap(({ word }, i) => (word === source ? [i] : []));
  }

  /**
   * The variant that a press on a source word leads to: all of its own by turns, then none; null: it has none.
   * @param {Place} place
   */
  after([target, source]) {
    const { variant } = this.state;
    const own = target < 0 ? this.knocks(source) : [];
    return own.length ? [...own, 0][own.indexOf(variant) + 1] : null;
  }

  // ---- what is said
  /**
   * What is said of what is lit: its number, a sentence, and how the whole does.
   * @param {Place} lit
   * @returns {{ head: Part[], text: string, whole: string }}
   */
  said(lit = NOBODY) {
    const [target, source] = lit;
    const whole = this.whole();
    if (target >= 0) return { ...this.ofTarget(target, source), whole };
    if (source >= 0) return { ...this.ofSource(source), whole };
    if (this.written) return { head: [{ text: t("all is written") }], text: POINT, whole };
    const text = this.spec.linked
      ? t("Press play, or ▶: each word brings its row of links.")
      : t("Press play, or ▶: each word brings its row of weights.");
    return { head: [{ text: t("nothing is written yet") }], text, whole };
  }

  /** Of a written word and a source word; -1: its strongest. @param {number} target @param {number} source */
  ofTarget(target, source) {
    const row = this.row(target);
    const word = this.version.tokens[target];
    /** @type {Part[]} */
    const head = [{ text: word, role: "query" }];
    if (!row.some((x) => x > 0)) return { head, text: t("No weights here.") };
    const partner = source >= 0 ? source : strongest(row);
    const x = row[partner];
    const other = this.source[partner];
    const exact = Number.isNaN(x) ? t("masked") : fmt(x);
    head.push({ text: " → " }, { text: other, role: "key" }, { text: " " }, { text: exact, role: "plain" });
    if (Number.isNaN(x)) return { head, text: t("“{word}” may not attend to “{other}”.", { word, other }) };
    const values = { word, other, share: percent(x), gloss: this.gloss(partner) };
    if (this.spec.linked) return { head, text: t("“{word}” translates “{other}”{gloss}.", values) };
    if (partner !== strongest(row))
      return { head, text: t("“{word}” puts {share} of its attention on “{other}”{gloss}.", values) };
    return { head, text: t("“{word}” puts {share} of its attention on “{other}”{gloss}, its largest share.", values) };
  }

  /** Of a source word and all that look at it. @param {number} source */
  ofSource(source) {
    const column = this.column(source);
    const word = this.source[source];
    /** @type {Part[]} */
    const head = [{ text: word, role: "key" }];
    if (!column.length) return { head, text: t("Nobody has looked at it yet.") };
    const sum = column.reduce((all, x) => all + known(x), 0);
    const best = strongest(column);
    const seen = known(column[best]) > 0;
    const looker = this.version.tokens[best];
    if (seen) {
      const exact = fmt(column[best]);
      head.push({ text: " ← " }, { text: looker, role: "query" }, { text: " " }, { text: exact, role: "plain" });
    }
    if (this.spec.linked && seen) return { head, text: t("“{word}” is translated by “{looker}”.", { word, looker }) };
    const values = { word, gloss: this.gloss(source), sum: fmt(sum, 2), looker };
    const text = seen
      ? tn(
          "“{word}”{gloss} gets {sum} of the {n} word’s attention, most from “{looker}”.",
          "“{word}”{gloss} gets {sum} of the {n} words’ attention, most from “{looker}”.",
          column.length,
          values,
        )
      : tn(
          "“{word}”{gloss} gets {sum} of the {n} word’s attention.",
          "“{word}”{gloss} gets {sum} of the {n} words’ attention.",
          column.length,
          values,
        );
    return { head, text };
  }

  /** Of the whole: what has changed; "" of the first translation. */
  whole() {
    const { label, changed, lost } = this.version;
    if (!this.state.variant) return "";
    const [added, gone] = [marked(changed), marked(lost)];
    const values = { label: `${label[0].toUpperCase()}${label.slice(1)}`, gone };
    if (!added && !gone) return t("{label}: the translation stays the same.", values);
    return tn("{label}: {n} word is new, {gone} gone.", "{label}: {n} words are new, {gone} gone.", added, values);
  }

  /** @returns {Table} */
  table() {
    const text = (/** @type {number} */ x) => (Number.isNaN(x) ? t("masked") : fmt(x));
    const words = this.version.tokens.slice(0, this.written);
    return {
      header: [t("word"), ...this.source],
      rows: words.map((word, target) => [word, ...this.row(target).map(text)]),
    };
  }

  numbers() {
    const tokens = this.version.tokens.slice(0, this.written);
    return { weights: tokens.map((_, target) => this.row(target)), tokens };
  }
}
