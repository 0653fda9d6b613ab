// The head explorer's two pictures: all heads as small maps, and the one that is open.
import { fitted, framed, hatch, write } from "../shared/draw.js";
import { translate } from "../shared/language.js";
import { crowded, slanting } from "../shared/labels.js";
import { inked, legible, rgb } from "../shared/theme.js";
import { plain } from "./heads_numbers.js";

/** @import { Pen } from "../shared/draw.js" */
/** @import { Theme } from "../shared/theme.js" */
/** @import { UI } from "../shared/types.js" */
/** @import { Layout, Open } from "./heads_layout.js" */
/** @import { HeadsNumbers } from "./heads_numbers.js" */

/** A frame whose line lies half inside. @param {Pen} c @param {string} colour @param {number} line @param {number} x
 * @param {number} y @param {number} wide @param {number} high */
const outlined = (c, colour, line, x, y, wide, high) =>
  framed(c, colour, line, x - line / 2, y - line / 2, wide + line, high + line);

/** Every head of a map as pixels, once for a theme; masked cells stay clear, and each head has its own scale. */
export class Atlas {
  /** @type {{ weights: object, theme: Theme, canvas: OffscreenCanvas } | null} */
  kept = null;

  /** @param {HeadsNumbers} numbers @param {Theme} theme */
  of(numbers, theme) {
    const { weights } = numbers;
    if (this.kept?.weights === weights && this.kept.theme === theme) return this.kept.canvas;
    const canvas = new OffscreenCanvas(numbers.columns * numbers.keys, numbers.layers * numbers.queries);
    const c = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const image = c.createImageData(canvas.width, canvas.height);
    const pixels = new Uint32Array(image.data.buffer);
    const inks = Uint32Array.from({ length: 256 }, (_, i) => {
      const [red, green, blue] = inked(theme, i / 255);
      return (255 << 24) | (blue << 16) | (green << 8) | red;
    });
    for (let layer = 0; layer < numbers.layers; layer++)
      for (let head = 0; head < numbers.columns; head++) drawHead(pixels, inks, numbers, layer, head);
    c.putImageData(image, 0, 0);
    this.kept = { weights, theme, canvas };
    return canvas;
  }
}

/** @param {Uint32Array} pixels @param {Uint32Array} inks @param {HeadsNumbers} numbers @param {number} layer
 * @param {number} head */
function drawHead(pixels, inks, numbers, layer, head) {
  const rows = Array.from({ length: numbers.queries }, (_, query) => numbers.row(layer, head, query));
  let darkest = 1e-9;
  for (const row of rows) for (const weight of row) if (weight > darkest) darkest = weight;
  for (const [query, row] of rows.entries()) {
    const from = ((layer * numbers.queries + query) * numbers.columns + head) * numbers.keys;
    for (let key = 0; key < row.length; key++)
      if (!Number.isNaN(row[key])) pixels[from + key] = inks[((row[key] * 255) / darkest) | 0];
  }
}

/** @param {Pen} c @param {UI} ui @param {HeadsNumbers} numbers @param {Layout} layout @param {Atlas} atlas */
export function paintSmall(c, ui, numbers, layout, atlas) {
  const { left, top, tile, tall, across, down } = layout;
  const quiet = ui.theme.quiet;
  c.font = ui.font(12);
  write(c, translate("head"), left - 6, top - 6, quiet, "right", "alphabetic");
  for (let head = 0; head < numbers.columns; head++) {
    const name = head < numbers.heads ? String(head + 1) : "mean";
    write(c, name, left + head * across + tile / 2, top - 6, quiet, "center", "alphabetic");
  }
  const pixels = atlas.of(numbers, ui.theme);
  const best = String(numbers.ranking()[0]);
  for (let layer = 0; layer < numbers.layers; layer++) {
    const y = top + layer * down;
    c.font = ui.font(12);
    write(c, `layer ${layer + 1}`, left - 6, y + tall / 2 + 4, quiet, "right", "alphabetic");
    for (let head = 0; head < numbers.columns; head++) {
      const x = left + head * across;
      paintMap(c, ui, numbers, layout, { pixels, layer, head, x, y });
      paintNumber(c, ui, numbers, layout, { bold: isBold(numbers, layer, head, best), layer, head, x, y });
    }
  }
}

/** The head that is open, and the one with the largest number. @param {HeadsNumbers} numbers @param {number} layer
 * @param {number} head @param {string} best */
function isBold(numbers, layer, head, best) {
  const here = `${layer},${head}`;
  return here === String(numbers.opened) || here === best;
}

/** @param {Pen} c @param {UI} ui @param {HeadsNumbers} numbers @param {Layout} layout
 * @param {{ pixels: OffscreenCanvas, layer: number, head: number, x: number, y: number }} map */
function paintMap(c, ui, numbers, { tile, tall, frame }, { pixels, layer, head, x, y }) {
  const { theme, unit } = ui;
  const { queries, keys, hover } = numbers;
  const gone = numbers.out(layer, head);
  const open = String(numbers.opened) === `${layer},${head}`;
  const pointed = hover.layer === layer && hover.head === head;
  const high = tall / queries;
  c.imageSmoothingEnabled = queries > tall || keys > tile;
  c.globalAlpha = gone ? 0.3 : 1;
  if (numbers.map.masked) hatch(c, theme.hatch, x, y, tile, tall);
  c.drawImage(pixels, head * keys, layer * queries, keys, queries, x, y, tile, tall);
  c.fillStyle = theme.query;
  c.fillRect(x - 4, y + numbers.query * high - 1, 4, Math.max(2, high + 1));
  c.globalAlpha = 1;
  outlined(c, open || pointed ? theme.text : theme.line, open ? frame : 1, x - 0.5, y - 0.5, tile + 1, tall + 1);
  if (!gone) return;
  const side = Math.min(15 * unit, tall / 2); // a cross in the corner: the map stays to be seen
  const left = x + tile - side;
  c.fillStyle = rgb(theme.paper);
  c.fillRect(left, y, side, side);
  outlined(c, theme.text, 1.5, left, y, side, side);
  c.font = ui.font(side / unit);
  write(c, "×", left + side / 2, y + 0.8 * side, theme.text, "center", "alphabetic");
}

/** @param {Pen} c @param {UI} ui @param {HeadsNumbers} numbers @param {Layout} layout
 * @param {{ bold: boolean, layer: number, head: number, x: number, y: number }} map */
function paintNumber(c, ui, numbers, { tile, tall, number }, { bold, layer, head, x, y }) {
  const { theme } = ui;
  c.font = ui.font(10.5, bold ? 700 : 400);
  const text = plain(numbers.number(layer, head), 2);
  write(c, text, x + tile / 2, y + tall + number, bold ? theme.text : theme.quiet, "center", "alphabetic");
}

/**
 * @param {Pen} c
 * @param {UI} ui
 * @param {HeadsNumbers} numbers
 * @param {Open} open
 * @param {(query: number, key: number) => boolean} painted whether a hand is painting this cell
 */
export function paintLarge(c, ui, numbers, open, painted) {
  const { size } = open;
  const seen = (/** @type {number} */ from, /** @type {number} */ room, /** @type {number} */ count) => ({
    from: Math.floor(from / size),
    to: Math.min(count, Math.ceil((from + room) / size)),
  });
  const rows = seen(open.y, open.high, numbers.queries);
  const columns = seen(open.x, open.wide, numbers.keys);
  c.save();
  c.beginPath();
  c.rect(open.left - 2, open.top - 2, open.wide + 4, open.high + 4);
  c.clip();
  c.font = ui.font(Math.min(11.5, size / ui.unit / 2.3));
  for (let query = rows.from; query < rows.to; query++) {
    const row = numbers.row(...numbers.opened, query);
    for (let key = columns.from; key < columns.to; key++)
      paintCell(c, ui, numbers, open, { query, key, weight: row[key], painted: painted(query, key) });
  }
  paintChosen(c, ui, numbers, open);
  c.restore();
  paintQueries(c, ui, numbers, open, rows);
  paintKeys(c, ui, numbers, open, columns);
}

/** Between two cells. @param {Open} open */
const gapOf = (open) => (open.size > 20 ? 2 : 1);

/** @param {Pen} c @param {UI} ui @param {HeadsNumbers} numbers @param {Open} open
 * @param {{ query: number, key: number, weight: number, painted: boolean }} cell */
function paintCell(c, ui, numbers, open, { query, key, weight, painted }) {
  const x = open.left + key * open.size - open.x;
  const y = open.top + query * open.size - open.y;
  const side = open.size - gapOf(open);
  if (Number.isNaN(weight)) {
    hatch(c, ui.theme.hatch, x, y, side, side);
    return;
  }
  const ink = inked(ui.theme, weight / numbers.spec.high);
  c.fillStyle = rgb(ink);
  c.fillRect(x, y, side, side);
  if (painted) outlined(c, ui.theme.key, 3 * ui.unit, x, y, side, side);
  if (open.size >= 24 * ui.unit) write(c, inCell(weight), x + side / 2, y + side / 2 + 1, legible(ink), "center");
}

/** A weight as it stands in a cell: without its 0. @param {number} weight */
function inCell(weight) {
  if (weight < 0.005) return "";
  return weight < 0.995 ? plain(weight, 2).slice(1) : "1";
}

/** The row of the query, and its cell of the key. @param {Pen} c @param {UI} ui @param {HeadsNumbers} numbers
 * @param {Open} open */
function paintChosen(c, ui, numbers, open) {
  const { query } = numbers;
  const key = numbers.key(numbers.row(...numbers.opened, query));
  const left = open.left - open.x - 1;
  const top = open.top + query * open.size - open.y - 1;
  const side = open.size - gapOf(open) + 2;
  outlined(c, ui.theme.query, ui.unit, left, top, (numbers.keys - 1) * open.size + side, side);
  outlined(c, ui.theme.query, 2.5 * ui.unit, left + key * open.size, top, side, side);
}

/** @param {Pen} c @param {UI} ui @param {HeadsNumbers} numbers @param {Open} open
 * @param {{ from: number, to: number }} rows */
function paintQueries(c, ui, numbers, open, rows) {
  const { theme, unit } = ui;
  const right = open.left - 8 * unit;
  const [queryName, keyName] = open.corner;
  c.font = ui.font(12);
  write(c, queryName, right, open.top - 10 * unit, theme.query, "right");
  write(c, keyName, right, open.top - 28 * unit, theme.key, "right");
  for (let query = rows.from; query < rows.to; query++) {
    const y = open.top + (query + 0.5) * open.size - open.y;
    if (y <= open.top || y >= open.top + open.high) continue;
    const on = query === numbers.query;
    c.font = ui.font(Math.min(13, open.size / unit), on ? 700 : 400);
    const text = fitted(c, numbers.map.queries[query], open.left - 12 * unit);
    write(c, text, right, y, on ? theme.query : theme.text, "right");
  }
}

/** @param {Pen} c @param {UI} ui @param {HeadsNumbers} numbers @param {Open} open
 * @param {{ from: number, to: number }} columns */
function paintKeys(c, ui, numbers, open, columns) {
  const { theme } = ui;
  const slant = slanting(ui, open.size);
  const chosen = numbers.key(numbers.row(...numbers.opened, numbers.query));
  for (let key = columns.from; key < columns.to; key++) {
    const x = open.left + (key + 0.5) * open.size - open.x;
    const on = key === chosen;
    const skipped = open.slanted && crowded(key, (other) => other === chosen, slant.every);
    if (x < open.left || x > open.left + open.wide || skipped) continue;
    c.save();
    c.translate(x, open.top - 8);
    if (open.slanted) c.rotate(-Math.PI / 4);
    c.font = ui.font(open.slanted ? slant.size : 13, on ? 700 : 400);
    const text = fitted(c, numbers.map.keys[key], open.slanted ? open.names : open.size);
    write(c, text, 0, 0, on ? theme.key : theme.text, open.slanted ? "left" : "center");
    c.restore();
  }
}
