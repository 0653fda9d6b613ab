"""Draws people and things: who can do it, to what, and how one speaks of them."""

import random
import zlib

from .lexicon import lexicon
from .meaning import NP

PERSONAL = ((1, "s"), (2, "s"), (1, "p"))
# rarely more than one at a time
ALONE = frozenset(["single", "opening", "crossable", "barrier", "shelter", "load", "ship", "unique"])
OWNABLE = frozenset(
    ["kin", "thing", "clothes", "home", "pet", "own", "food", "drink", "soup", "portable", "gift", "writable", "house"]
)
SKEW = 2.0  # half of the draws fall on the first quarter
RESERVED_IN = 20  # one pair of words in so many is kept out of training


def reserved(first, second):
    """Is this pair of words (adjective and noun, or verb and object) kept for the set of unseen combinations?"""
    return zlib.crc32(f"{first} {second}".encode()) % RESERVED_IN == 0


class Things:
    """Draws things with a generator of its own. `pairs` collects the word pairs of the sentence being made."""

    def __init__(self, seed):
        self.generator = random.Random(seed)
        self.random = self.generator.random
        self.lexicon = lexicon()
        self.pairs = []

    def chance(self, probability):
        return self.random() < probability

    def pick(self, items):
        """One of the items. Only `random()` is used: it gives the same numbers in every Python."""
        return items[int(self.random() * len(items))]

    def favour(self, items):
        """One of the items; the first ones of a table come far more often than the last, as words do in life."""
        return items[int(self.random() ** SKEW * len(items))]

    def weighted(self, weights):
        """One of the keys, as often as its weight says."""
        left = self.random() * sum(weights.values())
        for key in weights:
            left -= weights[key]
            if left < 0:
                return key
        raise ValueError(f"no weights to choose by: {weights}")

    def person(self, pronouns=0.35):
        """Somebody: a pronoun, a name, a relative, or somebody by trade."""
        draw = self.random()
        if draw < pronouns:
            number = self.random()
            if number < 0.6:
                person, many = self.favour(PERSONAL)
                return NP(None, "pro", many, person=person)
            if number < 0.72:
                return NP(None, "pro", "p")
            return self.name().as_pronoun()
        if draw < pronouns + 0.25:
            return self.name()
        classes = frozenset({"kin"}) if self.chance(0.5) else frozenset({"job", "woman", "man", "boy", "girl", "child"})
        return self.noun(self.favour(self.lexicon.nouns_of(classes)), ["the"])

    def name(self, exclude=None):
        names = [name for name in self.lexicon.names if exclude is None or name != exclude.name]
        return NP(name=self.pick(names), det="")

    def subject(self, classes, pronouns=0.35):
        """Somebody or an animal that can do it."""
        animals = self.lexicon.nouns_of(classes - {"person", "adult", "young"})
        animals = [noun for noun in animals if "animal" in noun.classes]
        people = classes & {"person", "adult", "young"}
        if animals and (not people or self.chance(0.3)):
            noun = self.favour(animals)
            return self.noun(noun, ["the", "the", "the", "my"] if "pet" in noun.classes else ["the"])
        while True:
            np = self.person(pronouns)
            if np.fits(people):
                return np

    def noun(self, noun, determiners, subject=None, described=0.25):
        """A thing, spoken of in one of these ways. "my" becomes the subject's own."""
        det, number, count, person = self.pick(determiners), "s", 0, "person" in noun.classes
        if det == "my" and noun.classes.isdisjoint(OWNABLE) or det == "a" and "unique" in noun.classes:
            det = "the"
        if "kin" in noun.classes:
            det = "my"
        elif "institution" in noun.classes:
            return NP(noun, "the", adjectives=self.institutional(noun))
        if not noun.countable:
            det = {"a": "some", "num": "some"}.get(det, det)
        elif det == "class":
            pass
        elif not noun.classes.isdisjoint(ALONE):
            det = {"num": "a"}.get(det, det)
        elif det == "num":
            number, count = "p", 2 + int(self.random() ** 2 * 4)
        elif det in ("some", "gen") or det != "a" and self.chance(0.04 if det == "my" or person else 0.1):
            number = "p"
        if det == "some" and noun.countable and number == "s":
            det = "a"
        if det == "my":
            det = self.owner_of(noun, subject)
        np = NP(noun, det, number, count)
        if det == "'s":
            np.owner = self.name(subject)
        elif "kin" not in noun.classes and det != "class" and self.chance(described * (0.4 if person else 1)):
            np.adjectives = self.adjectives(noun)
        return np

    def owner_of(self, noun, subject):
        if subject is not None and subject.sex == "it" and subject.person == 3 and "kin" in noun.classes:
            return self.pick(("my", "your", "our"))
        if subject is not None and "kin" not in noun.classes and self.chance(0.92):
            return subject.own()
        if subject is not None and "kin" in noun.classes and self.chance(0.6):
            return subject.own()
        if subject is None and self.chance(0.15) and "kin" in noun.classes:
            return "'s"
        if subject is not None and self.chance(0.5) and not subject.pronoun:
            return "'s"
        return self.pick(("my", "my", "your", "our", "his", "her"))

    def adjectives(self, noun):
        """One adjective before the noun, or a size and a colour."""
        found = self.lexicon.adjectives_for(noun, "a")
        if not found:
            return ()
        first = self.favour(found)
        colours = [a for a in found if "colourful" in a.classes or a.en in ("black", "grey", "white")]
        result = (first,)
        if first.place == "pre" and colours and self.chance(0.35):
            result = (first, self.favour(colours))
        self.pairs += [(adjective.en, noun.en) for adjective in result]
        return result

    def institutional(self, noun):
        found = self.lexicon.adjectives_for(noun, "i")
        first = self.favour(found)
        where = [a for a in found if a.en[0].isupper()]
        # "European international law" says two things at once
        what = [a for a in found if not a.en[0].isupper() and a.en != "international"]
        result = (self.favour(where), self.favour(what)) if what and self.chance(0.6) else (first,)
        self.pairs += [(adjective.en, noun.en) for adjective in result]
        return result

    def object(self, verb, subject, described=0.25, classes=None):
        """Something the verb can be done to."""
        classes = classes or verb.objects
        people = classes & {"person", "kin"}
        if people and (len(classes) == len(people) or self.chance(0.4)):
            return self.other_person(subject, people)
        noun = self.favour(self.lexicon.nouns_of(classes - {"person"} or classes))
        if "person" in noun.classes:
            return self.noun(noun, ["the"], subject)
        self.pairs.append((verb.en, noun.en))
        return self.noun(noun, self.lexicon.determiners[verb.en], subject, described)

    def other_person(self, subject, classes=frozenset({"person"})):
        """A person who is not the subject."""
        if "kin" in classes:
            return self.noun(self.favour(self.lexicon.nouns_of(frozenset({"kin"}))), ["my"], subject)
        while True:
            np = self.person(0.3)
            same = (np.person, np.number) == (subject.person, subject.number) or (np.person == subject.person == 1)
            if np.pronoun and (same and np.person != 3 or np.person == 1 and subject.person == 1):
                continue
            if np.name and np.name == subject.name or np.noun and np.noun == subject.noun:
                continue
            if np.noun and "kin" in np.noun.classes:
                np.det = self.owner_of(np.noun, subject)
                np.owner = self.name(subject) if np.det == "'s" else None
            return np
