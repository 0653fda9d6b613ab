"""Events and what explains them: because, so, wanted to … but, if."""

from .details import Details
from .lexicon import rows
from .meaning import NP, Clause
from .sentences import Draft

NEEDS = ("eat", "drink", "make", "cook", "sleep", "stay")
GOOD, BAD = "+", "-"  # polarity


class Reasons(Details):
    """A writer who knows why things happen (data/parallel/reasons.tsv)."""

    def event(self, row, tense):
        """(an event of this row of reasons.tsv, what its reason is about) or None."""
        frames = {"object": "t", "recipient": "d"}.get(row["about"], "tdigl")
        verb = self.pick(self.lexicon.verbs_of((row["verb"],), frames))
        if tense not in verb.tenses and not (tense == "p" and row["polarity"] == BAD and verb.frame == "i"):
            return None
        target = frozenset(row["target"].split())
        subject = self.subject(verb.subjects, 0.3 if row["about"] != "subject" else 0.15)
        if row["about"] == "subject" and subject.person != 3:
            return None
        thing = None
        if verb.frame in "td":
            fitting = [noun for noun in self.lexicon.nouns_of(target) if noun.fits(verb.objects)] if target else ()
            if target and not fitting:
                return None
            named = frozenset(noun.en for noun in fitting)
            thing = self.object(verb, subject, 0.15, named or None)
            if tense == "p" and thing.pronoun and thing.person != 3:
                return None
        if row["about"] == "object" and (thing.person != 3 or thing.pronoun and not thing.name):
            return None
        c = self.of_verb(verb, tense, subject, 0.25, object=thing, days="day")
        c.often = None
        if tense == "h" and not c.when and not c.where:
            return None
        if row["about"] == "object" and thing.det in ("a", "num", "some", "gen") and row["polarity"] == BAD:
            thing.det, thing.count = "the", 0
        if row["about"] == "weather" and verb.frame == "g":
            goals = [p for p in self.lexicon.phrases_of("goal") if p.en[-1][0] in target]
            c.goal = self.pick(goals)
        if "at_home" in target:
            c.where = self.lexicon.phrases_of("stay")[0]
        if row["polarity"] == BAD:
            self.deny(c)
        return c, {"subject": c.subject, "object": c.object, "recipient": c.recipient}.get(row["about"])

    def reason(self, row, about, tense):
        """The clause that explains an event, or None if it would not fit what it is about."""
        noun = about.noun or self.lexicon.noun("woman" if about.sex == "she" else "man")
        words = row["why"].split()
        found = [a for a in self.lexicon.adjectives_for(noun, "p") if a.en in words and a.zh_pred != "年轻"]
        if not found:
            return None
        degree = self.pick(row["degrees"].split()).replace("none", "")
        return self.quality(about, self.pick(found), degree, "b" if tense == "p" else "s")

    def explained(self):
        """(event, reason as a clause, what the reason is about, its row, tense); reason None with weather."""
        for _ in range(20):
            row = self.pick(rows("reasons"))
            tense = self.pick({"weather": "ppf", "object": "pppf"}.get(row["about"], "pppfg"))
            del self.pairs[:]
            made = self.event(row, tense)
            if made is None:
                continue
            c, about = made
            self.lengthen(c)
            if about is not None:
                about.adjectives = ()
            if row["about"] == "weather":
                return c, None, None, row, tense
            why = self.reason(row, about, tense)
            if why is not None and not (about is c.object and about.noun and about.pronoun):
                return c, why, about, row, tense
        return None

    def weather(self, row, when):
        return self.favour(self.lexicon.phrases_of(self.pick(row["why"].split()), when) or (None,))

    def because(self):
        made = self.explained()
        if not made:
            return None
        c, why, about, row, tense = made
        draft = Draft("because", clauses=2).say(c).comma(self.link("because"), only_zh=True)
        if why is None:
            if tense == "f" and c.when is None:
                c.when = self.favour(self.lexicon.phrases_of("future"))
            phrase = self.weather(row, "past" if tense == "p" else "present")
            return draft.phrase(phrase).end() if phrase and tense == "p" else None
        why.subject = about if about.pronoun else about.as_pronoun()
        return draft.say(why).end()

    def reported(self):
        """X says that …, because …"""
        made = self.explained()
        if not made or made[1] is None or made[0].subject.pronoun and made[0].subject.person == 3:
            return None
        c, why, about, _, _ = made
        self.lengthen(c, 0.5)
        subject = self.person(0.6)
        if self._alike(subject, c.subject) or about.pronoun and about.person == 3:
            return None
        said = "say" if subject.person == 3 else "think"
        verb = self.pick(self.lexicon.verbs_of((said, "think", "know"), "c"))
        why.subject = about if about.pronoun else about.as_pronoun()
        draft = Draft("reported", clauses=3).say(Clause(subject, verb, tense="s")).phrase(self.link("that")).say(c)
        return draft.comma(self.link("because"), only_zh=True).say(why).end()

    def so(self):
        """The reason first, then what follows, with pronouns for what is known."""
        made = self.explained()
        if not made:
            return None
        c, why, about, row, tense = made
        if why is None:
            phrase = self.weather(row, "past" if tense == "p" else "present")
            if not phrase or tense == "g" or (tense == "f") != (row["polarity"] == BAD or tense == "f"):
                return None
            return Draft("so", clauses=2).phrase(phrase).comma(self.link("so")).say(c).end()
        if about.pronoun or c.verb.fr_preposition and about is c.object or about.det in ("a", "some", "gen", "num"):
            return None
        if about is c.subject:
            c.subject = about.as_pronoun()
        elif about is c.object:
            if about.det in ("his", "her", "its") or about.owner:
                return None
            c.object = about.as_pronoun()
        else:
            c.recipient = about.as_pronoun()
        if about.det == c.subject.own() and c.subject.person == 3:
            return None
        why.subject = about
        return Draft("so", clauses=2).say(why).comma(self.link("so")).say(c).end()

    def wish(self):
        """X wanted to …, but …"""
        made = self.explained()
        if not made or made[3]["polarity"] == GOOD or made[1] is None or made[4] != "p":
            return None
        c, why, about, row, _ = made
        if "m" not in c.verb.tenses:
            return None
        c.deny, c.tense, c.modal, c.when, c.where = "", "h", "wanted", None, None
        why.subject = about if about.pronoun else about.as_pronoun()
        return self.joined("wish", c, "but", why)

    def condition(self):
        """If it rains tomorrow, …; if you are hungry, …"""
        you = NP(None, "pro", person=2)
        if self.chance(0.35):
            row = self.pick([r for r in rows("reasons") if r["about"] == "subject" and r["verb"] in NEEDS])
            made = self.event(dict(row, about=""), "f")
            if not made or row["polarity"] == BAD:
                return None
            c = made[0]
            c.subject, c.when, c.tense, c.deny, c.modal = you, None, "h", "", "can"
            why = self.reason(row, you, "g")
            return self._if(why, c) if why else None
        row = self.pick([r for r in rows("reasons") if r["about"] == "weather"])
        made = self.event(row, "f")
        phrase = self.weather(row, "if")
        if not made or not phrase:
            return None
        c = made[0]
        c.when = None
        return self._if(phrase, c)

    def _if(self, condition, c):
        draft = Draft("if", clauses=2).phrase(self.link("if"))
        draft = draft.say(condition) if isinstance(condition, Clause) else draft.phrase(condition)
        return draft.comma().say(c).end()
