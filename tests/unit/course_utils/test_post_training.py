"""SFT, DPO and GRPO: only answers count, preferences are gains, and rewards are compared within a question."""

import math

import pytest
import torch

from course_utils.llama import Llama, LlamaConfig
from course_utils.post_training import (
    advantages,
    answer_loss,
    answer_targets,
    dpo_loss,
    log_probability,
    reward_loss,
    talk_batch,
    training,
)

TALKS = [([5, 6, 7], [8, 9]), ([5], [6, 7, 8, 9])]


@pytest.fixture
def model():
    torch.manual_seed(0)
    made = Llama(LlamaConfig(12, 16, 1, 2, 1, 24, context=16))
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made


def test_a_batch_knows_which_tokens_are_of_answers():
    ids, is_answer = talk_batch([([1, 2, 3], [4]), ([5], [6, 7])])
    assert ids.tolist() == [[1, 2, 3, 4], [5, 6, 7, 0]]
    assert is_answer.tolist() == [[False, False, False, True], [False, True, True, False]]
    assert answer_targets(ids, is_answer).tolist() == [[-100, -100, 4], [6, 7, -100]]


def test_a_long_talk_is_cut_off():
    ids, is_answer = talk_batch([([1, 2, 3], [4, 5, 6]), ([5], [6])], longest=4)
    assert ids.tolist() == [[1, 2, 3, 4], [5, 6, 0, 0]] and is_answer.sum().item() == 2


def test_a_training_improves_and_hands_out_every_step(model):
    batch = talk_batch(TALKS)
    found = list(training(model, lambda: answer_loss(model, *batch), steps=60, rate=2e-2))
    assert [step for step, _ in found] == list(range(60)) and found[-1][1] < 0.5 * found[0][1]


def test_a_step_forgets_the_gradient_of_the_one_before(model):
    weights, batch = iter((1.0, 0.0)), talk_batch(TALKS)
    list(training(model, lambda: next(weights) * answer_loss(model, *batch), steps=2, rate=1e-3))
    assert not any(parameter.grad.any() for parameter in model.parameters())


def test_the_loss_is_that_of_the_tokens_of_answers_alone(model):
    ids, is_answer = talk_batch(TALKS)
    logp = model(ids[:, :-1]).log_softmax(-1)
    by_hand = [-logp[b, t - 1, ids[b, t]] for b, t in is_answer.nonzero().tolist()]
    assert answer_loss(model, ids, is_answer).item() == pytest.approx(torch.stack(by_hand).mean().item(), abs=1e-5)


def test_padding_changes_no_log_probability(model):
    together = log_probability(model, *talk_batch(TALKS))
    alone = torch.cat([log_probability(model, *talk_batch([one])) for one in TALKS])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_dpo_begins_at_ln_2_and_follows_its_formula():
    p = torch.tensor([-3.0, -8.0]), torch.tensor([-4.0, -1.0])
    assert dpo_loss(*p, *p).item() == pytest.approx(math.log(2))
    gained = dpo_loss(p[0] + 2, p[1] - 1, *p, beta=0.5).item()
    assert gained == pytest.approx(math.log(1 + math.exp(-0.5 * 3)))
    both = dpo_loss(p[0] + 2, p[1] + 2, *p).item()
    assert both == pytest.approx(math.log(2), abs=1e-6)  # what both gain is no preference


def test_advantages_are_standard_scores_within_a_question():
    found = advantages(torch.tensor([[1.0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]]))
    assert found[0].tolist() == pytest.approx([1.5, -0.5, -0.5, -0.5], abs=1e-3) and not found[1:].any()


def test_a_step_of_reward_loss_moves_towards_the_better_answer(model):
    batch, advantage = talk_batch(TALKS), torch.tensor([1.0, -1.0])
    before = log_probability(model, *batch).detach()
    reward_loss(model, *batch, advantage).backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 0.05 * parameter.grad
    gained = log_probability(model, *batch).detach() - before
    assert gained[0] > gained[1]
    assert reward_loss(model, *batch, torch.zeros(2)).item() == 0
