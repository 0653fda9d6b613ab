"""Learning to answer, from an empty file."""

import itertools
from typing import Any

import torch

from chapters.ch07.scratch import Unmoved, refuses
from course_kit.exercises.compare import Misfit, same
from course_kit.exercises.define import integers, some_numbers
from course_kit.mine.scratch_parts import Either, Model, Track

TOLD_ANSWERING = {
    "training": "AdamW (β .9 and .99), gradients cut at a norm of 1. The rate is `rate` · min((step + 1) / 20, "
    "1 − step / steps), for steps from 0 on. Gives the step and its loss.",
    "imitate": "`training` on `rows` talks, drawn anew for each step; in train mode.",
    "practise": "`training` on reward_loss, in eval mode; gives the step and the mean reward of what was drawn for it.",
    "drawn": "The END is a part of an answer.",
}
ANSWERING = """
answer_targets
talk_batch: question and answer behind each other, then 0; True on the tokens of the answer
answer_loss*: cross-entropy of the next token, where it is of an answer
log_probability*: Σ ln p(token) over the tokens of an answer, for each talk
dpo_loss
training*: AdamW (β .9, .99), gradients cut at a norm of 1, a rate that rises for 20 steps and falls: (1 − step / steps)
batch_of: talk_batch; a ValueError where there is nothing to learn from
batch_of, at its limits*: a ValueError for no talks, no question, no answer, and where no token of an answer is left
imitate*: `training` on answer_loss of `rows` talks, drawn anew
advantages: (reward − mean) / (standard deviation + ε), among the answers to one question
reward_loss*: −Σ advantage · ln p(answer), for each token of an answer
drawn*: token by token, until END; at temperature 0 the likeliest
drawn, by chance*: softmax(logits / temperature)
practise*: `training` on reward_loss of `size` answers to each question, drawn anew
"""


def of_answering(c: Any) -> dict[str, Any]:
    """Inputs and sizes, by the names of parameters."""
    is_answer = torch.arange(6) >= torch.tensor([[2], [4], [3]])
    is_answer[1, 5] = False
    ids = integers(9, 3, 6, seed=1) + 1
    model = Model("Pairs")
    talks = [([1, 2, 3], [4, 5]), ([6], [7, 8]), ([1], [2, 3, 4, 5, 6])]
    return {
        "ids": ids, "is_answer": is_answer, "model": model, "vocab": 12,
        "talks": talks, "longest": Either([None, 4]), "steps": 12, "rate": 0.1,
        "rewards": some_numbers(2, 4, seed=3), "advantage": some_numbers(3, seed=4), "temperature": 0.0,
        "drawn, by chance.case": Either([0.5, 2.0]),
        "questions": integers(9, 3, 2, seed=6) + 1, "question": [1, 2], "reward": lambda _, ids: float(ids[0] == 4),
        "drawn.longest": 4, "drawn.end": Either([*range(12)]), "practise.steps": 20, "practise.rate": 0.2,
    }  # fmt: skip


def steps_of(train, names, model, ids, is_answer, steps, rate):
    """The numbers and losses of some steps on one batch, with large and small gradients in turn."""
    scales = itertools.cycle((30.0, 0.1))
    found = train(model, lambda: next(scales) * names.answer_loss(model, ids, is_answer), steps, rate)
    return torch.tensor([(step, float(loss)) for step, loss in found])


def batch_at_its_limits(batch, names):
    right = {"talks": [([1, 2], [3])], "longest": 3}
    return refuses(batch, right, {"longest": 2}, {"talks": []}, {"talks": [([], [1])]}, {"talks": [([1], [])]})


def drawn_answers(draw, names, case):
    """The first token of many answers."""
    model = Unmoved()
    shares = torch.tensor([row[0] for row in draw(model, torch.zeros(1000, 1, dtype=torch.long), case, 1)]).bincount()
    wanted = (model.logits.detach() / case).softmax(-1)
    if not same(far := (shares / 1000 - wanted).abs() > 0.07, torch.zeros_like(far)):
        n = int(far.nonzero()[0])
        raise Misfit(f"At temperature {case:g} token {n} is {shares[n] / 1000:.0%} of what is drawn; expected: "
                     f"{wanted[n]:.0%}.")  # fmt: skip
    return torch.tensor(1)


def imitates(train, names, model, talks, steps, rate):
    return falls(train(model, talks, steps, rate))


def practises(train, names, model, question, reward, steps, rate):
    """Whether what is rewarded comes more often: which answers are drawn is the reader's."""
    torch.manual_seed(0)
    earned = [right for _, right in train(model, [question], reward, steps, rate, 4, 4)]
    return sum(earned[-3:]) > sum(earned[:3])


def falls(found):
    """Whether a loss falls: which talks are drawn is the reader's."""
    losses = [float(loss) for _, loss in found]
    return losses[-1] < losses[0]


TRACKS = {
    "answering": Track(
        9, "answering", ANSWERING, of_answering, 90,
        "fine-tuning on answers, and on rewards that a program checks", 90,
        calls={"training": steps_of, "imitate": imitates, "practise": practises, 
               "batch_of, at its limits": batch_at_its_limits, "drawn, by chance": drawn_answers},
        given=("Talk", "Pairs", "END", "LONGEST"),
        told=TOLD_ANSWERING,
    ),
}  # fmt: skip
