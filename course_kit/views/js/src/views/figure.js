// A figure that tells: boxes, vectors, bars and arrows, which come step by step; a sentence for each step.
import { h, readout, still, svgElement } from "../shared/dom.js";
import { paceOf } from "../shared/pace.js";
import { t } from "../text.js";
import FIGURE_CSS from "./figure.css";
import {
  ACROSS,
  LINE,
  SIZE,
  TYPE,
  airOf,
  allOf,
  aroundOf,
  asideOf,
  digitsIn,
  digitsOf,
  endsOf,
  fold,
  freeOf,
  rowLayout,
  linesOf,
  overOf,
  columnLayout,
  toScale,
  touchedOf,
  upOf,
  arrowNeedsOf,
} from "./figure_room.js";

/** @import { Picture, Spec, State, UI } from "../shared/types.js" */
/** @import { Need, Point, Shape } from "./figure_room.js" */
/**
 * @typedef {Spec & { shapes: Shape[], height: number, axes: { name: string, values: any[] }[], said: string[],
 *   tables: { header: string[], rows: string[][] }[] }} FigureSpec
 *   axes: what chooses a frame; the last is the one that plays
 */

const CAPTIONS = 5; // so many of them stay below each other, more take turns
const TIGHT = 26; // from line to line of words in front of a class
const LONGEST = 3; // sentences, of which the highest keeps the room
const CELL = [40, 48, 22]; // how wide on a page, in front of a class; how high
const LEAST = [12, 15]; // pixels of words that have little room: on a narrow page, on a wide one
// what is so little too wide is drawn smaller, so that no number is beyond the edge; more on a page narrower than that
const [LITTLE, SMALL, MUCH] = [1.05, 345, 1.18];
const [SPARE, NO_MORE] = [0.62, 0.2]; // how much of its width a column keeps that gives some away; at last
// What is tried one after the other where there is little room: how large words are, at least; what stays: "lines", or
// a line becomes "few"; "numbers" of cells, or of "singles", which cannot go on in a second line
/** @type {[times: number, spare: number, ...stays: string[]][]} */
const TRIED = [
  ...[1, 0.9, 0.8].map((times) => /** @type {typeof TRIED[0]} */ ([times, SPARE, "lines", "numbers"])),
  ...[1, 0.9, 0.8, 0.7].map((times) => /** @type {typeof TRIED[0]} */ ([times, SPARE, "few", "numbers"])),
  ...[1, 0.9, 0.8, 0.7].map((times) => /** @type {typeof TRIED[0]} */ ([times, SPARE, "numbers"])),
  [0.8, 0.4, "singles"],
  [0.7, NO_MORE, "singles"],
  ...[1, 0.9, 0.8, 0.7].map((times) => /** @type {typeof TRIED[0]} */ ([times, SPARE])),
  [0, NO_MORE],
];
const FAINT = 0.18; // thinner arrows, for a weight below 0.02, are left out
const TIP = 3.5; // so far beyond the end of an arrow is that of its head, in pixels
const [ROOM, MAXIMUM] = [0.66, 0.74]; // of a class's screen, as long as that has no more; where rows are close, at most
const APART = 3; // pixels between rows of cells in front of a class
const LOW = 0.7; // as long as a picture is that high, rows of words do not touch

/** Which frame the state has chosen, and which step of the last axis. @param {FigureSpec} spec @param {State} state */
export function numbersOf({ axes }, state) {
  const indices = axes.map(({ name, values }) => values.indexOf(state[name]));
  const frame = indices.reduce((before, index, i) => before * axes[i].values.length + index, 0);
  return { frame, step: indices.at(-1) ?? 0 };
}

/** How large words should be. @param {Shape} shape */
const sizeOf = ({ shape, size = shape === "cells" ? 13 : SIZE }) => size;

/** A shape as it is in a frame. @param {Shape} shape @param {number} frame @returns {Shape} */
export const shapeAt = (shape, frame) => ({ ...shape, ...shape.each?.[frame] });

/**
 * The head of an arrow: how long it is, and half as wide as what; at most three quarters of a short arrow,
 * or all of ten pixels.
 * @param {number} thick the line, in pixels @param {number} far how long the arrow is
 */
export function headOf(thick, far) {
  const long = Math.min(Math.max(14, 2.4 * thick), Math.max(Math.min(10, far), 0.75 * far));
  return { long, half: Math.max(Math.min(7, long / 2), Math.min(1.2 * thick, thick / 2 + long / 3)) };
}

/**
 * What ▶ shows: each step, then the poster, which is where the figure opens, or the last step if it opens on the first;
 * and how many milliseconds each but the last one stays.
 * @param {FigureSpec} spec @param {State} state
 */
export function playOf({ axes, said, state: opened, poster = opened }, state) {
  const { name, values } = axes[axes.length - 1];
  const end = poster[name] === values[0] ? values[values.length - 1] : poster[name];
  const shown = end === values[values.length - 1] ? values : [...values, end];
  const sentences = shown.map(
    (value) => said[numbersOf(/** @type {any} */ ({ axes }), { ...state, [name]: value }).frame],
  );
  return { name, shown, times: paceOf(sentences) };
}

/** @param {UI} ui @returns {Picture} */
export function figure(ui) {
  ui.style(FIGURE_CSS);
  return new Figure(ui);
}

class Figure {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.whole = /** @type {FigureSpec} */ (ui.spec);
    this.spec = this.whole; // or how it goes on below
    this.parts = this.spec.shapes.map((shape) => this.element(shape));
    this.svg = svgElement("svg", { role: "img", "aria-label": ui.spec.words }, ...this.parts);
    this.around = h("div", {}, /** @type {any} */ (this.svg));
    ui.body.append(this.around);
    this.pen = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
    /** How wide words are, in their size. @type {Map<string, number>} */
    this.ems = new Map();
    /** How many digits the numbers of cells have, by their role. @type {Map<string, 0 | 1 | 2>} */
    this.digits = new Map();
    /** How large the words of each shape are. @type {number[]} */
    this.sizes = [];
    this.least = 0; // of words, in pixels
    /** Where a share of the width is. @type {(x: number) => number} */
    this.x = (x) => x;
    /** How far down a length is. @type {(y: number) => number} */
    this.y = (y) => y;
    this.fitted = { width: 0, family: "", drawn: 0, x: this.x, y: this.y };
    this.captions = this.sentences();
    this.timer = 0; // 0: it stands still
    /** Its button. @type {HTMLElement | null} */
    this.button = null;
    this.label = "";
    this.up = ui.unit; // what a length upwards is
    this.unit = ui.unit; // what a length of words and boxes is
    this.clockUnit = ui.unit; // how long 1 is for the hand of a clock
    this.scale = 1; // of the whole drawing: below 1 where it does not fit
    /** @type {number[]} */
    this.shifts = []; // of what is not in the middle of its box
    ui.actions.play = () => this.toggle();
    for (const kind of ["pointerdown", "keydown"])
      ui.root.addEventListener(kind, ({ target }) => {
        if (target !== this.button) this.halt(); // a hand stops it
      });
    if (!ui.spec.presenting && !this.spec.still) this.playWhenSeen();
  }

  /** Plays once, by itself, when it has come into sight, unless it asks; where nothing should move, it is a poster. */
  playWhenSeen() {
    const { name, values } = /** @type {{ name: string, values: any[] }} */ (this.spec.axes.at(-1));
    if (still() && !this.spec.silent && this.ui.state[name] === values[0]) this.ui.state[name] = values.at(-1);
    if (still() || this.spec.silent || !globalThis.IntersectionObserver) return;
    const start = JSON.stringify(this.ui.state);
    const eye = new IntersectionObserver(
      ([{ intersectionRatio: share }]) => {
        if (share < 0.9) return;
        eye.disconnect();
        if (JSON.stringify(this.ui.state) === start) this.play();
      },
      { threshold: 0.9 },
    );
    eye.observe(/** @type {any} */ (this.svg));
  }

  /** The sentences: a few stay, paler once they have been said; of many there is one, in the room of the longest. */
  sentences() {
    const { said: sentences, axes, presenting } = this.spec;
    const few = axes.length === 1 && Number.isFinite(axes[0].values[0]) && sentences.length <= CAPTIONS && !presenting;
    const longest = [...new Set(sentences)].sort((a, b) => b.length - a.length).slice(0, LONGEST);
    const lines = (few ? sentences : ["", ...longest]).map((sentence) => h("div", {}, sentence));
    readout(this.ui, "margin-top:.5em").append(h("div", { class: few ? "told" : "takes-turns" }, ...lines));
    if (!few) for (const line of lines.slice(1)) line.setAttribute("aria-hidden", "true"); // so that nothing jumps
    return few ? lines : lines.slice(0, 1);
  }

  /** ▶: from the first step to the last; of two, the other one. */
  toggle() {
    const { name, values } = /** @type {{ name: string, values: any[] }} */ (this.spec.axes.at(-1));
    const played = this.timer;
    this.halt();
    if (played) return;
    if (values.length !== 2) this.play();
    else this.ui.set({ [name]: values[this.ui.state[name] === values[0] ? 1 : 0] }, true);
  }

  halt() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.updateButton();
  }

  /** The button says what a press does: while it plays by itself, too. */
  updateButton() {
    this.button ??= this.ui.root.querySelector("button[data-control=play]");
    if (!this.button) return;
    this.label ||= this.button.textContent ?? "";
    this.button.textContent = this.timer ? `❚❚ ${t("pause")}` : this.label;
  }

  play() {
    this.halt();
    const { name, shown, times } = playOf(this.whole, this.ui.state);
    const show = (/** @type {number} */ i) => {
      if (!this.svg.isConnected || (i && this.ui.state[name] !== shown[i - 1])) {
        this.halt(); // another hand has moved it
        return;
      }
      this.ui.set({ [name]: shown[i] }, i === shown.length - 1);
      this.timer = i + 1 < shown.length ? window.setTimeout(show, times[i], i + 1) : 0;
      this.updateButton();
    };
    show(0);
  }

  /** The element that shows a shape. @param {Shape} item */
  element(item) {
    const { shape, role = "ink", numbers = [], strong = false, head = true } = item;
    const kinds = {
      text: () => [svgElement("text")],
      box: () => [svgElement("rect", { rx: 7 }), svgElement("text")],
      disc: () => [svgElement("circle"), svgElement("text")],
      bar: () => ["track", "share", "before"].map((part) => svgElement("rect", { class: part })),
      arrow: () => (head ? ["", "head"] : [""]).map((part) => svgElement("path", { class: part })),
      web: () => ["lines", "lit", "dots"].map((part) => svgElement("path", { class: part })),
      cells: () => numbers.flatMap(() => [svgElement("rect"), svgElement("text")]),
    };
    const element = svgElement("g", { class: `${shape} ${role} ${strong ? "strong" : ""}` }, ...kinds[shape]());
    const box = aroundOf(item, this.spec.shapes);
    const tint = ["cool", "warm"].includes(box?.role ?? "") ? "24%" : "var(--tint)";
    const ground = `color-mix(in srgb, var(--${box?.role ?? "quiet"}) ${tint}, var(--ground))`;
    if (box) element.style.setProperty("--around", ground); // what is written stands out from that
    return element;
  }

  /** How wide words are, in their size. @param {string} words */
  emsOf(words, weight = 400) {
    const key = `${weight} ${words}`;
    let width = this.ems.get(key);
    if (width === undefined) {
      this.pen.font = `${weight} 100px ${this.ui.family}`;
      this.ems.set(key, (width = this.pen.measureText(words).width / 100));
    }
    return width;
  }

  /** How wide a cell is. @param {Shape} shape @param {number} across all of them @param {number} unit */
  cellOf({ numbers = [], per = numbers.length }, across, unit) {
    return Math.min(CELL[this.spec.presenting ? 1 : 0] * unit, across / per || Infinity);
  }

  /** @param {Shape} shape */
  weightOf({ strong, shape, role = "ink" }) {
    const tinted = ["query", "key", "value", "output", "cool", "warm"].includes(role);
    return strong ? 700 : shape === "text" && tinted ? 600 : 400;
  }

  /**
   * How large words become in so much room, and in which lines: first they go on in the next one, then they shrink.
   * @param {Shape} shape @param {string} words @param {number} size in pixels @param {number} room
   */
  typeset(shape, words, size, room) {
    const weight = this.weightOf(shape);
    const ems = (/** @type {string} */ phrase) => this.emsOf(phrase, weight);
    const longest = Math.max(...linesOf(words, 0, ems).map((word) => ems(word.trimEnd())));
    const least = this.spec.presenting ? TYPE : Math.min(size, this.least);
    const maximum = Math.max(Math.min(size, room / (longest || 1)), least);
    const choices = [1, 0.9, 0.8, 0.7].map((times) => {
      const large = Math.max(maximum * times, Math.min(maximum, least));
      return { large, longest, lines: linesOf(words, room / large + 0.01, ems) };
    });
    return choices.find(({ lines }) => lines.length < 3) ?? choices[0];
  }

  /**
   * Columns and rows as wide and high as their words need; a drawing whose words would become smaller than the least
   * goes on below, or beyond its frame instead. For all frames at once, so that nothing jumps.
   * @param {number} width
   */
  fit(width, spec = this.whole) {
    const { ui, fitted } = this;
    if (fitted.width === width && fitted.family === ui.family && spec === this.whole) return;
    this.spec = spec;
    if (fitted.family !== ui.family) this.ems.clear();
    const { unit } = ui;
    const boxes = spec.shapes.filter(({ shape, wide }) => wide && (shape === "text" || shape === "box"));
    const phrases = boxes.flatMap((item) => {
      const words = new Set((item.each ?? [{}]).map((changes) => changes.words ?? item.words ?? ""));
      const { wide = 0, size = SIZE } = item;
      return [...words]
        .filter((phrase) => phrase.trim())
        .map((phrase) => {
          const planned = linesOf(phrase, (wide * Math.max(ACROSS, width / unit)) / size).length;
          return { item, phrase, planned, size: size * unit };
        });
    });
    const tips = spec.shapes.flatMap(({ shape, from, to }) => (shape === "arrow" && from ? [from, to ?? from] : []));
    const touched = new Map(boxes.map((item) => [item, touchedOf(item, tips)]));
    const cells = spec.shapes.filter(({ shape }) => shape === "cells");
    const arrows = spec.shapes.flatMap(arrowNeedsOf);
    const small = Math.min(13 * unit, this.least); // a number of a cell
    const singles = cells.filter(({ numbers = [] }) => numbers.length === 1);
    /** @type {ReturnType<typeof columnLayout> | undefined} */
    let columns;
    for (const [times, spare, ...stays] of TRIED) {
      if (stays.includes("singles") && !singles.length) continue;
      /** @type {Need[]} */
      const needs = phrases.map(({ item, phrase, planned, size }) => {
        const large = Math.max(size * times, Math.min(size, this.least));
        const ems = this.typeset(item, phrase, size, 0).longest;
        const many = stays.includes("lines") ? Math.max(1, 0.9 * planned) : stays.includes("few") ? 1.8 * planned : 99;
        const perLine = this.emsOf(phrase, this.weightOf(item)) / many;
        const air = airOf(item) + (touched.get(item) ? 4 * TIP : 0);
        return [...(touched.get(item) ?? endsOf(item)), Math.max(ems, perLine) * large + air];
      });
      needs.push(...arrows);
      for (const item of stays.includes("numbers") ? cells : stays.includes("singles") ? singles : []) {
        const ems = Math.max(...allOf(item).map((x) => this.emsOf(digitsOf(x, 1), this.weightOf(item))));
        needs.push([...endsOf(item), (item.numbers ?? []).length * (ems * small + 3.5)]);
      }
      columns = columnLayout(toScale(needs, spec.shapes), width, spare);
      if (columns.drawn <= width) break;
    }
    const { drawn, at: x } = /** @type {ReturnType<typeof columnLayout>} */ (columns);
    const rows = phrases.flatMap(({ item, phrase, planned, size }) => {
      const { y = 0, up = 0 } = item;
      const [from, until] = endsOf(item).map(x);
      const { large, lines } = this.typeset(item, phrase, size, until - from - airOf(item));
      if (lines.length < 2 || item.each?.some((now) => "y" in now)) return [];
      if (item.shape === "text" && large * LINE * lines.length <= SIZE * unit * freeOf(item, spec.shapes, spec.height))
        return [];
      const line = planned * LINE * (size / unit / SIZE);
      const high = item.shape === "box" ? (item.high ?? 0) - 2 * up : line;
      const above = item.shape === "box" ? (item.high ?? 0) / 2 : Math.min(line / 2, y); // it grows at both its sides
      const [top, bottom] = [y - above, item.shape === "box" ? y - above + high : y + above];
      const need = (large * LINE * lines.length) / SIZE + (item.shape === "box" ? 8 * unit : 0);
      return /** @type {[number, number, number][]} */ ([[top, bottom, need]]);
    });
    rows.push(...spec.shapes.flatMap((item) => overOf(item, spec.shapes, unit)));
    this.digits.clear();
    for (const item of cells) {
      const [from, until] = endsOf(item).map(x);
      const isBare = () => !digitsIn([[allOf(item), (this.cellOf(item, until - from, unit) - 3) / small]]);
      const many = item.numbers?.length ?? 0;
      for (item.per = many; item.per > 1 && isBare();) item.per = Math.ceil(item.per / 2);
      const [y, lines] = [item.y ?? 0, Math.ceil(many / item.per)];
      if (lines > 1) rows.push([y - CELL[2] / 2, y + CELL[2] / 2, lines * CELL[2] * unit]);
    }
    for (const item of cells) {
      const beside = cells.filter((neighbour) => neighbour.role === item.role);
      const rooms = beside.map((neighbour) => {
        const [from, until] = endsOf(neighbour).map(x);
        return /** @type {[number[], number]} */ ([
          allOf(neighbour),
          (this.cellOf(neighbour, until - from, unit) - 3) / small,
        ]);
      });
      this.digits.set(
        item.role ?? "",
        digitsIn(rooms, (words) => this.emsOf(words, this.weightOf(item))),
      );
    }
    const fewest = Math.min(...[...this.digits.values()].filter(Boolean)); // a number is written in one way
    for (const [role, count] of this.digits) if (count) this.digits.set(role, /** @type {1 | 2} */ (fewest));
    const isWoven = spec.shapes.some(({ shape }) => shape === "web"); // a curve stays as high as it is
    this.fitted = { width, family: ui.family, drawn, x, y: rowLayout(isWoven ? [] : rows, unit) };
    this.shifts = spec.shapes.map((item) => asideOf(item, spec.shapes, x));
    this.scale = drawn <= (width < SMALL ? MUCH : LITTLE) * width ? Math.min(1, width / drawn) : 1;
    const goesOn = drawn > width + 2 && this.scale === 1;
    const below = goesOn && spec === this.whole && fold(spec.shapes, spec.height);
    if (below) {
      this.fit(width, { ...spec, shapes: below, height: 2 * spec.height });
      return;
    }
    this.around.className = goesOn ? "goes-on" : "";
    for (const [name, value] of Object.entries({ tabindex: "0", role: "group", "aria-label": spec.title ?? "" }))
      if (goesOn) this.around.setAttribute(name, value);
      else this.around.removeAttribute(name);
  }

  /** The words of a shape: of cells, their numbers. @param {Shape} shape */
  wordsOf({ shape, words = "", numbers = [], role = "" }) {
    const digits = this.digits.get(role) ?? 2;
    return shape === "cells" ? numbers.map((x) => (digits ? digitsOf(x, digits) : "")) : [words];
  }

  /** How much room the words of a shape have. @param {Shape} shape @param {number} width */
  roomOf(shape, width) {
    const { x = 0, wide = 0, high = 20, anchor = "middle" } = shape;
    const [from, until] = endsOf(shape).map(this.x);
    if (shape.shape === "disc") return Math.min(high * this.unit, wide ? until - from : Infinity) - 4;
    if (shape.shape === "cells") return this.cellOf(shape, until - from, this.unit) - 5;
    if (wide) return Math.max(until - from - airOf(shape), 1);
    const left = this.x(x);
    return { start: width - left, middle: 2 * Math.min(left, width - left), end: left }[anchor];
  }

  /** Words of a row or a column are all as large as the least of them has to be, in any frame. @param {number} width */
  level(width) {
    const { shapes } = this.spec;
    this.sizes = shapes.map((item) => {
      const frames = (item.each ?? [{}]).map((changes) => ({ ...item, ...changes }));
      const larges = frames.flatMap((shape) => {
        const phrases = this.wordsOf(shape).filter((words) => words.trim());
        const room = this.roomOf(shape, width);
        return phrases.map((words) => this.typeset(shape, words, sizeOf(shape) * this.unit, room).large);
      });
      return Math.min(sizeOf(item) * this.unit, ...larges);
    });
    const { height } = this.whole; // what goes on below is the same row
    const rows = shapes.map((item) =>
      [`y${(item.y ?? 0) % height}`, `x${item.x}`].map((at) => `${item.shape} ${sizeOf(item)} ${at}`),
    );
    for (let before = 0, now = Infinity; now !== before;) {
      /** @type {Record<string, number>} */
      const least = {};
      rows.forEach((of, i) => of.forEach((row) => (least[row] = Math.min(least[row] ?? Infinity, this.sizes[i]))));
      this.sizes = rows.map((of) => Math.min(...of.map((row) => least[row])));
      [before, now] = [now, this.sizes.reduce((sum, size) => sum + size, 0)];
    }
  }

  /** @param {number} pageWidth the room, as wide as which it is drawn if that is enough */
  paint(pageWidth, isNarrow = false) {
    const { ui } = this;
    const { shapes, height, presenting, tall = 1 } = this.whole;
    const room = presenting ? ROOM * ui.screen * tall : Infinity;
    const rows = presenting ? Math.min(upOf(shapes) * height, MAXIMUM * ui.screen) * Math.min(1, tall / LOW) : 0;
    this.up = Math.min(ui.unit * Math.max(1, tall), Math.max(room, rows) / height);
    this.x = (x) => x * pageWidth;
    this.y = (y) => y * this.up;
    this.least = presenting ? TYPE : LEAST[isNarrow ? 0 : 1];
    if (!presenting) this.fit(pageWidth);
    if (!presenting) [this.x, this.y] = [this.fitted.x, this.fitted.y];
    const { spec } = this;
    const { frame, step } = numbersOf(spec, ui.state);
    const width = spec.presenting ? pageWidth : this.fitted.drawn;
    const high = this.y(spec.height);
    this.unit = spec.presenting ? Math.min(ui.unit, Math.max(TYPE / SIZE, this.up)) : ui.unit;
    this.clockUnit = Math.min(this.unit, this.up, ...this.handLimits(width));
    this.level(width);
    const k = spec.presenting ? 1 : this.scale;
    for (const [name, value] of Object.entries({ width: width * k, height: high * k }))
      this.svg.setAttribute(name, String(value));
    if (k < 1) this.svg.setAttribute("viewBox", `0 0 ${width} ${high}`);
    else this.svg.removeAttribute("viewBox");
    spec.shapes.forEach((item, i) => {
      const shape = shapeAt(item, frame);
      const { since = 0, until = Infinity, only } = shape;
      this.parts[i].classList.toggle("later", step < since);
      this.parts[i].classList.toggle("elsewhere", Boolean(only && !only.includes(step)));
      this.parts[i].classList.toggle("ghost", step > until);
      const earlier = item.each?.slice(frame - step + since, frame).map((changes) => changes.share ?? item.share);
      shape.before = earlier?.findLast((share) => share !== shape.share);
      const aside = spec.presenting ? 0 : this.shifts[i];
      this.place(/** @type {any[]} */ ([...this.parts[i].children]), shape, width, this.sizes[i], aside);
    });
    if (this.captions.length === 1) this.captions[0].textContent = spec.said[frame];
    else this.captions.forEach((line, i) => (line.className = i === frame ? "now" : i < frame ? "said" : "later"));
  }

  /**
   * @param {SVGElement[]} parts @param {Shape} shape @param {number} width @param {number} size of its words
   * @param {number} aside how far it moves to the middle of its box
   */
  place(parts, shape, width, size, aside) {
    const { unit } = this;
    const { x = 0, y = 0, wide = 0, high = 20, anchor = "middle", up = 0 } = shape;
    const phrases = this.wordsOf(shape);
    const room = this.roomOf(shape, width);
    const [from, until] = endsOf(shape).map((end) => this.x(end) + aside);
    const [top, across] = [this.y(y), until - from];
    const left = anchor === "start" ? from : anchor === "end" ? until : wide ? (from + until) / 2 : this.x(x) + aside;
    const deep = this.up > this.ui.unit ? this.up : Math.min(unit, this.up); // what a length upwards of a box is
    const lower = (/** @type {number} */ of, /** @type {number} */ least) =>
      Math.max(of * deep, Math.min(of * unit, least)); // flatter where rows are closer
    const between = this.spec.presenting ? TIGHT / TYPE : LINE / SIZE;
    const set = (/** @type {SVGElement} */ part, /** @type {Record<string, any>} */ attributes) => {
      for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, String(value));
    };
    /** @param {SVGElement} part */
    const text = (part, i = 0, begin = left, middle = this.spec.presenting ? top - up * deep : this.y(y - up)) => {
      const { large, lines } = this.typeset(shape, phrases[i], size, room);
      set(part, { x: begin, y: middle, "text-anchor": anchor, "font-size": large });
      const far = large * between;
      const line = (/** @type {string} */ content, /** @type {number} */ i) => {
        const span = svgElement("tspan", { x: begin, dy: i ? far : (far * (1 - lines.length)) / 2 });
        span.textContent = content;
        return span;
      };
      if (lines.length > 1) part.replaceChildren(...lines.map(line));
      else part.textContent = phrases[i];
      return far * lines.length;
    };
    const block = (/** @type {SVGElement} */ part, wide = across, tall = high * deep) =>
      set(part, { x: from, y: top - tall / 2, width: Math.max(0, wide), height: tall });
    if (shape.shape === "text") text(parts[0]);
    if (shape.shape === "box") {
      const least = text(parts[1]);
      const [above, below] = [this.y(y - high / 2), this.y(y + high / 2)];
      block(parts[0], across, this.spec.presenting ? lower(high, phrases[0] ? least : 0) : below - above);
      if (!this.spec.presenting) set(parts[0], { y: above });
      if (!this.spec.presenting && [...phrases[0].trim()].length < 3 && !shape.even) {
        const isAlike = (/** @type {Shape} */ other) =>
          other.shape === "box" && other.y === shape.y && other.wide === wide;
        const alike = this.spec.shapes.filter(isAlike).map((other) => endsOf(other).map(this.x));
        const far = Math.min(...alike.map(([begin, end]) => end - begin)); // of a row, though their columns are not
        set(parts[0], { x: (from + until - far) / 2, width: far });
      }
      if (shape.even) {
        const scales = this.spec.shapes
          .filter(({ even }) => even)
          .map((box) => {
            const [begin, end] = endsOf(box).map(this.x);
            return (end - begin) / ((box.wide ?? 1) * ACROSS);
          });
        const [far, scale] = [wide * ACROSS, Math.min(deep, ...scales)];
        const [x, y] = [left - (far * scale) / 2, top - (high * scale) / 2];
        set(parts[0], { x, y, width: far * scale, height: high * scale });
      }
    }
    if (shape.shape === "disc") {
      const maximum = wide ? across / 2 : Infinity;
      set(parts[0], {
        cx: left,
        cy: top,
        r: Math.min(maximum, (high / 2) * (phrases[0] ? unit : Math.min(unit, this.up))),
      });
      text(parts[1]);
    }
    if (shape.shape === "bar") {
      const alike = this.spec.shapes.filter((bar) => bar.shape === "bar" && Math.abs((bar.wide ?? 0) / wide - 1) < 0.1);
      const far = Math.min(...alike.map((bar) => endsOf(bar).map(this.x)).map(([begin, end]) => end - begin));
      block(parts[0], far);
      block(parts[1], far * (shape.share ?? 0));
      block(parts[2], far * (shape.before ?? 0));
      const below = alike.map(endsOf).filter(([begin]) => Math.abs(begin - endsOf(shape)[0]) < 0.002); // at one edge
      const middle = Math.min(...below.map(([begin, end]) => (this.x(begin) + this.x(end)) / 2));
      for (const part of parts) set(part, { x: middle - far / 2 }); // all to one scale, however wide their columns are
    }
    if (shape.shape === "arrow") this.line(parts, shape, set);
    if (shape.shape === "web") {
      const { dots = [], lines = [], lit = [] } = shape;
      const dot = (/** @type {number} */ i) => `${this.x(dots[2 * i])} ${this.y(dots[2 * i + 1])}`;
      const joined = (/** @type {number[]} */ ends) => ends.map((end, i) => `${i % 2 ? "L" : "M"}${dot(end)}`).join("");
      set(parts[0], { d: joined(lines), "stroke-width": unit });
      set(parts[1], { d: joined(lit), "stroke-width": 3 * unit });
      set(parts[2], { d: joined(dots.flatMap((_, i) => (i % 2 ? [] : [i / 2, i / 2]))), "stroke-width": 7 * unit });
    }
    if (shape.shape === "cells") {
      const { numbers = [], per = numbers.length } = shape;
      const cellWidth = this.cellOf(shape, across, unit);
      const largest = Math.max(1, ...numbers.map(Math.abs));
      const tall = this.deepOf(shape);
      numbers.forEach((number, i) => {
        const begin = left + ((i % per) - per / 2) * cellWidth;
        const above = top + (Math.floor(i / per) - numbers.length / per / 2) * tall;
        set(parts[2 * i], { x: begin, y: above, width: cellWidth - 1, height: tall });
        parts[2 * i].style.fillOpacity = `calc(var(--tint) + 30% * ${Math.abs(number) / largest})`;
        text(parts[2 * i + 1], i, begin + cellWidth / 2, above + tall / 2);
      });
    }
  }

  /**
   * How high the cells of a shape are: where rows are closer in front of a class, flatter, but never touching.
   * @param {Shape} shape
   */
  deepOf({ x = 0, y = 0, wide = 0 }) {
    const { ui, up, unit } = this;
    const tall = Math.max(CELL[2] * (up > ui.unit ? up : Math.min(unit, up)), Math.min(CELL[2] * unit, TIGHT));
    if (!this.spec.presenting) return tall;
    const others = this.spec.shapes.filter((other) => other.shape === "cells" && other.y !== y);
    const close = others.filter((other) => Math.abs((other.x ?? 0) - x) < ((other.wide ?? 0) + wide) / 2);
    const next = Math.min(...close.map((other) => Math.abs(this.y(other.y ?? 0) - this.y(y))));
    return Math.min(tall, Math.max(next - APART, TYPE - 2));
  }

  /** The end of an arrow, moved out of cells that became higher. @param {Point} end @param {number} on */
  outside([x, y], on) {
    if (!this.spec.presenting) return y;
    for (const item of this.spec.shapes) {
      if (item.shape !== "cells") continue;
      const [middle, half] = [this.y(item.y ?? 0), this.deepOf(item) / 2];
      const [from, until] = endsOf(item).map(this.x);
      if (x > from && x < until && Math.abs(y - middle) < half) return middle + Math.sign(on - middle) * half;
    }
    return y;
  }

  /** The end of a level arrow, moved off words that became larger. @param {Point} end @param {number} on */
  beside([x, y], on) {
    if (!this.spec.presenting) return x;
    const { frame } = numbersOf(this.spec, this.ui.state);
    for (const [i, item] of this.spec.shapes.entries()) {
      const { shape, anchor, words = "", x: at = 0, y: b = 0 } = shapeAt(item, frame);
      const [middle, wide] = [this.x(at), this.emsOf(words, this.weightOf(item)) * this.sizes[i]];
      const half = wide / 2 + 3 * TIP;
      const isNear = Math.abs(this.y(b) - y) < TYPE / 2 && Math.abs(middle - x) < half;
      if (shape === "text" && !anchor && wide && isNear) return middle + Math.sign(on - middle) * half;
    }
    return x;
  }

  /** What a length of each hand is at most, so that it does not leave the drawing. @param {number} width */
  handLimits(width) {
    const hands = this.spec.shapes.flatMap((item) => (item.each ?? [{}]).map((changes) => ({ ...item, ...changes })));
    return hands.flatMap(({ from: [a] = [0], turn = 0, reach = 0 }) => {
      const [at, far] = [this.x(a), reach * Math.sin(turn)];
      const room = (far > 0 ? width - at : at) - TIP;
      return far && room > 0 ? [room / Math.abs(far)] : [];
    });
  }

  /** @param {SVGElement[]} parts @param {Shape} shape @param {Function} set */
  line([line, head], { from = [0, 0], to = from, bend = 0, weight = 1.5, turn = 0, reach = 0 }, set) {
    const unit = reach || from[2] ? this.clockUnit : this.unit;
    const position = (/** @type {Point} */ [a, b, across = 0, down = 0]) => [
      this.x(a) + across * unit,
      this.y(b) + down * unit,
    ];
    const [[x0, y0], [a1, b1]] = [position(from), position(to)];
    const isLevel = Math.abs(y0 - b1) < 1 && !bend && !reach;
    const [x, a0] = isLevel ? [this.beside([x0, y0], a1), this.beside([a1, b1], x0)] : [x0, a1];
    const isUpright = Math.abs(x - a0) < 1 && !bend;
    const [y, b0] = isUpright ? [this.outside([x, y0], b1), this.outside([a0, b1], y0)] : [y0, b1];
    const [u, v] = [a0 + reach * unit * Math.sin(turn), b0 - reach * unit * Math.cos(turn)];
    const far = Math.hypot(u - x, v - y) || 1;
    const [a, b] = [(x + u) / 2 - (bend * unit * (v - y)) / far, (y + v) / 2 + (bend * unit * (u - x)) / far];
    const thick = Math.max(weight, 1) * unit;
    const { long, half } = headOf(thick, far);
    const on = Math.hypot(u - a, v - b) || 1;
    const [c, d] = [(u - a) / on, (v - b) / on]; // where it points
    const tip = Math.min(TIP, long / 4);
    const [p, q] = head ? [u + (tip - long) * c, v + (tip - long) * d] : [u, v];
    const corner = (/** @type {number} */ side) => `L${p - side * d} ${q + side * c}`;
    set(line, { d: `M${x} ${y}Q${a} ${b} ${p} ${q}` });
    if (head) set(head, { d: `M${u + tip * c} ${v + tip * d}${corner(half)}${corner(-half)}z` });
    line.style.strokeWidth = `${thick}px`;
    line.parentElement?.classList.toggle("none", weight < FAINT);
  }

  table() {
    const { tables } = this.spec;
    return tables[Math.min(numbersOf(this.spec, this.ui.state).frame, tables.length - 1)];
  }

  numbers() {
    return numbersOf(this.spec, this.ui.state);
  }
}
