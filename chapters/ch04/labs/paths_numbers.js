// Three networks over n words as graphs, and what is counted by walking along them; the same in paths.py.

/** @import { Spec } from "../../../course_kit/views/js/src/shared/types.js" */
/** @typedef {"recurrent" | "convolution" | "attention"} Network */
/** @typedef {{ length: number, kernel: number, dilated: boolean }} PathsState */
/** @typedef {Spec & { names: Record<Network, string> }} PathsSpec */
/** @typedef {[number, number]} Edge from a node to what is computed from it; a node is layer · n + word */
/**
 * @typedef {object} Graph
 * @property {number} n words
 * @property {number} layers 0: the states are those of one layer
 * @property {number} first the lowest layer that is computed
 * @property {Edge[]} edges by the node in which they end, upwards: one pass meets every node after what it is made of
 * @property {number[]} path from the first word to the last, a shortest one; empty if there is none
 */

/**
 * @param {Network} network
 * @param {PathsState} state
 * @returns {Graph}
 */
export function graphOf(network, { length: n, kernel, dilated }) {
  if (network === "attention") return made(n, 1, 1, all(n));
  if (network === "recurrent") return made(n, 0, 0, chain(n));
  /** @type {Edge[]} */
  const edges = [];
  for (let layer = 0; ; layer++) {
    edges.push(...convolved(n, layer, kernel, dilated ? kernel ** layer : 1));
    const graph = made(n, layer + 1, 1, edges);
    if (graph.path.length) return graph; // the last word has heard of the first
  }
}

/** @param {number} n @param {number} layers @param {number} first @param {Edge[]} edges @returns {Graph} */
const made = (n, layers, first, edges) => ({ n, layers, first, edges, path: walk(edges, layers * n + n - 1) });

/** @param {number} n */
const upTo = (n) => Array.from({ length: n }, (_, i) => i);

/** Each word from every other. @param {number} n @returns {Edge[]} */
const all = (n) => upTo(n).flatMap((to) => upTo(n).map((from) => /** @type {Edge} */ ([from, n + to])));

/** Each state from the one before. @param {number} n @returns {Edge[]} */
const chain = (n) => upTo(n - 1).map((from) => [from, from + 1]);

/**
 * One layer of a convolution: each word from itself and those before it, so far apart.
 * @param {number} n
 * @param {number} layer
 * @param {number} kernel
 * @param {number} apart
 * @returns {Edge[]}
 */
function convolved(n, layer, kernel, apart) {
  return upTo(n).flatMap((word) => {
    const sources = upTo(kernel).map((step) => word - step * apart);
    const there = sources.filter((source) => source >= 0);
    return there.map((source) => /** @type {Edge} */ ([layer * n + source, (layer + 1) * n + word]));
  });
}

/**
 * Breadth first from the first word: the first way that arrives is a shortest one.
 * @param {Edge[]} edges
 * @param {number} goal
 */
export function walk(edges, goal) {
  const before = new Map([[0, -1]]);
  const queue = [0];
  for (const node of queue)
    for (const [from, to] of edges) {
      if (from !== node || before.has(to)) continue;
      before.set(to, from);
      queue.push(to);
    }
  const way = [];
  for (let node = goal; before.has(node); node = /** @type {number} */ (before.get(node))) way.unshift(node);
  return way;
}

/** The most states that must be computed one after another. @param {Graph} graph */
function sequentialOf({ n, layers, first, edges }) {
  /** @type {number[]} */
  const depth = upTo((layers + 1) * n).map((node) => (node >= first * n ? 1 : 0));
  for (const [from, to] of edges) depth[to] = Math.max(depth[to], depth[from] + 1);
  return Math.max(...depth);
}

/** The states that the last word is made of. @param {Graph} graph */
export function sourcesOf({ n, layers, edges }) {
  const heard = new Set([layers * n + n - 1]);
  for (const [from, to] of edges.toReversed()) if (heard.has(to)) heard.add(from);
  return heard;
}

/** @param {Graph} graph */
function countsOf(graph) {
  const layers = Math.max(1, graph.layers);
  const sequential = sequentialOf(graph);
  const lines = graph.edges.filter(([, to]) => Math.floor(to / graph.n) === graph.first).length;
  return { path: graph.path.length - 1, layers, sequential, per_layer: sequential / layers, lines };
}

/**
 * @param {PathsSpec} spec
 * @param {PathsState} state
 * @returns {Record<Network, ReturnType<typeof countsOf>>}
 */
export function numbersOf({ names }, state) {
  const networks = /** @type {Network[]} */ (Object.keys(names));
  return /** @type {any} */ (Object.fromEntries(networks.map((name) => [name, countsOf(graphOf(name, state))])));
}

const LOWERED = "₀₁₂₃₄₅₆₇₈₉";

/** The length of the path in words n and kernel k. @param {Network} network @param {PathsState} state */
export function formulaOf(network, { kernel, dilated }) {
  if (network === "attention") return "1";
  if (network === "recurrent") return "n−1";
  return dilated ? `⌈log${LOWERED[kernel]} n⌉` : "⌈(n−1)/(k−1)⌉";
}
