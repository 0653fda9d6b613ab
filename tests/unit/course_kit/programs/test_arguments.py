"""The few checks of the core and of the kit: what they let pass and refuse, and which argument they name."""

import numpy as np
import pytest
import torch

from course_kit.programs import arguments

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("value", [2, np.int64(2), torch.tensor(2)])
def test_a_whole_number_may_come_from_numpy_or_torch(value):
    assert arguments.whole_number("size", value, 1) == 2 and type(arguments.whole_number("size", value)) is int


def test_bounds_of_a_whole_number_belong_to_it():
    assert arguments.whole_number("n", 1, 1, 3) == 1 and arguments.whole_number("n", 3, 1, 3) == 3
    assert arguments.whole_number("n", 10**400) == 10**400
    for value in (0, 4):
        with pytest.raises(ValueError, match="from 1 to 3"):
            arguments.whole_number("n", value, 1, 3)


def test_bounds_of_a_number_belong_to_it_or_not_as_they_say():
    assert arguments.real_number("p", 0) == 0 and arguments.real_number("p", 1, above=0) == 1
    with pytest.raises(ValueError, match="above 0"):
        arguments.real_number("p", 0, above=0)


def test_a_name_that_is_nearly_known_is_answered():
    assert arguments.one_of("name", "dot", {"dot": 1}) == "dot"
    for value in ("dott", None, 3, ["dot"]):
        with pytest.raises(ValueError, match="name"):
            arguments.one_of("name", value, {"dot": 1, "additive": 2})
    assert (
        "'dot'" in arguments.did_you_mean("dott", ["dot", "additive"]) and arguments.did_you_mean("xyz", ["dot"]) == ""
    )


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
