// A view waits as its picture until it comes near the screen; then the program puts the moving one in its place.
// Everything is a classic script beside the page, so that the site also works when it is opened from a folder.
globalThis.course = (() => {
  const NEAR = "1200px 0px"; // above and below the screen
  const LIGHT = 8; // files of a model that come at the first touch of its view; of a larger one, at that of its field
  const base = new URL(".", /** @type {HTMLScriptElement} */ (document.currentScript).src);
  const scripts = new Map();
  const numbers = {};
  const asked = new Set();
  globalThis.courseViews ??= []; // until the program is there, it keeps what waits for it

  /** A script beside this page, fetched once. @param {string} path */
  function fetched(path) {
    if (!scripts.has(path)) scripts.set(path, coming(new URL(path, base)));
    return scripts.get(path);
  }

  /** @param {URL} address */
  function coming(address) {
    return new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = address.href;
      script.onload = done;
      script.onerror = () => failed(new Error(`${address} is missing: build the site again`));
      document.head.append(script);
    });
  }

  /** @param {HTMLElement} host of a view, its picture in it */
  async function show(host) {
    if (asked.has(host)) return;
    asked.add(host);
    const name = host.dataset.numbers;
    if (name) await fetched(`numbers/${name}.js`);
    const [spec, data] = name ? numbers[name] : JSON.parse(host.querySelector("script").textContent);
    courseViews.push((page) => standing(host, () => page.build(host, spec, data)));
  }

  /** Changes a host. What a reader sees below it stays where it is; most browsers see to that, Safari does not. */
  function standing(host, change) {
    const { bottom } = host.getBoundingClientRect();
    change();
    const grown = host.getBoundingClientRect().bottom - bottom;
    const top = parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop); // below the header
    if (bottom <= top && !CSS.supports("overflow-anchor", "auto")) scrollBy(0, grown);
  }

  const near = new IntersectionObserver(
    (seen) => {
      for (const { target, isIntersecting } of seen) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        show(/** @type {HTMLElement} */ (target));
      }
    },
    { rootMargin: NEAR },
  );
  /** Who uses a view may ask it about a sentence of their own: its model comes while they look and type. */
  function ahead(event) {
    const models = event.target.dataset?.models?.split(" ");
    const asks = () => event.composedPath().some((part) => part.matches?.(".own, .typed"));
    if (!models || /** @type {any} */ (navigator).connection?.saveData || (models.length > LIGHT && !asks())) return;
    delete event.target.dataset.models;
    courseViews.push((page) => models.forEach((file) => page.ahead(file)));
  }

  /** @returns {NodeListOf<HTMLElement>} */
  const hosts = () => document.querySelectorAll("main .course-view");
  for (const kind of ["focusin", "pointerdown"]) addEventListener(kind, ahead);
  addEventListener("DOMContentLoaded", () => hosts().forEach((host) => near.observe(host)));
  addEventListener("beforeprint", () => hosts().forEach(show));
  return {
    fetched,
    numbers(name, given) {
      numbers[name] = given;
    },
  };
})();
