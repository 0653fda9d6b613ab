// A link to a place that is in another notebook by now leads there, unless the notebook that it names still has the
// place: in a workbook that may be a copy of an earlier edition. `moved`: {notebook: {old place: "FILE#place"}}.

export function followMoved(app, moved) {
  const sent = new WeakSet(); // links that lead where they say, and are clicked for the reader
  const lead = async (link, { path, old, now }) => {
    if (!(await has(app.serviceManager.contents, path, old)))
      return app.commands.execute("rendermime:handle-local-link", now);
    sent.add(link);
    link.click();
  };
  const onClick = (event) => {
    const link = event.target.closest?.("a[href*='.ipynb']");
    const place = link && !sent.has(link) ? placeOf(new URL(link.href), moved) : null;
    if (!place) return;
    event.preventDefault();
    event.stopPropagation();
    lead(link, place);
  };
  document.addEventListener("click", onClick, true);
}

/** The notebook and the place that an address names, and where that is now; null where nothing is known of it. */
function placeOf({ pathname, hash }, moved) {
  const path = decodeURIComponent(pathname.split("/files/").slice(1).join("/files/"));
  const name = path.lastIndexOf("/") + 1;
  const places = moved[path.slice(name).replace(/\.ipynb$/, "")] ?? {};
  const old = decodeURIComponent(hash.slice(1));
  if (!Object.hasOwn(places, old)) return null;
  const [file, place] = places[old].split("#");
  return { path, old, now: { path: path.slice(0, name) + file, id: `#${encodeURIComponent(place)}` } };
}

/** Whether a notebook has this place: an id, or a heading. Where it cannot be read, JupyterLab says so itself. */
async function has(contents, path, place) {
  try {
    const { content } = await contents.get(path, { content: true });
    const lines = content.cells.filter((cell) => cell.cell_type === "markdown").flatMap((cell) => linesOf(cell.source));
    return lines.some((line) => line.includes(`id="${place}"`) || heading(line) === place);
  } catch {
    return true;
  }
}

const linesOf = (source) => [source].flat().join("").split("\n");
const heading = (line) =>
  line.startsWith("#") ? line.replace(/^#+ /, "").replace(/[*`]/g, "").trim().replaceAll(" ", "-") : null;
