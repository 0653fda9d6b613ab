// Lines, points and bands: panels side by side, or one below the other where there is no room.
import { chart, Ruler } from "../shared/chart.js";
import { h } from "../shared/dom.js";
import { found, frames, PanelPlan, sentence, seriesOf, startOf, tableOf } from "./lines_numbers.js";
import { LinesPainter } from "./lines_paint.js";
import { t } from "../text.js";

/** @import { Form } from "../shared/chart.js" */
/** @import { Picture, UI } from "../shared/types.js" */
/** @import { LinesLayout, LinesSpec, Panel, Series } from "./lines_numbers.js" */

/** @param {UI} ui @returns {Picture} */
export function lines(ui) {
  const spec = /** @type {LinesSpec} */ (ui.spec);
  const all = seriesOf(spec.panels, ui.arrays);
  const charts = spec.along?.length || 1; // a control chooses one of them; their panels and rows are alike
  const [wide, high] = [spec.panels.length / charts, all.length / charts];
  /** The chosen chart. @returns {[panels: Panel[], rows: Series[]]} */
  const now = () => {
    const n = Math.max(0, spec.along?.indexOf(ui.state.along) ?? 0);
    const rows = all.slice(n * high, (n + 1) * high).map((row) => ({ ...row, panel: row.panel - n * wide }));
    return [spec.panels.slice(n * wide, (n + 1) * wide), rows];
  };
  const ruler = new Ruler(ui);
  const quiet = (/** @type {string} */ text) => h("span", { class: "quiet" }, text);
  /** @type {Form<LinesLayout>} */
  const form = {
    rows: all.slice(0, high).map(({ count }) => count),
    layout(width, narrow) {
      const [panels, rows] = now();
      const place = frames({ ...spec, panels }, width, narrow, ui);
      const own = (/** @type {number} */ p) => rows.filter((row) => row.panel === p);
      const plans = panels.map((panel, p) => new PanelPlan(panel, own(p), place.panels[p], ruler, narrow));
      return { ...place, panels: plans.map((plan) => plan.layout()) };
    },
    paint(pen, layout, place) {
      const painter = new LinesPainter(ui, pen);
      for (const panel of layout.panels) painter.panel(panel);
      const row = place && now()[1][place[0]];
      if (row) painter.cursor(layout.panels[row.panel], row, place);
    },
    find: (layout, x, y) => found(layout.panels, now()[1], x, y),
    start: startOf(...now()),
    say(place) {
      const said = sentence(...now(), place);
      return [
        quiet(`${said.at} · `),
        said.name ? t("{name}: ", { name: said.name }) : "",
        h("b", {}, said.number),
        said.unit ? ` ${said.unit}` : "",
        ...said.others.map((other) => quiet(` · ${other}`)),
      ];
    },
    table: () => tableOf(...now()),
    numbers: () => now()[1].map(({ name, x, y }) => ({ name, x: Array.from(x), y: Array.from(y) })),
  };
  const picture = chart(ui, form);
  const notes = spec.panels.flatMap(({ xlabel, notes: all = [] }) =>
    all.map(([x, , text]) => [`${xlabel} ${x}: `, text]),
  );
  if (notes.length)
    ui.body.append(h("ol", { class: "notes" }, ...notes.map(([at, text]) => h("li", {}, quiet(at), text))));
  return picture;
}
