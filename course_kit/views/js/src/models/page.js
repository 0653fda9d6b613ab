// What a page runs: this script makes `courseModels`, to which the files of a model give their parts. Scripts and not
// fetch(), since a page that was opened from disk may load nothing else.
import { fromBase64, fromHalf } from "../data.js";
import { ARCHITECTURES } from "./architectures.js";
import { Matrix, softmax } from "./tensors.js";
import { BOS, EOS, UNK, vocabulary } from "./text.js";
import { greedy, probabilities } from "./writing.js";

/** @import { Model, Tensors } from "./model.js" */
/** @import { Vocabulary } from "./text.js" */
/** @typedef {{ name: string, shape: number[], offset: number, bits: number }} Place of a tensor among the bytes of its
 *   card's model, and the bits of each weight: 8 or 16 */
/** @typedef {import("./model.js").About & Record<string, any> & { layout: Place[] }} Card what
 *   course_kit/views/models.py keeps of a checkpoint's card */
/** @typedef {{ card: Card, tensors: Tensors, model: Model, source?: Vocabulary, target?: Vocabulary,
 *   tokenizer?: Vocabulary }} Opened a model that has come, with what reads and writes for it */

/** @type {Record<string, Card>} */
const cards = {};
/** The weights in base64, until the model is opened. @type {Record<string, string[]>} */
const parts = {};
/** @type {Record<string, Opened>} */
const opened = {};

/** All tensors of a card. */
function tensorsOf(/** @type {Card} */ card) {
  const bytes = fromBase64(parts[card.name].join(""));
  /** @type {Tensors} */
  const found = {};
  for (const place of card.layout) found[place.name] = tensorOf(bytes, place);
  return found;
}

/**
 * A tensor as `written` in course_kit/views/models.py has it. 8 bits: a scale for each row, then whole numbers, each of
 * which counts so many scales of its row.
 * @param {ArrayBuffer} bytes
 * @param {Place} place
 */
function tensorOf(bytes, { shape, offset, bits }) {
  const [rows, columns] = shape.length > 1 ? shape : [1, shape[0]];
  const halves = (/** @type {number} */ count) => fromHalf(new Uint16Array(bytes.slice(offset, offset + 2 * count)));
  if (bits === 16) return new Matrix(rows, columns, halves(rows * columns));
  const scales = halves(rows);
  const whole = new Int8Array(bytes, offset + 2 * rows, rows * columns);
  const matrix = new Matrix(rows, columns);
  for (let i = 0; i < whole.length; i++) matrix.data[i] = scales[Math.floor(i / columns)] * whole[i];
  return matrix;
}

/** Files of a model call it: its card. @param {Card} given */
function card(given) {
  cards[given.name] = given;
}

/** The same: a part of its weights. @param {string} name @param {number} number @param {string} base64 */
function part(name, number, base64) {
  parts[name] ??= [];
  parts[name][number] = base64;
}

/** The model whose card and parts have come. @param {string} name @returns {Opened} */
function open(name) {
  if (opened[name]) return opened[name];
  const about = cards[name];
  const tensors = tensorsOf(about);
  const model = new ARCHITECTURES[about.architecture](about, tensors);
  const read = ["source", "target", "tokenizer"].filter((side) => about[side]);
  opened[name] = { card: about, tensors, model };
  Object.assign(opened[name], Object.fromEntries(read.map((side) => [side, vocabulary(about[side])])));
  delete parts[name];
  return opened[name];
}

// Where a page has the program twice, the models that have come stay.
globalThis.courseModels ??= {
  ...{ BOS, EOS, UNK, softmax, greedy, probabilities, cards, card, part, open },
};
