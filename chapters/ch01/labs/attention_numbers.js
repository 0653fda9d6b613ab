// The tables of attention by their letters, from what is given to the output, and what made each of their numbers.
import { softmax } from "../../../course_kit/views/js/src/shared/numbers.js";
import { t } from "../../../course_kit/views/js/src/text.js";

/** @import { Spec, State } from "../../../course_kit/views/js/src/shared/types.js" */
/**
 * @typedef {"x" | "WQ" | "WK" | "WV" | "q" | "k" | "v" | "s" | "a" | "o"} Letter s: scores, a: weights, o: output
 * @typedef {[letter: Letter, row: number, column: number]} Place
 * @typedef {string | { at: Place, power?: boolean }} Part a sign, or a number of a table; power: e to that number
 * @typedef {Record<Letter, number[][]>} Tables those that there are
 * @typedef {Spec & { shapes: Partial<Record<Letter, [rows: number, columns: number]>>, queries: string[],
 *   keys: string[], values: string[], quoted: boolean, distance: boolean, scaled: boolean }} AttentionSpec
 *   shapes: of what is given; quoted: queries and keys are words; distance: what the score is, else q·k
 */

/** @type {Record<Letter, string>} */
const NOUNS = {
  ...{
    x: t("words"),
    WQ: t("query matrix"),
    q: t("queries"),
    WK: t("key matrix"),
    k: t("keys"),
    WV: t("value matrix"),
    v: t("values"),
  },
  ...{ s: t("scores"), a: t("weights"), o: t("output") },
};
export const LETTERS = /** @type {Letter[]} */ (Object.keys(NOUNS));
const MATRIX = /** @type {const} */ ({ q: "WQ", k: "WK", v: "WV" });
const ONE = { x: t("Vector"), q: t("Query"), k: t("Key"), v: t("Value") };

/** @param {AttentionSpec} spec @param {Letter} letter */
export const nounOf = ({ queries }, letter) => (letter === "q" && queries.length < 2 ? t("query") : NOUNS[letter]);

/** How a table is computed, in short. @param {AttentionSpec} spec @param {Letter} letter */
export function noteOf({ distance, scaled }, letter) {
  if (letter === "s") return distance ? "−½ ‖q − k‖²" : `q · k${scaled ? " ÷ √d" : ""}`;
  if (letter === "a") return "softmax";
  return letter === "o" ? t("Σ weight × value") : "";
}

/** A number in a cell or a sentence. @param {number} x */
export const said = (x) => String(Number(x.toFixed(2))).replace("-", "−");

/** @param {number[]} a @param {number[]} b */
const product = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

/** @param {number[][]} a @param {number[][]} b */
const times = (a, b) => a.map((row) => b[0].map((_, c) => row.reduce((sum, x, i) => sum + x * b[i][c], 0)));

/** The tables that are given, as rows. @param {AttentionSpec} spec @param {State} state @returns {Partial<Tables>} */
const given = ({ shapes }, state) =>
  Object.fromEntries(
    Object.entries(shapes).map(([letter, [rows, columns]]) => [
      letter,
      Array.from({ length: rows }, (_, r) => state[letter].slice(r * columns, (r + 1) * columns)),
    ]),
  );

/** @param {AttentionSpec} spec @param {State} state */
export function tablesOf(spec, state) {
  const tables = /** @type {Tables} */ (given(spec, state));
  if (tables.x)
    for (const role of /** @type {const} */ (["q", "k", "v"])) tables[role] = times(tables.x, tables[MATRIX[role]]);
  tables.s = tables.q.map((q) => tables.k.map((k) => scoreOf(spec, q, k)));
  tables.a = tables.s.map((row) => softmax(row));
  if (tables.v) tables.o = times(tables.a, tables.v);
  return tables;
}

/** @param {AttentionSpec} spec @param {number[]} q @param {number[]} k */
function scoreOf({ distance, scaled }, q, k) {
  const away = q.map((x, i) => x - k[i]);
  return distance ? -0.5 * product(away, away) : product(q, k) / (scaled ? Math.sqrt(q.length) : 1);
}

/** The state with one number changed. @param {AttentionSpec} spec @param {State} state @param {Place} place
 * @param {number[]} numbers the one there, and what follows it */
export function changed(spec, state, [letter, row, column], ...numbers) {
  const list = [...state[letter]];
  list.splice(row * (spec.shapes[letter]?.[1] ?? 0) + column, numbers.length, ...numbers);
  return { [letter]: list };
}

/** Signs between parts. @param {Part[][]} terms @param {string} sign @returns {Part[]} */
const joined = (terms, sign) => terms.flatMap((term, i) => (i ? [sign, ...term] : term));

/** A row of one table with a column (or a row) of another, pair by pair. @param {number} count
 * @param {(i: number) => Place} one @param {(i: number) => Place} other @param {string} sign */
const pairs = (count, one, other, sign = " × ") =>
  Array.from({ length: count }, (_, i) => /** @type {Part[]} */ ([{ at: one(i) }, sign, { at: other(i) }]));

/**
 * A table as it is laid out: the scores and weights of a single query stand in a column, each beside its key.
 * @param {AttentionSpec} spec
 * @param {Letter} letter
 * @param {Tables} tables
 * @returns {{ rows: string[], columns: string[], places: Place[][] }} names of rows and columns where they have some
 */
export function layoutOf({ queries, keys, values }, letter, tables) {
  const places = tables[letter].map((row, r) => row.map((_, c) => /** @type {Place} */ ([letter, r, c])));
  if (letter.length > 1) return { rows: [], columns: [], places };
  const pairs = "sa".includes(letter);
  if (pairs && queries.length < 2) return { rows: keys, columns: [], places: places[0].map((place) => [place]) };
  const names = { k: keys, v: values }[/** @type {string} */ (letter)] ?? queries;
  return { rows: names, columns: pairs ? keys : [], places };
}

/**
 * What a number is, and the sum that made it; no parts: it is given.
 * @param {AttentionSpec} spec
 * @param {Tables} tables
 * @param {Place} place
 * @returns {{ what: string, parts: Part[] }}
 */
export function madeOf(spec, tables, [letter, r, c]) {
  const names = { k: spec.keys, v: spec.values }[/** @type {string} */ (letter)] ?? spec.queries;
  const [mine, key] = [names[r], spec.keys[c]].map((name) => (spec.quoted ? `“${name}”` : name));
  const number = t("number {n}", { n: c + 1 });
  switch (letter) {
    case "s": {
      const count = tables.q[r].length;
      const what = t("Score: how well {key} fits {mine}", { key, mine });
      const of = (/** @type {string} */ sign) =>
        pairs(
          count,
          (i) => ["q", r, i],
          (i) => ["k", c, i],
          sign,
        );
      if (spec.distance) return { what, parts: ["−½ × ((", ...joined(of(" − "), ")² + ("), ")²)"] };
      const sum = joined(of(" × "), " + ");
      return { what, parts: spec.scaled ? ["(", ...sum, `) ÷ √${count}`] : sum };
    }
    case "a": {
      const all = tables.s[r].map((_, i) => /** @type {Part[]} */ ([{ at: ["s", r, i], power: true }]));
      const what = t("Weight: the share of {key} in the attention of {mine}", { key, mine });
      return { what, parts: [...all[c], " ÷ (", ...joined(all, " + "), ")"] };
    }
    case "o": {
      const terms = pairs(
        tables.v.length,
        (i) => ["a", r, i],
        (i) => ["v", i, c],
      );
      return {
        what: t("Output for {mine}, {number}: weights times values", { mine, number }),
        parts: joined(terms, " + "),
      };
    }
    case "WQ":
    case "WK":
    case "WV":
      return { what: t("A parameter of the {matrix}: training finds it", { matrix: NOUNS[letter] }), parts: [] };
    default: {
      const what = spec.quoted
        ? t("{vector} of {mine}, {number}", { vector: ONE[letter], mine, number })
        : t("{mine}, {number}", { mine, number });
      if (letter === "x" || !tables.x) return { what, parts: [] };
      const terms = pairs(
        tables.x[r].length,
        (i) => ["x", r, i],
        (i) => [MATRIX[letter], i, c],
      );
      return { what, parts: joined(terms, " + ") };
    }
  }
}

/** All from which it was made, back to what is given, by their names. @param {AttentionSpec} spec
 * @param {Tables} tables @param {Place} place @returns {Set<string>} */
export function ancestorsOf(spec, tables, place, found = new Set([place.join()])) {
  for (const part of madeOf(spec, tables, place).parts) {
    if (typeof part === "string" || found.has(part.at.join())) continue;
    found.add(part.at.join());
    ancestorsOf(spec, tables, part.at, found);
  }
  return found;
}
