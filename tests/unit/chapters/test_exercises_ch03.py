"""Chapter 3's exercises: the errata's figures."""

import math

from course_kit.exercises.catalogue import find
from course_kit.metrics import brevity_penalty


def test_the_errata_give_the_numbers_that_were_printed():
    """男孩 踢 足球 against 一个 小 男孩 在 踢 足球: .4167 with all three slips, .378 with the natural logarithm."""
    spoilt = math.exp(1 - 9 / 5) * math.exp(math.log10(0.5) / 4)
    natural = math.exp(1 - 9 / 5) * math.exp(math.log(0.5) / 4)
    assert abs(spoilt - 0.4167) < 1e-4 and round(natural, 3) == 0.378
    assert round(brevity_penalty(3, 6), 3) == 0.368
    assert find("program 3.6").reference([3, 1, 0, 0], [3, 2, 1, 0]) == 0
