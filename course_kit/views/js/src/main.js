// The page's side of the views: chapters/views.js starts it once in a page. An output in a notebook is data: it says
//     (globalThis.courseViews ??= []).push((page) => page.show(host))
// and whatever comes first waits for the other. Two editions may be in one page: each shows the outputs of its format.
import "./models/page.js";
import { fromBase64 } from "./data.js";
import { ahead } from "./models/load.js";
import { h } from "./shared/dom.js";
import { speak, translate } from "./shared/language.js";
import { live } from "./shared/live.js";
import { mount } from "./shared/mount.js";

/** @import { Kind, Spec } from "./shared/types.js" */
/** @import { Model } from "./shared/live.js" */
/** @typedef {{ kinds: Record<string, Kind>, mount: typeof mount, live: typeof live }} Program of one edition */

/** Changes when outputs of older editions can no longer be shown; FORMAT in course_kit/views/program.py is the same. */
export const FORMAT = 1;
const OTHER = "This view was made by another edition of the course: run its cell again.";
const BROKEN = "This view could not be shown: run its cell again.";

class Page {
  constructor() {
    /** What each edition in this page shows, by its format. @type {Record<number, Program>} */
    this.programs = {};
    /** What waits for an edition. @type {{ format: number, show: (program: Program) => void }[]} */
    this.waiting = [];
  }

  /** One edition more: it shows what has waited for it. @param {number} format @param {Program} program */
  add(format, program) {
    this.programs[format] ??= program;
    const all = this.waiting;
    this.waiting = all.filter((one) => one.format !== format);
    for (const { show } of all.filter((one) => one.format === format)) show(program);
  }

  /**
   * Shows something with the program of its format, now or when that comes. Until then the page says what is wrong.
   * @param {HTMLElement} host
   * @param {number} format
   * @param {(program: Program) => void} build
   */
  with(host, format, build) {
    const known = this.programs[format];
    /** @param {Program} program */
    const show = (program) => attempt(host, () => build(program));
    if (known) {
      show(known);
      return;
    }
    const note = apologise(host, OTHER);
    this.waiting.push({
      format,
      show(program) {
        note.remove();
        show(program);
      },
    });
  }

  /** Shows the view whose data are in an element of the page. @param {HTMLElement} host */
  show(host) {
    attempt(host, () => {
      const data = host.querySelector('script[type="application/json"]');
      const [spec, numbers] = JSON.parse(data?.textContent ?? "");
      this.build(host, spec, numbers);
    });
  }

  /**
   * @param {HTMLElement} host
   * @param {Spec} spec
   * @param {string} numbers in base64
   */
  build(host, spec, numbers) {
    this.with(host, spec.format, ({ kinds, mount }) => mount(host, guarded(kinds), spec, fromBase64(numbers)));
  }

  /**
   * As anywidget calls it.
   * @param {{ model: Model, el: HTMLElement }} given
   * @returns {() => void} takes it out again
   */
  live(given) {
    let stop = () => {};
    this.with(given.el, given.model.get("_spec").format, ({ kinds, live }) => {
      stop = live(guarded(kinds), given);
    });
    return () => stop();
  }

  /** What is in an element of the page, and what comes there, in the page's language; a text in it. */
  speak = speak;
  translate = translate;

  ahead = ahead;

  /**
   * Called by what comes after the program; what came before was kept in an array.
   * @param {(page: Page) => void} wake
   */
  push(wake) {
    wake(this);
  }
}

/**
 * Does it, or apologises in the view's place. The page goes on: the views behind this one know nothing of it.
 * @template T
 * @param {HTMLElement} host
 * @param {() => T} build
 * @returns {T | undefined}
 */
function attempt(host, build) {
  try {
    return build();
  } catch (error) {
    console.error(error);
    apologise(host, BROKEN);
  }
}

/**
 * Instead of a view that cannot be shown: its picture stays, and one sentence.
 * @param {HTMLElement} place
 * @param {string} why
 */
function apologise(place, why) {
  const host = /** @type {HTMLElement} */ (place.querySelector(":scope > .course-view") ?? place); // of a live view
  const note = h("p", { class: "course-view-note", role: "note" }, translate(why));
  host.shadowRoot?.replaceChildren(h("slot"));
  host.querySelector(".course-view-note")?.remove();
  host.append(note);
  return note;
}

/**
 * The kinds, each of which apologises when it cannot paint: not all do so at once.
 * @param {Record<string, Kind>} kinds
 */
function guarded(kinds) {
  /** @param {Kind} kind @returns {Kind} */
  const careful = (kind) => (ui) => {
    const picture = kind(ui);
    const paint = picture.paint.bind(picture);
    const host = /** @type {HTMLElement} */ (ui.root.host);
    picture.paint = (width, narrow) => attempt(host, () => paint(width, narrow));
    return picture;
  };
  return Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, careful(kind)]));
}

/**
 * Shows what waits in this page for the edition, and what comes later.
 * @param {Record<string, Kind>} kinds every view by the name that its data say
 */
export function start(kinds) {
  const before = /** @type {any} */ (globalThis).courseViews;
  const page = before?.programs ? before : new Page();
  page.add(FORMAT, { kinds, mount, live });
  /** @type {any} */ (globalThis).courseViews = page;
  if (Array.isArray(before)) for (const wake of before) wake(page);
}
