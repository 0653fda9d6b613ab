// What the scenes draw with: each thing has an id, by which the stage knows it at the next step. A place is a list
// of numbers that the stage follows from one step to the next, the last of them how visible the thing is.
import { said } from "./descent_numbers.js";

export const WIDE = 16; // cells in a row; longer vectors take several rows

export const most = (vectors) => Math.max(...vectors.flat().map(Math.abs), 1e-9);
// The size at which a cell is full of colour: only the largest few are beyond it.
export const full = (vectors) => {
  const sizes = vectors
    .flat()
    .map(Math.abs)
    .sort((a, b) => a - b);
  return Math.max(sizes[Math.floor(0.97 * (sizes.length - 1))], 1e-9);
};

// W, height: of the stage; `small`: of a phone; at: the number of a vector that is looked at closely.
export function pen(m, spec, step, { W, height, small }, at) {
  const items = [];
  const room = small ? 66 : 92; // of the words on the left
  const add = (type, id, place, more) => items.push({ type, id, place, ...more });
  const text = (id, x, y, words, more) => add("text", id, [x, y, 1], { words, ...more });
  // A vector in rows of `wide` cells; `beside`: its rows one after the other in one line; `from` and `was`:
  // the place and the values from which it comes; `first`: what its first number is of a longer vector.
  function vector(name, values, x, y, cw, ch, role, more = {}) {
    const { scale = full([values]), from, was, beside, bars, digits, wide = WIDE, group = name, first = 0 } = more;
    for (let r = 0; r * wide < values.length; r++) {
      const place = [x + (beside ? r * wide * cw : 0), y + (beside ? 0 : r * ch), cw, ch, 1];
      const start = from && [from[0], from[1] + r * from[3], from[2], from[3], 0];
      const [row, old] = [values, was ?? []].map((x) => x.slice(r * wide, (r + 1) * wide));
      const of = { name, group, first: first + r * wide, values: row, old, role, scale, digits, start };
      add(bars ? "bars" : "cells", `${group}/${r}`, place, of);
    }
  }
  const label = (id, x, y, words, colour = "quiet", more) =>
    text(`label ${id}`, x, y, words, { colour, size: 13, ...more });
  const heading = (id, x, y, words, colour, align) => label(id, x, y, words, colour, { align, weight: 700 });
  const tint = (role) => (role === "ink" ? "quiet" : role);
  return {
    ...{ items, height, small, room, text, vector, label, heading },
    number: (name, x, y, words, more) => text(name, x, y, words, { name, align: "right", ...more }),
    bar: (name, x, y, w, tall, colour, more) =>
      add("bar", `${name} bar`, [x, y - tall / 2, w, tall, 1], { colour, name, ...more }),
    line: (id, x1, y1, x2, y2, colour = "quiet") => add("line", `line ${id}`, [x1, y1, x2, y2, 1], { colour }),
    frame: (id, x, y, w, tall) => add("frame", `frame ${id}`, [x, y, w, tall, 1]),
    sign: (id, x, y, words) => text(`sign ${id}`, x, y, words, { size: 22, align: "center", colour: "quiet" }),
    // A whole vector in cells with its name above it, and a frame around what is looked at closely.
    tile(name, values, [x, y], [cw, ch], role, words, more = {}) {
      vector(name, values, x, y, cw, ch, role, more);
      heading(name, x, y - 12, words, tint(role));
      if (more.close) this.frame(name, x, y + Math.floor(at / WIDE) * ch, WIDE * cw, ch);
    },
    // A whole vector with its numbers to read, as wide as the stage.
    page(name, values, y, ch, role, more = {}) {
      const wide = small ? 8 : WIDE;
      const { left = 0 } = more;
      vector(name, values, left, y, (W - left) / wide, ch, role, { digits: true, wide, ...more });
    },
    // Some numbers of several vectors below each other, one line each: [name, values, role, words, from].
    lines(all, y, pitch, { scale, count = WIDE } = {}) {
      const wide = small ? 8 : WIDE;
      const first = Math.floor(at / count) * count;
      const left = small ? 0 : Math.min(146, W * 0.185);
      const above = small ? 16 : 0;
      const ch = Math.min(36, (pitch - 4 - above) / Math.ceil(count / wide));
      all.forEach(([name, values, role, words, from], n) => {
        const top = y + n * pitch + above;
        const more = { scale, wide, first, digits: true, group: `line ${name}` };
        if (from) {
          const [x, top_, cw, tall] = from;
          more.from = [x, top_ + Math.floor(first / WIDE) * tall, cw, tall];
        }
        vector(name, values.slice(first, first + count), left, top, (W - left) / wide, ch, role, more);
        const [x, middle] = small ? [0, top - 9] : [0, top + ch / 2];
        label(`line ${name}`, x, middle, words, tint(role), { weight: 600, size: 13, room: small ? W : left - 6 });
      });
      return first;
    },
    // The source words down the left side -> where their rows are.
    rows(top, bottom, largest = small ? 28 : 25) {
      const pitch = Math.min(largest, (height - top - bottom) / spec.source.length);
      const middle = (i) => top + (i + 0.5) * pitch;
      this.size = Math.min(13, pitch - 0.5);
      spec.source.forEach((word, i) => {
        const weight = i === m.lead && step > 5 ? 700 : 400;
        text(`word.${i}`, room - 8, middle(i), word, { align: "right", weight, room: room - 8, size: this.size });
      });
      return { y: (i) => top + i * pitch + 1, middle, ch: pitch - 3, pitch };
    },
    score(i, x, y, zero, reach, more) {
      const w = (m.scores[i] / most([m.scores])) * reach;
      this.number(`score.${i}`, x, y, said(m.scores[i]), {
        weight: i === m.lead ? 700 : 400,
        size: this.size,
        ...more,
      });
      if (reach > 14) this.bar(`score.${i}`, zero, y, w, 10, w > 0 ? "plus" : "minus");
    },
    share(i, x, y, reach, more) {
      const weight = i === m.lead ? 700 : 400;
      this.number(`share.${i}`, x, y, m.shares[i].toFixed(3), { weight, size: this.size, ...more });
      if (reach > 14)
        this.bar(`share.${i}`, x + 12, y, Math.max(1, m.shares[i] * reach), 10, "ink", { ink: m.shares[i] });
    },
  };
}

// Where the values of the fourth scene begin, and how wide their cells are.
export const valuesAt = (p, W) => [p.room + (p.small ? 48 : 136), (W - p.room - (p.small ? 48 : 136)) / (2 * WIDE)];
