// What models expect at the positions of a text: of the lesson as it comes, of a reader's own text as it is asked for.
import { softmax } from "../../../course_kit/views/js/src/shared/numbers.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Arrays, Spec } from "../../../course_kit/views/js/src/shared/types.js" */
/** @typedef {{ word: string, p: number }} Bar */
/** @typedef {Bar & { rank: number }} True word, and how many words come before it, from 1 */
/**
 * @typedef {object} Shown
 * @property {string[]} names the words
 * @property {number[]} positions those that can be chosen
 * @property {(string | null)[]} truth the true word at each of them
 * @property {"position" | "own_position"} at the entry of the state that says which is chosen
 * @property {(model: number, place: number) => Bar[]} bars the most probable words at a place among the positions
 * @property {(model: number, place: number) => True | null} known
 * @property {(place: number) => boolean} ready whether it is computed already
 */
/**
 * @typedef {Spec & { names: string[], positions: number[], truth: (string | null)[], models: string[], top: number,
 *   vocabulary: string[], covered: boolean, seen: number[] }} PredictionsSpec seen: positions that are not guessed
 */

/** What Python has computed. @implements {Shown} */
export class Lesson {
  /** @param {PredictionsSpec} spec @param {Arrays} arrays */
  constructor(spec, arrays) {
    this.spec = spec;
    this.arrays = arrays;
    this.names = spec.names;
    this.positions = spec.positions;
    this.truth = spec.truth;
    this.at = /** @type {const} */ ("position");
  }

  /** @param {number} model @param {number} place */
  bars(model, place) {
    const { top, vocabulary } = this.spec;
    const first = (model * this.positions.length + place) * top;
    return Array.from({ length: top }, (_, n) => ({
      word: vocabulary[this.arrays.words[first + n]],
      p: this.arrays.top[first + n],
    }));
  }

  /** @param {number} model @param {number} place */
  known(model, place) {
    const word = this.truth[place];
    const i = model * this.positions.length + place;
    return word === null ? null : { word, p: this.arrays.true[i], rank: this.arrays.rank[i] };
  }

  ready() {
    return true;
  }
}

const ROOM = 60; // pieces of words in the picture
const MARKS = 4; // and what stands at the ends of a text and of a second one

/**
 * As `gaps` in lesson.py, for a text in the page: each word covered in turn when it is asked for; where the text has
 * gaps of its own, these.
 * @implements {Shown}
 */
export class OwnText {
  /** @param {any} loaded @param {string} text @param {number} top */
  constructor({ model, tokenizer }, text, top) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.top = top;
    /** @type {{ id: number, segment: number, text: string }[]} */
    this.pieces = tokenizer.framed(text, model.config.segments);
    this.ids = this.pieces.map(({ id }) => id);
    /** @type {string[]} */
    this.names = this.ids.map((id) => tokenizer.token(id));
    const places = [...this.ids.keys()];
    const gaps = places.filter((i) => this.ids[i] === tokenizer.mask);
    this.positions = gaps.length ? gaps : places.filter((i) => !this.names[i].startsWith("["));
    this.truth = this.positions.map((i) => (gaps.length ? null : this.names[i]));
    this.at = /** @type {const} */ ("own_position");
    /** @type {{ bars: Bar[], known: True | null }[]} by place, once it is asked for */
    this.found = [];
    if (!this.positions.length) throw new Error(t("There is no word in it that the model knows"));
    if (this.ids.length > ROOM + MARKS)
      throw new Error(
        t("{count} pieces of words; this picture has room for {room}", { count: this.count, room: ROOM }),
      );
  }

  /** Pieces of words, without what stands at their ends. */
  get count() {
    return this.ids.length - this.pieces[this.pieces.length - 1].segment - 2;
  }

  /** @param {number} place */
  ask(place) {
    this.found[place] ??= this.answer(place);
    return this.found[place];
  }

  /** @param {number} place */
  answer(place) {
    const position = this.positions[place];
    const covered = this.ids.with(position, this.tokenizer.mask);
    const segments = this.pieces.map(({ segment }) => segment);
    const shares = softmax(this.model.logits(covered, segments).words.row(position));
    const order = [...shares.keys()].sort((a, b) => shares[b] - shares[a]);
    const bars = order.slice(0, this.top).map((id) => ({ word: this.tokenizer.token(id), p: shares[id] }));
    const word = this.truth[place];
    const id = this.ids[position];
    return { bars, known: word === null ? null : { word, p: shares[id], rank: 1 + order.indexOf(id) } };
  }

  /** @param {number} _model @param {number} place */
  bars(_model, place) {
    return this.ask(place).bars;
  }

  /** @param {number} _model @param {number} place */
  known(_model, place) {
    return this.ask(place).known;
  }

  /** @param {number} place */
  ready(place) {
    return place in this.found;
  }
}

/** At how many positions there is a true word. @param {Shown} shown */
export const askedOf = ({ truth }) => truth.filter((word) => word !== null).length;

/**
 * At how many of these, as far as they are computed, a model's first choice is it.
 * @param {Shown} shown
 * @param {number} model
 */
export const rightOf = (shown, model) =>
  shown.positions.filter((_, place) => shown.ready(place) && shown.known(model, place)?.rank === 1).length;

/**
 * What a model expects at a place, as rows: the most probable words, all others, and the true word if it is not there.
 * @param {Shown} shown
 * @param {number} model
 * @param {number} place
 */
export function rowsOf(shown, model, place) {
  const bars = shown.bars(model, place);
  const known = shown.known(model, place);
  const listed = bars.some(({ word }) => word === known?.word);
  const beyond = listed ? null : known;
  const others = Math.max(0, 1 - bars.reduce((sum, { p }) => sum + p, 0) - (beyond?.p ?? 0));
  return { bars: bars.map((bar) => ({ ...bar, right: bar.word === known?.word })), others, beyond };
}

/**
 * @param {Shown} shown
 * @param {string[]} models
 * @param {number} place
 */
export const numbersOf = (shown, models, place) =>
  models.map((_, model) => ({ bars: shown.bars(model, place), true: shown.known(model, place) }));
