// What the marks of a picture mean, beside it.
import LEGEND_CSS from "./legend.css";
import { h } from "./core.js";

// A ramp of ink from low to high; marks: of other marks, [class, words].
export function legend({ low = 0, high = 1, name = "weight", ink = "" } = {}, ...marks) {
  const named = ([mark, words]) => h("span", {}, h("i", { class: mark, "aria-hidden": "true" }), words),
    ramp = h("i", { class: `ramp ${ink}`, "aria-hidden": "true" });
  return h(
    "div",
    { class: "legend" },
    h("style", {}, LEGEND_CSS),
    h("span", {}, `${name} ${low}`, ramp, String(high)),
    ...marks.map(named),
  );
}
