// What a chart of lines, points and bands shows, as numbers: its series, the place of everything, and what is said.
import { numbersAt, roomy, scale, tick } from "../shared/axes.js";
import { evenly } from "../shared/chart.js";
import { clamp, clock, nearest, number } from "../shared/numbers.js";
import { places } from "./lines_labels.js";
import { t } from "../text.js";

/** @import { Place, Ruler } from "../shared/chart.js" */
/** @import { Scale } from "../shared/axes.js" */
/** @import { Arrays, Spec, Table } from "../shared/types.js" */
/** @import { Named } from "./lines_labels.js" */

/**
 * @typedef {object} GivenSeries
 * @property {string} name
 * @property {"line" | "dashed" | "points" | "band"} kind dashed: what the others are compared with
 * @property {string | null} role
 * @property {string[] | null} labels of its points
 * @property {number} count of its points
 *
 * @typedef {object} Panel
 * @property {GivenSeries[]} series
 * @property {string} title
 * @property {string} xlabel
 * @property {string} ylabel
 * @property {"" | "x" | "y" | "xy"} log
 * @property {[number, string] | null} mark a line across at this x, and its words
 * @property {[number, number] | null} limits of the vertical axis
 * @property {number | null} start the x that is read out at rest
 * @property {boolean} [hours] the horizontal axis is a time of day
 * @property {[x: number, y: number, text: string][]} [notes] numbered points of a line; their text stands below
 *
 * @typedef {Spec & { panels: Panel[], along?: (number | string)[] }} LinesSpec along: see MapsSpec
 *
 * @typedef {object} Own what a series is in its panel
 * @property {number} panel
 * @property {number} nth of the panel's series
 * @property {number} plain its number among those of its kind that play no role, from 0
 * @property {string} tint the colour of its role; of those without one, dark and pale in turn
 * @property {ArrayLike<number>} x
 * @property {ArrayLike<number>} y
 * @property {ArrayLike<number>} z the upper edge of a band, else y
 * @typedef {GivenSeries & Own} Series
 *
 * @typedef {{ left: number, top: number, right: number, bottom: number }} Box
 * @typedef {{ series: Series, x: number, y: number, from?: number }} Spot from: how high its line ends, if it is led
 *   there
 *
 * @typedef {object} PanelLayout
 * @property {Panel} panel
 * @property {Series[]} series
 * @property {number} left
 * @property {number} top
 * @property {number} width
 * @property {number} height
 * @property {string[]} title a line, or two
 * @property {Box} box of the drawing, without numbers and names
 * @property {Scale} x
 * @property {Scale} y
 * @property {{ at: number, text: string }[]} across the numbers below
 * @property {{ at: number, text: string, zero: boolean }[]} up the numbers at the left
 * @property {Spot[]} key names above the drawing, where they have no room at the ends of their lines
 * @property {Spot[]} ends names at the ends of their lines
 * @property {(Named & { series: Series })[]} labels
 * @property {{ at: number, text: string, x: number } | null} mark
 *
 * @typedef {{ width: number, height: number, panels: PanelLayout[] }} LinesLayout
 */

const PLAIN = ["text", "pale"]; // of lines that play no role: the four colours are those of the roles

/** The series of all panels, with their numbers. @param {Panel[]} panels @param {Arrays} arrays @returns {Series[]} */
export function seriesOf(panels, arrays) {
  let from = 0;
  let above = 0; // of the upper edges, which only bands have
  return panels.flatMap((panel, p) => {
    const plain = { band: 0, dashed: 0, line: 0, points: 0 }; // a band has the colour of its line
    return panel.series.map((given, nth) => {
      const x = arrays.x.subarray(from, from + given.count);
      const y = arrays.y.subarray(from, from + given.count);
      const band = given.kind === "band";
      const z = band ? arrays.z.subarray(above, above + given.count) : y;
      from += given.count;
      above += band ? given.count : 0;
      const own = plain[given.kind];
      plain[given.kind] += Number(!given.role);
      return { ...given, panel: p, nth, plain: own, tint: given.role ?? PLAIN[own % 2], x, y, z };
    });
  });
}

/**
 * From the least to the greatest number, with room at both ends.
 * @param {number[]} values
 * @param {boolean} log
 * @param {number} pad
 * @returns {[number, number]}
 */
export function reach(values, log, pad) {
  const known = values.filter((v) => Number.isFinite(v) && (!log || v > 0));
  if (!known.length) return [log ? 0.1 : 0, 1];
  const low = known.reduce((a, b) => Math.min(a, b));
  const high = known.reduce((a, b) => Math.max(a, b));
  if (log) {
    const factor = (high / low) ** pad;
    return factor === 1 ? [low / 1.5, high * 1.5] : [low / factor, high * factor];
  }
  const room = (high - low || Math.abs(high) || 1) * pad;
  return [low - room, high + room];
}

/**
 * Heights that are at least so far apart, near to those wanted (which are sorted), between least and most.
 * @param {number[]} wanted
 * @param {number} least
 * @param {number} most
 * @param {number} apart
 */
export function spread(wanted, least, most, apart) {
  /** @type {number[]} */
  const lowered = [];
  for (const y of wanted) lowered.push(Math.max(y, lowered.length ? lowered[lowered.length - 1] + apart : least));
  let free = most;
  const raised = lowered.reverse().map((y) => {
    const at = Math.min(y, free);
    free = at - apart;
    return at;
  });
  return raised.reverse();
}

/**
 * Where the panels stand.
 * @param {LinesSpec} spec
 * @param {number} width
 * @param {boolean} narrow
 * @param {{ unit: number, tall: number }} scales
 */
export function frames(spec, width, narrow, { unit, tall }) {
  const count = spec.panels.length;
  const columns = evenly(count, Math.floor(width / ((narrow ? 260 : spec.presenting ? 190 : 215) * unit)));
  const alone = narrow ? 250 : clamp((0.27 * width) / unit, 300, 400);
  const named = spec.panels.some(({ series }) => series.some(({ labels }) => labels)); // names need room between them
  const several = named ? 320 : 225;
  const high = Math.round((count > 1 ? several : alone) * (spec.presenting ? 1.3 * tall : unit));
  const gap = columns > 1 ? 14 * unit : 0;
  const panels = spec.panels.map((_, p) => ({
    left: ((p % columns) * width) / columns,
    top: Math.floor(p / columns) * high,
    width: width / columns - gap,
    height: high,
  }));
  return { width, height: Math.ceil(count / columns) * high, panels };
}

const LEAD = 13; // from the end of a line to its name, where that stands higher or lower

/** Everything in its place. */
export class PanelPlan {
  /**
   * @param {Panel} panel
   * @param {Series[]} series
   * @param {{ left: number, top: number, width: number, height: number }} frame
   * @param {Ruler} ruler
   */
  constructor(panel, series, frame, ruler, isNarrow = false) {
    this.panel = panel;
    this.series = series;
    this.frame = frame;
    this.ruler = ruler;
    this.unit = ruler.unit;
    this.line = 18 * ruler.unit;
    this.title = panel.title ? ruler.broken(panel.title, frame.width, 13, 700) : [];
    this.named = series.filter(({ name, labels }) => name && !labels && series.length > 1);
    const isClear = this.named.filter(({ kind, role }) => kind === "dashed" && !role).length < 2; // in a key
    this.most = (isNarrow && isClear ? 0.16 : 0.34) * frame.width; // what names may have of it
  }

  /** @param {...("x" | "y" | "z")} names */
  all(...names) {
    return this.series.flatMap((one) => names.flatMap((name) => Array.from(one[name])));
  }

  /** @returns {PanelLayout} */
  layout() {
    const { panel, series, frame, unit, ruler } = this;
    const [logX, logY] = ["x", "y"].map((axis) => panel.log.includes(axis));
    const [left, right] = reach(this.all("x"), logX, 0.02);
    const [low, high] = panel.limits ?? reach(this.all("y", "z"), logY, 0.05);
    const up = numbersAt(low, high, Math.max(2, frame.height / (60 * unit)), { log: logY });
    const names = ruler.widest(this.named.map(({ name }) => name));
    const beside = names < this.most && this.named.every(({ kind }) => kind !== "points");
    const margin = beside && names ? names + 10 * unit : 14 * unit;
    const aside = ruler.widest(up.map((value) => tick(value)));
    let { box, key } = this.box(aside, margin, !beside);
    const y = scale(low, high, box.bottom, box.top, logY);
    const across = (/** @type {Box} */ within) => scale(left, right, within.left, within.right, logX);
    const led = beside && this.ends(box, across(box), y).some(({ from }) => from !== undefined);
    if (led) ({ box, key } = this.box(aside, margin + LEAD * unit, !beside));
    const x = across(box);
    const hours = panel.hours ?? false;
    const isWhole = !hours && this.all("x").every(Number.isInteger); // steps have no halves
    const numbers = numbersAt(left, right, Math.max(2, frame.width / (95 * unit)), { log: logX, hours }).filter(
      (value) => !isWhole || Number.isInteger(value),
    );
    return {
      ...{ panel, series, ...frame, title: this.title, box, x, y, key },
      across: roomy(numbers, x, (text) => ruler.width(text), 8 * unit, hours),
      up: up.map((value) => ({ at: y(value), text: tick(value), zero: value === 0 })),
      ends: beside ? this.ends(box, x, y, led ? LEAD * unit : 0) : [],
      labels: this.labels(box, x, y),
      mark: this.mark(box, x),
    };
  }

  /**
   * The place of the drawing, and of the key above it.
   * @param {number} up
   * @param {number} right
   * @param {boolean} keyed
   */
  box(up, right, keyed) {
    const { frame, unit, line, ruler, panel } = this;
    let top = frame.top + (line * this.title.length || 4);
    /** @type {Spot[]} */
    const key = [];
    if (keyed) {
      let x = frame.left;
      for (const series of this.named) {
        const wide = ruler.width(series.name) + 30 * unit;
        if (x > frame.left && x + wide > frame.left + frame.width) {
          x = frame.left;
          top += line;
        }
        key.push({ series, x, y: top + line / 2 });
        x += wide;
      }
      top += line + 6 * unit;
    }
    top += panel.ylabel ? line + 10 * unit : 6;
    const bottom = frame.top + frame.height - (panel.xlabel ? 2.3 : 1.3) * line;
    return { key, box: { left: frame.left + up + 10 * unit, right: frame.left + frame.width - right, top, bottom } };
  }

  /**
   * The name of each line at its end, spread so that none covers another; above it, where it ends early.
   * @param {Box} box @param {Scale} x @param {Scale} y @param {number} lead room of what leads there @returns {Spot[]}
   */
  ends(box, x, y, lead = 0) {
    const { unit } = this;
    const all = this.named.flatMap((series) => {
      const last = Array.from(series.y).findLastIndex((value) => Number.isFinite(y(value)));
      if (last < 0) return [];
      return [{ series, x: x(series.x[last]), y: y((series.y[last] + series.z[last]) / 2) }];
    });
    const early = (/** @type {Spot} */ spot) => spot.x < box.right - 0.15 * (box.right - box.left);
    const late = all.filter((spot) => !early(spot)).sort((a, b) => a.y - b.y);
    const lowest = box.bottom - 2 * unit; // the numbers below begin there
    const wanted = late.map((spot) => spot.y);
    const heights = spread(wanted, box.top, lowest, 18 * unit);
    return [
      ...late.map(({ series }, i) => ({
        ...{ series, x: box.right + 7 * unit + lead, y: heights[i] },
        from: Math.abs(heights[i] - wanted[i]) > 8 * unit ? wanted[i] : undefined,
      })),
      ...all.filter(early).map(({ series, x: end, y: high }) => {
        return { series, x: end + 8 * unit, y: Math.max(high - 10 * unit, box.top + 6 * unit) };
      }),
    ];
  }

  /** The names of points, where they cover nothing. @param {Box} box @param {Scale} x @param {Scale} y */
  labels(box, x, y) {
    const { ruler } = this;
    const labelled = this.series.filter((one) => one.labels);
    const spots = (/** @type {Series} */ one) => Array.from(one.x, (v, i) => ({ x: x(v), y: y(one.y[i]) }));
    /** @type {[number, number, number, number][]} */
    const taken = labelled.flatMap(spots).map((spot) => [spot.x - 4, spot.y - 4, 8, 8]);
    return labelled.flatMap((series) =>
      places(series.labels ?? [], spots(series), box, taken, ruler).map((named) => ({ ...named, series })),
    );
  }

  /** @param {Box} box @param {Scale} x */
  mark(box, x) {
    const { panel, frame, ruler } = this;
    if (!panel.mark) return null;
    const [value, text] = panel.mark;
    const at = x(value);
    const wide = ruler.width(text);
    const fits = at + 5 + wide <= frame.left + frame.width;
    return { at, text, x: fits ? at + 5 : Math.max(box.left, at - 5 - wide) };
  }
}

/**
 * The mark nearest to a point. Of lines what counts is where they are, more than how high. Where there are lines, their
 * bands and what they are compared with are told beside them.
 * @param {PanelLayout[]} panels
 * @param {Series[]} rows
 * @param {number} atX
 * @param {number} atY
 * @returns {Place | null}
 */
export function found(panels, rows, atX, atY) {
  /** @type {Place | null} */
  let best = null;
  let least = Infinity;
  rows.forEach((row, r) => {
    const { left, top, width, height, x, y } = panels[row.panel];
    if (atX < left || atY < top || atX > left + width || atY > top + height) return;
    const aside = row.kind === "band" || row.kind === "dashed";
    if (aside && rows.some((other) => other.panel === row.panel && other.kind === "line")) return;
    for (let i = 0; i < row.count; i++) {
      const away = Math.hypot(x(row.x[i]) - atX, (y(row.y[i]) - atY) * (row.kind === "points" ? 1 : 0.4));
      if (away >= least) continue;
      best = [r, i];
      least = away;
    }
  });
  return best;
}

/** What is read out at rest: the first line at its panel's `start`. @param {Panel[]} panels @param {Series[]} rows */
export function startOf(panels, rows) {
  const r = Math.max(0, rows.map(({ kind }) => kind).indexOf("line"));
  const start = rows.length ? panels[rows[r].panel].start : null;
  return start == null ? null : /** @type {Place} */ ([r, nearest(Array.from(rows[r].x), start)]);
}

/** The height of a mark, or its reach. @param {Series} row @param {number} i */
const told = (row, i) =>
  row.kind === "band" ? t("{low} to {high}", { low: number(row.y[i]), high: number(row.z[i]) }) : number(row.y[i]);
/** @param {Panel} panel @param {number} x */
const where = (panel, x) => (panel.hours ? clock(x) : number(x));

/**
 * A mark in words: where it is, whose it is, its number, and what the other lines have there.
 * @param {Panel[]} panels
 * @param {Series[]} rows
 * @param {Place} place
 */
export function sentence(panels, rows, [r, i]) {
  const row = rows[r];
  const panel = panels[row.panel];
  const isUnit = /^[°%€$]/.test(panel.ylabel); // it stands behind a number; what a number is of, before it
  const name = [row.labels?.[i], row.name].filter(Boolean).join(", ") || (isUnit ? "" : panel.ylabel);
  const others = rows.filter(
    (o) => o.name && o !== row && o.panel === row.panel && o.kind !== "points" && o.x[i] === row.x[i],
  );
  return {
    at: `${panel.xlabel || "x"} ${where(panel, row.x[i])}`,
    name,
    number: told(row, i),
    unit: name ? "" : panel.ylabel,
    others: others.slice(0, 6).map((o) => t("{name}: {value}", { name: o.name, value: told(o, i) })),
  };
}

/** At most 24 points of each line. @param {Panel[]} panels @param {Series[]} rows @returns {Table} */
export function tableOf(panels, rows) {
  const names = (/** @type {"xlabel" | "ylabel"} */ of) => [...new Set(panels.map((panel) => panel[of]))].join(", ");
  return {
    header: [t("line"), names("xlabel") || "x", names("ylabel") || "y"],
    rows: rows
      .flatMap((row) => {
        const panel = panels[row.panel];
        const every = Math.ceil(row.count / 24);
        const kept = Array.from({ length: row.count }, (_, i) => i).filter((i) => i % every === 0);
        return kept.map((i) => {
          const name = [panel.title, row.labels?.[i] || row.name].filter(Boolean).join(", ");
          return [name || `${i + 1}`, where(panel, row.x[i]), told(row, i)];
        });
      })
      .concat(panels.flatMap(({ notes = [] }) => notes.map(([x, y, text]) => [text, number(x), number(y)]))),
  };
}
