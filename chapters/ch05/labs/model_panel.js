// The tensors of one part of the model, side by side: vectors as bars, scores and weights as cells, the next words
// as a list.
import { fmt, h, legible, mix, paper, percent, pointed, rgb } from "../../../course_utils/views/core.js";

const packed = (hex) => {
  const [r, g, b] = hex.match(/\w\w/g).map((x) => parseInt(x, 16));
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
};
const CUT = 3; // bars end at so many times their root mean square
export function modelPanel(ui, N, pointer, lit) {
  const { spec, state, unit } = ui,
    { D, d, F } = N,
    pre = spec.norm_first,
    word = (side, i) => spec.words[side][i],
    q = (t) => `“${t}”`;
  let geometry = [],
    cached = { key: "", blocks: [] };

  // ---- what there is to see: name, how it is made, whose rows, how many columns, get(row, column)
  function blocks() {
    const p = N.parts[state.part],
      head = state.head,
      key = `${p.id}:${head}`;
    if (cached.key === key) return cached.blocks;
    const { side, kind } = p,
      list = [],
      x = pre ? "norm(x)" : "x",
      of = head + 1;
    const vectors = (name, made, data, columns, role, more = {}) =>
      list.push({ type: "bars", name, made, side, columns, role, get: (r, c) => data[r * columns + c], ...more });
    const before = () => vectors("x", "the stream before", p.before, D, null, { share: "stream" });
    const after = (made) => vectors("x′", made, p.after, D, null, { share: "stream" });
    if (kind === "embedding") {
      vectors("token", "embedding · √D", p.of("token"), D, null, { share: "stream" });
      if (p.of("position")) vectors("position", spec.position, p.of("position"), D, null, { share: "stream" });
      after(p.of("position") ? "their sum: the stream begins" : "the stream begins");
    } else if (kind === "norm") {
      before();
      vectors("norm(x)", side === "encoder" ? "what the decoder reads" : "what becomes logits", p.after, D, "output");
    } else if (kind === "output") {
      vectors("norm(x)", "behind the decoder", p.before, D, "output");
      list.push({
        type: "list",
        name: "next word",
        made: `logit · softmax over ${N.total.toLocaleString("en")} words`,
        side,
        columns: 1,
        rows: spec.top + 1,
      });
    } else {
      before();
      if (pre) vectors("norm(x)", "what this part reads", p.read, D, null);
      if (kind === "ffn")
        vectors("hidden", `${spec.activation}(W₁ ${x} + b₁)`, p.of("hidden"), F, null, { wide: true });
      else {
        const slice = (a, width, at) => (r, c) => a[r * width + at * d + c],
          own = Math.floor(head / spec.shared),
          width = D / spec.shared,
          from = kind === "cross" ? "source" : x;
        const scores = N.every(p, head, N.scores),
          means = N.every(p, head, N.mean),
          keyed = { type: "bars", side: p.keys, columns: d };
        list.push(
          {
            type: "bars",
            name: `q, head ${of}`,
            made: `W_Q ${x}`,
            side,
            columns: d,
            role: "query",
            share: "qk",
            get: slice(p.of("q"), D, head),
          },
          { ...keyed, name: "k", made: `W_K ${from}`, role: "key", share: "qk", get: slice(p.of("k"), width, own) },
          { ...keyed, name: "v", made: `W_V ${from}`, role: "value", share: "v", get: slice(p.of("v"), width, own) },
          {
            type: "cells",
            name: "scores",
            made: `q · k / √${d}`,
            first: true,
            side,
            keys: p.keys,
            columns: N.count[p.keys],
            get: (r, c) => scores[r][c],
          },
          {
            type: "cells",
            name: "weights",
            made: "softmax of each row",
            side,
            keys: p.keys,
            columns: N.count[p.keys],
            ink: true,
            get: (r, c) => (N.masked(p, r, c) ? NaN : N.weight(p, head, r, c)),
          },
          {
            type: "bars",
            name: `head ${of}`,
            made: "Σ weight · v",
            side,
            columns: d,
            role: "output",
            share: "v",
            get: (r, c) => means[r][c],
          },
        );
      }
      vectors("added", kind === "ffn" ? "W₂ hidden + b₂" : "all heads · W_O", p.of("written"), D, "output");
      after(pre ? "x + added" : "norm(x + added)");
    }
    const shown =
        spec.presenting && N.attends(p) ? list.filter((b) => b.type === "cells" || b.name === `head ${of}`) : list,
      sums = {};
    for (const [i, b] of shown.entries()) {
      // what shares a scale is seen at the same size
      const sum = (sums[(b.share ??= i)] ??= { n: 0, squares: 0, most: 1e-9 });
      b.rows ??= N.count[b.side];
      for (let r = 0; b.get && r < b.rows; r++)
        for (let c = 0; c < b.columns; c++) {
          const v = b.get(r, c);
          if (v) {
            sum.n++;
            sum.squares += v * v;
            sum.most = Math.max(sum.most, Math.abs(v));
          }
        }
    }
    for (const b of shown) {
      const s = sums[b.share];
      b.reach = b.ink ? 1 : b.type === "bars" ? Math.min(s.most, CUT * Math.sqrt(s.squares / s.n)) : s.most;
    }
    return (cached = { key, blocks: shown }).blocks;
  }
  const open = (b, r) => b.side === "encoder" || b.type === "list" || r < state.step;

  // ---- elements: a canvas, and its accessible twin of one cell
  const canvas = h("canvas", { "aria-hidden": "true" }),
    cell = h("div", { role: "gridcell", id: `${ui.id}-cell`, tabindex: -1 });
  const grid = h(
    "div",
    {
      role: "grid",
      tabindex: 0,
      class: "panel",
      "data-testid": "panel",
      "aria-label":
        "tensors of the open part; arrow keys: row and column, page up and down: the tensor before and after",
      "aria-activedescendant": cell.id,
      onkeydown: key,
      onfocus: () => grid.matches(":focus-visible") && !pointer.now?.block && move(0, 0, 0),
      onblur: () => pointer.set(null),
    },
    canvas,
    h("div", { class: "hidden" }, h("div", { role: "row" }, cell)),
  );
  const title = h("div", { class: "opened" });
  canvas.onpointermove = (e) => pointer.set(under(e));
  canvas.onpointerleave = () => pointer.set(null);
  canvas.onclick = (e) => {
    const at = under(e);
    if (at?.word >= 0) pointer.choose(at.side, at.word);
  };
  const at = (b, r, c) => ({
    where: "panel",
    block: b.name,
    side: b.type === "list" ? "decoder" : b.side,
    word: b.type === "list" ? -1 : r,
    key: b.type === "cells" ? c : -1,
    row: r,
    column: c,
  });
  function under(e) {
    const [x, y] = pointed(e, canvas);
    for (const g of geometry) {
      const r = Math.floor((y - g.y) / g.high),
        c = Math.floor((x - g.x) / g.wide);
      if (r >= 0 && r < g.b.rows && x >= g.x - g.labels && c < g.b.columns && open(g.b, r))
        return at(g.b, r, Math.max(0, c));
    }
    return null;
  }
  function move(block, dr, dc) {
    const all = geometry.map((g) => g.b),
      now = pointer.now?.block ? pointer.now : null,
      i = Math.max(
        0,
        all.findIndex((b) => b.name === now?.block),
      );
    const b = all[Math.max(0, Math.min(all.length - 1, i + block))],
      last = (b.type === "list" || b.side === "encoder" ? b.rows : state.step) - 1,
      start = now ? now.row : Math.max(0, lit(b.side));
    pointer.set(
      at(
        b,
        Math.max(0, Math.min(last, start + dr)),
        Math.max(0, Math.min(b.columns - 1, (block || !now ? 0 : now.column) + dc)),
      ),
    );
  }
  function key(e) {
    const to = {
      ArrowUp: [0, -1, 0],
      ArrowDown: [0, 1, 0],
      ArrowLeft: [0, 0, -1],
      ArrowRight: [0, 0, 1],
      PageDown: [1, 0, 0],
      PageUp: [-1, 0, 0],
      Home: [0, 0, -1e4],
      End: [0, 0, 1e4],
    }[e.key];
    if (e.key === "Enter" && pointer.now?.word >= 0) pointer.choose(pointer.now.side, pointer.now.word);
    if (e.key === "Escape") pointer.set(null);
    if (!to || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    e.stopPropagation();
    move(...to);
  }

  // ---- lines of blocks as wide as the column allows; bars are stretched to fill a line
  function layout(width) {
    const c = canvas.getContext("2d"),
      all = blocks(),
      gap = 18 * unit,
      lines = [];
    c.font = ui.font(11.5, 700);
    const widest = (words) => Math.min(84 * unit, Math.max(...words.map((w) => c.measureText(w).width)) + 8 * unit);
    const most = Math.max(...all.map((b) => (b.type === "list" ? 0 : b.rows))),
      high = Math.max(10.5, Math.min(16, 210 / most)) * unit;
    const labels = { encoder: widest(spec.words.encoder), decoder: widest(spec.words.decoder) };
    const least = (b) =>
      b.type === "cells"
        ? b.columns * Math.max(12 * unit, Math.min(high, 13.5 * unit))
        : b.type === "list"
          ? 300 * unit
          : b.columns * (b.columns > 256 ? 0.9 : b.columns > 64 ? 1 : 2.3) * unit;
    const most_ = (b) =>
      b.type === "bars" ? b.columns * (b.columns > 64 ? 2.2 : 3.4) * unit : b.type === "list" ? 460 * unit : least(b);
    for (const b of all) {
      let line = lines.at(-1),
        named = !line || line.at(-1).b.side !== b.side;
      const used = line ? line.reduce((s, g) => s + g.labels + g.least + gap, 0) : 0,
        need = Math.min(least(b), width - labels[b.side] - 2);
      if (!line || used + (named ? labels[b.side] : 0) + need > width || b.wide || b.first) {
        lines.push((line = []));
        named = true;
      }
      line.push({ b, labels: named && b.type !== "list" ? labels[b.side] : 0, least: need });
    }
    let y = 0;
    geometry = [];
    for (const line of lines) {
      const slack = width - line.reduce((s, g) => s + g.labels + g.least + gap, -gap),
        room = line.reduce((s, g) => s + Math.max(0, most_(g.b) - g.least), 0);
      const slanted = line.find((g) => g.b.type === "cells"),
        top = 31 * unit + (slanted ? labels[slanted.b.keys] * 0.71 + 6 * unit : 2);
      let x = 0,
        tall = 0;
      for (const g of line) {
        const full = g.least + (room ? (Math.max(0, most_(g.b) - g.least) / room) * Math.min(slack, room) : 0),
          step = g.b.type === "list" ? 15 * unit : high;
        geometry.push({
          ...g,
          x: x + g.labels,
          y: y + top,
          title: y + top - 31 * unit - (g.b.type === "cells" ? labels[g.b.keys] * 0.71 + 6 * unit : 2),
          wide: full / g.b.columns,
          full,
          high: step,
        });
        x += g.labels + full + gap;
        tall = Math.max(tall, top + g.b.rows * step);
      }
      y += tall + 16 * unit;
    }
    return { width, height: Math.ceil(y) };
  }
  // the bars of all blocks, drawn once for a part and a step: pointing at things only copies them
  const store = new OffscreenCanvas(1, 1),
    pen = store.getContext("2d");
  let stored = "";
  function bars() {
    const key = [state.part, state.head, state.step, canvas.width, canvas.height, ui.theme.text].join(),
      W = canvas.width,
      ratio = window.devicePixelRatio || 1;
    if (key === stored) return;
    stored = key;
    store.width = W;
    store.height = canvas.height;
    const image = new ImageData(W, canvas.height),
      pixels = new Uint32Array(image.data.buffer),
      line = packed(ui.theme.line);
    for (const { b, x, y, full, high } of geometry) {
      if (b.type !== "bars") continue;
      const left = Math.round(x * ratio),
        w = Math.round(full * ratio),
        ink = packed(b.role ? ui.theme[b.role] : ui.theme.quiet);
      for (let r = 0; r < b.rows && open(b, r); r++) {
        const top = Math.round((y + r * high) * ratio),
          bottom = Math.round((y + (r + 1) * high) * ratio) - 1,
          zero = b.wide ? bottom : (top + bottom) >> 1,
          half = b.wide ? zero - top - 1 : zero - top;
        pixels.fill(line, zero * W + left, zero * W + left + w);
        for (let i = 0; i < b.columns; i++) {
          const v = Math.round(Math.max(-1, Math.min(1, b.get(r, i) / b.reach)) * half),
            from = left + Math.round((i * w) / b.columns),
            to = Math.max(from + 1, left + Math.round(((i + 0.85) * w) / b.columns));
          for (let h = Math.min(zero, zero - v); v && h <= Math.max(zero, zero - v); h++)
            for (let p = from; p < to; p++) pixels[h * W + p] = ink;
        }
      }
    }
    pen.putImageData(image, 0, 0);
  }
  function cells(c, g, hot) {
    // hot: the key under the pointer
    const { b, x, y, wide, high } = g,
      { theme } = ui;
    c.strokeStyle = theme.hatch;
    c.lineWidth = 0.8;
    for (let r = 0; r < b.rows && open(b, r); r++)
      for (let k = 0; k < b.columns; k++) {
        const v = b.get(r, k),
          left = x + k * wide,
          top = y + r * high;
        if (b.keys === "decoder" && k >= state.step) continue;
        if (Number.isNaN(v)) {
          c.beginPath();
          c.moveTo(left + 2, top + high - 3);
          c.lineTo(left + wide - 3, top + 2);
          c.stroke();
          continue;
        }
        c.fillStyle = rgb(
          b.ink
            ? mix(theme.paper, theme.ink, v)
            : mix(theme.paper, v < 0 ? theme.minus : theme.plus, Math.abs(v) / b.reach),
        );
        c.fillRect(left, top, wide - 1, high - 1);
      }
    c.textAlign = "left";
    c.textBaseline = "middle";
    for (let k = 0; k < b.columns && (b.keys === "encoder" || k < state.step); k++) {
      const on = hot === k || (hot < 0 && b.keys !== b.side && lit(b.keys) === k);
      c.save();
      c.translate(x + (k + 0.5) * wide, y - 6 * unit);
      c.rotate(-Math.PI / 4);
      c.font = ui.font(11, on ? 700 : 400);
      c.fillStyle = on ? theme.key : theme.quiet;
      c.fillText(word(b.keys, k), 0, 0, 90 * unit);
      c.restore();
    }
  }
  function list(c, g) {
    const { theme } = ui,
      n = N.next(Math.max(0, lit("decoder"))),
      most = Math.max(...n.logits.map(Math.abs)),
      name = 108 * unit,
      bar = (g.full - name - 96 * unit) / 2;
    [...n.words, `all other ${(N.total - n.words.length).toLocaleString("en")}`].forEach((w, r) => {
      const y = g.y + r * g.high,
        mid = y + g.high / 2,
        logit = n.logits[r],
        p = r < n.words.length ? n.chances[r] : n.rest;
      c.font = ui.font(11.5, r ? 400 : 700);
      c.textAlign = "right";
      c.textBaseline = "middle";
      c.fillStyle = r ? theme.text : theme.output;
      c.fillText(w, g.x + name - 8 * unit, mid, name);
      c.textAlign = "left";
      if (logit !== undefined) {
        c.fillStyle = rgb(mix(theme.paper, logit < 0 ? theme.minus : theme.plus, 0.8));
        c.fillRect(g.x + name, y + 2, (Math.abs(logit) / most) * bar, g.high - 4);
        c.fillStyle = theme.quiet;
        c.fillText(fmt(logit, 2), g.x + name + (Math.abs(logit) / most) * bar + 4, mid);
      }
      const from = g.x + name + bar + 48 * unit;
      c.fillStyle = theme.output;
      c.fillRect(from, y + 2, Math.max(0.5, p * bar), g.high - 4);
      c.fillStyle = theme.text;
      c.fillText(p.toFixed(3), from + p * bar + 4, mid);
    });
  }
  function paint(width) {
    const size = layout(width),
      c = paper(canvas, size.width, size.height),
      { theme } = ui,
      now = pointer.now?.where === "panel" ? pointer.now : {},
      p = N.parts[state.part];
    title.replaceChildren(
      h("b", {}, spec.labels[p.id]),
      spec.presenting
        ? ""
        : h(
            "span",
            { class: "quiet" },
            ` ${about(p)}.`,
            p.kind === "output" ? "" : ` Bars: up above 0, down below, cut at ${CUT} times their root mean square.`,
          ),
    );
    const keyed = (b) => b.role === "key" || b.role === "value",
      chosen = (b) => (keyed(b) ? (now.key ?? -1) : lit(b.side));
    c.fillStyle = rgb(mix(theme.paper, theme.ink, 0.09));
    for (const { b, x, y, labels, full, high } of geometry)
      if (b.type !== "list" && chosen(b) >= 0) c.fillRect(x - labels, y + chosen(b) * high, full + labels, high);
    bars();
    c.drawImage(store, 0, 0, size.width, size.height);
    for (const g of geometry) {
      const { b, x, y, title: above, labels, full, wide, high } = g;
      c.textBaseline = "top";
      c.textAlign = "left";
      c.font = ui.font(12, 700);
      c.fillStyle = b.role ? theme[b.role] : theme.text;
      c.fillText(b.name, x, above, full);
      c.font = ui.font(11);
      c.fillStyle = theme.quiet;
      c.fillText(b.made, x, above + 15 * unit, Math.max(full, 60 * unit));
      if (b.type === "list") {
        list(c, g);
        continue;
      }
      if (b.type === "cells") cells(c, g, now.key ?? -1);
      c.textAlign = "right";
      c.textBaseline = "middle";
      for (let r = 0; labels && r < b.rows && open(b, r); r++) {
        const on = r === chosen(b);
        c.font = ui.font(Math.min(11.5, high / unit), on ? 700 : 400);
        c.fillStyle = on ? theme[keyed(b) ? "key" : "query"] : theme.text;
        c.fillText(word(b.side, r), x - 6 * unit, y + (r + 0.5) * high, labels - 4);
      }
      if (now.block === b.name) {
        c.strokeStyle = theme.query;
        c.lineWidth = 1.5 * unit;
        c.strokeRect(x + now.column * wide - 1, y + now.row * high - 1, Math.max(wide, 3) + 1, high + 1);
      }
    }
    cell.setAttribute("aria-label", now.block ? sentence().join(" ") : "nothing selected");
  }
  function about(p) {
    const { side, layer, kind } = p;
    if (kind === "embedding") return "words become vectors";
    if (kind === "norm")
      return side === "encoder" ? "the memory that the decoder reads" : "the last step before the words";
    if (kind === "output") return `a number for each of ${N.total.toLocaleString("en")} words`;
    if (kind === "ffn") return "each word by itself";
    return kind === "cross"
      ? `queries from the decoder, keys and values from the encoder's layer ${spec.memory[layer - 1]}`
      : side === "decoder"
        ? "each word reads itself and those before it"
        : "each word reads all words";
  }
  // [what is pointed at, what it means]
  function sentence() {
    const now = pointer.now,
      b = blocks().find((x) => x.name === now.block);
    if (!b || now.row >= b.rows) return ["", ""];
    if (b.type === "list") {
      const n = N.next(Math.max(0, lit("decoder"))),
        r = now.row;
      return r < n.words.length
        ? [
            `${q(n.words[r])} logit ${fmt(n.logits[r], 2)}, probability ${fmt(n.chances[r])}`,
            `e to the logit, divided by the sum over all ${N.total.toLocaleString("en")} words.`,
          ]
        : [`all other words ${fmt(n.rest)}`, "Their probabilities, added up."];
    }
    const v = b.get(now.row, now.column),
      name = q(word(b.side, now.row));
    if (b.type === "bars")
      return [`${name} ${b.name}, feature ${now.column + 1} of ${b.columns}: ${fmt(v)}`, `${b.name}: ${b.made}.`];
    const to = q(word(b.keys, now.column));
    if (Number.isNaN(v))
      return [
        `${name} → ${to} masked`,
        `${name} may not look at ${to}: it comes later${spec.window ? " or is too far away" : ""}.`,
      ];
    return b.ink
      ? [`${name} → ${to} ${fmt(v)}`, `${name} puts ${percent(v)} of this head's attention on ${to}.`]
      : [
          `${name} → ${to} score ${fmt(v, 2)}`,
          `The query of ${name} times the key of ${to}, ${d} products added up, divided by √${d}.`,
        ];
  }
  return { element: h("div", {}, title, grid), grid, paint, sentence, blocks };
}
