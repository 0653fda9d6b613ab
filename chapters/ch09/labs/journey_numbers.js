// What the maps of one sentence say of two words: where they are in each, their weight, and what is largest beside it.
import { clamp, strongest } from "../../../course_kit/views/js/src/shared/numbers.js";
import { t, tn } from "../../../course_kit/views/js/src/text.js";

/** @import { Arrays, Spec, Table } from "../../../course_kit/views/js/src/shared/types.js" */
/**
 * @typedef {{ title: string, chapter: string, shape: [number, number], most: number, queries: string[], keys: string[],
 *   rows: string[], columns: string[] }} Panel shape: queries down, keys across; most: its largest weight, rounded up;
 *   rows, columns: the words without case and marks, by which the maps are linked
 * @typedef {Spec & { panels: Panel[], high: number }} JourneySpec high: the weight of full ink, in every map
 * @typedef {{ query: string, key: string }} Pair
 */

const three = (/** @type {number} */ x) => x.toFixed(3);
const quoted = (/** @type {string} */ word) => `“${word}”`;

/** A map and what it says. */
export class Heatmap {
  /** @param {Panel} panel @param {ArrayLike<number>} weights row after row */
  constructor(panel, weights) {
    const [height, width] = panel.shape;
    this.panel = panel;
    this.rows = Array.from({ length: height }, (_, q) =>
      Array.from({ length: width }, (_, k) => weights[q * width + k]),
    );
  }

  /** [row, column] of two words, -1 where a word is not there. @param {Pair} pair */
  place({ query, key }) {
    return [this.panel.rows.indexOf(query), this.panel.columns.indexOf(key)];
  }

  /** NaN: a word is missing. @param {Pair} pair */
  weight(pair) {
    const [q, k] = this.place(pair);
    return this.rows[q]?.[k] ?? NaN;
  }

  /** Whether it is the largest of its row. @param {Pair} pair */
  leads(pair) {
    const row = this.rows[this.place(pair)[0]];
    return row !== undefined && this.weight(pair) === row[strongest(row)];
  }

  /** In a sentence. @param {Pair} pair */
  words(pair) {
    const { queries, keys } = this.panel;
    const [q, k] = this.place(pair);
    const gives = (/** @type {number} */ i, /** @type {number} */ j) =>
      t("{query} gives {key}", { query: quoted(queries[i]), key: quoted(keys[j]) });
    if (q < 0 && k < 0)
      return t("neither {query} nor {key} appears here", { query: quoted(pair.query), key: quoted(pair.key) });
    if (q < 0) {
      const column = this.rows.map((row) => row[k]);
      const best = strongest(column);
      return t("{query} is not a query here; {best} most: {column}", {
        query: quoted(pair.query),
        best: gives(best, k),
        column: three(column[best]),
      });
    }
    const row = this.rows[q];
    const best = strongest(row);
    if (k < 0)
      return t("{key} is not a key here; {gives} most: {row}", {
        key: quoted(pair.key),
        gives: gives(q, best),
        row: three(row[best]),
      });
    const [query, key, weight] = [quoted(queries[q]), quoted(keys[k]), three(row[k])];
    return this.leads(pair)
      ? t("{query} gives {key} {weight}, its largest share", { query, key, weight })
      : t("{query} gives {key} {weight}; most to {best} {row}", {
          query,
          key,
          weight,
          best: quoted(keys[best]),
          row: three(row[best]),
        });
  }

  /** In a few words: [the weight, what is said of it]. @param {Pair} pair */
  brief(pair) {
    const [q, k] = this.place(pair);
    if (q < 0)
      return ["–", k < 0 ? t("neither word is here") : t("{query} is no query here", { query: quoted(pair.query) })];
    const row = this.rows[q];
    const best = strongest(row);
    const values = { key: quoted(pair.key), best: quoted(this.panel.keys[best]), weight: three(row[best]) };
    if (k < 0) return ["–", t("no {key} here; most: {best} {weight}", values)];
    return [three(row[k]), this.leads(pair) ? t("its largest share") : t("most: {best} {weight}", values)];
  }

  /** The words one step from there, in rows down and columns to the right. @param {Pair} pair @param {number[]} step */
  moved(pair, [down, right]) {
    const { rows, columns } = this.panel;
    const [q, k] = this.place(pair);
    if (down) return { query: rows[q < 0 ? 0 : clamp(q + down, 0, rows.length - 1)] };
    return { key: columns[k < 0 ? 0 : clamp(k + right, 0, columns.length - 1)] };
  }

  /** A row of the table. @param {Pair} pair */
  cells(pair) {
    const { chapter, title, keys } = this.panel;
    const weight = this.weight(pair);
    const row = this.rows[this.place(pair)[0]];
    const most = row ? `${keys[strongest(row)]} ${three(row[strongest(row)])}` : "–";
    return [`${chapter} · ${title}`, Number.isNaN(weight) ? "–" : three(weight), most];
  }
}

/** @param {JourneySpec} spec @param {Arrays} arrays */
export const heatmapsOf = ({ panels }, arrays) => panels.map((panel, i) => new Heatmap(panel, arrays[`p${i}`]));

/**
 * In how many maps two words meet, and where their weight is the largest.
 * @param {Heatmap[]} maps
 * @param {Pair} pair
 */
export function summary(maps, pair) {
  const both = maps.filter((map) => !Number.isNaN(map.weight(pair)));
  const leading = both.filter((map) => map.leads(pair));
  const names = leading.map(({ panel }) => panel.chapter).join(t(", "));
  const values = { query: quoted(pair.query), key: quoted(pair.key), some: both.length, all: maps.length, names };
  if (!leading.length) return t("{query} can attend to {key} in {some} of {all}; its largest share in none.", values);
  return tn(
    "{query} can attend to {key} in {some} of {all}; its largest share in {n} chapter: {names}.",
    "{query} can attend to {key} in {some} of {all}; its largest share in {n} chapters: {names}.",
    leading.length,
    values,
  );
}

/** @param {Heatmap[]} maps @param {Pair} pair @returns {Table} */
export const tableOfMaps = (maps, pair) => ({
  header: [t("chapter"), `${pair.query} → ${pair.key}`, t("its largest")],
  rows: maps.map((map) => map.cells(pair)),
});

/**
 * How many maps stand side by side: all rows are full, with what is said as one more, and no more rows than needed.
 * @param {number} count of maps
 * @param {number} fit side by side
 */
export function acrossOf(count, fit) {
  const most = clamp(fit, 1, count + 1);
  const rows = Math.ceil((count + 1) / most);
  return Math.ceil((count + 1) / rows);
}
