// The guided descent: one word from its embedding to its probability, on one stage; a press does the next step.
import DESCENT_CSS from "./descent.css";
import { h, legible, mix, paper, pointed, rgb } from "../../../course_utils/views/core.js";
import { loadModel } from "../../../course_utils/views/models/load.js";
import { baked, derived, explain, studied } from "./descent_numbers.js";
import { places, sentenceOf, stageOf } from "./descent_scenes.js";

const MET = 9; // the step at which every key has met the query
const hex = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));

export function descent(ui) {
  const { spec, state, unit } = ui,
    sceneOf = places(spec.scenes),
    last = sceneOf.length - 1,
    names = Object.keys(spec.scenes);
  const key = () => `${state.word} ${state.layer} ${state.head}`,
    asked = ({ word, layer, head }) => ({ word, layer, head });
  const known = { [key()]: derived(ui.arrays.study ?? baked(ui.arrays, spec), spec, state) };
  let m = known[key()],
    good = asked(state),
    wanted = "",
    trouble = "",
    aim = null, // what is pointed at: { name, cell }
    hits = [],
    visits = 0,
    painted = -1, // the step that is on the stage
    moving = false,
    focus = -1; // the key whose products are shown, once all have met the query
  const shown = new Map(); // what is on the stage, by its id

  const scenes = names.map((name, n) =>
    h(
      "button",
      { type: "button", "data-scene": n + 1, onclick: () => go(sceneOf.indexOf(n)) },
      h("i", {}, n + 1),
      h("span", {}, name),
    ),
  );
  const canvas = h("canvas", {
    tabindex: 0,
    role: "application",
    "aria-label": "the stage: space or right arrow does the next step, left arrow goes back, Escape explores numbers",
    onpointermove: (e) => point(hitAt(...pointed(e, canvas))),
    onpointerdown: (e) => point(hitAt(...pointed(e, canvas))),
    onpointerleave: () => state.free || point(null),
  });
  const title = ui.root.querySelector(".title"),
    sentences = h("div", { class: "sentences" }),
    says = h("p", { class: "says", role: "status", "data-testid": "says" }),
    made = h("p", { class: "made", "data-testid": "made" });
  const back = h("button", { type: "button", class: "back", onclick: () => go(state.step - 1) }, "← back"),
    next = h("button", { type: "button", class: "next", onclick: () => go(state.step + 1) }, "next step →"),
    keys = h("span", { class: "keys" });
  ui.body.append(h("div", { class: "scenes", role: "group", "aria-label": "scenes" }, ...scenes));
  ui.body.append(sentences, says, canvas, made);
  ui.root.querySelector(".controls").prepend(h("span", { class: "steps" }, back, next, keys));
  const field = h("details", { class: "more typed" }, h("summary", {}, "your own sentence"));
  field.open = !!spec.made;
  if (spec.own) ui.root.querySelector(".foot")?.append(field);
  const css = h("style");
  css.textContent = DESCENT_CSS;
  ui.root.append(css);

  function go(step) {
    aim = null;
    focus = -1;
    ui.set({ step: Math.max(0, Math.min(last, step)), free: false }, true);
  }
  function point(hit) {
    if (hit?.name === aim?.name && hit?.cell === aim?.cell) return;
    aim = hit && { name: hit.name, cell: hit.cell };
    const [kind, i] = aim?.name.split(".") ?? [];
    if (state.step === MET && (kind === "key" || kind === "score")) focus = +i;
    ui.set({});
  }
  const hitAt = (x, y) =>
    hits.findLast((one) => x >= one.x && x <= one.x + one.w && y >= one.y && y <= one.y + one.h) ?? null;

  // ---- keys: the next step, or in free exploring the next number in a direction
  const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  function neighbour([dx, dy]) {
    const centre = (one) => [one.x + one.w / 2, one.y + one.h / 2],
      from = hits.find((one) => one.name === aim?.name && one.cell === aim?.cell);
    if (!from) return hits[0];
    const [x, y] = centre(from);
    let best = null,
      least = Infinity;
    for (const one of hits.filter((hit) => !hit.bar)) {
      const [a, b] = centre(one),
        ahead = (a - x) * dx + (b - y) * dy,
        aside = Math.abs((a - x) * dy) + Math.abs((b - y) * dx);
      if (ahead > 1 && aside <= ahead && ahead + 3 * aside < least) [best, least] = [one, ahead + 3 * aside];
    }
    return best;
  }
  ui.root.addEventListener("keydown", (e) => {
    const inside = e.target.closest("input, select, summary, .scroll"),
      button = e.target.closest("button");
    if (inside || e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === "Escape") explore(!state.free);
    else if (state.free && ARROWS[e.key]) point(neighbour(ARROWS[e.key]) ?? aim);
    else if (e.key === "ArrowRight" || (e.key === " " && !button)) go(state.step + 1);
    else if (e.key === "ArrowLeft") go(state.step - 1);
    else if (e.key === "Home") go(0);
    else if (e.key === "End") go(last);
    else return;
    e.preventDefault();
    e.stopPropagation();
  });
  function explore(free) {
    const [, name, cell] = sentenceOf(m, spec, state.step);
    aim = free ? { name, cell } : null;
    if (free) canvas.focus();
    ui.set({ free }, true);
  }

  // ---- another word, layer or head: the model comes into the page when it is first asked
  async function ask(which) {
    wanted = which;
    trouble = "The model is coming …";
    const choice = asked(state);
    try {
      if (!spec.own) throw new Error("this model has no file");
      const it = await loadModel(spec.own.models[0], (share) => {
        trouble = `The model is coming: ${Math.round(100 * share)} %`;
        ui.set({});
      });
      known[which] ??= derived(studied(it, spec, choice), spec, choice);
      trouble = "";
      if (wanted === which) wanted = "";
      ui.set({});
    } catch (error) {
      if (wanted !== which) return;
      wanted = "";
      trouble = `${error.message[0].toUpperCase()}${error.message.slice(1)}. `;
      trouble += "On the course's website, and in `make lab`, any word, layer and head can be chosen.";
      ui.set({ ...good });
    }
  }

  function paintWords() {
    const scene = sceneOf[state.step];
    scenes.forEach((button, n) => {
      button.classList.toggle("past", n < scene);
      n === scene ? button.setAttribute("aria-current", "step") : button.removeAttribute("aria-current");
    });
    if (spec.asks) title.textContent = `How does a Transformer come to write “${m.next}”?`;
    const focused = ui.root.activeElement?.dataset.place;
    const words = spec.next.slice(0, -1).flatMap((word, i) => {
      const kind = i + 1 < m.word ? "there" : i + 1 > m.word ? "" : state.step === last ? "now done" : "now";
      const space = i && !/['’]$/.test(spec.next[i - 1]) && !/^[.,)…]/.test(word) ? " " : "";
      const choose = () => ui.set({ word: i + 1 }, true);
      return [space, h("button", { type: "button", class: kind, "data-place": i + 1, onclick: choose }, word)];
    });
    const source = spec.source.map((word, i) => (i && !/^[.,!?]/.test(word) ? " " : "") + word).join("");
    sentences.replaceChildren(`${source}  →  `, h("span", { class: "written", lang: "fr" }, ...words));
    if (focused) sentences.querySelector(`[data-place="${focused}"]`)?.focus();
    const [sentence, name, cell] = sentenceOf(m, spec, state.step);
    if (says.textContent !== sentence) says.textContent = sentence;
    const at = aim ?? { name, cell };
    const { text } = explain(m, spec, at.name, at.cell);
    made.replaceChildren(trouble || aim ? "" : h("span", { class: "quiet" }, "Point at any number. "), trouble || text);
    back.disabled = state.step === 0;
    next.disabled = state.step === last;
    keys.classList.toggle("free", state.free);
    keys.textContent = state.free
      ? "exploring: arrows move from number to number, Esc ends it"
      : "space or → goes on, ← back, Esc explores";
  }

  return {
    paint(width, narrow) {
      if (known[key()]) {
        [m, good, wanted] = [known[key()], asked(state), ""];
        if (state.step === MET && focus >= 0) m = { ...m, lead: focus };
      } else if (wanted !== key()) ask(key());
      const { classList } = ui.root.querySelector(".view");
      classList.toggle("tight", width < 1040 * unit);
      classList.toggle("large", spec.presenting);
      paintWords();
      // in front of a class the stage is as large as the screen lets it
      const k = spec.presenting ? Math.min(width / 960, Math.max(1, (ui.screen - 350) / 332)) : unit,
        W = width / k,
        { height, items } = stageOf(m, spec, state.step, W, narrow),
        c = paper(canvas, width, height * k),
        here = new Set(items.map((item) => item.id));
      c.scale(k, k);
      const first = !shown.size;
      for (const item of items) {
        const before = shown.get(item.id);
        item.visit = before && !before.leaving ? before.visit : ++visits;
        const way = `${item.id} ${item.visit}`;
        if (!before && !first) {
          ui.follow(way, item.start || [...item.place.slice(0, -1), 0]);
          if (item.old?.length) ui.follow(`${way} values`, item.old);
        }
        item.at = ui.follow(way, item.place);
        if (item.values) item.now = ui.follow(`${way} values`, item.values);
        shown.set(item.id, item);
      }
      for (const [id, item] of shown) {
        if (here.has(id)) continue;
        item.leaving = true;
        item.at = ui.follow(`${id} ${item.visit}`, [...item.place.slice(0, -1), 0]);
        if (item.at.at(-1) < 0.02) shown.delete(id);
      }
      const [, name, cell] = sentenceOf(m, spec, state.step),
        at = aim ?? { name, cell };
      const { made: causes } = explain(m, spec, at.name, at.cell);
      hits = [];
      painted = state.step;
      moving = [...shown.values()].some((item) => item.leaving || item.at.some((x, i) => x !== item.place[i]));
      draw(c, ui, [...shown.values()], {
        lit: new Set(causes.map(([n, i]) => `${n}|${i}`)),
        at,
        aimed: !!aim,
        hits,
        k,
      });
    },
    table() {
      if (sceneOf[state.step] === names.length - 1)
        return {
          header: ["if it stopped after", "most probable word", "probability"],
          rows: m.stops.map(([word, p], i) => [spec.names[i], word, p.toFixed(3)]),
        };
      return {
        header: ["word", "score", "share"],
        rows: spec.source.map((word, i) => [word, m.scores[i].toFixed(3), m.shares[i].toFixed(3)]),
      };
    },
    numbers: () => ({ ...m, aim, hits, step: painted, moving }),
    field,
    // A sentence of the reader's own: its translation, and the word before its last but one.
    *answer({ models: [it], text, ids, source, write }) {
      let tokens = [],
        written = [];
      for ([tokens, written] of write(it, (words, _, ids) => [words, ids]));
      if (!tokens.length) return;
      const next = [...tokens, "<eos>"],
        word = Math.max(1, next.length - 2),
        options = next.map((_, i) => i + 1),
        words = Object.fromEntries(next.map((token, i) => [i + 1, token])),
        [choice, ...others] = spec.controls;
      const other = {
        ...{ sentence: text, source, next, written: ["<bos>", ...tokens], ids: [2, ...written], asks: true },
        ...{ controls: [{ ...choice, options, words }, ...others], state: { ...state, word, free: false } },
      };
      const study = studied(it, { ...spec, ...other }, other.state);
      yield { spec: other, arrays: { study } };
    },
  };
}

function draw(c, ui, items, { lit, at, aimed, hits, k }) {
  const { theme } = ui;
  const colourOf = (name) =>
    name === "ink" ? theme.ink : Array.isArray(theme[name]) ? theme[name] : hex(theme[name] ?? theme.text);
  const hit = ({ leaving, name, type }, cell, ...box) => {
    const [x, y, w, tall] = box.map((length) => length * k);
    if (name && !leaving) hits.push({ name, cell, bar: type === "bar", x, y, w, h: tall });
  };
  const outline = (x, y, w, hgt, strong) => {
    if (strong) {
      c.strokeStyle = rgb(theme.paper);
      c.lineWidth = 4;
      c.strokeRect(x - 0.5, y - 0.5, w, hgt);
    }
    c.strokeStyle = theme.text;
    c.lineWidth = strong ? 2 : 1.2;
    const out = strong ? 1 : 0.5;
    c.strokeRect(x - out, y - out, w + 2 * out - 1, hgt + 2 * out - 1);
  };
  c.textBaseline = "middle";
  const isAt = (item, cell) => item.name === at.name && cell === at.cell;
  const later = [],
    around = {}; // one frame around all cells of a vector that are lit
  function wrap({ name }, x, y, w, tall) {
    const box = (around[name] ??= [x, y, x, y]);
    [box[0], box[1]] = [Math.min(box[0], x), Math.min(box[1], y)];
    [box[2], box[3]] = [Math.max(box[2], x + w), Math.max(box[3], y + tall)];
  }
  for (const item of items) {
    c.globalAlpha = Math.max(0, Math.min(1, item.at.at(-1)));
    if (item.type === "cells" || item.type === "bars") {
      const [x, y, cw, ch] = item.at,
        role = colourOf(item.role);
      item.now.forEach((v, j) => {
        const t = Math.min(1, Math.abs(v) / item.scale),
          left = x + j * cw,
          cell = item.first + j;
        if (item.type === "bars") {
          c.fillStyle = rgb(v > 0 ? theme.plus : theme.minus);
          const tall = Math.max(0.7, t * ch);
          c.fillRect(left, v > 0 ? y - tall : y, cw - 1.5, tall);
          hit(item, cell, left, y - ch, cw, 2 * ch);
          if (aimed && isAt(item, cell)) later.push([left, v > 0 ? y - tall : y, cw - 0.5, tall + 1, true]);
          return;
        }
        const fill = mix(theme.paper, role, 0.07 + 0.93 * t);
        c.fillStyle = rgb(fill);
        c.fillRect(left, y, cw - (cw > 4 ? 1 : 0.4), ch - (ch > 4 ? 1 : 0.4));
        if (v < 0 && t > 0.08 && cw >= 6 && ch >= 6) {
          c.fillStyle = t > 0.45 ? legible(fill) : rgb(role);
          c.fillRect(left + cw / 2 - 2.5, y + ch / 2 - 1, 4, 1);
        }
        hit(item, cell, left, y, cw, ch);
        if (isAt(item, cell)) later.push([left, y, cw, ch, true]);
        else if (lit.has(`${item.name}|${cell}`)) wrap(item, left, y, cw, ch);
      });
    } else if (item.type === "text") {
      const [x, y] = item.at,
        size = item.size ?? 13.5;
      c.font = `${item.weight ?? 400} ${size}px ${ui.family}`;
      c.fillStyle = rgb(colourOf(item.colour ?? "text"));
      c.textAlign = item.align ?? "left";
      const words = fitted(c, item.words, item.room);
      c.fillText(words, x, y);
      const w = c.measureText(words).width,
        left = x - (item.align === "right" ? w : item.align === "center" ? w / 2 : 0);
      hit(item, 0, left - 3, y - size * 0.75, w + 6, size * 1.5);
      if (item.name && isAt(item, 0) && aimed) later.push([left - 3, y - size * 0.75, w + 7, size * 1.5, true]);
      else if (lit.has(`${item.name}|0`)) {
        c.fillRect(left, y + size * 0.62, w, 1.5);
      }
    } else if (item.type === "bar") {
      const [x, y, w, tall] = item.at;
      const colour =
        item.colour === "ink" ? mix(theme.paper, theme.ink, 0.25 + 0.75 * item.ink) : colourOf(item.colour);
      c.fillStyle = rgb(colour);
      c.fillRect(Math.min(x, x + w), y, Math.abs(w), tall);
      hit(item, 0, Math.min(x, x + w), y, Math.abs(w), tall);
    } else if (item.type === "line") {
      const [x1, y1, x2, y2] = item.at;
      c.strokeStyle = rgb(colourOf(item.colour));
      c.lineWidth = 1.3;
      c.setLineDash(y1 === y2 ? [] : [2.5, 3]);
      c.beginPath();
      c.moveTo(x1, y1);
      c.bezierCurveTo((x1 + x2) / 2, y1, (x1 + x2) / 2, y2, x2, y2);
      c.stroke();
      c.setLineDash([]);
    }
  }
  c.globalAlpha = 1;
  for (const [x, y, right, bottom] of Object.values(around)) outline(x, y, right - x, bottom - y, false);
  for (const place of later) outline(...place);
}

// A word cut to the room it has.
function fitted(c, words, room) {
  if (!room || c.measureText(words).width <= room) return words;
  let n = words.length;
  while (n > 1 && c.measureText(`${words.slice(0, n)}…`).width > room) n--;
  return `${words.slice(0, n)}…`;
}
