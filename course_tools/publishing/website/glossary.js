// The glossary's table: narrowed while one types, sorted by English or by pinyin.
addEventListener("DOMContentLoaded", () => {
  const table = document.getElementById("glossary"),
    body = table.tBodies[0],
    rows = [...body.rows],
    said = document.getElementById("glossary-said");
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase(),
    texts = new Map(rows.map((row) => [row, plain(row.textContent)]));
  document.getElementById("glossary-words").addEventListener("input", (event) => {
    const words = plain(event.target.value).split(/\s+/);
    for (const row of rows) row.hidden = !words.every((word) => texts.get(row).includes(word));
    said.value = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  });
  const columns = { english: [0, new Intl.Collator("en")], chinese: [1, new Intl.Collator("zh-u-co-pinyin")] };
  for (const input of document.querySelectorAll("[name=glossary-order]"))
    input.addEventListener("change", () => {
      const [column, { compare }] = columns[input.value];
      body.append(...rows.sort((a, b) => compare(a.cells[column].textContent, b.cells[column].textContent)));
    });
});
