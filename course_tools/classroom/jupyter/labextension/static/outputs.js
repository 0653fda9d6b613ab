// What a cell shows, in front of a class: while it runs, after it was stopped, and whether it raised.
import { el, isTraining } from "./screen.js";
import { restorePicture } from "./staying.js";
import { t } from "./text.js";

const PATIENT = 180; // frames, at most, for a view to come after its cell has run

/** What was stopped shows what had come by then, a sentence, and below them what an earlier run had drawn; no error.
 * @param {any} cell @param {any[]} before what the earlier run showed @param {any[]} came of this one */
export function tellStop(cell, before, came = outputsOf(cell)) {
  const { outputs } = cell.model;
  const now = came.filter(({ output_type }) => output_type !== "error");
  const isSaid = now.some(({ metadata }) => metadata?.course?.stopped); // by the kit, which knows how far it was
  const words = `■ ${t("Stopped.")}`;
  const data = { "text/html": `<p class="course-stopped" role="status">${words}</p>`, "text/plain": words };
  const metadata = { course: { stopped: true } };
  outputs.fromJSON(isSaid ? now : [...now, { output_type: "display_data", metadata, data }]);
  restorePicture(cell, before);
}

/** What a cell has shown stays until all that is new has come instead: JupyterLab empties it when it begins to run,
 * and a view with a kernel takes a second to come -> call it at the end of the run.
 * @param {any} cell @param {() => void} show lays out what came */
export function hold(cell, show) {
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

/** What stays on a screen meanwhile. @param {{ cell: any }} step */
export const heldOf = ({ cell }) => cell.node.querySelector(".course-held");
/** @returns {any[]} what a cell has shown, as nbformat has it */
export const outputsOf = ({ model }) => model.outputs?.toJSON() ?? [];
/** The name of the error that a cell shows, or "". @returns {string} */
export const errorOf = (cell) => outputsOf(cell).find(({ output_type }) => output_type === "error")?.ename ?? "";
