// Bars, upright while their names fit below them, else lying; and the shares of a whole, in shades of ink.
import { scale } from "../shared/axes.js";
import { chart } from "../shared/chart.js";
import { h } from "../shared/dom.js";
import { widest, write } from "../shared/draw.js";
import { number } from "../shared/numbers.js";
import { legible, mix, rgb } from "../shared/theme.js";

export function bars(ui) {
  const { spec, arrays, unit } = ui;
  const { names, ylabel, role } = spec;
  const values = Array.from(arrays.y);
  const places = [];
  const shown = (i) => `${values[i].toFixed(spec.digits).replace("-", "−")}`;
  let upright = true;
  return chart(ui, {
    rows: [names.length],
    size(width) {
      const c = document.createElement("canvas").getContext("2d");
      const wide = Math.min(width, 780 * unit);
      c.font = ui.font(13);
      upright = widest(c, names) < wide / names.length - 8 * unit;
      return [wide, upright ? 240 * Math.min(unit, ui.tall) : (names.length * 26 + 24) * unit];
    },
    paint(c, at) {
      const t = ui.theme;
      const wide = c.canvas.offsetWidth;
      const high = c.canvas.offsetHeight;
      const ink = role ? t[role] : t.text;
      const least = Math.min(0, ...values);
      const most = Math.max(0, ...values);
      c.font = ui.font(13);
      if (ylabel) write(c, ylabel, 0, 9 * unit, t.quiet);
      const start = upright ? high - 22 * unit : widest(c, names) + 10 * unit;
      const stop = upright
        ? 42 * unit
        : wide -
          widest(
            c,
            names.map((_, i) => shown(i)),
          ) -
          8 * unit;
      const value = scale(least, most || 1, start, stop);
      const each = (upright ? wide : high - 24 * unit) / names.length;
      names.forEach((name, i) => {
        const middle = (i + 0.5) * each + (upright ? 0 : 24 * unit);
        const half = Math.min(0.31 * each, 40 * unit);
        const [a, b] = [value(0), value(values[i])];
        c.globalAlpha = at && at[1] !== i ? 0.45 : 0.85;
        c.fillStyle = ink;
        places[i] = [middle - each / 2, middle + each / 2];
        upright
          ? c.fillRect(middle - half, Math.min(a, b), 2 * half, Math.abs(a - b) || 1)
          : c.fillRect(Math.min(a, b), middle - half, Math.abs(a - b) || 1, 2 * half);
        c.globalAlpha = 1;
        if (upright) {
          write(c, shown(i), middle, Math.min(a, b) - 4 * unit, t.text, "center", "bottom");
          write(c, name, middle, high - 16 * unit, t.text, "center", "top");
        } else {
          write(c, shown(i), Math.max(a, b) + 5 * unit, middle, t.text);
          write(c, name, start - 8 * unit, middle, t.text, "right");
        }
      });
    },
    first: () => [0, Math.max(0, arrays.y.indexOf(Math.max(...arrays.y)))],
    find: (x, y) => {
      const i = places.findIndex(([a, b]) => (upright ? x >= a && x < b : y >= a && y < b));
      return i < 0 ? null : [0, i];
    },
    say: ([, i]) => [`${names[i]}: `, h("b", {}, shown(i)), ylabel ? ` ${ylabel}` : ""],
    table: () => ({ header: ["name", ylabel || "value"], rows: names.map((name, i) => [name, shown(i)]) }),
    numbers: () => ({ names, values }),
  });
}

// one bar per name, cut into its parts; below the axis the key to their shades
export function shares(ui) {
  const { spec, arrays, unit } = ui;
  const { names, parts, xlabel } = spec;
  const n = parts.length;
  const high = 34 * unit;
  const line = 20 * unit;
  const pen = document.createElement("canvas").getContext("2d");
  const amount = (r, i) => arrays.y[r * n + i];
  const total = (r) => parts.reduce((sum, _, i) => sum + amount(r, i), 0);
  const share = (r, i) => (100 * amount(r, i)) / total(r);
  const shade = (i) => mix(ui.theme.paper, ui.theme.ink, 0.88 - (0.72 * i) / Math.max(1, n - 1));
  let left = 0;
  let wide = 0;
  const key = (width) => {
    let [x, y] = [0, 0];
    return parts.map((part) => {
      const room = pen.measureText(part).width + 34 * unit;
      if (x && x + room > width) [x, y] = [0, y + line];
      return [(x += room) - room, y];
    });
  };
  return chart(ui, {
    rows: names.map(() => n),
    size(width) {
      pen.font = ui.font(13);
      width = Math.min(width, 780 * unit);
      return [width, names.length * high + 2.4 * line + key(width).at(-1)[1] + line];
    },
    paint(c, at) {
      const t = ui.theme;
      const all = c.canvas.offsetWidth;
      const base = names.length * high;
      c.font = ui.font(13);
      left = widest(c, names) + 10 * unit;
      wide = all - left - 16 * unit;
      names.forEach((name, r) => {
        const y = r * high;
        write(c, name, left - 8 * unit, y + 0.42 * high, t.text, "right");
        let x = left;
        parts.forEach((part, i) => {
          const w = (share(r, i) / 100) * wide;
          const on = at && at[0] === r && at[1] === i;
          const label = [`${part} ${share(r, i).toFixed(0)} %`, `${share(r, i).toFixed(0)} %`];
          c.fillStyle = rgb(shade(i));
          c.fillRect(x, y, Math.max(w - 1.5, 0.5), 0.84 * high);
          if (on) {
            c.strokeStyle = t.query;
            c.lineWidth = 2;
            c.strokeRect(x, y + 1, w, 0.84 * high - 2);
          }
          const fits = label.find((text) => c.measureText(text).width + 10 < w);
          if (fits) write(c, fits, x + 6 * unit, y + 0.42 * high, legible(shade(i)));
          x += w;
        });
      });
      for (const v of [0, 25, 50, 75, 100]) {
        c.fillStyle = t.line;
        c.fillRect(Math.round(left + (v / 100) * wide) - 1, base, 1, 5 * unit);
        write(c, `${v}`, left + (v / 100) * wide, base + 8 * unit, t.quiet, "center", "top");
      }
      write(c, xlabel, all, base + 1.2 * line + 8 * unit, t.quiet, "right", "top");
      key(all).forEach(([x, y], i) => {
        const middle = base + 2.4 * line + y + 0.5 * line;
        c.fillStyle = rgb(shade(i));
        c.fillRect(x, middle - 6 * unit, 12 * unit, 12 * unit);
        write(c, parts[i], x + 17 * unit, middle, t.text);
      });
    },
    first: () => [0, 0],
    find(mx, my) {
      const r = Math.floor(my / high);
      let x = left;
      const i = parts.findIndex((_, k) => mx < (x += ((share(r, k) || 0) / 100) * wide));
      return r < names.length && mx >= left && i >= 0 ? [r, i] : null;
    },
    say: ([r, i]) => [
      `${names[r]}, ${parts[i]}: `,
      h("b", {}, `${share(r, i).toFixed(1)} %`),
      h("span", { class: "quiet" }, ` · ${number(amount(r, i))} of ${number(total(r))}`),
    ],
    table: () => ({
      header: ["of", ...parts],
      rows: names.map((name, r) => [name, ...parts.map((_, i) => number(amount(r, i)))]),
    }),
    numbers: () => ({ names, parts, amounts: Array.from(arrays.y) }),
  });
}
