"""Drawings: three teachers, what counts in a talk, a draft, an old model tilted, what people prefer, and one step on
four answers."""

import math
from collections.abc import Sequence

from course_kit.i18n import t
from course_kit.views.figure import Figure, figure
from course_kit.views.layout import (
    AIR,
    CLOSE,
    FAR,
    LINE,
    NEAR,
    arrow,
    bar,
    box,
    cells,
    column,
    grid,
    label,
    row,
    space,
    steps,
    words,
)


def teachers(question: str, steps_: str, result: str, wrong: str, *, title: str = "", caption: str = "") -> Figure:
    """One question, and what three kinds of teacher give: an answer, a choice between two, or a check."""
    long = f"{steps_} {result}"
    rows = (
        (t("writes the answer"), [(long, "value")]),
        (t("chooses the better of two"), [(result, ""), (long, "value")]),
        (t("checks what was written"), [(f"{wrong} ✗", ""), (f"{long} ✓", "value")]),
    )
    gives = [[box(*given) for given in boxes] for _, boxes in rows]
    gives[1].insert(1, words("<", strong=True, size=LINE))
    lines = steps(*(column(label(f"{n}  {does}", strong=True), row(*boxes))
                    for n, ((does, _), boxes) in enumerate(zip(rows, gives, strict=True), 1)))  # fmt: skip
    scene = column(box(question, "query", strong=True), *lines, gap=LINE)
    said = [
        t("The first teacher writes an answer, and the model imitates it."),
        t("The second writes nothing. Shown two answers of the model, it says which one it likes better."),
        t("The third is a program. It reads the last number of what the model wrote, and says yes or no."),
    ]
    table = (
        [t("teacher"), t("gives")],
        [[does, " / ".join(given for given, _ in boxes)] for does, boxes in rows],
    )
    axes = [("teacher", t("teacher"), None)]
    return figure(scene, said, table, axes=axes, title=title, caption=caption)


def counted(question: str, answer: str, *, title: str = "", caption: str = "") -> Figure:
    """A talk, character by character: what is to come next at each place, and which of these count."""
    text = question + answer
    shown = [{" ": "␣", "\n": "⏎"}.get(c, c) for c in text]
    count, asked = len(text) - 1, [i + 1 >= len(question) for i in range(len(text))]
    given = [box(shown[i], "query" if i < len(question) else "output") for i in range(count)]
    wanted = [box(shown[i + 1], "output" if asked[i] else "query") for i in range(count)]
    targets = [words(shown[i + 1], "output", strong=True) if asked[i] else words("−100", "quiet") for i in range(count)]
    scene = grid(
        *(row(label(name, "quiet"), *line, gap=NEAR)
          for name, line in ((t("reads"), given), (t("next"), wanted))),
        row(label(t("target"), "quiet"), *targets, since=1, gap=NEAR),
        *(arrow(one, other) for one, other in zip(given, wanted, strict=True)),
        gap=AIR,
    )  # fmt: skip
    said = [
        t("As in chapter 7, each place is asked for the next character, in the question, too."),
        t("But the question is given. If the next character belongs to the question, its target is −100, and the "
          "loss ignores it."),
    ]  # fmt: skip
    rows = [[shown[i], shown[i + 1], shown[i + 1] if i + 1 >= len(question) else "−100"] for i in range(count)]
    return figure(scene, said, ([t("reads"), t("next"), t("target")], rows), title=title, caption=caption)


def draft(a: int, b: int, *, title: str = "", caption: str = "") -> Figure:
    """How two numbers of two digits are added in steps: units, tens with what is carried, result."""
    (a_tens, a_units), (b_tens, b_units) = divmod(a, 10), divmod(b, 10)
    units = a_units + b_units
    carry = units // 10
    tens = a_tens + b_tens + carry
    digits = [box(str(n), "query", strong=True) for n in (a_tens, a_units, b_tens, b_units)]
    adds = [f"{a_units}+{b_units}={units}", f"{a_tens}+{b_tens}+{carry}={tens}", str(a + b)]
    of_units, of_tens, result = steps(*(box(said, "output", strong=True) for said in adds))
    scene = column(
        row(space(LINE), *digits[:2], words("+", strong=True, size=LINE), *digits[2:], space(LINE)),
        row(of_tens, of_units),
        row(result),
        *(arrow(digit, of_units, "query") for digit in digits[1::2]),
        *(arrow(digit, of_tens, "query") for digit in digits[::2]),
        arrow(of_units, of_tens, "output"),
        *(arrow(part, result, "output") for part in (of_tens, of_units)),
        gap=FAR,
    )
    said = [
        t("First the units: {step}.", step=adds[0]),
        t("Then the tens, with the {carry} that was carried: {step}.", carry=carry, step=adds[1]),
        t("Tens and units together are the result, {result}.", result=a + b),
    ]
    table = [t("step"), t("written")], [[str(n), added] for n, added in enumerate(adds, 1)]
    return figure(scene, said, table, title=title, caption=caption)


def tilt(
    answers: Sequence[str], before: Sequence[float], times: Sequence[float], *, title: str = "", caption: str = ""
) -> Figure:
    """The probabilities of some answers, times exp(r/β), and divided by their sum."""
    more = [p * x for p, x in zip(before, times, strict=True)]
    after = [x / sum(more) for x in more]
    stages, roles = (before, more, after), ("value", *[""] * (len(answers) - 1))
    sides = 1, 4  # how wide: names, bars
    most = max(map(sum, stages))
    names = t("old model"), "× exp(r/β)", f"÷ {sum(more):g}"
    lines = [
        row(label(name, "quiet"),
            row(*(box(f"{x:g}", role, strong=True, fill=True) for x, role in zip(stage, roles, strict=True)), space(),
                of=(*stage, most - sum(stage)), gap=CLOSE), of=sides)
        for name, stage in zip(names, stages, strict=True)
    ]  # fmt: skip
    named = (label(answer, role, strong=True) for answer, role in zip(answers, roles, strict=True))
    head = row(space(), row(*named, even=True), of=sides)
    said = [
        t("The old model writes both answers equally often."),
        t("Multiply each by exp(r/β): here by {first} and by {second}.", first=f"{times[0]:g}", second=f"{times[1]:g}"),
        t("They do not add up to 1 any more, so divide by their sum. This is the best model."),
    ]
    table = (
        [t("answer"), t("old model"), "× exp(r/β)", t("new model")],
        [[answer, *(f"{s[i]:g}" for s in stages)] for i, answer in enumerate(answers)],
    )
    return figure(column(head, *steps(*lines), gap=AIR / 2), said, table, title=title, caption=caption)


def preferred(
    question: str,
    answers: Sequence[str],
    found: Sequence[float],
    says: float,
    every: int,
    *,
    title: str = "",
    caption: str = "",
) -> Figure:
    """What share of answers is of the first of two kinds after so many steps, and what a formula says."""
    names = [*(t("step {n}", n=every * i) for i in range(len(found))), t("the formula says")]
    lines = [row(label(name, "quiet"),
                 bar(share, "value"), words(f"{share:.0%}", "value", strong=True), f"{1 - share:.0%}")
             for name, share in zip(names, [*found, says], strict=True)]  # fmt: skip
    head = row(
        words(question, "query", strong=True), words(answers[0], "value", strong=True), space(), words(answers[1])
    )
    said = [
        *(t("Step {n}: in {share} of its answers the model shows how it adds.", n=every * i, share=f"{x:.0%}")
          for i, x in enumerate(found)),
        t("What the formula predicts: three times the odds of the beginning."),
    ]  # fmt: skip
    rows = [[name, f"{x:.0%}", f"{1 - x:.0%}"] for name, x in zip(names, [*found, says], strict=True)]
    scene = grid(head, *steps(*lines), gap=AIR)
    return figure(scene, said, ([t("step"), *answers], rows), title=title, caption=caption)


def signed(x: float) -> str:
    return f"{x:+.2f}".replace("-", "−")


def group(
    question: str,
    answers: Sequence[str],
    rewards: Sequence[float],
    advantages: Sequence[float],
    before: Sequence[float],
    after: Sequence[float],
    *,
    title: str = "",
    caption: str = "",
) -> Figure:
    """Answers to one question: reward, advantage, part of the loss, and the policy before a step and after it."""
    come = steps(*(words(one, "quiet") for one in (t("reward"), t("advantage"), t("loss"))), first=1)
    head = row(words(question, "query", strong=True), *come, words(t("policy π"), "quiet"), space())
    parts = [-float(a) * math.log(p) / len(answers) for a, p in zip(advantages, before, strict=True)]
    lines = []
    for i, answer in enumerate(answers):
        right, chances = rewards[i] > 0, [before[i]] * 4 + [after[i]]
        lines.append(row(
            box(answer, "value" if right else "", strong=True),
            *steps(words(f"{rewards[i]:g} {'✓' if right else '✗'}"), cells([advantages[i]], "output"),
                   words(signed(parts[i])), first=1),
            bar([float(p) for p in chances]),
            words([f"{p:.2f}" for p in chances], strong=right),
        ))  # fmt: skip
    mean = sum(map(float, rewards)) / len(answers)
    said = [
        t("The agent writes four answers. Its policy π, the bars, says how likely each of them was."),
        t("The environment checks them. Each answer gets its reward; the mean is {mean}.", mean=f"{mean:g}"),
        t("The advantage says how far each is above the mean or below it, in standard deviations."),
        t("Minus advantage times ln π, divided by {n}: together these are the loss, {loss}.",
          n=len(answers), loss=f"{sum(parts):.2f}"),
        t("One step: what is above the mean has become likelier, what is below it less likely."),
    ]  # fmt: skip
    header = [t("answer"), t("reward"), t("advantage"), t("loss"), t("before"), t("after")]
    rows = [[answer, f"{r:g}", f"{float(a):.2f}", signed(part), f"{float(p):.2f}", f"{float(q):.2f}"]
            for answer, r, a, part, p, q
            in zip(answers, rewards, advantages, parts, before, after, strict=True)]  # fmt: skip
    return figure(grid(head, *lines), said, (header, rows), title=title, caption=caption)
