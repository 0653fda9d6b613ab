// A notebook that is opened again begins where one was. What the cells above had defined is gone where the kernel is
// another one: a line says so, with the command that brings it back; the verdicts that it gave are dimmed.
import { t } from "./text.js";

const TOP = 3; // cells at the beginning, where all begin
const SETTLING = 180; // frames in which views come, and move what is below them
const RESUMES = /^attention-course:(restart-and-)?resume$/; // commands

const hasFailed = ({ node, model }) =>
  !!node.querySelector(".course-stopped") || model.outputs?.toJSON().some(({ output_type }) => output_type === "error");

/** Verdicts stand out as long as the kernel knows what they speak of. made: the ids of the cells of which it does;
 * own: of those that were run here, ever: of the others the course has the output; keep: hears of made. */
function dimVerdicts(app, { content, sessionContext, disposed }, actions, { made, own, keep }) {
  let resumedAt = null; // the cell whose error lacked what the kernel has now
  const look = () => {
    keep([...made]);
    const words = t("From an earlier kernel: run the cell again, or choose Kernel → Resume here.");
    for (const cell of content.widgets) {
      cell.node.classList.toggle("course-cured", cell === resumedAt && !made.has(cell.model.id));
      if (made.has(cell.model.id) || !own.has(cell.model.id)) delete cell.node.dataset.earlier;
      else cell.node.dataset.earlier = cell === resumedAt ? t("The cells above have run: run this one again.") : words;
    }
  };
  const ran = (_, { notebook, cell }) => notebook === content && made.add(cell.model.id) && look();
  const resumed = async (_, { id, result }) => {
    if (!RESUMES.test(id) || app.shell.currentWidget?.content !== content) return;
    const { activeCell, activeCellIndex, widgets } = content;
    const above = widgets.slice(0, activeCellIndex);
    const told = await result;
    if (told && !told.startsWith("■")) {
      above.forEach(({ model }) => made.add(model.id));
      if (hasFailed(activeCell)) made.delete((resumedAt = activeCell).model.id);
    }
    look();
  };
  const forget = () => {
    resumedAt = null;
    made.clear();
    look();
  };
  sessionContext.kernelChanged.connect(forget);
  sessionContext.statusChanged.connect((_, status) => /restarting/.test(status) && forget());
  actions.executionScheduled.connect(ran);
  app.commands.commandExecuted.connect(resumed);
  disposed.connect(() => {
    actions.executionScheduled.disconnect(ran);
    app.commands.commandExecuted.disconnect(resumed);
  });
  look();
}

/** isLed: a link leads elsewhere in it. @param {any} panel a NotebookPanel that is ready @param {any} actions its
 * NotebookActions */
export async function returnTo(app, panel, actions, isLed) {
  const { content, sessionContext } = panel;
  const name = `attention-course:place:${panel.context.path}`;
  const kept = read(name);
  const kernel = () => sessionContext.session?.kernel?.id;
  const keep = () => {
    kept.cell = content.activeCell?.model.id ?? kept.cell;
    write(name, kept);
  };
  const index = content.widgets.findIndex(({ model }) => model.id === kept.cell);
  const isMoved = () => content.node.querySelector(".jp-WindowedPanel-outer")?.scrollTop > 0; // a link led to a section
  const { kernel: before } = kept;
  const own = new Set(kept.own ?? kept.made);
  const dim = () => {
    const made = new Set(kernel() === before ? kept.made : []);
    const keep = (ids) => write(name, Object.assign(kept, { made: ids }));
    dimVerdicts(app, panel, actions, { made, own, keep });
  };
  sessionContext.ready.then(dim);
  content.activeCellChanged.connect(keep);
  const ran = (_, { notebook, cell }) => {
    if (notebook !== content) return;
    kept.kernel = kernel();
    kept.own = [...own.add(cell.model.id)];
    keep();
  };
  actions.executionScheduled.connect(ran);
  panel.disposed.connect(() => actions.executionScheduled.disconnect(ran));
  if (isLed || index < TOP || content.activeCellIndex >= TOP || isMoved()) return;
  content.activeCellIndex = index;
  sessionContext.ready.then(() => before && kernel() && kernel() !== before && say(app));
  await content.scrollToItem(index, "center");
  await holdAt(content.widgets[index].node);
}

function say(app) {
  const message = t("You are where you were. The kernel is a new one, and knows nothing of the cells above.");
  const actions = [{ label: t("Resume here"), commandId: "attention-course:resume", displayType: "accent" }];
  return app.commands.execute("apputils:notify", { message, type: "info", options: { autoClose: 60000, actions } });
}

/** Keeps a part of a notebook where it is while the page above it settles, until somebody scrolls. */
export async function holdAt(cell) {
  const scroller = cell.closest(".jp-WindowedPanel-outer");
  const top = () => cell.getBoundingClientRect().top;
  let [at, scrolled] = [top(), scroller?.scrollTop];
  for (let left = SETTLING; left > 0 && scroller?.isConnected; left--) {
    await new Promise((done) => requestAnimationFrame(done));
    const off = top() - at;
    if (Math.abs(off) > 1 && scroller.scrollTop !== scrolled) return;
    scroller.scrollTop += off;
    [at, scrolled] = [top(), scroller.scrollTop];
  }
}

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? {};
  } catch {
    return {}; // a browser that keeps nothing
  }
}

function write(name, kept) {
  try {
    localStorage.setItem(name, JSON.stringify(kept));
  } catch {
    // a browser that keeps nothing
  }
}
