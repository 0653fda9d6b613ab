// Elements, style sheets, pointers and keys.
import { clamp } from "./numbers.js";

/** @typedef {Node | string | number | null | undefined} Child */

/**
 * An element: attributes (`onclick` and such are listeners; true: without a value; false and null: none), children.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} attributes
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null).map((child) => /** @type {Node | string} */ (child)));
  return element;
}

/**
 * The same for a picture of lines.
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...Node} children
 */
export function svgElement(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

let serial = 0;
/** An id that no other element of the page has. @param {string} letter */
export const fresh = (letter) => `${letter}${++serial}`;

/** @type {Map<string, CSSStyleSheet>} */
const sheets = new Map();

/** Gives a shadow root a style sheet; each is read once in a page. @param {ShadowRoot} root @param {string} css */
export function adopt(root, css) {
  let sheet = sheets.get(css);
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    sheets.set(css, sheet);
  }
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
}

/**
 * Where a pointer is in an element's own pixels, however the page has scaled it (presenting does).
 * @param {MouseEvent} event
 * @param {HTMLElement} element
 */
export function pointed(event, element) {
  const box = element.getBoundingClientRect();
  const scale = box.width ? element.offsetWidth / box.width : 1;
  return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
}

/** Whether the reader wants no motion. */
export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Whether a key is somebody else's: of the browser, or of the page. @param {KeyboardEvent} event */
export const foreign = (event) => event.ctrlKey || event.metaKey || event.altKey;

/** Whether an input method takes the keys: its Enter chooses a sign. @param {KeyboardEvent | InputEvent} event */
export const composing = (event) => event.isComposing || ("keyCode" in event && event.keyCode === 229);

/** Keeps a key that a view has used from the page. @param {Event} event */
export function used(event) {
  event.preventDefault();
  event.stopPropagation();
}

/** Keeps what is typed into a field from the page, but Escape, which leaves it. @param {KeyboardEvent} event */
export function typed(event) {
  if (event.key !== "Escape") event.stopPropagation();
}

const FAR = 1e6;
/** @type {Record<string, [number, number]>} rows down and columns to the right */
const STEPS = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  PageUp: [-10, 0],
  PageDown: [10, 0],
  Home: [0, -FAR],
  End: [0, FAR],
};

/**
 * How an arrow key (or Page, Home, End) moves in a grid: [rows down, columns to the right], or null for other keys.
 * The event is used then.
 * @param {KeyboardEvent} event
 * @returns {[number, number] | null}
 */
export function arrow(event) {
  const step = foreign(event) ? undefined : STEPS[event.key];
  if (!step) return null;
  used(event);
  return step;
}

/**
 * The place to which an arrow key leads in a line of `count`: left and up go back. null for other keys.
 * @param {KeyboardEvent} event
 * @param {number} at
 * @param {number} count
 */
export function along(event, at, count) {
  const step = arrow(event);
  return step && clamp(at + step[0] + step[1], 0, count - 1);
}

/**
 * Makes a group of buttons one stop of Tab, the first one or the last that had the focus: arrow keys lead through them.
 * -> does so again, for other buttons.
 * @param {HTMLElement} group
 */
export function toolbar(group) {
  const all = () => [...group.querySelectorAll("button")];
  const stop = (/** @type {EventTarget | null | undefined} */ at) =>
    all().forEach((one) => (one.tabIndex = one === at ? 0 : -1));
  group.addEventListener("focusin", ({ target }) => stop(target));
  group.addEventListener("keydown", (event) => {
    const buttons = all().filter((one) => one.checkVisibility?.({ visibilityProperty: true }) ?? one.offsetParent);
    const to = along(event, buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target)), buttons.length);
    if (to !== null) buttons[to].focus();
  });
  const again = () => stop(all()[0]);
  again();
  return again;
}

/**
 * "[query|it] attends" -> nodes, of which "it" has the colour of its role.
 * @param {string} text
 * @returns {(string | HTMLElement)[]}
 */
export function coloured(text) {
  return text.split(/(\[(?:query|key|value|output|cool|warm)\|[^\]]*\])/).map((part) => {
    const found = part.match(/^\[(\w+)\|([^\]]*)\]$/);
    return found ? h("b", { class: found[1] }, found[2]) : part;
  });
}

/**
 * Rows under a header, each of which begins with its name.
 * @param {{ header: Child[], rows: Child[][], caption?: Child }} given
 */
export function tableOf({ header, rows, caption }) {
  /** @param {Child[]} cells @param {"th" | "td"} tag */
  const line = ([name, ...cells], tag) =>
    h("tr", {}, h("th", { scope: tag === "th" ? "col" : "row" }, name), ...cells.map((cell) => box(tag, cell)));
  /** @param {"th" | "td"} tag @param {Child} cell */
  const box = (tag, cell) => h(tag, { scope: tag === "th" ? "col" : null }, cell);
  return h(
    "table",
    {},
    caption == null ? null : h("caption", {}, caption),
    h("thead", {}, line(header, "th")),
    h("tbody", {}, ...rows.map((row) => line(row, "td"))),
  );
}

/** The sentence in which a view says what it shows. */
export const spoken = (style = "") => h("div", { class: "say", role: "status", "data-testid": "readout", style });

/**
 * The same where it belongs: under the picture and what is beside it; in front of a class under both, where the
 * controls leave room. style: with a min-height, so that nothing jumps.
 * @param {import("./types.js").UI} ui
 * @param {string} style
 */
export function readout(ui, style) {
  const say = spoken(style);
  if (ui.spec.presenting) ui.below.append(say);
  else ui.body.parentElement?.after(say);
  return say;
}
