// What the cover says at each stage: change the word; guess what decides; see it; ask that word. Text only, no page.

/** @import { Spec, State } from "../../../course_kit/views/js/src/shared/types.js" */
/** @import { Study } from "./cover_study.js" */
/** @typedef {Spec & { sure: number, asker: number, hint: string, swaps: boolean }} CoverSpec what a story needs */
/** @typedef {{ text: string, bold?: boolean, role?: "output", line?: boolean }} Piece line: it ends a line */

/** A probability, with more digits where it is small. @param {number} p */
export function percentOf(p) {
  const digits = p < 0.00995 ? 2 : 1;
  return `${p < 0.0995 && p > 0 ? (100 * p).toFixed(digits) : Math.round(100 * p)}\u00a0%`;
}

/** The index of the largest, or of the largest but one of them. @param {number[]} row */
export const top = (row, but = -1) =>
  row.reduce((best, weight, i) => (i !== but && (best < 0 || weight > row[best]) ? i : best), -1);

/** Where the weights are cells, nothing is said of arcs. @param {string} text */
export const withoutArcs = (text) =>
  text
    .replace(/\ban arc\b/g, "a weight")
    .replace(/\barc/g, "weight")
    .replace(/\bArc/g, "Weight");

/** "The cow didn't cross the bridge …" -> "cow, bridge". @param {string} text */
export function subjectOf(text) {
  const found = text.match(/^The (\w+).*?the ([\w/]+)/);
  return found ? `${found[1]}, ${found[2]}` : text;
}

/**
 * The two words between which the reader changes: the one shown, the other.
 * @param {Study} study
 * @param {number} at which of the two sentences is shown
 */
export function changed({ tokens }, at) {
  const i = tokens[0].findIndex((token, k) => token !== tokens[1][k]);
  return i < 0 ? ["", ""] : [tokens[at][i], tokens[1 - at][i]];
}

/** @param {string} text @returns {Piece} */
const plain = (text) => ({ text });
/** @param {string} text @returns {Piece} */
const bold = (text) => ({ text, bold: true });
/** @param {string} text @returns {Piece} */
const french = (text) => ({ text, bold: true, role: "output" });

/** "In French an animal is [output|il]." @param {string} hint @returns {Piece[]} */
const hinted = (hint) =>
  hint.split(/(\[output\|[^\]]*\])/).map((part) => {
    const found = part.match(/^\[output\|(.*)\]$/);
    return found ? french(found[1]) : plain(part);
  });

/**
 * The largest arc of a word in both sentences, the earlier one first, and whether it stayed as it was.
 * @param {Study} study
 * @param {number} at
 * @param {number} asker
 */
function arcsOf({ tokens, weights }, at, asker) {
  const arc = (/** @type {number} */ s) => {
    const key = top(weights[s][asker], asker);
    return { key, weight: weights[s][asker][key], text: `“${tokens[s][asker]}” → “${tokens[s][key]}”` };
  };
  const here = arc(at);
  const there = arc(1 - at);
  const same = here.key === there.key && tokens[at][asker] === tokens[1 - at][asker];
  const said = `${there.text} ${there.weight.toFixed(2)}, now ${same ? "" : `${here.text} `}${here.weight.toFixed(2)}`;
  return { here, there, said, still: same && Math.abs(here.weight - there.weight) < 0.05 };
}

/** How the chance of the other sentence's word changes with the numbers of word i from there. */
function resultOf(/** @type {Study} */ { words, moved, shares }, /** @type {number} */ at, /** @type {number} */ i) {
  const other = words[1 - at];
  const before = percentOf(shares[at][1 - at]);
  const after = percentOf(moved[at][i]);
  return after === before ? `“${other}” stays at ${before}` : `“${other}” goes from ${before} to ${after}`;
}

/** Words that the model reads as <unk>. @param {Study} study */
function unknownOf({ tokens, unknown }) {
  const strange = [0, 1].flatMap((s) => (unknown?.[s] ?? []).map((i) => tokens[s][i]));
  if (!strange.length) return [];
  const named = [...new Set(strange)].map((word) => `“${word}”`).join(", ");
  return [plain(`It does not know ${named}: it reads <unk>. `)];
}

/** The word whose arcs the story is about. @param {string[]} tokens @param {number} given */
const firstOf = (tokens, given) => (tokens.includes("it") ? tokens.indexOf("it") : Math.min(given, tokens.length - 1));

/** The first stage: what will move? @param {Study} study @param {State} state @param {CoverSpec} spec */
function question(study, { shown, own }, spec) {
  const [word, away] = changed(study, shown);
  const tokens = study.tokens[shown];
  const asked = `Change “${word}” to “${away}”. What will move: the arcs of “${tokens[firstOf(tokens, spec.asker)]}”, `;
  const hint = own || !spec.hint ? [] : [...hinted(spec.hint), { text: "", line: true }];
  return [...hint, bold(`${asked}or the French?`)];
}

/** The second: the French moved. Which word decides? Without swaps it stays a question. */
function guess(/** @type {Study} */ study, /** @type {State} */ { shown: at, asker }, /** @type {CoverSpec} */ spec) {
  const { said, still } = arcsOf(study, at, asker);
  const away = changed(study, at)[1];
  return [
    ...unknownOf(study),
    plain(`${still ? "The arcs hardly moved: " : "The arcs: "}${said}${still ? ". But " : ". And "}`),
    ...[french(study.words[1 - at]), plain(" became "), french(study.words[at]), plain(". ")],
    bold(
      !spec.swaps
        ? "So which word decides?"
        : `Which word decides? Press ⇅ under your guess: it takes its list of numbers from the “${away}” sentence.`,
    ),
  ];
}

/** The third: the word that decides is found. @param {Study} study @param {number} at @returns {Piece[]} */
function decided(study, at) {
  const moved = study.moved[at];
  const best = top(moved);
  const [word, away] = [study.tokens[at][best], study.tokens[1 - at][best]];
  const others = percentOf(Math.max(...moved.filter((_, i) => i !== best)));
  const alone = others === percentOf(study.shares[at][1 - at]);
  const rest = alone ? ", and no other word changes it. " : `; with any other word it is ${others} at most. `;
  return [
    bold(`“${word}” decides: `),
    plain(`with the numbers of “${away}”, the chance of ${resultOf(study, at, best)}${rest}`),
    bold(`What does “${word}” attend to? Press it in the sentence.`),
  ];
}

/** The last: what the word that decides attends to, and that an arc is no proof. */
function moral(/** @type {Study} */ study, /** @type {State} */ { shown: at, asker }, /** @type {CoverSpec} */ spec) {
  const { here, there, said } = arcsOf(study, at, asker);
  const tokens = study.tokens[at];
  const first = firstOf(tokens, spec.asker);
  const turned = here.key !== there.key && Math.min(here.weight, there.weight) > spec.sure;
  const [one, other] = [0, 1].map((s) => top(study.weights[s][first], first));
  const seen = turned && one === other ? `This arc turned, that of “${tokens[first]}” did not. ` : "";
  const whole = study.shares[at][at];
  const without = study.silenced[at];
  const word = study.words[at];
  const proof =
    without > 0.9 * whole
      ? `Yet an arc is no proof: without these arcs “${word}” still gets ${percentOf(without)}.`
      : `And the arcs matter: without them “${word}” gets ${percentOf(without)}, with them ${percentOf(whole)}.`;
  return [plain(`${said}. `), bold(seen + proof)];
}

/**
 * @param {Study} study
 * @param {State} state
 * @param {CoverSpec} spec
 * @returns {Piece[]}
 */
export function story(study, state, spec) {
  const { shown: at, asker, tried, turned } = state;
  if (!study.place.length) {
    const why = `The translations are alike, or it gives its words less than ${percentOf(spec.sure)}. `;
    return [...unknownOf(study), plain(why), plain("Compare two other words.")];
  }
  if (!turned) return [...unknownOf(study), ...question(study, state, spec)];
  if (!tried.length) return guess(study, state, spec);
  const moved = study.moved[at];
  const best = top(moved);
  if (!tried.includes(best)) {
    const last = tried.at(-1);
    const away = changed(study, at)[1];
    const given = `With the numbers of “${study.tokens[1 - at][last]}” from the “${away}” sentence, `;
    return [plain(`${given}the chance of ${resultOf(study, at, last)}. `), bold("Another guess?")];
  }
  const others = Math.max(...moved.filter((_, i) => i !== best));
  if (moved[best] < spec.sure || others > 0.05) {
    const most = `“${study.tokens[at][best]}” does most: the chance of ${resultOf(study, at, best)}. `;
    return [plain(`${most}It is not alone: another word brings ${percentOf(others)}.`)];
  }
  return asker === best ? moral(study, state, spec) : decided(study, at);
}

/** @param {Piece[]} pieces */
export const textOf = (pieces) => pieces.map(({ text, line }) => (line ? "\n" : text)).join("");

/**
 * All that the story can say of one study, whatever the reader does: room for the longest of it is kept.
 * @param {Study} study
 * @param {State} state
 * @param {CoverSpec} spec
 */
export function replies(study, state, spec) {
  const words = study.tokens[0].map((_, i) => i);
  const states = [0, 1].flatMap((shown) => {
    const best = study.place.length ? top(study.moved[shown]) : -1;
    const any = { ...state, shown, asker: state.asker, turned: true };
    return [
      { ...any, tried: [], turned: false },
      ...words.map((asker) => ({ ...any, asker, tried: [] })),
      ...words.map((i) => ({ ...any, tried: [i], asker: i === best ? 0 : i })),
      { ...any, tried: [best], asker: best === 0 ? 1 : 0 },
      { ...any, tried: [best], asker: best },
    ];
  });
  const all = states.map((each) => story(study, each, spec));
  return [...new Map(all.map((pieces) => [textOf(pieces), pieces])).values()];
}

/**
 * The translation, of which the word in question is bold: that of the sentence, or what it becomes with one word's
 * numbers from the other sentence.
 * @param {Study} study
 * @param {State} state
 * @returns {Piece[]}
 */
export function translation({ written, place, moved, rewritten, words }, { shown: at, asker, tried }) {
  const last = tried.at(-1);
  const exchanged = place.length > 0 && last !== undefined && asker !== top(moved[at]);
  const said = exchanged ? rewritten[at][last] : written[at];
  return said.flatMap((token, t) => {
    const text = t ? token : token[0].toUpperCase() + token.slice(1);
    const joined = t === 0 || /['’]$/.test(said[t - 1]) || /^[.,)…]/.test(token);
    const asked = t === place[at] || (exchanged && words.includes(token));
    return [plain(joined ? "" : " "), asked ? bold(text) : plain(text)];
  });
}

/** Every translation that a reader can come to. @param {Study} study @param {State} state */
export function translations(study, state) {
  const all = [0, 1].flatMap((shown) => [
    translation(study, { ...state, shown, tried: [] }),
    ...(study.rewritten[shown] ?? []).map((_, i) => translation(study, { ...state, shown, tried: [i], asker: -1 })),
  ]);
  return [...new Map(all.map((pieces) => [textOf(pieces), pieces])).values()];
}

/**
 * What is shown of the exchanges: those that were tried, and all when the one that decides is found.
 * @param {Study} study
 * @param {State} state
 */
export function openOf({ moved }, { shown, tried }) {
  const row = moved[shown] ?? [];
  const found = tried.includes(top(row));
  return row.map((_, i) => found || tried.includes(i));
}
