// What stands on a screen. How large, fitting.js says; which screens there are, presenting/screens.py.
import { CODE, fit, termsOf } from "./fitting.js";

export const el = (tag, attributes = {}, ...children) => {
  const e = Object.assign(document.createElement(tag), attributes);
  e.append(...children);
  return e;
};
// of cells, by arrange()
export const MARKS = ["on", "now", "unrun", "old", "nocode", "excerpted", "alone", "scrolled", "prints"].map(
  (name) => `course-${name}`,
);
export const isCode = (cell) => cell.model.type === "code";
export const tags = (cell) => cell.model.getMetadata("tags") ?? [];
export const isTraining = (cell) => tags(cell).includes("training");
const DRAWN =
  ".jp-OutputArea :is(.course-view, .jp-RenderedHTMLCommon:not(:has(> .course-stopped:only-child)), .jp-RenderedImage)";
// Shows lines of text alone, or did before it began to run
export const prints = ({ node }) =>
  !node.querySelector(DRAWN) &&
  (Boolean(node.querySelector(".jp-OutputArea .jp-RenderedText")) || node.classList.contains("course-prints"));

// What a class sees of a Markdown cell, by the kind of its screen
const PARTS = {
  formula: (part, step) =>
    part.querySelector("mjx-container[display]") ||
    part.textContent.includes("$$") ||
    (!step.code && !isCard(step.cell) && PARTS.table(part)),
  table: (part) => part.matches("table") || part.querySelector("table"),
  drawing: (part) => part.matches("pre"),
  lines: (part) => part.matches("ol, ul"),
  keep: (part, step) => part === toKeep(step.cell),
  half: () => true,
  problem: (part) => !part.matches("h2"),
};
const OWN = ["guess", "lab", "picture"]; // these have a title of their own
const TABLE = ".jp-OutputArea-output div + div > table"; // as course_kit/views/table.py writes it
const QUIET = new Set([...OWN, "file"]); // of these one does not talk about the code: it runs when one arrives

const isCard = (cell) => tags(cell).includes("card");
// The sentence to keep of a cell that is tagged so: its last paragraph
const toKeep = (cell) => [...(rendered(cell)?.children ?? [])].findLast((part) => part.matches("p"));
const rendered = (cell) => cell.node.querySelector(".jp-RenderedMarkdown");
export const quiet = (step) => QUIET.has(step.kind);
export const isLive = ({ cell }) => tags(cell).includes("live");
// Shows nothing yet, as in a notebook that was never run
export const isEmpty = ({ cell }) => cell.model.outputs?.length === 0 && !isDefinition(cell);
const isDefinition = (cell) => tags(cell).includes("definition");
// Code that a class sees run, at a press; and all that runs no sooner than its screen comes
export const runsAtPress = (step) => isCode(step.cell) && !quiet(step) && !isDefinition(step.cell);
export const runsThere = (step) => runsAtPress(step) || step.kind === "file" || isLive(step);
const hasOwnTitle = ({ kind, cell }) => OWN.includes(kind) && !cell.node.querySelector(TABLE);

// The screens whose cells are there: [{ cell, kind, heading, keep, said, before }], before: the code that it needs
export function plan(cells, screens) {
  const places = new Map(cells.map((cell, i) => [cell.model.id, i]));
  const steps = [];
  const runs = (cell) => isCode(cell) && !tags(cell).includes("workbook"); // also what is skipped: the next may need it
  let after = 0;
  for (const screen of screens) {
    const place = places.get(screen.cell);
    if (place === undefined) continue;
    const of = (ids) => ids.filter((id) => places.has(id)).map((id) => cells[places.get(id)]);
    steps.push({
      cell: cells[place],
      kind: screen.kind,
      heading: screen.title,
      code: screen.code,
      of: screen.of,
      later: screen.later,
      notInClass: screen.not_in_class,
      keep: of([screen.keep])[0],
      said: of(screen.said),
      before: cells.slice(after, place).filter(runs),
    });
    after = place;
  }
  return steps;
}

// The sentence to keep of a cell, as HTML
function kept(cell) {
  return toKeep(cell)?.innerHTML.replace(/^\s*<strong>(.*?)<\/strong>([:：]?)/, "<b>$1$2</b>") ?? "";
}

// What the title of a lesson says that one will hold
function filesOf({ cell, kind }) {
  const codes = kind === "title" ? [...(rendered(cell)?.querySelectorAll("code") ?? [])] : [];
  return [...new Set(codes.map((code) => code.textContent).filter((text) => /^mine\/\w+\.py$/.test(text)))];
}

// The words of cells, for the speaker: without headings
export function words(cells) {
  const texts = cells.map(rendered).filter(Boolean);
  const copies = texts.map((text) => text.cloneNode(true));
  for (const copy of copies) copy.querySelectorAll("h1, h2, h3, h4, script").forEach((heading) => heading.remove());
  return copies.map((copy) => copy.innerHTML).join("");
}

// Of code the lines that a screen is about, as excerpt.py chose them; the cell's own code comes with C or E.
function excerpted({ notebook, step, shown, isLater }) {
  for (const part of notebook.node.querySelectorAll(".course-excerpt")) part.remove();
  if (!step.code || shown.has(step.cell.model.id)) return false;
  const made = el("div", { className: "course-excerpt", innerHTML: step.code });
  made.classList.toggle("course-later", step.later && !isLater);
  made.classList.toggle("course-files", step.kind === "file");
  if (step.later && step.kind !== "formula") {
    made.classList.add("course-instead");
    made.prepend(el("h2", { textContent: step.heading })); // a tight screen has none
  }
  const { node } = step.cell;
  if (isCode(step.cell)) node.querySelector(".jp-Cell-outputWrapper")?.[step.later ? "after" : "before"](made);
  else node.append(made);
  return isCode(step.cell) && !step.later;
}

// A formula in the middle of a paragraph gets one of its own, since the words around it are the speaker's.
function apart(cell) {
  const isFormula = (piece) => piece?.matches?.("mjx-container[display]") ?? false;
  for (const part of rendered(cell)?.querySelectorAll(":scope > p:has(> mjx-container[display])") ?? []) {
    const pieces = [...part.childNodes].filter((piece) => isFormula(piece) || piece.textContent.trim());
    if (pieces.every(isFormula)) continue;
    const parts = [];
    for (const [n, piece] of pieces.entries())
      if (n && !isFormula(piece) && !isFormula(pieces[n - 1])) parts.at(-1).append(piece);
      else parts.push(el("p", {}, piece));
    part.replaceWith(...parts);
  }
}

// Half way: what one alone is told to do comes last, and no class is shown it.
const COMMAND = /[^.?!。？！<>]*<em>[^<]*<\/em>[^<]*$/;
export const closed = (html) => html.replace(COMMAND, (last) => `<span class="course-command">${last}</span>`);

// The terms of a formula that wide space separates may stand below each other.
function broken(cell) {
  for (const math of cell.node.querySelectorAll("mjx-container[display] mjx-math:not(.course-broken)")) {
    const terms = termsOf(math, (part) => parseFloat(part.querySelector(":scope > mjx-mspace")?.style.width));
    if (!terms.length) continue;
    math.replaceChildren(...terms.map((term) => el("span", {}, ...term)));
    math.classList.add("course-broken");
  }
}

// Shows one cell, or no cell where the heading is all.
export function arrange(deck) {
  const { notebook, step, ran, open, shown, folded, scrolled } = deck;
  const now = step.kind === "title" ? null : step.cell;
  const instead = excerpted(deck);
  if (step.kind === "formula") {
    apart(step.cell);
    broken(step.cell);
  }
  for (const part of step.kind === "half" ? (rendered(step.cell)?.querySelectorAll(":scope > p") ?? []) : [])
    if (!part.querySelector(".course-command")) part.innerHTML = closed(part.innerHTML);
  for (const cell of notebook.widgets) {
    const { id } = cell.model;
    cell.node.classList.remove("course-alone");
    cell.node.classList.toggle("course-prints", instead && cell === step.cell && prints(cell));
    cell.node.classList.toggle("course-scrolled", cell === step.cell && scrolled.has(id) && !folded.has(id));
    cell.node.classList.toggle("course-on", cell === now);
    cell.node.classList.toggle("course-now", cell === now);
    cell.node.classList.toggle("course-excerpted", instead && cell === step.cell);
    const waits = cell === step.cell && runsAtPress(step); // a view is shown as it was saved
    cell.node.classList.toggle("course-unrun", waits && !ran.has(id) && !open.has(id));
    cell.node.classList.toggle("course-old", step.kind === "file" && cell === step.cell && !ran.has(id));
    const has = cell.model.outputs?.length > 0 || cell.node.querySelector(".course-held");
    const isCurve = isTraining(cell) && (ran.has(id) || open.has(id)) && has && !prints(cell); // which has all the room
    const away = (cell === step.cell && (quiet(step) || isCurve)) || (folded.has(id) && has);
    cell.node.classList.toggle("course-nocode", isCode(cell) && !shown.has(id) && away);
  }
  for (const part of now && !isCode(now) ? (rendered(now)?.children ?? []) : [])
    part.classList.toggle("course-out", part.matches("details") || !PARTS[step.kind]?.(part, step));
}

// 1280 × 720 is the measure: a larger screen shows the same, larger, and a smaller one smaller.
export const larger = () => Math.min(innerWidth / 1280, innerHeight / 720);

// Its heading, and the sentence to keep
export function entitle({ foot, head, isKept, map, step }) {
  const files = filesOf(step).map((file) => el("code", { textContent: file }));
  head.replaceChildren(el("span", {}, step.heading, ...files));
  if (step.kind === "title" && map)
    // what the chapter makes of one sentence, in the ink of the text
    head.append(el("i", { className: "course-map", ariaHidden: "true", style: `mask-image:url(${map})` }));
  head.classList.toggle("course-quiet", hasOwnTitle(step));
  foot.innerHTML = step.keep ? kept(step.keep) : "";
  foot.style.minHeight = "";
  foot.classList.toggle("course-later", !isKept);
}

// What a class sees now
export const shownOf = ({ scroller, step, foot }) => ({
  ...{ room: scroller, on: step.cell.node, keep: foot, kind: step.kind },
});

// The room below the heading, in whose place the sentence to keep comes; and over a screen that is tight. On paper it
// stands at the foot, and nothing over anything.
export function inset(deck, isTight = false) {
  deck.isTight = isTight;
  document.body.classList.toggle("course-tight", isTight && !deck.isPaper);
  const [top, keep, bar] = [deck.head, deck.foot, deck.bar.node].map((part) => part.getBoundingClientRect().height);
  document.body.style.setProperty("--course-top", `${isTight || deck.isPaper ? top : Math.max(top, keep)}px`);
  document.body.style.setProperty("--course-end", `${deck.isPaper ? keep : bar}px`);
}

// As large as the screen has room for. What code will print has its room beforehand, so that nothing moves when it
// comes. What does not fit below its code scrolls there, in a few lines; what does not fit so comes alone, once it has
// run.
export function enlarge(deck) {
  const { ran, open, shown, folded, scrolled } = deck;
  const { cell } = deck.step;
  const { id, outputs } = cell.model;
  const set = (size, isTight) => {
    document.body.style.setProperty("--course-fit", String(larger() * size));
    if (isTight !== deck.isTight) inset(deck, isTight);
  };
  deck.size = fit(shownOf(deck), set, deck.busy === cell ? deck.size : Infinity); // what runs gets no larger meanwhile
  if (deck.size < CODE && !scrolled.has(id) && cell.node.matches(".course-excerpted") && prints(cell)) {
    scrolled.add(id);
    cell.node.classList.add("course-scrolled");
    deck.size = fit(shownOf(deck), set);
    if (deck.size < CODE) cell.node.classList.remove("course-scrolled");
  }
  if (deck.size < CODE && cell.node.matches(".course-unrun:not(.course-alone)")) {
    cell.node.classList.add("course-alone");
    deck.size = fit(shownOf(deck), set);
  }
  const isPressed = isCode(cell) && (ran.has(id) || open.has(id));
  if (deck.size >= CODE || !isPressed || shown.has(id) || folded.has(id) || !outputs.length) return;
  folded.add(id);
  deck.size = Infinity;
  arrange(deck);
  enlarge(deck);
}
