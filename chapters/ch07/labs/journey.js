// Small heatmaps of one sentence, linked by its words: what is lit in one is lit in all. Each has an ARIA grid of one
// cell as its twin.
import JOURNEY_CSS from "./journey.css";
import { h, mix, paper, rgb } from "../../../course_utils/views/core.js";

export function journey(ui) {
  const { spec, state, unit, arrays } = ui,
    { panels } = spec,
    empty = Number.isNaN,
    three = (x) => x.toFixed(3);
  let active = 0,
    small = false,
    hover = null;
  const cells = panels.map((_, i) => arrays[`p${i}`]),
    line = (i, q) => Array.from(cells[i].subarray(q * panels[i].shape[1], (q + 1) * panels[i].shape[1]));
  const top = (list) => list.reduce((b, x, i) => (x > list[b] || empty(list[b]) ? i : b), 0),
    now = () => hover ?? state;
  const place = (i) => [panels[i].rows.indexOf(now().query), panels[i].columns.indexOf(now().key)];
  function words(i) {
    const p = panels[i],
      [q, k] = place(i),
      { query, key } = now(),
      quoted = (list, j) => `“${list[j]}”`;
    if (q < 0 && k < 0) return `neither “${query}” nor “${key}” appears here`;
    if (q < 0) {
      const asks = p.queries.map((_, j) => line(i, j)[k]),
        b = top(asks);
      const most = `${quoted(p.queries, b)} gives ${quoted(p.keys, k)} most: ${three(asks[b])}`;
      return `“${query}” is not a query here; ${most}`;
    }
    const w = line(i, q),
      b = top(w);
    if (k < 0)
      return `“${key}” is not a key here; ${quoted(p.queries, q)} gives ${quoted(p.keys, b)} most: ${three(w[b])}`;
    if (empty(w[k])) return `${quoted(p.queries, q)} may not attend to ${quoted(p.keys, k)}`;
    return (
      `${quoted(p.queries, q)} gives ${quoted(p.keys, k)} ` +
      `${three(w[k])}${w[k] === w[b] ? ", its largest share" : `; most to ${quoted(p.keys, b)} ${three(w[b])}`}`
    );
  }

  // ---- a panel: heading, picture with its twin, sentence
  const made = panels.map((p, i) => {
    const canvas = h("canvas", { "aria-hidden": "true" }),
      cell = h("div", { role: "gridcell", id: `${ui.id}-${i}` }, "–"),
      row = h("div", { role: "row" }, cell),
      name = `${p.chapter ? `chapter ${p.chapter}: ` : ""}${p.title}`;
    const grid = h(
      "div",
      {
        role: "grid",
        tabindex: 0,
        "data-testid": `panel${i}`,
        "aria-label": `${name}; queries down, keys across`,
        "aria-rowcount": p.shape[0],
        "aria-colcount": p.shape[1],
        "aria-activedescendant": cell.id,
        onkeydown: (e) => key(e, i),
        onfocus: () => {
          if (active !== i) {
            active = i;
            ui.set({});
          }
        },
      },
      canvas,
      h("div", { class: "hidden" }, row),
    );
    const text = h("div", { class: "words quiet" });
    canvas.onpointermove = (e) => point(e, i, false);
    canvas.onclick = (e) => point(e, i, true);
    canvas.onpointerleave = () => {
      if (hover) {
        hover = null;
        ui.set({});
      }
    };
    return {
      canvas,
      cell,
      row,
      grid,
      text,
      box: h(
        "div",
        { class: "panel" },
        h("div", { class: "head" }, p.chapter ? h("span", { class: "chapter" }, p.chapter) : null, h("b", {}, p.title)),
        grid,
        text,
      ),
    };
  });
  const said = h("div", { class: "say", role: "status", "data-testid": "readout" });
  ui.body.append(said, h("div", { class: "panels" }, ...made.map((m) => m.box)));
  function point(e, i, press) {
    const g = made[i].geometry,
      p = panels[i],
      above = e.offsetY < g.top,
      k = Math.floor((e.offsetX - g.left + (above ? e.offsetY - g.top + 6 * unit : 0)) / g.size),
      q = Math.floor((e.offsetY - g.top) / g.size);
    const row = q >= 0 && q < p.shape[0] ? p.rows[q] : null,
      column = k >= 0 && k < p.shape[1] ? p.columns[k] : null;
    const found = row || column ? { query: row ?? state.query, key: column ?? state.key } : null;
    active = i;
    if (press) {
      hover = null;
      return found && ui.set(found, true);
    }
    if (JSON.stringify(found) !== JSON.stringify(hover)) {
      hover = found;
      ui.set({});
    }
  }
  function key(e, i) {
    const step = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      Home: [0, -99],
      End: [0, 99],
    }[e.key];
    if (!step || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    e.stopPropagation();
    hover = null;
    const p = panels[i],
      [q, k] = place(i),
      clamp = (x, n) => Math.max(0, Math.min(n - 1, x)),
      patch = {};
    if (step[0]) patch.query = p.rows[q < 0 ? 0 : clamp(q + step[0], p.shape[0])];
    else patch.key = p.columns[k < 0 ? 0 : clamp(k + step[1], p.shape[1])];
    active = i;
    ui.set(patch, true);
  }
  const css = h("style");
  css.textContent = JOURNEY_CSS;
  ui.root.append(css);

  function hatch(c, x, y, s) {
    c.strokeStyle = ui.theme.hatch;
    c.lineWidth = 1;
    c.beginPath();
    for (let d = 4; d < 2 * s; d += 6) {
      c.moveTo(x + Math.max(0, d - s), y + Math.min(d, s));
      c.lineTo(x + Math.min(d, s), y + Math.max(0, d - s));
    }
    c.stroke();
  }
  function draw(i, room) {
    const { theme } = ui,
      p = panels[i],
      [Q, K] = p.shape,
      { canvas } = made[i],
      probe = canvas.getContext("2d"),
      [q0, k0] = place(i),
      fs = 12;
    probe.font = ui.font(fs, 700);
    // small maps, in front of a class or on a phone: only the two words have their names, and little room for them
    const most = (small ? 54 : 88) * unit,
      widest = (list) => Math.min(most, Math.max(...list.map((t) => probe.measureText(t).width))),
      left = widest(p.queries) + 8 * unit,
      tall = widest(p.keys) * 0.71,
      tail = small ? 2 : tall, // the one name of a small map leans to where there is room
      topmost = tall + 14 * unit;
    const size = Math.max(
        (small ? 4 : 7) * unit,
        Math.min(spec.presenting ? (215 * ui.tall) / Q : 26 * unit, Math.floor((room - left - tail - 2) / K)),
      ),
      g = { left, top: topmost, size },
      wide = Math.ceil(Math.min(room, left + K * size + tail + 2)),
      c = paper(canvas, wide, Math.ceil(topmost + Q * size + 3)),
      gap = size > 16 ? 2 : 1;
    made[i].geometry = g;
    for (let q = 0; q < Q; q++)
      line(i, q).forEach((w, k) => {
        const x = left + k * size,
          y = topmost + q * size;
        if (empty(w)) return hatch(c, x, y, size - gap);
        c.fillStyle = rgb(mix(theme.paper, theme.ink, w / spec.high));
        c.fillRect(x, y, size - gap, size - gap);
      });
    const fit = (t, n) => {
        while (t.length > 2 && c.measureText(t).width > n) t = `${t.slice(0, -2)}…`;
        return t;
      },
      type = small ? fs : Math.min(fs, (0.86 * size) / unit);
    c.textBaseline = "middle";
    c.textAlign = "right";
    p.queries.forEach((t, q) => {
      if (small && q !== q0) return;
      c.font = ui.font(type, q === q0 ? 700 : 400);
      c.fillStyle = q === q0 ? theme.query : theme.text;
      c.fillText(fit(t, left - 6 * unit), left - 6 * unit, topmost + (q + 0.5) * size - 1);
    });
    p.keys.forEach((t, k) => {
      if (small && k !== k0) return;
      c.save();
      const back = small && k > K / 2;
      c.translate(left + (k + 0.45) * size, topmost - 6 * unit);
      c.rotate(back ? Math.PI / 4 : -Math.PI / 4);
      c.textAlign = back ? "right" : "left";
      c.font = ui.font(type, k === k0 ? 700 : 400);
      c.fillStyle = k === k0 ? theme.key : theme.text;
      c.fillText(fit(t, most), 0, 0);
      c.restore();
    });
    c.lineWidth = 2 * unit;
    if (q0 >= 0) {
      c.strokeStyle = theme.query;
      c.strokeRect(left - 1, topmost + q0 * size - 1, K * size, size);
    }
    if (k0 >= 0) {
      c.strokeStyle = theme.key;
      c.strokeRect(left + k0 * size - 1, topmost - 1, size, Q * size);
    }
  }
  return {
    paint(width, narrow) {
      small = spec.presenting || narrow || panels.length > 4; // many maps: side by side rather than one below the other
      const least = spec.presenting || narrow ? 150 : small ? 190 : 290,
        most = Math.max(1, Math.floor((width + 16 * unit) / (least * unit))),
        across = Math.min(most, panels.length),
        room = Math.floor((width - (across - 1) * 1.2 * 13.5 * unit) / across) - 1;
      panels.forEach((p, i) => {
        const m = made[i],
          sentence = words(i),
          [q, k] = place(i);
        m.box.style.width = `${room}px`;
        draw(i, room);
        m.text.textContent = `${sentence}.`;
        m.cell.textContent = sentence;
        m.row.setAttribute("aria-rowindex", Math.max(0, q) + 1);
        m.cell.setAttribute("aria-colindex", Math.max(0, k) + 1);
      });
      const both = panels
          .map((_, i) => [i, ...place(i)])
          .filter(([i, q, k]) => q >= 0 && k >= 0 && !empty(line(i, q)[k])),
        largest = both.filter(([i, q, k]) => line(i, q)[k] === Math.max(...line(i, q).filter((x) => !empty(x))));
      said.replaceChildren(
        h(
          "div",
          {},
          h("b", { class: "query" }, now().query),
          " → ",
          h("b", { class: "key" }, now().key),
          ` · ${panels[active].title}: ${words(active)}.`,
        ),
        h(
          "div",
          { class: "quiet" },
          `“${now().query}” can attend to “${now().key}” in ${both.length} ` +
            `of ${panels.length}; its largest share is there ` +
            (largest.length
              ? `in ${largest.length}: ${largest.map(([i]) => panels[i].title).join(", ")}.`
              : "in none."),
        ),
      );
    },
    table() {
      const rows = panels.map((p, i) => {
        const [q, k] = place(i),
          w = q < 0 ? null : line(i, q),
          x = w && k >= 0 ? w[k] : NaN;
        return [
          p.chapter ? `${p.chapter} · ${p.title}` : p.title,
          empty(x) ? "–" : three(x),
          w ? `${p.keys[top(w)]} ${three(w[top(w)])}` : "–",
        ];
      });
      return { header: ["chapter", `${state.query} → ${state.key}`, "its largest"], rows };
    },
    numbers: () => ({
      panels: panels.map((_, i) => ({
        place: place(i),
        words: words(i),
        weights: panels[i].queries.map((_, q) => line(i, q)),
      })),
    }),
  };
}
