"""What once was said to a wrong answer and misled, or was said to no one: each with the words that it gets now."""

import math

import pytest
import torch
from torch.masked import masked_tensor

from course_kit import exercises as kit
from course_kit.exercises import check, exercise, solved
from course_kit.exercises.compare import describe
from course_kit.exercises.define import Case, Exercise, some_numbers, wrong_answers
from course_kit.exercises.judge import judge
from course_kit.exercises.properties import blind_to_padding
from course_tools.classroom.catalogue import find, load
from course_utils.positions import frequencies

GIVEN = {"task": "…", "hints": ("…",), "minutes": 1, "difficulty": 1}


@pytest.fixture(scope="module", autouse=True)
def known():
    load()


# ---- a wrong shape silences what is said of values


def average(weights, keys, mask):
    return (weights * mask)[:, None] @ keys


def _averaged(b):
    mask = torch.tensor([[True, True, False]] * b)
    return Case(
        {"w": some_numbers(b, 3, seed=b), "keys": some_numbers(b, 3, 2, seed=b + 5), "mask": mask}, shown=b == 1
    )


AVERAGE = Exercise(
    "average",
    reference=lambda weights, keys, mask: average(weights, keys, mask)[:, 0],
    cases=lambda: [_averaged(1), _averaged(2)],
    returns=("mean",),
    properties=(blind_to_padding("keys", padded=lambda case: ~case.args["mask"]),),
    **GIVEN,
)


def test_of_a_wrong_shape_no_property_of_values_is_said_to_be_broken():
    half = judge(AVERAGE, lambda weights, keys, mask: average(weights, keys, mask / 2 + 0.5)[:, 0])
    assert half.text.startswith("What is in the padding changes the result.")
    shape = judge(AVERAGE, lambda weights, keys, mask: weights * (mask / 2 + 0.5) @ keys)
    assert shape.text.startswith("Its shape is") and not any("padding" in note for note in shape.notes)


# ---- equal crashes in different calls


def _fails(q, k):
    raise RuntimeError("the sizes do not fit")


CRASHING = Exercise(
    "crashing",
    reference=lambda x, attention, cross: x,
    cases=lambda: [Case({"x": torch.ones(2), "attention": _fails, "cross": _fails}, shown=True)],
    returns=("output",),
    wrong=wrong_answers(lambda x, attention, cross: attention(x, x), "The self-attention is asked wrongly."),
    **GIVEN,
)


@pytest.mark.parametrize(
    ("answer", "same"),
    [
        (lambda x, attention, cross: attention(x, x), True),
        (lambda x, attend, other: 2 * attend(x, x), True),
        (lambda x, attention, cross: cross(x, x), False),
        (lambda *inputs: inputs[1](inputs[0], inputs[0]), True),
    ],
)
def test_the_same_error_inside_two_inputs_is_not_the_same_mistake(answer, same):
    verdict = judge(CRASHING, answer)
    assert (verdict.known is not None) == same, verdict.text


# ---- advice


def raised(source, **names):
    """What is said of the error that a line raises."""
    import linecache

    text = f"def answer(x):\n    return {source}\n"
    file = f"<line {hash(text)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    space = {"torch": torch, **names}
    exec(compile(text, file, "exec"), space)
    cases = [Case({"x": torch.ones(2, 3)}, shown=True)]
    return judge(
        Exercise("double", reference=lambda x: 2 * x, returns=("x",), cases=lambda: cases, **GIVEN), space["answer"]
    ).text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("max(0, x)", "`torch.relu(x)`"),
        ("min(x, 1) * 2", "`torch.relu(x)`"),
        ("x if x > 0 else -x", "`not`, `and`, `or` and `if` want one truth value"),
        ("{[1]: x}", "make a tuple of it"),
        ("x @ 0", "`torch.zeros(…)`"),
        ("torch.tanh(0)", "`torch.zeros(…)`"),
        ("x.reshape(2, 6 / 2)", "for a size or a place write `//`"),
        ("x[: 4 / 2]", "for a size or a place write `//`"),
        ("(x > 0) & x", "make one with `.bool()`"),
        ("x ^ 2", "`^` is no power"),
        ("(x, x).sum()", "Take them apart: `first, second = …`"),
        ("[x, x].sum()", "`torch.stack(…)` makes one tensor"),
        ("torch.relu.sum(x) if 0 else (lambda x: x).sum()", "call it, with its brackets"),
    ],
)
def test_an_error_gets_the_advice_that_fits(source, words):
    assert words in raised(source)


def test_an_error_inside_is_not_taken_for_a_wrong_first_line():
    """Also where an exercise gives the answer more than its cases have."""

    def answer(model, x):
        return model + None

    cases = [Case({"x": torch.ones(2, 3)}, shown=True)]
    given = GIVEN | {"returns": ("x",), "cases": lambda: cases, "run": lambda answer, case: answer(2, case.args["x"])}
    one = Exercise("model", reference=lambda model, x: model * x, **given)
    assert judge(one, answer).text.startswith("It stops with TypeError: unsupported operand")


# ---- results


def said(got, want):
    return describe(("x",), [(got, want)], everything=True)


def test_a_result_that_is_right_up_to_the_batch_is_told():
    want = some_numbers(1, 3, 3, seed=1).expand(2, 3, 3)
    assert "axis 0 has size 1 instead of 2: the same for all, with `.expand`" in said(want[:1], want)
    assert "axis 0 is missing: the same for all" in said(want[0], want)
    several = some_numbers(2, 3, 3, seed=2)
    assert "It is right for the first of 2 along axis 0, and the others are missing." in said(several[:1], several)
    assert "Does a `return` end a loop after its first round?" in said(several[:1], several)
    assert "along axis" not in said(several[:1] + 1, several)


def test_numbers_that_are_cut_into_other_axes_are_not_taken_for_an_axis_of_size_1():
    want = some_numbers(2, 6, seed=4)
    assert "two axes are still to be joined" in said(want.reshape(2, 3, 2), want)
    assert "all in a row: `torch.cat` and `.flatten()` join axes" in said(want.flatten(), want)
    assert "cut into other rows" in said(want.reshape(3, 4), want)
    assert "an axis of size 1 too many" in said(want[:, None], want)
    small, large = some_numbers(3, 1, seed=5), some_numbers(4, 3, seed=6)  # the first alone cannot tell
    words = describe(("x",), [(x.flatten(), x) for x in (small, large)], everything=True)
    assert words.startswith("Its shape is [3], needed: [3, 1].") and "all in a row" in words


def test_where_the_numbers_differ_is_told_as_a_row_a_column_or_the_diagonal():
    want = some_numbers(4, 4, seed=7) + 10

    def but(*place):
        got = want.clone()
        got[place] = 0
        return said(got, want)

    assert "all of them in row 2 (counted from 0). There you have 0: is that part never filled in?" in but(2)
    assert "all of them in column 1" in but(slice(None), 1)
    assert "all of them in the odd columns" in but(slice(None), slice(1, None, 2))
    assert "all of them on the diagonal" in but(range(4), range(4))
    assert "the first in row 0, column 0" in but([0, 1, 2], [0, 2, 1])
    assert "never filled in" not in said(want + torch.tensor([0, 1.0, 0, 2.0]), want)


def test_nearly_right_numbers_are_told_from_wrong_ones():
    want = some_numbers(2, 3, seed=3) + 5
    near = want + torch.tensor([[0.004, 0, -0.002], [0.001, 0, 0.003]])
    assert "4 of 6 numbers differ, but by no more than 0.004" in said(near, want) and "E[x²] − m²" in said(near, want)
    assert "no more than" not in said(want + torch.tensor([[1.0, 0, 0], [0, 2, 0]]), want)


def test_a_number_in_place_of_a_size_is_no_missing_scale():
    verdict = check("scaled dot-product score", lambda q, k: q @ k.mT / math.sqrt(3))
    assert verdict.known is None and "does the factor depend on a size" in verdict.text
    assert "missing" not in verdict.text


# ---- answers that passed or misled


def gathered(logits, target, mask):
    losses = -logits.log_softmax(-1).gather(-1, target[..., None])
    return (losses * mask).sum() / mask.sum()


def log_of_a_softmax(logits, target, mask):
    return -(logits.softmax(-1).log().gather(-1, target[..., None])[..., 0] * mask).sum() / mask.sum()


def exp_and_sum(logits, target, mask):
    p = logits.exp() / logits.exp().sum(-1, keepdim=True)
    return -(p.gather(-1, target[..., None])[..., 0].log() * mask).sum() / mask.sum()


def every_sentence_with_all(query, keys, mask, W1, W2, w):
    scores = torch.tanh((query @ W1)[:, None] + keys @ W2) @ w
    weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
    return weights @ keys, weights


def overlapping(offset, size):
    R = torch.zeros(size, size)
    for j, w in enumerate(frequencies(size)):
        b = offset * w
        R[j : j + 2, j : j + 2] = torch.tensor([[b.cos(), b.sin()], [-b.sin(), b.cos()]])
    return R


def in_single_precision(queries, keys, values, width=1.0):
    distance = (
        (queries[:, None] - keys).abs() if queries.dtype == torch.float32 else queries.float()[:, None] - keys.float()
    )
    weights = (-((distance / width) ** 2) / 2).softmax(-1)
    return weights @ values.to(weights.dtype), weights


def by_one_minus_p(logits, top_p):
    p = logits.softmax(-1)
    p = torch.where(p >= 1 - top_p, p, 0)
    return p / p.sum(-1, keepdim=True)


def no_mask_but_a_sum(scores, mask):
    return (scores + mask).softmax(-1)


def by_their_ids(first, second, cls, sep, pad, length):
    ids = torch.tensor([cls, *first, sep, *second, sep] + [pad] * (length - len(first) - len(second) - 3))
    segments = [0] * (len(first) + 2) + [1] * (length - len(first) - 2)
    return ids, torch.tensor(segments) * (ids != pad), ids != pad


def by_turns(stories, count, generator):
    def number(below):
        return int(torch.randint(below, (), generator=generator))

    pairs = []
    for i in range(count):
        s = number(len(stories))
        place, step = number(len(stories[s]) - 1), 1 + number(len(stories) - 1)
        other = stories[(s + step) % len(stories)]
        pairs.append((stories[s][place], other[number(len(other))] if i % 2 else stories[s][place + 1], i % 2))
    return pairs


SAID = [
    ("masked loss", gathered, "`gather` gives [B, T, 1]"),
    ("masked loss", log_of_a_softmax, "`log_softmax` does both in one"),
    ("masked loss", exp_and_sum, "exp of a large logit is infinite"),
    (
        "masked language model loss",
        lambda logits, labels: log_of_a_softmax(logits, labels.clamp(min=0), labels >= 0),
        "`log_softmax` (or cross-entropy) does both in one",
    ),
    ("additive attention step", every_sentence_with_all, "with the keys of all: [B, B, Dk]"),
    ("shift matrix", overlapping, "The blocks overlap."),
    ("attention pooling", in_single_precision, "about seven digits"),
    ("gaussian kernel", lambda d, width=1.0: torch.exp(-d / (2 * width)) ** 2, "Does the square come after the exp?"),
    ("top-p", by_one_minus_p, "compared with 1 − p separately"),
    ("temperature", lambda logits, t: (logits / max(t, 0.01)).softmax(-1), "Treat 0 separately"),
    ("stable masked softmax", no_mask_but_a_sum, "The mask is added as 0 and 1"),
    ("bert input", by_their_ids, "a text may hold that id, too"),
    ("next sentence pairs", by_turns, "The labels come in turn"),
]


@pytest.mark.parametrize(("name", "answer", "words"), SAID, ids=lambda x: getattr(x, "__name__", ""))
def test_a_mistake_is_seen_and_named(name, answer, words):
    verdict = check(name, answer)
    assert verdict.state == "wrong" and words in verdict.text, verdict.text


def test_three_mistakes_at_once_are_told_by_the_part_that_has_one():
    def joined_wrongly(q, k, v, heads, mask=None):
        B, Q, D = q.shape
        q, k, v = (x.reshape(B, x.shape[1], heads, -1).transpose(1, 2) for x in (q, k, v))
        scores = q @ k.mT / D**0.5
        if mask is not None:
            scores = scores.masked_fill(~(mask[:, None] if mask.dim() == 3 else mask), -torch.inf)
        weights = scores.softmax(-1)
        return (weights @ v + 0.5).reshape(B, Q, D), weights

    assert "Scaled by √D" in check("attention in heads", joined_wrongly).text


# ---- the same words twice


@pytest.fixture
def answered(monkeypatch):
    """Checks a text for "weighted average" as a cell would -> what is shown."""
    shown = []
    monkeypatch.setattr(kit, "display", shown.append)
    monkeypatch.setattr(kit, "LAST", {})

    def run(body):
        import linecache

        text = f'@exercise("weighted average")\ndef mine(weights, values):\n    {body}\n'
        file = f"<try {hash(text)}>"
        linecache.cache[file] = (len(text), None, text.splitlines(True), file)
        exec(compile(text, file, "exec"), {"exercise": exercise, "torch": torch})
        return shown[-1].text

    return run


def test_another_try_with_the_same_verdict_is_told_so(answered):
    first = answered("return values.mean()")
    assert "the last time" not in first
    assert answered("return values.mean()") == first, "the same cell, run again"
    second = answered("return values.sum() / len(values)")
    assert "What you have changed since the last time makes no difference to the results." in second
    assert "the last time" not in answered("return (weights * values).sum()")
    answered("return weights @ values / weights.sum()")
    assert "the last time" not in answered("return values.mean()"), "it has been right meanwhile"


def test_where_the_results_are_others_that_is_told(answered):
    answered("return values.sums()")
    third = answered("return values.sums() + 0")
    assert "makes no difference" in third
    answered("return weights.dot(values) / weights.sum() + values[0] ** 3")
    again = answered("return weights.dot(values) / weights.sum() + values[0] ** 3 + weights[0]")
    assert "makes no difference" not in again


# ---- the world around


@pytest.mark.parametrize("name", ["additive attention step", "program 5.22", "bottleneck adapter"])
def test_right_answers_stay_right_in_double_precision(name):
    torch.set_default_dtype(torch.float64)
    try:
        assert check(name, find(name).reference).right
        assert check("bottleneck adapter", lambda x, a, b, c, d: x + torch.nn.functional.gelu(x @ a + b) @ c + d).right
    finally:
        torch.set_default_dtype(torch.float32)


class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        raise RuntimeError("no")


class Mute(torch.Tensor):
    @property
    def shape(self):
        raise KeyError("no")


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda x: masked_tensor(x.clone(), torch.ones_like(x, dtype=torch.bool)),
        lambda x: masked_tensor(x.clone(), x > 0.5),
        lambda x: torch.Tensor._make_subclass(Liar, x),
        lambda x: torch.Tensor._make_subclass(Mute, x),
        lambda x: torch.Tensor._make_subclass(Mute, x + 1),
    ],
)
def test_a_tensor_that_lies_ends_in_a_verdict_and_the_name_is_bound(wrapped, capsys):
    given = find("gaussian kernel")
    mine = exercise("gaussian kernel")(lambda distance, width=1.0: wrapped(given.reference(distance, width)))
    assert callable(mine) and capsys.readouterr().out[0] in "✓✗"


def test_a_pipe_in_place_of_the_record_keeps_nothing_waiting(tmp_path, monkeypatch, capsys):
    import os

    (tmp_path / ".course.json").write_text("{}")
    os.mkfifo(tmp_path / solved.FILE)
    monkeypatch.chdir(tmp_path)
    exercise("weighted average")(lambda weights, values: values.mean())
    assert "it is no plain file" in capsys.readouterr().out


def test_the_squares_count_what_progress_counts():
    names = [one.name for one in __import__("chapters.ch01.exercises", fromlist=["EXERCISES"]).EXERCISES]
    assert list(kit.siblings("gaussian kernel")) == names and any(name.startswith("program") for name in names)
