"""What is kept comes back for the same content only: data, models, settings and functions are never confused."""

import collections
import copy
import dataclasses
import functools
import importlib
import operator
import random
import sys
import threading
import types

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course_kit.keeping.fingerprint import Unidentified, fingerprint, ones_own
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


HELPERS = """
import functools

import torch
from torch import nn

RATE = 1.0


def unused():
    return 0


def inner(x):
    return x * 2


def measured(model):
    return model.eval()(torch.ones(1))


def loss(model, batch):
    return inner(model(batch)).pow(2).mean() * RATE


def late(model, batch):
    import helpers

    return helpers.loss(model, batch)


def scaled(factor):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*arguments):
            return factor * function(*arguments)
        return wrapper
    return decorate


@scaled(3.0)
def decorated(model, batch):
    return model(batch).mean()


@torch.no_grad()
def judged(model):
    return inner(model)


class Model(nn.Linear):
    def forward(self, x):
        return super().forward(x) + 1


class Rows:
    def __init__(self, rows):
        self.rows = rows

    def __getitem__(self, i):
        return torch.tensor(self.rows[i]) + 0


class Hiding(Rows):
    def __reduce__(self):
        return Hiding, ([],)
"""
STRANGE = """
import functools
import os
import random as dice

import numpy as np
import torch

RATE = 1.0
from_numpy = np.random


def numpys(generator):
    return np.random.rand(2)


def pythons(generator):
    return dice.random()


@functools.cache
def cached(n):
    return n + 1


def by_cached(model, batch):
    return cached(1)


def reads(generator):
    return torch.load("batch.pt")


def asks(generator):
    return float(os.environ["RATE"])


def looks_up(generator):
    return globals()["RATE"]


def numpys_by_another_name(generator):
    return from_numpy.rand(2)


def opens():
    return open("a file")
"""


@pytest.fixture
def helpers(tmp_path, monkeypatch):
    """The student's own helpers.py, as it is after each of these changes and a restart."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def changed(old="", new="", text=HELPERS):
        assert old in text
        (tmp_path / "helpers.py").write_text(text.replace(old, new))
        sys.modules.pop("helpers", None)
        importlib.invalidate_caches()
        return importlib.import_module("helpers")

    yield changed
    sys.modules.pop("helpers", None)


def by_dict(module):
    return lambda m, b: module.__dict__["loss"](m, b)


def handed_on(module):
    return lambda m, b: later(module, m, b)


def later(module, m, b):
    return module.loss(m, b)


def hooked(module):
    made = model()
    made[0].register_forward_hook(module.loss)
    return made


SEEN = {
    "a loss": ("loss", ".pow(2)", ".pow(4)"),
    "what a loss calls": ("loss", "x * 2", "x * 3"),
    "a constant": ("loss", "RATE = 1.0", "RATE = 2.0"),
    "the module": (lambda module: lambda m, b: module.loss(m, b), ".pow(2)", ".pow(4)"),
    "the module, imported late": ("late", ".pow(2)", ".pow(4)"),
    "the module, by its dictionary": (by_dict, ".pow(2)", ".pow(4)"),
    "the module, handed on": (handed_on, ".pow(2)", ".pow(4)"),
    "the module, by a getter": (lambda module: functools.partial(operator.attrgetter("loss"), module), "2)", "4)"),
    "a decorator's argument": ("decorated", "scaled(3.0)", "scaled(4.0)"),
    "a decorator's code": ("decorated", "factor * function", "factor + function"),
    "under torch's decorator": ("judged", "x * 2", "x * 3"),
    "a model's forward": (lambda module: torch.manual_seed(0) and module.Model(2, 1), "(x) + 1", "(x) - 1"),
    "a data set's class": (lambda module: module.Rows([1, 2]), "[i]) + 0", "[i]) + 5"),
    "a forward hook": (hooked, ".pow(2)", ".pow(4)"),
    "a method": (lambda module: module.Rows([1]).__getitem__, "[i]) + 0", "[i]) + 5"),
}


@pytest.mark.parametrize("name", SEEN)
def test_a_module_of_ones_own_counts_with_its_code(helpers, name):
    thing, old, new = SEEN[name]
    take = thing if callable(thing) else lambda module: getattr(module, thing)
    before = fingerprint(take(helpers()))
    assert fingerprint(take(helpers())) == before
    other = fingerprint(take(helpers("def unused", "def unused_too")))
    assert (other == before) != name.startswith("the module")  # which counts whole
    assert fingerprint(take(helpers(old, new))) != before


def test_what_is_loaded_counts_and_not_what_the_file_says_by_now(helpers, tmp_path):
    module = helpers()
    before = fingerprint(module.loss)
    (tmp_path / "helpers.py").write_text(HELPERS.replace("RATE = 1.0", "RATE = 2.0"))
    assert fingerprint(module.loss) == before
    module.RATE = 3.0
    assert fingerprint(module.loss) != before


@pytest.mark.parametrize("name", ["cached", "by_cached", "reads", "asks", "looks_up", "opens"])
def test_a_function_that_depends_on_what_is_not_in_it_is_not_identified(helpers, name):
    with pytest.raises(Unidentified):
        fingerprint(getattr(helpers(text=STRANGE), name))


class OnDemand(types.ModuleType):
    """As `mine` in a notebook: what it gives is looked up when it is asked for."""

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return torch.sum


def test_a_module_that_gives_names_on_demand_is_not_identified(helpers):
    lazy = helpers(text="def __getattr__(name):\n    raise AttributeError(name)\n")
    for module in (OnDemand("mine"), lazy):
        with pytest.raises(Unidentified, match="on demand"):
            fingerprint(lambda m, b, module=module: module.loss(m, b))
    taken = OnDemand("mine").loss
    assert fingerprint(lambda m, b: taken(m(b)))


def test_a_model_may_be_put_into_eval_mode(helpers):
    assert fingerprint(helpers().measured) == fingerprint(helpers().measured)


def test_a_state_that_a_class_hides_is_found(helpers):
    module = helpers()
    assert fingerprint(module.Hiding([1])) == fingerprint(module.Hiding([1])) != fingerprint(module.Hiding([2]))


@pytest.mark.parametrize(
    ("name", "seed"),
    [("numpys", np.random.seed), ("numpys_by_another_name", np.random.seed), ("pythons", random.seed)],
)
def test_global_random_numbers_that_a_function_draws_count(helpers, name, seed):
    draws, prints = getattr(helpers(text=STRANGE), name), []
    for number in (1, 2, 1):
        seed(number)
        prints.append(fingerprint(draws))
    assert prints[0] == prints[2] != prints[1]


READERS = """
from pathlib import Path

from chapters.ch07.language import read_file

NAME, NAMES, PATH = "own.txt", ["own.txt", "none.txt"], Path("own.txt")


class Texts:
    def __init__(self, name):
        self.name = name

    def __getitem__(self, i):
        return read_file(self.name)
"""
NAMED = {
    "in its code": 'read_file("own.txt")',
    "by a constant": "read_file(NAME)",
    "in a list": "read_file(NAMES[0])",
    "as a path": "read_file(PATH)",
    "by an object": 'Texts("own.txt")[0]',
}


@pytest.mark.parametrize("how", NAMED)
def test_a_file_that_is_named_to_a_reader_of_the_course_counts_with_its_content(helpers, tmp_path, how):
    reads, prints = f"{READERS}\n\ndef batches(generator):\n    return {NAMED[how]}\n", []
    for content in ("one", "two", "one"):
        (tmp_path / "own.txt").write_text(content)
        prints.append(fingerprint(helpers(text=reads).batches))
    assert prints[0] == prints[2] != prints[1]


def test_an_attribute_that_is_called_as_a_global_name_is_not_it(helpers):
    text = "RATE = 1.0\n\n\ndef loss(model, batch):\n    return model.RATE\n"
    assert fingerprint(helpers(text=text).loss) == fingerprint(helpers("1.0", "2.0", text).loss)


def test_the_course_and_what_is_installed_are_known_by_name():
    assert [ones_own(name) for name in ("__main__", "helpers", "mine.ch05")] == [True] * 3
    for name in ("torch.nn.modules.linear", "numpy", "json", "builtins", "course_utils.gpt", "chapters.ch03.lesson"):
        assert not ones_own(name)
