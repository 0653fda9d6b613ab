"""From continuing to answering, in plain PyTorch: answers to imitate (SFT), then answers that a program checks (GRPO).

    model = Pairs(vocab=12)                                         # model(ids [B, T], caches) -> logits [B, T, V]
    talks = [([1, 2], [3, 10]), ([4], [5, 6, 10])]                  # questions and answers, as ids; 10 ends one
    for step, loss in imitate(model, talks, steps=20, rate=0.1):
        print(step, loss)
    questions = [[1, 2], [4, 2]]                                    # all of one length
    for step, right in practise(model, questions, lambda number, ids: float(6 in ids), steps=20, rate=0.1, end=10):
        print(step, right)

Only answers count; talks of different lengths are filled up behind their ends, where no token of theirs can see it.
Sources: Ouyang et al. 2022; Rafailov et al. 2023; Shao et al. 2024."""

import math
import random
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn

from course_utils.gpt import (
    generate,
    nucleus,  # exercise: top-p
    with_temperature,  # exercise: temperature
)
from course_utils.post_training import (
    advantages,  # exercise: advantages
    answer_loss,
    answer_targets,  # exercise: answer targets
    dpo_loss,  # exercise: dpo loss
    log_probability,
    reward_loss,
    talk_batch,
    training,
)

Talk = tuple[Sequence[int], Sequence[int]]  # a question and an answer, as ids
END = 10  # the new line ends an answer, unless another token is said to
LONGEST = 24  # tokens of an answer at most, likewise


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
    model: nn.Module,
    talks: Sequence[Talk],
    steps: int,
    rate: float,
    rows: int = 16,
    longest: int | None = None,
    seed: int = 0,
) -> Iterator[tuple[int, float]]:
    """SFT: steps of AdamW on `rows` talks, drawn anew -> step and loss, in nats a token of an answer.

    longest: tokens of a talk; the rest is cut off. Raises ValueError, at the first step, as batch_of does, and for
    talks that do not fit into the model's context.
    """
    draw, device = random.Random(seed), next(model.parameters()).device
    need_context(model, batch_of(talks, longest)[0].shape[1] - 1)  # what is wrong is said before the first step

    def loss() -> Tensor:
        return answer_loss(model, *batch_of(draw.choices(talks, k=rows), longest, device))

    try:
        yield from training(model.train(), loss, steps, rate)
    finally:
        model.eval()


def need_context(model: nn.Module, tokens: int) -> None:
    """Raises ValueError where a model with a context cannot read so many tokens."""
    if tokens > (context := getattr(model, "context", math.inf)):
        raise ValueError(f"{tokens:,} tokens are to be read, and {context:,} fit into the context.")


def drawn(
    model: nn.Module,
    questions: Tensor,
    temperature: float = 1.0,
    longest: int = LONGEST,
    end: int = END,
    source: torch.Generator | None = None,
) -> list[list[int]]:
    """An answer to each of B questions [B, T], token by token up to its end.

    At temperature 0 the likeliest token, else drawn, from torch's random numbers or those of a source of one's own.
    """
    tokens = generate(model, questions, longest, temperature, stop=end, generator=source)
    rows = torch.cat([questions[:, :0], *tokens], 1).tolist()
    return [row[: row.index(end) + 1] if end in row else row for row in rows]


def practise(
    model: nn.Module,
    questions: Sequence[Sequence[int]],
    reward: Callable[[int, list[int]], float],
    steps: int,
    rate: float,
    groups: int = 16,
    size: int = 8,
    longest: int = LONGEST,
    end: int = END,
    temperature: float = 1.0,
    seed: int = 0,
    source: torch.Generator | None = None,
) -> Iterator[tuple[int, float]]:
    """GRPO: `size` answers to each of `groups` questions, and what is better than its group becomes likelier.

    reward(number of the question, ids of an answer) -> a number; longest: tokens of an answer; end: the token that ends
    one; seed: of the questions that are drawn; source: as in `drawn`. Gives step and mean reward. No dropout: answers
    are drawn from the model that is trained. Raises ValueError, at the first step, for what does not fit.
    """
    if size < 2:
        raise ValueError(f"{size} answer to a question: each is compared with the others, so 2 at the least.")
    if len(lengths := {len(question) for question in questions}) != 1 or lengths == {0}:
        raise ValueError(
            f"Questions have {sorted(lengths)} tokens; they are read together: as many each, at least one."
        )
    need_context(model, max(lengths) + longest - 1)
    draw, device, earned = random.Random(seed), next(model.parameters()).device, 0.0

    def loss() -> Tensor:
        nonlocal earned
        numbers = [n for n in draw.choices(range(len(questions)), k=groups) for _ in range(size)]
        asked = torch.tensor([questions[n] for n in numbers], device=device)
        answers = drawn(model, asked, temperature, longest, end, source)
        earnings = [float(reward(*one)) for one in zip(numbers, answers, strict=True)]  # also of whole numbers
        rewards = torch.tensor(earnings, device=device)
        earned = rewards.mean().item()
        ids, is_answer = talk_batch(list(zip(asked.tolist(), answers, strict=True)), device=device)
        return reward_loss(model, ids, is_answer, advantages(rewards.view(groups, size)).flatten())

    for step, _ in training(model.eval(), loss, steps, rate):
        yield step, earned


def text_of(ids: Sequence[int]) -> str:
    """Bytes as text."""
    return bytes(n for n in ids if n < 256).decode("utf-8", "replace")


class Pairs(nn.Module):
    """What follows a token, and nothing else: logits [B, T, V]."""

    def __init__(self, vocab: int = 12):
        super().__init__()
        self.table = nn.Embedding(vocab, vocab)

    def forward(self, ids: Tensor, caches: object = None) -> Tensor:
        return self.table(ids)


def check() -> None:
    """Questions and padding cost nothing, a step helps, and equal rewards teach nothing."""
    torch.manual_seed(0)
    talks = [([1, 2, 3], [4, 5]), ([6], [7, 8])]
    model, (ids, is_answer) = Pairs(), batch_of(talks)
    assert answer_targets(ids, is_answer)[0].tolist() == [-100, -100, 4, 5]
    answer_loss(model, ids, is_answer).backward()
    assert (model.table.weight.grad[1] == 0).all() and (model.table.weight.grad[3] != 0).any()
    now = log_probability(model, ids, is_answer)
    alone = torch.cat([log_probability(model, *batch_of([talk])) for talk in talks])
    assert torch.allclose(now, alone) and abs(dpo_loss(now, now - 1, now, now - 1) - math.log(2)) < 1e-6
    assert (advantages(torch.ones(1, 4)) == 0).all() and advantages(torch.tensor([[0.0, 1]]))[0, 1] > 0.7
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 4.0, 1.0]])
    assert torch.allclose(with_temperature(logits, 0.5), (2 * logits).softmax(-1), atol=1e-5)
    assert with_temperature(logits, 0).tolist() == [[1, 0, 0], [0, 1, 0]]
    two = torch.tensor([2.0, 1.0, -math.inf]).softmax(0)  # .67 alone is less than .7
    assert torch.allclose(nucleus(logits, 0.7), torch.stack([two, torch.eye(3)[1]]), atol=1e-5)
    losses = [loss for _, loss in imitate(model, talks, steps=5, rate=0.1)]
    assert losses[-1] < losses[0]


def main(steps: int = 60) -> float:
    """Two answers to one question, both imitated; then a program rewards the second."""
    torch.manual_seed(0)
    model, question, short, long = Pairs(), [1, 2], [3, END], [4, 5, END]
    for name, trained in (
        ("imitate", imitate(model, [(question, short), (question, long)], steps, rate=0.1)),
        ("practise", practise(model, [question], lambda _, ids: float(ids == long), steps, rate=0.1)),
    ):
        *_, (_, last) = trained
        share = model(torch.tensor([[2]]))[0, 0].softmax(-1)[4].item()
        print(f"{name:8} {last:.2f}, the second answer has {share:.2f}")
    return share


if __name__ == "__main__":
    check()
    main()
