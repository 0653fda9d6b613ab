// The line at the foot of a screen: which keys there are, what runs and how far, what went wrong.
import { errorOf, heldOf } from "./outputs.js";
import { STOPPED } from "./queue.js";
import { el, isEmpty, quiet } from "./screen.js";
import { t } from "./text.js";

export class Bar {
  said = null; // what is said for a while, and until when
  stopping = null; // what is said of a stop
  far = null; // title of what runs, and how far it is

  /** @param {any} deck of present.js */
  constructor(deck) {
    this.deck = deck;
    this.node = el("div", { className: "course-bar", role: "status" });
    this.node.dataset.testid = "course-bar";
    this.coming = el("p", { className: "course-coming" }); // where there is nothing to see yet
  }

  /** What runs and how far. */
  get waits() {
    const { step, open, runner } = this.deck;
    const { asked, busy, earlier } = runner;
    const cell = busy ?? runner.behind;
    if (!cell) return earlier ? t("The kernel still runs what it was asked before") : "";
    const share = this.far.join(": ");
    const elsewhere = asked ? t("queued, behind {share}", { share }) : t("in the background: {share}", { share });
    const far = cell === step.cell ? share : elsewhere;
    const { id } = step.cell.model;
    const isYet = step.cell === busy ? earlier?.isUnseen : !runner.ran.has(id); // to come: of a page opened anew too
    const isSaved = isYet && !isEmpty(step) && step.kind !== "guess";
    const isOld = (heldOf(step) || isSaved) && (quiet(step) || open.has(id));
    return isOld ? t("{far} · shown: an earlier run", { far }) : far;
  }

  /** Whether what runs is no matter of this screen, and was not asked for: a dot says so, and the list of keys what. */
  get isAside() {
    const { step, runner } = this.deck;
    const cell = runner.busy ?? runner.behind;
    return !!cell && cell !== step.cell && !runner.asked && !this.isComing;
  }

  /** Whether there is nothing to see yet. */
  get isComing() {
    const { step } = this.deck;
    return isEmpty(step) && quiet(step) && !heldOf(step);
  }

  /** How long what is still to run up to this screen takes, as its cells say. */
  get time() {
    const { above, runner, step } = this.deck;
    const isRun = (cell) => runner.ran.has(cell.model.id) && ![runner.busy, runner.behind].includes(cell);
    const cells = [...new Set([...above, step.cell])].filter((cell) => !isRun(cell));
    const seconds = cells.reduce((sum, { model }) => sum + (model.getMetadata("seconds") ?? 0), 0);
    return seconds ? t("comes in about {seconds} s", { seconds }) : t("comes in a moment");
  }

  /** Says what there is to say now. @param {string[]} [far] of what runs */
  show(far = this.far) {
    this.far = far;
    const running = this.waits;
    const waits = this.isAside && !this.stopping ? "" : running;
    const { at, course, panel, runner, step, steps } = this.deck;
    const said = this.said && this.said.until > Date.now() ? this.said.text : null;
    const lacks = !errorOf(step.cell) && runner.queue.lack(this.deck.needs);
    const folded = step.cell.node.classList.contains("course-nocode") && !quiet(step);
    const main = quiet(step) && this.deck.control?.closest("[data-main]");
    const hint = runner.restarting
      ? t("A fresh kernel; bringing back what was defined …")
      : lacks
        ? lacks.raised === STOPPED
          ? t("What this screen needs was stopped: Enter runs it.")
          : t("What this screen needs raised {name}: Q leads to its cell.", { name: lacks.raised })
        : waits
          ? (this.stopping ?? t("{waits} · S stop · → next", { waits }))
          : this.deck.hides
            ? t("→ back to the picture · Enter run · N notes · ? all keys")
            : folded
              ? t("→ next · ← back · Enter run · C code · N notes · ? all keys")
              : main
                ? t("→ next · ← back · Tab, then Enter: {what} · R reset view · N notes · ? all keys", {
                    what: main.textContent,
                  })
                : t("→ next · ← back · Enter run · R reset view · Tab into it, Esc out · N notes · ? all keys");
    for (const host of waits ? course.views(panel, [step.cell]) : [])
      for (const field of host.shadowRoot.querySelectorAll("[placeholder]:disabled"))
        field.placeholder = t("{waits} · then you can type here", { waits: this.far?.[1] ?? this.time });
    this.coming.textContent = waits && this.isComing ? this.time : "";
    const text = said ?? hint;
    const [title] = waits && this.far && text.includes(this.far[0]) ? this.far : [""];
    const from = text.indexOf(title);
    const name = el("span", {}, title);
    const parts = [text.slice(0, from), name, text.slice(from + title.length)];
    const line = el("span", { className: "course-said" }, ...parts);
    const place = el("span", { className: "course-place" }, `${at + 1}/${steps.length}`);
    const dot = el("span", { className: "course-dot", role: "img", ariaLabel: running, title: running });
    this.node.replaceChildren(line, ...(running && !waits ? [dot] : []), place);
    const over = line.scrollWidth - line.clientWidth; // is taken from the title: the keys are to be seen
    if (over > 0 && title) name.style.maxWidth = `${Math.max(40, name.offsetWidth - over - 2)}px`;
  }

  tell(text, milliseconds = 6000) {
    this.said = { text, until: Date.now() + milliseconds };
    this.deck.layout();
    setTimeout(() => this.deck.layout(), milliseconds + 50);
  }

  /** What JupyterLab tells in a dialog that asks nothing is said here, where it is said that a kernel had died. */
  answerDialog() {
    const dialog = document.querySelector(".jp-Dialog");
    const buttons = dialog?.querySelectorAll(".jp-Dialog-button") ?? [];
    if (buttons.length !== 1) return;
    const parts = [".jp-Dialog-header", ".jp-Dialog-body"].map((part) => dialog.querySelector(part));
    const said = parts.flatMap((part) => part?.textContent.trim().split("\n", 1) ?? []).join(" · ");
    if (!this.deck.runner.restarting) this.tell(said, 10000);
    buttons[0].click();
    setTimeout(() => this.deck.focus());
  }
}
