// Matrices beside each other; where one is much wider than high, each name has a line of its own.
import { chart } from "../shared/chart.js";
import { h } from "../shared/dom.js";
import { broken, widest, write } from "../shared/draw.js";
import { legend } from "../shared/legend.js";
import { clamp, number } from "../shared/numbers.js";
import { inked, legible, mix, rgb } from "../shared/theme.js";

const hex = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
const short = (x) =>
  x
    .toFixed(Math.abs(x) < 10 ? 2 : 0)
    .replace(/\.00$/, "")
    .replace("-", "−")
    .replace(/^(−?)0(?=\.)/, "$1");
function fit(c, text, room) {
  while (text.length > 2 && c.measureText(text).width > room) text = `${text.slice(0, -2)}…`;
  return text;
}

const LABELLED = 17;
export function maps(ui) {
  const { spec, arrays, unit } = ui;
  const { panels } = spec;
  let from = 0;
  const starts = panels.map(({ shape: [R, C] }) => (from += R * C) - R * C);
  const stacked = panels.some(({ shape: [R, C] }) => C > 5 * R);
  const first = panels.map((_, p) => panels.slice(0, p).reduce((sum, { shape }) => sum + shape[0], 0));
  const value = (p, r, k) => arrays.y[starts[p] + r * panels[p].shape[1] + k];
  const where = (row) => {
    const p = first.findLastIndex((start) => start <= row);
    return [p, row - first[p]];
  };
  const named = (p, what, i) => panels[p][what][i] ?? `${spec[what]} ${i + 1}`;
  const pen = document.createElement("canvas").getContext("2d");
  let places = [];
  const same = panels.every(({ range, role }) => `${[range, role]}` === `${[panels[0].range, panels[0].role]}`);
  const [low, high] = panels[0].range;
  const key =
    spec.scale && same ? legend({ low, high, name: spec.scale, ink: panels[0].role === "plus" ? "scores" : "" }) : "";
  const form = chart(ui, {
    rows: panels.flatMap(({ shape: [R, C] }) => Array(R).fill(C)),
    size(width, narrow) {
      const wide = Math.min(width, 860 * unit);
      const line = 18 * unit;
      pen.font = ui.font(12);
      if (stacked) {
        const left =
          widest(
            pen,
            panels.map((p) => p.title),
          ) +
          12 * unit;
        const groups = [...new Set(panels.map((p) => p.group))];
        let y = 0;
        places = [];
        for (const group of groups) {
          const own = panels.map((_, p) => p).filter((p) => panels[p].group === group);
          const each = (wide - left) / own.length;
          const tall = clamp(panels[own[0]].shape[0] * 13, 24, 90) * unit;
          own.forEach(
            (p, i) =>
              (places[p] = {
                x: left + i * each,
                y,
                w: each - (own.length > 1 ? 6 : 0) * unit,
                h: tall,
                head: i ? "" : panels[p].title,
                side: left,
              }),
          );
          y += tall + 10 * unit;
        }
        return [wide, y];
      }
      const lefts = panels.map((p) => p.rows.length && Math.min(widest(pen, p.rows) + 8 * unit, 0.55 * wide));
      const highest = Math.max(...panels.map((p) => widest(pen, p.columns))) * 0.72 + 8 * unit;
      const tops = panels.map((p) => p.columns.length && highest);
      const across = narrow ? 0 : spec.across;
      const count =
        across || (narrow ? Math.min(2, panels.length) : Math.min(panels.length, panels.length % 3 ? 4 : 3));
      const labelled = tops.some(Boolean) ? LABELLED * unit : 0; // a cell of this size has room for its label
      let columns = !across && Math.max(...lefts) > 0.3 * (wide / count) ? (narrow ? 1 : Math.min(2, count)) : count;
      const room = (p) => wide / columns - lefts[p] - 18 * unit - (tops[p] && 20 * unit);
      const high = (panels.length > 1 ? 230 : 400) * unit;
      const most = ({ shape: [R] }) => Math.min(Math.max(high / R, labelled), 44 * unit);
      const fitting = () => Math.min(...panels.map((panel, p) => Math.min(room(p) / panel.shape[1], most(panel))));
      while (columns > 1 && !across && fitting() < labelled) columns--;
      const cell = fitting(); // the same in all, so that they can be compared
      const broad = panels.length > 1 || !panels[0].role ? cell : Math.min(room(0) / panels[0].shape[1], 64 * unit);
      pen.font = ui.font(12, 700);
      const heads = panels.map(({ title }) => broken(pen, title, wide / columns - 10 * unit));
      const head = line + (Math.max(...heads.map((lines) => lines.length)) - 1) * 15 * unit;
      let x = 0;
      let y = 0;
      let tallest = 0;
      places = panels.map(({ shape: [R, C] }, p) => {
        if (p && p % columns === 0) [x, y, tallest] = [0, y + tallest + 12 * unit, 0];
        const place = {
          x: x + lefts[p],
          y: y + head + tops[p],
          w: broad * C,
          h: cell * R,
          head: heads[p],
          left: x,
          top: y,
        };
        x += wide / columns;
        tallest = Math.max(tallest, head + tops[p] + cell * R);
        return place;
      });
      return [wide, y + tallest + 4];
    },
    paint(c, at) {
      const t = ui.theme;
      panels.forEach(({ shape: [R, C], role, rows, columns, range: [low, high] }, p) => {
        const { x, y, w, h: tall, head, left, top, side } = places[p];
        const shade = (share) =>
          role ? mix(t.paper, role === "plus" ? t.plus : hex(t[role]), share) : inked(t, share);
        const [dx, dy] = [w / C, tall / R];
        const gap = Math.min(dx, dy) > 9 ? 1 : 0;
        const figures =
          Math.min(dx, dy) >= 26 * unit && (high > 9 || arrays.y.subarray(starts[p], starts[p + 1]).some((v) => v % 1));
        if (gap) {
          c.fillStyle = t.line; // seen between light cells; dark ones touch
          c.fillRect(x, y, w, tall);
        }
        for (let r = 0; r < R; r++)
          for (let k = 0; k < C; k++) {
            const share = (value(p, r, k) - low) / (high - low || 1);
            const colour =
              value(p, r, k) < 0 && role === "plus" && low >= 0 ? mix(t.paper, t.minus, -share) : shade(share);
            const less = gap && share < 0.9 ? gap : -0.4;
            c.fillStyle = rgb(colour);
            c.fillRect(x + k * dx, y + r * dy, dx - less, dy - less);
            if (!figures) continue;
            c.font = ui.font(12);
            write(c, short(value(p, r, k)), x + (k + 0.5) * dx, y + (r + 0.5) * dy, legible(colour), "center");
          }
        c.strokeStyle = t.line;
        c.strokeRect(x - 0.5, y - 0.5, w + 1, tall + 1);
        c.font = ui.font(12, side ? 400 : 700);
        if (side) write(c, head, side - 8 * unit, y + tall / 2, t.text, "right");
        else head.forEach((text, n) => write(c, text, left, top + (8 + 15 * n) * unit, t.text));
        c.font = ui.font(Math.min(12, dy / unit));
        if (dy >= 9)
          rows.forEach((name, r) =>
            write(c, fit(c, name, x - left - 6 * unit), x - 6 * unit, y + (r + 0.5) * dy, t.text, "right"),
          );
        if (spec.axes && !p && top + 46 * unit < y && x - left > widest(c, spec.axes) + 20 * unit)
          spec.axes.forEach((name, i) => {
            const colour = { query: t.query, key: t.key }[name] ?? t.quiet;
            write(c, `${name} ${"↓→"[i]}`, x - 6 * unit, y - (i ? 26 : 9) * unit, colour, "right");
          });
        const slant = ui.slant(dx);
        c.font = ui.font(slant.size);
        if (dx >= 9)
          columns.forEach((name, k) => {
            if (k % slant.every) return;
            c.save();
            c.translate(x + (k + 0.5) * dx, y - 5 * unit);
            c.rotate(-Math.PI / 4);
            write(c, name, 0, 0, t.text);
            c.restore();
          });
      });
      if (!at) return;
      const [p, r] = where(at[0]);
      const { x, y, w, h: tall } = places[p];
      const [dx, dy] = [w / panels[p].shape[1], tall / panels[p].shape[0]];
      c.strokeStyle = t.query;
      c.lineWidth = 2;
      c.strokeRect(x + at[1] * dx - 1, y + r * dy - 1, Math.max(dx, 3) + 1, dy + 1);
    },
    marksFirst: true,
    first() {
      const best = arrays.y.reduce((most, v, i) => (v > arrays.y[most] ? i : most), 0);
      const p = starts.findLastIndex((start) => start <= best);
      const C = panels[p].shape[1];
      return [first[p] + Math.floor((best - starts[p]) / C), (best - starts[p]) % C];
    },
    find(mx, my) {
      const p = places.findIndex(({ x, y, w, h: tall }) => mx >= x && mx < x + w && my >= y && my < y + tall);
      if (p < 0) return null;
      const { x, y, w, h: tall } = places[p];
      const [R, C] = panels[p].shape;
      return [first[p] + Math.floor(((my - y) / tall) * R), Math.floor(((mx - x) / w) * C)];
    },
    say([row, k]) {
      const [p, r] = where(row);
      return [
        h("span", { class: "quiet" }, panels[p].title ? `${panels[p].title} · ` : ""),
        `${named(p, "rows", r)} → ${named(p, "columns", k)}: `,
        h("b", {}, number(value(p, r, k))),
      ];
    },
    table: () => ({
      header: [
        spec.rows,
        ...Array.from({ length: Math.min(36, Math.max(...panels.map((p) => p.shape[1]))) }, (_, k) => String(k + 1)),
      ],
      rows: panels.flatMap(({ shape: [R, C], title }, p) =>
        Array.from({ length: R }, (_, r) => [
          `${title} ${named(p, "rows", r)}`,
          ...Array.from({ length: Math.min(36, C) }, (_, k) => number(value(p, r, k))),
        ]),
      ),
    }),
    numbers: () => panels.map((_, p) => Array.from(arrays.y.subarray(starts[p], starts[p + 1]))),
  });
  if (key) ui.body.lastChild.before(key);
  return form;
}
