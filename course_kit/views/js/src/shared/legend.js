// What the marks of a picture mean, beside it.
import { h } from "./dom.js";

// A ramp of ink from low to high; marks: of other marks, [class, words].
export function legend({ low = 0, high = 1, name = "weight", ink = "" } = {}, ...marks) {
  const named = ([mark, words]) => h("span", {}, h("i", { class: mark, "aria-hidden": "true" }), words);
  const ramp = h("i", { class: `ramp ${ink}`, "aria-hidden": "true" });
  return h("div", { class: "legend" }, h("span", {}, `${name} ${low}`, ramp, String(high)), ...marks.map(named));
}
