// The drawing of a whole model. Each part is a button: what is it for, which class makes it, what are its shapes?
import { arrow, foreign, h, svgElement, used } from "../shared/dom.js";
import { clamp } from "../shared/numbers.js";
import ARCHITECTURE_CSS from "./architecture.css";
import { aloneIn, isAlone, layoutOf } from "./architecture_layout.js";
import { sign, strokes } from "./architecture_parts.js";
import PARTS_CSS from "./architecture_parts.css";
import { t } from "../text.js";

/** @import { Picture, Spec, Table, UI } from "../shared/types.js" */
/** @import { Box, Column, Label, Layout, Mask, Sizes } from "./architecture_layout.js" */
/**
 * @typedef {object} Described as architecture_parts.py describes a part
 * @property {string} label
 * @property {string} name
 * @property {string} about
 * @property {string} made its class, as code
 * @property {string} call
 * @property {[string, string, string][]} shapes what, in letters, in numbers
 * @property {string} parameters
 *
 * @typedef {Spec & { parts: Record<string, Described>, columns: Column[] }} ArchitectureSpec
 */

const WHOLE = "model";
/** What a shape is of. @type {Record<string, string>} */
const WHAT = {
  ...{ in: t("in"), inside: t("inside"), out: t("out"), words: t("words"), follows: t("follows") },
  ...{ hidden: t("hidden"), pooled: t("pooled"), weights: t("weights") },
};
const ENDS = ["in", "out", "hidden", "pooled", "words", "follows"]; // as in architecture.py
const ASIDE = 13.5; // the room beside a column that stands alone, in sizes of type
const EDGE = 104; // of a screen in front of a class: title, caption and margins
const SEEN = 0.36; // of a phone's screen, for what is told
const KEYS = t("the parts, in the order of the data: arrow up goes on, arrow down goes back, Escape chooses none");
/** @type {[Exclude<Mask, "">, string][]} */
const MASKS = [
  ["full", t("every word")],
  ["causal", t("itself and those before")],
  ["cross", t("every word of the source")],
];

/** @param {UI} ui @returns {Picture} */
export const architecture = (ui) => new Architecture(ui);

/**
 * How large everything is.
 * @param {{ unit: number, spec: Spec }} ui
 * @param {number} width of the drawing
 * @param {{ touch?: boolean, alone?: boolean }} how touch: fingers choose; alone: there is one column
 * @returns {Sizes & { type: number }}
 */
export function sizesOf({ unit, spec: { presenting } }, width, { touch = false, alone = false } = {}) {
  const small = width < 440 * unit;
  const type = presenting ? 24 : 12.5 * unit; // as --small in view.css
  const heights = touch ? [2.6, 2.4, 2.4] : [2, 1.5, 1.7];
  const [box, norm, sum] = presenting ? [1.25, 1.05, 1.1] : heights;
  return {
    ...{ type, word: 1.3 * type, box: box * type, norm: norm * type, sum: sum * type },
    ...{
      plus: (presenting ? 0.42 : 0.52) * type,
      gap: 6.2 * unit,
      fan: (presenting ? type : 16 * unit) * (alone ? 1.3 : 1),
      widest: 14 * type,
    },
    ...{ lane: (small ? 14 : 22) * unit, pad: (small ? 4 : 8) * unit, between: (small ? 38 : 64) * unit },
  };
}

/** Code that may go on in the next line behind a bracket, but not inside of a shape. @param {string} text */
function code(text) {
  const [head, ...others] = text.replace(/\[.*?\]/g, (shape) => shape.replaceAll(" ", "\u00a0")).split("(");
  return h("code", {}, head, ...others.flatMap((part) => ["(", h("wbr"), part]));
}

/**
 * A list of names and what is said of each; what is not there is left out.
 * @param {[string, ...(Node | string)[]][]} rows
 */
function listOf(rows) {
  const lines = rows
    .map(([name, ...said]) => ({ name, said: said.filter(Boolean) }))
    .filter(({ said }) => said.length)
    .flatMap(({ name, said }) => [h("dt", {}, name), h("dd", {}, ...said)]);
  return h("dl", {}, ...lines);
}

class Architecture {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {ArchitectureSpec} */ (ui.spec);
    this.keys = Object.keys(this.spec.parts);
    this.alone = isAlone(this.spec.columns);
    this.lines = svgElement("svg", { "aria-hidden": "true" });
    this.buttons = new Map(this.keys.map((key) => [key, this.button(key)]));
    this.labels = h("div", { "aria-hidden": "true" });
    this.legend = this.legendOf();
    this.drawing = h(
      "div",
      {
        class: "drawing",
        role: "toolbar",
        "aria-label": KEYS,
        onkeydown: (/** @type {any} */ event) => this.key(event),
      },
      this.lines,
      this.labels,
      this.legend,
      ...[...this.buttons.values()].slice(1),
    );
    this.told = h("div", { class: "told", role: "status", "data-testid": "told" });
    this.classes = h("details", {}, h("summary", {}, t("class and shapes"))); // on demand
    /** @type {string | null} the part of which is told */
    this.shown = null;
    this.first = ui.state.part;
    this.narrow = false;
    this.reserved = 0; // the width for which the room of what is told has been measured
    ui.body.append(this.drawing);
    ui.side.append(this.told);
    ui.style(PARTS_CSS + ARCHITECTURE_CSS);
  }

  /** @param {string} key */
  button(key) {
    const { label, name } = this.spec.parts[key];
    const notes = this.spec.columns.flatMap(({ notes: some = [] }) => some.filter((note) => note.key === key));
    const said = notes.map(({ mark, text }) => t(", {mark}: {text}", { mark, text })).join("");
    const named = (name.includes(label) ? name : t("{label}, {name}", { label, name })) + said;
    const look = { type: "button", class: "part", "data-part": key, "aria-label": named };
    return h("button", { ...look, onclick: () => this.choose(key === this.ui.state.part ? "" : key) }, label);
  }

  /** The whole as a button, and what the signs of the masks say. */
  legendOf() {
    const there = this.spec.columns.flatMap(({ rows }) =>
      rows.flatMap((row) => (row.kind === "block" ? row.rows : [])),
    );
    const masks = MASKS.filter(([mask]) => there.some((row) => row.mask === mask));
    const lines = masks.map(([mask, words]) => h("li", {}, sign(mask), h("span", {}, words)));
    return h(
      "div",
      { class: "masks" },
      this.buttons.get(WHOLE),
      h("p", {}, t("A word attends to")),
      h("ul", {}, ...lines),
    );
  }

  // ---- under the hand
  /** @param {string} part */
  choose(part) {
    this.ui.set({ part }, true);
    this.ui.side.classList.add("asked");
    requestAnimationFrame(() => this.buttons.get(part)?.scrollIntoView({ block: "nearest" }));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (foreign(event)) return;
    if (event.key === "Escape" && this.ui.state.part) {
      used(event);
      this.choose("");
      return;
    }
    const at = this.keys.indexOf(/** @type {HTMLElement} */ (event.target).dataset.part ?? "");
    const step = arrow(event);
    if (!step) return;
    const next = this.keys[clamp(at + step[1] - step[0], 0, this.keys.length - 1)]; // up is on
    this.choose(next);
    this.buttons.get(next)?.focus();
  }

  // ---- what is shown
  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { ui, spec, drawing } = this;
    const { presenting } = spec;
    const room = narrow ? width : 0.58 * width;
    const { alone } = this;
    const sizes = sizesOf(ui, room, { touch: matchMedia("(pointer: coarse)").matches, alone });
    const aside = alone ? ASIDE * sizes.type : 0;
    const most = alone ? aloneIn(sizes) : 2 * aloneIn(sizes) + sizes.between;
    const wide = Math.min(room - aside, most);
    const layout = layoutOf(spec.columns, sizes, wide, presenting ? { high: ui.screen - EDGE } : {});
    drawing.classList.toggle("tight", wide < (alone ? 135 : 320) * ui.unit);
    drawing.style.cssText = `width:${wide + aside}px;height:${layout.high}px`;
    this.draw(layout);
    this.place(layout);
    this.write(layout, sizes);
    this.putLegend(wide, sizes, aside);
    this.narrow = narrow;
    if (this.reserved !== width) this.reserve(width);
    this.tell(ui.state.part);
    this.pin();
  }

  /** Lines, and what lies behind them. @param {Layout} layout */
  draw({ width, high, blocks, ...layout }) {
    const { part } = this.ui.state;
    const decoder = this.spec.columns.filter(({ side }) => side > 0).flatMap(({ rows }) => rows.map(({ key }) => key));
    const grounds = blocks.map(({ key, x, y, wide, high: height }) => {
      const look = `block ${key === part ? "lit" : ""} ${decoder.includes(key) ? "decoder" : ""}`;
      return svgElement("rect", { class: look, x, y, width: wide, height, rx: 8 });
    });
    this.lines.setAttribute("viewBox", `0 0 ${width} ${high}`);
    this.lines.style.cssText = `width:${width}px;height:${high}px`;
    this.lines.replaceChildren(...grounds, ...strokes({ ...layout, width, high, blocks }, (key) => key === part));
  }

  /** The buttons. @param {Layout} layout */
  place({ boxes }) {
    const { spec, buttons } = this;
    const { part } = this.ui.state;
    const made = spec.parts[part]?.made;
    for (const box of boxes) {
      const button = /** @type {HTMLElement} */ (buttons.get(box.key));
      if (box.mask && !button.querySelector(".sign")) button.prepend(sign(box.mask));
      button.classList.add(box.kind);
      button.style.cssText = `left:${box.x}px;top:${box.y}px;width:${box.wide}px;height:${box.high}px`;
    }
    for (const [key, button] of buttons) {
      button.setAttribute("aria-pressed", String(key === part));
      button.classList.toggle("same", key !== part && spec.parts[key].made === made);
      button.tabIndex = key === (part || WHOLE) ? 0 : -1;
    }
  }

  /**
   * The legend is where no column is: above the encoder, or beside a column.
   * @param {number} width
   * @param {Sizes} sizes
   * @param {number} aside
   */
  putLegend(width, { between, pad }, aside) {
    this.legend.classList.toggle("aside", this.alone);
    if (this.alone) {
      this.legend.style.cssText = `left:${width + pad}px;top:0;bottom:0;width:${aside - pad}px`;
      return;
    }
    const decoder = this.spec.columns.some(({ side, name }) => side > 0 && name);
    const place = decoder ? "left:0;top:0" : `left:${(width + between) / 2}px;bottom:0`;
    this.legend.style.cssText = `${place};width:${(width - between) / 2}px`;
  }

  /** The texts. @param {Layout} layout @param {Sizes} sizes */
  write({ labels, boxes }, sizes) {
    const room = Math.max(...boxes.map(({ wide }) => wide)) + sizes.lane + 2 * sizes.pad;
    this.labels.replaceChildren(...labels.map((label) => this.labelOf(label, room)));
  }

  /** @param {Label} label @param {number} room */
  labelOf({ kind, text, role, x, y, mark = "" }, room) {
    const { columns } = this.spec;
    const wide = ["reads", "gives", "branch"].includes(kind) ? `width:${room}px` : "";
    const look = { class: `label ${kind} ${role}`, style: `left:${x}px;top:${y}px;${wide}` };
    if (kind === "note") return h("span", look, h("b", { class: "mark" }, mark), text);
    if (kind !== "reads") return h("span", look, text);
    const { name } = /** @type {Column} */ (columns.find(({ reads }) => reads === text));
    return h("span", look, h("span", {}, text), h("b", {}, name));
  }

  /** Room for the longest of all that can be told. @param {number} width */
  reserve(width) {
    this.reserved = width;
    this.told.style.minHeight = "";
    if (this.narrow && this.ui.state.part === this.first) return; // below it, empty room looks like an end
    const heights = this.keys.map((key) => {
      this.tell(key);
      return this.told.offsetHeight;
    });
    this.told.style.minHeight = `${Math.max(...heights)}px`;
  }

  /** On a phone the beginning of what is told stays at the foot of the screen, however high the drawing is. */
  pin() {
    const { side } = this.ui;
    const room = SEEN * document.documentElement.clientHeight;
    side.style.bottom = this.narrow ? `${Math.min(0, room - side.offsetHeight)}px` : "";
  }

  /** What a part is, once only for those who hear it. @param {string} key */
  tell(key) {
    const { spec, told } = this;
    if (this.shown === key) return;
    this.shown = key;
    const { name, about, made, call, shapes, parameters } = spec.parts[key] ?? spec.parts[WHOLE];
    const others = this.keys.some((other) => other !== key && spec.parts[other].made === made);
    const brief = spec.presenting; // in front of a class only what is first
    const shown = brief ? shapes.filter(([what]) => ENDS.includes(what)) : shapes;
    const list = listOf([
      [t("class"), code(made), others ? h("span", {}, t("framed: the same class")) : ""],
      ["", call && !brief ? code(call) : ""],
      .../** @type {[string, ...(Node | string)[]][]} */ (
        shown.map(([what, letters, numbers]) => [
          WHAT[what] ?? what,
          code(letters),
          numbers && !brief ? code(numbers) : "",
        ])
      ),
    ]);
    this.classes.replaceChildren(this.classes.firstChild ?? "", list);
    const size = listOf([[t("parameters"), parameters]]);
    told.replaceChildren(h("p", { class: "name" }, name), h("p", {}, about), size, brief ? list : this.classes);
  }

  /** @returns {Table} */
  table() {
    const rows = Object.values(this.spec.parts).map(({ name, made, shapes, parameters }) => {
      const ends = shapes.filter(([what]) => ENDS.includes(what));
      return [name, made, ends.map(([, letters, numbers]) => numbers || letters).join(" → "), parameters];
    });
    return { header: [t("part"), t("class"), t("shapes"), t("parameters")], rows };
  }

  numbers() {
    return { part: this.ui.state.part, keys: this.keys };
  }
}
