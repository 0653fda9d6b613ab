"""Small exercises for tests of how answers are judged, and what tells one verdict from another."""

import copy
import linecache

import torch

from course_kit.exercises import check, exercise, find_error, registry
from course_kit.exercises.define import Case, Exercise

T = torch.tensor
registry.load()  # so that any exercise is found by its name


def small(reference, *inputs, name="small", returns=("result",), **more):
    """An exercise whose cases have these inputs, each a dict of name -> value; the first case is its example. As in any
    exercise, they are made anew each time."""
    cases = [one if isinstance(one, Case) else Case(one, shown=i == 0) for i, one in enumerate(inputs)]
    given = {"task": "…", "hints": ("Look.", "Nearer."), "minutes": 1, "difficulty": 1} | more
    return Exercise(name, reference=reference, cases=lambda: copy.deepcopy(cases), returns=returns, **given)


DOUBLE = small(
    lambda x: 2 * x, {"x": T([[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]])}, {"x": T([[7.0, 1.0]])}, returns=("doubled",)
)


def mean_and_shares(x):
    """x [K] > 0 -> (mean, shares [K])"""
    return x.mean(), x / x.sum()


SHARES = small(
    mean_and_shares,
    *({"x": x} for x in (T([1.0, 3.0]), T([2.0]), T([1.0, 2.0, 3.0, 4.0]))),
    name="shares",
    returns=("mean", "shares"),
)


class Scale(torch.nn.Module):
    """x -> factor · x"""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return self.factor * x


SCALE = small(Scale, Case({"x": T([1.0, 5.0])}, init=(3,), shown=True), Case({"x": T([1.0])}, init=(0.5,)))


def words(verdict):
    """All that a verdict says, its notes too."""
    return " ".join((verdict.text, *verdict.notes))


def named(one, verdict):
    """The numbers of the known mistakes of an exercise that a verdict names."""
    return [i for i, wrong in enumerate(one.wrong) if wrong.hint in words(verdict)]


def not_right(name, answer):
    """What is said of an answer that should be right; "" where it is."""
    verdict = check(name, answer)
    return "" if verdict.right else f"{name}, {getattr(answer, '__name__', answer)}: {verdict.text} {verdict.arrays}"


def in_cell(source, **names):
    """The names after a cell with this source, whose lines an error can show, as in IPython."""
    file = f"<cell {hash(source)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    space = {"exercise": exercise, "find_error": find_error, "torch": torch, **names}
    exec(compile(source, file, "exec"), space)
    return space


def not_told(name, answer, word=""):
    """What is said of a wrong answer, in words or in its arrays, if this word is not in it; "" where it is."""
    verdict = check(name, answer)
    said = words(verdict) + str(verdict.arrays)
    return "" if verdict.state == "wrong" and word in said else f"{name}: {word!r} is not in: {said}"
