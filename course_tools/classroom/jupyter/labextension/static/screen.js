// What stands on a screen. Which cells are steps, the slide metadata say: "slide" and "subslide" begin a screen,
// "skip" (Deeper) is left out, every other cell is one press further on it.
export const el = (tag, attributes = {}, ...children) => {
  const e = Object.assign(document.createElement(tag), attributes);
  e.append(...children);
  return e;
};
// of cells, by fit()
export const MARKS = ["course-on", "course-now", "course-unrun", "course-nocode"];
export const isCode = (cell) => cell.model.type === "code";
const tags = (cell) => cell.model.getMetadata("tags") ?? [];
export const headingOf = (cell) =>
  cell.model.type === "markdown" ? cell.model.sharedModel.getSource().match(/^#{1,2} (.+)$/m)?.[1] : null;

// Its code is not what one talks about: it runs when one arrives.
export const quiet = (cell) =>
  isCode(cell) &&
  (tags(cell).some((t) => t === "lab" || t === "predict") || !!cell.model.getMetadata("jupyter")?.source_hidden);

// It was run and there is nothing to look at: no step.
export const nothing = (cell, { ran, shown }) =>
  quiet(cell) && ran.has(cell.model.id) && !shown.has(cell.model.id) && !cell.model.outputs.length;

// The cells that are shown, in order: [{ cell, screen, heading }]
export function plan(cells) {
  const steps = [];
  let screen = 0,
    heading = "",
    hidden = false;
  for (const cell of cells) {
    const type = cell.model.getMetadata("slideshow")?.slide_type ?? "-";
    if (type === "slide" || type === "subslide") screen += 1;
    if (type !== "-") hidden = type === "skip" || type === "notes";
    if (hidden || tags(cell).includes("deeper")) continue;
    heading = headingOf(cell) ?? heading;
    if (cell.model.sharedModel.getSource().trim()) steps.push({ cell, screen, heading });
  }
  return steps;
}

// The step, and what came before it while there is room. What is too much loses its code once that has run, then gets
// smaller, then scrolls. 1280 × 720 is the measure: a larger screen shows the same, larger.
export function fit({ notebook, steps, at, ran, shown, folded, scroller }) {
  const { cell, screen } = steps[at];
  const full = () => scroller.scrollHeight > scroller.clientHeight + 2;
  const foldable = (c) => isCode(c) && ran.has(c.model.id) && !shown.has(c.model.id) && c.model.outputs.length > 0;
  for (const other of notebook.widgets) {
    const { id } = other.model;
    other.node.classList.remove("course-on", "course-now");
    other.node.classList.toggle("course-unrun", isCode(other) && !ran.has(id));
    const away = quiet(other) || (folded.has(id) && other.model.outputs?.length > 0); // one of the two is always seen
    other.node.classList.toggle("course-nocode", isCode(other) && !shown.has(id) && away);
  }
  cell.node.classList.add("course-on", "course-now");
  const large = Math.max(1, Math.min(innerWidth / 1280, innerHeight / 720));
  const sized = (size) => {
    const zoom = Math.max(1, large * size); // views have 24 px at 1
    document.body.style.setProperty("--course-zoom", zoom);
    document.body.style.setProperty("--course-size", (large * size) / zoom);
  };
  sized(1);
  if (full() && foldable(cell)) {
    folded.add(cell.model.id);
    cell.node.classList.add("course-nocode");
  }
  for (const size of [1, 0.86, 0.74]) {
    sized(size);
    if (!full()) break;
  }
  for (let i = at - 1; i >= 0 && steps[i].screen === screen; i--) {
    const before = steps[i].cell,
      { classList } = before.node;
    classList.add("course-on");
    if (full() && foldable(before)) classList.add("course-nocode");
    if (full()) {
      classList.remove("course-on");
      break;
    }
  }
}
