// The largest weights of a row as bars.
import { h } from "./dom.js";

/**
 * The places of the largest numbers that are not masked, the chosen one first.
 * @param {ArrayLike<number>} row
 * @param {number} chosen
 * @param {number} count
 */
export function best(row, chosen, count) {
  const known = Array.from(row, (_, place) => place).filter((place) => !Number.isNaN(row[place]));
  known.sort((a, b) => Number(b === chosen) - Number(a === chosen) || row[b] - row[a]);
  return known.slice(0, count);
}

/** A name, a bar and a number for each. @param {{ name: string, share: number, text: string, on: boolean }[]} bars */
export const ranked = (bars) =>
  bars.flatMap(({ name, share, text, on }) => [
    h("span", { class: on ? "key on" : "" }, name),
    h("i", { class: on ? "on" : "" }, h("u", { style: `width:${85 * share}%` }), text),
  ]);
