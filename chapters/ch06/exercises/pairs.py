"""Chapter 6: pairs of sentences, of which half follow each other."""

import torch

from course_utils.exercises.definition import Case, Exercise, variants, wrong_answers
from course_utils.exercises.values import kind


def next_sentence_pairs(stories: list[list[str]], count: int, generator) -> list[tuple[str, str, int]]:
    """Stories, each a list of at least two sentences -> `count` pairs (first, second, label): label 0, the second
    follows the first, or 1, it is a sentence of another story; one as often as the other."""

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


def _told(answer, case: Case):
    """What the pairs are like: every right way of drawing them is told in the same words."""
    stories, count, seed = case.args.values()
    place = {sentence: (s, i) for s, story in enumerate(stories) for i, sentence in enumerate(story)}

    def draw(count):
        return answer(stories, count, torch.Generator().manual_seed(seed))

    pairs = draw(count)
    if pairs is None:
        return None
    if not isinstance(pairs, list | tuple):
        return f"{kind(pairs)}, where a list is needed"
    kinds = {0: [], 1: []}
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 3:
            return "a list, but what is in it is not (first, second, label)"
        first, second, label = pair
        if not (isinstance(first, str) and isinstance(second, str) and {first, second} <= place.keys()):
            return "a pair whose sentences are not in the stories"
        if isinstance(label, str) or label not in (0, 1):
            return f"a label {label!r}; needed: 0 or 1"
        kinds[int(label)].append(_relation(place[first], place[second]))
    share = 100 * len(kinds[0]) / max(1, len(pairs))
    half = "half" if abs(share - 50) < 20 else f"{share:.0f} %"
    told = f"{len(pairs)}, {half} with label 0 ({_all(kinds[0])}), the rest with 1 ({_all(kinds[1])})"
    if len({pair[0] for pair in pairs}) < sum(len(story) - 1 for story in stories) / 2:
        told += "; the first sentences are always the same few"
    return told if draw(8) == draw(8) else f"{told}; the same seed draws other pairs the next time"


def _relation(first: tuple[int, int], second: tuple[int, int]) -> str:
    """Of two places (story, sentence)."""
    if first[0] != second[0]:
        return "from another story"
    step = second[1] - first[1]
    return {1: "the one that follows", 0: "the same sentence", -1: "the one before"}.get(step, "from the same story")


def _all(relations: list[str]) -> str:
    return " or ".join(sorted(set(relations))) or "none"


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
    label=lambda number: number(2),
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
        i, other_one = first(stories[s], number), label(number)
        other = away(stories, s, number)
        second = other[number(len(other))] if other_one else follow(stories, s, i)
        made.append((stories[s][i], second, written(other_one)))
    return made


def _over_the_end(stories, s, i):
    flat = [sentence for story in stories for sentence in story]
    return flat[(sum(map(len, stories[:s])) + i + 1) % len(flat)]


PAIRS = Exercise(
    name="next sentence pairs",
    task="Draw `count` pairs: half of them a sentence and the one that follows it, label 0; half a sentence and one of "
    "*another* story, label 1. Stories: lists of at least two sentences, and a generator -> a list of (first, second, "
    "label).",
    why="The second exercise that needs nobody to label it. What is drawn wrongly here, the model learns very well.",
    reference=next_sentence_pairs,
    cases=lambda: [_stories(6, 4, 120, 8, shown=True), _stories(3, 3, 100, 9), _stories(20, 2, 100, 10)],
    returns=("pairs",),
    run=_told,
    hints=(
        "`int(torch.randint(n, (), generator=generator))` draws a number below n. Four are needed: which story, which "
        "sentence, which label, and which other story.",
        "A sentence with a next one: which is the last you may draw? And the other story must not be the same: draw a "
        "step from 1 to n − 1 and go round, or draw again while it is the same.",
        "`s = draw(len(stories))`, `i = draw(len(stories[s]) - 1)`, `label = draw(2)`; `second = stories[s][i + 1]`, "
        "and for label 1 a sentence of `stories[(s + 1 + draw(len(stories) - 1)) % len(stories)]`.",
    ),
    minutes=7,
    difficulty=2,
    wrong=wrong_answers(
        _drawn_otherwise(label=lambda number: 0),
        "All pairs follow each other. With nothing to tell apart, “yes” is always right, and nothing is learnt.",
        _drawn_otherwise(label=lambda number: 1),
        "No pair follows. With nothing to tell apart, “no” is always right, and nothing is learnt.",
        _drawn_otherwise(written=lambda label: 1 - label),
        "The pairs are right, the labels the wrong way round: 0 says that the second follows, as in BERT's own head.",
        _drawn_otherwise(away=lambda stories, s, number: stories[s]),
        "The wrong second sentence is drawn from the same story: now and then it is the very next one, and has "
        "label 1 all the same.",
        _drawn_otherwise(away=lambda stories, s, number: stories[number(len(stories))]),
        "The other story is drawn among all, so that now and then it is the same one.",
        _drawn_otherwise(first=lambda story, number: number(len(story)), follow=_over_the_end),
        "After a story's last sentence, the first of the next story is taken for what follows. Draw the first one "
        "among those that have a next.",
        _drawn_otherwise(first=lambda story, number: number(len(story))),
        "An index runs over the end of a story. Is its last sentence drawn as the first of a pair? It has no next: "
        "draw among `len(story) - 1`. Or is a place in one story used for another, which is shorter?",
        _drawn_otherwise(first=lambda story, number: 0),
        "Each pair begins with a story's first sentence: the others are never learnt from.",
        _drawn_otherwise(follow=lambda stories, s, i: stories[s][i]),
        "With label 0 a sentence is followed by itself: one place further, `i + 1`.",
        _drawn_otherwise(
            first=lambda story, number: 1 + number(len(story) - 1), follow=lambda stories, s, i: stories[s][i - 1]
        ),
        "With label 0 the second sentence is the one *before* the first.",
        _drawn_otherwise(listen=False),
        "Right, but the generator is not used: with the same seed come other pairs each time.",
    ),
)
