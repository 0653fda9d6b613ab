// What every page does: colours, contents, the other language, what scrolls sideways.
(() => {
  const root = document.documentElement;

  // ---- colours, before the page is drawn: the system's until the reader chooses, and the choice is kept

  const system = matchMedia("(prefers-color-scheme: dark)");
  const kept = storage();

  function storage() {
    try {
      return localStorage;
    } catch {
      return {}; // a browser that keeps nothing
    }
  }

  function colour() {
    root.dataset.theme = kept.colours ?? (system.matches ? "dark" : "light");
  }

  function otherColours() {
    kept.colours = root.dataset.theme === "dark" ? "light" : "dark";
    colour();
  }

  // ---- the section that is read: the contents mark it, and the same page in another language opens at it

  const sections = () => [...document.querySelectorAll("main h2[id]")];
  const current = () => sections().findLastIndex((one) => one.getBoundingClientRect().top < 120);

  function mark() {
    const contents = document.querySelector(".contents");
    const now = contents.querySelector("[aria-current=location]");
    const link = contents.querySelectorAll("ol a")[current()];
    if (link === now) return;
    now?.removeAttribute("aria-current");
    link?.setAttribute("aria-current", "location");
    if (link) contents.scrollTop = link.offsetTop - contents.clientHeight / 2;
  }

  function translated({ target }) {
    const link = target.closest(".language");
    if (link && current() >= 0) link.hash = `section=${current()}`; // their words differ, their order does not
  }

  // ---- what scrolls sideways is a stop of the Tab key, what does not is none

  function stops() {
    const parts = [...document.querySelectorAll("main :is(pre, .output, .formula, .scroll, [style*=overflow])")];
    const wide = parts.map((one) => one.scrollWidth > one.clientWidth);
    for (const [i, one] of parts.entries()) {
      if (wide[i]) one.tabIndex = 0;
      else one.removeAttribute("tabindex");
    }
  }

  function onceAFrame(act) {
    let asked = false;
    return () => {
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => {
        asked = false;
        act();
      });
    };
  }

  // ---- what follows a guess is unfolded once it is made, and stays so; on paper everything is

  /** Whether the guess above a fold was made here. @param {HTMLDetailsElement} fold */
  function made(fold) {
    const data = fold.previousElementSibling.querySelector('.course-view script[type="application/json"]');
    return data && kept[`attention-course:guess:${JSON.parse(data.textContent)[0].title}`] !== undefined;
  }

  function unfold() {
    for (const fold of document.querySelectorAll("main details.behind")) {
      const id = `shown:${location.pathname.split("/").pop()}#${fold.previousElementSibling.id}`;
      if (made(fold) || kept[id] !== undefined) fold.open = true;
      fold.addEventListener("toggle", () => {
        if (fold.open) kept[id] = "";
      });
    }
    document.addEventListener("course-guess", ({ target }) => {
      const fold = target.closest(".cell")?.nextElementSibling;
      if (fold?.matches("details.behind")) fold.open = made(fold) || fold.open;
    });
    addEventListener("beforeprint", () => {
      for (const fold of document.querySelectorAll("main details.behind")) fold.open = true;
    });
  }

  colour();
  system.addEventListener("change", colour);
  addEventListener("DOMContentLoaded", () => {
    document.getElementById("colours").addEventListener("click", otherColours);
    document.addEventListener("click", translated);
    unfold();
    sections()[/^#section=(\d+)$/.exec(location.hash)?.[1]]?.scrollIntoView();
    const here = document.querySelector(".journey [aria-current]"); // on a phone the strip scrolls
    if (here) here.closest("ol").scrollLeft = here.offsetLeft - here.offsetWidth;
    const look = onceAFrame(stops);
    look();
    addEventListener("resize", look);
    document.addEventListener("toggle", look, true);
    addEventListener("scroll", onceAFrame(mark), { passive: true });
    mark();
  });
})();
