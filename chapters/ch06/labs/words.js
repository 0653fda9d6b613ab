// A line of words of which one is chosen: by pointer, by arrow keys; one stop of the Tab key.
import WORDS_CSS from "./words.css";
import { h } from "../../../course_utils/views/core.js";

// a probability as a reader sees it; the same in words.py
export const chance = (p) => (p > 0 && p < 0.0005 ? "< 0.001" : p.toFixed(3));

// places: indices that can be chosen; fill(index, button) writes what a word shows; name: the entry of the state
export function wordline(ui, { words, places, name, label, order = (i) => i }) {
  const chips = words.map((w, i) =>
    places.includes(i)
      ? h("button", {
          type: "button",
          class: "word",
          "data-word": i,
          "aria-label": `${w}, word ${i + 1}`,
          onclick: () => ui.set({ [name]: order(i) }, true),
          onkeydown: key,
        })
      : h("span", { class: "word off" }),
  );
  const line = h("div", { class: "words", role: "group", "aria-label": label }, ...chips);
  const css = h("style", { class: "wordline" });
  css.textContent = WORDS_CSS;
  let wants = false;
  if (!ui.root.querySelector("style.wordline")) ui.root.append(css);
  function key(e) {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -words.length, End: words.length }[
      e.key
    ];
    if (!step || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    e.stopPropagation();
    const now = places.findIndex((p) => order(p) === ui.state[name]);
    wants = true;
    ui.set({ [name]: order(places[Math.max(0, Math.min(places.length - 1, now + step))]) }, true);
  }
  return {
    line,
    chips,
    sync() {
      chips.forEach((chip, i) => {
        const on = places.includes(i) && order(i) === ui.state[name];
        chip.classList.toggle("picked", on);
        if (!places.includes(i)) return;
        chip.tabIndex = on ? 0 : -1;
        chip.setAttribute("aria-pressed", on);
        if (on && wants) chip.focus();
      });
      wants = false;
    },
  };
}
