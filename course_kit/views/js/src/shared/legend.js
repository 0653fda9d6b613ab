// What the marks of a picture mean, beside it.
import { h } from "./dom.js";
import { t } from "../text.js";

/** @typedef {[mark: string, words: string]} Mark its class in legend.css, and what it means */

/**
 * A ramp of ink from low to high, and other marks.
 * @param {{ low?: number | string, high?: number | string, name?: string, ink?: string }} ramp ink: "", "signed"
 *   or "dots"
 * @param {...Mark} marks
 */
export function legend({ low = 0, high = 1, name = t("weight"), ink = "" } = {}, ...marks) {
  const ramp = h("i", { class: `ramp ${ink}`, "aria-hidden": "true" });
  const named = marks.map(([mark, words]) => h("span", {}, h("i", { class: mark, "aria-hidden": "true" }), words));
  return h("div", { class: "legend" }, h("span", {}, `${name} ${low}`, ramp, String(high)), ...named);
}
