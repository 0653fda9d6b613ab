// The models' mathematics, tokenizers, writing and interventions, by hand and by formula. A test in Python,
// tests/unit/course_kit/test_models_in_node.py, holds all trained models to torch's numbers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { changed } from "../src/models/interventions.js";
import { GPT } from "../src/models/architectures.js";
import { ACTIVATIONS, Matrix, add, largest, map, softmax } from "../src/models/tensors.js";
import { BOS, EOS, PAD, UNK, join, normalise, vocabulary } from "../src/models/text.js";
import { draw, greedy, probabilities, writing } from "../src/models/writing.js";

const matrix = (...rows) => new Matrix(rows.length, rows[0].length, Float32Array.from(rows.flat()));
const rowsOf = (x) => Array.from({ length: x.rows }, (_, i) => [...x.row(i)]);

function near(found, wanted, tolerance = 1e-6) {
  assert.equal(found.length, wanted.length);
  for (const [i, value] of [...found].entries())
    assert.ok(Math.abs(value - wanted[i]) <= tolerance, `${i}: ${value} is not ${wanted[i]}`);
}

test("rows of a matrix are parts of it", () => {
  const x = matrix([1, 2], [3, 4]);
  const other = x.copy();
  x.row(1)[0] = 5;
  assert.deepEqual(rowsOf(x), [
    [1, 2],
    [5, 4],
  ]);
  assert.deepEqual(rowsOf(other)[1], [3, 4]);
  assert.deepEqual(rowsOf(Matrix.stack([x, matrix([6, 7])]))[2], [6, 7]);
  assert.deepEqual(rowsOf(Matrix.beside(x, matrix([8], [9]))), [
    [1, 2, 8],
    [5, 4, 9],
  ]);
  assert.deepEqual(rowsOf(add(x, x))[0], [2, 4]);
  assert.deepEqual(rowsOf(map(x, (value) => -value))[0], [-1, -2]);
});

test("softmax gives shares, however large the scores", () => {
  near(softmax([0, Math.log(3)]), [0.25, 0.75], 1e-12);
  near(softmax([1000, 1000]), [0.5, 0.5], 1e-12);
  near(softmax([-Infinity, 0]), [0, 1], 1e-12);
  assert.ok(softmax(Float32Array.of(1, 2)) instanceof Float64Array);
  assert.equal(largest([1, 3, 3, 2]), 1);
});

test("what may follow is never <pad> or <bos>", () => {
  const shares = probabilities([9, 0, 9, Math.log(3), -Infinity]);
  assert.equal(shares[PAD], 0);
  assert.equal(shares[BOS], 0);
  near([shares[UNK], shares[EOS]], [0.25, 0.75], 1e-12);
});

test("activations", () => {
  assert.equal(ACTIVATIONS.relu(-2), 0);
  near([-3, -1, 0, 1, 3].map(ACTIVATIONS.gelu), [-0.00404951, -0.15865525, 0, 0.84134475, 2.99595049], 1e-6);
  near([-1, 1].map(ACTIVATIONS.gelu_tanh), [-0.15880801, 0.84119199], 1e-6);
});

// ---- text

const words = vocabulary({ kind: "words", tokens: ["l'", "animal", "dort", ".", "the", "dog", "'s"] });

test("words: what is not known is <unk>, elisions and 's stand alone", () => {
  assert.deepEqual(words.encode("L’animal dort."), [4, 5, 6, 7]);
  assert.deepEqual(
    words.pieces("the dog's tail").map(({ token }) => token),
    ["the", "dog", "'s", "tail"],
  );
  assert.equal(words.pieces("tail")[0].id, UNK);
  assert.equal(words.decode([BOS, 4, 5, 6, 7, EOS]), "l'animal dort.");
  assert.equal(join(["the", "dog", "'s", "(", "bone", ")", ",", "qu'", "on"]), "the dog's (bone), qu'on");
  assert.equal(normalise("  A\n B’s "), "a b's");
});

test("characters: Chinese by signs, other letters by words; exact: every sign", () => {
  const characters = vocabulary({ kind: "characters", tokens: ["猫", "在"] });
  assert.deepEqual(
    characters.pieces("猫在 abc 12").map(({ token }) => token),
    ["猫", "在", "abc", "1", "2"],
  );
  const exact = vocabulary({ kind: "exact", tokens: ["a", " ", "🙂"] });
  assert.deepEqual(exact.encode("a 🙂"), [4, 5, 6]);
  assert.equal(exact.decode([4, 5, 6]), "a 🙂");
});

const bert = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "play", "##ing", "a", ".", "!"];
const wordPiece = vocabulary({ kind: "wordpiece", tokens: bert });

test("WordPiece: two sentences have their segments, where a model knows two", () => {
  const framed = (text, segments) => wordPiece.framed(text, segments).map(({ text: t, segment }) => `${t}${segment}`);
  assert.deepEqual(framed("a. a"), ["[CLS]0", "a0", ".0", "[SEP]0", "a1", "[SEP]1"]);
  assert.deepEqual(framed("a. a", 1), ["[CLS]0", "a0", ".0", "a0", "[SEP]0"]);
  assert.deepEqual(framed("a a"), ["[CLS]0", "a0", "a0", "[SEP]0"]);
});

// ---- writing

/** Writes 4, 5, 6, … whatever it reads, and then <eos>. */
const counting = (last, more = {}) => ({
  context: 8,
  start: (ids) => ({ read: ids.length, next: 4 }),
  step(word, state) {
    const logits = new Float32Array(12);
    logits[state.next > last ? EOS : state.next] = 5;
    return { logits: { data: logits }, state: { ...state, next: state.next + 1 }, weights: Float32Array.of(word) };
  },
  ...more,
});

test("the most probable words are written until <eos>, or as long as one may", () => {
  assert.deepEqual(greedy(counting(6), [7, 8]).ids, [4, 5, 6]);
  assert.equal(greedy(counting(6), [7, 8]).ended, true);
  const cut = greedy(counting(6), [7, 8], { longest: 2 });
  assert.deepEqual([cut.ids, cut.ended], [[4, 5], false]);
  assert.deepEqual(
    cut.weights.map(([word]) => word),
    [BOS, 4],
  );
  assert.equal([...writing(counting(6), [7])].length, 3);
});

test("a draw is by probability", () => {
  const logits = [0, Math.log(2), Math.log(5)]; // 1/8, 2/8, 5/8
  const drawn = [0, 0.12, 0.2, 0.37, 0.38, 1].map((random) => draw(logits, () => random));
  assert.deepEqual(drawn, [0, 0, 1, 1, 2, 2]);
});

// ---- interventions

/** A GPT with one layer of two heads, four features and six tokens; numbers without a pattern. */
function small() {
  let seed = 1;
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647 - 0.5;
  };
  const sizes = {
    ...{ "tokens.weight": [6, 4], "positions.weight": [8, 4], "norm.weight": [1, 4], "norm.bias": [1, 4] },
    ...Object.fromEntries(
      ["query", "key", "value", "out"].map((part) => [`blocks.0.attention.${part}.weight`, [4, 4]]),
    ),
    ...Object.fromEntries(["norm1", "norm2"].map((part) => [`blocks.0.${part}.weight`, [1, 4]])),
    ...Object.fromEntries(["norm1", "norm2"].map((part) => [`blocks.0.${part}.bias`, [1, 4]])),
    ...{ "blocks.0.ffn.0.weight": [8, 4], "blocks.0.ffn.2.weight": [4, 8] },
  };
  const tensors = Object.fromEntries(
    Object.entries(sizes).map(([name, [rows, columns]]) => [
      name,
      map(new Matrix(rows, columns), () => 2 * random() + (/norm\d?\.weight/.test(name) ? 1 : 0)),
    ]),
  );
  const card = { name: "small", architecture: "GPT", config: { layers: 1, heads: 2, context: 8 }, data: {} };
  return { card, model: new GPT(card, tensors), tokenizer: vocabulary({ kind: "exact", tokens: ["a", "b"] }) };
}

const TEXT = { ids: [4, 5, 4] };
const it = { model: { heads: 2 } };

test("a model refuses what it does not know", () => {
  const { model } = small();
  assert.throws(() => model.read([9]), /id 9 is not among the 6/);
  assert.throws(() => model.read(Array(9).fill(4)), /sees 8 tokens/);
});

test("word by word a model says what it says at once", () => {
  const { model } = small();
  const whole = model.read(TEXT.ids).logits;
  let state = model.start();
  for (const [t, id] of TEXT.ids.entries()) {
    const done = model.step(id, state);
    near(done.logits.data, [...whole.row(t)]);
    state = done.state;
  }
});

test("a painted row attends to its keys alone, and only that row", () => {
  const heads = () => [0, 1].map(() => new Matrix(3, 3, new Float32Array(9).fill(1 / 3)));
  const painted = (...row) => changed(it, TEXT.ids, [row], [])("encoder.0.attention.weights", heads());
  const [left, right] = painted(0, 1, 2, [0, 2]);
  near(right.data, [1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 0.5, 0, 0.5]);
  near(left.data, heads()[0].data);
  for (const head of painted(0, -1, 1, [0])) near(head.row(1), [1, 0, 0]);
  near(painted(1, 1, 2, [0])[1].data, heads()[1].data);
});

test("a painted row is not painted again where the model writes on", () => {
  const tap = changed(it, TEXT.ids, [[0, 0, 1, [0]]], []);
  const one = [matrix([1])];
  assert.deepEqual(rowsOf(tap("encoder.0.attention.weights", one)[0]), [[1]]);
});

test("a silent head gives nothing, the others what they gave", () => {
  const tap = changed(it, TEXT.ids, [], [[0, 1]]);
  assert.deepEqual(rowsOf(tap("encoder.0.attention.means", matrix([1, 2, 3, 4]))), [[1, 2, 0, 0]]);
  assert.deepEqual(rowsOf(tap("encoder.1.attention.means", matrix([1, 2, 3, 4]))), [[1, 2, 3, 4]]);
  assert.deepEqual(rowsOf(tap("decoder.0.attention.means", matrix([1, 2, 3, 4]))), [[1, 2, 3, 4]]);
});
