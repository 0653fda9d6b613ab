// The whole model above the stage, as the data flow: what has been computed is inked, where the word is now is dark,
// and a press on a part leads there.
import { h, toolbar } from "../../../course_kit/views/js/src/shared/dom.js";
import MAP_CSS from "./descent_map.css";
import { t, tc } from "../../../course_kit/views/js/src/text.js";

/** @import { State, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { DescentSpec } from "./descent_numbers.js" */
/** @typedef {{ name: string, brief: string, layer: number, go: State }} Part brief: where there is little room; layer:
 *   0: in none; go: where a press leads */

const [SELF, CROSS, FEED] = /** @type {const} */ ([
  [t("self-attention"), tc("part", "self")],
  [t("cross-attention"), tc("part", "cross")],
  [t("feed-forward"), tc("part", "feed")],
]);
const MEMORY = [5, 14]; // the steps at which keys and values come from it
const [UP, ADDING, ALL, OUTPUT] = [3, 18, 19, 20]; // to the state; back into it; all sub-layers; the output matrix

/** The parts of encoder and decoder, in the order in which they compute. @param {number} layers @returns {Part[][]} */
export function partsOf(layers) {
  const part = ([name, brief] = ["", ""], layer = 0, go = {}) => ({ name, brief, layer, go });
  const of = (/** @type {(n: number) => Part[]} */ make) =>
    Array.from({ length: layers }, (_, n) => make(n + 1)).flat();
  const input = (/** @type {number[]} */ [first, second]) => [
    part([t("embedding"), t("emb")], 0, { step: first }),
    part([t("positions"), t("pos")], 0, { step: second }),
  ];
  const keys = { step: MEMORY[0] };
  return [
    [
      ...input([5, 5]),
      ...of((n) => [part([...SELF], n, keys), part([...FEED], n, keys)]),
      part([t("memory"), t("mem")], 0, keys),
    ],
    [
      ...input([0, 1]),
      ...of((n) => [
        part([...SELF], n, { step: UP, layer: n }),
        part([...CROSS], n, { step: UP + 1, layer: n }),
        part([...FEED], n, { step: ALL }),
      ]),
      part([t("output"), t("out")], 0, { step: OUTPUT }),
      part(["softmax", t("soft")], 0, { step: OUTPUT + 1 }),
    ],
  ];
}

/**
 * Which parts of the decoder are computed at a step: from the first to before the second.
 * @param {number} step
 * @param {number} layer of the cross-attention that is shown
 * @param {number} layers
 */
export function litAt(step, layer, layers) {
  const [cross, end] = [3 * layer, 2 + 3 * layers];
  if (step < UP) return step ? [1, 2] : [0, 1];
  if (step === UP) return [2, cross];
  if (step <= ADDING) return [cross, cross + 1];
  return step === ALL ? [2, end] : [end + step - OUTPUT, end + step - ALL];
}

export class DescentMap {
  /** @param {UI} ui @param {(to: State) => void} go */
  constructor(ui, go) {
    this.layers = (/** @type {DescentSpec} */ (ui.spec).names.length - 1) / 3; // of the decoder, with three sub-layers
    this.parts = partsOf(this.layers);
    this.boxes = this.parts.map((row, side) => row.map((part) => this.box(part, side, go)));
    const rows = this.boxes.map((boxes, side) => this.row(boxes, side));
    this.element = h("div", { class: "map", role: "group", "aria-label": t("the whole model") }, ...rows);
    toolbar(this.element);
    ui.style(MAP_CSS);
  }

  /** @param {Part} part @param {number} side @param {(to: State) => void} go */
  box({ name, brief, layer, go: to }, side, go) {
    const values = { side: side ? t("decoder") : t("encoder"), layer, name };
    const where = layer ? t("{side}, layer {layer}: {name}", values) : t("{side}: {name}", values);
    const look = { type: "button", class: "box", "aria-label": where, title: where, onclick: () => go(to) };
    return h("button", look, h("span", {}, name), h("span", {}, brief));
  }

  /** The boxes of a layer have one ground. @param {HTMLElement[]} boxes @param {number} side */
  row(boxes, side) {
    const each = Array.from({ length: this.layers }, (_, n) => {
      const mine = boxes.filter((_, i) => this.parts[side][i].layer === n + 1);
      return h("span", { class: "layer", "data-layer": n + 1 }, ...mine);
    });
    const name = h("span", { class: "side-name", "aria-hidden": "true" }, side ? t("decoder") : t("encoder"));
    return h(
      "div",
      { class: "row" },
      name,
      ...boxes.slice(0, 2),
      ...each,
      ...boxes.slice(2 + each.length * (2 + side)),
    );
  }

  /** @param {number} step @param {number} layer */
  paint(step, layer) {
    const [from, to] = litAt(step, layer, this.layers);
    const [encoder, decoder] = this.boxes;
    const mark = (/** @type {HTMLElement} */ box, /** @type {boolean} */ past, /** @type {boolean} */ lit) => {
      box.classList.toggle("past", past);
      box.classList.toggle("lit", lit);
    };
    decoder.forEach((box, i) => mark(box, i < from, i >= from && i < to));
    encoder.forEach((box, i) => mark(box, true, i === encoder.length - 1 && MEMORY.includes(step)));
  }
}
