// A view in its place: title, caption, picture, readout, controls, table. It is painted at most once per frame.
import VIEW_CSS from "./view.css";
import CONTROLS_CSS from "./controls.css";
import LEGEND_CSS from "./legend.css";
import OWN_CSS from "./own.css";
import STEPPER_CSS from "./stepper.css";
import { CONTROLS } from "./controls.js";
import { decode } from "../data.js";
import { adopt, coloured, fresh, h, still, tableOf } from "./dom.js";
import { curled } from "./labels.js";
import { own } from "./own.js";
import { LIGHT, onThemeChange, properties, themeOf } from "./theme.js";
import { fonts, language, t } from "../text.js";

/** @import { Arrays, Control, Kind, Link, Picture, Spec, State, UI } from "./types.js" */

const SHARED_CSS = VIEW_CSS + CONTROLS_CSS + LEGEND_CSS + OWN_CSS + STEPPER_CSS;

const MUCH = 0.4; // of a phone's screen: a picture that is read has so much of it
const LOWER = 0.75; // pictures on a phone, whose screen has words, picture and controls

/** The scale of heights in front of a class. @param {number} screen its height */
const usual = (screen) => Math.min(1.15, Math.max(0.8, screen / 780));

/**
 * @param {HTMLElement} host
 * @param {Record<string, Kind>} kinds
 * @param {Spec} given
 * @param {ArrayBuffer | Arrays} numbers
 * @param {Link | null} link
 * @returns {() => void} takes the view out of the page
 */
export function mount(host, kinds, given, numbers, link = null) {
  const view = new View(host, kinds, given, numbers, link);
  return () => view.stop(); // also what has come in its place
}

class View {
  /**
   * @param {HTMLElement} host
   * @param {Record<string, Kind>} kinds
   * @param {Spec} given
   * @param {ArrayBuffer | Arrays} numbers
   * @param {Link | null} link
   */
  constructor(host, kinds, given, numbers, link) {
    // In front of a class: the view itself says so, or the page does, which leaves nothing in the notebook.
    const presenting = given.presenting || document.body.classList.contains("course-large");
    this.host = host;
    this.kinds = kinds;
    this.numbers = numbers;
    this.link = link;
    /** @type {Spec} */
    this.spec = { ...given, presenting };
    this.initial = { ...(given.initial ?? given.state) };
    this.silent = given.silent;
    /** @type {State} */
    this.state = { ...given.state, ...(still() && !given.live ? given.poster : {}) };
    this.unit = presenting ? 1.8 : Math.min(2, Math.max(0.9, parseFloat(getComputedStyle(host).fontSize) / 14 || 1));
    this.root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    this.pending = 0;
    this.settled = false;
    this.presses = 0; // of those that the view asks for in front of a class: how many were done
    this.painted = 0; // the width at which it was
    this.arranged = 0;
    /** @type {Record<string, { from: number[], to: number[], began: number }>} */
    this.moving = {};
    /** @type {(() => void)[]} */
    this.syncs = [];
    this.stop = () => this.end();
    this.ui = this.workshop(numbers instanceof ArrayBuffer ? decode(numbers, given.arrays) : numbers);
    this.shell = this.frame();
    this.root.adoptedStyleSheets = [];
    adopt(this.root, SHARED_CSS);
    this.root.replaceChildren(given.leads ? this.thumbnail(given.leads) : this.shell);
    host.dataset.lmSuppressShortcuts = "true"; // keys pressed inside a view are not JupyterLab's
    /** @type {Picture} */
    this.picture = kinds[this.spec.kind](this.ui);
    own(this.ui, this.picture);
    this.watch();
    this.paint();
    link?.listen((patch) => this.set(patch));
  }

  /** What a view builds itself with. @param {Arrays} arrays @returns {UI} */
  workshop(arrays) {
    const { spec, state, root, unit } = this;
    const ui = {
      spec,
      state,
      root,
      unit,
      arrays,
      theme: LIGHT,
      family: "sans-serif",
      id: fresh("v"),
      actions: {},
      screen: Number(document.body.dataset.screen) || window.innerHeight, // of JupyterLab's plugin, present.js
      tall: unit,
      body: h("div", { class: "body" }),
      side: h("div", { class: "side" }),
      below: h("div", { class: "below" }),
      // what is smaller than 13 was made to fit into a cell
      font: (size = 13, weight = 400) =>
        `${weight} ${Math.max(Math.round(size * unit), spec.presenting && size >= 10 ? 24 : 0)}px ${ui.family}`,
      style: (/** @type {string} */ css) => adopt(root, css),
      set: (/** @type {State} */ patch, done = false) => this.set(patch, done),
      follow: (/** @type {string} */ name, /** @type {number[]} */ values) => this.follow(name, values),
      become: (other = {}, /** @type {Arrays | null} */ numbers = null) => this.become(other, numbers),
      act: (/** @type {string} */ name) => this.act(name),
    };
    if (spec.presenting) ui.tall = (spec.tall ?? 1) * usual(ui.screen);
    return ui;
  }

  /** @param {State} patch */
  set(patch, done = false) {
    Object.assign(this.state, patch);
    if (Object.keys(patch).length) this.spec.silent = false;
    this.settled ||= done;
    this.pending ||= requestAnimationFrame(() => this.paint());
  }

  /** @param {string} name */
  act(name) {
    if (name !== "reset") {
      this.ui.actions[name]?.();
      return;
    }
    this.presses = 0;
    this.ui.actions.reset?.(); // what is no part of the state
    this.set({ ...this.initial }, true);
    this.spec.silent = this.silent;
  }

  /**
   * In front of a class: "on" does the next press that the view asks for, "back" takes all of them back -> whether
   * there was one; undefined for a view that asks for none. @param {string} way
   */
  press(way) {
    const { in_class: presses, controls } = this.spec;
    if (!presses) return undefined;
    const next = presses[this.presses];
    if (way === "on" ? !next : !this.presses) return false;
    if (way !== "on") {
      this.act("reset");
      return true;
    }
    this.presses += 1;
    const choice = controls.find(({ kind, name }) => kind === "choice" && name === next);
    const options = choice?.options ?? [];
    if (choice) this.set({ [next]: options[(options.indexOf(this.state[next]) + 1) % options.length] }, true);
    else this.act(next);
    return true;
  }

  /**
   * Numbers that the eye follows: on their way to new values for 300 ms, there at once under reduced motion.
   * @param {string} name
   * @param {number[]} values
   */
  follow(name, values) {
    const now = performance.now();
    let way = this.moving[name];
    if (!way || still() || way.to.length !== values.length) way = { from: values, to: values, began: -Infinity };
    const here = () => {
      const left = Math.max(0, 1 - (now - way.began) / 300) ** 3; // ease-out
      return way.to.map((v, i) => v + (way.from[i] - v) * left);
    };
    if (values.some((v, i) => v !== way.to[i])) way = { from: here(), to: [...values], began: now };
    this.moving[name] = way;
    if (now - way.began < 300) this.set({});
    return here();
  }

  /**
   * The view of something else in this one's place, with what differs in the spec and with arrays of its own; without
   * arguments: this one again. Python hears of this one only.
   * @param {object} other
   * @param {Arrays | null} arrays
   */
  become(other, arrays) {
    const typing = /** @type {HTMLElement | null} */ (this.root.activeElement);
    this.stop();
    const spec = {
      ...this.spec,
      initial: undefined,
      state: this.initial,
      ...(arrays && { poster: undefined }),
      ...other,
    };
    this.stop = mount(this.host, this.kinds, spec, arrays ?? this.numbers, arrays ? null : this.link);
    if (typing?.isConnected) typing.focus({ preventScroll: true });
  }

  /** The frame around a picture. */
  frame() {
    const { spec, ui } = this;
    const controls = this.controls();
    const footless = spec.foot === false || spec.presenting;
    // the way back is in the menu of every view, never on a row of its own; in front of a class it is a key, R
    const back = spec.foot === false ? undefined : controls.find(({ name }) => name === "reset");
    const shown = controls.filter((control) => control !== back).map(({ element }) => element);
    this.title = h("div", { class: "title", id: ui.id }, curled(spec.title));
    const { caption } = spec;
    this.caption = caption ? h("div", { class: "caption" }, ...coloured(curled(caption))) : null;
    const look = { class: `view${spec.presenting ? " presenting" : ""}`, style: `--unit:${this.unit}` };
    return h(
      "div",
      { ...look, role: "group", "aria-labelledby": ui.id, lang: language() },
      this.title,
      this.caption,
      h("div", { class: "stage" }, ui.body, ui.side),
      h("div", { class: "controls" }, ...shown),
      ui.below,
      footless ? null : this.foot(back),
    );
  }

  /** What was shown before, small: a link to it. @param {string} address */
  thumbnail(address) {
    this.shell.inert = true;
    const given = this.host.querySelector("a"); // of the still, as JupyterLab and the website have changed it
    const small = h("div", { class: "small", "aria-hidden": "true" }, this.shell);
    const href = given?.getAttribute("href") ?? address;
    const link = h("a", { class: "thumbnail", href }, small, h("span", {}, curled(this.spec.title)));
    link.onclick = (event) => {
      if (given) event.preventDefault();
      given?.click(); // JupyterLab opens a notebook by its own listener
    };
    return link;
  }

  /** The controls of the spec: sliders first, since they fill their rows, ▶ beside them, and a way back in each. */
  controls() {
    /** @type {Control[]} */
    const wanted = [...(this.spec.controls ?? [])];
    const hasRange = wanted.some(({ kind }) => kind === "range");
    const rank = (/** @type {Control} */ { kind, name }) =>
      kind === "range" ? 2 : Number(hasRange && name === "play");
    wanted.sort((a, b) => rank(b) - rank(a));
    if (wanted.length && !wanted.some(({ name }) => name === "reset"))
      wanted.push({ kind: "button", name: "reset", label: t("reset") });
    return wanted.map((control) => {
      const { element, sync } = CONTROLS[control.kind](this.ui, control);
      this.syncs.push(sync);
      return { name: control.name, label: control.label, element };
    });
  }

  /**
   * One quiet menu: the way back, words and table; a way back of another name, such as a game's, stands beside it.
   * @param {{ label?: string, element: HTMLElement } | undefined} back
   */
  foot(back) {
    const [inside, beside] = back?.label === t("reset") ? [back.element] : [undefined, back?.element];
    const group = { class: "scroll", tabindex: 0, role: "group", "aria-label": t("table of the numbers shown") };
    this.table = h("div", group);
    this.words = h("p", {}, this.spec.words);
    const mark = h("span", { class: "dots", "aria-hidden": "true" }, "⋯");
    const name = h("span", { class: "said" }, t("table and words"));
    const show = () => {
      if (!this.folded?.open) return;
      this.fill();
      if (!this.spec.presenting) this.folded.scrollIntoView({ block: "nearest" });
    };
    const { recorded } = this.spec; // by which command: it stands last, behind the quiet mark
    this.folded = h(
      "details",
      { class: "more summed-up", ontoggle: show },
      h("summary", {}, mark, name),
      inside ?? "",
      this.words,
      this.table,
      ...(recorded ? [h("p", { class: "recorded" }, recorded)] : []),
    );
    return h("div", { class: "foot" }, this.folded, beside);
  }

  /** The words are of the view as it was made: moved, it has its table. */
  fill() {
    const poster = { ...this.initial, ...this.spec.poster };
    if (this.words) this.words.hidden = JSON.stringify(this.state) !== JSON.stringify(poster);
    this.table?.replaceChildren(tableOf(this.picture.table()));
  }

  /** Paints when the width or the page's colours change. */
  watch() {
    const width = new ResizeObserver(() => this.shell.clientWidth !== this.painted && this.set({}));
    width.observe(this.shell); // a new height needs no new picture
    const colour = onThemeChange(this.host, () => {
      if (this.painted && themeOf(this.host) !== this.ui.theme) this.set({});
    });
    const seen = this.hold();
    const printed = this.print();
    this.unwatch = () => {
      width.disconnect();
      colour();
      seen?.disconnect();
      printed.abort();
    };
    const { state } = this;
    Object.assign(this.host, {
      view: {
        state,
        set: this.ui.set,
        act: this.ui.act,
        press: (/** @type {string} */ way) => this.press(way),
        heighten: (/** @type {number} */ times) => this.heighten(times),
        now: () => this.now(),
        numbers: () => this.picture.numbers(),
      },
    });
  }

  /** On paper an untouched view is its poster. */
  print() {
    const listening = new AbortController();
    const { signal } = listening;
    const turn = (/** @type {State | undefined} */ from, /** @type {State | undefined} */ to) => {
      if (!to || Object.entries(from ?? {}).some(([name, value]) => this.state[name] !== value)) return;
      Object.assign(this.state, to);
      this.paint();
    };
    const { poster } = this.spec;
    const first = poster && Object.fromEntries(Object.keys(poster).map((name) => [name, this.initial[name]]));
    addEventListener("beforeprint", () => turn(first, poster), { signal });
    addEventListener("afterprint", () => turn(poster, first), { signal });
    return listening;
  }

  /** Controls stay in sight on a phone as long as the picture fills much of its screen. */
  hold() {
    const stage = this.shell.querySelector(".stage");
    if (!stage || this.spec.presenting || !globalThis.IntersectionObserver) return null;
    const eye = new IntersectionObserver(
      (entries) => {
        const { intersectionRect: seen, rootBounds } = entries[entries.length - 1];
        this.shell.classList.toggle("held", seen.height > MUCH * (rootBounds?.height ?? Infinity));
      },
      { threshold: Array.from({ length: 21 }, (_, i) => i / 20) },
    );
    eye.observe(stage);
    return eye;
  }

  /** Draws a picture higher where a screen has room for it. @param {number} times what is usual */
  heighten(times) {
    const { spec, ui } = this;
    if ((spec.tall ?? 1) === times) return;
    spec.tall = times;
    ui.tall = times * usual(ui.screen);
    this.arranged = 0; // its controls may have more room elsewhere
    this.set({});
  }

  /** Paints at once what the next frame would, for who has to know how high it is. */
  now() {
    cancelAnimationFrame(this.pending);
    if (this.pending || this.shell.clientWidth !== this.painted) this.paint();
  }

  paint() {
    this.pending = 0;
    const { host, shell, spec, ui, picture, link } = this;
    const width = shell.clientWidth;
    if (!width || !host.isConnected) return; // out of sight: `watch` notices when it is seen again
    this.painted = width;
    const theme = themeOf(host);
    ui.family = fonts(getComputedStyle(host).fontFamily);
    if (language()) shell.style.fontFamily = ui.family;
    for (const [name, colour] of Object.entries(properties(theme))) shell.style.setProperty(name, colour);
    ui.theme = theme;
    for (const sync of this.syncs) sync();
    const narrow = shell.classList.toggle("narrow", width < (spec.presenting ? 560 : 720) * this.unit);
    if (!spec.presenting) ui.tall = this.unit * (narrow ? LOWER : 1);
    shell.classList.toggle("asking", Boolean(spec.silent));
    picture.paint(width, narrow);
    this.rename();
    if (spec.presenting && width !== this.arranged) this.arrange(width);
    if (this.folded?.open) this.fill();
    if (this.settled && link) link.save(this.state);
    this.settled = false;
  }

  /** Title and caption as they are at this state, where a picture has its own. */
  rename() {
    if (this.picture.title && this.title) this.title.textContent = curled(this.picture.title());
    if (this.picture.caption && this.caption) this.caption.replaceChildren(...coloured(curled(this.picture.caption())));
  }

  /** A screen is wide and low: the controls go where they take the least height. @param {number} width */
  arrange(width) {
    this.arranged = width;
    const { shell } = this;
    const { below, side } = this.ui;
    const controls = /** @type {HTMLElement} */ (shell.querySelector(".controls"));
    const under = () => {
      shell.classList.remove("halves");
      below.before(controls);
    };
    const halves = (/** @type {string} */ first) => () => {
      under();
      shell.classList.add("halves");
      shell.style.setProperty("--first", first);
    };
    const beside = () => {
      shell.classList.remove("halves");
      side.append(controls);
    };
    const ways = [under, halves("1fr"), halves("1.25fr")]; // so that no control has a row for itself
    if (side.offsetWidth && side.childElementCount) ways.push(beside);
    const heights = ways.map((way) => {
      way();
      return shell.offsetHeight;
    });
    ways[heights.indexOf(Math.min(...heights))]();
  }

  end() {
    this.unwatch?.();
    cancelAnimationFrame(this.pending);
    this.root.replaceChildren();
    Reflect.deleteProperty(this.host, "view");
  }
}
