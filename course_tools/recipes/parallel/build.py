"""Draws the corpus and splits it by source sentence; `corpus.py` writes it."""

from collections import Counter

from course_kit.data import packed

from . import chinese, english, french, twins
from .compound import Storyteller
from .lexicon import lexicon, rows
from .meaning import Word
from .sentences import Draft
from .things import reserved

SEED = 20261120
SIZES = {"train": 20000, "valid": 1000, "test": 1000, "long": 500, "unseen": 800}
TWIN_PAIRS = {"train": 1000, "both": 200, "subject": 100, "object": 100}
LONGEST = 24
LONG = (LONGEST + 1, 40)
PER_PAIR = 20  # no reserved pair of words fills the set of unseen combinations

# Lengths are spread: none makes up more than this part of the ordinary sentences.
COMMON = 0.062
SHARE = {3: 0.015, 4: 0.02, 5: 0.045, 6: 0.055, 20: 0.05, 21: 0.045, 22: 0.04, 23: 0.03, 24: 0.025}

# how often each kind of sentence is drawn
KINDS = {
    "statement": 22, "sight": 5, "is_how": 8, "comparison": 2, "there_is": 5, "order": 5, "question": 14,
    "institution": 4, "phrase_only": 3, "because": 13, "reported": 7, "told": 7, "so": 8, "wish": 5, "condition": 6,
    "sequence": 10, "purpose": 5, "contrast": 9, "meanwhile": 6, "when": 6, "opinion": 9, "related": 8, "lost": 3,
}  # fmt: skip
TWO_CLAUSES = ("because", "so", "sequence", "contrast", "meanwhile", "when", "related", "opinion")


class Said:
    """A draft with its words put in order: tokens of three languages, links, and what is known about it."""

    def __init__(self, draft, pairs=()):
        self.kind, self.twin, self.clauses, self.pairs = draft.kind, draft.twin, draft.clauses, tuple(pairs)
        en, fr = english.sentence_words(draft.en), french.sentence_words(draft.fr)
        zh = chinese.characters(draft.zh)
        self.en, self.fr, self.zh = (tuple(word.text for word in words) for words in (en, fr, zh))
        where = {}
        for index, word in enumerate(en):
            for key in word.keys:
                where.setdefault(key, []).append(index)
        (self.links_fr, self.possible_fr), (self.links_zh, self.possible_zh) = links(fr, where), links(zh, where)

    @property
    def texts(self):
        return " ".join(self.en), " ".join(self.fr), "".join(self.zh)


def links(words, where):
    """For each target word, the source words that it is linked to (those of its first part that English says as well),
    and the others that say a part of it: "le" is "the", and agrees with "man"."""
    sure, possible = [], []
    for word in words:
        groups = word.keys if word.tag == "both" else (word.keys,)
        first = {index for keys in groups for index in next((where[key] for key in keys if key in where), ())}
        every = {index for keys in groups for key in keys for index in where.get(key, ())}
        sure.append(tuple(sorted(first)))
        possible.append(tuple(sorted(every - first)))
    return sure, possible


class Collector:
    """Keeps what is new: no sentence twice, in none of the three languages."""

    def __init__(self):
        self.seen = set()

    def add(self, *sentences):
        """All of them, or none if one is there already."""
        texts = [(language, text) for said in sentences for language, text in enumerate(said.texts)]
        if len(set(texts)) < len(texts) or not self.seen.isdisjoint(texts):
            return False
        self.seen.update(texts)
        return True


def build(seed=SEED, sizes=None, twin_pairs=None):
    """The whole corpus -> {split: list of Said}. Smaller `sizes` make a sample of it, by the same rules."""
    sizes, twin_pairs = sizes or SIZES, twin_pairs or TWIN_PAIRS
    writer, collector, nouns = Storyteller(seed), Collector(), twins.held_out_nouns()
    splits = {name: [] for name in (*sizes, "twins")}
    for draft in _fixed():
        said = Said(draft)
        collector.add(said)
        splits["train"].append(said)
    _add_twins(writer, collector, splits, nouns, twin_pairs)
    spoiled = _near_twin(nouns)
    pool = _ordinary(writer, collector, splits, sizes, spoiled)
    packed.shuffle(pool, writer.generator)
    needed = sizes["train"] - len(splits["train"])
    splits["train"] += pool[:needed]
    packed.shuffle(splits["train"], writer.generator)
    known = _words(splits["train"])
    rest = [said for said in pool[needed:] if known(said)]
    splits["valid"], splits["test"] = rest[: sizes["valid"]], rest[sizes["valid"] :][: sizes["test"]]
    splits["unseen"] = [said for said in splits["unseen"] if known(said)][: sizes["unseen"]]
    while len(splits["long"]) < sizes["long"]:
        said = _long(writer)
        fits = said and LONG[0] <= len(said.en) <= LONG[1] and not spoiled(said) and not _kept(said)
        if fits and known(said) and collector.add(said):
            splits["long"].append(said)
    return splits


def _ordinary(writer, collector, splits, sizes, spoiled):
    """Sentences for train, valid and test, spread over lengths; those with a reserved pair of words go to "unseen"."""
    wanted = sizes["train"] - len(splits["train"]) + int(1.2 * (sizes["valid"] + sizes["test"]))
    pool, lengths, shown = [], Counter(), Counter()
    while len(pool) < wanted:
        draft = _draw(writer, KINDS)
        length = len(draft.en) if draft else 0
        full = lengths[length] >= SHARE.get(length, COMMON) * wanted
        if not 3 <= length <= LONGEST or full:
            continue
        said = Said(draft, writer.pairs)
        kept = _kept(said)
        often = any(shown[pair] >= PER_PAIR for pair in kept)
        if often or kept and len(splits["unseen"]) >= 1.4 * sizes["unseen"] or spoiled(said) or not collector.add(said):
            continue
        (splits["unseen"] if kept else pool).append(said)
        lengths[length] += not kept
        shown.update(kept)
    return pool


def _draw(writer, kinds):
    """A draft of a random kind, or None if the draw made no sense."""
    del writer.pairs[:]
    return getattr(writer, writer.weighted(kinds))()


def _kept(said):
    """The reserved pairs of words in a sentence."""
    return {pair for pair in said.pairs if reserved(*pair)}


def _near_twin(nouns):
    """Would a sentence show a held-out noun with the verb of a twin?"""
    verbs = {row["en"] for row in rows("twins")}
    return lambda said: any((a in verbs and b in nouns) or (b in verbs and a in nouns) for a, b in said.pairs)


def _words(sentences):
    """-> a function that says whether all words of a sentence, in the three languages, occur in `sentences`."""
    known = [{word for said in sentences for word in getattr(said, name)} for name in ("en", "fr", "zh")]
    return lambda said: all(
        words.issuperset(getattr(said, name)) for words, name in zip(known, ("en", "fr", "zh"), strict=True)
    )


def _fixed():
    """The course's threads and companions, linked by hand."""
    for row in rows("fixed"):
        draft = Draft(row["kind"])
        for name in ("en", "fr", "zh"):
            for text in row[name].split():
                word, marks = text.rsplit(":", 1)
                keys = tuple((mark,) for mark in marks.split("+"))
                groups = tuple((key,) for key in keys)
                getattr(draft, name).append(Word(word, groups, "both") if len(keys) > 1 else Word(word, keys))
        yield draft


def _add_twins(writer, collector, splits, nouns, twin_pairs):
    words = lexicon()
    found, number = twins.candidates(words), 0
    for held, count in twin_pairs.items():
        held = "" if held == "train" else held
        target = splits["twins" if held else "train"]
        fitting = [c for c in found if twins.held_out(c, nouns) == held]
        if not held:
            course = next(c for c in fitting if [x.en for x in c[1:]] == ["animal", "street", "tired", "wide"])
            target += (pair := [Said(draft) for draft in twins.drafts(course, 0, "", words)])
            collector.add(*pair)
        chosen = twins.balanced(fitting * 3, count, writer.pick)
        for two in zip(chosen[::2], chosen[1::2], strict=True):  # one subject masculine, one feminine
            for _ in range(9):
                said = []
                for k, candidate in enumerate(two, 1):
                    how = twins.variety(candidate, writer)
                    said += [Said(draft) for draft in twins.drafts(candidate, number + k, held, words, *how)]
                if collector.add(*said):
                    target += said
                    number += 2
                    break


def _long(writer):
    """Two sentences of two clauses in one, or None."""
    halves, pairs = [], []
    for _ in range(2):
        draft = _draw(writer, {name: KINDS[name] for name in TWO_CLAUSES})
        if draft is None or draft.en[-1].text != ".":
            return None
        halves.append(draft)
        pairs += writer.pairs
    first, second = halves
    for language in ("en", "fr", "zh"):
        del getattr(first, language)[-1]
        words = getattr(second, language)
        words[:] = [word._replace(keys=_second(word)) for word in words]
    first.kind, first.clauses = "long", first.clauses + second.clauses
    first.comma(writer.link("both" if writer.chance(0.5) else "but"))
    for language in ("en", "fr", "zh"):
        getattr(first, language).extend(getattr(second, language))
    return Said(first, pairs)


def _second(word):
    """The keys of a word in the second half, kept apart from those of the first."""
    if word.tag == "both":
        return tuple(tuple(("second", key) for key in keys) for keys in word.keys)
    return tuple(("second", key) for key in word.keys)
