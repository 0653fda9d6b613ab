"""Chapter 2's labs without a browser: every control over its range, words and tables, errors that teach."""

import labs
import numpy as np
import pytest
import torch

from course_kit.views import sweep
from course_kit.views.view import at
from course_utils.scores import SCORES


def test_every_control_over_its_whole_range():
    query, keys = [1.0, 0.5], [[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]]
    assert sweep(labs.scoring(query, keys)) > 12 + 12 + 5 + 41
    assert sweep(labs.scaling()) > 50
    assert sweep(labs.masking(np.eye(4))) == 5 + 2 + 5 + 4


def test_live_labs_have_one_trait_per_state():
    lab = labs.scoring([1.0, 0.5], [[1.0, 0.0], [0.0, 1.0]], live=True)
    lab.a = "additive"
    assert lab.now.state["a"] == "additive" and lab.query == [1.0, 0.5]
    heard = []
    lab.observe(lambda change: heard.append(change.new), "b")
    lab.b = "deep"
    assert heard == ["deep"]
    with pytest.raises(Exception, match="deep"):
        lab.a = "unknown"
    assert labs.scaling(live=True).d == 64 and labs.masking(np.eye(3), live=True).length == 3


def test_worked_example_a_in_the_lab():
    keys = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]]
    made = labs.scoring([0, 0, 1], keys, a="scaled_dot").steps("a")
    assert made["score"].tolist() == pytest.approx([0, 0, 1, 0, 1, 1])
    assert made["scaled"][2] == pytest.approx(0.577, abs=5e-4)
    assert made["weights"] == pytest.approx([0.120, 0.120, 0.213, 0.120, 0.213, 0.213], abs=5e-4)
    assert made["context"] == pytest.approx([0.453, 0.453, 0.640], abs=5e-4)


def test_own_modules_are_left_as_they_are():
    score = SCORES["general"](2, 2)
    before = score.W.weight.clone()
    lab = labs.scoring([1.0, 0.5], [[1.0, 0.0], [0.0, 1.0]], modules={"general": score})
    lab.steps("a")
    assert score.W.weight.dtype == torch.float32 and torch.equal(score.W.weight, before)


def test_scoring_refuses_with_what_to_do():
    keys = [[1.0, 0.0], [0.0, 1.0]]
    with pytest.raises(ValueError, match="query"):
        labs.scoring([1.0, 0.0, 0.0], keys)
    with pytest.raises(ValueError, match="finite"):
        labs.scoring([1.0, float("nan")], keys)
    with pytest.raises(ValueError, match="additive"):
        labs.scoring([1.0, 0.0], keys, a="aditive")
    with pytest.raises(ValueError, match="modules"):
        labs.scoring(np.ones(4), np.eye(4), b="deep")
    with pytest.raises(ValueError, match="keys"):
        labs.scoring([1.0, 0.0], keys, names=["one"])
    with pytest.raises(ValueError):
        labs.scoring([1.0, 0.0], keys, values=[[1.0]])
    with pytest.raises(ValueError):
        labs.scoring([1.0, 0.0], keys, modules={"general": SCORES["general"](3, 3)})


def test_scaling_tells_the_story_of_the_chapter():
    lab = labs.scaling(d=400)
    plain, scaled = lab.measure(400, False), lab.measure(400, True)
    assert plain["spread"] == pytest.approx(20, rel=0.1) and scaled["spread"] == pytest.approx(1, rel=0.1)
    assert plain["gradient"] < scaled["gradient"] / 2
    products = torch.from_numpy(plain["scores"])  # both gradients are with respect to these
    for made, c in ((plain, 1), (scaled, 20)):
        by_chain_rule = torch.func.vmap(torch.func.jacrev(lambda s, c=c: torch.softmax(s / c, 0)))(products)
        assert made["gradient"] == pytest.approx(20 * by_chain_rule.flatten(1).norm(dim=-1).quantile(0.5).item())
    small = lab.measure(4, False)
    assert plain["spread"] / small["spread"] == pytest.approx(10, rel=0.25)
    for bad in (dict(sizes=[0, 3]), dict(sizes=[2000]), dict(sizes=range(8, 16), d=64)):
        with pytest.raises(ValueError):
            labs.scaling(**bad)


def test_masking_names_the_leak():
    lab = labs.masking(np.zeros((4, 4)), length=2, order="times")
    assert "Weight where the mask says no: 50 %" in lab.describe()
    assert "Weight where the mask says no: 0 %" in at(lab, order="before").describe()
    assert "4 rows with nothing to attend" in at(lab, order="before", length=0).describe()
    for bad, match in ((np.ones((2, 3)), r"\[T, T\]"), (np.full((3, 3), np.inf), "finite")):
        with pytest.raises(ValueError, match=match):
            labs.masking(bad)
    with pytest.raises(ValueError):
        labs.masking(np.eye(3), order="first")


def test_the_four_orders_of_mask_and_softmax_beside_each_other():
    rows = {row["order"]: row for row in labs.orders(labs.masking(np.zeros((4, 4)), length=2))}
    leaks = {order: (row["on masked keys"], row["first row empty"]) for order, row in rows.items()}
    assert leaks == {
        "mask, then softmax": (0, 0),
        "multiply, then softmax": (50, 62),  # two of four, and in the first row all
        "softmax, then multiply": (0, 0),
        "−1e9, then softmax": (0, 25),  # the whole first row of four
    }
    assert [row["smallest row sum"] for row in rows.values()] == [100, 100, 50, 100]
    shares = 100 / 4, 100 / (2 + 2 * np.e)  # two masked scores rise from 0 to 1
    assert [row["change by masked scores"] for row in rows.values()] == [0, 0, round(shares[0] - shares[1]), 0]


def test_a_removed_unit_is_missing_from_the_sum_and_the_score_stays_whole():
    score = SCORES["additive"](2, 2, hidden_size=3)
    query, keys = torch.tensor([1.0, 0.5]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    before = score.w.weight.clone()
    hidden = torch.tanh(score.W1(query) + score.W2(keys))
    expected = torch.softmax(hidden[:, [0, 2]] @ score.w.weight[0, [0, 2]], -1)
    assert torch.allclose(labs.weights_without(score, 1, query, keys), expected, atol=1e-6)
    assert torch.allclose(
        labs.weights_without(score, None, query, keys), torch.softmax(score(query[None], keys)[0], -1)
    )
    assert torch.equal(score.w.weight, before)


def test_modules_stay_small():
    for lab in (labs.scoring([1.0, 0.5], [[1.0, 0.0], [0.0, 1.0]]), labs.scaling(), labs.masking(np.eye(3))):
        assert len(lab.code().encode()) < 30 * 1024
