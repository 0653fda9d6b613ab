// The heatmap: queries down, keys across, ink is attention. One canvas; only what is in the window is painted.
// Its accessible twin is an ARIA grid of one cell that moves with the selection.
import { h, pointed } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { legend } from "../shared/legend.js";
import { fmt, percent } from "../shared/numbers.js";
import { inked, legible, mix, rgb } from "../shared/theme.js";
import HEATMAP_CSS from "./heatmap.css";

export function heatmap(ui) {
  const { spec, state, unit, arrays } = ui;
  const [L, H, Q, K] = spec.shape;
  const scores = spec.mode === "scores";
  const [low, high] = spec.range;
  const many = L * H > 1;
  const least = 14 * unit;
  const tiny = 9 * unit;
  const most = 56 * unit;
  let geometry = null;
  let at = null;

  // ---- the numbers: NaN is a masked cell
  const start = () => (state.layer * H + state.head) * Q * K;
  const row = (q) => arrays.weights.subarray(start() + q * K, start() + (q + 1) * K);
  // What is lit: under the pointer, else chosen, else the largest number in sight that is not a word's own.
  const lit = () => at ?? (state.row >= 0 ? [state.row, state.col] : largest());
  function largest() {
    const self = spec.queries.every((name, q) => name === spec.keys[q]);
    const { high, wide, size } = geometry;
    let best = [0, 0, 0];
    for (let q = 0; q < Math.min(Q, high / size); q++)
      row(q).forEach((x, k) => {
        if (k < wide / size && !(self && Q > 1 && q === k) && Math.abs(x) > best[2]) best = [q, k, Math.abs(x)];
      });
    return best.slice(0, 2);
  }
  function shade(x) {
    const t = ui.theme;
    if (!scores) return inked(t, (x - low) / (high - low));
    const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
    return mix(
      t.paper,
      x < 0 ? t.minus : t.plus,
      (low < 0 ? Math.abs(x) : x - low) / (low < 0 ? reach : high - low || 1),
    );
  }
  const short = (x) =>
    scores ? fmt(x, Math.abs(x) >= 10 ? 0 : 1) : x >= 0.995 ? "1" : x < 0.005 ? "" : x.toFixed(2).slice(1);

  // ---- elements
  const canvas = h("canvas", { "aria-hidden": "true" });
  const cell = h("div", { role: "gridcell", id: `${ui.id}-cell`, tabindex: -1 });
  const line = h("div", { role: "row" }, cell);
  const spacer = h("div");
  const scroller = h("div", { class: "window" }, spacer, canvas);
  const grid = h(
    "div",
    {
      role: "grid",
      tabindex: 0,
      "aria-label": spec.title || "heatmap",
      "aria-rowcount": Q,
      "aria-colcount": K,
      "aria-activedescendant": cell.id,
      onkeydown: walk,
      onfocus: () => {
        const [row, col] = lit();
        ui.set({ row, col });
      },
    },
    scroller,
    h("div", { class: "hidden" }, line),
  );
  const said = h("div", { class: "say", role: "status", "data-testid": "readout" });
  const bars = h("div", { class: "bars", "aria-hidden": "true" });
  const scale = scores ? { name: "score", ink: low < 0 ? "signed" : "scores" } : {};
  const reach = low < 0 ? Math.max(-low, high) : high;
  const shown = (x) => String(Number(x.toFixed(2))).replace("-", "−");
  const hidden = arrays.weights.some(Number.isNaN) && !/hatched/i.test(spec.caption ?? "");
  const key = legend(
    { ...scale, low: shown(low < 0 ? -reach : low), high: shown(reach) },
    ...(hidden ? [["masked", "masked"]] : []),
  );
  ui.body.append(grid, key);
  ui.side.append(said, bars);
  scroller.onscroll = () => ui.set({});
  canvas.onpointermove = (e) => point(e, false);
  canvas.onpointerdown = (e) => point(e, true);
  canvas.onpointerleave = () => {
    if (at) {
      at = null;
      ui.set({});
    }
  };

  function point(e, press) {
    const [x, y] = pointed(e, canvas);
    const g = geometry;
    if (g.all) {
      const l = Math.floor((y - g.top) / (g.side + g.gap));
      const k = Math.floor((x - g.left) / (g.side + g.gap));
      if (press && l >= 0 && l < L && k >= 0 && k < H) ui.set({ layer: l, head: k, show: "one" }, true);
      return;
    }
    const col = Math.floor((x - g.left + g.x) / g.size);
    const r = Math.floor((y - g.top + g.y) / g.size);
    const inside = x >= g.left && y >= g.top && r >= 0 && r < Q && col >= 0 && col < K;
    if (press && inside) ui.set({ row: r, col }, true);
    at = inside ? [r, col] : null;
    ui.set({});
  }
  function walk(e) {
    if (state.show === "all") return;
    const steps = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      PageUp: [-10, 0],
      PageDown: [10, 0],
      Home: [0, -K],
      End: [0, K],
    };
    if (!steps[e.key] || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    e.stopPropagation();
    at = null;
    const [dr, dc] = steps[e.key];
    const clamp = (x, n) => Math.max(0, Math.min(n - 1, x));
    ui.set({ row: clamp(Math.max(0, state.row) + dr, Q), col: clamp(Math.max(0, state.col) + dc, K) }, true);
    const g = geometry;
    scroller.scrollTop = Math.min(Math.max(scroller.scrollTop, (state.row + 1) * g.size - g.high), state.row * g.size);
    scroller.scrollLeft = Math.min(
      Math.max(scroller.scrollLeft, (state.col + 1) * g.size - g.wide),
      state.col * g.size,
    );
  }

  // ---- layout: every cell with its label while cells stay legible, else a window that scrolls
  function layout(width, narrow) {
    const side = narrow ? 0 : 235 * unit;
    const room = width - side - 8;
    if (many && state.show === "all") {
      const left = 24 * unit;
      const top = 22 * unit;
      const gap = 4;
      const size = Math.max(Math.min(Math.floor((width - left - 4) / H) - gap, 150 * unit), 20);
      return { all: true, left, top, gap, side: size, width: left + H * (size + gap), height: top + L * (size + gap) };
    }
    const c = canvas.getContext("2d");
    c.font = ui.font(13, 600);
    const widest = (names) => Math.ceil(names.reduce((m, n) => Math.max(m, c.measureText(n).width), 0));
    const corner = widest([`${spec.axes[0]} ↓`, `${spec.axes[1]} →`]);
    const left = Math.max(corner, Math.min(widest(spec.queries), 150 * unit)) + 12;
    const longest = widest(spec.keys);
    const across = room - left - longest * 0.5;
    const smallest = [tiny, narrow ? 4 : tiny].find((size) => K * size <= across) ?? least; // all cells, if not all labels
    const size = Math.max(
      smallest,
      Math.min(most, Math.floor(across / K), Math.floor(Math.max(420 * ui.tall, Q * smallest) / Q)),
    );
    const slanted = longest > size - 4;
    const top = Math.max(42 * unit, slanted ? Math.min(longest, 150 * unit) * 0.71 + 16 * unit : 0);
    const tail = slanted ? Math.min(longest, 150 * unit) * 0.71 : 4;
    const wide = Math.min(K * size, Math.max(120, room - left - Math.min(tail, 40)));
    const high = Math.min(Q * size, 480 * ui.tall);
    return {
      left,
      top,
      size,
      slanted,
      wide,
      high,
      width: Math.ceil(Math.min(left + wide + tail, width)),
      height: Math.ceil(top + high) + 2,
      x: 0,
      y: 0,
    };
  }
  function paintAll(c, g) {
    c.font = ui.font(12);
    c.fillStyle = ui.theme.quiet;
    for (let k = 0; k < H; k++) c.fillText(String(k + 1), g.left + k * (g.side + g.gap) + g.side / 2 - 4, g.top - 6);
    const tile = new OffscreenCanvas(K, Q);
    const t = tile.getContext("2d");
    const image = t.createImageData(K, Q);
    const pixels = new Uint32Array(image.data.buffer);
    const lut = Uint32Array.from({ length: 256 }, (_, i) => {
      const [r, s, b] = shade(low + ((high - low) * i) / 255);
      return (255 << 24) | (b << 16) | (s << 8) | r;
    });
    const scale = 255 / (high - low);
    c.imageSmoothingEnabled = Q > g.side;
    for (let l = 0; l < L; l++) {
      c.fillText(String(l + 1), 4, g.top + l * (g.side + g.gap) + g.side / 2 + 4);
      for (let k = 0; k < H; k++) {
        const s = (l * H + k) * Q * K;
        const w = arrays.weights;
        for (let i = 0; i < Q * K; i++) {
          const x = w[s + i];
          pixels[i] = x !== x ? 0 : lut[Math.max(0, Math.min(255, ((x - low) * scale) | 0))];
        }
        t.putImageData(image, 0, 0);
        const x = g.left + k * (g.side + g.gap);
        const y = g.top + l * (g.side + g.gap);
        c.drawImage(tile, x, y, g.side, g.side);
        c.strokeStyle = l === state.layer && k === state.head ? ui.theme.text : ui.theme.line;
        c.strokeRect(x - 0.5, y - 0.5, g.side + 1, g.side + 1);
      }
    }
  }
  function paintOne(c, g, row0, col0) {
    const { size, left, top } = g;
    const theme = ui.theme;
    const gap = size > 20 ? 2 : 1;
    const first = [Math.floor(g.y / size), Math.floor(g.x / size)];
    const last = [Math.min(Q, Math.ceil((g.y + g.high) / size)), Math.min(K, Math.ceil((g.x + g.wide) / size))];
    c.save();
    c.beginPath();
    c.rect(left, top, g.wide, g.high);
    c.clip();
    c.textAlign = "center";
    c.textBaseline = "middle";
    const s = size / unit;
    c.font = ui.font(Math.max(Math.min(11.5, s / (scores ? 2.7 : 2.4)), Math.min(14, s / 4)));
    for (let q = first[0]; q < last[0]; q++) {
      const numbers = row(q);
      for (let k = first[1]; k < last[1]; k++) {
        const x = left + k * size - g.x;
        const y = top + q * size - g.y;
        const w = numbers[k];
        const s = size - gap;
        if (Number.isNaN(w)) {
          c.strokeStyle = theme.hatch;
          c.lineWidth = 1;
          c.beginPath();
          for (let d = 4; d < 2 * s; d += 6) {
            c.moveTo(x + Math.max(0, d - s), y + Math.min(d, s));
            c.lineTo(x + Math.min(d, s), y + Math.max(0, d - s));
          }
          c.stroke();
          continue;
        }
        const colour = shade(w);
        c.fillStyle = rgb(colour);
        c.fillRect(x, y, s, s);
        if (size >= 26 * unit) {
          c.fillStyle = legible(colour);
          c.fillText(short(w), x + s / 2, y + s / 2 + 1);
        }
      }
    }
    if (row0 >= 0) {
      c.strokeStyle = theme.query;
      c.lineWidth = 2 * unit;
      c.strokeRect(left + col0 * size - g.x - 1, top + row0 * size - g.y - 1, size - gap + 2, size - gap + 2);
    }
    c.restore();
    labels(c, g, row0, col0, first, last);
  }
  function labels(c, g, row0, col0, first, last) {
    const { size, left, top } = g;
    const slant = ui.slant(size);
    const type = Math.max(11, Math.min(13, size / unit - 1));
    const apart = Math.ceil(((type + 2) * unit) / size); // rows from one label to the next
    const theme = ui.theme;
    const fit = (t, n) => {
      while (t.length > 2 && c.measureText(t).width > n) t = `${t.slice(0, -2)}…`;
      return t;
    };
    const name = (i, on, role, names) => {
      c.font = ui.font(role === "key" && g.slanted ? slant.size : type, i === on ? 700 : 400);
      c.fillStyle = i === on ? theme[role] : theme.text;
      return names[i];
    };
    c.textBaseline = "middle";
    c.textAlign = "right";
    c.font = ui.font(12);
    ["query", "key"].forEach((role, i) => {
      c.fillStyle = spec.axes[i] === role ? theme[role] : theme.quiet;
      c.fillText(`${spec.axes[i]} ${"↓→"[i]}`, left - 8, top - (i ? 28 : 10) * unit);
    });
    for (let q = first[0]; q < last[0]; q++) {
      const y = top + (q + 0.5) * size - g.y;
      if (q !== row0 && (q % apart || (row0 >= 0 && Math.abs(q - row0) < apart))) continue;
      if (y > top && y < top + g.high) c.fillText(fit(name(q, row0, "query", spec.queries), left - 10), left - 8, y);
    }
    for (let k = first[1]; k < last[1]; k++) {
      const x = left + (k + 0.5) * size - g.x;
      const t = name(k, col0, "key", spec.keys);
      if (x < left || x > left + g.wide) continue;
      if (g.slanted && k !== col0 && (k % slant.every || (col0 >= 0 && Math.abs(k - col0) < slant.every))) continue;
      c.save();
      c.translate(x, top - 8);
      c.textAlign = g.slanted ? "left" : "center";
      if (g.slanted) c.rotate(-Math.PI / 4);
      c.fillText(fit(t, g.slanted ? 150 * unit : size), 0, 0);
      c.restore();
    }
  }

  // ---- the sentence beside the picture, and the row as bars
  function say(q, k) {
    if (state.show === "all") {
      said.replaceChildren(h("span", { class: "quiet" }, "Choose a head to open it."));
      bars.replaceChildren();
      cell.setAttribute("aria-label", "nothing selected");
      return;
    }
    const numbers = row(q);
    const w = numbers[k];
    const from = spec.queries[q];
    const to = spec.keys[k];
    const masked = Number.isNaN(w);
    const max = numbers.reduce((m, x) => (x > m ? x : m), -Infinity);
    const exact = masked ? "masked" : fmt(w);
    const first = w === max && numbers.filter((x) => x === max).length === 1;
    const sentence = masked
      ? `“${from}” may not attend to “${to}”.`
      : scores
        ? `“${from}” scores “${to}” ${exact}${first ? ", its highest score" : ""}.`
        : `“${from}” puts ${percent(w)} of its attention on “${to}”${first ? ", its largest share" : ""}.`;
    said.replaceChildren(
      h("div", {}, h("b", { class: "query" }, from), " → ", h("b", { class: "key" }, to), " ", h("b", {}, exact)),
      h("div", { class: "quiet" }, sentence),
      at || state.row >= 0 ? "" : h("div", { class: "quiet" }, "Choose any cell."),
    );
    cell.setAttribute("aria-label", `${sentence} ${exact}`);
    const picked = Array.from(numbers, (x, i) => [x, i]).filter(([x]) => !Number.isNaN(x));
    const top =
      picked.length > 14
        ? picked
            .sort((a, b) => (b[1] === k) - (a[1] === k) || b[0] - a[0])
            .slice(0, 14)
            .sort((a, b) => a[1] - b[1])
        : picked;
    const most = scores ? Math.max(...top.map(([x]) => Math.abs(x)), 1e-9) : high;
    const look = (x) =>
      `width:${(85 * Math.abs(x)) / most}%;background:var(--${!scores ? "ink" : x < 0 ? "minus" : "plus"})`;
    bars.replaceChildren(
      ...top.flatMap(([x, i]) => [
        h("span", { class: i === k ? "key on" : "" }, spec.keys[i]),
        h("i", {}, h("u", { style: `${look(x)};${i === k ? "opacity:1" : ""}` }), scores ? fmt(x, 2) : x.toFixed(2)),
      ]),
    );
  }
  ui.style(HEATMAP_CSS);

  return {
    paint(width, narrow) {
      const g = (geometry = layout(width, narrow));
      const scrolls = !g.all && (K * g.size > g.wide + 1 || Q * g.size > g.high + 1);
      scroller.style.width = `${g.width}px`;
      scroller.style.height = `${g.height + (scrolls ? 14 : 0)}px`;
      scroller.style.overflow = scrolls ? "auto" : "hidden";
      spacer.style.cssText = scrolls
        ? `position:absolute;width:${g.width + K * g.size - g.wide}px;height:${g.height + Q * g.size - g.high}px`
        : "display:none";
      g.x = scrolls ? scroller.scrollLeft : 0;
      g.y = scrolls ? scroller.scrollTop : 0;
      const c = paper(canvas, g.width, g.height);
      const [q, k] = lit();
      key.style.marginLeft = `${g.left}px`;
      ui.side.style.paddingTop = narrow || g.all ? "" : `${g.top}px`;
      if (g.all) paintAll(c, g);
      else paintOne(c, g, q, k);
      line.setAttribute("aria-rowindex", q + 1);
      cell.setAttribute("aria-colindex", k + 1);
      say(q, k);
    },
    table() {
      const every = K <= 32;
      const top = (q) =>
        Array.from(row(q), (x, i) => [x, i])
          .filter(([x]) => !Number.isNaN(x))
          .sort((a, b) => b[0] - a[0])
          .slice(0, 3);
      const text = (x) => (Number.isNaN(x) ? "masked" : fmt(x));
      if (every)
        return { header: ["query", ...spec.keys], rows: spec.queries.map((n, q) => [n, ...Array.from(row(q), text)]) };
      return {
        header: ["query", "1st key", "2nd key", "3rd key"],
        rows: spec.queries.map((n, q) => [n, ...top(q).map(([x, i]) => `${spec.keys[i]} ${fmt(x)}`)]),
      };
    },
    numbers: () => ({ weights: spec.queries.map((_, q) => Array.from(row(q))) }),
  };
}
