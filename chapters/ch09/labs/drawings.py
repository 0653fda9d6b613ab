"""Drawings: three teachers, what counts in a talk, a draft, an old model tilted, and one step on four answers."""

from collections.abc import Sequence

from course_kit.i18n import t
from course_kit.views.figure import figure, one


def teachers(question: str, steps: str, result: str, wrong: str, *, title="", caption=""):
    """One question, and what three kinds of teacher give: an answer, a choice between two, or a check."""
    rows = (
        (t("writes the answer"), [(0.5, 0.62, f"{steps} {result}", "value")]),
        (t("chooses the better of two"), [(0.16, 0.26, result, ""), (0.68, 0.58, f"{steps} {result}", "value")]),
        (t("checks what was written"), [(0.16, 0.26, f"{wrong} ✗", ""), (0.68, 0.58, f"{steps} {result} ✓", "value")]),
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
            shapes.append(one("text", 0.34, y + 38, "<", strong=True, size=18, since=i))
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
        t("But the question is given. If the next character belongs to the question, its target is −100, and the "
          "loss ignores it."),
    ]  # fmt: skip
    rows = [[shown[i], shown[i + 1], shown[i + 1] if i + 1 >= len(question) else "−100"] for i in range(count)]
    axes = [("step", t("step"), range(1, 3))]
    return figure(shapes, said, [([t("reads"), t("next"), t("target")], rows)], axes=axes, height=168, title=title,
                  caption=caption)  # fmt: skip


def draft(a: int, b: int, *, title="", caption=""):
    """How two numbers of two digits are added in steps: units, tens with what is carried, result."""
    units, carry = a % 10 + b % 10, (a % 10 + b % 10) // 10
    tens = a // 10 + b // 10 + carry
    at = {"ten a": 0.26, "unit a": 0.4, "ten b": 0.62, "unit b": 0.76}
    digits = zip(at.values(), (a // 10, a % 10, b // 10, b % 10), strict=True)
    shapes = [one("box", x, 24, str(n), "query", wide=0.11, high=30, strong=True, size=15) for x, n in digits]
    shapes.append(one("text", 0.51, 24, "+", strong=True, size=16))
    rows = (
        (0.72, 100, f"{a % 10}+{b % 10}={units}", 0.34, 0, ("unit a", "unit b")),
        (0.28, 100, f"{a // 10}+{b // 10}+{carry}={tens}", 0.4, 1, ("ten a", "ten b")),
        (0.5, 174, str(a + b), 0.2, 2, ()),
    )
    for x, y, words, wide, since, begins in rows:
        shapes.append(one("box", x, y, words, "output", wide=wide, high=32, strong=True, size=15, since=since))
        shapes += [one("arrow", role="query", from_=[at[name], 42], to=[x, y - 20], since=since) for name in begins]
    shapes += [
        one("arrow", role="output", from_=[0.55, 106], to=[0.485, 106], weight=2, since=1),
        one("arrow", role="output", from_=[0.28, 118], to=[0.46, 156], since=2),
        one("arrow", role="output", from_=[0.72, 118], to=[0.54, 156], since=2),
    ]
    said = [
        t("First the units: {step}.", step=rows[0][2]),
        t("Then the tens, with the {carry} that was carried: {step}.", carry=carry, step=rows[1][2]),
        t("Tens and units together are the result, {result}.", result=a + b),
    ]
    axes = [("step", t("step"), range(1, 4))]
    table = [t("step"), t("written")], [[str(n), row[2]] for n, row in enumerate(rows, 1)]
    return figure(shapes, said, [table], axes=axes, height=196, title=title, caption=caption)


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
    columns = (0.1, 0.29, 0.48)
    shapes = [one("text", 0.1, 14, question, "query", strong=True)]
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
            one("bar", 0.74, y, wide=0.32, high=14, each=[{"share": round(float(p), 3)} for p in chances]),
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
