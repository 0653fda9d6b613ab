// Chinchilla's law: loss = E + A / N^alpha + B / D^beta; a training takes 6ND operations. What is the best of a budget?
import { scale } from "../shared/axes.js";
import { h } from "../shared/dom.js";
import { curve, dot, paper } from "../shared/draw.js";
import { fmt } from "../shared/numbers.js";
import { rgb } from "../shared/theme.js";
import SCALING_LAW_CSS from "./scaling_law.css";

export function scaling_law(ui) {
  const { spec, state, unit } = ui;
  const [E, A, B, alpha, beta] = spec.law;
  const [low, high] = spec.limits.N;
  const names = Object.keys(spec.models);
  const loss = (N, D) => E + A / N ** alpha + B / D ** beta;
  function best(compute) {
    const N = ((alpha * A) / (beta * B)) ** (1 / (alpha + beta)) * (compute / 6) ** (beta / (alpha + beta));
    return [N, compute / 6 / N];
  }
  function compute(N = state.N, D = state.D) {
    const flops = 6 * N * D;
    const [best_N, best_D] = best(flops);
    return {
      flops,
      loss: loss(N, D),
      parts: [E, A / N ** alpha, B / D ** beta],
      best_N,
      best_D,
      best_loss: loss(best_N, best_D),
      hours: flops / spec.machines[state.machine] / 3600,
    };
  }
  const digits = (x) => (x >= 99.95 ? Math.round(x).toLocaleString("en") : String(+x.toPrecision(3)));
  const short = (x) => {
    for (const [size, name] of [
      [1e12, "trillion"],
      [1e9, "billion"],
      [1e6, "million"],
      [1e3, "thousand"],
    ])
      if (x >= 0.9995 * size) return `${digits(x / size)} ${name}`;
    return digits(x);
  };
  const duration = (hours) => {
    for (const [size, name] of [
      [8760, "years"],
      [24, "days"],
      [1, "hours"],
      [1 / 60, "minutes"],
    ])
      if (hours >= 2 * size) {
        const count = hours / size;
        return `${count >= 10 ? Math.round(count).toLocaleString("en") : count.toFixed(1)} ${name}`;
      }
    return `${+(hours * 3600).toPrecision(2)} seconds`;
  };
  const up = (n) => [...String(n)].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]).join("");
  const power = (x) => {
    const n = Math.floor(Math.log10(x) + 1e-9);
    return `${(x / 10 ** n).toFixed(2)} · 10${up(n)}`;
  };

  // ---- elements
  const canvas = h("canvas", { role: "img", "aria-label": spec.words });
  const said = h("div", { class: "say", role: "status", "data-testid": "readout" });
  const stack = h("div", { class: "parts", "data-testid": "parts" });
  const list = h(
    "select",
    {
      id: `${ui.id}-model`,
      "data-control": "model",
      onchange: () => {
        const m = spec.models[names[list.selectedIndex - 1]];
        if (m) ui.set({ N: m[0], D: m[1] }, true);
      },
    },
    h("option", {}, "–"),
    ...names.map((n) => h("option", {}, n)),
  );
  const go = h(
    "button",
    {
      type: "button",
      "data-testid": "best",
      onclick: () => {
        const [N, D] = best(6 * state.N * state.D);
        const within = (x, [a, b]) => Math.min(b, Math.max(a, x));
        ui.set({ N: within(N, spec.limits.N), D: within(D, spec.limits.D) }, true);
      },
    },
    "go to the best",
  );
  ui.body.append(canvas);
  ui.side.append(said, stack);
  const machine = ui.root.querySelector('[data-control="machine"]');
  machine.parentElement.after(
    ...(names.length ? [h("span", { class: "control" }, h("label", { for: list.id }, "as"), list)] : []),
    go,
  );
  ui.style(SCALING_LAW_CSS);

  const size = (x) =>
    x >= 1e12 ? `${x / 1e12} T` : x >= 1e9 ? `${x / 1e9} B` : x >= 1e6 ? `${x / 1e6} M` : `${x / 1e3} k`;
  return {
    paint(width, narrow) {
      const { theme } = ui;
      const n = compute();
      const wide = Math.min(width - (narrow ? 0 : 262 * unit), 640 * unit);
      const tall = spec.presenting ? 470 : 330 * unit;
      const box = { x: 40 * unit, y: 22 * unit, w: wide - 58 * unit, h: tall - 66 * unit };
      const c = paper(canvas, wide, tall);
      const x = scale(low, high, box.x, box.x + box.w, true);
      const y = scale(1.5, 6, box.y + box.h, box.y, true);
      const sand = rgb(theme.plus);
      c.strokeStyle = theme.line;
      c.lineWidth = 1;
      c.strokeRect(box.x + 0.5, box.y + 0.5, box.w, box.h);
      c.font = ui.font(12);
      c.fillStyle = theme.quiet;
      c.textBaseline = "top";
      c.textAlign = "center";
      for (let e = Math.ceil(Math.log10(low)); 10 ** e <= high * 1.01; e += narrow || spec.presenting ? 2 : 1)
        c.fillText(size(10 ** e), x(10 ** e), box.y + box.h + 5 * unit);
      c.textAlign = "right";
      c.fillText("parameters N", box.x + box.w, box.y + box.h + 21 * unit);
      c.textBaseline = "middle";
      for (let t = 2; t <= 6; t++) {
        c.fillText(String(t), box.x - 6 * unit, y(t));
        c.beginPath();
        c.moveTo(box.x, y(t));
        c.lineTo(box.x + box.w, y(t));
        c.stroke();
      }
      c.textAlign = "left";
      c.textBaseline = "bottom";
      c.fillText("loss, nats per token", box.x, box.y - 4 * unit);
      c.save();
      c.beginPath();
      c.rect(box.x, box.y, box.w, box.h);
      c.clip();
      const grid = Array.from({ length: 240 }, (_, i) => x.invert(box.x + (box.w * i) / 239));
      c.fillStyle = theme.quiet;
      c.textBaseline = "bottom";
      c.textAlign = "left";
      if (E > 1.5) {
        curve(c, [low, high], [E, E], x, y, theme.quiet, 1);
        c.textBaseline = "top";
        c.fillText(`${fmt(E, 2)} stays, whatever the model`, box.x + 8 * unit, y(E) + 5 * unit);
      }
      const path = Array.from({ length: 160 }, (_, i) => best(10 ** (10 + i / 7.5)));
      curve(
        c,
        path.map((p) => p[0]),
        path.map((p) => loss(...p)),
        x,
        y,
        sand,
        1.6 * unit,
        [5 * unit, 4 * unit],
      );
      curve(
        c,
        grid,
        grid.map((N) => loss(N, n.flops / 6 / N)),
        x,
        y,
        theme.text,
        2 * unit,
      );
      const bx = x(n.best_N);
      const by = y(n.best_loss);
      const r = 7 * unit;
      c.fillStyle = sand;
      c.beginPath();
      c.moveTo(bx - r, by);
      c.lineTo(bx, by - r);
      c.lineTo(bx + r, by);
      c.lineTo(bx, by + r);
      c.fill();
      const top = Math.max(box.y + 7 * unit, y(n.loss));
      const model = names.findIndex((m) => spec.models[m][0] === state.N && spec.models[m][1] === state.D);
      const small = state.N < n.best_N;
      dot(c, x(state.N), top, 7 * unit, theme.output);
      c.restore();

      // each line and mark is named where it is; a name inside of the valley meets no line
      const name = (words, at, down, colour, { align = "left", weight = 400 } = {}) => {
        c.font = ui.font(13, weight);
        const long = c.measureText(words).width;
        const from = at - (align === "right" ? long : align === "center" ? long / 2 : 0);
        c.textAlign = "left";
        c.lineJoin = "round";
        c.lineWidth = 4 * unit;
        c.strokeStyle = rgb(theme.paper);
        c.fillStyle = colour;
        const inside = Math.max(box.x + 4, Math.min(from, box.x + box.w - long - 4));
        c.strokeText(words, inside, down);
        c.fillText(words, inside, down);
      };
      c.textBaseline = "bottom";
      const every = path.find((p) => loss(...p) < 5);
      const level = Math.min(3.2, loss(high, n.flops / 6 / high));
      const arm = grid.findLast((N) => N >= n.best_N && loss(N, n.flops / 6 / N) <= level);
      if (every) name("the best of every budget", x(every[0]) + 14 * unit, y(5) - 2 * unit, sand);
      const others = box.w < 400 * unit ? "same budget" : "the same budget, other sizes";
      if (arm) name(others, x(arm) - 8 * unit, y(level) - 8 * unit, theme.text, { align: "right" });
      const apart = Math.abs(bx - x(state.N)) > 2 * r;
      if (apart) name(`best ${fmt(n.best_loss, 2)}`, bx, by + 25 * unit, sand, { align: "right", weight: 600 });
      const mine = `${model < 0 ? "yours" : names[model]}${box.w < 400 * unit ? "" : ` ${fmt(n.loss, 2)}`}`;
      const aside = { align: apart ? (small ? "left" : "right") : "center", weight: 700 };
      name(
        mine,
        x(state.N) + (apart ? (small ? 10 : -4) * unit : 0),
        Math.max(top - 13 * unit, box.y + 20 * unit),
        theme.output,
        aside,
      );

      for (const k of ["N", "D"]) {
        // the number as one reads it, beside its slider
        const shown = ui.root.querySelector(`[data-testid=${k}]`);
        shown.value = short(state[k]);
        ui.root
          .querySelector(`[data-control=${k}]`)
          .setAttribute("aria-valuetext", `${shown.value} ${k === "N" ? "parameters" : "tokens"}`);
      }
      list.selectedIndex = model + 1;
      const outside = ["N", "D"].some((k) => state[k] < spec.fitted[k][0] || state[k] > spec.fitted[k][1]);
      const more = n.loss - n.best_loss;
      said.replaceChildren(
        h("div", {}, "6ND = ", h("b", {}, power(n.flops)), " operations"),
        h("div", { class: "quiet" }, `${duration(n.hours)} at ${state.machine}`),
        h(
          "div",
          {},
          "loss ",
          h("b", { class: "output" }, fmt(n.loss)),
          more < 5e-4
            ? ": the best for so many operations"
            : `, model too ${state.N > n.best_N ? "large" : "small"}; best: ${fmt(n.best_loss)}, with ` +
                `${short(n.best_N)} parameters and ${short(n.best_D)} tokens`,
        ),
        h(
          "div",
          { class: "quiet" },
          `${digits(state.D / state.N)} tokens per parameter. ` +
            `${outside ? "The law was not fitted to such sizes." : ""}`,
        ),
      );
      const colours = [theme.quiet, sand, rgb(theme.minus)];
      const words = ["stays", "model too small", "text too short"];
      stack.replaceChildren(
        h("b", {}, "What the loss is made of"),
        h(
          "div",
          {},
          ...n.parts.map((p, i) => h("i", { style: `width:${(100 * p) / n.loss}%;background:${colours[i]}` })),
        ),
        ...n.parts.flatMap((p, i) => [
          h("span", {}, h("i", { style: `background:${colours[i]}` }), fmt(p)),
          h("span", {}, words[i]),
        ]),
      );
      canvas.setAttribute(
        "aria-label",
        `Loss against parameters for ${power(n.flops)} operations: lowest ${fmt(n.best_loss)} ` +
          `at ${short(n.best_N)} parameters; the sliders reach ${fmt(n.loss)}.`,
      );
    },
    table() {
      const n = compute();
      const all = [
        ["these sliders", state.N, state.D],
        ["best for the same cost", n.best_N, n.best_D],
        ...names.map((m) => [m, ...spec.models[m]]),
      ];
      return {
        header: ["model", "parameters", "tokens", "operations", "loss", state.machine],
        rows: all.map(([name, N, D]) => {
          const m = compute(N, D);
          return [name, short(N), short(D), power(m.flops), fmt(m.loss), duration(m.hours)];
        }),
      };
    },
    numbers: compute,
  };
}
