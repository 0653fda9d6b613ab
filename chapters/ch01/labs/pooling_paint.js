// The picture of one query: dots and the curve above, the weights as bars below, the keys as ticks on their axis.
import { axes, range, scale } from "../../../course_kit/views/js/src/shared/axes.js";
import { curve, dot, straight, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { percentage, short } from "../../../course_kit/views/js/src/shared/numbers.js";
import { rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import { dotOf, told } from "./pooling_numbers.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Pen } from "../../../course_kit/views/js/src/shared/draw.js" */
/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { PoolingNumbers } from "./pooling_numbers.js" */
/** @import { Scale } from "../../../course_kit/views/js/src/shared/axes.js" */
/** @typedef {{ x: number, y: number, w: number, h: number }} Box */
/**
 * @typedef {object} Scene where things are
 * @property {number} width
 * @property {number} height
 * @property {Box} box of the curve
 * @property {number} strip height of the axis of the weights
 * @property {number} foot where its zero is
 * @property {Box | null} map of the weights of all queries, beside the curve
 * @property {Box | null} exam of the error's curve, below it
 * @property {boolean} small whether there is room for few words only
 * @property {number} legend where the legend ends
 * @property {Scale} x
 * @property {Scale} y
 */

/** @param {UI} ui @param {number} room @param {boolean} narrow @returns {Scene} */
export function sceneOf(ui, room, narrow) {
  const { spec, arrays } = ui;
  const { box, ...others } = placesOf(ui, room, narrow);
  const [bottom, top] = range([...arrays.values, ...(arrays.truth_y ?? [])]);
  return {
    ...{ ...others, box },
    x: scale(spec.domain[0], spec.domain[1], box.x, box.x + box.w),
    y: scale(bottom, top, box.y + box.h, box.y),
  };
}

/** @param {UI} ui @param {number} room @param {boolean} narrow */
function placesOf(ui, room, narrow) {
  if (ui.spec.path) return belowLoss(ui, room, narrow);
  if (isExam(ui) && !narrow) return besideError(ui, room);
  return ui.arrays.queries ? besideMap(ui, room, narrow) : aboveWeights(ui, room, narrow);
}

/** After a training, and in front of a class, the error is what the lab is about: neither the map nor the query is
 * there. @param {UI} ui */
export const isExam = ({ spec, arrays }) => Boolean((spec.presenting || spec.path) && arrays.errors);

const UNDER = 46; // the axis and the query below the curve
const FOOT = 34; // what the ink is worth, below the map
const HEAD = 24; // names above

/** @param {UI} ui @param {number} width */
function besideError({ unit, tall }, width) {
  const wide = Math.round((width - 128 * unit) / 2);
  const place = { y: HEAD * unit, w: wide, h: Math.round(190 * tall) };
  const box = { x: 50 * unit, ...place };
  const exam = { x: width - wide - 18 * unit, ...place };
  const foot = box.y + box.h;
  const places = { width, height: foot + 34 * unit, box, exam, map: null, foot };
  return { ...places, strip: 0, small: true, legend: exam.x - 16 * unit };
}

/** The loss is the main picture; what its width does is beside it, or below. @param {UI} ui @param {number} width
 * @param {boolean} narrow */
function belowLoss({ unit, tall }, width, narrow) {
  const left = 50 * unit;
  const wide = narrow ? width - left - 18 * unit : Math.round(0.54 * (width - 128 * unit));
  const exam = { x: left, y: HEAD * unit, w: wide, h: Math.round((narrow ? 200 : 260) * tall) };
  const box = narrow
    ? { ...exam, y: exam.y + exam.h + 66 * unit, h: 150 * tall }
    : { ...exam, x: exam.x + wide + 64 * unit, w: width - wide - left - 82 * unit };
  const foot = box.y + box.h;
  return { width, height: foot + 34 * unit, box, exam, map: null, foot, strip: 0, small: true, legend: box.x + box.w };
}

/** @param {UI} ui @param {number} width @param {boolean} narrow */
function besideMap({ arrays, unit, tall }, width, narrow) {
  const exams = Boolean(arrays.errors);
  const beside = exams ? { part: 0.4, most: 340 } : { part: 0.34, most: 310 };
  const side = narrow
    ? Math.min(width - 32 * unit, 360 * unit)
    : Math.round(Math.min(beside.part * width, beside.most * tall));
  const right = narrow ? width - 18 * unit : width - side - 54 * unit;
  const left = { x: 50 * unit, w: right - 50 * unit };
  // beside the map, curve and error are as high as it; below each other they have heights of their own
  const room = side + (FOOT - UNDER) * unit;
  const error = narrow ? 90 * unit : Math.round((room - 58 * unit) * 0.3);
  const beneath = exams ? room - 58 * unit - error : side;
  const box = { ...left, y: HEAD * unit, h: narrow ? 200 * unit : beneath };
  const exam = { ...left, y: box.y + box.h + (UNDER + 22) * unit, h: error };
  const end = exams ? exam.y + error + 36 * unit : box.y + box.h + UNDER * unit;
  const place = narrow
    ? { x: (width - side) / 2 + 12 * unit, y: end + 40 * unit }
    : { x: width - side - 2, y: HEAD * unit };
  const map = { ...place, w: side, h: side };
  const foot = box.y + box.h + 16 * unit;
  const height = Math.max(end, map.y + side + FOOT * unit);
  return { width, height, box, exam: exams ? exam : null, map, foot, strip: 0, small: true, legend: right };
}

/** @param {UI} ui @param {number} room @param {boolean} narrow */
function aboveWeights({ spec, unit, tall }, room, narrow) {
  const { presenting } = spec;
  const width = presenting && !narrow ? room - 170 * unit : room;
  const side = presenting ? 78 : 92; // for the names at the right
  const right = (narrow ? 62 : side) * unit;
  const box = { x: 50 * unit, y: 24 * unit, w: width - 50 * unit - right, h: 200 * tall };
  const strip = 72 * tall;
  const foot = box.y + box.h + (presenting ? 22 : 30) * unit + strip;
  return {
    ...{ width, height: foot + 28 * unit, box, strip, foot, map: null, exam: null },
    small: narrow || presenting,
    legend: narrow ? width - 2 : box.x + box.w,
  };
}

/** @param {Pen} c @param {UI} ui @param {Scene} scene @param {PoolingNumbers} numbers */
export function paintPooling(c, ui, scene, numbers) {
  const { box, x, y, small } = scene;
  axes(c, ui, box, x, y, { x: "", y: ui.spec.value_name, hours: ui.spec.clock });
  const value = small ? t("value") : t("value, larger with more weight");
  marked(ui, c, scene.legend, box.y - 11 * ui.unit, value, Boolean(ui.arrays.truth_x));
  c.save();
  c.beginPath();
  c.rect(box.x, box.y - 2, box.w, box.h + 4);
  c.clip();
  paintExamples(c, ui, scene, numbers);
  c.restore();
  if (scene.strip) paintWeights(c, ui, scene, numbers);
  if (!isExam(ui)) paintQuery(c, ui, scene, numbers.estimate);
}

/** The truth, the curve of the estimates, the examples. */
function paintExamples(
  /** @type {Pen} */ c,
  /** @type {UI} */ { theme, unit, arrays },
  /** @type {Scene} */ { x, y },
  /** @type {PoolingNumbers} */ { grid, curve: estimates, removed, weights },
) {
  const { keys, values, truth_x, truth_y } = arrays;
  if (truth_x) curve(c, truth_x, truth_y, x, y, theme.quiet, 1.2, [5, 4]);
  curve(c, grid, estimates, x, y, theme.output, 2.4 * unit);
  const size = weights.length > 300 ? 0.55 * unit : unit;
  weights.forEach((weight, i) => {
    const [across, down] = [x(keys[i]), y(values[i])];
    const { radius, alpha } = dotOf(weight);
    if (removed[i]) crossed(c, theme.quiet, across, down);
    else dot(c, across, down, radius * size, theme.value, alpha);
  });
}

/** @param {Pen} c @param {string} colour @param {number} x @param {number} y */
function crossed(c, colour, x, y) {
  for (const sign of [-1, 1]) straight(c, [x - 4, y - 4 * sign], [x + 4, y + 4 * sign], colour, 1.3);
}

/** The weights, on an axis that says how high it is. */
function paintWeights(
  /** @type {Pen} */ c,
  /** @type {UI} */ ui,
  /** @type {Scene} */ { box, strip, foot, x },
  /** @type {PoolingNumbers} */ { weights, roof, removed },
) {
  const { theme, unit } = ui;
  const { keys } = ui.arrays;
  const end = box.x + box.w;
  const many = weights.length > 100;
  const [most] = ui.follow("roof", [roof]);
  c.font = ui.font();
  const isLow = strip < 5 * c.measureText("0").width; // its numbers would touch each other, and those above
  for (const part of [1, 0.5, 0]) {
    const y = Math.round(foot - part * strip) + 0.5;
    straight(c, [box.x, y], [end, y], theme.line, 1);
    const named = part ? percentage(Number((100 * part * roof).toFixed(1))) : "0";
    if (part !== 0.5 || !isLow)
      write(c, named, box.x - 6 * unit, y, theme.quiet, "right", isLow && part ? "top" : "middle");
  }
  const bar = Math.max(1.5, Math.min(6 * unit, (0.6 * box.w) / weights.length));
  weights.forEach((weight, i) => {
    const high = Math.min(1, weight / most) * strip;
    const at = x(keys[i]);
    c.fillStyle = rgb(theme.ink);
    if (high > 0.3) c.fillRect(at - bar / 2, foot - high, bar, high);
    straight(c, [at, foot + 1], [at, foot + 6 * unit], removed[i] ? theme.line : theme.key, many ? 0.5 : 1.2);
  });
  c.font = ui.font(13, 700);
  write(c, t("weight"), end + 8 * unit, foot - strip / 2, theme.text);
  write(c, t("keys"), end + 8 * unit, foot + 3 * unit, theme.key);
}

/** The query, and what it gets. @param {Pen} c @param {UI} ui @param {Scene} scene @param {number} estimate */
function paintQuery(c, ui, { box, strip, foot, small, map, x, y }, estimate) {
  const { theme, unit } = ui;
  const at = x(ui.state.query);
  const end = box.x + box.w;
  straight(c, [at, box.y], [at, box.y + box.h], theme.query, 1.8 * unit, [6, 4]);
  straight(c, [at, foot - strip], [at, foot], theme.query, 1.8 * unit, [6, 4]);
  asked(ui, c, at, foot + 8 * unit, [box.x, end]);
  if (Number.isNaN(estimate)) return;
  const level = y(estimate);
  if (!map) straight(c, [at, level], [end + 4 * unit, level], theme.output, 1.2 * unit, [2, 3]);
  dot(c, at, level, 7 * unit, rgb(theme.paper));
  dot(c, at, level, 5.5 * unit, theme.output);
  if (map) return; // there the words say it
  const apart = small ? 0 : 8.5 * unit; // half a line between the name and the number
  c.font = ui.font();
  if (!small) write(c, t("estimate"), end + 8 * unit, level - apart, theme.output);
  c.font = ui.font(13, 700);
  write(c, short(estimate), end + 8 * unit, level + apart, theme.output);
}

/**
 * Marks and what they are, in one row that ends at `right`: dots for values, the curve of the estimates, the truth.
 * @param {UI} ui
 * @param {Pen} c
 * @param {number} right
 * @param {number} y
 * @param {string} value what the dots are
 * @param {boolean} truth whether it is drawn
 */
function marked({ theme, unit, font }, c, right, y, value, truth) {
  /** @param {string} colour @param {number} width @param {number[]} dash */
  const line = (colour, width, dash) => (/** @type {number} */ x) =>
    straight(c, [x, y], [x + 16 * unit, y], colour, width, dash);
  const items = [
    { name: value, mark: (/** @type {number} */ x) => dot(c, x + 8 * unit, y, 4 * unit, theme.value) },
    { name: t("estimate"), mark: line(theme.output, 2.4 * unit, []) },
  ];
  if (truth) items.push({ name: t("truth"), mark: line(theme.quiet, 1.2, [5, 4]) });
  c.font = font();
  const wide = items.map(({ name }) => c.measureText(name).width + 34 * unit);
  let x = right - wide.reduce((a, b) => a + b, -12 * unit);
  items.forEach(({ name, mark }, i) => {
    mark(x);
    write(c, name, x + 22 * unit, y + 1, theme.quiet);
    x += wide[i];
  });
}

/**
 * A triangle at the query and its number; the name of the axis goes where these are not.
 * @param {UI} ui
 * @param {Pen} c
 * @param {number} at
 * @param {number} y
 * @param {[number, number]} axis where it begins and ends
 */
function asked({ theme, unit, font, state, spec }, c, at, y, [from, to]) {
  const middle = y + 9 * unit;
  const leftwards = at > to - 110 * unit; // there is no room for the number at the right
  c.fillStyle = theme.query;
  c.beginPath();
  c.moveTo(at, y);
  c.lineTo(at - 8 * unit, y + 14 * unit);
  c.lineTo(at + 8 * unit, y + 14 * unit);
  c.fill();
  c.font = font(13, 700);
  const text = t("query {query}", { query: told(spec)(state.query) });
  const number = c.measureText(text).width + 12 * unit;
  if (leftwards) write(c, text, at - 12 * unit, middle, theme.query, "right");
  else write(c, text, at + 12 * unit, middle, theme.query);
  c.font = font();
  const name = c.measureText(spec.key_name).width + 8 * unit;
  if (to - name > at + (leftwards ? 8 * unit : number)) write(c, spec.key_name, to, middle, theme.quiet, "right");
  else if (from + name < at - (leftwards ? number : 8 * unit)) write(c, spec.key_name, from, middle, theme.quiet);
}
