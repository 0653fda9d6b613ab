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

  const sections = () => [...document.querySelectorAll("main :is(h2, .half)[id]")];
  const current = () =>
    sections().findLastIndex((one) => one.checkVisibility() && one.getBoundingClientRect().top < 120);

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

  // ---- one switch for the code that only draws, on all pages, and the choice is kept; what is read stays where it is

  /** @param {HTMLElement} button */
  function code(button) {
    const show = (isOn) => {
      root.toggleAttribute("data-code", isOn);
      button.setAttribute("aria-pressed", String(isOn));
    };
    show(kept.code === "all");
    button.addEventListener("click", () => {
      const parts = [...document.querySelectorAll("main .cell > :not(.folded)")].filter((one) => one.checkVisibility());
      const part = parts.find((one) => one.getBoundingClientRect().top > 50); // below the head of the page
      const top = () => part?.getBoundingClientRect().top ?? 0;
      const before = top();
      show(!root.hasAttribute("data-code"));
      kept.code = root.hasAttribute("data-code") ? "all" : "";
      scrollBy({ top: top() - before, behavior: "instant" });
      dispatchEvent(new Event("resize")); // what is wide now is a stop
    });
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

  // ---- a curtain over what follows a guess: it opens once that is made, and stays so, and for a link into it

  /** Whether the guess above a curtain was made here. @param {HTMLElement} behind */
  function made(behind) {
    const data = behind.previousElementSibling.querySelector('.course-view script[type="application/json"]');
    return data && kept[`attention-course:guess:${JSON.parse(data.textContent)[0].title}`] !== undefined;
  }

  /** @param {HTMLElement} behind */
  function open(behind, isOpen = true) {
    behind.classList.toggle("open", isOpen);
    for (const still of behind.querySelectorAll(".pale")) still.inert = Boolean(still.closest(".behind:not(.open)"));
  }

  function curtains() {
    for (const behind of document.querySelectorAll("main .behind")) {
      const id = `shown:${location.pathname.split("/").pop()}#${behind.previousElementSibling.id}`;
      open(behind, made(behind) || kept[id] !== undefined);
      behind.querySelector(".curtain").addEventListener("click", () => {
        kept[id] = "";
        open(behind);
      });
    }
    document.addEventListener("course-guess", (event) => {
      const behind = /** @type {any} */ (event.target).closest(".cell")?.nextElementSibling;
      if (behind?.matches(".behind") && made(behind)) open(behind);
    });
    const linked = () => {
      const target = document.querySelector(":target");
      if (!target?.closest(".behind:not(.open)")) return;
      for (let at = target.closest(".behind"); at; at = at.parentElement.closest(".behind")) open(at);
      target.scrollIntoView();
    };
    for (const event of ["load", "hashchange"]) addEventListener(event, linked);
  }

  colour();
  system.addEventListener("change", colour);
  addEventListener("DOMContentLoaded", () => {
    document.getElementById("colours").addEventListener("click", otherColours);
    document.addEventListener("click", translated);
    const all = document.getElementById("code");
    if (all) code(all);
    curtains();
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
