// Small heatmaps of one sentence, linked by its words: what is lit in one is lit in all. Each has an ARIA grid of one
// cell as its twin.
import { h } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { inked, rgb } from "../shared/theme.js";
import JOURNEY_CSS from "./journey.css";

export function journey(ui) {
  const { spec, state, unit, arrays } = ui;
  const { panels } = spec;
  const empty = Number.isNaN;
  const three = (x) => x.toFixed(3);
  let active = 0;
  let hover = null;
  const cells = panels.map((_, i) => arrays[`p${i}`]);
  const line = (i, q) => Array.from(cells[i].subarray(q * panels[i].shape[1], (q + 1) * panels[i].shape[1]));
  const top = (list) => list.reduce((b, x, i) => (x > list[b] || empty(list[b]) ? i : b), 0);
  const now = () => hover ?? state;
  const place = (i) => [panels[i].rows.indexOf(now().query), panels[i].columns.indexOf(now().key)];
  function words(i) {
    const p = panels[i];
    const [q, k] = place(i);
    const { query, key } = now();
    const quoted = (list, j) => `“${list[j]}”`;
    if (q < 0 && k < 0) return `neither “${query}” nor “${key}” appears here`;
    if (q < 0) {
      const asks = p.queries.map((_, j) => line(i, j)[k]);
      const b = top(asks);
      const most = `${quoted(p.queries, b)} gives ${quoted(p.keys, k)} most: ${three(asks[b])}`;
      return `“${query}” is not a query here; ${most}`;
    }
    const w = line(i, q);
    const b = top(w);
    if (k < 0)
      return `“${key}” is not a key here; ${quoted(p.queries, q)} gives ${quoted(p.keys, b)} most: ${three(w[b])}`;
    if (empty(w[k])) return `${quoted(p.queries, q)} may not attend to ${quoted(p.keys, k)}`;
    return (
      `${quoted(p.queries, q)} gives ${quoted(p.keys, k)} ` +
      `${three(w[k])}${w[k] === w[b] ? ", its largest share" : `; most to ${quoted(p.keys, b)} ${three(w[b])}`}`
    );
  }

  // the same in a few words, below a map
  function brief(i) {
    const p = panels[i];
    const [q, k] = place(i);
    if (q < 0) return ["–", k < 0 ? "neither word is here" : `“${now().query}” is no query here`];
    const w = line(i, q);
    const b = top(w);
    const most = `most: “${p.keys[b]}” ${three(w[b])}`;
    if (k < 0) return ["–", `no “${now().key}” here; ${most}`];
    if (empty(w[k])) return ["–", "masked"];
    return [three(w[k]), w[k] === w[b] ? "its largest share" : most];
  }

  // ---- a panel: heading, picture with its twin, sentence
  const made = panels.map((p, i) => {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const cell = h("div", { role: "gridcell", id: `${ui.id}-${i}` }, "–");
    const row = h("div", { role: "row" }, cell);
    const name = `${p.chapter ? `chapter ${p.chapter}: ` : ""}${p.title}`;
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
    const text = h("div", { class: "words" });
    const [model, ...rest] = p.title.split(", ");
    // a pale map is no broken one
    if (p.most < spec.high / 4) rest.push(`all ≤ ${p.most.toFixed(2)}`);
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
        h(
          "div",
          { class: "head", title: name },
          p.chapter ? h("span", { class: "chapter" }, p.chapter) : null,
          h("b", {}, model),
          rest.length ? h("span", { class: "quiet" }, rest.join(", ")) : null,
        ),
        grid,
        text,
      ),
    };
  });
  const said = h("div", { class: "say", role: "status", "data-testid": "readout" });
  // the sentence, with the two words marked; beside the maps what is what in them
  const spoken = panels.find((p) => p.rows.includes(state.query) && p.columns.includes(state.key)) ?? panels[0];
  const sentence = spoken.keys.map((t) => h("span", {}, t));
  const ramp = h("i", { class: "ramp" });
  ui.body.append(
    h(
      "div",
      { class: "above", "aria-hidden": "true" },
      h("div", { class: "sentence" }, ...sentence),
      h("div", { class: "scale quiet" }, "weight, in each map: 0", ramp, `${spec.high}`),
    ),
    h("div", { class: "panels" }, ...made.map((m) => m.box), h("div", { class: "panel key-to" }, said)),
  );
  function point(e, i, press) {
    const g = made[i].geometry;
    const p = panels[i];
    const k = Math.floor((e.offsetX - g.left) / g.wide);
    const q = Math.floor((e.offsetY - g.top) / g.high);
    const row = q >= 0 && q < p.shape[0] ? p.rows[q] : null;
    const column = k >= 0 && k < p.shape[1] ? p.columns[k] : null;
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
    const p = panels[i];
    const [q, k] = place(i);
    const clamp = (x, n) => Math.max(0, Math.min(n - 1, x));
    const patch = {};
    if (step[0]) patch.query = p.rows[q < 0 ? 0 : clamp(q + step[0], p.shape[0])];
    else patch.key = p.columns[k < 0 ? 0 : clamp(k + step[1], p.shape[1])];
    active = i;
    ui.set(patch, true);
  }
  const shell = ui.body.closest(".view");
  ui.style(JOURNEY_CSS);

  function hatch(c, x, y, w, t) {
    c.save();
    c.beginPath();
    c.rect(x, y, w, t);
    c.clip();
    c.strokeStyle = ui.theme.hatch;
    c.lineWidth = 1;
    c.beginPath();
    for (let d = 4; d < w + t; d += 6) {
      c.moveTo(x + d - t, y + t);
      c.lineTo(x + d, y);
    }
    c.stroke();
    c.restore();
  }
  // Every map is a square of one size, however many words it has; beside it the two words that are lit.
  function draw(i, side, left) {
    const { theme } = ui;
    const p = panels[i];
    const [Q, K] = p.shape;
    const { canvas } = made[i];
    const [q0, k0] = place(i);
    const above = 20 * unit;
    const wide = side / K;
    const high = side / Q;
    const gap = Math.min(wide, high) > 16 ? 2 : 1;
    const c = paper(canvas, left + side + 3, above + side + 3);
    made[i].geometry = { left, top: above, wide, high };
    for (let q = 0; q < Q; q++)
      line(i, q).forEach((w, k) => {
        const x = left + k * wide;
        const y = above + q * high;
        if (empty(w)) return hatch(c, x, y, wide - gap, high - gap);
        c.fillStyle = rgb(inked(theme, w / spec.high));
        c.fillRect(x, y, wide - gap, high - gap);
      });
    c.strokeStyle = theme.line;
    c.lineWidth = 1;
    c.strokeRect(left - 0.5, above - 0.5, side, side);
    const fit = (t, n) => {
      while (t.length > 2 && c.measureText(t).width > n) t = `${t.slice(0, -2)}…`;
      return t;
    };
    c.font = ui.font(12, 700);
    c.lineWidth = 1.5 * unit;
    const out = 1.2 * unit; // around the cells, not over them
    if (q0 >= 0) {
      c.fillStyle = c.strokeStyle = theme.query;
      c.textAlign = "right";
      c.textBaseline = "middle";
      c.fillText(fit(p.queries[q0], left - 6 * unit), left - 6 * unit, above + (q0 + 0.5) * high);
      c.strokeRect(left - out, above + q0 * high - out, side - gap + 2 * out, high - gap + 2 * out);
    }
    if (k0 >= 0) {
      c.fillStyle = c.strokeStyle = theme.key;
      const text = fit(p.keys[k0], side);
      const half = c.measureText(text).width / 2;
      const middle = Math.max(left + half, Math.min(left + side - half, left + (k0 + 0.5) * wide));
      c.textAlign = "center";
      c.textBaseline = "alphabetic";
      c.fillText(text, middle, above - 6 * unit);
      c.strokeRect(left + k0 * wide - out, above - out, wide - gap + 2 * out, side - gap + 2 * out);
    }
  }
  return {
    paint(width, narrow) {
      const probe = made[0].canvas.getContext("2d");
      probe.font = ui.font(12, 700);
      const longest = Math.max(...panels.flatMap((p) => p.queries.map((t) => probe.measureText(t).width)));
      const left = Math.min(longest, (spec.presenting ? 34 : narrow ? 48 : 62) * unit) + 8 * unit;
      const gap = 16;
      const least = (narrow || spec.presenting ? 140 : 172) * unit;
      const across = Math.min(panels.length + 1, Math.max(1, Math.floor((width + gap) / (least + gap))));
      const room = Math.floor((width - (across - 1) * gap) / across);
      const side = Math.min(room - left - 3, spec.presenting ? 165 * ui.tall : 200 * unit);
      shell.style.setProperty("--across", across);
      // room for the longest that it says, about 112 letters, then 80
      const lines = (letters) => Math.ceil((7.3 * unit * letters) / ((narrow ? width : room) - 24));
      said.style.minHeight = `${0.5 + 1.4 * (lines(112) + lines(80))}em`;
      panels.forEach((p, i) => {
        const m = made[i];
        const [q, k] = place(i);
        const [weight, more] = brief(i);
        draw(i, side, left);
        m.text.style.width = `${left + side}px`;
        m.text.replaceChildren(h("b", {}, weight), " ", h("span", { class: "quiet" }, more));
        m.cell.textContent = words(i);
        m.row.setAttribute("aria-rowindex", Math.max(0, q) + 1);
        m.cell.setAttribute("aria-colindex", Math.max(0, k) + 1);
      });
      const marks = [spoken.rows.indexOf(now().query), spoken.columns.indexOf(now().key)];
      sentence.forEach((word, t) => {
        word.classList.toggle("query", t === marks[0]);
        word.classList.toggle("key", t === marks[1]);
      });
      const both = panels
        .map((_, i) => [i, ...place(i)])
        .filter(([i, q, k]) => q >= 0 && k >= 0 && !empty(line(i, q)[k]));
      const largest = both.filter(([i, q, k]) => line(i, q)[k] === Math.max(...line(i, q).filter((x) => !empty(x))));
      const named = ([i]) => panels[i].chapter || panels[i].title;
      const counted = `${largest.length} ${panels[0].chapter ? "chapter" : "map"}${largest.length > 1 ? "s" : ""}`;
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
          `“${now().query}” can attend to “${now().key}” in ${both.length} of ${panels.length}; ` +
            `its largest share in ${largest.length ? `${counted}: ${largest.map(named).join(", ")}` : "none"}.`,
        ),
      );
    },
    table() {
      const rows = panels.map((p, i) => {
        const [q, k] = place(i);
        const w = q < 0 ? null : line(i, q);
        const x = w && k >= 0 ? w[k] : NaN;
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
