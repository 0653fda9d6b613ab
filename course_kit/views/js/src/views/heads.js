// The head explorer: a grid of all heads, one of them open, and one query word that is compared in all of them.
// Its numbers are in heads_numbers.js, its pictures in heads_layout.js and heads_paint.js, and what follows from an
// attention weight, in the model of this page, in cause.js.
import { weightsOf } from "../models/interventions.js";
import { modelsAt } from "../models/load.js";
import { arrow, foreign, h, spoken, used } from "../shared/dom.js";
import { paper, widest } from "../shared/draw.js";
import { slanting } from "../shared/labels.js";
import { legend } from "../shared/legend.js";
import { clamp } from "../shared/numbers.js";
import { best, ranked } from "../shared/ranked.js";
import { Twin } from "../shared/twin.js";
import { Cause, packed } from "./cause.js";
import { HeadsNumbers, capital, most, plain } from "./heads_numbers.js";
import { cellAt, layoutOf, mapAt } from "./heads_layout.js";
import { Atlas, paintLarge, paintSmall } from "./heads_paint.js";
import HEADS_CSS from "./heads.css";
import { t, woven } from "../text.js";

/** @import { Picture, Reading, UI } from "../shared/types.js" */
/** @import { HeadsSpec, Hover } from "./heads_numbers.js" */
/** @import { Layout } from "./heads_layout.js" */

const EDGE = 32; // of a screen in front of a class: what is not the view's
const SAID = 4.2; // of the sentence's type, what it takes where height is dear, with its margins

/** @param {UI} ui @returns {Picture} */
export function heads(ui) {
  const view = new Heads(ui);
  return {
    paint: (width, narrow) => view.paint(width, narrow),
    table: () => view.numbers.table(),
    numbers: () => ({ cause: view.why?.found, ...view.numbers.numbers() }),
    answer: (reading) => view.answer(reading),
  };
}

class Heads {
  /** @type {Hover} */
  hover = {};
  /** @type {Layout | null} */
  layout = null;
  atlas = new Atlas();

  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {HeadsSpec} */ (ui.spec);
    this.small = this.smallTwin();
    this.large = this.largeTwin();
    this.what = h("div", { class: "what quiet", "data-testid": "number" });
    this.ranked = h("div", { class: "ranked", "aria-hidden": "true" });
    this.title = h("b");
    this.said = spoken();
    this.knock = h(
      "button",
      { type: "button", "data-testid": "knock", onclick: () => this.knockOut() },
      t("knock it out"),
    );
    this.why = this.spec.own && modelsAt() ? this.cause() : null;
    const hasMask = this.spec.maps.some(({ masked }) => masked);
    const ramp = { high: this.spec.high, ink: "dots" };
    this.inks = hasMask ? legend(ramp, ["masked", t("masked")]) : legend(ramp);
    this.knock.className = this.why && !this.spec.live ? "later" : "";
    this.head = h("div", { class: "opened" }, this.title, this.spec.live || this.why ? this.knock : "");
    this.assemble();
  }

  assemble() {
    const { ui } = this;
    ui.style(HEADS_CSS);
    ui.body.append(this.head, this.large.element, this.inks);
    ui.side.append(this.what, this.small.element, ...this.asks);
    this.controls = /** @type {HTMLElement} */ (ui.root.querySelector(".controls"));
    const view = /** @type {HTMLElement} */ (ui.root.querySelector(".view"));
    // what else can be done comes when somebody has begun
    for (const begins of ["focusin", "pointerdown"])
      view.addEventListener(begins, (event) => view.classList.toggle("begun", begun(event, view)));
  }

  /** What one can do with a weight: before a class beside the open head, so that below it is room for the answer. */
  get asks() {
    return this.why && this.ui.spec.presenting ? [this.why.line] : [];
  }

  /** What the state, and the pointer, say now. */
  get numbers() {
    return new HeadsNumbers(this.spec, this.ui.arrays, this.ui.state, this.hover);
  }

  // ---- hands and keys

  smallTwin() {
    return new Twin(this.ui, {
      label: t("all heads: layers down, heads across; Enter goes in"),
      name: "heads",
      key: (event) => this.smallKey(event),
      point: (event) => this.point(event ? this.mapUnder(event) : {}),
      press: (event) => {
        const { layer, head } = this.mapUnder(event);
        if (layer !== undefined && head !== undefined) this.open(layer, head);
      },
    });
  }

  largeTwin() {
    return new Twin(this.ui, {
      label:
        this.spec.own && modelsAt()
          ? t("the open head: queries down, keys across; Escape goes back; Space lets the word attend to this key, too")
          : t("the open head: queries down, keys across; Escape goes back"),
      name: "open",
      key: (event) => this.largeKey(event),
      point: (event) => this.point(event ? this.cellUnder(event) : {}),
      press: (event) => {
        const { row, col } = this.cellUnder(event);
        const { state } = this.ui;
        this.hover = {};
        this.ui.set({ query: row ?? state.query, key: col ?? state.key }, true);
      },
    });
  }

  /** @param {MouseEvent} event @returns {Hover} */
  mapUnder({ offsetX, offsetY }) {
    return this.layout ? mapAt(this.layout, this.numbers.map.shape, offsetX, offsetY) : {};
  }

  /** @param {MouseEvent} event @returns {Hover} */
  cellUnder({ offsetX, offsetY }) {
    return this.layout ? cellAt(this.layout.big, this.numbers.map.shape, offsetX, offsetY) : {};
  }

  /** @param {Hover} hover */
  point(hover) {
    if (JSON.stringify(hover) === JSON.stringify(this.hover)) return;
    this.hover = hover;
    this.ui.set({});
  }

  /** @param {number} layer @param {number} head */
  open(layer, head) {
    this.ui.set({ layer, head: head === this.numbers.heads ? -1 : head }, true);
  }

  /** @param {KeyboardEvent} event */
  smallKey(event) {
    if ((event.key === "Enter" || event.key === " ") && !foreign(event)) {
      used(event);
      this.large.element.focus();
      return;
    }
    const step = arrow(event);
    if (!step) return;
    const { numbers } = this;
    const [layer, head] = numbers.opened;
    this.open(clamp(layer + step[0], 0, numbers.layers - 1), clamp(head + step[1], 0, numbers.columns - 1));
  }

  /** @param {KeyboardEvent} event */
  largeKey(event) {
    if (foreign(event)) return;
    if (event.key === "Escape") {
      used(event);
      this.small.element.focus();
      return;
    }
    if (this.why && (event.key === " " || event.key === "Enter")) {
      used(event);
      this.why.toggle();
      return;
    }
    const step = arrow(event);
    if (step) this.walk(step);
  }

  /** To another cell of the open head. @param {[number, number]} step */
  walk(step) {
    const { numbers } = this;
    const key = numbers.key(numbers.asked(...numbers.opened));
    const next = {
      query: clamp(numbers.query + step[0], 0, numbers.queries - 1),
      key: clamp(key + step[1], 0, numbers.keys - 1),
    };
    this.hover = {};
    this.ui.set(next, true);
    if (this.layout) this.large.reveal(this.layout.big, next.query, next.key);
  }

  knockOut() {
    const { numbers } = this;
    this.ui.set({ knocked: numbers.toggled(numbers.opened) }, true);
    this.why?.ask();
  }

  cause() {
    const { ui } = this;
    return new Cause(ui, {
      head: () => [this.numbers.opened[0], ui.state.head < 0 ? -1 : this.numbers.opened[1]],
      query: () => this.numbers.query,
      key: () => this.numbers.key(this.numbers.asked(...this.numbers.opened)),
      seen: (query, key) => !Number.isNaN(this.numbers.row(...this.numbers.opened, query)[key]),
      show: (weights) => {
        ui.arrays.map0 = weights;
        ui.set({});
      },
    });
  }

  // ---- painting

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { numbers, ui } = this;
    this.say(numbers); // whose lines leave the pictures their room
    const layout = this.measure(numbers, width, narrow);
    this.layout = layout;
    // the sentence: below the small maps
    const below = layout.beside && (Boolean(ui.spec.presenting) || layout.height < layout.big.height);
    this.place(layout, width, below);
    paintSmall(paper(this.small.canvas, layout.width, layout.height), ui, numbers, layout, this.atlas);
    const pen = paper(this.large.canvas, layout.big.width, layout.big.height);
    paintLarge(pen, ui, numbers, layout.big);
    const room = layout.big.height - layout.height - 120 * ui.unit;
    const few = narrow ? 4 : 0; // on a phone no number fits into a cell
    this.rank(numbers, ui.spec.presenting ? 0 : below ? Math.min(10, Math.floor(room / (20 * ui.unit))) : few);
  }

  /** @param {HeadsNumbers} numbers @param {number} width @param {boolean} narrow */
  measure(numbers, width, narrow) {
    const { ui } = this;
    const c = /** @type {CanvasRenderingContext2D} */ (this.small.canvas.getContext("2d"));
    const digits = Number(ui.font(10.5).match(/([\d.]+)px/)?.[1]);
    c.font = ui.font(13, 700);
    const room = this.room();
    const beside = this.asks.reduce((high, line) => high + outer(line), outer(this.what) + SAID * 13.5 * ui.unit);
    const measured = (/** @type {number} */ high) =>
      layoutOf(numbers.map, {
        ...{ width, narrow, digits, unit: ui.unit, tall: ui.tall },
        grid: room - beside,
        open: high - this.head.offsetHeight,
        whole: Boolean(ui.spec.presenting), // a class cannot roll it
        widest: (words) => widest(c, words),
      });
    let layout = measured(room);
    if (layout.beside && beside + layout.height > room) layout = measured(beside + layout.height);
    layout.big.turn = slanting(ui, layout.big.across).turn;
    return layout;
  }

  /** The height that both pictures may have: in front of a class what is below them is to be on the screen, too. */
  room() {
    const { ui } = this;
    const stage = ui.body.parentElement;
    if (!ui.spec.presenting || !stage || !this.controls) return Infinity;
    return ui.screen - EDGE - stage.offsetTop - outer(this.controls) - outer(ui.below);
  }

  /** Sizes of the elements, and where the sentence stands. @param {Layout} layout @param {number} width
   * @param {boolean} below */
  place({ big, beside, width: grid }, width, below) {
    const { ui, said, ranked } = this;
    ui.body.parentElement?.classList.toggle("stacked", !beside);
    if (below && said.parentElement !== ui.side) ui.side.append(said, ranked, ...this.asks);
    if (!below && said.parentElement !== ui.body) ui.body.append(said, ranked);
    said.style.maxWidth = below ? "" : `${Math.max(big.width, 300 * ui.unit)}px`;
    said.style.minHeight = below && Number.isFinite(this.room()) ? `${SAID - 0.8}em` : "";
    this.inks.style.marginLeft = `${big.left}px`;
    this.head.style.maxWidth = `${big.width}px`;
    this.small.element.style.cssText = `width:${Math.min(grid, width)}px;overflow:${grid > width ? "auto" : "hidden"}`;
    this.large.frame(big, this.numbers.queries, this.numbers.keys);
  }

  // ---- words

  /** @param {HeadsNumbers} numbers */
  say(numbers) {
    const { map, query } = numbers;
    const [layer, head] = numbers.opened;
    const told = numbers.told;
    const parts = numbers.parts(...told);
    const asks = h("b", { class: "query" }, parts.words.query);
    const reads = h("b", { class: "key" }, parts.words.key);
    this.said.replaceChildren(
      h("div", {}, ...woven(t("{sentence}.", { sentence: capital(parts.text) }), { query: asks, key: reads })),
      h("div", { class: "quiet" }, numbers.more(...told)),
    );
    this.title.textContent = capital(numbers.name(layer, head));
    this.knock.textContent = numbers.out(layer, head) ? t("bring it back") : t("knock it out");
    this.knock.disabled = head === numbers.heads;
    this.what.replaceChildren(t("all heads, each on its own scale: "), ...this.below(numbers));
    const open = numbers.key(numbers.asked(layer, head));
    this.why?.sync(map.queries[query], map.keys[open]);
    const label = numbers.sentence(layer, head);
    const { layers, columns, queries, keys } = numbers;
    this.small.tell({ rows: layers, columns, row: layer + 1, column: head + 1, label });
    this.large.tell({ rows: queries, columns: keys, row: query + 1, column: open + 1, label });
  }

  /** What the number below each map is. @param {HeadsNumbers} numbers @returns {(Node | string)[]} */
  below({ fixed, map, query }) {
    const asks = h("b", { class: "query" }, map.queries[query]);
    if (fixed === null) return [asks, " → ", t("its strongest word")];
    return [asks, " → ", h("b", { class: "key" }, map.keys[fixed])];
  }

  /** Its row in the head that is told of: the largest weights as bars, where the small maps leave room for some.
   * @param {HeadsNumbers} numbers @param {number} count */
  rank(numbers, count) {
    const row = numbers.asked(...numbers.told);
    const chosen = numbers.key(row);
    const shown = count < 4 ? [] : best(row, chosen, count);
    const bars = shown.map((key) => ({
      name: numbers.map.keys[key],
      on: key === chosen,
      share: row[key] / this.spec.high,
      text: plain(row[key], 2),
    }));
    this.ranked.replaceChildren(...ranked(bars));
  }

  // ---- a sentence of the reader's own

  /** The self-attention with which the model reads it. @param {Reading} reading */
  *answer({ models, text, source, ids }) {
    const [it] = models;
    const { numbers, spec } = this;
    const layers = weightsOf(it, ids);
    const map0 = packed(layers);
    const top = most(map0);
    const shape = [layers.length, layers[0].length, ids.length, ids.length];
    const map = { name: numbers.map.name, queries: source, keys: source, shape, masked: false };
    const query = Math.max(0, source.indexOf(numbers.map.queries[numbers.chosen]));
    yield {
      spec: {
        maps: [map],
        reads: text,
        high: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((step) => top <= step) ?? 1,
        controls: spec.controls.filter(({ name }) => name === "reset"),
        state: { ...this.ui.state, query, key: -1, knocked: [] },
      },
      arrays: { map0 },
    };
  }
}

/** Whether somebody has begun: with the maps, or with what is asked above them. @param {Event} event
 * @param {HTMLElement} view */
function begun(event, view) {
  const target = /** @type {HTMLElement} */ (event.target);
  return view.classList.contains("begun") || Boolean(target.closest(".stage, .cause"));
}

/** The height of an element with its margins. @param {HTMLElement} element */
function outer(element) {
  const { marginTop, marginBottom } = getComputedStyle(element);
  return element.offsetHeight + parseFloat(marginTop) + parseFloat(marginBottom);
}
