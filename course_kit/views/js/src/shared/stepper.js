// Play, pause, one word back, one word on: for the labs in which a sentence is written. Buttons, and keys for a
// picture.
import { h } from "./dom.js";

// now() and last(): words written and how many there are; go(n): write so many; first: where playing begins
export function stepper({ now, last, go, first = 0, pace = 800 }) {
  let timer = 0;
  let expected = -1;
  const back = h("button", { type: "button", "aria-label": "one word back", onclick: () => to(now() - 1) }, "◀");
  const play = h(
    "button",
    { type: "button", class: "play", "data-testid": "play", onclick: () => (timer ? stop() : start()) },
    "play",
  );
  const on = h("button", { type: "button", "aria-label": "one word on", onclick: () => to(now() + 1) }, "▶");
  const stop = () => {
    clearTimeout(timer);
    timer = 0;
    play.textContent = "play";
  };
  const to = (n) => {
    stop();
    go(Math.max(first, Math.min(last(), n)));
  };
  function start() {
    if (now() >= last()) go(first);
    expected = now();
    play.textContent = "pause";
    timer = setTimeout(tick, pace / 3);
  }
  function tick() {
    // gone, or moved by another hand
    if (!play.isConnected || now() !== expected) return stop();
    go(Math.min(last(), expected + 1));
    expected = now();
    if (expected >= last()) stop();
    else timer = setTimeout(tick, pace);
  }
  function keys(e) {
    const moves = {
      ArrowLeft: () => to(now() - 1),
      ArrowRight: () => to(now() + 1),
      Home: () => to(first),
      End: () => to(last()),
      " ": () => (timer ? stop() : start()),
    };
    if (!moves[e.key] || e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return;
    e.preventDefault();
    e.stopPropagation();
    moves[e.key]();
  }
  const sync = () => {
    back.disabled = now() <= first;
    on.disabled = now() >= last();
  };
  return {
    row: h("span", { class: "control stepper", role: "group", "aria-label": "word by word" }, back, play, on),
    keys,
    sync,
    stop,
  };
}
