"""Chapter 5's exercises: the figures of its errata, and references that are the course's models."""

import torch
from unit.small_exercises import in_cell

from chapters.ch05.exercises.slips import MultiHead
from chapters.ch05.table import TABLE, VOCABULARY
from course_kit.exercises.registry import find
from course_utils.attention import MultiHeadAttention, causal_mask, padding_mask


def close(a, b):
    return torch.allclose(a, b, atol=1e-5)


def test_the_printed_rows_and_what_rounding_can_explain():
    assert [round(s, 3) for s in TABLE.double().sum(-1).tolist()] == [1.01, 1.0, 0.996, 0.974, 1.003]
    assert [VOCABULARY[n] for n in TABLE.argmax(-1)] == ["I", "am", "a", "student", "<eos>"]
    places = (TABLE * 100 - (TABLE * 100).round()).abs() > 1e-3  # printed with three places, else with two or one
    slack = torch.where(places, 0.0005, 0.005).sum(-1)
    assert ((TABLE.sum(-1) - 1).abs() < slack).tolist() == [True, True, True, False, True]


def test_the_class_with_five_slips_runs_and_its_numbers_and_gradients_are_finite():
    wrong = in_cell("\n".join(find("program 5.22").program))["MultiHead"](8, 2)
    x = torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(0))
    for mask in (torch.ones(2, 3, 3).bool(), causal_mask(3).expand(2, 3, 3)):
        output = wrong(x, x, mask)
        output.sum().backward()
        assert output.isfinite().all() and all(p.grad.isfinite().all() for p in wrong.parameters())


def test_the_class_of_the_slips_is_the_course_s():
    x = torch.randn(2, 3, 8)
    attention, whole = MultiHeadAttention(8, 2), MultiHead(8, 2)
    memory, mask = torch.randn(2, 4, 8), padding_mask(torch.tensor([4, 2]), 4)
    attention.load_state_dict(whole.state_dict())
    assert close(whole(x, memory, mask.expand(2, 3, 4)), attention(x, memory, mask)[0])
