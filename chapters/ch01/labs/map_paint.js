// What one width makes of all queries: the map of their weights, and the leave-one-out error.
import { axes, logTicks, scale } from "../../../course_kit/views/js/src/shared/axes.js";
import { curve, dot, framed, straight, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { clock, fmt, nearest } from "../../../course_kit/views/js/src/shared/numbers.js";
import { inked, rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import { errorAt, inkOf, NAMED } from "./pooling_numbers.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Pen } from "../../../course_kit/views/js/src/shared/draw.js" */
/** @import { Theme } from "../../../course_kit/views/js/src/shared/theme.js" */
/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { MapNumbers, PoolingSpec } from "./pooling_numbers.js" */
/** @import { Box } from "./pooling_paint.js" */

/** Draws into a box only what is inside it. @param {Pen} c @param {Box} box @param {() => void} draw */
function inside(c, { x, y, w, h }, draw) {
  c.save();
  c.beginPath();
  c.rect(x, y, w, h);
  c.clip();
  draw();
  c.restore();
}

/** The widths along the picture of the error. @param {UI} ui @param {Box} box */
export const acrossError = ({ spec: { widths } }, box) =>
  scale(widths[0], widths[widths.length - 1], box.x, box.x + box.w, true);

/** The leave-one-out error against the width, a dot at this one; after a training, a ball that rolls. */
export function paintExam(
  /** @type {Pen} */ c,
  /** @type {UI} */ ui,
  /** @type {Box} */ box,
  /** @type {MapNumbers} */ { errors, here, lowest },
) {
  const { theme, unit, spec, state } = ui;
  const { widths, path } = /** @type {PoolingSpec} */ (spec);
  const x = acrossError(ui, box);
  // on a log scale the curve fills its frame: the error of the widest kernel is a hundred times the lowest
  const top = Math.max(1e-9, ...errors.filter(Number.isFinite)) * (path ? 1.05 : 1.2);
  const low = Math.max(errors[lowest] / (path ? 1.15 : 1.3), top / 1e4);
  const y = scale(low, top, box.y + box.h, box.y, !path);
  const marks = logTicks(low, top);
  const powers = marks.filter((tick) => Number.isInteger(Math.log10(tick)));
  axes(c, ui, box, x, y, {
    x: t("width"),
    y: path ? t("loss: error on what is left out") : t("leave-one-out error, log scale"),
    ...(path ? {} : { up: powers.length > 1 ? powers : marks }),
  });
  if (path) {
    const best = x(widths[lowest]);
    straight(c, [best, y(errors[lowest])], [best, box.y + box.h], theme.quiet, 1, [4, 4]);
    c.font = ui.font();
    const at = Math.max(y(errors[lowest]) - 22 * unit, box.y + 12 * unit);
    write(c, t("lowest at {width}", { width: fmt(widths[lowest], 2) }), best, at, theme.quiet, "center");
  }
  inside(c, box, () => curve(c, widths, errors, x, y, theme.text, 1.6 * unit));
  if (path) {
    for (const width of path) dot(c, x(width), y(errorAt(widths, errors, width)), 2.5 * unit, theme.quiet);
    const level = y(errorAt(widths, errors, state.width));
    dot(c, x(state.width), level - 8 * unit, 8 * unit, theme.text); // it lies on the curve
  } else if (Number.isFinite(errors[here]))
    dot(c, x(widths[here]), y(Math.max(low, errors[here])), 5 * unit, theme.text);
}

/** The weights as ink, a pixel each, to be drawn at the size of the map. */
export class Ink {
  /** @param {number} columns @param {number} rows */
  constructor(columns, rows) {
    this.tile = new OffscreenCanvas(columns, rows);
    this.pen = /** @type {OffscreenCanvasRenderingContext2D} */ (this.tile.getContext("2d"));
    this.image = this.pen.createImageData(columns, rows);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** @param {Theme} theme @param {Float64Array} weights */
  fill(theme, weights) {
    const shades = Uint32Array.from({ length: 256 }, (_, i) => {
      const [red, green, blue] = inked(theme, i / 255);
      return (255 << 24) | (blue << 16) | (green << 8) | red;
    });
    weights.forEach((weight, i) => {
      this.pixels[i] = shades[Math.round(255 * inkOf(weight))];
    });
    this.pen.putImageData(this.image, 0, 0);
  }
}

/** The map, and what it shows. @param {Pen} c @param {UI} ui @param {Box} map @param {Ink} ink */
export function paintMap(c, ui, map, ink) {
  const { theme, unit } = ui;
  const { keys, queries } = ui.arrays;
  const { key_name, clock: hours } = ui.spec;
  c.imageSmoothingEnabled = keys.length > map.w;
  c.drawImage(ink.tile, map.x, map.y, map.w, map.h);
  framed(c, theme.line, 1, map.x - 1, map.y - 1, map.w + 2, map.h + 2);
  const told = (/** @type {number} */ key) => (hours ? clock(key) : fmt(key, 1));
  const ends = (/** @type {Iterable<number>} */ all) => ({
    low: told(Math.min(...all)),
    high: told(Math.max(...all)),
  });
  c.font = ui.font(13, 600);
  /** With its ends, or without where there is no room for them. */
  const roomy = (/** @type {string} */ full, /** @type {string} */ short, /** @type {number} */ room) =>
    c.measureText(full).width <= room ? full : short;
  const name = key_name;
  const across = roomy(
    t("keys by {name}, {low} to {high} →", { name, ...ends(keys) }),
    t("keys by {name} →", { name }),
    map.w,
  );
  const upwards = roomy(
    t("← queries by {name}, {low} to {high}", { name, ...ends(queries) }),
    t("← queries by {name}", { name }),
    map.h,
  );
  write(c, across, map.x, map.y - 5 * unit, theme.key, "left", "bottom");
  c.save();
  c.translate(map.x - 6 * unit, map.y + map.h);
  c.rotate(-Math.PI / 2);
  write(c, upwards, 0, 0, theme.query, "left", "bottom");
  c.restore();
  const row = nearest(Array.from(queries), ui.state.query);
  const high = map.h / queries.length;
  c.strokeStyle = theme.query;
  c.lineWidth = 1.5 * unit;
  c.strokeRect(map.x - 1, map.y + row * high - 1, map.w + 2, high + 2);
  paintRamp(c, ui, map);
}

/** What the ink is worth, at all widths: a ramp with the weights below it for which there is room. */
function paintRamp(/** @type {Pen} */ c, /** @type {UI} */ ui, /** @type {Box} */ map) {
  const { theme, unit } = ui;
  const top = map.y + map.h + 6 * unit;
  const start = map.x + 62 * unit;
  const wide = map.x + map.w - start;
  const ramp = c.createLinearGradient(start, 0, start + wide, 0);
  for (let i = 0; i <= 16; i++) ramp.addColorStop(i / 16, rgb(inked(theme, i / 16)));
  c.fillStyle = ramp;
  c.fillRect(start, top, wide, 12 * unit);
  framed(c, theme.line, 1, start - 1, top - 1, wide + 2, 12 * unit + 2);
  c.font = ui.font();
  write(c, t("weight"), map.x, top + 6 * unit, theme.quiet);
  /** @type {[number, number][]} from where to where there are numbers already */
  const taken = [];
  for (const weight of NAMED) {
    const at = start + inkOf(weight) * wide;
    const half = c.measureText(String(weight)).width / 2;
    const middle = Math.min(at, map.x + map.w - half);
    const [from, to] = [middle - half - 4 * unit, middle + half + 4 * unit];
    if (taken.some(([begin, end]) => from < end && to > begin)) continue;
    taken.push([from, to]);
    straight(c, [at, top + 12 * unit], [at, top + 15 * unit], theme.quiet, 1);
    write(c, String(weight), middle, top + 16 * unit, theme.quiet, "center", "top");
  }
}
