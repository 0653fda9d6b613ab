// Spans in a text: tags under the words, what was predicted below them, start and end of an answer as bars above.
import { h, reserve, spoken } from "../../../course_kit/views/js/src/shared/dom.js";
import { mix, rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import TAGGED_CSS from "./tagged.css";
import { captionOf, captionsOf, foundOf, numbersOf, spansOf, textOf } from "./tagged_numbers.js";
import { Gutter, WordLine, chance, linesOf } from "./words.js";

/** @import { Picture, Table, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Span, TaggedSpec, TaggedState } from "./tagged_numbers.js" */
/** @typedef {{ name: "tags" | "predicted", tags: string[] }} Row of tags under the words */
/** @typedef {ReturnType<typeof numbersOf>["answer"]} Answer */

/** @param {UI} ui @returns {Picture} */
export function tagged(ui) {
  return new Tagged(ui);
}

/** Two digits without the leading 0. @param {number} p */
const digits = (p) => (p >= 0.995 ? "1" : p.toFixed(2).slice(1));

/** @implements {Picture} */
class Tagged {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {TaggedSpec} */ (ui.spec);
    this.state = /** @type {TaggedState} */ (ui.state);
    const { names, tags, predicted, bars } = this.spec;
    this.bars = bars;
    /** @type {Row[]} */
    this.rows = [];
    if (tags) this.rows.push({ name: "tags", tags });
    if (predicted) this.rows.push({ name: "predicted", tags: predicted });
    this.spans = { tags: spansOf(tags), predicted: spansOf(predicted) };
    this.words = new WordLine(ui, {
      words: names,
      places: names.map((_, i) => i),
      name: "word",
      label: "the words; arrow keys choose one",
    });
    this.words.chips.forEach((chip, i) => this.fill(chip, i));
    this.gutter = this.gutterOf();
    this.say = spoken();
    this.reserved = 0; // the width for which captions have their room
    this.build();
  }

  build() {
    const { body, below, style } = this.ui;
    const { question } = this.spec;
    const asked = question ? [h("div", { class: "question" }, h("b", {}, "Question: "), question)] : [];
    body.append(...asked, this.words.line);
    below.append(this.say);
    style(`${TAGGED_CSS}.view{--chip:${this.bars ? 3.1 : 1.6}em;--said:${this.bars ? 5.8 : 7.4}em}`);
    this.words.line.classList.add(this.bars ? "barred" : "plain");
  }

  /** What a word shows: its bars, itself, its tags. @param {HTMLElement} chip @param {number} i */
  fill(chip, i) {
    const { start, end } = this.ui.arrays;
    const name = this.spec.names[i];
    if (this.bars) chip.append(this.posts(i));
    chip.append(h("span", { class: "text" }, name), ...this.rows.map((row) => this.tag(row, i)));
    const told = [name, ...this.rows.map((row) => `${row.name === "tags" ? "tag" : row.name} ${row.tags[i]}`)];
    if (this.bars) told.push(`start ${chance(start[i])}, end ${chance(end[i])}`);
    chip.setAttribute("aria-label", told.join(", "));
  }

  /** How probably the answer starts and ends at a word. @param {number} i */
  posts(i) {
    const { start, end } = this.ui.arrays;
    const post = (/** @type {string} */ name, /** @type {number} */ p) => {
      const style = p >= 0.005 ? `height:${3 * p}em` : "display:none";
      return h("span", { class: "post" }, h("small", {}, p >= 0.05 ? digits(p) : ""), h("i", { class: name, style }));
    };
    return h("span", { class: "pair", "aria-hidden": "true" }, post("start", start[i]), post("end", end[i]));
  }

  /** A tag under its word; of an answer the label once. @param {Row} row @param {number} i */
  tag({ name, tags }, i) {
    const [tag, truth] = [tags[i], this.spec.tags?.[i]];
    const label = tag.slice(2);
    const look = tag === "O" ? "o" : `${tag[0].toLowerCase()} s${this.spec.labels.indexOf(label) % 4}`;
    const wrong = name === "predicted" && truth !== undefined && truth !== tag;
    const once = tag.startsWith("B") ? label : "\u00a0";
    return h("small", { class: `tag ${look}` }, this.bars ? once : `${tag}${wrong ? " ✗" : ""}`);
  }

  /** What stands at the left of a line of words: what its bars and its tags are. */
  gutterOf() {
    const mark = (/** @type {string} */ name) => [h("i", { class: name }), name];
    const legend = () => h("span", {}, ...mark("start"), h("br"), ...mark("end"));
    const truth = this.bars ? "true" : "true tag";
    const rows = this.rows.map(({ name }, n) => ({
      selector: `.tag:nth-last-of-type(${this.rows.length - n})`,
      label: name === "tags" ? truth : "model",
    }));
    const above = this.bars ? [{ selector: ".pair", label: legend() }] : [];
    return new Gutter(this.words.line, this.words.chips, [...above, ...rows]);
  }

  numbers() {
    return numbersOf(this.spec, this.ui.arrays, this.state);
  }

  caption() {
    return captionOf(this.spec, this.ui.arrays, this.state);
  }

  /** @param {number} width */
  paint(width) {
    if (width !== this.reserved) reserve(this.ui.root.querySelector(".caption"), captionsOf(this.spec));
    this.reserved = width;
    this.colour();
    this.words.sync();
    if (this.bars) this.level();
    this.gutter.place();
    const { answer } = this.numbers();
    this.frame(answer);
    this.tell(answer);
  }

  colour() {
    const { theme } = this.ui;
    const shell = /** @type {HTMLElement} */ (this.words.line.closest(".view"));
    const colours = {
      sand: theme.plus,
      sanded: mix(theme.paper, theme.plus, 0.14),
      greyed: mix(theme.paper, theme.ink, 0.08),
      darker: mix(theme.paper, theme.ink, 0.2),
    };
    for (const [name, colour] of Object.entries(colours)) shell.style.setProperty(`--${name}`, rgb(colour));
  }

  /** A line of words takes the room of its highest bar, and of a tag where it has one. */
  level() {
    const { start, end } = this.ui.arrays;
    const places = new Map(this.words.chips.map((chip, i) => [chip, i]));
    for (const line of linesOf(this.words.chips)) {
      const words = line.map((chip) => places.get(chip) ?? 0);
      const most = Math.max(...words.flatMap((i) => [start[i], end[i]]));
      const high = most < 0.05 ? "0.6em" : `${Math.max(3, 3 * most + 1.5)}em`;
      const bare = words.every((i) => this.rows.every(({ tags }) => tags[i] === "O"));
      for (const chip of line) {
        chip.style.setProperty("--high", high);
        chip.classList.toggle("bare", bare);
      }
    }
  }

  /** The answer in a frame. @param {Answer} answer */
  frame(answer) {
    const [first, last] = answer ?? [Infinity, -Infinity];
    this.words.chips.forEach((chip, i) => {
      chip.classList.toggle("in", first <= i && i <= last);
      chip.classList.toggle("first", i === first);
      chip.classList.toggle("last", i === last);
    });
  }

  /** @param {Answer} answer */
  tell(answer) {
    const said = [h("div", {}, ...this.ofWord(), ".")];
    if (answer) said.push(this.ofAnswer(answer));
    const { tags, predicted } = this.spec;
    if (tags && predicted) said.push(h("div", { class: "quiet" }, this.ofFound()));
    else if (!this.bars) said.push(h("div", { class: "quiet" }, this.ofSpans()));
    this.say.replaceChildren(...said);
  }

  /** On the chosen word. */
  ofWord() {
    const { word } = this.state;
    const { names, tags, predicted } = this.spec;
    const { start, end } = this.ui.arrays;
    const said = [h("b", { class: "query" }, `“${names[word]}”`), ` (word ${word + 1})`];
    if (this.bars) return [...said, `: start ${chance(start[word])}, end ${chance(end[word])}`];
    if (tags) said.push(`: ${tags[word]}`);
    if (predicted) said.push(`${tags ? ", predicted " : ": "}${predicted[word]}`);
    return said;
  }

  /** @param {NonNullable<Answer>} answer */
  ofAnswer([first, last, product]) {
    const { start, end } = this.ui.arrays;
    const { names } = this.spec;
    const ordered = first <= last;
    const quoted = h("b", { class: "output" }, `“${textOf(names, first, last)}”`);
    const numbers = `, ${chance(start[first])} × ${chance(end[last])} = ${chance(product)}.`;
    return h(
      "div",
      {},
      ordered ? "Answer: " : h("b", {}, "No answer: "),
      ordered ? quoted : "it would end before it starts",
      numbers,
      this.judged(first, last),
    );
  }

  /** Whether an answer is the true one, where that is known. @param {number} first @param {number} last */
  judged(first, last) {
    const truth = this.spans.tags;
    if (!truth.length) return null;
    if (truth.some((span) => span[0] === first && span[1] === last)) return " ✓ It is the true one.";
    return ` ✗ True: ${truth.map(([from, to]) => `“${textOf(this.spec.names, from, to)}”`).join(", ")}.`;
  }

  /** @param {Span[]} spans */
  listed(spans) {
    return spans.map(([first, last, label]) => `“${textOf(this.spec.names, first, last)}” ${label}`).join(", ");
  }

  ofFound() {
    const found = Object.entries(foundOf(this.spans.tags, this.spans.predicted));
    const said = found.filter(([, spans]) => spans.length);
    return said.map(([name, spans]) => `${spans.length} ${name}: ${this.listed(spans)}`).join(" · ") || "no spans";
  }

  ofSpans() {
    const spans = this.spec.tags ? this.spans.tags : this.spans.predicted;
    return `${spans.length} spans: ${this.listed(spans)}`;
  }

  /** @returns {Table} */
  table() {
    const { start, end } = this.ui.arrays;
    const names = this.rows.map(({ name }) => (name === "tags" ? "tag" : name));
    const rows = this.spec.names.map((name, i) => {
      const chances = this.bars ? [start[i], end[i]].map(chance) : [];
      return [`${i + 1} ${name}`, ...this.rows.map(({ tags }) => tags[i]), ...chances];
    });
    return { header: ["word", ...names, ...(this.bars ? ["start", "end"] : [])], rows };
  }
}
