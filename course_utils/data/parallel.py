"""The course's own parallel corpus: English, French and Chinese sentences from a grammar, with gold word alignments.

    pairs = load_parallel("en-fr", split="train")       # list of Pair
    pairs[0].source, pairs[0].target, pairs[0].alignment
    detokenize(pairs[0].target, "fr")                   # "Le chat n'a pas mangé la pomme."

`python -m course_tools.recipes.parallel.corpus` makes the corpus again. The card is data/parallel/README.md.
"""

import functools
import re
from collections import Counter
from typing import NamedTuple

from course_utils import checks
from course_utils.checks import list_of_texts, one_of
from course_utils.data import packed

SPLITS = ("train", "valid", "test", "long", "unseen", "twins")
LANGUAGES = ("en", "fr", "zh")
FOLDER, FILE = "data/parallel", "corpus.gz"
PAIRS = tuple(
    f"{a}-{b}" for a in LANGUAGES for b in LANGUAGES if (a == "en") != (b == "en")
)


class Twin(NamedTuple):
    """What is known about one of two twins ("… because it was too tired" and "… too wide")."""

    pair: int  # number of the pair; both twins carry it
    frame: str  # the kind of event: cross, jump, fit, enter, pull, catch, eat, sail
    it: str  # what "it" is: "subject" or "object" of the first clause
    referent: str  # the English noun that "it" is
    distractor: str  # and the one that it is not
    pronoun: str  # tokens that the target needs after "because" ("il", "fatigué"; in Chinese 它, 累)
    adjective: str
    other_pronoun: str  # what they would be if "it" were the distractor
    other_adjective: str
    held_out: str  # the noun that is in no twin of the training set: "subject", "object", "both" or ""


class Pair(NamedTuple):
    """A sentence and its translation, as tokens: English words ("didn't" is one, punctuation and "'s" are their own),
    French words with elided ones apart ("l'", "qu'"), Chinese characters. Only names and the like have a capital.

    possible: the links of `alignment` (sure ones), and those that an annotator might set as well, an article and the
    noun it agrees with, an auxiliary and its verb. For the alignment error rate.
    """

    source: tuple
    target: tuple
    alignment: tuple  # of (target index, source index): words that say the same
    kind: str  # statement, question, because, relative, twin, thread, …
    clauses: int = 1
    twin: Twin | None = None
    possible: tuple = ()


def load_parallel(languages="en-fr", split="train", words=None):
    """A split of the corpus -> list of Pair.

    languages  "en-fr", "en-zh", or the other way round ("fr-en", "zh-en")
    split      "train", "valid", "test": the same mixture; "long": longer sentences than any in training;
               "unseen": word pairs (adjective and noun, verb and object) that training never shows together;
               "twins": too tired / too wide, with nouns held out
    words      only sentences made of this many of the commonest English words: quicker to learn in a lesson
    Raises ValueError for another name or number, OSError if the file is missing or damaged.
    """
    pairs = _pairs(one_of("languages", languages, PAIRS), one_of("split", split, SPLITS))
    if words is None:
        return list(pairs)
    common, side = (
        _common(checks.whole_number("words", words, 1)),
        0 if languages.startswith("en") else 1,
    )
    return [pair for pair in pairs if common.issuperset(pair[side])]


def detokenize(tokens, language):
    """Tokens -> text as it is printed: a capital to begin with, l' and 's joined to their word, no spaces in Chinese.

    Raises ValueError for an unknown language.
    """
    one_of("language", language, LANGUAGES)
    tokens = list_of_texts("tokens", tokens, "one token each")
    if language == "zh":
        return "".join(tokens)
    text = " ".join(tokens)
    text = re.sub(r" ([.,])", r"\1", text)
    text = (
        re.sub(r" ('s\b|[?!])", r"\1", text)
        if language == "en"
        else re.sub(r"(\w') ", r"\1", text)
    )
    return re.sub(r"(^|[.?!] )(\w)", lambda found: found[1] + found[2].upper(), text)


def tokenize(text, language):
    """Text -> tuple of tokens as in the corpus; of what `detokenize` gives, the same tokens again.

    The first word of a sentence is written small unless the corpus only knows it with a capital (I, Anna).
    Raises ValueError for an unknown language, TypeError if `text` is not a string.
    """
    one_of("language", language, LANGUAGES)
    text = (
        re.sub(r"[\u00a0\u202f\u2009\s]+", " ", checks.text("text", text))
        .replace("’", "'")
        .strip()
    )
    if language == "zh":
        return tuple(text.replace(" ", ""))
    if language == "fr":
        found = re.findall(
            r"aujourd'hui|[^\W_]+'|[^\W_]+(?:-[^\W_]+)*|[^\w\s]",
            text,
            flags=re.IGNORECASE,
        )
    else:
        found = re.findall(r"[^\W_]+n't|'s\b|[^\W_]+(?:-[^\W_]+)*|[^\w\s]", text)
    capitals = _capitalised(language)
    pairs = zip(found, [True, *(word in ".?!" for word in found)], strict=False)
    return tuple(
        word.lower() if begin and word not in capitals else word for word, begin in pairs
    )


@functools.cache
def _rows():
    """{split: rows} of the file, checked against the manifest."""
    return packed.from_text(packed.read(FOLDER, FILE))


@functools.cache
def _pairs(languages, split):
    source, target = languages.split("-")
    column = f"en-{target if source == 'en' else source}"
    result = []
    for row in _rows()[split]:
        links, more = packed.decode(row[column]), packed.decode(row[column + " possible"])
        if source != "en":
            links, more = (
                tuple(sorted((b, a) for a, b in found)) for found in (links, more)
            )
        tokens = tuple(
            row[name] if name == "zh" else row[name].split(" ")
            for name in (source, target)
        )
        facts = row["kind"], int(row["clauses"]), _twin(row["twin"], column)
        result.append(
            Pair(*map(tuple, tokens), links, *facts, tuple(sorted({*links, *more})))
        )
    return tuple(result)


@functools.cache
def _common(count):
    """The commonest English words of train; of two that are as common, the first in the alphabet."""
    counts = Counter(word for row in _rows()["train"] for word in row["en"].split(" "))
    return frozenset(sorted(counts, key=lambda word: (-counts[word], word))[:count])


def _twin(text, column):
    if not text:
        return None
    number, frame, it, referent, distractor, *french, chinese, held_out = text.split("|")
    words = french if column == "en-fr" else ("它", chinese, "它", chinese)
    return Twin(int(number), frame, it, referent, distractor, *words, held_out)


@functools.cache
def _capitalised(language):
    """Words that the corpus only has with a capital."""
    words = {
        word
        for rows in _rows().values()
        for row in rows
        for word in row[language].split(" ")
    }
    return frozenset(
        word for word in words if word[0].isupper() and word.lower() not in words
    )
