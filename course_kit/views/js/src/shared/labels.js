// Labels come from anybody's data: tokens, names, answers. Made readable once, they are safe wherever they are shown:
// in a sentence, a table, a button or a picture. Markup needs no care: nothing here is ever read as HTML.

const LONGEST = 100; // letters; a picture cuts more, by its room
// what tells browsers to turn text round: a label's own letters say its direction
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]|[\ud802-\ud803\ud83a-\ud83b]/;
// signs that no font draws; those that are spaces stay, since every browser draws them as such
// oxlint-disable-next-line no-control-regex
const SILENT = /[\0-\x08\x0e-\x1f\x7f]/g;

// a letter may have a few accents, but not a tower of them
const TOWER = /(\p{M}{4})\p{M}+/gu;

/** ␀ for NUL, and so on. @param {string} sign */
const pictureOf = (sign) => (sign === "\x7f" ? "␡" : String.fromCharCode(0x2400 + sign.charCodeAt(0)));

/** The first letters, as a reader counts them: 👩‍🚀 is one. @param {string} text @param {number} most */
function cut(text, most) {
  if (text.length <= most) return text;
  const start = text.slice(0, 8 * most);
  const parts = Intl.Segmenter && new Intl.Segmenter().segment(start); // Firefox has it from 125
  const letters = parts ? Array.from(parts, ({ segment }) => segment) : Array.from(start);
  const whole = letters.length <= most && text.length <= 8 * most;
  return whole ? text : `${letters.slice(0, most).join("")}…`;
}

/**
 * A label as it can be shown: what has no sign gets one, what is longer than `most` letters is cut, with …, and what
 * is written from right to left turns round nothing but itself.
 * @param {string} label
 */
export function readable(label, most = LONGEST) {
  const seen = cut(label.replace(TURNING, "").replace(TOWER, "$1").replace(SILENT, pictureOf), most);
  return RIGHT_TO_LEFT.test(seen) ? `\u2068${seen}\u2069` : seen;
}

/**
 * A sentence of ours with curly quotes, as a page prints them; “l'”, a word of a model, ends as the model writes it.
 * @param {string} text
 */
export function curled(text) {
  return text
    .replace(/'(?!”)/g, "’")
    .replace(/(^|[\s([{|/—–·“])"/g, "$1“")
    .replaceAll('"', "”")
    .replaceAll(" %", "\u00a0%"); // a number and its sign stay in one line
}

const [SMALLEST, LARGEST] = [11, 13];
const STEEP = 0.94; // at most, of what it goes, what a slanted label rises

/**
 * Slanted labels above cells of this size: how large their type is, by what angle they turn (at 45° they are easiest to
 * read, above narrow cells they stand steeper), and how many cells it is from one to the next so that their lines stay
 * apart.
 * @param {{ unit: number, font: (size: number) => string }} ui
 * @param {number} cell
 */
export function slanting({ unit, font }, cell) {
  const size = Math.min(LARGEST, Math.max(SMALLEST, (0.6 * cell) / unit));
  const lines = (1.05 * parseFloat(font(size).split(" ")[1])) / cell;
  const turn = lines > Math.SQRT1_2 ? Math.max(Math.PI / 3, Math.asin(Math.min(STEEP, lines))) : Math.PI / 4;
  return { size, turn, every: Math.max(1, Math.ceil(lines / Math.sin(turn) - 1e-12)) };
}

/**
 * Whether a label has no room where every so many are shown: those that are lit are, and keep the ones near them away.
 * @param {number} i
 * @param {(i: number) => boolean} lit
 * @param {number} every
 * @param {boolean} wanted whether it comes out of its turn
 */
export function crowded(i, lit, every, wanted = false) {
  if (every === 1 || lit(i)) return false;
  for (let near = i - every + 1; near < i + every; near++) if (lit(near)) return true;
  return !wanted && i % every !== 0;
}
