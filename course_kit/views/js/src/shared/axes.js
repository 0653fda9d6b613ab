// Axes, curves and dots on a canvas, for the labs that draw functions of one number.

export function scale(low, high, from, to, log = false) {
  const f = log ? Math.log : (x) => x;
  const span = f(high) - f(low) || 1;
  const map = (x) => from + ((f(x) - f(low)) / span) * (to - from);
  map.invert = (p) => {
    const t = f(low) + ((p - from) / (to - from)) * span;
    return log ? Math.exp(t) : t;
  };
  return Object.assign(map, { low, high, log });
}
export function ticks(low, high, count) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((m) => m * power >= raw) * power;
  const out = [];
  for (let t = Math.ceil(low / step) * step; t <= high + 1e-9 * step; t += step) out.push(+t.toPrecision(12));
  return out;
}
// 1, 3, 10, 30, …; over many powers only some of these
export function logTicks(low, high) {
  const powers = [];
  for (let p = Math.floor(Math.log10(low)); p <= Math.log10(high) + 1e-9; p++) powers.push(p);
  const every = Math.ceil(powers.length / 7);
  const steps = powers.length > 4 ? [1] : [1, 3];
  const found = powers.filter((p) => p % every === 0).flatMap((p) => steps.map((s) => +(s * 10 ** p).toPrecision(12)));
  return found.filter((t) => t >= low * 0.999 && t <= high * 1.001);
}
export const plain = (t) => String(+t.toPrecision(4)).replace("-", "−");

// names: of both axes, x: null for an axis without numbers; up: the ticks of the vertical one, if not the usual ones
export function axes(c, ui, box, x, y, names) {
  const { unit, theme } = ui;
  c.strokeStyle = theme.line;
  c.lineWidth = 1;
  c.strokeRect(box.x + 0.5, box.y + 0.5, box.w, box.h);
  c.font = ui.font(12);
  c.fillStyle = theme.quiet;
  c.textBaseline = "top";
  c.textAlign = "center";
  const across = x.log ? logTicks(x.low, x.high) : ticks(x.low, x.high, Math.max(2, box.w / (80 * unit)));
  if (names.x != null) {
    for (const t of across) c.fillText(plain(t), x(t), box.y + box.h + 5 * unit);
    c.textAlign = "right";
    c.fillText(names.x, box.x + box.w, box.y + box.h + 19 * unit);
  }
  c.textAlign = "right";
  c.textBaseline = "middle";
  const up = names.up ?? ticks(y.low, y.high, Math.max(2, box.h / (50 * unit)));
  for (const t of up) c.fillText(plain(t), box.x - 6 * unit, y(t));
  if (names.y) {
    c.textAlign = "left";
    c.textBaseline = "bottom";
    c.fillText(names.y, box.x, box.y - 4 * unit);
  }
}
export const range = (array, pad = 0.06) => {
  let low = Infinity;
  let high = -Infinity;
  for (const v of array) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  const room = (high - low || 1) * pad;
  return [low - room, high + room];
};
