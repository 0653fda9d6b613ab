// The masking lab: which words a draw chooses and what becomes of them, and how the shares settle over many draws.
import { h, spoken, still } from "../../../course_kit/views/js/src/shared/dom.js";
import { fmt, percentage } from "../../../course_kit/views/js/src/shared/numbers.js";
import { mix, rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import MASK_TOKENS_CSS from "./mask_tokens.css";
import { Counter, FEW, ROWS, drawn, numbersOf } from "./mask_tokens_numbers.js";
import { Gutter } from "./words.js";
import { t, tn } from "../../../course_kit/views/js/src/text.js";

/** @import { Picture, Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Masked, MaskSpec, MaskState, Row } from "./mask_tokens_numbers.js" */
/** @typedef {ReturnType<Counter["statistics"]>} Statistics */

/** @param {UI} ui @returns {Picture} */
export function mask_tokens(ui) {
  return new MaskTokens(ui);
}

/** @param {number} draws */
const grouped = (draws) => draws.toLocaleString("en-GB");

/** @param {number | null} share */
const shareOf = (share) => (share === null ? "–" : percentage(fmt(100 * share, 1)));

/** What was done to a word, as it is shown. @type {Record<string, string>} */
const NAMES = {
  ...{ chosen: t("chosen"), masked: t("masked"), random: t("random"), kept: t("kept") },
  ...{ special: t("special"), "as it is": t("as it is") },
};

/** What is written below a word. @param {Masked["kind"]} kind */
const noteOf = (kind) => (kind === "special" || kind === "as it is" ? "" : NAMES[kind]);

/** A word: what is to be predicted, what the model reads, what was done. */
function cellOf() {
  const was = h("span", { class: "was" });
  const reads = h("b");
  const kind = h("span", { class: "kind" });
  return { was, reads, kind, item: h("li", {}, was, reads, kind) };
}

/** A row of the statistics. @param {Row} row @param {string} name */
function lineOf(row, name) {
  const zone = h("i", { class: "zone" });
  const bar = h("i", { class: "bar" });
  const aim = h("i", { class: "aim" });
  const share = h("span", { class: "share", "data-testid": `share-${row}` });
  const text = h("span", { class: "quiet" });
  const track = h("span", { class: "track", "aria-hidden": "true" }, zone, bar, aim);
  return { row, zone, bar, aim, share, text, all: [h("span", { class: "name" }, name), track, share, text] };
}

/** @implements {Picture} */
class MaskTokens {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {MaskSpec} */ (ui.spec);
    this.state = /** @type {MaskState} */ (ui.state);
    this.counter = new Counter(this.spec);
    this.filled = this.state.draws; // up to which the bars show the draws: they fill up
    this.told = ""; // what was read out last
    this.cells = this.spec.names.map(cellOf);
    const items = this.cells.map(({ item }) => item);
    this.list = h("ol", { class: "tokens", "aria-label": t("the words as the model reads them") }, ...items);
    this.gutter = new Gutter(this.list, items, [
      { selector: ".was", label: t("to predict") },
      { selector: "b", label: t("model reads") },
    ]);
    this.say = spoken();
    this.heading = h("div", { class: "over" });
    const names = {
      chosen: t("chosen, of all words"),
      masked: t("of these: {mask}", { mask: this.spec.mask }),
      random: t("a random word"),
      kept: t("kept as it is"),
    };
    this.lines = ROWS.map((row) => lineOf(row, names[row]));
    ui.body.append(this.list, this.say);
    ui.below.append(this.heading, h("div", { class: "rows" }, ...this.lines.flatMap(({ all }) => all)));
    ui.style(MASK_TOKENS_CSS);
    Object.assign(ui.actions, {
      one: () => this.draw(1),
      hundred: () => this.draw(100),
      many: () => this.draw(10000),
    });
  }

  /** @param {number} more */
  draw(more) {
    this.ui.set({ draws: Math.min(this.spec.most, this.state.draws + more) }, true);
  }

  numbers() {
    return numbersOf(this.spec, this.state, this.counter);
  }

  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const made = drawn(this.spec, this.state);
    this.colour();
    this.columns(width, narrow);
    made.forEach((masked, i) => this.word(masked, i));
    this.gutter.place();
    this.advance();
    const statistics = this.counter.statistics({ ...this.state, draws: this.filled });
    this.head(statistics);
    for (const line of this.lines) this.line(line, statistics);
    if (this.filled === this.state.draws) this.tell(made);
  }

  colour() {
    const { theme } = this.ui;
    const shell = /** @type {HTMLElement} */ (this.ui.root.querySelector(".view"));
    const colours = {
      sand: theme.plus,
      brick: theme.minus,
      sanded: mix(theme.paper, theme.plus, 0.14),
      bricked: mix(theme.paper, theme.minus, 0.14),
      zone: mix(theme.paper, theme.ink, 0.17),
    };
    for (const [name, colour] of Object.entries(colours)) shell.style.setProperty(`--${name}`, rgb(colour));
  }

  /**
   * Columns of one width, so that no word moves when another is drawn; where they fit, each sentence on its own line.
   * @param {number} width
   * @param {boolean} narrow
   */
  columns(width, narrow) {
    const { names, mask, vocabulary, presenting } = this.spec;
    const { unit } = this.ui;
    const ends = names.flatMap((name, i) => (name === "[SEP]" || i === names.length - 1 ? [i + 1] : []));
    const longest = Math.max(...ends.map((end, i) => end - (ends[i - 1] ?? 0)));
    const c = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
    c.font = this.ui.font(narrow || presenting ? 13 : 16, 700);
    const wide = (/** @type {string} */ word) => c.measureText(word).width + (presenting ? 11 : 14) * unit;
    const least = Math.min(
      Math.max(...[...names, mask, ...vocabulary].map(wide)),
      Math.max(wide(mask), (presenting ? 0 : 76) * unit),
    );
    const room = width - parseFloat(getComputedStyle(this.list).paddingLeft);
    const across = Math.max(1, Math.floor(room / least));
    const whole = longest <= across;
    this.list.style.gridTemplateColumns = `repeat(${whole ? longest : Math.min(across, names.length)},minmax(0,1fr))`;
    this.cells.forEach(({ item }, i) => {
      item.style.gridColumnStart = whole && ends.includes(i) ? "1" : "";
    });
  }

  /** @param {Masked} masked @param {number} i */
  word({ input, label, kind }, i) {
    const cell = this.cells[i];
    cell.item.className = kind.replaceAll(" ", "-");
    cell.was.textContent = label ?? "";
    cell.reads.textContent = input;
    cell.reads.title = input;
    cell.kind.textContent = noteOf(kind);
  }

  /** The bars fill up, a quarter more in each frame, unless motion is unwelcome. */
  advance() {
    const { draws } = this.state;
    const next = Math.min(draws, Math.ceil(this.filled * 1.25) + 1);
    this.filled = draws <= this.filled || still() ? draws : next;
    if (this.filled < draws) this.ui.set({});
  }

  /** @param {Statistics} statistics */
  head({ draws, tokens }) {
    const values = { count: grouped(tokens) };
    const legend =
      draws < FEW
        ? t(", {count} words · thin line: the intended share", values)
        : t(", {count} words · grey: where chance puts 95 of 100 shares", values);
    this.heading.replaceChildren(
      h("b", {}, tn("Over {count} draw", "Over {count} draws", draws, { count: grouped(draws) })),
      h("span", { class: "quiet" }, legend),
    );
  }

  /** The share that is intended. @param {Row} row */
  meant(row) {
    return row === "chosen" ? this.state.share : this.spec.parts[row];
  }

  /** How many were to become what a row says. @param {Row} row @param {Statistics} statistics */
  counted(row, { counts, tokens }) {
    return t("{count} of {tokens}", { count: counts[row], tokens: row === "chosen" ? tokens : counts.chosen });
  }

  /** @param {ReturnType<typeof lineOf>} line @param {Statistics} statistics */
  line({ row, zone, bar, aim, share, text }, statistics) {
    const few = statistics.draws < FEW;
    const [low, high] = statistics.bands[row];
    zone.style.left = `${100 * low}%`;
    zone.style.width = few ? "0" : `max(2px,${100 * (high - low)}%)`;
    aim.style.left = `${100 * this.meant(row)}%`;
    bar.style.width = `${100 * (statistics.shares[row] ?? 0)}%`;
    share.textContent = shareOf(statistics.shares[row]);
    text.textContent = few
      ? t("{count}, intended {share} %", { count: this.counted(row, statistics), share: fmt(100 * this.meant(row), 0) })
      : t("by chance {low} to {high} %", { low: fmt(100 * low, 1), high: fmt(100 * high, 1) });
  }

  /** Reads out the draw, once. @param {Masked[]} made */
  tell(made) {
    const { draws } = this.state;
    const told = JSON.stringify([made, draws]);
    if (told === this.told) return;
    this.told = told;
    const chosen = made.filter(({ label }) => label !== null).length;
    const values = { draw: grouped(draws), chosen, all: this.counter.own };
    const summary = t("Draw {draw}: {chosen} of {all} words chosen. ", values);
    this.say.replaceChildren(h("b", {}, summary), this.consequence(chosen));
  }

  /** @param {number} chosen */
  consequence(chosen) {
    const { share, draws } = this.state;
    if (draws === this.spec.most) return t("{count} draws are as many as it counts.", { count: grouped(draws) });
    if (!chosen)
      return t("Nothing to learn from: that happens in {share} of all draws.", {
        share: shareOf((1 - share) ** this.counter.own),
      });
    return tn("The loss counts only this position.", "The loss counts only these positions.", chosen);
  }

  /** @returns {Table} */
  table() {
    const { names } = this.spec;
    const statistics = this.counter.statistics(this.state);
    const words = drawn(this.spec, this.state).map(({ input, label, kind }, i) => [
      `${i + 1} ${names[i]}`,
      input,
      label ?? "−100",
      NAMES[kind],
    ]);
    const rows = ROWS.map((row) => {
      const [low, high] = statistics.bands[row];
      const few = this.state.draws < FEW;
      const beside = few
        ? t("intended {share} %", { share: fmt(100 * this.meant(row), 0) })
        : t("band {low}–{high} %", { low: fmt(100 * low, 1), high: fmt(100 * high, 1) });
      return [
        t("all {kind}", { kind: NAMES[row] }),
        this.counted(row, statistics),
        t("share {share}", { share: shareOf(statistics.shares[row]) }),
        beside,
      ];
    });
    return { header: [t("word"), t("the model reads"), t("label"), t("kind")], rows: [...words, ...rows] };
  }
}
