"""From continuing to answering, in plain PyTorch: answers to imitate (SFT), then preferences (DPO).

    model = Pairs(vocab=12)                                         # any that gives logits [B, T, V] for ids [B, T]
    talks = [([1, 2], [3, 11]), ([4], [5, 6, 11])]                  # questions and answers, as ids
    for step, loss in imitate(model, talks, steps=20, rate=0.1):
        print(step, loss)
    pairs = [([1, 2], [4, 11], [3, 11])]                            # question, liked answer, disliked answer
    for step, loss in prefer(model, pairs, steps=20, rate=0.1):
        print(step, loss)

Only answers count; talks of different lengths are filled up behind their ends, where no token of theirs can see it.
Sources: Ouyang et al. 2022; Rafailov et al. 2023."""

import copy
import math
import random
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from course_utils.post_training import (
    answer_loss,
    answer_targets,  # exercise: answer targets
    dpo_loss,  # exercise: dpo loss
    log_probability,
    preference_loss,
    talk_batch,
    training,
)

Talk = tuple[Sequence[int], Sequence[int]]  # a question and an answer, as ids


def batch_of(talks: Sequence[Talk], longest: int | None = None, device: object = None) -> tuple[Tensor, Tensor]:
    """Questions and answers behind each other [B, N], and which tokens are of an answer. longest: tokens of a talk.

    Raises ValueError for no talks, one without a question, and one of which no token of the answer would be left.
    """
    if not len(talks):
        raise ValueError("There are no talks to learn from: one at least is needed.")
    for number, (question, answer) in enumerate(talks):
        if not len(question) or not len(answer):
            raise ValueError(f"Talk {number} needs a question and an answer of at least a token each.")
        if min(*question, *answer) < 0:
            raise ValueError(f"Talk {number} has the token {min(*question, *answer)}; 0 is the lowest.")
        if longest is not None and len(question) >= longest:
            raise ValueError(f"Talk {number}: its question has {len(question)} tokens, a talk {longest} at most.")
    return talk_batch(talks, longest, device)


def imitate(
    model: nn.Module, talks: Sequence[Talk], steps: int, rate: float, rows: int = 16, longest: int | None = None
) -> Iterator[tuple[int, float]]:
    """SFT: steps of AdamW on `rows` talks, drawn anew -> step and loss, in nats a token of an answer."""
    draw, device = random.Random(0), next(model.parameters()).device
    batch_of(talks, longest)  # what is wrong is said before the first step

    def loss() -> Tensor:
        return answer_loss(model, *batch_of(draw.choices(talks, k=rows), longest, device))

    yield from training(model.train(), loss, steps, rate)
    model.eval()


def prefer(
    model: nn.Module, pairs: Sequence, steps: int, rate: float, rows: int = 16, longest: int | None = None
) -> Iterator[tuple[int, float]]:
    """DPO on (question, liked, disliked), against the model as it is now, without dropout, as it compares."""
    draw, device = random.Random(0), next(model.parameters()).device
    before = copy.deepcopy(model.eval()).requires_grad_(False)
    sides = [[(question, pair[side]) for question, *pair in pairs] for side in (0, 1)]
    for side in sides:
        batch_of(side, longest)

    def loss() -> Tensor:
        drawn = draw.choices(range(len(pairs)), k=rows)
        batches = (batch_of([side[number] for number in drawn], longest, device) for side in sides)
        return preference_loss(model, before, *batches)

    yield from training(model, loss, steps, rate)


class Pairs(nn.Module):
    """What follows a token, and nothing else: logits [B, T, V]."""

    def __init__(self, vocab: int = 12):
        super().__init__()
        self.table = nn.Embedding(vocab, vocab)

    def forward(self, ids: Tensor) -> Tensor:
        return self.table(ids)


def check() -> None:
    """Questions and padding cost nothing, a step helps, and a model has no preference over itself."""
    torch.manual_seed(0)
    talks = [([1, 2, 3], [4, 5]), ([6], [7, 8])]
    model, (ids, is_answer) = Pairs(), batch_of(talks)
    assert answer_targets(ids, is_answer)[0].tolist() == [-100, -100, 4, 5]
    answer_loss(model, ids, is_answer).backward()
    assert (model.table.weight.grad[1] == 0).all() and (model.table.weight.grad[3] != 0).any()
    now = log_probability(model, ids, is_answer)
    alone = torch.cat([log_probability(model, *batch_of([talk])) for talk in talks])
    assert torch.allclose(now, alone) and abs(dpo_loss(now, now - 1, now, now - 1) - math.log(2)) < 1e-6
    both = batch_of([([1], [2])]), batch_of([([1], [3])])
    assert abs(preference_loss(model, model, *both) - math.log(2)) < 1e-6
    losses = [loss for _, loss in imitate(model, talks, steps=5, rate=0.1)]
    assert losses[-1] < losses[0]


def main(steps: int = 50) -> None:
    """Two answers to one question, both imitated; then the second is preferred."""
    model, question, short, long = Pairs(), [1, 2], [3, 11], [4, 5, 11]
    for name, trained in (
        ("imitate", imitate(model, [(question, short), (question, long)], steps, rate=0.1)),
        ("prefer", prefer(model, [(question, long, short)], steps, rate=0.1)),
    ):
        *_, (_, loss) = trained
        share = model(torch.tensor([[2]]))[0, 0].softmax(-1)[4].item()
        print(f"{name:8} loss {loss:.2f}, the second answer has {share:.2f}")


if __name__ == "__main__":
    check()
    main()
