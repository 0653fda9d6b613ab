// Search in the reader's browser: places with all words of a question come first, headings and terms of the glossary
// above the rest. Words in Latin letters match from their beginning, Chinese ones anywhere; a word that is nowhere is
// taken for the nearest one that is somewhere. The places come from search-data.js.
(() => {
  const MOST = 30; // places that are listed
  const EXCERPT = 180; // letters
  const CUT = /[^\s\u2e80-\uffef]*$/; // a word that would be cut; Chinese may be cut anywhere
  const SMALL = new Set(
    (
      "a an and are as at be by can do does for from how i in is it its of on or that the this to was " +
      "what when where which who why will with you"
    ).split(" "),
  );
  const MEANS = new Map([
    ["bpe", "byte-pair"],
    ["ffn", "feed-forward"],
    ["mha", "multi-head"],
    ["mlm", "masked"],
    ["rnn", "recurrent"],
    ["rope", "rotary"],
  ]);

  /** @typedef {{ file: string, name: string, anchor: string, title: string, text: string, term: number, head: string,
   *   body: string }} Place a section of a page, or a term; head and body are title and text without accents */

  /** @type {Place[]} */
  let places = [];

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  /** Called by search-data.js. */
  course.places = (pages, found) => {
    places = found.map(([page, anchor, title, text, term]) => {
      const words = { anchor, title, text, term, head: plain(title), body: plain(text) };
      return { ...pages[page], ...words };
    });
  };

  // ---- from a question to regular expressions

  const isLatin = (word) => /^[\p{L}\p{N}]/u.test(word) && !/\p{Script=Han}/u.test(word);

  /** The source of a regular expression for any of these words. @param {string[]} words */
  function pattern(words) {
    const one = (word) => {
      const begin = isLatin(word) ? "(?<![\\p{L}\\p{N}])" : "";
      const end = word.length === 1 ? "(?![\\p{L}\\p{N}])" : "";
      return begin + word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + end;
    };
    return words.map(one).join("|");
  }

  /** The words of a question, each as a regular expression for what it is taken for. @param {string} question */
  function asked(question) {
    const roots = question.replace(/sqrt\s*\(?\s*(?=\p{L})/giu, "√");
    const all = plain(roots)
      .split(/[\s,;:?!]+/)
      .filter(Boolean);
    const told = all.filter((word) => !SMALL.has(word));
    return (told.length ? told : all).map(meant);
  }

  /** @param {string} word */
  function meant(word) {
    const words = [word, MEANS.get(word)].filter(Boolean);
    const there = new RegExp(pattern(words), "u");
    if (words.length > 1 || places.some(({ head, body }) => there.test(head) || there.test(body))) return there;
    return isLatin(word) && /^\p{L}{4,}$/u.test(word) ? new RegExp(misspelt(word), "u") : there;
  }

  /** A word with one letter changed, left out, put in or swapped with its neighbour. @param {string} word */
  function misspelt(word) {
    const ways = [...word].flatMap((letter, i) => {
      const [before, after] = [word.slice(0, i), word.slice(i + 1)];
      return [
        `${before}.?${after}`,
        `${before}.${letter}${after}`,
        `${before}${after[0] ?? ""}${letter}${after.slice(1)}`,
      ];
    });
    return `(?<![\\p{L}\\p{N}])(?:${ways.join("|")})`;
  }

  // ---- from regular expressions to places

  /** All places with every word, best first; where there are none, those with the most of them -> [places, words]. */
  /** @param {RegExp[]} words @returns {[Place[], number]} those that meet most of them, and how many */
  function find(words) {
    const scored = places.map((place) => ({ place, ...scoreOf(place, words) }));
    const best = Math.max(0, ...scored.map(({ met }) => met));
    if (!best) return [[], 0];
    const found = scored.filter(({ met }) => met === best).sort((a, b) => b.score - a.score);
    return [found.map(({ place }) => place), best];
  }

  /** @param {Place} place @param {RegExp[]} words */
  function scoreOf(place, words) {
    let score = 0;
    let met = 0;
    for (const word of words) {
      if (word.test(place.head)) score += (place.term ? 40 : 20) - Math.min(10, place.head.length / 10);
      else if (word.test(place.body)) score += 1;
      else continue;
      met++;
    }
    return { score, met };
  }

  // sentences in the page's language, as text.js of the views has them, which is not on every page
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  const t = (key, values = {}) => filled(globalThis.courseWords?.[key] ?? key, values);
  const tn = (one, many, n) => {
    const forms = [globalThis.courseWords?.[one] ?? [one, many]].flat();
    const rules = new Intl.PluralRules(document.documentElement.lang);
    const kind = rules.resolvedOptions().pluralCategories.indexOf(rules.select(n));
    return filled(forms[Math.min(kind, forms.length - 1)], { n });
  };

  function count(found, best, words) {
    const [many, most] = [found.length, Math.min(found.length, MOST)];
    if (!many) return t("no places");
    const places = tn("{n} place", "{n} places", many);
    const some = best < words.length ? t(" with {best} of {all} words", { best, all: words.length }) : "";
    return places + some + (many > MOST ? t(", the first {most} of them", { most }) : "");
  }

  // ---- the list

  /** The text of a place from about its first word on, the words marked. */
  function excerpt({ text }, words) {
    const at = words.map((word) => plain(text).search(word)).find((i) => i >= 0) ?? 0;
    const from = at < 60 ? 0 : text.slice(0, at - 50).search(CUT);
    const to = text.length <= from + EXCERPT ? text.length : from + text.slice(from, from + EXCERPT).search(CUT);
    const marked = new RegExp(`(${words.map((word) => word.source).join("|")})`, "iu");
    const parts = text
      .slice(from, to)
      .split(marked)
      .map((part, i) => (i % 2 ? element("mark", part) : part));
    return [from ? "… " : "", ...parts, to < text.length ? " …" : ""];
  }

  function element(name, ...children) {
    const made = document.createElement(name);
    made.append(...children);
    return made;
  }

  function item(place, words, dialog) {
    const link = element("a", place.title);
    link.href = new URL(place.file + (place.anchor ? `#${place.anchor}` : ""), document.baseURI);
    link.addEventListener("click", () => dialog.close());
    return element("li", link, element("span", place.name), element("p", ...excerpt(place, words)));
  }

  // ---- the dialog

  addEventListener("DOMContentLoaded", () => {
    const part = (name) => document.querySelector(`#search${name}`);
    const [dialog, input, said] = ["", "-words", "-said"].map(part);

    async function open() {
      if (dialog.open) return;
      dialog.showModal();
      input.select();
      try {
        await course.fetched(new URL("search-data.js", document.baseURI).href); // of the page's language
        fill();
      } catch (error) {
        said.textContent = error.message;
      }
    }

    function fill() {
      const words = input.value.trim() ? asked(input.value) : [];
      const [found, best] = find(words);
      said.textContent = words.length ? count(found, best, words) : "";
      part("-found").replaceChildren(...found.slice(0, MOST).map((place) => item(place, words, dialog)));
    }

    /** A slash opens the search, except where one types or moves in a grid. */
    function onSlash(event) {
      const typing = event.composedPath()[0].closest?.("input, textarea, select, [role=grid]");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      open();
    }

    function onEnter(event) {
      event.preventDefault();
      dialog.querySelector("li a")?.click();
    }

    part("-open").addEventListener("click", open);
    part("-close").addEventListener("click", () => dialog.close());
    input.addEventListener("input", (event) => event.isComposing || fill());
    input.addEventListener("compositionend", fill);
    dialog.addEventListener("submit", onEnter);
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    document.addEventListener("keydown", onSlash);
  });
})();
