"""The GPT of the page: what comes after is not seen, cached = full, it learns, and its knobs are the sampler's."""

import math

import pytest
import torch
from unit.edges import REFUSED

from chapters.ch07 import reader_models
from course_kit.models.rotary_gpt import RotaryGPT, gpt_sizes
from course_utils import gpt
from course_utils.attention import join_heads
from course_utils.gpt import GPT, CachedGPT, GPTConfig, copying, inputs_and_targets, training_step, windows, write
from course_utils.llama import Llama, LlamaConfig

SIZES = {"vocab": 40, "size": 32, "layers": 2, "heads": 4, "context": 24}
KINDS = {
    "GPT": lambda **sizes: CachedGPT(GPTConfig(**SIZES | sizes)),
    "RotaryGPT": lambda **sizes: RotaryGPT(gpt_sizes(**SIZES | sizes)),
    "Llama": lambda **sizes: Llama(LlamaConfig(**SIZES | {"hidden": 48} | sizes)),
}
ALL = pytest.mark.parametrize("kind", KINDS)


def model(kind="GPT", **sizes):
    """Parameters so large that everything matters."""
    torch.manual_seed(0)
    made = KINDS[kind](**sizes).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    return made


def ids(rows=3, length=9, seed=1):
    return torch.randint(4, 40, (rows, length), generator=torch.Generator().manual_seed(seed))


@ALL
@torch.no_grad()
def test_the_order_of_earlier_words_counts(kind):
    """With one layer the last word sees them through their positions alone."""
    made, given = model(kind, layers=1), ids()
    a, b = (made(x)[:, -1] for x in (given, given[:, [1, 3, 0, 2, *range(4, 9)]]))
    assert ((a - b).abs().amax(1) > 1e-2).all()


@ALL
@pytest.mark.parametrize("pieces", [(1,) * 24, (5, 1, 1, 17), (24,), (3, 20, 1)])
@torch.no_grad()
def test_with_a_cache_it_gives_at_every_step_what_it_gives_in_full(kind, pieces):
    made, given = model(kind), ids(2, 24)
    caches, said = made.caches(), []
    for piece in given.split(pieces, 1):
        said.append(made(piece, caches))
    torch.testing.assert_close(torch.cat(said, 1), made(given), atol=1e-4, rtol=0)
    assert [cache.length for cache in caches] == [24, 24]


def test_dropout_acts_while_it_trains_and_not_afterwards():
    torch.manual_seed(0)
    made, given = GPT(GPTConfig(**SIZES, dropout=0.5)), ids()
    assert not torch.equal(made(given), made(given))
    plain = GPT(GPTConfig(**SIZES))
    plain.load_state_dict(made.state_dict())
    assert torch.equal(made.eval()(given), plain.train()(given))


def test_input_that_does_not_fit_is_refused():
    made = model()
    for wrong in (torch.tensor([[4, 99]]), torch.tensor([[-1]]), ids(1, 25), ids().float()):
        with pytest.raises(REFUSED):
            made(wrong)
    caches = made.caches()
    made(ids(1, 24), caches)
    with pytest.raises(REFUSED):
        made(ids(1, 1), caches)


def test_a_rotary_model_reads_beyond_its_context():
    assert model("RotaryGPT")(ids(1, 30)).shape == (1, 30, 40)


def test_it_begins_at_ln_v_and_learns():
    torch.manual_seed(0)
    made = GPT(GPTConfig(11, 64, layers=2))
    optimiser = torch.optim.AdamW(made.parameters(), lr=3e-3)
    losses = [training_step(made, optimiser, copying(64)) for _ in range(60)]
    assert abs(losses[0] - math.log(11)) < 0.1 and losses[-1] < losses[0] - 0.3


def test_targets_are_what_follows_and_windows_lie_in_the_text():
    torch.manual_seed(0)
    found = windows(torch.arange(100), rows=500, length=10)
    assert found.shape == (500, 10) and found.min() == 0 and found.max() == 99
    inputs, targets = inputs_and_targets(found)
    assert torch.equal(targets, inputs + 1) and inputs.shape == (500, 9)


def test_writing_at_zero_takes_the_likeliest_and_goes_on_beyond_the_context():
    made, begun = model(), ids(2, 20)
    written = write(made, begun, 10, temperature=0)
    assert written.shape == (2, 30) and torch.equal(written[:, :20], begun)
    with torch.no_grad():
        for place in range(20, 30):
            logits = made(written[:, max(0, place - 24) : place])[:, -1]
            assert torch.equal(written[:, place], logits.argmax(-1))


def test_bits_count_each_token_once_and_a_bigram_table_is_measured_alike():
    made, text = GPT(GPTConfig(**SIZES)), torch.randint(40, (101,)).tolist()
    for parameter in made.parameters():
        torch.nn.init.zeros_(parameter)  # all tokens equally likely
    assert reader_models.bits(made, text, 100) == pytest.approx(math.log2(40), rel=1e-5)
    ring = torch.arange(4000) % 40  # what follows is known
    assert reader_models.bigram_bits(ring, ring[:401], 40, 400) < 0.2


@torch.no_grad()
def test_a_gpt_without_a_cache_writes_the_same_and_its_weights_are_what_it_weighs_with():
    made, given = model(), ids()
    plain = GPT(GPTConfig(**SIZES)).eval()
    plain.load_state_dict(made.state_dict())
    kept = torch.cat([given, *gpt.generate(made, given, 12, 0)], 1)
    assert torch.equal(torch.cat([given, *gpt.generate(plain, given, 12, 0)], 1), kept)
    assert torch.equal(write(plain, given, 12, temperature=0), kept)
    attention, x = made.blocks[0].attention, torch.randn(2, 7, 32)
    weights, (_, _, v) = attention.weights(x), attention.project(x)
    torch.testing.assert_close(attention.out(join_heads(weights @ v)), attention(x))


@torch.no_grad()
def test_features_are_what_meets_the_table():
    made, given = model(), ids()
    x = reader_models.features(made, made.norm, given)
    assert torch.equal(x @ made.tokens.weight.T, made(given))
