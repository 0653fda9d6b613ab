// A pair of columns as a point on a circle: one 2 × 2 matrix carries position i to i + δ, whatever i is.
import { h, pointed } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { fmt } from "../shared/numbers.js";
import { rgb } from "../shared/theme.js";
import ROTATION_CSS from "./rotation.css";
import { encode, frequencies } from "./sines.js";

const TURN = 2 * Math.PI;

export function rotation(ui) {
  const { spec, state, unit } = ui;
  const T = spec.length;
  const D = spec.size;
  const omegas = frequencies(D);
  const words = ["position", "offset", "pair"];
  const canvas = h("canvas", {
    role: "img",
    "aria-label": "two positions on a circle",
    style: "cursor:grab;touch-action:none",
  });
  const equation = h("div", { class: "equation", role: "math" });
  const same = h("div", { class: "same" });
  const say = h("div", { class: "say", role: "status", "data-testid": "readout" });
  const some = [...new Set([0, 1, 2, 3, 4].map((n) => Math.floor((n * T) / 5)))];
  ui.body.append(canvas);
  ui.side.append(equation, same, say);

  const at = (i) => encode(i, [omegas[state.pair]]); // [sine, cosine]
  const times = (R, p) => R.map((row) => row[0] * p[0] + row[1] * p[1]);
  const apart = (a, b) => Math.max(...a.flat().map((x, i) => Math.abs(x - b.flat()[i])));
  // the rotation that takes the point p to q, found from the two points alone
  const between = ([s, c], [t, d]) => {
    const cos = s * t + c * d;
    const sin = c * t - s * d;
    return [
      [cos, sin],
      [-sin, cos],
    ];
  };
  function compute() {
    const { pair, offset, position } = state;
    const omega = omegas[pair];
    const angle = offset * omega;
    const sin = Math.sin(angle);
    const cos = Math.cos(angle);
    const matrix = [
      [cos, sin],
      [-sin, cos],
    ];
    const all = Array.from({ length: T }, (_, i) => i);
    const error = Math.max(...all.map((i) => apart(times(matrix, at(i)), at(i + offset))));
    const found = Math.max(...all.map((i) => apart(between(at(i), at(i + offset)), matrix)));
    const inner = (a, b) => a.reduce((sum, x, c) => sum + x * b[c], 0);
    const dots = all.map((i) => inner(encode(i, omegas), encode(i + offset, omegas)));
    return {
      omega,
      angle,
      matrix,
      points: [at(position), at(position + offset)],
      turned: times(matrix, at(position)),
      error,
      found,
      dots,
    };
  }
  // ---- the two points can be dragged round: the first is the position, the second the offset from it
  const turnOf = (i) => (((i * omegas[state.pair]) % TURN) + TURN) % TURN;
  const around = (a, b) => Math.min(Math.abs(a - b), TURN - Math.abs(a - b));
  let held = null;
  function under(e) {
    const [x, y] = pointed(e, canvas);
    const middle = canvas.offsetWidth / 2;
    return { x, y, turn: (Math.atan2(middle - y, x - middle) + TURN) % TURN };
  }
  function drag(e, done) {
    const { turn } = under(e);
    const name = words[held];
    const now = state[name];
    const { values } = spec.controls.find((c) => c.name === name);
    // the nearest on the circle, and of several in the same place the one that is least far to go
    const far = (v) => around(turnOf(held ? state.position + v : v), turn) + 1e-3 * Math.abs(v - now);
    ui.set({ [name]: values.reduce((best, v) => (far(v) < far(best) ? v : best)) }, done);
  }
  canvas.onpointerdown = (e) => {
    const { turn } = under(e);
    const [first, second] = [state.position, state.position + state.offset].map((i) => around(turnOf(i), turn));
    held = state.offset && second < first ? 1 : 0;
    canvas.setPointerCapture(e.pointerId);
    drag(e, false);
  };
  canvas.onpointermove = (e) => held !== null && drag(e, false);
  canvas.onpointerup = canvas.onpointercancel = (e) => {
    if (held !== null) drag(e, true);
    held = null;
  };
  // what the reader moved last, and whether R moved with it
  let last = null;
  let note = "Drag P[i] round the circle: does R change?";
  function notice(made) {
    if (last && words.some((w) => state[w] !== last.state[w])) {
      const moved = words.filter((w) => state[w] !== last.state[w]);
      const same = apart(made.matrix, last.matrix) === 0;
      const [name] = moved;
      const letter = { position: "i", offset: "δ", pair: "j" }[name];
      const outcome = same ? "stayed the same." : "is another matrix.";
      const said = `You moved ${letter} from ${last.state[name]} to ${state[name]}: R ${outcome}`;
      note = moved.length > 1 ? "" : said.replaceAll("-", "−");
      last = null;
    }
    last ??= { state: { ...state }, matrix: made.matrix };
  }
  const bracket = (numbers, name) =>
    h(
      "span",
      { class: "matrix" },
      h("span", { class: `cells c${numbers[0].length}` }, ...numbers.flat().map((x) => h("span", {}, fmt(x)))),
      h("small", {}, name),
    );
  const raised = (n) => String(n).replace(/./g, (d) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(d)]);
  const tiny = (x) => (x === 0 ? "0" : x < 1e-3 ? `10${raised(Math.ceil(Math.log10(x)))}` : fmt(x));
  const sign = (i) => String(i).replace("-", "−");
  ui.style(ROTATION_CSS);

  return {
    paint(width, narrow) {
      const { theme } = ui;
      const made = compute();
      const { omega, angle, matrix, points, turned } = made;
      const i = state.position;
      const d = state.offset;
      const j = state.pair;
      notice(made);
      ui.body.parentElement.classList.toggle("beside", narrow && width > 560 * unit);
      const beside = !narrow || width > 560 * unit;
      const side = Math.min(beside ? width * 0.43 : width, 380 * unit);
      const R = side / 2 - 42 * unit;
      const m = side / 2;
      const c = paper(canvas, side, side + 4 * unit);
      const sand = rgb(theme.plus);
      const place = ([s, k], r = R) => [m + r * k, m - r * s];
      c.strokeStyle = theme.line;
      c.lineWidth = 1;
      c.beginPath();
      c.moveTo(m - R - 8, m);
      c.lineTo(m + R + 8, m);
      c.moveTo(m, m - R - 8);
      c.lineTo(m, m + R + 8);
      c.stroke();
      c.strokeStyle = theme.hatch;
      c.beginPath();
      c.arc(m, m, R, 0, 7);
      c.stroke();
      // the same step from everywhere
      c.strokeStyle = theme.line;
      c.beginPath();
      for (let p = 0; p < T; p++) {
        c.moveTo(...place(at(p)));
        c.lineTo(...place(at(p + d)));
      }
      c.stroke();
      c.fillStyle = theme.quiet;
      for (let p = 0; p < T; p++) {
        const [x, y] = place(at(p));
        c.globalAlpha = 0.55;
        c.beginPath();
        c.arc(x, y, 2 * unit, 0, 7);
        c.fill();
      }
      c.globalAlpha = 1;
      // the angle, as a spiral when it is more than one turn
      c.strokeStyle = sand;
      c.lineWidth = 2.5 * unit;
      c.beginPath();
      for (let s = 0; s <= 240; s++) {
        const a = i * omega + (angle * s) / 240;
        c.lineTo(
          ...place(
            [Math.sin(a), Math.cos(a)],
            R * (0.3 + Math.min(0.55, (0.08 * Math.abs(angle) * s) / 240 / 2 / Math.PI)),
          ),
        );
      }
      c.stroke();
      if (Math.abs(angle) > 0.6) {
        const a = i * omega + angle / 2;
        const [x, y] = place([Math.sin(a), Math.cos(a)], R * (0.47 + 0.02 * Math.abs(angle)));
        c.fillStyle = sand;
        c.font = ui.font(13, 600);
        c.textAlign = "center";
        c.textBaseline = "middle";
        c.fillText(`${fmt((angle * 180) / Math.PI, 0)}°`, x, y);
      }
      const names = [`P[${i}]`, `P[${sign(i + d)}]`];
      const near = d !== 0 && Math.hypot(points[0][0] - points[1][0], points[0][1] - points[1][1]) < 0.3;
      points.forEach((p, n) => {
        const [x, y] = place(p);
        const colour = n ? sand : theme.text;
        c.strokeStyle = c.fillStyle = colour;
        c.lineWidth = 2 * unit;
        c.beginPath();
        c.moveTo(m, m);
        c.lineTo(x, y);
        c.stroke();
        c.beginPath();
        c.arc(x, y, (n ? 8.5 : 5) * unit, 0, 7);
        n ? c.stroke() : c.fill(); // a ring round a dot where they meet
        if (n && d === 0) return;
        const lean = near ? (n ? 1 : -1) * Math.sign(matrix[0][1]) * 0.16 : 0;
        const a = (i + n * d) * omega + lean;
        const [tx, ty] = place([Math.sin(a), Math.cos(a)], R + 27 * unit); // names of near points step aside
        c.font = ui.font(13, 600);
        c.textAlign = "center";
        c.textBaseline = "middle";
        c.fillText(names[n], tx, ty);
      });
      c.font = ui.font(12);
      c.fillStyle = theme.quiet;
      c.textAlign = "right";
      c.textBaseline = "bottom";
      c.fillText(`cosine, column ${2 * j + 1} →`, side, side + 2 * unit);
      c.textAlign = "left";
      c.textBaseline = "top";
      c.fillText(`↑ sine, column ${2 * j}`, 2, 2);
      canvas.setAttribute(
        "aria-label",
        `Circle of columns ${2 * j} and ${2 * j + 1}: ${names[0]} at ${points[0].map((x) => fmt(x)).join(", ")}, ` +
          `${names[1]} at ${points[1].map((x) => fmt(x)).join(", ")}, ${fmt(angle)} radians apart.`,
      );
      const column = (v) => v.map((x) => [x]);
      const equal = (a, b) => (apart(a, b) < 1e-9 ? "=" : "≠");
      equation.replaceChildren(
        h("span", { class: "one matrix" }, ...bracket(matrix, `R, for δ = ${sign(d)}`).childNodes),
        h("b", {}, "·"),
        bracket(column(points[0]), names[0]),
        h("b", {}, equal(turned, points[1])),
        bracket(column(points[1]), names[1]),
      );
      equation.setAttribute(
        "aria-label",
        `R = (${matrix.map((r) => r.map((x) => fmt(x)).join(", ")).join("; ")}) ` +
          `times ${names[0]} = ${turned.map((x) => fmt(x)).join(", ")}`,
      );
      const pair = (v) => `(${v.map((x) => fmt(x)).join(", ")})`;
      const degrees = fmt((angle * 180) / Math.PI, 0);
      same.replaceChildren(
        h("b", {}, `The same R carries every position ${sign(Math.abs(d))} ${d < 0 ? "back" : "on"}:`),
        ...some.flatMap((p) => [
          h("i", {}, `P[${p}]`),
          h("span", {}, pair(at(p))),
          h("span", {}, equal(times(matrix, at(p)), at(p + d)) === "=" ? "→" : "↛"),
          h("i", {}, `P[${sign(p + d)}]`),
          h("span", {}, pair(at(p + d))),
        ]),
      );
      say.replaceChildren(
        h(
          "div",
          {},
          `R turns by δ · ω = ${sign(d)} · ${fmt(omega, omega < 0.01 ? 5 : 3)} = ${fmt(angle)} rad, ${degrees}°.`,
        ),
        h(
          "div",
          {},
          made.error < 1e-9
            ? `R · P[i] = P[i+δ] at all ${T} positions, to within ${tiny(made.error)}.`
            : `R misses P[i+δ] by up to ${fmt(made.error)}.`,
        ),
        h("div", { class: "quiet", "data-testid": "note" }, note),
      );
    },
    table() {
      const { matrix } = compute();
      const f = (x) => fmt(x);
      return {
        header: ["i", "sin", "cos", "R·P: sin", "R·P: cos", "P[i+δ]: sin", "P[i+δ]: cos"],
        rows: Array.from({ length: T }, (_, i) => [
          String(i),
          ...at(i).map(f),
          ...times(matrix, at(i)).map(f),
          ...at(i + state.offset).map(f),
        ]),
      };
    },
    numbers: compute,
  };
}
