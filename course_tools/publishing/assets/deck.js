// Slides are screens without JupyterLab: fitting.js, which stands before this, fits each when it is first shown, and
// keys.js says whose a key is.

/** @returns {any[]} */
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const SLIDES = ".slides > section";
const onPaper = /print-pdf/i.test(location.search);

const seen = new Set();
const shownOf = (slide) => ({
  room: slide.querySelector(".room"),
  on: slide.querySelector(".on"),
  keep: slide.querySelector(".keep"),
  kind: slide.className.split(" ")[0],
});

/** Fits a slide, again where a view has grown on it, after a long answer for one. @param {HTMLElement} slide */
function show(slide) {
  const shown = shownOf(slide);
  if (seen.has(slide) ? !isStale(shown) : shown.kind === "title") return;
  if (!seen.has(slide)) new ResizeObserver(() => requestAnimationFrame(() => show(slide))).observe(shown.on);
  seen.add(slide);
  const set = (size, tight) => {
    slide.style.setProperty("--fit", size);
    slide.classList.toggle("tight", tight && !onPaper); // there nothing may stand over it
  };
  const enlarge = () => fit(shown, set);
  let size = enlarge();
  if (size < CODE && shown.keep) {
    shown.keep.classList.add("close"); // so that nothing gets too small
    shown.keep.style.minHeight = "";
    size = enlarge();
  }
  if (slide.querySelector(".below")) slide.querySelector(".back")?.remove(); // nothing was hidden
  if (size >= CODE || !slide.querySelector(".source + *")) return;
  slide.querySelector(".source").remove(); // what it printed goes on without it
  enlarge();
}

/** Terms of a formula, to stand in one line or in several. @param {HTMLElement} formula */
function broken(formula) {
  const row = formula.querySelector("math > mrow");
  const terms = termsOf(row, (part) => part.matches("mspace") && parseFloat(part.getAttribute("width")));
  if (!terms.length) return;
  const made = terms.map((term) => {
    const math = row.parentElement.cloneNode(false);
    math.append(row.cloneNode(false));
    math.firstElementChild.append(...term);
    const span = document.createElement("span");
    span.className = "term";
    span.append(math);
    return span;
  });
  formula.classList.add("broken");
  formula.replaceChildren(...made);
}

// ---- reveal.js: Page Up and Down, which remote controls send, always turn the slide; Escape leaves a view

const inView = () => document.activeElement?.closest(".course-view");
const leaveView = () => inView() && /** @type {HTMLElement} */ (document.activeElement).blur();
const TURN = { PageDown: () => turn("next", 1), PageUp: () => turn("prev", -1) };

/** What is left of a slide, or the next that a class sees: past sections it leaves out, but within one of them. */
function turn(way, by) {
  const [slides, now] = [Reveal.getSlides(), Reveal.getCurrentSlide()];
  const head = (slide) => slide.querySelector(".head")?.textContent;
  let at = slides.indexOf(now) + by;
  while (slides[at]?.matches("[data-aside]") && head(slides[at]) !== head(now)) at += by;
  if (Reveal.availableFragments()[way]) Reveal[way]();
  else if (slides[at]) Reveal.slide(at);
}

function onKey(event) {
  const { key, shiftKey, ctrlKey, metaKey, altKey } = event;
  if (ctrlKey || metaKey || altKey) return;
  const slide = Reveal.getCurrentSlide();
  const leave = key === "Escape" && inView() ? leaveView : null;
  const act = TURN[key] ?? (isTaken(event) ? null : answers(slide, key)) ?? leave;
  const isOn = goesOn(event) && !isTaken(event);
  const goes = isOn || (key === "ArrowLeft" && !isTaken(event));
  const steps = () => goes && !shiftKey && (TURN[key] || !inView()) && walk(slide, isOn ? "on" : "back");
  const turns = goes && !shiftKey && TURN[isOn ? "PageDown" : "PageUp"];
  if (Reveal.isPaused() && moves(event)) Reveal.togglePause(false);
  else if (isOn && shiftKey && key === "ArrowRight") Reveal.next(); // out of a view that is told in steps
  else if (!(isOn && showAnswer(slide)) && !steps()) {
    if (!(act || turns)) return;
    (act || turns)();
  }
  event.preventDefault();
  event.stopImmediatePropagation();
}

const OPTIONS = {
  width: 1280,
  height: 720,
  margin: 0,
  center: false,
  hash: true,
  slideNumber: "c/t",
  controls: false,
  transition: "none",
  backgroundTransition: "none",
  keyboardCondition: (event) => !isTaken(event),
  pdfSeparateFragments: false,
  plugins: [RevealNotes],
  controlsTutorial: false,
  help: true,
};

async function reveal() {
  addEventListener("keydown", onKey, true);
  await Reveal.initialize(OPTIONS);
  const dark = () => document.documentElement.classList.toggle("dark");
  const reset = () => {
    for (const host of all(".course-view", Reveal.getCurrentSlide())) host.view?.act("reset");
  };
  Reveal.addKeyBinding({ keyCode: 68, key: "D", description: "Dark or light" }, dark);
  Reveal.addKeyBinding({ keyCode: 82, key: "R", description: "All views of this slide as they were" }, reset);
  const arrive = ({ currentSlide }) => {
    if (onPaper) return;
    show(currentSlide);
    leaveView();
    // Tab stays on the slide that is seen
    for (const section of all(SLIDES)) section.inert = section !== currentSlide;
  };
  Reveal.on("slidechanged", arrive);
  Reveal.on("fragmentshown", leaveView); // it may stand in the place of the view
  leaveAfterMouse(leaveView);
  arrive({ currentSlide: Reveal.getCurrentSlide() });
}

/** A screen of 4:3 is higher: the slides use all of it. */
function shape() {
  const { innerWidth, innerHeight } = window;
  const high = Math.round(Math.min(960, Math.max(720, (1280 * innerHeight) / innerWidth)));
  document.documentElement.style.setProperty("--high", `${high}px`);
  OPTIONS.height = high;
}

async function start() {
  if (!onPaper) shape();
  await document.fonts.ready;
  await Promise.all(all("img").map((image) => image.decode().catch(() => {})));
  for (const formula of all(".thing .formula")) broken(formula);
  if (onPaper) for (const slide of all(SLIDES)) show(slide);
  document.body.classList.remove("measuring");
  await reveal();
  document.documentElement.dataset.ready = "";
}

start();
