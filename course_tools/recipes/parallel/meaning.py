"""What is said, without a language: things (NP) and clauses. The realisers turn them into words."""

import itertools
from dataclasses import dataclass, field
from typing import NamedTuple

from .lexicon import Adjective, Noun, Phrase, Verb


class Word(NamedTuple):
    """A word and the parts of the meaning it says.

    English: all parts it says. French, Chinese: parts in order of preference; it is linked to the first one that an
    English word says. `tag` tells French sandhi what the word is.
    """

    text: str
    keys: tuple
    tag: str = ""


_ids = itertools.count(1)


def new_id():
    """A number for a part of a meaning. Only equality counts, so its value never reaches the corpus."""
    return next(_ids)


GROWN_UP = frozenset({"person", "adult"})


@dataclass
class NP:
    """A thing or person.

    noun    what it is; None for a name (`name`: en, fr, zh, gender) or a pronoun of the first or second person
    det     the a some this num my your his her our their; gen: no article ("likes apples"), class: "plays the piano",
            job: "is a teacher", 's: of `owner`, pro: a pronoun stands for it
    """

    noun: Noun | None = None
    det: str = "the"
    number: str = "s"
    count: int = 0
    adjectives: tuple = ()
    name: tuple = ()
    person: int = 3
    owner: "NP | None" = None
    relative: "Clause | None" = None
    id: int = field(default_factory=new_id)

    @property
    def plural(self):
        return self.number == "p"

    @property
    def gender(self):
        """Grammatical gender in French: m or f."""
        return self.noun.gender if self.noun else self.name[3] if self.name else "m"

    @property
    def sex(self):
        """How English and Chinese refer to it: he, she, it."""
        if self.name:
            return "he" if self.name[3] == "m" else "she"
        return next((sex for sex in ("he", "she") if self.noun and sex in self.noun.classes), "it")

    @property
    def pronoun(self):
        return self.det == "pro"

    @property
    def thing(self):
        """Is it no person? A pronoun that stands for a thing is one, too."""
        return self.noun is not None and self.sex == "it"

    def fits(self, classes):
        if self.noun:
            return self.noun.fits(classes)
        return bool(GROWN_UP & set(classes))

    def as_pronoun(self):
        """A pronoun that stands for this."""
        return NP(self.noun, "pro", self.number, name=self.name, person=self.person)

    def own(self):
        """The possessive that goes with this as owner."""
        if self.person != 3:
            return {(1, "s"): "my", (1, "p"): "our"}.get((self.person, self.number), "your")
        return "their" if self.plural else {"he": "his", "she": "her"}.get(self.sex, "its")


@dataclass
class Clause:
    """Who does what, when and where; or who is how.

    tense   h habit, g progressive, w was doing, p past, f future, s state, b state in the past, o order, n infinitive
    modal   "" want can must wanted
    deny    "" not never
    gap     "subject" or "object": the part that a relative pronoun stands for
    """

    subject: NP
    verb: Verb | None = None
    object: NP | None = None
    recipient: NP | None = None
    adjective: Adjective | None = None
    degree: str = ""  # very too
    than: NP | None = None
    identity: NP | None = None
    tense: str = "h"
    deny: str = ""
    modal: str = ""
    often: Phrase | None = None
    where: Phrase | None = None
    goal: Phrase | None = None
    when: Phrase | None = None
    gap: str = ""
    ask: str = ""  # yes, who, what, where, when, why, how many
    id: int = field(default_factory=new_id)

    @property
    def past(self):
        return self.tense in "pwb" or self.modal == "wanted"


def phrase_words(phrase, language, identity):
    """The words of a phrase, marked so that those with one mark in two languages are linked."""
    return [Word(text, ((identity, mark),)) for text, mark in getattr(phrase, language)]


def circumstances(c, language):
    """Where to, where and when, in the order of English and French."""
    said = [(part, getattr(c, part)) for part in ("goal", "where", "when")]
    return [word for part, phrase in said if phrase for word in phrase_words(phrase, language, (c.id, part))]
