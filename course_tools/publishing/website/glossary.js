// The glossary's table: narrowed while one types, sorted by English or by pinyin.
addEventListener("DOMContentLoaded", () => {
  const COLUMNS = { english: [0, new Intl.Collator("en")], chinese: [1, new Intl.Collator("zh-u-co-pinyin")] };
  const body = document.getElementById("glossary").tBodies[0];
  const rows = [...body.rows];
  const said = document.getElementById("glossary-said");
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const texts = new Map(rows.map((row) => [row, plain(row.textContent)]));

  function narrow(event) {
    const words = plain(event.target.value).split(/\s+/);
    for (const row of rows) row.hidden = !words.every((word) => texts.get(row).includes(word));
    said.value = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  }

  function sort(event) {
    const [column, { compare }] = COLUMNS[event.target.value];
    const words = (row) => row.cells[column].textContent;
    body.append(...rows.sort((a, b) => compare(words(a), words(b))));
  }

  document.getElementById("glossary-words").addEventListener("input", narrow);
  for (const input of document.querySelectorAll("[name=glossary-order]")) input.addEventListener("change", sort);
});
