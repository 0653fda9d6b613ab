"""The twelve scores: hand-worked numbers, gradients, counts, and clear answers to bad input."""

import math

import pytest
import torch
from unit.edges import REFUSED

from chapters.ch02.experiments.costs import multiply_adds
from chapters.ch02.scores import SCORES, GeneralizedKernel
from course_utils.attention import masked_softmax

NAMES = [
    *("similarity", "dot", "scaled_dot", "general", "biased_general", "activated_general", "generalized_kernel"),
    *("concat", "additive", "deep", "location_based", "feature_based"),
]
SAME_SIZE = {"similarity", "dot", "scaled_dot", "generalized_kernel"}


def vectors(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def made(name, query_size=3, key_size=3, **sizes):
    torch.manual_seed(0)
    return SCORES[name](query_size, key_size, **sizes).double()


@pytest.mark.parametrize("name", NAMES)
def test_equation_reference_and_shape(name):
    module = made(name, hidden_size=5, max_keys=7)
    assert len(module.equation) > 2 and module.reference and type(module).__doc__
    assert module(vectors(2, 4, 3), vectors(2, 6, 3, seed=1)).shape == (2, 4, 6)
    assert module(vectors(4, 3), vectors(6, 3, seed=1)).shape == (4, 6)
    assert module.float()(vectors(1, 1, 3).float(), vectors(1, 1, 3).float()).dtype == torch.float32


@pytest.mark.parametrize("name", NAMES)
def test_sizes_of_query_and_key_may_differ_where_the_equation_allows(name):
    if name in SAME_SIZE:
        assert SCORES[name].same_size
        with pytest.raises(REFUSED):
            made(name, 3, 5)(vectors(2, 4, 3), vectors(2, 6, 5))
    else:
        assert not SCORES[name].same_size
        assert made(name, 3, 5)(vectors(2, 4, 3), vectors(2, 6, 5)).shape == (2, 4, 6)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_gets_a_gradient(name):
    module = made(name, hidden_size=4, max_keys=5)
    module(vectors(2, 2, 3).requires_grad_(), vectors(2, 4, 3, seed=1)).square().sum().backward()
    assert [key for key, parameter in module.named_parameters() if parameter.grad is None] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_batch_item_and_each_pair_stands_alone(name):
    module, queries, keys = made(name), vectors(3, 4, 3), vectors(3, 6, 3, seed=1)
    scores = module(queries, keys)
    assert torch.allclose(scores[1], module(queries[1], keys[1]), atol=1e-12)
    if name != "location_based":  # it alone knows where a key stands
        assert torch.allclose(scores[:, 2:3, 4:5], module(queries[:, 2:3], keys[:, 4:5]), atol=1e-12)


# By hand ----------------------------------------------------------------------------------------------------------

Q = torch.tensor([[[3.0, 4.0]]], dtype=torch.float64)
K = torch.tensor([[[4.0, 3.0], [0.0, 2.0], [-3.0, -4.0], [0.0, 0.0]]], dtype=torch.float64)


def by_hand(name, parameters, hidden_size=2):
    module = made(name, 2, 2, hidden_size=hidden_size, max_keys=4)
    state = {key: torch.tensor(value, dtype=torch.float64) for key, value in parameters.items()}
    module.load_state_dict(state)
    return module(Q, K)[0, 0].tolist()


def test_parameter_free_by_hand():
    assert by_hand("dot", {}) == [24, 8, -25, 0]
    assert by_hand("scaled_dot", {}) == pytest.approx([s / math.sqrt(2) for s in (24, 8, -25, 0)])
    assert by_hand("similarity", {}) == pytest.approx([24 / 25, 0.8, -1, 0])


def test_matrix_scores_by_hand():
    swap = [[0.0, 1.0], [1.0, 0.0]]  # the first feature of q asks for the second of k
    assert by_hand("general", {"W.weight": swap}) == [25, 6, -24, 0]
    assert by_hand("biased_general", {"W.weight": swap, "W.bias": [1.0, 10.0]}) == [59, 26, -67, 0]
    small = {"W.weight": [[0.0, 0.02], [0.02, 0.0]], "b": 0.1}
    assert by_hand("activated_general", small) == pytest.approx([math.tanh(x) for x in (0.6, 0.22, -0.38, 0.1)])


def test_network_scores_by_hand():
    expected = [math.tanh(0.3 + 0.4) + 2 * math.tanh(0.4 + 0.3 + 1), math.tanh(0.3) + 2 * math.tanh(0.4 + 0.2 + 1)]
    concat = {"W.weight": [[0.1, 0, 0.1, 0], [0, 0.1, 0, 0.1]], "W.bias": [0.0, 1.0], "w.weight": [[1.0, 2.0]]}
    assert by_hand("concat", concat)[:2] == pytest.approx(expected)
    half = [[0.1, 0.0], [0.0, 0.1]]
    additive = {"W1.weight": half, "W2.weight": half, "W1.bias": [0.0, 1.0], "w.weight": [[1.0, 2.0]]}
    assert by_hand("additive", additive)[:2] == pytest.approx(expected)
    eye = [[1.0, 0.0], [0.0, 1.0]]
    deep = {"W0.weight": eye, "W1.weight": eye, "W1.bias": [-1.0, -1.0], "W2.weight": [[1.0, 1.0], [1.0, -1.0]]}
    deep |= {"W2.bias": [0.0, 0.5], "w.weight": [[1.0, 2.0]], "w.bias": [3.0]}
    assert by_hand("deep", deep) == pytest.approx([6 + 6 + 2 * 0.5 + 3, 2 + 5 + 3, 0 + 2 * 0.5 + 3, 2 + 3 + 3])


def test_one_sided_scores_by_hand():
    location = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 0.0]]
    assert by_hand("location_based", {"W.weight": location}) == [3, 4, 7, 6]
    feature = {"W1.weight": [[0.1, 0], [0, 0.1]], "W2.weight": [[0, 0], [0, 0.1]], "W1.bias": [0, 0.0]}
    feature["w.weight"] = [[1.0, 1.0]]
    assert by_hand("feature_based", feature) == pytest.approx(
        [math.tanh(0.4) + math.tanh(1.2), math.tanh(0.6), math.tanh(-0.3) + math.tanh(1.2), 0]
    )


def test_generalized_kernel_by_hand():
    module = made("generalized_kernel", 2, 2, hidden_size=3)
    rows = module.features.rows
    phi = [[math.exp(sum(r * x for r, x in zip(row, v, strict=True))) for row in rows.tolist()]
           for v in ([3 / 2**0.25, 4 / 2**0.25], [0.0, 2 / 2**0.25])]  # fmt: skip
    norm = [math.exp(-25 / 2**0.5 / 2) / 3**0.5, math.exp(-4 / 2**0.5 / 2) / 3**0.5]
    kernel = sum(a * b for a, b in zip(*phi, strict=True)) * norm[0] * norm[1]
    assert module(Q, K)[0, 0, 1].item() == pytest.approx(math.log(kernel), rel=1e-6)


# Counting ---------------------------------------------------------------------------------------------------------

MULTIPLY_ADDS = {  # of 7 queries of 4 features and 11 keys of 6, or of 4, with 5 hidden units
    "similarity": 77 * 4, "dot": 77 * 4, "scaled_dot": 77 * 4, "general": 11 * 24 + 77 * 4,
    "biased_general": 7 * 24 + 77 * 6, "activated_general": 11 * 24 + 77 * 4,
    "generalized_kernel": 18 * 20 + 77 * 5, "concat": 77 * 5 * 11, "additive": 7 * 20 + 11 * 30 + 77 * 5,
    "deep": 7 * 20 + 11 * 30 + 77 * 30, "location_based": 77 * 4, "feature_based": 11 * 5 * 13,
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_multiply_adds_by_formula(name):
    sizes = (4, 4) if name in SAME_SIZE else (4, 6)
    module = SCORES[name](*sizes, hidden_size=5, max_keys=16).double()
    assert multiply_adds(module, vectors(1, 7, sizes[0]), vectors(1, 11, sizes[1])) == MULTIPLY_ADDS[name]


# Edges ------------------------------------------------------------------------------------------------------------


def test_similarity_of_zero_vectors_is_zero_with_finite_gradient():
    queries = torch.zeros(1, 1, 3, requires_grad=True)
    scores = SCORES["similarity"](3, 3)(queries, torch.tensor([[[0.0, 0, 0], [1, 2, 2]]]))
    scores.sum().backward()
    assert scores.tolist() == [[[0, 0]]] and queries.grad.isfinite().all()


def test_generalized_kernel_is_the_same_each_time_and_approaches_softmax_attention():
    one, two = GeneralizedKernel(4, 4), GeneralizedKernel(4, 4)
    assert torch.equal(one.features.rows, two.features.rows)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    GeneralizedKernel(4, 4)
    assert torch.equal(state, torch.get_rng_state()), "draws from the global generator"
    queries, keys = vectors(1, 64, 4) / 2, vectors(1, 64, 4, seed=1) / 2  # long vectors need far more features
    exact = masked_softmax(made("scaled_dot", 4, 4)(queries, keys))
    mean = [
        (masked_softmax(made("generalized_kernel", 4, 4, hidden_size=m)(queries, keys)) - exact).abs().mean()
        for m in (16, 256, 4096)
    ]
    assert mean[2] < mean[1] / 2 < mean[0] / 4, mean


# Bad input --------------------------------------------------------------------------------------------------------


def test_more_keys_than_positions():
    score = SCORES["location_based"](3, 3, max_keys=8)
    assert score(torch.ones(1, 1, 3), torch.ones(1, 8, 3)).shape == (1, 1, 8)
    with pytest.raises(ValueError, match="max_keys"):
        score(torch.ones(1, 1, 3), torch.ones(1, 9, 3))


@pytest.mark.parametrize("wrong", ["scaled-dot", "Bahdanau", "xyzzy"])
def test_an_unknown_name_is_refused(wrong):
    with pytest.raises(KeyError, match=wrong):
        SCORES[wrong]
