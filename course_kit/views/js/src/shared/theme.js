// Colours: ink is attention, the four roles are the only bright ones; cool and warm tell two other things apart.
import { t } from "../text.js";

/** @typedef {[number, number, number] | number[]} Colour red, green and blue, 0 to 255 */

export const LIGHT = {
  query: "#b35900",
  key: "#0072b2",
  value: "#00795a",
  output: "#9b3d8a",
  text: "#1b2430",
  quiet: "#596573",
  pale: "#8793a0",
  cool: "#4d6680",
  warm: "#80673f",
  line: "#dbe2e9",
  hatch: "#c3ced9",
  tint: "13%", // of a role, what a box is filled with
  paper: [250, 251, 252],
  ink: [20, 28, 40],
  plus: [150, 116, 16],
  minus: [178, 58, 60],
};
/** @typedef {typeof LIGHT} Theme */

/** @type {Theme} */
export const DARK = {
  query: "#f2a65e",
  key: "#6cb8ee",
  value: "#4fcba3",
  output: "#dc97d2",
  text: "#e6ebf1",
  quiet: "#a3afbb",
  pale: "#7f8b98",
  cool: "#9ab3cf",
  warm: "#d4bd92",
  line: "#39434e",
  hatch: "#66727f",
  tint: "20%",
  paper: [28, 33, 40],
  ink: [240, 244, 248],
  plus: [232, 200, 96],
  minus: [244, 128, 116],
};

/** @param {Colour} c */
const brightness = (c) => 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2];

/** The theme that belongs to the colour of an element's text. @param {Element} element */
export function themeOf(element) {
  const text = (getComputedStyle(element).color.match(/[\d.]+/g) ?? ["0", "0", "0"]).map(Number);
  return brightness(text) > 128 ? DARK : LIGHT;
}

/** From one colour to another, t from 0 to 1. @param {Colour} from @param {Colour} to @param {number} t */
export const mix = (from, to, t) => from.map((a, i) => Math.round(a + (to[i] - a) * Math.min(1, Math.max(0, t))));

/**
 * The ink of a share of attention. On a dark ground the eye needs more of it to tell a small share from none.
 * @param {Theme} theme
 * @param {number} share
 */
export const inked = (theme, share) =>
  mix(theme.paper, theme.ink, Math.min(1, Math.max(0, share)) ** (theme === DARK ? 0.65 : 1));

/** @param {Colour} c */
export const rgb = (c) => `rgb(${c[0]} ${c[1]} ${c[2]})`;

/** Black or white, whichever is at least 4.5:1 on this ground. @param {Colour} ground */
export const legible = (ground) => (brightness(ground) > 118 ? "#000" : "#fff");

/** The custom properties that style sheets use. @param {Theme} theme @returns {Record<string, string>} */
export function properties(theme) {
  const all = { ...theme, ground: theme.paper, faint: inked(theme, 0.12), half: inked(theme, 0.5) };
  return Object.fromEntries(
    Object.entries(all).map(([name, colour]) => [`--${name}`, typeof colour === "string" ? colour : rgb(colour)]),
  );
}

/** What to call for each element; a page may drop one and not say so. @type {WeakMap<Element, () => void>} */
const watched = new WeakMap();
/** @type {Set<WeakRef<Element>>} */
const elements = new Set();
let watching = 0;

/** Asks all views for 3 s whether their colours changed: a page's style sheets may come later than its attributes. */
function look() {
  clearInterval(watching);
  const end = performance.now() + 3000;
  watching = window.setInterval(() => {
    for (const reference of elements) {
      const element = reference.deref();
      if (element) watched.get(element)?.();
      else elements.delete(reference);
    }
    if (performance.now() > end) clearInterval(watching);
  }, 100);
}

/** @type {IntersectionObserver | undefined} */
let near;

/** @returns {IntersectionObserver} */
function watchPage() {
  const page = new MutationObserver(look);
  for (const root of [document.documentElement, document.body]) page.observe(root, { attributes: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", look);
  return new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) if (isIntersecting) watched.get(target)?.();
  });
}

/**
 * Calls `changed` whenever the page may have another colour, and when the element comes to be seen: a page need not
 * lay out what is off the screen. -> a function that ends this.
 * @param {Element} element
 * @param {() => void} changed
 */
export function onThemeChange(element, changed) {
  near ??= watchPage();
  const reference = new WeakRef(element);
  watched.set(element, changed);
  elements.add(reference);
  near.observe(element);
  return () => {
    watched.delete(element);
    elements.delete(reference);
    near?.unobserve(element);
  };
}

/** @type {Record<string, string>} */
const ROLES = { query: t("query"), key: t("key"), value: t("value") };

/** A side of attention as the page calls it; any other name as it is. @param {string} name */
export const roleName = (name) => ROLES[name] ?? name;

/** Which role has this name. @param {string} name */
export const roleOf = (name) => Object.keys(ROLES).find((role) => [role, ROLES[role]].includes(name)) ?? "";
