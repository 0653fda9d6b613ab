import { action } from "./presses.js";
import { el, words } from "./screen.js";
import { t } from "./text.js";

// The speaker's window: where one is in the lesson, what to ask, which wrong guesses to expect. Keys work there, too.
const STYLE = await (await fetch(new URL("./notes.css", import.meta.url))).text();
const minutes = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, "0")}`;

// One window for all chapters: it follows the one that is shown.
export function notesWindow() {
  let deck = null;
  let notes = [];
  let other = null;
  let timer = 0;
  const there = () => other && !other.closed;
  const noteAt = (at) => {
    for (let i = at; i >= 0; i--) {
      const found = notes.findIndex((n) => n.heading === deck.steps[i].heading);
      if (found >= 0) return found;
    }
    return 0;
  };
  function follow(shown, itsNotes) {
    [deck, notes] = [shown, itsNotes];
  }
  function open() {
    other = window.open("", "course-notes", "popup,width=760,height=820");
    if (!other)
      return deck.bar.tell(t("The browser keeps the notes' window from opening: allow pop-ups for this address."));
    other.document.head.innerHTML = `<meta charset="utf-8"><style>${STYLE}</style>`;
    other.document.title = t("Notes");
    other.document.onkeydown = (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        action(deck, event)?.();
      }
    };
    other.focus();
    clearInterval(timer);
    timer = setInterval(tick, 1000);
    show();
  }
  function tick() {
    if (!there()) return clearInterval(timer);
    const clock = other.document.getElementById("clock");
    if (clock) clock.textContent = minutes(Date.now() - deck.started);
  }
  function show() {
    if (!there()) return;
    const index = noteAt(deck.at);
    const note = notes[index];
    const after = notes[index + 1];
    const body = other.document.body;
    body.innerHTML =
      `<header><span id="plan"></span><span id="place"></span></header>` +
      `<main></main><aside></aside><footer></footer>`;
    body.querySelector("header").prepend(el("span", {}, t("since the start "), el("b", { id: "clock" })));
    body.querySelector("#place").textContent = t("{at} of {n}", { at: deck.at + 1, n: deck.steps.length });
    if (!note) return (body.querySelector("main").textContent = t("No notes for this notebook."));
    body.querySelector("#plan").textContent = note.minutes
      ? t("plan: minutes {starts} to {ends}", { starts: note.starts, ends: note.starts + note.minutes })
      : t("plan: minute {starts}", { starts: note.starts });
    const said = words(deck.step.said); // what the notebook says of this screen
    body.querySelector("main").innerHTML = note.html + (said && `<section>${said}</section>`); // the note: speaker.py
    body.querySelector("aside").innerHTML = index ? notes[0].html : ""; // what holds for the whole chapter
    body.querySelector("footer").textContent = after
      ? t("After this: {heading}", { heading: after.heading })
      : t("The last section.");
    tick();
  }
  return { follow, open, show };
}
