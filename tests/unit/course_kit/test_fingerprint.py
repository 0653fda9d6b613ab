"""What is kept comes back for the same content only: data, models, settings and functions are never confused."""

import collections
import copy
import dataclasses
import functools
import random
import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course_kit.keeping.fingerprint import Unidentified, fingerprint
from course_utils.bert import BertConfig, BertForPreTraining
from course_utils.gpt import GPT, GPTConfig
from course_utils.seq2seq import Seq2Seq, Seq2SeqConfig
from course_utils.text import Batches, Vocabulary
from course_utils.transformer import Transformer, TransformerConfig


@dataclasses.dataclass
class Setting:
    name: str
    values: list


def model(**change):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 2), nn.Dropout(change.get("dropout", 0.1)), change.get("activation", nn.GELU()))


def frozen():
    made = model()
    made[0].weight.requires_grad_(False)
    return made


def closure(n):
    return lambda x: x + n


def gpt(**change):
    torch.manual_seed(0)
    return GPT(GPTConfig(10, 8, 1, 2, **change))


PAIRS = [([4, 5], [6]), ([7], [8, 9])]
OTHER = [([4, 5], [6]), ([7], [8, 8])]
LONG = list(range(9000))
DIFFER = {
    "batches": (lambda: Batches(PAIRS), lambda: Batches(OTHER)),
    "batches of another size": (lambda: Batches(PAIRS), lambda: Batches(PAIRS, tokens=99)),
    "vocabularies": (lambda: Vocabulary(["a", "b"]), lambda: Vocabulary(["a", "c"])),
    "loaders": (
        lambda: DataLoader(TensorDataset(torch.zeros(3, 1))), lambda: DataLoader(TensorDataset(torch.ones(3, 1)))),
    "dataclasses with a list": (lambda: Setting("a", [1, 2]), lambda: Setting("a", [1, 3])),
    "dataclasses with a tensor": (lambda: Setting("a", [torch.zeros(2)]), lambda: Setting("a", [torch.ones(2)])),
    "Python's generators": (lambda: random.Random(1), lambda: random.Random(2)),
    "numpy's generators": (lambda: np.random.default_rng(1), lambda: np.random.default_rng(2)),
    "torch's generators": (lambda: torch.Generator().manual_seed(1), lambda: torch.Generator().manual_seed(2)),
    "deques": (lambda: collections.deque([1, 2]), lambda: collections.deque([1, 3])),
    "counters": (lambda: collections.Counter("aab"), lambda: collections.Counter("abb")),
    "long lists": (lambda: LONG, lambda: [*LONG[:4321], -1, *LONG[4322:]]),
    "long dicts": (lambda: dict.fromkeys(LONG, 0), lambda: dict.fromkeys(LONG, 0) | {4321: 1}),
    "long sets": (lambda: set(LONG), lambda: set(LONG[:-1]) | {-1}),
    "dropout": (model, lambda: model(dropout=0.9)),
    "activations": (model, lambda: model(activation=nn.ReLU())),
    "activations of a config": (gpt, lambda: gpt(activation="relu")),
    "dropout of a config": (gpt, lambda: gpt(dropout=0.5)),
    "what is frozen": (model, frozen),
    "order of parts": (lambda: nn.Sequential(nn.ReLU(), nn.Tanh()), lambda: nn.Sequential(nn.Tanh(), nn.ReLU())),
    "closures": (lambda: closure(1), lambda: closure(2)),
    "partials": (lambda: functools.partial(max, 1), lambda: functools.partial(max, 2)),
    "methods of objects": (lambda: [1].append, lambda: [2].append),
    "kinds of numbers": (lambda: [1], lambda: [True]),
    "kinds of tensors": (lambda: torch.zeros(2), lambda: torch.zeros(2, dtype=torch.float64)),
    "shapes": (lambda: np.zeros((2, 3)), lambda: np.zeros((3, 2))),
    "deep nesting": (lambda: [[[[[[[[[[[[[[1]]]]]]]]]]]]]], lambda: [[[[[[[[[[[[[[2]]]]]]]]]]]]]]),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFER)
def test_what_differs_is_told_apart_and_what_is_made_again_is_the_same(name):
    one, other = DIFFER[name]
    assert fingerprint(one()) == fingerprint(one()) and fingerprint(other()) == fingerprint(other())
    assert fingerprint(one()) != fingerprint(other())


leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
plain_values = st.recursive(
    leaves | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def exact(value):
    """A text that tells 1, 1.0 and True apart, and 0.0 from -0.0."""
    return repr(value)


@settings(max_examples=300, deadline=None)
@given(plain_values, plain_values)
def test_values_share_a_fingerprint_if_and_only_if_they_are_equal(a, b):
    assert fingerprint(a) == fingerprint(copy.deepcopy(a))
    assert (fingerprint(a) == fingerprint(b)) == (exact(a) == exact(b))


@pytest.mark.parametrize(
    "thing",
    [threading.Lock(), (x for x in [1]), open(__file__), {object()}, torch.eye(2).to_sparse()],  # noqa: SIM115
)
def test_what_cannot_be_identified_is_said(thing):
    with pytest.raises(Unidentified):
        fingerprint(thing)


def test_what_goes_round_in_a_circle_ends():
    ring = [1]
    ring.append(ring)
    assert fingerprint(ring) == fingerprint(ring)


def test_what_a_training_leaves_on_a_model_is_no_content():
    made = model()
    before = fingerprint(made)
    made.last_run = object()
    assert fingerprint(made.train()) == before == fingerprint(made.eval())


COURSE = {
    "seq2seq": lambda: Seq2Seq(Seq2SeqConfig(9, 9, 8)),
    "transformer": lambda: Transformer(TransformerConfig(9, 9, 8, num_layers=1, num_heads=2)),
    "bert": lambda: BertForPreTraining(BertConfig(9, 8, num_layers=1, num_heads=2)),
    "gpt": lambda: GPT(GPTConfig(9, 8, num_layers=1, num_heads=2)),
    "lstm": lambda: nn.LSTM(3, 4, 2),
}


@pytest.mark.parametrize("kind", COURSE)
def test_the_models_of_the_course_have_one(kind):
    """A GRU holds weak references to its own weights; they are no settings."""
    first, second = (torch.manual_seed(0) and COURSE[kind]() for _ in range(2))
    assert fingerprint(first) == fingerprint(second)
    with torch.no_grad():
        next(second.parameters()).view(-1)[0] += 1e-3
    assert fingerprint(first) != fingerprint(second)


def test_a_set_of_tuples_has_one_whatever_its_order():
    numbers = [(i, str(i)) for i in range(50)]
    assert fingerprint(set(numbers)) == fingerprint(set(reversed(numbers)))
    assert fingerprint(set(numbers)) != fingerprint(set(numbers[1:]) | {(0, 0)})
    assert fingerprint(frozenset(numbers)) != fingerprint(set(numbers))
