// What the cover says: with attention, without, and with attention for one word alone. Text only, no page.
import { t, woven } from "../../../course_kit/views/js/src/text.js";
import { percentage } from "../../../course_kit/views/js/src/shared/numbers.js";

/** @import { Own, Spec, State } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Study } from "./cover_study.js" */
/** @typedef {Spec & { lists: boolean, door: Own }} CoverSpec what a story needs; door: the field of the descent */
/** @typedef {{ text: string, bold?: boolean, role?: string, door?: boolean, was?: string }} Piece was: before */
/** @typedef {"guess" | "turn" | "nothing"} Ask */
/** @typedef {{ label: string, words: Piece[], chances: string }} Line a translation, and what is said beside it */

const ENOUGH = 0.1; // a word whose list brings back all but so much brings it back

/** A probability, with more digits where it is small. @param {number} p */
export function percentOf(p) {
  const digits = p < 0.00995 ? 2 : 1;
  const number = p < 0.0995 && p > 0 ? (100 * p).toFixed(digits) : Math.round(100 * p);
  return percentage(number).replace(" ", "\u00a0");
}

/** @param {string} text @returns {Piece} */
const plain = (text) => ({ text });
/** @param {string} text @returns {Piece} */
const bold = (text) => ({ text, bold: true });
/** @param {string} text @returns {Piece} */
const output = (text) => ({ text, bold: true, role: "output" });

/** @param {string | Piece} part */
const piece = (part) => (typeof part === "string" ? plain(part) : part);

/** "In French a cow is [output|elle]." @param {string} hint @returns {Piece[]} */
const hinted = (hint) =>
  hint.split(/(\[\w+\|[^\]]*\])/).map((part) => {
    const found = part.match(/^\[(\w+)\|(.*)\]$/);
    return found ? { text: found[2], bold: true, role: found[1] } : plain(part);
  });

/** Words that the model reads as <unk>. @param {Study} study @param {CoverSpec} spec @returns {Piece[]} */
function unknownOf({ tokens, unknown = [], larger }, { own }) {
  const named = [...new Set(unknown.map((i) => `“${tokens[i]}”`))].join(t(", "));
  if (!named) return [];
  const asks = own?.larger && !larger;
  return [
    plain(
      asks
        ? t("It does not know {named}: it reads <unk>. Ask the larger model. ", { named })
        : t("It does not know {named}: it reads <unk>. ", { named }),
    ),
  ];
}

/** Attention is off: what has become of the French? @param {Study} study @param {CoverSpec} spec @returns {Piece[]} */
function loss({ written, words, shares }, spec) {
  const [[p], [q]] = shares;
  const values = { word: words[0], before: percentOf(p), after: percentOf(q) };
  if (written[0].join(" ") === written[1].join(" ")) {
    if (percentOf(p) === percentOf(q)) return [plain(t("Nothing changes: “{word}” stays at {before}.", values))];
    return [
      plain(
        q < p
          ? t("Letter for letter the same, only less sure: “{word}” had {before}, now {after}. ", values)
          : t("Letter for letter the same, only more sure: “{word}” had {before}, now {after}. ", values),
      ),
      bold(t("Why?")),
    ];
  }
  const stays = t("“{word}” stays at {before}, but other words change. ", values);
  const moved =
    q < p
      ? t("The chance of “{word}” falls from {before} to {after}. ", values)
      : t("The chance of “{word}” rises from {before} to {after}. ", values);
  const ask = spec.lists
    ? [bold(t("Whose list brings “{word}” back? Press “give back” under your guess.", { word: words[0] }))]
    : [];
  return [plain(percentOf(p) === percentOf(q) ? stays : moved), ...ask];
}

/** One word has its list back. @param {Study} study @param {number} i @returns {Piece[]} */
function back({ tokens, words, shares, given }, i) {
  const [[p], [q]] = shares;
  const values = { token: tokens[i], word: words[0], share: percentOf(given[i]), without: percentOf(q) };
  if (p - q < ENOUGH) return [plain(t("With attention for “{token}” alone, “{word}” has {share}.", values))];
  const enough = given[i] > p - ENOUGH * (p - q);
  const next = enough
    ? t(" “{token}” is enough. What does it attend to? Switch attention on, and press it.", values)
    : t(" Another guess?");
  return [plain(t("With attention for “{token}” alone, “{word}” has {share}, without {without}.", values)), bold(next)];
}

/** The place of the word that leads into the model; −1: there is none. @param {Study} study */
const doorOf = ({ place, written }) => (place < written[0].length ? place : -1);

/**
 * @param {Study} study
 * @param {State} state
 * @param {CoverSpec} spec
 * @param {boolean} opens whether a word leads into the model
 * @param {Ask} ask of the reader
 * @returns {Piece[]}
 */
export function story(study, { attention, tried }, spec, opens = false, ask = "guess") {
  if (attention === "on") {
    const hint = study.hint ? [...hinted(study.hint), plain(" ")] : [];
    const word = doorOf(study) < 0 ? "" : study.written[0][study.place];
    const way =
      opens && word ? woven(t(" How did it arrive at {word}? Press the word."), { word: output(word) }).map(piece) : [];
    if (ask === "nothing") return hint;
    const turn = ask === "turn" && study.note ? t("Your turn: switch attention off.") : "";
    return [
      ...unknownOf(study, spec),
      ...hint,
      bold(turn || t("Switch attention off: what will the French say?")),
      ...way,
    ];
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
  return said.flatMap((token, nth) => {
    const piece = token.replace(/^▁/, "");
    const text = nth ? piece : piece.charAt(0).toUpperCase() + piece.slice(1);
    const joined = nth === 0 || (cut ? piece === token : /['’]$/.test(said[nth - 1]) || /^[.,)…]/.test(token));
    const shown = other.includes(token) && (nth !== asked || nth === door) ? plain(text) : bold(text);
    return [plain(joined ? "" : " "), nth === door ? { ...shown, door: true } : shown];
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
    { label: t("with attention"), words: translation(written[0], written[1], door, place), chances: both(shares[0]) },
  ];
  if (attention === "on") return [{ ...all[0], words: translation(written[0], written[0], door, place) }];
  const last = tried.at(-1);
  if (last === undefined)
    all.push({ label: t("without"), words: translation(written[1], written[0]), chances: both(shares[1]) });
  else
    all.push({
      label: t("only for “{token}”", { token: tokens[last] }),
      words: translation(rewritten[last], written[1]),
      chances: `${words[0]}\u00a0${percentOf(given[last])}`,
    });
  return all;
}

/** One line in the picture. @param {Study} study @param {State} state @param {number} asker @returns {Piece[]} */
export function noteOf({ note, tokens, asker: first }, { attention, tried }, asker) {
  if (attention === "on") return note && asker === first ? hinted(note) : [];
  if (tried.length) return [plain(t("only “{token}” asks", { token: tokens[tried.at(-1)] }))];
  return [plain(t("nobody is asked"))];
}

/** How far the French without attention is seen before it is switched off: up to what is to be guessed.
 * @param {Study} study */
export function guessed({ written: [one, other], place }) {
  const differs = one.findIndex((token, nth) => token !== other[nth]);
  return 2 * (differs < 0 ? place : Math.min(place, differs)) + 1;
}

/** The line of a scene of the play: its new words come from those of the other line.
 * @param {Study} study @param {string} scene @returns {Line} */
export function scenesOf(study, scene) {
  const [one, other] = linesOf(study, { attention: "off", tried: [] });
  if (scene === "draw" || scene === "write") return one;
  const [line, was] = scene === "off" ? [other, one] : [one, other];
  return { ...line, words: line.words.map((word, i) => (word.bold ? { ...word, was: was.words[i]?.text } : word)) };
}
