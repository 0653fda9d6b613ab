// The whole Transformer as a drawing: each part is a button that tells what it is for, its shapes and its parameters.
import { arrow, h, spoken } from "../shared/dom.js";
import ARCHITECTURE_CSS from "./architecture.css";
import { layoutOf, neighbour } from "./architecture_layout.js";
import { drawArchitecture } from "./architecture_paint.js";

/** @import { Picture, Spec, Table, UI } from "../shared/types.js" */
/** @import { Layout, Part, Sizes } from "./architecture_layout.js" */
/** @typedef {Spec & { parts: Part[], times: number, total: number }} ArchitectureSpec */

const PHONE = 480; // up to this width a phone's

/** @param {UI} ui @returns {Picture} */
export const architecture = (ui) => new Architecture(ui);

/** A part's name among all. @param {Part} part */
export function fullName({ side, title }) {
  return `${side === "encoder" ? "Encoder" : "Decoder"}: ${title[0].toLowerCase()}${title.slice(1)}`;
}

/**
 * Lengths in pixels. In front of a class type is large and the screen is low, so that boxes are as high as their type.
 * @param {UI} ui
 * @param {boolean} phone
 * @returns {Sizes}
 */
function sizesOf({ unit, tall, spec }, phone) {
  const across = phone ? [27, 16, 8, 30] : [42, 26, 16, 62];
  const [outer, lane, inner, gutter] = across.map((length) => length * unit);
  const one = spec.presenting ? tall : unit;
  const high = spec.presenting
    ? { data: 28, layer: 29, norm: 28, attention: 32, residual: 24 }
    : { data: 25, layer: 27, norm: 24, attention: phone ? 40 : 32, residual: 24 };
  for (const kind of /** @type {(keyof typeof high)[]} */ (Object.keys(high))) high[kind] *= one;
  const [gap, branch, roles, sum, edge] = [10, 14, 20, 6, 8].map(
    (length) => length * one * (spec.presenting ? 0.9 : 1),
  );
  return { outer, lane, inner, gutter, high, gap, branch, roles, sum, edge, letter: 17 * unit };
}

/** @implements {Picture} */
class Architecture {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {ArchitectureSpec} */ (ui.spec);
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
    const both = spec.parts.some(({ side }) => side !== spec.parts[0].side);
    const most = (both ? 600 : 330) * ui.unit;
    const wide = Math.floor(Math.min(narrow ? width : width * 0.62, most));
    const sizes = sizesOf(ui, wide < (both ? PHONE : 0.5 * PHONE) * ui.unit);
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
    return { header: ["part", "class", "reads", "gives", "parameters"], rows };
  }
}

/** What the panel says of a part. @param {Part} part */
function about(part) {
  const facts = [
    ["class", h("code", {}, part.made)],
    ["reads", part.reads],
    ["gives", part.gives],
    ["parameters", part.parameters],
  ];
  const told = facts.filter(([, fact]) => fact).flatMap(([name, fact]) => [h("dt", {}, name), h("dd", {}, fact)]);
  const side = part.side === "encoder" ? "Encoder" : "Decoder";
  return [h("div", { class: "quiet" }, side), h("b", {}, part.title), h("p", {}, part.text), h("dl", {}, ...told)];
}
