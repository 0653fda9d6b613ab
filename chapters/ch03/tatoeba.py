"""Real sentences: Tatoeba's English–French and English–Chinese pairs, cleaned, and split by source sentence.

    pairs = load("en-fr", "train")        # [("i'm cold.", "j'ai froid."), …]

The split depends on the source sentence alone (a hash of it), so it is the same for each release of the corpus and for
a student's own sentence. Source: tatoeba.org through manythings.org/anki, CC BY 2.0 FR.
"""

import functools
import hashlib
import re
from collections import defaultdict

from course_kit import fetching
from course_kit.i18n import mark
from course_kit.programs import arguments
from course_kit.text import normalise

CORPORA = {"en-fr": "tatoeba-en-fr", "en-zh": "tatoeba-en-zh"}
SPLITS = ("train", "valid", "test")
MAX_WORDS = 14
ATTRIBUTION = mark("Sentences by the contributors of tatoeba.org, CC BY 2.0 FR, by way of www.manythings.org/anki")

# Words that don't belong in a classroom, as the first 12 digits of their SHA-256: some fifty pairs hold one.
COARSE = """
029cb2544c33 1143da2bc54c 120f6e5b4ea3 16f6f22f13a1 241497dfb99c 31506a8448a7 3e267bd8faf2 4d94f9182fe3 521e601a5247
566f532d486c 6251cedf283d 6ac3c336e409 6b7f1a2879cd 785d960fc309 7b18f199984c 85fc17f7069a 862a6b5e7933 8e760c31fd2f
a0f9178f3cf7 a6e9c460a6f6 abff32664fcb b0e71e3d6dc1 bb4679824b67 c2537eeadfde d75a838dc758 e07463da22ca e6d0f0c591a6
efc0c180c864 fc2dec82a03c ff1580fa239a
"""
_WORD, _TWO = re.compile(r"[^\W\u4e00-\u9fff]+"), re.compile(r"(?=([\u4e00-\u9fff]{2}))")


def split_of(source: str) -> str:
    """The split that a source sentence belongs to: "test" (2 %), "valid" (1 %) or "train"."""
    drawn = int(_hash(normalise(source))[:8], 16) / 16**8
    return "test" if drawn < 0.02 else "valid" if drawn < 0.03 else "train"


@functools.lru_cache(maxsize=4)
def load(pair: str, split: str) -> list[tuple[str, str]]:
    """The pairs (source, target) of one split, normalised, each once; English of at most 14 words.

    pair: "en-fr", "fr-en", "en-zh" or "zh-en"; split: "train", "valid" or "test", by the source sentence.
    Raises ValueError for an unknown pair or split, and what `data.fetch` raises where the corpus cannot be had.
    """
    source, _, target = str(pair).partition("-")
    corpus = CORPORA.get(f"en-{target if source == 'en' else source}")
    if corpus is None or "en" not in (source, target) or split not in SPLITS:
        splits = ", ".join(SPLITS)
        raise ValueError(f"asked for {pair!r}, {split!r}; there are en-fr, fr-en, en-zh and zh-en, with {splits}")
    kept = {}
    for english, other in read(fetching.read(corpus)):
        one = (english, other) if source == "en" else (other, english)
        if split_of(one[0]) == split and len(english.split()) <= MAX_WORDS and not is_coarse(english, other):
            kept[one] = None
    return list(kept)


def read(text: str) -> list[tuple[str, str]]:
    """The lines `English ⇥ translation [⇥ attribution]` of a release, normalised.

    Raises ValueError where a line has no second column, with its number.
    """
    pairs = []
    arguments.string("text", text, most=10**9)
    for number, line in enumerate(text.splitlines(), 1):
        columns = line.split("\t")
        if len(columns) < 2 or not columns[0].strip() or not columns[1].strip():
            raise ValueError(f"line {number} is {line[:60]!r}; needed: English, a tab, its translation")
        pairs.append((normalise(columns[0]), normalise(columns[1])))
    return pairs


def references(pairs) -> dict:
    """All translations of each source sentence: (source, target) pairs -> {source: [target, …]}."""
    found = defaultdict(list)
    for source, target in [arguments.list_of_texts("a pair", pair, "source and target") for pair in pairs]:
        found[source].append(target)
    return dict(found)


def is_coarse(*texts: str) -> bool:
    """Does one of the texts hold a word of the list (in Chinese: two characters in a row)?"""
    texts = arguments.list_of_texts("texts", texts)
    return any(_coarse(word) for text in texts for word in _WORD.findall(text) + _TWO.findall(text))


@functools.cache
def _coarse(word: str) -> bool:
    return _hash(word)[:12] in COARSE


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
