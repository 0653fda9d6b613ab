// What every view shares: the mathematics, the data, the colours, the frame around a picture and its controls.
// A definition here exists a second time in course_utils/attention.py; tests/browser holds the two together.
import CORE_CSS from "./core.css";

export const KERNELS = {
  gaussian: (u) => Math.exp((-u * u) / 2),
  boxcar: (u) => (Math.abs(u) <= 1 ? 1 : 0),
  epanechnikov: (u) => Math.max(0, 1 - u * u),
};

export function softmax(scores, allowed = null, temperature = 1) {
  const open = Array.from(scores, (s, i) => (!allowed || allowed[i]) && s !== -Infinity);
  const top = scores.reduce((m, s, i) => (open[i] && s > m ? s : m), -Infinity);
  const raised = Array.from(scores, (s, i) => (open[i] ? Math.exp((s - top) / temperature) : 0));
  const total = raised.reduce((a, b) => a + b, 0);
  return raised.map((e) => (total ? e / total : 0));
}

// One query against all keys: weights that sum to 1 and their mean of the values; nobody in reach: zeros and NaN.
export function pool(query, keys, values, kernel, width, removed = null) {
  const close = KERNELS[kernel],
    n = keys.length,
    weights = new Float64Array(n);
  let total = 0,
    estimate = 0;
  for (let i = 0; i < n; i++) if (!removed || !removed[i]) total += weights[i] = close((query - keys[i]) / width);
  for (let i = 0; i < n; i++) estimate += (weights[i] = total ? weights[i] / total : 0) * values[i];
  return { weights, estimate: total ? estimate : NaN };
}

// ---- data: one buffer, its layout in the spec
let halves = null;
function half(bits) {
  halves ??= Float32Array.from({ length: 65536 }, (_, b) => {
    const sign = b & 0x8000 ? -1 : 1,
      e = (b >> 10) & 31,
      f = b & 1023;
    return sign * (e === 31 ? (f ? NaN : Infinity) : e ? 2 ** (e - 15) * (1 + f / 1024) : 2 ** -24 * f);
  });
  return halves[bits];
}
export function decode(buffer, layout) {
  const arrays = {};
  for (const { name, dtype, size, offset } of layout) {
    if (dtype === "float16")
      arrays[name] = Float32Array.from(new Uint16Array(buffer.slice(offset, offset + 2 * size)), half);
    else
      arrays[name] = new { float32: Float32Array, float64: Float64Array, uint8: Uint8Array }[dtype](
        buffer.slice(offset),
        0,
        size,
      );
  }
  return arrays;
}
export const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;

// ---- numbers as a reader sees them
export function fmt(x, digits = 3) {
  if (x === null || Number.isNaN(x)) return "–";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  const text =
    size && (size < 1e-3 || size >= 1e5) ? x.toExponential(1) : x.toFixed(size >= 100 ? Math.min(1, digits) : digits);
  return text.replace("-", "−");
}
export const percent = (w) =>
  w > 0 && w < 0.0005 ? "less than 0.1 %" : `${w > 0 && w < 0.005 ? (100 * w).toFixed(1) : Math.round(100 * w)} %`;

// ---- colours: ink is attention, the four roles are the only bright ones
const LIGHT = {
  query: "#b35900",
  key: "#0072b2",
  value: "#00795a",
  output: "#9b3d8a",
  text: "#1b2430",
  quiet: "#596573",
  line: "#dbe2e9",
  hatch: "#c3ced9",
  paper: [250, 251, 252],
  ink: [20, 28, 40],
  plus: [128, 114, 52],
  minus: [165, 82, 70],
};
const DARK = {
  query: "#f2a65e",
  key: "#6cb8ee",
  value: "#4fcba3",
  output: "#dc97d2",
  text: "#e6ebf1",
  quiet: "#a3afbb",
  line: "#39434e",
  hatch: "#66727f",
  paper: [28, 33, 40],
  ink: [240, 244, 248],
  plus: [216, 201, 140],
  minus: [230, 150, 135],
};
export function themeOf(element) {
  const [r, g, b] = getComputedStyle(element)
    .color.match(/[\d.]+/g)
    .map(Number);
  return 0.299 * r + 0.587 * g + 0.114 * b > 128 ? DARK : LIGHT;
}
export const mix = (from, to, t) => from.map((a, i) => Math.round(a + (to[i] - a) * Math.min(1, Math.max(0, t))));
// The ink of a share of attention. On a dark ground the eye needs more of it to tell a small share from none.
export const inked = (theme, share) =>
  mix(theme.paper, theme.ink, Math.min(1, Math.max(0, share)) ** (theme === DARK ? 0.65 : 1));
export const rgb = (c) => `rgb(${c[0]} ${c[1]} ${c[2]})`;
// ≥ 4.5:1 on every shade of grey
export const legible = (c) => (0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2] > 118 ? "#000" : "#fff");

// ---- elements
export function h(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes)) {
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else if (v === true) e.setAttribute(k, "");
    else if (v !== false && v != null) e.setAttribute(k, v);
  }
  e.append(...children.filter((c) => c != null));
  return e;
}
export function paper(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1,
    w = Math.round(width * ratio),
    t = Math.round(height * ratio);
  if (canvas.width !== w || canvas.height !== t) {
    canvas.width = w;
    canvas.height = t;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const c = canvas.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  return c;
}
// Where a pointer is in an element's own pixels, however the page has scaled it (slides do).
export function pointed(event, element) {
  const box = element.getBoundingClientRect(),
    k = box.width ? element.offsetWidth / box.width : 1;
  return [(event.clientX - box.left) * k, (event.clientY - box.top) * k];
}
export const nearest = (values, x) =>
  values.reduce((best, v, i) => (Math.abs(v - x) < Math.abs(values[best] - x) ? i : best), 0);

// An id that no other element of the page has.
let serial = 0;
export const fresh = (letter) => `${letter}${++serial}`;

// The kinds of controls, by name, and their style: controls.js fills it, which a view without controls does not need.
export const control = {};

// What other modules add to every view: a function of the view's `ui` and of its picture, by name.
export const additions = {};

// ---- the frame: title, caption, picture, readout, controls, table; one repaint per animation frame at most
export function mount(host, kinds, given, buffer, link = null) {
  // In front of a class: the view itself says so, or the page does, which leaves nothing in the notebook.
  const spec = { ...given, presenting: given.presenting || document.body.classList.contains("course-large") };
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const initial = { ...(spec.initial ?? spec.state) },
    state = { ...spec.state },
    unit = spec.presenting ? 1.8 : Math.min(2, Math.max(0.9, parseFloat(getComputedStyle(host).fontSize) / 14 || 1)),
    id = fresh("v");
  let pending = 0,
    settled = false,
    picture = null,
    syncs = [],
    painted = 0,
    arranged = 0;
  const moving = {};
  const ui = {
    spec,
    state,
    root,
    id,
    unit,
    screen: Number(document.body.dataset.screen) || window.innerHeight, // slides have a height of their own
    arrays: buffer instanceof ArrayBuffer ? decode(buffer, spec.arrays) : buffer,
    actions: {},
    // 12 for the numbers of an axis, 13 for all else; what is smaller than 10 was made to fit into a cell
    font: (size = 13, weight = 400) =>
      `${weight} ${Math.max(Math.round(size * unit), spec.presenting && size >= 10 ? 24 : 0)}px ${ui.family}`,
    // slanted labels above cells of this size: how large, and how many cells from one to the next
    slant(cell) {
      const size = Math.min(13, Math.max(9.5, (0.62 * cell) / unit)),
        pixels = parseFloat(ui.font(size).split(" ")[1]);
      return { size, every: Math.max(1, Math.ceil((0.94 * pixels) / (0.71 * cell))) };
    },
    set(patch, done = false) {
      Object.assign(state, patch);
      settled ||= done;
      pending ||= requestAnimationFrame(frame);
    },
    // Numbers that the eye follows: on their way to new values for 300 ms, there at once under reduced motion.
    follow(name, values) {
      const now = performance.now(),
        still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      let way = moving[name];
      if (still || way?.to.length !== values.length)
        way = moving[name] = { from: values, to: values, began: -Infinity };
      const here = () => {
        const left = Math.max(0, 1 - (now - way.began) / 300) ** 3; // ease-out
        return way.to.map((v, i) => v + (way.from[i] - v) * left);
      };
      if (values.some((v, i) => v !== way.to[i])) way = moving[name] = { from: here(), to: [...values], began: now };
      if (now - way.began < 300) ui.set({});
      return here();
    },
    // The view of something else in this one's place, with what differs in the spec and with arrays of its own; without
    // arguments: this one again. Python hears of this one only.
    become(other = {}, arrays = null) {
      const typing = root.activeElement;
      stop();
      stop = mount(
        host,
        kinds,
        { ...spec, initial: null, state: initial, ...other },
        arrays ?? buffer,
        arrays ? null : link,
      );
      if (typing?.isConnected) typing.focus({ preventScroll: true });
    },
    act(name) {
      name === "reset" ? ui.set({ ...initial }, true) : ui.actions[name]?.();
    },
    body: h("div", { class: "body" }),
    side: h("div", { class: "side" }),
    below: h("div", { class: "below" }),
  };
  const table = h("table"),
    words = h("details", { class: "more" }, h("summary", {}, "in words"), h("p", {}, spec.words));
  const numbers = h(
    "details",
    { class: "more", ontoggle: () => numbers.open && fill() },
    h("summary", {}, "table"),
    h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "table of the numbers shown" }, table),
  );
  function fill() {
    const { header, rows } = picture.table(),
      cell = (tag, scope) => (t) => h(tag, { scope }, t);
    table.replaceChildren(
      h("thead", {}, h("tr", {}, ...header.map(cell("th", "col")))),
      h("tbody", {}, ...rows.map((r) => h("tr", {}, cell("th", "row")(r[0]), ...r.slice(1).map(cell("td"))))),
    );
  }
  function frame() {
    pending = 0;
    const width = (painted = shell.clientWidth);
    if (!width || !host.isConnected) return;
    const theme = themeOf(host);
    ui.family = getComputedStyle(host).fontFamily;
    if (theme !== ui.theme)
      for (const [k, colour] of Object.entries({
        ...theme,
        ground: theme.paper,
        faint: inked(theme, 0.12),
        half: inked(theme, 0.5),
      }))
        shell.style.setProperty(`--${k}`, typeof colour === "string" ? colour : rgb(colour));
    ui.theme = theme;
    syncs.forEach((s) => s());
    shell.classList.toggle("narrow", width < (spec.presenting ? 560 : 720) * unit);
    picture.paint(width, shell.classList.contains("narrow"));
    if (spec.presenting && width !== arranged) arrange((arranged = width));
    if (numbers.open) fill();
    if (settled && link) link.save(state);
    settled = false;
  }
  ui.tall = spec.presenting ? Math.min(1.15, Math.max(0.8, ui.screen / 780)) : unit;
  // A screen is wide and low: the controls go where they take the least height.
  function arrange() {
    const controls = shell.querySelector(".controls"),
      { below, side } = ui;
    const ways = [() => below.before(controls), () => (below.before(controls), shell.classList.add("halves"))];
    if (side.offsetWidth && side.childElementCount) ways.push(() => side.append(controls));
    const high = (way) => (shell.classList.remove("halves"), way(), shell.offsetHeight),
      heights = ways.map(high);
    high(ways[heights.indexOf(Math.min(...heights))]);
  }
  // sliders first: they fill their rows, and what is pressed comes after them
  const controls = [...(spec.controls ?? [])].sort((a, b) => (b.kind === "range") - (a.kind === "range"));
  if (controls.length && !controls.some((c) => c.name === "reset"))
    controls.push({ kind: "button", name: "reset", label: "reset" }); // there is a way back in each
  const made = controls.map((c) => control[c.kind](ui, c));
  syncs = made.map(([, sync]) => sync);
  // the way back is in the same corner of every view, never on a row of its own
  const footless = spec.foot === false || spec.presenting,
    back = footless ? -1 : controls.findIndex((c) => c.name === "reset");
  const style = h("style");
  style.textContent = CORE_CSS + (control.css ?? "");
  const shell = h(
    "div",
    {
      class: `view${spec.presenting ? " presenting" : ""}`,
      role: "group",
      "aria-labelledby": id,
      style: `--unit:${unit}`,
    },
    h("div", { class: "title", id }, spec.title),
    spec.caption ? h("div", { class: "caption" }) : null,
    h("div", { class: "stage" }, ui.body, ui.side),
    h("div", { class: "controls" }, ...made.flatMap(([e], i) => (i === back ? [] : [e]))),
    ui.below,
    footless ? null : h("div", { class: "foot" }, numbers, words, made[back]?.[0]),
  );
  if (spec.caption) shell.querySelector(".caption").append(...coloured(spec.caption));
  // the page's colour changes: so does ours
  const probe = h("i", { class: "probe", "aria-hidden": "true", ontransitionend: () => ui.set({}) });
  root.replaceChildren(style, probe, shell);
  // keys pressed inside a view are not JupyterLab's
  host.dataset.lmSuppressShortcuts = "true";
  picture = kinds[spec.kind](ui);
  for (const add of Object.values(additions)) add(ui, picture);
  // a new height needs no new picture
  const watch = new ResizeObserver(() => shell.clientWidth !== painted && ui.set({}));
  watch.observe(shell);
  host.view = { state, set: ui.set, act: ui.act, numbers: () => picture.numbers() };
  frame();
  if (link) link.listen((patch) => ui.set(patch));
  let stop = () => {
    watch.disconnect();
    cancelAnimationFrame(pending);
    root.replaceChildren();
    delete host.view;
  };
  return () => stop();
}
// [query|text] in a caption is shown in that role's colour
export function coloured(text) {
  return text.split(/(\[(?:query|key|value|output)\|[^\]]*\])/).map((part) => {
    const m = part.match(/^\[(\w+)\|([^\]]*)\]$/);
    return m ? h("b", { class: m[1] }, m[2]) : part;
  });
}
