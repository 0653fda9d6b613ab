// Keys that are pressed inside a view are not JupyterLab's. These are the notebook's all the same: Escape leads from a
// view, a fold or a link back to its cell, Shift+Enter and Ctrl+Enter run the cell, I I stops the kernel, Tab goes on
// with the next cell, and shows a view whole. In front of a class present.js has them.
import { intoSight } from "./running.js";

const SHOWN = ".course-view, .jp-OutputArea-output, .jp-MarkdownOutput";
const TABS = "course-tabs"; // whoever goes by Tab has no use for what JupyterLab shows under the mouse
const TWICE = 500; // ms between the two I
const WRITES = /^(text|search|number|select)/; // fields, in which an I is a letter

/** @param {any} app */
export function leaveViews(app) {
  for (const [way, by] of Object.entries({ Up: -1, Down: 1 })) reach(app, way, by);
  addEventListener("keydown", (event) => event.key === "Tab" && goOn(app.shell.currentWidget?.content, event), true);
  addEventListener("focusin", (event) => {
    const [at, ...around] = /** @type {Element[]} */ (event.composedPath());
    const host = around.find((part) => part.matches?.(".course-view"));
    if (host && document.body.matches(`.${TABS}:not(.course-presenting)`))
      requestAnimationFrame(() => intoSight(host, at)); // the browser brings what has the focus, no more
  });
  addEventListener("pointermove", () => document.body.classList.remove(TABS));
  let pressed = -TWICE; // when I was
  addEventListener("keydown", (event) => {
    const { key, shiftKey, ctrlKey, defaultPrevented, isComposing, timeStamp } = event; // prevented: used
    const [runs, stops] = [key === "Enter" && (shiftKey || ctrlKey), key === "i"];
    if (defaultPrevented || isComposing || !(runs || stops || key === "Escape")) return;
    const notebook = app.shell.currentWidget?.content;
    const path = event.composedPath().filter((part) => part instanceof Element);
    const host = path.find((part) => part.matches(SHOWN));
    const at = notebook?.widgets?.findIndex((cell) => host && cell.node.contains(host)) ?? -1;
    if (at < 0 || document.body.matches(".course-presenting")) return;
    if (stops) {
      const isTwice = timeStamp - pressed < TWICE && !WRITES.test(/** @type {any} */ (path[0]).type);
      pressed = timeStamp;
      if (isTwice) void app.commands.execute("notebook:interrupt-kernel");
      return;
    }
    event.preventDefault(); // Enter would press a button
    notebook.activeCellIndex = at;
    notebook.mode = "command";
    notebook.widgets[at].node.focus({ preventScroll: true });
    if (runs) void app.commands.execute(shiftKey ? "notebook:run-cell-and-select-next" : "notebook:run-cell");
  });
}

/** Tab leads from cell to cell, through what each has to press: JupyterLab passes over those that have nothing, and has
 * buttons for the mouse in the others (reading.css). */
function goOn(notebook, { target, shiftKey }) {
  const at = notebook?.widgets?.findIndex(({ node }) => node.contains(target)) ?? -1;
  if (at < 0 || notebook.mode !== "command") return;
  document.body.classList.add(TABS);
  const ahead = shiftKey ? notebook.widgets.slice(0, at).reverse() : notebook.widgets.slice(at + 1);
  const next = ahead.find((cell) => !passes(cell) && cell.node.checkVisibility());
  if (next) next.node.tabIndex = 0;
}

const passes = (cell) => cell?.isHidden || (cell?.inputHidden && !cell.model.outputs?.length);

/** An arrow key leads to a cell whose code is hidden, too, where it shows something: JupyterLab passes over it. */
function reach(app, way, by) {
  const command = `attention-course:${way}`;
  app.commands.addCommand(command, {
    execute: () => {
      const notebook = app.shell.currentWidget.content;
      let at = notebook.activeCellIndex + by;
      while (passes(notebook.widgets[at])) at += by;
      if (!notebook.widgets[at]?.inputHidden) return app.commands.execute(`notebook:move-cursor-${way.toLowerCase()}`);
      notebook.deselectAll();
      notebook.activeCellIndex = at;
      notebook.activate();
      return notebook.scrollToItem(at, "smart").catch(() => {});
    },
  });
  const selector = "body .jp-Notebook.jp-mod-commandMode:not(.jp-mod-readWrite) :focus"; // before JupyterLab's own
  app.commands.addKeyBinding({ command, keys: [`Arrow${way}`], selector });
}
