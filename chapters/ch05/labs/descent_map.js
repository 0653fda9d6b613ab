// The drawing of the Transformer, small: where the word is on its way down.
import { h, svgElement } from "../../../course_kit/views/js/src/shared/dom.js";
import { layoutOf } from "../../../course_kit/views/js/src/views/architecture_layout.js";
import { strokes } from "../../../course_kit/views/js/src/views/architecture_parts.js";
import PARTS_CSS from "../../../course_kit/views/js/src/views/architecture_parts.css";
import MAP_CSS from "./descent_map.css";

/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Block, Box, Column } from "../../../course_kit/views/js/src/views/architecture_layout.js" */
/** @import { Layout, Sizes } from "../../../course_kit/views/js/src/views/architecture_layout.js" */
/** @import { Choice, DescentSpec } from "./descent_numbers.js" */
/** @typedef {{ key: string, layer: number }} Place a part, and in which block; layer 0: in none */
/** @typedef {{ lit: Place[], past: Place[], said: [string, string] }} Lit past: what has been computed before */

const [KEYS, VALUES] = [5, 14]; // the steps at which keys and values come from the memory

/** What is lit at each step. @type {string[]} */
const WAY = [
  ...["embedding", "positions", "positions", "norm"],
  ...Array(14).fill("attention"),
  ...["add", "all", "logits", "softmax"],
];

/** Beside the stage; and in a strip above it. Both without texts. @type {Sizes} */
const BESIDE = {
  ...{ word: 0, box: 9, norm: 4, sum: 8, plus: 3.5, gap: 3, fan: 4 },
  ...{ lane: 8, pad: 3, between: 14, widest: 30 },
};
/** @type {Sizes} */
const STRIP = { ...BESIDE, lane: 6, pad: 2, between: 10, widest: 14 };
const [WIDE, SAID] = [124, 40]; // of the map beside the stage, and the height of what it says

export class DescentMap {
  /** @param {UI} ui */
  constructor(ui) {
    const spec = /** @type {DescentSpec} */ (ui.spec);
    this.ui = ui;
    this.columns = /** @type {Column[]} */ (spec.drawing);
    this.layers = (spec.names.length - 1) / 3; // of the decoder, each with three sub-layers
    this.picture = svgElement("svg", { "aria-hidden": "true" });
    this.said = h("div", { class: "where", "data-testid": "where" });
    this.element = h("div", { class: "map" }, this.picture, this.said);
    ui.style(PARTS_CSS + MAP_CSS);
  }

  /** How much of the width it takes. @param {boolean} narrow */
  room(narrow) {
    return narrow ? 0 : WIDE * this.ui.unit + 16;
  }

  /**
   * @param {number} step
   * @param {Choice} choice
   * @param {{ width: number, high: number, narrow: boolean }} size of the view, and height of the stage, in pixels
   */
  paint(step, choice, { width, high, narrow }) {
    const { columns, layers, ui, said } = this;
    const sizes = narrow ? STRIP : BESIDE;
    const across = 2 * (sizes.widest + sizes.lane + 2 * sizes.pad) + sizes.between;
    const long = narrow ? width : high - SAID * ui.unit;
    const layout = layoutOf(columns, sizes, across, { high: long / ui.unit, layers });
    const found = litAt(columns, layers, step, choice);
    this.put(shapesOf(layout, found), across, layout.high, { long, narrow });
    said.replaceChildren(...found.said.filter(Boolean).map((text, n) => h(n ? "span" : "b", {}, text)));
  }

  /**
   * @param {SVGElement[]} shapes
   * @param {number} across in units of its own
   * @param {number} high
   * @param {{ long: number, narrow: boolean }} size long: in pixels
   */
  put(shapes, across, high, { long, narrow }) {
    const [wide, tall] = narrow ? [high, across] : [across, high];
    const scale = long / high;
    // in a strip the data flow to the right
    const turned = svgElement("g", narrow ? { transform: `matrix(0 1 -1 0 ${high} 0)` } : {}, ...shapes);
    this.picture.setAttribute("viewBox", `0 0 ${wide} ${tall}`);
    this.picture.style.cssText = `width:${wide * scale}px;height:${tall * scale}px`;
    this.picture.replaceChildren(turned);
  }
}

/** The drawing with what is lit. @param {Layout} layout @param {Lit} found */
function shapesOf(layout, { lit, past }) {
  const among = (/** @type {Place[]} */ places) => (/** @type {string} */ key, /** @type {number} */ layer) =>
    places.some((one) => one.key === key && one.layer === layer);
  const [now, before] = [among(lit), among(past)];
  const look = (/** @type {Box} */ { key, layer }) => {
    if (now(key, layer)) return "box lit";
    return before(key, layer) ? "box past" : "box";
  };
  const rectangle = (/** @type {Box} */ { x, y, wide, high }, /** @type {string} */ kind, /** @type {number} */ rx) =>
    svgElement("rect", { class: kind, x, y, width: wide, height: high, rx });
  return [
    ...layout.blocks.map((block) => rectangle(block, "block", 4)),
    ...strokes(layout, now),
    ...layout.boxes.map((box) => rectangle(box, look(box), 2)),
  ];
}

/**
 * What is lit at a step, and what has been computed before.
 * @param {Column[]} columns
 * @param {number} layers
 * @param {number} step
 * @param {Choice} choice
 * @returns {Lit}
 */
export function litAt(columns, layers, step, { layer, head }) {
  const { rows } = /** @type {Column} */ (columns.find(({ side }) => side > 0));
  const block = /** @type {Block} */ (rows.find(({ kind }) => kind === "block"));
  const [embedding, positions, , ...ends] = rows.map(({ key }) => ({ key, layer: 0 }));
  const subLayers = Array.from({ length: layers }, (_, n) =>
    block.rows.map((row) => ({ ...row, layer: n + 1 })),
  ).flat();
  const own = subLayers.findIndex((row) => row.mask === "cross" && row.layer === layer);
  const parts = (/** @type {typeof subLayers} */ some) =>
    some.flatMap(({ inside, around, layer: n }) => [around, inside].map((key) => ({ key, layer: n })));
  const [around, inside] = parts(subLayers.slice(own, own + 1));
  const input = [embedding, positions];
  const below = [...input, ...parts(subLayers.slice(0, own))];
  const memory = step === KEYS || step === VALUES ? [{ key: "memory", layer: 0 }] : [];
  const where = `layer ${layer}`;
  /** @type {Record<string, Lit>} */
  const lit = {
    embedding: { lit: [embedding], past: [], said: ["embedding", ""] },
    positions: { lit: [positions], past: [embedding], said: ["positions", ""] },
    norm: { lit: [around], past: below, said: ["norm", where] },
    attention: { lit: [inside, ...memory], past: below, said: ["cross-attention", `${where}, head ${head}`] },
    add: { lit: [around], past: [...below, inside], said: ["add", where] },
    all: { lit: parts(subLayers), past: input, said: ["all sub-layers", `of ${layers} layers`] },
    logits: { lit: ends.slice(0, 2), past: [...input, ...parts(subLayers)], said: ["output matrix", ""] },
    softmax: { lit: ends.slice(2), past: [...input, ...parts(subLayers), ...ends.slice(0, 2)], said: ["softmax", ""] },
  };
  return lit[WAY[step]];
}
