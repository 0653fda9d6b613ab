// The head explorer's two pictures: all heads as small maps, and the one that is open.
import { CellsPainter } from "../shared/cells.js";
import { framed, hatch, write } from "../shared/draw.js";
import { inked, rgb } from "../shared/theme.js";
import { plain } from "./heads_numbers.js";
import { t } from "../text.js";

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
  c.font = ui.font();
  write(c, t("head"), left - 6, top - 6, quiet, "right", "alphabetic");
  for (let head = 0; head < numbers.columns; head++) {
    const name = head < numbers.heads ? String(head + 1) : t("mean");
    write(c, name, left + head * across + tile / 2, top - 6, quiet, "center", "alphabetic");
  }
  const pixels = atlas.of(numbers, ui.theme);
  const best = String(numbers.ranking()[0]);
  for (let layer = 0; layer < numbers.layers; layer++) {
    const y = top + layer * down;
    c.font = ui.font();
    write(c, t("layer {layer}", { layer: layer + 1 }), left - 6, y + tall / 2 + 4, quiet, "right", "alphabetic");
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
 */
export function paintLarge(c, ui, numbers, open) {
  const { theme, unit } = ui;
  const { query } = numbers;
  const painter = new CellsPainter(ui, c, open, numbers.queries, numbers.keys);
  const key = numbers.key(numbers.row(...numbers.opened, query));
  painter.within(2, () => {
    painter.cells((row, column) => {
      const weight = numbers.row(...numbers.opened, row)[column];
      const told = row === query;
      const dots = !(told && column === key && painter.hasNumbers()); // where one points
      painter.cell(row, column, weight, { ink: weight / numbers.spec.high, told, dots });
    });
    painter.frame(query, 0, unit, numbers.keys);
    painter.frame(query, key, 2.5 * unit);
  });
  painter.corner(open.corner);
  const named = (/** @type {string} */ role) => (/** @type {number} */ _, /** @type {boolean} */ on) =>
    on ? role : theme.text;
  painter.rowNames({ names: numbers.map.queries, lit: (row) => row === query, colour: named(theme.query) });
  const { keys, queries } = numbers.map;
  painter.columnNames({
    names: keys,
    lit: (column) => column === key,
    asked: (column) => column === query && keys[column] === queries[query],
    colour: named(theme.key),
  });
}
