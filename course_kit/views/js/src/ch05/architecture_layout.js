// Where everything of the Transformer's drawing lies: boxes, lines, frames and labels. Data flow upwards.

/** @typedef {"encoder" | "decoder"} Side */
/** @typedef {"data" | "layer" | "sublayer" | "norm" | "attention" | "residual"} PartKind */
/**
 * @typedef {object} Part as architecture.py measures it
 * @property {string} name where the model keeps it: what is in a block has a dot
 * @property {Side} side
 * @property {PartKind} kind
 * @property {"" | "full" | "causal" | "cross"} mask
 * @property {string} masked what the mask hides, in words
 * @property {string} label
 * @property {string} title
 * @property {string} text
 * @property {string} made
 * @property {string} reads
 * @property {string} gives
 * @property {string} parameters
 * @property {number} count
 */
/** @typedef {{ x: number, y: number, w: number, h: number }} Box */
/** @typedef {[number, number]} Point */
/** @typedef {"query" | "key" | "value" | ""} Role */
/** @typedef {{ to: string, points: Point[], role: Role, arrow: boolean }} Line to: the part that it leads to */
/** @typedef {{ text: string, x: number, y: number, align: CanvasTextAlign, role: Role, bold: boolean }} Label */
/**
 * @typedef {object} Sizes
 * @property {number} outer room beside a block for how often it is there
 * @property {number} lane room for the residual connections
 * @property {number} inner between the boxes and the block's other edge
 * @property {number} gutter between both halves, where the memory goes down
 * @property {Record<PartKind, number>} high
 * @property {number} letter height of a line of type
 * @property {number} gap between two boxes, as are the next four for special ones
 * @property {number} branch under a norm, where a residual connection leaves
 * @property {number} roles under attention, where queries, keys and values arrive
 * @property {number} sum under a sum
 * @property {number} edge at the ends of a block
 */
/**
 * @typedef {object} Layout
 * @property {number} height
 * @property {Record<string, Box>} boxes by the name of the part
 * @property {Line[]} lines
 * @property {Box[]} frames
 * @property {Label[]} labels
 */

const CROSS = "decoder.cross_attention";

/** @param {Part} part */
const inBlock = ({ name }) => name.includes(".");

/**
 * @param {Part[]} parts
 * @param {number} times how many blocks there are of each kind
 * @param {number} width
 * @param {Sizes} sizes
 * @returns {Layout}
 */
export function layoutOf(parts, times, width, sizes) {
  const halves = ["encoder", "decoder"].map((side) => parts.filter((part) => part.side === side));
  const there = halves.filter((half) => half.length);
  const { outer, lane, inner, gutter } = sizes;
  const wide = (width - gutter - there.length * (outer + lane + inner)) / there.length;
  const height = Math.max(...there.map((half) => heightOf(half, sizes)));
  /** @type {Layout} */
  const layout = { height, boxes: {}, lines: [], frames: [], labels: [] };
  for (const half of there) {
    const mirrored = half[0].side === "decoder";
    const x = mirrored ? width - outer - lane - wide : outer + lane;
    new Half(layout, half, sizes, x, wide, mirrored).draw(times);
  }
  remember(layout, width, sizes);
  return layout;
}

/** The room under a part. @param {Part} part @param {Part | undefined} before @param {Sizes} sizes */
function under(part, before, sizes) {
  if (!before) return sizes.letter; // the name of the half
  if (inBlock(part) !== inBlock(before)) return inBlock(part) ? sizes.edge + sizes.branch : sizes.edge + sizes.gap;
  if (part.kind === "attention") return sizes.roles;
  if (part.kind === "residual") return sizes.sum;
  return inBlock(part) && part.kind === "norm" ? sizes.branch : sizes.gap;
}

/** Over the encoder's last norm there is the memory. @param {Part[]} half @param {Sizes} sizes */
function heightOf(half, sizes) {
  const all = half.reduce((sum, part, i) => sum + under(part, half[i - 1], sizes) + sizes.high[part.kind], 0);
  return all + (half[0].side === "encoder" ? sizes.gap + 1.4 * sizes.letter : 2);
}

class Half {
  /**
   * @param {Layout} layout
   * @param {Part[]} parts
   * @param {Sizes} sizes
   * @param {number} x
   * @param {number} wide
   * @param {boolean} mirrored the residual connections are at the right
   */
  constructor(layout, parts, sizes, x, wide, mirrored) {
    this.layout = layout;
    this.parts = parts;
    this.sizes = sizes;
    this.x = x;
    this.wide = wide;
    this.mirrored = mirrored;
    this.middle = x + wide / 2;
  }

  /** @param {string} name */
  box(name) {
    return this.layout.boxes[name];
  }

  /** @param {number} times */
  draw(times) {
    this.place();
    this.parts.forEach((part, i) => {
      if (i) this.connect(part, this.parts[i - 1]);
    });
    this.frame(times);
    const name = this.parts[0].side === "encoder" ? "Encoder" : "Decoder";
    const y = this.layout.height - 0.35 * this.sizes.letter;
    this.layout.labels.push({ text: name, x: this.middle, y, align: "center", role: "", bold: true });
  }

  place() {
    const { sizes, x, wide, layout } = this;
    let y = layout.height;
    this.parts.forEach((part, i) => {
      const h = sizes.high[part.kind];
      y -= under(part, this.parts[i - 1], sizes) + h;
      const w = part.kind === "residual" ? h : wide;
      layout.boxes[part.name] = { x: x + (wide - w) / 2, y, w, h };
    });
  }

  /** @param {Part} part @param {Part} before */
  connect(part, before) {
    const [to, from] = [this.box(part.name), this.box(before.name)];
    if (part.mask === "full" || part.mask === "causal") this.ask(part.name, to, from);
    else if (part.mask === "cross") this.arrive(part.name, to, from, this.middle, "query", "q");
    else this.arrive(part.name, to, from, this.middle, "", "");
    if (part.kind === "residual") this.around(part.name);
  }

  /** Queries, keys and values of the same words. @param {string} name @param {Box} to @param {Box} from */
  ask(name, to, from) {
    const roles = /** @type {[Role, string][]} */ ([
      ["query", "q"],
      ["key", "k"],
      ["value", "v"],
    ]);
    roles.forEach(([role, letter], i) => {
      this.arrive(name, to, from, this.x + (this.wide * (i + 1)) / 4, role, letter);
    });
  }

  /**
   * An arrow upwards.
   * @param {string} name
   * @param {Box} to
   * @param {Box} from
   * @param {number} x
   * @param {Role} role
   * @param {string} letter
   */
  arrive(name, to, from, x, role, letter) {
    const { lines, labels } = this.layout;
    lines.push({
      to: name,
      points: [
        [x, from.y],
        [x, to.y + to.h],
      ],
      role,
      arrow: true,
    });
    const y = (from.y + to.y + to.h) / 2;
    if (letter) labels.push({ text: letter, x: x + 0.4 * this.sizes.letter, y, align: "left", role, bold: true });
  }

  /** The residual connection: from under the norm round norm and sub-layer into the sum. @param {string} name */
  around(name) {
    const { sizes, middle, mirrored, x, wide } = this;
    const norm = this.box(`${name}.norm`);
    const sum = this.box(name);
    const out = mirrored ? x + wide + 0.55 * sizes.lane : x - 0.55 * sizes.lane;
    const low = norm.y + norm.h + 0.62 * sizes.branch;
    const high = sum.y + sum.h / 2;
    const end = mirrored ? sum.x + sum.w : sum.x;
    this.layout.lines.push({
      to: name,
      points: [
        [middle, low],
        [out, low],
        [out, high],
        [end, high],
      ],
      role: "",
      arrow: true,
    });
  }

  /** Around the block, and how often it is there. @param {number} times */
  frame(times) {
    const { sizes, x, wide, mirrored } = this;
    const inside = this.parts.filter(inBlock);
    const [first, last] = [this.box(inside[0].name), this.box(inside[inside.length - 1].name)];
    const y = last.y - sizes.edge;
    const h = first.y + first.h + sizes.branch - y;
    const left = mirrored ? x - sizes.inner : x - sizes.lane;
    const w = wide + sizes.lane + sizes.inner;
    this.layout.frames.push({ x: left, y, w, h });
    const beside = 0.4 * sizes.letter;
    const text = `× ${times}`;
    const at = mirrored ? left + w + beside : left - beside;
    const align = mirrored ? "left" : "right";
    this.layout.labels.push({ text, x: at, y: y + h / 2, align, role: "", bold: true });
  }
}

/** The memory: out of the encoder, into the cross-attention as keys and values. */
function remember(/** @type {Layout} */ layout, /** @type {number} */ width, /** @type {Sizes} */ sizes) {
  const { boxes, lines, labels } = layout;
  const [from, to] = [boxes.encoder_norm, boxes[CROSS]];
  const label = (/** @type {number} */ x, /** @type {number} */ y) =>
    labels.push({ text: "memory", x, y, align: "center", role: "", bold: false });
  if (from) {
    const middle = from.x + from.w / 2;
    const turn = from.y - sizes.gap;
    label(middle, turn - 0.6 * sizes.letter);
    if (!to)
      lines.push({
        to: "",
        points: [
          [middle, from.y],
          [middle, turn],
        ],
        role: "",
        arrow: true,
      });
    else lines.push({ to: CROSS, points: downTo(middle, from.y, turn, forkOf(to, sizes), to), role: "", arrow: false });
  }
  if (!to) return;
  const fork = forkOf(to, sizes);
  if (!from) {
    const y = to.y + to.h / 2;
    lines.push({
      to: CROSS,
      points: [
        [0, y],
        [fork, y],
      ],
      role: "",
      arrow: false,
    });
    label(0.48 * fork, y - 0.6 * sizes.letter);
  }
  const arrows = /** @type {[Role, string, number][]} */ ([
    ["key", "k", -1],
    ["value", "v", 1],
  ]);
  for (const [role, text, way] of arrows) {
    const y = to.y + to.h * (0.5 + 0.22 * way);
    const start = /** @type {Point[]} */ (from ? [] : [[fork, to.y + to.h / 2]]);
    lines.push({ to: CROSS, points: [...start, [fork, y], [to.x, y]], role, arrow: true });
    const x = (fork + to.x) / 2;
    labels.push({ text, x, y: y + way * 0.65 * sizes.letter, align: "center", role, bold: true });
  }
}

/** Where the memory's line divides. @param {Box} to @param {Sizes} sizes */
const forkOf = (to, { inner, gutter }) => to.x - inner - 0.45 * gutter;

/** @param {number} middle @param {number} start @param {number} turn @param {number} fork @param {Box} to */
function downTo(middle, start, turn, fork, to) {
  const end = to.y + to.h * 0.72;
  return /** @type {Point[]} */ ([
    [middle, start],
    [middle, turn],
    [fork, turn],
    [fork, end],
  ]);
}

/**
 * The part to which a key leads: up is on with the data, down is back, to the side is what is as high in the other half.
 * @param {Part[]} parts
 * @param {Record<string, Box>} boxes
 * @param {string} name
 * @param {[number, number]} step rows down, columns to the right
 */
export function neighbour(parts, boxes, name, [down, right]) {
  const at = parts.findIndex((part) => part.name === name);
  if (Math.abs(right) > 1) return parts[right < 0 ? 0 : parts.length - 1].name; // Home and End
  if (!right) return parts[Math.min(parts.length - 1, Math.max(0, at - Math.sign(down)))].name;
  const across = parts.filter((part) => part.side === (right > 0 ? "decoder" : "encoder"));
  if (parts[at].side === across[0]?.side || !across.length) return name;
  const middle = (/** @type {string} */ one) => boxes[one].y + boxes[one].h / 2;
  const far = (/** @type {Part} */ part) => Math.abs(middle(part.name) - middle(name));
  return across.reduce((best, part) => (far(part) < far(best) ? part : best)).name;
}
