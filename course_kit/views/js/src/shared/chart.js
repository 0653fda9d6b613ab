// What every chart shares: numbers as a reader sees them, the mark under a pointer or under the arrow keys, a sentence.
// A form says how many marks its rows have and which it tells first, paints itself, finds the mark under a pointer
// and tells its numbers.
import { h, pointed } from "./dom.js";
import { paper } from "./draw.js";
import { clamp } from "./numbers.js";
import CHART_CSS from "./chart.css";

const MORE = " · choose any other point";
export function chart(ui, form) {
  const { spec, state } = ui;
  const canvas = h("canvas", { "aria-hidden": "true" });
  const said = h("div", { class: "read", "data-testid": "readout" });
  const marks = form.rows.reduce((sum, n) => sum + n, 0);
  const hand = h(
    "div",
    {
      class: "hand",
      role: "slider",
      tabindex: 0,
      "aria-label": spec.title || "chart",
      "aria-valuemin": 0,
      "aria-valuemax": Math.max(0, marks - 1),
      onkeydown: key,
    },
    canvas,
  );
  ui.style(CHART_CSS);
  ui.body.append(hand, said);
  let at = null;
  const point = (e, keep) => {
    at = form.find(...pointed(e, canvas));
    ui.set(keep && at ? { row: at[0], mark: at[1] } : {}, keep);
  };
  canvas.onpointermove = (e) => point(e, false);
  canvas.onpointerdown = (e) => point(e, true);
  canvas.onpointerleave = () => {
    at = null;
    ui.set({});
  };
  function key(e) {
    const step = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      PageUp: [0, -10],
      PageDown: [0, 10],
      Home: [0, -1e9],
      End: [0, 1e9],
    }[e.key];
    if (!step || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    e.stopPropagation();
    at = null;
    const row = clamp(state.row + step[0], 0, form.rows.length - 1);
    const mark = state.mark < 0 && Math.abs(step[1]) < 2 ? 0 : state.mark + step[1];
    ui.set({ row, mark: clamp(mark, 0, form.rows[row] - 1) }, true);
  }
  return {
    paint(width, narrow) {
      const c = paper(canvas, ...form.size(width, narrow).map(Math.floor));
      const [row, mark] = at ?? [state.row, state.mark];
      form.paint(c, mark >= 0 ? [row, mark] : form.marksFirst ? form.first() : null);
      const words =
        mark >= 0 ? form.say([row, mark]) : [...form.say(form.first()), h("span", { class: "quiet" }, MORE)];
      said.replaceChildren(...words);
      const before = form.rows.slice(0, row).reduce((sum, n) => sum + n, 0);
      hand.setAttribute("aria-valuenow", before + Math.max(0, mark));
      hand.setAttribute("aria-valuetext", mark >= 0 ? said.textContent : "nothing selected");
    },
    table: () => form.table(),
    numbers: () => form.numbers(),
  };
}
