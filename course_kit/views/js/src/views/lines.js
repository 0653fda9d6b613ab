// Lines, points and bands: panels side by side, or one below the other where there is no room.
import { chart, Ruler } from "../shared/chart.js";
import { h } from "../shared/dom.js";
import { found, frames, PanelPlan, sentence, seriesOf, startOf, tableOf } from "./lines_numbers.js";
import { LinesPainter } from "./lines_paint.js";

/** @import { Form } from "../shared/chart.js" */
/** @import { Picture, UI } from "../shared/types.js" */
/** @import { LinesLayout, LinesSpec } from "./lines_numbers.js" */

/** @param {UI} ui @returns {Picture} */
export function lines(ui) {
  const spec = /** @type {LinesSpec} */ (ui.spec);
  const { panels } = spec;
  const rows = seriesOf(panels, ui.arrays);
  const ruler = new Ruler(ui);
  const quiet = (/** @type {string} */ text) => h("span", { class: "quiet" }, text);
  /** @type {Form<LinesLayout>} */
  const form = {
    rows: rows.map(({ count }) => count),
    layout(width, narrow) {
      const all = frames(spec, width, narrow, ui);
      const layouts = panels.map((panel, p) => {
        const own = rows.filter((row) => row.panel === p);
        return new PanelPlan(panel, own, all.panels[p], ruler).layout();
      });
      return { ...all, panels: layouts };
    },
    paint(pen, layout, place) {
      const painter = new LinesPainter(ui, pen);
      for (const panel of layout.panels) painter.panel(panel);
      if (place) painter.cursor(layout.panels[rows[place[0]].panel], rows[place[0]], place);
    },
    find: (layout, x, y) => found(layout.panels, rows, x, y),
    start: startOf(panels, rows),
    say(place) {
      const said = sentence(panels, rows, place);
      return [
        quiet(`${said.at} · `),
        said.name ? `${said.name}: ` : "",
        h("b", {}, said.number),
        said.unit ? ` ${said.unit}` : "",
        ...said.others.map((other) => quiet(` · ${other}`)),
      ];
    },
    table: () => tableOf(panels, rows),
    numbers: () => rows.map(({ name, x, y }) => ({ name, x: Array.from(x), y: Array.from(y) })),
  };
  return chart(ui, form);
}
