// The head explorer: a grid of all heads, one of them open, and one query word that is compared in all of them.
// Head H of a layer is the mean of its heads; NaN is a masked cell. Each canvas has an ARIA grid of one cell as its
// twin.
import { modelsAt } from "../models/load.js";
import { h } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { legend } from "../shared/legend.js";
import { inked, legible, rgb } from "../shared/theme.js";
import { cause, packed } from "./cause.js";
import HEADS_CSS from "./heads.css";

const { ceil, floor, max, min, round } = Math;
const STEPS = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: [0, -999],
  End: [0, 999],
};
const clamp = (x, n) => max(0, min(n - 1, x));
const empty = Number.isNaN;
const top = (w) => w.reduce((b, x, k) => (x > w[b] || empty(w[b]) ? k : b), 0);

export function heads(ui) {
  const { spec, state, unit, arrays } = ui;
  const { maps } = spec;
  const means = [];
  // what the pointer is on: {layer, head} in the grid, {row, col} in the open head
  let hover = {};
  let geometry = null;
  let atlas = null;
  let filled = null;

  // ---- the numbers
  let m = maps[0];
  let at = 0;
  let L;
  let H;
  let Q;
  let K;
  let columns;
  let weights;
  function choose() {
    at = max(
      0,
      maps.findIndex((x) => x.name === state.map),
    );
    m = maps[at];
    [L, H, Q, K] = m.shape;
    columns = H + (H > 1);
    weights = arrays[`map${at}`];
    means[at] ??=
      H > 1 &&
      Float32Array.from({ length: L * Q * K }, (_, j) => {
        let sum = 0;
        for (let i = 0, a = floor(j / (Q * K)) * H * Q * K + (j % (Q * K)); i < H; i++, a += Q * K) sum += weights[a];
        return sum / H;
      });
  }
  choose();
  const row = (l, i, q) =>
    i < H
      ? weights.subarray(((l * H + i) * Q + q) * K, ((l * H + i) * Q + q + 1) * K)
      : means[at].subarray((l * Q + q) * K, (l * Q + q + 1) * K);
  const opened = () => [clamp(state.layer, L), state.head < 0 ? columns - 1 : clamp(state.head, H)];
  const query = () => hover.row ?? clamp(state.query, Q);
  const weightsFrom = (l, i) => row(l, i, query());
  const fixed = () => hover.col ?? (state.key < 0 ? null : clamp(state.key, K));
  const key = (w) => fixed() ?? top(w);
  const effect = (l, i) => m.effects?.[l][i] ?? NaN;
  const byEffect = () => m.effects && state.number === "effect";
  const number = (l, i) => {
    const w = weightsFrom(l, i);
    return byEffect() ? effect(l, i) : w[key(w)];
  };
  const mark = (l, i) => [...(maps.length > 1 ? [m.name] : []), l, i];
  const same = (k) => (x) => String(x) === String(k);
  const out = (l, i) => state.knocked.some(same(mark(l, i)));
  function ranking() {
    const all = Array.from({ length: L * H }, (_, j) => [floor(j / H), j % H]);
    const n = all.map((p) => ((x) => (empty(x) ? -Infinity : x))(number(...p)));
    return all
      .map((_, j) => j)
      .sort((a, b) => (n[b] > n[a]) - (n[b] < n[a]))
      .map((j) => all[j]);
  }
  const named = (l, i) => `layer ${l + 1}, ${i < H ? `head ${i + 1}` : "mean of its heads"}`;
  const capital = (t) => t[0].toUpperCase() + t.slice(1);
  const plain = (x, digits) => (empty(x) ? "–" : x.toFixed(Math.abs(x) >= 100 ? 0 : digits).replace("-", "−"));

  // ---- elements
  function twin(name, testid, keys, hit, press) {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const cell = h("div", { role: "gridcell", id: `${ui.id}-${testid}` });
    const line = h("div", { role: "row" }, cell);
    const spacer = h("div");
    const element = h(
      "div",
      {
        role: "grid",
        tabindex: 0,
        "aria-label": name,
        "aria-activedescendant": cell.id,
        "data-testid": testid,
        onscroll: () => ui.set({}),
        onkeydown: (e) => {
          if (!e.ctrlKey && !e.metaKey && !e.altKey && keys(e.key)) {
            e.preventDefault();
            e.stopPropagation();
          }
        },
      },
      spacer,
      canvas,
      h("div", { class: "hidden" }, line),
    );
    const under = (e) => hit(e.offsetX, e.offsetY);
    const point = (next) => {
      if (JSON.stringify(next) !== JSON.stringify(hover)) {
        hover = next;
        ui.set({});
      }
    };
    canvas.onpointermove = (e) => point(under(e));
    canvas.onpointerleave = () => point({});
    canvas.onclick = (e) => press(under(e));
    const tell = (values) =>
      [element, element, line, cell, cell].forEach((e, i) =>
        e.setAttribute(`aria-${["rowcount", "colcount", "rowindex", "colindex", "label"][i]}`, values[i]),
      );
    return { canvas, element, spacer, tell };
  }
  const open = (layer, head) => ui.set({ layer, head: head === H ? -1 : head }, true);
  const small = twin(
    "all heads: layers down, heads across; Enter goes in",
    "heads",
    (name) => {
      const [l, i] = opened();
      const step = STEPS[name];
      if (name === "Enter" || name === " ") large.element.focus();
      else if (step) open(clamp(l + step[0], L), clamp(i + step[1], columns));
      else return false;
      return true;
    },
    (x, y) => {
      const g = geometry;
      const layer = floor((y - g.top) / g.down);
      const head = floor((x - g.left) / g.across);
      return layer >= 0 && layer < L && head >= 0 && head < columns ? { layer, head } : {};
    },
    (p) => p.layer >= 0 && open(p.layer, p.head),
  );
  function under(x, y) {
    const g = geometry.big;
    const above = y < g.top;
    const before = x < g.left;
    const r = floor((y - g.top + g.y) / g.size);
    const c = floor((x - g.left + g.x + (above && g.slanted ? y - g.top + 8 : 0)) / g.size);
    if (r >= Q || c >= K || (above && c < 0)) return {};
    return above ? { col: c } : before ? { row: r } : { row: r, col: c };
  }
  const large = twin(
    "the open head: queries down, keys across; Escape goes back",
    "open",
    (name) => {
      const step = STEPS[name];
      const e = large.element;
      const g = geometry.big;
      if (name === "Escape") return (small.element.focus(), true);
      if (why && (name === " " || name === "Enter")) return (why.toggle(), true);
      if (!step) return false;
      hover = {};
      ui.set({ query: clamp(query() + step[0], Q), key: clamp(key(weightsFrom(...opened())) + step[1], K) }, true);
      e.scrollTop = min(max(e.scrollTop, (state.query + 1) * g.size - g.high), state.query * g.size);
      e.scrollLeft = min(max(e.scrollLeft, (state.key + 1) * g.size - g.wide), state.key * g.size);
      return true;
    },
    under,
    (p) => {
      hover = {};
      if (!why?.drawn()) ui.set({ query: p.row ?? state.query, key: p.col ?? state.key }, true);
    },
  );
  function menu(name, shift) {
    const list = h("select", {
      id: `${ui.id}-${name}`,
      "data-control": name,
      onchange: () => ui.set({ [name]: list.selectedIndex - shift }, true),
    });
    return [list, h("span", { class: "control" }, h("label", { for: list.id }, name), list)];
  }
  const [queries, queryMenu] = menu("query", 0);
  const [keys, keyMenu] = menu("key", 1);
  const what = h("div", { class: "what quiet", "data-testid": "number" });
  const ranked = h("div", { class: "ranked", "aria-hidden": "true" });
  const hidden = maps.some((x) => x.masked) && !/hatched/i.test(spec.caption ?? "");
  const inks = legend({ high: spec.high }, ...(hidden ? [["masked", "masked"]] : []));
  const title = h("b");
  const said = h("div", { class: "say", role: "status", "data-testid": "readout" });
  const knock = h(
    "button",
    {
      type: "button",
      "data-testid": "knock",
      onclick() {
        const k = mark(...opened());
        const rest = state.knocked.filter((x) => !same(k)(x));
        ui.set({ knocked: rest.length < state.knocked.length ? rest : [...rest, k] }, true);
        why?.ask();
      },
    },
    "knock it out",
  );
  // ---- what follows from an attention weight, in the model of this page
  const why =
    spec.own && modelsAt()
      ? cause(ui, {
          ...{ canvas: large.canvas, under, query },
          head: () => [opened()[0], state.head < 0 ? -1 : opened()[1]],
          key: () => key(weightsFrom(...opened())),
          open: (q, k) => !empty(row(...opened(), q)[k]),
          show(map) {
            arrays.map0 = map;
            means.length = 0;
            atlas = null;
            choose();
            ui.set({});
          },
        })
      : null;
  ui.body.append(what, small.element);
  ui.side.append(h("div", { class: "opened" }, title, spec.live || why ? knock : ""), large.element, inks);
  ui.root.querySelector(".controls").prepend(queryMenu, keyMenu);

  // ---- layout: the open head beside the grid where there is room, else below
  function layout(width, narrow) {
    const c = small.canvas.getContext("2d");
    const left = 52 * unit;
    const cap = 15 * unit;
    const gap = 5;
    c.font = ui.font(13, 700);
    const widest = (words) => min(130 * unit, ceil(words.reduce((a, w) => max(a, c.measureText(w).width), 0)));
    const names = widest(m.keys);
    const letters = m.keys.every((t) => [...t].length < 2); // stand upright in the narrowest column
    const tail = letters ? 4 : names * 0.71 + 4;
    const spare = width - left - columns * (44 * unit + gap) - 24;
    const beside = !narrow && spare >= 300 * unit;
    const bare = widest(m.queries) + 12 * unit;
    const named = max(bare, widest(["query ↓"]) + 12 * unit); // the corner is named where that hides no column
    const fits = named + 14 * unit * K + tail <= (beside ? spare : width - 4);
    const label = fits ? named : bare;
    const whole = label + 14 * unit * K + tail; // what it takes to see all columns at once
    const legibly = K > 16 && !letters ? whole + 7 * unit * K : 0; // slanted words grow with their columns
    const room = beside ? min(spare, max(300 * unit, 0.55 * width, whole <= spare ? whole : 0, legibly)) : width - 4;
    const tallest = 450 * ui.tall;
    const least = narrow && bare + 10 * unit * K + tail <= width - 4 ? 10 : 14; // 10 if all can then be seen
    const size = max(least * unit, min(34 * unit, floor((room - label - tail) / K), floor(tallest / Q)));
    const slanted = names > size - (letters ? 0 : 4);
    const end = slanted ? tail : 4;
    const high = min(Q * size, tallest);
    const wide = min(K * size, max(100, room - label - end));
    const over = max(44 * unit, slanted ? names * 0.71 + 18 * unit : 0);
    const big = {
      corner: fits ? ["query ↓", "key →"] : ["↓", "→"],
      left: label,
      top: over,
      size,
      slanted,
      names,
      wide,
      high,
      width: ceil(min(room, label + wide + end)),
      height: ceil(over + high) + 2,
      rolls: K * size > wide + 1 || Q * size > high + 1,
    };
    const tile = max(16, min(96 * unit, floor(((beside ? width - big.width - 24 : width) - left) / columns) - gap));
    const tall = round(tile * max(0.45, min(1.4, Q / K)));
    const across = tile + gap;
    const down = tall + cap + gap;
    return {
      left,
      top: 20 * unit,
      tile,
      tall,
      across,
      down,
      beside,
      big,
      width: left + columns * across,
      height: 20 * unit + L * down + 2,
    };
  }
  const shade = (x) => inked(ui.theme, x / spec.high);
  // every head as pixels, once for a map and a theme; masked cells stay clear
  function pixels() {
    if (atlas?.at === at && atlas.theme === ui.theme) return atlas.canvas;
    const wide = columns * K;
    const canvas = new OffscreenCanvas(wide, L * Q);
    const c = canvas.getContext("2d");
    const image = c.createImageData(wide, L * Q);
    const to = new Uint32Array(image.data.buffer);
    const ink = Uint32Array.from({ length: 256 }, (_, i) => {
      const [r, g, b] = inked(ui.theme, i / 255);
      return (255 << 24) | (b << 16) | (g << 8) | r;
    });
    for (let l = 0; l < L; l++)
      for (let i = 0; i < columns; i++) {
        const rows = m.queries.map((_, q) => row(l, i, q));
        const most = rows.reduce((a, w) => w.reduce((b, x) => max(b, x || 0), a), 1e-9); // its darkest cell
        rows.forEach((w, q) => {
          const s = ((l * Q + q) * columns + i) * K;
          for (let k = 0; k < K; k++) if (!empty(w[k])) to[s + k] = ink[((w[k] * 255) / most) | 0];
        });
      }
    c.putImageData(image, 0, 0);
    atlas = { at, theme: ui.theme, canvas };
    return canvas;
  }
  function write(c, text, x, y, align = "center", colour = ui.theme.quiet, size = 12, weight = 400, room = 0) {
    c.font = ui.font(size, weight);
    c.fillStyle = colour;
    c.textAlign = align;
    while (room && text.length > 2 && c.measureText(text).width > room) text = `${text.slice(0, -2)}…`;
    c.fillText(text, x, y);
  }
  function hatch(c, x, y, wide, high) {
    c.save();
    c.beginPath();
    c.rect(x, y, wide, high);
    c.clip();
    c.strokeStyle = ui.theme.hatch;
    c.lineWidth = 1;
    c.beginPath();
    for (let d = 4; d < wide + high; d += 6) {
      c.moveTo(x + d, y);
      c.lineTo(x + d - high, y + high);
    }
    c.stroke();
    c.restore();
  }
  const box = (c, colour, line, x, y, wide, high) => {
    c.strokeStyle = colour;
    c.lineWidth = line;
    c.strokeRect(x, y, wide, high);
  };
  function paintSmall(c, g) {
    const { theme } = ui;
    const tiles = pixels();
    const q = query();
    const [l0, i0] = opened();
    const best = String(ranking()[0]);
    const chosen = !byEffect() && fixed() !== null; // bold is then: of this word the largest share
    const high = g.tall / Q;
    c.textBaseline = "alphabetic";
    c.imageSmoothingEnabled = Q > g.tall || K > g.tile;
    write(c, "head", g.left - 6, g.top - 6, "right");
    for (let i = 0; i < columns; i++) write(c, i < H ? i + 1 : "mean", g.left + i * g.across + g.tile / 2, g.top - 6);
    for (let l = 0; l < L; l++) {
      write(c, `layer ${l + 1}`, g.left - 6, g.top + l * g.down + g.tall / 2 + 4, "right");
      for (let i = 0; i < columns; i++) {
        const x = g.left + i * g.across;
        const y = g.top + l * g.down;
        const gone = out(l, i);
        const on = l === l0 && i === i0;
        const bold = chosen ? i < H && top(weightsFrom(l, i)) === fixed() : on || `${l},${i}` === best;
        c.globalAlpha = gone ? 0.3 : 1;
        if (m.masked) hatch(c, x, y, g.tile, g.tall);
        c.drawImage(tiles, i * K, l * Q, K, Q, x, y, g.tile, g.tall);
        c.fillStyle = theme.query;
        c.fillRect(x - 4, y + q * high - 1, 4, max(2, high + 1));
        c.globalAlpha = 1;
        box(
          c,
          on || (hover.layer === l && hover.head === i) ? theme.text : theme.line,
          on ? 2.5 * unit : 1,
          x - 0.5,
          y - 0.5,
          g.tile + 1,
          g.tall + 1,
        );
        if (gone) {
          const side = min(15 * unit, g.tall / 2); // a cross in the corner: the map stays to be seen
          const left = x + g.tile - side;
          c.fillStyle = rgb(theme.paper);
          c.fillRect(left, y, side, side);
          box(c, theme.text, 1.5, left, y, side, side);
          write(c, "×", left + side / 2, y + 0.8 * side, "center", theme.text, side / unit);
        }
        write(
          c,
          plain(number(l, i), 2),
          x + g.tile / 2,
          y + g.tall + 11.5 * unit,
          "center",
          bold ? theme.text : theme.quiet,
          10.5,
          bold ? 700 : 400,
        );
      }
    }
  }
  function paintLarge(c, g) {
    const { theme } = ui;
    const { size, left, top: high } = g;
    const [l, i] = opened();
    const gap = size > 20 ? 2 : 1;
    const q0 = query();
    const k0 = key(row(l, i, q0));
    const seen = (from, room, n) => [floor(from / size), min(n, ceil((from + room) / size))];
    const rows = seen(g.y, g.high, Q);
    const cols = seen(g.x, g.wide, K);
    c.save();
    c.beginPath();
    c.rect(left - 2, high - 2, g.wide + 4, g.high + 4);
    c.clip();
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.font = ui.font(min(11.5, size / unit / 2.3));
    for (let q = rows[0]; q < rows[1]; q++) {
      const w = row(l, i, q);
      for (let k = cols[0]; k < cols[1]; k++) {
        const x = left + k * size - g.x;
        const y = high + q * size - g.y;
        const s = size - gap;
        const colour = shade(w[k]);
        if (empty(w[k])) {
          hatch(c, x, y, s, s);
          continue;
        }
        c.fillStyle = rgb(colour);
        c.fillRect(x, y, s, s);
        if (why?.paints(q, k)) box(c, theme.key, 3 * unit, x, y, s, s);
        if (size >= 24 * unit) {
          c.fillStyle = legible(colour);
          c.fillText(w[k] < 0.005 ? "" : w[k] < 0.995 ? plain(w[k], 2).slice(1) : 1, x + s / 2, y + s / 2 + 1);
        }
      }
    }
    const [x, y, s] = [left - g.x - 1, high + q0 * size - g.y - 1, size - gap + 2];
    box(c, theme.query, unit, x, y, (K - 1) * size + s, s);
    box(c, theme.query, 2.5 * unit, x + k0 * size, y, s, s);
    c.restore();
    c.textBaseline = "middle";
    g.corner.forEach((text, i) =>
      write(c, text, left - 8 * unit, high - (i ? 28 : 10) * unit, "right", theme[i ? "key" : "query"], 12),
    );
    for (let q = rows[0]; q < rows[1]; q++) {
      const y = high + (q + 0.5) * size - g.y;
      const on = q === q0;
      if (y > high && y < high + g.high)
        write(
          c,
          m.queries[q],
          left - 8 * unit,
          y,
          "right",
          on ? theme.query : theme.text,
          min(13, size / unit),
          on ? 700 : 400,
          left - 12 * unit,
        );
    }
    const slant = ui.slant(size);
    for (let k = cols[0]; k < cols[1]; k++) {
      const x = left + (k + 0.5) * size - g.x;
      const on = k === k0;
      if (x < left || x > left + g.wide || (g.slanted && !on && k % slant.every)) continue;
      c.save();
      c.translate(x, high - 8);
      if (g.slanted) c.rotate(-0.785);
      write(
        c,
        m.keys[k],
        0,
        0,
        g.slanted ? "left" : "center",
        on ? theme.key : theme.text,
        g.slanted ? slant.size : 13,
        on ? 700 : 400,
        g.slanted ? g.names : size,
      );
      c.restore();
    }
  }

  // ---- words
  function say() {
    const [a, b] = opened();
    const [l, i] = hover.layer >= 0 ? [hover.layer, hover.head] : [a, b];
    const q = query();
    const from = m.queries[q];
    const n = L * H;
    const sentence = (l, i) => {
      const w = weightsFrom(l, i);
      const k = key(w);
      return (
        `${named(l, i)}: “${from}” ${empty(w[k]) ? "may not attend to" : `gives ${plain(w[k], 3)} to`} ` +
        `“${m.keys[k]}”${k === top(w) && w[k] > 0 ? ", its largest share" : ""}`
      );
    };
    const w = weightsFrom(l, i);
    const k = key(w);
    const e = effect(l, i);
    const rank = ranking().findIndex(same([l, i])) + 1;
    const who = (role, t) => h("b", { class: role }, t);
    const more = [
      !empty(e) && `${spec.effect}: ${plain(e, 2)}`,
      rank && n > 1 && !empty(number(l, i)) && `${rank > 1 ? `number ${rank}` : "the largest"} of ${n} heads`,
      out(l, i) && "knocked out",
    ];
    said.replaceChildren(
      h(
        "div",
        {},
        who("query", from),
        " → ",
        who("key", m.keys[k]),
        " ",
        h("b", {}, empty(w[k]) ? "masked" : plain(w[k], 3)),
      ),
      h("div", {}, `${capital(sentence(l, i))}.`),
      h(
        "div",
        { class: "quiet" },
        more
          .filter(Boolean)
          .map((t) => `${capital(t)}. `)
          .join(""),
      ),
    );
    title.textContent = capital(named(a, b));
    knock.textContent = out(a, b) ? "bring it back" : "knock it out";
    knock.disabled = b === H;
    why?.sync(from, m.keys[key(weightsFrom(a, b))]);
    const given = [who("query", from), " → ", fixed() === null ? "its strongest word" : who("key", m.keys[k])];
    if (fixed() !== null) given.push(h("b", {}, " (bold: its largest)"));
    what.replaceChildren("each map has its own scale; below: ", ...(byEffect() ? [spec.effect] : given));
    small.tell([L, columns, a + 1, b + 1, sentence(a, b)]);
    large.tell([Q, K, q + 1, key(weightsFrom(a, b)) + 1, sentence(a, b)]);
    if (filled !== m) {
      const list = (words) =>
        words.map((t, j) => h("option", {}, words.indexOf(t) === words.lastIndexOf(t) ? t : `${t} (${j + 1})`));
      queries.replaceChildren(...list(m.queries));
      keys.replaceChildren(h("option", {}, "its strongest"), ...list(m.keys));
      filled = m;
    }
    queries.selectedIndex = clamp(state.query, Q);
    keys.selectedIndex = state.key < 0 ? 0 : clamp(state.key, K) + 1;
  }
  // the row of the word in the head that is open, its largest weights as bars, where the grid leaves room for some
  function rank(count) {
    const [l, i] = hover.layer >= 0 ? [hover.layer, hover.head] : opened();
    const w = weightsFrom(l, i);
    const on = key(w);
    const order = Array.from(w.keys(), (k) => k).filter((k) => !empty(w[k]));
    const shown = count < 4 ? [] : order.sort((a, b) => (b === on) - (a === on) || w[b] - w[a]).slice(0, count);
    ranked.replaceChildren(
      ...shown.flatMap((k) => [
        h("span", { class: k === on ? "key on" : "" }, m.keys[k]),
        h("i", { class: k === on ? "on" : "", style: `width:${(100 * w[k]) / spec.high}%` }),
        h("span", {}, plain(w[k], 2)),
      ]),
    );
  }
  ui.style(HEADS_CSS);

  return {
    paint(width, narrow) {
      choose();
      const g = (geometry = layout(width, narrow));
      const b = g.big;
      const stage = ui.body.parentElement;
      const scroll = large.element;
      stage.classList.toggle("stacked", !g.beside);
      const under = g.beside && g.height < b.height;
      if (said.parentElement !== (under ? ui.body : ui.side))
        under ? ui.body.append(said, ranked) : (ui.side.prepend(said), ranked.remove());
      inks.style.marginLeft = `${b.left}px`;
      what.style.width = g.beside ? `${max(g.width, 220 * unit)}px` : "";
      said.style.width = ranked.style.width = under ? what.style.width : "";
      small.element.style.cssText = `width:${min(g.width, width)}px;overflow:${g.width > width ? "auto" : "hidden"}`;
      scroll.style.width = `${b.width}px`;
      scroll.style.height = `${b.height + (b.rolls ? 14 : 0)}px`;
      scroll.style.overflow = b.rolls ? "auto" : "hidden";
      large.canvas.style.touchAction = why && !b.rolls ? "pan-y" : ""; // a finger paints, too
      large.spacer.style.cssText = b.rolls
        ? `position:absolute;width:${b.width + K * b.size - b.wide}px;height:${b.height + Q * b.size - b.high}px`
        : "display:none";
      b.x = b.rolls ? scroll.scrollLeft : 0;
      b.y = b.rolls ? scroll.scrollTop : 0;
      paintSmall(paper(small.canvas, g.width, g.height), g);
      paintLarge(paper(large.canvas, b.width, b.height), b);
      say();
      if (under) rank(spec.presenting ? 0 : min(10, floor((b.height - g.height - 120 * unit) / (20 * unit))));
    },
    table() {
      const mine = state.knocked.some((k) => k.length < 3 || k[0] === m.name);
      const text = (x) => (empty(x) ? "masked" : plain(x, 3));
      const all = [...ranking(), ...(H > 1 ? Array.from({ length: L }, (_, l) => [l, H]) : [])];
      const rows = all.map(([l, i]) => {
        const w = weightsFrom(l, i);
        const k = top(w);
        return [
          named(l, i),
          text(w[key(w)]),
          `${m.keys[k]} ${plain(w[k] || 0, 3)}`,
          ...(m.effects ? [plain(effect(l, i), 3)] : []),
          ...(mine ? [out(l, i) ? "yes" : ""] : []),
        ];
      });
      return {
        header: [
          "head",
          `${m.queries[query()]} → ${m.keys[fixed()] ?? "its strongest"}`,
          "most on",
          ...(m.effects ? [spec.effect] : []),
          ...(mine ? ["knocked out"] : []),
        ],
        rows,
      };
    },
    numbers: () => ({
      cause: why?.found(),
      open: Array.from({ length: Q }, (_, q) => Array.from(row(...opened(), q))),
      heads: Array.from({ length: L }, (_, l) => Array.from({ length: columns }, (_, i) => number(l, i))),
    }),
    // A sentence of the reader's own: the self-attention with which the model reads it.
    *answer({ models, text, source, ids, pieces }) {
      const [it] = models;
      const size = ids.length;
      const layers = globalThis.courseModels.weightsOf(it, { ids, segments: pieces.map((p) => p.segment) });
      const masked = !!it.model.sharesContext;
      const map0 = packed(layers, masked);
      const most = map0.reduce((a, x) => (x > a ? x : a), 0);
      const shape = [layers.length, layers[0].length, size, size];
      const map = { name: m.name, queries: source, keys: source, shape, masked, effects: null };
      const query = max(0, source.indexOf(m.queries[clamp(state.query, Q)]));
      yield {
        spec: {
          maps: [map],
          reads: text,
          high: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((step) => most <= step) ?? 1,
          controls: spec.controls.filter((c) => c.name === "reset"),
          state: { ...state, query, key: -1, number: "weight", knocked: [] },
        },
        arrays: { map0 },
      };
    },
  };
}
