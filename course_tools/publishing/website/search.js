// Search in the reader's browser: places with all words of a question come first, headings and terms of the glossary
// above the rest. Words in Latin letters match from their beginning, Chinese ones anywhere; a word that is nowhere is
// taken for the nearest one that is somewhere. The places come from search-data.js.
(() => {
  const MOST = 30;
  const SMALL = new Set(
    (
      "a an and are as at be by can do does for from how i in is it its of on or that the this to was " +
      "what when where which who why will with you"
    ).split(" "),
  );
  const MEANS = {
    bpe: "byte-pair",
    ffn: "feed-forward",
    mha: "multi-head",
    mlm: "masked",
    rnn: "recurrent",
    rope: "rotary",
  };
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const latin = (word) => /^[\p{L}\p{N}]/u.test(word) && !/\p{Script=Han}/u.test(word);
  const pattern = (words) =>
    words
      .map((w) => (latin(w) ? "(?<![\\p{L}\\p{N}])" : "") + escaped(w) + (w.length === 1 ? "(?![\\p{L}\\p{N}])" : ""))
      .join("|");
  let places = [],
    vocabulary = [];
  course.places = (pages, found) => {
    places = found.map(([page, anchor, title, text, term]) => ({
      ...pages[page],
      anchor,
      title,
      text,
      term,
      head: plain(title),
      body: plain(text),
    }));
    const every = places.flatMap((place) => `${place.head} ${place.body}`.match(/\p{L}{3,}/gu) ?? []);
    vocabulary = [...new Set(every)].filter(latin);
  };

  // How many letters have to be changed, left out, put in or swapped with their neighbour; more than `most`: most + 1.
  function apart(a, b, most) {
    if (Math.abs(a.length - b.length) > most) return most + 1;
    const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
    for (let i = 1; i <= a.length; i++) {
      rows[i] = [i];
      for (let j = 1; j <= b.length; j++) {
        const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
        const changed = rows[i - 1][j - 1] + (a[i - 1] !== b[j - 1]);
        rows[i][j] = Math.min(changed, rows[i - 1][j] + 1, rows[i][j - 1] + 1, swapped ? rows[i - 2][j - 2] + 1 : 99);
      }
    }
    return rows[a.length][b.length];
  }
  // The words of a question, each as [regular expression, the word that it is taken for].
  function asked(question) {
    const all = plain(question.replace(/sqrt\s*\(?\s*(?=\p{L})/giu, "√"))
        .split(/[\s,;:?!]+/)
        .filter(Boolean),
      told = all.filter((word) => !SMALL.has(word));
    return (told.length ? told : all).map((word) => {
      const words = [word, MEANS[word]].filter(Boolean),
        there = new RegExp(pattern(words), "u");
      if (words.length > 1 || places.some(({ head, body }) => there.test(head) || there.test(body))) return there;
      const most = word.length < 4 ? 0 : word.length < 7 ? 1 : 2,
        near = vocabulary.map((other) => [apart(word, other, most), other]).filter(([n]) => n <= most),
        least = Math.min(...near.map(([n]) => n)),
        meant = near.filter(([n]) => n === least).map(([, other]) => other);
      return meant.length ? new RegExp(pattern(meant), "u") : there;
    });
  }
  // All places with every word, best first; where there are none, those with the most of them.
  function find(words) {
    const scored = places.map((place) => {
      let score = 0,
        met = 0;
      for (const word of words) {
        const inHead = word.test(place.head);
        if (!inHead && !word.test(place.body)) continue;
        met++;
        score += inHead ? (place.term ? 40 : 20) - Math.min(10, place.head.length / 10) : 1;
      }
      return { met, score, place };
    });
    const best = Math.max(0, ...scored.map(({ met }) => met));
    const found = best ? scored.filter(({ met }) => met === best).sort((a, b) => b.score - a.score) : [];
    return [found.map(({ place }) => place), best];
  }
  function count(found, best, words) {
    const places = `${found.length || "no"} place${found.length === 1 ? "" : "s"}`,
      part = best && best < words.length ? ` with ${best} of ${words.length} words` : "";
    return places + part + (found.length > MOST ? `, the first ${MOST} of them` : "");
  }

  function excerpt(place, words) {
    const text = place.text,
      at = words.map((word) => plain(text).search(word)).filter((i) => i >= 0)[0] ?? 0;
    const from = at < 60 ? 0 : text.lastIndexOf(" ", at - 50) + 1,
      to = text.length <= from + 180 ? text.length : text.lastIndexOf(" ", from + 180),
      piece = text.slice(from, to),
      parts = piece.split(new RegExp(`(${words.map((word) => word.source).join("|")})`, "iu"));
    return [
      from ? "… " : "",
      ...parts.map((part, i) => {
        if (i % 2 === 0) return part;
        const mark = document.createElement("mark");
        mark.textContent = part;
        return mark;
      }),
      to < text.length ? " …" : "",
    ];
  }

  addEventListener("DOMContentLoaded", () => {
    const [dialog, input, list, said] = ["search", "search-words", "search-found", "search-said"].map((id) =>
      document.getElementById(id),
    );
    const fill = () => {
      const words = input.value.trim() ? asked(input.value) : [],
        [found, best] = find(words);
      said.textContent = words.length ? count(found, best, words) : "";
      list.replaceChildren(
        ...found.slice(0, MOST).map((place) => {
          const item = document.createElement("li"),
            link = document.createElement("a"),
            where = document.createElement("span"),
            text = document.createElement("p");
          link.href = new URL(place.file + (place.anchor ? `#${place.anchor}` : ""), document.baseURI);
          link.textContent = place.title;
          where.textContent = place.name;
          text.append(...excerpt(place, words));
          link.addEventListener("click", () => dialog.close());
          item.append(link, where, text);
          return item;
        }),
      );
    };
    const open = async () => {
      if (dialog.open) return;
      dialog.showModal();
      input.select();
      try {
        await course.fetched("search-data.js");
        fill();
      } catch (error) {
        said.textContent = error.message;
      }
    };
    document.getElementById("search-open").addEventListener("click", open);
    input.addEventListener("input", fill);
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    document.addEventListener("keydown", (event) => {
      const typing = event.composedPath()[0].closest?.("input, textarea, select, [role=grid]");
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        open();
      }
    });
    dialog.addEventListener("keydown", (event) => {
      const links = [...list.querySelectorAll("a")],
        now = links.indexOf(document.activeElement);
      if (event.key === "ArrowDown" && links.length) {
        event.preventDefault();
        links[Math.min(now + 1, links.length - 1)].focus();
      }
      if (event.key === "ArrowUp" && now >= 0) {
        event.preventDefault();
        (links[now - 1] ?? input).focus();
      }
      if (event.key === "Escape") {
        event.preventDefault();
        dialog.close();
      } // a search field would only be emptied
      if (event.key === "Enter" && document.activeElement === input && links.length) {
        event.preventDefault();
        links[0].click();
      }
    });
  });
})();
