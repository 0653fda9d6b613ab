// What every page does: colours, contents, links into folded parts, what scrolls sideways.
(() => {
  const root = document.documentElement;
  const part = (id) => document.getElementById(id);

  /** The id that a link or an address names, also where its % is no escape. @param {string} hash */
  function named(hash) {
    try {
      return decodeURIComponent(hash.slice(1));
    } catch {
      return hash.slice(1);
    }
  }

  // ---- colours, before the page is drawn: the system's until the reader chooses, and the choice is kept

  const CHOICES = { system: "◐ auto", light: "○ light", dark: "● dark" };
  const system = matchMedia("(prefers-color-scheme: dark)");
  let choice = kept();

  function kept() {
    const found = read("colours");
    return found in CHOICES ? found : "system";
  }

  function read(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  }

  function write(name, value) {
    try {
      localStorage.setItem(name, value);
    } catch {
      // a browser that keeps nothing
    }
  }

  function colour() {
    const byTheSystem = system.matches ? "dark" : "light";
    root.dataset.theme = choice === "system" ? byTheSystem : choice;
    const button = part("colours");
    if (button) button.textContent = CHOICES[choice];
  }

  function nextColours() {
    const names = Object.keys(CHOICES);
    choice = names[(names.indexOf(choice) + 1) % names.length];
    write("colours", choice);
    colour();
  }

  // ---- contents: beside the text where there is room, folded where there is little; they say which section is read

  function fold() {
    const contents = part("contents");
    const button = part("fold");
    const wide = matchMedia("(min-width: 60.01rem)");
    const show = (open) => {
      contents.open = open;
      root.classList.toggle("alone", wide.matches && !open);
      button.setAttribute("aria-expanded", String(open));
    };
    const chosen = () => read("contents") ?? (root.dataset.cover === undefined ? "open" : "folded");
    const usual = () => show(wide.matches && chosen() === "open"); // the first page lists the chapters itself
    usual();
    delete root.dataset.unread;
    wide.addEventListener("change", usual);
    contents.addEventListener("toggle", () => button.setAttribute("aria-expanded", String(contents.open)));
    button.addEventListener("click", () => {
      show(!contents.open);
      if (wide.matches) write("contents", contents.open ? "open" : "folded");
    });
  }

  function follow() {
    const contents = part("contents");
    const links = new Map([...contents.querySelectorAll("ol a")].map((link) => [named(link.hash), link]));
    const headings = [...document.querySelectorAll("main h2[id]")].filter(({ id }) => links.has(id));
    const nav = contents.parentElement;
    let now = null;
    const look = () => {
      const heading = headings.findLast((one) => one.getBoundingClientRect().top < 120);
      const link = heading ? links.get(heading.id) : null;
      if (link === now) return;
      now?.removeAttribute("aria-current");
      link?.setAttribute("aria-current", "location");
      if (link && nav.scrollHeight > nav.clientHeight) nav.scrollTop = link.offsetTop - nav.clientHeight / 2;
      now = link;
    };
    addEventListener("scroll", onceAFrame(look), { passive: true });
    look();
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

  // ---- a link to a place in a folded part unfolds it

  function reach() {
    const target = part(named(location.hash));
    let folded = target && target.closest("details:not([open])");
    if (!folded) return;
    while (folded) {
      folded.open = true;
      folded = folded.parentElement.closest("details:not([open])");
    }
    target.scrollIntoView();
  }

  // ---- what follows a guess is unfolded once it is made, and stays so; on paper everything is

  /** Whether the guess above a fold was made here. @param {HTMLDetailsElement} fold */
  function made(fold) {
    const data = fold.previousElementSibling.querySelector('.course-view script[type="application/json"]');
    return data && read(`attention-course:guess:${JSON.parse(data.textContent)[0].title}`) !== null;
  }

  function unfold() {
    for (const fold of document.querySelectorAll("main details.behind")) {
      const id = `shown:${location.pathname.split("/").pop()}#${fold.previousElementSibling.id}`;
      fold.open = made(fold) || read(id) !== null;
      fold.addEventListener("toggle", () => fold.open && write(id, ""));
    }
    document.addEventListener("course-guess", ({ target }) => {
      const fold = target.closest(".cell")?.nextElementSibling;
      if (fold?.matches("details.behind")) fold.open = made(fold) || fold.open;
    });
    addEventListener("beforeprint", () => {
      for (const fold of document.querySelectorAll("main details.behind")) fold.open = true;
    });
  }

  // ---- "Report something": the section that is being read goes along

  function report(event) {
    const address = new URL(event.currentTarget.href);
    const page = location.pathname.split("/").pop();
    if (location.hash) address.searchParams.set("title", `${page}${location.hash}: `);
    event.currentTarget.href = address.href;
  }

  colour();
  root.dataset.unread = "";
  system.addEventListener("change", colour);
  addEventListener("hashchange", reach);
  addEventListener("DOMContentLoaded", () => {
    colour();
    part("colours").addEventListener("click", nextColours);
    part("report")?.addEventListener("click", report);
    fold();
    unfold();
    reach();
    const look = onceAFrame(stops);
    look();
    addEventListener("resize", look);
    document.addEventListener("toggle", look, true);
    follow();
  });
})();
