// A translation that grows word by word: its rows of weights, both sentences, and what changes without a word.
import { h, pointed, spoken, still, used } from "../shared/dom.js";
import { paper } from "../shared/draw.js";
import { legend } from "../shared/legend.js";
import { clamp } from "../shared/numbers.js";
import { stepper } from "../shared/stepper.js";
import ALIGNMENT_CSS from "./alignment.css";
import { AlignmentNumbers, POINT } from "./alignment_numbers.js";
import { layoutOf, RowsPainter } from "./alignment_paint.js";
import { Sentences } from "./alignment_words.js";
import { t } from "../text.js";

/** @import { Picture, Reading, UI } from "../shared/types.js" */
/** @import { AlignmentSpec, Place } from "./alignment_numbers.js" */
/** @import { Layout } from "./alignment_paint.js" */

const BAR = 14; // pixels of a scroll bar
const FADE = 260; // milliseconds in which a row comes

/** @param {UI} ui @returns {Picture} */
export const alignment = (ui) => new Alignment(ui);

class Alignment {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.translation = new AlignmentNumbers(/** @type {AlignmentSpec} */ (ui.spec), ui.arrays, ui.state);
    /** What the pointer is on. @type {Place | null} */
    this.hover = null;
    /** @type {Layout | null} */
    this.layout = null;
    this.painted = -1; // so many words
    this.came = 0; // when the newest did, if it fades in
    this.touched = ui.state.step < this.translation.longest;
    this.sentences = new Sentences(this.translation, ui, {
      show: (place) => this.show(place),
      press: (place) => this.press(place),
      point: (place) => this.point(place),
      go: (count) => this.go(count),
    });
    this.steps = stepper({
      now: () => this.translation.written,
      last: () => this.translation.total,
      go: (count) => this.go(count),
    });
    this.steps.on.dataset.main = ""; // in front of a class
    this.canvas = this.picture();
    this.scroller = h("div", { class: "window" }, this.canvas);
    this.readout = spoken();
    this.inks = this.legend();
    const stage = /** @type {HTMLElement} */ (ui.body.parentElement);
    const controls = /** @type {HTMLElement} */ (stage.nextElementSibling);
    this.output = /** @type {HTMLOutputElement} */ (controls.querySelector('output[data-testid="step"]'));
    this.slider = /** @type {HTMLInputElement} */ (controls.querySelector('input[data-control="step"]'));
    ui.style(ALIGNMENT_CSS);
    ui.body.append(this.group(), this.inks);
    ui.side.append(this.readout);
    stage.before(this.sentences.element);
    controls.prepend(this.steps.row);
  }

  // ---- elements
  group() {
    const look = { role: "group", tabindex: 0, class: "picture", "data-testid": "picture" };
    const name = t("rows of weights; arrow keys write and choose a word");
    const onkeydown = (/** @type {KeyboardEvent} */ event) => this.keys(event);
    return h("div", { ...look, "aria-label": name, onkeydown }, this.scroller);
  }

  picture() {
    return h("canvas", {
      "aria-hidden": "true",
      onpointermove: (/** @type {PointerEvent} */ event) => this.move(event),
      onpointerleave: () => this.hover && this.show(null),
      onclick: (/** @type {PointerEvent} */ event) => {
        const place = this.under(event);
        if (place) this.press(place);
      },
    });
  }

  legend() {
    return this.translation.versions.length > 1 ? legend({}, ["masked", t("masked")]) : legend({});
  }

  // ---- what is lit
  /** The pointer first, then what was chosen. */
  get selected() {
    return this.hover ?? this.translation.chosen;
  }

  /** Or the newest word, or the one on which a whole translation opens. @returns {Place} */
  get lit() {
    return this.selected ?? [this.touched ? this.translation.written - 1 : this.translation.first(), -1];
  }

  /** @param {Place | null} place */
  show(place) {
    this.hover = place;
    this.ui.set({});
  }

  /** @param {Place} place */
  point([row, col]) {
    this.ui.set({ row, col }, true);
  }

  // ---- what is done
  /** Writes so many words. @param {number} count */
  go(count) {
    const { total, longest } = this.translation;
    this.hover = null;
    this.touched = true;
    this.ui.set({ step: count >= total ? longest : count, row: -1, col: -1 }, true);
  }

  /** Shows a variant. @param {number} variant */
  choose(variant) {
    const { written, total, longest } = this.translation;
    const step = written >= total ? longest : this.ui.state.step;
    this.steps.stop();
    this.hover = null;
    this.ui.set({ variant, step, row: -1, col: -1 }, true);
  }

  /**
   * On a word: knocks it out where there is such a variant, else lights it, or no longer; on a cell: lights it.
   * @param {Place} place
   */
  press(place) {
    const { row, col } = this.ui.state;
    const variant = this.translation.after(place);
    if (variant !== null) this.choose(variant);
    else this.point(row === place[0] && col === place[1] ? [-1, -1] : place);
  }

  /** @param {KeyboardEvent} event */
  keys(event) {
    const { written } = this.translation;
    const move = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "Escape") this.point([-1, -1]);
    else if (!move) this.steps.keys(event);
    else {
      used(event);
      if (written) this.point([clamp(this.lit[0] + move, 0, written - 1), -1]);
    }
  }

  /** @param {PointerEvent} event */
  move(event) {
    const place = this.under(event);
    if (String(place) !== String(this.hover)) this.show(place);
  }

  /** The words or the cell under the pointer. @param {MouseEvent} event @returns {Place | null} */
  under(event) {
    if (!this.layout) return null;
    const { left, top, across, down, slanted } = this.layout;
    const [x, y] = pointed(event, this.canvas);
    const target = Math.floor((y - top) / down);
    const lean = y < top && slanted ? y - top : 0;
    const source = Math.floor((x - left + lean) / across);
    const column = source >= 0 && source < this.translation.columns;
    if (y < top) return column ? [-1, source] : null;
    if (target < 0 || target >= this.translation.written) return null;
    if (x < left) return [target, -1];
    return column ? [target, source] : null;
  }

  // ---- painting
  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const { ui, translation } = this;
    const { written, total } = translation;
    const c = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    const layout = layoutOf(translation, ui, c, width, narrow);
    const grown = written !== this.painted;
    this.layout = layout;
    this.sentences.fit(width, c);
    this.inks.style.marginLeft = `${layout.left}px`;
    ui.side.style.paddingTop = narrow ? "" : `${layout.top}px`;
    const look = { lit: this.lit, selected: this.selected !== null, progress: this.progress() };
    const pen = paper(this.canvas, layout.width, layout.height);
    new RowsPainter(translation, ui, pen, layout, look).paint();
    this.scroll(layout, grown);
    this.sentences.paint(look.lit);
    this.say(look.lit);
    this.steps.sync();
    this.output.value = t("{written} of {total}", { written, total });
    this.slider.setAttribute("aria-valuetext", t("{written} of {total} words", { written, total }));
  }

  /** How far the newest row has come. */
  progress() {
    const { written } = this.translation;
    const now = performance.now();
    if (written !== this.painted && this.painted >= 0) this.came = written === this.painted + 1 && !still() ? now : 0;
    this.painted = written;
    const progress = this.came ? Math.min(1, 0.1 + (now - this.came) / FADE) : 1;
    if (progress < 1) this.ui.set({});
    return progress;
  }

  /**
   * A window on what is too large, in which the newest row is in sight.
   * @param {Layout} layout
   * @param {boolean} grown
   */
  scroll({ width, height, room, top, down }, grown) {
    const { scroller } = this;
    const wide = Math.min(width, room);
    const high = this.ui.spec.presenting ? height : Math.min(height, 620 * this.ui.tall); // a class cannot scroll
    const across = width > wide;
    const below = height > high;
    scroller.style.width = `${wide + (below ? BAR : 0)}px`;
    scroller.style.height = `${high + (across ? BAR : 0)}px`;
    scroller.style.overflow = across || below ? "auto" : "hidden";
    if (!grown || !(across || below)) return;
    const { written } = this.translation;
    scroller.scrollTop = Math.max(
      Math.min(scroller.scrollTop, top + (written - 2) * down),
      top + written * down - high,
    );
  }

  /** The words beside the picture. @param {Place} lit */
  say(lit) {
    const { head, text, whole } = this.translation.said(lit);
    const quiet = (/** @type {string} */ words) => h("div", { class: "quiet" }, words);
    const parts = head.map(({ text: part, role }) =>
      role ? h("b", role === "plain" ? {} : { class: role }, part) : part,
    );
    const hint = whole || this.selected || this.touched ? "" : POINT;
    this.readout.replaceChildren(h("div", {}, ...parts), quiet(text), quiet(whole), quiet(hint));
  }

  table() {
    return this.translation.table();
  }

  numbers() {
    return this.translation.numbers();
  }

  /** A sentence of the reader's own: a row more with each word that the model writes. @param {Reading} reading */
  answer({ models, source, write }) {
    const { spec } = this.ui;
    const [first] = spec.versions;
    const [step] = spec.controls;
    return write(models[0], (/** @type {string[]} */ tokens, /** @type {number[][]} */ rows) => ({
      spec: {
        source,
        versions: [{ ...first, tokens, changed: tokens.map(() => false) }],
        glosses: null,
        controls: [{ ...step, values: [...Array(tokens.length + 1).keys()] }],
        state: { step: tokens.length, variant: 0, row: -1, col: -1 },
      },
      arrays: { weights: Float32Array.from(rows.flat()) },
    }));
  }
}
