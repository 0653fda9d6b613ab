// The next token: temperature, top-k, top-p, then a draw with dice that give the same numbers in Python.
// Levels of logits, the largest first; a level may stand for several tokens, of which none has a name.
import { h } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { fmt, percent } from "../shared/numbers.js";
import { rgb } from "../shared/theme.js";
import SAMPLING_CSS from "./sampling.css";
import { continuing } from "./continued.js";

export function sampling(ui) {
  const { spec, state, unit, arrays } = ui;
  let hover = -1;
  let rows = 18;
  let geometry = null;
  const visible = (t) => t.replaceAll(" ", "␣").replaceAll("\n", "⏎") || "∅";
  const spell = (t) =>
    "▁Ġ".includes(t[0] ?? "x")
      ? ` ${t.slice(1)}`
      : t.startsWith("##") && t.length > 2
        ? t.slice(2)
        : (spec.words ? " " : "") + t;

  // ---- what is read: the lesson's text, or a beginning of the reader's own and what was drawn since
  const { own, add } = spec.own ? continuing(ui, drawn, { draws: 0, row: 0 }) : { own: () => null };
  function ownText({ it, logits, shown, written }) {
    const order = [...logits.keys()].sort((a, b) => logits[b] - logits[a]);
    return {
      ...{ text: shown.join(""), pieces: [], before: written.length, new: shown[1].length, ids: order },
      ...{ reach: 1, bounds: [[0, order.length]], names: [order.map((i) => it.tokenizer.token(i))] },
      logits: Float32Array.from(order, (i) => logits[i]),
      counts: new Float32Array(order.length).fill(1),
    };
  }
  const lesson = { ...spec, logits: arrays.logits, counts: arrays.counts };
  let given = lesson;

  // ---- the numbers: before [L] at this temperature, after [L] with what is cut away, keep [L] tokens of each level
  function levels() {
    given = own() ? ownText(own()) : lesson;
    const [a, b] = given.bounds[state.step];
    return {
      logits: Array.from(given.logits.subarray(a, b)),
      counts: Array.from(given.counts.subarray(a, b)),
      names: given.names[state.step],
    };
  }
  function cool({ logits, counts }, temperature) {
    if (temperature === 0) return logits.map((_, i) => (i ? 0 : 1 / counts[0]));
    const raised = logits.map((l) => Math.exp((l - logits[0]) / temperature));
    const total = raised.reduce((sum, e, i) => sum + e * counts[i], 0);
    return raised.map((e) => e / total);
  }
  function compute(temperature = state.temperature, k = state.top_k, most = state.top_p) {
    const l = levels();
    const single = cool(l, temperature);
    const keep = l.counts.map((n, i) => (temperature === 0 ? +(i === 0) : n));
    let seen = 0;
    let sum = 0;
    l.counts.forEach((n, i) => {
      keep[i] = Math.max(0, Math.min(keep[i], k - seen));
      seen += n;
    });
    const total = single.reduce((a, p, i) => a + p * keep[i], 0);
    const p = single.map((x) => (temperature === 0 ? x * l.counts[0] : x / total));
    if (most < 1)
      p.forEach((x, i) => {
        const n = keep[i];
        const before = sum;
        sum += n * x;
        keep[i] = n === 1 ? +(sum - x < most) : Math.max(0, Math.min(n, Math.ceil((most - before) / x)));
      });
    const all = p.reduce((a, x, i) => a + x * keep[i], 0);
    const after = p.map((x, i) => (x * keep[i]) / all);
    const entropy = p.reduce((a, x, i) => (keep[i] && x ? a - keep[i] * (x / all) * Math.log2(x / all) : a), 0);
    return {
      ...l,
      keep,
      before: single.map((x, i) => x * l.counts[i]),
      after,
      entropy: Math.abs(entropy),
      kept: keep.reduce((a, b) => a + b, 0),
    };
  }
  function* dice(seed, step) {
    let a = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b);
    for (;;) {
      a = (a + 0x6d2b79f5) | 0;
      let t = Math.imul(a ^ (a >>> 15), a | 1);
      t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
      yield ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    }
  }
  // the places of the draws: the first level whose running sum is above the number thrown
  function draws(made, count = state.draws) {
    const throws = dice(state.seed, state.step + given.before);
    const out = [];
    for (let n = 0; n < count; n++) {
      const u = throws.next().value;
      let sum = 0;
      let at = 0;
      for (let i = 0; i < made.after.length; i++)
        if (made.after[i]) {
          at = i;
          sum += made.after[i];
          if (sum > u) break;
        }
      out.push({ at, rest: made.after[at] ? (u - sum + made.after[at]) / made.after[at] : 0 });
    }
    return out;
  }
  const name = (made, i) => (i < made.names.length ? visible(made.names[i]) : `one of ${made.counts[i]} rarer tokens`);

  // ---- elements
  const line = h("div", { class: "text", "data-testid": "text", role: "group", "aria-label": "the text so far" });
  const canvas = h("canvas", { "aria-hidden": "true" });
  const option = h("div", { role: "option", id: `${ui.id}-row`, "aria-selected": "true" }, "the most likely token");
  const list = h(
    "div",
    {
      role: "listbox",
      tabindex: 0,
      "data-testid": "picture",
      "aria-label": "tokens, the most likely first; arrow keys choose one",
      "aria-activedescendant": option.id,
      onkeydown: key,
    },
    canvas,
    h("div", { class: "hidden", role: "presentation" }, option),
  );
  const say = h("div", { class: "say", role: "status", "data-testid": "readout" });
  ui.body.append(list);
  const signs = { bar: "how likely it is drawn", mark: "what the model gives it", cut: "cut: never drawn" };
  const legend = Object.entries(signs).map(([n, t]) => h("span", {}, h("i", { class: n }), t));
  ui.side.append(h("div", { class: "signs" }, ...legend), say);
  ui.body.parentElement.before(line);
  const under = (e) => {
    const i = Math.floor((e.offsetY - geometry.top) / geometry.step);
    return i >= 0 && i < geometry.lines ? i : -1;
  };
  canvas.onpointermove = (e) => {
    const i = under(e);
    if (i !== hover) {
      hover = i;
      ui.set({});
    }
  };
  canvas.onpointerleave = () => {
    hover = -1;
    ui.set({});
  };
  canvas.onclick = (e) => under(e) >= 0 && ui.set({ row: under(e) }, true);
  function key(e) {
    const step = { ArrowUp: -1, ArrowDown: 1, Home: -99, End: 99 }[e.key];
    if (!step || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    e.stopPropagation();
    hover = -1;
    ui.set({ row: Math.max(0, Math.min(geometry.lines - 1, state.row + step)) }, true);
  }
  Object.assign(ui.actions, {
    one() {
      if (own()) return add(drawn());
      if (!spec.asks || (spec.own && !spec.live)) return ui.set({ draws: state.draws + 1 }, true);
      const made = compute();
      const { at, rest } = draws(made, 1)[0];
      const first = made.counts.slice(0, at).reduce((a, b) => a + b, 0);
      ui.set({ pick: first + Math.min(made.keep[at] - 1, Math.floor(rest * made.keep[at])) }, true);
    },
    many: () => ui.set({ draws: state.draws + 100 }, true),
  });
  function drawn() {
    const made = compute();
    return given.ids[draws(made, 1)[0].at];
  }
  ui.style(SAMPLING_CSS);

  function hatch(c, x, y, wide, high) {
    c.save();
    c.beginPath();
    c.rect(x, y, wide, high);
    c.clip();
    c.strokeStyle = ui.theme.hatch;
    c.lineWidth = 1.5 * unit;
    c.beginPath();
    for (let d = 0; d < wide + high; d += 5 * unit) {
      c.moveTo(x + d, y);
      c.lineTo(x + d - high, y + high);
    }
    c.stroke();
    c.strokeStyle = ui.theme.quiet;
    c.lineWidth = 1;
    c.strokeRect(x, y, wide, high);
    c.restore();
  }
  return {
    paint(width, narrow) {
      const { theme } = ui;
      const made = compute();
      const raw = compute(1, spec.size, 1);
      const drawn = draws(made);
      const most = spec.presenting ? 12 : narrow ? 12 : 15;
      const lines = Math.max(...given.bounds.map(([a, b]) => Math.min(most, b - a)));
      const total = (a) => a.reduce((x, y) => x + y, 0);
      rows = Math.min(made.after.length, lines - (made.after.length > lines ? 1 : 0), made.names.length);
      const more = made.after.length > rows;
      const tally = (i) => drawn.filter((d) => (i < rows ? d.at === i : d.at >= rows)).length;
      const part = (i) =>
        i < rows
          ? {
              label: visible(made.names[i]),
              p: made.after[i],
              first: raw.after[i],
              open: made.before[i],
              keep: made.keep[i],
            }
          : {
              label: `${total(made.counts.slice(rows))} others`,
              p: total(made.after.slice(rows)),
              first: total(raw.after.slice(rows)),
              open: total(made.before.slice(rows)),
              keep: total(made.keep.slice(rows)),
            };
      const wide = Math.min(width - (narrow ? 0 : 250 * unit), 620 * unit);
      const c0 = canvas.getContext("2d");
      c0.font = ui.font(13, 700);
      const names =
        Math.min(
          0.3 * wide,
          Math.max(
            c0.measureText(`${spec.size} others`).width,
            ...given.names.flat().map((t) => c0.measureText(visible(t)).width),
          ),
        ) +
        12 * unit;
      const left = names;
      const tail = 96 * unit;
      const step = spec.presenting ? 31 : 21 * unit;
      const top = 20 * unit;
      geometry = { top, step, lines: rows + more };
      const c = paper(canvas, wide, top + lines * step + 4);
      const x = (p) => left + (Math.min(p, given.reach) / given.reach) * (wide - left - tail);
      const chosen = hover >= 0 ? hover : Math.min(state.row, geometry.lines - 1);
      const last = drawn.at(-1);
      const fit = (t, room) => {
        while (t.length > 2 && c.measureText(t).width > room) t = `${t.slice(0, -2)}…`;
        return t;
      };
      c.textBaseline = "middle";
      c.font = ui.font(12);
      c.fillStyle = theme.quiet;
      c.strokeStyle = theme.line;
      c.lineWidth = 1;
      c.textAlign = "center";
      const parts = { 0.2: 4, 0.3: 3, 0.4: 4, 0.6: 3, 0.8: 4 }[given.reach] ?? 5;
      const bottom = top + rows * step;
      for (const t of Array.from({ length: parts + 1 }, (_, i) => (i / parts) * given.reach)) {
        c.fillText(String(+t.toFixed(3)), x(t), top - 11 * unit);
        c.beginPath();
        c.moveTo(x(t) + 0.5, top - 3);
        c.lineTo(x(t) + 0.5, bottom);
        c.stroke();
      }
      for (let i = 0; i < geometry.lines; i++) {
        const { label, p, first, open, keep } = part(i);
        const y = top + i * step;
        const middle = y + step / 2;
        const bar = step * 0.5;
        const now = last && (i < rows ? last.at === i : last.at >= rows);
        const n = tally(i);
        if (i === chosen) {
          c.strokeStyle = theme.quiet;
          c.lineWidth = 1;
          c.strokeRect(1, y + 0.5, wide - 2, step - 1);
        }
        c.font = ui.font(13, now || i === chosen ? 700 : 400);
        c.fillStyle = now ? theme.output : keep ? theme.text : theme.quiet;
        c.textAlign = "right";
        c.fillText(fit(label, names - 8 * unit), left - 8 * unit, middle);
        c.textAlign = "left";
        if (i >= rows) {
          // many together are no bar: said in words
          c.font = ui.font(12);
          c.fillStyle = keep ? theme.text : theme.quiet;
          const of = fmt(first);
          const ways = keep
            ? [`together ${fmt(p)}; the model gives them ${of}`, `${fmt(p)} (model: ${of})`]
            : [`cut; the model gives them ${of} together`, `cut (model: ${of})`];
          c.fillText(
            ways.find((t) => c.measureText(t).width < wide - left - (n ? 60 * unit : 0)) ?? ways[1],
            x(0),
            middle,
          );
        } else {
          // the mark is behind the bar, which stays whole, and overhangs it
          c.fillStyle = theme.quiet;
          c.fillRect(Math.round(x(first) - 1.2 * unit), middle - step * 0.45, 2.4 * unit, step * 0.9);
          if (keep) {
            c.fillStyle = now ? theme.output : theme.text;
            c.fillRect(x(0), middle - bar / 2, Math.max(x(p) - x(0), 0.8), bar);
          } else hatch(c, x(0), middle - bar / 2, Math.max(x(open) - x(0), 3), bar);
          if ((keep ? p : open) > given.reach) {
            c.strokeStyle = rgb(theme.paper);
            c.lineWidth = 3 * unit;
            c.beginPath();
            for (const d of [10, 17]) {
              c.moveTo(x(1) - d * unit, middle + bar / 2);
              c.lineTo(x(1) - (d - 6) * unit, middle - bar / 2);
            }
            c.stroke();
          } // longer than there is room
          c.font = ui.font(12, i === chosen ? 700 : 400);
          c.fillStyle = keep ? theme.text : theme.quiet;
          c.fillText(keep ? fmt(p) : "cut", Math.max(x(keep ? p : open), x(first)) + 8 * unit, middle);
        }
        if (n) {
          c.textAlign = "right";
          c.font = ui.font(12, 700);
          c.fillStyle = theme.output;
          c.fillText(`× ${n}`, wide - 6 * unit, middle);
        }
      }
      // ---- the text and the words beside the picture
      const before = given.text + given.pieces.slice(0, state.step).join("");
      const fresh = given.new && !last ? before.slice(-given.new) : "";
      const old = fresh ? before.slice(0, -fresh.length) : before;
      const token = last ? (last.at < made.names.length ? spell(made.names[last.at]) : "…") : "";
      const show = (t) => t.replace(/\n$/, "⏎\n");
      line.replaceChildren(
        h(
          "div",
          {},
          h("span", {}, old.length > 220 ? `…${old.slice(-220)}` : old),
          h("b", {}, last ? show(token) || "∅" : fresh),
          h("span", { class: "slot" }, last ? "" : "▁"),
        ),
      );
      line.scrollTop = line.scrollHeight;
      const one = part(chosen);
      const sentence =
        `“${one.label}”: the model gives ${fmt(one.first)}; ` +
        `${one.keep ? `here ${fmt(one.p)}` : "cut, it cannot be drawn"}`;
      const cuts = [
        state.top_k < spec.size && `top-k ${state.top_k}`,
        state.top_p < 1 && `top-p ${fmt(state.top_p, 2)}`,
      ].filter(Boolean);
      const truth = given.pieces[state.step];
      const other = given.pieces.length && last?.at < made.names.length && spell(made.names[last.at]) !== truth;
      option.textContent = `${sentence}${tally(chosen) ? `, drawn ${tally(chosen)} times` : ""}`;
      say.replaceChildren(
        h("div", {}, h("b", {}, sentence), "."),
        h(
          "div",
          {},
          `${made.kept} of ${spec.size} tokens can be drawn${cuts.length ? ` (${cuts.join(", then ")})` : ""}.`,
        ),
        h(
          "div",
          { class: "quiet" },
          `Entropy ${fmt(made.entropy, 2)} bits: as open as ${fmt(2 ** made.entropy, 1)} equally likely tokens.`,
        ),
        h(
          "div",
          {},
          !drawn.length
            ? h(
                "span",
                { class: "quiet" },
                state.temperature === 0 ? "Temperature 0: nothing is left to chance." : "Draw one.",
              )
            : `Drawn ${drawn.length === 1 ? "once" : `${drawn.length} times`}, ` +
                `last “${name(made, last.at)}”, which had ` +
                `${percent(made.after[last.at])}.` +
                (other ? ` In the text stands “${visible(truth)}”.` : ""),
        ),
      );
    },
    table() {
      const made = compute();
      const raw = compute(1, spec.size, 1);
      const drawn = draws(made);
      const n = Math.min(made.names.length, spec.size > 100 ? 60 : 100);
      const f = (x) => x.toFixed(4);
      const sum = (a) => a.slice(n).reduce((x, y) => x + y, 0);
      const rows = made.names
        .slice(0, n)
        .map((t, i) => [visible(t), f(raw.after[i]), f(made.after[i]), String(drawn.filter((d) => d.at === i).length)]);
      if (made.after.length > n)
        rows.push([
          `${sum(made.counts)} rarer tokens`,
          f(sum(raw.after)),
          f(sum(made.after)),
          String(drawn.filter((d) => d.at >= n).length),
        ]);
      return { header: ["token", "the model’s", "drawn from", "times drawn"], rows };
    },
    numbers: () => {
      const made = compute();
      return {
        probabilities: made.after,
        entropy: made.entropy,
        kept: made.kept,
        names: made.after.map((_, i) => name(made, i)),
        drawn: draws(made).map((d) => name(made, d.at)),
      };
    },
  };
}
