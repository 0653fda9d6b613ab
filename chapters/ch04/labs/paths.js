// Three networks over n words as graphs: the way from the first word to the last, found by walking, and how many
// states must wait.
import { h, spoken } from "../../../course_kit/views/js/src/shared/dom.js";
import PATHS_CSS from "./paths.css";
import { formulaOf, graphOf, numbersOf } from "./paths_numbers.js";
import { drawGraph } from "./paths_picture.js";

/** @import { Picture, Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Network, PathsSpec, PathsState } from "./paths_numbers.js" */

/** @param {UI} ui @returns {Picture} */
export function paths(ui) {
  return new Paths(ui);
}

/** @param {number} count @param {string} noun */
const many = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** @param {Network} network */
function panelOf(network) {
  const canvas = h("canvas", { role: "img", "aria-label": network });
  const head = h("b");
  const count = h("div", { class: "count", "data-testid": network });
  const price = h("div");
  return { canvas, head, count, price, element: h("div", { class: network }, head, count, canvas, price) };
}

/** @type {Record<Network, number>} heights of the pictures in a narrow view */
const HEIGHTS = { convolution: 190, recurrent: 64, attention: 120 };

/** @implements {Picture} */
class Paths {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {PathsSpec} */ (ui.spec);
    this.state = /** @type {PathsState} */ (ui.state);
    const networks = /** @type {Network[]} */ (Object.keys(this.spec.names));
    this.panels = networks.map((network) => ({ network, ...panelOf(network) }));
    this.box = h("div", { class: "panels" }, ...this.panels.map(({ element }) => element));
    this.say = spoken();
    ui.body.append(this.box);
    ui.below.append(this.say);
    ui.style(PATHS_CSS);
  }

  numbers() {
    return numbersOf(this.spec, this.state);
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { unit } = this.ui;
    const made = this.numbers();
    const wide = Math.min(width, 1000 * unit);
    this.box.style.maxWidth = `${wide}px`;
    for (const { network, canvas } of this.panels) {
      const across = Math.floor(narrow ? wide : (wide - 2 * 21.6 * unit) / 3);
      drawGraph(this.ui, canvas, graphOf(network, this.state), across, this.high(network, narrow));
    }
    this.label(made);
    this.tell(made);
  }

  /** @param {Network} network @param {boolean} narrow */
  high(network, narrow) {
    const { unit, tall, spec } = this.ui;
    if (narrow) return HEIGHTS[network] * unit;
    return spec.presenting ? 260 * tall : 200 * unit;
  }

  /** Name, path and price of each network. @param {ReturnType<typeof numbersOf>} made */
  label(made) {
    const { length, kernel, dilated } = this.state;
    for (const { network, canvas, head, count, price } of this.panels) {
      const { path, layers, sequential, lines } = made[network];
      const how = network === "convolution" ? `, k = ${kernel}${dilated ? ", dilated" : ""}` : "";
      const formula = formulaOf(network, this.state);
      const steps = many(path, "step");
      head.textContent = this.spec.names[network] + how;
      count.replaceChildren(h("strong", {}, steps), formula === "1" ? "" : ` = ${formula}`);
      price.textContent =
        network === "recurrent"
          ? `${many(sequential, "state")}, ${many(lines, "line")}`
          : `${many(layers, "layer")} of ${many(lines, "line")}`;
      canvas.setAttribute("aria-label", `${head.textContent}, ${length} words: ${steps} from the first to the last`);
    }
  }

  /** @param {ReturnType<typeof numbersOf>} made */
  tell({ recurrent, convolution, attention }) {
    const sentence = h(
      "div",
      {},
      "First to last: ",
      h("b", {}, many(recurrent.path, "step")),
      " through the recurrent layer, ",
      h("b", {}, String(convolution.path)),
      ` through the ${this.state.dilated ? "dilated " : ""}convolutions, `,
      h("b", {}, String(attention.path)),
      " in self-attention.",
    );
    this.say.replaceChildren(sentence);
  }

  /** @returns {Table} */
  table() {
    const made = this.numbers();
    const rows = this.panels.map(({ network }) => {
      const { path, layers, sequential, per_layer, lines } = made[network];
      return [this.spec.names[network], ...[path, layers, sequential, per_layer, lines].map(String)];
    });
    return {
      header: ["network", "longest path", "layers", "one after another", "in one layer", "lines in one layer"],
      rows,
    };
  }
}
