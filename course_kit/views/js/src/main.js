// The page's side of the views: chapters/views.js starts it once in a page. An output in a notebook is data: it says
//     (globalThis.courseViews ??= []).push((page) => page.show(host))
// and whatever comes first waits for the other.
import "./models/page.js";
import { fromBase64 } from "./data.js";
import { ahead } from "./models/load.js";
import { h } from "./shared/dom.js";
import { live } from "./shared/live.js";
import { mount } from "./shared/mount.js";
import { language, t, tn } from "./text.js";

/** @import { Kind, Spec } from "./shared/types.js" */
/** @import { Model } from "./shared/live.js" */

const OTHER = t("This view was made by another edition of the course: run its cell again.");
const BROKEN = t("This view could not be shown: run its cell again.");

class Page {
  /** @param {Record<string, Kind>} kinds every view by the name that its data say */
  constructor(kinds) {
    this.formats = new Map(Object.entries(kinds).map(([name, kind]) => [name, kind.format]));
    this.kinds = guarded(kinds);
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
    return this.with(host, spec, () => mount(host, this.kinds, spec, fromBase64(numbers)));
  }

  /**
   * As anywidget calls it.
   * @param {{ model: Model, el: HTMLElement }} given
   * @returns {() => void} takes it out again
   */
  live(given) {
    return this.with(given.el, given.model.get("_spec"), () => live(this.kinds, given));
  }

  /**
   * Builds a view if its data are in the format of its kind, as `format` of its View in Python.
   * @param {HTMLElement} host
   * @param {Spec} spec
   * @param {() => () => void} build
   * @returns {() => void} takes it out again
   */
  with(host, { kind, format }, build) {
    const stop = format === (this.formats.get(kind) ?? 1) ? attempt(host, build) : apologise(host, OTHER);
    return () => stop?.();
  }

  /** For what works beside the views: their words in the page's language. */
  t = t;
  tn = tn;
  language = language;

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
  const note = h("p", { class: "course-view-note", role: "note" }, why);
  host.shadowRoot?.replaceChildren(h("slot"));
  host.querySelector(".course-view-note")?.remove();
  host.append(note);
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

/** Shows what waits in this page, and what comes later. @param {Record<string, Kind>} kinds */
export function start(kinds) {
  const before = /** @type {any} */ (globalThis).courseViews ?? [];
  if (!Array.isArray(before)) return; // the page has the program already
  const page = new Page(kinds);
  /** @type {any} */ (globalThis).courseViews = page;
  for (const wake of before) wake(page);
}
