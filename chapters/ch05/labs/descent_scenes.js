// The five scenes: for each step, where every vector, number and bar is. This file has the first four.
import { answer, heads, parts, residual } from "./descent_last.js";
import { said } from "./descent_numbers.js";
import { sentenceOf } from "./descent_sentences.js";
import { full, Stage, WIDE } from "./descent_stage.js";
import { t, tn } from "../../../course_kit/views/js/src/text.js";
import { briefOf, partOf } from "./descent_sentences.js";

/** @import { Descended, DescentSpec } from "./descent_numbers.js" */
/** @import { Cells, Line } from "./descent_stage.js" */

/** The scenes, with their numbers of steps. @type {Record<string, number>} */
export const SCENES = {
  [t("word to vector")]: 4,
  [t("query meets keys")]: 6,
  [t("scores to weights")]: 4,
  [t("average of values")]: 3,
  [t("heads to word")]: 5,
};

/** The scene of each step. @returns {number[]} */
export const places = () => Object.values(SCENES).flatMap((count, scene) => Array(count).fill(scene));

/** What paints each step. @type {((stage: Stage) => void)[]} */
const STEPS = [
  ...[token, entering, entering, climb],
  ...[asking, meeting, meeting, meeting, meeting, meeting],
  ...[softmax, softmax, softmax, softmax],
  ...[average, average, average],
  ...[heads, residual, parts, answer, answer],
];

/**
 * Everything on the stage at a step.
 * @param {Descended} found
 * @param {DescentSpec} spec
 * @param {number} step
 * @param {{ width: number, height: number, small: boolean, least?: number }} size
 * @param {number | null} close the number that is looked at closely; null: the one that the sentence is about
 */
export function stageOf(found, spec, step, size, close = null) {
  const stage = new Stage(found, spec, step, size, close ?? sentenceOf(found, spec, step).cell);
  STEPS[step](stage);
  return stage;
}

// ---- 1 a word becomes a vector
/** @param {Stage} stage @param {string} id @param {number} x @param {string} words */
const titled = (stage, id, x, words) => stage.text(id, x, 22, words, { size: 28, weight: 700 });

/**
 * Some numbers of each vector in a line of their own, below the tiles.
 * @param {Stage} stage
 * @param {Line[]} lines
 * @param {number} bottom
 */
function closer(stage, lines, bottom) {
  const { small, least, spec } = stage;
  const y = bottom + (small ? 30 : least ? 36 : 50);
  const pitch = small ? 66 : Math.min(50, (stage.height - y) / lines.length);
  const first = stage.lines(lines, y, pitch, { scale: full([stage.found.start]) });
  const values = { first: first + 1, last: first + WIDE, size: spec.size };
  const words = small
    ? t("numbers {first} to {last} of {size}", values)
    : t("numbers {first} to {last} of {size}, from the framed line", values);
  stage.heading("close", 0, y - 14, words, "quiet");
}

/** @param {Stage} stage */
function token(stage) {
  const { found, small, least, width, spec } = stage;
  const cells = [0, 68, width / WIDE, small ? 27 : least ? 18 : 22];
  const bottom = 68 + 8 * cells[3];
  const many = spec.vocabulary.toLocaleString("en");
  const look = { scale: full([found.start]), looked: true };
  const y = small ? bottom + 116 : 54;
  titled(stage, "token", 0, found.asker);
  stage.tile(
    "token",
    found.study.token,
    cells,
    "ink",
    t("its row in the table of {many} French words", { many }),
    look,
  );
  const key = width < 640 ? 170 : stage.least ? 310 : 240; // from the right
  stage.label("minus", small ? 0 : width - key, y, t("■ below 0"), "minus", { weight: 600 });
  stage.label("plus", small ? 90 : width - key / 2 + 5, y, t("■ above 0"), "plus", { weight: 600 });
  closer(stage, [["token", found.study.token, "ink", `“${found.asker}”`, cells]], bottom);
}

/** The word's vector, that of its position, and from the next step on their sum. @param {Stage} stage */
function entering(stage) {
  const { found, small, least, step } = stage;
  const { study, asker } = found;
  const place = found.word - 1;
  const gap = small ? 26 : 60;
  const cell = (stage.width - step * gap) / ((step + 1) * WIDE);
  const high = least ? 10 : small ? 17 : 14;
  const top = 68;
  const tiles = [0, 1, 2].map((n) => [n * (cell * WIDE + gap), top, cell, high]);
  const between = (/** @type {string} */ id, /** @type {number} */ n, /** @type {string} */ words) =>
    stage.sign(id, tiles[n][0] + cell * WIDE + gap / 2, top + 4 * high, words);
  const look = { scale: full([found.start]), looked: true };
  titled(stage, "token", 0, asker);
  stage.tile("token", study.token, tiles[0], "ink", small ? t("word") : t("the word's row"), look);
  between("plus", 0, "+");
  titled(stage, "position", tiles[1][0], `${place}`);
  stage.tile("position", study.position, tiles[1], "ink", small ? t("position") : t("position, from 0"), look);
  /** @type {Line[]} */
  const lines = [
    ["token", study.token, "ink", `“${asker}”`, tiles[0]],
    ["position", study.position, "ink", t("+ position {place}", { place }), tiles[1]],
  ];
  if (step > 1) {
    between("is", 1, "=");
    const from = tiles[1];
    stage.tile("start", found.start, tiles[2], "ink", small ? t("the sum") : t("enters the decoder"), {
      ...look,
      from,
    });
    lines.push(["start", found.start, "ink", small ? t("= enters the decoder") : t("= the sum"), from]);
  }
  closer(stage, lines, top + 8 * high);
}

/** What the sub-layers below have added, number by number. @param {Stage} stage */
function climb(stage) {
  const { found, small, least, width, spec } = stage;
  const { start, state, below, study, asker } = found;
  const [cell, high, top] = small ? [(width - 60) / 32, 6, 26] : [least ? 14 : 11, 7, 24];
  const scale = full([state]);
  const from = [0, top, cell, high];
  const now = [width - cell * WIDE, top, cell, high];
  const look = { scale, looked: true };
  stage.tile("start", start, from, "ink", small ? t("enters") : t("enters the decoder"), look);
  stage.tile("state", state, now, "ink", small ? t("its state") : t("the state of “{asker}” now", { asker }), {
    ...look,
    from,
  });
  const words = tn("+ {n} sub-layer =", "+ {n} sub-layers =", below);
  const sign = { size: small ? 22 : 16, align: /** @type {const} */ ("center"), colour: "quiet" };
  stage.text("sign climb", width / 2, top + 4 * high, small ? "→" : words, sign);
  /** @type {Line[]} */
  const added = study.added.slice(0, below).map((x, n) => {
    const name = spec.names[n + 1];
    return [`thumb.${n + 1}`, x, "output", `+ ${partOf(name)}`, undefined, `+ ${briefOf(name)}`];
  });
  /** @type {Line[]} */
  const lines = [["start", start, "ink", t("enters"), from], ...added, ["state", state, "ink", t("= its state now")]];
  const y = top + 8 * high + (small ? 8 : 14);
  const pitch = Math.min(70, (stage.height - y) / lines.length);
  stage.lines(lines, y, pitch, { scale, count: small ? 8 : WIDE, most: 160 });
}

// ---- 2 its query meets every key
/** @param {Stage} stage */
const asked = ({ found: { asker, layer, head, d } }) => ({ asker, layer, head, d });
/** @param {Stage} stage */
const whose = (stage) => t("query of “{asker}” · layer {layer}, head {head}", asked(stage));

/** The state becomes a query. @param {Stage} stage */
function asking(stage) {
  const { found, small, least, width, spec } = stage;
  const { d } = found;
  const rows = spec.size / (small ? 8 : WIDE);
  const [tall, top] = small ? [26, 24] : least ? [25, 28] : [36, 24];
  const high = Math.min(small ? 11 : least ? 22 : 18, (stage.height - top - (small ? 176 : 68 + 2 * tall)) / rows);
  const middle = top + rows * high + (small ? 26 : 22);
  stage.heading(
    "state",
    0,
    10,
    t("the state of “{asker}”: {size} numbers", { asker: found.asker, size: spec.size }),
    "quiet",
  );
  stage.page("state", found.state, top, high, "ink", small ? {} : { from: [width - 11 * WIDE, 24, 11, 7] });
  const words = small
    ? t("↓ normed, × the query matrix ↓")
    : t("↓  normed, then × the query matrix of head {head}: {d} × {size} learned parameters  ↓", {
        ...{ head: found.head, d, size: spec.size },
      });
  stage.text("projects", width / 2, middle, words, { align: "center", colour: "query", size: 14 });
  stage.heading(
    "query",
    0,
    middle + 28,
    small ? whose(stage) : t("query of “{asker}” · layer {layer}, head {head}: {d} numbers", asked(stage)),
    "query",
  );
  const from = [0, middle - 30, width / (small ? 8 : WIDE), tall];
  stage.page("query", found.q, middle + 42, tall, "query", { scale: full([found.q]), from });
}

/** The query above the keys; then with one of them pair by pair; then with all. @param {Stage} stage */
function meeting(stage) {
  const { found, small, least, room, step } = stage;
  const alone = step === 5;
  const large = least > 0 && !alone; // letters of a class: only what is said has no name of its own
  const bottom = small ? 112 : large ? 53 : 82;
  const right = small ? 56 : large ? 184 : 172;
  const top = least ? 26 : 20; // of the query
  const rows = stage.rows(top + (large ? 21 : 42), alone ? 2 : bottom);
  const cell = (stage.width - room - (alone ? 0 : right)) / (2 * WIDE);
  const scale = full(found.k);
  stage.heading("query", room, 10, whose(stage), "query");
  stage.vector("query", found.q, [room, top, cell, 18], "query", { scale: full([found.q]), beside: true });
  if (!large) stage.heading("keys", room, top + 30, small ? t("keys") : t("keys of the English words"), "key");
  found.k.forEach((key, i) => {
    const from = [room - 20, rows.y(i), 1, rows.high];
    stage.vector(`key.${i}`, key, [room, rows.y(i), cell, rows.high], "key", { scale, from, beside: true });
  });
  if (alone) return;
  const end = room + 2 * WIDE * cell;
  stage.frame("asks", room, top, end - room, 18);
  stage.frame("offers", room, rows.y(found.lead), end - room, rows.high);
  products(stage, { y: stage.height - bottom + (large ? 8 : 14), cell, from: [room, rows.y(found.lead), cell, 1] });
  const [x, line] = small ? [room - 60, stage.height - 10] : [end + 16, stage.height - (large ? 38 : 50)];
  scored(stage, x, line, step === 6 && !small);
  if (step < 8) return;
  const [divided, under] = small ? [x + 110, line] : [x, line + 27];
  const zero = end + (small ? 54 : large ? 72 : 58);
  const reach = small ? 0 : 48;
  const start = step < 10 && [divided + 90, under, 0]; // from where it was divided
  stage.heading("scores", zero, large ? 28 : 51, small ? t("score") : t("scores"), "quiet", "right");
  stage.spec.source.forEach((_, i) => {
    if (step > 8 || i === found.lead) stage.score(i, zero, rows.middle(i), zero + 14 + reach, reach, { start });
  });
}

/** The products of query and key, in bars. @param {Stage} stage @param {{ y: number, cell: number, from: Cells }} at */
function products(stage, { y, cell, from }) {
  const { found, small, least, room, spec } = stage;
  const words = small
    ? t("pair by pair")
    : t("query × key of “{word}”, pair by pair", { word: spec.source[found.lead] });
  const cells = least ? [room, y + 28, cell, 16] : [room, y + (small ? 42 : 38), cell, 28];
  stage.heading("product", room, y, words, "quiet");
  stage.vector("product", found.products[found.lead], cells, "plus", { bars: true, beside: true, from });
}

/**
 * One pair, then the sum, then the sum divided.
 * @param {Stage} stage
 * @param {number} x
 * @param {number} y
 * @param {boolean} pair
 */
function scored(stage, x, y, pair) {
  const { found, small, spec, step } = stage;
  const { lead, q, k } = found;
  const large = { align: /** @type {const} */ ("left"), size: small ? 15 : 17, weight: 700 };
  if (pair) {
    const { cell } = sentenceOf(found, spec, step);
    stage.label("pair", x, y - 24, t("number {cell}:", { cell: cell + 1 }));
    stage.text("factors", x, y, `${said(q[cell])} × ${said(k[lead][cell])}`, { size: 15 });
    stage.text("result", x, y + 24, `= ${said(found.products[lead][cell])}`, { size: 15, weight: 700 });
  }
  if (step > 6) stage.number("sum", x, y, t("sum {sum}", { sum: said(found.sums[lead]) }), large);
  if (step < 8) return;
  const words = `÷ √${found.d} = ${said(found.scores[lead])}`;
  stage.text("divided", x + (small ? 110 : 0), y + (small ? 0 : 27), words, { ...large, name: `score.${lead}` });
}

// ---- 3 scores become shares
/** A column more at two of the steps. @param {Stage} stage */
function softmax(stage) {
  const { found, small, room, step, spec } = stage;
  const rows = stage.rows(34, 38);
  const more = step < 13 ? 2 : 3;
  const count = step < 11 ? 1 : more;
  const pace = (stage.width - room) / count;
  const columns = [0, 1, 2].map((n) => room + n * pace + (small ? 60 : 66));
  const names = small
    ? [t("score"), t("e^score"), t("weight")]
    : [t("score"), t("e to the score"), t("weight: its share of 1")];
  names.slice(0, count).forEach((name, n) => {
    stage.heading(name, columns[n], 16, name, "quiet", n < 2 || small ? "right" : "center");
  });
  spec.source.forEach((_, i) => exponent(stage, i, rows.middle(i), columns, count, (pace - 90) / 2));
  const foot = Math.min(stage.height - 16, rows.y(spec.source.length) + 28);
  const sum = said(found.sum);
  if (step > 11) summed(stage, "total", columns[1], foot, said(found.sum), t("their sum"));
  if (step > 12) summed(stage, "one", columns[2], foot, "1.000", pace > 190 ? t("each ÷ {sum}", { sum }) : `÷ ${sum}`);
}

/**
 * A word's score, e to it, and its share.
 * @param {Stage} stage
 * @param {number} i
 * @param {number} y
 * @param {number[]} columns
 * @param {number} count of columns
 * @param {number} reach
 */
function exponent(stage, i, y, columns, count, reach) {
  const { raised } = stage.found;
  const from = (/** @type {number} */ n) => [columns[n], y, 0];
  stage.score(i, columns[0], y, columns[0] + 14 + reach, reach);
  if (count < 2) return;
  const wide = (raised[i] / Math.max(...raised)) * reach * 2;
  stage.number(`raised.${i}`, columns[1], y, said(raised[i]), { weight: stage.weight(i), start: from(0) });
  if (reach > 14) stage.bar(`raised.${i}`, columns[1] + 14, y, wide, 10, "plus");
  if (count > 2) stage.share(i, columns[2], y, reach * 2, { start: from(1) });
}

/**
 * Below a column what it adds up to.
 * @param {Stage} stage
 * @param {string} id
 * @param {number} x
 * @param {number} y
 * @param {string} words
 * @param {string} note
 */
function summed(stage, id, x, y, words, note) {
  const name = id === "total" ? id : undefined;
  stage.line(id, x - 58, y - 15, x, y - 15);
  stage.text(id, x, y, words, { name, align: "right", weight: 700, size: 16 });
  if (!stage.small) stage.label(id, x + 14, y, note, "quiet");
}

// ---- 4 shares average the values
/** @param {Stage} stage */
function average(stage) {
  const { found, small, least, step, spec } = stage;
  const rows = stage.rows(28, step < 16 ? 2 : 58, 26);
  const shares = stage.room + (small ? 42 : least ? 64 : 50);
  const [x, cell] = stage.values;
  const scale = full(found.v);
  const each = small ? t("values") : t("values: {d} numbers of each word", { d: found.d });
  stage.heading("share", shares, 14, small ? t("share") : t("weight"), "quiet", "right");
  stage.heading("value", x, 14, step > 14 ? t("weight × value") : each, "value");
  spec.source.forEach((_, i) => {
    const cells = [x, rows.y(i), cell, rows.high];
    const look = { scale, beside: true };
    stage.share(i, shares, rows.middle(i), small ? 0 : x - shares - 22);
    if (step < 15) stage.vector(`value.${i}`, found.v[i], cells, "value", look);
    else stage.vector(`weighted.${i}`, found.weighted[i], cells, "value", { ...look, from: cells, was: found.v[i] });
  });
  if (step < 16) return;
  const y = small ? rows.y(spec.source.length) + 12 : stage.height - 46;
  const from = [x, y - 80, cell, rows.high];
  stage.line("adds", x, y - 6, stage.width, y - 6, "output");
  stage.vector("mean", found.mean, [x, y, cell, 30], "output", { beside: true, from });
  stage.heading(
    "mean",
    x - 12,
    y + 15,
    small ? t("their sum") : t("answer of head {head}", { head: found.head }),
    "output",
    "right",
  );
}
