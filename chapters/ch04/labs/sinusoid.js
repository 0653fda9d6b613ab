// The sinusoidal encoding: position × column as a heatmap; on the same rows a column as a wave, and binary counting.
import SINUSOID_CSS from "./sinusoid.css";
import { fmt, h, mix, paper, pointed, rgb } from "../../../course_utils/views/core.js";
import { encode, frequencies } from "./sines.js";

export function sinusoid(ui) {
  const { spec, state, unit } = ui,
    T = spec.length,
    D = spec.size,
    omegas = frequencies(D),
    bits = (T - 1).toString(2).length;
  const rows = Array.from({ length: T }, (_, i) => encode(i, omegas)),
    digits = (i) => i.toString(2).padStart(bits, "0");
  const wave = (x, column) => (column % 2 ? Math.cos : Math.sin)(x * omegas[column >> 1]),
    kind = (column) => (column % 2 ? "cosine" : "sine");
  const long = (turn) => (turn < 100 ? fmt(turn, 1) : Math.round(turn).toLocaleString("en-GB"));
  let at = null,
    places = {},
    tile = null;

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
      const position = Math.floor((y - g.y) / g.row),
        column = Math.floor((x - g.x) / g.cell);
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
    const [down, right] = moves[e.key],
      clamp = (x, n) => Math.max(0, Math.min(n - 1, x));
    ui.set({ position: clamp(state.position + down, T), column: clamp(state.column + right, D) }, true);
  }
  // one pixel for each number, enlarged by whole device pixels: sharp at every size
  function paintHeat(c, g) {
    const { theme } = ui;
    if (tile?.theme !== theme) {
      tile = new OffscreenCanvas(D, T);
      tile.theme = theme;
      const t = tile.getContext("2d"),
        image = t.createImageData(D, T);
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
  function layout(width, narrow) {
    const wide = Math.min(width, 960 * unit),
      left = 34 * unit,
      top = 40 * unit,
      gap = 30 * unit,
      ratio = window.devicePixelRatio || 1,
      whole = (x) => Math.max(1, Math.floor(x * ratio)) / ratio;
    const binary = bits * 17 * unit,
      row = Math.max(whole((ui.spec.presenting ? 400 : 310 * unit) / T), 3),
      least = 116 * unit;
    const cell = Math.min(whole((wide - left - (narrow ? 0 : 2 * gap + least + binary)) / D), 26 * unit),
      heat = { x: left, y: top, w: cell * D, cell, row };
    const start = narrow ? left : left + heat.w + gap,
      y = narrow ? top + T * row + 78 * unit : top,
      room = wide - start - gap - binary - 4;
    const curve = { x: start, y, w: Math.min(room, 190 * unit), cell, row };
    return {
      heat,
      curve,
      binary: { x: start + curve.w + gap, y, w: binary, cell: binary / bits, row },
      wide,
      height: y + T * row + 36 * unit,
    };
  }
  function labels(c, g, side) {
    c.font = ui.font(11);
    c.fillStyle = ui.theme.quiet;
    c.textBaseline = "middle";
    c.textAlign = "right";
    const step = T > 64 ? 20 : T > 12 ? 10 : 1;
    if (side) for (let i = 0; i < T; i += step) c.fillText(String(i), g.x - 7 * unit, g.y + (i + 0.5) * g.row);
  }
  function title(c, g, text, second = "") {
    c.textAlign = "left";
    c.textBaseline = "bottom";
    c.font = ui.font(12, 600);
    c.fillStyle = ui.theme.text;
    c.fillText(text, g.x, g.y - (second ? 21 : 7) * unit);
    c.font = ui.font(11);
    c.fillStyle = ui.theme.quiet;
    c.fillText(second, g.x, g.y - 6 * unit);
  }
  const css = h("style");
  css.textContent = SINUSOID_CSS;
  ui.root.append(css);
  return {
    paint(width, narrow) {
      const g = (places = layout(width, narrow)),
        { heat, curve, binary } = g,
        { theme } = ui,
        { position: i, column: k } = at ?? state,
        c = paper(canvas, g.wide, g.height);
      places = { heat, curve, binary };
      const foot = heat.y + T * heat.row;
      paintHeat(c, heat);
      labels(c, heat, true);
      labels(c, curve, narrow);
      title(c, heat, "position ↓   column →");
      c.textAlign = "center";
      c.textBaseline = "top";
      c.font = ui.font(11);
      c.fillStyle = theme.quiet;
      for (let j = 0; j < D; j += D > 64 ? 16 : D > 16 ? 8 : 1)
        c.fillText(String(j), heat.x + (j + 0.5) * heat.cell, foot + 6 * unit);
      // the wave: along the rows, −1 on the left, 1 on the right
      const x = (v) => curve.x + ((v + 1.08) / 2.16) * curve.w,
        y = (p) => curve.y + (p + 0.5) * curve.row,
        end = curve.y + T * curve.row;
      title(c, curve, `— column ${k}, ${kind(k)}`, `┄ column ${k ^ 1}, ${kind(k ^ 1)}`);
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
      c.textBaseline = "top";
      for (let p = 0; p < T; p++) {
        c.beginPath();
        c.arc(x(rows[p][k]), y(p), (p === i ? 5 : 1.7) * unit, 0, 7);
        c.fill();
      }
      c.textAlign = "center";
      c.fillStyle = theme.quiet;
      for (const v of [-1, 0, 1]) c.fillText(String(v).replace("-", "−"), x(v), end + 6 * unit);
      // binary counting: ink is 1
      title(c, binary, `binary: ${i}`);
      for (let p = 0; p < T; p++)
        for (let b = 0; b < bits; b++) {
          c.fillStyle = rgb(mix(theme.paper, theme.ink, digits(p)[b] === "1" ? 0.85 : 0.04));
          c.fillRect(binary.x + b * binary.cell, binary.y + p * binary.row, binary.cell - 1, binary.row);
        }
      c.textBaseline = "top";
      c.textAlign = "center";
      for (let b = 0; b < bits; b++) {
        c.font = ui.font(13, 700);
        c.fillStyle = theme.text;
        c.fillText(digits(i)[b], binary.x + (b + 0.5) * binary.cell, end + 5 * unit);
        c.font = ui.font(9.5);
        c.fillStyle = theme.quiet;
        c.fillText(String(2 ** (bits - 1 - b)), binary.x + (b + 0.5) * binary.cell, end + 22 * unit);
      }
      // where we are: the same row in all three, the column in the heatmap
      c.strokeStyle = theme.text;
      c.lineWidth = 1.5 * unit;
      for (const box of [heat, curve, binary]) c.strokeRect(box.x - 2, box.y + i * box.row - 1, box.w + 4, box.row + 2);
      c.strokeRect(heat.x + k * heat.cell - 1, heat.y - 2, heat.cell + 2, T * heat.row + 4);
      const turn = (2 * Math.PI) / omegas[k >> 1],
        quick = (2 * Math.PI) / omegas[0],
        slow = (2 * Math.PI) / omegas.at(-1),
        name = k % 2 ? "cos" : "sin";
      say.replaceChildren(
        h("div", {}, h("b", {}, `P[${i}, ${k}] = ${name}(${i} · ${fmt(omegas[k >> 1], 4)}) = ${fmt(rows[i][k])}`)),
        h(
          "div",
          {},
          `Column ${k} turns once in ${long(turn)} positions: the ` +
            `fastest in ${fmt(quick, 1)}, the slowest in ${long(slow)}.`,
        ),
        h(
          "div",
          { class: "quiet" },
          `${i} in binary is ${digits(i)}: the last digit flips at every step, the first ` +
            `after ${2 ** (bits - 1)}. The waves do so smoothly, the fast ones on the left.`,
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
