// Search in the reader's browser: places with all words of a question come first, headings and terms of the glossary
// above the rest. Words in Latin letters match from their beginning, Chinese ones anywhere; a word that is nowhere is
// taken for the nearest one that is somewhere. The places come from search-data.js.
(() => {
  const MOST = 30; // places that are listed
  const EXCERPT = 180; // letters
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
  /** @type {string[]} */
  let vocabulary = [];

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  /** Called by search-data.js. */
  course.places = (pages, found) => {
    places = found.map(([page, anchor, title, text, term]) => {
      const words = { anchor, title, text, term, head: plain(title), body: plain(text) };
      return { ...pages[page], ...words };
    });
    const every = places.flatMap((place) => `${place.head} ${place.body}`.match(/\p{L}{3,}/gu) ?? []);
    vocabulary = [...new Set(every)].filter(isLatin);
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
    const near = nearest(word);
    return near.length ? new RegExp(pattern(near), "u") : there;
  }

  /** The words of the course that are written most like this one. @param {string} word */
  function nearest(word) {
    let most = 2;
    if (word.length < 7) most = 1;
    if (word.length < 4) most = 0;
    const far = vocabulary.map((other) => apart(word, other, most));
    const least = Math.min(...far);
    return least > most ? [] : vocabulary.filter((_, i) => far[i] === least);
  }

  /** How many letters have to be changed, left out, put in or swapped with their neighbour; above `most`: most + 1. */
  function apart(a, b, most) {
    if (Math.abs(a.length - b.length) > most) return most + 1;
    const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
    for (let i = 1; i <= a.length; i++) {
      rows[i] = [i];
      for (let j = 1; j <= b.length; j++) {
        const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
        const ways = [rows[i - 1][j - 1] + Number(a[i - 1] !== b[j - 1]), rows[i - 1][j] + 1, rows[i][j - 1] + 1];
        if (swapped) ways.push(rows[i - 2][j - 2] + 1);
        rows[i][j] = Math.min(...ways);
      }
    }
    return rows[a.length][b.length];
  }

  // ---- from regular expressions to places

  /** All places with every word, best first; where there are none, those with the most of them -> [places, words]. */
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

  function count(found, best, words) {
    const many = `${found.length || "no"} place${found.length === 1 ? "" : "s"}`;
    const some = best && best < words.length ? ` with ${best} of ${words.length} words` : "";
    return many + some + (found.length > MOST ? `, the first ${MOST} of them` : "");
  }

  // ---- the list

  /** The text of a place from about its first word on, the words marked. */
  function excerpt({ text }, words) {
    const at = words.map((word) => plain(text).search(word)).find((i) => i >= 0) ?? 0;
    const from = at < 60 ? 0 : text.lastIndexOf(" ", at - 50) + 1;
    const to = text.length <= from + EXCERPT ? text.length : text.lastIndexOf(" ", from + EXCERPT);
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

  class Search {
    constructor() {
      this.dialog = document.getElementById("search");
      this.input = document.getElementById("search-words");
      this.list = document.getElementById("search-found");
      this.said = document.getElementById("search-said");
      document.getElementById("search-open").addEventListener("click", () => this.open());
      this.input.addEventListener("input", () => this.fill());
      this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
      this.dialog.addEventListener("keydown", (event) => this.onKey(event));
      document.addEventListener("keydown", (event) => this.onSlash(event));
    }

    async open() {
      if (this.dialog.open) return;
      this.dialog.showModal();
      this.input.select();
      try {
        await course.fetched("search-data.js");
        this.fill();
      } catch (error) {
        this.said.textContent = error.message;
      }
    }

    fill() {
      const words = this.input.value.trim() ? asked(this.input.value) : [];
      const [found, best] = find(words);
      this.said.textContent = words.length ? count(found, best, words) : "";
      this.list.replaceChildren(...found.slice(0, MOST).map((place) => item(place, words, this.dialog)));
    }

    /** A slash opens the search, except where one types or moves in a grid. */
    onSlash(event) {
      const typing = event.composedPath()[0].closest?.("input, textarea, select, [role=grid]");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.open();
    }

    onKey(event) {
      const links = [...this.list.querySelectorAll("a")];
      const now = links.indexOf(document.activeElement);
      const typing = document.activeElement === this.input;
      let act = null;
      if (event.key === "ArrowDown" && links.length) act = () => links[Math.min(now + 1, links.length - 1)].focus();
      if (event.key === "ArrowUp" && now >= 0) act = () => (links[now - 1] ?? this.input).focus();
      if (event.key === "Enter" && typing && links.length) act = () => links[0].click();
      if (event.key === "Escape") act = () => this.dialog.close(); // a search field would only be emptied
      if (!act) return;
      event.preventDefault();
      act();
    }
  }

  addEventListener("DOMContentLoaded", () => new Search());
})();
