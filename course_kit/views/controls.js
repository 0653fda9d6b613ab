// The controls of a view: native, labelled, described by its spec; a value is always its own, never an index.
import CONTROLS_CSS from "./controls.css";
import { control, fmt, fresh, h, nearest } from "./core.js";

Object.assign(control, {
  css: CONTROLS_CSS,
  range(ui, { name, label, values, digits = 2 }) {
    const id = fresh("c"),
      shown = h("output", { for: id, "data-testid": name });
    const read = () => values[input.valueAsNumber];
    const input = h("input", {
      id,
      type: "range",
      min: 0,
      max: values.length - 1,
      step: 1,
      "data-control": name,
      oninput: () => ui.set({ [name]: read() }),
      onchange: () => ui.set({ [name]: read() }, true),
    });
    const sync = () => {
      input.value = nearest(values, ui.state[name]);
      shown.value = fmt(ui.state[name], digits);
      input.setAttribute("aria-valuetext", `${label} ${shown.value}`);
    };
    return [h("span", { class: "control" }, h("label", { for: id }, label), input, shown), sync];
  },
  choice(ui, { name, label, options, words = {}, menu = false }) {
    if (menu) {
      const id = fresh("c"),
        list = h(
          "select",
          { id, "data-control": name, onchange: () => ui.set({ [name]: options[list.selectedIndex] }, true) },
          ...options.map((o) => h("option", {}, words[o] ?? String(o))),
        );
      return [
        h("span", { class: "control" }, h("label", { for: id }, label), list),
        () => (list.selectedIndex = options.indexOf(ui.state[name])),
      ];
    }
    const group = fresh("g"),
      inputs = options.map((o) =>
        h("input", {
          type: "radio",
          name: group,
          value: String(o),
          "data-control": name,
          onchange: () => ui.set({ [name]: o }, true),
        }),
      );
    const labels = options.map((o, i) => h("label", {}, inputs[i], h("span", {}, words[o] ?? String(o))));
    const sync = () => options.forEach((o, i) => (inputs[i].checked = ui.state[name] === o));
    return [h("fieldset", { class: "control choice" }, h("legend", {}, label), ...labels), sync];
  },
  toggles(ui, { name, label, options }) {
    const read = () => boxes.map((b) => b.checked);
    const boxes = options.map(() =>
      h("input", { type: "checkbox", "data-control": name, onchange: () => ui.set({ [name]: read() }, true) }),
    );
    const sync = () => boxes.forEach((b, i) => (b.checked = ui.state[name][i]));
    return [
      h(
        "fieldset",
        { class: "control" },
        h("legend", {}, label),
        ...options.map((o, i) => h("label", {}, boxes[i], o)),
      ),
      sync,
    ];
  },
  button(ui, { name, label }) {
    return [h("button", { type: "button", "data-control": name, onclick: () => ui.act(name) }, label), () => {}];
  },
});
