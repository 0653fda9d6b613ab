// A line of words of which one is chosen: by pointer, by arrow keys; one stop of the Tab key.
import { h } from "../shared/dom.js";
import WORDS_CSS from "./words.css";

// a probability as a reader sees it; the same in words.py
export const chance = (p) => (p > 0 && p < 0.0005 ? "< 0.001" : p.toFixed(3));

// What [SEP] divides begins on a line of its own.
const broken = (chips, words) =>
  chips.flatMap((chip, i) =>
    words[i] === "[SEP]" && i + 1 < words.length ? [chip, h("span", { class: "turn", "aria-hidden": "true" })] : [chip],
  );

// Beside each line of words, what the rows above or below them say. rows: [[selector in a word, label], …];
// returns place(), for after the words have their places.
export function gutter(line, chips, rows) {
  let made = [];
  return () => {
    made.forEach((e) => e.remove());
    const begins = chips.map((c, i) => !i || c.offsetLeft < chips[i - 1].offsetLeft);
    const lines = chips.reduce((all, c, i) => (begins[i] ? all.push([c]) : all.at(-1).push(c), all), []);
    made = lines.flatMap((of) =>
      rows.flatMap(([selector, label]) => {
        const first = of.map((c) => c.querySelector(selector)).find((e) => e?.textContent.trim());
        if (!first) return [];
        const style = `top:${first.offsetTop}px;height:${first.offsetHeight}px`;
        const text = label.cloneNode?.(true) ?? label;
        return [h("span", { class: "beside", style, "aria-hidden": "true" }, text)];
      }),
    );
    line.append(...made);
  };
}

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
  const line = h("div", { class: "words", role: "group", "aria-label": label }, ...broken(chips, words));
  ui.style(WORDS_CSS);
  let wants = false;
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
