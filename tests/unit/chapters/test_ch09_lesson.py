"""Chapter 9: sums to learn from, models that are asked, and one sentence through all chapters."""

from functools import partial

import numpy as np
import pytest
import torch

from chapters.ch09 import labs, sums
from chapters.ch09.experiments import one_sentence
from chapters.ch09.kept import answering
from course_kit import chapter_maps
from course_kit.heads import attention_weights

# ---- sums -----------------------------------------------------------------------------------------------------------


def test_a_sum_is_taught_practised_or_held_out_in_any_order():
    parts = [{tuple(sorted(one)) for one in part} for part in sums.split(50, seed=3)]
    assert [len(part) for part in parts] == [50, 5050 - 350, 300] and len(set.union(*parts)) == 5050


def test_a_draft_is_arithmetic_and_blanks_are_as_long():
    for a, b in ((37, 48), (5, 4), (99, 99), (90, 10)):
        *steps, total = sums.draft(a, b).split()
        assert all(eval(left) == int(right) for left, right in (step.split("=") for step in steps))
        assert int(total) == a + b and sums.is_right((a, b), sums.draft(a, b))
        assert len(sums.blanks(a, b)) == len(sums.draft(a, b)) and sums.blanks(a, b).split() == [total]
    assert not sums.is_right((2, 2), " 5\n") and not sums.is_right((2, 2), " 4") and not sums.is_right((2, 2), "")


def test_what_is_drawn_is_what_the_model_expects_up_to_the_end():
    model, asked = sums.fresh(), sums.split()[2][:3]
    for one, text in zip(asked, sums.answers(model, asked), strict=True):
        ids = torch.tensor([sums.ids_of(sums.question(*one))])
        for _ in range(24):
            ids = torch.cat([ids, model(ids)[:, -1].argmax(-1, keepdim=True)], 1)
        assert text == answering.text_of(ids[0, 6:].tolist()).partition("\n")[0] + "\n" * ("\n" in text)


# ---- views -------------------------------------------------------------------------------------------------------


def test_a_model_that_is_asked_shows_each_token_and_answers_a_reader():
    """What it expected and attended to is what it gives when it reads the whole; what it was not taught, it says."""
    model = sums.fresh()
    view = labs.replies(["37 + 48 =", "Who?"], {"yours": partial(sums.asked, model)}, live=True)
    (one, none), (_, refused) = view.view.options["traces"][0], view.view.options["replies"][0]
    assert (
        none is None and refused == "I was taught sums of two numbers below 100, such as 37 + 48 =, and nothing else."
    )
    ids = torch.tensor([[ord(piece) for piece in one["pieces"]]])
    with torch.no_grad(), attention_weights(model) as weights:
        chances = model(ids)[0, one["begins"] - 1 : -1].softmax(-1)
    shown = view.view.arrays["weights"].reshape(len(chances), one["heads"], ids.shape[1]).astype("f4")
    wanted = weights["decoder"][-1][0, :, one["begins"] - 1 : -1].transpose(0, 1)
    np.testing.assert_allclose(shown, wanted, atol=1e-3)
    for row, p in zip(one["chances"], chances, strict=True):
        assert (
            row[0][1] == pytest.approx(float(p.max()), abs=1e-3)
            and [x for _, x in row] == sorted(x for _, x in row)[::-1]
        )
    for asked in (" 5+9 ", "<script>", "你好 🙂", "5 + 9 " * 400):
        view.asked = asked
        assert view.asked == "" and view.question == asked.strip()
    view.asked = " "
    assert view.view.options["questions"][-2:] == ["37 + 48 =", "Who?"] and len(view.view.options["questions"]) == 6


# ---- one sentence through all chapters ------------------------------------------------------------------------------


def test_nine_maps_are_those_that_are_recorded():
    maps, recorded = one_sentence.through_all(), chapter_maps.maps()
    assert list(maps) == list(recorded) == list(range(1, 10))
    for number, one in maps.items():
        assert one._replace(weights=0) == recorded[number]._replace(weights=0)
        assert np.allclose(one.weights, recorded[number].weights, atol=0.002)
    assert repr(maps).count("“animal”") >= 9 and maps._repr_html_().count("<figure") == 9
    assert one_sentence.numbered(["The", "▁the", "dog", "▁", "THE"]) == ["the", "the (2)", "dog", "▁", "the (3)"]
