"""Events one after another and side by side: and then, in order to, but, while, when."""

from dataclasses import replace

from . import chinese, english, french
from .details import Details
from .lexicon import rows
from .meaning import GROWN_UP, Clause
from .sampler import FAR
from .sentences import Draft

BAD = "-"


class Times(Details):
    """A writer who knows what comes after what (data/parallel/sequences.tsv)."""

    def sequence(self):
        row = self.pick(rows("sequences"))
        firsts, thens = (self.lexicon.verbs_of((row[name],), subjects=GROWN_UP) for name in ("first", "then"))
        if not firsts or not thens:
            return None
        classes = frozenset(row["objects"].split(","))
        first, then = self.pick(firsts), self.pick(thens)
        subject = self.subject(first.subjects)
        thing = self.noun(self.favour(self.lexicon.nouns_of(classes)), self.lexicon.determiners[first.en], subject)
        fitting = [v for v in thens if thing.noun.fits(v.objects)]
        then = self.pick(fitting) if fitting else then
        self.pairs += [(first.en, thing.noun.en), (then.en, thing.noun.en)]
        a = self.of_verb(first, "p", subject, 0.3, object=thing, days="day")
        a.tense, a.where = "w" if first.en == "look for" else "p", None
        self.lengthen(a, 0.3)
        if thing.relative and thing.relative.verb in (first, then):
            return None
        b = Clause(subject if subject.person != 3 else subject.as_pronoun(), then, thing.as_pronoun(), tense="p")
        if then.frame == "d":
            b.recipient = self.other_person(subject)
            if b.recipient.pronoun and b.recipient.person == 3:
                return None
        if row["polarity"] == BAD:
            self.deny(b)
        if row["polarity"] == BAD or row["conjunction"] == "but":
            return self.joined("sequence", a, "but", b)
        return self._and_then(a, b)

    def _and_then(self, a, b):
        """English, French and Chinese leave the second subject out."""
        draft = Draft("sequence", clauses=2).say(a).comma(self.link("and"), only_zh=True)
        subject_key = (b.subject.id, "n")
        for language, words in (("en", english.clause(b)), ("fr", french.clause(b)), ("zh", chinese.clause(b))):
            getattr(draft, language).extend(w for w in words if subject_key not in w.keys)
        return draft.end()

    def purpose(self):
        """X goes to the market to buy apples."""
        goal = self.pick([p for p in self.lexicon.phrases_of("goal") if p.fits])
        name = next((fit for fit in sorted(goal.fits) if "." in fit), min(goal.fits))
        verb_name, _, classes = name.partition(".")
        classes = frozenset(c for fit in goal.fits for c in fit.split(".")[-1:]) if classes else frozenset()
        verb = self.lexicon.verbs_of((verb_name,), "t" if classes else "i", GROWN_UP)[0]
        go = self.lexicon.verb("go")
        subject = self.subject(go.subjects)
        a = self.of_verb(go, self.pick("hpf"), subject, 0, goal=goal)
        a.where = None
        b = Clause(subject, verb, tense="n")
        if classes:
            noun = self.favour(self.lexicon.nouns_of(classes))
            self.pairs.append((verb.en, noun.en))
            b.object = self.noun(noun, ["some", "a", "num"] if verb.en == "buy" else ["a"], subject)
        kind = {"p": "past", "f": "future"}.get(a.tense)
        far = "" if goal.en[-1][0] in FAR else "day"
        b.when = self.favour(self.lexicon.phrases_of(kind, far)) if kind and self.chance(0.4) else None
        if b.when:  # Chinese says the time first
            a_zh = replace(a, when=b.when)
            draft = Draft("purpose", clauses=2)
            key = {((b.id, "when"), mark): ((a.id, "when"), mark) for _, mark in b.when.en}
            for language, say in (("en", english.clause), ("fr", french.clause)):
                words = [w._replace(keys=tuple(key.get(k, k) for k in w.keys)) for w in say(a) + say(b)]
                setattr(draft, language, words)
            b.when = None
            draft.zh = chinese.clause(a_zh) + chinese.clause(b)
        else:
            draft = Draft("purpose", clauses=2).say(a).say(b)
        draft.zh = [w for w in draft.zh if not (w.text == "了" and (a.id, "v") in w.keys)]
        return draft.end()

    def contrast(self):
        """X likes tea, but Y prefers coffee; X bought a hat, but Y bought a scarf."""
        like, prefer = (self.lexicon.verb(name) for name in ("like", "prefer"))
        if self.chance(0.3):
            classes = frozenset({self.pick(("fruit", "drink", "food"))})
            a = self.of_verb(like, "s", self.person(), object=self._generic(like, classes))
            other = self.other_person(a.subject)
            b = self.of_verb(prefer, "s", other, object=self._generic(prefer, classes))
            unclear = other.pronoun and other.person == 3 and not a.subject.name and not a.subject.noun
            if a.object.noun == b.object.noun or unclear:
                return None
            return self.joined("contrast", a, "but", b)
        a = self.clause("pf", "t", self.person(0.3))
        classes = a.object.noun and a.object.noun.classes & a.verb.objects
        if not classes or a.object.sex != "it":
            return None
        other = self.other_person(a.subject)
        if other.pronoun and other.person == 3:
            return None
        thing = self.object(a.verb, other, 0.25, frozenset({sorted(classes)[0]}))
        b = self.of_verb(a.verb, a.tense, other, 0, object=thing)
        b.where = None
        if thing.noun == a.object.noun:
            return None
        self.lengthen(self.lengthen(a, 0.25) and b, 0.25)
        return self.joined("contrast", a, self.pick(("but", "both")) if a.tense != "x" else "but", b)

    def _generic(self, verb, classes):
        noun = self.favour(self.lexicon.nouns_of(classes))
        self.pairs.append((verb.en, noun.en))
        return self.noun(noun, ["gen"], described=0)

    def meanwhile(self):
        tense = self.pick("gw")
        a, b = (self.clause("g", "ttid", self.subject(frozenset({"person", "animal"}), 0.2), 0) for _ in range(2))
        for c in (a, b):
            c.when, c.tense = None, tense
        b.where = None if b.where == a.where else b.where
        if any(c.object and c.object.pronoun and c.object.person == 3 for c in (a, b)):
            return None
        if tense == "w" and self._rare(a.subject, b.subject):
            return None
        if self._alike(a.subject, b.subject) or a.verb == b.verb:
            return None
        return self.during("while", a, "while", b)

    def when(self):
        b = self.clause("p", "eeg", self.subject(frozenset({"person", "adult", "young"}), 0.35), 0)
        a = self.clause("g", "ttid", self.subject(frozenset({"person", "animal"}), 0.3), 0)
        a.tense, a.when = "w", None
        a.where = None if b.goal else a.where
        if self._rare(a.subject):
            return None
        stands_for = b.subject.pronoun and (b.subject.name or b.subject.noun)
        if self._alike(a.subject, b.subject) or stands_for or b.verb.en == "go":
            return None
        return self.during("when", a, "when", b)
