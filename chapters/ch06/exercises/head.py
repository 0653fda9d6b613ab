"""Chapter 6: the one new layer of a task, on the vector of [CLS]."""

import torch
from torch import Tensor, nn

from course_kit.exercises.compare import same
from course_kit.exercises.define import Case, Exercise, Property, drawn, named, tensors, variants, wrong_answers
from course_kit.exercises.properties import changed
from course_kit.i18n import mark, t
from course_utils.bert_heads import classify

_case = named("hidden", "pooler", "classifier", pooler=t("a layer: D -> D"), classifier=t("the new layer: D -> C"))


def linear(W, b):
    """A layer: x -> x Wᵀ + b."""
    layer = nn.Linear(*W.T.shape)
    layer.load_state_dict({"weight": W, "bias": b})
    return layer


def _drawn(seed, texts, tokens, size, classes) -> Case:
    shapes = (texts, tokens, size), (size, size), (size,), (classes, size), (classes,)
    hidden, P, p, W, b = drawn(seed, *shapes)
    return _case(hidden, linear(P, p), linear(W, b))


def _cases() -> list[Case]:
    hidden, new = tensors([[[0.0, 1], [2, 2], [3, 0]], [[1.0, 0], [0, 3], [1, 1]]], [[1.0, 0], [0, 1], [1, 1]])
    said = {"pooler": t("the layer x → 10 x"), "classifier": t("a layer: (a, b) → (a, b, a + b)")}
    return [
        _case(hidden, linear(10 * torch.eye(2), torch.zeros(2)), linear(new, torch.zeros(3)), given=said, shown=True),
        _drawn(1700, 2, 4, 6, 3),
        _drawn(1710, 1, 5, 4, 2),
        _drawn(1720, 3, 3, 3, 4),
    ]


def _tanh(x):
    return x.tanh()


@variants
def _other(hidden, pooler, classifier, *, read=lambda x: x[:, 0], bend=_tanh, end=lambda x: x):
    """The head with one thing done differently."""
    return end(classifier(bend(pooler(read(hidden)))))


def _reads_others(run, case, mine, want):
    """Whether other tokens than the first change the logits."""
    hidden = case.args["hidden"]
    return not same(run(changed(case, hidden=torch.cat([hidden[:, :1], 2 - 3 * hidden[:, 1:]], 1))), mine)


def _without_layers(run, case: Case, scale: float = 1.0) -> Tensor:
    """What comes out for [CLS] = (1, −1, …) where both layers hand on what they get, the pooler times `scale`."""
    hidden = torch.ones_like(case.args["hidden"])
    hidden[..., 1::2] = -1
    return run(changed(case, hidden=hidden, pooler=lambda x: scale * x, classifier=lambda x: x))[0, :2]


def _other_bend(run, case, mine, want):
    """Whether it is another function than tanh, or at another place."""
    found = _without_layers(run, case)
    if not same(found, torch.tensor([1.0, -1.0]).tanh()):
        return t(
            "Where both layers hand on what they get, the tanh alone should be left: of 1 and −1 it makes 0.762 and "
            "−0.762. Yours gives {found}.",
            found=", ".join(f"{x:.3g}" for x in found.tolist()),
        )
    return not same(_without_layers(run, case, 3.0), torch.tensor([3.0, -3.0]).tanh()) and t(
        "The tanh comes before the pooler, or not right behind it: first `pooler(…)`, then the tanh, then `classifier`."
    )


HEAD = Exercise(
    name=mark("task head"),
    task=t(
        "Take the vector of [CLS], which is at position 0, put it through the pooler and a tanh, then through the new "
        "layer: hidden [B, T, D]; pooler D -> D and classifier D -> C, two layers that you call -> logits [B, C]."
    ),
    reference=classify,
    cases=_cases,
    returns=("logits",),
    used=t("It is the head of your classifier in [Six: a new task, a new layer](#Six:-a-new-task,-a-new-layer)."),
    hints=(
        t("Which of the T vectors may the new layer read? The one that stands for no word: `hidden[:, 0]`, [B, D]."),
        t("The pooler is a layer that you can call: `pooler(hidden[:, 0])`, and then `.tanh()`."),
        t("`classifier` of that gives [B, C]. No softmax: cross-entropy takes logits."),
    ),
    minutes=5,
    difficulty=1,
    properties=(
        Property(
            t("Other tokens than [CLS] change the logits. The head reads position 0 alone: `hidden[:, 0]`."),
            _reads_others,
        ),
        Property(t("Between the two layers there is a tanh."), _other_bend),
    ),
    wrong=wrong_answers(
        _other(read=lambda x: x[:, -1]),
        t("This reads the last token, which is [SEP] or padding. [CLS] is at position 0."),
        _other(read=lambda x: x.mean(1)),
        t("This is the mean of all tokens, padding included. Here the head reads [CLS] alone, position 0."),
        _other(bend=lambda x: x),
        t("The tanh is missing: pooler and classifier would be one matrix, however often they are trained."),
        _other(end=lambda x: x.softmax(-1)),
        t("These are probabilities. Cross-entropy takes the softmax itself: give it the logits."),
        _other(end=_tanh),
        t(
            "The tanh comes once more, after the new layer, so no logit could be above 1. It belongs after the pooler "
            "only."
        ),
        _other(read=lambda x: x),
        t("This gives logits for every token, [B, T, C]. A text gets one row: read `hidden[:, 0]`."),
    ),
)
