// A panel of lines, points and bands on a canvas, as its layout says.
import { curve, dot, write } from "../shared/draw.js";
import { rgb } from "../shared/theme.js";

/** @import { Place } from "../shared/chart.js" */
/** @import { Pen } from "../shared/draw.js" */
/** @import { Theme } from "../shared/theme.js" */
/** @import { UI } from "../shared/types.js" */
/** @import { PanelLayout, Series } from "./lines_numbers.js" */

// Lines that play no role are dark and pale in turn, the third and fourth in dashes, too. In Python:
// course_kit/views/course.mplstyle.
const DASHES = [[], [], [8, 4], [2, 3]];
const same = (/** @type {number} */ v) => v;

/** The colour of a series. @param {Theme} theme @param {Pick<Series, "kind" | "role" | "tint">} series */
export const colourOf = (theme, { kind, role, tint }) =>
  theme[/** @type {"query"} */ (kind === "dashed" && !role ? "quiet" : tint)];

/**
 * The colour of its name, which has to be legible.
 * @param {Theme} theme
 * @param {Pick<Series, "kind" | "role" | "tint">} series
 */
const nameOf = (theme, series) => (series.tint === "pale" ? theme.quiet : colourOf(theme, series));

/** The dashes of a line. @param {Pick<Series, "kind" | "role" | "plain">} series */
export function dashesOf({ kind, role, plain }) {
  if (kind === "dashed") return [5, 4];
  return role ? [] : DASHES[plain % 4];
}

export class LinesPainter {
  /** @param {UI} ui @param {Pen} pen */
  constructor(ui, pen) {
    this.ui = ui;
    this.pen = pen;
    this.unit = ui.unit;
    this.theme = ui.theme;
  }

  /** @param {PanelLayout} layout */
  panel(layout) {
    this.axes(layout);
    if (layout.mark) {
      this.upright(layout, layout.mark.at, [4, 3]);
      write(this.pen, layout.mark.text, layout.mark.x, layout.box.top + 8 * this.unit, this.theme.quiet);
    }
    for (const series of layout.series) this.series(layout, series);
    this.names(layout);
    this.notes(layout);
  }

  /** The numbers of a curve's notes: above all curves there, each over a dot on its own. @param {PanelLayout} layout */
  notes({ panel, series, box, x, y }) {
    const { pen, unit, theme } = this;
    const radius = 9 * unit;
    panel.notes?.forEach(([along, value], n) => {
      const at = x(along);
      const curves = series.filter(({ kind }) => kind !== "dashed");
      const near = curves.flatMap((one) =>
        Array.from({ length: one.count }, (_, i) => i)
          .filter((i) => Math.abs(x(one.x[i]) - at) < 1.3 * radius)
          .map((i) => Math.min(y(one.y[i]), one.kind === "band" ? y(one.z[i]) : Infinity)),
      );
      const high = Math.max(box.top + radius, Math.min(y(value), ...near) - 1.8 * radius);
      const isLast = curves.every((one) => x(one.x[one.count - 1]) < at + radius);
      const middle = isLast ? at - 1.6 * radius : at; // beside the line of what is read out
      dot(pen, at, y(value), 3.5 * unit, colourOf(theme, series[0]));
      dot(pen, middle, high, radius, rgb(theme.paper));
      pen.lineWidth = 1.2 * unit;
      pen.strokeStyle = rgb(theme.ink);
      pen.beginPath();
      pen.arc(middle, high, radius, 0, 7);
      pen.stroke();
      write(pen, String(n + 1), middle, high, rgb(theme.ink), "center");
    });
  }

  /** @param {PanelLayout} layout */
  axes({ panel, left, box, across, up }) {
    const { pen, unit, theme } = this;
    pen.font = this.ui.font(13);
    if (panel.ylabel) write(pen, panel.ylabel, left, box.top - 19 * unit, theme.quiet);
    for (const { at, text, zero } of up) {
      pen.fillStyle = theme.line;
      pen.fillRect(box.left, Math.round(at), box.right - box.left, zero ? 1 : 0.5);
      write(pen, text, box.left - 6 * unit, at, theme.quiet, "right");
    }
    for (const { at, text } of across) write(pen, text, at, box.bottom + 6 * unit, theme.quiet, "center", "top");
    if (panel.xlabel) write(pen, panel.xlabel, box.right, box.bottom + 23 * unit, theme.quiet, "right", "top");
  }

  /** @param {PanelLayout} layout @param {Series} series */
  series({ x, y }, series) {
    const { pen, unit, theme } = this;
    const colour = colourOf(theme, series);
    if (series.kind === "band") this.band(x, y, series);
    else if (series.kind === "points") {
      const dense = series.count > 300;
      for (let i = 0; i < series.count; i++)
        this.mark(x(series.x[i]), y(series.y[i]), dense ? 1.4 : 3.6 * unit, series, dense ? 0.45 : 0.7);
    } else {
      const aside = series.kind === "dashed";
      curve(pen, series.x, series.y, x, y, colour, aside ? 1.2 : 2, dashesOf(series));
      // what was measured a few times only is not drawn as if it had been watched throughout
      if (!aside && series.count < 16)
        for (let i = 0; i < series.count; i++) dot(pen, x(series.x[i]), y(series.y[i]), 2.8 * unit, colour);
    }
  }

  /** @param {(v: number) => number} x @param {(v: number) => number} y @param {Series} series */
  band(x, y, series) {
    const { pen } = this;
    pen.beginPath();
    for (let i = 0; i < series.count; i++) pen.lineTo(x(series.x[i]), y(series.y[i]));
    for (let i = series.count - 1; i >= 0; i--) pen.lineTo(x(series.x[i]), y(series.z[i]));
    pen.globalAlpha = 0.16;
    pen.fillStyle = colourOf(this.theme, series);
    pen.fill();
    pen.globalAlpha = 1;
  }

  /**
   * A point. Groups differ in its shape as well: dot, square, triangle.
   * @param {number} x
   * @param {number} y
   * @param {number} radius
   * @param {Series} series
   */
  mark(x, y, radius, series, alpha = 0.7) {
    const { pen } = this;
    const colour = colourOf(this.theme, series);
    const shape = series.nth % 3;
    if (shape === 0) {
      dot(pen, x, y, radius, colour, alpha);
      return;
    }
    const square = [-1, -1, 1, -1, 1, 1, -1, 1];
    const corners = shape === 1 ? square : [0, -1.2, 1.1, 1, -1.1, 1];
    pen.globalAlpha = alpha;
    pen.fillStyle = colour;
    pen.beginPath();
    for (let i = 0; i < corners.length; i += 2) pen.lineTo(x + radius * corners[i], y + radius * corners[i + 1]);
    pen.fill();
    pen.globalAlpha = 1;
  }

  /** Title, key, names at the ends of lines and beside points. @param {PanelLayout} layout */
  names({ box, title, left, top, key, ends, labels }) {
    const { pen, unit, theme, ui } = this;
    pen.font = ui.font();
    for (const { series, lines, x, y, apart, leader } of labels) {
      if (leader) curve(pen, [leader[0], leader[2]], [leader[1], leader[3]], same, same, theme.quiet, 0.8);
      lines.forEach((text, n) => write(pen, text, x, y + (n + 0.5) * apart, nameOf(theme, series)));
    }
    pen.font = ui.font(13);
    for (const { series, x, y, from } of ends) {
      const [end, near] = [box.right + 2 * unit, x - 3 * unit];
      if (from !== undefined) curve(pen, [end, near], [from, y], same, same, colourOf(theme, series), 1);
      write(pen, series.name, x, y, nameOf(theme, series));
    }
    for (const { series, x, y } of key) {
      this.sample(series, x + 5 * unit, y);
      write(pen, series.name, x + 14 * unit, y, nameOf(theme, series));
    }
    pen.font = ui.font(13, 700);
    title.forEach((words, i) => write(pen, words, left, top + (9 + 18 * i) * unit, theme.text));
  }

  /** What a name in the key belongs to. @param {Series} series @param {number} x @param {number} y */
  sample(series, x, y) {
    const { pen, unit, theme } = this;
    const half = 5 * unit;
    if (series.kind === "points") this.mark(x, y, 3.6 * unit, series);
    else if (series.kind === "band") {
      pen.globalAlpha = 0.3;
      pen.fillStyle = colourOf(theme, series);
      pen.fillRect(x - half, y - half, 2 * half, 2 * half);
      pen.globalAlpha = 1;
    } else curve(pen, [x - half, x + half], [y, y], same, same, colourOf(theme, series), 2, dashesOf(series));
  }

  /** @param {PanelLayout} layout @param {number} at @param {number[]} dashes */
  upright({ box }, at, dashes = []) {
    curve(this.pen, [at, at], [box.top, box.bottom], same, same, this.theme.quiet, 1, dashes);
  }

  /** The mark that is read out. @param {PanelLayout} layout @param {Series} series @param {Place} place */
  cursor(layout, series, [, i]) {
    const { pen, unit } = this;
    const { x, y } = layout;
    const at = x(series.x[i]);
    const colour = colourOf(this.theme, series);
    const point = series.kind === "points"; // a line from it would seem to lead to another
    if (!point) this.upright(layout, at);
    if (Number.isFinite(series.y[i])) dot(pen, at, y(series.y[i]), (point ? 7 : 4.5) * unit, colour);
    if (series.kind === "band") dot(pen, at, y(series.z[i]), 4.5 * unit, colour);
  }
}
