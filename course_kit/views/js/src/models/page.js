// What a page runs: this script makes `courseModels`, to which the files of a model give their parts. Scripts and not
// fetch(), since a page that was opened from disk may load nothing else.
import { ARCHITECTURES, draw, greedy, probabilities, writing } from "./architectures.js";
import { changed, compared, weightsOf } from "./cause.js";
import { Matrix, softmax } from "./tensors.js";
import { BOS, EOS, PAD, UNK, vocabulary } from "./text.js";

const half = Float32Array.from({ length: 65536 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
});
const cards = {};
const parts = {};
const opened = {};

// All tensors of a card, float32; of one that was fine-tuned, those of the model it began with and what was added.
function tensorsOf(card) {
  const bytes = Uint8Array.from(atob(parts[card.name].join("")), (c) => c.charCodeAt(0));
  const numbers = new Uint16Array(bytes.buffer);
  const found = card.base ? { ...opened[card.base].tensors } : {};
  const added = {};
  for (const { name, shape, offset } of card.layout) {
    const [rows, columns] = shape.length > 1 ? shape : [1, shape[0]];
    const data = Float32Array.from(numbers.subarray(offset, offset + rows * columns), (bits) => half[bits]);
    added[name] = new Matrix(rows, columns, data);
  }
  for (const [name, x] of Object.entries(added)) {
    const matrix = name.replace(/\.(up|down)$/, "");
    if (matrix === name) found[name] = x;
    else if (name.endsWith(".up")) found[matrix] = lowRank(found[matrix], x, added[`${matrix}.down`]);
  }
  return found;
}
// W + U D
function lowRank(matrix, up, down) {
  const sum = matrix.copy();
  for (let o = 0; o < up.rows; o++)
    for (let r = 0; r < up.columns; r++)
      for (let i = 0; i < down.columns; i++)
        sum.data[o * sum.columns + i] += up.data[o * up.columns + r] * down.data[r * down.columns + i];
  return sum;
}

globalThis.courseModels = {
  ...{ PAD, UNK, BOS, EOS, Matrix, softmax, greedy, writing, draw, probabilities, changed, compared, weightsOf },
  ...{ cards, vocabulary },
  card: (card) => (cards[card.name] = card),
  part: (name, number, base64) => ((parts[name] ??= [])[number] = base64),
  // The model whose card and parts have come: { model, source, target, tokenizer, card, tensors }.
  open(name) {
    const card = cards[name];
    if (!opened[name]) {
      const tensors = tensorsOf(card);
      opened[name] = { card, tensors, model: new ARCHITECTURES[card.architecture](card, tensors) };
      for (const side of ["source", "target", "tokenizer"]) if (card[side]) opened[name][side] = vocabulary(card[side]);
      delete parts[name];
    }
    return opened[name];
  },
};
