// The whole Transformer as a drawing: each part is a button that tells what it is for, its shapes and its parameters.
import { arrow, h, spoken } from "../shared/dom.js";
import ARCHITECTURE_CSS from "./architecture.css";
import { layoutOf, neighbour } from "./architecture_layout.js";
import { drawArchitecture } from "./architecture_paint.js";

/** @import { Picture, Spec, Table, UI } from "../shared/types.js" */
/** @import { Layout, Part, Side, Sizes } from "./architecture_layout.js" */
/** @typedef {Spec & { parts: Part[], times: number, total: number }} ArchitectureSpec */

const PHONE = 480; // up to this width a drawing of both halves is a phone's
const WIDEST = { both: 600, encoder: 310, decoder: 400 };

const TABLE = ["target_embedding", "output"]; // one table for both

/** @param {UI} ui @returns {Picture} */
export const architecture = (ui) => new Architecture(ui);

/** A part's name among all. @param {Part} part */
export function fullName({ side, title }) {
  return `${side === "encoder" ? "Encoder" : "Decoder"}: ${title[0].toLowerCase()}${title.slice(1)}`;
}

/** How wide things are: outer, lane, inner and gutter (see Sizes). */
const ACROSS = { page: [46, 24, 14, 60], phone: [36, 14, 6, 28], class: [33, 14, 6, 32] };
/** How high, and how far apart. In front of a class a screen is low, and boxes are little higher than their type. */
const HIGH = {
  page: { data: 25, layer: 27, sublayer: 30, norm: 24, attention: 32, residual: 24 },
  phone: { data: 25, layer: 27, sublayer: 30, norm: 24, attention: 40, residual: 24 },
  class: { data: 28, layer: 29, sublayer: 29, norm: 28, attention: 32, residual: 24 },
};
const APART = { gap: 10, branch: 14, roles: 20, sum: 6, edge: 8 };
const APART_IN_CLASS = { gap: 8, branch: 12, roles: 25, sum: 4, edge: 6 };

/** @template {Record<string, number>} T @param {T} lengths @param {number} unit @returns {T} */
const times = (lengths, unit) =>
  /** @type {T} */ (Object.fromEntries(Object.entries(lengths).map(([name, length]) => [name, length * unit])));

/**
 * Lengths in pixels.
 * @param {UI} ui
 * @param {boolean} phone
 * @param {Side | "both"} drawn
 * @returns {Sizes}
 */
function sizesOf({ unit, tall, spec }, phone, drawn) {
  const narrow = phone ? "phone" : "page";
  const look = spec.presenting ? "class" : narrow;
  const [outer, lane, inner, between] = ACROSS[look];
  const gutter = { both: between, encoder: 2, decoder: 114 }[drawn]; // alone, the decoder names its memory here
  const one = spec.presenting ? tall : unit;
  return {
    ...times({ outer, lane, inner, gutter, letter: 17 }, unit),
    ...times(spec.presenting ? APART_IN_CLASS : APART, one),
    high: times(HIGH[look], one),
  };
}

/** @implements {Picture} */
class Architecture {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {ArchitectureSpec} */ (ui.spec);
    const [{ side }] = this.spec.parts;
    /** @type {Side | "both"} */
    this.drawn = this.spec.parts.every((part) => part.side === side) ? side : "both";
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.buttons = this.spec.parts.map((part) => this.button(part));
    const named = { role: "group", "aria-label": "the parts of the Transformer, from the words upwards" };
    this.drawing = h("div", { class: "drawing", ...named }, this.canvas, ...this.buttons);
    this.panel = spoken();
    /** @type {Layout | null} */
    this.layout = null;
    this.reserved = 0; // the width of the panel for which its height is kept
    ui.style(ARCHITECTURE_CSS);
    ui.body.append(this.drawing);
    ui.side.append(this.panel);
  }

  /** @param {Part} part */
  button(part) {
    const choose = () => this.choose(this.ui.state.selected === part.name ? "" : part.name);
    const onkeydown = (/** @type {KeyboardEvent} */ event) => this.key(event, part.name);
    const look = { type: "button", class: `part ${part.kind}`, "data-part": part.name, "aria-label": fullName(part) };
    const mask = part.mask ? h("i", { class: `mask ${part.mask}` }) : null;
    return h("button", { ...look, onclick: choose, onkeydown }, h("span", {}, part.label), mask);
  }

  /** @param {string} name */
  choose(name) {
    this.ui.set({ selected: name }, true);
  }

  /** @param {KeyboardEvent} event @param {string} name */
  key(event, name) {
    const step = arrow(event);
    if (!step || !this.layout) return;
    const next = neighbour(this.spec.parts, this.layout.boxes, name, step);
    this.buttons[this.spec.parts.findIndex((part) => part.name === next)].focus();
    this.choose(next);
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { ui, spec } = this;
    const most = WIDEST[this.drawn] * ui.unit;
    const wide = Math.floor(Math.min(narrow ? width : width * (spec.presenting ? 0.66 : 0.62), most));
    const sizes = sizesOf(ui, this.drawn === "both" && wide < PHONE * ui.unit, this.drawn);
    this.layout = layoutOf(spec.parts, spec.times, wide, sizes);
    this.drawing.style.cssText = `width:${wide}px;height:${this.layout.height}px`;
    drawArchitecture(ui, this.canvas, this.layout, wide, ui.state.selected);
    this.place();
    this.reserve();
    this.tell(spec.parts.find(({ name }) => name === ui.state.selected));
  }

  place() {
    this.buttons.forEach((button, i) => {
      const { name } = this.spec.parts[i];
      const { x, y, w, h: high } = /** @type {Layout} */ (this.layout).boxes[name];
      Object.assign(button.style, { left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${high}px` });
      button.setAttribute("aria-pressed", String(name === this.ui.state.selected));
      button.classList.toggle("shared", TABLE.includes(name) && TABLE.includes(this.ui.state.selected));
    });
  }

  /** Room for whatever the panel may say. */
  reserve() {
    const { panel, spec } = this;
    if (panel.clientWidth === this.reserved) return;
    this.reserved = panel.clientWidth;
    panel.style.minHeight = "";
    const heights = spec.parts.map((part) => {
      panel.replaceChildren(...about(part));
      return panel.offsetHeight;
    });
    panel.style.minHeight = `${Math.max(...heights)}px`;
    panel.dataset.told = "?";
  }

  /** @param {Part | undefined} part */
  tell(part) {
    const { panel } = this;
    const name = part?.name ?? "";
    if (panel.dataset.told === name) return; // a screen reader says it once
    panel.dataset.told = name;
    panel.replaceChildren(...(part ? about(part) : ["Choose a part."]));
  }

  numbers() {
    const { parts, total } = this.spec;
    return { selected: this.ui.state.selected, total, counts: parts.map(({ count }) => count) };
  }

  /** @returns {Table} */
  table() {
    const rows = this.spec.parts.map((part) => [fullName(part), part.made, part.reads, part.gives, part.parameters]);
    return { header: ["part", "class", "in", "out", "parameters"], rows };
  }
}

/** Code that may go on in a new line where an argument begins. @param {string} code */
const breakable = (code) => code.split(/(?<=\(|, )/).flatMap((piece, i) => (i ? [h("wbr"), piece] : [piece]));

/** What the panel says of a part. @param {Part} part */
function about(part) {
  const facts = [
    ["class", h("code", {}, ...breakable(part.made))],
    ["in", part.reads],
    ["out", part.gives],
    ["mask", part.masked],
    ["parameters", part.parameters],
  ];
  const told = facts
    .filter(([, fact]) => fact)
    .flatMap(([name, fact]) => [h("dt", {}, name), h("dd", { class: `its-${name}` }, fact)]);
  const side = part.side === "encoder" ? "Encoder" : "Decoder";
  return [h("div", { class: "quiet" }, side), h("b", {}, part.title), h("p", {}, part.text), h("dl", {}, ...told)];
}
