"""The stage `shapes` checks what the core's annotations say, and nothing where a test gives wrong types on purpose."""

import os

import pytest

from course_utils.positions import sinusoidal_encoding

pytestmark = pytest.mark.skipif(os.environ.get("COURSE_SHAPES") != "1", reason="for the stage shapes of tests/run.py")


def refusal():
    with pytest.raises((TypeError, ValueError)) as caught:
        sinusoidal_encoding("nine", 4)
    return type(caught.value).__module__


def test_an_annotation_is_held():
    assert refusal().startswith("jaxtyping")


@pytest.mark.wrong_types
def test_wrong_types_on_purpose_reach_the_function():
    assert not refusal().startswith("jaxtyping")
