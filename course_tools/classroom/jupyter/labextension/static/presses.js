// What the keys do, in front of a class: which one does what, and whose it is.
import { chooser, help, pop } from "./dialogs.js";
import { answers, isTaken, moves, walk } from "./keys.js";
import { t, tn } from "./text.js";

const FIRST = /^(Page(Up|Down)|Escape)$/; // keys that are the deck's wherever the focus is
const SAME = { PageDown: "ArrowRight", " ": "ArrowRight", PageUp: "ArrowLeft", ".": "b" };

function reset({ bar, course, panel }) {
  const count = course.resetViews(panel);
  bar.tell(tn("{n} view of this chapter is as at first.", "{n} views of this chapter are as at first.", count));
}

/** Does what a key of the deck does. What has the focus hears first those that it may use; the rest come back.
 * @param {any} deck of present.js @param {KeyboardEvent} event */
export function press(deck, event) {
  const path = /** @type {HTMLElement[]} */ (event.composedPath());
  const isFirst = event.eventPhase === Event.CAPTURING_PHASE;
  const runs = event.key === "Enter" && event.shiftKey;
  const within = path.some(
    (e) => e.dataset?.lmSuppressShortcuts || e.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(e.tagName),
  );
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "p") {
    event.preventDefault(); // JupyterLab would print its notebook
    event.stopImmediatePropagation();
    return window.print(); // paper.js
  }
  if (path.some((e) => e.tagName === "DIALOG")) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (isFirst ? within && !runs && !FIRST.test(event.key) : !within || isTaken(event)) return;
  const act = runs ? () => deck.runner.run() : action(deck, event);
  if (within && !act) return;
  event.preventDefault();
  event.stopImmediatePropagation(); // a D typed here must not delete a cell
  act?.();
  if (within && isFirst) deck.focus();
}

/** What a key does, if it is one of the deck's. @param {any} deck @param {KeyboardEvent} event */
export function action(deck, event) {
  const { key, shiftKey } = event;
  const { classList } = document.body;
  if (classList.contains("course-black") && moves(event)) return () => classList.remove("course-black");
  const one = SAME[key] ?? (key.length === 1 ? key.toLowerCase() : key);
  if (shiftKey && one === "r") return () => reset(deck);
  if (shiftKey && one === "k") return () => deck.runner.restart();
  if (shiftKey && one === "t") return () => deck.runner.trainAnew();
  const { node } = deck.step.cell;
  const answer = answers(node, key);
  if (answer) return answer;
  return {
    ArrowRight: () => (!shiftKey && walk(node, "on")) || deck.next(shiftKey),
    ArrowLeft: () => (!shiftKey && walk(node, "back")) || deck.go(deck.beside(-1, shiftKey)),
    ArrowDown: () => deck.scroller.scrollBy(0, 120),
    ArrowUp: () => deck.scroller.scrollBy(0, -120),
    Home: () => deck.go(0),
    End: () => deck.go(deck.steps.length - 1),
    Enter: () => deck.runner.run(),
    s: () => deck.runner.stop(),
    r: () => {
      deck.course.resetViews(deck.panel, [deck.step.cell]);
      deck.bar.tell(t("As at first."));
    },
    Tab: () => (deck.control ? deck.control.focus() : deck.bar.tell(t("Nothing to move on this screen."))),
    Escape: () => deck.focus(),
    e: () => deck.edit(),
    c: () => deck.toggleCode(),
    n: () => deck.notes.open(),
    b: () => document.body.classList.toggle("course-black"),
    F5: () => {}, // a remote's "start": a reload would leave the class with nothing
    g: () => pop(chooser(deck), () => deck.focus()),
    q: () => deck.leave(null),
    "?": () => pop(help(deck.bar.waits), () => deck.focus()),
  }[one];
}
