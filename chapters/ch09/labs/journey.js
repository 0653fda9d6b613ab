// Small heatmaps of one sentence, linked by its words: what is lit in one is lit in all. Each has an ARIA grid of one
// cell as its twin.
import { arrow, h, spoken } from "../../../course_kit/views/js/src/shared/dom.js";
import { widest } from "../../../course_kit/views/js/src/shared/draw.js";
import { Twin } from "../../../course_kit/views/js/src/shared/twin.js";
import JOURNEY_CSS from "./journey.css";
import { acrossOf, heatmapsOf, summary, tableOfMaps } from "./journey_numbers.js";
import { paintMap, rampOf } from "./journey_paint.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Pen } from "../../../course_kit/views/js/src/shared/draw.js" */
/** @import { Picture, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Heatmap, JourneySpec, Pair } from "./journey_numbers.js" */
/** @import { Geometry } from "./journey_paint.js" */

const GAP = 16; // between maps

/** @param {UI} ui @returns {Picture} */
export const journey = (ui) => new Journey(ui);

class Journey {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {JourneySpec} */ (ui.spec);
    this.maps = heatmapsOf(this.spec, ui.arrays);
    this.active = 0; // the map that the readout is about
    /** @type {Pair | null} */
    this.hover = null;
    this.panels = this.maps.map((map, number) => new Panel(this, map, number));
    this.said = spoken();
    this.ramp = h("i", { class: "ramp" });
    const pair = this.pair;
    this.spoken = this.maps.find((map) => Math.min(...map.place(pair)) >= 0) ?? this.maps[0]; // whose words are above
    this.words = this.spoken.panel.keys.map((word) => h("span", {}, word));
    const scale = h("div", { class: "scale quiet" }, t("weight, in each map: 0"), this.ramp, String(this.spec.high));
    const sentence = h("div", { class: "sentence" }, ...this.words);
    ui.body.append(
      h("div", { class: "above", "aria-hidden": "true" }, sentence, scale),
      h(
        "div",
        { class: "panels" },
        ...this.panels.map(({ box }) => box),
        h("div", { class: "panel key-to" }, this.said),
      ),
    );
    ui.style(JOURNEY_CSS);
  }

  /** The two words that are lit. @returns {Pair} */
  get pair() {
    return this.hover ?? this.chosen;
  }

  get chosen() {
    const { query, key } = this.ui.state;
    return { query, key };
  }

  /** @param {Pair | null} hover */
  point(hover) {
    if (hover?.query === this.hover?.query && hover?.key === this.hover?.key) return;
    this.hover = hover;
    this.ui.set({});
  }

  /** @param {Partial<Pair>} patch */
  choose(patch) {
    this.hover = null;
    this.ui.set(patch, true);
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { ui, spec, pair } = this;
    const how = this.sizes(width, narrow);
    ui.body.style.setProperty("--across", String(how.across));
    ui.body.style.setProperty("--inks", rampOf(ui.theme));
    // room for the longest that it says, about 112 letters, then 80
    const lines = (/** @type {number} */ letters) =>
      Math.ceil((7.3 * ui.unit * letters) / ((narrow ? width : how.room) - 24));
    this.said.style.minHeight = `${0.5 + 1.4 * (lines(112) + lines(80))}em`;
    for (const panel of this.panels) panel.paint(pair, { ...how, high: spec.high });
    const [query, key] = this.spoken.place(pair);
    this.words.forEach((word, place) => {
      word.classList.toggle("query", place === query);
      word.classList.toggle("key", place === key);
    });
    this.tell(pair);
  }

  /** How many maps side by side, and how large. @param {number} width @param {boolean} narrow */
  sizes(width, narrow) {
    const { ui, spec, maps, panels } = this;
    const pen = /** @type {Pen} */ (panels[0].twin.canvas.getContext("2d"));
    pen.font = ui.font(12, 700);
    const longest = widest(
      pen,
      maps.flatMap(({ panel }) => panel.queries),
    );
    const most = narrow ? 48 : 62;
    // whole pixels: a frame between two of them would be faint
    const left = Math.round(Math.min(longest, (spec.presenting ? 34 : most) * ui.unit) + 8 * ui.unit);
    const least = (narrow || spec.presenting ? 140 : 172) * ui.unit;
    const across = acrossOf(maps.length, Math.floor((width + GAP) / (least + GAP)));
    const room = Math.floor((width - (across - 1) * GAP) / across);
    const side = Math.floor(Math.min(room - left - 3, spec.presenting ? 165 * ui.tall : 200 * ui.unit));
    return { across, room, left, side };
  }

  /** @param {Pair} pair */
  tell(pair) {
    const { maps, active } = this;
    const about = t(" · {title}: {sentence}.", {
      ...{ title: maps[active].panel.title, sentence: maps[active].words(pair) },
    });
    const [query, key] = [h("b", { class: "query" }, pair.query), h("b", { class: "key" }, pair.key)];
    this.said.replaceChildren(
      h("div", {}, query, " → ", key, about),
      h("div", { class: "quiet" }, summary(maps, pair)),
    );
  }

  table() {
    return tableOfMaps(this.maps, this.chosen);
  }

  numbers() {
    const { maps, pair } = this;
    return { panels: maps.map((map) => ({ place: map.place(pair), words: map.words(pair), weights: map.rows })) };
  }
}

/** One map: heading, picture with its twin, sentence. */
class Panel {
  /** @param {Journey} journey @param {Heatmap} map @param {number} number */
  constructor(journey, map, number) {
    this.journey = journey;
    this.map = map;
    this.number = number;
    /** @type {Geometry} */
    this.cells = { left: 0, top: 0, wide: 1, high: 1 };
    this.twin = new Twin(journey.ui, {
      ...{ label: t("{name}; queries down, keys across", { name: this.name }), name: `panel${number}` },
      key: (event) => this.key(event),
      focus: () => this.focus(),
      point: (event) => (event ? this.pointed(event, false) : journey.point(null)),
      press: (event) => this.pointed(event, true),
    });
    this.text = h("div", { class: "words" });
    this.box = h("div", { class: "panel" }, this.head(), this.twin.element, this.text);
  }

  get name() {
    const { chapter, title } = this.map.panel;
    return t("chapter {chapter}: {title}", { chapter, title });
  }

  head() {
    const { chapter, title, most } = this.map.panel;
    const [model, ...rest] = title.split(/, |，/);
    // a pale map is no broken one
    if (most < this.journey.spec.high / 4) rest.push(t("all ≤ {most}", { most: most.toFixed(2) }));
    return h(
      "div",
      { class: "head", title: this.name },
      h("span", { class: "chapter" }, chapter),
      h("b", {}, model),
      rest.length ? h("span", { class: "quiet" }, rest.join(t(", "))) : null,
    );
  }

  focus() {
    const { journey, number } = this;
    if (journey.active === number) return;
    journey.active = number;
    journey.ui.set({});
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { journey, map, number } = this;
    const step = event.key.startsWith("Page") ? null : arrow(event);
    if (!step) return;
    journey.active = number;
    journey.choose(map.moved(journey.pair, step));
  }

  /**
   * The words under a pointer; beside the cells the other of the two stays.
   * @param {MouseEvent} event
   * @param {boolean} pressed
   */
  pointed({ offsetX, offsetY }, pressed) {
    const { journey, map, cells, number } = this;
    const query = map.panel.rows[Math.floor((offsetY - cells.top) / cells.high)];
    const key = map.panel.columns[Math.floor((offsetX - cells.left) / cells.wide)];
    const { chosen } = journey;
    const found = query || key ? { query: query ?? chosen.query, key: key ?? chosen.key } : null;
    journey.active = number;
    if (!pressed) journey.point(found);
    else if (found) journey.choose(found);
    else journey.hover = null;
  }

  /** @param {Pair} pair @param {{ side: number, left: number, high: number }} how */
  paint(pair, how) {
    const { map } = this;
    const [query, key] = map.place(pair);
    const [weight, more] = map.brief(pair);
    this.cells = paintMap(this.journey.ui, this.twin.canvas, map, pair, how);
    this.text.style.width = `${how.left + how.side}px`;
    this.text.replaceChildren(h("b", {}, weight), " ", h("span", { class: "quiet" }, more));
    const [rows, columns] = map.panel.shape;
    const [row, column] = [query, key].map((at) => Math.max(0, at) + 1);
    this.twin.tell({ rows, columns, row, column, label: map.words(pair) });
  }
}
