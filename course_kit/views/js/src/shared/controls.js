// The controls of a view: native, labelled, described by its spec; a value is always its own, never an index.
import { fresh, h } from "./dom.js";
import { fmt, nearest } from "./numbers.js";
import { t } from "../text.js";

/** @import { Control, UI } from "./types.js" */
/** @typedef {{ element: HTMLElement, sync: () => void }} Made sync: shows the state */

/** By kind. @type {Record<Control["kind"], (ui: UI, control: Control) => Made>} */
export const CONTROLS = { range, choice, toggles, button };

/** Options that are words of the program. @type {Record<string, string>} */
const OPTIONS = { on: t("on"), off: t("off") };

/** What an option is called. @param {UI} ui @param {Record<any, string>} words @param {any} option */
const named = ({ spec }, words, option) => words[option] ?? spec.table?.[option] ?? OPTIONS[option] ?? String(option);

/** @param {UI} ui @param {Control} control @returns {Made} */
function range(ui, { name, label, values = [], digits = 2 }) {
  const id = fresh("c");
  const shown = h("output", { for: id, "data-testid": name });
  const read = () => values[input.valueAsNumber];
  const input = h("input", {
    ...{ id, type: "range", min: 0, max: values.length - 1, step: 1, "data-control": name },
    oninput: () => ui.set({ [name]: read() }),
    onchange: () => ui.set({ [name]: read() }, true),
  });
  function sync() {
    input.value = String(nearest(values, ui.state[name]));
    shown.value = fmt(ui.state[name], digits);
    input.setAttribute("aria-valuetext", `${label} ${shown.value}`);
  }
  return { element: h("span", { class: "control" }, h("label", { for: id }, label), input, shown), sync };
}

/** @param {UI} ui @param {Control} control @returns {Made} */
function choice(ui, control) {
  return control.menu ? menu(ui, control) : radios(ui, control);
}

/** @param {UI} ui @param {Control} control @returns {Made} */
function menu(ui, { name, label, options = [], words = {} }) {
  const id = fresh("c");
  const list = h(
    "select",
    { id, "data-control": name, onchange: () => ui.set({ [name]: options[list.selectedIndex] }, true) },
    ...options.map((option) => h("option", {}, named(ui, words, option))),
  );
  function sync() {
    list.selectedIndex = options.indexOf(ui.state[name]);
  }
  return { element: h("span", { class: "control" }, h("label", { for: id }, label), list), sync };
}

/** @param {UI} ui @param {Control} control @returns {Made} */
function radios(ui, { name, label, options = [], words = {} }) {
  const group = fresh("g");
  const inputs = options.map((option) =>
    h("input", {
      ...{ type: "radio", name: group, value: String(option), "data-control": name },
      onchange: () => ui.set({ [name]: option }, true),
    }),
  );
  const labels = options.map((option, i) => h("label", {}, inputs[i], h("span", {}, named(ui, words, option))));
  function sync() {
    options.forEach((option, i) => {
      inputs[i].checked = ui.state[name] === option;
    });
  }
  return { element: h("fieldset", { class: "control choice" }, h("legend", {}, label), ...labels), sync };
}

/** @param {UI} ui @param {Control} control @returns {Made} */
function toggles(ui, { name, label, options = [] }) {
  const onchange = () => ui.set({ [name]: boxes.map((box) => box.checked) }, true);
  const boxes = options.map(() => h("input", { type: "checkbox", "data-control": name, onchange }));
  const labels = options.map((option, i) => h("label", {}, boxes[i], named(ui, {}, option)));
  function sync() {
    boxes.forEach((box, i) => {
      box.checked = ui.state[name][i];
    });
  }
  return { element: h("fieldset", { class: "control" }, h("legend", {}, label), ...labels), sync };
}

/** @param {UI} ui @param {Control} control @returns {Made} */
function button(ui, { name, label }) {
  const look = { type: "button", "data-control": name, onclick: () => ui.act(name) };
  return { element: h("button", look, label), sync: () => {} };
}
