// A chapter in front of a class: one thing a screen, the keyboard alone. What is on a screen, says screen.js.
import { Bar } from "./bar.js";
import { isStale } from "./fitting.js";
import { followed } from "./following.js";
import { leaveAfterMouse, showAnswer } from "./keys.js";
import { notesWindow } from "./notes.js";
import { lightColours, putPages } from "./paper.js";
import { press } from "./presses.js";
import { Runner } from "./runner.js";
import { MARKS, arrange, el, enlarge, entitle, inset, isCode, larger, plan, runsAtPress, shownOf } from "./screen.js";
import { STYLE } from "./style.js";
import { t } from "./text.js";

class Deck {
  picks = {}; // ids of cells -> how their guess was answered
  told = new WeakSet(); // views that have heard how
  // ids of cells whose code was asked for, was put away; whose lines are folded, or scroll
  open = new Set();
  shown = new Set();
  folded = new Set();
  scrolled = new Set();

  constructor(app, panel, { screens, map }, course, notes, leave) {
    this.app = app;
    this.panel = panel;
    this.notebook = panel.content;
    this.screens = screens;
    this.map = map;
    this.course = course;
    this.notes = notes;
    this.leave = leave;
    this.bar = new Bar(this);
    this.runner = new Runner(this);
    this.queue = this.runner.queue;
    this.ran = this.queue.ran;
    this.name = nameOf(panel.context.path);
    this.notebook.notebookConfig = { ...this.notebook.notebookConfig, windowingMode: "none", scrollPastEnd: false };
    this.head = el("h2", { className: "course-head" });
    this.foot = el("div", { className: "course-keep" });
    document.body.append(this.head, this.foot, this.bar.node, this.bar.coming);
    document.body.classList.add("course-presenting");
    panel.node.classList.add("course-deck");
    panel.node.dispatchEvent(new Event("course-guess")); // curtains open, for a class: guesses.js
    this.notebook.node.tabIndex = -1;
    this.grown = new ResizeObserver(() => requestAnimationFrame(() => isStale(shownOf(this)) && this.layout()));
    this.died = (_, status) => /autorestarting|dead/.test(status) && this.runner.restart(true);
    this.linked = (_, status) => {
      if (status === "connected") this.runner.lose({ status: "aborted" }); // the cut may have swallowed its answer
      if (status === "disconnected") setTimeout(() => this.kernel?.reconnect().catch(() => {}), 5000);
    };
    panel.sessionContext.statusChanged.connect(this.died);
    panel.sessionContext.connectionStatusChanged.connect(this.linked);
    this.dialogs = new MutationObserver(() => setTimeout(() => this.bar.answerDialog(), 50)); // once it has its words
    this.dialogs.observe(document.body, { childList: true });
    this.life = new AbortController();
    const hear = (on, name, act, capture) => on.addEventListener(name, act, { capture, signal: this.life.signal });
    for (const capture of [true, false]) hear(window, "keydown", (event) => press(this, event), capture);
    leaveAfterMouse(() => this.focus(), this.life.signal);
    hear(window, "resize", () => this.layout());
    hear(window, "pagehide", () => this.remember());
    hear(window, "beforeprint", () => (this.takePages = putPages(this)));
    hear(window, "afterprint", () => this.takePages?.());
    hear(panel.node, "course-guess", ({ target }) => {
      this.picks[this.step.cell.model.id] = target.view?.state.pick;
      this.focus(); // the keys are the remote's again
      this.remember();
    });
    notes.follow(this, course.configured.notes?.[this.name] ?? []);
    const kept = JSON.parse(sessionStorage.getItem(`course:${panel.context.path}`) ?? "{}");
    if (kept.kernel === this.kernel?.id) {
      kept.ran?.forEach((id) => this.ran.add(id)); // a new one has all to do
      this.runner.isChanged = kept.isChanged;
      this.picks = kept.picks ?? {};
    }
    this.started = kept.started ?? Date.now();
    const find = (id) => this.notebook.widgets.find(({ model }) => model.id === id);
    for (const { cell, committed } of screens)
      // of a run that was never finished the course's is seen until it is
      if (committed.length && kept.running !== cell && !this.ran.has(cell))
        find(cell)?.model.outputs.fromJSON(committed);
    const { at = 0 } = kept;
    Object.assign(this, { at, steps: plan(this.notebook.widgets, screens) });
    if (kept.kernel === this.kernel?.id ? kept.running : this.kernel?.status === "busy")
      this.runner.outlast(find(kept.running), kept.so);
    const asked = find(kept.kernel === this.kernel?.id ? kept.asked : "");
    this.go(at, asked && (() => this.runner.ask(asked, kept.isAnew ? this.runner.anew : undefined)));
  }

  get step() {
    return this.steps[this.at];
  }

  get busy() {
    return this.runner.busy; // for screen.js
  }

  get working() {
    return this.runner.working; // for tests
  }

  get kernel() {
    return this.panel.sessionContext.session?.kernel;
  }

  close() {
    this.life.abort();
    this.panel.sessionContext.statusChanged.disconnect(this.died);
    this.panel.sessionContext.connectionStatusChanged.disconnect(this.linked);
    this.grown.disconnect();
    this.dialogs.disconnect();
    for (const part of [this.head, this.foot, this.bar.node, this.bar.coming]) part.remove();
    document.body.classList.remove("course-presenting", "course-tight", "course-back");
    this.panel.node.classList.remove("course-deck");
    this.panel.node.dispatchEvent(new Event("course-guess"));
    for (const cell of this.notebook.widgets) cell.node.classList.remove(...MARKS);
    for (const part of this.notebook.node.querySelectorAll(".course-excerpt")) part.remove();
    for (const part of this.notebook.node.querySelectorAll(".course-out")) part.classList.remove("course-out");
    this.notebook.scrollToCell(this.queue.lack(this.needs)?.cell ?? this.step.cell);
  }

  // ---- moving
  // asks: for what somebody waited before a reload
  go(at, asks) {
    this.steps = plan(this.notebook.widgets, this.screens); // cells may have come or gone
    this.at = Math.max(0, Math.min(this.steps.length - 1, at));
    this.isKept = false;
    this.isLater = false;
    this.isBack = false;
    this.bar.said = null;
    this.runner.asked = null;
    asks?.();
    this.size = Infinity;
    if (this.at === 0) this.started = Date.now();
    document.body.classList.remove("course-black", "course-back");
    this.notebook.mode = "command";
    this.activate(this.step.cell);
    this.grown.disconnect();
    this.grown.observe(this.step.cell.node);
    this.layout(true);
    this.focus();
    this.remember();
    this.notes.show();
    this.queue.retry(this.needs);
    this.runner.work();
  }

  // The screen that → or ← leads to: past sections that a class leaves out, unless all are asked for.
  beside(by, isAll = false) {
    const { steps, step } = this;
    let at = this.at + by;
    while (!isAll && steps[at]?.notInClass && steps[at].heading !== step.heading) at += by;
    return at;
  }

  next(isAll = false) {
    const { step } = this;
    const { id } = step.cell.model;
    this.bar.said = null;
    if (step.kind === "guess" && showAnswer(step.cell.node)) return;
    if (runsAtPress(step) && !this.ran.has(id) && !this.open.has(id)) {
      this.runner.ask(step.cell);
      this.layout();
      const seen = () => this.step !== step || step.cell.model.outputs.length || !this.open.has(id);
      return this.runner.work().then(() => seen() || this.next(isAll));
    }
    if (step.later && !this.isLater) return this.uncover({ isLater: true });
    if (step.keep && !this.isKept) return this.uncover({ isKept: true, isBack: true });
    if (this.hides) return this.uncover({ isBack: true });
    const at = this.beside(1, isAll);
    if (at < this.steps.length) return this.go(at);
    const chapters = this.course.configured.chapters;
    const following = chapters[chapters.findIndex((c) => c.endsWith(`${this.name}.ipynb`)) + 1];
    if (following) this.leave(following);
    else this.bar.tell(t("This is the end. ← back, G goes to a section."));
  }

  // Code in the place of what is shown
  get hides() {
    return !this.isBack && this.step.cell.node.querySelector(":scope > .course-instead:not(.below, .course-later)");
  }

  // What has its room comes at a press, and nothing is fitted again.
  uncover(what) {
    Object.assign(this, what);
    if (this.isLater) this.notebook.node.querySelector(".course-excerpt")?.classList.remove("course-later");
    this.foot.classList.toggle("course-later", !this.isKept);
    document.body.classList.toggle("course-back", this.isBack);
    this.bar.show();
  }

  activate(cell) {
    this.notebook.deselectAll();
    this.notebook.activeCellIndex = this.notebook.widgets.indexOf(cell);
  }

  // What this screen needs, its own cell the last
  get needs() {
    return this.steps.slice(0, this.at + 1).flatMap(({ before, cell }) => [...before, cell]);
  }

  get above() {
    return this.needs.slice(0, -1).filter(isCode);
  }

  titleOf(path) {
    return this.course.configured.notes[nameOf(path)]?.[0].heading ?? nameOf(path);
  }

  // ---- looking
  get scroller() {
    return this.notebook.node.querySelector(".jp-WindowedPanel-outer") ?? this.notebook.node;
  }

  layout(arrived = false) {
    if (this.life.signal.aborted) return;
    const { step } = this;
    const zoom = larger();
    document.body.style.setProperty("--course-zoom", String(zoom));
    Object.assign(document.body.dataset, { screenKind: step.kind, screen: Math.round(innerHeight / zoom - 100) });
    entitle(this);
    inset(this);
    arrange(this);
    this.answerAgain();
    if (arrived) this.scroller.scrollTo(0, 0);
    enlarge(this);
    this.bar.show();
  }

  // After a reload a guess is as the class had answered it.
  answerAgain() {
    const { cell } = this.step;
    const pick = this.picks[cell.model.id];
    const views = this.course.views(this.panel, [cell]).map(({ view }) => view);
    for (const view of views.filter((one) => !this.told.has(one))) {
      this.told.add(view);
      if (pick >= 0) view.set({ pick });
    }
  }

  focus() {
    this.notebook.node.focus({ preventScroll: true });
  }

  // The first control on this screen
  get control() {
    const { cell } = this.step;
    const roots = this.course.views(this.panel, [cell]).map((host) => host.shadowRoot);
    const inside = "input:not(:disabled),select,[tabindex='0'],button:not(:disabled),summary";
    const outside = [".jp-OutputArea", ".jp-MarkdownOutput"].map((part) => cell.node.querySelector(part));
    const first = (within) => [...roots, ...outside].map((root) => root?.querySelector(within)).find(Boolean);
    return first("[data-main]:not(:disabled)") ?? first(inside);
  }

  edit() {
    if (!isCode(this.step.cell)) return this.bar.tell(t("This is text; only code is edited here."));
    this.show(this.step.cell);
    this.runner.change();
    this.layout();
    this.notebook.mode = "edit";
    this.step.cell.editor?.focus();
  }

  toggleCode() {
    const { cell } = this.step;
    const { id } = cell.model;
    if (!isCode(cell)) return this.bar.tell(t("This is text."));
    if (cell.node.classList.contains("course-nocode")) this.show(cell);
    else {
      this.shown.delete(id);
      this.folded.add(id);
    }
    this.layout();
  }

  show(cell) {
    this.shown.add(cell.model.id);
    cell.syncCollapse = false; // to be seen here, not to be changed in the file
    cell.inputHidden = false;
  }

  remember() {
    const cell = this.busy ?? this.queue.running;
    const now = { kernel: this.kernel?.id, running: cell?.model.id, so: followed.get(cell) };
    const { at, picks, started, runner } = this;
    const asked = { asked: runner.asked?.cell.model.id, isAnew: !!runner.asked?.keep };
    const state = { at, picks, isChanged: runner.isChanged, started, ran: this.queue.done, ...now, ...asked };
    sessionStorage.setItem(`course:${this.panel.context.path}`, JSON.stringify(state));
  }
}

const nameOf = (path) => /([^/]*?)(\.ipynb)?$/.exec(path)[1];

// The screens of the notebook at a path, as it is saved, and its map.
async function screensOf(app, path) {
  const { baseUrl, token } = app.serviceManager.serverSettings;
  const headers = token ? { Authorization: `token ${token}` } : {};
  const answer = await fetch(`${baseUrl}attention-course/screens/${encodeURI(path)}`, { headers });
  return answer.ok ? answer.json() : { screens: [] };
}

export async function present(app, course) {
  document.head.append(el("style", { textContent: STYLE }));
  lightColours(app).then((colours) => document.head.append(el("style", { textContent: colours })));
  const notes = notesWindow();
  const curtain = document.getElementById("course-curtain") ?? el("div", {}, ""); // presenting/start.py
  let deck = null;
  let left = false;
  const begin = async (panel = app.shell.currentWidget) => {
    if (deck?.panel === panel || !panel?.content?.widgets || !panel.sessionContext) return;
    await panel.context.ready;
    await panel.sessionContext.ready;
    const found = await screensOf(app, panel.context.path);
    if (!panel.isVisible || deck?.panel === panel || !found.screens.length) return;
    deck?.close();
    deck = new Deck(app, panel, found, course, notes, leave);
    window.courseDeck = deck; // for tests
    curtain.hidden = true;
  };
  const leave = async (chapter) => {
    if (chapter) {
      curtain.firstChild.data = deck?.titleOf(chapter) ?? "";
      delete curtain.dataset.late;
      curtain.hidden = false;
      const shown = () => (curtain.hidden = true); // also where it has no screens
      const opened = app.commands.execute("docmanager:open", { path: chapter });
      return opened.then((panel) => begin(panel)).finally(shown); // current it is once it has the focus
    }
    deck?.close();
    deck = null;
    left = true;
  };
  app.commands.addCommand("attention-course:present", {
    label: () => t("Present this notebook"),
    execute: () => begin(),
  });
  app.commands.addKeyBinding({ command: "attention-course:present", keys: ["Alt P"], selector: "body" });
  await app.restored;
  for (let tries = 0; !deck && !left; tries++) {
    await begin();
    if (!deck) await new Promise((done) => setTimeout(done, 200));
    if (tries > 50) curtain.hidden = true; // no chapter came: what JupyterLab says of it is to be seen
  }
}
