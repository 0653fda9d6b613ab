// Cells that run: what one showed stays until the new is there (staying.js), how long it has run is said beside it, and
// that it waited in vain in it. A verdict and a picture come into sight, as does what is said of a stop. In front of a
// class present.js does what is needed.
import { spent } from "./following.js";
import { Staying, viewsOf } from "./staying.js";
import { t } from "./text.js";

const SLOW = 2000; // ms from which on the time of a run is told
const SOON = 1000; // ms in which ■ should have stopped a cell, before it is said what it waits for
const MARGIN = 12; // px around what comes into sight
const AGAIN = 300; // ms: ■ so soon in a cell is pressed once more so much later
const STOPS = /interrupt/; // commands
const SHOWN = ".course-card, .course-view, .jp-RenderedImage"; // verdicts and pictures
const WAS = ".course-view-was, .jp-RenderedImage"; // until it is there
const TRAINING = ".course-training"; // its picture
const STOPPED = ".course-stopped"; // how far it came

/**
 * Follows all cells that run in this JupyterLab.
 * @param {any} app @param {any} actions NotebookActions of @jupyterlab/notebook
 * @param {(text: string, type: string) => Promise<string>} say shows a notice -> its id
 */
export function followRuns(app, actions, say) {
  const runs = new Set(); // in their order, until what they showed is in its place
  const current = () => [...runs].find((run) => !run.hasEnded);
  const latest = new WeakMap(); // of each cell
  let ticking = 0;
  function tick() {
    clearTimeout(ticking);
    const first = current();
    first?.tell();
    if (first) ticking = setTimeout(tick, 250);
  }
  actions.executionScheduled.connect((_, { notebook, cell }) => {
    if (document.body.matches(".course-presenting")) return;
    const run = new Run(notebook, cell, latest.get(cell));
    latest.set(cell, run);
    runs.add(run);
    // in this very turn JupyterLab empties the cell and asks the kernel
    queueMicrotask(() => {
      run.end(() => latest.get(cell) === run).finally(() => runs.delete(run));
      tick();
    });
  });
  app.commands.commandExecuted.connect((_, { id }) => {
    const run = current();
    if (!run || run.isStopping || !STOPS.test(id)) return;
    run.isStopping = true;
    tick();
    const words = t(
      "What is under way, an import or a training’s step, is finished first. ■ once more stops it at once.",
    );
    setTimeout(() => {
      if (run.hasEnded) return;
      const notice = say(words, "info");
      run.ended = () => notice.then((id) => app.commands.execute("apputils:dismiss-notification", { id }));
    }, SOON);
    const isLost = !(performance.now() - run.heard > AGAIN); // a kernel that runs nothing yet hears no ■
    if (isLost) run.begins.then(() => setTimeout(() => run.hasEnded || app.commands.execute(id), AGAIN));
  });
}

class Run {
  isStopping = false;
  heard = NaN; // when the kernel said that it begins
  begins = new Promise((begin) => (this.begin = begin));
  ended = () => {};
  hasEnded = false;
  began = 0; // when it was the first of those that wait
  clock = null;
  waited = null; // says that it has not run
  /** @type {Staying | undefined} */
  old;

  /** @param {any} notebook @param {any} cell @param {Run} [before] of this cell, perhaps not ended */
  constructor(notebook, cell, before) {
    this.notebook = notebook;
    this.cell = cell;
    before?.waited?.remove();
    if (!cell.model.outputs.length || !cell.outputArea.node.isConnected) this.old = before?.old;
    else {
      before?.old?.remove();
      this.old = new Staying(cell);
    }
  }

  /** Waits for the kernel's answer, and shows what has come of it. isLatest: no other run of the cell has begun. */
  async end(isLatest) {
    const { cell, old } = this;
    old?.show();
    const { future } = cell.outputArea;
    future?.registerMessageHook(({ header }) => {
      if (header.msg_type === "execute_input") this.begin((this.heard = performance.now()));
      if (header.msg_type === "display_data") requestAnimationFrame(() => this.bring(TRAINING));
      return true;
    });
    const { kernel } = this.notebook.parent?.sessionContext.session ?? {};
    let isCut = false;
    const linked = async (_, how) => {
      if (how !== "connected") return;
      await kernel.requestExecute({ code: "", silent: true }).done.catch(() => {});
      if (this.hasEnded) return;
      isCut = true; // the kernel has done more since, and its answer comes no more
      future?.dispose();
    };
    kernel?.connectionStatusChanged.connect(linked);
    const status = await (future?.done.then(
      ({ content }) => content.status,
      () => "aborted", // the kernel has gone
    ) ?? "aborted");
    kernel?.connectionStatusChanged.disconnect(linked);
    this.hasEnded = true; // what comes below may take some frames
    this.clock?.remove();
    this.ended();
    if (cell.isDisposed || !isLatest()) return;
    if (status === "aborted") {
      old?.restore();
      if (isCut) this.wait(t("What it gave was lost with the connection: run the cell again."));
      else if (Number.isNaN(this.heard)) this.wait(t("Not run: a cell before this one did not end."));
    } else if (this.isStopping) old?.restorePicture();
    await (old ? old.views(status === "error" ? 0 : undefined) : viewsOf(cell.outputArea.node));
    if (!isLatest()) return;
    old?.remove();
    this.old = undefined;
    if (status !== "aborted" || this.isStopping)
      requestAnimationFrame(() => {
        if (cell.isDisposed) return;
        if (this.isStopping) this.enter();
        this.bring(this.isStopping ? STOPPED : SHOWN);
      });
  }

  /** The keyboard goes on at a cell that was stopped, not where the queue ended. */
  enter() {
    const { notebook, cell } = this;
    if (notebook.mode !== "command") return;
    notebook.activeCellIndex = notebook.widgets.indexOf(cell);
    if (notebook.node.contains(document.activeElement)) cell.node.focus({ preventScroll: true });
  }

  /** It stood in the queue, and nothing of it has run, or what came of it is lost. */
  wait(textContent) {
    this.waited = Object.assign(document.createElement("p"), { className: "course-waited", textContent });
    this.cell.node.querySelector(".jp-Cell-outputWrapper").before(this.waited);
  }

  /** How long it has run: in the margin, where it moves nothing. */
  tell() {
    if (this.hasEnded) return;
    this.began ||= performance.now();
    const ms = performance.now() - this.began;
    if (ms < SLOW && !this.isStopping) return;
    const was = !this.clock && this.isNear && this.old?.old.querySelector(WAS);
    if (was && was.checkVisibility()) intoSight(was); // in its place comes what one waits for
    this.clock ??= Object.assign(document.createElement("span"), { className: "course-clock", ariaHidden: "true" });
    this.clock.textContent = this.isStopping ? t("stopping …") : spent(ms, this.cell);
    if (!this.clock.isConnected) this.cell.node.append(this.clock);
  }

  get isNear() {
    const { widgets, activeCellIndex } = this.notebook;
    return widgets.slice(Math.max(0, activeCellIndex - 1), activeCellIndex + 1).includes(this.cell);
  }

  /** What the cell that one is at, or has just left by Shift+Enter, or any that was stopped, shows of a sort comes into
   * sight, no further. */
  bring(sort) {
    const card = [...this.cell.outputArea.node.querySelectorAll(sort)].at(-1);
    if (!card || !(this.isStopping || this.isNear)) return;
    if (this.isStopping || card.matches(".course-card")) intoSight(this.cell.node, card); // with its code
    else intoSight(card);
  }
}

/** The first of some parts that fits the window, or the last, comes into sight, no further. @param {Element[]} parts */
export function intoSight(...parts) {
  const scroller = parts[0].closest(".jp-WindowedPanel-outer");
  if (!scroller) return;
  const [room, ...boxes] = [scroller, ...parts].map((part) => part.getBoundingClientRect());
  const box = boxes.find(({ height }) => height + 2 * MARGIN <= room.height) ?? boxes.at(-1);
  const [above, below] = [box.top - MARGIN - room.top, box.bottom + MARGIN - room.bottom];
  if (above < 0 || below > 0) scroller.scrollBy(0, above < 0 ? above : Math.min(above, below));
}
