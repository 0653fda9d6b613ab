"""Drawings: three teachers, what counts in a talk, an old model tilted, and one step on four answers."""

from collections.abc import Sequence

from course_kit.i18n import t
from course_kit.views.figure import figure, one


def teachers(question: str, steps: str, result: str, wrong: str, *, title="", caption=""):
    """One question, and what three kinds of teacher give: an answer, a choice between two, or a check."""
    rows = (
        (t("writes the answer"), [(0.5, 0.62, f"{steps} {result}", "value")]),
        (t("chooses the better of two"), [(0.2, 0.3, result, ""), (0.66, 0.5, f"{steps} {result}", "value")]),
        (t("checks what was written"), [(0.2, 0.3, f"{wrong} ✗", ""), (0.66, 0.5, f"{steps} {result} ✓", "value")]),
    )
    shapes = [one("box", 0.5, 20, question, "query", wide=0.3, high=30, strong=True, size=15)]
    for i, (does, boxes) in enumerate(rows):
        y = 62 + 84 * i
        shapes += [
            one("text", 0.04, y + 8, f"{i + 1}", strong=True, size=16, since=i),
            one("text", 0.1, y + 8, does, anchor="start", strong=True, since=i),
        ]
        shapes += [one("box", x, y + 38, words, role, wide=wide, high=28, since=i) for x, wide, words, role in boxes]
        if i == 1:
            shapes.append(one("text", 0.38, y + 38, "<", strong=True, size=18, since=i))
    said = [
        t("The first teacher writes an answer, and the model imitates it."),
        t("The second writes nothing. Shown two answers of the model, it says which one it likes better."),
        t("The third is a program. It reads the last number of what the model wrote, and says yes or no."),
    ]
    table = (
        [t("teacher"), t("gives")],
        [[does, " / ".join(words for _, _, words, _ in boxes)] for does, boxes in rows],
    )
    axes = [("teacher", t("teacher"), range(1, 4))]
    return figure(shapes, said, [table], axes=axes, height=304, title=title, caption=caption)


def counted(question: str, answer: str, *, title="", caption=""):
    """A talk, character by character: what is to come next at each place, and which of these count."""
    text = question + answer
    shown = [{" ": "␣", "\n": "⏎"}.get(c, c) for c in text]
    count, wide = len(text) - 1, 0.86 / (len(text) - 1)
    at = [0.14 + wide * (i + 0.5) for i in range(count)]
    names = ((30, t("reads")), (92, t("next")), (150, t("target")))
    shapes = [one("text", 0.0, y, name, "quiet", anchor="start", size=12) for y, name in names]
    for i, x in enumerate(at):
        of_answer = i + 1 >= len(question)
        reads = "query" if i < len(question) else "output"
        shapes += [
            one("box", x, 30, shown[i], reads, wide=wide * 0.84, high=28, size=13),
            one("arrow", from_=[x, 47], to=[x, 75]),
            one("box", x, 92, shown[i + 1], "output" if of_answer else "query", wide=wide * 0.84, high=28, size=13),
            one("text", x, 150, shown[i + 1] if of_answer else "−100", "output" if of_answer else "quiet",
                strong=of_answer, size=12.5 if of_answer else 10.5, since=1),
        ]  # fmt: skip
    said = [
        t("As in chapter 7, each place is asked for the next character, in the question, too."),
        t("But the question is given. Where the next character is of the question, the target is −100, which does "
          "not count."),
    ]  # fmt: skip
    rows = [[shown[i], shown[i + 1], shown[i + 1] if i + 1 >= len(question) else "−100"] for i in range(count)]
    axes = [("step", t("step"), range(1, 3))]
    return figure(shapes, said, [([t("reads"), t("next"), t("target")], rows)], axes=axes, height=168, title=title,
                  caption=caption)  # fmt: skip


def tilt(answers: Sequence[str], before: Sequence[float], times: Sequence[float], *, title="", caption=""):
    """The probabilities of some answers, times e^(r/β), and divided by their sum."""
    more = [p * x for p, x in zip(before, times, strict=True)]
    after = [x / sum(more) for x in more]
    stages = (before, more, after)
    highest = max(max(stage) for stage in stages)
    shapes = []
    for i, words in enumerate(answers):
        y = 30 + 74 * i
        shapes += [
            one("text", 0.02, y - 4, words, anchor="start", strong=True),
            one("text", 0.98, y - 4, "quiet", anchor="end", size=12.5,
                each=[{"words": ""}, {"words": f"× {times[i]:g}"}, {"words": f"÷ {sum(more):g}"}]),
            one("bar", 0.42, y + 20, wide=0.8, high=18, each=[{"share": round(s[i] / highest, 3)} for s in stages]),
            one("text", 0.98, y + 20, anchor="end", strong=True, each=[{"words": f"{s[i]:g}"} for s in stages]),
        ]  # fmt: skip
    said = [
        t("The old model writes both answers equally often."),
        t("Multiply each by e^(r/β): here by {first} and by {second}.", first=f"{times[0]:g}", second=f"{times[1]:g}"),
        t("They do not add up to 1 any more, so divide by their sum. This is the best model."),
    ]
    table = (
        [t("answer"), t("old model"), "× e^(r/β)", t("new model")],
        [[words, *(f"{s[i]:g}" for s in stages)] for i, words in enumerate(answers)],
    )
    axes = [("step", t("step"), range(1, 4))]
    return figure(shapes, said, [table], axes=axes, height=30 + 74 * len(answers), title=title, caption=caption)


def group(question: str, answers: Sequence[str], rewards, advantages, before, after, *, title="", caption=""):
    """Answers to one question: reward, advantage, and how likely each was before a step of training, and after it."""
    columns = (0.12, 0.27, 0.44)
    shapes = [one("text", 0.12, 14, question, "query", strong=True)]
    shapes += [
        one("text", columns[1], 14, t("reward"), "quiet", size=12, since=1),
        one("text", columns[2], 14, t("advantage"), "quiet", size=12, since=2),
        one("text", 0.78, 14, t("probability"), "quiet", size=12),
    ]
    for i, words in enumerate(answers):
        y, right = 48 + 40 * i, rewards[i] > 0
        chances = [before[i]] * 3 + [after[i]]
        shapes += [
            one("box", columns[0], y, words, "value" if right else "", wide=0.16, high=28, strong=True),
            one("text", columns[1], y, f"{rewards[i]:g} {'✓' if right else '✗'}", since=1),
            one("cells", columns[2], y, role="output", wide=0.13, numbers=[round(float(advantages[i]), 2)], since=2),
            one("bar", 0.73, y, wide=0.34, high=14, each=[{"share": round(float(p), 3)} for p in chances]),
            one("text", 0.99, y, anchor="end", strong=right, each=[{"words": f"{p:.2f}"} for p in chances]),
        ]
    mean = sum(map(float, rewards)) / len(answers)
    said = [
        t("The model writes four answers. The bars say how likely each of them was."),
        t("The program checks. The mean reward is {mean}.", mean=f"{mean:g}"),
        t("The advantage says how far each is above the mean or below it, in standard deviations."),
        t("One step: what is above the mean has become likelier, what is below it less likely."),
    ]
    header = [t("answer"), t("reward"), t("advantage"), t("before"), t("after")]
    rows = [[words, f"{r:g}", f"{float(a):.2f}", f"{float(p):.2f}", f"{float(q):.2f}"]
            for words, r, a, p, q in zip(answers, rewards, advantages, before, after, strict=True)]  # fmt: skip
    axes = [("step", t("step"), range(1, 5))]
    return figure(shapes, said, [(header, rows)], axes=axes, height=40 * len(answers) + 34, title=title,
                  caption=caption)  # fmt: skip
