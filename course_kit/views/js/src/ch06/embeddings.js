// Three embeddings of each word and their sum: rows are words, strips are parts; a part can be switched off.
import { h, pointed } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { fmt } from "../shared/numbers.js";
import { legible, mix, rgb } from "../shared/theme.js";
import EMBEDDINGS_CSS from "./embeddings.css";

export function embeddings(ui) {
  const { spec, state, unit, arrays } = ui;
  const { names, segments, features: F, window: W } = spec;
  const T = names.length;
  const parts = ["token", "segment", "position"];
  const strips = [...parts, "sum", ...(spec.normed ? ["normed"] : [])];
  const titles = { normed: "after the norm" };
  const signs = ["", "+", "+", "=", "→"];
  const row = (name, t) => Array.from(arrays[name].subarray(t * F, (t + 1) * F));
  const total = (t) => {
    const on = parts.filter((_, i) => state.parts[i]).map((p) => row(p, t));
    return Array.from({ length: F }, (_, f) => on.reduce((sum, r) => sum + r[f], 0));
  };
  const numbersOf = (name) => names.map((_, t) => (name === "sum" ? total(t) : row(name, t)));
  const far = (a, b) => Math.hypot(...a.map((x, i) => x - b[i]));
  let at = null;
  let places = [];
  const here = () => at ?? { word: state.word, feature: state.feature };

  const canvas = h("canvas", { "aria-hidden": "true" });
  const picture = h(
    "div",
    {
      role: "group",
      tabindex: 0,
      "data-testid": "picture",
      class: "picture",
      onkeydown: key,
      "aria-label": `embeddings of ${T} words; arrow keys up and down: word, left and right: feature`,
    },
    canvas,
  );
  const say = h("div", { class: "say", role: "status", "data-testid": "readout" });
  const legend = h("div", { class: "scales" });
  ui.body.append(picture, legend);
  ui.below.append(say);
  // what the colours mean: a scale for the parts and their sum, another one behind the norm
  function scales() {
    const of = (n) => String(n).replace("-", "−");
    const ramp = () => h("i", { "aria-hidden": "true" });
    const scale = (what, n) => h("span", {}, `${what} ${of(-n)}`, ramp(), of(n));
    const last = state.first + W - 1;
    legend.replaceChildren(
      scale(spec.normed ? "parts and sum" : "below 0", spec.reach.parts),
      ...(spec.normed ? [scale(titles.normed, spec.reach.normed)] : []),
      h("span", { class: "window" }, `features ${state.first} to ${last} of ${spec.size}`),
    );
  }
  canvas.onpointermove = (e) => {
    at = under(e);
    ui.set({});
  };
  canvas.onpointerleave = () => {
    at = null;
    ui.set({});
  };
  canvas.onclick = (e) => {
    const found = under(e);
    if (found) ui.set(found, true);
  };
  ui.style(EMBEDDINGS_CSS);

  function under(e) {
    const [x, y] = pointed(e, canvas);
    for (const g of places) {
      const word = Math.floor((y - g.y) / g.high);
      const column = Math.floor((x - g.x) / g.wide);
      if (word >= 0 && word < T && column >= 0 && column < W) return { word, feature: state.first + column };
    }
    return null;
  }
  function key(e) {
    const moves = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      Home: [0, -F],
      End: [0, F],
    };
    if (!moves[e.key] || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    e.stopPropagation();
    at = null;
    const clamp = (x, n) => Math.max(0, Math.min(n - 1, x));
    const feature = clamp(state.feature + moves[e.key][1], F);
    // the window follows the feature
    ui.set(
      {
        word: clamp(state.word + moves[e.key][0], T),
        feature,
        first: Math.max(feature - W + 1, Math.min(feature, state.first)),
      },
      true,
    );
  }
  // what stands at the left of a strip's rows: the word, and what makes the row of this part
  const sides = [
    (t) => names[t],
    (t) => (segments ? String(segments[t]) : ""),
    (t) => String(t + 1),
    () => "",
    () => "",
  ];
  return {
    paint(width, narrow) {
      const { theme } = ui;
      const c0 = canvas.getContext("2d");
      const columns = narrow ? 2 : strips.length;
      const pad = 8 * unit;
      const between = 22 * unit;
      c0.font = ui.font(13, 700);
      const wide = (t) => c0.measureText(t).width;
      const widest = Math.min(Math.max(...names.map(wide)), (narrow ? 70 : 110) * unit);
      const side = (i) => Math.max(...names.map((_, t) => wide(sides[i](t))));
      const needs = strips.map((_, i) => {
        const own = i && side(i) ? side(i) + pad : 0;
        return own + (i % columns ? between : widest + pad);
      });
      const left = Array.from({ length: columns }, (_, k) => Math.max(...needs.filter((_, i) => i % columns === k)));
      const room = left.reduce((a, b) => a + b);
      const cell = Math.max(3, Math.min((Math.min(width, 1200 * unit) - room - 3 * unit) / (columns * W), 24 * unit));
      const lines = Math.ceil(strips.length / columns);
      const high = (T > 14 || spec.presenting ? 19 : 23) * unit;
      const top = 30 * unit;
      const block = T * high + top;
      const c = paper(canvas, Math.min(width, room + columns * W * cell + 3 * unit), lines * block + 4 * unit);
      const { word, feature } = here();
      const twin = (t) => names[t] === names[word];
      const fit = (t, room) => {
        while (t.length > 2 && c.measureText(t).width > room) t = `${t.slice(0, -2)}…`;
        return t;
      };
      let end = 0;
      places = strips.map((name, i) => {
        const x = (i % columns ? end : 0) + left[i % columns];
        end = x + W * cell;
        return { name, x, y: top + Math.floor(i / columns) * block, wide: cell, high };
      });
      c.textBaseline = "middle";
      const write = (text, x, y, colour, weight, align) => {
        c.font = ui.font(13, weight);
        c.fillStyle = colour;
        c.textAlign = align;
        c.fillText(text, x, y);
      };
      places.forEach((g, i) => {
        const off = i < 3 && !state.parts[i];
        const rows = numbersOf(g.name);
        const reach = spec.reach[g.name === "normed" ? "normed" : "parts"];
        const name = [titles[g.name] ?? g.name, "norm"].find((t) => wide(t) <= W * cell) ?? g.name;
        const colour = g.name === "sum" ? theme.output : off ? theme.quiet : theme.text;
        write(fit(off ? `${name}: off` : name, W * cell), g.x, g.y - 15 * unit, colour, 700, "left");
        if (signs[i]) write(signs[i], g.x - pad, g.y - 15 * unit, theme.text, 700, "right");
        names.forEach((n, t) => {
          const y = g.y + (t + 0.5) * high - 1;
          const on = twin(t);
          const ink = on ? theme.text : theme.quiet;
          const id = sides[i](t);
          if (i && id) write(id, g.x - pad, y, ink, on ? 700 : 400, "right");
          if (i % columns === 0) {
            c.font = ui.font(13, on ? 700 : 400);
            write(fit(n, widest), widest, y, ink, on ? 700 : 400, "right");
          }
        });
        c.globalAlpha = off ? 0.18 : 1;
        rows.forEach((numbers, t) => {
          for (let k = 0; k < W; k++) {
            const v = numbers[state.first + k];
            const colour = mix(theme.paper, v < 0 ? theme.minus : theme.plus, Math.abs(v) / reach);
            const x = g.x + k * cell;
            const y = g.y + t * high;
            c.fillStyle = rgb(colour);
            c.fillRect(x, y, cell - (cell > 7 ? 1 : 0), high - 2);
            if (cell > 23 && high > 18) {
              c.font = ui.font(9);
              c.textAlign = "center";
              c.fillStyle = legible(colour);
              c.fillText(v.toFixed(1).replace("-", "−"), x + cell / 2, y + high / 2 - 1);
            }
          }
        });
        c.globalAlpha = 1;
        // the word's row, and thinner the rows of the same word
        names.forEach((_, t) => {
          if (!twin(t)) return;
          c.lineWidth = (t === word ? 2 : 1) * unit;
          c.strokeStyle = g.name === "sum" ? theme.output : theme.text;
          c.strokeRect(g.x - 1.5, g.y + t * high - 1.5, W * cell + 2, high + 1);
        });
        if (feature >= state.first && feature < state.first + W) {
          c.lineWidth = 2 * unit;
          c.strokeStyle = theme.text;
          c.strokeRect(g.x + (feature - state.first) * cell - 1, g.y + word * high - 1, cell + 1, high);
        }
      });
      scales();
      const numbers = parts.map((p) => row(p, word)[feature]);
      const sum = total(word);
      const twins = names.map((n, t) => t).filter((t) => t !== word && names[t] === names[word]);
      const apart = twins.map((t) => [t, far(total(t), sum)]);
      const same = apart.filter(([, d]) => d === 0);
      const differ = apart.filter(([, d]) => d > 0);
      const places1 = (list) => list.map(([t]) => t + 1).join(", ");
      say.replaceChildren(
        h(
          "div",
          { class: "sum" },
          h("b", {}, `“${names[word]}”`),
          h(
            "span",
            { class: "quiet" },
            `, position ${word + 1}`,
            segments ? `, segment ${segments[word]}` : "",
            `, feature ${feature} of ${spec.size}: `,
          ),
          ...parts.flatMap((p, i) => [i ? " + " : "", h(state.parts[i] ? "span" : "s", {}, `${p} ${fmt(numbers[i])}`)]),
          " = ",
          h("b", { class: "output" }, fmt(sum[feature])),
        ),
        h(
          "div",
          {},
          !twins.length
            ? "No other position has this word."
            : [
                same.length
                  ? `The same sum, number by number, as “${names[word]}” at ` +
                    `position ${places1(same)}: nothing tells them apart. `
                  : "",
                differ.length
                  ? `“${names[word]}” is also at ` +
                    `${differ.map(([t, d]) => `position ${t + 1}: its sum lies ${fmt(d, 2)} away`).join(", and at ")}.`
                  : "",
              ].join(""),
        ),
      );
      picture.setAttribute(
        "aria-label",
        `embeddings of ${T} words; “${names[word]}”, feature ${feature}: ` +
          `${fmt(sum[feature])}; arrow keys up and down: word, left and right: feature`,
      );
    },
    table() {
      const f = state.feature;
      const columns = strips.map((n) => numbersOf(n).map((r) => r[f]));
      return {
        header: [`feature ${f}`, ...strips.map((n) => titles[n] ?? n)],
        rows: names.map((n, t) => [`${t + 1} ${n}`, ...columns.map((x) => fmt(x[t]))]),
      };
    },
    numbers: () => ({
      sum: numbersOf("sum"),
      twins: names
        .map((n, t) => t)
        .filter((t) => t !== state.word && names[t] === names[state.word])
        .map((t) => [t, far(total(t), total(state.word))]),
    }),
  };
}
