// The program of all views, once in a page. An output in a notebook is data: it says
//     (globalThis.courseViews ??= []).push((page) => page.show(host))
// and whatever comes first waits for the other. Two editions may be in one page: each shows the outputs of its format.
import "./models/page.js";
import { fromBase64 } from "./shared/data.js";
import { h } from "./shared/dom.js";
import { live } from "./shared/live.js";
import { mount } from "./shared/mount.js";
import { KINDS } from "./kinds.js";

/** Changes when outputs of older editions can no longer be shown; FORMAT in course_kit/views/view.py is the same. */
export const FORMAT = 1;

/** @typedef {{ push(wake: (page: Page) => void): void }} Queue */

class Page {
  constructor() {
    /** What each edition in this page shows, by its format. @type {Record<number, typeof program>} */
    this.programs = {};
  }

  /** Shows the view whose data are in an element of the page. @param {HTMLElement} host */
  show(host) {
    const data = host.querySelector('script[type="application/json"]');
    const [spec, numbers] = JSON.parse(data?.textContent ?? "[{}]");
    this.build(host, spec, numbers ?? "");
  }

  /**
   * @param {HTMLElement} host
   * @param {import("./shared/types.js").Spec} spec
   * @param {string} numbers in base64
   */
  build(host, spec, numbers) {
    const known = this.programs[spec.format];
    if (!known?.kinds[spec.kind]) return apologise(host, spec);
    try {
      known.mount(host, known.kinds, spec, fromBase64(numbers));
    } catch (error) {
      apologise(host, spec);
      throw error;
    }
  }

  /** As anywidget calls it. @param {{ model: import("./shared/live.js").Model, el: HTMLElement }} given */
  live(given) {
    const spec = given.model.get("_spec");
    const known = this.programs[spec.format];
    if (known?.kinds[spec.kind]) return known.live(known.kinds, given);
    apologise(given.el, spec);
    return () => {};
  }

  /** Called by what comes after the program; what came before was kept in an array. @param {(page: Page) => void} wake */
  push(wake) {
    wake(this);
  }
}

/** Instead of a view that cannot be shown: its picture stays, and one sentence. @param {HTMLElement} host @param {any} spec */
function apologise(host, spec) {
  host.shadowRoot?.replaceChildren(h("slot"));
  const other = spec.format !== FORMAT;
  const why = other ? "was made by another edition of the course" : "could not be shown";
  const told = h("p", { class: "course-view-note", role: "note" }, `This view ${why}: run its cell again.`);
  if (!host.querySelector(".course-view-note")) host.append(told);
}

const program = { kinds: KINDS, mount, live };
const before = /** @type {any} */ (globalThis).courseViews;
const page = before?.programs ? before : new Page();
page.programs[FORMAT] ??= program;
/** @type {any} */ (globalThis).courseViews = page;
if (Array.isArray(before)) for (const wake of before) wake(page);
