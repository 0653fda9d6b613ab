// A chapter in front of a class: one step a screen, the keyboard alone. What a step is, the slide metadata say:
// "slide" and "subslide" begin a screen, "skip" (Deeper) is left out, every other cell is one press further on it.
import { notesWindow } from "./notes.js";
import { STYLE, HELP } from "./style.js";

const el = (tag, attributes = {}, ...children) => {
  const e = Object.assign(document.createElement(tag), attributes);
  e.append(...children);
  return e;
};
const isCode = cell => cell.model.type === "code";
const tags = cell => cell.model.getMetadata("tags") ?? [];
const quiet = cell => tags(cell).some(t => t === "lab" || t === "predict"); // its code is not what one talks about
const headingOf = cell => (cell.model.type === "markdown" ? cell.model.sharedModel.getSource().match(/^#{1,2} (.+)$/m)?.[1] : null);

// The cells that are shown, in order: [{ cell, screen, heading }]
export function plan(cells) {
  const steps = [];
  let screen = 0, heading = "", hidden = false;
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

class Deck {
  constructor(app, panel, course, leave) {
    Object.assign(this, { app, panel, course, leave, notebook: panel.content, ran: new Set(), shown: new Set(), at: 0, busy: 0 });
    this.name = panel.context.path.split("/").pop().replace(/\.ipynb$/, "");
    this.notebook.notebookConfig = { ...this.notebook.notebookConfig, windowingMode: "none", scrollPastEnd: false };
    this.bar = el("div", { className: "course-bar", role: "status" });
    this.bar.dataset.testid = "course-bar";
    document.body.append(this.bar);
    document.body.classList.add("course-presenting");
    panel.node.classList.add("course-deck");
    this.notebook.node.tabIndex = -1;
    this.grown = new ResizeObserver(() => this.layout());
    this.key = event => this.press(event);
    window.addEventListener("keydown", this.key, true);
    this.notes = notesWindow(this, course.configured.notes?.[this.name] ?? []);
    this.started = Date.now();
    const kept = JSON.parse(sessionStorage.getItem(`course:${panel.context.path}`) ?? "{}");
    kept.ran?.forEach(id => this.ran.add(id));
    this.steps = plan(this.notebook.widgets);
    this.go(Math.max(0, this.steps.findIndex(s => s.cell.model.id === kept.at)));
  }

  get step() { return this.steps[this.at]; }

  close() {
    window.removeEventListener("keydown", this.key, true);
    this.grown.disconnect();
    this.bar.remove();
    document.body.classList.remove("course-presenting");
    this.panel.node.classList.remove("course-deck");
    for (const cell of this.notebook.widgets) cell.node.classList.remove("course-on", "course-now", "course-unrun", "course-nocode");
  }

  // ---- moving
  go(at) {
    this.steps = plan(this.notebook.widgets); // cells may have come or gone
    this.at = Math.max(0, Math.min(this.steps.length - 1, at));
    const { cell } = this.step, index = this.notebook.widgets.indexOf(cell);
    this.notebook.mode = "command";
    this.notebook.deselectAll();
    this.notebook.activeCellIndex = index;
    this.grown.disconnect();
    this.grown.observe(cell.node);
    this.layout(true);
    this.focus();
    this.remember();
    if (isCode(cell) && quiet(cell) && !this.ran.has(cell.model.id)) this.run();
    this.notes.show();
  }

  next() {
    const { cell } = this.step, pane = this.scroller;
    this.said = null;
    if (isCode(cell) && !this.ran.has(cell.model.id)) return this.run(true);
    if (pane.scrollTop + pane.clientHeight < pane.scrollHeight - 8) return pane.scrollBy(0, 0.8 * pane.clientHeight);
    if (this.at < this.steps.length - 1) return this.go(this.at + 1);
    const chapters = this.course.configured.chapters, following = chapters[chapters.findIndex(c => c.endsWith(`${this.name}.ipynb`)) + 1];
    if (following) this.leave(following); else this.tell("This is the end. ← back, G goes to a section.");
  }

  back() {
    if (this.scroller.scrollTop > 8) return this.scroller.scrollTo(0, 0);
    this.go(this.at - 1);
  }

  // ---- running
  async run(onwards = false) {
    const { cell } = this.step;
    if (!isCode(cell)) return;
    const first = !this.ran.has(cell.model.id);
    this.ran.add(cell.model.id);
    this.remember();
    this.notebook.deselectAll();
    this.notebook.activeCellIndex = this.notebook.widgets.indexOf(cell);
    this.busy += 1;
    this.layout();
    try {
      await this.app.commands.execute("notebook:run-cell");
    } finally {
      this.busy -= 1;
    }
    this.layout();
    if (onwards && first && this.step.cell === cell && !cell.model.outputs.length) this.go(this.at + 1); // nothing to look at
  }

  stop() {
    this.panel.sessionContext.session?.kernel?.interrupt();
    this.tell("Stopped. A training keeps the best that it had.");
  }

  async trainAnew() {
    await this.course.ask(this.panel, "import os; os.environ['COURSE_KEPT'] = 'anew'");
    await this.run();
    await this.course.ask(this.panel, "import os; os.environ.pop('COURSE_KEPT', None)");
  }

  async restart() {
    this.tell("A fresh kernel; bringing back what was defined …", 60000);
    try {
      this.tell(await this.course.restartAndResume(this.panel), 20000);
      if (isCode(this.step.cell) && quiet(this.step.cell)) this.run(); // what listened to the old kernel
    } catch (error) {
      this.tell(`Not all came back: ${error.message}`, 20000);
    }
  }

  // ---- looking
  get scroller() { return this.notebook.node.querySelector(".jp-WindowedPanel-outer") ?? this.notebook.node; }

  layout(arrived = false) {
    const { cell, screen } = this.step, cells = this.notebook.widgets, pane = this.scroller;
    for (const other of cells) {
      other.node.classList.remove("course-on", "course-now");
      if (isCode(other)) {
        other.node.classList.toggle("course-unrun", !this.ran.has(other.model.id));
        other.node.classList.toggle("course-nocode", quiet(other) && !this.shown.has(other.model.id));
      }
    }
    cell.node.classList.add("course-on", "course-now");
    for (const size of [1, 0.86, 0.74]) { // text shrinks before it scrolls
      this.panel.node.style.setProperty("--course-size", size);
      if (pane.scrollHeight <= pane.clientHeight + 2) break;
    }
    for (let i = this.at - 1; i >= 0 && this.steps[i].screen === screen; i--) { // what came before stays while there is room
      const node = this.steps[i].cell.node;
      node.classList.add("course-on");
      if (pane.scrollHeight > pane.clientHeight + 2) { node.classList.remove("course-on"); break; }
    }
    if (arrived) pane.scrollTo(0, 0);
    const said = this.said && this.said.until > Date.now() ? this.said.text : null;
    const place = `${this.step.heading.replace(/[*_`$]/g, "")} · ${this.at + 1}/${this.steps.length}`;
    const hint = this.busy ? "running … S stop · → next" : "→ next · ← back · Enter run · R reset view · Tab into it, Esc out · N notes · ? all keys";
    this.bar.replaceChildren(el("span", { className: "course-said" }, said ?? hint), el("span", { className: "course-place" }, place));
  }

  tell(text, milliseconds = 6000) {
    this.said = { text, until: Date.now() + milliseconds };
    this.layout();
    setTimeout(() => this.layout(), milliseconds + 50);
  }

  focus() { this.notebook.node.focus({ preventScroll: true }); }

  // The first control of the views on this screen
  touch() {
    const on = this.notebook.widgets.filter(c => c.node.classList.contains("course-on")).reverse();
    for (const host of this.course.views(this.panel, on)) {
      const control = host.shadowRoot.querySelector("input:not(:disabled),select,[tabindex='0'],button:not(:disabled)");
      if (control) return control.focus();
    }
    const control = this.step.cell.node.querySelector(".jp-OutputArea :is(input,button,select,summary),.jp-MarkdownOutput summary");
    if (control) control.focus(); else this.tell("Nothing to move on this screen.");
  }

  edit() {
    if (!isCode(this.step.cell)) return this.tell("This is text; only code is edited here.");
    this.shown.add(this.step.cell.model.id);
    this.layout();
    this.notebook.mode = "edit";
    this.step.cell.editor?.focus();
  }

  toggleCode() {
    const id = this.step.cell.model.id;
    if (!this.shown.delete(id)) this.shown.add(id);
    this.layout();
  }

  // A list to choose from by arrow keys: sections of this chapter, then the other chapters
  choose() {
    const dialog = el("dialog", { className: "course-dialog", ariaLabel: "Go to" });
    const go = (text, act, here) => el("button", { autofocus: here, onclick: () => { dialog.close(); act(); } }, text);
    const heads = this.steps.map((s, i) => [s, i]).filter(([s]) => headingOf(s.cell));
    const now = heads.findLast(([, i]) => i <= this.at)?.[1];
    dialog.append(...heads.map(([s, i]) => go(s.heading, () => this.go(i), i === now)));
    dialog.append(...this.course.configured.chapters.filter(c => !c.endsWith(`${this.name}.ipynb`)).map(c => go(`→ ${c.split("/").pop()}`, () => this.leave(c))));
    this.pop(dialog);
  }

  pop(dialog) {
    dialog.onclose = () => { dialog.remove(); this.focus(); };
    dialog.onkeydown = event => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], buttons = [...dialog.querySelectorAll("button")];
      if (step) buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length)?.focus();
    };
    document.body.append(dialog);
    dialog.showModal();
  }

  // ---- keys: those of the deck, unless something on the screen is being moved or written
  press(event) {
    const path = event.composedPath(), within = path.some(e => e.dataset?.lmSuppressShortcuts || e.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName));
    if (path.some(e => e.tagName === "DIALOG")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = event.key === "Enter" && event.shiftKey ? () => { this.run(); this.focus(); } : within ? { Escape: () => this.go(this.at) }[event.key] : this.action(event);
    if (within && !act) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // a D typed here must not delete a cell
    act?.();
  }

  action({ key, shiftKey }) {
    const one = key.length === 1 ? key.toLowerCase() : key;
    if (shiftKey && one === "r") return () => this.tell(`${this.course.resetViews(this.panel)} views of this chapter are as at first.`);
    if (shiftKey && one === "k") return () => this.restart();
    if (shiftKey && one === "t") return () => this.trainAnew();
    if (shiftKey && (key === "ArrowRight" || key === "PageDown")) return () => this.go(this.at + 1);
    const on = () => this.notebook.widgets.filter(c => c.node.classList.contains("course-on"));
    return {
      ArrowRight: () => this.next(), PageDown: () => this.next(), " ": () => this.next(), ArrowLeft: () => this.back(), PageUp: () => this.back(),
      ArrowDown: () => this.scroller.scrollBy(0, 120), ArrowUp: () => this.scroller.scrollBy(0, -120),
      Home: () => this.go(0), End: () => this.go(this.steps.length - 1), Enter: () => this.run(), s: () => this.stop(),
      r: () => { this.course.resetViews(this.panel, on()); this.tell("As at first."); },
      Tab: () => this.touch(), Escape: () => this.focus(), e: () => this.edit(), c: () => this.toggleCode(), n: () => this.notes.open(),
      b: () => document.body.classList.toggle("course-black"), g: () => this.choose(), q: () => this.leave(null),
      "?": () => this.pop(el("dialog", { className: "course-dialog", innerHTML: HELP })),
    }[one];
  }

  remember() {
    const state = { at: this.step.cell.model.id, ran: [...this.ran] };
    sessionStorage.setItem(`course:${this.panel.context.path}`, JSON.stringify(state));
  }
}

export async function present(app, course) {
  document.head.append(el("style", { textContent: STYLE }));
  document.body.classList.add("course-large"); // before any view is drawn: they take their size from the page
  let deck = null;
  const begin = async () => {
    const panel = app.shell.currentWidget;
    if (deck?.panel === panel || !panel?.content?.widgets || !panel.sessionContext) return;
    await panel.context.ready;
    await panel.sessionContext.ready;
    if (app.shell.currentWidget !== panel || deck?.panel === panel) return;
    deck?.close();
    deck = new Deck(app, panel, course, leave);
    window.courseDeck = deck; // for tests
  };
  const leave = async chapter => {
    if (chapter) return app.commands.execute("docmanager:open", { path: chapter }).then(begin);
    deck?.close();
    deck = null;
  };
  app.commands.addCommand("attention-course:present", { label: "Present this notebook", execute: begin });
  await app.restored;
  for (let tries = 0; !deck && tries < 100; tries++) {
    await begin();
    if (!deck) await new Promise(done => setTimeout(done, 200));
  }
}
