"""Whatever an answer raises or returns, the cell ends well: a verdict in words, and the name is bound."""

import sys

import pytest
import torch

from course_kit.exercises import check, exercise

NAME = "gaussian kernel"


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no words")


class Leaving(Exception):
    def __str__(self):
        sys.exit("gone")


class Hostile(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        raise RuntimeError("do not touch")


class Elsewhere(torch.Tensor):
    """Says of its shape what is not so, and that it agrees with everything."""

    shape = property(lambda self: torch.Size([9, 9]))

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function is torch.isclose:
            return torch.tensor(True)
        return super().__torch_function__(function, types, args, kwargs or {})


class Odd:
    def __eq__(self, other):
        raise RuntimeError

    __hash__ = None

    def __len__(self):
        raise RuntimeError

    def __repr__(self):
        raise RuntimeError

    @property
    def shape(self):
        raise RuntimeError

    def __array__(self, *args, **options):
        raise RuntimeError


def raising(error):
    def kernel(distance, width=1.0):
        raise error

    return kernel


def returning(make):
    return lambda distance, width=1.0: make(distance)


def wrapped(distance, width=1.0):
    raise ValueError("from inside")


wrapped.__wrapped__ = wrapped
ANSWERS = {
    "an exception without words": raising(Mute()),
    "an exception whose words leave the program": raising(Leaving()),
    "a group of exceptions": raising(BaseExceptionGroup("two", [SystemExit(), Mute()])),
    "a function that wraps itself": wrapped,
    "numbers that are nowhere": returning(lambda x: torch.empty(2, device="meta")),
    "a nested tensor": returning(lambda x: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])),
    "a million million numbers": returning(lambda x: torch.ones(1).expand(10**12)),
    "a sparse tensor": returning(lambda x: torch.eye(3).to_sparse()),
    "a tensor that may not be touched": returning(lambda x: torch.ones(3).as_subclass(Hostile)),
    "a tensor that lies": returning(lambda x: torch.ones(2, 3, 4).as_subclass(Elsewhere)),
    "an object that answers nothing": returning(lambda x: Odd()),
    "a list of such": returning(lambda x: [Odd(), Odd()]),
    "a generator": returning(lambda x: (i for i in range(3))),
    "a type": returning(lambda x: int),
    "itself": returning(lambda x: ANSWERS),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_there_is_a_verdict_and_the_name_is_bound(name, capsys):
    verdict = check(NAME, ANSWERS[name])
    assert verdict.state == "wrong" and verdict.text.strip()
    bound = exercise(NAME)(ANSWERS[name])
    assert bound(torch.zeros(2)).tolist() == [1, 1], "the notebook goes on with the course's own"
    assert "✗" in capsys.readouterr().out


def test_the_numbers_count_and_not_what_a_tensor_says_of_itself():
    assert check(NAME, lambda x, width=1.0: torch.exp(-((x / width) ** 2) / 2).as_subclass(Elsewhere)).right
    assert not check(NAME, lambda x, width=1.0: (x / width).as_subclass(Elsewhere)).right
