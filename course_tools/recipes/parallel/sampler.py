"""Draws clauses that make sense: what is done or how something is, when and where."""

from .chinese import takes_degree
from .meaning import GROWN_UP, Clause
from .things import Things

FAR = ("Paris", "China")  # one goes there in summer, not every day


class Sampler(Things):
    """Draws clauses."""

    def clause(self, tenses="hgpfm", frames="ttttddigle", subject=None, time=0.45, described=0.25):
        """A clause whose tense is one of `tenses`."""
        while True:
            frame = self.pick(frames)
            verb = self.favour(self.lexicon.verbs_of(frames=frame))
            possible = [tense for tense in verb.tenses if tense in tenses]
            if not possible or subject is not None and not self.suits(subject, verb):
                continue
            return self.of_verb(verb, self.pick(possible), subject, time, described)

    @staticmethod
    def suits(subject, verb):
        return subject.fits(verb.subjects) if subject.noun or subject.name else bool(verb.subjects & GROWN_UP)

    def of_verb(self, verb, tense, subject=None, time=0.45, described=0.25, object=None, goal=None, days=""):
        """A clause with this verb in this tense; subject, object, goal are drawn if they are not given.

        time       how often it is said when, if the tense doesn't ask for it
        described  how often a thing gets an adjective
        days       "day": no "last week", "next year"
        """
        subject = subject or self.subject(verb.subjects)
        c = Clause(subject, verb, tense=tense)
        if verb.frame in "td":
            c.object = self.object(verb, subject, described) if object is None else object
            if c.object and tense in "pwb" and c.object.pronoun and c.object.person != 3:
                c.object = self.name(subject)  # the participle would have to know who is speaking
        if verb.frame == "d":
            c.recipient = self.other_person(subject)
        if verb.frame == "l":
            c.where = self.favour(self.lexicon.phrases_of("home" if verb.en == "live" else "stay"))
        if verb.frame == "g":
            c.goal = goal or self.favour(self.lexicon.phrases_of("goal"))
        if tense == "m":
            c.tense, c.modal = "h", self.pick(("want", "want", "can", *["must"] * ("o" in verb.tenses)))
        self.circumstances(c, tense, time, days)
        return c

    def circumstances(self, c, tense, time, days=""):
        """When, where, how often. days: only what happens within a day."""
        kind = {"p": "past", "f": "future", "g": "now"}.get(tense)
        near = c.goal is not None and c.goal.en[-1][0] not in FAR
        days = days if "y" in c.verb.tenses and not near else "day"
        if c.verb.frame in "ti" and self.chance(0.3):
            places = self.lexicon.phrases_of("place", c.verb.en)
            if c.subject.noun and "animal" in c.subject.noun.classes:
                places = tuple(place for place in places if "animal" in place.fits)
            c.where = self.favour(places) if places else None
        if tense == "h" and c.verb.frame != "l":
            far = "far" if c.goal and c.goal.en[-1][0] in FAR else ""
            if self.chance(0.5):
                c.when = self.favour(self.lexicon.phrases_of("habit", far))
            else:
                c.often = self.favour(self.lexicon.phrases_of("often", far))
        elif kind and self.chance(time if kind != "now" else 0.1 if not c.where else 0):
            c.when = self.favour(self.lexicon.phrases_of(kind, days if kind != "now" else ""))

    def deny(self, c, probability=1.0):
        """Say no, if the clause allows it: "never" for a habit."""
        if not self.chance(probability) or c.often or c.deny or c.modal == "must":
            return c
        if c.tense == "h" and not c.modal and c.verb and c.verb.frame != "l":
            c.deny, c.when = "never", None
        else:
            c.deny = "not"
        if c.object and c.object.det in ("a", "some"):
            c.object.adjectives = ()
        if c.object and c.object.det == "num":
            c.object.det, c.object.count = "the", 0
        return c

    def described(self, subject=None, tense="s", degrees=("", "very", "too")):
        """Somebody or something is how it is."""
        while True:
            np = subject or self.topic()
            if not np.noun and not np.name and np.person == 3 and not subject:
                continue
            noun = np.noun or self.lexicon.noun("woman" if np.sex == "she" else "man")
            found = self.lexicon.adjectives_for(noun, "p")
            if found:
                break
            if subject:
                return None
        adjective = self.favour(found)
        usual = [d for d in degrees if (d != "too" or "t" in adjective.use) and not (d and "x" in adjective.use)]
        return self.quality(np, adjective, self.pick(usual), tense)

    def quality(self, np, adjective, degree="", tense="s"):
        if np.noun:
            self.pairs.append((adjective.en, np.noun.en))
        return Clause(np, adjective=adjective, degree=degree if takes_degree(adjective) else "", tense=tense)

    def topic(self):
        """Something or somebody one can say something about."""
        if self.chance(0.45):
            return self.person(0.3)
        usable = [noun for noun in self.lexicon.nouns if noun.classes.isdisjoint({"person", "institution"})]
        noun = self.pick(usable)
        determiners = ["the", "my", "this"] if noun.classes & {"thing", "vehicle"} else ["the", "this"]
        return self.noun(noun, determiners, described=0)
