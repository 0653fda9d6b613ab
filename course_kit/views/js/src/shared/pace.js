// How long the steps of a picture that plays by itself last: no longer than their new words take to read.
const A_WORD = 200; // milliseconds: 300 words a minute
const A_STEP = 1000; // of a step, at least
const AGAIN = 600; // of each that repeats a sentence, at least
const LONGEST = 15000; // of all of them together

const WORD = /[\u2e80-\uffff]|[^\s\u2e80-\uffff]+/g; // of Chinese: a sign
const CHINESE = /[\u2e80-\uffff]/;
const CHANGES = /[“"「][^”"」]*[”"」]|[-−+]?\d[\d.,]*/g;

/** Milliseconds of a word that is written, of so many. @param {number} pace @param {number} count */
export const within = (pace, count) => Math.min(pace, LONGEST / count);

/** @param {string} sentence */
const wordsOf = (sentence) => sentence.match(WORD) ?? [];

/**
 * Whether a sentence is the one before with another number or another quoted word.
 * @param {string} before
 * @param {string} now
 */
export const repeats = (before, now) => before.replace(CHANGES, "…") === now.replace(CHANGES, "…");

/**
 * Milliseconds of each step. Words that stood in the step before cost nothing. Steps that repeat a sentence are told as
 * one, in the time of one sentence, while the picture goes on. The last step stays, and has no time.
 * @param {string[]} sentences of the steps
 */
export function paceOf(sentences) {
  /** @type {number[]} */
  const times = [];
  for (let i = 0; i + 1 < sentences.length; i = times.length) {
    const known = new Set(wordsOf(sentences[i - 1] ?? ""));
    const words = wordsOf(sentences[i]).filter((word) => !known.has(word));
    const count = words.reduce((sum, word) => sum + (CHINESE.test(word) ? 0.5 : 1), 0);
    const end = sentences.findIndex((sentence, k) => k > i && !repeats(sentences[i], sentence));
    const many = (end < 0 ? sentences.length - 1 : end) - i;
    times.push(...Array.from({ length: many }, () => Math.max(Math.max(A_STEP, A_WORD * count) / many, AGAIN)));
  }
  const whole = times.reduce((sum, time) => sum + time, 0);
  return whole > LONGEST ? times.map((time) => (time * LONGEST) / whole) : times;
}
