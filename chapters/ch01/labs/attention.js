// Attention that lives: each table from the words to the output, and from each number lines back to what made it.
import { arrow, coloured, h, readout, still, svgElement, used } from "../../../course_kit/views/js/src/shared/dom.js";
import { clamp } from "../../../course_kit/views/js/src/shared/numbers.js";
import { inked, legible, mix, rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import ATTENTION_CSS from "./attention.css";
import {
  ancestorsOf,
  changed,
  layoutOf,
  LETTERS,
  madeOf,
  noteOf,
  nounOf,
  said,
  tablesOf,
} from "./attention_numbers.js";
import { Plane } from "./plane.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Picture, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Theme } from "../../../course_kit/views/js/src/shared/theme.js" */
/** @import { AttentionSpec, Letter, Place, Tables } from "./attention_numbers.js" */
/** @typedef {{ left: number, top: number, right: number, bottom: number }} Box */

const FAR = 9; // the largest number that a reader can give
const PACE = 1100; // milliseconds of a table that plays
const BESIDE = 4; // pixels between a line and what it goes along
/** @type {Partial<Record<Letter, "query" | "key" | "value" | "output">>} */
const ROLES = { q: "query", WQ: "query", k: "key", WK: "key", v: "value", WV: "value", o: "output" };

/** @param {UI} ui @returns {Picture} */
export function attention(ui) {
  ui.style(ATTENTION_CSS);
  return new Attention(ui);
}

class Attention {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    this.spec = /** @type {AttentionSpec} */ (ui.spec);
    /** @type {Record<string, HTMLElement>} */
    this.cells = {};
    /** @type {Place | null} the number under the pointer */
    this.near = null;
    this.pressed = false; // a number was, and moves
    this.timer = 0;
    this.until = Infinity; // the table that plays; those behind it are pale
    const tables = this.tables();
    this.letters = LETTERS.filter((letter) => tables[letter]);
    this.order = this.letters.filter((letter) => letter.length < 2);
    this.planes = this.drawn(tables);
    this.lines = svgElement("svg", { class: "lines", "aria-hidden": "true" });
    this.sum = h("div", { class: "sum" });
    this.editor = this.fields();
    const said = readout(ui, "");
    said.append(this.sum, this.editor.element);
    const planes = h("div", { class: "planes" }, ...this.planes.map(({ plane, title }) => figure(plane, title)));
    if (this.spec.presenting) planes.prepend(said); // a screen is wide
    ui.body.append(
      planes.childElementCount ? planes : "",
      h("div", { class: "bands" }, ...this.bands(tables)),
      this.lines,
    );
    ui.body.classList.add(tables.x ? "words" : "alone");
    this.listen(ui.body);
    ui.actions.play = () => this.play(0);
  }

  /** One table after the other, by its first number. @param {number} n */
  play(n) {
    clearTimeout(this.timer);
    if (!this.ui.body.isConnected) return;
    this.choose([this.order[n], 0, 0], true);
    this.until = n;
    if (n + 1 < this.order.length) this.timer = window.setTimeout(() => this.until === n && this.play(n + 1), PACE);
  }

  tables() {
    return tablesOf(this.spec, this.ui.state);
  }

  // ---- built once: tables, planes, fields
  /** Two lines of tables, from the words to the values and on to the output; one where there is one query.
   * @param {Tables} tables */
  bands(tables) {
    const parts = tables.x ? ["xqkv", "sao"] : ["qksavo"];
    return parts.map((part) => {
      const letters = /** @type {Letter[]} */ (part.split("").filter((letter) => letter in tables));
      return h("div", { class: "band" }, ...letters.map((letter) => this.column(letter, tables)));
    });
  }

  /** A table, and above it the matrix that made it. @param {Letter} letter @param {Tables} tables */
  column(letter, tables) {
    const matrix = /** @type {Letter} */ (`W${letter.toUpperCase()}`);
    return h(
      "div",
      { class: `column ${letter}` },
      tables[matrix] && this.grid(matrix, tables),
      this.grid(letter, tables),
    );
  }

  /** @param {Letter} letter @param {Tables} tables */
  grid(letter, tables) {
    const { rows, columns, places } = layoutOf(this.spec, letter, tables);
    const name = (/** @type {string} */ text, /** @type {string} */ role) =>
      h("span", { class: "name", role, title: text }, text);
    const lines = places.map((line, r) => {
      const first = rows.length ? name(rows[r], "rowheader") : null;
      return h("div", { class: "row", role: "row" }, first, ...line.map((place) => this.cell(place)));
    });
    const names = columns.map((text) => name(text, "columnheader"));
    const corner = h("span", { class: "name", role: "gridcell", "aria-label": nounOf(this.spec, letter) });
    const top = names.length ? [h("div", { class: "row", role: "row" }, corner, ...names)] : [];
    const title = letter.length > 1 ? [h("i", {}, "W"), h("sub", {}, letter[1])] : [nounOf(this.spec, letter)];
    const note = noteOf(this.spec, letter);
    const nth = letter.length > 1 ? "" : `${"①②③④⑤⑥⑦"[this.order.indexOf(letter)]} `; // in which they are read
    const head = h("div", { class: `head ${ROLES[letter] ?? ""}` }, nth, ...title, note && h("small", {}, note));
    return h("div", { class: "grid", role: "grid", "aria-label": nounOf(this.spec, letter) }, head, ...top, ...lines);
  }

  /** @param {Place} place */
  cell(place) {
    const cell = h("span", { class: `cell ${this.spec.shapes[place[0]] ? "given" : ""}`, role: "gridcell" });
    cell.dataset.at = place.join();
    this.cells[place.join()] = cell;
    return cell;
  }

  /** What is compared, and what is averaged, where vectors have two numbers. @param {Tables} tables */
  drawn(tables) {
    const free = /** @type {Letter[][]} */ (tables.x ? [["x"], ["v"]] : [["k", "q"], ["v"]]);
    const titles = tables.x
      ? [t("the words: drag"), t("[value|values] and [output|outputs]")]
      : [t("[query|query] and [key|keys]: drag"), t("[value|values] and [output|output]")];
    if (tables.q[0].length !== 2 || !tables.v) return [];
    return free.map((letters, n) => {
      const all = () =>
        letters.flatMap((letter) => this.tables()[letter].map((_, r) => /** @type {Place} */ ([letter, r, 0])));
      const vectors = () => all().map(([letter, r]) => this.tables()[letter][r]);
      const move = (/** @type {number} */ i, /** @type {number[]} */ to, /** @type {boolean} */ done) =>
        this.ui.set(changed(this.spec, this.ui.state, all()[i], ...to), done);
      const title = titles[n];
      return {
        plane: new Plane(this.ui, vectors, tables.x && n ? null : move),
        letters: /** @type {Letter[]} */ (n ? [...letters, "o"] : letters),
        title,
      };
    });
  }

  /** A number that is given can be changed. */
  fields() {
    const input = h("input", {
      ...{ type: "number", step: 0.5, min: -FAR, max: FAR, "aria-label": t("its number") },
      oninput: () => this.give(input.valueAsNumber, false),
      onchange: () => this.give(input.valueAsNumber, true),
    });
    const by = (/** @type {number} */ step) => () => this.give(this.number(this.ui.state.at) + step, true);
    const button = (/** @type {string} */ sign, /** @type {string} */ label, /** @type {number} */ step) =>
      h("button", { type: "button", "aria-label": label, onclick: by(step) }, sign);
    const element = h("div", { class: "editor" }, button("−", t("less"), -0.5), input, button("+", t("more"), 0.5));
    return { element, input };
  }

  // ---- what a reader does
  /** @param {HTMLElement} body */
  listen(body) {
    const placeOf = (/** @type {Event} */ event) => {
      const at = /** @type {HTMLElement} */ (event.target).dataset?.at?.split(",");
      return at ? /** @type {Place} */ ([at[0], Number(at[1]), Number(at[2])]) : null;
    };
    body.addEventListener("pointermove", (event) => {
      const moved = event.movementX || event.movementY; // else only the picture has, below the pointer
      if (event.pointerType === "mouse" && moved) this.point(placeOf(event));
    });
    body.addEventListener("pointerleave", () => this.point(null));
    body.addEventListener("click", (event) => this.choose(placeOf(event), true));
    body.addEventListener("focusin", (event) => this.choose(placeOf(event), false));
    body.addEventListener("keydown", (event) => {
      const place = placeOf(event);
      if (!place) return;
      const space = event.key === " " && !this.ui.spec.presenting;
      if (space) used(event); // the page would scroll
      if (event.key === "Enter" || space) this.choose(place, true);
      else if (/^[\d.-]$/.test(event.key) && this.spec.shapes[place[0]]) this.editor.input.select(); // to type
      else this.walk(place, arrow(event));
    });
  }

  /** @param {Place | null} place */
  point(place) {
    if (place?.join() === this.near?.join() || (place && this.flips(place))) return;
    this.near = place;
    this.ui.set({});
  }

  /** @param {Place | null} place @param {boolean} pressed */
  choose(place, pressed) {
    if (!place) return;
    this.pressed ||= pressed;
    this.near = null;
    this.until = Infinity;
    const flip = pressed && this.flips(place);
    this.ui.set(
      flip ? { ...changed(this.spec, this.ui.state, place, this.number(place) ? 0 : 1), at: [] } : { at: place },
      pressed,
    );
  }

  /** Whether a press changes 0 to 1 and all else to 0: of a query, where the keys have no other numbers.
   * @param {Place} place */
  flips([letter]) {
    const { k } = tablesOf(this.spec, this.spec.initial ?? this.spec.state);
    return letter === "q" && Boolean(this.spec.shapes.q) && k.flat().every((x) => x === 0 || x === 1);
  }

  /** What is explained at rest: the first output, or the score of the best key. @param {Tables} tables
   * @returns {Place} */
  atRest({ o, a }) {
    return o ? ["o", 0, 0] : ["s", 0, a[0].indexOf(Math.max(...a[0]))];
  }

  /** From a cell to its neighbour; sideways also into the next table, up and down within a column. @param {Place} place
   * @param {[number, number] | null} step */
  walk(place, step) {
    if (!step) return;
    const { left, right, top, bottom } = boxOf([this.cells[place.join()]]);
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const far = Object.values(this.cells).map((cell) => {
      const box = boxOf([cell]);
      const [dx, dy] = [(box.left + box.right) / 2 - x, (box.top + box.bottom) / 2 - y];
      const ahead = step[0] ? dy * Math.sign(step[0]) : dx * Math.sign(step[1]);
      if (step[0] && Math.abs(dx) >= right - left) return Infinity;
      return ahead > 4 ? ahead + 4 * Math.abs(step[0] ? dx : dy) : Infinity;
    });
    const best = Math.min(...far);
    if (best < Infinity) Object.values(this.cells)[far.indexOf(best)].focus();
  }

  /** @param {Place} at */
  number([letter, r, c]) {
    return this.tables()[letter][r][c];
  }

  /** @param {number} number @param {boolean} done */
  give(number, done) {
    if (Number.isFinite(number)) {
      this.ui.set(changed(this.spec, this.ui.state, this.ui.state.at, clamp(number, -FAR, FAR)), done);
    }
  }

  // ---- painted
  /** @param {number} width @param {boolean} narrow */
  paint(width, narrow) {
    const tables = this.tables();
    for (const letter of this.letters)
      tables[letter].forEach((row, r) => row.forEach((x, c) => this.fill(tables, [letter, r, c], narrow)));
    const chosen = /** @type {Place} */ (this.ui.state.at);
    const place = this.near ?? (chosen.length ? chosen : this.atRest(tables));
    this.draw(tables, place, width, narrow);
    const first = Object.values(this.cells)[0];
    for (const cell of Object.values(this.cells)) cell.tabIndex = -1;
    (this.cells[chosen.join()] ?? first).tabIndex = 0;
    this.tell(tables, place);
    this.trace(tables, place); // where all is now
    if (this.pressed) this.fly();
    this.pressed = false;
  }

  /** @param {Tables} tables @param {Place} place @param {boolean} narrow */
  fill(tables, place, narrow) {
    const { theme } = this.ui;
    const [letter, r, c] = place;
    const x = tables[letter][r][c];
    const ground = letter === "a" ? inked(theme, x) : mix(theme.paper, tintOf(theme, letter, x), strength(letter, x));
    const cell = this.cells[place.join()];
    cell.textContent = narrow ? said(x).replace(/^(−?)0\./, "$1.") : said(x);
    cell.style.background = rgb(ground);
    cell.style.color = legible(ground);
    cell.ariaLabel = t("{name}: {value}", { name: madeOf(this.spec, tables, place).what, value: said(x) });
  }

  /** The arrows; an output has its name while one of its row is explained. @param {Tables} tables
   * @param {Place} place @param {number} width @param {boolean} narrow */
  draw(tables, place, width, narrow) {
    const { theme, unit, tall } = this.ui;
    const { presenting } = this.spec;
    const beside = tables.x && !narrow && !presenting;
    const high = presenting ? 200 : beside ? 175 : 165;
    const usual = Math.min(340 * unit, (width - 16 * unit) / 2);
    const wide = beside ? 210 * unit : presenting ? 0.24 * width : usual;
    for (const { plane, letters } of this.planes) {
      const arrows = letters.flatMap((letter) => {
        const names = tables.o.length < 2 && letter === "o" ? [t("output")] : layoutOf(this.spec, letter, tables).rows;
        const named = (/** @type {number} */ r) =>
          letter !== "o" || tables.o.length < 2 || ("sao".includes(place[0]) && place[1] === r);
        const colour = theme[ROLES[letter] ?? "text"];
        const look = { colour, width: letter === "q" || letter === "o" ? 3.4 : 2 };
        return tables[letter].map((vector, r) => ({ vector, name: named(r) ? names[r] : "", ...look }));
      });
      plane.draw(wide, high * tall, arrows);
    }
  }

  /** Frames and lines of what made a number; a bar below all that it goes back to. @param {Tables} tables
   * @param {Place} place */
  trace(tables, place) {
    const all = ancestorsOf(this.spec, tables, place);
    for (const [at, cell] of Object.entries(this.cells)) {
      cell.classList.toggle("behind", all.has(at));
      cell.classList.toggle("chosen", at === place.join());
      const nth = this.order.indexOf(/** @type {Letter} */ (at.split(",")[0].slice(-1).toLowerCase()));
      cell.classList.toggle("later", nth > this.until);
    }
    this.lines.replaceChildren();
    const target = boxOf([this.cells[place.join()]]);
    for (const [letter, cells] of this.sources(tables, place)) {
      const box = boxOf(cells);
      const role = ROLES[letter] ?? "text";
      const size = {
        x: box.left - 2,
        y: box.top - 2,
        width: box.right - box.left + 4,
        height: box.bottom - box.top + 4,
      };
      this.lines.append(svgElement("rect", { ...size, rx: 4, class: role }));
      if (!tables.x && (box.bottom < target.top || box.top > target.bottom)) continue; // it would lie on other tables
      const between = tables.x ? null : this.between(box, target);
      const d = between ? wayBelow(box, target, between) : wayFrom(box, target);
      this.lines.append(svgElement("path", { d, class: role }));
    }
  }

  /** The table, with the names of its rows, that stands between a box and what is to the right of it. @param {Box} box
   * @param {Box} to */
  between(box, to) {
    const grids = /** @type {HTMLElement[]} */ ([...this.ui.body.querySelectorAll(".grid")]);
    const boxes = grids.map((grid) => boxOf([grid]));
    return boxes.find(({ left, right, top, bottom }) => {
      const beside = top < Math.max(box.bottom, to.bottom) && bottom > Math.min(box.top, to.top);
      return beside && left >= box.right && right <= to.left;
    });
  }

  /** The cells from which a number was made, by their table. @param {Tables} tables @param {Place} place */
  sources(tables, place) {
    /** @type {Map<Letter, HTMLElement[]>} */
    const found = new Map();
    for (const part of madeOf(this.spec, tables, place).parts) {
      if (typeof part === "string") continue;
      const [letter] = part.at;
      found.set(letter, [...(found.get(letter) ?? []), this.cells[part.at.join()]]);
    }
    return found;
  }

  /** The sum in words and numbers, in the colours of the tables. @param {Tables} tables @param {Place} place */
  tell(tables, place) {
    const { input, element } = this.editor;
    const given = Boolean(this.spec.shapes[place[0]]) && place.join() === this.ui.state.at.join();
    element.hidden = !given;
    const { what, parts } = madeOf(this.spec, tables, place);
    const [letter, r, c] = place;
    if (given && this.ui.root.activeElement !== input) input.value = String(Number(tables[letter][r][c].toFixed(2)));
    const chips = parts.map((part) => (typeof part === "string" ? part : this.chip(part)));
    const result = h("b", { class: `result ${ROLES[letter] ?? ""}` }, said(tables[letter][r][c]));
    this.sum.replaceChildren(
      h("div", {}, what),
      h("div", { class: "parts" }, ...chips, ...(parts.length ? [" = "] : []), given ? "" : result),
      letter === "a" ? this.bar(tables, r, c) : "",
    );
  }

  /** @param {{ at: Place, power?: boolean }} part */
  chip({ at, power }) {
    const { background, color } = this.cells[at.join()].style;
    const chip = h("span", { class: "chip", style: `background:${background};color:${color}` }, said(this.number(at)));
    chip.dataset.from = at.join();
    return power ? h("span", {}, "e", h("sup", {}, chip)) : chip;
  }

  /** The weights of a row are the pieces of one bar. @param {Tables} tables @param {number} r @param {number} c */
  bar(tables, r, c) {
    const { theme } = this.ui;
    const { rows, columns } = layoutOf(this.spec, "a", tables);
    const names = columns.length ? columns : rows;
    const pieces = tables.a[r].map((share, i) => {
      const ground = inked(theme, share);
      const look = `flex-grow:${share};background:${rgb(ground)};color:${legible(ground)}`;
      return h("span", { style: look, class: i === c ? "piece here" : "piece" }, share > 0.1 ? names[i] : "");
    });
    return h("div", { class: "bar", "aria-hidden": "true" }, ...pieces);
  }

  /** The numbers come to their sum, and its result goes into its cell; the bar fills. */
  fly() {
    if (still()) return;
    const { sum, cells, ui } = this;
    const ease = { duration: 300, easing: "ease-out", fill: /** @type {const} */ ("backwards") };
    const from = (/** @type {Element} */ start, /** @type {Element} */ end) => {
      const [a, b] = [start, end].map((element) => element.getBoundingClientRect());
      const scale = ui.body.getBoundingClientRect().width / ui.body.offsetWidth || 1;
      return [
        { transform: `translate(${(a.left - b.left) / scale}px, ${(a.top - b.top) / scale}px)` },
        { transform: "none" },
      ];
    };
    const chips = /** @type {HTMLElement[]} */ ([...sum.querySelectorAll(".chip")]);
    for (const chip of chips) chip.animate(from(cells[chip.dataset.from ?? ""], chip), ease);
    const [result, bar, cell] = [".result", ".bar"]
      .map((name) => sum.querySelector(name))
      .concat(cells[ui.state.at.join()]);
    bar?.animate([{ clipPath: "inset(0 100% 0 0)" }, { clipPath: "inset(0)" }], { ...ease, delay: 300 });
    if (chips.length && result && cell) cell.animate(from(result, cell), { ...ease, delay: 300, fill: "none" });
  }

  table() {
    const tables = this.tables();
    const longest = Math.max(...this.letters.map((letter) => tables[letter][0].length));
    const rows = this.letters.flatMap((letter) => {
      const names = layoutOf(this.spec, letter, tables).rows;
      const row = (/** @type {number[]} */ numbers, /** @type {number} */ r) => {
        const name = tables[letter].length > 1 ? ` ${names[r] ?? r + 1}` : "";
        const rest = Array(longest - numbers.length).fill("");
        return [`${nounOf(this.spec, letter)}${name}`, ...numbers.map(said), ...rest];
      };
      return tables[letter].map(row);
    });
    return { header: [t("table and row"), ...Array.from({ length: longest }, (_, i) => String(i + 1))], rows };
  }

  numbers() {
    return this.tables();
  }
}

/** A plane with what it shows. @param {Plane} plane @param {string} title */
const figure = (plane, title) => h("div", { class: "plane" }, h("small", {}, ...coloured(title)), plane.canvas);

/** Vectors have the colour of their role, scores that of their sign, words none. @param {Theme} theme
 * @param {Letter} letter @param {number} x */
function tintOf(theme, letter, x) {
  if (letter === "s") return x < 0 ? theme.minus : theme.plus;
  const colour = theme[ROLES[letter] ?? "quiet"];
  return [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
}

/** The same number has the same shade in every state. @param {Letter} letter @param {number} x */
const strength = (letter, x) => (letter === "s" ? 0.85 : 0.5) * (1 - Math.exp(-Math.abs(x) / (letter === "s" ? 3 : 1)));

/** What is around elements, in pixels of the picture. @param {HTMLElement[]} elements @returns {Box} */
const boxOf = (elements) => ({
  left: Math.min(...elements.map((e) => e.offsetLeft)),
  top: Math.min(...elements.map((e) => e.offsetTop)),
  right: Math.max(...elements.map((e) => e.offsetLeft + e.offsetWidth)),
  bottom: Math.max(...elements.map((e) => e.offsetTop + e.offsetHeight)),
});

/** A line to the right that goes below what stands between. @param {Box} box @param {Box} to @param {Box} between */
function wayBelow(box, to, between) {
  const [y, v, low] = [(box.top + box.bottom) / 2, (to.top + to.bottom) / 2 + BESIDE, between.bottom + 2 * BESIDE];
  const [a, b, r] = [between.left, (between.right + to.left) / 2, 2 * BESIDE];
  const [down, up] = [low > y ? r : 0, low > v ? r : 0];
  return (
    `M${box.right + 2} ${y}H${a - r}Q${a} ${y} ${a} ${y + down}V${low - down}Q${a} ${low} ${a + r} ${low}` +
    `H${b - r}Q${b} ${low} ${b} ${low - up}V${v + up}Q${b} ${v} ${b + r} ${v}H${to.left}`
  );
}

/** A line from the side of a box that is nearest to what it leads to. @param {Box} box @param {Box} to */
function wayFrom(box, to) {
  const middle = (/** @type {Box} */ { left, right, top, bottom }) => [(left + right) / 2, (top + bottom) / 2];
  const [[x, y], [u, v]] = [middle(box), middle(to)];
  if (to.left >= box.right || to.right <= box.left) {
    const [a, b] = to.left >= box.right ? [box.right + 2, to.left] : [box.left - 2, to.right];
    return `M${a} ${y}C${(a + b) / 2} ${y} ${(a + b) / 2} ${v} ${b} ${v}`;
  }
  const [a, b] = to.top >= box.bottom ? [box.bottom + 2, to.top] : [box.top - 2, to.bottom];
  return `M${x} ${a}C${x} ${(a + b) / 2} ${u} ${(a + b) / 2} ${u} ${b}`;
}
