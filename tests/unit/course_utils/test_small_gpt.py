"""The GPT on one page: the same numbers as the course's GPT and as its sampler, and it learns."""

import math

import pytest
import torch

from chapters.ch07 import reader_models
from course_kit.checkpoints import load_checkpoint
from course_kit.decoding.sampling import next_probabilities
from course_utils import small_gpt
from course_utils.gpt import GPT, GPTConfig
from course_utils.small_gpt import SmallGPT, copying, inputs_and_targets, training_step, windows, write


def model(seed=0, **sizes):
    torch.manual_seed(seed)
    return SmallGPT(**{"vocab": 40, "size": 32, "layers": 2, "heads": 4, "context": 24} | sizes)


@pytest.mark.parametrize("layers", [1, 3])
@torch.no_grad()
def test_with_a_gpts_parameters_it_gives_a_gpts_logits_and_back(layers):
    torch.manual_seed(1)
    theirs = GPT(GPTConfig(40, 32, num_layers=layers, num_heads=4, max_length=24)).eval()
    for parameter in theirs.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.2)
    ids = torch.randint(40, (3, 17))
    ours = reader_models.small_of(theirs)
    torch.testing.assert_close(ours(ids), theirs(ids), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(reader_models.course_of(ours)(ids), ours(ids), atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_the_checkpoint_that_the_lesson_loads_gives_the_same_logits():
    poet = load_checkpoint("gpt-shakespeare")
    ids = torch.tensor([poet.tokenizer.encode("PROSPERO:\nThou shalt be free")])
    torch.testing.assert_close(reader_models.small_of(poet.model)(ids), poet.model(ids), atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_the_future_changes_nothing_and_the_past_does():
    made, ids = model(), torch.randint(40, (2, 12))
    other = ids.clone()
    other[:, 6:] = (other[:, 6:] + 1) % 40
    torch.testing.assert_close(made(other)[:, :6], made(ids)[:, :6])
    other = ids.clone()
    other[:, 0] = (other[:, 0] + 1) % 40
    assert (made(other) - made(ids)).abs().amax(-1).gt(1e-6).all()


def test_it_begins_at_ln_v_and_learns():
    made = model(vocab=11, size=64)
    optimisers = small_gpt.optimisers_of(made, rate=1e-2)
    losses = [training_step(made, optimisers, copying(64)) for _ in range(25)]
    shared = [id(p) for one in optimisers for group in one.param_groups for p in group["params"]]
    assert sorted(shared) == sorted(map(id, made.parameters()))  # each once
    assert abs(losses[0] - math.log(11)) < 0.1 and losses[-1] < losses[0] - 0.3


def test_targets_are_what_follows_and_windows_lie_in_the_text():
    ids = torch.arange(100)
    torch.manual_seed(0)
    found = windows(ids, rows=500, length=10)
    assert found.shape == (500, 10) and found.min() == 0 and found.max() == 99
    inputs, targets = inputs_and_targets(found)
    assert torch.equal(targets, inputs + 1) and inputs.shape == (500, 9)


@pytest.mark.parametrize("seed", range(3))
def test_the_knobs_are_those_of_the_sampler(seed):
    torch.manual_seed(seed)
    logits = 3 * torch.randn(4, 50)
    for value in (0, 0.3, 1, 2.5):
        expected = next_probabilities(logits, value)
        torch.testing.assert_close(small_gpt.with_temperature(logits, value), expected, atol=1e-6, rtol=1e-4)
    for value in (0.05, 0.5, 0.9, 1.0):
        expected = next_probabilities(logits, top_p=value)
        torch.testing.assert_close(small_gpt.nucleus(logits, value), expected, atol=1e-6, rtol=1e-4)


def test_writing_at_zero_takes_the_likeliest_and_goes_on_beyond_the_context():
    made, ids = model(), torch.randint(40, (2, 20))
    written = write(made, ids, 10, temperature=0)
    assert written.shape == (2, 30) and torch.equal(written[:, :20], ids)
    with torch.no_grad():
        for place in range(20, 30):
            logits = made(written[:, max(0, place - 24) : place])[:, -1]
            assert torch.equal(written[:, place], logits.argmax(-1))


def test_bits_count_each_token_once_and_a_bigram_table_is_measured_alike():
    ids = torch.randint(40, (101,)).tolist()
    made = model()
    for parameter in made.parameters():
        torch.nn.init.zeros_(parameter)  # all tokens equally likely
    assert reader_models.bits(made, ids, 100) == pytest.approx(math.log2(40), rel=1e-5)
    ring = torch.arange(4000) % 40  # what follows is known
    assert reader_models.bigram_bits(ring, ring[:401], 40, 400) < 0.2
