// Three embeddings of each word and their sum: rows are words, strips are parts; a part can be switched off.
import EMBEDDINGS_CSS from "./embeddings.css";
import { fmt, h, legible, mix, paper, pointed, rgb } from "../../../course_utils/views/core.js";

export function embeddings(ui) {
  const { spec, state, unit, arrays } = ui,
    { names, segments, features: F, window: W } = spec,
    T = names.length,
    parts = ["token", "segment", "position"];
  const strips = [...parts, "sum", ...(spec.normed ? ["normed"] : [])],
    titles = { normed: "after the norm" },
    signs = ["", "+", "+", "=", "→"];
  const row = (name, t) => Array.from(arrays[name].subarray(t * F, (t + 1) * F)),
    total = (t) => {
      const on = parts.filter((_, i) => state.parts[i]).map((p) => row(p, t));
      return Array.from({ length: F }, (_, f) => on.reduce((sum, r) => sum + r[f], 0));
    };
  const numbersOf = (name) => names.map((_, t) => (name === "sum" ? total(t) : row(name, t)));
  const far = (a, b) => Math.hypot(...a.map((x, i) => x - b[i]));
  let at = null,
    places = [];
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
  ui.body.append(picture);
  ui.below.append(say);
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
  const css = h("style");
  css.textContent = EMBEDDINGS_CSS;
  ui.root.append(css);

  function under(e) {
    const [x, y] = pointed(e, canvas);
    for (const g of places) {
      const word = Math.floor((y - g.y) / g.high),
        column = Math.floor((x - g.x) / g.wide);
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
    const clamp = (x, n) => Math.max(0, Math.min(n - 1, x)),
      feature = clamp(state.feature + moves[e.key][1], F);
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
  return {
    paint(width, narrow) {
      const { theme } = ui,
        c0 = canvas.getContext("2d"),
        wide = Math.min(width, 1000 * unit),
        columns = narrow ? 2 : strips.length,
        gap = 30 * unit;
      c0.font = ui.font(13, 600);
      const id = (t) => `${t + 1}${segments ? ` · ${segments[t]}` : ""}`,
        ids = Math.max(...names.map((_, t) => c0.measureText(id(t)).width)) + 8 * unit;
      const widest = Math.min(Math.max(...names.map((n) => c0.measureText(n).width)), 110 * unit),
        left = widest + ids + 10 * unit,
        high = (T > 14 ? 19 : 23) * unit,
        top = 44 * unit;
      const cell = Math.max(3, Math.min((wide - left - (columns - 1) * gap - 4 * unit) / (columns * W), 24 * unit)),
        lines = Math.ceil(strips.length / columns),
        block = T * high + top;
      const c = paper(
          canvas,
          Math.min(width, left + columns * W * cell + (columns - 1) * gap + 4 * unit),
          lines * block + 4 * unit,
        ),
        { word, feature } = here();
      const fit = (t, room) => {
        while (t.length > 2 && c.measureText(t).width > room) t = `${t.slice(0, -2)}…`;
        return t;
      };
      places = strips.map((name, i) => ({
        name,
        x: left + (i % columns) * (W * cell + gap),
        y: top + Math.floor(i / columns) * block,
        wide: cell,
        high,
      }));
      c.textBaseline = "middle";
      for (let l = 0; l < lines; l++) {
        const y = top + l * block;
        c.font = ui.font(11);
        c.fillStyle = theme.quiet;
        c.textAlign = "right";
        c.fillText(segments ? "position · segment" : "position", left - 10 * unit, y - 12 * unit, left - 12 * unit);
        names.forEach((n, t) => {
          c.font = ui.font(13, t === word ? 700 : 400);
          c.fillStyle = t === word ? theme.text : theme.quiet;
          c.textAlign = "right";
          c.fillText(fit(n, widest), widest, y + (t + 0.5) * high);
          c.font = ui.font(11);
          c.fillStyle = theme.quiet;
          c.textAlign = "left";
          c.fillText(id(t), widest + 10 * unit, y + (t + 0.5) * high);
        });
      }
      places.forEach((g, i) => {
        const off = i < 3 && !state.parts[i],
          rows = numbersOf(g.name),
          reach = spec.reach[g.name === "normed" ? "normed" : "parts"],
          sign = signs[i];
        c.font = ui.font(13, 700);
        c.textAlign = "left";
        c.fillStyle = g.name === "sum" ? theme.output : off ? theme.quiet : theme.text;
        c.fillText(off ? `${g.name}: off` : (titles[g.name] ?? g.name), g.x, g.y - 27 * unit, W * cell);
        c.font = ui.font(11);
        c.fillStyle = theme.quiet;
        c.fillText(
          i > 2 ? `full colour ±${reach}` : i % columns ? "" : `features ${state.first}–${state.first + W - 1}`,
          g.x,
          g.y - 11 * unit,
          W * cell,
        );
        if (sign) {
          c.font = ui.font(17, 700);
          c.fillStyle = theme.text;
          c.textAlign = "center";
          if (i % columns) c.fillText(sign, g.x - gap / 2, g.y + (T * high) / 2);
          else c.fillText(sign, g.x - 16 * unit, g.y - 27 * unit);
        }
        c.globalAlpha = off ? 0.18 : 1;
        rows.forEach((numbers, t) => {
          for (let k = 0; k < W; k++) {
            const v = numbers[state.first + k],
              colour = mix(theme.paper, v < 0 ? theme.minus : theme.plus, Math.abs(v) / reach),
              x = g.x + k * cell,
              y = g.y + t * high;
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
        c.lineWidth = 1.5 * unit;
        c.strokeStyle = g.name === "sum" ? theme.output : theme.text;
        c.strokeRect(g.x - 1.5, g.y + word * high - 1.5, W * cell + 2, high + 1);
        if (feature >= state.first && feature < state.first + W) {
          c.lineWidth = 2 * unit;
          c.strokeStyle = theme.text;
          c.strokeRect(g.x + (feature - state.first) * cell - 1, g.y + word * high - 1, cell + 1, high);
        }
      });
      const numbers = parts.map((p) => row(p, word)[feature]),
        sum = total(word),
        twins = names.map((n, t) => t).filter((t) => t !== word && names[t] === names[word]);
      const apart = twins.map((t) => [t, far(total(t), sum)]),
        same = apart.filter(([, d]) => d === 0),
        differ = apart.filter(([, d]) => d > 0),
        places1 = (list) => list.map(([t]) => t + 1).join(", ");
      say.replaceChildren(
        h(
          "div",
          {},
          h("b", {}, `“${names[word]}”`),
          h(
            "span",
            { class: "quiet" },
            `, position ${word + 1}`,
            segments ? `, segment ${segments[word]}` : "",
            `, feature ${feature} of ${spec.size}`,
          ),
        ),
        h(
          "div",
          { class: "sum" },
          ...parts.flatMap((p, i) => [i ? "+" : "", h(state.parts[i] ? "span" : "s", {}, `${p} ${fmt(numbers[i])}`)]),
          "=",
          h("b", { class: "output" }, fmt(sum[feature])),
        ),
        h(
          "div",
          { class: "quiet" },
          !twins.length
            ? "No other position has this word."
            : [
                same.length
                  ? `The same sum, number by number, as “${names[word]}” at ` +
                    `position ${places1(same)}: nothing tells them apart. `
                  : "",
                differ.length
                  ? `“${names[word]}” at ` +
                    `${differ.map(([t, d]) => `position ${t + 1}: its sum lies ${fmt(d, 2)} away`).join("; at ")}.`
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
      const f = state.feature,
        columns = strips.map((n) => numbersOf(n).map((r) => r[f]));
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
