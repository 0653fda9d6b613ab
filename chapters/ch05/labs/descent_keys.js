// Which number is the next one in a direction, for a reader who explores the stage by keys.

/** @import { Hit } from "./descent_draw.js" */
/** @typedef {{ name: string, cell: number, id?: string }} Aim what is pointed at */

/** @param {Hit} hit */
const centre = ({ x, y, w, h }) => [x + w / 2, y + h / 2];

/** Whether two are the same number in the same place. @param {Aim | null} one @param {Aim | null} other */
export const same = (one, other) => one?.name === other?.name && one?.cell === other?.cell && one?.id === other?.id;

/** The number at a point: what was drawn last is in front. @param {Hit[]} hits @param {number[]} point */
export const hitAt = (hits, [x, y]) =>
  hits.findLast((hit) => x >= hit.x && x <= hit.x + hit.w && y >= hit.y && y <= hit.y + hit.h) ?? null;

/**
 * The nearest number in a direction, those straight ahead first; null: there is none.
 * @param {Hit[]} hits
 * @param {Aim | null} aim
 * @param {[number, number]} step rows down, columns to the right
 */
export function neighbour(hits, aim, [down, right]) {
  const here = hits.filter((hit) => hit.name === aim?.name && hit.cell === aim?.cell);
  const from = here.find((hit) => hit.id === aim?.id) ?? here[0];
  if (!from) return hits[0] ?? null;
  const [x, y] = centre(from);
  /** @type {Hit | null} */
  let best = null;
  let least = Infinity;
  for (const hit of hits) {
    const [left, top] = centre(hit);
    const ahead = (left - x) * right + (top - y) * down;
    const aside = Math.abs((left - x) * down) + Math.abs((top - y) * right);
    if (hit.bar || ahead <= 1 || aside > ahead || ahead + 3 * aside >= least) continue;
    best = hit;
    least = ahead + 3 * aside;
  }
  return best;
}
