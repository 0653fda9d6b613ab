// A chapter in front of a class: one thing a screen, the keyboard alone. What is on a screen, says screen.js.
import { chooser, help, pop } from "./dialogs.js";
import { notesWindow } from "./notes.js";
import { isStale } from "./fitting.js";
import {
  MARKS,
  arrange,
  el,
  enlarge,
  filesOf,
  hasOwnTitle,
  inset,
  isCode,
  isDrawn,
  isTraining,
  kept,
  larger,
  plan,
  quiet,
  shownOf,
} from "./screen.js";
import { STYLE } from "./style.js";

const PATIENT = 180; // frames, at most, for a view to come after its cell has run

class Deck {
  constructor(app, panel, { screens, map }, course, notes, leave) {
    Object.assign(this, {
      app,
      panel,
      screens,
      map,
      course,
      notes,
      leave,
      notebook: panel.content,
      at: 0,
      busy: 0,
      early: new Map(), // cells that run before their screen has come -> when they have
    });
    // ids of cells: was run, code asked for, code put away
    Object.assign(this, { ran: new Set(), shown: new Set(), folded: new Set() });
    this.name = panel.context.path
      .split("/")
      .pop()
      .replace(/\.ipynb$/, "");
    this.notebook.notebookConfig = { ...this.notebook.notebookConfig, windowingMode: "none", scrollPastEnd: false };
    this.bar = el("div", { className: "course-bar", role: "status" });
    this.bar.dataset.testid = "course-bar";
    this.head = el("h2", { className: "course-head" });
    this.foot = el("div", { className: "course-keep" });
    document.body.append(...[this.head, this.foot, this.bar].map(course.speak));
    document.body.classList.add("course-presenting");
    panel.node.classList.add("course-deck");
    this.notebook.node.tabIndex = -1;
    this.grown = new ResizeObserver(() => requestAnimationFrame(() => isStale(shownOf(this)) && this.layout()));
    this.key = (event) => this.press(event);
    this.guessed = () => this.focus(); // the keys are the remote's again
    window.addEventListener("keydown", this.key, true);
    this.panel.node.addEventListener("course-guess", this.guessed);
    notes.follow(this, course.configured.notes?.[this.name] ?? []);
    const kept = JSON.parse(sessionStorage.getItem(`course:${panel.context.path}`) ?? "{}");
    kept.ran?.forEach((id) => this.ran.add(id));
    this.started = kept.started ?? Date.now();
    this.go(kept.at ?? 0);
    if (this.ran.size && kept.kernel !== this.kernel?.id)
      this.tell("This kernel is a new one: shift K brings back what stands above.", 20000);
  }

  get step() {
    return this.steps[this.at];
  }

  get kernel() {
    return this.panel.sessionContext.session?.kernel;
  }

  close() {
    window.removeEventListener("keydown", this.key, true);
    this.panel.node.removeEventListener("course-guess", this.guessed);
    this.grown.disconnect();
    for (const part of [this.bar, this.head, this.foot]) part.remove();
    document.body.classList.remove("course-presenting", "course-tight");
    this.panel.node.classList.remove("course-deck");
    for (const cell of this.notebook.widgets) cell.node.classList.remove(...MARKS);
    for (const part of this.notebook.node.querySelectorAll(".course-excerpt")) part.remove();
    for (const part of this.notebook.node.querySelectorAll(".course-out")) part.classList.remove("course-out");
    this.notebook.scrollToCell(this.step.cell);
  }

  // ---- moving
  go(at) {
    this.steps = plan(this.notebook.widgets, this.screens); // cells may have come or gone
    this.at = Math.max(0, Math.min(this.steps.length - 1, at));
    this.isKept = this.isLater = false;
    this.running = null;
    this.size = Infinity;
    if (this.at === 0) this.started = Date.now();
    this.notebook.mode = "command";
    this.activate(this.step.cell);
    this.grown.disconnect();
    this.grown.observe(this.step.cell.node);
    this.layout(true);
    this.focus();
    this.remember();
    this.notes.show();
  }

  // All code above a screen that was not run yet
  missing(at) {
    const above = this.steps.slice(0, at + 1).flatMap(({ before, cell }, i) => (i < at ? [...before, cell] : before));
    return above.filter((cell) => isCode(cell) && !this.ran.has(cell.model.id));
  }

  // Onto a screen that was arrived at in order: what it needs runs first.
  async arrive(at) {
    this.go(at);
    const { step } = this,
      here = () => this.step === step,
      needed = this.missing(this.at).filter((cell) => !this.jumped || step.before.includes(cell));
    for (const [cell, run] of this.early) {
      if (!step.before.includes(cell)) continue;
      if (isTraining(cell)) this.watch(cell);
      this.layout();
      await run;
    }
    for (const [done, cell] of needed.entries()) {
      this.waits = `getting ready, ${done + 1} of ${needed.length}`;
      if (here()) await this.execute(cell, here);
    }
    this.waits = null;
    if (!here()) return;
    await (this.begin() ?? this.save());
    if (here()) this.prepare();
  }

  // What the next two screens need runs while one talks about this one, unless its view may need the kernel.
  prepare() {
    if (isDrawn(this.step)) return;
    for (const next of [this.at + 1, this.at + 2]) {
      const { cell } = this.steps[next - 1];
      if (next === this.steps.length || (isCode(cell) && !this.ran.has(cell.model.id))) return;
      for (const one of this.steps[next].before.filter(({ model }) => !this.ran.has(model.id)))
        this.early.set(
          one,
          this.execute(one, () => false).finally(() => this.early.delete(one)),
        );
    }
  }

  // Its code is not what one talks about.
  begin() {
    const { step } = this;
    if (quiet(step) && !this.ran.has(step.cell.model.id)) return this.run();
  }

  jump(at) {
    this.go(at);
    this.jumped = this.missing(this.at).length > 0;
    this.layout();
    if (!this.jumped) return this.begin();
    this.tell("Not all above was run: shift K runs it in a fresh kernel.", 12000);
  }

  next() {
    const { step } = this,
      { cell } = step;
    this.said = null;
    if (isCode(cell) && !this.ran.has(cell.model.id) && !this.busy) {
      const seen = () => this.step !== step || quiet(step) || cell.model.outputs.length;
      return this.run().then(() => seen() || this.next()); // a definition has nothing to look at
    }
    if (step.later && !this.isLater && !this.busy) {
      this.isLater = true;
      return this.layout();
    }
    if (this.step.keep && !this.isKept) {
      this.isKept = true;
      return this.layout();
    }
    if (this.at < this.steps.length - 1) return this.arrive(this.at + 1);
    const chapters = this.course.configured.chapters,
      following = chapters[chapters.findIndex((c) => c.endsWith(`${this.name}.ipynb`)) + 1];
    if (following) this.leave(following);
    else this.tell("This is the end. ← back, G goes to a section.");
  }

  back() {
    this.go(this.at - 1);
  }

  // ---- running
  activate(cell) {
    this.notebook.deselectAll();
    this.notebook.activeCellIndex = this.notebook.widgets.indexOf(cell);
  }

  async run() {
    const { step } = this,
      { cell } = step;
    if (!isCode(cell)) return;
    await this.execute(cell, () => this.step === step);
    if (this.step === step) this.prepare();
    return this.save();
  }

  // So that the page may be reloaded. One at a time: of two JupyterLab asks which is meant.
  save() {
    this.saved = (this.saved ?? Promise.resolve()).then(() => this.busy || this.panel.context.save()).catch(() => {});
  }

  // Runs a cell. A training is seen while it runs, on the screen that waits for it.
  async execute(cell, isStill) {
    this.ran.add(cell.model.id);
    this.busy += 1;
    const waits = cell !== this.step.cell && isTraining(cell);
    const show = () => {
      if (waits && this.running !== cell && (isStill() || this.step.before.includes(cell))) this.watch(cell);
      if (this.running === cell) this.grown.observe(cell.node);
      this.layout();
    };
    const end = hold(cell, this.step.kind === "file", show);
    try {
      await this.restarting;
      this.said = null;
      this.remember();
      this.activate(cell);
      this.layout();
      const run = this.app.commands.execute("notebook:run-cell");
      this.activate(this.step.cell);
      await run;
    } finally {
      end();
      this.busy -= 1;
      if (this.running === cell) this.watch(null);
    }
    const failed = cell !== this.step.cell && cell.model.outputs.toJSON().find((o) => o.output_type === "error");
    if (failed) this.tell(`What this screen needs raised ${failed.ename}: Q leads to its cell.`, 20000);
    this.layout();
  }

  // What is seen while a screen waits for it
  watch(cell) {
    this.running = cell;
    this.size = Infinity;
  }

  stop() {
    if (this.kernel?.status !== "busy") return this.tell("Nothing is running.");
    this.kernel.interrupt();
    this.tell("Stopped. A training keeps the best that it had.");
  }

  async trainAnew() {
    await this.course.ask(this.panel, "import os; os.environ['COURSE_KEPT'] = 'anew'");
    await this.run();
    await this.course.ask(this.panel, "import os; os.environ.pop('COURSE_KEPT', None)");
  }

  // What is run meanwhile, waits.
  restart() {
    this.restarting ??= this.bringBack().finally(() => (this.restarting = null));
    return this.restarting;
  }

  async bringBack() {
    this.tell("A fresh kernel; bringing back what was defined …", 120_000);
    try {
      this.tell(await this.course.restartAndResume(this.panel), 20000);
      for (const { before } of this.steps.slice(0, this.at + 1)) before.forEach(({ model }) => this.ran.add(model.id));
      this.jumped = false;
      if (quiet(this.step)) this.run(); // what listened to the old kernel
    } catch (error) {
      this.tell(`Not all came back: ${error.message}`, 20000);
    }
  }

  // ---- looking
  get scroller() {
    return this.notebook.node.querySelector(".jp-WindowedPanel-outer") ?? this.notebook.node;
  }

  layout(arrived = false) {
    const { step } = this,
      zoom = larger();
    document.body.style.setProperty("--course-zoom", zoom);
    Object.assign(document.body.dataset, { screenKind: step.kind, screen: Math.round(innerHeight / zoom - 100) });
    const files = filesOf(step).map((file) => el("code", { textContent: file }));
    this.head.replaceChildren(el("span", {}, step.heading, ...files));
    if (step.kind === "title" && this.map) this.head.append(mapOf(this.map));
    this.head.classList.toggle("course-quiet", hasOwnTitle(step));
    this.foot.innerHTML = step.keep ? kept(step.keep) : "";
    this.foot.classList.toggle("course-later", !this.isKept);
    inset(this);
    arrange(this);
    if (arrived) this.scroller.scrollTo(0, 0);
    enlarge(this);
    const said = this.said && this.said.until > Date.now() ? this.said.text : null;
    const folded = step.cell.node.classList.contains("course-nocode") && !quiet(step);
    const hint = this.busy
      ? `${this.waits ?? "running …"} · S stop · → next`
      : folded
        ? "→ next · ← back · Enter run · C code · N notes · ? all keys"
        : "→ next · ← back · Enter run · R reset view · Tab into it, Esc out · N notes · ? all keys";
    this.bar.classList.toggle("course-busy", this.busy > 0);
    this.bar.replaceChildren(
      el("span", { className: "course-said" }, said ?? hint),
      el("span", { className: "course-place" }, `${this.at + 1}/${this.steps.length}`),
    );
  }

  tell(text, milliseconds = 6000) {
    this.said = { text, until: Date.now() + milliseconds };
    this.layout();
    setTimeout(() => this.layout(), milliseconds + 50);
  }

  focus() {
    this.notebook.node.focus({ preventScroll: true });
  }

  // The first control of the views on this screen
  touch() {
    const on = this.notebook.widgets.filter((c) => c.node.classList.contains("course-on")).reverse();
    for (const host of this.course.views(this.panel, on)) {
      const control = host.shadowRoot.querySelector("input:not(:disabled),select,[tabindex='0'],button:not(:disabled)");
      if (control) return control.focus();
    }
    const control = this.step.cell.node.querySelector(
      ".jp-OutputArea :is(input,button,select,summary),.jp-MarkdownOutput summary",
    );
    if (control) control.focus();
    else this.tell("Nothing to move on this screen.");
  }

  edit() {
    if (!isCode(this.step.cell)) return this.tell("This is text; only code is edited here.");
    this.show(this.step.cell);
    this.layout();
    this.notebook.mode = "edit";
    this.step.cell.editor?.focus();
  }

  toggleCode() {
    const { cell } = this.step,
      { id } = cell.model;
    if (!isCode(cell)) return this.tell("This is text.");
    if (cell.node.classList.contains("course-nocode")) this.show(cell);
    else (this.shown.delete(id), this.folded.add(id));
    this.layout();
  }

  show(cell) {
    this.shown.add(cell.model.id);
    cell.syncCollapse = false; // to be seen here, not to be changed in the file
    cell.inputHidden = false;
  }

  // ---- keys: those of the deck, unless something on the screen is being moved or written
  press(event) {
    const path = event.composedPath(),
      within = path.some(
        (e) => e.dataset?.lmSuppressShortcuts || e.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName),
      );
    if (path.some((e) => e.tagName === "DIALOG")) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const act =
      event.key === "Enter" && event.shiftKey
        ? () => {
            this.run();
            this.focus();
          }
        : within
          ? { Escape: () => this.focus() }[event.key]
          : this.action(event);
    if (within && !act) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // a D typed here must not delete a cell
    act?.();
  }

  // Those of a guess: its letters choose, and its source, which holds the answer, is not shown.
  answers() {
    const roots = [...this.step.cell.node.querySelectorAll(".course-view")].map((host) => host.shadowRoot);
    return roots.flatMap((root) => [...(root?.querySelectorAll("[data-control=pick]") ?? [])]);
  }

  action({ key, shiftKey }) {
    const one = key.length === 1 ? key.toLowerCase() : key;
    if (shiftKey && one === "r")
      return () => this.tell(`${this.course.resetViews(this.panel)} views of this chapter are as at first.`);
    if (shiftKey && one === "k") return () => this.restart();
    if (shiftKey && one === "t") return () => this.trainAnew();
    if (shiftKey && (key === "ArrowRight" || key === "PageDown")) return () => this.jump(this.at + 1);
    const on = () => this.notebook.widgets.filter((c) => c.node.classList.contains("course-on"));
    const answers = this.answers();
    if (answers.length && /^[a-d]$/.test(one)) return () => answers[one.charCodeAt(0) - 97]?.click();
    return {
      ArrowRight: () => this.next(),
      PageDown: () => this.next(),
      " ": () => this.next(),
      ArrowLeft: () => this.back(),
      PageUp: () => this.back(),
      ArrowDown: () => this.scroller.scrollBy(0, 120),
      ArrowUp: () => this.scroller.scrollBy(0, -120),
      Home: () => this.go(0),
      End: () => this.go(this.steps.length - 1),
      Enter: () => this.run(),
      s: () => this.stop(),
      r: () => {
        this.course.resetViews(this.panel, on());
        this.tell("As at first.");
      },
      Tab: () => this.touch(),
      Escape: () => this.focus(),
      e: () => this.edit(),
      c: () => this.toggleCode(),
      n: () => this.notes.open(),
      b: () => document.body.classList.toggle("course-black"),
      g: () => pop(this.course.speak(chooser(this)), () => this.focus()),
      q: () => this.leave(null),
      "?": () => pop(this.course.speak(help()), () => this.focus()),
    }[one];
  }

  remember() {
    const state = { at: this.at, ran: [...this.ran], started: this.started, kernel: this.kernel?.id };
    sessionStorage.setItem(`course:${this.panel.context.path}`, JSON.stringify(state));
  }
}

// What a cell has shown stays until something new has come in its place: JupyterLab empties it when it begins to run, a
// view with a kernel takes a second to come, and files come one by one -> call it at the end of the run.
function hold(cell, isFile, show) {
  const area = cell.node.querySelector(".jp-OutputArea");
  const viewsIn = () => [...(area?.querySelectorAll(".course-view") ?? [])];
  const views = viewsIn();
  let isOver = false,
    left = PATIENT;
  if (views.length || (isFile && area?.scrollHeight > 8)) {
    const held = el("div", { className: "course-held" }, ...(views.length ? views : [area.cloneNode(true)]));
    area.before(held);
    const look = () => {
      if (isOver) left -= 1;
      const came = left < 0 || (views.length ? viewsIn().some((host) => host.view) : isOver && area.scrollHeight > 8);
      if (!came) return requestAnimationFrame(look);
      held.remove();
      show();
    };
    requestAnimationFrame(look);
  }
  const { model } = cell.outputArea;
  const came = () => model.length && show();
  model.changed.connect(came);
  return () => {
    isOver = true;
    model.changed.disconnect(came);
  };
}

// What the chapter makes of one sentence, in the ink of the text
function mapOf(address) {
  const made = el("i", { className: "course-map", ariaHidden: "true" });
  made.style.maskImage = `url(${address})`;
  return made;
}

// The screens of the notebook at a path, as it is saved, and its map.
async function screensOf(app, path) {
  const { baseUrl, token } = app.serviceManager.serverSettings,
    headers = token ? { Authorization: `token ${token}` } : {},
    answer = await fetch(`${baseUrl}attention-course/screens/${path.split("/").map(encodeURIComponent).join("/")}`, {
      headers,
    });
  return answer.ok ? answer.json() : { screens: [] };
}

export async function present(app, course) {
  document.head.append(el("style", { textContent: STYLE }));
  const notes = notesWindow();
  let deck = null,
    left = false;
  const begin = async () => {
    const panel = app.shell.currentWidget;
    if (deck?.panel === panel || !panel?.content?.widgets || !panel.sessionContext) return;
    await panel.context.ready;
    await panel.sessionContext.ready;
    const found = await screensOf(app, panel.context.path);
    if (app.shell.currentWidget !== panel || deck?.panel === panel || !found.screens.length) return;
    deck?.close();
    deck = new Deck(app, panel, found, course, notes, leave);
    window.courseDeck = deck; // for tests
  };
  const leave = async (chapter) => {
    if (chapter) return app.commands.execute("docmanager:open", { path: chapter }).then(begin);
    deck?.close();
    deck = null;
    left = true;
  };
  app.commands.addCommand("attention-course:present", {
    label: () => course.said("Present this notebook"),
    execute: begin,
  });
  app.commands.addKeyBinding({ command: "attention-course:present", keys: ["Alt P"], selector: "body" });
  await app.restored;
  while (!deck && !left) {
    await begin();
    if (!deck) await new Promise((done) => setTimeout(done, 200));
  }
}
