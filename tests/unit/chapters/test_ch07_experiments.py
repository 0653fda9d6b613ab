"""Chapter 7's experiments, small: a log, copying heads, costs."""

import pytest
import torch

from chapters.ch07.experiments import cost, induction
from chapters.ch07.language import Text, TextLesson
from course_kit.callbacks import TensorBoard
from course_kit.training import fit
from course_utils.gpt import GPT, GPTConfig, next_token_loss

pytestmark = pytest.mark.usefixtures("one_thread")
ROWS = "the cat sees the dog. the dog sees the cat.\n"


@pytest.fixture(scope="module")
def lesson():
    return TextLesson(Text("small", ROWS * 60, ROWS * 6), block=16, rows=8)


def test_a_log_for_tensorboard_holds_both_curves(lesson, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    model = GPT(GPTConfig(len(lesson.tokenizer), size=8, layers=1, heads=1, context=16))
    measured = {"evaluate": lambda model: {"valid": lesson.valid_loss(model, 4)}, "every": 5}
    fit(model, lesson.batch, next_token_loss, steps=20, lr=1e-3, callbacks=[TensorBoard(tmp_path)], **measured)
    log = EventAccumulator(str(tmp_path)).Reload()
    assert {"loss", "valid"} <= set(log.Tags()["scalars"])
    assert [e.step for e in log.Scalars("valid")][-3:] == [10, 15, 20]


# ---- induction heads ------------------------------------------------------------------------------------------------


def test_the_score_is_one_for_a_head_that_looks_behind_the_earlier_copy_and_tells_two_apart():
    half, place = 5, torch.arange(10)
    for what, back, other in (("induction", 4, "before"), ("before", 1, "induction")):
        weights = torch.zeros(2, 3, 10, 10)
        weights[:, 1, place[back:], place[back:] - back] = 1.0
        assert induction.head_score(weights, half, what).tolist() == pytest.approx([0, 1, 0])
        assert induction.head_score(weights, half, other).sum() == 0


def test_texts_are_random_tokens_twice_and_training_ones_have_many_periods():
    task = induction.Repeats(size=9, half=8)
    ids = task.texts(torch.Generator().manual_seed(0), 4)
    assert ids.shape == (4, 16) and torch.equal(ids[:, :8], ids[:, 8:])
    ids = task.batch(torch.Generator().manual_seed(0))
    periods = {next(p for p in range(1, 17) if torch.equal(row[p:], row[:-p])) for row in ids}
    assert len(periods) > 3 and max(periods) <= 8


# ---- what attention costs -------------------------------------------------------------------------------------------


def test_both_forms_of_attention_give_the_same_numbers_and_gradients():
    given = cost.inputs(70)
    first, second = (form(*given) for form in cost.FORMS.values())
    assert torch.allclose(first, second, atol=1e-5)
    gradients = [torch.autograd.grad((x * x).sum(), given) for x in (first, second)]
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(*gradients, strict=True))


def test_the_definition_keeps_all_pairs_and_the_fused_form_does_not():
    lengths = (128, 256, 512)
    found = cost.costs(lengths, repeats=1)
    whole, lean = found["definition"]["bytes"], found["fused"]["bytes"]
    assert cost.growth(lengths, whole) == pytest.approx(4, rel=0.1)
    assert cost.growth(lengths, lean) == pytest.approx(2, rel=0.1)
    assert whole[-1] >= 4 * 512 * 512 * 4 and lean[-1] < whole[-1] / 10  # 4 heads, 4 bytes
    assert cost.growth((2, 8), (3, 48)) == pytest.approx(4)
    assert [row["tokens"] for row in cost.cost_table(lengths, found)] == list(lengths)
