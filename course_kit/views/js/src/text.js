// What readers see, in the page's language. English stands where it is shown, in whole sentences with named places:
//     t("{word} attends to {other}", { word, other })
// A page that speaks another language has a table, `globalThis.courseWords`: English -> what it means, of a plural its
// forms; where one word has two meanings, context + "\u0004" + word. Under "" it says of the language { tag, fonts }.

/** @typedef {Record<string, any>} Values */
/** @typedef {{ tag: string, fonts: string }} Language */

const PLACE = /\{(\w+)\}/g;
const CHINESE = /[\u2e80-\u9fff\uff00-\uffef]/;
/** @returns {Record<string, any> | undefined} */
const table = () => /** @type {any} */ (globalThis).courseWords;
/** @returns {Language | undefined} */
const spokenHere = () => table()?.[""];

/** The language of a view's words, for its `lang`; null: the page's. */
export const language = () => spokenHere()?.tag ?? null;

/** A font stack with what systems have for the language. @param {string} family */
export function fonts(family) {
  const own = spokenHere()?.fonts;
  return own ? family.replace(/(, *)?([\w-]+)$/, `$1${own}, $2`) : family;
}

/** @param {string} text */
const placesOf = (text) => Array.from(text.matchAll(PLACE), ([, name]) => name);

/** @param {string} text @param {Values} values */
const filled = (text, values) =>
  text.replace(PLACE, (place, name) => (name in values ? String(values[name]) : place)).replace(/…[.。]/, "…");

/** @param {string} key */
const found = (key) => table()?.[key];

/**
 * A sentence in the page's language, its places filled; without values they stay open, for `woven`. English where no
 * translation is known, or one that has other places.
 * @param {string} key
 * @param {Values} [values]
 * @returns {string}
 */
export const t = (key, values) => said(key, found(key), values);

/**
 * The same where one English word has two meanings; the context comes first, where Babel can see it.
 * @param {string} context
 * @param {string} key
 * @param {Values} [values]
 * @returns {string}
 */
export const tc = (context, key, values) => said(key, found(`${context}\u0004${key}`), values);

/** @param {string} key @param {unknown} meant @param {Values} [values] */
function said(key, meant, values) {
  const names = placesOf(key);
  const fits =
    typeof meant === "string" &&
    names.every((name) => meant.includes(`{${name}}`)) &&
    placesOf(meant).every((name) => (values ? name in values : names.includes(name)));
  return filled(fits ? meant : key, values ?? {});
}

/**
 * The same of a number of things, which stands at {n}: the form that the language has for it.
 * @param {string} one
 * @param {string} many
 * @param {number} n
 * @param {Values} [values]
 * @returns {string}
 */
export function tn(one, many, n, values) {
  const all = { n, ...values };
  const rules = new Intl.PluralRules(spokenHere()?.tag ?? "en");
  const forms = [found(one)].flat();
  const kind = rules.resolvedOptions().pluralCategories.indexOf(rules.select(n));
  const meant = forms[Math.min(kind, forms.length - 1)];
  const fits = typeof meant === "string" && placesOf(meant).every((name) => name in all);
  return filled(fits ? meant : n === 1 ? one : many, all);
}

/**
 * A sentence of `t` whose open places are elements, or whatever is no text: its pieces, in the order of the language.
 * @template T
 * @param {string} text
 * @param {Record<string, T>} parts
 * @returns {(T | string)[]}
 */
export const woven = (text, parts) =>
  text
    .split(/\{(\w+)\}/)
    .map((piece, i) => (i % 2 && piece in parts ? parts[piece] : piece))
    .filter((piece) => piece !== "");

/** Where a line may be broken: between words, and between the signs of Chinese. @param {string} text */
export function pieces(text) {
  return CHINESE.test(text) ? { words: Array.from(text), space: "" } : { words: text.split(" "), space: " " };
}
