// The sinusoidal encoding: position × column as a heatmap; on the same rows a column as a wave, and binary counting.
import { h, pointed } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { fmt } from "../shared/numbers.js";
import { mix, rgb } from "../shared/theme.js";
import SINUSOID_CSS from "./sinusoid.css";
import { encode, frequencies } from "./sines.js";

export function sinusoid(ui) {
  const { spec, state, unit } = ui;
  const T = spec.length;
  const D = spec.size;
  const omegas = frequencies(D);
  const bits = (T - 1).toString(2).length;
  const rows = Array.from({ length: T }, (_, i) => encode(i, omegas));
  const digits = (i) => i.toString(2).padStart(bits, "0");
  const wave = (x, column) => (column % 2 ? Math.cos : Math.sin)(x * omegas[column >> 1]);
  const kind = (column) => (column % 2 ? "cosine" : "sine");
  const long = (turn) => (turn < 100 ? fmt(turn, 1) : Math.round(turn).toLocaleString("en-GB"));
  let at = null;
  let places = {};
  let tile = null;

  const canvas = h("canvas", { "aria-hidden": "true" });
  const picture = h(
    "div",
    {
      role: "group",
      tabindex: 0,
      "data-testid": "picture",
      class: "picture",
      onkeydown: key,
      "aria-label":
        `sinusoidal encoding, ${T} positions by ${D} columns; ` +
        `arrow keys up and down: position, left and right: column`,
    },
    canvas,
  );
  const say = h("div", { class: "say", role: "status", "data-testid": "readout" });
  ui.body.append(picture);
  ui.below.append(say);
  canvas.onpointermove = (e) => {
    at = under(e);
    ui.set({});
  };
  canvas.onpointerleave = () => {
    at = null;
    ui.set({});
  };
  canvas.onclick = (e) => {
    const found = under(e);
    if (found) ui.set(found, true);
  };

  function under(e) {
    const [x, y] = pointed(e, canvas);
    for (const [name, g] of Object.entries(places)) {
      const position = Math.floor((y - g.y) / g.row);
      const column = Math.floor((x - g.x) / g.cell);
      if (position >= 0 && position < T && x >= g.x && x < g.x + g.w)
        return { position, column: name === "heat" ? Math.min(column, D - 1) : state.column };
    }
    return null;
  }
  function key(e) {
    const moves = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      PageUp: [-10, 0],
      PageDown: [10, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      Home: [0, -D],
      End: [0, D],
    };
    if (!moves[e.key] || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    e.stopPropagation();
    at = null;
    const [down, right] = moves[e.key];
    const clamp = (x, n) => Math.max(0, Math.min(n - 1, x));
    ui.set({ position: clamp(state.position + down, T), column: clamp(state.column + right, D) }, true);
  }
  // one pixel for each number, enlarged by whole device pixels: sharp at every size
  function paintHeat(c, g) {
    const { theme } = ui;
    if (tile?.theme !== theme) {
      tile = new OffscreenCanvas(D, T);
      tile.theme = theme;
      const t = tile.getContext("2d");
      const image = t.createImageData(D, T);
      rows.forEach((row, i) =>
        row.forEach((x, j) =>
          image.data.set([...mix(theme.paper, x < 0 ? theme.minus : theme.plus, Math.abs(x)), 255], 4 * (i * D + j)),
        ),
      );
      t.putImageData(image, 0, 0);
    }
    c.imageSmoothingEnabled = false;
    c.drawImage(tile, g.x, g.y, g.w, T * g.row);
  }
  // side by side while a column of the heatmap has two pixels, else the wave and the digits below it
  function layout(width) {
    const wide = Math.min(width, 960 * unit);
    const left = 34 * unit;
    const top = 44 * unit;
    const gap = 30 * unit;
    const ratio = window.devicePixelRatio || 1;
    const whole = (x) => Math.max(1, Math.floor(x * ratio)) / ratio;
    const binary = bits * (spec.presenting ? 36 : 18 * unit);
    const beside = wide - left - 2 * gap - 116 * unit - binary;
    const stack = beside < Math.min(2 * D, 190 * unit);
    const high = stack ? 190 * unit : spec.presenting ? 330 : 300 * unit;
    const row = Math.max(whole(high / T), stack ? 2 : 3);
    const cell = Math.min(whole((stack ? wide - left : beside) / D), 26 * unit);
    const heat = { x: left, y: top, w: cell * D, cell, row };
    const foot = spec.presenting ? 66 : 40 * unit;
    const start = stack ? left : left + heat.w + gap;
    const y = stack ? top + T * row + foot + 48 * unit : top;
    const room = wide - start - gap - binary - 3;
    const curve = { x: start, y, w: Math.min(room, (stack ? 400 : 190) * unit), cell, row };
    const digits = { x: start + curve.w + gap, y, w: binary, cell: binary / bits, row };
    return { heat, curve, binary: digits, stack, wide, height: y + T * row + foot };
  }
  const write = (c, text, x, y, { align = "left", base = "bottom", size = 12, weight = 400, ink = false } = {}) => {
    c.textAlign = align;
    c.textBaseline = base;
    c.font = ui.font(size, weight);
    c.fillStyle = ink ? ui.theme.text : ui.theme.quiet;
    c.fillText(text, x, y);
    return c.measureText(text).width;
  };
  // the positions, on the left; the one that is chosen takes the place of what would be too near
  function rowsOf(c, g, chosen) {
    const step = T > 64 ? 20 : T > 12 ? 10 : 1;
    const at = (i) => [String(i), g.x - 8 * unit, g.y + (i + 0.5) * g.row];
    const near = (spec.presenting ? 26 : 15 * unit) / g.row;
    for (let i = 0; i < T; i += step)
      if (Math.abs(i - chosen) >= near) write(c, ...at(i), { align: "right", base: "middle" });
    write(c, ...at(chosen), { align: "right", base: "middle", size: 13, weight: 700, ink: true });
  }
  ui.style(SINUSOID_CSS);
  return {
    paint(width) {
      const g = layout(width);
      const { heat, curve, binary, stack } = g;
      const { theme } = ui;
      const { position: i, column: k } = at ?? state;
      const c = paper(canvas, g.wide, g.height);
      const turn = (j) => (2 * Math.PI) / omegas[j >> 1];
      places = { heat, curve, binary };
      const foot = heat.y + T * heat.row;
      const end = curve.y + T * curve.row;
      const x = (v) => curve.x + ((v + 1.08) / 2.16) * curve.w;
      const y = (p) => curve.y + (p + 0.5) * curve.row;
      // one row through all three: the same position
      c.fillStyle = theme.line;
      for (const [from, to] of stack
        ? [[curve, binary]]
        : [
            [heat, curve],
            [curve, binary],
          ])
        // prettier-ignore
        c.fillRect(from.x, from.y + i * from.row - 1, to.x + to.w - from.x, from.row + 2);
      paintHeat(c, heat);
      rowsOf(c, heat, i);
      if (stack) rowsOf(c, curve, i);
      // the heatmap: what its colours are, its columns, and which turn fast
      const head = { size: 13, weight: 600, ink: true };
      write(c, "position ↓  column →", 0, heat.y - 24 * unit, head);
      const scale = 60 * unit;
      const right = heat.x + heat.w;
      const strip = c.createLinearGradient(right - scale - 13 * unit, 0, right - 13 * unit, 0);
      [theme.minus, theme.paper, theme.plus].forEach((colour, n) => strip.addColorStop(n / 2, rgb(colour)));
      c.fillStyle = strip;
      c.fillRect(right - scale - 13 * unit, heat.y - 37 * unit, scale, 11 * unit);
      write(c, "1", right, heat.y - 24 * unit, { align: "right" });
      write(c, "−1", right - scale - 18 * unit, heat.y - 24 * unit, { align: "right" });
      const name = String(k);
      const middle = heat.x + (k + 0.5) * heat.cell;
      write(c, name, middle, heat.y - 5 * unit, { ...head, align: "center" });
      const every = (D > 64 ? 16 : D > 16 ? 8 : 1) * (heat.w < 300 * unit ? 2 : 1);
      for (let j = 0; j < D; j += every)
        write(c, String(j), heat.x + (j + 0.5) * heat.cell, foot + 5 * unit, { align: "center", base: "top" });
      const low = foot + (spec.presenting ? 38 : 22 * unit);
      const [quick, slow] = [fmt(turn(0), 1), long(turn(D - 1))];
      const told = [`fast: repeats after ${quick} positions`, `slow: after ${slow}`];
      c.font = ui.font(12);
      const fits = c.measureText(told.join("")).width + 16 * unit < heat.w;
      const [fast, late] = fits ? told : [`repeats after ${quick}`, `after ${slow}`];
      write(c, fast, heat.x, low, { base: "top" });
      write(c, late, right, low, { align: "right", base: "top" });
      // the wave: along the rows, −1 on the left, 1 on the right
      write(c, `column ${k}: ${kind(k)}`, curve.x, curve.y - 24 * unit, head);
      write(c, `column ${k ^ 1}: ${kind(k ^ 1)}`, curve.x + 22 * unit, curve.y - 6 * unit);
      c.strokeStyle = theme.quiet;
      c.lineWidth = 1.2 * unit;
      c.setLineDash([4, 3]);
      c.beginPath();
      c.moveTo(curve.x, curve.y - 13 * unit);
      c.lineTo(curve.x + 17 * unit, curve.y - 13 * unit);
      c.stroke();
      c.setLineDash([]);
      c.strokeStyle = theme.line;
      c.lineWidth = 1;
      c.strokeRect(curve.x + 0.5, curve.y + 0.5, curve.w - 1, T * curve.row - 1);
      c.beginPath();
      c.moveTo(x(0), curve.y);
      c.lineTo(x(0), end);
      c.stroke();
      for (const [column, colour, thick, dash] of [
        [k ^ 1, theme.quiet, 1.2, [4, 3]],
        [k, theme.text, 2, []],
      ]) {
        c.strokeStyle = colour;
        c.lineWidth = thick * unit;
        c.setLineDash(dash);
        c.beginPath();
        for (let s = 0; s <= 8 * (T - 1); s++) c.lineTo(x(wave(s / 8, column)), y(s / 8));
        c.stroke();
      }
      c.setLineDash([]);
      c.fillStyle = theme.text;
      for (let p = 0; p < T; p++) {
        c.beginPath();
        c.arc(x(rows[p][k]), y(p), (p === i ? 5.5 : 1.7) * unit, 0, 7);
        c.fill();
      }
      for (const v of [-1, 0, 1])
        write(c, String(v).replace("-", "−"), x(v), end + 5 * unit, { align: "center", base: "top" });
      // binary counting: ink is 1
      write(c, "in binary", binary.x, curve.y - 24 * unit, head);
      c.fillStyle = rgb(mix(theme.paper, theme.ink, 0.85));
      c.fillRect(binary.x, curve.y - 19 * unit, 12 * unit, 12 * unit);
      write(c, "is 1", binary.x + 18 * unit, curve.y - 6 * unit);
      for (let p = 0; p < T; p++)
        for (let b = 0; b < bits; b++) {
          const on = digits(p)[b] === "1";
          c.fillStyle = on || p !== i ? rgb(mix(theme.paper, theme.ink, on ? 0.85 : 0.04)) : theme.line;
          c.fillRect(binary.x + b * binary.cell, binary.y + p * binary.row, binary.cell - 1, binary.row);
        }
      for (let b = 0; b < bits; b++) {
        const centre = { align: "center", base: "top" };
        const at = binary.x + (b + 0.5) * binary.cell;
        write(c, digits(i)[b], at, end + 4 * unit, { ...centre, size: 13, weight: 700, ink: true });
        write(c, String(2 ** (bits - 1 - b)), at, end + (spec.presenting ? 38 : 22 * unit), centre);
      }
      // where we are: the same row in all three, the column in the heatmap
      c.strokeStyle = theme.text;
      c.lineWidth = 1.5 * unit;
      for (const box of [heat, curve, binary]) c.strokeRect(box.x - 2, box.y + i * box.row - 1, box.w + 4, box.row + 2);
      c.strokeRect(heat.x + k * heat.cell - 1, heat.y - 2, heat.cell + 2, T * heat.row + 4);
      const sum = `P[${i}, ${k}] = ${k % 2 ? "cos" : "sin"}(${i} · ${fmt(omegas[k >> 1], 4)}) = ${fmt(rows[i][k])}`;
      say.replaceChildren(
        h("div", {}, h("b", {}, sum), ` · Column ${k} repeats after ${long(turn(k))} positions.`),
        h(
          "div",
          { class: "quiet" },
          `${i} in binary is ${digits(i)}: the last digit flips at every step, the first after ${2 ** (bits - 1)}.`,
        ),
      );
    },
    table() {
      const sine = state.column - (state.column % 2);
      return {
        header: ["position", "binary", `column ${sine}: sine`, `column ${sine + 1}: cosine`],
        rows: rows.map((row, i) => [String(i), digits(i), fmt(row[sine]), fmt(row[sine + 1])]),
      };
    },
    numbers: () => ({ encoding: rows, digits: rows.map((_, i) => Array.from(digits(i), Number)), frequencies: omegas }),
  };
}
