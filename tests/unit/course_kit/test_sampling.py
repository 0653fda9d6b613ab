"""Drawing the next token: what is kept, what is drawn, and how a text goes on, also beyond the context."""

import pytest
import torch
from unit.edges import REFUSED, holds

from course_kit import checkpoints, decoding
from course_kit.decoding.sampling import next_probabilities
from course_kit.models.rotary_gpt import RotaryGPT, gpt_sizes
from course_kit.text import Characters
from course_utils.gpt import GPT, GPTConfig, generate, nucleus, with_temperature

LOGITS = torch.tensor([[0.7, 0.1, 0.15, 0.05]]).log()


def model(kind=GPT, context=20):
    torch.manual_seed(0)
    sizes = {"vocab": 30, "size": 16, "layers": 2, "heads": 2, "context": context}
    made = (GPT(GPTConfig(**sizes)) if kind is GPT else RotaryGPT(gpt_sizes(**sizes))).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return made


def continued(net, ids, count, temperature=0.0, stop=None, **options):
    return [int(token) for token in generate(net, torch.tensor([ids]), count, temperature, stop=stop, **options)]


def test_by_hand():
    assert torch.allclose(next_probabilities(LOGITS), LOGITS.exp())
    assert torch.allclose(next_probabilities(LOGITS, top_k=2), torch.tensor([[0.7, 0, 0.15, 0]]) / 0.85)
    assert torch.allclose(next_probabilities(LOGITS, top_p=0.8), torch.tensor([[0.7, 0, 0.15, 0]]) / 0.85)
    assert torch.allclose(next_probabilities(LOGITS, top_p=0.1), torch.tensor([[1.0, 0, 0, 0]]))
    assert torch.allclose(next_probabilities(LOGITS, 0), torch.tensor([[1.0, 0, 0, 0]]))
    squared = LOGITS.exp() ** 2
    assert torch.allclose(next_probabilities(LOGITS, 0.5), squared / squared.sum())
    assert torch.allclose(next_probabilities(LOGITS, top_k=99), next_probabilities(LOGITS))


@pytest.mark.parametrize("kind", [GPT, RotaryGPT])
@pytest.mark.parametrize("limit", [1, 3, 8])
@torch.no_grad()
def test_a_text_that_outgrows_the_context_goes_on_from_its_last_tokens(kind, limit):
    """Token by token, without a cache."""
    for begun in ([5], [5, 9, 7, 21, 6, 11, 4, 8, 3, 12]):
        net, text = model(kind, limit), list(begun)
        for _ in range(12):
            text.append(int(net(torch.tensor([text[-limit:]]))[0, -1].argmax()))
        assert continued(net, begun, 12) == text[len(begun) :]


@torch.no_grad()
def test_texts_go_on_together_until_each_has_its_stop():
    net, ids = model(), torch.tensor([[4, 5], [7, 6]])
    alone = [continued(net, row, 12) for row in ids.tolist()]
    stop = next(n for n in alone[0] if n in alone[1])
    last = max(row.index(stop) for row in alone)
    assert torch.cat([*generate(net, ids, 12, 0, stop=stop)], 1).tolist() == [row[: last + 1] for row in alone]


def test_it_stops_where_it_is_told_and_writes_no_more_than_asked():
    net = model()
    free = continued(net, [4, 5], 30)
    at = free.index(free[7])
    assert (
        len(free) == 30 and continued(net, [4, 5], 30, stop=free[7]) == free[: at + 1] and continued(net, [4], 0) == []
    )


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


def test_frequencies_are_the_probabilities():
    """800 draws of one step: each share within four standard errors."""
    net = model()
    with torch.no_grad():
        p = nucleus(with_temperature(net(torch.tensor([[5]]))[0, -1], 1.5).log(), 0.8)
    torch.manual_seed(3)
    words = torch.tensor([continued(net, [5], 1, 1.5, top_p=0.8)[0] for _ in range(800)])
    shares = torch.bincount(words, minlength=30) / len(words)
    assert ((shares - p).abs() <= 4 * (p * (1 - p) / len(words)).sqrt() + 1e-9).all()


def test_half_precision_keeps_the_tokens_that_float32_keeps():
    logits = torch.randn(1, 5000, generator=torch.Generator().manual_seed(0)).bfloat16()
    assert torch.equal(nucleus(logits, 0.9), nucleus(logits.float(), 0.9))
    assert torch.equal(next_probabilities(logits.double(), top_p=1e-300).amax(), torch.tensor(1.0))


def test_a_model_that_a_training_left_with_nan_says_so():
    tokenizer = Characters.build("abc")
    loaded = checkpoints.Loaded(GPT(GPTConfig(len(tokenizer), 16, 1, 2)).eval(), {}, tokenizer=tokenizer)
    with torch.no_grad():
        loaded.model.tokens.weight[0, 0] = torch.nan
    for temperature in (0, 1):
        with pytest.raises(ValueError, match=r"tokens\.weight .* NaN or infinity"):
            decoding.generate(loaded, "abc", temperature=temperature)


def test_text_in_and_out():
    tokenizer = Characters.build("abc déf\n")
    torch.manual_seed(0)
    loaded = checkpoints.Loaded(GPT(GPTConfig(len(tokenizer), 16, 1, 2, context=8)).eval(), {}, tokenizer=tokenizer)
    before = torch.get_rng_state()
    once = decoding.generate(loaded, "abc", 5, seed=1)
    assert once == decoding.generate(loaded, "abc", 5, seed=1, cache=False)
    assert once != decoding.generate(loaded, "abc", 5, seed=2) and torch.equal(before, torch.get_rng_state())
    assert decoding.generate(loaded, "abc", 12) == decoding.generate(loaded, "abc", 12, seed=0)
    for option in ({"temperature": 1e-300}, {"top_p": 1e-300}):
        assert decoding.generate(loaded, "a" * 50, 6, **option) == decoding.generate(loaded, "a" * 50, 6, temperature=0)
    with pytest.raises(ValueError, match="prompt"):
        decoding.generate(loaded, "axb")
    for prompt in ("", 7, None):
        with pytest.raises(REFUSED):
            decoding.generate(loaded, prompt)


def test_settings_have_their_bounds():
    holds(lambda t: next_probabilities(LOGITS, t), [0, 1e9], [-0.1])
    holds(lambda k: next_probabilities(LOGITS, top_k=k), [1, 4, 5, 2**63 - 1], [0])
    holds(lambda p: next_probabilities(LOGITS, top_p=p), [1e-9, 1], [0, 1.01])
    assert next_probabilities(LOGITS, top_k=1).tolist() == [[1, 0, 0, 0]]
    loaded = checkpoints.Loaded(model(), {}, tokenizer=Characters.build("abc"))
    for option in ({"temperature": -1}, {"temperature": float("nan")}, {"top_p": 0}, {"top_p": 1.2}):
        with pytest.raises(ValueError, match=next(iter(option))):
            decoding.generate(loaded, "a", 1, **option)
