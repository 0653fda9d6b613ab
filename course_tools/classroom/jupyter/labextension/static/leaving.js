// Keys that are pressed inside a view are not JupyterLab's. These are the notebook's all the same: Escape leads from a
// view back to its cell, Shift+Enter and Ctrl+Enter run the cell. In front of a class present.js has them.

/** @param {any} app */
export function leaveViews(app) {
  addEventListener("keydown", (event) => {
    const { key, shiftKey, ctrlKey, defaultPrevented, isComposing } = event; // prevented: a view used the key
    const runs = key === "Enter" && (shiftKey || ctrlKey);
    if (defaultPrevented || isComposing || !(runs || key === "Escape")) return;
    const notebook = app.shell.currentWidget?.content;
    const path = event.composedPath().filter((part) => part instanceof Element);
    const host = path.find((part) => part.classList.contains("course-view"));
    const at = notebook?.widgets?.findIndex((cell) => host && cell.node.contains(host)) ?? -1;
    if (at < 0 || document.body.matches(".course-presenting")) return;
    event.preventDefault(); // Enter would press a button
    notebook.activeCellIndex = at;
    notebook.mode = "command";
    notebook.widgets[at].node.focus({ preventScroll: true });
    if (runs) void app.commands.execute(shiftKey ? "notebook:run-cell-and-select-next" : "notebook:run-cell");
  });
}
