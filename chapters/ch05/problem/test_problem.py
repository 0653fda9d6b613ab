"""Judges problem.py beside it: `course problem 05`, or pytest. Forty patients, drawn anew in each run."""

import functools
import itertools
import random

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_kit.i18n import t
from course_kit.problems import Given, beside, fail, seed
from course_utils.transformer import Transformer, TransformerConfig

FAULTS = ("future", "padding", "no source", "source order", "target order", "rows mix", "dropout")
HIDDEN = [{"no source", "padding"}, {"no source", "source order"}, {"dropout", "source order"}]
HIDDEN += [{"dropout", "target order"}]
PAIRS = [pair for pair in itertools.combinations(FAULTS, 2) if set(pair) not in HIDDEN]
SEED = seed()
torch.set_num_threads(1)  # models are tiny
problem = beside(__file__)


class Patient:
    """A Transformer with faults that are put in from outside."""

    def __init__(self, number, faults):
        torch.manual_seed(SEED + number)
        sizes = {"size": 16 + 16 * (number % 2), "layers": 1 + number % 3, "heads": 2 + 2 * (number % 2)}
        self.model = Transformer(TransformerConfig(20, 20, hidden=32, dropout=0.1, **sizes))
        self.words = ", ".join(f"{name}: {size}" for name, size in sizes.items())
        model, self.broken = self.model, faults
        if "source order" in faults:
            model.positions = nn.Identity()
        if "target order" in faults:
            model.target_positions = nn.Identity()
        if "future" in faults:
            for block in model.decoder:
                attend = block.attention.forward
                block.attention.forward = functools.partial(_without_mask, attend)
        self.mix = (lambda x: x.roll(1, 0)) if number % 2 else (lambda x: x.mean(0))

    def __call__(self, training, state, source, target, mask):
        """What a reader's call gives, and the state of its random draws afterwards."""
        mask = torch.ones_like(source, dtype=torch.bool) if mask is None else mask
        checked(source, target, mask)  # before a fault has a say in what is an error
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.set_rng_state(state)
            number, after = torch.randint(2**62, ()), torch.get_rng_state()
            torch.manual_seed(int(number))  # so a call draws once, whatever drops in there
            self.model.train(training)
            return self.logits(source, target, mask.bool()), after

    def logits(self, source, target, mask):
        mask = None if "padding" in self.broken else mask
        memory = self.model.encode(source, mask)
        if "no source" in self.broken:
            memory = torch.zeros_like(memory)
        logits = self.model.output(self.model.decode(target, memory, mask))
        if "rows mix" in self.broken:
            logits = logits + self.mix(logits)
        return F.dropout(logits, 0.1) if "dropout" in self.broken else logits


def checked(source, target, mask):
    """Raises ValueError, with a sentence."""
    whole = all(
        isinstance(one, torch.Tensor) and one.dtype in (torch.int64, torch.int32) and one.ndim == 2 and one.numel()
        and 0 <= one.min() <= one.max() < 20
        for one in (source, target)
    )  # fmt: skip
    if not whole or not isinstance(mask, torch.Tensor) or mask.shape != source.shape or len(source) != len(target):
        what = [
            tuple(one.shape) if isinstance(one, torch.Tensor) else type(one).__name__ for one in (source, target, mask)
        ]
        raise ValueError(
            t(
                "called with {what}; needed: source [B, S] and target [B, T], whole numbers from 0 to 19, and mask "
                "[B, S], True or False",
                what=", ".join(map(str, what)),
            )
        )


def _without_mask(attend, x, memory, mask):
    return attend(x, memory, None)


PATIENTS = {number: Patient(number, ()) for number in range(9)}
PATIENTS |= {10 + n: Patient(10 + n, FAULTS[n // 2 : n // 2 + 1]) for n in range(2 * len(FAULTS))}
PATIENTS |= {number: Patient(number, pair) for number, pair in enumerate(PAIRS, 30)}


@functools.cache
def diagnoses():
    """{number of a patient: what was found}, of all forty. They come in an order that nobody knows."""
    order = list(PATIENTS)
    random.Random(SEED).shuffle(order)
    return {number: problem.diagnose(Given(PATIENTS[number], module=True)) for number in order}


def cured(faults, numbers):
    for number in numbers:
        found = diagnoses()[number]
        if not isinstance(found, set) or not found <= set(FAULTS):
            fail(t("given: a model; returned: {found}; needed: a set of the names in problem.py", found=repr(found)))
        if found != set(faults):
            missed = ", ".join(sorted(set(faults) - found)) or "–"
            invented = ", ".join(sorted(found - set(faults))) or "–"
            faults = ", ".join(faults) or t("a healthy one")
            fail(
                t(
                    "given: a patient of {sizes}, in training mode; it has: {faults}\nnot found: {missed}\n"
                    "found, and not there: {invented}",
                    **{"sizes": PATIENTS[number].words, "faults": faults, "missed": missed, "invented": invented},
                )
            )


def test_healthy():
    """Nine healthy patients: nothing is found"""
    cured((), range(9))


@pytest.mark.parametrize("fault", FAULTS)
def test_one(fault):
    """Two patients with one fault each"""
    number = 10 + 2 * FAULTS.index(fault)
    cured((fault,), (number, number + 1))


def test_two():
    """Seventeen patients with two faults each"""
    for number, pair in enumerate(PAIRS, 30):
        cured(pair, (number,))
