// Search in the reader's browser: every word must occur; headings and terms of the glossary come first.
// Words in Latin letters match from their beginning, Chinese ones anywhere. The places come from search-data.js.
(() => {
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = (word) =>
    new RegExp(
      (/^[\p{L}\p{N}]/u.test(word) && !/\p{Script=Han}/u.test(word) ? "(?<![\\p{L}\\p{N}])" : "") + escaped(word),
      "u",
    );
  let places = [];
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
  };

  function find(query, most = 30) {
    const words = plain(query).split(/\s+/).filter(Boolean).map(pattern);
    if (!words.length) return [];
    const scored = places.map((place) => {
      let score = 0;
      for (const word of words) {
        const inHead = word.test(place.head);
        if (!inHead && !word.test(place.body)) return [0, place];
        score += inHead ? (place.term ? 40 : 20) - Math.min(10, place.head.length / 10) : 1;
      }
      return [score, place];
    });
    return scored
      .filter(([score]) => score)
      .sort((a, b) => b[0] - a[0])
      .slice(0, most)
      .map(([, place]) => place);
  }

  function excerpt(place, query) {
    const words = plain(query).split(/\s+/).filter(Boolean),
      text = place.text;
    const at = words.map((word) => plain(text).search(pattern(word))).filter((i) => i >= 0)[0] ?? 0;
    const from = Math.max(0, text.lastIndexOf(" ", Math.max(0, at - 50))),
      piece = text.slice(from, from + 180);
    const parts = piece.split(new RegExp(`(${words.map(escaped).join("|")})`, "iu"));
    return [
      from ? "… " : "",
      ...parts.map((part, i) => {
        if (i % 2 === 0) return part;
        const mark = document.createElement("mark");
        mark.textContent = part;
        return mark;
      }),
      from + 180 < text.length ? " …" : "",
    ];
  }

  addEventListener("DOMContentLoaded", () => {
    const [dialog, input, list, said] = ["search", "search-words", "search-found", "search-said"].map((id) =>
      document.getElementById(id),
    );
    const fill = () => {
      const found = find(input.value);
      said.textContent = input.value.trim() ? `${found.length || "no"} place${found.length === 1 ? "" : "s"}` : "";
      list.replaceChildren(
        ...found.map((place) => {
          const item = document.createElement("li"),
            link = document.createElement("a"),
            where = document.createElement("span"),
            text = document.createElement("p");
          link.href = new URL(place.file + (place.anchor ? `#${place.anchor}` : ""), document.baseURI);
          link.textContent = place.title;
          where.textContent = place.name;
          text.append(...excerpt(place, input.value));
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
