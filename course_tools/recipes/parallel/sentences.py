"""Joins clauses into sentences, said in three languages side by side. Each function of KINDS draws one, or None."""

from dataclasses import dataclass, field

from . import chinese, english, french
from .lexicon import rows
from .meaning import GROWN_UP, NP, Word, phrase_words
from .sampler import Sampler

NO_QUESTION = ("look for", "follow", "wait for")  # "what … for?" would end in a preposition
ALIKE = frozenset(["animal", "crossable", "furniture", "vehicle", "clothes", "building"])  # compared among themselves
SIGHTS = frozenset(["crossable", "barrier", "shelter", "load", "ship", "sailable", "bag"])
END = {".": "。", "?": "？", "!": "！"}


@dataclass
class Draft:
    """A sentence in the making: the words of each language, and what is known about it."""

    kind: str
    en: list = field(default_factory=list)
    fr: list = field(default_factory=list)
    zh: list = field(default_factory=list)
    clauses: int = 1
    twin: dict | None = None
    marks: int = 0

    def say(self, c, bare=False):
        """Add a clause."""
        self.en += english.clause(c)
        self.fr += french.clause(c)
        self.zh += chinese.clause(c, bare)
        return self

    def comma(self, link=None, only_zh=False):
        """A comma, and a word like "but". Chinese has a comma between any two clauses; it goes with the link then."""
        self.marks += 1
        key = ((",", self.marks),)
        self.en += [Word(",", key)] * (not only_zh)
        self.fr += [Word(",", key)] * (not only_zh)
        self.zh += [Word("，", (*key, (("phrase", id(link)), "1")))]
        return self.phrase(link) if link else self

    def phrase(self, phrase, languages=("en", "fr", "zh")):
        for language in languages:
            getattr(self, language).extend(phrase_words(phrase, language, ("phrase", id(phrase))))
        return self

    def end(self, mark="."):
        self.marks += 1
        key = ((",", self.marks),)
        self.en.append(Word(mark, key))
        self.fr.append(Word(mark, key))
        self.zh.append(Word(END[mark], key))
        return self


class Writer(Sampler):
    """A sampler that writes whole sentences."""

    def link(self, name):
        return self.lexicon.phrases_of("link", name)[0]

    def joined(self, kind, first, name, second):
        """first, LINK second."""
        return Draft(kind, clauses=2).say(first).comma(self.link(name)).say(second).end()

    def during(self, kind, first, name, second):
        """first while second: Chinese says the second first."""
        link = self.link(name)
        draft = Draft(kind, clauses=2)
        draft.en = [*english.clause(first), *phrase_words(link, "en", "link"), *english.clause(second)]
        draft.fr = [*french.clause(first), *phrase_words(link, "fr", "link"), *french.clause(second)]
        draft.zh = [*chinese.clause(second, bare=True), *phrase_words(link, "zh", "link")]
        draft.zh += [Word("，", (("link", "1"),)), *chinese.clause(first)]
        return draft.end()

    # one clause

    def statement(self):
        return Draft("statement").say(self.deny(self.clause(), 0.25)).end()

    def sight(self):
        """X saw the canal: what twins speak of, in other company."""
        verb = self.lexicon.verb(self.pick(("see", "draw", "photograph", "describe")))
        fitting = [noun for noun in self.lexicon.nouns_of(SIGHTS) if noun.fits(verb.objects)]
        c = self.of_verb(verb, self.pick([t for t in verb.tenses if t in "pgf"]), time=0.3, object=False)
        noun = self.pick(fitting)
        self.pairs.append((verb.en, noun.en))
        c.object = self.noun(noun, self.lexicon.determiners[verb.en], c.subject)
        return Draft("statement").say(self.deny(c, 0.1)).end()

    def is_how(self):
        past = self.chance(0.3)
        c = self.described(tense="b" if past else "s")
        if not c.degree:
            self.deny(c, 0.2)
        if past and self.chance(0.4) and "w" in c.adjective.use:
            c.when = self.favour(self.lexicon.phrases_of("past", "day"))
        return Draft("is").say(c).end()

    def comparison(self):
        np = self.topic()
        noun = np.noun or self.lexicon.noun("woman" if np.sex == "she" else "man")
        if np.person != 3 or np.pronoun:
            return None
        animal = np.sex == "it" and "animal" in noun.classes
        found = [a for a in self.lexicon.adjectives_for(noun, "p") if a.more != "-" and "_" not in a.fr]
        found = [a for a in found if not (animal and a.en in ("big", "small"))]
        if not found:
            return None
        adjective = self.favour(found)
        if np.sex != "it":
            than = self.other_person(np)
        else:
            kind = min(noun.classes & ALIKE, default="")
            others = self.lexicon.nouns_of(frozenset({kind}))
            others = [n for n in others if adjective in self.lexicon.adjectives_for(n, "p")]
            if len(others) < 2:
                return None
            np.det = "the" if np.det == "this" or np.plural else np.det
            than = NP(self.pick([n for n in others if n != noun]), np.det, np.number)
        if than.pronoun:
            return None
        c = self.quality(np, adjective)
        c.than = than
        return Draft("comparison").say(c).end()

    def there_is(self):
        row = self.pick(rows("there"))
        preposition, place, things = row["preposition"], row["place"], row["things"]
        noun = self.favour(self.lexicon.nouns_of(frozenset(things.split(","))))
        thing = self.noun(noun, ["a", "a", "num"])
        at = NP(self.lexicon.noun(place), "my" if place == "bag" else "the")
        on = self.lexicon.phrases_of(preposition)[0]
        there = self.link("there_plural" if thing.plural else "there")
        draft = Draft("there").phrase(there, ("en", "fr"))
        draft.en += [*english.noun_phrase(thing), *phrase_words(on, "en", "on"), *english.noun_phrase(at)]
        draft.fr += [*french.noun_phrase(thing), *phrase_words(on, "fr", "on"), *french.noun_phrase(at)]
        draft.zh += [*chinese.noun_phrase(at), *phrase_words(on, "zh", "on")]
        draft.phrase(there, ("zh",))
        draft.zh += chinese.noun_phrase(thing)
        return draft.end()

    def order(self):
        verb = self.pick([v for v in self.lexicon.verbs_of(frames="td", subjects=GROWN_UP) if "c" in v.tenses])
        you = NP(None, "pro", person=2)
        thing = self.object(verb, you, 0.12)
        if not thing.thing or thing.pronoun:
            return None
        c = self.of_verb(verb, "o", you, object=thing)
        if c.recipient and c.recipient.pronoun:
            return None
        c.tense, c.when, c.often, c.where = "o", None, None, None
        draft = Draft("order")
        if self.chance(0.3) and c.object.det not in ("a", "some", "num"):
            return draft.say(self.deny(c)).end("!")
        please = self.link("please")
        draft.phrase(please, ("zh",)).say(c)
        for words in (draft.en, draft.fr):
            words.append(Word(",", ((",", 1),)))
        draft.phrase(please, ("en", "fr")).marks = 1
        return draft.end(self.pick(".!"))

    def question(self):
        ask = self.pick(("yes", "yes", "yes", "who", "what", "where", "why", "when", "how many"))
        tenses = {"who": "pf", "what": "gp", "where": "hp", "when": "pf", "how many": "p", "why": "p"}.get(ask, "hgpfm")
        frames = {"what": "t", "how many": "t", "where": "ttll", "when": "tgd"}.get(ask, "ttttdig")
        subject = NP(det="", name=self.pick(self.lexicon.names)) if ask == "who" else None
        if ask != "who":
            subject = self.person(0.55)
            if subject.person == 1:
                return None
        c = self.clause(tenses, frames, subject, described=0.1)
        if ask == "who":
            c.subject = NP(None, "the")  # in French and English, "who" is a third person singular, masculine
            if c.object and c.object.det in ("his", "her", "'s"):
                return None
        if ask == "where":
            if c.verb.en not in ("live", "stay", "read", "eat", "work", "wait", "buy", "find", "lose", "see", "draw"):
                return None
            c.where, c.often = None, None
        if ask == "yes":
            c.often = None
        if ask in ("what", "how many") and (not c.object.thing or "institution" in c.object.noun.classes):
            return None
        if ask == "what" and (c.verb.fr_preposition or c.verb.en in NO_QUESTION):
            return None
        if ask == "how many":
            counted = c.object.noun.countable and "opening" not in c.object.noun.classes
            if not counted or "a" not in self.lexicon.determiners[c.verb.en]:
                return None
            c.object = NP(c.object.noun, "num", "p", 2)
        if ask in ("when", "how many"):
            c.when = None
        c.ask = ask
        return Draft("question").say(c).end("?")

    def institution(self):
        verb = self.pick(self.lexicon.verbs_of(("study", "criticise", "support", "discuss")))
        return Draft("institution").say(self.deny(self.of_verb(verb, self.pick(verb.tenses)), 0.2)).end()

    def phrase_only(self):
        """A thing without a sentence: "the green apples"."""
        nouns = [n for n in self.lexicon.nouns if "person" not in n.classes]
        np = self.noun(self.pick(nouns), ["the", "a", "my", "num"], described=1.0)
        if not np.adjectives:
            return None
        return Draft("phrase", english.noun_phrase(np), french.noun_phrase(np), chinese.noun_phrase(np))
