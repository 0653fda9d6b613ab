// Text to numbers and back, as course_kit/text/ does it: words, characters, subwords, WordPiece, byte pairs. A test
// holds the two together for every trained model. `pieces(text)` gives {id, token, text}: what a piece is called, what
// stands there.

/** @typedef {{ id: number, token: string, text: string }} Piece */
/** @typedef {{ id: number, text: string, token?: string, segment?: number }} Framed what a model reads: of two
 *   sentences each piece says its segment */
/** @typedef {{ kind: string, tokens: string[] }} Listed a vocabulary, as Python's `to_json` gives it */
/** @typedef {[string, string]} Pair of neighbours that is merged */

const SPECIAL = ["<pad>", "<unk>", "<bos>", "<eos>"];
export const PAD = 0;
export const UNK = 1;
export const BOS = 2;
export const EOS = 3;

const LETTER = "[\\p{L}\\p{N}_]"; // Python's \w
const HAN = "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff";
const CLITICS = "(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'";
const WORD = new RegExp(`'s(?!${LETTER})|${LETTER}+(?:['-]${LETTER}+)*'?|[^\\p{L}\\p{N}_\\s]`, "gu");
const POSSESSIVE = new RegExp(`(?<=${LETTER})'s(?!${LETTER})`, "gu");
const ELISION = new RegExp(`(?<!${LETTER})${CLITICS}(?=${LETTER})`, "gu");
const CHARACTER = new RegExp(`[${HAN}]|\\p{Nd}|(?:(?![\\p{Nd}${HAN}])[\\p{L}\\p{N}_])+|[^\\p{L}\\p{N}_\\s]`, "gu");

/** @param {string} text */
export const normalise = (text) =>
  text.normalize("NFC").replaceAll("’", "'").toLowerCase().trim().replace(/\s+/gu, " ");

/** By the kind of a vocabulary. @type {Record<string, (text: string) => string[]>} */
const SPLIT = {
  words: (text) => normalise(text).replace(ELISION, "$& ").replace(POSSESSIVE, " $&").match(WORD) ?? [],
  characters: (text) => normalise(text).match(CHARACTER) ?? [],
  exact: (text) => Array.from(text),
};

/** Words as a sentence: no space before a comma or 's, none after an elision. @param {string[]} words */
export function join(words) {
  const text = words.join(" ").replace(/ (?=[.,)…]|'s(?![\p{L}\p{N}_]))|(?<=\()\s/gu, "");
  return text.replace(/(?<=(?<![\p{L}\p{N}_])[cdjlmnst]')\s|(?<=qu')\s/gu, "");
}

/** Without <pad>, <bos> and <eos>. @param {number[]} ids */
const written = (ids) => ids.filter((id) => id === UNK || id >= SPECIAL.length);

/** One that lists its words, and the frame of all others. */
export class Vocabulary {
  /** @type {number | undefined} what stands for a word to be found, where a model knows such a thing */
  mask = undefined;

  /** @param {Listed} card */
  constructor({ kind, tokens }) {
    this.split = kind;
    this.unk = UNK;
    this.words = kind === "wordpiece" ? tokens : [...SPECIAL, ...tokens];
    this.ids = new Map(this.words.map((word, id) => [word, id]));
  }

  /** @param {string} text @returns {Piece[]} */
  pieces(text) {
    return SPLIT[this.split](text).map((token) => ({ id: this.ids.get(token) ?? UNK, token, text: token }));
  }

  /** What a model reads of a text: BERT's has more around the pieces. @param {string} text @returns {Framed[]} */
  framed(text, _segments = 1) {
    return this.pieces(text);
  }

  /** @param {string} text */
  encode(text) {
    return this.pieces(text).map((piece) => piece.id);
  }

  /** @param {number} id */
  token(id) {
    return this.words[id];
  }

  /** @param {number[]} ids */
  decode(ids) {
    const words = written(ids).map((id) => this.words[id]);
    return this.split === "words" ? join(words) : words.join("");
  }
}

const BESIDE = "\uffff";

/** The place of each pair in the order in which pairs were merged. @param {Pair[]} merges */
const ranksOf = (merges) => new Map(merges.map((pair, rank) => [pair.join(BESIDE), rank]));

/**
 * The pair of neighbours that was merged first in training is merged first.
 * @param {string[]} parts
 * @param {Map<string, number>} ranks
 */
function merged(parts, ranks) {
  for (;;) {
    let best = Infinity;
    let at = -1;
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = ranks.get(parts[i] + BESIDE + parts[i + 1]) ?? Infinity;
      if (rank >= best) continue;
      best = rank;
      at = i;
    }
    if (at < 0) return parts;
    parts.splice(at, 2, parts[at] + parts[at + 1]);
  }
}

/** What a word was cut into is kept: the next time it is there at once. */
class Merging extends Vocabulary {
  /** @type {Map<string, Piece[]>} */
  known = new Map();

  /** @param {Listed} card @param {Pair[]} merges */
  constructor(card, merges) {
    super(card);
    this.ranks = ranksOf(merges);
  }

  /** @param {string} word */
  piecesOf(word) {
    const known = this.known.get(word);
    if (known) return known;
    const found = merged(this.letters(word), this.ranks).map((piece) => this.named(piece));
    this.known.set(word, found);
    return found;
  }

  /** What a word begins as. @param {string} word */
  letters(word) {
    return Array.from(word);
  }

  /** @param {string} token @returns {Piece} */
  named(token) {
    return { id: this.ids.get(token) ?? UNK, token, text: token };
  }
}

/** Byte-pair encoding of letters. */
class Subwords extends Merging {
  /** @param {any} card */
  constructor({ tokenizer }) {
    const { vocab, merges } = tokenizer.model;
    super({ kind: "subwords", tokens: [] }, merges);
    this.ids = new Map(Object.entries(vocab));
    this.words = [];
    for (const [token, id] of this.ids) this.words[id] = token;
    const special = tokenizer.added_tokens.map((/** @type {{ content: string }} */ { content }) =>
      content.replace(/[[\](){}.*+?^$|\\]/g, "\\$&"),
    );
    this.special = new RegExp(`(${special.join("|")})`, "u");
  }

  /** @param {string} text */
  pieces(text) {
    return normalise(text)
      .split(this.special)
      .flatMap((part, i) => {
        if (i % 2) return [this.named(part)];
        return part ? this.cutUp(part).flatMap((word) => this.piecesOf(word)) : [];
      });
  }

  /** ▁ begins each word; punctuation and elided articles stand alone. @param {string} text */
  cutUp(text) {
    const marked = text.replaceAll(" ", "▁");
    const letters = "\\p{L}\\p{M}\\p{Nd}\\p{Pc}";
    const words = (marked.startsWith("▁") ? marked : `▁${marked}`).split(/(?=▁)/u);
    const isolated = (/** @type {string} */ pattern) => (/** @type {string} */ part) =>
      part.split(new RegExp(`(${pattern})`, "u")).filter(Boolean);
    return words.flatMap(isolated(`▁?[^${letters}\\s'▁-]`)).flatMap(isolated(`^▁?${CLITICS}(?=[${letters}])`));
  }

  /** @param {string} token */
  named(token) {
    return { ...super.named(token), text: token.replace("▁", "") };
  }

  /** @param {number[]} ids */
  decode(ids) {
    const kept = written(ids).map((id) => this.words[id]);
    return kept.join("").replaceAll("▁", " ").trim();
  }
}

const SPACE = "[\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]"; // Python's \s
const NO_SPACE = SPACE.replace("[", "[^");
const LONG = "{1,100}"; // what is longer than a word is cut, or encoding it takes for ever
const ENDINGS = `['’](?:s|t|re|ve|m|ll|d)(?!${LETTER})`;
const BYTE_WORD = new RegExp(
  `${ENDINGS}| ?[\\p{L}\\p{Nl}\\p{No}]${LONG}| ?\\p{Nd}${LONG}| ?(?:(?![\\p{L}\\p{N}])${NO_SPACE})${LONG}` +
    `|${SPACE}${LONG}(?!${NO_SPACE})|${SPACE}${LONG}`,
  "gu",
);
const whole = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const loose = new TextDecoder("utf-8", { ignoreBOM: true });

/** @param {string} letters one for each byte */
const bytes = (letters) => Uint8Array.from(letters, (letter) => letter.charCodeAt(0));

/** How many bytes a character takes that begins with this one. @param {number} lead */
function lengthOf(lead) {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

/** Letters of bytes as text; those that are a part of a character as \xf0. @param {string} letters */
function shown(letters) {
  let text = "";
  let at = 0;
  while (at < letters.length) {
    const lead = letters.charCodeAt(at);
    const end = at + lengthOf(lead);
    try {
      text += whole.decode(bytes(letters.slice(at, end)));
      at = end;
    } catch {
      text += `\\x${lead.toString(16)}`;
      at += 1;
    }
  }
  return text;
}

/** Byte-pair encoding of bytes, GPT-2's: a piece has a letter for each byte (Latin-1), and is shown as text. */
class BytePairs extends Merging {
  /** @param {{ merges: Pair[] }} card */
  constructor({ merges }) {
    const tokens = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
    super({ kind: "bytepairs", tokens }, merges);
    for (const name of SPECIAL) this.ids.delete(name); // a text may hold them
    for (const pair of merges) {
      const piece = pair.join("");
      if (this.ids.has(piece)) continue;
      this.ids.set(piece, this.words.length);
      this.words.push(piece);
    }
  }

  /** @param {string} text */
  pieces(text) {
    return (text.match(BYTE_WORD) ?? []).flatMap((word) => this.piecesOf(word));
  }

  /** @param {string} word */
  letters(word) {
    return Array.from(new TextEncoder().encode(word), (byte) => String.fromCharCode(byte));
  }

  /** @param {string} piece */
  named(piece) {
    const text = shown(piece);
    return { ...super.named(piece), token: text, text };
  }

  /** @param {number} id */
  token(id) {
    return id < SPECIAL.length ? this.words[id] : shown(this.words[id]);
  }

  /** @param {number[]} ids */
  decode(ids) {
    const letters = written(ids).map((id) => this.words[id]);
    return loose.decode(bytes(letters.join("")));
  }
}

const SIGN = "[!-/:-@[-`{-~\\p{P}]"; // punctuation, and all of ASCII that is neither letter nor digit
const WORD_OR_SIGN = new RegExp(`${SIGN}|(?:(?!${SIGN})\\S)+`, "gu");

/** BERT's: lower case without accents; the longest piece that is known first, later ones begin with ##. */
class WordPiece extends Vocabulary {
  /** @param {Listed} card */
  constructor(card) {
    super(card);
    const id = (/** @type {string} */ token) => /** @type {number} */ (this.ids.get(token));
    this.pad = id("[PAD]");
    this.unk = id("[UNK]");
    this.cls = id("[CLS]");
    this.sep = id("[SEP]");
    this.mask = id("[MASK]");
  }

  /** @param {string} text @returns {Piece[]} */
  pieces(text) {
    return text.split(/(\[(?:PAD|UNK|CLS|SEP|MASK)\])/).flatMap((part, i) => {
      if (i % 2) return [{ id: this.ids.get(part) ?? this.unk, token: part, text: part }];
      return this.cutUp(part).flatMap((word) => this.longest(word));
    });
  }

  /**
   * [CLS] first sentence [SEP] what follows [SEP], each piece with its segment; all in one where a model knows but one.
   * @param {string} text
   * @returns {Framed[]}
   */
  framed(text, segments = 2) {
    const two = segments > 1 ? text.trim().match(/^(.*?[.!?]+)\s+(\S.*)$/s) : null;
    const parts = two ? two.slice(1) : [text];
    const mark = (/** @type {number} */ id, /** @type {number} */ segment) => ({ id, text: this.token(id), segment });
    const read = parts.flatMap((part, segment) => [
      ...this.pieces(part).map((piece) => ({ ...piece, segment })),
      mark(this.sep, segment),
    ]);
    return [mark(this.cls, 0), ...read];
  }

  /** @param {string} text */
  cutUp(text) {
    const clean = text
      .replace(/[\t\n\r]/g, " ")
      .replace(/[\p{C}\ufffd]/gu, "")
      .replace(/\p{Script=Han}/gu, " $& ");
    const plain = clean
      .normalize("NFD")
      .replace(/\p{Mn}/gu, "")
      .toLowerCase();
    return plain.match(WORD_OR_SIGN) ?? [];
  }

  /** @param {string} word @returns {Piece[]} */
  longest(word) {
    const letters = Array.from(word);
    const unknown = [{ id: this.unk, token: "[UNK]", text: word }];
    if (letters.length > 100) return unknown;
    /** @type {Piece[]} */
    const pieces = [];
    let start = 0;
    while (start < letters.length) {
      const piece = this.beginning(letters, start);
      if (!piece) return unknown;
      pieces.push(piece);
      start += Array.from(piece.text).length;
    }
    return pieces;
  }

  /** The longest piece that is known and begins here. @param {string[]} letters @param {number} start */
  beginning(letters, start) {
    for (let end = letters.length; end > start; end--) {
      const text = letters.slice(start, end).join("");
      const token = (start ? "##" : "") + text;
      const id = this.ids.get(token);
      if (id !== undefined) return { id, token, text };
    }
    return null;
  }
}

/** The vocabulary of any kind that Python's `to_json` gave. @param {any} card @returns {Vocabulary} */
export function vocabulary(card) {
  /** @type {Record<string, new (card: any) => Vocabulary>} */
  const kinds = { subwords: Subwords, wordpiece: WordPiece, bytepairs: BytePairs };
  return new (kinds[card.kind] ?? Vocabulary)(card);
}
