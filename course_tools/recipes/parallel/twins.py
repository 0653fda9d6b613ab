"""Twins: two sentences that differ in one adjective, and thereby in what "it" is.

    The animal didn't cross the street because it was too tired.   L'animal …  parce qu'il était trop fatigué.
    The animal didn't cross the street because it was too wide.    … la rue parce qu'elle était trop large.

The two nouns have different genders, so the French pronoun says which one was meant.
"""

from dataclasses import replace

from .french import inflect
from .lexicon import rows
from .meaning import NP, Clause
from .sentences import Draft

PRONOUN = {"m": "il", "f": "elle"}


def candidates(lexicon):
    """All pairs of twins -> list of (frame row, subject noun, object noun, subject's adjective, object's adjective)."""
    result = []
    for row in rows("twins"):
        subjects = lexicon.nouns_of(frozenset(row["subjects"].split(",")))
        objects = lexicon.nouns_of(frozenset(row["objects"].split(",")))
        for subject in subjects:
            for thing in objects:
                if subject.gender == thing.gender or subject == thing:
                    continue
                for first in _adjectives(lexicon, subject, row["subject_adjectives"]):
                    for second in _adjectives(lexicon, thing, row["object_adjectives"]):
                        result.append((row, subject, thing, first, second))
    return result


def _adjectives(lexicon, noun, names):
    found = {a.en: a for a in lexicon.adjectives_for(noun, "p")}
    return [found[name] for name in names.split() if name in found]


def held_out_nouns():
    """Nouns that stand in no twin of the training set."""
    return frozenset(row["noun"] for row in rows("held_out"))


def held_out(candidate, nouns):
    """Which of the two nouns is held out: "", subject, object, both."""
    _, subject, thing, *_ = candidate
    found = [name for name, noun in (("subject", subject), ("object", thing)) if noun.en in nouns]
    return "both" if len(found) == 2 else "".join(found)


def variety(candidate, writer):
    """How the subject is spoken of and when it was: the same twins in other words."""
    row, subject, *_ = candidate
    ways = ["the", "the", "this"] + ["my", "her", "your"] * bool({"pet", "thing", "own"} & subject.classes)
    when = writer.pick(writer.lexicon.phrases_of("past", "day")) if row["tense"] == "p" and writer.chance(0.4) else None
    return writer.pick(ways), when


def balanced(candidates, count, pick):
    """About `count` candidates; as many with a masculine subject as with a feminine in each cell.

    A cell is a frame with a pair of adjectives.

    So whoever always guesses "il", or always the subject, or goes by the adjective alone, is right half of the time.
    """
    cells = {}
    for candidate in candidates:
        row, subject, _, first, second = candidate
        cells.setdefault((row["frame"], first.en, second.en), {"m": [], "f": []})[subject.gender].append(candidate)
    frames = {}
    for key, cell in cells.items():
        if cell["m"] and cell["f"]:
            frames.setdefault(key[0], []).append(cell)
    result = []
    while len(result) < count and frames:
        frame = pick(sorted(frames))
        cell = pick(frames[frame])
        for gender in "mf":
            chosen = pick(cell[gender])
            cell[gender].remove(chosen)
            result.append(chosen)
        if not cell["m"] or not cell["f"]:
            frames[frame].remove(cell)
            if not frames[frame]:
                del frames[frame]
    return result


def drafts(candidate, number, held, lexicon, det="the", when=None):
    """The two sentences of a pair of twins -> [it is the subject, it is the object]."""
    row, subject, thing, first, second = candidate
    verb = lexicon.verbs_of(frames="ti")[0]
    verb = replace(
        verb, en=row["en"], past=row["past"], fr=row["fr"], fr_preposition=row["fr_preposition"], zh=row["zh"], zh_ba=""
    )
    result = []
    for name, adjective in (("subject", first), ("object", second)):
        who, what = NP(subject, det), NP(thing)
        referent, other = (who, what) if name == "subject" else (what, who)
        event = Clause(who, replace(verb, frame="t"), what, tense=row["tense"], deny="not", when=when)
        reason = Clause(referent.as_pronoun(), adjective=adjective, degree="too", tense="b")
        if not adjective.zh_pred or adjective.zh_pred.endswith("了"):
            reason.degree = ""
        link = lexicon.phrases_of("link", "because")[0]
        draft = Draft("twin", clauses=2).say(event).comma(link, only_zh=True).say(reason).end()
        draft.twin = (
            number, row["frame"], name, referent.noun.en, other.noun.en,
            PRONOUN[referent.gender], inflect(adjective, referent.gender, False),
            PRONOUN[other.gender], inflect(adjective, other.gender, False), adjective.zh_pred, held,
        )  # fmt: skip
        result.append(draft)
    return result
