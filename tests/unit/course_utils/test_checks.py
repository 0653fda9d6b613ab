"""What public functions refuse, and in which words: what was given, what is needed, what to do."""

import numpy as np
import pytest
import torch

from course_kit import checks

NAN = float("nan")


@pytest.mark.parametrize("value", [True, 2.0, "2", None, NAN, [2], torch.tensor(True), torch.tensor(1.0), np.ones(2)])
def test_a_whole_number_is_nothing_else(value):
    with pytest.raises(ValueError, match="size is .*needed: a whole number from 1"):
        checks.whole_number("size", value, 1)


@pytest.mark.parametrize("value", [2, np.int64(2), torch.tensor(2)])
def test_a_whole_number_may_come_from_numpy_or_torch(value):
    assert checks.whole_number("size", value, 1) == 2 and type(checks.whole_number("size", value)) is int


def test_bounds_of_a_whole_number_belong_to_it():
    assert checks.whole_number("n", 1, 1, 3) == 1 and checks.whole_number("n", 3, 1, 3) == 3
    for value in (0, 4):
        with pytest.raises(ValueError, match=f"n is {value}; needed: a whole number from 1 to 3"):
            checks.whole_number("n", value, 1, 3)


@pytest.mark.parametrize("value", [NAN, float("inf"), -float("inf"), None, "1", b"1", True, 1j, [1.0], torch.ones(2)])
def test_a_number_is_finite_and_one(value):
    with pytest.raises(ValueError, match="lr is .*needed: a number above 0"):
        checks.real_number("lr", value, above=0)


def test_bounds_of_a_number_belong_to_it_or_not_as_they_say():
    assert checks.real_number("p", 0, least=0, below=1) == 0 and checks.real_number("p", 1, above=0, most=1) == 1
    with pytest.raises(ValueError, match="p is 1; needed: a number from 0 below 1"):
        checks.real_number("p", 1, least=0, below=1)
    with pytest.raises(ValueError, match="p is 0; needed: a number above 0 to 1"):
        checks.real_number("p", 0, above=0, most=1)


def test_a_flag_is_not_what_only_counts_as_one():
    assert checks.flag("causal", False) is False
    for value in (1, "no", None, [], torch.tensor(True)):
        with pytest.raises(ValueError, match="causal is .*needed: True or False"):
            checks.flag("causal", value)


def test_numbers_become_a_floating_point_tensor_and_nan_stays():
    assert checks.real_numbers("x", [1, 2]).dtype == torch.float32
    assert checks.real_numbers("x", np.array([1.0, NAN])).dtype == torch.float64
    assert checks.real_numbers("x", torch.tensor([NAN])).isnan().all()


@pytest.mark.parametrize(
    "value", ["ab", None, [[1], [2, 3]], ["a"], torch.tensor([True]), torch.tensor([1j]), torch.eye(2).to_sparse()]
)
def test_what_is_no_real_numbers_is_named(value):
    with pytest.raises(TypeError, match="x is .*needed: (a tensor of numbers|real numbers)"):
        checks.real_numbers("x", value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([[1.0]], r"write torch.as_tensor\(x\)"),
        (np.ones((1, 4)), r"numpy ndarray of float64, \[1, 4\].*write torch.as_tensor\(x\)"),
        (torch.ones(1, 4, dtype=torch.int64), r"tensor of int64 with shape \[1, 4\].*write x.float\(\)"),
    ],
)
def test_vectors_say_what_to_write(value, said):
    with pytest.raises(TypeError, match=said):
        checks.vectors("x", value, 4)


@pytest.mark.parametrize(("shape", "axes"), [((4,), "[..., n, D]"), ((2, 3), "[B, T, D]"), ((1, 2, 3, 4), "[B, T, D]")])
def test_vectors_have_the_axes_that_are_named(shape, axes):
    with pytest.raises(ValueError, match=r"x has shape .*needed: "):
        checks.vectors("x", torch.ones(shape), axes=axes)


def test_vectors_have_the_size_that_is_needed():
    assert checks.vectors("x", torch.ones(4), 4, "[..., D]").shape == (4,)
    with pytest.raises(ValueError, match=r"x has shape \[2, 3\]; needed: \[..., n, 4\]"):
        checks.vectors("x", torch.ones(2, 3), 4)


def test_tensors_of_two_kinds_are_named_but_autocast_may_mix_them():
    one, two = torch.ones(2), torch.ones(2, dtype=torch.float64)
    checks.alike(q=one, k=one)
    with pytest.raises(TypeError, match=r"q holds float32, k float64; needed: one kind: k.to\(q.dtype\)"):
        checks.alike(q=one, k=two)
    with pytest.raises(ValueError, match="q is on cpu, k on meta"):
        checks.alike(q=one, k=torch.ones(2, device="meta"))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        checks.alike(q=one, k=one.bfloat16())


@pytest.mark.parametrize("mask", [torch.zeros(3), torch.tensor([0.0, -torch.inf]), [True], None, torch.ones(3).int()])
def test_a_mask_is_boolean_and_the_usual_others_are_told_what_to_write(mask):
    with pytest.raises(
        TypeError, match=r"must be a boolean tensor, True = may be attended .*write mask == 1; .*mask == 0"
    ):
        checks.boolean_mask(mask, torch.ones(2, 3))


@pytest.mark.parametrize("shape", [(2,), (2, 2, 3), (3, 3)])
def test_a_mask_broadcasts_to_the_scores(shape):
    checks.boolean_mask(torch.ones(3, dtype=torch.bool), torch.ones(2, 3))
    with pytest.raises(ValueError, match="does not broadcast"):
        checks.boolean_mask(torch.ones(shape, dtype=torch.bool), torch.ones(2, 3))


@pytest.mark.parametrize(
    ("value", "said"), [("the cat", r"write \[texts\]"), (b"x", "one text"), (3, "needed: a list")]
)
def test_one_text_is_no_list_of_texts(value, said):
    assert checks.list_of_texts("texts", ("a", "b")) == ["a", "b"]
    with pytest.raises(TypeError, match=said):
        checks.list_of_texts("texts", value)
    with pytest.raises(TypeError, match=r"texts\[1\] is b'x'"):
        checks.list_of_texts("texts", ["a", b"x"])
