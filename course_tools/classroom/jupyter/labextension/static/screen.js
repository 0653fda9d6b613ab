// What stands on a screen, and how large. Which screens there are, presenting/screens.py says, for slides as well.
export const el = (tag, attributes = {}, ...children) => {
  const e = Object.assign(document.createElement(tag), attributes);
  e.append(...children);
  return e;
};
// of cells, by arrange()
export const MARKS = ["course-on", "course-now", "course-unrun", "course-nocode"];
export const isCode = (cell) => cell.model.type === "code";
const tags = (cell) => cell.model.getMetadata("tags") ?? [];

// What a class sees of a Markdown cell, by the kind of its screen
const PARTS = {
  formula: (part) => part.querySelector("mjx-container[display]") || part.textContent.trim().startsWith("$$"),
  table: (part) => part.matches("table") || part.querySelector("table"),
  drawing: (part) => part.matches("pre"),
  lines: (part) => part.matches("ol, ul"),
  keep: (part) => isKept(part),
};
const OWN = ["guess", "lab", "picture"]; // these have a title of their own
const QUIET = new Set([...OWN, "file"]); // of these one does not talk about the code: it runs when one arrives
const SIZES = [1.35, 1.2, 1.05, 0.95, 0.86, 0.78, 0.7, 0.62, 0.55, 0.48, 0.4];
const CODE = 0.74; // what is smaller than that loses its code, once that has run

const LETTER = 12.1; // pixels of a letter of code, at size 1
const LONGEST = 100; // letters of a line that is not broken

const isKept = (part) => part.matches("p") && part.textContent.trim().startsWith("Keep this:");
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
  ["skip", "notes"].includes(cell.model.getMetadata("slideshow")?.slide_type) ||
  tags(cell).some((tag) => tag === "deeper" || tag === "workbook");

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

// Shows one cell, or no cell where the heading is all.
export function arrange({ notebook, step, running, ran, shown, folded, jumped }) {
  const now = running ?? (["title", "question"].includes(step.kind) ? null : step.cell);
  for (const cell of notebook.widgets) {
    const { id } = cell.model;
    cell.node.classList.toggle("course-on", cell === now);
    cell.node.classList.toggle("course-now", cell === now);
    const waits = !(jumped && quiet(step)); // after a jump a view is shown as it was saved
    cell.node.classList.toggle("course-unrun", isCode(cell) && !ran.has(id) && waits);
    const away = (cell === step.cell && quiet(step)) || (folded.has(id) && cell.model.outputs?.length > 0);
    cell.node.classList.toggle("course-nocode", isCode(cell) && !shown.has(id) && away);
  }
  for (const part of now && !isCode(now) ? (rendered(now)?.children ?? []) : [])
    part.classList.toggle("course-out", part.matches("details") || !PARTS[step.kind]?.(part));
}

// 1280 × 720 is the measure: a larger screen shows the same, larger.
export const larger = () => Math.max(1, Math.min(innerWidth / 1280, innerHeight / 720));

const margin = () => 0.04 * innerWidth;

// Whether more is on the screen than it has room for. Formulas and tables scroll on a page; here they must not.
export function isFull({ scroller, step, running }) {
  const wide = [...(running ?? step.cell).node.querySelectorAll("mjx-math, .jp-MarkdownOutput :is(table, pre)")];
  return (
    scroller.scrollHeight > scroller.clientHeight + 2 ||
    scroller.scrollWidth > scroller.clientWidth + 2 ||
    wide.some((part) => part.getBoundingClientRect().right > innerWidth - margin()) ||
    wide.some((part) => part.matches("pre") && part.scrollWidth > part.clientWidth + 1)
  );
}

// Whether a line of a cell's code, if it is not too long for any screen, would be broken at this size.
function wraps(cell, size) {
  if (!isCode(cell) || cell.node.classList.contains("course-nocode")) return false;
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
  const views = [...cell.node.querySelectorAll(".course-view")].filter((host) => host.shadowRoot);
  const captions = views.map((host) => host.shadowRoot.querySelector(".caption")).filter(Boolean);
  const foldable = () =>
    isCode(cell) && ran.has(cell.model.id) && !shown.has(cell.model.id) && cell.model.outputs.length > 0;
  for (const size of SIZES) {
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
      return true;
    }
  }
  return false;
}

async function frames(count) {
  for (let n = 0; n < count; n++) await new Promise(requestAnimationFrame);
}
