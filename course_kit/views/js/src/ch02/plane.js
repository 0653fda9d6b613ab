// Vectors of two numbers as arrows whose tips can be dragged; the contexts of A and B as marks.
// What is there at first fills the plane, with room around it to drag a tip to.
import { h, pointed } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { rgb } from "../shared/theme.js";

// tips() -> the vectors, the query first; move(i, [x, y], done) is called while the tip of vector i is dragged.
export function plane(ui, tips, move) {
  const { spec, state, unit } = ui;
  const canvas = h("canvas", { role: "img", "aria-label": spec.words, style: "touch-action:none" });
  const given = [...spec.state.query, ...spec.state.key_vectors];
  const spans = [0, 1].map((axis) => {
    const all = [0, ...given.filter((_, i) => i % 2 === axis)];
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const room = Math.max(0.2 * (high - low), 0.5);
    return [low - room, high + room];
  });
  let held = -1;
  let size = [1, 1];
  let middle = [0, 0]; // where the vector (0, 0) is, in pixels
  let one = 1; // how many of them a length of 1 has
  const at = (v) => v.map((x, i) => middle[i] + (i ? -x : x) * one);
  canvas.onpointerdown = (e) => {
    const p = pointed(e, canvas);
    const far = tips().map((v) => Math.hypot(...at(v).map((x, i) => x - p[i])));
    const best = far.indexOf(Math.min(...far));
    if (far[best] > 26 * unit) return;
    held = best;
    canvas.setPointerCapture(e.pointerId);
  };
  const drag = (e, done) => {
    const inside = pointed(e, canvas).map((p, i) => Math.max(8, Math.min(size[i] - 8, p)) - middle[i]);
    if (held >= 0)
      move(
        held,
        [inside[0], -inside[1]].map((p) => Math.round((20 * p) / one) / 20),
        done,
      );
  };
  canvas.onpointermove = (e) => drag(e, false);
  canvas.onpointerup = (e) => {
    drag(e, true);
    held = -1;
  };

  function line(c, from, to) {
    c.beginPath();
    c.moveTo(...from);
    c.lineTo(...to);
    c.stroke();
  }
  function arrow(c, vector, colour, width, name) {
    const [x, y] = at(vector);
    const turn = Math.atan2(y - middle[1], x - middle[0]);
    const left = x > 0.72 * size[0];
    c.strokeStyle = c.fillStyle = colour;
    c.lineWidth = width;
    line(c, middle, [x, y]);
    c.beginPath();
    if (Math.hypot(...vector) * one > 6) {
      c.moveTo(x, y);
      for (const s of [2.6, -2.6]) c.lineTo(x + 11 * unit * Math.cos(turn + s), y + 11 * unit * Math.sin(turn + s));
    } else c.arc(x, y, 4, 0, 7);
    c.fill();
    c.font = ui.font(13, 600);
    c.textAlign = left ? "right" : "left";
    c.textBaseline = vector[1] < 0 ? "top" : "bottom";
    c.fillText(name, x + (left ? -7 : 7) * unit, y + (vector[1] < 0 ? 4 : -4) * unit);
  }
  // A is full and round, B hollow and square, as in front of their rows; their letters are on both sides of the arrow
  function mark(c, name, vector) {
    const a = name === "A";
    const place = at(vector);
    const beside = ((a ? 16 : -16) * unit) / (Math.hypot(...vector) || 1);
    const [x, y] = place.map((p, i) => p + beside * vector[1 - i]);
    const inks = [rgb(ui.theme.paper), ui.theme.output];
    const shape = (x, y, r) => {
      c.beginPath();
      a ? c.arc(x, y, r, 0, 7) : c.rect(x - r, y - r, 2 * r, 2 * r);
      inks.forEach((ink, i) => {
        c.strokeStyle = ink;
        c.lineWidth = (6 - 4 * i) * unit;
        c.stroke();
      });
      c.fillStyle = inks[+a];
      c.fill();
    };
    shape(...place, 3.5 * unit);
    shape(x, y, 8 * unit);
    c.font = ui.font(12, 700);
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillStyle = inks[+!a];
    c.fillText(name, x, y + 1);
  }
  // contexts: {A: [x, y], B: [x, y]}; none of them where they are not shown yet
  function draw(wide, high, contexts) {
    const { theme } = ui;
    const c = paper(canvas, wide, high);
    const [[x0, x1], [y0, y1]] = spans;
    size = [wide, high];
    one = Math.min(wide / (x1 - x0), high / (y1 - y0));
    middle = [(wide - (x0 + x1) * one) / 2, (high + (y0 + y1) * one) / 2];
    c.strokeStyle = theme.line;
    c.lineWidth = 1;
    for (let t = -99; t < 100; t++) {
      const [x, y] = at([t, t]);
      c.globalAlpha = t ? 0.55 : 1;
      line(c, [x, 0], [x, high]);
      line(c, [0, y], [wide, y]);
    }
    const [query, ...keys] = tips();
    keys.forEach((key, i) => {
      c.globalAlpha = state.mask[i] ? 1 : 0.35;
      arrow(c, key, theme.key, 2 * unit, spec.names[i]);
    });
    c.globalAlpha = 1;
    for (const name in contexts) mark(c, name, contexts[name]);
    if (contexts.A) {
      c.textAlign = "left";
      c.fillStyle = theme.output;
      c.fillText(`A, B: averages of the ${ui.arrays.values ? "values" : "keys"}`, 6, high - 9 * unit);
    }
    arrow(c, query, theme.query, 3.4 * unit, spec.query_name);
  }
  return { canvas, draw, where: () => ({ middle, one }) };
}
