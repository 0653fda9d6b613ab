// What the two labs of attention pooling draw alike: a legend, straight lines, and the query below its axis.
import { curve, dot } from "../shared/draw.js";
import { short as said } from "../shared/numbers.js";

export const straight = (c, x0, y0, x1, y1, ...how) =>
  curve(
    c,
    [x0, x1],
    [y0, y1],
    (v) => v,
    (v) => v,
    ...how,
  );
// Marks and what they are, in one row that ends at `right`: dots for values, the curve of the estimates, the truth.
export function marked(ui, c, right, y, value, truth) {
  const { theme, unit } = ui;
  const items = [
    [value, (x) => dot(c, x + 8 * unit, y, 4 * unit, theme.value)],
    ["estimate", (x) => straight(c, x, y, x + 16 * unit, y, theme.output, 2.4 * unit)],
    ...(truth ? [["truth", (x) => straight(c, x, y, x + 16 * unit, y, theme.quiet, 1.2, [5, 4])]] : []),
  ];
  c.font = ui.font(12);
  c.textBaseline = "middle";
  c.textAlign = "left";
  const wide = items.map(([text]) => c.measureText(text).width + 34 * unit);
  let x = right - wide.reduce((a, b) => a + b, -12 * unit);
  items.forEach(([text, mark], i) => {
    mark(x);
    c.fillStyle = theme.quiet;
    c.fillText(text, x + 22 * unit, y + 1);
    x += wide[i];
  });
}
// A triangle at the query and its number; the name of the axis goes where these are not.
export function asked(ui, c, at, y, from, to) {
  const { theme, unit, state, spec } = ui;
  const left = at > to - 110 * unit;
  c.fillStyle = theme.query;
  c.beginPath();
  c.moveTo(at, y);
  c.lineTo(at - 8 * unit, y + 14 * unit);
  c.lineTo(at + 8 * unit, y + 14 * unit);
  c.fill();
  c.font = ui.font(13, 700);
  c.textAlign = left ? "right" : "left";
  c.textBaseline = "middle";
  const text = `query ${said(state.query)}`;
  const wide = c.measureText(text).width + 12 * unit;
  c.fillText(text, at + (left ? -12 : 12) * unit, y + 9 * unit);
  c.font = ui.font(12);
  c.fillStyle = theme.quiet;
  const name = c.measureText(spec.key_name).width + 8 * unit;
  const fits = { right: to - name > at + (left ? 8 * unit : wide), left: from + name < at - (left ? wide : 8 * unit) };
  c.textAlign = fits.right ? "right" : "left";
  if (fits.right || fits.left) c.fillText(spec.key_name, fits.right ? to : from, y + 9 * unit);
}
