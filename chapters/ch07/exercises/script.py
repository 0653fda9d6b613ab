"""Chapter 7, find the error: a training script with five slips in one function."""

import copy
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_kit.exercises.compare import same
from course_kit.exercises.define import (
    Case,
    FindError,
    Property,
    drawn,
    integers,
    named,
    normal,
    variants,
    wrong_answers,
)
from course_kit.i18n import mark, t

SIZE = 6  # features of a token


class Reader(nn.Module):
    """A small causal model: ids [B, T] -> logits [B, T, V], of a token and the mean of what was read so far.

    longest: so many positions have a row in its table. In training, every other feature is left out and the rest
    doubled: a dropout without chance.
    """

    def __init__(self, words: int, longest: int, seed: int):
        super().__init__()
        shapes = (words, SIZE), (longest, SIZE), (SIZE, words)
        tables = drawn(seed, *shapes, of=normal)
        self.tokens, self.places, self.output = (nn.Parameter(table / 2) for table in tables)

    def forward(self, ids: Tensor) -> Tensor:
        length = ids.shape[1]
        x = self.tokens[ids] + self.places[:length]
        if self.training:
            x = x * torch.tensor([2.0, 0.0]).repeat(SIZE // 2)
        return (x + x.cumsum(1) / torch.arange(1, length + 1)[:, None]) @ self.output


def train_and_write(model, batches: Tensor, prompt: Tensor, count: int, context: int) -> tuple[float, Tensor]:
    """batches [N, B, context + 1], prompt [1, P] -> the loss of the last step, the prompt with `count` tokens more."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    model.train()
    for ids in batches:
        logits = model(ids[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        for _ in range(count):
            logits = model(prompt[:, -context:])
            prompt = torch.cat([prompt, logits[:, -1:].argmax(dim=-1)], dim=1)
    return loss.item(), prompt


_given = named(
    *("model", "batches", "prompt", "count", "context"),
    model=t("a GPT with dropout: model(ids [B, T]) -> logits [B, T, V]"),
)


def _with_a_copy(answer, case: Case) -> Any:
    """The result for a fresh copy of the model, since training changes it."""
    model, *others = case.args.values()
    return answer(copy.deepcopy(model), *others)


def _case(words: int, steps: int, batch: int, context: int, begun: int, seed: int, shown: bool = False) -> Case:
    batches = integers(words, steps, batch, context + 1, seed=seed)
    prompt = integers(words, 1, begun, seed=seed + 1)
    return _given(Reader(words, 4 * context, seed + 2), batches, prompt, 2 * context, context, shown=shown)


def _last(text: Tensor, context: int) -> Tensor:
    return text[:, -context:]


@variants
def _script(
    model,
    batches,
    prompt,
    count,
    context,
    *,
    clear="backward",
    target=lambda ids: ids[:, 1:],
    scores=lambda logits: logits,
    modes=(True, False),
    read=_last,
):
    """The repaired script with one thing done differently. clear: before what gradients are set to 0, if at all;
    modes: whether the model is in training mode while it learns, and while it writes; read: what of the text it reads;
    keep: what of it stays."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    model.train(modes[0])
    for ids in batches:
        loss = F.cross_entropy(scores(model(ids[:, :-1])).flatten(0, 1), target(ids).flatten())
        if clear == "backward":
            optimizer.zero_grad()
        loss.backward()
        if clear == "step":
            optimizer.zero_grad(set_to_none=False)
        optimizer.step()
    model.train(modes[1])
    with torch.no_grad():
        for _ in range(count):
            logits = model(read(prompt, context))[:, -1:]
            prompt = torch.cat([prompt, logits.argmax(dim=-1)], dim=1)
    return loss.item(), prompt


def _which_half(run, case, mine, want):
    """Whether the training is wrong already, or only what is written after it."""
    if not same(mine[0], want[0]):
        return t(
            "The loss is another one, so it is the training that differs: on each batch gradients of 0, the logits of "
            "`ids[:, :-1]` against `ids[:, 1:]`, backward, a step. Is the loss that of the last batch, before its step?"
        )
    return not same(mine, want) and t(
        "The loss is right, the text is not. In writing, the model is in `eval()`, reads the last `context` tokens, "
        "and the most likely token at the last place is put behind the text, `count` times."
    )


SCRIPT = FindError(
    name=mark("program 7.14"),
    title=t("a training script"),
    task=t(
        "train the model for a step on each of N batches, then let it write `count` tokens behind the prompt: model, "
        "batches [N, B, context + 1], prompt [1, P], count, context -> the loss of the last step, the text [1, P + "
        "count]."
    ),
    program=(
        "def train_and_write(model, batches, prompt, count, context):  # [N, B, context + 1]",
        "    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)",
        "    optimizer.zero_grad()",
        "    model.train()",
        "    for ids in batches:                                        # [B, context + 1]",
        "        inputs, targets = ids[:, :-1], ids[:, :-1]",
        "        p = torch.softmax(model(inputs), dim=-1)               # [B, context, V]",
        "        loss = torch.nn.functional.cross_entropy(p.flatten(0, 1), targets.flatten())",
        "        loss.backward()",
        "        optimizer.step()",
        "    with torch.no_grad():",
        "        for _ in range(count):",
        "            logits = model(prompt)                             # [1, T, V]",
        "            prompt = torch.cat([prompt, logits[:, -1:].argmax(dim=-1)], dim=1)",
        "    return loss.item(), prompt",
    ),
    line=(3, 6, 7, 11, 13),
    found=t(
        "the gradients were set to 0 once, and from then on each step added its own to all before; the targets were "
        "the inputs; cross-entropy got probabilities instead of logits; `no_grad` keeps no gradients, but dropout "
        "stays on until `model.eval()`; and the text grew past the context, where no position was ever trained."
    ),
    innocent={
        1: t("it only names what comes in. Are all of them used?"),
        2: t("it makes an optimiser of the model's parameters."),
        4: t("it turns dropout on, which belongs to training. When should it be off?"),
        5: t("it takes one batch after the other."),
        8: t("it makes a row for each token, and asks for the targets. What should come in?"),
        9: t("it adds the gradients of this loss to those that are already there."),
        10: t("it takes a step along the gradients."),
        12: t("it writes one token after the other."),
        14: t("it appends the most likely token."),
        15: t("it returns the last loss as a number, and the text."),
    },
    reference=train_and_write,
    cases=lambda: [
        _case(5, 3, 1, 3, 2, seed=1940, shown=True),
        _case(7, 4, 2, 4, 3, seed=1924),
        _case(6, 3, 3, 5, 8, seed=1912),
    ],
    returns=("loss", "text"),
    run=_with_a_copy,
    properties=(Property(t("Training gives the loss, writing the text."), _which_half),),
    hints=(
        t("Which argument is never used? Which two things are the same, and should not be?"),
        t(
            "`backward` adds gradients to those that are there. What does `cross_entropy` make of what it gets? And "
            "what is on in training that should be off in writing?"
        ),
        t(
            "Where does `optimizer.zero_grad()` belong? What turns dropout off? And with `prompt[:, -context:]`, "
            "which tokens would the model read?"
        ),
    ),
    minutes=14,
    difficulty=3,
    wrong=wrong_answers(
        _script(
            clear="never",
            target=lambda ids: ids[:, :-1],
            scores=lambda logits: logits.softmax(-1),
            modes=(True, True),
            read=lambda text, context: text,
        ),
        t("Several of the five slips are still in it."),
        _script(clear="step"),
        t(
            "No step changes the model: its gradients are set to 0 after `backward` and before `step`, which then has "
            "nothing to go by. Clear them before `backward`, or after `step`."
        ),
        _script(clear="never"),
        t(
            "The gradients of all steps are still added up: `optimizer.zero_grad()` belongs into the loop, before "
            "`backward`."
        ),
        _script(target=lambda ids: ids[:, :-1]),
        t(
            "The target is still the input, so the model learns to copy. The targets are one token further, `ids[:, "
            "1:]`."
        ),
        _script(scores=lambda logits: logits.softmax(-1)),
        t("There are still two softmaxes: cross-entropy makes probabilities of the logits itself."),
        _script(modes=(True, True)),
        t(
            "Dropout is still on while the model writes: `model.eval()` turns it off. `no_grad` only keeps no "
            "gradients."
        ),
        _script(read=lambda text, context: text),
        t(
            "The text still grows past the context, where the positions were never trained. Let the model read the "
            "last `context` tokens."
        ),
    ),
)
