"""From continuing to answering: imitate (SFT), prefer (DPO), be checked (GRPO).

    ids, is_answer = talk_batch([(question, answer), …])
    answer_loss(model, ids, is_answer)              # nats for each token of an answer
    reward_loss(model, ids, is_answer, advantages(rewards).flatten())
    for step, loss in training(model, loss_of, steps=200, rate=1e-3): ...

Only the tokens of answers count: the questions are given. Sizes: B talks, N tokens of the
longest, V vocabulary. Sources: Ouyang et al. 2022 (InstructGPT); Rafailov et al. 2023
(DPO); Shao et al. 2024 (GRPO).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence


def talk_batch(
    talks: Sequence[tuple[Sequence[int], Sequence[int]]],
    longest: int | None = None,
    device: Any = None,
) -> tuple[Int[Tensor, "B N"], Bool[Tensor, "B N"]]:
    """Join each question with its answer, as ids; also say which ids are of an answer.

    longest: tokens of a talk; the rest is cut off
    """
    texts = [torch.tensor([*question, *answer][:longest]) for question, answer in talks]
    ids = pad_sequence(texts, batch_first=True)  # shorter ones are filled up with 0
    starts = torch.tensor([[len(question)] for question, _ in talks])  # [B, 1]
    ends = torch.tensor([[len(text)] for text in texts])
    places = torch.arange(ids.shape[1])  # [N]
    return ids.to(device), ((places >= starts) & (places < ends)).to(device)


def answer_targets(
    ids: Int[Tensor, "B N"], is_answer: Bool[Tensor, "B N"]
) -> Int[Tensor, "B T"]:
    """The next token at each of T = N − 1 places; −100 where it is not of an answer."""
    return ids[:, 1:].masked_fill(~is_answer[:, 1:], -100)


def answer_loss(
    model: nn.Module, ids: Int[Tensor, "B N"], is_answer: Bool[Tensor, "B N"]
) -> Float[Tensor, ""]:
    """Mean cross-entropy of the tokens of answers."""
    logits = model(ids[:, :-1])  # [B, T, V]
    targets = answer_targets(ids, is_answer)  # −100 is left out of the mean
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def log_probability(
    model: nn.Module, ids: Int[Tensor, "B N"], is_answer: Bool[Tensor, "B N"]
) -> Float[Tensor, "B"]:
    """ln of the probability of each whole answer: a sum over its tokens."""
    logits = model(ids[:, :-1])  # [B, T, V]
    targets = answer_targets(ids, is_answer)
    return -F.cross_entropy(logits.transpose(1, 2), targets, reduction="none").sum(1)


def dpo_loss(
    liked: Float[Tensor, "B"],
    disliked: Float[Tensor, "B"],
    liked_before: Float[Tensor, "B"],
    disliked_before: Float[Tensor, "B"],
    beta: float = 0.1,
) -> Float[Tensor, ""]:
    """−ln σ(β · how much more the liked answer has gained than the other), the mean.

    All four are log-probabilities; before: of the model that the training began with.
    """
    gains = (liked - liked_before) - (disliked - disliked_before)
    return -F.logsigmoid(beta * gains).mean()


def advantages(rewards: Float[Tensor, "Q N"], eps: float = 1e-4) -> Float[Tensor, "Q N"]:
    """How much better an answer is than the others to its question, in deviations.

    rewards: of N answers to each of Q questions; where all are equal, nothing is better.
    """
    deviation = rewards.std(1, keepdim=True)  # [Q, 1]
    return (rewards - rewards.mean(1, keepdim=True)) / (deviation + eps)


def reward_loss(
    model: nn.Module,
    ids: Int[Tensor, "B N"],
    is_answer: Bool[Tensor, "B N"],
    advantage: Float[Tensor, "B"],
) -> Float[Tensor, ""]:
    """GRPO: better answers than the group's mean become likelier, worse ones less likely.

    The answers were drawn from this very model, so the ratio of the paper is 1, and its
    clipping does nothing; there is no penalty for leaving the first model.
    """
    gained = advantage * log_probability(model, ids, is_answer)  # [B]
    return -gained.sum() / is_answer.sum()


def training(
    model: nn.Module, loss_of: Callable, steps: int, rate: float
) -> Iterator[tuple[int, float]]:
    """Steps with AdamW; its rate rises for 20 steps, then falls to 0.

    loss_of() draws a batch -> its loss
    """
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.99))
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = rate * min((step + 1) / 20, 1 - step / steps)
        loss = loss_of()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        yield step, loss.item()
