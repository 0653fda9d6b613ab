// What follows a guess, up to the next heading but that of a section that only sums up, is out of sight until the guess
// is made or *show* is pressed: outputs and text, not code, which has to be run, and of views the pictures, not the
// titles. Only the page hides it; the notebook stays as it is. "Run all cells" shows all, and a class sees all
// (reading.css). predict.js keeps the guesses, by their questions.
import { answers } from "./keys.js";
import { holdAt } from "./place.js";
import { intoSight } from "./running.js";
import { t } from "./text.js";
const GUESS = "attention-course:guess:";
const HEADING = /^#{1,6}(?= )/m;
const SOON = 3000; // ms
const NEAR = 60; // px of a guess that are in sight
const COMING = 120; // frames, at most, for a cell to come into the page
const RUN_ALL = /run-all(-cells)?$/;

const kept = (name) => {
  try {
    return localStorage.getItem(name) !== null;
  } catch {
    return false; // a browser that keeps nothing
  }
};

/** The question of a guess, from its output; "" for one that was not run. */
function questionOf(cell) {
  const html = cell.model.outputs.length ? cell.model.outputs.get(0).data["text/html"] : undefined;
  if (!html) return "";
  const whole = new DOMParser().parseFromString([html].flat().join(""), "text/html"); // no script in it runs
  const data = whole.querySelector('.course-view script[type="application/json"]');
  return data ? JSON.parse(data.textContent)[0].title : "";
}

/** Of its first heading; 0: it has none. */
function levelOf(cell) {
  if (cell?.model.type !== "markdown") return 0;
  const text = cell.model.sharedModel.getSource().replace(/^(```|~~~)[^]*?^\1/gm, "");
  return HEADING.exec(text)?.[0].length ?? 0;
}

/** Whether what waits ends here: at a heading, if its section is more than words, or half way. */
function isEnd(cell, next) {
  const isSum = levelOf(cell) === 2 && [1, 2].includes(levelOf(next));
  return cell.model.getMetadata("tags")?.includes("half") || (levelOf(cell) > 0 && !isSum);
}

const isClass = () => document.body.matches(".course-presenting, .course-large"); // which sees all
const folds = (cell) => cell.node.querySelector(":scope > .course-fold");

const picksOf = ({ node }) => [...node.querySelectorAll(".course-view")].map(({ view }) => view?.state.pick);
const asks = (cell) => picksOf(cell).some((pick) => pick < 0);

/** A letter answers the guess that one is at, just below while it is in sight, or held back by, and there Enter leads
 * to it; once it is answered, and so soon after, a letter does nothing; elsewhere A and B add cells.
 * @param {(at: number) => void} enter */
function answerByLetter(notebook, enter) {
  let answered = -SOON; // when
  notebook.node.addEventListener("keydown", (event) => {
    const { activeCell, activeCellIndex, widgets } = notebook;
    const isHeld = activeCell?.node.dataset.behind && !isClass();
    const above = widgets[activeCellIndex - 1];
    const isSeen = () =>
      above.node.getBoundingClientRect().bottom > notebook.outerNode.getBoundingClientRect().top + NEAR;
    const isBelow = !isHeld && above && asks(above) && !asks(activeCell) && isSeen();
    const held = isHeld ? widgets.slice(0, activeCellIndex).findLastIndex(folds) : activeCellIndex;
    const at = isBelow ? activeCellIndex - 1 : held;
    if (!widgets[at]) return;
    const { node } = widgets[at];
    const picks = picksOf(widgets[at]);
    const isAsking = asks(widgets[at]);
    if (notebook.mode !== "command" || event.ctrlKey || event.metaKey || event.altKey) return;
    const isLate = picks.some((pick) => pick >= 0) || event.timeStamp - answered < SOON;
    if (!isAsking && isLate && /^[a-d]$/i.test(event.key)) event.stopPropagation();
    if (!isAsking) return;
    const isLed = isHeld && event.key === "Enter" && !event.shiftKey && event.target === activeCell.node;
    const answer = isLed ? () => enter(at) : answers(node, event.key);
    if (!answer) return;
    event.stopPropagation();
    if (isLed) node.scrollIntoView({ block: "nearest" });
    else answered = event.timeStamp;
    answer();
  });
}

let pressed = null; // a link into another notebook, which may have to be opened

const nameOf = (path) => decodeURIComponent(path).split("/").pop();

/**
 * Where a link leads to is in sight, and the keyboard goes on there: within the notebook for a link that was pressed by
 * keyboard, and from another notebook.
 * @param {any} panel @param {(node: Element) => void} reveal @param {(at: number) => void} enter
 * @returns {boolean} whether a link has opened this one
 */
function followLinks({ node, content, context }, reveal, enter) {
  const target = (hash) => {
    const id = CSS.escape(decodeURIComponent(hash.slice(1)));
    return id && node.querySelector(`[id="${id}"], [data-jupyter-id="${id}"]`);
  };
  const arrive = (to, isEntered) => {
    reveal(to);
    if (isEntered) enter(content.widgets.findIndex((cell) => cell.node.contains(to)));
  };
  node.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href*="#"]');
    const isOwn = link?.getAttribute("href").startsWith("#");
    const to = isOwn && target(link.hash);
    if (to) requestAnimationFrame(() => arrive(to, !event.detail));
    pressed = isOwn ? null : link;
  });
  const { setFragment } = content;
  content.setFragment = async (hash) => {
    for (let left = COMING; left > 0 && !target(hash); left--) await new Promise(requestAnimationFrame);
    await setFragment.call(content, hash);
    const to = target(hash);
    if (!to) return;
    arrive(to, true);
    await holdAt(to);
  };
  const { pathname = "", hash = "" } = pressed ?? {};
  const isLed = nameOf(pathname) === nameOf(context.path);
  pressed = null;
  if (isLed) content.setFragment(hash); // JupyterLab's own came before there was anything
  return isLed;
}

/** Folds a notebook now and whenever it changes -> whether a link has opened it. */
export function foldGuesses(app, panel) {
  const notebook = panel.content;
  const shown = new Set(); // cells whose fold was opened here
  const questions = new Map(); // an output that is being made again is still the question
  const name = ({ model }) => `attention-course:shown:${panel.context.path}#${model.id}`;
  let all = false;

  /** Whether a cell asks and has no answer yet. */
  function waits(cell) {
    const { id } = cell.model;
    if (all || shown.has(id) || kept(name(cell))) return false;
    if (!cell.model.getMetadata("tags")?.includes("predict")) return false;
    const question = questionOf(cell) || questions.get(id);
    questions.set(id, question);
    return Boolean(question) && !kept(GUESS + question);
  }

  function show(cell) {
    shown.add(cell.model.id);
    try {
      localStorage.setItem(name(cell), "");
    } catch {
      // a browser that keeps nothing
    }
    fold();
  }

  /** The keyboard goes on there. @param {number} at of a cell */
  function enter(at) {
    notebook.activeCellIndex = at;
    notebook.mode = "command";
    notebook.widgets[notebook.activeCellIndex].node.focus({ preventScroll: true });
  }

  /** The line below a guess, where something is folded. */
  function line(cell, wanted) {
    const there = folds(cell);
    if (!wanted) return there?.remove();
    if (there) {
      if (there.nextElementSibling) cell.node.append(there); // JupyterLab fills a cell when it comes near the screen
      return;
    }
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: t("show") });
    button.addEventListener("click", () => {
      show(cell);
      enter(notebook.widgets.indexOf(cell) + 1);
    });
    const made = Object.assign(document.createElement("p"), { className: "course-fold" });
    const [before, after] = t("Guess first, with its letter or the mouse, or {show} what follows.").split("{show}");
    made.append(before, button, after);
    cell.node.append(made);
  }

  function fold() {
    let asking = null; // the guess that waits
    const asked = new Set();
    for (const [i, cell] of notebook.widgets.entries()) {
      const ends = isEnd(cell, notebook.widgets[i + 1]);
      cell.node.classList.toggle("course-behind", Boolean(asking)); // of a cell with a heading, what is above that
      if (asking && !ends) cell.node.dataset.behind = t("Behind the guess above: answer it, or press “show” there.");
      else delete cell.node.dataset.behind;
      for (const room of cell.node.querySelectorAll(".jp-Cell-outputWrapper")) room.inert = asking && !isClass();
      if (asking && (!ends || !cell.model.sharedModel.getSource().trimStart().startsWith("#"))) asked.add(asking);
      if (ends) asking = null;
      if (!asking && waits(cell)) asking = cell;
    }
    for (const cell of notebook.widgets) line(cell, asked.has(cell));
  }

  /** What hides a cell, opened. */
  function reveal(node) {
    const cells = notebook.widgets;
    const place = cells.findIndex((cell) => cell.node.contains(node));
    if (!cells[place]?.node.classList.contains("course-behind")) return;
    show(cells.slice(0, place).findLast(folds));
    node.scrollIntoView();
  }

  let soon = 0;
  const later = () => {
    soon ||= requestAnimationFrame(() => {
      soon = 0;
      if (!panel.isDisposed) fold();
    });
  };
  const watched = new WeakSet();
  const watch = () => {
    for (const cell of notebook.widgets) {
      if (watched.has(cell)) continue;
      watched.add(cell);
      cell.model.contentChanged.connect(later);
      cell.ready?.then(later);
    }
    later();
  };
  notebook.model.cells.changed.connect(() => requestAnimationFrame(watch));
  panel.node.addEventListener("course-guess", ({ target }) => {
    later();
    if (!isClass()) requestAnimationFrame(() => intoSight(target, target.shadowRoot.querySelector(".verdict")));
  });
  app.commands.commandExecuted.connect((_, { id }) => {
    if (!RUN_ALL.test(id) || app.shell.currentWidget !== panel) return;
    all = true;
    later();
  });
  answerByLetter(notebook, enter);
  watch();
  return followLinks(panel, reveal, enter);
}
