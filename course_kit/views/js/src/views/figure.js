// A figure that tells: boxes, vectors, bars and arrows, which come step by step; a sentence for each step.
import { fresh, h, readout, still, svgElement } from "../shared/dom.js";
import FIGURE_CSS from "./figure.css";

/** @import { Picture, Spec, State, UI } from "../shared/types.js" */
/**
 * @typedef {[x: number, y: number]} Point x: 0 to 1 of the width; y: a length
 * @typedef {object} Shape
 * @property {"text" | "box" | "cells" | "bar" | "arrow" | "disc" | "web"} shape
 * @property {string} [role] query, key, value, output; else ink
 * @property {number} [x] its middle
 * @property {number} [y] its middle
 * @property {number} [wide] of a box or bar, 0 to 1 of the width; of a disc: at most
 * @property {number} [high]
 * @property {string} [words]
 * @property {number} [size] of its type
 * @property {boolean} [strong]
 * @property {"start" | "middle" | "end"} [anchor]
 * @property {number[]} [numbers] of cells, side by side
 * @property {number} [share] of a bar, 0 to 1
 * @property {Point} [from] of an arrow
 * @property {Point} [to]
 * @property {number} [turn] of a hand, an arrow without `to`: radians from the top, clockwise
 * @property {number} [reach] and its length
 * @property {number[]} [dots] of a web: x, y, x, y, …
 * @property {number[]} [lines] between its dots: from, to, from, to, …
 * @property {number[]} [lit] the lines that stand out
 * @property {number} [bend] how far its middle is from the straight line
 * @property {number} [weight] its thickness; 0: not to be seen
 * @property {number} [since] the step with which it comes
 * @property {number} [until] the step after which it fades
 * @property {boolean} [head] of an arrow; without it a line
 * @property {number[]} [only] the frames in which it is to be seen
 * @property {number} [up] how far above the middle the words of a box stand
 * @property {Record<string, any>[]} [each] what is different in each frame
 * @typedef {Spec & { shapes: Shape[], height: number, axes: { name: string, values: any[] }[], said: string[],
 *   tables: { header: string[], rows: string[][] }[] }} FigureSpec
 *   axes: what chooses a frame; the last is the one that plays
 */

const PACE = 2000; // milliseconds of a step that plays, at least
const A_WORD = 350; // and for each word of its sentence
const TOLD = 5; // so many sentences stay below each other, more take turns
const [SIZE, LINE, TYPE, TIGHT] = [15, 20, 24, 26]; // of words: on a page, from line to line; in front of a class
const CELL = [40, 22];
const [THICK, THICK_HEAD, THICK_AT] = [4, 2.8, 2]; // from which weight on a head is so many times as large, held there
const ROOM = 0.66; // of a class's screen, as long as that has no more

/** Which frame the state has chosen, and which step of the last axis. @param {FigureSpec} spec @param {State} state */
export function numbersOf({ axes }, state) {
  const places = axes.map(({ name, values }) => values.indexOf(state[name]));
  const frame = places.reduce((before, place, i) => before * axes[i].values.length + place, 0);
  return { frame, step: places.at(-1) ?? 0 };
}

/** A shape as it is in a frame. @param {Shape} shape @param {number} frame @returns {Shape} */
export const shapeAt = (shape, frame) => ({ ...shape, ...shape.each?.[frame] });

/** A number of a cell: two digits behind the point where there are some, and room. @param {number} x */
export function inCell(x) {
  const [long, short] = [2, 1].map((digits) => x.toFixed(digits).replace(/^(-?)0\./, "$1."));
  return (Number.isInteger(x) ? String(x) : long.length > 4 ? short : long).replace("-", "−");
}

/** How wide words are, in widths of a large letter, about. @param {string} words */
const emsOf = (words) => [...words].reduce((sum, letter) => sum + (letter > "\u2e80" ? 1 : 0.56), 0);

/** How large words can be in so much room, about. @param {string} words @param {number} room @param {number} size */
export const fitting = (words, room, size) => Math.max(Math.min(size, room / (emsOf(words) || 1)), Math.min(size, 9));

/** Words in lines of so much room; Chinese breaks anywhere. @param {string} words @param {number} room in their size */
export function linesOf(words, room) {
  const [first = "", ...more] = words.match(/[\u2e80-\uffff]|[^\s\u2e80-\uffff]+\s?|\s/g) ?? [];
  const lines = [first];
  for (const word of more)
    if (emsOf((lines.at(-1) + word).trimEnd()) > room) lines.push(word);
    else lines[lines.length - 1] += word;
  return lines;
}

/**
 * Words that begin or end rows which are lower than a line of them stand in two columns, by turns -> of the second
 * column how far from the first, by the numbers of its shapes; to the left is less than 0.
 * @param {Shape[]} shapes
 * @param {number} up what a length upwards is
 * @param {number} width
 * @returns {Map<number, number>}
 */
export function asideOf(shapes, up, width) {
  /** @type {Record<string, number[]>} */
  const columns = {};
  for (const [i, { anchor = "middle", x, role }] of shapes.entries())
    if (anchor !== "middle") (columns[`${x} ${role}`] ??= []).push(i);
  const found = new Map();
  for (const column of Object.values(columns)) {
    const at = column.map((i) => shapes[i].y ?? 0);
    if (!at.some((y, n) => n && (y - at[n - 1]) * up < TYPE)) continue;
    const { anchor, wide = 0 } = shapes[column[0]];
    const letters = Math.max(...column.map((i, n) => (n % 2 ? 0 : (shapes[i].words ?? "").length)));
    const far = Math.min(0.6 * wide * width, 0.56 * TYPE * (letters + 1));
    for (const [n, i] of column.entries()) if (n % 2) found.set(i, anchor === "end" ? -far : far);
  }
  return found;
}

/**
 * By how much a thick line is shorter, so that the tip of its head is where that of a thin one is, 3.5 px on.
 * @param {number} weight @param {number} unit @param {number} length
 */
export const backOf = (weight, unit, length) =>
  weight > THICK ? Math.min(THICK_HEAD * weight * unit * (1 - THICK_AT / 8) - 3.5, length / 2) : 0;

/** How long a step stays: as long as its sentence takes to read. @param {string} said */
export const paceOf = (said) =>
  Math.max(PACE, A_WORD * (said.match(/[\u2e80-\uffff]{2}|[^\s\u2e80-\uffff]+/g) ?? []).length);

/** @param {UI} ui @returns {Picture} */
export function figure(ui) {
  ui.style(FIGURE_CSS);
  return new Figure(ui);
}

class Figure {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {FigureSpec} */ (ui.spec);
    this.head = fresh("head");
    this.parts = this.spec.shapes.map((shape) => this.made(shape));
    const roles = ["query", "key", "value", "output", "ink"];
    const heads = roles.flatMap((role) => [this.marker(role), this.marker(role, true)]);
    const picture = { role: "img", "aria-label": ui.spec.words };
    this.svg = svgElement("svg", picture, svgElement("defs", {}, ...heads), ...this.parts);
    ui.body.append(/** @type {any} */ (this.svg));
    this.told = this.sentences();
    this.timer = 0;
    this.up = ui.unit; // what a length upwards is
    this.unit = ui.unit; // what a length of words and boxes is
    ui.actions.play = () => this.pressed();
    ui.root.addEventListener("pointerdown", () => this.halt()); // a hand stops it
    if (!still() && !ui.spec.presenting) this.awaited();
  }

  /** Plays once, by itself, when it has come into sight. */
  awaited() {
    if (!globalThis.IntersectionObserver || this.spec.still) return;
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
    const { said, axes, presenting } = this.spec;
    const few = axes.length === 1 && Number.isFinite(axes[0].values[0]) && said.length <= TOLD && !presenting;
    const longest = said.reduce((most, one) => (one.length > most.length ? one : most), "");
    const lines = (few ? said : ["", longest]).map((one) => h("div", {}, one));
    readout(this.ui, "margin-top:.5em").append(h("div", { class: few ? "told" : "takes-turns" }, ...lines));
    if (!few) lines[1].setAttribute("aria-hidden", "true"); // so that nothing jumps
    return few ? lines : lines.slice(0, 1);
  }

  /** ▶: from the first step to the last; of two, the other one. */
  pressed() {
    const { name, values } = /** @type {{ name: string, values: any[] }} */ (this.spec.axes.at(-1));
    this.halt();
    if (values.length !== 2) this.play();
    else this.ui.set({ [name]: values[this.ui.state[name] === values[0] ? 1 : 0] }, true);
  }

  halt() {
    clearTimeout(this.timer);
  }

  play() {
    this.halt();
    const { name, values } = /** @type {{ name: string, values: any[] }} */ (this.spec.axes.at(-1));
    const show = (/** @type {number} */ i) => {
      if (!this.svg.isConnected || (i && this.ui.state[name] !== values[i - 1])) return; // another hand has moved it
      this.ui.set({ [name]: values[i] }, i === values.length - 1);
      const { frame } = numbersOf(this.spec, { ...this.ui.state, [name]: values[i] });
      if (i + 1 < values.length) this.timer = window.setTimeout(show, paceOf(this.spec.said[frame]), i + 1);
    };
    show(0);
  }

  /** @param {string} role @param {boolean} [isThick] a line in which a small head would be lost */
  marker(role, isThick = false) {
    const [refX, size] = isThick ? [THICK_AT, THICK_HEAD] : [6, 14];
    const look = {
      id: `${this.head}${role}${isThick}`,
      class: role,
      viewBox: "0 0 8 8",
      refX,
      refY: 4,
      orient: "auto",
    };
    const units = isThick ? "strokeWidth" : "userSpaceOnUse";
    const all = { ...look, markerUnits: units, markerWidth: size, markerHeight: size };
    return svgElement("marker", all, svgElement("path", { d: "M0 0L8 4L0 8z" }));
  }

  /** @param {Shape} shape */
  made({ shape, role = "ink", numbers = [], strong = false, head = true }) {
    const kinds = {
      text: () => [svgElement("text")],
      box: () => [svgElement("rect", { rx: 7 }), svgElement("text")],
      disc: () => [svgElement("circle"), svgElement("text")],
      bar: () => [svgElement("rect", { class: "track" }), svgElement("rect", { class: "share" })],
      arrow: () => [svgElement("path", head ? { "data-head": `${this.head}${role}` } : {})],
      web: () => ["lines", "lit", "dots"].map((part) => svgElement("path", { class: part })),
      cells: () => numbers.flatMap(() => [svgElement("rect"), svgElement("text")]),
    };
    return svgElement("g", { class: `${shape} ${role} ${strong ? "strong" : ""}` }, ...kinds[shape]());
  }

  /** @param {number} width */
  paint(width) {
    const { ui, spec } = this;
    const { frame, step } = numbersOf(spec, ui.state);
    const room = spec.presenting ? ROOM * ui.screen * (spec.tall ?? 1) : Infinity;
    const high = Math.min(spec.height * ui.unit, room);
    this.up = high / spec.height;
    const aside = spec.presenting ? asideOf(spec.shapes, this.up, width) : new Map();
    this.unit = spec.presenting ? Math.min(ui.unit, Math.max(TYPE / SIZE, this.up)) : ui.unit;
    for (const [name, value] of Object.entries({ width, height: high })) this.svg.setAttribute(name, String(value));
    spec.shapes.forEach((all, i) => {
      const shape = shapeAt(all, frame);
      const { since = 0, until = Infinity, only } = shape;
      this.parts[i].classList.toggle("later", step < since);
      this.parts[i].classList.toggle("elsewhere", Boolean(only && !only.includes(step)));
      this.parts[i].classList.toggle("ghost", step > until);
      const at = { ...shape, x: (shape.x ?? 0) + (aside.get(i) ?? 0) / width };
      this.place(/** @type {any[]} */ ([...this.parts[i].children]), at, width);
    });
    if (this.told.length === 1) this.told[0].textContent = spec.said[frame];
    else this.told.forEach((line, i) => (line.className = i === frame ? "now" : i < frame ? "said" : "later"));
  }

  /** @param {SVGElement[]} parts @param {Shape} shape @param {number} width */
  place(parts, shape, width) {
    const { unit } = this;
    const { x = 0, y = 0, words = "", wide = 0, high = 20, size = SIZE, anchor = "middle", up = 0 } = shape;
    const [left, top] = [x * width, y * this.up];
    const deep = Math.min(unit, this.up); // what a length upwards of a box is
    const lower = (/** @type {number} */ of, /** @type {number} */ least) =>
      Math.max(of * deep, Math.min(of * unit, least)); // flatter where rows are closer
    const between = this.spec.presenting ? TIGHT / TYPE : LINE / SIZE;
    const set = (/** @type {SVGElement} */ part, /** @type {Record<string, any>} */ given) => {
      for (const [name, value] of Object.entries(given)) part.setAttribute(name, String(value));
    };
    const text = (/** @type {SVGElement} */ part, /** @type {string} */ said, at = left, big = size, room = width) => {
      const longest = linesOf(said, 0).reduce((most, word) => (emsOf(word) > emsOf(most) ? word : most), "");
      const large = Math.max(fitting(longest, room / unit, big) * unit, this.spec.presenting ? TYPE : 0);
      const lines = linesOf(said, room / large);
      set(part, { x: at, y: top - up * deep, "text-anchor": anchor, "font-size": large });
      const far = large * between;
      const line = (/** @type {string} */ one, /** @type {number} */ i) => {
        const made = svgElement("tspan", { x: at, dy: i ? far : (far * (1 - lines.length)) / 2 });
        made.textContent = one;
        return made;
      };
      if (lines.length > 1) part.replaceChildren(...lines.map(line));
      else part.textContent = said;
      return far * lines.length;
    };
    const block = (/** @type {SVGElement} */ part, /** @type {number} */ across, tall = high * deep) =>
      set(part, { x: left - (wide * width) / 2, y: top - tall / 2, width: Math.max(0, across), height: tall });
    const beside = { start: width - left, middle: 2 * Math.min(left, width - left), end: left };
    if (shape.shape === "text") text(parts[0], words, left, size, wide ? Math.max(wide * width, 1) : beside[anchor]);
    if (shape.shape === "box") {
      const least = text(parts[1], words, left, size, wide * width - 8);
      block(parts[0], wide * width, lower(high, words ? least : 0));
    }
    if (shape.shape === "disc") {
      const across = wide ? (wide * width) / 2 : Infinity;
      set(parts[0], { cx: left, cy: top, r: Math.min(across, (high / 2) * (words ? unit : Math.min(unit, this.up))) });
      text(parts[1], words);
    }
    if (shape.shape === "bar") {
      block(parts[0], wide * width);
      block(parts[1], wide * width * (shape.share ?? 0));
    }
    if (shape.shape === "arrow") this.line(parts[0], shape, width, set);
    if (shape.shape === "web") {
      const { dots = [], lines = [], lit = [] } = shape;
      const at = (/** @type {number} */ i) => `${dots[2 * i] * width} ${dots[2 * i + 1] * this.up}`;
      const joined = (/** @type {number[]} */ ends) => ends.map((end, i) => `${i % 2 ? "L" : "M"}${at(end)}`).join("");
      set(parts[0], { d: joined(lines), "stroke-width": unit });
      set(parts[1], { d: joined(lit), "stroke-width": 3 * unit });
      set(parts[2], { d: joined(dots.flatMap((_, i) => (i % 2 ? [] : [i / 2, i / 2]))), "stroke-width": 7 * unit });
    }
    if (shape.shape === "cells") {
      const numbers = shape.numbers ?? [];
      const across = Math.min(CELL[0] * unit, (wide * width) / numbers.length || Infinity);
      const most = Math.max(1, ...numbers.map(Math.abs));
      const tall = lower(CELL[1], TIGHT);
      numbers.forEach((number, i) => {
        const from = left + (i - numbers.length / 2) * across;
        set(parts[2 * i], { x: from, y: top - tall / 2, width: across - 1, height: tall });
        parts[2 * i].style.fillOpacity = String(0.1 + (0.45 * Math.abs(number)) / most);
        text(parts[2 * i + 1], inCell(number), from + across / 2, 13, across - 5);
      });
    }
  }

  /** @param {SVGElement} part @param {Shape} shape @param {number} width @param {Function} set */
  line(part, { from = [0, 0], to = from, bend = 0, weight = 1.5, turn = 0, reach = 0 }, width, set) {
    const unit = reach ? Math.min(this.unit, this.up) : this.unit;
    const [[x, y], [a0, b0]] = [from, to].map(([a, b]) => [a * width, b * this.up]);
    const [u, v] = [a0 + reach * unit * Math.sin(turn), b0 - reach * unit * Math.cos(turn)];
    const far = Math.hypot(u - x, v - y) || 1;
    const [a, b] = [(x + u) / 2 - (bend * unit * (v - y)) / far, (y + v) / 2 + (bend * unit * (u - x)) / far];
    const { head } = part.dataset;
    const back = head ? backOf(weight, unit, far) / (Math.hypot(u - a, v - b) || 1) : 0;
    set(part, { d: `M${x} ${y}Q${a} ${b} ${u - back * (u - a)} ${v - back * (v - b)}` });
    if (head) set(part, { "marker-end": `url(#${head}${weight > THICK})` });
    part.style.strokeWidth = `${Math.max(weight, 1) * unit}px`;
    part.classList.toggle("none", weight === 0);
  }

  table() {
    const { tables } = this.spec;
    return tables[Math.min(numbersOf(this.spec, this.ui.state).frame, tables.length - 1)];
  }

  numbers() {
    return numbersOf(this.spec, this.ui.state);
  }
}
