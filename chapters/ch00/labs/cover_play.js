// The cover plays itself once in a page: arcs are drawn, "elle" appears, the switch turns, "elle" melts into "il" and
// back. A touch or a key ends it at once. It is seen only: the state stays what it was.
import { still } from "../../../course_kit/views/js/src/shared/dom.js";

/** @import { Ask } from "./cover_story.js" */
/** @import { State, UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @typedef {"" | "draw" | "write" | "off" | "back"} Scene "": it is not playing */

/** @type {[Scene, number][]} in ms: together 5.8 s */
export const SCENES = [
  ["draw", 1600],
  ["write", 1100],
  ["off", 1900],
  ["back", 1200],
];
const ENDS = ["pointerdown", "keydown", "beforeprint"];
let played = false; // in this page

export class Play {
  /** @param {UI} ui */
  constructor(ui) {
    const { spec, state } = ui;
    this.ui = ui;
    /** @type {Scene} */
    this.scene = "";
    this.over = false; // it has played here
    this.stop = new AbortController();
    const begun = JSON.stringify(state) === JSON.stringify(spec.initial ?? spec.state);
    if (played || !begun || spec.lists || spec.presenting || still()) return;
    const sight = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.start(), {
      threshold: 0.5,
    });
    sight.observe(ui.body);
    this.stop.signal.addEventListener("abort", () => sight.disconnect());
  }

  async start() {
    if (played) return;
    played = true;
    const { signal } = this.stop;
    for (const kind of ENDS) addEventListener(kind, () => this.end(), { capture: true, signal });
    for (const [scene, length] of SCENES) {
      this.show(scene);
      await new Promise((done) => setTimeout(done, length));
      if (signal.aborted) return;
    }
    this.end();
  }

  end() {
    this.stop.abort();
    this.over = true;
    this.show("");
  }

  /** @param {Scene} scene */
  show(scene) {
    this.scene = scene;
    this.turn();
    this.ui.set({});
  }

  /** What is asked of the reader: nothing yet, then only to do what was seen. @returns {Ask} */
  get ask() {
    if (this.scene) return "nothing";
    return this.over ? "turn" : "guess";
  }

  /** The state that is seen. @returns {State} */
  get seen() {
    const { state } = this.ui;
    return this.scene ? { ...state, attention: this.scene === "off" ? "off" : "on" } : state;
  }

  /** The switch turns with it. */
  turn() {
    for (const one of this.ui.root.querySelectorAll("[data-control=attention]"))
      /** @type {HTMLInputElement} */ (one).checked ||= one.getAttribute("value") === this.seen.attention;
  }
}
