// The drawing of a Transformer: lines, residual connections with ⊕, and the signs of the three masks.
import { svgElement as svg } from "../shared/dom.js";

/** @import { Layout, Line, Mask, Plus } from "./architecture_layout.js" */

const ROUND = 6; // radius of a corner
const HEAD = 4; // half the width of an arrow's head
const CELL = 3.4;

/** Rows and columns of a mask's sign, and which of its cells may be attended. */
const SIGNS = {
  full: { rows: 4, columns: 4, open: () => true },
  causal: { rows: 4, columns: 4, open: (/** @type {number} */ i, /** @type {number} */ j) => j <= i },
  cross: { rows: 3, columns: 6, open: () => true },
};

/** The sign of a mask: queries down, keys across; what is hidden stays empty. @param {Exclude<Mask, "">} mask */
export function sign(mask) {
  const { rows, columns, open } = SIGNS[mask];
  const cells = [];
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const place = { x: j * CELL + 0.4, y: i * CELL + 0.4, width: CELL - 0.8, height: CELL - 0.8 };
      cells.push(svg("rect", { ...place, class: open(i, j) ? "open" : "hidden-cell" }));
    }
  const [wide, high] = [columns * CELL, rows * CELL];
  return svg("svg", { class: "sign", viewBox: `0 0 ${wide} ${high}`, "aria-hidden": "true" }, ...cells);
}

/**
 * Everything but the boxes. on: whether something of this part is lit.
 * @param {Layout} layout
 * @param {(key: string) => boolean} on
 */
export function strokes({ lines, pluses }, on) {
  const lit = (/** @type {Line | Plus} */ { key }) => (key && on(key) ? " lit" : "");
  return [
    ...lines.map((line) => svg("path", { class: `line ${line.role}${lit(line)}`, d: pathOf(line) })),
    ...lines.filter(({ arrow }) => arrow).map((line) => svg("path", { class: `head ${line.role}`, d: headOf(line) })),
    ...pluses.map((plus) => svg("g", { class: `plus${lit(plus)}` }, ...crossed(plus))),
  ];
}

/** ⊕ @param {Plus} plus */
function crossed({ x, y, r }) {
  const arm = 0.55 * r;
  return [
    svg("circle", { cx: x, cy: y, r }),
    svg("path", { d: `M${x - arm} ${y}H${x + arm}M${x} ${y - arm}V${y + arm}` }),
  ];
}

/** A line with round corners. @param {Line} line */
function pathOf({ points }) {
  const [first, ...others] = points;
  const last = others[others.length - 1];
  const bends = others.slice(0, -1).map((corner, n) => {
    const [before, after] = [points[n], others[n + 1]];
    const r = Math.min(ROUND, distance(before, corner), distance(corner, after) / 2);
    return `L${towards(corner, before, r)}Q${corner} ${towards(corner, after, r)}`;
  });
  return `M${first}${bends.join("")}L${last}`;
}

/** The head at its end. @param {Line} line */
function headOf({ points }) {
  const [before, end] = points.slice(-2);
  const back = towards(end, before, 1.4 * HEAD);
  const [x, y] = [end[0] - back[0], end[1] - back[1]].map((d) => (d / (1.4 * HEAD)) * HEAD); // half its width, turned
  return `M${end}L${back[0] - y} ${back[1] + x}L${back[0] + y} ${back[1] - x}Z`;
}

/** @param {number[]} from @param {number[]} to */
const distance = (from, to) => Math.hypot(to[0] - from[0], to[1] - from[1]);

/** So far on the way. @param {number[]} from @param {number[]} to @param {number} by */
function towards(from, to, by) {
  const all = distance(from, to) || 1;
  return from.map((x, axis) => x + ((to[axis] - x) * by) / all);
}
