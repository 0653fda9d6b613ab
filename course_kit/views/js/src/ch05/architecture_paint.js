// The Transformer's drawing on a canvas: all but its parts, which are buttons.
import { paper, write } from "../shared/draw.js";
import { mix, rgb } from "../shared/theme.js";

/** @import { UI } from "../shared/types.js" */
/** @import { Layout, Line } from "./architecture_layout.js" */

/**
 * @param {UI} ui
 * @param {HTMLCanvasElement} canvas
 * @param {Layout} layout
 * @param {number} width
 * @param {string} selected the part whose incoming lines are thick
 */
export function drawArchitecture(ui, canvas, layout, width, selected) {
  const { theme, unit } = ui;
  const c = paper(canvas, width, layout.height);
  c.lineJoin = "round";
  c.lineWidth = unit;
  for (const { x, y, w, h } of layout.frames) {
    c.beginPath();
    c.roundRect(x, y, w, h, 9 * unit);
    c.fillStyle = rgb(mix(theme.paper, theme.ink, 0.035));
    c.fill();
    c.strokeStyle = theme.hatch;
    c.stroke();
  }
  for (const line of layout.lines) drawLine(ui, c, line, line.to !== "" && line.to === selected);
  for (const { text, x, y, align, role, bold } of layout.labels) {
    c.font = ui.font(13, bold ? 700 : 400);
    write(c, text, x, y, role ? theme[role] : theme.text, align);
  }
}

/** @param {UI} ui @param {CanvasRenderingContext2D} c @param {Line} line @param {boolean} lit */
function drawLine({ theme, unit }, c, { points, role, arrow }, lit) {
  const colour = theme[role || (lit ? "text" : "quiet")];
  const head = (lit ? 7.5 : 6) * unit;
  const [end, before] = [points[points.length - 1], points[points.length - 2]];
  const [dx, dy] = [Math.sign(end[0] - before[0]), Math.sign(end[1] - before[1])];
  c.strokeStyle = colour;
  c.lineWidth = (lit ? 2.6 : 1.3) * unit;
  c.beginPath();
  c.moveTo(...points[0]);
  points.slice(1, -1).forEach((corner, i) => c.arcTo(...corner, ...points[i + 2], 7 * unit));
  c.lineTo(end[0] - (arrow ? dx * head * 0.7 : 0), end[1] - (arrow ? dy * head * 0.7 : 0));
  c.stroke();
  if (!arrow) return;
  c.fillStyle = colour;
  c.beginPath();
  c.moveTo(...end);
  for (const way of [1, -1])
    c.lineTo(end[0] - dx * head + way * dy * head * 0.55, end[1] - dy * head + way * dx * head * 0.55);
  c.fill();
}
