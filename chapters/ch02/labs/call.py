"""You come into a room and call: who compares it with their name, how your attention is shared, what you are handed."""

import torch

from course_kit.i18n import mark, t
from course_kit.views.figure import Figure, Listing, figure
from course_kit.views.layout import AIR, arrow, bar, cells, column, grid, label, row, steps, words

PEOPLE = ("Ada", "Ben", "Cleo")
HELD = (mark("apple"), mark("kite"), mark("drum"))
LOUD, MOST, STEPS = 2, 5, 4  # as the lesson calls; the loudest call; steps of a call
THICK = 16  # an arrow along which all of a thing comes


def call(*, title: str = "", caption: str = "") -> Figure:
    """Three people with one-hot names; you call one of them, as loudly as you like, and each hands something over.

    The scores are dot products, the shares their softmax. Four steps: call, compare, share, hand over.
    """
    names, louds = torch.eye(len(PEOPLE)), range(1, MOST + 1)
    calls = torch.stack([loud * name for name in names for loud in louds])  # [15, 3]
    scores = calls @ names.T
    shares = torch.softmax(scores, -1)
    hands = shares @ names  # what each holds is one-hot, too
    said, tables = [], []
    for one, score, share in zip(calls.tolist(), scores.tolist(), shares.tolist(), strict=True):
        said += _said(one, score, share)
        tables += [_table(score, share)] * STEPS
    each = [frame for frame in range(len(calls)) for _ in range(STEPS)]  # the call of each frame
    asks = cells(calls[each].tolist(), "query")
    hears = [cells(name.tolist(), "key") for name in names]
    people = [column(name, words(person, strong=True)) for name, person in zip(hears, PEOPLE, strict=True)]
    found = [words([f"{scores[i, n]:g}" for i in each]) for n in range(len(PEOPLE))]
    bars = [bar(shares[each, n].tolist()) for n in range(len(PEOPLE))]
    held = [column(one, words([f"{shares[i, n]:.0%}" for i in each]), words(t(thing), "value", strong=True))
            for n, (one, thing) in enumerate(zip(bars, HELD, strict=True))]  # fmt: skip
    made = cells(hands[each].tolist(), "output")
    who = words([t("“{name}?”", name=PEOPLE[int(calls[i].argmax())]) for i in each], "query", strong=True)
    scene = grid(
        *steps(
            row(label(t("① call"), "quiet"), column(column(who, asks), row(*people, even=True, gap=AIR), gap=AIR)),
            row(label(t("② compare"), "quiet"), row(*found, even=True, gap=AIR)),
            row(label(t("③ share"), "quiet"), row(*held, even=True, gap=AIR)),
            row(label(t("④ hand over"), "quiet"), column(made, words(t("your hands: apple, kite, drum"), "output"))),
        ),
        *(arrow(asks, name, "query") for name in hears),
        *(arrow(thing, made, "value", weight=[THICK * float(shares[i, n]) for i in each])
          for n, thing in enumerate(held)),
        gap=AIR,
    )  # fmt: skip
    axes = [("whom", t("you call"), PEOPLE), ("loud", t("how loudly"), louds), ("step", t("step"), range(1, STEPS + 1))]
    start = {"whom": PEOPLE[-1], "loud": LOUD}
    return figure(scene, said, tables, axes=axes, start=start, title=title, caption=caption)


def _said(call: list[float], scores: list[float], shares: list[float]) -> list[str]:
    """What is said at each step of a call."""
    whom = call.index(max(call))
    holds = {"name": PEOPLE[whom], "thing": t(HELD[whom])}
    return [
        t("You call “{name}?”, and everybody hears it: {call}.", name=PEOPLE[whom], call=_listed(call)),
        t("Compare: multiply number by number with each name, and add up. {name} has {score}, the others 0.",
          score=f"{scores[whom]:g}", **holds),
        t("Share: e to each score, divided by the sum. {name} gets {share} of your attention.",
          share=f"{shares[whom]:.0%}", **holds),
        t("Hand over: you get {share} of the {thing}, and {rest} of each other thing.",
          share=f"{shares[whom]:.0%}", rest=f"{min(shares):.0%}", **holds),
    ]  # fmt: skip


def _listed(numbers: list[float]) -> str:
    return "(" + ", ".join(f"{x:g}" for x in numbers) + ")"


def _table(scores: list[float], shares: list[float]) -> Listing:
    rows = [[person, t(thing), f"{score:g}", f"{share:.3f}"]
            for person, thing, score, share in zip(PEOPLE, HELD, scores, shares, strict=True)]  # fmt: skip
    return [t("name"), t("holds"), t("score"), t("share")], rows
