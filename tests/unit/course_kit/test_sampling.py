"""Drawing the next token: what is kept, what is drawn, with and without a cache, alone and in a batch."""

import pytest
import torch
from edges import REFUSED, holds

from course_kit import checkpoints, decoding
from course_kit.decoding.sampling import next_probabilities, sample, stream
from course_kit.text import Characters
from course_utils.gpt import GPT, GPTConfig

LOGITS = torch.tensor([[0.7, 0.1, 0.15, 0.05]]).log()


def model(**options):
    torch.manual_seed(0)
    made = GPT(GPTConfig(30, 16, 2, 2, **{"max_length": 20} | options)).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return made


def test_by_hand():
    assert torch.allclose(next_probabilities(LOGITS), LOGITS.exp())
    assert torch.allclose(next_probabilities(LOGITS, top_k=2), torch.tensor([[0.7, 0, 0.15, 0]]) / 0.85)
    assert torch.allclose(next_probabilities(LOGITS, top_p=0.8), torch.tensor([[0.7, 0, 0.15, 0]]) / 0.85)
    assert torch.allclose(next_probabilities(LOGITS, top_p=0.1), torch.tensor([[1.0, 0, 0, 0]]))
    assert torch.allclose(next_probabilities(LOGITS, 0), torch.tensor([[1.0, 0, 0, 0]]))
    squared = LOGITS.exp() ** 2
    assert torch.allclose(next_probabilities(LOGITS, 0.5), squared / squared.sum())
    assert torch.allclose(next_probabilities(LOGITS, top_k=99), next_probabilities(LOGITS))


def test_top_k_comes_before_top_p():
    """Of .5 .3 .2 two are kept and become .625 .375; .6 is reached by the first alone."""
    p = next_probabilities(torch.tensor([0.5, 0.3, 0.2]).log(), top_k=2, top_p=0.6)
    assert p.tolist() == [1.0, 0.0, 0.0]


def test_equal_logits_are_kept_in_their_order():
    assert next_probabilities(torch.zeros(5), top_k=2).tolist() == [0.5, 0.5, 0, 0, 0]


def drawn(*given, **options):
    """What `stream` gives, together: ids [B, N], and the probabilities [B, N, V] that they were drawn from."""
    return (torch.stack(parts, 1) for parts in zip(*stream(*given, **options), strict=True))


@pytest.mark.parametrize("positions", ["learned", "rotary"])
def test_the_cache_changes_nothing_and_the_window_slides(positions):
    prompt = torch.randint(4, 30, (3, 7), generator=torch.Generator().manual_seed(1))
    (ids, p), (again, q) = (
        drawn(model(positions=positions), prompt, 40, generator=torch.Generator().manual_seed(2), cache=cache)
        for cache in (True, False)
    )
    assert torch.equal(ids, again) and ids.shape == (3, 40)
    assert torch.allclose(p, q, atol=1e-5)


@pytest.mark.parametrize(("limit", "kept"), [(1, 1), (2, 1), (3, 1), (8, 4)])
@torch.no_grad()
def test_a_text_that_outgrows_the_context_goes_on_from_its_second_half(limit, kept):
    """Word by word with the whole model, `kept` tokens being left whenever there are more than `limit`."""
    net, text = model(max_length=limit), [5]
    window = list(text)
    for _ in range(12):
        window = window[-kept:] if len(window) > limit else window
        text.append(int(net(torch.tensor([window]))[0, -1].argmax()))
        window.append(text[-1])
    assert sample(net, torch.tensor([[5]]), 12, temperature=0)[0].tolist() == text[1:]


def test_no_temperature_overflows():
    for temperature in (1e-30, 1e-38, 1e-45, 1e-300):
        assert next_probabilities(LOGITS, temperature).tolist() == [[1, 0, 0, 0]]
    assert torch.allclose(next_probabilities(LOGITS, 1e30), torch.full((1, 4), 0.25))
    assert next_probabilities(torch.tensor([0.0, -torch.inf])).tolist() == [1, 0], "−inf is a word that is forbidden"


@pytest.mark.parametrize("temperature", [0, 1.0])
@pytest.mark.parametrize("logits", [[0.0, torch.nan], [0.0, torch.inf], [-torch.inf, -torch.inf], []])
def test_nothing_is_drawn_from_what_is_no_distribution(logits, temperature):
    with pytest.raises((ValueError, IndexError)):
        next_probabilities(torch.tensor(logits), temperature)


def test_a_model_with_nan_is_told_while_it_writes():
    made = model()
    with torch.no_grad():
        made.norm.weight[0] = torch.nan
    for temperature in (0, 1.0):
        with pytest.raises(ValueError, match="logits"):
            sample(made, torch.tensor([[4, 5]]), 3, temperature)


@pytest.mark.parametrize("positions", ["learned", "rotary"])
@pytest.mark.parametrize("cache", [True, False])
def test_rows_of_different_lengths_slide_each_at_its_own_time(positions, cache):
    """20 tokens are seen at once; the longest row slides first, and the others do not notice."""
    made, lengths, wide = model(positions=positions), [19, 12, 3], 19
    prompts = torch.randint(4, 30, (3, wide), generator=torch.Generator().manual_seed(1))
    mask = torch.arange(wide) < torch.tensor(lengths)[:, None]
    together, p = drawn(made, prompts, 30, temperature=0, cache=cache, mask=mask)
    assert torch.equal(together, sample(made, prompts, 30, 0, cache=cache, mask=mask))
    for i, length in enumerate(lengths):
        alone, q = drawn(made, prompts[i : i + 1, :length], 30, temperature=0, cache=cache)
        assert torch.allclose(p[i], q[0], atol=1e-5), length
        assert torch.equal(together[i], alone[0])


@pytest.mark.parametrize("mask", [torch.ones(2, 3).bool(), torch.eye(2)[:1].bool(),
                                  torch.tensor([[True, True], [False, False]])])  # fmt: skip
def test_the_mask_of_prompts_is_of_their_shape_with_a_token_in_each_row(mask):
    with pytest.raises(REFUSED):
        sample(model(), torch.tensor([[4, 5], [4, 5]]), 2, mask=mask)


def test_frequencies_are_the_probabilities():
    """30,000 draws of one step: each share within four standard errors."""
    made, prompt = model(), torch.full((30_000, 1), 5)
    words, p = next(stream(made, prompt, 1, top_k=6, generator=torch.Generator().manual_seed(3)))
    shares = torch.bincount(words, minlength=30) / len(words)
    assert ((shares - p[0]).abs() <= 4 * (p[0] * (1 - p[0]) / len(words)).sqrt() + 1e-9).all()


def test_the_same_seed_draws_the_same_and_the_global_state_is_left_alone():
    made, prompt = model(), torch.tensor([[4, 5]])
    before = torch.get_rng_state()
    a, b = (sample(made, prompt, 12, generator=torch.Generator().manual_seed(4)) for _ in range(2))
    assert torch.equal(a, b) and torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    "options",
    [{"temperature": -1}, {"temperature": float("nan")}, {"top_k": 0}, {"top_k": -1}, {"top_p": 0}, {"top_p": 1.2},
     {"top_p": float("nan")}],
    ids=str,
)  # fmt: skip
def test_settings_that_would_draw_something_else_are_refused(options):
    (name,) = options
    with pytest.raises(ValueError, match=name):
        next_probabilities(LOGITS, **options)
    with pytest.raises(ValueError, match=name):
        sample(model(), torch.tensor([[4]]), 1, **options)


def test_text_in_and_out():
    tokenizer = Characters.build("abc déf\n")
    torch.manual_seed(0)
    loaded = checkpoints.Loaded(GPT(GPTConfig(len(tokenizer), 16, 1, 2, max_length=8)).eval(), {}, tokenizer=tokenizer)
    once = decoding.generate(loaded, "abc", 12, seed=1)
    assert once == decoding.generate(loaded, "abc", 12, seed=1, cache=False)
    assert once != decoding.generate(loaded, "abc", 12, seed=2)
    assert decoding.generate(loaded, "abc", 12) == decoding.generate(loaded, "abc", 12, seed=0)
    assert decoding.generate(loaded, "a" * 50, 3, temperature=0) == decoding.generate(
        loaded, "a" * 50, 3, temperature=0
    )
    with pytest.raises(ValueError, match="prompt"):
        decoding.generate(loaded, "axb")
    for prompt in ("", 7, None):
        with pytest.raises(REFUSED):
            decoding.generate(loaded, prompt)


def test_no_graph_is_kept_for_gradients():
    words, p = next(stream(model(), torch.tensor([[4, 5]]), 1))
    assert not p.requires_grad and not words.requires_grad


def test_settings_have_their_bounds():
    net, ids = model(), torch.ones(1, 2, dtype=torch.long)
    holds(lambda t: next_probabilities(LOGITS, t), [0, 1e9], [-0.1])
    holds(lambda k: next_probabilities(LOGITS, top_k=k), [1, 4, 5, 2**63 - 1], [0])
    holds(lambda p: next_probabilities(LOGITS, top_p=p), [1e-9, 1], [0, 1.01])
    holds(lambda stop: sample(net, ids, 1, stop=stop), [0, [0, 3], {1}, 2**63 - 1, [], ()])
    assert next_probabilities(LOGITS, top_k=1).tolist() == [[1, 0, 0, 0]]
    assert sample(net, ids, 0).shape == (1, 0)


@torch.no_grad()
def test_several_tokens_may_end_a_text_and_writing_ends_with_the_last_of_them():
    net, prompt = model(), torch.tensor([[4], [9], [14]])
    free = sample(net, prompt, 12, temperature=0)
    stops = {int(row[at]) for row, at in zip(free, (1, 2, 4), strict=True)}
    ends = [next(t for t, word in enumerate(row.tolist()) if word in stops) for row in free]
    written = sample(net, prompt, 12, temperature=0, stop=stops)
    assert written.shape == (3, max(ends) + 1)
    for row, end in enumerate(ends):
        assert torch.equal(written[row, : end + 1], free[row, : end + 1]) and not written[row, end + 1 :].any()


def test_a_top_p_of_1_keeps_all():
    many = torch.randn(200_000, generator=torch.Generator().manual_seed(0))
    assert (next_probabilities(many, top_p=1.0) > 0).all()
