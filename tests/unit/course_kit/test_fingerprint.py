"""What is kept comes back for the same content only: data, models, settings and functions are never confused."""

import copy
import importlib
import random
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from course_kit.models.translators import TiedConfig, TiedTranslator
from course_kit.runs.fingerprint import Unidentified, fingerprint, ones_own
from course_utils.bert import BertConfig, BertForPreTraining
from course_utils.gpt import GPT, GPTConfig

CELL = """
import collections, dataclasses, enum, functools, random, types
import numpy as np, torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from course_utils.bert import Bert, BertConfig
from course_utils.gpt import GPT, GPTConfig
from course_kit.text import Batches, Vocabulary
torch.manual_seed(0)
class Own(nn.Linear): pass
class Loud:
    __slots__ = ("a",)
    def __init__(self, a=0): self.a = a
    def __reduce__(self): return Loud, ()
def closure(n): return lambda x: x + n
def wrapped(f):
    @functools.wraps(f)
    def g(*a): return f(*a)
    return g
"""
DIFFER = [  # a cell that makes x, with a gap; what stands in the gap, and what else might
    ("x = Batches([([4, 5], [6]), ([7], [8, %s])])", 9, 8),
    ("x = DataLoader(TensorDataset(torch.%s(3, 1)))", "zeros", "ones"),
    ("@dataclasses.dataclass\nclass S:\n  values: list\nx = S([1, %s])", 2, 3),
    ("@dataclasses.dataclass\nclass S:\n  a: list = dataclasses.field(default_factory=lambda: [%s])\nx = S", 2, 3),
    ("x = random.Random(%s)", 1, 2),
    ("x = torch.Generator().manual_seed(%s)", 1, 2),
    ("x = collections.defaultdict(lambda: %s)", 1, 2),
    ("x = [*range(4000), %s, *range(4000)]", 1, -1),
    ("x = {(i, str(i)) for i in range(50)} | {(%s, '')}", 1, 2),
    ("x = %s({(1, 2)})", "set", "frozenset"),
    ("x = nn.Sequential(nn.Linear(2, 2), nn.%s())", "GELU", "ReLU"),
    ("x = Bert(BertConfig(10, 8, 1, 2, activation=%r))", "gelu", "relu"),
    ("x = GPT(GPTConfig(10, 8, 1, 2, dropout=%s))", 0.1, 0.5),
    ("x = nn.Linear(2, 2)\nx.weight.requires_grad_(%s)", True, False),
    ("x = nn.Linear(2, 2)\nwith torch.no_grad(): x.weight[0, 0] += %s", 0, 1e-3),
    ("x = nn.Linear(2, 2)\nx.weight.register_hook(lambda g: g * %s)", 1, 2),
    ("def f(self, v): return v * %s\nx = Own(2, 2)\nx.forward = types.MethodType(f, x)", 1, 2),
    ("x = torch.zeros(2, dtype=torch.%s)", "float32", "float64"),
    ("x = np.zeros(%s)", (2, 3), (3, 2)),
    ("x = [[[[[[[[[[[[[[%s]]]]]]]]]]]]]]", 1, 2),
    ("x = [1]\nx.append(x)\nx.append(%s)", 1, 2),
    ("x = closure(%s)", 1, 2),
    ("x = functools.partial(max, %s)", 1, 2),
    ("def x(a, n=%s): return a", 1, 2),
    ("def x(a, b): return a %s b", "<", "<="),
    ("def g(a): return %sa\ndef x(a): return g(a)", "", "-"),
    ("rate = %s\ndef x(a): return [rate * b for b in a]", 1, 2),
    ("def f(a): return g(a)\ndef g(a): return f(a), %s\nx = f", 1, 2),
    ("def x():\n  def g(): return %s\n  return g", 1, 2),
    ("@wrapped\ndef x(): return %s", 1, 2),
    ("class A:\n  @property\n  def p(self): return %s\nx = A()", 1, 2),
    ("class A:\n  v = %s\nclass B(A): pass\nx = B()", 1, 2),
    ("class E(enum.Enum):\n  a = %s\nx = E.a", 1, 2),
    ("class M(type):\n  def __call__(c): return %s\nclass A(metaclass=M): pass\ndef x(): return A()", 1, 2),
    ("class A:\n  def __init__(s): s.v = %s\n  def f(s): return s.v\na = A()\ndef x(): return a.f()", 1, 2),
    ("x = Loud(%s)", 1, 2),
]  # fmt: skip
EQUAL = [  # an edit of which a training does not depend
    ("%s\ndef x(a): return a + 1", "", "\n\n# a word\nother = 1"),
    ("def unused(): return %s\ndef x(a): return a", 1, 2),
    ("RATE = %s\ndef x(model): return model.RATE", 1.0, 2.0),
    ("x = nn.Dropout()\nx.last_run = %s", 1, 2),
    ("x = nn.Dropout()\nx.%s()", "train", "eval"),
    ("x = {(i, str(i)) for i in %s(range(50))}", "list", "reversed"),
    ("%s\nx = nn.Tanh()\nx.register_forward_hook(print)", "", "nn.Tanh().register_forward_hook(print)"),
]
NO_CONTENT = [
    "import threading\nx = threading.Lock()", "x = (a for a in [1])", "x = open('/dev/null')", "x = {object()}",
    "x = torch.eye(2).to_sparse()", "@functools.cache\ndef x(n): return n + 1",
    "@functools.cache\ndef g(n): return n\ndef x(): return g(1)", "def x(): return torch.load('batch.pt')",
    "import os\ndef x(): return os.environ['RATE']", "def x(): return globals()['rate']", "def x(): return open('a')",
    "import sys\ndef x(): return sys.argv",
]  # fmt: skip


def made(cell):
    names = {"__name__": "__main__"}
    exec(CELL + cell, names)
    return fingerprint(names["x"])


@pytest.mark.parametrize(("cell", "one", "other"), DIFFER)
def test_what_differs_is_told_apart_and_what_is_made_again_is_the_same(cell, one, other):
    assert made(cell % (one,)) == made(cell % (one,)) != made(cell % (other,))


@pytest.mark.parametrize(("cell", "one", "other"), EQUAL)
def test_an_edit_that_changes_nothing_is_not_seen(cell, one, other):
    assert made(cell % one) == made(cell % other)


@pytest.mark.parametrize("cell", NO_CONTENT)
def test_what_cannot_be_identified_is_said(cell):
    with pytest.raises(Unidentified):
        made(cell)


texts = st.text("aB é猫\0\n", max_size=5)  # of all signs there are, hypothesis would make a table first
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
plain_values = st.recursive(
    leaves | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(plain_values, plain_values)
def test_values_share_a_fingerprint_if_and_only_if_they_are_equal(a, b):
    assert fingerprint(a) == fingerprint(copy.deepcopy(a))
    assert (fingerprint(a) == fingerprint(b)) == (repr(a) == repr(b))  # 1, 1.0 and True are not, nor 0.0 and -0.0


MODELS = [
    lambda: TiedTranslator(TiedConfig(9, 9, 8)),  # a GRU holds weak references to its own weights; they are no settings
    lambda: BertForPreTraining(BertConfig(9, 8, layers=1, heads=2)),
    lambda: GPT(GPTConfig(9, 8, layers=1, heads=2)),
    lambda: nn.LSTM(3, 4, 2),
]


@pytest.mark.parametrize("make", MODELS)
def test_the_models_of_the_course_have_one(make):
    first, second = (torch.manual_seed(0) and make() for _ in range(2))
    assert fingerprint(first) == fingerprint(second.eval())
    with torch.no_grad():
        next(second.parameters()).view(-1)[0] += 1e-3
    assert fingerprint(first) != fingerprint(second)


HELPERS = """
import random as dice, numpy as np, torch
from torch import nn
from chapters.ch07.kept.files import read_text as read_file
RATE, NAME, draws = 1.0, "own.txt", np.random
def unused(): return 0
def inner(x): return x * 2
def loss(model, batch): return inner(model(batch)).pow(2).mean() * RATE
def late(model, batch):
    import helpers
    return helpers.loss(model, batch)
@torch.no_grad()
def judged(model): return inner(model.eval())
class Model(nn.Linear):
    def forward(self, x): return super().forward(x) + 1
def numpys(generator): return np.random.rand(2)
def renamed(generator): return draws.rand(2)
def pythons(generator): return dice.random()
def reads(generator): return read_file("own.txt")
def reads_constant(generator): return read_file(NAME)
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


SEEN = {
    "loss": ("x * 2", "x * 3"),
    "judged": ("x * 2", "x * 3"),
    "late": (".pow(2)", ".pow(4)"),
    "Model": ("(x) + 1", "(x) - 1"),
    "the module": (".pow(2)", ".pow(4)"),
}


@pytest.mark.parametrize("name", SEEN)
def test_a_module_of_ones_own_counts_with_its_code(helpers, name):
    take = lambda module: (lambda m: later(module, m)) if name == "the module" else getattr(module, name)  # noqa: E731
    before = fingerprint(take(helpers()))
    assert fingerprint(take(helpers())) == before != fingerprint(take(helpers(*SEEN[name])))
    other = fingerprint(take(helpers("def unused", "def unused_too")))
    assert (other != before) == (name in ("late", "the module"))  # which counts whole: it may be handed on


def later(module, m):
    return module.loss(m)


def test_what_is_loaded_counts_and_not_what_the_file_says_by_now(helpers, tmp_path):
    module = helpers()
    before = fingerprint(module.loss)
    (tmp_path / "helpers.py").write_text(HELPERS.replace("RATE, NAME, draws = 1.0", "RATE, NAME, draws = 2.0"))
    assert fingerprint(module.loss) == before
    module.RATE = 3.0
    assert fingerprint(module.loss) != before


def test_a_module_that_gives_names_on_demand_is_not_identified(helpers):
    class OnDemand(types.ModuleType):  # as `mine` in a notebook
        def __getattr__(self, name):
            return torch.sum

    for module in (OnDemand("mine"), helpers(text="def __getattr__(name):\n    raise AttributeError(name)\n")):
        with pytest.raises(Unidentified, match="on demand"):
            fingerprint(lambda m, b, module=module: module.loss(m, b))


@pytest.mark.parametrize(("name", "change"), [
    ("numpys", np.random.seed), ("renamed", np.random.seed), ("pythons", random.seed),
    ("reads", lambda n: Path("own.txt").write_text(str(n))),  # a file that the course's reader is told
    ("reads_constant", lambda n: Path("own.txt").write_text(str(n))),
])  # fmt: skip
def test_random_numbers_of_the_process_and_files_that_are_named_count(helpers, name, change):
    prints = [(change(number), fingerprint(getattr(helpers(), name)))[1] for number in (1, 2, 1)]
    assert prints[0] == prints[2] != prints[1]


def test_the_course_and_what_is_installed_are_known_by_name():
    assert [ones_own(name) for name in ("__main__", "helpers", "mine.ch05")] == [True] * 3
    for name in ("torch.nn.modules.linear", "numpy", "json", "builtins", "course_utils.gpt", "chapters.ch03.lesson"):
        assert not ones_own(name)
