"""Says more about who did it and what it was done to: relative clauses."""

from .meaning import NP, Clause
from .sentences import Draft, Writer

# what may have been done to a thing before
NOT_RELATED = ("understand", "forget", "describe")  # "the poem that she forgot" leaves one asking
BEFORE = frozenset(["buy", "find", "make", "choose", "wash", "repair", "write", "lose", "sell"])


class Details(Writer):
    """A writer who can add a relative clause."""

    def lengthen(self, c, probability=0.35):
        """Say more about who it is ("the woman who lives in Paris") or what ("the dress that Emma bought")."""
        who, thing = c.subject, c.object
        plain = who.noun and who.det == "the" and not who.plural and not who.adjectives
        if plain and "person" in who.noun.classes and self.chance(probability):
            frame = self.pick("ttdil")
            inner = self.clause("h" if frame == "l" else "pg", frame, who, 0.2, described=0.1)
            if inner.verb != c.verb and inner.when != c.when:
                inner.gap, who.relative = "subject", inner
                inner.when = None if inner.tense == "g" else inner.when
        if thing is None or not thing.noun or thing.det != "the" or thing.plural:
            return c
        if thing.noun.classes & {"person", "institution"}:
            return c
        if c.tense in "pfwg" and self.chance(probability * 1.5):
            new = c.verb.en in ("write", "make")  # what is being made has not been lost before
            before = [] if new else self.lexicon.verbs_of(BEFORE)
            fitting = [v for v in before if v != c.verb and thing.noun.fits(v.objects)]
            giver = self.other_person(c.subject)
            if fitting and (giver.name or giver.noun and not giver.pronoun):
                verb = self.pick([v for v in fitting if giver.fits(v.subjects)] or fitting)
                inner = self.of_verb(verb, "p", giver, 0.25, object=NP(thing.noun, "the"))
                inner.where, inner.gap = None, "object"
                thing.relative, thing.adjectives, c.when, c.where = inner, (), None, None
                self.pairs.append((verb.en, thing.noun.en))
        return c

    def told(self):
        """One clause with more to it."""
        return Draft("relative", clauses=2).say(c).end() if (c := self._with_relative()) else None

    def _with_relative(self):
        c = self.deny(self.clause("pgf", "ttd"), 0.2)
        self.lengthen(c, 0.7)
        return c if c.subject.relative or c.object.relative else None

    def related(self):
        """The man who bought the bread is my uncle; the cake that my sister made is delicious."""
        if self.chance(0.45):
            noun = self.favour(self.lexicon.nouns_of(frozenset({"man", "woman", "boy", "girl", "job"})))
            who = NP(noun, "the")
            inner = self.clause("pg", "ttdi", who, 0.25)
            inner.when = None if inner.tense == "g" else inner.when
            inner.gap, who.relative = "subject", inner
            if self.chance(0.5):
                relative = self.favour(self.lexicon.nouns_of(frozenset({"kin"})))
                if ("he" in relative.classes) != (who.sex == "he"):
                    return None
                c = Clause(who, identity=NP(relative, self.pick(("my", "your", "our", "her", "his"))), tense="s")
            else:
                c = self.described(who, degrees=("", "very"))
            return Draft("relative", clauses=2).say(c).end()
        inner = self.clause("p", "t", self.person(0.4), 0.25)
        thing = inner.object
        if not thing.thing or "institution" in thing.noun.classes:
            return None
        if inner.verb.zh.startswith("给O") or inner.verb.en in NOT_RELATED or inner.verb.fr_preposition:
            return None
        np = NP(thing.noun, "the", "p" if thing.plural and thing.noun.countable else "s", relative=inner)
        inner.object, inner.gap = NP(thing.noun, "the", np.number), "object"
        if self.chance(0.6):
            c = self.described(np, tense=self.pick("sb"))
            return Draft("relative", clauses=2).say(c).end() if c else None
        if inner.verb.en not in BEFORE:
            return None
        verbs = self.lexicon.verbs_of(frames="t", subjects=frozenset({"person"}))
        verbs = [v for v in verbs if "p" in v.tenses and not v.fr_preposition]
        verbs = [v for v in verbs if v != inner.verb and thing.noun.fits(v.objects)]
        if not verbs:
            return None
        subject = self.person(0.3)
        verb = self.pick(verbs)
        c = self.of_verb(verb, self.pick([t for t in verb.tenses if t in "pf"]), subject, 0, object=np)
        c.where = None
        self.pairs.append((verb.en, thing.noun.en))
        return Draft("relative", clauses=2).say(c).end()

    @staticmethod
    def _alike(a, b):
        same = (a.name, a.noun, a.person) == (b.name, b.noun, b.person)
        return same or (a.pronoun and b.pronoun) or a.person == b.person == 1

    @staticmethod
    def _rare(*subjects):
        """we, you and "they" in the imparfait: each verb would need forms that hardly occur elsewhere."""
        return any(np.plural or np.person == 2 for np in subjects)
