// What every page does. Colours, before it is drawn: the system's until the reader chooses, and the choice is kept.
(() => {
  const root = document.documentElement,
    system = matchMedia("(prefers-color-scheme: dark)"),
    names = ["system", "light", "dark"];
  const kept = () => {
    try {
      return localStorage.getItem("colours");
    } catch {
      return null;
    }
  };
  let choice = names.includes(kept()) ? kept() : "system";
  const apply = () => {
    root.dataset.theme = choice === "system" ? (system.matches ? "dark" : "light") : choice;
    const button = document.getElementById("colours");
    if (button) button.textContent = { system: "◐ as the system", light: "○ light", dark: "● dark" }[choice];
  };
  apply();
  root.dataset.unread = "";
  system.addEventListener("change", apply);
  addEventListener("DOMContentLoaded", () => {
    apply();
    document.getElementById("colours").addEventListener("click", () => {
      choice = names[(names.indexOf(choice) + 1) % 3];
      try {
        localStorage.setItem("colours", choice);
      } catch {
        /* a browser that keeps nothing */
      }
      apply();
    });
    // the contents are folded where there is little room
    const contents = document.getElementById("contents"),
      wide = matchMedia("(min-width: 60.01rem)");
    const unfold = () => (contents.open = wide.matches);
    unfold();
    delete root.dataset.unread;
    wide.addEventListener("change", unfold);
    reach();
    stops();
    addEventListener("resize", stops);
    document.addEventListener("toggle", stops, true);
    follow();
  });
  // the contents say which section is being read
  function follow() {
    const links = new Map(
        [...document.querySelectorAll("#contents ol a")].map((link) => [decodeURIComponent(link.hash), link]),
      ),
      headings = [...document.querySelectorAll("main h2[id]")].filter((h) => links.has(`#${h.id}`)),
      nav = document.getElementById("contents").parentElement;
    let now = null,
      asked = 0;
    const look = () => {
      asked = 0;
      const link = links.get(`#${headings.findLast((h) => h.getBoundingClientRect().top < 120)?.id}`) ?? null;
      if (link === now) return;
      now?.removeAttribute("aria-current");
      (now = link)?.setAttribute("aria-current", "location");
      if (link && nav.scrollHeight > nav.clientHeight) nav.scrollTop = link.offsetTop - nav.clientHeight / 2;
    };
    addEventListener("scroll", () => (asked ||= requestAnimationFrame(look)), { passive: true });
    look();
  }
  // what scrolls sideways is a stop of the Tab key, what does not is none
  let asked = 0;
  function stops() {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      const parts = [...document.querySelectorAll("main :is(pre, .output, .formula, .scroll, [style*=overflow])")];
      const wide = parts.map((part) => part.scrollWidth > part.clientWidth);
      parts.forEach((part, i) => (wide[i] ? (part.tabIndex = 0) : part.removeAttribute("tabindex")));
    });
  }
  // a link to a place in a folded section unfolds it
  function reach() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    let folded = target.closest("details:not([open])");
    if (!folded) return;
    for (; folded; folded = folded.parentElement.closest("details:not([open])")) folded.open = true;
    target.scrollIntoView();
  }
  addEventListener("hashchange", reach);
})();

// "Report something": the section that is being read goes along.
addEventListener("DOMContentLoaded", () =>
  document.getElementById("report")?.addEventListener("click", (event) => {
    const address = new URL(event.currentTarget.href),
      page = location.pathname.split("/").pop();
    if (location.hash) address.searchParams.set("title", `${page}${location.hash}: `);
    event.currentTarget.href = address.href;
  }),
);
