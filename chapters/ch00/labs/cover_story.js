// What the cover says: with attention, without, and with attention for one word alone. Text only, no page.

/** @import { Own, Spec, State } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Study } from "./cover_study.js" */
/** @typedef {Spec & { lists: boolean, door: Own }} CoverSpec what a story needs; door: the field of the descent */
/** @typedef {{ text: string, bold?: boolean, role?: "output", door?: boolean }} Piece */
/** @typedef {{ label: string, words: Piece[], chances: string }} Line a translation, and what is said beside it */

const ENOUGH = 0.1; // a word whose list brings back all but so much brings it back

/** A probability, with more digits where it is small. @param {number} p */
export function percentOf(p) {
  const digits = p < 0.00995 ? 2 : 1;
  return `${p < 0.0995 && p > 0 ? (100 * p).toFixed(digits) : Math.round(100 * p)}\u00a0%`;
}

/** Where the weights are cells, nothing is said of arcs. @param {string} text */
export const withoutArcs = (text) => text.replace(/\barc/g, "weight").replace(/\bArc/g, "Weight");

/** @param {string} text @returns {Piece} */
const plain = (text) => ({ text });
/** @param {string} text @returns {Piece} */
const bold = (text) => ({ text, bold: true });
/** @param {string} text @returns {Piece} */
const output = (text) => ({ text, bold: true, role: "output" });

/** "In French a cow is [output|elle]." @param {string} hint @returns {Piece[]} */
const hinted = (hint) =>
  hint.split(/(\[output\|[^\]]*\])/).map((part) => {
    const found = part.match(/^\[output\|(.*)\]$/);
    return found ? output(found[1]) : plain(part);
  });

/** Words that the model reads as <unk>. @param {Study} study @param {CoverSpec} spec @returns {Piece[]} */
function unknownOf({ tokens, unknown = [], larger }, { own }) {
  const named = [...new Set(unknown.map((i) => `“${tokens[i]}”`))].join(", ");
  const ask = own?.larger && !larger ? " Ask the larger model." : "";
  return named ? [plain(`It does not know ${named}: it reads <unk>.${ask} `)] : [];
}

/** Attention is off: what has become of the French? @param {Study} study @param {CoverSpec} spec @returns {Piece[]} */
function loss({ written, words, shares }, spec) {
  const [[p], [q]] = shares;
  if (written[0].join(" ") === written[1].join(" ")) {
    if (percentOf(p) === percentOf(q)) return [plain(`Nothing changes: “${words[0]}” stays at ${percentOf(p)}.`)];
    const sure = q < p ? "less" : "more";
    return [
      plain(`Letter for letter the same, only ${sure} sure: “${words[0]}” had ${percentOf(p)}, now ${percentOf(q)}. `),
      bold("Why?"),
    ];
  }
  const stays = `“${words[0]}” stays at ${percentOf(p)}, but other words change. `;
  const moved = `The chance of “${words[0]}” ${q < p ? "falls" : "rises"} from ${percentOf(p)} to ${percentOf(q)}. `;
  const ask = spec.lists ? [bold(`Whose list brings “${words[0]}” back? Press ⇅ under your guess.`)] : [];
  return [plain(percentOf(p) === percentOf(q) ? stays : moved), ...ask];
}

/** One word has its list back. @param {Study} study @param {number} i @returns {Piece[]} */
function back({ tokens, words, shares, given }, i) {
  const [[p], [q]] = shares;
  const told = `With attention for “${tokens[i]}” alone, “${words[0]}” has ${percentOf(given[i])}`;
  if (p - q < ENOUGH) return [plain(`${told}.`)];
  const enough = given[i] > p - ENOUGH * (p - q);
  const next = enough
    ? ` “${tokens[i]}” is enough. What does it attend to? Switch attention on, and press it.`
    : " Another guess?";
  return [plain(`${told}, without ${percentOf(q)}.`), bold(next)];
}

/** The place of the word that leads into the model; −1: there is none. @param {Study} study */
const doorOf = ({ place, written }) => (place < written[0].length ? place : -1);

/**
 * @param {Study} study
 * @param {State} state
 * @param {CoverSpec} spec
 * @param {boolean} opens whether a word leads into the model
 * @returns {Piece[]}
 */
export function story(study, { attention, tried }, spec, opens = false) {
  if (attention === "on") {
    const hint = study.hint ? [...hinted(study.hint), plain(" ")] : [];
    const word = doorOf(study) < 0 ? "" : study.written[0][study.place];
    const way = opens && word ? [plain(" How did it arrive at "), output(word), plain("? Press the word.")] : [];
    return [...unknownOf(study, spec), ...hint, bold("Switch attention off: what will the French say?"), ...way];
  }
  return tried.length ? back(study, tried.at(-1)) : [...unknownOf(study, spec), ...loss(study, spec)];
}

/**
 * A translation, its words that are not in the other one bold, and the word in question.
 * @param {string[]} said
 * @param {string[]} other
 * @param {number} door the place of the word that leads into the model
 * @param {number} asked that of the word in question
 */
export function translation(said, other, door = -1, asked = -1) {
  const cut = said.some((token) => token.startsWith("▁")); // pieces say where a word begins
  return said.flatMap((token, t) => {
    const piece = token.replace(/^▁/, "");
    const text = t ? piece : piece.charAt(0).toUpperCase() + piece.slice(1);
    const joined = t === 0 || (cut ? piece === token : /['’]$/.test(said[t - 1]) || /^[.,)…]/.test(token));
    const shown = other.includes(token) && (t !== asked || t === door) ? plain(text) : bold(text);
    return [plain(joined ? "" : " "), t === door ? { ...shown, door: true } : shown];
  });
}

/**
 * With attention, and below it without, as soon as it is off.
 * @param {Study} study
 * @param {State} state
 * @returns {Line[]}
 */
export function linesOf(study, { attention, tried }) {
  const { tokens, written, words, shares, given, rewritten, place } = study;
  const door = doorOf(study);
  const both = (/** @type {number[]} */ row) => words.map((word, i) => `${word}\u00a0${percentOf(row[i])}`).join(" · ");
  const all = [
    { label: "with attention", words: translation(written[0], written[1], door, place), chances: both(shares[0]) },
  ];
  if (attention === "on") return [{ ...all[0], words: translation(written[0], written[0], door, place) }];
  const last = tried.at(-1);
  if (last === undefined)
    all.push({ label: "without", words: translation(written[1], written[0]), chances: both(shares[1]) });
  else
    all.push({
      label: `only for “${tokens[last]}”`,
      words: translation(rewritten[last], written[1]),
      chances: `${words[0]}\u00a0${percentOf(given[last])}`,
    });
  return all;
}
