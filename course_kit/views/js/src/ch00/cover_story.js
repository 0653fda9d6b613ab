// What the cover says at each stage: change the word; guess what decides; see it; ask that word.
import { coloured, h } from "../shared/dom.js";

export const percentOf = (p) =>
  `${p < 0.0995 && p > 0 ? (100 * p).toFixed(p < 0.00995 ? 2 : 1) : Math.round(100 * p)}\u00a0%`;
export const top = (row, but = -1) =>
  row.reduce((best, w, i) => (i !== but && (best < 0 || w > row[best]) ? i : best), -1);
export const subjectOf = (text) =>
  text
    .match(/^The (\w+).*?the ([\w/]+)/)
    .slice(1)
    .join(", ");

// The two words between which the reader changes: the one shown, the other.
export function changed({ tokens }, at) {
  const i = tokens[0].findIndex((token, k) => token !== tokens[1][k]);
  return i < 0 ? ["", ""] : [tokens[at][i], tokens[1 - at][i]];
}

// The largest arc of a word in both sentences, the earlier one first, and whether it stayed as it was.
function arcsOf({ tokens, weights }, at, asker) {
  const [here, there] = [at, 1 - at].map((s) => {
    const key = top(weights[s][asker], asker);
    return { key, weight: weights[s][asker][key], text: `“${tokens[s][asker]}” → “${tokens[s][key]}”` };
  });
  const same = here.key === there.key && tokens[at][asker] === tokens[1 - at][asker];
  const said = `${there.text} ${there.weight.toFixed(2)}, now ${same ? "" : `${here.text} `}${here.weight.toFixed(2)}`;
  return { here, there, said, still: same && Math.abs(here.weight - there.weight) < 0.05 };
}

export function story(it, { shown: at, asker, tried, turned: changedOnce, own }, { sure, asker: given, hint }) {
  const [one, other] = [it.words[at], it.words[1 - at]];
  const tokens = it.tokens[at];
  const [word, away] = changed(it, at);
  const first = tokens.includes("it") ? tokens.indexOf("it") : Math.min(given, tokens.length - 1);
  const bold = (text) => h("b", {}, text);
  const french = (text) => h("b", { class: "output" }, text);
  const strange = [...new Set([0, 1].flatMap((s) => (it.unknown?.[s] ?? []).map((i) => it.tokens[s][i])))];
  const unknown = strange.length
    ? [`It does not know ${strange.map((w) => `“${w}”`).join(", ")}: it reads <unk>. `]
    : [];
  if (!it.place.length) {
    const why = `The translations are alike, or it gives its words less than ${percentOf(sure)}. `;
    return [...unknown, why, "Compare two other words."];
  }
  if (!changedOnce) {
    const question = `Change “${word}” to “${away}”. What will move: the arcs of “${tokens[first]}”, or the French?`;
    return [...unknown, ...(own || !hint ? [] : [...coloured(hint), h("br")]), bold(question)];
  }
  const moved = it.moved[at];
  const best = top(moved);
  const { here, there, said, still } = arcsOf(it, at, asker);
  if (!tried.length)
    return [
      ...[...unknown, still ? "The arcs hardly moved: " : "The arcs: ", said, still ? ". But " : ". And "],
      ...[french(other), " became ", french(one), ". "],
      bold(`Which word decides? Press ⇅ under your guess: it takes its list of numbers from the “${away}” sentence.`),
    ];
  const last = tried.at(-1);
  const before = percentOf(it.shares[at][1 - at]);
  const stays = (i) => percentOf(moved[i]) === before;
  const chance = (i) => (stays(i) ? `“${other}” stays at ${before}` : `“${other}” goes from ${before} to`);
  const result = (i) => `${chance(i)}${stays(i) ? "" : ` ${percentOf(moved[i])}`}`;
  if (!tried.includes(best))
    return [
      `With the numbers of “${it.tokens[1 - at][last]}” from the “${away}” sentence, the chance of ${result(last)}. `,
      bold("Another guess?"),
    ];
  const others = Math.max(...moved.filter((_, i) => i !== best));
  if (moved[best] < sure || others > 0.05)
    return [
      `“${tokens[best]}” does most: the chance of ${result(best)}. It is not alone: another word brings ` +
        `${percentOf(others)}.`,
    ];
  if (asker !== best)
    return [
      ...[bold(`“${tokens[best]}” decides: `), `with the numbers of “${it.tokens[1 - at][best]}”, the chance of `],
      ...[result(best), percentOf(others) === before ? ", and no other word changes it. " : ""],
      percentOf(others) === before ? "" : `; with any other word it is ${percentOf(others)} at most. `,
      bold(`What does “${tokens[best]}” attend to? Press it in the sentence.`),
    ];
  const turned = here.key !== there.key && Math.min(here.weight, there.weight) > sure;
  const lay = [0, 1].map((s) => top(it.weights[s][first], first));
  const moral = turned && lay[0] === lay[1] ? `This arc turned, that of “${tokens[first]}” did not. ` : "";
  const [whole, without] = [it.shares[at][at], it.silenced[at]];
  const proof =
    without > 0.9 * whole
      ? `Yet an arc is no proof: without these arcs “${one}” still gets ${percentOf(without)}.`
      : `And the arcs matter: without them “${one}” gets ${percentOf(without)}, with them ${percentOf(whole)}.`;
  return [`${said}. `, bold(moral + proof)];
}
