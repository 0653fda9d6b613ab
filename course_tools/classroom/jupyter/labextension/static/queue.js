// What a class needs runs in one queue: cell after cell in the order of the notebook, each once those above it have
// ended, and those too that somebody has gone past.
const TRIES = 3; // for a cell that the kernel never began
export const STOPPED = "KeyboardInterrupt";

/** @typedef {{ model: { id: string } }} Cell */

export class Queue {
  /** @type {Set<string>} ids of the cells that the kernel was sent */
  ran = new Set();
  /** @type {Map<string, string>} ids of those that raised, in the order in which they did, and what */
  failed = new Map();
  /** @type {Cell | null} */
  running = null;
  /** @type {Promise<void> | null} */
  working = null;

  /**
   * @param {() => Cell | null | undefined} due the next cell
   * @param {(cell: Cell) => Promise<string | null>} run -> "", or what it raised; null if the kernel never began it
   */
  constructor(due, run) {
    this.due = due;
    this.run = run;
  }

  /** Runs what is due until nothing is. Rejects if a cell could not be sent: it is due again. */
  work() {
    this.working ??= this.catchUp().finally(() => {
      this.running = null;
      this.working = null;
    });
    return this.working;
  }

  async catchUp() {
    const tries = new Map();
    for (let cell = this.due(); cell; cell = this.due()) {
      const { id } = cell.model;
      this.running = cell;
      this.ran.add(id);
      this.failed.delete(id);
      const raised = await this.run(cell).catch((error) => {
        this.ran.delete(id);
        throw error;
      });
      tries.set(id, (tries.get(id) ?? 0) + 1);
      if (raised === null && tries.get(id) < TRIES) this.ran.delete(id);
      else if (raised === null || (raised && this.ran.has(id))) {
        this.ran.add(id); // of a cell that ends its kernel each time nothing is left
        this.failed.set(id, raised ?? "…");
      }
    }
  }

  /** Those of these cells that failed run again, unless somebody stopped them. @param {Cell[]} cells */
  retry(cells) {
    for (const { id } of cells.map(({ model }) => model))
      if (this.failed.has(id) && this.failed.get(id) !== STOPPED) this.ran.delete(id);
  }

  /**
   * What a screen lacks: nothing as long as its own cell ran well, is still to run or was stopped, whatever failed
   * elsewhere; else the first cell that failed on the way to it, and what that raised.
   * @param {Cell[]} cells of the screen and above, in order, its own the last
   * @returns {{ cell: Cell, raised: string } | null}
   */
  lack(cells) {
    const hasFailed = ({ model: { id } }) => this.failed.has(id) && this.ran.has(id);
    const own = cells.at(-1);
    if (!own || own === this.running || !hasFailed(own)) return null;
    const cell = cells.find(hasFailed) ?? own;
    const raised = this.failed.get(cell.model.id) ?? "";
    return cell === own && raised === STOPPED ? null : { cell, raised };
  }

  /** All has to run again. */
  clear() {
    this.ran.clear();
    this.failed.clear();
  }

  /** The ids of those that have ended well. */
  get done() {
    return [...this.ran].filter((id) => !this.failed.has(id) && id !== this.running?.model.id);
  }
}
