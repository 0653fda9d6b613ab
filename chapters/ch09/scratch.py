"""Learning to answer, from an empty file."""

import itertools
from typing import Any

import torch

from chapters.ch07.scratch import Unmoved, near, refused
from course_kit.exercises.define import integers, some_numbers
from course_kit.i18n import mark
from course_kit.mine.scratch_parts import ModelArgument, Track, TrackPart


def steps_of(train, names, model, ids, is_answer, steps, rate):
    """The numbers and losses of some steps on one batch, with large and small gradients in turn."""
    scales = itertools.cycle((30.0, 0.1))
    found = train(model, lambda: next(scales) * names.answer_loss(model, ids, is_answer), steps, rate)
    return torch.tensor([(step, float(loss)) for step, loss in found])


def batch_at_its_limits(batch, names):
    right = {"talks": [([1, 2], [3])], "longest": 3}
    return refused(batch, right, {"longest": 2}, {"talks": []}, {"talks": [([], [1])]}, {"talks": [([1], [])]})


def drawn_answers(draw, names, temperature):
    """How often each is the first token of an answer."""
    model = Unmoved()
    firsts = torch.tensor([row[0] for row in draw(model, torch.zeros(1000, 1, dtype=torch.long), temperature, 1)])
    return near(firsts, (model.logits.detach() / temperature).softmax(-1), far=0.07)


def imitates(train, names, model, talks, steps, rate):
    """Whether the loss falls: which talks are drawn is the reader's."""
    losses = [float(loss) for _, loss in train(model, talks, steps, rate)]
    return losses[-1] < losses[0]


def practises(train, names, model, question, reward, steps, rate):
    """Whether what is rewarded comes more often: which answers are drawn is the reader's."""
    torch.manual_seed(0)
    earned = [right for _, right in train(model, [question], reward, steps, rate, 4, 4)]
    return sum(earned[-3:]) > sum(earned[:3])


def parts(c: Any) -> list[TrackPart]:
    ids, is_answer = integers(9, 3, 6, seed=1) + 1, torch.arange(6) >= torch.tensor([[2], [4], [3]])
    is_answer[1, 5] = False
    model, talks = ModelArgument("Pairs", 12), [([1, 2, 3], [4, 5]), ([6], [7, 8]), ([1], [2, 3, 4, 5, 6])]
    answers, questions = (model, ids, is_answer), integers(9, 3, 2, seed=6) + 1
    return [
        TrackPart("answer_targets"),
        TrackPart("talk_batch", "question and answer behind each other, then 0; True on the tokens of the answer",
            (talks, None), (talks, 4)),
        TrackPart("answer_loss", "cross-entropy of the next token, where it is of an answer", answers, needed=True),
        TrackPart("log_probability", "Σ ln p(token) over the tokens of an answer, for each talk", answers, needed=True),
        TrackPart("dpo_loss"),
        TrackPart("training", "", (*answers, 12, 0.1), needed=True, call=steps_of,
            note="AdamW (β .9 and .99), gradients cut at a norm of 1; the rate is `rate` · min((step + 1) / 20, "
            "1 − step / steps), for steps from 0 on. Gives the step and its loss."),
        TrackPart("batch_of", "talk_batch; a ValueError where there is nothing to learn from", (talks, None),
            (talks, 4)),
        TrackPart("batch_of", "a ValueError where nothing is to be learned", (), look="at its limits",
            call=batch_at_its_limits),
        TrackPart("imitate", "", (model, talks, 12, 0.1), needed=True, call=imitates,
            note="`training` on answer_loss of `rows` talks, drawn anew for each step; in train mode."),
        TrackPart("advantages", "(reward − mean) / (standard deviation + ε), among the answers to one question"),
        TrackPart("reward_loss", "−Σ advantage · ln p(answer), for each token of an answer",
            (*answers, some_numbers(3, seed=4)), needed=True),
        TrackPart("drawn", "token by token, until END; at temperature 0 the likeliest",
            *((model, questions, 0.0, 4, end) for end in range(12)), needed=True,
            note="The END is a part of an answer."),
        TrackPart("drawn", "softmax(logits / temperature)", (0.5,), (2.0,), look="by chance", call=drawn_answers),
        TrackPart("practise", "", (model, [1, 2], lambda _, ids: float(ids[0] == 4), 20, 0.2), needed=True,
            call=practises,
            note="`training` on reward_loss of `size` answers to each question, drawn anew; in eval mode; gives the "
            "step and the mean reward of what was drawn for it."),
    ]  # fmt: skip


HAVE = mark("fine-tuning on answers, and on rewards that a program checks")
GIVEN = "Talk", "Pairs", "END", "LONGEST"
TRACKS = {"answering": Track(9, "answering", parts, 90, HAVE, bar=90, given=GIVEN)}
