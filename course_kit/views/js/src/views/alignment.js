// A translation that grows word by word: its rows of weights, both sentences, gold links, and what changes without a
// word.
import { h, pointed, still } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { legend } from "../shared/legend.js";
import { fmt, percent } from "../shared/numbers.js";
import { stepper } from "../shared/stepper.js";
import { inked, legible, rgb } from "../shared/theme.js";
import ALIGNMENT_CSS from "./alignment.css";

// a weight from here on lights the other word
const PARTNER = 0.15;
const POINT = "Choose any word, or press play to see it grow.";

export function alignment(ui) {
  const { spec, state, unit, arrays } = ui;
  const { source, versions } = spec;
  const S = source.length;
  const longest = Math.max(...versions.map((v) => v.tokens.length));
  const gold = new Set((spec.gold ?? []).map(([t, s]) => t * S + s));
  let hover = null;
  let geometry = null;
  let before = -1;
  let fresh = 0;
  let touched = state.step < longest;

  // ---- the numbers
  const version = () => versions[state.variant];
  const total = () => version().tokens.length;
  const shown = () => Math.min(state.step, total());
  const weight = (t, s) => arrays.weights[(version().start + t) * S + s];
  const row = (t) => Array.from({ length: S }, (_, s) => weight(t, s));
  // a replaced word by the one in its place
  const named = (s) => (version().word === s && version().by) || source[s];
  const gloss = (s) => (spec.glosses?.[s] && named(s) === source[s] ? ` (${spec.glosses[s]})` : "");
  const num = (x) => (Number.isNaN(x) ? 0 : x);
  const top = (w) => w.reduce((best, x, i) => (num(x) > num(w[best]) ? i : best), 0);
  const go = (n) => {
    hover = null;
    touched = true;
    ui.set({ step: n >= total() ? longest : n, row: -1, col: -1 }, true);
  };
  const judged = () => gold.size && !state.variant;
  // of the words written so far: whose strongest source word is a gold one, and the error rate
  function agreement() {
    let hits = 0;
    let links = 0;
    let sure = 0;
    let words = 0;
    for (let t = 0; t < shown(); t++) {
      const w = row(t);
      const mine = w.some((x) => x > 0);
      const partners = w.filter((_, s) => gold.has(t * S + s)).length;
      links += mine;
      sure += partners;
      words += partners > 0;
      hits += mine && gold.has(t * S + top(w));
    }
    return { hits, words, aer: links + sure ? 1 - (2 * hits) / (links + sure) : 0 };
  }
  // what is lit: [target, source], -1 for none; the pointer first, then what was chosen, then the newest word
  const lit = () => hover ?? (state.row >= 0 || state.col >= 0 ? [Math.min(state.row, shown() - 1), state.col] : null);
  const focus = () => lit() ?? [touched ? shown() - 1 : first(), -1];
  // Of a whole translation that nobody has touched: the word asked for, one that disagrees with gold, or the one that
  // looks farthest from where its place would be.
  function first() {
    const n = shown();
    const linked = (t) => source.some((_, s) => gold.has(t * S + s));
    const words = Array.from({ length: n }, (_, t) => t).filter((t) => /[\p{L}\p{N}]/u.test(version().tokens[t]));
    const off = (t) => (num(row(t)[top(row(t))]) > 0.4 ? Math.abs(top(row(t)) / S - t / total()) : -1);
    if (spec.first >= 0 && !state.variant) return Math.min(spec.first, n - 1);
    return (
      (judged() && words.find((t) => linked(t) && !gold.has(t * S + top(row(t))))) ||
      words.reduce((best, t) => (best < 0 || off(t) > off(best) ? t : best), -1)
    );
  }

  // ---- both sentences, as words one can point at, focus and press
  const knocks = (s) => versions.flatMap((v, i) => (v.word === s && v.row === null ? [i] : []));
  const choose = (i) => {
    steps.stop();
    hover = null;
    ui.set({ variant: i, step: shown() >= total() ? longest : state.step, row: -1, col: -1 }, true);
  };
  function press(t, s) {
    const here = versions.flatMap((v, i) =>
      v.word === s && v.row === t && (!state.variant || i === state.variant) ? [i] : [],
    );
    const all = t < 0 ? knocks(s) : here;
    if (all.length) return choose([...all, 0][all.indexOf(state.variant) + 1]);
    state.row === t && state.col === s ? point(-1, -1) : point(t, s);
  }
  const point = (row, col) => ui.set({ row, col }, true);
  const show = (at) => {
    hover = at;
    ui.set({});
  };
  function line(tokens, role, name, base) {
    const place = (i) => (role ? [-1, i] : [i, -1]);
    const words = tokens.map((token, i) =>
      h(
        "button",
        {
          type: "button",
          class: "word",
          tabindex: i ? -1 : 0,
          "data-word": i,
          onpointerenter: () => show(place(i)),
          onpointerleave: () => show(null),
          onclick: () => press(...place(i)),
          onfocus: (e) => e.target.matches(":focus-visible") && point(...place(i)),
        },
        role && spec.glosses ? h("ruby", {}, token, h("rt", { lang: "en" }, spec.glosses[i])) : token,
      ),
    );
    const reach = (i) => {
      words.forEach((w, j) => (w.tabIndex = j === i ? 0 : -1));
      words[i].focus();
    };
    const keys = (e) => {
      const i = words.indexOf(ui.root.activeElement);
      const end = role ? words.length : shown();
      const to = { ArrowLeft: i - 1, ArrowRight: i + 1, Home: 0, End: end - 1 }[e.key];
      if (e.key === "Escape") point(-1, -1);
      if (to === undefined || i < 0 || e.ctrlKey || e.metaKey || e.altKey) return;
      e.preventDefault();
      e.stopPropagation();
      if (to < 0 || to >= words.length) return;
      if (to >= end) {
        go(to + 1);
        words[to].style.visibility = "visible";
      }
      reach(to);
    };
    return {
      words,
      element: h("div", { class: "line", role: "toolbar", "aria-label": name, onkeydown: keys, lang: base }, ...words),
    };
  }
  const above = line(source, "key", "source sentence", spec.languages[0]);
  const lines = versions.map((v, i) =>
    line(v.tokens, null, i ? `translation ${v.label}` : "translation", spec.languages[1]),
  );
  const plain = h("div", { lang: spec.languages[1] });
  const changes = versions.length > 1;
  const strip = h(
    "div",
    { class: "strip" },
    h("span", { class: "key" }, "source"),
    above.element,
    h("span", { class: "query" }, "translation"),
    h("div", { class: "stack" }, ...lines.map((l) => l.element)),
    ...(changes ? [h("span", { class: "quiet was" }, "before"), plain] : []),
  );

  // ---- the picture: rows of weights
  const canvas = h("canvas", { "aria-hidden": "true" });
  const scroller = h("div", { class: "window" }, canvas);
  const said = h("div", { class: "say", role: "status", "data-testid": "readout" });
  const steps = stepper({ now: shown, last: total, go });
  const grid = h(
    "div",
    {
      role: "group",
      tabindex: 0,
      class: "picture",
      "data-testid": "picture",
      "aria-label": "rows of weights; arrow keys write and choose a word",
      onkeydown: key,
    },
    scroller,
  );
  function key(e) {
    const move = { ArrowUp: -1, ArrowDown: 1 }[e.key];
    if (!move) return e.key === "Escape" ? point(-1, -1) : steps.keys(e);
    e.preventDefault();
    e.stopPropagation();
    if (shown()) point(Math.max(0, Math.min(shown() - 1, focus()[0] + move)), -1);
  }
  function under(e) {
    const [x, y] = pointed(e, canvas);
    const g = geometry;
    const t = Math.floor((y - g.top) / g.down);
    const s = Math.floor((x - g.left + (y < g.top && g.slanted ? y - g.top : 0)) / g.across);
    const column = s >= 0 && s < S;
    const line = t >= 0 && t < shown();
    return y < g.top ? (column ? [-1, s] : null) : !line ? null : x < g.left ? [t, -1] : column ? [t, s] : null;
  }
  canvas.onpointermove = (e) => {
    const at = under(e);
    if (String(at) !== String(hover)) show(at);
  };
  canvas.onpointerleave = () => hover && show(null);
  canvas.onclick = (e) => {
    const at = under(e);
    if (at) press(...at);
  };
  const inks = legend(
    {},
    ...(gold.size ? [["gold", "gold link: the right word"]] : []),
    ...(changes ? [["masked", "masked"]] : []),
  );
  ui.body.append(grid, inks);
  ui.side.append(said);
  ui.body.parentElement.before(strip);
  ui.body.parentElement.nextElementSibling.prepend(steps.row);

  const short = (x) => (x >= 0.995 ? "1" : x < 0.005 ? "0" : x.toFixed(2).slice(1));
  const widest = (c, words) => Math.ceil(words.reduce((m, w) => Math.max(m, c.measureText(w).width), 0));
  function layout(width, narrow) {
    const c = canvas.getContext("2d");
    const room = width - (narrow ? 0 : 250 * unit) - 4;
    c.font = ui.font(13, 700);
    const corner = narrow ? ["↓", "→"] : ["translation ↓", "source →"];
    const left = Math.min(widest(c, [...versions.flatMap((v) => v.tokens), corner[0]]), 130 * unit) + 14 * unit;
    const names = Math.min(widest(c, source), 130 * unit);
    const fits = (slanted) => Math.floor(Math.min(52 * unit, (room - left - (slanted ? names * 0.71 + 1 : 4)) / S));
    const slanted = names > fits(false) - 4;
    const row = Math.min(34 * unit, (400 * ui.tall) / longest, 1.4 * fits(slanted));
    const tall = longest * Math.max(14 * unit, Math.floor(row)); // a shorter version has higher rows
    const down = Math.min(44 * unit, tall / Math.max(1, total()), Math.max(14 * unit, 1.8 * fits(slanted)));
    const across = Math.max(14 * unit, Math.min(1.7 * down, fits(slanted)));
    const top = Math.max(44 * unit, slanted ? names * 0.71 + 18 * unit : 0);
    return {
      corner,
      left,
      top,
      across,
      down,
      slanted,
      names,
      room,
      width: Math.ceil(left + S * across + (slanted ? names * 0.71 : 4)),
      height: Math.ceil(top + tall) + 3,
    };
  }
  // Both sentences as large as they fit on their lines.
  function large(width) {
    const c = canvas.getContext("2d");
    c.font = ui.font(20);
    const pixels = parseFloat(c.font.match(/[\d.]+px/)[0]);
    const long = (words) => words.reduce((sum, word) => sum + c.measureText(word).width / pixels + 0.56, 0);
    const most = Math.max(...[source, ...versions.map((v) => v.tokens)].map(long));
    const room = width - 100 * unit;
    strip.style.fontSize = `${Math.max(14 * unit, Math.min(18 * unit, Math.floor(room / most)))}px`;
  }
  function paint(c, g, [t0, s0], selected, progress) {
    const { theme } = ui;
    const { across, down, left, top } = g;
    const small = Math.min(across, down);
    const gap = small > 20 ? 2 : 1;
    const n = shown();
    const v = version();
    const fit = (t, w) => {
      while (t.length > 2 && c.measureText(t).width > w) t = `${t.slice(0, -2)}…`;
      return t;
    };
    const partner = (t, s) =>
      t0 >= 0 && s0 >= 0 ? false : t0 >= 0 ? weight(t0, s) >= PARTNER : s0 >= 0 && weight(t, s0) >= PARTNER;
    c.strokeStyle = theme.line;
    c.lineWidth = 1;
    c.strokeRect(left - 1.5, top - 1.5, S * across + 2, total() * down + 2);
    c.textBaseline = "middle";
    c.textAlign = "right";
    c.font = ui.font(12);
    g.corner.forEach((text, i) => {
      c.fillStyle = [theme.query, theme.key][i];
      c.fillText(text, left - 9 * unit, top - (i ? 28 : 10) * unit);
    });
    c.textAlign = "center";
    // the rows to come
    c.fillStyle = theme.line;
    for (let t = n; t < total(); t++) c.fillRect(left, top + t * down - 1.5, S * across - gap, 1);
    if (n < total()) {
      const size = Math.min(13, (down - 4) / unit);
      c.font = ui.font(size);
      c.fillStyle = theme.quiet;
      c.fillText("still to be written", left + (S * across) / 2, top + (n + 0.5) * down - 1);
    }
    for (let t = 0; t < n; t++)
      for (let s = 0; s < S; s++) {
        const x = left + s * across;
        const y = top + t * down;
        const w = weight(t, s);
        const wide = across - gap;
        const high = down - gap;
        const clear = !selected || t === t0 || s === s0;
        c.globalAlpha = t === n - 1 ? progress : 1;
        if (Number.isNaN(w)) {
          c.strokeStyle = theme.hatch;
          c.beginPath();
          for (let d = 4; d < wide + high; d += 6) {
            c.moveTo(x + Math.max(0, d - high), y + Math.min(d, high));
            c.lineTo(x + Math.min(d, wide), y + Math.max(0, d - wide));
          }
          c.stroke();
          continue;
        }
        const colour = inked(theme, clear ? w : 0.3 * w);
        c.fillStyle = rgb(colour);
        c.fillRect(x, y, wide, high);
        if (across >= 26 * unit && down >= 18 * unit && (w >= 0.05 || (selected && clear))) {
          c.font = ui.font(Math.min(11.5, across / unit / 2.4));
          c.fillStyle = clear ? legible(colour) : theme.quiet;
          c.fillText(short(w), x + wide / 2, y + high / 2 + 1);
        }
      }
    if (judged()) {
      c.lineWidth = 2 * unit;
      for (const link of gold) {
        const t = Math.floor(link / S);
        const [x, y] = [left + (link % S) * across, top + t * down];
        if (t >= n) continue;
        c.globalAlpha = t === n - 1 ? progress : 1;
        c.strokeStyle = rgb(theme.paper); // between the frame and a cell of its colour
        c.strokeRect(x + c.lineWidth, y + c.lineWidth, across - gap - 2 * c.lineWidth, down - gap - 2 * c.lineWidth);
        c.strokeStyle = rgb(theme.plus);
        c.strokeRect(x, y, across - gap, down - gap);
      }
    }
    c.globalAlpha = 1;
    if (selected && t0 >= 0 && s0 >= 0) {
      c.strokeStyle = theme.query;
      c.lineWidth = 2.5 * unit;
      c.strokeRect(left + s0 * across - 1, top + t0 * down - 1, across - gap + 2, down - gap + 2);
    }
    c.textAlign = "right";
    for (let t = 0; t < n; t++) {
      const on = t === t0;
      const newest = !selected && t === t0;
      const y = top + (t + 0.5) * down;
      c.font = ui.font(Math.min(13, down / unit - 1), on || newest || (s0 >= 0 && partner(t, s0)) ? 700 : 400);
      c.fillStyle = newest || on || (t0 < 0 && partner(t, s0)) ? theme.query : selected ? theme.quiet : theme.text;
      const text = fit(v.tokens[t], left - 14 * unit);
      c.fillText(text, left - 9 * unit, y);
      if (v.changed[t]) {
        const w = c.measureText(text).width;
        c.fillRect(left - 9 * unit - w, y + 7 * unit, w, 2 * unit);
      }
    }
    c.font = ui.font(12);
    const glosses = spec.glosses?.every((t) => c.measureText(t).width < across) ? spec.glosses : [];
    const slant = ui.slant(across);
    for (let s = 0; s < S; s++) {
      const x = left + (s + 0.5) * across;
      const on = s === s0 || (s0 < 0 && t0 >= 0 && partner(t0, s));
      const cut = v.word === s && v.row === null;
      c.font = ui.font(g.slanted ? slant.size : Math.min(13, across / unit), on ? 700 : 400);
      c.fillStyle = on ? theme.key : selected || cut ? theme.quiet : theme.text;
      c.save();
      c.translate(x, top - 9 * unit);
      c.textAlign = g.slanted ? "left" : "center";
      if (g.slanted) c.rotate(-Math.PI / 4);
      const text = fit(named(s), g.slanted ? g.names : across);
      c.fillText(text, 0, 0);
      if (cut && !v.by) {
        const w = c.measureText(text).width;
        c.fillRect(g.slanted ? 0 : -w / 2, 0, w, 1.5 * unit);
      }
      if (glosses[s]) {
        c.font = ui.font(12);
        c.fillText(glosses[s], 0, -18 * unit);
      }
      c.restore();
    }
  }

  // ---- the sentences, and the words beside the picture
  function colour(word, w, role) {
    const ground = inked(ui.theme, w);
    const dark = w > 0.06;
    const marked = role ? `text-shadow:.5px 0;box-shadow:0 2px var(--${role});` : "";
    const letters = dark ? `color:${legible(ground)};` : role ? `color:var(--${role});` : "";
    word.style.cssText = (w > 0.004 ? `background:${rgb(ground)};` : "") + marked + letters;
  }
  function sentences([t0, s0], selected) {
    const n = shown();
    const v = version();
    const w = t0 >= 0 ? row(t0).map(num) : null;
    above.words.forEach((e, s) => {
      const on = s === s0 || (w && s0 < 0 && w[s] >= PARTNER);
      colour(e, w ? w[s] : 0, on ? "key" : null);
      const cut = v.word === s && v.row === null;
      const [can] = knocks(s);
      e.className = `word${can ? " can" : ""}${cut ? " cut" : ""}`;
      if (cut && v.by) e.dataset.by = v.by;
      else delete e.dataset.by;
      if (can) e.ariaPressed = String(cut);
    });
    lines.forEach((l, i) => {
      l.element.style.visibility = i === state.variant ? "visible" : "hidden";
      l.words.forEach((e, t) => {
        e.classList.toggle("changed", versions[i].changed[t]);
        if (i !== state.variant) return (e.style.visibility = "");
        const on = t === t0;
        const newest = !selected && on;
        const from = t0 < 0 && s0 >= 0 && t < n ? num(weight(t, s0)) : 0;
        colour(e, from, newest || on || from >= PARTNER ? "query" : null);
        if (t >= n) e.style.visibility = "hidden";
      });
    });
    if (changes) {
      strip.classList.toggle("compared", state.variant > 0);
      if (plain.dataset.of !== String(state.variant))
        plain.replaceChildren(...versions[0].tokens.map((t, i) => h(v.lost[i] ? "del" : "span", { class: "word" }, t)));
      plain.dataset.of = state.variant;
    }
  }
  function say([t0, s0], selected) {
    const n = shown();
    const v = version();
    const quiet = (text) => h("div", { class: "quiet" }, text);
    const q = (text) => `“${text}”`;
    let head;
    let text;
    if (t0 < 0 && s0 < 0)
      [head, text] = n
        ? [["all is written"], POINT]
        : [["nothing is written yet"], "Press play, or ▶: each word brings its row of weights."];
    else if (t0 >= 0) {
      const w = row(t0);
      const s = s0 >= 0 ? s0 : top(w);
      const x = w[s];
      const blind = !w.some((y) => y > 0);
      head = [
        h("b", { class: "query" }, v.tokens[t0]),
        ...(blind
          ? []
          : [" → ", h("b", { class: "key" }, named(s)), " ", h("b", {}, Number.isNaN(x) ? "masked" : fmt(x))]),
      ];
      text = blind
        ? "No weights here."
        : Number.isNaN(x)
          ? `${q(v.tokens[t0])} may not attend to ${q(named(s))}.`
          : `${q(v.tokens[t0])} puts ${percent(x)} of its attention on ` +
            q(named(s)) +
            gloss(s) +
            (s === top(w) ? ", its largest share" : "") +
            (judged() && gold.has(t0 * S + s) ? ", as gold does." : ".");
    } else {
      const w = Array.from({ length: n }, (_, t) => weight(t, s0));
      const sum = w.reduce((a, x) => a + num(x), 0);
      const best = n ? top(w) : -1;
      head = [
        h("b", { class: "key" }, named(s0)),
        ...(n && num(w[best]) > 0
          ? [" ← ", h("b", { class: "query" }, v.tokens[best]), " ", h("b", {}, fmt(w[best]))]
          : []),
      ];
      text = n
        ? `${q(named(s0))}${gloss(s0)} gets ${fmt(sum, 2)} of the ${n} ${n === 1 ? "word’s" : "words’"} ` +
          `attention${num(w[best]) > 0 ? `, most from ${q(v.tokens[best])}` : ""}.`
        : "Nobody has looked at it yet.";
    }
    const { hits, words } = agreement();
    const changed = v.changed.filter(Boolean).length;
    const gone = v.lost.filter(Boolean).length;
    const last = state.variant
      ? `${v.label[0].toUpperCase()}${v.label.slice(1)}: ` +
        (changed || gone
          ? `${changed} ${changed === 1 ? "word is" : "words are"} new, ${gone} gone.`
          : "the translation stays the same.")
      : gold.size
        ? `Gold agrees with ${hits} of ${words} ${words === 1 ? "word" : "words"} so far.`
        : "";
    said.replaceChildren(
      h("div", {}, ...head),
      quiet(text),
      quiet(last),
      quiet(last || selected || touched ? "" : POINT),
    );
  }
  ui.style(ALIGNMENT_CSS);

  return {
    paint(width, narrow) {
      const n = shown();
      const at = focus();
      const selected = lit() !== null;
      const now = performance.now();
      const g = (geometry = layout(width, narrow));
      large(width);
      inks.style.marginLeft = `${g.left}px`;
      ui.side.style.paddingTop = narrow ? "" : `${g.top}px`;
      if (n !== before && before >= 0) fresh = n === before + 1 && !still() ? now : 0;
      const grown = n !== before;
      const progress = fresh ? Math.min(1, 0.1 + (now - fresh) / 260) : 1;
      before = n;
      if (progress < 1) ui.set({});
      const wide = Math.min(g.width, g.room);
      const high = Math.min(g.height, 620 * ui.tall);
      const rolls = g.width > wide || g.height > high;
      scroller.style.width = `${wide + (rolls && g.height > high ? 14 : 0)}px`;
      scroller.style.height = `${high + (rolls && g.width > wide ? 14 : 0)}px`;
      scroller.style.overflow = rolls ? "auto" : "hidden";
      paint(paper(canvas, g.width, g.height), g, at, selected, progress);
      if (grown && rolls)
        scroller.scrollTop = Math.max(
          Math.min(scroller.scrollTop, g.top + (n - 2) * g.down),
          g.top + n * g.down - high,
        );
      sentences(at, selected);
      say(at, selected);
      steps.sync();
      const output = ui.root.querySelector('output[data-testid="step"]');
      output.value = `${n} of ${total()}`;
      ui.root.querySelector('input[data-control="step"]').setAttribute("aria-valuetext", `${n} of ${total()} words`);
    },
    table() {
      const v = version();
      return {
        header: ["word", ...source.map((_, s) => named(s)), ...(judged() ? ["gold"] : [])],
        rows: v.tokens
          .slice(0, shown())
          .map((w, t) => [
            w,
            ...row(t).map((x) => (Number.isNaN(x) ? "masked" : fmt(x))),
            ...(judged() ? [source.filter((_, s) => gold.has(t * S + s)).join(" ")] : []),
          ]),
      };
    },
    numbers: () => ({
      weights: Array.from({ length: shown() }, (_, t) => row(t)),
      tokens: version().tokens.slice(0, shown()),
      ...agreement(),
    }),
    // A sentence of the reader's own: a row more with each word that the model writes.
    answer: ({ models, source, write }) =>
      write(models[0], (tokens, rows) => ({
        spec: {
          source,
          versions: [{ ...versions[0], tokens, changed: tokens.map(() => false) }],
          gold: null,
          glosses: null,
          controls: [{ ...spec.controls[0], values: [...Array(tokens.length + 1).keys()] }],
          state: { step: tokens.length, variant: 0, row: -1, col: -1 },
        },
        arrays: { weights: Float32Array.from(rows.flat()) },
      })),
  };
}
