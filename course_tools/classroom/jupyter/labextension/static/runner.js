// What the screens of a class need is run: when, and where a class sees it; stopped, trained anew, in a fresh kernel.
import { follow, followed } from "./following.js";
import { errorOf, hold, outputsOf, tellStop } from "./outputs.js";
import { Queue, STOPPED } from "./queue.js";
import { isCode, isEmpty, isLive, isTraining, runsAtPress, runsThere, tags } from "./screen.js";
import { t } from "./text.js";

const SILENT = 5000; // ms in which a server should have heard a stop
const behind = new WeakMap(); // of cells that were run beside the notebook, the futures

export class Runner {
  working = null; // comes once the queue is empty
  restarting = null; // comes with the fresh kernel
  busy = null; // the cell that runs in the notebook
  behind = null; // the one that runs beside it
  earlier = null; // what the kernel runs of an earlier deck or page
  asked = null; // the cell that somebody waits for
  isChanged = false; // code, or what was defined, since the notebook was saved
  fails = (error) => {
    console.warn(error); // its words are not a class's
    this.deck.bar.tell(t("The kernel does not answer; reload the page."), 20000);
  };
  lost = new Map(); // futures whose answer was swallowed -> what stands for it

  /** @param {any} deck of present.js, whose screens these are */
  constructor(deck) {
    this.deck = deck;
    this.queue = new Queue(
      () => this.due(),
      (cell) => this.runs(cell),
    );
    this.ran = this.queue.ran; // ids of cells that the kernel was sent
  }

  /** Runs what the kernel has yet to run, in the order of the notebook, while one talks. */
  work() {
    this.working ??= this.queue
      .work()
      .catch(this.fails)
      .finally(() => {
        this.working = null;
        this.behind = null;
        this.deck.remember();
        this.deck.layout();
      });
    return this.working;
  }

  /** What the kernel still runs as this deck comes, since somebody had left, or of an earlier page: all else waits for
   * its end. Of a page opened anew its cell then runs again, unless it was stopped: what it gave is lost.
   * @param {any} cell if it is one of the notebook @param {any} so what is known of it already */
  outlast(cell, so) {
    const future = behind.get(cell) ?? cell?.outputArea?.future;
    const earlier = { cell, isStopped: false, raised: null, isUnseen: !future || behind.has(cell) };
    this.earlier = earlier;
    this.busy = cell ?? null;
    if (cell) this.deck.open.add(cell.model.id);
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
      this.deck.layout();
    });
  }

  /** Runs a cell -> as a queue is told. @returns {Promise<string | null>} */
  async runs(cell) {
    const { earlier } = this;
    await earlier?.ended;
    await this.restarting;
    if (earlier?.cell === cell && earlier.raised !== null) return earlier.raised;
    this.deck.remember();
    try {
      if (this.asked?.cell === cell) await this.asked.keep?.("anew");
      return await (this.isSeen(cell) ? this.execute(cell) : this.runBehind(cell));
    } catch (error) {
      if (this.restarting) return null;
      throw error;
    } finally {
      if (this.restarting) await this.restarting; // what was asked for is still
      else if (this.asked?.cell === cell) {
        await this.asked.keep?.("");
        this.asked = null;
      }
    }
  }

  /** The next to run: all above this screen, and on to the next that a class sees run. Python is a live view's own. */
  due() {
    for (const [i, step] of this.deck.life.signal.aborted ? [] : this.deck.steps.entries()) {
      const cell = [...step.before, step.cell].find((c) => isCode(c) && !this.ran.has(c.model.id));
      if (!cell) continue;
      const itself = cell === step.cell;
      const stays = i > this.deck.at && (isLive(this.deck.step) || (itself && runsThere(step)));
      const waits = i === this.deck.at && itself && runsAtPress(step) && !this.deck.open.has(cell.model.id);
      return stays || waits ? null : cell;
    }
  }

  /** Whether its output has to come anew. A picture is shown as saved, unless that was an error; what a class sees run,
   * until its turn comes. */
  isSeen(cell) {
    if (this.deck.steps.some((step) => step.cell === cell && isEmpty(step)) || errorOf(cell)) return true;
    return cell === this.deck.step.cell && (this.asked || this.isChanged || runsThere(this.deck.step));
  }

  /** Runs a cell beside the notebook, which keeps what it shows -> as runs() does. */
  async runBehind(cell) {
    this.behind = cell;
    this.stopped = null;
    const end = this.follow(cell);
    this.sent = this.deck.kernel.requestExecute({ code: cell.model.sharedModel.getSource(), store_history: false });
    behind.set(cell, this.sent);
    const { content } = await this.answer(this.sent).finally(end);
    if (this.stopped === cell && cell.model.outputs.length) tellStop(cell, outputsOf(cell), []);
    return content.status === "ok" ? "" : content.status === "error" ? content.ename : null;
  }

  /** The kernel's answer, or what stands for one that a stop or a cut has swallowed. */
  async answer(future) {
    try {
      return await future?.done;
    } catch (error) {
      if (!this.lost.has(future)) throw error;
      return { content: this.lost.get(future) };
    }
  }

  /** Once the kernel answers to something new, no other answer comes to what it ran before: this stands for it.
   * @param {{ status: string, ename?: string }} content */
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

  /** Comes when the kernel has done what it was asked, or has gone. */
  async idle() {
    try {
      await this.deck.kernel?.requestExecute({ code: "", silent: true }).done;
    } catch {} // it has gone
  }

  /** What the kernel was last asked to run. */
  get future() {
    return this.busy ? this.busy.outputArea.future : this.sent;
  }

  /** Says in the bar how far a cell is -> call it at the end of the run
   * @param {any} cell @param {any} [so] what is known of it already */
  follow(cell, so) {
    const isIts = (id) => !!this.earlier || id === this.future?.msg.header.msg_id;
    const { bar, kernel } = this.deck;
    return follow(cell, { kernel, heading: this.headingOf(cell), isIts, tell: (far) => bar.show(far), so });
  }

  /** Of its screen, else of the section in which it stands. */
  headingOf(cell) {
    const { widgets } = this.deck.notebook;
    const heads = (one) => [...one.node.querySelectorAll(".jp-RenderedMarkdown :is(h1, h2)")];
    const above = widgets.slice(0, widgets.indexOf(cell)).flatMap(heads).at(-1)?.cloneNode(true);
    above?.querySelectorAll("em, a").forEach((part) => part.remove()); // (not in class), and JupyterLab's link to it
    return this.deck.steps?.find((step) => step.cell === cell)?.heading ?? above?.textContent.trim() ?? "";
  }

  /** Runs the cell of this screen, or runs it again, and before it that of the code in sight, if that is another one.
   * @param {(how: string) => Promise<any>} [keep] is told how it takes what is kept, before and after */
  run(keep) {
    const { cell, of, later } = this.deck.step;
    const isOf = of && (!later || this.deck.isLater);
    if (!isOf && !isCode(cell)) return;
    this.ask(cell, keep);
    if (this.isChanged && isTraining(cell)) this.change();
    for (const id of [isOf && of, cell.model.id, ...this.queue.failed.keys()]) this.ran.delete(id);
    this.deck.layout();
    this.work();
  }

  /** Somebody waits for this cell: with what had run by then, since it may be taken back. */
  ask(cell, keep) {
    const { id } = cell.model;
    this.asked = { cell, keep, ran: [...this.ran], isOpen: this.deck.open.has(id) };
    this.deck.open.add(id);
  }

  /** So that the page may be reloaded. One at a time: of two JupyterLab asks which is meant. */
  save() {
    const { context } = this.deck.panel;
    this.saved = (this.saved ?? Promise.resolve()).then(() => this.busy || context.save()).catch(() => {});
  }

  /** Runs a cell to be seen -> as runs() does. Its error is seen by who asked for it, here, and if it is its own. */
  async execute(cell) {
    const sound = outputsOf(cell).filter(({ output_type }) => output_type !== "error");
    this.busy = cell;
    const ends = [this.follow(cell), hold(cell, () => this.deck.layout())];
    const room = cell.node.querySelector(".jp-Cell-outputWrapper");
    if (cell === this.deck.step.cell && !cell.node.matches(".course-nocode"))
      room.style.minHeight = `${room.offsetHeight}px`; // the code above stays where it is
    let ended;
    try {
      this.deck.bar.said = null;
      this.deck.activate(cell);
      this.deck.layout();
      const run = this.deck.app.commands.execute("notebook:run-cell");
      this.deck.activate(this.deck.step.cell);
      ended = await run;
    } finally {
      room.style.minHeight = "";
      for (const end of ends) end();
      this.busy = null;
    }
    const { content } = (await this.answer(cell.outputArea?.future).catch(() => null)) ?? {};
    const raised = errorOf(cell) || (content?.ename ?? "");
    const isFirst = !this.deck.above.some(({ model }) => this.queue.failed.has(model.id));
    const isOwn = cell === this.deck.step.cell && this.deck.open.has(cell.model.id) && isFirst;
    if (raised === STOPPED) tellStop(cell, sound);
    else if (raised ? !isOwn : ended === false) cell.model.outputs.fromJSON(sound); // half of it says nothing
    this.deck.layout();
    this.save();
    return raised || (ended === false ? null : "");
  }

  /** Stops what runs; of what waits behind it, what was asked for is taken back first. */
  async stop() {
    const { asked } = this;
    const { bar, kernel } = this.deck;
    const running = this.busy ?? this.queue.running;
    if (!running && kernel?.status !== "busy") return bar.tell(t("Nothing is running."));
    if (asked && running && running !== asked.cell) {
      for (const id of asked.ran) this.ran.add(id);
      if (!asked.isOpen) this.deck.open.delete(asked.cell.model.id);
      this.asked = null;
      return bar.tell(t("Taken back. S once more stops what runs."));
    }
    if (this.earlier) this.earlier.isStopped = true;
    this.stopped = running; // what comes below it is of this run
    if (running) this.change(running);
    const say = (text) => {
      Object.assign(bar, { said: null, stopping: text });
      bar.show();
    };
    say(t("Stop sent; no answer yet."));
    const silent = setTimeout(say, SILENT, t("Stop sent; the server is silent."));
    const isKept = running && tags(running).includes("fit"); // which keeps its best
    let told = isKept ? t("Stopped. A training keeps the best that it had.") : t("Stopped.");
    try {
      await kernel.interrupt();
      clearTimeout(silent);
      say(t("stopping …"));
      await this.lose({ status: "error", ename: STOPPED });
    } catch (error) {
      this.stopped = null;
      console.warn(error);
      told = t("Not stopped: the kernel does not answer.");
    }
    clearTimeout(silent);
    say(null);
    bar.tell(told);
  }

  anew = (how) => this.deck.course.ask(this.deck.panel, `import os; os.environ['COURSE_KEPT'] = '${how}'`);

  trainAnew() {
    const { cell, of } = this.deck.step;
    const trains = (one) => isTraining(one) || tags(one).includes("train");
    const shown = this.deck.notebook.widgets.filter((one) => isCode(one) && (one === cell || one.model.id === of));
    if (!shown.some(trains)) return this.deck.bar.tell(t("Nothing to train on this screen."));
    this.run(this.anew);
    this.change();
  }

  /** What is saved below a cell is no longer what comes. */
  change(cell = this.deck.step.cell) {
    this.isChanged = true;
    const cells = this.deck.steps.flatMap((step) => [...step.before, step.cell]);
    for (const { model } of cells.slice(cells.lastIndexOf(cell) + 1)) this.ran.delete(model.id);
  }

  /** A fresh kernel, which has all to do again; what was seen stays. What is run meanwhile, waits.
   * @param {boolean} [hasDied] whether the server has begun it */
  restart(hasDied) {
    const again = () => {
      this.restarting = null;
      for (const id of this.ran) this.deck.open.add(id);
      this.queue.clear();
      this.deck.focus();
      this.work();
    };
    const { course, panel } = this.deck;
    this.restarting ??= course.freshKernel(panel.sessionContext, hasDied).catch(this.fails).finally(again);
    this.deck.bar.show();
  }
}
