// What a cell showed before it runs again, as a picture of it: it stays, dimmed and at its height, below what comes
// new, until that is there.
import { t } from "./text.js";

const TRAINING = ".course-training"; // its picture on the way
const DRAWN = `${TRAINING}, .jp-RenderedImage, .jp-RenderedSVG`;
const PATIENT = 120; // frames, at most, for a view to come after its cell has run
const PAINTING = 12; // frames, at most, in which a view that has come gets its height

const all = (node, selector) => [...node.querySelectorAll(selector)];
const alive = (node) => all(node, ".course-view").filter((host) => host.view);
const frame = () => new Promise((done) => requestAnimationFrame(done));

/** Waits for the views of a run that has ended, as many as it has and so many at least. */
export async function viewsOf(area, count = 0) {
  const isThere = () => alive(area).length >= Math.max(count, all(area, ".course-view").length);
  for (let left = PATIENT; left > 0 && !isThere(); left--) await frame();
}

/** A copy that only looks like it: views without their program, and canvases with what is on them. */
function pictureOf(node) {
  const copy = node.cloneNode(true);
  const twins = all(copy, ".course-view");
  for (const [i, host] of all(node, ".course-view").entries()) {
    twins[i].classList.replace("course-view", "course-view-was");
    if (!host.shadowRoot) continue;
    const root = twins[i].attachShadow({ mode: "open" });
    root.adoptedStyleSheets = host.shadowRoot.adoptedStyleSheets;
    root.append(...[...host.shadowRoot.childNodes].map((part) => part.cloneNode(true)));
    paint(host.shadowRoot, root);
    twins[i].replaceChildren();
  }
  paint(node, copy);
  return copy;
}

function paint(from, to) {
  const twins = all(to, "canvas");
  for (const [i, canvas] of all(from, "canvas").entries())
    if (canvas.width && canvas.height) twins[i].getContext("2d").drawImage(canvas, 0, 0);
}

/** An output's HTML, in which nothing runs. */
const parsed = (html) => Object.assign(document.createElement("template"), { innerHTML: [html].flat().join("") });
const isView = (html) => !!parsed(html).content.querySelector(".course-view");

/** An output without what it says of an earlier stop. */
function unstopped(output) {
  const html = output.data?.["text/html"];
  if (!html) return output;
  const page = parsed(html);
  page.content.querySelector(".course-stopped")?.remove();
  return { ...output, metadata: {}, data: { ...output.data, "text/html": page.innerHTML } };
}

const isDrawn = (area) => alive(area).length > 0 || !!area.querySelector(DRAWN);

/** A cell that was stopped before it drew shows the picture that it had, below what it says now. */
export function restorePicture({ model: { outputs }, outputArea }, before) {
  const isPicture = ({ data = {} }) => data["image/png"] || isView(data["text/html"]);
  const pictures = before.map(unstopped).filter(isPicture);
  if (isDrawn(outputArea.node) || !pictures.length) return;
  const text = t("Below: what an earlier run had drawn.");
  const data = { "text/html": `<p>${text}</p>`, "text/plain": text };
  outputs.fromJSON([...outputs.toJSON(), { output_type: "display_data", metadata: {}, data }, ...pictures]);
}

export class Staying {
  /** @param {any} cell a CodeCell, before it is emptied */
  constructor(cell) {
    this.cell = cell;
    this.area = cell.outputArea.node;
    this.room = this.area.parentElement;
    this.outputs = cell.model.outputs.toJSON();
    this.height = this.area.getBoundingClientRect().height;
    this.count = alive(this.area).length;
    this.old = pictureOf(this.area);
    this.old.classList.add("course-stays");
    this.old.ariaHidden = "true";
    this.old.inert = true;
    this.came = () => requestAnimationFrame(() => this.old.classList.toggle("course-gone", isDrawn(this.area)));
  }

  /** How much of the old the new covers, in px. The area itself is as high as its room. */
  get covered() {
    const last = all(this.area, ":scope > .jp-OutputArea-child").at(-1);
    return last ? last.getBoundingClientRect().bottom - this.area.getBoundingClientRect().top : 0;
  }

  /** In the place of what was there; called when the cell is empty. */
  show() {
    if (this.old.isConnected) return;
    const { offsetLeft, offsetTop, offsetWidth } = this.area;
    this.old.style.cssText = `left:${offsetLeft}px;top:${offsetTop}px;width:${offsetWidth}px;height:${this.height}px`;
    this.room.classList.add("course-staying");
    this.room.style.minHeight = `${this.height}px`;
    this.room.append(this.old);
    this.cell.model.outputs.changed.connect(this.came);
  }

  /** A cell that did not run, or whose kernel has gone in the middle of a training, shows what it had shown. */
  restore() {
    const { outputs } = this.cell.model;
    if (!outputs.length || this.area.querySelector(TRAINING)) outputs.fromJSON(this.outputs);
  }

  restorePicture() {
    restorePicture(this.cell, this.outputs);
  }

  /** The same, as many as there were if it ended well, and as high. */
  async views(count = this.count) {
    await viewsOf(this.area, count);
    for (let left = PAINTING; left > 0 && this.covered < this.height - 2; left--) await frame();
  }

  remove() {
    this.cell.model?.outputs.changed.disconnect(this.came);
    this.room.classList.remove("course-staying");
    this.room.style.minHeight = "";
    this.old.remove();
  }
}
