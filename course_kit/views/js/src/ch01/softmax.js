// From scores to shares in three stages: bars to drag, e raised to each, and pieces of one bar of length 1.
import { h, pointed } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { fmt, percent, softmax } from "../shared/numbers.js";
import { inked, legible, rgb } from "../shared/theme.js";
import SOFTMAX_CSS from "./softmax.css";

export function softmax_lab(ui) {
  const { state, unit, spec } = ui;
  const { names, reach } = spec;
  const n = names.length;
  const step = reach > 10 ? Math.round(reach / 30) : 0.1;
  let chosen = -1; // the bar under the hand
  let dragged = false;
  let drags = 0;
  let zone = { zero: 0, high: 1 }; // where score 0 is, and how high `reach`
  const canvas = h("canvas", { role: "img", "aria-label": spec.words });
  const say = h("div", {
    class: "say",
    role: "status",
    "data-testid": "readout",
    style: "margin-top:.5em;min-height:2.9em",
  });
  const hands = names.map((name, i) =>
    h("div", {
      ...{ class: "hand", role: "slider", tabindex: 0, "data-score": i, "aria-label": `score of ${name}` },
      ...{ "aria-orientation": "vertical", "aria-valuemin": -reach, "aria-valuemax": reach },
      onpointerdown(event) {
        hands[i].setPointerCapture(event.pointerId);
        dragged = true;
        follow(event);
      },
      onpointermove: (event) => (dragged ? chosen === i && follow(event) : choose(i)),
      onpointerup: drop,
      onpointercancel: drop,
      onpointerleave: () => dragged || choose(-1),
      onfocus: () => choose(i),
      onblur: () => choose(-1),
      onkeydown(event) {
        const by = { ArrowUp: step, ArrowRight: step, ArrowDown: -step, ArrowLeft: -step, PageUp: 10 * step };
        const to = { ...by, PageDown: -10 * step, Home: -2 * reach, End: 2 * reach }[event.key];
        if (!to || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        move(i, state.scores[i] + to, true);
      },
    }),
  );
  ui.body.append(h("div", { class: "plot" }, canvas, ...hands));
  (spec.presenting ? ui.side : ui.body).append(say); // a screen is wide and low
  ui.style(SOFTMAX_CSS);

  const choose = (i) => i !== chosen && ((chosen = i), ui.set({}));
  function move(i, score, done = false) {
    chosen = i;
    const held = Math.max(-reach, Math.min(reach, Math.round(score / step) * step));
    ui.set({ scores: state.scores.map((s, k) => (k === i ? +held.toFixed(2) : s)) }, done);
  }
  function follow(event) {
    const i = hands.indexOf(event.currentTarget);
    const [, y] = pointed(event, canvas);
    move(i, ((zone.zero - y) / zone.high) * reach);
  }
  function drop() {
    if (dragged) drags++;
    dragged = false;
    ui.set({}, true);
  }

  // ---- the numbers
  const scores = () => state.scores.map((s) => s + state.shift);
  const powers = () => scores().map((s, i) => (state.mask[i] ? Math.exp(s / state.temperature) : 0));
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  function weights() {
    if (state.method === "stable") return softmax(scores(), state.mask, state.temperature);
    const raised = powers();
    const total = sum(raised);
    return raised.map((e) => (total === 0 ? 0 : e / total));
  }
  const short = (x) => fmt(x, x >= 100 ? 0 : 2);

  function hatch(c, x, y, wide, high) {
    c.save();
    c.beginPath();
    c.rect(x, y, wide, high);
    c.clip();
    c.strokeStyle = ui.theme.hatch;
    c.lineWidth = 1.5 * unit;
    c.beginPath();
    for (let d = 0; d < wide + high; d += 6 * unit) {
      c.moveTo(x + d, y);
      c.lineTo(x + d - high, y + high);
    }
    c.stroke();
    c.restore();
  }
  function words(w) {
    const raised = powers();
    const total = sum(raised);
    const top = w.reduce((best, x, i) => (x > w[best] ? i : best), 0);
    const at = chosen < 0 ? top : chosen;
    const lost = w.some(Number.isNaN);
    const none = !state.mask.some(Boolean);
    const large = !Number.isFinite(total);
    const most = `e to the ${fmt(Math.max(...scores()) / state.temperature, 0)} is too large for a number`;
    const sums = `The shares sum to ${fmt(sum(w), 2)}.`;
    const division = large || !total ? "" : `${short(raised[at])} / ${short(total)} = `;
    return [
      h("b", {}, lost ? "NaN" : none ? "nobody to attend" : `${names[at]}: ${division}${fmt(w[at])}`),
      lost
        ? `${most}: ∞ / ∞ is NaN.`
        : none
          ? "All is masked: the weights are zeros, not NaN."
          : sum(w) === 0
            ? "All powers of e vanish: the weights are lost."
            : large
              ? `${most}, so the largest score is subtracted from all first. Only differences count. ${sums}`
              : `“${names[at]}” gets ${percent(w[at])} of the attention. ${sums}`,
    ];
  }

  return {
    paint(width, narrow) {
      const { theme } = ui;
      const left = (narrow ? 62 : 84) * unit;
      const wide = spec.presenting && !narrow ? width - 240 * unit : width;
      const column = (wide - left - 8 * unit) / n;
      const bar = Math.min(column * 0.5, 84 * unit);
      const x = (i) => left + (i + 0.5) * column;
      const w = weights();
      const raised = powers();
      const largest = Math.max(...raised);
      const heights = raised.map((e) => (largest === Infinity ? +(e === Infinity) : largest && e / largest));
      if (largest === Infinity && state.method === "stable") w.forEach((s, i) => (heights[i] = s / Math.max(...w)));
      const now = [...state.scores, ...heights, ...w.map((s) => s || 0)];
      const shown = dragged ? now : ui.follow(`stages ${drags}`, now);
      const [score, high, share] = [0, 1, 2].map((stage) => shown.slice(stage * n, (stage + 1) * n));
      zone = { zero: 23 * unit + 58 * ui.tall, high: 58 * ui.tall };
      const most = 58 * ui.tall;
      const floor = zone.zero + zone.high + 46 * unit + most;
      const one = { y: floor + 34 * unit, h: 36 * unit, w: wide - left - 8 * unit };
      const c = paper(canvas, wide, one.y + one.h + 22 * unit);
      const text = (
        t,
        at,
        y,
        { size = 13, weight = 400, colour = theme.text, align = "center", base = "bottom" } = {},
      ) => {
        c.font = ui.font(size, weight);
        c.fillStyle = colour;
        c.textAlign = align;
        c.textBaseline = base;
        c.fillText(t, at, y);
      };
      const fit = (t, room) => {
        c.font = ui.font(13, 600);
        while (t.length > 2 && c.measureText(t).width > room) t = `${t.slice(0, -2)}…`;
        return t;
      };
      // what each row is, and how far a score can be dragged
      const quiet = { size: 13, colour: theme.quiet, align: "right", base: "middle" };
      const edge = left - 12 * unit;
      text("score", edge, zone.zero, quiet);
      text("weight", edge, one.y + one.h / 2, quiet);
      for (const s of [reach, -reach])
        text(fmt(s + state.shift, 0), edge, zone.zero - (s / reach) * zone.high, { ...quiet, size: 12 });
      const up = state.temperature === 1 ? "score" : "score/T";
      text(up, edge, floor - 15 * unit, { ...quiet, size: 12 });
      c.font = ui.font(12);
      text("e", edge - c.measureText(up).width - 1, floor - 7 * unit, quiet);
      c.strokeStyle = theme.line;
      c.lineWidth = 1;
      c.beginPath();
      for (const y of [zone.zero, floor]) {
        c.moveTo(left, y + 0.5);
        c.lineTo(wide - 8 * unit, y + 0.5);
      }
      c.stroke();
      c.strokeStyle = theme.hatch;
      c.beginPath();
      for (let i = 0; i < n; i++) {
        const middle = Math.round(x(i)) + 0.5;
        c.moveTo(middle, zone.zero - zone.high);
        c.lineTo(middle, zone.zero + zone.high);
        for (const end of [-1, 1]) {
          c.moveTo(middle - 5 * unit, zone.zero + end * zone.high);
          c.lineTo(middle + 5 * unit, zone.zero + end * zone.high);
        }
      }
      c.stroke();
      let start = left;
      for (let i = 0; i < n; i++) {
        const open = state.mask[i];
        const tall = (score[i] / reach) * zone.high;
        const on = i === chosen;
        // the score, with a place to hold it
        c.globalAlpha = open ? 0.75 : 0.25;
        c.fillStyle = rgb(score[i] < 0 ? theme.minus : theme.plus);
        c.fillRect(x(i) - bar / 2, Math.min(zone.zero, zone.zero - tall), bar, Math.abs(tall));
        c.globalAlpha = 1;
        c.fillStyle = on ? theme.text : theme.quiet;
        c.fillRect(x(i) - bar / 2, zone.zero - tall - 2 * unit, bar, 4 * unit);
        const said = fmt(state.scores[i] + state.shift, state.shift >= 100 ? 1 : 2);
        const above = zone.zero - Math.max(0, tall) - 5 * unit;
        c.font = ui.font(13, on ? 700 : 400);
        c.clearRect(
          x(i) - c.measureText(said).width / 2 - 2,
          above - 14 * unit,
          c.measureText(said).width + 4,
          14 * unit,
        );
        text(said, x(i), above, { weight: on ? 700 : 400, colour: open ? theme.text : theme.quiet });
        text(fit(names[i], column - 6), x(i), zone.zero + zone.high + 8 * unit, {
          ...{ size: 13, weight: 600, colour: theme.key, base: "top" },
        });
        // e raised to it, and its way into the one bar
        const length = share[i] * one.w;
        const rise = high[i] * most;
        if (open) {
          c.fillStyle = theme.line;
          c.globalAlpha = on ? 0.95 : 0.5;
          c.beginPath();
          c.moveTo(x(i) - bar / 2, floor);
          c.lineTo(x(i) + bar / 2, floor);
          c.lineTo(start + length, one.y);
          c.lineTo(start, one.y);
          c.fill();
          c.globalAlpha = 1;
          c.fillStyle = theme.quiet;
          c.fillRect(x(i) - bar / 2, floor - rise, bar, Math.max(rise, 1));
        } else hatch(c, x(i) - bar / 2, floor - 14 * unit, bar, 14 * unit);
        const power =
          raised[i] === Infinity && state.method === "stable"
            ? `e^${fmt((state.scores[i] + state.shift) / state.temperature, 0)}`
            : short(raised[i]);
        text(open ? power : "masked", x(i), floor - (open ? rise : 14 * unit) - 3 * unit, {
          weight: on ? 700 : 400,
        });
        // its piece
        if (length > 0) {
          const ink = inked(theme, 0.05 + 0.95 * share[i]);
          c.fillStyle = rgb(ink);
          c.fillRect(start, one.y, length, one.h);
          c.font = ui.font(13, 600);
          const both = [`${names[i]} ${fmt(w[i])}`, fmt(w[i]), fmt(w[i], 2).replace("0.", ".")];
          const room = both.find((t) => c.measureText(t).width < length - 8 * unit);
          if (room)
            text(room, start + length / 2, one.y + one.h / 2 + 1, {
              ...{ size: 13, weight: 600, colour: legible(ink), base: "middle" },
            });
          c.fillStyle = rgb(theme.paper);
          if (i && start > left) c.fillRect(start - unit, one.y, 2 * unit, one.h);
          start += length;
        }
      }
      c.strokeStyle = theme.quiet;
      c.lineWidth = 1;
      c.strokeRect(left + 0.5, one.y + 0.5, one.w - 1, one.h - 1);
      if (w.some(Number.isNaN))
        text("NaN", left + one.w / 2, one.y + one.h / 2, { size: 13, weight: 600, base: "middle" });
      for (const t of [0, 0.5, 1])
        text(String(t), left + t * one.w, one.y + one.h + 4 * unit, { size: 12, colour: theme.quiet, base: "top" });
      hands.forEach((hand, i) => {
        const top = zone.zero - zone.high - 14 * unit;
        hand.style.cssText =
          `left:${x(i) - column / 2}px;width:${column}px;top:${top}px;` + `height:${2 * zone.high + 28 * unit}px`;
        hand.setAttribute("aria-valuenow", state.scores[i]);
        const told = state.mask[i] ? `share ${fmt(w[i])}` : "masked";
        hand.setAttribute("aria-valuetext", `score ${fmt(state.scores[i] + state.shift, 2)}, ${told}`);
      });
      const [what, why] = words(w);
      say.replaceChildren(h("div", {}, what), h("div", { class: "quiet" }, why));
    },
    table: () => {
      const s = scores();
      const e = powers();
      const w = weights();
      return {
        header: ["key", "score", "e to the score", "may be attended", "weight"],
        rows: names.map((m, i) => [m, fmt(s[i]), fmt(e[i]), state.mask[i] ? "yes" : "no", fmt(w[i])]),
      };
    },
    numbers: () => ({ scores: scores(), powers: powers(), weights: weights() }),
  };
}
