// The list of files at the left: an annex stands under its lesson and is called an annex, however narrow the list is.
// JupyterLab sorts 05_transformer_annex.ipynb above 05_transformer.ipynb, and cuts both after 05_transfor…
import { t } from "./text.js";

const ANNEX = /^(\d\d)_(.*)_annex(\.new-edition[\d-]*)?\.ipynb$/;

/** Changes how JupyterLab's own list (a DirListing) sorts and names; without it nothing happens. */
export function pair(listing) {
  const renderer = listing?._renderer;
  if (!renderer?.updateItemNode || !listing.sort) return;
  const { sort } = listing;
  listing.sort = function (state) {
    sort.call(this, state);
    if (state.key === "name") this._sortedItems = paired(this._sortedItems, state.direction === "descending");
    this.update();
  };
  const update = renderer.updateItemNode;
  const own = Object.create(renderer); // dialogs that open files keep JupyterLab's
  own.updateItemNode = function (node, model, ...more) {
    update.call(renderer, node, model, ...more);
    const [, chapter, , edition = ""] = ANNEX.exec(model.name) ?? [];
    node.classList.toggle("course-annex", !!chapter);
    if (chapter) write(renderer.getNameNode(node), t("{chapter} annex{edition}", { chapter, edition }));
  };
  listing._renderer = own;
  listing.sort(listing.sortState);
  (globalThis.courseViews ??= []).push(() => listing.update()); // then it has its words
}

function write(name, text) {
  const inner = name?.querySelector("span") ?? name;
  if (inner && inner.textContent !== text) inner.textContent = text;
}

/** The same files, each annex behind its lesson. */
export function paired(items, descending = false) {
  const lesson = ({ name }) => name.replace(ANNEX, "$1_$2$3.ipynb");
  const lessons = new Map(items.map((item) => [item.name, item]));
  const annexes = Map.groupBy(
    items.filter((item) => ANNEX.test(item.name) && lessons.has(lesson(item))),
    lesson,
  );
  const moved = new Set([...annexes.values()].flat());
  return items
    .filter((item) => !moved.has(item))
    .flatMap((item) => {
      const own = annexes.get(item.name) ?? [];
      return descending ? [...own, item] : [item, ...own];
    });
}
