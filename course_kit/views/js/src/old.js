// The first import of chapters/views.js. A browser that lacks what the program is built on gets, in place of it, a
// program that adds one sentence to each view; its picture and its table stay. What makes the others throw as they are
// loaded (lookbehind, in Safari before 16.4) comes behind this file.
import { t } from "./text.js";

/** Does a browser have what no view can do without? All of it came by 2023. @param {any} page its globals */
export function canShow(page) {
  try {
    new page.RegExp("(?<=a)b");
  } catch {
    return false;
  }
  const needed = [page.Array.prototype.toSorted, page.ResizeObserver, page.OffscreenCanvas];
  return needed.every(Boolean) && "adoptedStyleSheets" in page.document;
}

/** What takes the program's place: see main.js. @param {any} page its globals */
export function stay(page) {
  const words = t(
    "This browser is too old to move this view. Firefox 121, Chrome or Edge 111, Safari 16.4 and later can.",
  );
  const say = (/** @type {any} */ host) => {
    const note = page.document.createElement("p");
    note.className = "course-view-note";
    note.textContent = words;
    host.append(note);
  };
  const program = {
    show: say,
    build: say,
    live: (/** @type {any} */ given) => {
      say(given.el);
      return () => {};
    },
    push: (/** @type {(program: any) => void} */ wake) => wake(program),
    t: (/** @type {string} */ text) => text,
  };
  const waiting = page.courseViews;
  if (waiting && !Array.isArray(waiting)) return; // another one came before
  page.courseViews = program;
  for (const wake of waiting ?? []) wake(program);
}

if (typeof document === "object" && !canShow(globalThis)) stay(globalThis);
