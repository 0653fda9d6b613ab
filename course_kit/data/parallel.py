"""The course's own parallel corpus: sentences from a grammar, with gold word alignments.

    pairs = load_parallel("en-fr", split="train")       # list of Pair
    pairs[0].source, pairs[0].target, pairs[0].alignment
    detokenize(pairs[0].target, "fr")              # "Le chat n'a pas mangé la pomme."

data/parallel/README.md says how to make it again.
"""

import functools
import re
from collections.abc import Iterable
from typing import NamedTuple

from course_kit.programs.arguments import list_of_texts, one_of

from . import packed
from .packed import Links, Row

SPLITS = ("train", "valid", "test", "long", "unseen", "twins")
LANGUAGES = ("en", "fr", "zh")
FOLDER, FILE = "data/parallel", "corpus.gz"
PAIRS = ("en-fr", "en-zh", "fr-en", "zh-en")

FRENCH = r"(?i:aujourd'hui)|[^\W_]+'|[^\W_]+(?:-[^\W_]+)*|[^\w\s]"
ENGLISH = r"[^\W_]+n't|'s\b|[^\W_]+(?:-[^\W_]+)*|[^\w\s]"


class Twin(NamedTuple):
    """One of two twins ("… because it was too tired" and "… too wide")."""

    pair: int  # number of the pair; both twins carry it
    frame: str  # the kind of event: cross, jump, fit, enter, pull, catch, eat, sail
    it: str  # what "it" is: "subject" or "object" of the first clause
    referent: str  # the English noun that "it" is
    distractor: str  # and the one that it is not
    pronoun: str  # tokens that the target needs after "because": "il", "fatigué"; 它, 累
    adjective: str
    other_pronoun: str  # what they would be if "it" were the distractor
    other_adjective: str
    held_out: str  # the noun in no twin of training: "subject", "object", "both" or ""


class Pair(NamedTuple):
    """A sentence and its translation, as tokens. Only names and the like have a capital.

    English words ("didn't" is one, "'s" and punctuation are their own), French words with
    elided ones apart ("l'", "qu'"), Chinese characters.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    alignment: Links  # words that say the same: the sure links
    kind: str  # statement, question, because, relative, twin, thread, …
    clauses: int = 1
    twin: Twin | None = None
    possible: Links = ()  # and those that an annotator might set: an article and its noun


def load_parallel(languages: str = "en-fr", split: str = "train") -> list[Pair]:
    """A split of the corpus.

    languages  "en-fr", "en-zh", or the other way round ("fr-en", "zh-en")
    split      "train", "valid", "test": the same mixture; "long": longer than those;
               "unseen": pairs of words (adjective and noun) that training never shows
               together; "twins": too tired / too wide, with nouns held out
    """
    one_of("languages", languages, PAIRS)
    return list(_pairs(languages, one_of("split", split, SPLITS)))


def detokenize(tokens: Iterable[str], language: str) -> str:
    """Tokens as text: a capital to begin with, l' and 's joined to their word."""
    tokens = list_of_texts("tokens", tokens)
    if one_of("language", language, LANGUAGES) == "zh":
        return "".join(tokens)
    text = re.sub(r" ([.,])", r"\1", " ".join(tokens))
    space = r" ('s\b|[?!])" if language == "en" else r"(\w') "
    text = re.sub(space, r"\1", text)
    return re.sub(r"(^|[.?!] )(\w)", lambda begin: begin[1] + begin[2].upper(), text)


def tokenize(text: str, language: str) -> tuple[str, ...]:
    """Text as tokens of the corpus; of what `detokenize` gives, the same tokens again.

    The first word of a sentence is written small, unless it is I or Anna.
    """
    one_of("language", language, LANGUAGES)
    text = re.sub(r"[\u00a0\u202f\u2009\s]+", " ", text).replace("’", "'").strip()
    if language == "zh":
        return tuple(text.replace(" ", ""))
    words = re.findall(FRENCH if language == "fr" else ENGLISH, text)
    capitals = _capitalised(language)
    begins = [True, *(word in ".?!" for word in words)]
    return tuple(
        word.lower() if begin and word not in capitals else word for word, begin in zip(words, begins, strict=False)
    )


@functools.cache
def _rows() -> dict[str, list[Row]]:
    """The rows of each split, checked against the manifest."""
    return packed.from_text(packed.read(FOLDER, FILE))


@functools.cache
def _pairs(languages: str, split: str) -> tuple[Pair, ...]:
    return tuple(_pair(row, *languages.split("-")) for row in _rows()[split])


def _pair(row: Row, source: str, target: str) -> Pair:
    column = f"en-{target if source == 'en' else source}"
    sure, possible = packed.decode(row[column]), packed.decode(row[f"{column} possible"])
    if source != "en":
        sure, possible = _turned(sure), _turned(possible)
    return Pair(
        source=_tokens(row, source),
        target=_tokens(row, target),
        alignment=sure,
        kind=row["kind"],
        clauses=int(row["clauses"]),
        twin=_twin(row["twin"], column) if row["twin"] else None,
        possible=tuple(sorted({*sure, *possible})),
    )


def _tokens(row: Row, language: str) -> tuple[str, ...]:
    return tuple(row[language] if language == "zh" else row[language].split(" "))


def _turned(links: Links) -> Links:
    return tuple(sorted((source, target) for target, source in links))


def _twin(text: str, column: str) -> Twin:
    number, frame, it, referent, distractor, *french, chinese, held_out = text.split("|")
    words = french if column == "en-fr" else ["它", chinese, "它", chinese]
    facts = frame, it, referent, distractor, *words, held_out
    return Twin(int(number), *facts)  # type: ignore[call-arg]


@functools.cache
def _capitalised(language: str) -> frozenset[str]:
    """Words that the corpus only has with a capital."""
    rows = [row for split in _rows().values() for row in split]
    words = {word for row in rows for word in row[language].split(" ")}
    return frozenset(w for w in words if w[0].isupper() and w.lower() not in words)
