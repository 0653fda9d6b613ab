// The guided descent: one word from its embedding to its probability, on one stage; a press does the next step.
import { loadModel } from "../models/load.js";
import { h, pointed } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import DESCENT_CSS from "./descent.css";
import { draw } from "./descent_draw.js";
import { baked, derived, explain, studied } from "./descent_numbers.js";
import { places, stageOf } from "./descent_scenes.js";
import { sentenceOf } from "./descent_sentences.js";

const MET = 9; // the step at which every key has met the query
const EARLY = 3; // up to here no layer and no head has anything to do
const CLOSE = ["token", "position", "start", "state", "thumb", "adds", "after"]; // of these some numbers are shown
const [WIDE_STAGE, PHONE_STAGE, PHONE] = [336, 440, 480]; // heights; and up to which width it is a phone's

export function descent(ui) {
  const { spec, state, unit } = ui;
  const sceneOf = places(spec.scenes);
  const last = sceneOf.length - 1;
  const names = Object.keys(spec.scenes);
  const key = () => `${state.word} ${state.layer} ${state.head}`;
  const asked = ({ word, layer, head }) => ({ word, layer, head });
  const known = { [key()]: derived(ui.arrays.study ?? baked(ui.arrays, spec), spec, state) };
  let m = known[key()];
  let good = asked(state);
  let wanted = "";
  let trouble = "";
  let aim = null; // what is pointed at: { name, cell }
  let hits = [];
  let visits = 0;
  let painted = -1; // the step that is on the stage
  let moving = false;
  let close = null; // the number that was pointed at in a vector of which only some are shown
  let focus = -1; // the key whose products are shown, once all have met the query
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
  const title = ui.root.querySelector(".title");
  const sentences = h("div", { class: "sentences" });
  const says = h("p", { class: "says", role: "status", "data-testid": "says" });
  const made = h("p", { class: "made", "data-testid": "made" });
  const back = h("button", { type: "button", class: "back", onclick: () => go(state.step - 1) }, "← back");
  const next = h("button", { type: "button", class: "next", onclick: () => go(state.step + 1) }, "next step →");
  const keys = h("span", { class: "keys" });
  title.after(keys);
  ui.body.append(h("div", { class: "scenes", role: "group", "aria-label": "scenes" }, ...scenes));
  ui.body.append(sentences, says, canvas, made);
  ui.root.querySelector(".controls").prepend(h("span", { class: "steps" }, back, next));
  const field = h("details", { class: "more typed" }, h("summary", {}, "your own sentence"));
  field.open = !!spec.made;
  if (spec.own) ui.root.querySelector(".foot > button")?.before(field);
  ui.style(DESCENT_CSS);

  function go(step) {
    aim = close = null;
    focus = -1;
    ui.set({ step: Math.max(0, Math.min(last, step)), free: false }, true);
  }
  function point(hit) {
    if (hit?.name === aim?.name && hit?.cell === aim?.cell && hit?.id === aim?.id) return;
    aim = hit && { name: hit.name, cell: hit.cell, id: hit.id };
    const [kind, i] = aim?.name.split(".") ?? [];
    if (state.step === MET && (kind === "key" || kind === "score")) focus = +i;
    if (CLOSE.includes(kind)) close = aim.cell;
    ui.set({});
  }
  const hitAt = (x, y) =>
    hits.findLast((one) => x >= one.x && x <= one.x + one.w && y >= one.y && y <= one.y + one.h) ?? null;

  // ---- keys: the next step, or in free exploring the next number in a direction
  const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  function neighbour([dx, dy]) {
    const centre = (one) => [one.x + one.w / 2, one.y + one.h / 2];
    const same = hits.filter((one) => one.name === aim?.name && one.cell === aim?.cell);
    const from = same.find((one) => one.id === aim.id) ?? same[0];
    if (!from) return hits[0];
    const [x, y] = centre(from);
    let best = null;
    let least = Infinity;
    for (const one of hits.filter((hit) => !hit.bar)) {
      const [a, b] = centre(one);
      const ahead = (a - x) * dx + (b - y) * dy;
      const aside = Math.abs((a - x) * dy) + Math.abs((b - y) * dx);
      if (ahead > 1 && aside <= ahead && ahead + 3 * aside < least) [best, least] = [one, ahead + 3 * aside];
    }
    return best;
  }
  ui.root.addEventListener("keydown", (e) => {
    const inside = e.target.closest("input, select, summary, .scroll");
    const button = e.target.closest("button");
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
      trouble += "On the course's website and in JupyterLab, any word, layer and head can be chosen.";
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
    sentences.replaceChildren(h("span", {}, source), h("span", { class: "written", lang: "fr" }, "→ ", ...words));
    if (focused) sentences.querySelector(`[data-place="${focused}"]`)?.focus();
    const [sentence, name, cell] = sentenceOf(m, spec, state.step);
    if (says.textContent !== sentence) says.textContent = sentence;
    const at = aim ?? { name, cell };
    const { text } = explain(m, spec, at.name, at.cell);
    made.replaceChildren(trouble || aim ? "" : h("span", { class: "quiet" }, "Choose any number. "), trouble || text);
    back.disabled = state.step === 0;
    next.disabled = state.step === last;
    ui.root.querySelector(".view").classList.toggle("early", state.step < EARLY);
    keys.classList.toggle("free", state.free);
    keys.textContent = state.free
      ? "exploring: arrows go from number to number, Esc ends it"
      : "space or → goes on, ← back, Esc explores";
  }

  return {
    paint(width) {
      if (known[key()]) {
        [m, good, wanted] = [known[key()], asked(state), ""];
        if (state.step === MET && focus >= 0) m = { ...m, lead: focus };
        m = { ...m, close };
      } else if (wanted !== key()) ask(key());
      const { classList } = ui.root.querySelector(".view");
      classList.toggle("tight", width < 1040 * unit);
      classList.toggle("large", spec.presenting);
      classList.toggle("phone", width < PHONE * unit);
      paintWords();
      // in front of a class the stage is as large as the screen lets it
      const room = ui.screen - 362;
      const k = spec.presenting ? Math.min(width / 900, Math.max(1, room / 300)) : unit;
      const W = width / k;
      const small = W < PHONE;
      const height = small ? PHONE_STAGE : spec.presenting ? Math.max(300, room / k) : WIDE_STAGE;
      const { items } = stageOf(m, spec, state.step, { W, height, small });
      const c = paper(canvas, width, height * k);
      const here = new Set(items.map((item) => item.id));
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
      const [, name, cell] = sentenceOf(m, spec, state.step);
      const at = aim ?? { name, cell };
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
      let tokens = [];
      let written = [];
      for ([tokens, written] of write(it, (words, _, ids) => [words, ids]));
      if (!tokens.length) return;
      const next = [...tokens, "<eos>"];
      const word = Math.max(1, next.length - 2);
      const options = next.map((_, i) => i + 1);
      const words = Object.fromEntries(
        next.map((token, i) => [i + 1, i ? `${token} (after ${tokens[i - 1]})` : token]),
      );
      const [choice, ...others] = spec.controls;
      const other = {
        ...{ sentence: text, source, next, written: ["<bos>", ...tokens], ids: [2, ...written], asks: true },
        ...{ controls: [{ ...choice, options, words }, ...others], state: { ...state, word, free: false } },
      };
      const study = studied(it, { ...spec, ...other }, other.state);
      yield { spec: other, arrays: { study } };
    },
  };
}
