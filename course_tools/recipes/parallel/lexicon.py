"""The words of three languages, and what they go together with: `data/parallel/*.tsv`, read."""

import functools
from dataclasses import dataclass

from course_kit import files

SEVERAL = {"classes", "subjects", "objects", "fits"}  # columns that hold several names


@dataclass(frozen=True)
class Noun:
    """A noun; `en_plural` is "" for what cannot be counted, `the` is 那 where Chinese would say "that" for "the"."""

    en: str
    en_plural: str
    fr: str
    fr_plural: str
    gender: str  # m or f, in French
    zh: str
    measure: str
    the: str
    classes: frozenset

    def fits(self, classes):
        """Does the noun, or a class of it, stand among `classes`?"""
        return self.en in classes or not self.classes.isdisjoint(classes)

    @property
    def countable(self):
        return bool(self.en_plural)


@dataclass(frozen=True)
class Adjective:
    """An adjective. use: a before a noun, p after "is", i with institutions; more: English comparative, or "-"."""

    en: str
    fr: str
    fr_f: str  # feminine
    before_vowel: str
    place: str  # pre or post, in French
    zh_attr: str
    zh_pred: str
    use: str
    more: str
    classes: frozenset


@dataclass(frozen=True)
class Verb:
    """A verb. frame: t transitive, d dative, i intransitive, l with a place, g with a goal, e an arrival or the like.

    tenses: h habit, g progressive, p past, f future, m after want/can, o after must, s a state, c an order,
            y something for next year, not only for tomorrow.
    zh      Chinese pattern: O object, R recipient, L place, G goal, 了 only in an affirmative past
    zh_ba   the pattern for "V it" in an affirmative past, with 把
    """

    en: str
    past: str
    ing: str
    fr: str
    fr_preposition: str
    zh: str
    frame: str
    subjects: frozenset
    objects: frozenset
    tenses: str
    zh_ba: str = ""


@dataclass(frozen=True)
class FrenchVerb:
    present: tuple  # je tu il nous vous ils
    participle: str
    auxiliary: str  # avoir or être


@dataclass(frozen=True)
class Phrase:
    """A phrase in three languages, each a tuple of (word, mark): words with one mark say the same thing."""

    kind: str
    en: tuple
    fr: tuple
    zh: tuple
    fits: frozenset


@dataclass(frozen=True)
class Lexicon:
    nouns: tuple
    names: tuple
    adjectives: tuple
    verbs: tuple
    french: dict
    phrases: tuple
    determiners: dict

    @functools.cache  # noqa: B019 - there is one lexicon, and it lives as long as the process
    def nouns_of(self, classes):
        """The nouns that fit a frozenset of classes, in the order of the table."""
        return tuple(noun for noun in self.nouns if noun.fits(classes))

    @functools.cache  # noqa: B019
    def phrases_of(self, kind, fits=""):
        return tuple(p for p in self.phrases if p.kind == kind and (not fits or fits in p.fits))

    @functools.cache  # noqa: B019
    def adjectives_for(self, noun, use):
        return tuple(a for a in self.adjectives if use in a.use and noun.fits(a.classes))

    def noun(self, en):
        return next(noun for noun in self.nouns if noun.en == en)

    def verb(self, en):
        return next(verb for verb in self.verbs if verb.en == en)

    def verbs_of(self, names=(), frames="", subjects=frozenset()):
        """The verbs that have one of these names and frames, and that some of these subjects can do: what is given."""
        found = [v for v in self.verbs if (not names or v.en in names) and (not frames or v.frame in frames)]
        return [v for v in found if not subjects or v.subjects & subjects]

    def __hash__(self):
        return id(self)


@functools.cache
def rows(name):
    """The rows of `data/parallel/NAME.tsv` as dictionaries. Raises OSError naming a malformed line."""
    path = files.course_folder() / "data" / "parallel" / f"{name}.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()
    header = lines[0].split("\t")
    result = []
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        if len(cells) != len(header):
            raise OSError(f"data/parallel/{name}.tsv, line {number}: {len(cells)} cells, needed {len(header)}.")
        result.append(dict(zip(header, cells, strict=True)))
    return result


def marked(text):
    """ "the:1 garden:2" -> (("the", "1"), ("garden", "2"))."""
    return tuple(tuple(word.rsplit(":", 1)) for word in text.split())


@functools.cache
def lexicon():
    """Everything in data/parallel, read once."""
    ba = {(row["verb"], row["zh"]): row["zh_ba"] for row in rows("ba")}
    return Lexicon(
        nouns=_table(Noun, "nouns", lambda row: {x: _plural(row[x[:2]], row[x]) for x in ("en_plural", "fr_plural")}),
        names=tuple(tuple(row.values()) for row in rows("names")),
        adjectives=_table(Adjective, "adjectives", lambda row: {"fr_f": _feminine(row["fr"], row["fr_f"])}),
        verbs=_table(Verb, "verbs", lambda row: {"zh_ba": ba.get((row["en"], row["zh"]), "")}),
        french={row["infinitive"]: _french(row) for row in rows("french_verbs")},
        phrases=_table(Phrase, "phrases", lambda row: {x: marked(row[x]) for x in ("en", "fr", "zh")}),
        determiners={row["verb"]: row["determiners"].split() for row in rows("determiners")},
    )


def regular(infinitive):
    """A French verb of the first group."""
    stem = infinitive.removesuffix("er")
    if stem == infinitive:
        raise ValueError(f"{infinitive!r} is not regular: it needs a line in data/parallel/french_verbs.tsv.")
    return FrenchVerb(tuple(stem + e for e in ("e", "es", "e", "ons", "ez", "ent")), stem + "é", "avoir")


def _table(kind, name, other):
    """The rows of a table as one of the classes above, whose fields stand in the order of its columns; other(row):
    fields that are not as in the table."""
    made = []
    for row in rows(name):
        several = {column: frozenset(row[column].replace(",", " ").split()) for column in SEVERAL & row.keys()}
        made.append(kind(*(row | several | other(row)).values()))
    return tuple(made)


def _plural(word, plural):
    return {"+": word + "s", "-": ""}.get(plural, plural)


def _feminine(word, feminine):
    return {"+": word + "e", "=": word}.get(feminine, feminine)


def _french(row):
    present = tuple(row["present"].split())
    present = regular(row["infinitive"]).present if present == ("er",) else present
    return FrenchVerb(present, row["participle"], row["auxiliary"])
