"""The annex of chapter 8: a model rounded, and read head by head; here small ones, and the real one once."""

import copy
import json
import types

import pytest
import torch

from chapters.ch08 import published
from chapters.ch08.exercises.annex import linear_step, with_sink
from chapters.ch08.experiments import models, quantising, questions, real_heads
from chapters.ch08.published import Published
from course_kit import results
from course_kit.contexts import seeded
from course_tools.recipes.results import RECIPES
from course_utils.llama import Llama, LlamaConfig

SMALL = LlamaConfig(vocab=300, size=64, layers=2, heads=4, key_heads=2, hidden=96, context=400)


class Letters:
    """Each character is a token."""

    def encode(self, text):
        return types.SimpleNamespace(ids=[ord(letter) % 256 for letter in text])

    def decode(self, ids):
        return "".join(map(chr, ids))

    def token_to_id(self, mark):
        return {"<|im_start|>": 297, "<|im_end|>": 298}[mark]


@pytest.fixture
def small():
    with seeded(0):
        model = Llama(SMALL)
    return Published(model.eval().requires_grad_(False), Letters(), stop=299)


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# ---- fewer bits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grid", [quantising.SYMMETRIC, quantising.LOWEST])
def test_each_bit_halves_the_error_and_a_grid_keeps_what_is_on_it(grid):
    weight = numbers(8, 64)
    errors = [(quantising.rounded(weight, bits, grid) - weight).abs().mean() for bits in (3, 4, 5, 6)]
    assert all(1.7 < a / b < 2.6 for a, b in zip(errors[:-1], errors[1:], strict=True))
    once = quantising.rounded(weight, 4, grid)
    assert torch.allclose(quantising.rounded(once, 4, grid), once, atol=2e-3)
    levels = [len(block.unique()) for block in once.unflatten(-1, (-1, 32)).flatten(0, 1)]
    assert max(levels) <= (15 if grid == quantising.SYMMETRIC else 16)


def test_a_quantised_model_is_as_before_afterwards(small):
    before = {name: p.clone() for name, p in small.model.named_parameters()}
    with quantising.quantised(small.model, 2, table=False) as model:
        changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert changed == {name for name, p in before.items() if p.ndim == 2 and name != "tokens.weight"}
    assert all(torch.equal(p, before[name]) for name, p in small.model.named_parameters())


def test_a_text_costs_a_fresh_model_the_logarithm_of_the_vocabulary(small):
    text = quantising.held_out(200)
    found = quantising.measured(small, text, width=50)
    assert len(text) == 200 and abs(found["nats per token"] - torch.tensor(300.0).log().item()) < 0.2
    assert abs(found["perplexity"] - 300) < 60 and abs(found["bits per character"] - 8.2) < 0.3


# ---- heads ----------------------------------------------------------------------------------------------------------


def test_a_window_hides_what_is_far_and_keeps_the_first(small):
    mask = real_heads.window_mask(6, 2, first=1)
    assert mask[5].tolist() == [True, False, False, False, True, True] and mask[0].tolist() == [True] + 5 * [False]
    ids = torch.randint(256, (1, 9), generator=torch.Generator().manual_seed(0))
    with real_heads.masked(small.model, real_heads.window_mask(9, 9)):
        torch.testing.assert_close(small.model(ids), small.model(ids))
    other = ids.clone()
    other[0, 1] += 1
    with real_heads.masked(small.model, real_heads.window_mask(9, 2)):
        assert torch.equal(small.model(ids)[0, -1], small.model(other)[0, -1])  # two layers reach two tokens back


def test_a_reading_without_favourites_follows_no_twin(small):
    twins = real_heads.TWINS[:2]
    pairs = real_heads.read_twins(small, twins)
    assert real_heads.follows(pairs).shape == (2, 2, 4) and len(pairs) == 2
    constant = real_heads.Read(torch.ones(2, 2, 4), 1.0), real_heads.Read(-torch.ones(2, 2, 4), -1.0)
    assert real_heads.follows([constant]).sum() == 0  # the same noun both times
    assert real_heads.answers([constant]) == {"right": 0.5, "moves": 0.0, "margin": 0.0}


@pytest.mark.parametrize(
    ("module", "record", "given", "holds"),
    [
        (quantising, "record_quantising", {"tried": [(quantising.LOWEST, 3, False)], "characters": 90}, "ways"),
        (real_heads, "record_sinks", {"size": 24, "window": 4}, "on the first token"),
        (real_heads, "record_it", {"twins": real_heads.TWINS[:4], "draws": 1}, "answers"),
    ],
)
def test_a_recipe_gives_what_its_file_holds(small, monkeypatch, module, record, given, holds):
    monkeypatch.setattr(module, "require_smollm", lambda: copy.deepcopy(small))
    found, kept = getattr(module, record)(**given), results.load(record.replace("record", "smollm"))
    assert holds in found and set(found) == set(kept) - {"command", "date", "device", "versions", "minutes"}
    assert f"smollm_{record[7:]}" in RECIPES and json.dumps(found)


# ---- questions with four answers ------------------------------------------------------------------------------------


def test_the_probability_of_an_answer_is_that_of_its_tokens_one_after_the_other(small):
    asked, answer = [1, 2, 3], [4, 5]
    steps = [small.model(torch.tensor([asked + answer[:n]]))[0, -1].softmax(-1)[answer[n]] for n in range(2)]
    found = questions.log_probability(small.model, asked, answer)
    assert found == pytest.approx((steps[0] * steps[1]).log().item(), abs=1e-4)


def test_each_question_has_four_answers_and_the_right_one_moves_through_the_letters():
    every = questions.questions()
    assert len({question for question, _ in every}) == 100 and all(len(set(four)) == 4 for _, four in every)
    question, four = every[0]
    for moved, letter in enumerate("ABCD"):
        assert f"{letter}. {four[0]}" in questions.lettered(question, four, moved).splitlines()


# ---- cards and tables -----------------------------------------------------------------------------------------------


def test_linear_attention_step_by_step_is_a_matrix_of_weights():
    q, k, v = (numbers(7, 4, seed=seed).abs() + 0.1 for seed in range(3))
    state, total, said = torch.zeros(4, 4), torch.zeros(4), []
    for one in zip(q, k, v, strict=True):
        output, state, total = linear_step(*one, state, total)
        said.append(output)
    weights = (q @ k.T).tril()
    torch.testing.assert_close(torch.stack(said), weights / weights.sum(-1, keepdim=True) @ v)


def test_a_sink_takes_what_the_keys_do_not_want():
    weights = with_sink(torch.tensor([[0.0, 0.0, 0.0], [9.0, -9.0, -9.0]]), 0.0)
    assert abs(weights[0].sum() - 0.75) < 1e-6 and weights[1].sum() > 0.999


# ---- the real one ---------------------------------------------------------------------------------------------------


@pytest.mark.weekly
def test_what_was_recorded_is_of_the_installed_model():
    if (smol := published.load()) is None:
        pytest.skip("SmolLM2 is not installed")
    row = next(row for row in models.models() if row["model"] == "SmolLM2 135M")
    c = smol.model.config
    assert (c.layers, c.heads, c.key_heads, c.vocab) == (
        row["layers"],
        row["heads"],
        row["key_heads"],
        row["vocabulary"],
    )
    for text, *nouns in real_heads.TWINS[0].sentences():
        ids = smol.tokenizer.encode(text).ids
        assert [
            smol.tokenizer.decode([ids[i] for i in real_heads.places_of(smol, ids, text, noun)]) for noun in nouns
        ] == [f" {noun}" for noun in nouns]
