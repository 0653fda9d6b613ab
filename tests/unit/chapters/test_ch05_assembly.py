"""The Transformer that is put together from the exercises' functions: it is the course's, and it learns."""

import copy
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from chapters.ch05 import assembly
from chapters.ch05.assembly import EXERCISES, Assembled, chosen
from chapters.ch05.exercises.heads import multi_head
from course_kit.exercises.define import find
from course_kit.keeping.fingerprint import fingerprint
from course_utils import text
from course_utils.checkpoints import load_checkpoint
from course_utils.loss import masked_loss
from course_utils.restored import seeded
from course_utils.training import fit
from course_utils.transformer import Transformer, TransformerConfig


@pytest.fixture
def model():
    with seeded(0):
        config = TransformerConfig(17, 19, model_size=16, num_layers=2, num_heads=2, ffn_size=24, dropout=0.0)
        made = Transformer(config)
        for parameter in made.parameters():  # biases, too
            parameter.data += 0.05 * torch.randn_like(parameter)
    return made


@pytest.fixture
def lesson():
    batch = text.collate([([4, 5, 6, 7], [8, 9, 10]), ([11, 12], [13, 14, 15, 16])])
    return SimpleNamespace(batches=[batch])


def heads_one_by_one(x, memory, Wq, Wk, Wv, Wo, heads, mask):
    d, outputs, weights = x.shape[-1] // heads, [], []
    for h in range(heads):
        part = slice(h * d, (h + 1) * d)
        scores = (x @ Wq[:, part]) @ (memory @ Wk[:, part]).transpose(1, 2) / d**0.5
        weights.append(scores.masked_fill(~mask, float("-inf")).softmax(-1))
        outputs.append(weights[-1] @ (memory @ Wv[:, part]))
    return torch.cat(outputs, -1) @ Wo, torch.stack(weights, 1)


def norm_by_hand(x, part, gain, bias, norm_first):
    def norm(y):
        centred = y - y.mean(-1, keepdim=True)
        return gain * centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + 1e-5) + bias

    return x + part(norm(x)) if norm_first else norm(x + part(x))


OWN = {
    "multi_head": heads_one_by_one,
    "ffn": lambda x, W1, b1, W2, b2: F.linear(F.linear(x, W1.T, b1).clamp(min=0), W2.T, b2),
    "add_norm": norm_by_hand,
    "smoothed_loss": lambda logits, target, mask, e: F.cross_entropy(logits[mask], target[mask], label_smoothing=e),
}


@pytest.mark.parametrize("own", [{}, OWN], ids=["the course's", "a student's"])
def test_it_gives_the_numbers_of_the_shipped_checkpoint(own):
    grammar = load_checkpoint("transformer-grammar").model.double()
    source, real = torch.randint(4, 800, (2, 9)), torch.arange(9) < torch.tensor([[9], [6]])
    target = torch.randint(4, 1200, (2, 7))
    with torch.no_grad():
        gap = Assembled(**own)(grammar, source, target, real) - grammar(source, target, real)
    assert gap.abs().max() < 1e-5


@pytest.mark.parametrize("own", [{}, OWN], ids=["the course's", "a student's"])
def test_its_gradients_are_the_course_s(model, lesson, own):
    (batch,), weights = lesson.batches, list(model.parameters())
    mine = torch.autograd.grad(Assembled(0.1, **own).loss(model, batch), weights, allow_unused=True)
    logits = model(batch.source, batch.target_in, batch.source_mask)
    theirs = torch.autograd.grad(masked_loss(logits, batch.target_out, batch.target_mask, 0.1), weights)
    for a, b in zip(mine, theirs, strict=True):
        assert torch.allclose(torch.zeros_like(b) if a is None else a, b, atol=1e-4)


def test_it_learns_through_a_student_s_functions(model, lesson):
    run = fit(model, lesson.batches, Assembled(**OWN).loss, steps=60, lr=0.01, show=False)
    losses = run.history["loss"][1]
    assert losses[-1] < 0.2 < 2 < losses[0]


class Clock:
    """One second passes whenever it is read, so that no machine is fast or slow."""

    now = 0.0

    def perf_counter(self) -> float:
        self.wait(1)
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def test_the_table_says_whose_each_part_is_and_why(model, lesson, monkeypatch):
    references = {name: find(exercise).reference for name, exercise in EXERCISES.items()}
    clock = Clock()
    monkeypatch.setattr(assembly, "time", clock)
    functions = references | {
        "multi_head": heads_one_by_one,
        "ffn": lambda *inputs: references["ffn"](*inputs).detach(),
        "add_norm": lambda *inputs: clock.wait(100) or references["add_norm"](*inputs),
        "smoothed_loss": lambda *inputs: torch.tensor(references["smoothed_loss"](*inputs).item()),
        "transformer": lambda *inputs: inputs["x"],
    }
    parts, table = chosen(model, lesson, **functions)
    whose = {row["part"]: row["whose"] for row in table}
    assert parts == {"multi_head": heads_one_by_one}
    assert whose["multi-head attention"] == "yours"
    assert whose["encoder block"] == "the course's: still open"
    assert whose["position-wise ffn"] == "the course's: yours gives no gradient, or another one"
    assert whose["label smoothing"] == "the course's: yours gives no gradient"
    assert whose["the whole model"] == "the course's: yours stops here with TypeError"
    assert whose["add and norm"].startswith("the course's: yours takes")
    assert "1 of 7 parts are yours" in repr(table)


def test_nothing_solved_costs_nothing(model, lesson, monkeypatch):
    monkeypatch.setattr(assembly, "_tried", lambda *inputs, **parts: pytest.fail("it was tried"))
    parts, table = chosen(model, lesson, multi_head=multi_head)
    assert parts == {} and "0 of 1 parts are yours" in repr(table)


def test_a_training_through_it_is_kept_under_its_functions(model):
    same, other = Assembled(**OWN), Assembled(**OWN | {"ffn": find("position-wise ffn").reference})
    assert fingerprint(same.loss) == fingerprint(copy.copy(same).loss)
    assert fingerprint(same.loss) != fingerprint(other.loss)
