// The fifth scene: heads, mixed and added to the state, add up to a word.
import { said, shareOf } from "./descent_numbers.js";
import { full, low, most, WIDE } from "./descent_stage.js";
import { t } from "../../../course_kit/views/js/src/text.js";
import { briefOf } from "./descent_sentences.js";

/** @import { Line, Look, Stage } from "./descent_stage.js" */

/** A number that is added; never a sign before nothing. @param {number} x */
export function signed(x) {
  const text = said(x);
  return x > 0 && text !== "0" ? `+${text}` : text;
}

/** The answers of all heads, side by side. @param {Stage} stage */
export function heads(stage) {
  const { found, small, spec, height } = stage;
  const left = small ? 62 : 84;
  const each = found.d / (small ? 8 : WIDE); // rows of a head
  const top = 34;
  const high = Math.min(small ? 24 : 36, (height - top) / (spec.heads * each));
  const product = { heads: spec.heads, d: found.d, size: spec.size };
  const words = small
    ? t("{heads} × {d} = {size} numbers", product)
    : t("the answers of {heads} heads: {heads} × {d} = {size} numbers", product);
  stage.heading("means", small ? 0 : left, 14, words, "output");
  stage.page("means", found.means, top, high, "output", { left });
  const [x, cell] = stage.values;
  for (const item of stage.items) {
    const from = (item.first ?? 0) - (found.head - 1) * found.d; // this head's come from where they were added up
    if (item.name === "means" && from >= 0 && from < found.d) item.start = [x + from * cell, height - 46, cell, 30, 1];
  }
  for (let head = 1; head <= spec.heads; head++) {
    const weight = head === found.head ? 700 : 400;
    const y = top + (head - 0.5) * each * high;
    stage.text(`head.${head}`, left - (small ? 8 : 12), y, t("head {head}", { head }), { align: "right", weight });
  }
}

/** They are mixed, and added to the state. @param {Stage} stage */
export function residual(stage) {
  const { found, small, spec, width } = stage;
  const gap = small ? 30 : 46;
  const [cell, high] = small ? [(width - gap) / 32, 8] : [(width - 3 * gap) / 64, 12];
  const wide = cell * WIDE;
  const tall = 8 * high;
  const across = small ? 2 : 4; // tiles in a row
  const tiles = [0, 1, 2, 3].map((n) => {
    const y = n < across ? 28 : tall + 62;
    return [(n % across) * (wide + gap), small ? y : 32, cell, high];
  });
  const scale = full([found.after]);
  const looked = true;
  const state = small ? t("its state") : t("state of “{asker}”", { asker: found.asker });
  const answers = small
    ? t("{heads} answers", { heads: spec.heads })
    : t("answers of {heads} heads", { heads: spec.heads });
  stage.tile("means", found.means, tiles[0], "output", answers);
  stage.tile("adds", found.adds, tiles[1], "output", t("mixed"), { from: tiles[0], looked });
  stage.tile("state", found.state, tiles[2], "ink", state, { scale, looked });
  stage.tile("after", found.after, tiles[3], "ink", t("new state"), { scale, from: tiles[2], looked });
  ["× W", "+", "="].forEach((words, n) => {
    const [left, top] = tiles[n + 1];
    const [x, y] = small && n === 1 ? [width / 2, tall + 46] : [left - gap / 2, top + tall / 2];
    stage.text(`sign ${words}`, x, y, words, { size: n ? 22 : 15, align: "center", colour: "quiet" });
  });
  const brief = width < 720 || stage.least ? t("+ mixed") : t("+ heads, mixed");
  /** @type {Line[]} */
  const lines = [
    ["state", found.state, "ink", state, tiles[2]],
    ["adds", found.adds, "output", small ? t("+ the heads, mixed") : brief, tiles[1]],
    ["after", found.after, "ink", t("= new state"), tiles[3]],
  ];
  const y = tiles[3][1] + tall + (small ? 26 : 52);
  const first = stage.lines(lines, y, Math.min(small ? 60 : 50, (stage.height - y) / 3), { scale });
  stage.heading(
    "close",
    0,
    y - 14,
    t("numbers {first} to {last} of {size}", { first: first + 1, last: first + WIDE, size: spec.size }),
    "quiet",
  );
}

/** What each sub-layer adds to the logit, and the word if the decoder stopped there. @param {Stage} stage */
export function parts(stage) {
  const { found, small, width, height } = stage;
  const all = [...found.parts, found.rest];
  const sums = [0];
  for (const x of all) sums.push(sums[sums.length - 1] + x);
  const low = Math.min(...sums);
  const range = Math.max(...sums) - low;
  all.forEach((adds, n) => {
    const [from, to] = [Math.min(sums[n], sums[n + 1]) - low, Math.max(sums[n], sums[n + 1]) - low];
    const part = { n, adds, from: from / range, to: to / range, last: n === all.length - 1, count: all.length };
    if (small) lineOf(stage, part);
    else stairOf(stage, part);
  });
  if (small) {
    stage.heading("adds up", width * 0.49, 10, t("adds to “{next}”", { next: found.next }), "output", "right");
    stage.heading("stops", width, 10, t("stopped here"), "quiet", "right");
    return;
  }
  const floor = height - 78;
  stage.line("floor", 0, floor, width, floor, "line");
  stage.heading("adds up", 0, 106, t("what each adds to the score of “{next}”", { next: found.next }), "output");
  const stopped = t("if the decoder stopped here, its most probable word would be");
  stage.heading("stops", 0, floor + 18, stopped, "quiet", "left");
}

/**
 * @typedef {{ n: number, adds: number, from: number, to: number, last: boolean, count: number }} Part
 *   from, to: of the range, 0 to 1
 */

/** [its kind, its layer if it has one]. @param {Stage} stage @param {Part} part */
function namesOf({ spec }, { n, last }) {
  if (last) return [t("bias")];
  return n ? briefOf(spec.names[n]).split(" ") : [t("input")];
}

/** The vector that it adds, small. @param {Stage} stage @param {Part} part @param {number[]} cells */
function thumbOf(stage, { n, last }, cells) {
  const { study, start } = stage.found;
  if (!last) stage.vector(`thumb.${n}`, n ? study.added[n - 1] : start, low(cells, start), n ? "output" : "ink");
}

/**
 * The word that would be written is strong where it is the right one.
 * @param {Stage} stage
 * @param {string} word
 * @returns {Look}
 */
const strength = ({ found }, word) => (word === found.next ? { weight: 700, colour: "output" } : {});

/** On a phone a part has a line of its own. @param {Stage} stage @param {Part} part */
function lineOf(stage, part) {
  const { found, width, height } = stage;
  const { n, adds, from, to, last } = part;
  const slot = (height - 26) / part.count;
  const y = 26 + (n + 0.5) * slot;
  const reach = width * 0.2;
  const [name, layer] = namesOf(stage, part);
  thumbOf(stage, part, [0, y - slot / 2 + 3, 2.4, (slot - 8) / 8]);
  stage.text(`name.${n}`, 46, y, layer ? `${name} ${layer}` : name, { size: 13 });
  stage.number(`part.${n}`, width * 0.49, y, signed(adds), { size: 13, weight: 700 });
  const wide = Math.max(1, (to - from) * reach);
  stage.bar(`part.${n}`, width * 0.52 + from * reach, y, wide, 10, adds > 0 ? "output" : "minus");
  if (last) return;
  const [word, chance] = found.stops[n];
  stage.number(`stop.${n}`, width, y, `${word} ${chance.toFixed(2)}`, { size: 13, ...strength(stage, word) });
}

/** Elsewhere a step of a stair, with its vector above and the word below. @param {Stage} stage @param {Part} part */
function stairOf(stage, part) {
  const { found, width, height } = stage;
  const { n, adds, from, to, last } = part;
  const slot = width / part.count;
  const middle = (n + 0.5) * slot;
  const floor = height - 78;
  const stair = height - 214;
  const cell = Math.min(5, (slot - 12) / WIDE);
  const tall = Math.max(1, (to - from) * stair);
  const top = floor - 14 - to * stair;
  const align = /** @type {const} */ ("center");
  const quiet = { align, colour: "quiet", size: 13 };
  const [name, layer] = namesOf(stage, part);
  thumbOf(stage, part, [middle - (cell * WIDE) / 2, 42, cell, cell]);
  stage.text(`name.${n}`, middle, 10, name, quiet);
  if (layer)
    stage.text(`layer.${n}`, middle, stage.least ? 29 : 26, slot < 60 ? layer : t("layer {layer}", { layer }), quiet);
  const [left, wide] = [middle - slot * 0.3, slot * 0.6];
  const start = [left, 82, wide, 1, 0]; // from its vector
  stage.bar(`part.${n}`, left, top + tall / 2, wide, tall, adds > 0 ? "output" : "minus", { start });
  stage.number(`part.${n}`, middle, top - 9, signed(adds), { align, weight: 700 });
  if (last) {
    stage.number("logit.0", middle, floor + 42, `= ${said(found.logits[0])}`, { align, weight: 700, size: 16 });
    return;
  }
  const [word, chance] = found.stops[n];
  stage.number(`stop.${n}`, middle, floor + 42, word, { align, room: slot - 4, ...strength(stage, word) });
  stage.text(`chance of ${n}`, middle, floor + 61, chance.toFixed(3), { ...quiet, name: `stop.${n}` });
}

/** The most probable words: logits, and at the last step their shares. @param {Stage} stage */
export function answer(stage) {
  const { found, small, height, step } = stage;
  const alone = step === 20;
  const top = 34;
  const pace = Math.min(small ? 58 : 50, (height - top) / found.rivals.length);
  const columns = columnsOf(stage, alone);
  stage.heading("logit", columns[1], 14, t("logit"), "quiet", "right");
  if (!alone) {
    stage.heading("grown", columns[2], 14, t("e to it"), "quiet", "right");
    stage.heading("chance", columns[3], 14, small ? t("share") : t("probability"), "output", "right");
  } else if (!small) finalState(stage, columns[0] - 64, top + pace / 2);
  found.rivals.forEach((_, i) => rivalOf(stage, i, top + (i + 0.5) * pace, columns, alone));
}

/**
 * Where words, logits, e to them and shares end at the right.
 * @param {Stage} stage
 * @param {boolean} alone no shares yet
 */
function columnsOf({ small, width }, alone) {
  if (small) return [alone ? 0.34 : 0.24, alone ? 0.54 : 0.42, 0.66, 0.86].map((share) => share * width);
  const words = width * (alone ? 0.5 : 0.14);
  return [words, words + 70, width * 0.52, width * 0.72];
}

/**
 * The last state, from which all logits come.
 * @param {Stage} stage
 * @param {number} x
 * @param {number} y where the first is
 */
function finalState(stage, x, y) {
  const { found, width } = stage;
  const [cell, high, top] = [Math.min(16, (width * 0.34) / WIDE), 16, 104];
  const words = width < 720 ? t("× a word's vector: logit") : t("× the vector of a word, summed: its logit");
  stage.tile(
    "final",
    found.final,
    [0, top, cell, high],
    "ink",
    t("the final state of “{asker}”, normed", { asker: found.asker }),
  );
  stage.line("meets", cell * WIDE + 8, top + 4 * high, x, y);
  stage.label("meets", 0, top + 8 * high + 18, words);
}

/** @param {Stage} stage @param {number} i @param {number} y @param {number[]} columns @param {boolean} alone */
function rivalOf(stage, i, y, [x, logit, grown, chance], alone) {
  const { found, small, width } = stage;
  const { logits, chances } = found;
  const beside = small ? 0 : Math.min(width * 0.17, width * 0.52 - logit - 86);
  const reach = alone ? width - logit - 18 : beside;
  const weight = i ? 400 : 700;
  const bold = { weight, size: i ? 14 : 16 };
  const colour = i ? "text" : "output";
  stage.text(`rival.${i}`, x, y, found.rivals[i], { align: "right", weight, size: i ? 16 : 20, colour, room: x });
  stage.number(`logit.${i}`, logit, y, said(logits[i]), bold);
  const wide = (logits[i] / most([logits])) * reach;
  if (reach) stage.bar(`logit.${i}`, logit + 14, y, wide, 14, wide > 0 ? "plus" : "minus");
  if (alone) return;
  stage.number(`grown.${i}`, grown, y, said(Math.exp(logits[i])), { ...bold, start: [logit, y, 0] });
  stage.number(`chance.${i}`, chance, y, shareOf(chances[i]), { ...bold, start: [grown, y, 0] });
  const share = Math.max(1, chances[i] * (width - chance - 20));
  stage.bar(`chance.${i}`, chance + 14, y, share, 14, "output");
}
