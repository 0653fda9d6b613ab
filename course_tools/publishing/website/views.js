// Builds a view when it comes near the screen, from the code of its kind and its numbers (see publishing/lighten.py).
// Everything is a classic script beside the page, so that the site also works when it is opened from a folder.
const course = (() => {
  const base = new URL(".", document.currentScript.src),
    scripts = new Map(),
    kinds = {},
    given = {};
  const fetched = (path) => {
    if (!scripts.has(path))
      scripts.set(
        path,
        new Promise((done, failed) => {
          const script = document.createElement("script");
          script.src = new URL(path, base);
          script.onload = done;
          script.onerror = () => failed(new Error(`${script.src} is missing: build the site again`));
          document.head.append(script);
        }),
      );
    return scripts.get(path);
  };
  async function show(host) {
    const { kind, core, numbers } = host.dataset;
    if (core !== undefined) await fetched("kinds/core.js"); // what all kinds have in common
    await Promise.all([fetched(`kinds/${kind}.js`), numbers && fetched(`numbers/${numbers}.js`)]);
    const [spec, data] = numbers ? given[numbers] : JSON.parse(host.querySelector("script").textContent);
    kinds[kind](host, spec, data);
    host.removeAttribute("style"); // the room that was kept for it
  }
  const near = new IntersectionObserver(
    (seen) => {
      for (const { target, isIntersecting } of seen)
        if (isIntersecting) {
          near.unobserve(target);
          show(target);
        }
    },
    { rootMargin: "800px 0px" },
  );
  const hosts = () => [...document.querySelectorAll(".course-view[data-kind]")];
  addEventListener("DOMContentLoaded", () => hosts().forEach((host) => near.observe(host)));
  addEventListener("beforeprint", () => hosts().forEach((host) => host.shadowRoot || show(host)));
  return { fetched, kind: (name, build) => (kinds[name] = build), numbers: (name, pair) => (given[name] = pair) };
})();
