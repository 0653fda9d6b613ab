// The three stages of softmax, one below the other: scores as bars, their powers as bars, shares as pieces of one bar.
import { fitted, framed, straight, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { fmt } from "../../../course_kit/views/js/src/shared/numbers.js";
import { inked, legible, rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import { brief } from "./softmax_numbers.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Pen } from "../../../course_kit/views/js/src/shared/draw.js" */
/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { SoftmaxNumbers } from "./softmax_numbers.js" */
/**
 * @typedef {ReturnType<typeof sceneOf>} Scene where things are
 * @typedef {{ scores: number[], heights: number[], shares: number[] }} Shown what moves, on its way
 */

/** @param {UI} ui @param {number} room @param {boolean} narrow */
export function sceneOf({ spec, unit, tall }, room, narrow) {
  const left = (narrow ? 62 : 84) * unit;
  const width = spec.presenting && !narrow ? room - 240 * unit : room;
  const right = width - 8 * unit;
  const column = (right - left) / spec.names.length;
  const high = 58 * tall;
  const zero = 23 * unit + high;
  const floor = zero + high + 46 * unit + high;
  const one = { y: floor + 34 * unit, h: 36 * unit, w: right - left };
  return {
    ...{ width, left, right, column, zero, high, floor, one },
    height: one.y + one.h + 22 * unit,
    bar: Math.min(column * 0.5, 84 * unit),
    x: (/** @type {number} */ i) => left + (i + 0.5) * column, // the middle of a column
    most: high,
  };
}

/** @param {Pen} c @param {UI} ui @param {Scene} scene @param {SoftmaxNumbers} numbers @param {Shown} shown */
export function paintSoftmax(c, ui, scene, numbers, shown, chosen = -1) {
  paintRows(c, ui, scene);
  let start = scene.left;
  ui.spec.names.forEach((/** @type {string} */ _, /** @type {number} */ i) => {
    const length = shown.shares[i] * scene.one.w;
    paintScore(c, ui, scene, i, shown.scores[i], i === chosen);
    paintFlow(c, ui, scene, i, start, length, i === chosen);
    paintPower(c, ui, scene, numbers, i, shown.heights[i] * scene.most, i === chosen);
    if (length > 0) paintPiece(c, ui, scene, i, start, shown.shares[i], numbers.weights[i]);
    start += length;
  });
  paintWhole(c, ui, scene);
}

/** What each row is, how far a score can be dragged, and the lines on which bars stand. */
function paintRows(/** @type {Pen} */ c, /** @type {UI} */ ui, /** @type {Scene} */ scene) {
  const { theme, unit, state, spec } = ui;
  const { left, right, zero, high, floor, one } = scene;
  const edge = left - 12 * unit;
  c.font = ui.font(13);
  write(c, t("score"), edge, zero, theme.quiet, "right");
  write(c, t("weight"), edge, one.y + one.h / 2, theme.quiet, "right");
  c.font = ui.font();
  for (const sign of [1, -1]) {
    write(c, fmt(sign * spec.reach + state.shift, 0), edge, zero - sign * high, theme.quiet, "right");
  }
  const exponent = state.temperature === 1 ? t("score") : t("score/T");
  const raised = c.measureText(exponent).width;
  write(c, exponent, edge, floor - 15 * unit, theme.quiet, "right");
  c.font = ui.font(13);
  write(c, "e", edge - raised - 1, floor - 7 * unit, theme.quiet, "right");
  for (const y of [zero, floor]) straight(c, [left, y + 0.5], [right, y + 0.5], theme.line, 1);
  spec.names.forEach((/** @type {string} */ _, /** @type {number} */ i) => {
    const middle = Math.round(scene.x(i)) + 0.5;
    straight(c, [middle, zero - high], [middle, zero + high], theme.hatch, 1);
    for (const y of [zero - high, zero + high]) {
      straight(c, [middle - 5 * unit, y], [middle + 5 * unit, y], theme.hatch, 1);
    }
  });
}

/** A score, with a place to hold it, and its name. */
function paintScore(
  /** @type {Pen} */ c,
  /** @type {UI} */ ui,
  /** @type {Scene} */ { x, zero, high, bar, column },
  /** @type {number} */ i,
  /** @type {number} */ score,
  /** @type {boolean} */ chosen,
) {
  const { theme, unit, state, spec } = ui;
  const tall = (score / spec.reach) * high;
  const start = x(i) - bar / 2;
  c.globalAlpha = 0.75;
  c.fillStyle = rgb(score < 0 ? theme.minus : theme.plus);
  c.fillRect(start, Math.min(zero, zero - tall), bar, Math.abs(tall));
  c.globalAlpha = 1;
  c.fillStyle = chosen ? theme.text : theme.quiet;
  c.fillRect(start, zero - tall - 2 * unit, bar, 4 * unit);
  const told = fmt(state.scores[i] + state.shift, state.shift >= 100 ? 1 : 2);
  const above = zero - Math.max(0, tall) - 5 * unit;
  c.font = ui.font(13, chosen ? 700 : 400);
  const wide = c.measureText(told).width;
  c.clearRect(x(i) - wide / 2 - 2, above - 14 * unit, wide + 4, 14 * unit);
  write(c, told, x(i), above, theme.text, "center", "bottom");
  c.font = ui.font(13, 600);
  write(c, fitted(c, spec.names[i], column - 6), x(i), zero + high + 8 * unit, theme.key, "center", "top");
}

/** The way of a power into its piece of the one bar. */
function paintFlow(
  /** @type {Pen} */ c,
  /** @type {UI} */ { theme },
  /** @type {Scene} */ { x, bar, floor, one },
  /** @type {number} */ i,
  /** @type {number} */ start,
  /** @type {number} */ length,
  /** @type {boolean} */ chosen,
) {
  c.fillStyle = theme.line;
  c.globalAlpha = chosen ? 0.95 : 0.5;
  c.beginPath();
  c.moveTo(x(i) - bar / 2, floor);
  c.lineTo(x(i) + bar / 2, floor);
  c.lineTo(start + length, one.y);
  c.lineTo(start, one.y);
  c.fill();
  c.globalAlpha = 1;
}

/** e raised to a score. */
function paintPower(
  /** @type {Pen} */ c,
  /** @type {UI} */ ui,
  /** @type {Scene} */ { x, bar, floor },
  /** @type {SoftmaxNumbers} */ { powers, scores },
  /** @type {number} */ i,
  /** @type {number} */ rise,
  /** @type {boolean} */ chosen,
) {
  const { theme, unit, state } = ui;
  const start = x(i) - bar / 2;
  const top = floor - rise;
  const told = powers[i] === Infinity ? `e^${fmt(scores[i] / state.temperature, 0)}` : brief(powers[i]);
  c.fillStyle = theme.quiet;
  c.fillRect(start, top, bar, Math.max(rise, 1));
  c.font = ui.font(13, chosen ? 700 : 400);
  write(c, told, x(i), top - 3 * unit, theme.text, "center", "bottom");
}

/** A share, as a piece of the one bar: the more, the darker. */
function paintPiece(
  /** @type {Pen} */ c,
  /** @type {UI} */ ui,
  /** @type {Scene} */ { one, left },
  /** @type {number} */ i,
  /** @type {number} */ start,
  /** @type {number} */ share,
  /** @type {number} */ weight,
) {
  const { theme, unit, spec } = ui;
  const length = share * one.w;
  const ink = inked(theme, 0.05 + 0.95 * share);
  c.fillStyle = rgb(ink);
  c.fillRect(start, one.y, length, one.h);
  c.font = ui.font(13, 600);
  const told = [`${spec.names[i]} ${fmt(weight)}`, fmt(weight), fmt(weight, 2).replace("0.", ".")];
  const fits = told.find((text) => c.measureText(text).width < length - 8 * unit);
  if (fits) write(c, fits, start + length / 2, one.y + one.h / 2 + 1, legible(ink), "center");
  if (start === left) return;
  c.fillStyle = rgb(theme.paper); // between this piece and the one before
  c.fillRect(start - unit, one.y, 2 * unit, one.h);
}

/** The frame of the one bar, and its numbers. @param {Pen} c @param {UI} ui @param {Scene} scene */
function paintWhole(c, ui, { left, one }) {
  const { theme, unit } = ui;
  framed(c, theme.quiet, 1, left, one.y, one.w, one.h);
  c.font = ui.font();
  for (const part of [0, 0.5, 1]) {
    write(c, String(part), left + part * one.w, one.y + one.h + 4 * unit, theme.quiet, "center", "top");
  }
}
