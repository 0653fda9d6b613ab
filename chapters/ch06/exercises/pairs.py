"""Chapter 6: pairs of sentences, of which half follow each other."""

import torch

from course_kit.exercises.compare import Misfit, kind
from course_kit.exercises.define import Case, Exercise, variants, wrong_answers


def next_sentence_pairs(stories: list[list[str]], count: int, generator) -> list[tuple[str, str, int]]:
    """Stories, each a list of at least two sentences -> `count` pairs (first, second, label): label 0, the second
    follows the first, or 1, it is a sentence of another story; each label has a chance of one half."""

    def number(below: int) -> int:
        return int(torch.randint(below, (), generator=generator))

    pairs = []
    for _ in range(count):
        s = number(len(stories))
        place, label = number(len(stories[s]) - 1), number(2)
        second = stories[s][place + 1]
        if label == 1:
            other = stories[(s + 1 + number(len(stories) - 1)) % len(stories)]
            second = other[number(len(other))]
        pairs.append((stories[s][place], second, label))
    return pairs


def _told(answer, case: Case) -> tuple[str, str, str]:
    """What the pairs are like: every right way of drawing them is told in the same words, and what was drawn by chance
    is not told."""
    stories, count, seed = case.args.values()
    place = {sentence: (s, i) for s, story in enumerate(stories) for i, sentence in enumerate(story)}

    def draw(count):
        return answer(stories, count, torch.Generator().manual_seed(seed))

    pairs = draw(count)
    related = _related(pairs, place)
    share = 100 * len(related[0]) / max(1, len(pairs))
    told = f"{len(pairs)}, {_share(share)} with label 0"
    if len({pair[0] for pair in pairs}) < sum(len(story) - 1 for story in stories) / 2:
        told += "; the first sentences are always the same few"
    told += _turns([int(label) for _, _, label in pairs])
    if draw(8) != draw(8):
        told += "; the same seed draws other pairs the next time"
    return told, _second(related[0]), _second(related[1])


def _turns(labels: list[int]) -> str:
    """What labels are like that no coin gives."""
    changes = sum(label != after for label, after in zip(labels, labels[1:], strict=False))
    if not 0 < sum(labels) < len(labels) or 0.1 < changes / len(labels) < 0.9:
        return ""
    return "; the labels 0 and 1 in turn" if changes > len(labels) / 2 else "; first one label, then the other"


def _related(pairs, place) -> dict[int, list[str]]:
    """For each label how the two sentences of its pairs are related. Raises Misfit for what is not a list of pairs."""
    if pairs is None:
        raise Misfit("It returns None. Is a `return` missing?")
    if not isinstance(pairs, list | tuple):
        raise Misfit(f"It returns {kind(pairs)}; needed: a list of (first, second, label).")
    found = {0: [], 1: []}
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 3:
            raise Misfit("It returns a list, but what is in it is not (first, second, label).")
        first, second, label = pair
        if not (isinstance(first, str) and isinstance(second, str)):
            raise Misfit("There is a pair that does not begin with two sentences; needed: (first, second, label).")
        if not {first, second} <= place.keys():
            raise Misfit("There is a pair whose sentences are not in the stories.")
        if isinstance(label, str) or label not in (0, 1):
            raise Misfit(f"There is a label {label!r}; needed: 0 or 1.")
        found[int(label)].append(_relation(place[first], place[second]))
    return found


def _share(per_cent: float) -> str:
    if per_cent in (0, 100):
        return "all" if per_cent else "none"
    return "about half" if abs(per_cent - 50) < 20 else "a quarter" if per_cent < 50 else "three quarters"


def _relation(first: tuple[int, int], second: tuple[int, int]) -> str:
    """Of two places (story, sentence)."""
    if first[0] != second[0]:
        return "from another story"
    step = second[1] - first[1]
    return {1: "the one that follows", 0: "the same sentence", -1: "the one before"}.get(step, "from the same story")


def _second(relations: list[str]) -> str:
    """What the second sentences are; of several relations only whether another story is among them."""
    kinds = set(relations)
    if len(kinds) < 2:
        return next(iter(kinds), "none")
    return "now and then from the same story" if "from another story" in kinds else "from the same story"


def _stories(count, sentences, pairs, seed, shown=False) -> Case:
    stories = [[f"story {s}, sentence {i}" for i in range(sentences + s % 2)] for s in range(count)]
    given = {
        "stories": f"{count} stories of {sentences} or {sentences + 1} sentences",
        "generator": f"torch.Generator().manual_seed({seed})",
    }
    return Case({"stories": stories, "count": pairs, "generator": seed}, given=given, shown=shown)


@variants
def _drawn_otherwise(
    *inputs,
    first=lambda story, number: number(len(story) - 1),
    follow=lambda stories, s, i: stories[s][i + 1],
    away=lambda stories, s, number: stories[(s + 1 + number(len(stories) - 1)) % len(stories)],
    written=lambda x: x,
    listen=True,
):
    """Pairs drawn with one thing done differently."""
    stories, count, generator = inputs

    def number(below):
        return int(torch.randint(below, (), generator=generator if listen else None))

    made = []
    for _ in range(count):
        s = number(len(stories))
        i, other_one = first(stories[s], number), number(2)
        other = away(stories, s, number)
        second = other[number(len(other))] if other_one else follow(stories, s, i)
        made.append((stories[s][i], second, written(other_one)))
    return made


def _over_the_end(stories, s, i):
    flat = [sentence for story in stories for sentence in story]
    return flat[(sum(map(len, stories[:s])) + i + 1) % len(flat)]


PAIRS = Exercise(
    name="next sentence pairs",
    task="Draw `count` pairs. A random number gives each pair its label, 0 or 1 with equal chances. Label 0: a "
    "sentence and the one that follows it; label 1: a sentence and one from *another* story. Stories, which are lists "
    "of at least two sentences, and a generator -> a list of (first, second, label).",
    reference=next_sentence_pairs,
    cases=lambda: [_stories(6, 4, 120, 8, shown=True), _stories(3, 3, 100, 9), _stories(5, 2, 100, 10)],
    returns=("pairs", "second, with label 0", "second, with label 1"),
    run=_told,
    used="It draws 200 pairs from held-out stories in [Does B follow A?](#Does-B-follow-A?)",
    hints=(
        "`int(torch.randint(n, (), generator=generator))` draws a number below n. You need four: which story, which "
        "sentence, which label, and which other story.",
        "The first sentence needs one that follows it, so which is the last that you may draw? And the other story "
        "must not be the same: draw again while it is, or go 1 to n − 1 stories further, round and round.",
        "Draw the story s below `len(stories)`, the sentence i below `len(stories[s]) - 1`, and for label 1 a number "
        "of steps to another story, `(s + 1 + steps) % len(stories)`. Below which number may this last step be?",
    ),
    minutes=7,
    difficulty=2,
    wrong=wrong_answers(
        _drawn_otherwise(written=lambda label: 1 - label),
        "The labels are the wrong way round: 0 says that the second follows, as in BERT's own head.",
        _drawn_otherwise(away=lambda stories, s, number: stories[s]),
        "The wrong second sentence is drawn from the same story. Draw it from another one, where none can follow.",
        _drawn_otherwise(away=lambda stories, s, number: stories[number(len(stories))]),
        "Some pairs with label 1 come from the *same* story, because the other story is drawn from all of them. Now "
        "and then the second sentence really follows. Draw again until it is another story.",
        _drawn_otherwise(first=lambda story, number: number(len(story)), follow=_over_the_end),
        "After a story's last sentence, the first of the next story is taken as the one that follows. Draw the first "
        "sentence from those that have a next one.",
        _drawn_otherwise(first=lambda story, number: number(len(story))),
        "An index runs over the end of a story. Is its last sentence drawn as the first of a pair? Nothing follows it: "
        "draw below `len(story) - 1`. Or is a place in one story used for another, which is shorter?",
        _drawn_otherwise(listen=False),
        "The generator is not used: the same seed gives other pairs each time.",
    ),
)
