"""Judges problem.py beside it: `course problem 09`, or pytest. The sums are drawn anew in each run."""

import functools
import itertools
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
    ways = RIGHT | WRONG | CHANGED
    for way, write in ways.items():
        draw = random.Random(SEED)
        pairs = sums(draw)[: 5 if way == "a very long text" else None]
        rows = [(way, number, a, b, write(a, b, draw)) for number, (a, b) in enumerate(pairs)]
        texts += [row for row in rows if row[-1] is not None]
    random.Random(SEED + 1).shuffle(texts)
    found = {way: {} for way in ways}
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


def anyhow(a, b, d):
    return draft(a, b, zeros=d.random() < 0.5)


def two_steps(a, b, d, differ):
    """Steps, and the numbers of two of them, whose columns differ; None, where all are alike."""
    rows, steps = columns(a, b), anyhow(a, b, d)
    pairs = [pair for pair in itertools.combinations(range(len(rows)), 2) if differ(*(rows[n] for n in pair))]
    return (rows, steps, *d.choice(pairs)) if pairs else None


def swapped(a, b, d):
    if found := two_steps(a, b, d, lambda one, other: sorted(one) != sorted(other)):
        _, steps, n, m = found
        steps[n], steps[m] = steps[m], steps[n]
        return answer(a, b, steps)


def exchanged(a, b, d):
    """The first digits of two columns change places; what is said to be their sum stays, or is true."""
    if found := two_steps(a, b, d, lambda one, other: one[0] != other[0]):
        rows, steps, n, m = found
        true = d.random() < 0.5
        for i, other in ((n, m), (m, n)):
            parts = [rows[other][0], *rows[i][1:]]
            parts = parts if parts[-1] else parts[:-1]
            steps[i] = "+".join(map(str, parts)) + f"={sum(parts) if true else sum(rows[i])}"
        return answer(a, b, steps)


def across(step, d):
    """A digit before the = and one behind it change places, or two behind it."""
    digits = [i for i, one in enumerate(step) if one in "0123456789"]
    pairs = [(i, j) for i, j in itertools.combinations(digits, 2) if j > step.index("=") and step[i] != step[j]]
    if not pairs:
        return step[:-1] + "1"  # 0+0=0
    i, j = d.choice(pairs)
    return step[:i] + step[j] + step[i + 1 : j] + step[i] + step[j + 1 :]


def in_a_digit(a, b, d):
    """A step adds its carry into a digit, and has none."""
    rows, steps = columns(a, b), anyhow(a, b, d)
    if not (carried := [n for n, (_, _, carry) in enumerate(rows) if carry]):
        return None
    x, y, carry = rows[n := d.choice(carried)]
    parts = d.choice([(x + carry, y), (x, y + carry)])
    return answer(a, b, [*steps[:n], f"{parts[0]}+{parts[1]}={sum(rows[n])}", *steps[n + 1 :]])


def too_often(a, b, d):
    rows, n = columns(a, b), d.randrange(len(str(max(a, b))))
    parts = [*rows[n], rows[n][2]]
    return answer(
        a, b, [*(steps := anyhow(a, b, d))[:n], "+".join(map(str, parts)) + f"={sum(rows[n])}", *steps[n + 1 :]]
    )


def signs(step, d):
    """Its signs, elsewhere."""
    left, _, said = step.partition("=")
    first, _, others = left.partition("+")
    return d.choice(
        [f"{first}{others}={said}", f"{first}++{others}={said}", f"{left}+={said}", f"+{step}", f"{step}+"]
        + [f"{first}={others}+{said}", f"{left}{said}=", f"={left}{said}", f"{left}{said}", f"{left}=+{said}"]
    )


def one_more(step, d, letters):
    n = d.randrange(len(step) + 1)
    return step[:n] + d.choice(letters) + step[n:]


def beside_a_digit(step, d):
    n = d.choice([i for i, one in enumerate(step) if one in "0123456789"]) + d.randrange(2)
    return f"{step[:n]}0{step[n:]}"


def touched(text, d):
    """Another text: a character is another one, or changes places with the next, or comes, or goes."""
    other = text
    while other == text:
        n, one = d.randrange(len(text)), d.choice(" \n+=0123456789")
        ways = [text[:n] + one + text[n + 1 :], text[:n] + text[n : n + 2][::-1] + text[n + 2 :]]
        other = d.choice([*ways, text[:n] + one + text[n:], text[:n] + text[n + 1 :]])
    return other


@functools.cache
def every_draft(a, b):
    """All right drafts of a short sum. (Of a sum of twelve digits there are 8 ** 12.)"""
    ways = []
    for x, y, carry in columns(a, b):
        orders = {*itertools.permutations((x, y, carry))} | (set() if carry else {(x, y), (y, x)})
        ways.append({"+".join(map(str, order)) + f"={x + y + carry}" for order in orders})
    return {answer(a, b, steps) for steps in itertools.product(*ways)}


def twice_touched(a, b, d):
    """Two changes make a right draft of another one, now and then, as 3+4=7 of 4+3=7."""
    if max(a, b) >= 1000:
        return None
    text = answer(a, b, draft(a, b, d))
    while text in every_draft(a, b):
        text = touched(touched(text, d), d)
    return text


# Right drafts with a change: what counts their characters, and reads no step, does not see it. One change alone never
# makes a right draft: those of a sum differ in the order of a step's numbers, or by "+0".
CHANGED = {
    mark("two steps swapped"): swapped,
    mark("two columns exchange a digit"): exchanged,
    mark("a digit and one of the sum swapped"): lambda a, b, d: answer(
        a, b, one_of(anyhow(a, b, d), lambda step: across(step, d), d)
    ),
    mark("the carry added to a digit"): in_a_digit,
    mark("a carry too often"): too_often,
    mark("the sum before the ="): lambda a, b, d: answer(
        a, b, one_of(anyhow(a, b, d), lambda step: "=".join(step.split("=")[::-1]), d)
    ),
    mark("signs at other places"): lambda a, b, d: answer(
        a, b, one_of(anyhow(a, b, d), lambda step: signs(step, d), d)
    ),
    mark("a zero in a number of a step"): lambda a, b, d: answer(
        a, b, one_of(anyhow(a, b, d), lambda step: beside_a_digit(step, d), d)
    ),
    mark("a letter in a step"): lambda a, b, d: answer(
        a, b, one_of(anyhow(a, b, d), lambda step: one_more(step, d, "xO.,-é"), d)
    ),
    mark("one character changed"): lambda a, b, d: touched(answer(a, b, draft(a, b, d)), d),
    mark("two characters changed"): twice_touched,
}


@pytest.mark.parametrize("way", [*WRONG, *CHANGED])
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
