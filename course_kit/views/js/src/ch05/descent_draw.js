// The stage on its canvas: cells, bars, numbers and lines where they are now, and a frame around what is pointed at.
import { legible, mix, rgb } from "../shared/theme.js";

const hex = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
// A number in a cell: as many digits as have room.
const inCell = (x, width) => x.toFixed(Math.abs(x) < 9.95 && width >= 39.5 ? 2 : 1).replace("-", "−");

// items: what is on the stage; lit: the places that made the number `at`; aimed: it is pointed at; hits: filled with
// the boxes of all numbers; k: the stage's own pixels in one of its units.
export function draw(c, ui, items, { lit, at, aimed, hits, k }) {
  const { theme } = ui;
  const colourOf = (name) =>
    name === "ink" ? theme.ink : Array.isArray(theme[name]) ? theme[name] : hex(theme[name] ?? theme.text);
  const hit = ({ leaving, name, type, id }, cell, ...box) => {
    const [x, y, w, tall] = box.map((length) => length * k);
    if (name && !leaving) hits.push({ name, cell, id, bar: type === "bar", x, y, w, h: tall });
  };
  const outline = (x, y, w, tall, strong) => {
    if (strong) {
      c.strokeStyle = rgb(theme.paper);
      c.lineWidth = 4;
      c.strokeRect(x - 0.5, y - 0.5, w, tall);
    }
    c.strokeStyle = theme.text;
    c.lineWidth = strong ? 2 : 1.2;
    const out = strong ? 1 : 0.5;
    c.strokeRect(x - out, y - out, w + 2 * out - 1, tall + 2 * out - 1);
  };
  const isAt = (item, cell) => item.name === at.name && cell === at.cell;
  const later = [];
  const around = {}; // one frame around all cells of a vector that are lit
  function wrap({ group }, x, y, w, tall) {
    const box = (around[group] ??= [x, y, x, y]);
    [box[0], box[1]] = [Math.min(box[0], x), Math.min(box[1], y)];
    [box[2], box[3]] = [Math.max(box[2], x + w), Math.max(box[3], y + tall)];
  }
  function paintBar(item, j, v, t, left, [, y, cw, ch]) {
    c.fillStyle = rgb(v > 0 ? theme.plus : theme.minus);
    const tall = Math.max(0.7, t * ch);
    const top = v > 0 ? y - tall : y;
    c.fillRect(left, top, cw - 1.5, tall);
    hit(item, item.first + j, left, y - ch, cw, 2 * ch);
    if (aimed && isAt(item, item.first + j)) later.push([left, top, cw - 0.5, tall + 1, true]);
  }
  function paintCell(item, j, v, t, left, [, y, cw, ch]) {
    const role = item.role === "ink" ? theme[v < 0 ? "minus" : "plus"] : colourOf(item.role); // no role: by sign
    const fill = mix(theme.paper, role, 0.07 + 0.93 * t);
    const cell = item.first + j;
    c.fillStyle = rgb(fill);
    c.fillRect(left, y, cw - (cw > 4 ? 1 : 0.4), ch - (ch > 4 ? 1 : 0.4));
    if (item.digits && cw >= 30 && ch >= 14.5) {
      c.font = `400 ${cw < 44 ? 12 : 12.5}px ${ui.family}`;
      c.textAlign = "center";
      c.fillStyle = t > 0.3 ? legible(fill) : theme.text;
      c.fillText(inCell(v, cw), left + cw / 2 - 0.5, y + ch / 2);
    } else if (v < 0 && t > 0.08 && cw >= 6 && ch >= 6) {
      c.fillStyle = t > 0.45 ? legible(fill) : rgb(role);
      c.fillRect(left + cw / 2 - 2.5, y + ch / 2 - 1, 4, 1);
    }
    hit(item, cell, left, y, cw, ch);
    if (isAt(item, cell)) later.push([left, y, cw, ch, true]);
    else if (lit.has(`${item.name}|${cell}`)) wrap(item, left, y, cw, ch);
  }
  const paint = {
    cells(item) {
      item.now.forEach((v, j) =>
        paintCell(item, j, v, Math.min(1, Math.abs(v) / item.scale), item.at[0] + j * item.at[2], item.at),
      );
    },
    bars(item) {
      item.now.forEach((v, j) =>
        paintBar(item, j, v, Math.min(1, Math.abs(v) / item.scale), item.at[0] + j * item.at[2], item.at),
      );
    },
    text(item) {
      const [x, y] = item.at;
      const size = item.size ?? 13;
      c.font = `${item.weight ?? 400} ${size}px ${ui.family}`;
      c.fillStyle = rgb(colourOf(item.colour ?? "text"));
      c.textAlign = item.align ?? "left";
      const words = fitted(c, item.words, item.room);
      c.fillText(words, x, y);
      const w = c.measureText(words).width;
      const left = x - (item.align === "right" ? w : item.align === "center" ? w / 2 : 0);
      hit(item, 0, left - 3, y - size * 0.75, w + 6, size * 1.5);
      if (item.name && isAt(item, 0) && aimed) later.push([left - 3, y - size * 0.75, w + 7, size * 1.5, true]);
      else if (lit.has(`${item.name}|0`)) c.fillRect(left, y + size * 0.62, w, 1.5);
    },
    bar(item) {
      const [x, y, w, tall] = item.at;
      c.fillStyle = rgb(
        item.colour === "ink" ? mix(theme.paper, theme.ink, 0.25 + 0.75 * item.ink) : colourOf(item.colour),
      );
      c.fillRect(Math.min(x, x + w), y, Math.abs(w), tall);
      hit(item, 0, Math.min(x, x + w), y, Math.abs(w), tall);
    },
    line(item) {
      const [x1, y1, x2, y2] = item.at;
      c.strokeStyle = rgb(colourOf(item.colour));
      c.lineWidth = 1.3;
      c.setLineDash(y1 === y2 ? [] : [2.5, 3]);
      c.beginPath();
      c.moveTo(x1, y1);
      c.bezierCurveTo((x1 + x2) / 2, y1, (x1 + x2) / 2, y2, x2, y2);
      c.stroke();
      c.setLineDash([]);
    },
    frame({ at: [x, y, w, tall] }) {
      c.strokeStyle = theme.text;
      c.lineWidth = 1.2;
      c.strokeRect(x - 1.5, y - 1.5, w + 2, tall + 2);
    },
  };
  c.textBaseline = "middle";
  for (const item of items) {
    c.globalAlpha = Math.max(0, Math.min(1, item.at.at(-1)));
    paint[item.type](item);
  }
  c.globalAlpha = 1;
  for (const [x, y, right, bottom] of Object.values(around)) outline(x, y, right - x, bottom - y, false);
  for (const place of later) outline(...place);
}

// A word cut to the room it has.
function fitted(c, words, room) {
  if (!room || c.measureText(words).width <= room) return words;
  let n = words.length;
  while (n > 1 && c.measureText(`${words.slice(0, n)}…`).width > room) n--;
  return `${words.slice(0, n)}…`;
}
