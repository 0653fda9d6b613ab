"""Judges problem.py beside it: `course problem 09`, or pytest. The sums are drawn anew in each run."""

import functools
import random

import pytest
import torch

from course_kit.i18n import mark, t
from course_kit.problems import beside, fail, seed

SEED = seed()
LIMIT = 1.0  # seconds of computing for a text
problem = beside(__file__)


def sums(draw, count=60):
    """Pairs, the smallest first: of one digit, of two, and so on, to twelve."""
    sizes = [1 + n * 12 // count for n in range(count)]
    pairs = [tuple(draw.randrange(10 ** draw.randint(1, size)) for _ in range(2)) for size in sizes]
    return [(0, 0), (5, 5), (37, 48), (307, 65), (9999, 1)] + pairs


def columns(a, b):
    """Digit, digit and carry of each step."""
    carry, found = 0, []
    for n in range(max(len(str(a)), len(str(b)))):
        x, y = a // 10**n % 10, b // 10**n % 10
        found.append((x, y, carry))
        carry = (x + y + carry) // 10
    return found


def draft(a, b, draw=None, zeros=False):
    """The steps, as a list. draw: in an order of its own; zeros: a carry of 0 is written."""
    steps = []
    for x, y, carry in columns(a, b):
        parts = [x, y, carry] if carry or (draw.random() < 0.5 if draw else zeros) else [x, y]
        if draw:
            draw.shuffle(parts)
        steps.append("+".join(map(str, parts)) + f"={x + y + carry}")
    return steps


def answer(a, b, steps, result=None):
    return " " + " ".join([*steps, str(a + b if result is None else result)]) + "\n"


@functools.cache
def verdicts():
    """{way: [(a, b, text, what the checker gave, its error, seconds), …]}, the smallest sums first.

    The texts come in an order that nobody knows, right ones and wrong ones mixed.
    """
    texts = []
    for way, write in (RIGHT | WRONG).items():
        draw = random.Random(SEED)
        pairs = sums(draw)[: 5 if way == "a very long text" else None]
        texts += [(way, number, a, b, write(a, b, draw)) for number, (a, b) in enumerate(pairs)]
    random.Random(SEED + 1).shuffle(texts)
    found = {way: {} for way in RIGHT | WRONG}
    for way, number, a, b, text in texts:
        begun, given, error = problem.seconds(), None, ""
        try:
            given = plain(problem.check(a, b, text))
        except pytest.fail.Exception as failure:  # whatever a reader's checker raises
            error = str(failure).splitlines()[0]
            if problem.ended:
                raise
        found[way][number] = a, b, text, given, error, problem.seconds() - begun
    return {way: [rows[number] for number in sorted(rows)] for way, rows in found.items()}


def plain(value):
    """A truth value out of a tensor, as Python's."""
    return value.item() if isinstance(value, torch.Tensor) and value.numel() == 1 else value


def judged(way, wanted):
    for a, b, text, found, error, spent in verdicts()[way]:
        given = error or found
        if error or isinstance(found, torch.Tensor) or found != wanted:
            fail(
                t(
                    "{a}+{b}, the text {text}\ngiven: {found}; needed: {wanted} ({what})",
                    **{"a": a, "b": b, "text": shown(text), "found": given, "wanted": wanted, "what": t(way)},
                )
            )
        if spent > LIMIT:
            fail(
                t(
                    "{a}+{b}, the text {text}\ngiven: an answer after {spent} s; needed: after 1 s at most",
                    **{"a": a, "b": b, "text": shown(text), "spent": f"{spent:.1f}"},
                )
            )


def shown(text):
    return repr(text) if len(text) < 120 else f"{text[:100]!r} … ({len(text)})"


RIGHT = {
    mark("the result alone"): lambda a, b, draw: answer(a, b, []),
    mark("a draft"): lambda a, b, draw: answer(a, b, draft(a, b)),
    mark("a draft with every carry"): lambda a, b, draw: answer(a, b, draft(a, b, zeros=True)),
    mark("a draft in another order"): lambda a, b, draw: answer(a, b, draft(a, b, draw)),
}


@pytest.mark.parametrize("way", RIGHT)
def test_right(way):
    """What is right passes"""
    judged(way, True)


def one_of(steps, change, draw):
    """The steps, one of them changed."""
    n = draw.randrange(len(steps))
    return [*steps[:n], change(steps[n]), *steps[n + 1 :]]


def larger(step):
    left, _, said = step.partition("=")
    return f"{left}={int(said) + 1}"


WRONG = {
    mark("another number"): lambda a, b, d: answer(a, b, [], a + b + d.choice((1, 10, 100))),
    mark("another number at the end of a right draft"): lambda a, b, d: answer(a, b, draft(a, b), a + b + 1),
    mark("many numbers"): lambda a, b, d: answer(a, b, [str(a + b + n) for n in (2, 1, 0)]),
    mark("a wrong step"): lambda a, b, d: answer(a, b, one_of(draft(a, b), larger, d)),
    mark("true steps of another sum"): lambda a, b, d: answer(a, b, draft(a + 1, b + 2)),
    mark("the first step twice"): lambda a, b, d: answer(a, b, [draft(a, b)[0], *draft(a, b)]),
    mark("a step is missing"): lambda a, b, d: answer(a, b, draft(a, b)[1:] or [""]),
    mark("a step too many"): lambda a, b, d: answer(a, b, [*draft(a, b), f"0+0+{str(a + b)[0]}={str(a + b)[0]}"]),
    mark("a sum in a sum"): lambda a, b, d: answer(
        a, b, one_of(draft(a, b), lambda step: step + "=" + step.split("=")[1], d)
    ),
    mark("no new line"): lambda a, b, d: answer(a, b, [])[:-1],
    mark("text after the end"): lambda a, b, d: answer(a, b, []) + d.choice((" ", "\n", " 0\n")),
    mark("no space in front"): lambda a, b, d: answer(a, b, [])[1:],
    mark("two spaces"): lambda a, b, d: " " + answer(a, b, draft(a, b)),
    mark("a tab"): lambda a, b, d: "\t" + answer(a, b, draft(a, b))[1:].replace(" ", "\t"),
    mark("a zero in front"): lambda a, b, d: answer(a, b, [], f"0{a + b}"),
    mark("a sign"): lambda a, b, d: answer(a, b, [], f"+{a + b}"),
    mark("a point"): lambda a, b, d: answer(a, b, [], f"{a + b}.0"),
    mark("digits that are not 0 to 9"): lambda a, b, d: answer(
        a, b, [], "".join(chr(0xFF10 + int(c)) for c in str(a + b))
    ),
    mark("an underscore in a number"): lambda a, b, d: answer(a, b, [], "_".join(f"0{a + b}")),
    mark("the question again"): lambda a, b, d: answer(a, b, [], f"{a}+{b}"),
    mark("nothing"): lambda a, b, d: "",
    mark("a program"): lambda a, b, d: answer(a, b, ["9**9**9**9=1"], a + b),
    mark("a very long text"): lambda a, b, d: " 1+1=2" * 200_000 + answer(a, b, []),
    mark("any characters"): lambda a, b, d: "".join(d.choices(" \n+=0123456789é🙂\0_", k=d.randint(1, 30))) + "x",
}


@pytest.mark.parametrize("way", WRONG)
def test_wrong(way):
    """What is not right does not pass"""
    judged(way, False)


def adds(a, b, draw):
    """Writes a draft, and errs in the result three times out of ten."""
    return answer(a, b, draft(a, b), a + b + 10 * (draw.random() < 0.3))


def test_practice():
    """A policy that is trained on it adds: after 60 steps its share is above 90 %"""
    draw, ways = random.Random(SEED), {"adds": adds, **WRONG}
    ways.pop("a very long text")
    z = torch.zeros(len(ways))
    for _ in range(60):
        policy, slope = z.softmax(0), torch.zeros(len(ways))
        for a, b in [(draw.randrange(100), draw.randrange(100)) for _ in range(12)]:
            chosen = draw.choices(range(len(ways)), policy.tolist(), k=8)
            texts = [list(ways.values())[i](a, b, draw) for i in chosen]
            rewards = [plain(problem.check(a, b, text)) for text in texts]
            r = torch.tensor([float(isinstance(x, int | float) and x == 1) for x in rewards])
            A = (r - r.mean()) / (r.std() + 1e-4)
            slope.index_add_(0, torch.tensor(chosen), A / 8)
        z += slope / 4
    shares = dict(zip(ways, z.softmax(0).tolist(), strict=True))
    best = max(shares, key=shares.get)
    if shares["adds"] <= 0.9:
        fail(
            t(
                "after 60 steps the policy adds in {adds} of its answers; needed: 90%\n"
                "what it likes best: {best}, {share}",
                **{"adds": f"{shares['adds']:.0%}", "best": t(best), "share": f"{shares[best]:.0%}"},
            )
        )
