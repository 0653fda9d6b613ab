// The picture of the sinusoid lab: a heatmap, and a wave on the same rows where there is room.
import { curve, dot, dots, paper, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { fmt } from "../../../course_kit/views/js/src/shared/numbers.js";
import { mix } from "../../../course_kit/views/js/src/shared/theme.js";
import { isCosine, wave } from "./sinusoid_numbers.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Theme } from "../../../course_kit/views/js/src/shared/theme.js" */
/** @import { Cell, SinusoidSpec, SinusoidNumbers } from "./sinusoid_numbers.js" */
/** @typedef {{ x: number, y: number, w: number, cell: number, row: number }} Box cell and row: of one number */
/** @typedef {ReturnType<SinusoidPicture["layout"]>} Layout */
/**
 * @typedef {{ size?: number, weight?: number, ink?: boolean, align?: CanvasTextAlign,
 *   base?: CanvasTextBaseline }} Look of a text
 */

const HEAD = { size: 13, weight: 600, ink: true, base: /** @type {const} */ ("bottom") };
const BELOW = { align: /** @type {const} */ ("center"), base: /** @type {const} */ ("top") };

export class SinusoidPicture {
  /** @param {UI} ui @param {HTMLCanvasElement} canvas @param {SinusoidNumbers} made */
  constructor(ui, canvas, made) {
    const { length, size } = /** @type {SinusoidSpec} */ (ui.spec);
    this.ui = ui;
    this.canvas = canvas;
    this.c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.made = made;
    this.length = length;
    this.size = size;
    this.large = ui.spec.presenting;
    /** @type {Layout | null} where everything is, once it is painted */
    this.at = null;
    /** @type {{ theme: Theme, image: OffscreenCanvas } | null} the heatmap, a pixel for each number */
    this.tile = null;
  }

  /** @param {number} width @param {Cell} here */
  paint(width, here) {
    const at = this.layout(width);
    this.at = at;
    paper(this.canvas, at.wide, at.height);
    this.band(at, here);
    this.heatmap(at, here);
    this.positions(at.heat, here.position);
    if (at.stack) this.positions(at.curve, here.position);
    this.wave(at.curve, here);
    this.frames(at, here);
  }

  /**
   * Side by side while a column of the heatmap has two pixels, else the wave below it.
   * @param {number} width
   */
  layout(width) {
    const { length, size, large } = this;
    const { unit } = this.ui;
    const wide = Math.min(width, 960 * unit);
    const left = 34 * unit;
    const top = 44 * unit;
    const gap = 30 * unit;
    const ratio = dots(this.canvas);
    const whole = (/** @type {number} */ pixels) => Math.max(1, Math.floor(pixels * ratio)) / ratio;
    const beside = wide - left - gap - 190 * unit;
    const stack = beside < 2 * size || whole(beside / size) * size < 190 * unit;
    const high = large ? 330 : 300 * unit;
    const row = Math.max(whole((stack ? 190 * unit : high) / length), stack ? 2 : 3);
    const cell = whole((stack ? wide - left : beside) / size);
    const foot = large ? 38 : 22 * unit;
    const heat = { x: left, y: top, w: cell * size, cell, row };
    const start = stack ? left : left + heat.w + gap;
    const y = stack ? top + length * row + foot + 48 * unit : top;
    const curve = { x: start, y, w: Math.min(wide - start - 3, (stack ? 400 : 260) * unit), cell, row };
    return { heat, curve, stack, wide, height: y + length * row + foot };
  }

  /**
   * The position at a point, and the column: of the heatmap the one there, elsewhere the given one.
   * @param {number} x
   * @param {number} y
   * @param {number} column
   * @returns {Cell | null}
   */
  under(x, y, column) {
    if (!this.at) return null;
    const { heat, curve } = this.at;
    for (const box of [heat, curve]) {
      const position = Math.floor((y - box.y) / box.row);
      if (position < 0 || position >= this.length || x < box.x || x >= box.x + box.w) continue;
      const across = Math.min(Math.floor((x - box.x) / box.cell), this.size - 1);
      return { position: Math.min(position, this.length - 2), column: box === heat ? across : column };
    }
    return null;
  }

  /** @param {string} text @param {number} x @param {number} y @param {Look} look */
  write(text, x, y, { size = 12, weight = 400, ink = false, align = "left", base = "bottom" } = {}) {
    this.c.font = this.ui.font(size, weight);
    write(this.c, text, x, y, ink ? this.ui.theme.text : this.ui.theme.quiet, align, base);
  }

  /** Two rows through both: a position and the next. @param {Layout} at @param {Cell} here */
  band({ heat, curve, stack }, { position }) {
    const { c } = this;
    c.fillStyle = this.ui.theme.line;
    const from = stack ? curve : heat;
    const y = from.y + position * from.row - 1;
    c.fillRect(from.x, y, curve.x + curve.w - from.x, 2 * from.row + 2);
  }

  /** The heatmap and what stands around it. @param {Layout} at @param {Cell} here */
  heatmap({ heat }, { column }) {
    const { c, length, size } = this;
    const { unit } = this.ui;
    c.imageSmoothingEnabled = false; // enlarged by whole device pixels: sharp at every size
    c.drawImage(this.image(), heat.x, heat.y, heat.w, length * heat.row);
    this.write(t("position ↓  column →"), 0, heat.y - 24 * unit, HEAD);
    const x = (/** @type {number} */ j) => heat.x + (j + 0.5) * heat.cell;
    this.write(String(column), x(column), heat.y - 5 * unit, { ...HEAD, align: "center" });
    const every = heat.w < 300 * unit ? 32 : 16;
    for (let j = 0; j < size; j += every) this.write(String(j), x(j), heat.y + length * heat.row + 5 * unit, BELOW);
  }

  image() {
    const { theme } = this.ui;
    if (this.tile?.theme === theme) return this.tile.image;
    const image = new OffscreenCanvas(this.size, this.length);
    const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (image.getContext("2d"));
    const pixels = pen.createImageData(this.size, this.length);
    this.made.encoding.forEach((row, position) =>
      row.forEach((number, column) => {
        const colour = mix(theme.paper, number < 0 ? theme.minus : theme.plus, Math.abs(number));
        pixels.data.set([...colour, 255], 4 * (position * this.size + column));
      }),
    );
    pen.putImageData(pixels, 0, 0);
    this.tile = { theme, image };
    return image;
  }

  /**
   * The positions, on the left; the one that is chosen takes the place of what would be too near.
   * @param {Box} box
   * @param {number} chosen
   */
  positions(box, chosen) {
    const { length, large } = this;
    const { unit } = this.ui;
    const near = (large ? 26 : 15 * unit) / box.row;
    const y = (/** @type {number} */ position) => box.y + (position + 0.5) * box.row;
    const look = { align: /** @type {const} */ ("right"), base: /** @type {const} */ ("middle") };
    for (let position = 0; position < length; position += 10) {
      if (Math.abs(position - chosen) < near) continue;
      this.write(String(position), box.x - 8 * unit, y(position), look);
    }
    this.write(String(chosen), box.x - 8 * unit, y(chosen), { ...look, size: 13, weight: 700, ink: true });
  }

  /**
   * A column as a wave along the rows, −1 on the left and 1 on the right.
   * @param {Box} box
   * @param {Cell} here
   */
  wave(box, { position, column }) {
    const { c, length, made } = this;
    const { theme, unit } = this.ui;
    const x = (/** @type {number} */ value) => box.x + ((value + 1.08) / 2.16) * box.w;
    const y = (/** @type {number} */ at) => box.y + (at + 0.5) * box.row;
    const end = box.y + length * box.row;
    this.write(
      isCosine(column) ? t("column {column}: cosine", { column }) : t("column {column}: sine", { column }),
      box.x,
      box.y - 6 * unit,
      HEAD,
    );
    c.strokeStyle = theme.line;
    c.lineWidth = 1;
    c.strokeRect(box.x + 0.5, box.y + 0.5, box.w - 1, length * box.row - 1);
    c.beginPath();
    c.moveTo(x(0), box.y);
    c.lineTo(x(0), end);
    c.stroke();
    const fine = Array.from({ length: 8 * (length - 1) + 1 }, (_, i) => i / 8);
    const values = fine.map((at) => wave(at, column, made.frequencies));
    curve(c, values, fine, x, y, theme.text, 2 * unit);
    made.encoding.forEach((row, at) =>
      dot(c, x(row[column]), y(at), (at === position || at === position + 1 ? 5.5 : 1.7) * unit, theme.text),
    );
    for (const value of [-1, 0, 1]) this.write(fmt(value, 0), x(value), end + 5 * unit, BELOW);
  }

  /**
   * Where we are: the same two rows in both, the column in the heatmap.
   * @param {Layout} at
   * @param {Cell} here
   */
  frames({ heat, curve }, { position, column }) {
    const { c } = this;
    c.strokeStyle = this.ui.theme.text;
    c.lineWidth = 1.5 * this.ui.unit;
    for (const { x, y, w, row } of [heat, curve]) c.strokeRect(x - 2, y + position * row - 1, w + 4, 2 * row + 2);
    c.strokeRect(heat.x + column * heat.cell - 1, heat.y - 2, heat.cell + 2, this.length * heat.row + 4);
  }
}
