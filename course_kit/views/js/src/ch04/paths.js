// Three networks over n words as graphs: the way from the first word to the last, found by walking, and how many
// states must wait.
import { h } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { rgb } from "../shared/theme.js";
import PATHS_CSS from "./paths.css";

export function paths(ui) {
  const { spec, state, unit } = ui;
  const kinds = Object.keys(spec.names);
  const signs = "₀₁₂₃₄₅₆₇₈₉";
  const panels = Object.fromEntries(
    kinds.map((kind) => [
      kind,
      {
        canvas: h("canvas", { role: "img", "aria-label": kind }),
        head: h("b"),
        count: h("div", { class: "count", "data-testid": kind }),
        price: h("div"),
      },
    ]),
  );
  const box = h(
    "div",
    { class: "panels" },
    ...kinds.map((k) => h("div", { class: k }, panels[k].head, panels[k].count, panels[k].canvas, panels[k].price)),
  );
  const say = h("div", { class: "say", role: "status", "data-testid": "readout" });
  ui.body.append(box);
  ui.below.append(say);

  // node = layer · n + word; edges go upwards in number, so that one pass meets every node after what it is made of
  function graph(kind) {
    const n = state.length;
    const edges = [];
    const make = (layers, first) => ({ n, layers, first, edges, path: walk(edges, layers * n + n - 1) });
    if (kind === "attention") {
      for (let j = 0; j < n; j++) for (let i = 0; i < n; i++) edges.push([i, n + j]);
      return make(1, 1);
    }
    if (kind === "recurrent") {
      for (let i = 1; i < n; i++) edges.push([i - 1, i]);
      return make(0, 0);
    }
    for (let layer = 0; layer < n; layer++) {
      // layers are added until the last word hears of the first
      const apart = state.dilated ? state.kernel ** layer : 1;
      for (let j = 0; j < n; j++)
        for (let m = 0; m < state.kernel && j - m * apart >= 0; m++)
          edges.push([layer * n + j - m * apart, (layer + 1) * n + j]);
      const made = make(layer + 1, 1);
      if (made.path.length) return made;
    }
  }
  // breadth first from the first word: the first way that arrives is a shortest one
  function walk(edges, goal) {
    const from = new Map([[0, -1]]);
    const queue = [0];
    for (const node of queue)
      for (const [a, b] of edges)
        if (a === node && !from.has(b)) {
          from.set(b, a);
          queue.push(b);
        }
    const way = [];
    for (let node = goal; from.has(node); node = from.get(node)) way.unshift(node);
    return way;
  }
  // the most states that must be computed one after another, and the states that word n is made of
  function chain({ n, layers, first, edges }) {
    const depth = Array.from({ length: (layers + 1) * n }, (_, v) => (v >= first * n ? 1 : 0));
    for (const [a, b] of edges) depth[b] = Math.max(depth[b], depth[a] + 1);
    return Math.max(...depth);
  }
  function sources({ n, layers, edges }) {
    const heard = new Set([layers * n + n - 1]);
    for (const [a, b] of edges.toReversed()) if (heard.has(b)) heard.add(a);
    return heard;
  }
  function counts() {
    return Object.fromEntries(
      kinds.map((kind) => {
        const g = graph(kind);
        const layers = Math.max(1, g.layers);
        const sequential = chain(g);
        return [
          kind,
          {
            path: g.path.length - 1,
            layers,
            sequential,
            per_layer: sequential / layers,
            lines: g.edges.filter(([, b]) => Math.floor(b / g.n) === g.first).length,
          },
        ];
      }),
    );
  }
  function draw(kind, width, high) {
    const { theme } = ui;
    const g = graph(kind);
    const { n } = g;
    const c = paper(panels[kind].canvas, width, high);
    const pad = 12 * unit;
    const foot = (spec.presenting ? 20 : 24) * unit;
    const way = new Set(g.path);
    const heard = sources(g);
    // what the rows are, on the left
    c.font = ui.font(12);
    const left = c.measureText(`layer ${Math.max(9, g.layers)}`).width + 12 * unit;
    const room = width - left - pad;
    const x = (v) => left + ((v % n) / (n - 1)) * room;
    const y = (v) =>
      g.layers
        ? high - foot - 8 * unit - (Math.floor(v / n) / g.layers) * (high - foot - 20 * unit)
        : (high - foot) / 2;
    const lit = new Set(g.path.slice(1).map((v, i) => `${g.path[i]}-${v}`));
    const kindOf = ([a, b]) => (lit.has(`${a}-${b}`) ? 2 : heard.has(b) ? 1 : 0);
    for (const level of [0, 1, 2]) {
      c.strokeStyle = [theme.line, theme.hatch, theme.text][level];
      c.lineWidth = [1, 1, 3][level] * unit;
      c.beginPath();
      for (const e of g.edges)
        if (kindOf(e) === level) {
          c.moveTo(x(e[0]), y(e[0]));
          c.lineTo(x(e[1]), y(e[1]));
        }
      c.stroke();
    }
    const size = Math.min(4.5 * unit, room / n / 4, g.layers > 8 ? 3.5 * unit : 9);
    for (let v = 0; v < (g.layers + 1) * n; v++) {
      c.fillStyle = way.has(v) ? theme.text : heard.has(v) ? theme.quiet : theme.hatch;
      c.beginPath();
      c.arc(x(v), y(v), way.has(v) ? size * 1.35 : size, 0, 7);
      c.fill();
    }
    const write = (text, at, down, { size = 12, weight = 400, colour = theme.quiet } = {}) => {
      c.font = ui.font(size, weight);
      c.fillStyle = colour;
      c.fillText(text, at, down);
    };
    c.textBaseline = "middle";
    c.textAlign = "left";
    const tight = g.layers && (high - foot) / g.layers < (spec.presenting ? 26 : 15 * unit);
    for (let layer = 0; layer <= g.layers; layer++)
      if (layer === 0 || layer === g.layers || !tight)
        write(g.layers ? (layer ? `layer ${layer}` : "words") : "states", 0, y(layer * n));
    c.textAlign = "center";
    const waits = "each waits for the one before";
    if (!g.layers && c.measureText(waits).width < room && high > 100 * unit)
      write(waits, left + room / 2, y(0) + 20 * unit);
    // the steps of the shortest way, counted
    c.lineJoin = "round";
    c.strokeStyle = rgb(theme.paper);
    const steps = g.path.slice(1).map((v, i) => [(x(g.path[i]) + x(v)) / 2, (y(g.path[i]) + y(v)) / 2]);
    const few = room / n > (spec.presenting ? 30 : 17 * unit);
    steps.forEach(([at, down], i) => {
      if (!few && i < steps.length - 1) return;
      const up = g.layers ? [-8, -7] : [0, -13];
      c.font = ui.font(13, 700);
      c.lineWidth = 4 * unit;
      c.strokeText(String(i + 1), at + up[0] * unit, down + up[1] * unit);
      write(String(i + 1), at + up[0] * unit, down + up[1] * unit, { size: 13, weight: 700, colour: theme.text });
    });
    c.textBaseline = "bottom";
    const every = room / n < (spec.presenting ? 30 : 18 * unit) ? 2 : 1;
    for (let i = 0; i < n; i++)
      if (i === n - 1 || (i % every === 0 && i + every < n) || every === 1) {
        const end = i === 0 || i === n - 1;
        const how = end ? { size: 13, weight: 700, colour: theme.text } : {};
        write(String(i + 1), x(i), high - 2 * unit, how);
      }
  }
  const many = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const formula = (kind) =>
    kind === "attention"
      ? "1"
      : kind === "recurrent"
        ? "n−1"
        : state.dilated
          ? `⌈log${signs[state.kernel]} n⌉`
          : "⌈(n−1)/(k−1)⌉";
  ui.style(PATHS_CSS);
  return {
    paint(width, narrow) {
      const made = counts();
      const wide = Math.min(width, 1000 * unit);
      box.style.maxWidth = `${wide}px`;
      for (const kind of kinds) {
        const { head, canvas, count, price } = panels[kind];
        const c = made[kind];
        head.textContent =
          spec.names[kind] + (kind === "convolution" ? `, k = ${state.kernel}${state.dilated ? ", dilated" : ""}` : "");
        draw(
          kind,
          Math.floor(narrow ? wide : (wide - 2 * 21.6 * unit) / 3),
          narrow
            ? { convolution: 190, recurrent: 64, attention: 120 }[kind] * unit
            : spec.presenting
              ? 260 * ui.tall
              : 200 * unit,
        );
        canvas.setAttribute(
          "aria-label",
          `${head.textContent}, ${state.length} words: ${many(c.path, "step")} from the first to the last`,
        );
        count.replaceChildren(h("strong", {}, many(c.path, "step")), ` = ${formula(kind)}`.replace(/^ = (\d+)$/, ""));
        price.textContent =
          kind === "recurrent"
            ? `${many(c.sequential, "state")}, ${many(c.lines, "line")}`
            : `${many(c.layers, "layer")} of ${many(c.lines, "line")}`;
      }
      const { convolution: a, recurrent: b, attention: c } = made;
      say.replaceChildren(
        h(
          "div",
          {},
          "First to last: ",
          h("b", {}, many(b.path, "step")),
          " through the recurrent layer, ",
          h("b", {}, String(a.path)),
          ` through the ${state.dilated ? "dilated " : ""}convolutions, `,
          h("b", {}, String(c.path)),
          " in self-attention.",
        ),
      );
    },
    table() {
      return {
        header: ["network", "longest path", "layers", "one after another", "in one layer", "lines in one layer"],
        rows: Object.entries(counts()).map(([k, c]) => [
          spec.names[k],
          ...["path", "layers", "sequential", "per_layer", "lines"].map((x) => String(c[x])),
        ]),
      };
    },
    numbers: counts,
  };
}
