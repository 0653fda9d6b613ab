// How large it is what a class sees: as large as its screen has room for.
const WORDS = [1.9, 1.7, 1.5]; // of what is words alone
const SAID = ["guess", "drawing", "file"];
const ALONE = [3, 2.6, 2.3, 2, 1.8, 1.6]; // of a formula that has a screen for itself, up to
const MOST = 0.78; // of its width
const ABOVE = [1.7, 1.5, 1.35, 1.2]; // of a formula above code: it grows alone, as far
const SIZES = [1.35, 1.2, 1.1, 1]; // at 1 type is 24 pixels
export const CODE = 1; // what is smaller than that loses its code, once that has run
const ROOMY = 1.1; // of pictures: they are to be large, and not the words around them
const SMALL = [0.92, 0.85, 0.78, 0.7, 0.62, 0.55, 0.48, 0.4];
// What a screen goes without before its type gets smaller than 24: of views height, and the heading, since they have
// titles of their own, in whose place the sentence to keep then comes; last what its caption says.
const LESS = [
  ...[1, 0.85].map((tall) => ({ told: true, tall, tight: false })),
  ...[1, 0.85, 0.7].map((tall) => ({ told: true, tall, tight: true })),
  ...[1, 0.85, 0.7, 0.55].map((tall) => ({ told: false, tall, tight: true })),
];
const HIGHER = [2, 1.5, 1, 0.75, 0.5, 0.25]; // shares of the room that is left below a view
const HIGHEST = 1.9;
const APART = 4; // pixels from the bar, for which it is
const LOWER = 0.97; // times as high
const LOW = 0.7; // what a view keeps of its height above code
export const DRAWN = ["picture", "lab", "training"];
const PICTURE = ".view > :not(.title, .caption)";
const ROWS = ".jp-OutputArea-output pre, tr";
const LATER = ".course-instead"; // code that comes at a press
const GAP = 2; // em, from which a formula may be broken

/**
 * @typedef {{ room: HTMLElement, on: HTMLElement, keep: HTMLElement | null, kind: string }} Shown what a class sees, in
 *   which room, the sentence to keep, and of which kind its screen is (presenting/screens.py)
 */

const isWide = (part) => part.scrollWidth > part.clientWidth + 1;
const viewsOf = (on) =>
  [...on.querySelectorAll(".course-view:not(.course-held + * *)")].filter((host) => host.shadowRoot && host.view);
const fitted = new WeakSet(); // views that were drawn for their screen
const highs = new WeakMap(); // how high what is shown was then
const FORMULA = "mjx-container[display] mjx-math";
const formulaOf = (on) => Math.max(...[...on.querySelectorAll(FORMULA)].map(wideOf));
const highOf = (on) => on.getBoundingClientRect().height;
const wideOf = (on) => on.getBoundingClientRect().width;

/** Whether the sentence to keep, in the place of the heading, lies over such parts of a view, else over rows. */
function isOver({ on, keep }, parts) {
  const over = keep.getBoundingClientRect();
  const views = viewsOf(on);
  const rows = views.length ? [] : on.querySelectorAll(ROWS);
  return [...rows, ...views.flatMap((host) => [...host.shadowRoot.querySelectorAll(parts)])]
    .map((part) => part.getBoundingClientRect())
    .some(({ top, bottom, height }) => height && over.height && bottom > over.top + 2 && top < over.bottom - 2);
}

/** Where the picture begins, below its title. */
function beginning(on) {
  const parts = viewsOf(on).flatMap((host) => [...host.shadowRoot.querySelectorAll(PICTURE)]);
  return Math.min(
    ...parts.map((part) => part.getBoundingClientRect()).map(({ top, height }) => (height ? top : Infinity)),
  );
}

/** So many pixels of the page as a length inside an element, which may be enlarged. */
const inside = (part, pixels) => (pixels * part.offsetHeight) / (part.getBoundingClientRect().height || 1);

/** How high it has to be to hide all above the picture, as it is drawn. @param {Shown} shown */
const hidden = ({ on, keep }) => Math.floor(inside(keep, beginning(on) - keep.getBoundingClientRect().top));

/** Moves the picture to below the sentence to keep. @param {Shown} shown */
function lower({ on, keep }) {
  const { top, bottom } = keep.getBoundingClientRect(); // on paper it stands at the foot
  const start = beginning(on);
  if (top < start && start < bottom) on.style.marginTop = `${inside(on, bottom - start)}px`;
}

/** Whether it hides a picture, or a row; and whether of a view title and caption alone. */
const isCovered = (shown) => shown.keep && isOver(shown, PICTURE);
const isFree = (shown) => viewsOf(shown.on).length > 0 && !isCovered(shown);

const HELD = ".course-held + * *, .course-scrolled .jp-OutputArea *, details:not([open]) *"; // may be wider
const WIDE = ":is(mjx-math, table, pre)";

/** Whether more is on a screen than it has room for. Formulas and tables scroll on a page; here they must not. */
export function isFull({ room, on, keep }) {
  const { top, bottom } = room.getBoundingClientRect();
  const end = on.getBoundingClientRect().right + 4;
  const isBeyond = (part) => {
    const box = part.getBoundingClientRect();
    const isOut = box.right > end || (part.matches("pre") && isWide(part));
    return box.height && (isOut || box.top < top - 2 || box.bottom > bottom + 2);
  };
  return (
    room.scrollHeight > room.clientHeight + 2 ||
    room.scrollWidth > room.clientWidth + 2 ||
    isCovered({ on, keep }) ||
    viewsOf(on).some((host) => isWide(host.shadowRoot.querySelector(".view"))) ||
    [on, ...on.querySelectorAll(WIDE)].some((part) => !part.matches(HELD) && isBeyond(part))
  );
}

/** Whether something came, grew or, as formulas do, was set since it was fitted. */
export function isStale(shown) {
  const views = viewsOf(shown.on);
  const isSet = !views.length && Math.abs(highOf(shown.on) - highs.get(shown.on)) > 4;
  return isSet || isFull(shown) || views.some((host) => !fitted.has(host.view));
}

/**
 * Gives what is shown as much of its room as it can fill -> its size.
 * @param {Shown} shown
 * @param {(size: number, tight: boolean) => void} set what it is enlarged by, and whether it needs the whole screen
 * @param {number} most the largest size, as where something grows line by line
 */
export function fit(shown, set, most = Infinity) {
  const { room, on, keep, kind } = shown;
  const views = viewsOf(on);
  const captions = views.map((host) => host.shadowRoot.querySelector(".caption")).filter(Boolean);
  const draw = ({ size, told, tall, tight = false }) => {
    set(size, tight);
    on.style.marginTop = "";
    on.style.removeProperty("--course-formula");
    room.classList.toggle("level", size > 1); // a table gets smaller before its cells break
    for (const caption of captions) caption.style.display = told ? "" : "none"; // which the speaker says
    for (const { view } of views) {
      view.heighten(tall);
      view.now();
    }
    if (tight && keep && drawn) lower(shown);
    const isWider = size >= ALONE.at(-1) && isAlone && formulaOf(on) > MOST * wideOf(room);
    return !isWider && !isFull(shown);
  };
  const isAlone = kind === "formula" && !on.querySelector(".course-excerpt, table");
  const sizes = [...(SAID.includes(kind) ? WORDS : isAlone ? ALONE : []), ...SIZES, ...SMALL];
  const drawn = DRAWN.includes(kind) && on.querySelector(".course-view");
  const tries = sizes
    .filter((size) => size <= (drawn ? Math.min(ROOMY, most) : most))
    .flatMap((size) => (size > 1 ? LESS.slice(0, 1) : LESS).map((less) => ({ size, ...less })));
  const code = on.querySelector(LATER); // its place is below the view, unless that would get small
  code?.classList.add("below");
  const beside = code && tries.filter(({ size, tall }) => size >= CODE && tall >= LOW).find(draw);
  if (!beside) code?.classList.remove("below");
  const found = beside || (tries.find(draw) ?? tries.at(-1));
  if (drawn && keep && !found.tight) {
    // the sentence may come over title and caption, and its room is the picture's
    const tall = [1, found.tall].find((one) => draw({ ...found, tall: one, tight: true }) && isFree(shown));
    if (tall) Object.assign(found, { tall, tight: true });
    else draw(found);
  }
  if (kind === "formula" && !isAlone && room.querySelector(FORMULA)) {
    const grows = (times) => {
      on.style.setProperty("--course-formula", String(times));
      return !isFull(shown) && formulaOf(on) <= MOST * wideOf(room);
    };
    if (!ABOVE.some(grows)) on.style.removeProperty("--course-formula");
  }
  const more = highOf(room) / highOf(on);
  const higher = [...HIGHER, 0].map((share) => Math.min(HIGHEST, found.tall * (1 + share * (more - 1))));
  const tall = views.length && drawn && more > 1.02 && higher.find((one) => draw({ ...found, tall: one }));
  if (views.length && drawn && on.getBoundingClientRect().bottom + APART > room.getBoundingClientRect().bottom)
    draw({ ...found, tall: LOWER * (tall || found.tall) });
  if (keep && found.tight && isFree(shown)) keep.style.minHeight = `${hidden(shown)}px`;
  for (const { view } of views) fitted.add(view);
  highs.set(on, highOf(on));
  return found.size;
}

/** The terms of a formula that wide space separates, which may stand below each other. */
export function termsOf(math, wide) {
  const terms = [[]];
  for (const part of math.children) {
    if (wide(part) >= GAP) terms.push([]);
    else terms.at(-1).push(part);
  }
  return terms.length > 1 ? terms : [];
}
