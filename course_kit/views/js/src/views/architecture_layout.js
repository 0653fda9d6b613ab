// Where each part of a Transformer is drawn: columns of boxes, through which the data flow upwards, with residual
// connections beside them and the memory between them. No page is needed.

/** @typedef {"full" | "causal" | "cross" | ""} Mask of a sub-layer; "": it is no attention */
/** @typedef {{ inside: string, around: string, mask: Mask, pre: boolean }} SubLayer keys of parts; pre: norm first */
/**
 * @typedef {{ kind: "box" | "norm" | "memory" | "sum", key: string }} Part in a column
 * @typedef {{ kind: "block", key: string, rows: SubLayer[] }} Block
 *
 * @typedef {object} Column
 * @property {string} name "": it begins where the blocks of the column before it end
 * @property {number} side −1 left, 1 right
 * @property {string} reads what goes in below, or where it begins
 * @property {string} gives what comes out above
 * @property {(Part | Block)[]} rows from below
 * @property {Note[]} [notes] beside a column that stands alone
 *
 * @typedef {{ mark: string, key: string, at: "box" | "way", text: string }} Note what is said of a part, or of the way
 *   into it; mark: a number
 *
 * @typedef {object} Sizes in pixels
 * @property {number} word a line of text
 * @property {number} box
 * @property {number} norm
 * @property {number} sum a row with something that is added
 * @property {number} plus radius of ⊕
 * @property {number} gap
 * @property {number} fan where queries, keys and values enter
 * @property {number} lane beside the boxes, for the residual connection
 * @property {number} pad around a block
 * @property {number} between the columns
 * @property {number} widest that a box may be
 *
 * @typedef {"box" | "norm" | "sum" | "attention" | "times" | "block"} Kind
 * @typedef {object} Box
 * @property {string} key
 * @property {Kind} kind
 * @property {Mask} mask
 * @property {number} x
 * @property {number} y
 * @property {number} wide
 * @property {number} high
 *
 * @typedef {{ key: string, x: number, y: number, r: number }} Plus
 * @typedef {object} Line
 * @property {string} key of the part to which it belongs; "": the way of the data
 * @property {number[][]} points
 * @property {"" | "query" | "key" | "value"} role
 * @property {boolean} arrow
 *
 * @typedef {object} Label
 * @property {"reads" | "gives" | "letter" | "branch" | "note"} kind
 * @property {string} text
 * @property {string} role
 * @property {number} x
 * @property {number} y
 * @property {string} [mark] of a note
 * @typedef {{ boxes: Box[], blocks: Box[], pluses: Plus[], lines: Line[], labels: Label[] }} Things
 * @typedef {Things & { width: number, high: number }} Layout
 */

/** @type {["q" | "k" | "v", "query" | "key" | "value"][]} */
const ROLES = [
  ["q", "query"],
  ["k", "key"],
  ["v", "value"],
];
const LEAST = 0.4; // of a gap, where height is dear

/**
 * @param {Column[]} columns
 * @param {Sizes} sizes
 * @param {number} width
 * @param {{ high?: number }} look high: the gaps are stretched or shrunk to it
 * @returns {Layout}
 */
export function layoutOf(columns, sizes, width, { high = 0 } = {}) {
  const natural = built(columns, sizes, width);
  if (!high) return natural;
  const stiff = built(columns, stretched(sizes, 0), width).high;
  const by = Math.max(LEAST, (high - stiff) / (natural.high - stiff));
  return built(columns, stretched(sizes, by), width);
}

/** Whether there is one column alone. @param {Column[]} columns */
export const isAlone = (columns) => columns.length === 1;

/** How wide a column is that stands alone, at most. @param {Sizes} sizes */
export const aloneIn = ({ widest, lane, pad }) => widest + lane + 2 * pad;

/** @param {Sizes} sizes @param {number} by @returns {Sizes} */
const stretched = (sizes, by) => ({ ...sizes, gap: sizes.gap * by });

/** @param {Column[]} columns @param {Sizes} sizes @param {number} width @returns {Layout} */
function built(columns, sizes, width) {
  /** @type {Tower[]} */
  const towers = [];
  const place = isAlone(columns)
    ? { middle: columns[0].side > 0 ? 0 : width, room: width, between: 0 }
    : { middle: width / 2, room: (width - sizes.between) / 2, between: sizes.between };
  for (const column of columns) towers.push(new Tower(column, sizes, place, towers[0]));
  for (const tower of towers) tower.read(towers[0].memory);
  const high = Math.max(...towers.map(({ up }) => up));
  const box = (/** @type {Box} */ one) => ({ ...one, y: high - one.y - one.high });
  const point = (/** @type {any} */ one) => ({ ...one, y: high - one.y });
  return {
    width,
    high,
    boxes: towers.flatMap(({ boxes }) => boxes.map(box)),
    blocks: towers.flatMap(({ blocks }) => blocks.map(box)),
    pluses: towers.flatMap(({ pluses }) => pluses.map(point)),
    labels: towers.flatMap(({ labels }) => labels.map(point)),
    lines: towers.flatMap(({ lines }) =>
      lines.map((line) => ({ ...line, points: line.points.map(([x, y]) => [x, high - y]) })),
    ),
  };
}

/** One column. It is built from below: `up` is how high it is so far, and heights are counted upwards. */
class Tower {
  /**
   * @param {Column} column
   * @param {Sizes} sizes
   * @param {{ middle: number, room: number, between: number }} place room: for each column
   * @param {Tower} [first] the column before it
   */
  constructor(column, sizes, { middle, room, between }, first) {
    const { lane, pad, widest } = sizes;
    this.sizes = sizes;
    this.side = column.side;
    this.middle = middle;
    this.wide = Math.min(widest, room - lane - 2 * pad);
    this.inner = this.middle + (this.side * between) / 2; // the edge of its blocks
    this.x = this.inner + this.side * (pad + this.wide / 2); // where the data flow
    this.outer = this.x + this.side * (this.wide / 2 + lane);
    this.up = 0;
    this.end = 0; // of its blocks
    /** @type {Box[]} */
    this.boxes = [];
    /** @type {Box[]} */
    this.blocks = [];
    /** @type {Plus[]} */
    this.pluses = [];
    /** @type {Line[]} */
    this.lines = [];
    /** @type {Label[]} */
    this.labels = [];
    /** @type {Box | null} */
    this.memory = null;
    /** The boxes that read the memory. @type {Box[]} */
    this.readers = [];
    this.build(column, first);
  }

  /** @param {Column} column @param {Tower} [first] */
  build({ name, reads, rows, gives, notes = [] }, first) {
    if (name || !first) this.word("reads", reads);
    else this.branch(first, reads);
    for (const row of rows) {
      if (row.kind === "block") this.block(row);
      else if (row.kind === "sum") this.sum(row.key);
      else this.part(row);
    }
    for (const note of notes) this.note(note);
    if (!gives) return;
    this.rise(this.sizes.gap, true);
    this.word("gives", gives);
  }

  /** Beside a part, or beside the way from its norm into it. @param {Note} note */
  note({ mark, key, at, text }) {
    const { sizes, side, outer, boxes } = this;
    const { y, high } = /** @type {Box} */ (boxes.find((box) => box.key === key));
    const below = at === "way" ? (high + 2 * sizes.fan + sizes.norm) / 4 : 0;
    this.labels.push({
      kind: "note",
      text,
      role: "",
      x: outer + 1.6 * side * sizes.pad,
      y: y + high / 2 - below,
      mark,
    });
  }

  /** It begins where the blocks of another column end. @param {Tower} first @param {string} text */
  branch({ x, end }, text) {
    const { word } = this.sizes;
    this.up = end;
    this.labels.push({ kind: "branch", text, role: "", x: this.x, y: end - 0.7 * word });
    this.line("", [[x, end], [this.x, end]]); // oxfmt-ignore
  }

  // ---- what is put on top
  /** @param {"reads" | "gives"} kind @param {string} text */
  word(kind, text) {
    const { word } = this.sizes;
    const high = kind === "reads" ? 2 * word : word; // below it, the name of the column
    this.labels.push({ kind, text, role: "", x: this.x, y: this.up + high / 2 });
    this.up += high;
  }

  /** The way of the data goes on. @param {number} by */
  rise(by, arrow = false) {
    const to = this.up + by;
    this.line("", [[this.x, this.up], [this.x, to]], { arrow }); // oxfmt-ignore
    this.up = to;
  }

  /**
   * @param {string} key
   * @param {number[][]} points
   * @param {{ role?: Line["role"], arrow?: boolean }} look
   */
  line(key, points, { role = "", arrow = false } = {}) {
    this.lines.push({ key, points, role, arrow });
  }

  /** A box as wide as the column. @param {string} key @param {Kind} kind @param {number} high @param {Mask} mask */
  put(key, kind, high, mask = "") {
    const { wide, x, up } = this;
    const box = { key, kind, mask, x: x - wide / 2, y: up, wide, high };
    this.boxes.push(box);
    this.up += high;
    return box;
  }

  /** @param {Part} part */
  part({ kind, key }) {
    this.rise(this.sizes.gap, true);
    if (kind === "box") this.put(key, "box", this.sizes.box);
    else this.put(key, "norm", this.sizes.norm);
    if (kind === "memory") this.memory = this.boxes[this.boxes.length - 1];
  }

  /** Something that is added: a box beside ⊕. @param {string} key */
  sum(key) {
    const { sizes, side, x, outer } = this;
    const { sum, plus, gap } = sizes;
    this.rise(gap + sum / 2 - plus, true);
    const from = x + side * (plus + 0.8 * sizes.lane);
    const y = this.up + plus;
    const box = { x: Math.min(from, outer), y: y - sum / 2, wide: Math.abs(outer - from), high: sum };
    this.boxes.push({ key, kind: "sum", mask: "", ...box });
    this.line(key, [[from, y], [x + side * plus, y]], { arrow: true }); // oxfmt-ignore
    this.plus(key);
    this.rise(sum / 2 - plus);
  }

  /** ⊕ @param {string} key */
  plus(key) {
    const { plus: r } = this.sizes;
    const made = { key, x: this.x, y: this.up + r, r };
    this.pluses.push(made);
    this.up += 2 * r;
    return made;
  }

  // ---- blocks
  /** @param {Block} block */
  block({ key, rows }) {
    const { sizes, inner, outer, side } = this;
    const edge = outer + side * sizes.pad;
    this.rise(sizes.gap);
    const from = this.up;
    for (const row of rows) this.subLayer(row);
    this.times(key);
    this.rise(sizes.gap);
    const place = { x: Math.min(inner, edge), y: from, wide: Math.abs(edge - inner), high: this.up - from };
    this.blocks.push({ key, kind: "block", mask: "", ...place });
    this.end = this.up;
  }

  /** How often there is such a block, beside its last ⊕. @param {string} key */
  times(key) {
    const { sizes, side, x, wide } = this;
    const { y } = this.pluses[this.pluses.length - 1];
    const from = x - side * (sizes.plus + 4);
    const to = x - (side * wide) / 2;
    const place = { x: Math.min(from, to), y: y - sizes.sum / 2, wide: Math.abs(from - to), high: sizes.sum };
    this.boxes.push({ key, kind: "times", mask: "", ...place });
  }

  /** A sub-layer, its norm, and the residual connection around it. @param {SubLayer} row */
  subLayer({ inside, around, mask, pre }) {
    const { gap, norm, box, lane } = this.sizes;
    const from = this.up + gap;
    const past = this.outer - 0.4 * this.side * lane;
    this.rise(2 * gap, pre);
    if (pre) this.put(around, "norm", norm);
    this.enter(inside, mask, pre);
    const made = this.put(inside, mask ? "attention" : "box", box, mask);
    if (mask === "cross") this.readers.push(made);
    this.rise(0.6 * gap);
    const { x, y, r } = this.plus(around);
    const points = [[x, from], [past, from], [past, y], [x + this.side * r, y]]; // oxfmt-ignore
    this.line(around, points, { arrow: true });
    if (pre) return;
    this.rise(gap, true);
    this.put(around, "norm", norm);
  }

  /** The way into a sub-layer: to an attention as queries, keys and values. @param {string} key @param {Mask} mask */
  enter(key, mask, pre = true) {
    const { sizes, x, wide, up } = this;
    if (!mask) {
      this.rise(pre ? 1.2 * sizes.gap : 0.5 * sizes.gap, true);
      return;
    }
    const to = up + sizes.fan;
    const apart = 0.28 * wide;
    if (!pre) this.line("", [[x - apart, up], [x + apart, up]]); // oxfmt-ignore
    const entering = mask === "cross" ? ROLES.slice(0, 1) : ROLES;
    entering.forEach(([text, role], n) => {
      const at = entering.length > 1 ? x + (n - 1) * apart : x;
      this.line(key, [[at, up], [at, to]], { role, arrow: true }); // oxfmt-ignore
      this.letter(text, role, at + 0.62 * sizes.fan, (up + to) / 2);
    });
    this.up = to;
  }

  /** @param {string} text @param {string} role @param {number} x @param {number} y */
  letter(text, role, x, y) {
    this.labels.push({ kind: "letter", text, role, x, y });
  }

  // ---- the memory
  /** Keys and values come from the memory. @param {Box | null} memory where there is an encoder */
  read(memory) {
    const { middle, readers } = this;
    if (!memory || !readers.length) return;
    const ends = readers.map(({ y, high }) => y + high / 2);
    const start = memory.y + memory.high / 2;
    this.line("memory", [[memory.x + memory.wide, start], [middle, start]]); // oxfmt-ignore
    this.line("memory", [[middle, Math.min(start, ...ends)], [middle, Math.max(start, ...ends)]]); // oxfmt-ignore
    for (const reader of readers) this.keysAndValues(reader);
  }

  /** @param {Box} reader */
  keysAndValues({ key, x, y, wide, high }) {
    const { middle, side, sizes } = this;
    const edge = side > 0 ? x : x + wide;
    ROLES.slice(1).forEach(([text, role], n) => {
      const at = y + high / 2 + (n ? -0.2 : 0.2) * high;
      this.line(key, [[middle, y + high / 2], [middle, at], [edge, at]], { role, arrow: true }); // oxfmt-ignore
      this.letter(text, role, (middle + edge) / 2, at + (n ? -1 : 1) * 0.56 * sizes.fan);
    });
  }
}
