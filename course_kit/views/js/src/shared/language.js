// What readers see in another language. English stays in the program; a page that speaks another has a table
// `globalThis.courseWords`: {"{0} attends to {1}": "{0} 关注 {1}"}, and what a view writes is looked up there.
import { curled } from "./labels.js";

/** @typedef {{ form: RegExp, loose: RegExp, run: string, meant: string, size: number }} Template */

const HOLE = /\{(\d+)\}/;
const WORD = /\p{L}{2}/u;
const ENDS = /(?<=[.?!:]) (?=\S)/; // of sentences
const CHINESE = /[\u2e80-\u9fff\uff00-\uffef]/;
const STOPS = /** @type {Record<string, string>} */ ({ ".": "。", ":": "：" });
const FEW = 6; // letters of a template that has hardly any
const MOST = 4000; // texts that are remembered
const LANGUAGE = "zh-CN";
const CJK = '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC"';

/** @returns {Record<string, string> | undefined} */
const table = () => /** @type {any} */ (globalThis).courseWords;

/** The language of a view's words, for its `lang`; null: the page's. */
export const language = () => (table() ? LANGUAGE : null);

/** A font stack with what systems have for Chinese. @param {string} family */
export const fonts = (family) => (table() ? family.replace(/(, *)?([\w-]+)$/, `$1${CJK}, $2`) : family);

/** What was read of a table: its texts, its templates, and what they have given. */
class Words {
  /** @param {Record<string, string>} entries */
  constructor(entries) {
    this.entries = entries;
    this.texts = new Map(Object.entries(entries).map(([text, meant]) => [curled(text), meant]));
    this.templates = [...this.texts].filter(([text]) => HOLE.test(text)).map(([text, meant]) => template(text, meant));
    this.templates = this.templates.filter(({ run }) => WORD.test(run)).sort((a, b) => b.size - a.size);
    /** @type {Map<string, string>} */
    this.found = new Map();
  }

  /** @param {string} text */
  of(text) {
    const known = this.found.get(text);
    if (known !== undefined) return known;
    if (this.found.size > MOST) this.found.clear();
    const [, before, core, after] = /** @type {RegExpMatchArray} */ (text.match(/^(\s*(?:[·✗✓] )?)([^]*?)(\s*)$/));
    const meant = this.meaning(curled(core));
    const whole = meant === null ? text : spaced(before, meant, after);
    this.found.set(text, whole);
    return whole;
  }

  /** null: not known. @param {string} text @returns {string | null} */
  meaning(text) {
    const sentences = text.split(ENDS);
    const parts = text.split(" · ");
    return (
      this.single(text) ??
      (parts.length > 1 ? parts.map((part) => this.of(part)).join(" · ") : null) ??
      (sentences.length > 1 ? this.each(sentences, true) : null) ??
      this.filled(text, "loose") ??
      this.filled(text, "few") ??
      (sentences.length > 1 ? this.each(sentences, false) : null)
    );
  }

  /** A phrase that has become a sentence: with a capital, and a full stop. @param {string} text */
  begun(text) {
    const phrase = text[0].toLowerCase() + text.slice(1);
    const meant =
      phrase === text ? null : (this.texts.get(phrase) ?? this.filled(phrase, "form") ?? this.ended(phrase));
    return meant ?? this.ended(text);
  }

  /** @param {string} text */
  ended(text) {
    const stop = STOPS[text.at(-1) ?? ""];
    const phrase = text.slice(0, -1);
    const meant = stop && (this.texts.get(phrase) ?? this.filled(phrase, "form"));
    return meant ? meant + stop : null;
  }

  /**
   * The template with most letters of its own that is the whole text.
   * @param {string} text
   * @param {"form" | "loose" | "few"} how few: those, too, that have hardly any
   */
  filled(text, how) {
    for (const one of this.templates) {
      if ((how === "few") !== one.size < FEW) continue;
      const match = text.includes(one.run) && text.match(how === "loose" ? one.loose : one.form);
      if (!match) continue;
      const given = /** @type {Record<string, string>} */ (match.groups);
      return one.meant.replace(/(“?)\{(\d+)\}/g, (_, quote, name) => {
        const piece = given[`n${name}`] ?? "";
        return quote + (quote ? piece : this.of(piece)); // in quotes stand tokens
      });
    }
    return null;
  }

  /**
   * Sentence by sentence, as many at once as are known.
   * @param {string[]} sentences
   * @param {boolean} all whether each must be
   */
  each(sentences, all) {
    let [whole, known] = ["", false];
    for (let at = 0, end = 0; at < sentences.length; at = end) {
      /** @type {string | null} */
      let meant = null;
      for (end = at ? sentences.length : sentences.length - 1; end > at; end--) {
        meant = this.single(sentences.slice(at, end).join(" "));
        if (meant !== null) break;
      }
      end = Math.max(end, at + 1);
      if (all && meant === null && WORD.test(sentences[at])) return null;
      known ||= meant !== null;
      const gap = whole && !/[。？！：]$/.test(whole) ? " " : "";
      whole += gap + (meant ?? sentences[at]);
    }
    return known ? whole : null;
  }

  /** @param {string} text */
  single(text) {
    return WORD.test(text) ? (this.texts.get(text) ?? this.filled(text, "form") ?? this.begun(text)) : null;
  }
}

/**
 * No space beside Chinese where English has one between words.
 * @param {string} before
 * @param {string} text
 * @param {string} after
 */
function spaced(before, text, after) {
  return (CHINESE.test(text[0]) ? before.trimStart() : before) + text + (CHINESE.test(text.at(-1) ?? "") ? "" : after);
}

/** @param {string} text @param {string} meant @returns {Template} */
function template(text, meant) {
  const parts = text.split(/\{\d+\}/);
  const names = Array.from(text.matchAll(/\{(\d+)\}/g), ([, name]) => name);
  /** @param {string} hole what may stand in it */
  const form = (hole) => {
    const seen = new Set();
    const holes = names.map((name) => {
      const again = seen.has(name);
      seen.add(name);
      return again ? `\\k<n${name}>` : `(?<n${name}>${hole})`;
    });
    const quoted = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${quoted.map((part, i) => part + (holes[i] ?? "")).join("")}$`);
  };
  const run = parts.reduce((most, part) => (part.length > most.length ? part : most));
  const size = parts.join("").replace(/\P{L}/gu, "").length;
  // "{0} to {1}" is of numbers, or of names: else it would be found in every sentence
  const hole = size < FEW ? "(?:\\S+(?: \\S+){0,2})?" : "(?:(?![.?!:] )[^])*?";
  return { form: form(hole), loose: form("[^]*?"), run, meant, size };
}

/** @type {Words | null} */
let words = null;

/**
 * A finished English text in the page's language; the text itself where it is not known, or the page speaks English.
 * @param {string} text
 */
export function translate(text) {
  const entries = table();
  if (!entries || typeof text !== "string") return text;
  if (words?.entries !== entries) words = new Words(entries);
  return words.of(text);
}

const SINGLE = /^\s*[\p{Ll}’'-]+\s*$/u; // a word of data as often as one of ours

/** The same where data are drawn, too: a single word stays. @param {string} text */
export const phrase = (text) => (SINGLE.test(text) ? text : translate(text));

/**
 * The names of a table's columns, where all are known: then they are ours, and no words of a sentence.
 * @template T
 * @param {T[]} names
 * @returns {(T | string)[]}
 */
export function together(names) {
  const meant = names.map((name) => (typeof name === "string" ? translate(name) : name));
  const known = names.every((name, i) => !SINGLE.test(String(name)) || meant[i] !== name);
  return known ? meant : names;
}

/** Where a line may be broken: between words, and between the signs of Chinese. @param {string} text */
export function pieces(text) {
  return CHINESE.test(text) ? { words: Array.from(text), space: "" } : { words: text.split(" "), space: " " };
}

const ATTRIBUTES = ["aria-label", "aria-valuetext", "title", "placeholder", "alt"];
const FOREIGN = "script, style, code, textarea, [translate=no], [lang]:not([lang^=zh], [lang^=en])";
const NAMED = /^(BUTTON|SUMMARY|LEGEND|LABEL|OPTION|CAPTION)$/; // what they say is ours; elsewhere a word may be data
const MARK = 0xe000; // an element within a sentence

/** @param {string} text @param {Element} element */
const said = (text, element) => (NAMED.test(element.tagName) ? translate(text) : phrase(text));

/** The sentence of an element, in which others stand; else each piece of it alone. @param {Element} element */
function utter(element) {
  if (element.closest(FOREIGN)) return;
  for (const name of ATTRIBUTES) {
    const given = element.getAttribute(name);
    const meant = given && translate(given);
    if (meant && meant !== given) element.setAttribute(name, meant);
  }
  const nodes = Array.from(element.childNodes).filter(({ nodeType }) => nodeType === 1 || nodeType === 3);
  const texts = nodes.filter((node) => node.nodeType === 3 && WORD.test(node.nodeValue ?? ""));
  if (!texts.length) return;
  if (nodes.length > 1) {
    const whole = nodes
      .map((node, i) => (node.nodeType === 3 ? node.nodeValue : String.fromCharCode(MARK + i)))
      .join("");
    const meant = translate(whole);
    const pieces = meant.split(/([\ue000-\uf8ff])/).filter(Boolean);
    const placed = pieces.map((piece) => nodes[piece.charCodeAt(0) - MARK] ?? piece);
    const kept = nodes.every((node) => node.nodeType === 3 || placed.includes(node));
    if (meant !== whole && kept) return element.replaceChildren(...placed);
  }
  for (const node of texts) {
    const meant = said(node.nodeValue ?? "", element);
    if (meant !== node.nodeValue) node.nodeValue = meant;
  }
}

/** Also of another window. @param {Node} node @returns {node is Element} */
const isElement = (node) => node.nodeType === 1;

/** @param {ParentNode & Node} root */
function all(root) {
  if (isElement(root)) utter(root);
  for (const element of root.querySelectorAll("*")) utter(element);
}

/** @type {WeakMap<ParentNode, () => void>} */
const heard = new WeakMap();

/**
 * Everything under a root, and whatever comes there, in the page's language, before it is seen. The function that it
 * gives does so at once, for who has to measure.
 * @param {ParentNode & Node} root
 * @returns {() => void}
 */
export function speak(root) {
  if (!table()) return () => {};
  const known = heard.get(root);
  if (known) return known;
  const settle = (/** @type {MutationRecord[]} */ records) => {
    const changed = new Set(records.map(({ target }) => (isElement(target) ? target : target.parentElement)));
    for (const element of changed) if (element?.isConnected) utter(element);
    for (const { addedNodes } of records) for (const node of addedNodes) if (isElement(node)) all(node);
    watcher.takeRecords();
  };
  const watcher = new MutationObserver(settle);
  const look = { subtree: true, childList: true, characterData: true, attributeFilter: ATTRIBUTES };
  watcher.observe(root, look);
  all(root);
  const now = () => settle(watcher.takeRecords());
  heard.set(root, now);
  return now;
}
