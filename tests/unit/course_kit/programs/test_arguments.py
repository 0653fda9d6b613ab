"""The few checks of the core and of the kit: what they let pass and refuse, and which argument they name."""

import numpy as np
import pytest
import torch

from course_kit.programs import arguments
from course_kit.programs import arguments as kit

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("value", [True, 2.0, "2", None, NAN, [2], torch.tensor(True), torch.tensor(1.0), np.ones(2)])
def test_a_whole_number_is_nothing_else(value):
    with pytest.raises(ValueError, match="size"):
        arguments.whole_number("size", value, 1)


@pytest.mark.parametrize("value", [2, np.int64(2), torch.tensor(2)])
def test_a_whole_number_may_come_from_numpy_or_torch(value):
    assert arguments.whole_number("size", value, 1) == 2 and type(arguments.whole_number("size", value)) is int


def test_bounds_of_a_whole_number_belong_to_it():
    assert arguments.whole_number("n", 1, 1, 3) == 1 and arguments.whole_number("n", 3, 1, 3) == 3
    assert arguments.whole_number("n", 10**400) == 10**400
    for value in (0, 4):
        with pytest.raises(ValueError, match="from 1 to 3"):
            arguments.whole_number("n", value, 1, 3)


@pytest.mark.parametrize("value", [NAN, INF, -INF, None, "1", b"1", True, 1j, [1.0], torch.ones(2), 10**400])
def test_a_number_is_finite_and_one(value):
    with pytest.raises(ValueError, match="lr"):
        arguments.real_number("lr", value, above=0)
    with pytest.raises(ValueError, match="lr"):
        arguments.real_number("lr", value)


def test_bounds_of_a_number_belong_to_it_or_not_as_they_say():
    assert arguments.real_number("p", 0, least=0) == 0 and arguments.real_number("p", 1, above=0, most=1) == 1
    with pytest.raises(ValueError, match="above 0"):
        arguments.real_number("p", 0, above=0, most=1)


def test_a_name_that_is_nearly_known_is_answered():
    assert arguments.one_of("name", "dot", {"dot": 1}) == "dot"
    for value in ("dott", None, 3, ["dot"]):
        with pytest.raises(ValueError, match="name"):
            arguments.one_of("name", value, {"dot": 1, "additive": 2})
    assert (
        "'dot'" in arguments.did_you_mean("dott", ["dot", "additive"]) and arguments.did_you_mean("xyz", ["dot"]) == ""
    )


@pytest.mark.parametrize("value", ["the cat", b"x", 3, None, {"a"}, {"a": 1}])
def test_one_text_is_no_list_of_texts(value):
    assert arguments.list_of_texts("texts", ("a", "b")) == ["a", "b"]
    with pytest.raises(TypeError):
        arguments.list_of_texts("texts", value)


def test_what_else_is_in_a_list_of_texts_is_named():
    with pytest.raises(TypeError, match="texts"):
        arguments.list_of_texts("texts", ["a", b"x"])


def test_half_a_character_is_no_text():
    assert arguments.whole_characters("猫 🙂") == "猫 🙂"
    with pytest.raises(ValueError, match="text"):
        arguments.whole_characters("a \ud800")


def test_numbers_that_are_none_are_refused():
    assert arguments.finite("logits", torch.ones(2)).tolist() == [1, 1]
    for number in (NAN, INF):
        with pytest.raises(ValueError, match="logits"):
            arguments.finite("logits", torch.tensor([1.0, number]))


def test_the_first_tensor_that_does_not_fit_is_named():
    one, two = {"a": torch.ones(2), "b": torch.ones(2)}, {"a": torch.ones(2), "b": torch.ones(3), "c": torch.ones(1)}
    assert arguments.misfit(one, one) == ""
    assert "b" in arguments.misfit(one, two) and "(3,)" in arguments.misfit(one, two)
    assert "c" in arguments.misfit(one, one | {"c": torch.ones(1)}) and "missing" in arguments.misfit(
        one, {"a": one["a"]}
    )


def test_a_flag_is_not_what_only_counts_as_one():
    assert kit.flag("causal", False) is False
    for value in (1, "no", None, [], torch.tensor(True)):
        with pytest.raises(ValueError, match="causal"):
            kit.flag("causal", value)


def test_a_string_has_a_length():
    assert kit.string("title", "ab", most=2) == "ab"
    for value, error in ((3, TypeError), (b"x", TypeError), ("abc", ValueError), ("\ud800", ValueError)):
        with pytest.raises(error):
            kit.string("title", value, most=2)


@pytest.mark.parametrize("values", ["12", 3, [1.5], [None], {1: 2}, [9], b"12", [[1]]])
def test_whole_numbers_are_a_list_of_them(values):
    assert kit.whole_numbers("places", torch.tensor([1, 2]), 0, 4) == [1, 2]
    with pytest.raises((TypeError, ValueError), match="places"):
        kit.whole_numbers("places", values, 0, 4)
