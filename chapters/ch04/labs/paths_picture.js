// A network as a graph: dots are states, lines say what they are computed from, thick is the shortest way.
import { dot, paper, write } from "../../../course_kit/views/js/src/shared/draw.js";
import { rgb } from "../../../course_kit/views/js/src/shared/theme.js";
import { sourcesOf } from "./paths_numbers.js";

/** @import { UI } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Edge, Graph } from "./paths_numbers.js" */

const WAITS = "each waits for the one before";

/**
 * @param {UI} ui
 * @param {HTMLCanvasElement} canvas
 * @param {Graph} graph
 * @param {number} width
 * @param {number} high
 */
export function drawGraph(ui, canvas, graph, width, high) {
  const drawing = new Drawing(ui, paper(canvas, width, high), graph, width, high);
  drawing.lines();
  drawing.dots();
  drawing.rows();
  drawing.steps();
  drawing.words();
}

class Drawing {
  /**
   * @param {UI} ui
   * @param {CanvasRenderingContext2D} c
   * @param {Graph} graph
   * @param {number} width
   * @param {number} high
   */
  constructor(ui, c, graph, width, high) {
    const { unit } = ui;
    this.ui = ui;
    this.c = c;
    this.graph = graph;
    this.large = ui.spec.presenting;
    this.way = new Set(graph.path);
    this.heard = sourcesOf(graph);
    this.high = high;
    this.floor = high - (this.large ? 20 : 24) * unit; // below it are the numbers of the words
    c.font = ui.font(12);
    this.left = c.measureText(`layer ${Math.max(9, graph.layers)}`).width + 12 * unit; // before it is what rows are
    this.room = width - this.left - 12 * unit;
    this.apart = this.room / graph.n;
  }

  /** @param {number} node */
  x(node) {
    const { n } = this.graph;
    return this.left + ((node % n) / (n - 1)) * this.room;
  }

  /** @param {number} node */
  y(node) {
    const { n, layers } = this.graph;
    const { unit } = this.ui;
    if (!layers) return this.floor / 2;
    return this.floor - 8 * unit - (Math.floor(node / n) / layers) * (this.floor - 20 * unit);
  }

  /** Lines on the shortest way over those to what the last word hears of, and these over all others. */
  lines() {
    const { c, graph } = this;
    const { theme, unit } = this.ui;
    const steps = new Set(graph.path.slice(1).map((node, i) => `${graph.path[i]}-${node}`));
    /** @param {Edge} edge */
    const level = ([from, to]) => {
      if (steps.has(`${from}-${to}`)) return 2;
      return this.heard.has(to) ? 1 : 0;
    };
    const looks = [
      { colour: theme.line, width: 1 },
      { colour: theme.hatch, width: 1 },
      { colour: theme.text, width: 3 },
    ];
    looks.forEach(({ colour, width }, n) => {
      c.strokeStyle = colour;
      c.lineWidth = width * unit;
      c.beginPath();
      for (const edge of graph.edges.filter((edge) => level(edge) === n)) {
        c.moveTo(this.x(edge[0]), this.y(edge[0]));
        c.lineTo(this.x(edge[1]), this.y(edge[1]));
      }
      c.stroke();
    });
  }

  dots() {
    const { graph } = this;
    const { theme, unit } = this.ui;
    const size = Math.min(4.5 * unit, this.apart / 4, graph.layers > 8 ? 3.5 * unit : 9);
    for (let node = 0; node < (graph.layers + 1) * graph.n; node++) {
      const lit = this.way.has(node);
      const quiet = this.heard.has(node) ? theme.quiet : theme.hatch;
      dot(this.c, this.x(node), this.y(node), lit ? 1.35 * size : size, lit ? theme.text : quiet);
    }
  }

  /** What each row is, on the left; where they are close, only the first and the last. */
  rows() {
    const { c, graph, floor } = this;
    const { n, layers } = graph;
    const { theme, unit } = this.ui;
    const tight = layers && floor / layers < (this.large ? 26 : 15 * unit);
    c.font = this.ui.font(12);
    for (let layer = 0; layer <= layers; layer++) {
      if (tight && layer > 0 && layer < layers) continue;
      const words = layers ? "words" : "states";
      write(c, layer ? `layer ${layer}` : words, 0, this.y(layer * n), theme.quiet);
    }
    if (!layers && c.measureText(WAITS).width < this.room && this.high > 100 * unit)
      write(c, WAITS, this.left + this.room / 2, this.y(0) + 20 * unit, theme.quiet, "center");
  }

  /** The steps of the shortest way, counted; where they are close, only the last. */
  steps() {
    const { c, graph } = this;
    const { theme, unit } = this.ui;
    const roomy = this.apart > (this.large ? 30 : 17 * unit);
    const [right, down] = graph.layers ? [-8, -7] : [0, -13];
    const last = graph.path.length - 1;
    c.lineJoin = "round";
    c.strokeStyle = rgb(theme.paper);
    c.lineWidth = 4 * unit;
    c.font = this.ui.font(13, 700);
    c.textAlign = "center";
    for (let step = roomy ? 1 : last; step <= last; step++) {
      const [from, to] = [graph.path[step - 1], graph.path[step]];
      const x = (this.x(from) + this.x(to)) / 2 + right * unit;
      const y = (this.y(from) + this.y(to)) / 2 + down * unit;
      c.strokeText(String(step), x, y);
      write(c, String(step), x, y, theme.text, "center");
    }
  }

  /** The numbers of the words: first and last are bold, and where words are close every other one is left out. */
  words() {
    const { c, high } = this;
    const { n } = this.graph;
    const { theme, unit } = this.ui;
    const every = this.apart < (this.large ? 30 : 18 * unit) ? 2 : 1;
    for (let word = 0; word < n; word++) {
      const last = word === n - 1;
      const shown = last || every === 1 || (word % every === 0 && word + every < n);
      if (!shown) continue;
      const end = last || word === 0;
      c.font = this.ui.font(end ? 13 : 12, end ? 700 : 400);
      write(c, String(word + 1), this.x(word), high - 2 * unit, end ? theme.text : theme.quiet, "center", "bottom");
    }
  }
}
