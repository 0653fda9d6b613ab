// A chapter in front of a class: one thing a screen, the keyboard alone. What is on a screen, says screen.js.
import { chooser, help, pop } from "./dialogs.js";
import { notesWindow } from "./notes.js";
import { isStale } from "./fitting.js";
import { follow, followed } from "./following.js";
import { answers, isTaken, leaveAfterMouse, moves, showAnswer, walk } from "./keys.js";
import { Queue, STOPPED } from "./queue.js";
import {
  MARKS,
  arrange,
  el,
  enlarge,
  filesOf,
  hasOwnTitle,
  inset,
  isCode,
  isEmpty,
  isLive,
  isTraining,
  kept,
  larger,
  plan,
  quiet,
  runsAtPress,
  runsThere,
  shownOf,
} from "./screen.js";
import { restorePicture } from "./staying.js";
import { STYLE } from "./style.js";
import { t, tn } from "./text.js";

const PATIENT = 180; // frames, at most, for a view to come after its cell has run
const FIRST = /^(Page(Up|Down)|Escape)$/; // keys that are the deck's wherever the focus is
const SAME = { PageDown: "ArrowRight", " ": "ArrowRight", PageUp: "ArrowLeft", ".": "b" };
const FITS = /\bfit\(/; // a training that keeps its best
const SILENT = 5000; // ms in which a server should have heard a stop

const behind = new WeakMap(); // of cells that were run beside the notebook, the futures

class Deck {
  busy = null;
  working = null;
  stopping = null; // what is said of a stop
  fails = ({ message }) => this.tell(t("Not all came back: {message}", { message }), 20000);
  lost = new Map(); // futures whose answer was swallowed -> what stands for it
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
    this.queue = new Queue(
      () => this.due(),
      (cell) => this.runs(cell),
    );
    this.ran = this.queue.ran; // ids of cells that the kernel was sent
    this.name = nameOf(panel.context.path);
    this.notebook.notebookConfig = { ...this.notebook.notebookConfig, windowingMode: "none", scrollPastEnd: false };
    this.bar = el("div", { className: "course-bar", role: "status" });
    this.bar.dataset.testid = "course-bar";
    this.head = el("h2", { className: "course-head" });
    this.foot = el("div", { className: "course-keep" });
    this.coming = el("p", { className: "course-coming" }); // where there is nothing to see yet
    document.body.append(this.head, this.foot, this.bar, this.coming);
    document.body.classList.add("course-presenting");
    panel.node.classList.add("course-deck");
    panel.node.dispatchEvent(new Event("course-guess")); // curtains open, for a class: guesses.js
    this.notebook.node.tabIndex = -1;
    this.grown = new ResizeObserver(() => requestAnimationFrame(() => isStale(shownOf(this)) && this.layout()));
    this.died = (_, status) => status === "autorestarting" && this.restart();
    this.linked = (_, status) => {
      if (status === "connected") this.lose({ status: "aborted" }); // the cut may have swallowed its answer
      if (status === "disconnected") setTimeout(() => this.kernel?.reconnect().catch(() => {}), 5000);
    };
    panel.sessionContext.statusChanged.connect(this.died);
    panel.sessionContext.connectionStatusChanged.connect(this.linked);
    this.dialogs = new MutationObserver(() => setTimeout(() => this.answerDialog(), 50)); // once it has its words
    this.dialogs.observe(document.body, { childList: true });
    this.life = new AbortController();
    const hear = (on, name, act, capture) => on.addEventListener(name, act, { capture, signal: this.life.signal });
    for (const capture of [true, false]) hear(window, "keydown", (event) => this.press(event), capture);
    leaveAfterMouse(() => this.focus(), this.life.signal);
    hear(window, "resize", () => this.layout());
    hear(window, "pagehide", () => this.remember());
    hear(panel.node, "course-guess", ({ target }) => {
      this.picks[this.step.cell.model.id] = target.view?.state.pick;
      this.focus(); // the keys are the remote's again
      this.remember();
    });
    notes.follow(this, course.configured.notes?.[this.name] ?? []);
    const kept = JSON.parse(sessionStorage.getItem(`course:${panel.context.path}`) ?? "{}");
    if (kept.kernel === this.kernel?.id) {
      kept.ran?.forEach((id) => this.ran.add(id)); // a new one has all to do
      Object.assign(this, { isChanged: kept.isChanged, picks: kept.picks ?? {} });
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
      this.outlast(find(kept.running), kept.so);
    this.go(at);
  }

  get step() {
    return this.steps[this.at];
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
    for (const part of [this.bar, this.head, this.foot, this.coming]) part.remove();
    document.body.classList.remove("course-presenting", "course-tight", "course-back");
    this.panel.node.classList.remove("course-deck");
    this.panel.node.dispatchEvent(new Event("course-guess"));
    for (const cell of this.notebook.widgets) cell.node.classList.remove(...MARKS);
    for (const part of this.notebook.node.querySelectorAll(".course-excerpt")) part.remove();
    for (const part of this.notebook.node.querySelectorAll(".course-out")) part.classList.remove("course-out");
    this.notebook.scrollToCell(this.queue.lack(this.needs)?.cell ?? this.step.cell);
  }

  // ---- moving
  go(at) {
    this.steps = plan(this.notebook.widgets, this.screens); // cells may have come or gone
    this.at = Math.max(0, Math.min(this.steps.length - 1, at));
    this.isKept = false;
    this.isLater = false;
    this.isBack = false;
    this.said = null;
    this.asked = null;
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
    this.work();
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
    this.said = null;
    if (step.kind === "guess" && showAnswer(step.cell.node)) return;
    if (runsAtPress(step) && !this.ran.has(id) && !this.open.has(id)) {
      this.ask(step.cell);
      this.layout();
      const seen = () => this.step !== step || step.cell.model.outputs.length || !this.open.has(id);
      return this.work().then(() => seen() || this.next(isAll));
    }
    if (step.later && !this.isLater) return this.uncover({ isLater: true });
    if (step.keep && !this.isKept) return this.uncover({ isKept: true, isBack: true });
    if (this.hides) return this.uncover({ isBack: true });
    const at = this.beside(1, isAll);
    if (at < this.steps.length) return this.go(at);
    const chapters = this.course.configured.chapters;
    const following = chapters[chapters.findIndex((c) => c.endsWith(`${this.name}.ipynb`)) + 1];
    if (following) this.leave(following);
    else this.tell(t("This is the end. ← back, G goes to a section."));
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
    this.layoutBar();
  }

  // ---- running
  activate(cell) {
    this.notebook.deselectAll();
    this.notebook.activeCellIndex = this.notebook.widgets.indexOf(cell);
  }

  // Runs what the kernel has yet to run, in the order of the notebook, while one talks.
  work() {
    this.working ??= this.queue
      .work()
      .catch(this.fails)
      .finally(() => {
        this.working = null;
        this.behind = null;
        this.remember();
        this.layout();
      });
    return this.working;
  }

  // What the kernel still runs as this deck comes, since somebody had left, or of an earlier page: all else waits for
  // its end. Of a page opened anew its cell then runs again, unless it was stopped: what it gave is lost.
  outlast(cell, so) {
    const future = behind.get(cell) ?? cell?.outputArea?.future;
    const earlier = { cell, isStopped: false, raised: null, isUnseen: !future || behind.has(cell) };
    this.earlier = earlier;
    this.busy = cell ?? null;
    if (cell) this.open.add(cell.model.id);
    const ends = cell ? this.follow(cell, followed.get(cell) ?? so) : () => {};
    const isOver = new Promise((end) => (earlier.end = end));
    this.idle().then(earlier.end);
    earlier.ended = isOver.then(async () => {
      const { content } = (await this.answer(future).catch(() => null)) ?? {};
      ends();
      this.busy = null;
      this.earlier = null;
      if (!cell || !(content || earlier.isStopped)) return;
      earlier.raised = earlier.isStopped ? STOPPED : errorOf(cell) || (content.ename ?? "");
      this.ran.add(cell.model.id);
      if (earlier.raised) this.queue.failed.set(cell.model.id, earlier.raised);
      this.layout();
    });
  }

  // Runs a cell -> as a queue is told
  async runs(cell) {
    const { earlier } = this;
    await earlier?.ended;
    await this.restarting;
    if (earlier?.cell === cell && earlier.raised !== null) return earlier.raised;
    this.remember();
    try {
      if (this.asked?.cell === cell) await this.asked.keep?.("anew");
      return await (this.isSeen(cell) ? this.execute(cell) : this.runBehind(cell));
    } catch (error) {
      if (this.restarting) return null;
      throw error;
    } finally {
      if (this.asked?.cell === cell) {
        await this.asked.keep?.("");
        this.asked = null;
      }
      await this.restarting;
    }
  }

  // The next cell to run: all above this screen, and on to the next that a class sees run. Python is a live view's own.
  due() {
    for (const [i, step] of this.life.signal.aborted ? [] : this.steps.entries()) {
      const cell = [...step.before, step.cell].find((c) => isCode(c) && !this.ran.has(c.model.id));
      if (!cell) continue;
      const itself = cell === step.cell;
      const stays = i > this.at && (isLive(this.step) || (itself && runsThere(step)));
      const waits = i === this.at && itself && runsAtPress(step) && !this.open.has(cell.model.id);
      return stays || waits ? null : cell;
    }
  }

  // Whether its output has to come anew. A picture is shown as saved, unless that was an error; what a class sees run,
  // until its turn comes.
  isSeen(cell) {
    if (this.steps.some((step) => step.cell === cell && isEmpty(step)) || errorOf(cell)) return true;
    return cell === this.step.cell && (this.asked || this.isChanged || runsThere(this.step));
  }

  // What this screen needs, its own cell the last
  get needs() {
    return this.steps.slice(0, this.at + 1).flatMap(({ before, cell }) => [...before, cell]);
  }

  get above() {
    return this.needs.slice(0, -1).filter(isCode);
  }

  // Runs a cell beside the notebook, which keeps what it shows.
  async runBehind(cell) {
    this.behind = cell;
    this.stopped = null;
    const end = this.follow(cell);
    this.sent = this.kernel.requestExecute({ code: cell.model.sharedModel.getSource(), store_history: false });
    behind.set(cell, this.sent);
    const { content } = await this.answer(this.sent).finally(end);
    if (this.stopped === cell && cell.model.outputs.length) tellStop(cell, outputsOf(cell), []);
    return content.status === "ok" ? "" : content.status === "error" ? content.ename : null;
  }

  // The kernel's answer, or what stands for one that a stop or a cut has swallowed
  async answer(future) {
    try {
      return await future?.done;
    } catch (error) {
      if (!this.lost.has(future)) throw error;
      return { content: this.lost.get(future) };
    }
  }

  // Once the kernel answers to something new, no other answer comes to what it ran before: this stands for it.
  async lose(content) {
    const { future } = this;
    const { running } = this.queue;
    if (!running) return;
    await this.idle();
    this.earlier?.end();
    if (this.queue.running !== running || this.future !== future) return;
    this.lost.set(future, content);
    future?.dispose();
  }

  // Comes when the kernel has done what it was asked, or has gone
  async idle() {
    try {
      await this.kernel?.requestExecute({ code: "", silent: true }).done;
    } catch {} // it has gone
  }

  // What the kernel was last asked to run
  get future() {
    return this.busy ? this.busy.outputArea.future : this.sent;
  }

  // Says in the bar how far a cell is; so: what is known of it already -> call it at the end of the run
  follow(cell, so) {
    const isIts = (id) => !!this.earlier || id === this.future?.msg.header.msg_id;
    const tell = (far) => {
      this.far = far;
      this.layoutBar();
    };
    return follow(cell, { kernel: this.kernel, heading: this.headingOf(cell), isIts, tell, so });
  }

  // Of its screen, else of the section in which it stands
  headingOf(cell) {
    const { widgets } = this.notebook;
    const heads = (one) => [...one.node.querySelectorAll(".jp-RenderedMarkdown :is(h1, h2)")];
    const above = widgets.slice(0, widgets.indexOf(cell)).flatMap(heads).at(-1)?.cloneNode(true);
    above?.querySelectorAll("em, a").forEach((part) => part.remove()); // (not in class), and JupyterLab's link to it
    return this.steps?.find((step) => step.cell === cell)?.heading ?? above?.textContent.trim() ?? "";
  }

  // What runs and how far
  get waits() {
    const { step, busy } = this;
    const cell = busy ?? this.behind;
    if (!cell) return this.earlier ? t("The kernel still runs what it was asked before") : "";
    const share = this.far.join(": ");
    const elsewhere = this.asked ? t("queued, behind {share}", { share }) : t("in the background: {share}", { share });
    const far = cell === step.cell ? share : elsewhere;
    const { id } = step.cell.model;
    const isYet = step.cell === busy ? this.earlier?.isUnseen : !this.ran.has(id); // to come: of a page opened anew too
    const isSaved = isYet && !isEmpty(step) && step.kind !== "guess";
    const isOld = (heldOf(step) || isSaved) && (quiet(step) || this.open.has(id));
    return isOld ? t("{far} · shown: an earlier run", { far }) : far;
  }

  titleOf(path) {
    return this.course.configured.notes[nameOf(path)]?.[0].heading ?? nameOf(path);
  }

  // How long what is still to run up to this screen takes, as its cells say
  get time() {
    const isRun = (cell) => this.ran.has(cell.model.id) && ![this.busy, this.behind].includes(cell);
    const cells = [...new Set([...this.above, this.step.cell])].filter((cell) => !isRun(cell));
    const seconds = cells.reduce((sum, { model }) => sum + (model.getMetadata("seconds") ?? 0), 0);
    return seconds ? t("comes in about {seconds} s", { seconds }) : t("comes in a moment");
  }

  // Runs the cell of this screen, or runs it again, and before it that of the code in sight, where that is another
  // one; keep: is told how it takes what is kept, before and after
  run(keep) {
    const { cell, of, later } = this.step;
    const isOf = of && (!later || this.isLater);
    if (!isOf && !isCode(cell)) return;
    this.ask(cell, keep);
    if (this.isChanged && isTraining(cell)) this.change();
    for (const id of [isOf && of, cell.model.id, ...this.queue.failed.keys()]) this.ran.delete(id);
    this.layout();
    this.work();
  }

  // Somebody waits for this cell: with what had run by then, since it may be taken back
  ask(cell, keep) {
    const { id } = cell.model;
    this.asked = { cell, keep, ran: [...this.ran], isOpen: this.open.has(id) };
    this.open.add(id);
  }

  // So that the page may be reloaded. One at a time: of two JupyterLab asks which is meant.
  save() {
    this.saved = (this.saved ?? Promise.resolve()).then(() => this.busy || this.panel.context.save()).catch(() => {});
  }

  // Runs a cell in the notebook, to be seen. An error is seen by who asked for it, here, and if it is the cell's own.
  async execute(cell) {
    const sound = outputsOf(cell).filter(({ output_type }) => output_type !== "error");
    this.busy = cell;
    const ends = [this.follow(cell), hold(cell, () => this.layout())];
    const room = cell.node.querySelector(".jp-Cell-outputWrapper");
    if (cell === this.step.cell && !cell.node.matches(".course-nocode"))
      room.style.minHeight = `${room.offsetHeight}px`; // the code above stays where it is
    let ended;
    try {
      this.said = null;
      this.activate(cell);
      this.layout();
      const run = this.app.commands.execute("notebook:run-cell");
      this.activate(this.step.cell);
      ended = await run;
    } finally {
      room.style.minHeight = "";
      for (const end of ends) end();
      this.busy = null;
    }
    const { content } = (await this.answer(cell.outputArea?.future).catch(() => null)) ?? {};
    const raised = errorOf(cell) || (content?.ename ?? "");
    const isFirst = !this.above.some(({ model }) => this.queue.failed.has(model.id));
    const isOwn = cell === this.step.cell && this.open.has(cell.model.id) && isFirst;
    if (raised === STOPPED) tellStop(cell, sound);
    else if (raised ? !isOwn : ended === false) cell.model.outputs.fromJSON(sound); // half of it says nothing
    this.layout();
    this.save();
    return raised || (ended === false ? null : "");
  }

  // Stops what runs; of what waits behind it, what was asked for is taken back first.
  async stop() {
    const { kernel, asked } = this;
    const running = this.busy ?? this.queue.running;
    if (!running && kernel?.status !== "busy") return this.tell(t("Nothing is running."));
    if (asked && running && running !== asked.cell) {
      for (const id of asked.ran) this.ran.add(id);
      if (!asked.isOpen) this.open.delete(asked.cell.model.id);
      this.asked = null;
      return this.tell(t("Taken back. S once more stops what runs."));
    }
    if (this.earlier) this.earlier.isStopped = true;
    this.stopped = running; // what comes below it is of this run
    if (running) this.change(running);
    const say = (text) => {
      Object.assign(this, { said: null, stopping: text });
      this.layoutBar();
    };
    say(t("Stop sent; no answer yet."));
    const silent = setTimeout(say, SILENT, t("Stop sent; the server is silent."));
    const isKept = running && FITS.test(/** @type {any} */ (running).model.sharedModel.getSource());
    let told = isKept ? t("Stopped. A training keeps the best that it had.") : t("Stopped.");
    try {
      await kernel.interrupt();
      clearTimeout(silent);
      say(t("stopping …"));
      await this.lose({ status: "error", ename: STOPPED });
    } catch ({ message }) {
      this.stopped = null;
      told = t("Not stopped: {message}", { message });
    }
    clearTimeout(silent);
    say(null);
    this.tell(told);
  }

  trainAnew() {
    const { cell, of } = this.step;
    const trains = (one) => isTraining(one) || /\btrain\(/.test(one.model.sharedModel.getSource());
    const shown = this.notebook.widgets.filter((one) => isCode(one) && (one === cell || one.model.id === of));
    if (!shown.some(trains)) return this.tell(t("Nothing to train on this screen."));
    this.run((how) => this.course.ask(this.panel, `import os; os.environ['COURSE_KEPT'] = '${how}'`));
    this.change();
  }

  // What is saved below a cell is no longer what comes.
  change(cell = this.step.cell) {
    this.isChanged = true;
    const cells = this.steps.flatMap((step) => [...step.before, step.cell]);
    for (const { model } of cells.slice(cells.lastIndexOf(cell) + 1)) this.ran.delete(model.id);
  }

  // A fresh kernel, which has all to do again; what was seen stays. What is run meanwhile, waits.
  restart() {
    const again = () => {
      this.restarting = null;
      for (const id of this.ran) this.open.add(id);
      this.queue.clear();
      this.focus();
      this.work();
    };
    this.restarting ??= this.course.freshKernel(this.panel.sessionContext).catch(this.fails).finally(again);
    this.layoutBar();
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
    const files = filesOf(step).map((file) => el("code", { textContent: file }));
    this.head.replaceChildren(el("span", {}, step.heading, ...files));
    if (step.kind === "title" && this.map)
      // what the chapter makes of one sentence, in the ink of the text
      this.head.append(el("i", { className: "course-map", ariaHidden: "true", style: `mask-image:url(${this.map})` }));
    this.head.classList.toggle("course-quiet", hasOwnTitle(step));
    this.foot.innerHTML = step.keep ? kept(step.keep) : "";
    this.foot.style.minHeight = "";
    this.foot.classList.toggle("course-later", !this.isKept);
    inset(this);
    arrange(this);
    this.answerAgain();
    if (arrived) this.scroller.scrollTo(0, 0);
    enlarge(this);
    this.layoutBar();
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

  layoutBar() {
    const { step, waits } = this;
    const said = this.said && this.said.until > Date.now() ? this.said.text : null;
    const lacks = !errorOf(step.cell) && this.queue.lack(this.needs);
    const folded = step.cell.node.classList.contains("course-nocode") && !quiet(step);
    const main = quiet(step) && this.control?.closest("[data-main]");
    const hint = this.restarting
      ? t("A fresh kernel; bringing back what was defined …")
      : lacks
        ? lacks.raised === STOPPED
          ? t("What this screen needs was stopped: Enter runs it.")
          : t("What this screen needs raised {name}: Q leads to its cell.", { name: lacks.raised })
        : waits
          ? (this.stopping ?? t("{waits} · S stop · → next", { waits }))
          : this.hides
            ? t("→ back to the picture · Enter run · N notes · ? all keys")
            : folded
              ? t("→ next · ← back · Enter run · C code · N notes · ? all keys")
              : main
                ? t("→ next · ← back · Tab, then Enter: {what} · R reset view · N notes · ? all keys", {
                    what: main.textContent,
                  })
                : t("→ next · ← back · Enter run · R reset view · Tab into it, Esc out · N notes · ? all keys");
    for (const host of waits ? this.course.views(this.panel, [step.cell]) : [])
      for (const field of host.shadowRoot.querySelectorAll("[placeholder]:disabled"))
        field.placeholder = t("{waits} · then you can type here", { waits: this.far?.[1] ?? this.time });
    this.coming.textContent = waits && isEmpty(step) && quiet(step) && !heldOf(step) ? this.time : "";
    const text = said ?? hint;
    const [title] = waits && this.far && text.includes(this.far[0]) ? this.far : [""];
    const from = text.indexOf(title);
    const name = el("span", {}, title);
    const parts = [text.slice(0, from), name, text.slice(from + title.length)];
    const line = el("span", { className: "course-said" }, ...parts);
    const place = el("span", { className: "course-place" }, `${this.at + 1}/${this.steps.length}`);
    this.bar.replaceChildren(line, place);
    const over = line.scrollWidth - line.clientWidth; // is taken from the title: the keys are to be seen
    if (over > 0 && title) name.style.maxWidth = `${Math.max(40, name.offsetWidth - over - 2)}px`;
  }

  tell(text, milliseconds = 6000) {
    this.said = { text, until: Date.now() + milliseconds };
    this.layout();
    setTimeout(() => this.layout(), milliseconds + 50);
  }

  // What JupyterLab tells in a dialog that asks nothing is said in the bar, which says itself that a kernel had died.
  answerDialog() {
    const dialog = document.querySelector(".jp-Dialog");
    const buttons = dialog?.querySelectorAll(".jp-Dialog-button") ?? [];
    if (buttons.length !== 1) return;
    const parts = [".jp-Dialog-header", ".jp-Dialog-body"].map((part) => dialog.querySelector(part));
    const said = parts.flatMap((part) => part?.textContent.trim().split("\n", 1) ?? []).join(" · ");
    if (!this.restarting) this.tell(said, 10000);
    buttons[0].click();
    setTimeout(() => this.focus());
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

  touch() {
    if (this.control) this.control.focus();
    else this.tell(t("Nothing to move on this screen."));
  }

  edit() {
    if (!isCode(this.step.cell)) return this.tell(t("This is text; only code is edited here."));
    this.show(this.step.cell);
    this.change();
    this.layout();
    this.notebook.mode = "edit";
    this.step.cell.editor?.focus();
  }

  toggleCode() {
    const { cell } = this.step;
    const { id } = cell.model;
    if (!isCode(cell)) return this.tell(t("This is text."));
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

  // ---- keys: those of the deck. What has the focus hears first those that it may use; the rest come back.
  press(event) {
    const path = event.composedPath();
    const isFirst = event.eventPhase === Event.CAPTURING_PHASE;
    const runs = event.key === "Enter" && event.shiftKey;
    const within = path.some(
      (e) => e.dataset?.lmSuppressShortcuts || e.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName),
    );
    if (path.some((e) => e.tagName === "DIALOG")) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isFirst ? within && !runs && !FIRST.test(event.key) : !within || isTaken(event)) return;
    const act = runs ? () => this.run() : this.action(event);
    if (within && !act) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // a D typed here must not delete a cell
    act?.();
    if (within && isFirst) this.focus();
  }

  reset() {
    const count = this.course.resetViews(this.panel);
    return tn("{n} view of this chapter is as at first.", "{n} views of this chapter are as at first.", count);
  }

  action(event) {
    const { key, shiftKey } = event;
    const { classList } = document.body;
    if (classList.contains("course-black") && moves(event)) return () => classList.remove("course-black");
    const one = SAME[key] ?? (key.length === 1 ? key.toLowerCase() : key);
    if (shiftKey && one === "r") return () => this.tell(this.reset());
    if (shiftKey && one === "k") return () => this.restart();
    if (shiftKey && one === "t") return () => this.trainAnew();
    const { node } = this.step.cell;
    const answer = answers(node, key);
    if (answer) return answer;
    return {
      ArrowRight: () => (!shiftKey && walk(node, "on")) || this.next(shiftKey),
      ArrowLeft: () => (!shiftKey && walk(node, "back")) || this.go(this.beside(-1, shiftKey)),
      ArrowDown: () => this.scroller.scrollBy(0, 120),
      ArrowUp: () => this.scroller.scrollBy(0, -120),
      Home: () => this.go(0),
      End: () => this.go(this.steps.length - 1),
      Enter: () => this.run(),
      s: () => this.stop(),
      r: () => {
        this.course.resetViews(this.panel, [this.step.cell]);
        this.tell(t("As at first."));
      },
      Tab: () => this.touch(),
      Escape: () => this.focus(),
      e: () => this.edit(),
      c: () => this.toggleCode(),
      n: () => this.notes.open(),
      b: () => document.body.classList.toggle("course-black"),
      F5: () => {}, // a remote's "start": a reload would leave the class with nothing
      g: () => pop(chooser(this), () => this.focus()),
      q: () => this.leave(null),
      "?": () => pop(help(), () => this.focus()),
    }[one];
  }

  remember() {
    const cell = this.busy ?? this.queue.running;
    const now = { kernel: this.kernel?.id, running: cell?.model.id, so: followed.get(cell) };
    const { at, picks, isChanged, started } = this;
    const state = { at, picks, isChanged, started, ran: this.queue.done, ...now };
    sessionStorage.setItem(`course:${this.panel.context.path}`, JSON.stringify(state));
  }
}

// What was stopped shows what had come by then, a sentence, and below them what an earlier run had drawn; no error.
function tellStop(cell, before, came = outputsOf(cell)) {
  const { outputs } = cell.model;
  const now = came.filter(({ output_type }) => output_type !== "error");
  const isSaid = JSON.stringify(now).includes("course-stopped"); // by the kit, which knows how far it was
  const words = `■ ${t("Stopped.")}`;
  const data = { "text/html": `<p class="course-stopped" role="status">${words}</p>`, "text/plain": words };
  outputs.fromJSON(isSaid ? now : [...now, { output_type: "display_data", metadata: {}, data }]);
  restorePicture(cell, before);
}

// What a cell has shown stays until all that is new has come in its place: JupyterLab empties it when it begins to run,
// and a view with a kernel takes a second to come -> call it at the end of the run.
function hold(cell, show) {
  const area = cell.node.querySelector(".jp-OutputArea");
  const viewsIn = () => [...(area?.querySelectorAll(".course-view") ?? [])];
  const views = viewsIn();
  let isOver = false;
  let left = PATIENT;
  if (area?.scrollHeight > 8) {
    const held = el("div", { className: "course-held" }, ...(views.length ? views : [area.cloneNode(true)]));
    area.before(held);
    const look = () => {
      if (isOver) left -= 1;
      const isThere = area.scrollHeight > 8 && (isOver || isTraining(cell)); // whose curve comes while it runs
      const came = views.length && !isTraining(cell) ? viewsIn().some((host) => host.view) : isThere;
      if (!came && left > 0) return requestAnimationFrame(look);
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

// What a cell shows
const heldOf = ({ cell }) => cell.node.querySelector(".course-held");
const outputsOf = ({ model }) => model.outputs?.toJSON() ?? [];
const errorOf = (cell) => outputsOf(cell).find(({ output_type }) => output_type === "error")?.ename ?? "";

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
