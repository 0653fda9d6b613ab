// What stands on a screen, and how large. Which screens there are, presenting/screens.py says, for slides as well.
export const el = (tag, attributes = {}, ...children) => {
  const e = Object.assign(document.createElement(tag), attributes);
  e.append(...children);
  return e;
};
// of cells, by arrange()
export const MARKS = ["course-on", "course-now", "course-unrun", "course-nocode", "course-excerpted"];
export const isCode = (cell) => cell.model.type === "code";
const tags = (cell) => cell.model.getMetadata("tags") ?? [];

// What a class sees of a Markdown cell, by the kind of its screen
const PARTS = {
  formula: (part, step) =>
    part.querySelector("mjx-container[display]") ||
    part.textContent.trim().startsWith("$$") ||
    (!step.code && !isCard(step.cell) && PARTS.table(part)),
  table: (part) => part.matches("table") || part.querySelector("table"),
  drawing: (part) => part.matches("pre"),
  lines: (part) => part.matches("ol, ul"),
  keep: (part) => isKept(part),
};
const OWN = ["guess", "lab", "picture"]; // these have a title of their own
const QUIET = new Set([...OWN, "file"]); // of these one does not talk about the code: it runs when one arrives
const WORDS = [1.9, 1.7, 1.5]; // of guesses, which are words alone
const SIZES = [1.35, 1.2, 1.05, 0.95, 0.86, 0.78, 0.7, 0.62, 0.55, 0.48, 0.4];
const CODE = 0.74; // what is smaller than that loses its code, once that has run

const LETTER = 12.1; // pixels of a letter of code, at size 1
const LONGEST = 100; // letters of a line that is not broken

const isKept = (part) => part.matches("p") && part.textContent.trim().startsWith("Keep this:");
const isCard = (cell) => [...cell.node.querySelectorAll("h3")].some((head) => head.textContent.startsWith("Exercise"));
const rendered = (cell) => cell.node.querySelector(".jp-RenderedMarkdown");
export const quiet = (step) => QUIET.has(step.kind);
export const hasOwnTitle = (step) => OWN.includes(step.kind);

// The screens whose cells are there: [{ cell, kind, heading, keep, said, before }], before: the code that it needs
export function plan(cells, screens) {
  const places = new Map(cells.map((cell, i) => [cell.model.id, i]));
  const steps = [];
  const runs = (cell) => isCode(cell) && !isOut(cell);
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
      later: screen.later,
      keep: of([screen.keep])[0],
      said: of(screen.said),
      before: cells.slice(after, place).filter(runs),
    });
    after = place;
  }
  return steps;
}

// Cells that no class needs
const isOut = (cell) =>
  ["skip", "notes"].includes(cell.model.getMetadata("slideshow")?.slide_type) || tags(cell).includes("workbook");

// The sentence to keep of a cell, as HTML
export function kept(cell) {
  const found = [...(rendered(cell)?.children ?? [])].find(isKept);
  return found ? found.innerHTML.replace(/^\s*<strong>.*?<\/strong>/, "") : "";
}

// What the title of a lesson says that one will hold
export function filesOf({ cell, kind }) {
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
  made.classList.toggle("course-later", Boolean(step.later) && !isLater);
  const { node } = step.cell;
  if (isCode(step.cell)) node.querySelector(".jp-Cell-outputWrapper").before(made);
  else node.append(made);
  return isCode(step.cell);
}

// The terms of a formula that wide space separates may stand below each other.
function broken(cell) {
  for (const math of cell.node.querySelectorAll("mjx-container[display] mjx-math:not(.course-broken)")) {
    const isWide = (part) => parseFloat(part.querySelector(":scope > mjx-mspace")?.style.width) >= 2;
    const parts = [...math.children];
    if (!parts.some(isWide)) continue;
    const terms = [el("span")];
    for (const part of parts) {
      if (isWide(part)) terms.push(el("span"));
      else terms.at(-1).append(part);
    }
    math.replaceChildren(...terms);
    math.classList.add("course-broken");
  }
}

// Shows one cell, or no cell where the heading is all.
export function arrange(deck) {
  const { notebook, step, running, ran, shown, folded } = deck;
  const now = running ?? (step.kind === "title" ? null : step.cell);
  const instead = excerpted(deck);
  if (step.kind === "formula") broken(step.cell);
  for (const cell of notebook.widgets) {
    const { id } = cell.model;
    cell.node.classList.toggle("course-on", cell === now);
    cell.node.classList.toggle("course-now", cell === now);
    cell.node.classList.toggle("course-excerpted", instead && cell === step.cell);
    const waits = !quiet(step); // a view is shown as it was saved until it has run
    cell.node.classList.toggle("course-unrun", isCode(cell) && !ran.has(id) && waits);
    const away = (cell === step.cell && quiet(step)) || (folded.has(id) && cell.model.outputs?.length > 0);
    cell.node.classList.toggle("course-nocode", isCode(cell) && !shown.has(id) && away);
  }
  for (const part of now && !isCode(now) ? (rendered(now)?.children ?? []) : [])
    part.classList.toggle("course-out", part.matches("details") || !PARTS[step.kind]?.(part, step));
}

// 1280 × 720 is the measure: a larger screen shows the same, larger.
export const larger = () => Math.max(1, Math.min(innerWidth / 1280, innerHeight / 720));

const margin = () => 0.04 * innerWidth;

// Whether more is on the screen than it has room for. Formulas and tables scroll on a page; here they must not.
export function isFull({ scroller, step, running }) {
  const wide = [
    ...(running ?? step.cell).node.querySelectorAll(
      "mjx-math, .jp-MarkdownOutput :is(table, pre), .jp-OutputArea-output table, .course-excerpt pre",
    ),
  ];
  return (
    scroller.scrollHeight > scroller.clientHeight + 2 ||
    scroller.scrollWidth > scroller.clientWidth + 2 ||
    wide.some((part) => part.getBoundingClientRect().right > innerWidth - margin()) ||
    wide.some((part) => part.matches("pre") && part.scrollWidth > part.clientWidth + 1)
  );
}

// Whether a line of a cell's code, if it is not too long for any screen, would be broken at this size.
function wraps(cell, size) {
  const { classList } = cell.node;
  if (!isCode(cell) || classList.contains("course-nocode") || classList.contains("course-excerpted")) return false;
  const longest = Math.max(
    ...cell.model.sharedModel
      .getSource()
      .split("\n")
      .map((line) => line.length),
  );
  const wide = longest * LETTER * larger() * size + 2 * margin();
  return longest <= LONGEST && wide > innerWidth - 2 * margin();
}

// As large as the screen has room for -> whether there is such a size; `isStill()` says whether it is still wanted. A
// view lays itself out anew for each size, in `patience` frames after it. What does not fit with its code, once that
// has run, goes on without it.
export async function fit(deck, isStill, patience) {
  const { step, ran, shown, folded, running } = deck;
  const cell = running ?? step.cell;
  const views = [...cell.node.querySelectorAll(".course-view")].filter((host) => host.shadowRoot && host.view);
  const captions = views.map((host) => host.shadowRoot.querySelector(".caption")).filter(Boolean);
  const foldable = () =>
    isCode(cell) && ran.has(cell.model.id) && !shown.has(cell.model.id) && cell.model.outputs.length > 0;
  for (const { view } of views) view.heighten(1);
  for (const size of step.kind === "guess" ? [...WORDS, ...SIZES] : SIZES) {
    if (size < CODE && foldable() && !folded.has(cell.model.id)) {
      folded.add(cell.model.id);
      arrange(deck);
      return fit(deck, isStill, patience);
    }
    document.body.style.setProperty("--course-fit", larger() * size);
    if (views.length) await frames(patience);
    if (!isStill()) return false;
    if (size > CODE && wraps(cell, size)) continue;
    for (const seen of [true, false]) {
      for (const caption of captions) caption.style.display = seen ? "" : "none"; // which the speaker says
      if (isFull(deck)) continue;
      await frames(patience);
      if (step.kind === "picture" && isStill()) await fill(deck, cell, views, patience);
      return true;
    }
  }
  return false;
}

// Draws a view higher that leaves room below it, where it can be.
async function fill(deck, cell, views, patience) {
  const more = deck.scroller.clientHeight / cell.node.getBoundingClientRect().height;
  for (const share of more > 1.1 ? [0.97, 0.6, 0.3] : []) {
    for (const { view } of views) view.heighten(Math.min(1.9, 1 + share * (more - 1)));
    await frames(patience);
    if (!isFull(deck)) return;
  }
  for (const { view } of views) view.heighten(1);
  await frames(patience);
}

async function frames(count) {
  for (let n = 0; n < count; n++) await new Promise(requestAnimationFrame);
}
