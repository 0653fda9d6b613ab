// Spans of tags, and the answer that start and end probabilities give; the same in tagged.py and span_metrics.py.

/** @import { Arrays, Spec } from "../../../course_kit/views/js/src/shared/types.js" */
/** @typedef {[number, number, string]} Span first word, last word, label */
/** @typedef {{ word: number, longest: number, rule: "together" | "apart" }} TaggedState */
/**
 * @typedef {Spec & { names: string[], tags: string[] | null, predicted: string[] | null, labels: string[],
 *   bars: boolean, question: string | null, state: TaggedState }} TaggedSpec
 */

/** The spans of BIO tags. @param {string[] | null} tags */
export function spansOf(tags) {
  /** @type {Span[]} */
  const spans = [];
  tags?.forEach((tag, i) => {
    if (tag === "O") return;
    const last = spans.at(-1);
    const label = tag.slice(2);
    const goesOn = tag.startsWith("I") && last?.[1] === i - 1 && last[2] === label;
    if (goesOn) last[1] = i;
    else spans.push([i, i, label]);
  });
  return spans;
}

/**
 * Spans that were predicted rightly (both ends and the label), missed, and invented.
 * @param {Span[]} truth
 * @param {Span[]} guess
 */
export function foundOf(truth, guess) {
  const among = (/** @type {Span[]} */ spans, /** @type {Span} */ span) =>
    spans.some((other) => `${other}` === `${span}`);
  return {
    right: truth.filter((span) => among(guess, span)),
    missed: truth.filter((span) => !among(guess, span)),
    invented: guess.filter((span) => !among(truth, span)),
  };
}

/** @param {ArrayLike<number>} numbers */
const largest = (numbers) => Array.from(numbers).reduce((best, x, i, all) => (x > all[best] ? i : best), 0);

/**
 * The answer: the largest start × end of at most so many words that does not end before it starts; or each by itself.
 * -> [first, last, product], or null where there are no bars.
 * @param {Arrays} arrays
 * @param {TaggedState} state
 * @returns {[number, number, number] | null}
 */
export function answerOf({ start, end }, { rule, longest }) {
  if (!start) return null;
  if (rule === "apart") {
    const [first, last] = [largest(start), largest(end)];
    return [first, last, start[first] * end[last]];
  }
  /** @type {[number, number, number]} */
  let best = [0, 0, -1];
  for (let first = 0; first < start.length; first++)
    for (let last = first; last < Math.min(start.length, first + longest); last++) {
      const product = start[first] * end[last];
      if (product > best[2]) best = [first, last, product];
    }
  return best;
}

/** The words of a span as they are written. @param {string[]} names @param {number} first @param {number} last */
export const textOf = (names, first, last) =>
  names
    .slice(first, last + 1)
    .join(" ")
    .replaceAll(" ##", "");

/**
 * @param {TaggedSpec} spec
 * @param {Arrays} arrays
 * @param {TaggedState} state
 */
export function numbersOf({ tags, predicted }, arrays, state) {
  const spans = spansOf(tags);
  return { answer: answerOf(arrays, state), spans, found: foundOf(spans, spansOf(predicted)) };
}

const APART = "Bars show how probably the answer starts (filled) or ends (open) at a word. ";
const CAPTIONS = {
  inOrder: `${APART}[output|Framed]: from the best start to the best end.`,
  not: `${APART}The best end comes before the best start: no frame.`,
};

/**
 * The given caption is about the answer of the rule that the view begins with.
 * @param {TaggedSpec} spec
 * @param {Arrays} arrays
 * @param {TaggedState} state
 */
export function captionOf(spec, arrays, state) {
  const answer = answerOf(arrays, state);
  const first = spec.initial ?? spec.state;
  if (!answer || state.rule === first.rule) return spec.caption;
  return answer[0] <= answer[1] ? CAPTIONS.inOrder : CAPTIONS.not;
}

/** All captions of a view: room is kept for the longest. @param {TaggedSpec} spec */
export const captionsOf = (spec) => (spec.bars ? [spec.caption, ...Object.values(CAPTIONS)] : [spec.caption]);
