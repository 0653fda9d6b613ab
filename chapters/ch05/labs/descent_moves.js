// How things come to their places: each is followed from where it was at the step before, and fades in or out.

/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Shown } from "./descent_draw.js" */
/** @import { Item } from "./descent_stage.js" */

const GONE = 0.02; // less than this is not seen

export class Moves {
  /** @param {UI} ui */
  constructor(ui) {
    this.ui = ui;
    /** @type {Map<string, Shown>} what is on the stage, by its id */
    this.shown = new Map();
    this.visits = 0; // a thing that comes again does so as another one
  }

  /** All that is seen now, when these are to be on the stage. @param {Item[]} items */
  to(items) {
    const first = !this.shown.size;
    const here = new Set(items.map(({ id }) => id));
    for (const item of items) this.shown.set(item.id, this.come(item, first));
    for (const [id, item] of this.shown) if (!here.has(id)) this.leave(item);
    return [...this.shown.values()];
  }

  /** @param {Item} item @param {boolean} first nothing moves at first @returns {Shown} */
  come(item, first) {
    const { ui } = this;
    const before = this.shown.get(item.id);
    if (!before || before.leaving) this.visits++;
    const visit = before && !before.leaving ? (before.visit ?? 0) : this.visits;
    const way = `${item.id} ${visit}`;
    if (!before && !first) {
      ui.follow(way, item.start || faded(item.place));
      if (item.old?.length) ui.follow(`${way} values`, item.old);
    }
    const at = ui.follow(way, item.place);
    const now = item.values && ui.follow(`${way} values`, item.values);
    return { ...item, visit, at, now };
  }

  /** @param {Shown} item */
  leave(item) {
    item.leaving = true;
    item.at = this.ui.follow(`${item.id} ${item.visit}`, faded(item.place));
    if (item.at[item.at.length - 1] < GONE) this.shown.delete(item.id);
  }

  get moving() {
    return [...this.shown.values()].some(({ leaving, at, place }) => leaving || at.some((x, i) => x !== place[i]));
  }
}

/** The same place, not to be seen. @param {number[]} place */
const faded = (place) => [...place.slice(0, -1), 0];
