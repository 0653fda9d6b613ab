// A chapter on paper, as the browser prints it: a page for each screen, in colours of the light theme, every view as
// it stands, without what only moves it. Each screen is laid out in its place and copied; only printers see copies.
import { el } from "./screen.js";

const SHARP = 2; // dots of a picture in a pixel of the page, at least
const STILL = new CSSStyleSheet();
STILL.replaceSync(".controls { display: none }");
const COLOURS = /--jp-[\w-]*(?:color|background)[\w-]*:[^;}]+/g;

/** What style.css lacks: the colours of JupyterLab's light theme, whichever is in use. @param {any} app */
export async function lightColours(app) {
  const { baseUrl } = app.serviceManager.serverSettings;
  const answer = await fetch(`${baseUrl}lab/api/themes/@jupyterlab/theme-light-extension/index.css`).catch(() => null);
  const found = answer?.ok ? (await answer.text()).match(COLOURS) : [];
  return `.course-paper{color-scheme:light;${found.join(";")}}`;
}

/** A copy of what is seen; JupyterLab's own elements fill themselves. @param {any} node */
function copy(node, isDeep = true) {
  const made = node.cloneNode(false);
  if (node.nodeType !== Node.ELEMENT_NODE) return made;
  if (node.tagName === "CANVAS" && node.width && node.height) made.getContext("2d").drawImage(node, 0, 0);
  const { shadowRoot } = node;
  if (shadowRoot && !made.shadowRoot) {
    const root = made.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = shadowRoot.adoptedStyleSheets;
    root.append(...[...shadowRoot.childNodes].map((child) => copy(child)));
  }
  if (isDeep) made.append(...[...node.childNodes].map((child) => copy(child)));
  if (node.tagName === "SELECT") made.value = node.value;
  return made;
}

/** The page of the screen that is shown. @param {any} deck */
function page({ foot, head, panel, step }) {
  const { dataset, style } = document.body;
  const made = el("section", { className: "course-sheet course-presenting course-paper" });
  Object.assign(made.dataset, { screenKind: dataset.screenKind });
  for (const name of style)
    if (name.startsWith("--course-")) made.style.setProperty(name, style.getPropertyValue(name));
  let inside = copy(step.cell.node);
  for (let around = step.cell.node.parentElement; around !== panel.node.parentElement; around = around.parentElement) {
    const whole = copy(around, false);
    whole.append(inside);
    inside = whole;
  }
  made.append(inside, copy(head), copy(foot));
  return made;
}

/** Puts a page for each screen beside JupyterLab -> call it to take them away again. @param {any} deck of present.js */
export function putPages(deck) {
  const { at, course, folded, isBack, isKept, isLater, open, panel, scrolled, scroller, size, steps } = deck;
  const { body, documentElement } = document;
  const { jpThemeLight } = body.dataset;
  const { scrollTop } = scroller;
  const dots = Object.getOwnPropertyDescriptor(window, "devicePixelRatio");
  const [wide, high] = [innerWidth, innerHeight];
  const pages = el("div", { className: "course-pages jp-ThemedContainer" });
  pages.append(
    el("style", {}, `@page{size:${wide}px ${high}px;margin:0}.course-sheet{width:${wide}px;height:${high}px}`),
  );
  const hosts = course.views(panel);
  const anew = () => hosts.forEach(({ view }) => view.heighten(0)); // its colours, and the place of its controls
  for (const { shadowRoot } of hosts) shadowRoot.adoptedStyleSheets.push(STILL);
  body.dataset.jpThemeLight = "true";
  body.classList.add("course-paper");
  Object.defineProperty(window, "devicePixelRatio", { configurable: true, value: Math.max(SHARP, devicePixelRatio) });
  anew();
  const all = new Set(steps.map(({ cell }) => cell.model.id));
  Object.assign(deck, { isPaper: true, isKept: true, isLater: true, isBack: true, open: all, scrolled: new Set() });
  try {
    for (const number of steps.keys()) {
      Object.assign(deck, { at: number, size: Infinity, folded: new Set(folded) });
      deck.layout();
      pages.append(page(deck));
    }
  } finally {
    for (const { shadowRoot } of hosts)
      shadowRoot.adoptedStyleSheets = shadowRoot.adoptedStyleSheets.filter((sheet) => sheet !== STILL);
    body.dataset.jpThemeLight = jpThemeLight;
    body.classList.remove("course-paper");
    Object.defineProperty(window, "devicePixelRatio", dots);
    anew();
    Object.assign(deck, { at, folded, isBack, isKept, isLater, isPaper: false, open, scrolled, size });
    deck.layout();
    scroller.scrollTop = scrollTop;
  }
  documentElement.append(pages);
  return () => pages.remove();
}
