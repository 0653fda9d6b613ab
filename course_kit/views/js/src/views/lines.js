// Lines, points and bands: panels side by side, or one below the other where there is no room.
import { logTicks, plain, scale, ticks } from "../shared/axes.js";
import { chart } from "../shared/chart.js";
import { h } from "../shared/dom.js";
import { broken, curve, dot, widest, write } from "../shared/draw.js";
import { clamp, nearest, number } from "../shared/numbers.js";
import { rgb } from "../shared/theme.js";

const tick = (x) => (Math.abs(x) >= 1e5 || (x && Math.abs(x) < 1e-3) ? number(x) : plain(x));
function reach(values, log, pad) {
  const known = values.filter((v) => Number.isFinite(v) && (!log || v > 0));
  const low = known.reduce((a, b) => Math.min(a, b), Infinity);
  const high = known.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!known.length) return [log ? 0.1 : 0, 1];
  const room = log ? (high / low) ** pad || 1 : (high - low || Math.abs(high) || 1) * pad;
  return log ? [low / room, high * room] : [low - room, high + room];
}

export function lines(ui) {
  const { spec, arrays, unit } = ui;
  const rows = [];
  const boxes = [];
  let from = 0;
  let above = 0; // of the upper edges, which only bands have
  spec.panels.forEach((panel, p) =>
    panel.series.forEach((series, s) => {
      const part = (name, start = from) => arrays[name].subarray(start, start + series.count);
      const edge = series.kind === "band" ? part("z", above) : part("y");
      rows.push({ ...series, panel: p, nth: s, x: part("x"), y: part("y"), z: edge });
      from += series.count;
      if (series.kind === "band") above += series.count;
    }),
  );
  const colour = (row) => {
    const t = ui.theme;
    return row.role ? t[row.role] : [t.text, t.quiet, rgb(t.plus), rgb(t.minus), t.text][row.nth % 5];
  };

  const same = (v) => v;
  const upright = (c, at, box, dashes) =>
    curve(c, [at, at], [box.top, box.bottom], same, same, ui.theme.quiet, 1, dashes);

  function panel(c, p, left, top, width, height) {
    const t = ui.theme;
    const { title, log = "", xlabel, ylabel, mark, limits } = spec.panels[p];
    const own = rows.filter((row) => row.panel === p);
    const named = own.filter((row) => row.name && own.length > 1);
    const all = (...names) => own.flatMap((row) => names.flatMap((name) => Array.from(row[name])));
    const [x0, x1] = reach(all("x"), log.includes("x"), 0.02);
    const [y0, y1] = limits ?? reach(all("y", "z"), log.includes("y"), 0.05);
    const along = (count) => (log.includes("x") ? logTicks(x0, x1) : ticks(x0, x1, count));
    const few = along(Math.max(2, width / (95 * unit)));
    const across = few.length > 1 ? few : along(4); // one number is no scale
    const up = log.includes("y") ? logTicks(y0, y1) : ticks(y0, y1, Math.max(2, height / (60 * unit)));
    c.font = ui.font(13);
    const names = widest(
      c,
      named.map((row) => row.name),
    );
    const beside = names < 0.34 * width && named.every(({ kind }) => kind !== "points");
    const row = 18 * unit;
    const box = {
      left: left + widest(c, up.map(tick)) + 10 * unit,
      top: top + (title ? row : 4),
    };
    box.right = left + width - (beside && names ? names + 10 * unit : 14 * unit);
    if (!beside) {
      let at = left;
      for (const each of named) {
        const wide = c.measureText(each.name).width + 30 * unit;
        if (at > left && at + wide > left + width) [at, box.top] = [left, box.top + row];
        const middle = box.top + row / 2;
        sample(c, each, at + 5 * unit, middle);
        write(c, each.name, at + 14 * unit, middle, colour(each));
        at += wide;
      }
      box.top += row + 6 * unit;
    }
    if (ylabel) write(c, ylabel, left, box.top + 9 * unit, t.quiet);
    box.top += ylabel ? row + 10 * unit : 6;
    box.bottom = top + height - (xlabel ? 2.3 : 1.3) * row;
    const x = scale(x0, x1, box.left, box.right, log.includes("x"));
    const y = scale(y0, y1, box.bottom, box.top, log.includes("y"));
    boxes[p] = { left, top, width, height, x, y, box };
    for (const v of up) {
      c.fillStyle = t.line;
      c.fillRect(box.left, Math.round(y(v)), box.right - box.left, v ? 0.5 : 1);
      write(c, tick(v), box.left - 6 * unit, y(v), t.quiet, "right");
    }
    let free = -Infinity;
    for (const v of across) {
      const half = c.measureText(tick(v)).width / 2;
      if (x(v) - half < free) continue;
      write(c, tick(v), x(v), box.bottom + 6 * unit, t.quiet, "center", "top");
      free = x(v) + half + 8 * unit;
    }
    if (xlabel) write(c, xlabel, box.right, box.bottom + row + 5 * unit, t.quiet, "right", "top");
    if (mark) {
      const at = x(mark[0]);
      upright(c, at, box, [4, 3]);
      const room = c.measureText(mark[1]).width;
      const right = at + 5 + room > left + width;
      write(c, mark[1], right ? Math.max(box.left, at - 5 - room) : at + 5, box.top + 8 * unit, t.quiet);
    }
    for (const each of own) {
      if (each.kind === "band") {
        c.beginPath();
        each.x.forEach((v, i) => c.lineTo(x(v), y(each.y[i])));
        for (let i = each.x.length; i-- > 0;) c.lineTo(x(each.x[i]), y(each.z[i]));
        c.globalAlpha = 0.16;
        c.fillStyle = colour(each);
        c.fill();
        c.globalAlpha = 1;
      } else if (each.kind === "points") {
        const dense = each.x.length > 300;
        each.x.forEach((v, i) =>
          mark_(c, x(v), y(each.y[i]), dense ? 1.4 : 3.6 * unit, colour(each), dense ? 0.45 : 0.7, each.nth),
        );
      } else {
        const aside = each.kind === "dashed";
        // a second grey alone is hard to tell from the first; the fifth has the colour of the first
        const dashes = aside ? [5, 4] : each.role ? [] : [[], [8, 4], [], [], [10, 3, 2, 3]][each.nth];
        curve(c, each.x, each.y, x, y, aside ? t.quiet : colour(each), aside ? 1.2 : 2, dashes);
        // what was measured a few times only is not drawn as if it had been watched throughout
        if (!aside && each.x.length < 16)
          each.x.forEach((v, i) => dot(c, x(v), y(each.y[i]), 2.8 * unit, colour(each)));
      }
    }
    const taken = own.flatMap((each) =>
      each.labels ? Array.from(each.x, (v, i) => [x(v) - 4, y(each.y[i]) - 4, 8, 8]) : [],
    );
    for (const each of own) if (each.labels) label(c, each, x, y, box, taken);
    if (beside) ends(c, named, x, y, box);
    c.font = ui.font(13, 700);
    if (title) write(c, title, left, top + row / 2, t.text);
  }
  // what a name in the legend belongs to
  function sample(c, row, x, y) {
    if (row.kind === "points") return mark_(c, x, y, 3.6 * unit, colour(row), 0.7, row.nth);
    c.globalAlpha = row.kind === "band" ? 0.3 : 1;
    c.fillStyle = colour(row);
    const high = row.kind === "band" ? 9 * unit : 2;
    c.fillRect(x - 5 * unit, y - high / 2, 10 * unit, high);
    c.globalAlpha = 1;
  }
  // groups of points differ in their shape as well
  function mark_(c, x, y, r, shade, alpha, shape) {
    if (shape % 3 === 0) return dot(c, x, y, r, shade, alpha);
    c.globalAlpha = alpha;
    c.fillStyle = shade;
    c.beginPath();
    const corners = shape % 3 === 1 ? [-1, -1, 1, -1, 1, 1, -1, 1] : [0, -1.2, 1.1, 1, -1.1, 1];
    for (let i = 0; i < corners.length; i += 2) c.lineTo(x + r * corners[i], y + r * corners[i + 1]);
    c.fill();
    c.globalAlpha = 1;
  }
  // the name of each point, where it covers nothing; else the pointer tells it
  function label(c, row, x, y, box, taken) {
    c.font = ui.font(12);
    const line = 13 * unit;
    const named = row.labels.map((text) => broken(c, String(text), 0.45 * (box.right - box.left)));
    const size = named.map((lines) => widest(c, lines));
    const order = [...named.keys()].sort((i, j) => size[j] - size[i]); // the longest finds least room
    for (const i of order) {
      const [px, py, wide, high] = [x(row.x[i]), y(row.y[i]), size[i], line * named[i].length];
      if (!row.labels[i] || !Number.isFinite(py)) continue;
      // beside, above, below, at the corners; then further away, at the end of a line
      const around = (d) => [
        [px + d, py - high / 2],
        [px - d - wide, py - high / 2],
        [px - wide / 2, py - high - d + 2],
        [px - wide / 2, py + d - 1],
        [px + d - 2, py + d - 3],
        [px - d + 2 - wide, py + d - 3],
        [px + d - 2, py - high - d + 3],
        [px - d + 2 - wide, py - high - d + 3],
      ];
      const places = [...around(7), ...around(24 * unit).slice(2)];
      const found = places.find(
        ([a, b]) =>
          a > box.left - 30 &&
          a + wide < box.right + 12 &&
          b > box.top - line &&
          b + high < box.bottom + 4 &&
          !taken.some(([l, u, w, d]) => a < l + w && l < a + wide && b < u + d && u < b + high),
      );
      if (!found) continue;
      taken.push([...found, wide, high]);
      if (places.indexOf(found) > 7) {
        c.strokeStyle = ui.theme.quiet;
        c.lineWidth = 0.8;
        c.beginPath();
        c.moveTo(px, py);
        c.lineTo(clamp(px, found[0], found[0] + wide), found[1] + (found[1] < py ? high : 0));
        c.stroke();
      }
      named[i].forEach((text, n) => write(c, text, found[0], found[1] + (n + 0.5) * line, colour(row)));
    }
  }
  // the name of each line at its end, spread so that none covers another; above it, where it ends early
  function ends(c, named, x, y, box) {
    c.font = ui.font(13);
    const high = 15 * unit;
    const early = (one) => one.x < box.right - 0.15 * (box.right - box.left);
    const all = named
      .map((row) => ({ row, i: row.y.findLastIndex((v) => Number.isFinite(y(v))) }))
      .filter(({ i }) => i >= 0)
      .map(({ row, i }) => ({
        row,
        x: x(row.x[i]),
        y: y(row.kind === "band" ? (row.y[i] + row.z[i]) / 2 : row.y[i]),
      }))
      .sort((a, b) => a.y - b.y);
    const placed = all.filter((one) => !early(one));
    for (const one of all.filter(early))
      write(c, one.row.name, one.x + 8 * unit, Math.max(one.y - 10 * unit, box.top + 6 * unit), colour(one.row));
    placed.forEach((one, i) => (one.y = Math.max(one.y, i ? placed[i - 1].y + high : box.top)));
    let floor = box.bottom + high / 2;
    for (const one of [...placed].reverse()) floor = (one.y = Math.min(one.y, floor)) - high;
    for (const one of placed) write(c, one.row.name, box.right + 7 * unit, one.y, colour(one.row));
  }
  const told = (row, i) => (row.kind === "band" ? `${number(row.y[i])} to ${number(row.z[i])}` : number(row.y[i]));
  return chart(ui, {
    rows: rows.map((row) => row.count),
    size(width, narrow) {
      const count = spec.panels.length;
      const wide = Math.min(width, (count > 1 ? 1000 : 780) * unit);
      const columns = clamp(Math.floor(wide / ((narrow ? 260 : 215) * unit)), 1, count);
      const high = Math.round((count > 1 ? 225 : narrow ? 250 : 300) * (spec.presenting ? 1.3 * ui.tall : unit));
      this.place = (p) => [
        ((p % columns) * wide) / columns,
        Math.floor(p / columns) * high,
        wide / columns - (columns > 1 ? 14 * unit : 0),
        high,
      ];
      return [wide, Math.ceil(count / columns) * high];
    },
    paint(c, at) {
      spec.panels.forEach((_, p) => panel(c, p, ...this.place(p)));
      if (!at) return;
      const row = rows[at[0]];
      const { x, y, box } = boxes[row.panel];
      const px = x(row.x[at[1]]);
      const point = row.kind === "points"; // a line from it would seem to lead to another
      if (!point) upright(c, px, box);
      if (Number.isFinite(row.y[at[1]])) dot(c, px, y(row.y[at[1]]), (point ? 7 : 4.5) * unit, colour(row));
      if (row.kind === "band") dot(c, px, y(row.z[at[1]]), 4.5 * unit, colour(row));
    },
    marksFirst: true,
    // of the first line, or else of the first points: where the panel's `start` is, or the end
    first() {
      const r = Math.max(
        0,
        rows.findIndex(({ kind }) => kind === "line"),
      );
      const { start } = spec.panels[rows[r].panel];
      return [r, start == null ? Math.max(0, rows[r].count - 1) : nearest(Array.from(rows[r].x), start)];
    },
    find(mx, my) {
      let best = null;
      let least = Infinity;
      rows.forEach((row, r) => {
        const { left, top, width, height, x, y } = boxes[row.panel];
        if (mx < left || my < top || mx > left + width || my > top + height) return;
        for (let i = 0; i < row.count; i++) {
          const d = Math.hypot(x(row.x[i]) - mx, (y(row.y[i]) - my) * (row.kind === "points" ? 1 : 0.4));
          if (d < least) [best, least] = [[r, i], d];
        }
      });
      return best;
    },
    say([r, i]) {
      const row = rows[r];
      const { xlabel, ylabel } = spec.panels[row.panel];
      const name = [row.labels?.[i], row.name].filter(Boolean).join(", ");
      const others = rows.filter(
        (o) => o.name && o !== row && o.panel === row.panel && o.kind !== "points" && o.x[i] === row.x[i],
      );
      return [
        h("span", { class: "quiet" }, `${xlabel || "x"} ${number(row.x[i])} · `),
        name ? `${name}: ` : "",
        h("b", {}, `${told(row, i)}`),
        name || !ylabel ? "" : ` ${ylabel}`,
        ...others.slice(0, 6).map((o) => h("span", { class: "quiet" }, ` · ${o.name}: ${told(o, i)}`)),
      ];
    },
    table() {
      const thin = (row) => Array.from(row.x.keys()).filter((i) => i % Math.ceil(row.count / 24) === 0);
      return {
        header: [
          "line",
          ...["xlabel", "ylabel"].map((of, i) => [...new Set(spec.panels.map((p) => p[of]))].join(", ") || "xy"[i]),
        ],
        rows: rows.flatMap((row) =>
          thin(row).map((i) => [
            [spec.panels[row.panel].title, row.labels?.[i] || row.name].filter(Boolean).join(", ") || `${i + 1}`,
            number(row.x[i]),
            told(row, i),
          ]),
        ),
      };
    },
    numbers: () => rows.map((row) => ({ name: row.name, x: Array.from(row.x), y: Array.from(row.y) })),
  });
}
