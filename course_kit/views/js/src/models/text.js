// Text to numbers and back, as course_utils/text/ does it: words, characters, subwords, WordPiece, byte pairs. A test
// holds the two together for every trained model. `pieces(text)` gives {id, token, text}: what a piece is called, what
// stands there.

const SPECIAL = ["<pad>", "<unk>", "<bos>", "<eos>"];
export const [PAD, UNK, BOS, EOS] = [0, 1, 2, 3];
const W = "[\\p{L}\\p{N}_]"; // Python's \w
const HAN = "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff";
const CLITICS = "(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'";
const WORD = new RegExp(`'s(?!${W})|${W}+(?:['-]${W}+)*'?|[^\\p{L}\\p{N}_\\s]`, "gu");
const POSSESSIVE = new RegExp(`(?<=${W})'s(?!${W})`, "gu");
const ELISION = new RegExp(`(?<!${W})${CLITICS}(?=${W})`, "gu");
const CHARACTER = new RegExp(`[${HAN}]|\\p{Nd}|(?:(?![\\p{Nd}${HAN}])[\\p{L}\\p{N}_])+|[^\\p{L}\\p{N}_\\s]`, "gu");

export const normalise = (text) =>
  text.normalize("NFC").replaceAll("’", "'").toLowerCase().trim().replace(/\s+/gu, " ");

const SPLIT = {
  words: (text) => normalise(text).replace(ELISION, "$& ").replace(POSSESSIVE, " $&").match(WORD) ?? [],
  characters: (text) => normalise(text).match(CHARACTER) ?? [],
  exact: (text) => Array.from(text),
};

// Words as a sentence: no space before a comma or 's, none after an elision.
export function join(words) {
  const text = words.join(" ").replace(/ (?=[.,)…]|'s(?![\p{L}\p{N}_]))|(?<=\()\s/gu, "");
  return text.replace(/(?<=(?<![\p{L}\p{N}_])[cdjlmnst]')\s|(?<=qu')\s/gu, "");
}

class Vocabulary {
  constructor({ kind, tokens }) {
    this.split = kind;
    this.unk = UNK;
    this.words = kind === "wordpiece" ? tokens : [...SPECIAL, ...tokens];
    this.ids = new Map(this.words.map((word, id) => [word, id]));
  }
  pieces(text) {
    return SPLIT[this.split](text).map((token) => ({ id: this.ids.get(token) ?? UNK, token, text: token }));
  }
  // What a model reads of a text: BERT's has more around the pieces.
  framed(text) {
    return this.pieces(text);
  }
  encode(text) {
    return this.pieces(text).map((piece) => piece.id);
  }
  token(id) {
    return this.words[id];
  }
  decode(ids) {
    const words = ids.filter((id) => id === UNK || id >= SPECIAL.length).map((id) => this.words[id]);
    return this.split === "words" ? join(words) : words.join("");
  }
}

// The pair of neighbours that was merged first in training is merged first. ranks: of each pair, with BESIDE between.
const BESIDE = "\uffff";
function merged(parts, ranks) {
  for (;;) {
    let best = Infinity;
    let at = -1;
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = ranks.get(parts[i] + BESIDE + parts[i + 1]) ?? Infinity;
      if (rank < best) [best, at] = [rank, i];
    }
    if (at < 0) return parts;
    parts.splice(at, 2, parts[at] + parts[at + 1]);
  }
}
const ranksOf = (merges) => new Map(merges.map((pair, rank) => [pair.join(BESIDE), rank]));

// Byte-pair encoding of letters.
class Subwords extends Vocabulary {
  constructor({ tokenizer }) {
    const { vocab, merges } = tokenizer.model;
    super({ kind: "subwords", tokens: [] });
    this.ids = new Map(Object.entries(vocab));
    this.words = [];
    for (const [token, id] of this.ids) this.words[id] = token;
    this.ranks = ranksOf(merges);
    const special = tokenizer.added_tokens.map((t) => t.content.replace(/[[\](){}.*+?^$|\\]/g, "\\$&"));
    this.special = new RegExp(`(${special.join("|")})`, "u");
    this.known = new Map();
  }
  pieces(text) {
    const found = [];
    normalise(text)
      .split(this.special)
      .forEach((part, i) => {
        if (i % 2) found.push({ id: this.ids.get(part), token: part, text: part });
        else if (part) for (const word of this.cutUp(part)) found.push(...this.merged(word));
      });
    return found;
  }
  // ▁ begins each word; punctuation and elided articles stand alone.
  cutUp(text) {
    const marked = text.replaceAll(" ", "▁");
    const L = "\\p{L}\\p{M}\\p{Nd}\\p{Pc}";
    const words = (marked.startsWith("▁") ? marked : `▁${marked}`).split(/(?=▁)/u);
    const isolated = (pattern) => (part) => part.split(new RegExp(`(${pattern})`, "u")).filter(Boolean);
    return words.flatMap(isolated(`▁?[^${L}\\s'▁-]`)).flatMap(isolated(`^▁?${CLITICS}(?=[${L}])`));
  }
  merged(word) {
    if (!this.known.has(word)) {
      this.known.set(
        word,
        merged(Array.from(word), this.ranks).map((token) => ({
          id: this.ids.get(token) ?? UNK,
          token,
          text: token.replace("▁", ""),
        })),
      );
    }
    return this.known.get(word);
  }
  decode(ids) {
    const kept = ids.filter((id) => id === UNK || id >= SPECIAL.length).map((id) => this.words[id]);
    return kept.join("").replaceAll("▁", " ").trim();
  }
}

// Byte-pair encoding of bytes, GPT-2's: a piece is written with a letter for each byte (Latin-1), and shown as text.
const S = "[\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]"; // Python's \s
const NOT_S = S.replace("[", "[^");
const LONG = "{1,100}"; // what is longer than a word is cut, or encoding it takes for ever
const ENDINGS = `['’](?:s|t|re|ve|m|ll|d)(?!${W})`;
const BYTE_WORD = new RegExp(
  `${ENDINGS}| ?[\\p{L}\\p{Nl}\\p{No}]${LONG}| ?\\p{Nd}${LONG}| ?(?:(?![\\p{L}\\p{N}])${NOT_S})${LONG}` +
    `|${S}${LONG}(?!${NOT_S})|${S}${LONG}`,
  "gu",
);
const whole = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const loose = new TextDecoder("utf-8", { ignoreBOM: true });
const bytes = (letters) => Uint8Array.from(letters, (letter) => letter.charCodeAt(0));

// Letters of bytes as text; those that are a part of a character as \xf0.
function shown(letters) {
  let text = "";
  for (let i = 0; i < letters.length;) {
    const lead = letters.charCodeAt(i);
    const end = i + (lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);
    try {
      text += whole.decode(bytes(letters.slice(i, end)));
      i = end;
    } catch {
      text += `\\x${lead.toString(16)}`;
      i += 1;
    }
  }
  return text;
}

class BytePairs extends Vocabulary {
  constructor({ merges }) {
    super({ kind: "bytepairs", tokens: Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)) });
    this.ranks = ranksOf(merges);
    this.known = new Map();
    for (const name of SPECIAL) this.ids.delete(name); // a text may hold them
    for (const pair of merges) {
      const piece = pair.join("");
      if (!this.ids.has(piece)) this.ids.set(piece, this.words.push(piece) - 1);
    }
  }
  pieces(text) {
    return (text.match(BYTE_WORD) ?? []).flatMap((word) => {
      if (!this.known.has(word)) {
        const letters = Array.from(new TextEncoder().encode(word), (byte) => String.fromCharCode(byte));
        const named = (piece) => ({ id: this.ids.get(piece), token: shown(piece), text: shown(piece) });
        this.known.set(word, merged(letters, this.ranks).map(named));
      }
      return this.known.get(word);
    });
  }
  token(id) {
    return id < SPECIAL.length ? this.words[id] : shown(this.words[id]);
  }
  decode(ids) {
    const kept = ids.filter((id) => id === UNK || id >= SPECIAL.length);
    return loose.decode(bytes(kept.map((id) => this.words[id]).join("")));
  }
}

// BERT's: lower case without accents; the longest piece that is known first, later ones begin with ##.
class WordPiece extends Vocabulary {
  constructor(card) {
    super(card);
    [this.pad, this.unk, this.cls, this.sep, this.mask] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map((t) =>
      this.ids.get(t),
    );
  }
  pieces(text) {
    const found = [];
    text.split(/(\[(?:PAD|UNK|CLS|SEP|MASK)\])/).forEach((part, i) => {
      if (i % 2) found.push({ id: this.ids.get(part), token: part, text: part });
      else for (const word of this.cutUp(part)) found.push(...this.longest(word));
    });
    return found;
  }
  // [CLS] first sentence [SEP] what follows [SEP], each piece with its segment; all in one where a model knows but one.
  framed(text, segments = 2) {
    const two = segments > 1 && text.trim().match(/^(.*?[.!?]+)\s+(\S.*)$/s);
    const [, ...parts] = two || ["", text];
    const mark = (id, segment) => ({ id, text: this.token(id), segment });
    return [mark(this.cls, 0)].concat(
      ...parts.map((part, segment) => [
        ...this.pieces(part).map((piece) => ({ ...piece, segment })),
        mark(this.sep, segment),
      ]),
    );
  }
  cutUp(text) {
    const clean = text
      .replace(/[\t\n\r]/g, " ")
      .replace(/[\p{C}\ufffd]/gu, "")
      .replace(/\p{Script=Han}/gu, " $& ");
    const plain = clean
      .normalize("NFD")
      .replace(/\p{Mn}/gu, "")
      .toLowerCase();
    return plain.match(/[!-/:-@[-`{-~\p{P}]|[^\s!-/:-@[-`{-~\p{P}]+/gu) ?? [];
  }
  longest(word) {
    const letters = Array.from(word);
    const pieces = [];
    for (let start = 0; start < letters.length;) {
      let end = letters.length;
      let token;
      for (; end > start; end--) {
        token = (start ? "##" : "") + letters.slice(start, end).join("");
        if (this.ids.has(token)) break;
      }
      if (end === start || letters.length > 100) return [{ id: this.unk, token: "[UNK]", text: word }];
      pieces.push({ id: this.ids.get(token), token, text: letters.slice(start, end).join("") });
      start = end;
    }
    return pieces;
  }
}

// The vocabulary of any kind that Python's `to_json` gave.
export function vocabulary(card) {
  const kinds = { subwords: Subwords, wordpiece: WordPiece, bytepairs: BytePairs };
  return new (kinds[card.kind] ?? Vocabulary)(card);
}
