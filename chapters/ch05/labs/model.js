// The whole model in one picture: words run down through encoder and decoder; ink: who reads whom; purple: what a
// part adds.
import MODEL_CSS from "./model.css";
import { fmt, h, mix, paper, percent, pointed, rgb } from "../../../course_utils/views/core.js";
import STEPPER_CSS from "../../../course_utils/views/stepper.css";
import { stepper } from "../../../course_utils/views/stepper.js";
import { modelNumbers } from "./model_numbers.js";
import { modelPanel } from "./model_panel.js";

const SHORT = {
  embedding: "embedding",
  attention: "self-attention",
  cross: "cross-attention",
  ffn: "feed-forward",
  norm: "norm",
  output: "next word",
};

export function whole(ui) {
  const { spec, state, unit, arrays } = ui,
    N = modelNumbers(spec, arrays),
    { parts, count } = N,
    SIDES = ["encoder", "decoder"],
    q = (t) => `“${t}”`;
  const places = (side) => (side === "encoder" ? count.encoder : state.step),
    ratio = (p, i) => p.adds[i] / Math.max(N.before(p)[i], 1e-9);
  const most = Math.max(...Object.values(parts).flatMap((p) => Array.from(p.long)));
  const tall = spec.presenting ? 1.5 : unit; // of a row in the picture
  let rows = [],
    geometry = {};

  // ---- what is lit: the pointer first, then what was chosen; in the decoder the newest word
  const pointer = {
    now: null,
    set(at) {
      if (JSON.stringify(at) !== JSON.stringify(pointer.now)) {
        pointer.now = at;
        ui.set({});
      }
    },
    choose(side, i) {
      const name = side === "encoder" ? "source_word" : "target_word";
      ui.set({ [name]: state[name] === i ? -1 : i }, true);
    },
  };
  function lit(side) {
    const { now } = pointer;
    if (now?.side === side && now.word >= 0 && now.word < places(side)) return now.word;
    return side === "encoder"
      ? state.source_word
      : state.target_word < 0
        ? state.step - 1
        : Math.min(state.target_word, state.step - 1);
  }
  // a head's weight on a key, for the lit word or for all of them together
  function reads(p, head, k) {
    const i = lit(p.side);
    if (i >= 0) return N.weight(p, head, i, k);
    let sum = 0;
    for (let j = 0; j < count[p.side]; j++) sum += N.weight(p, head, j, k);
    return sum / count[p.side];
  }
  const average = (p, k) => {
    let sum = 0;
    for (let i = 0; i < spec.heads; i++) sum += reads(p, i, k) / spec.heads;
    return sum;
  };
  const open = (id) => ui.set({ part: id }, true);

  // ---- sentences and next words, as text
  function line(side) {
    const words = spec.words[side].map((text, i) =>
      h(
        "button",
        {
          type: "button",
          class: "word",
          tabindex: i ? -1 : 0,
          onpointerenter: () => pointer.set({ where: "words", side, word: i }),
          onpointerleave: () => pointer.set(null),
          onclick: () => pointer.choose(side, i),
          onfocus: (e) => e.target.matches(":focus-visible") && pointer.set({ where: "words", side, word: i }),
          onblur: () => pointer.set(null),
        },
        text,
      ),
    );
    const keys = (e) => {
      const i = words.indexOf(ui.root.activeElement),
        to = { ArrowLeft: i - 1, ArrowRight: i + 1, Home: 0, End: places(side) - 1 }[e.key];
      if (to === undefined || i < 0 || e.ctrlKey || e.metaKey || e.altKey) return;
      e.preventDefault();
      e.stopPropagation();
      if (to >= 0 && to < places(side)) {
        words.forEach((w, j) => (w.tabIndex = j === to ? 0 : -1));
        words[to].focus();
      }
    };
    return {
      words,
      element: h(
        "div",
        {
          role: "toolbar",
          "aria-label": side === "encoder" ? "words of the source" : "words in the decoder",
          onkeydown: keys,
        },
        ...words,
      ),
    };
  }
  const lines = { encoder: line("encoder"), decoder: line("decoder") },
    ahead = h("div", { class: "ahead", "data-testid": "next" });
  const strip = h(
    "div",
    { class: "strip" },
    h("span", { class: "quiet" }, "source"),
    lines.encoder.element,
    h("span", { class: "quiet" }, "decoder"),
    lines.decoder.element,
    h("span", { class: "quiet" }, "next"),
    ahead,
  );
  const go = (n) => {
    pointer.now = null;
    ui.set({ step: n, target_word: -1 }, true);
  };
  const steps = stepper({ now: () => state.step, last: () => count.decoder, go, first: 1 });

  // ---- the picture
  const canvas = h("canvas", { "aria-hidden": "true" }),
    said = h("div", { class: "say", role: "status", "data-testid": "readout" }),
    panel = modelPanel(ui, N, pointer, lit);
  const map = h(
    "div",
    {
      class: "map",
      role: "group",
      tabindex: 0,
      "data-testid": "map",
      "aria-label":
        "the model; up and down: choose a part; left and right: one word back or on; enter: into its tensors",
      onkeydown: key,
    },
    canvas,
  );
  const order = SIDES.flatMap((s) => spec.order[s]);
  function key(e) {
    const move = { ArrowUp: -1, ArrowDown: 1 }[e.key];
    if (!move && e.key !== "Enter") return steps.keys(e);
    if (e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return;
    e.preventDefault();
    e.stopPropagation();
    if (move) open(order[Math.max(0, Math.min(order.length - 1, order.indexOf(state.part) + move))]);
    else panel.grid.focus();
  }
  canvas.onpointermove = (e) => {
    const at = under(e);
    canvas.style.cursor = at?.part ? "pointer" : "";
    pointer.set(at);
  };
  canvas.onpointerleave = () => pointer.set(null);
  canvas.onclick = (e) => {
    const at = under(e);
    if (at?.part) open(at.part);
    else if (at) pointer.choose(at.side, at.word);
  };
  ui.body.append(map);
  ui.side.remove();
  ui.body.parentElement.before(strip);
  const controls = ui.body.parentElement.nextElementSibling;
  controls.prepend(steps.row);
  ui.below.append(said, panel.element);
  const note = h("span", { class: "note", role: "status" });
  if (spec.live) {
    const ask = () => input.value !== state.sentence && ui.set({ sentence: input.value, note: "" }, true);
    const input = h("input", {
      type: "text",
      value: state.sentence,
      "aria-label": "own sentence",
      "data-control": "sentence",
      spellcheck: "false",
      onkeydown: (e) => {
        e.stopPropagation();
        if (e.key === "Enter") ask();
      },
    });
    strip.before(h("div", { class: "own" }, input, h("button", { type: "button", onclick: ask }, "translate"), note));
  }

  function layout(width) {
    const c = canvas.getContext("2d"),
      S = count.encoder,
      T = count.decoder,
      gap = 14 * unit;
    c.font = ui.font(12, 700);
    const long = Math.min(
        92 * unit,
        Math.max(...SIDES.flatMap((s) => spec.words[s]).map((w) => c.measureText(w).width)) + 4,
      ),
      label = 120 * unit,
      tail = long * 0.6;
    let cell = (width - 2 * label - gap - 2 * tail) / (S + T);
    const stacked = cell < 12.5 * unit;
    if (stacked) cell = (width - label - tail) / Math.max(S, T);
    cell = Math.min(27 * unit, cell);
    const head = long * 0.71 + 8 * unit,
      foot = head + 6 * unit,
      places = {};
    rows = [];
    let bottom = 0;
    for (const side of SIDES) {
      const left = stacked || side === "encoder" ? label : 2 * label + S * cell + gap + tail,
        from = stacked ? bottom : 0;
      let y = from + head,
        layer = 0;
      const add = (id, extra) => rows.push({ id, side, y, ...extra });
      for (const id of spec.order[side]) {
        const p = parts[id],
          next = p.layer !== layer;
        if (next) y += 9 * tall;
        layer = p.layer;
        if (p.kind === "output") {
          add(id, { words: true, high: foot });
          y += foot;
          continue;
        }
        const ink = p.kind === "attention" ? 14 * tall : 0,
          high = ink + (p.adds ? 10 : 12) * tall + 5 * tall;
        add(id, { ink, high, first: next && layer, adds: !!p.adds });
        y += high;
      }
      if (side === "encoder") {
        y += 4 * tall;
        for (const id of order)
          if (parts[id].kind === "cross") {
            add(id, { ink: 14 * tall, high: 17 * tall, memory: true });
            y += 17 * tall;
          }
      }
      places[side] = { left, cell, from, to: y, x: (i) => left + (i + 0.5) * cell };
      bottom = stacked ? y + 16 * unit : Math.max(bottom, y);
    }
    return (geometry = {
      places,
      cell,
      head,
      label,
      long,
      width: stacked ? width : Math.min(width, places.decoder.left + T * cell + tail + 4),
      height: Math.ceil(bottom + 2),
    });
  }
  function under(e) {
    const [x, y] = pointed(e, canvas);
    for (const side of [...SIDES].reverse()) {
      const g = geometry.places[side];
      if (x < g.left - geometry.label || y < g.from || y > g.to) continue;
      const i = Math.floor((x - g.left) / g.cell),
        word = i >= 0 && i < places(side) ? i : -1,
        row = rows.find((r) => r.side === side && y >= r.y - 2 && y < r.y + r.high);
      if (row)
        return { where: "map", part: row.id, side, word, ink: !!row.ink && y < row.y + row.ink, memory: !!row.memory };
      return word >= 0 ? { where: "map", side, word } : null;
    }
    return null;
  }
  function slivers(c, g, p, y, high) {
    const wide = g.cell - 2,
      one = wide / spec.heads,
      { theme } = ui,
      upTo = places(p.keys);
    for (let k = 0; k < upTo; k++) {
      const left = g.x(k) - wide / 2,
        i = lit(p.side);
      c.strokeStyle = theme.line;
      c.lineWidth = 1;
      c.strokeRect(left + 0.5, y + 0.5, wide - 1, high - 1);
      if (i >= 0 && N.masked(p, i, k)) {
        c.strokeStyle = theme.hatch;
        c.beginPath();
        c.moveTo(left + 3, y + high - 3);
        c.lineTo(left + wide - 3, y + 3);
        c.stroke();
        continue;
      }
      for (let n = 0; n < spec.heads; n++) {
        const w = reads(p, n, k);
        if (w > 0.004) {
          c.fillStyle = rgb(mix(theme.paper, theme.ink, w));
          c.fillRect(left + n * one, y, one, high);
        }
      }
    }
  }
  function paintMap(c) {
    const { theme } = ui,
      { places: at, cell, label } = geometry,
      purple = theme.output.match(/\w\w/g).map((x) => parseInt(x, 16)),
      hover = pointer.now?.part,
      opened = parts[state.part];
    const slanted = (text, x, y, align, colour, bold) => {
      c.save();
      c.translate(x, y);
      c.rotate(-Math.PI / 4);
      c.font = ui.font(Math.min(12, (0.72 * cell) / unit + 1), bold ? 700 : 400);
      c.fillStyle = colour;
      c.textAlign = align;
      c.textBaseline = "middle";
      c.fillText(text, 0, 0, geometry.long);
      c.restore();
    };
    for (const r of rows) {
      // bands behind the open part and the one under the pointer
      if (r.id !== state.part && r.id !== hover) continue;
      const g = at[r.side];
      c.fillStyle = rgb(mix(theme.paper, theme.ink, r.id === state.part ? 0.11 : 0.05));
      c.fillRect(g.left - label, r.y - 2, label + count[r.side] * cell + 2, r.high - 1);
    }
    for (const side of SIDES) {
      const g = at[side],
        mine = rows.filter((r) => r.side === side && !r.memory && !r.words),
        on = lit(side),
        asked = opened.keys === side && (opened.kind === "cross" || N.attends(opened)) && lit(opened.side) >= 0;
      for (let i = 0; i < places(side); i++) {
        c.fillStyle = i === on ? theme.quiet : theme.hatch;
        mine.forEach((r, n) => {
          // the stream: as thick as the vector is long
          const thick = Math.max(0.7, (0.72 * cell * parts[r.id].long[i]) / most),
            y0 = r.y + r.ink + 3,
            y1 =
              n + 1 < mine.length ? mine[n + 1].y + mine[n + 1].ink + 3 : r.y + r.high + (side === "decoder" ? 4 : -2);
          c.fillRect(g.x(i) - thick / 2, y0, thick, y1 - y0);
        });
        for (const r of mine)
          if (r.adds) {
            const colour = mix(theme.paper, purple, ratio(parts[r.id], i));
            c.fillStyle = rgb(colour);
            c.fillRect(g.x(i) - cell / 2 + 1, r.y + r.ink + 1, cell - 2, 9 * tall);
            c.strokeStyle = theme.hatch;
            c.lineWidth = 0.5;
            c.strokeRect(g.x(i) - cell / 2 + 1, r.y + r.ink + 1, cell - 2, 9 * tall);
          }
        const read = asked && average(opened, i) >= 0.15;
        slanted(
          spec.words[side][i],
          g.x(i),
          g.from + geometry.head - 7 * unit,
          "left",
          i === on ? theme.query : read ? theme.key : theme.text,
          i === on || read,
        );
      }
    }
    c.textBaseline = "middle";
    for (const r of rows) {
      const g = at[r.side],
        p = parts[r.id],
        middle = r.y + (r.words ? 12 * unit : (r.high - 5 * tall) / 2);
      if (r.ink) slivers(c, g, p, r.y, r.ink - 2);
      c.textAlign = "right";
      c.font = ui.font(11.5, r.id === state.part ? 700 : 400);
      c.fillStyle = r.id === state.part ? theme.text : theme.quiet;
      c.fillText(r.memory ? `read by decoder ${p.layer}` : SHORT[p.kind], g.left - 9 * unit, middle, label - 22 * unit);
      if (r.first) {
        c.textAlign = "left";
        c.font = ui.font(12, 700);
        c.fillStyle = theme.text;
        c.fillText(r.first, g.left - label + 4, middle);
      }
      if (r.words)
        for (let t = 0; t < state.step; t++)
          slanted(
            N.next(t).words[0],
            g.x(t) + 4,
            r.y + 10 * unit,
            "right",
            t === lit("decoder") ? theme.output : theme.quiet,
            t === lit("decoder"),
          );
    }
  }

  // ---- words beside the picture
  function say() {
    const { now } = pointer,
      place = Math.max(0, lit("decoder")),
      n = N.next(place);
    let head, text;
    if (now?.where === "panel") [head, text] = panel.sentence();
    else if (now?.part) {
      const p = parts[now.part],
        i = now.memory ? lit("decoder") : now.word,
        name = i >= 0 ? q(spec.words[p.side][i]) : "";
      head = spec.labels[p.id] + (name ? `: ${name}` : "");
      if (N.attends(p) && i >= 0) {
        const best = Array.from({ length: places(p.keys) }, (_, k) => [average(p, k), k])
          .sort((a, b) => b[0] - a[0])
          .slice(0, 3);
        text =
          `reads ${best.map(([w, k]) => `${q(spec.words[p.keys][k])} ${fmt(w)}`).join(", ")} ` +
          `(mean of the heads). `;
      } else text = "";
      if (p.adds && i >= 0) text += `Adds a vector of length ${fmt(p.adds[i], 1)} to one of ${fmt(N.before(p)[i], 1)}.`;
      else if (i >= 0) text += `Length of the vector: ${fmt(p.long[i], 1)}.`;
      else text += "Press to open its tensors.";
    } else {
      head = `After ${q(spec.words.decoder[place])}: ${q(n.words[0])}, probability ${fmt(n.chances[0])}`;
      text =
        `Then ${q(n.words[1])} ${fmt(n.chances[1])}, ${q(n.words[2])} ` +
        `${fmt(n.chances[2])}. All ${N.total.toLocaleString("en")} probabilities sum to 1.`;
    }
    said.replaceChildren(h("b", {}, head), h("div", { class: "quiet" }, text));
  }
  function words() {
    const n = N.next(state.step - 1),
      chip = (text, p, first) =>
        h(
          "span",
          { class: "chip", style: `--p:${(100 * p).toFixed(1)}%` },
          h("b", { class: first ? "output" : "" }, text),
          ` ${p.toFixed(3)}`,
        );
    ahead.replaceChildren(
      ...n.words.slice(0, 4).map((w, i) => chip(w, n.chances[i], !i)),
      chip(`all other ${(N.total - 4).toLocaleString("en")}`, n.rest + n.chances.slice(4).reduce((a, b) => a + b, 0)),
    );
    for (const side of SIDES)
      lines[side].words.forEach((e, i) => {
        const on = i === lit(side);
        e.className = `word${on ? " on" : ""}`;
        e.style.visibility = i < places(side) ? "" : "hidden";
        e.ariaPressed = String(state[side === "encoder" ? "source_word" : "target_word"] === i);
      });
  }
  const css = h("style");
  css.textContent = STEPPER_CSS + MODEL_CSS;
  if (spec.presenting) css.textContent += ".caption{display:none}";
  ui.root.append(css);

  return {
    paint(width) {
      const g = layout(width - 2);
      paintMap(paper(canvas, g.width, g.height));
      panel.paint(width - 2);
      words();
      say();
      steps.sync();
      note.textContent = state.note;
      ui.root.querySelector('output[data-testid="step"]').value = `${state.step} of ${count.decoder}`;
    },
    table() {
      const p = parts[state.part],
        upTo = places(p.side),
        names = spec.words[p.side].slice(0, upTo);
      if (p.kind === "output") {
        const n = N.next(state.step - 1);
        return {
          header: ["next word", "logit", "probability"],
          rows: [
            ...n.words.map((w, i) => [w, fmt(n.logits[i], 2), n.chances[i].toFixed(3)]),
            [`all other ${(N.total - n.words.length).toLocaleString("en")} words`, "", n.rest.toFixed(3)],
          ],
        };
      }
      if (N.attends(p))
        return {
          header: ["word", ...spec.words[p.keys].slice(0, places(p.keys))],
          rows: names.map((w, i) => [
            w,
            ...Array.from({ length: places(p.keys) }, (_, k) => N.weight(p, state.head, i, k).toFixed(3)),
          ]),
        };
      const shown = panel.blocks().filter((b) => b.type === "bars");
      return {
        header: ["word", ...shown.map((b) => `length of ${b.name}`)],
        rows: names.map((w, i) => [
          w,
          ...shown.map((b) => fmt(Math.hypot(...Array.from({ length: b.columns }, (_, c) => b.get(i, c))), 2)),
        ]),
      };
    },
    numbers() {
      const all = {},
        p = parts[state.part];
      for (const b of panel.blocks())
        if (b.get)
          all[b.name] = Array.from({ length: b.rows }, (_, r) =>
            Array.from({ length: b.columns }, (_, c) => b.get(r, c)),
          );
      return { ...all, next: N.next(state.step - 1), long: Array.from(p.long) };
    },
  };
}
