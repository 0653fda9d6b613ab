// Vectors of two numbers as arrows whose tips can be dragged; the contexts of A and B as marks.
// What is there at first fills the plane, with room around it to drag a tip to.
import { h, paper, pointed, rgb } from "../../../course_utils/views/core.js";

// tips() -> the vectors, the query first; move(i, [x, y], done) is called while the tip of vector i is dragged.
export function plane(ui, tips, move) {
  const { spec, state, unit } = ui,
    canvas = h("canvas", { role: "img", "aria-label": spec.words, style: "cursor:grab;touch-action:none" }),
    round = (x) => Math.round(x * 20) / 20;
  const given = [spec.state.query, spec.state.key_vectors].flat(),
    spans = [0, 1].map((axis) => {
      const all = [0, ...given.filter((_, i) => i % 2 === axis)],
        [low, high] = [Math.min(...all), Math.max(...all)],
        room = Math.max(0.2 * (high - low), 0.5);
      return [low - room, high + room];
    });
  let held = null,
    place = null;
  canvas.onpointerdown = (e) => {
    const [x, y] = pointed(e, canvas),
      far = tips().map(([a, b]) => Math.hypot(place.x(a) - x, place.y(b) - y)),
      best = far.indexOf(Math.min(...far));
    if (far[best] < 26 * unit) {
      held = best;
      canvas.setPointerCapture(e.pointerId);
      canvas.style.cursor = "grabbing";
    }
  };
  const drag = (e, done) => {
    if (held === null) return;
    const [x, y] = pointed(e, canvas).map((p, i) => Math.max(8, Math.min(place.size[i] - 8, p)));
    move(held, [round(place.fromX(x)), round(place.fromY(y))], done);
  };
  canvas.onpointermove = (e) => drag(e, false);
  canvas.onpointerup = (e) => {
    drag(e, true);
    held = null;
    canvas.style.cursor = "grab";
  };

  function grid(c, wide, high) {
    c.strokeStyle = ui.theme.line;
    c.lineWidth = 1;
    const { middle, one } = place,
      lines = (zero, end, draw) => {
        for (let t = -Math.floor(zero / one); zero + t * one < end; t++) {
          c.globalAlpha = t ? 0.55 : 1;
          c.beginPath();
          draw(zero + t * one);
          c.stroke();
        }
      };
    lines(middle[0], wide, (p) => (c.moveTo(p, 0), c.lineTo(p, high)));
    lines(middle[1], high, (p) => (c.moveTo(0, p), c.lineTo(wide, p)));
    c.globalAlpha = 1;
  }
  function arrow(c, [a, b], colour, width, name) {
    const [x0, y0] = place.middle,
      [x, y] = [place.x(a), place.y(b)],
      turn = Math.atan2(y - y0, x - x0),
      far = Math.hypot(x - x0, y - y0);
    c.strokeStyle = c.fillStyle = colour;
    c.lineWidth = width;
    c.beginPath();
    c.moveTo(x0, y0);
    c.lineTo(x, y);
    c.stroke();
    c.beginPath();
    if (far > 6) {
      c.moveTo(x, y);
      for (const s of [2.6, -2.6]) c.lineTo(x + 11 * unit * Math.cos(turn + s), y + 11 * unit * Math.sin(turn + s));
    } else c.arc(x, y, 4, 0, 7);
    c.fill();
    const left = x > 0.72 * place.size[0];
    c.font = ui.font(13, 600);
    c.textAlign = left ? "right" : "left";
    c.textBaseline = b >= 0 ? "bottom" : "top";
    c.strokeStyle = rgb(ui.theme.paper);
    c.lineWidth = 3 * unit;
    c.lineJoin = "round";
    const at = [x + (left ? -7 : 7) * unit, y + (b >= 0 ? -4 : 4) * unit];
    c.strokeText(name, ...at);
    c.fillText(name, ...at);
  }
  // A is full and round, B is hollow and square, as in front of their rows
  function mark(c, which, [a, b]) {
    const { theme } = ui,
      [x, y, r] = [place.x(a), place.y(b), 9 * unit],
      full = which === "a";
    c.fillStyle = full ? theme.output : rgb(theme.paper);
    c.strokeStyle = theme.output;
    c.lineWidth = 2 * unit;
    c.beginPath();
    full ? c.arc(x, y, r, 0, 7) : c.rect(x - r, y - r, 2 * r, 2 * r);
    c.fill();
    c.stroke();
    c.font = ui.font(12, 700);
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.fillStyle = full ? rgb(theme.paper) : theme.output;
    c.fillText(which.toUpperCase(), x, y + 1);
  }
  // contexts: {a: [x, y], b: [x, y]}, or null where they are not shown yet
  function draw(wide, high, contexts) {
    const { theme } = ui,
      c = paper(canvas, wide, high),
      [[x0, x1], [y0, y1]] = spans,
      one = Math.min(wide / (x1 - x0), high / (y1 - y0)),
      middle = [wide / 2 - ((x0 + x1) / 2) * one, high / 2 + ((y0 + y1) / 2) * one];
    place = {
      middle,
      one,
      size: [wide, high],
      x: (a) => middle[0] + a * one,
      y: (b) => middle[1] - b * one,
      fromX: (p) => (p - middle[0]) / one,
      fromY: (p) => (middle[1] - p) / one,
    };
    grid(c, wide, high);
    const [query, ...keys] = tips();
    keys.forEach((k, i) => {
      c.globalAlpha = state.mask[i] ? 1 : 0.35;
      arrow(c, k, theme.key, 2 * unit, spec.names[i]);
      c.globalAlpha = 1;
    });
    if (contexts) for (const which of ["b", "a"]) mark(c, which, contexts[which]);
    arrow(c, query, theme.query, 3.4 * unit, spec.query_name);
  }
  return { canvas, draw, where: () => place };
}
