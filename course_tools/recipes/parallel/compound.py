"""Everything a writer can write: sentences of two clauses and more."""

from . import chinese, english, french
from .meaning import NP, Clause, Word
from .reasons import Reasons
from .sentences import Draft
from .times import Times


class Storyteller(Reasons, Times):
    """The writer of the corpus."""

    def opinion(self):
        """X thinks that …"""
        subject = self.person(0.6)
        verb = self.pick([v for v in self.lexicon.verbs_of(frames="c") if v.en != "say" or subject.person == 3])
        a = Clause(subject, verb, tense="s")
        tense = "f" if verb.en == "hope" else self.pick("psf")
        state = tense == "s"
        b = self.described(self.topic()) if state else self.clause(tense, "ttdige", self.other_person(subject))
        if b is None or not b.adjective and self._alike(b.subject, a.subject) and b.subject.person != 3:
            return None
        if b.subject.pronoun and b.subject.person == 3:
            return None
        if not b.adjective:
            self.deny(b, 0.2)
            self.lengthen(b, 0.4)
        return Draft("opinion", clauses=2).say(a).phrase(self.link("that")).say(b).end()

    def lost(self):
        """Where are my keys? I can't find them."""
        noun = self.favour(self.lexicon.nouns_of(frozenset({"portable", "pet", "bag"})))
        me = NP(None, "pro", person=1) if self.chance(0.6) else self.name()
        np = NP(noun, me.own(), "p" if self.chance(0.2) else "s")
        find = self.lexicon.verb("find")
        c = Clause(me, find, np.as_pronoun(), tense="h", modal="can", deny="not")
        draft = Draft("lost", clauses=2)
        if me.name:  # Anna has lost her bag, and she cannot find it
            self.pairs.append(("look for", noun.en))
            a = Clause(me, self.lexicon.verb("look for"), np, tense="g")
            c.subject = me.as_pronoun()
            return self.joined("lost", a, "but", c)
        where, be = (("where", 1),), (("be", 1),)
        plural = np.plural
        draft.en = [Word("where", where), Word("are" if plural else "is", be), *english.noun_phrase(np)]
        draft.fr = [Word("où", where), Word("sont" if plural else "est", be), *french.noun_phrase(np)]
        draft.zh = [*chinese.noun_phrase(np), Word("在", be), Word("哪儿", where)]
        return draft.end("?").say(c).end()
