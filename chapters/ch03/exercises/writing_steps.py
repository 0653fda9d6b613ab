"""Chapter 3, seq2seq with attention: one step of additive attention, and one step of the decoder."""

import torch

from course_kit.exercises.compare import same
from course_kit.exercises.define import Case, Exercise, Property, drawn, named, tensors, variants, wrong_answers
from course_kit.exercises.properties import blind_to_padding, rows_are_independent, rows_sum_to_one, sees_only, weighs
from course_kit.i18n import mark, t
from course_utils.attention import masked_softmax

from . import solutions


def _step_cases() -> list[Case]:
    case = named("query", "keys", "mask", "W1", "W2", "w")

    def random(batch, count, query_size, key_size, hidden, lengths, seed, hole=0) -> Case:
        shapes = (batch, query_size), (batch, count, key_size), (query_size, hidden), (key_size, hidden), (hidden,)
        query, keys, W1, W2, w = drawn(seed, *shapes)
        mask = torch.arange(count) < torch.tensor(lengths)[:, None]
        mask[-1, :hole] = False  # padding may be in front, too
        return case(query, keys, mask, W1, W2, 2 * w)

    return [
        case(
            *tensors(
                [[1.0], [0.0]], [[[0.0], [1.0]], [[1.0], [3.0]]], [[True, True], [True, False]], [[1.0]], [[2.0]], [2.0]
            ),
            shown=True,
        ),  # fmt: skip
        case(*tensors([[1.0]], [[[0.0], [2.0]]], [[True, True]], [[1.0]], [[1.0]], [2.0])),
        random(1, 3, 2, 2, 2, [2], 300),
        random(2, 3, 2, 2, 3, [3, 1], 310),
        random(2, 4, 3, 2, 3, [2, 4], 320, hole=1),
    ]


def _mean(weights, keys):
    return (weights[:, None] @ keys)[:, 0]


@variants
def _wrong_step(*inputs, score=lambda q, k, w: torch.tanh(q + k) @ w, mean=_mean, values=lambda keys, projected: keys):
    """An additive step with one thing done differently. score: of the projected query [B, 1, h], the projected keys
    [B, K, h] and w."""
    query, keys, mask, W1, W2, w = inputs
    projected = keys @ W2
    weights = masked_softmax(score((query @ W1)[:, None], projected, w), mask)
    return mean(weights, values(keys, projected)), weights


STEP = Exercise(
    name=mark("additive attention step"),
    function="look_back",
    task=t(
        "One look back: tanh(q W₁ + k W₂)·w for each key, softmax over the real ones, weighted mean of the keys "
        "(which are the values, too): query [B, Dq], keys [B, K, Dk], mask [B, K] bool, True = a real word -> "
        "(context [B, Dk], weights [B, K])."
    ),
    reference=solutions.look_back,
    cases=_step_cases,
    returns=("context", "weights"),
    hints=(
        t(
            "There is one query for each sentence, and many keys. So q W₁ is [B, h] and k W₂ is [B, K, h]: what has "
            "to happen before you can add them?"
        ),
        t(
            "`(query @ W1)[:, None]` has an axis for the keys. The tanh of the sum is [B, K, h], and `@ w` makes one "
            "score of its last axis."
        ),
        t(
            "`masked_softmax(scores, mask)` from chapter 1 turns the scores into weights. `weights[:, None]` is one "
            "row for each sentence: multiply it by the keys, and drop the extra axis, `[:, 0]`."
        ),
    ),
    minutes=12,
    difficulty=2,
    wrong=wrong_answers(
        _wrong_step(score=lambda q, k, w: (q + k) @ w),
        t(
            "The tanh is missing. Without it the query adds one number to the whole row, softmax ignores it, and "
            "every word of the translation attends to the same position."
        ),
        _wrong_step(score=lambda q, k, w: (torch.tanh(q) + torch.tanh(k)) @ w),
        t(
            "The query changes nothing here: it is missing, or it has a tanh of its own and adds one number to the "
            "whole row, which softmax ignores. Add q W₁ and k W₂ first, then take the tanh of the sum."
        ),
        _wrong_step(score=lambda q, k, w: torch.tanh((q + k) @ w)),
        t("The tanh and w are in the wrong order: first the tanh of the hidden vector, then w makes one number of it."),
        _wrong_step(score=lambda q, k, w: torch.tanh(q + k) @ w / len(w) ** 0.5),
        t("The scores are divided by a root. Only a dot product needs that: the tanh bounds these scores."),
        _wrong_step(mean=lambda a, k: a @ k),
        t(
            "`weights @ keys` multiplies the weights of each sentence with the keys of all: [B, B, Dk]. Each sentence "
            "has its own: `weights[:, None] @ keys` and then `[:, 0]`, or `(weights[..., None] * keys).sum(1)`."
        ),
        _wrong_step(values=lambda keys, projected: projected),
        t(
            "The mean is taken of the projected keys, k W₂. They are only for the score; the values are the keys "
            "themselves."
        ),
    ),
    properties=(
        sees_only(),
        rows_sum_to_one(part=1),
        weighs("keys"),
        blind_to_padding("keys", padded=lambda case: ~case.args["mask"]),
        rows_are_independent("query", "keys", "mask"),
    ),
    used=t("Your decoder looks back with it, in training, too: [Four: train both](#Four:-train-both)."),
)


def _decoder_cases() -> list[Case]:
    case = named("word", "state", "keys", "mask", "E", "Wx", "Ws", "Wo")

    def random(batch, count, size, vocabulary, lengths, seed, word, hole=0, shown=False) -> Case:
        shapes = (batch, size), (batch, count, size), (vocabulary, size), (2 * size, size), (size, size)
        state, keys, *matrices = drawn(seed, *shapes, (2 * size, vocabulary))
        mask = torch.arange(count) < torch.tensor(lengths)[:, None]
        mask[0, :hole] = False
        return case(torch.tensor(word), state, keys, mask, *matrices, shown=shown)

    return [
        random(1, 2, 1, 3, [2], 330, word=[1], shown=True),
        random(1, 3, 2, 3, [2], 340, word=[0]),
        random(2, 3, 3, 4, [3, 1], 350, word=[3, 1], hole=1),
    ]


@variants
def _wrong_decoder(
    *inputs,
    asks=lambda state, e, step: state,
    gets=lambda context: context,
    scale=lambda d: 1.0,
    read=lambda new, c, old: torch.cat([new, c], -1),
    stuck=False,
):
    """A decoder step with one thing done differently."""
    word, state, keys, mask, E, Wx, Ws, Wo = inputs

    def step(context):
        return torch.tanh(torch.cat([E[word], context], -1) @ Wx + state @ Ws)

    query = asks(state, E[word], step)
    context = _mean(masked_softmax((query[:, None] @ keys.mT)[:, 0] / scale(len(Ws)), mask), keys)
    new = step(gets(context))
    return read(new, context, state) @ Wo, state if stuck else new


def _new_state(state, e, step):
    return step(torch.zeros_like(state))


NEW_ASKS = t(
    "The *new* state looks back, as in Luong's decoder. Here the old one does, and what it finds goes into the "
    "new one, beside the embedding."
)
DECODER = Exercise(
    name=mark("one decoder step"),
    task=t(
        "The old state is the query (dot products, softmax over real words, weighted mean of the keys). The new state "
        "is tanh([embedding; context] Wx + state Ws), the logits are [new state; context] Wo -> (logits [B, V], new "
        "[B, D])."
    ),
    reference=solutions.decoder_step,
    cases=_decoder_cases,
    returns=("logits", "new"),
    hints=(
        t(
            "Three results one after the other: the context, the new state, the logits. The query is the state that "
            "came in."
        ),
        t(
            "The scores are `(state[:, None] @ keys.mT)[:, 0]`; `masked_softmax` and the mean are as in `look_back`. "
            "The embedding of the word is `E[word]`."
        ),
        t(
            "[a; b] is `torch.cat([a, b], -1)`. `x @ m` works for a whole batch. The context goes in twice: with the "
            "embedding into the tanh, with the new state into the logits."
        ),
    ),
    minutes=11,
    difficulty=3,
    wrong=wrong_answers(
        _wrong_decoder(asks=lambda state, e, step: e),
        t(
            "The embedding of the word is the query. The query is the *state*, which knows what has been written so "
            "far."
        ),
        _wrong_decoder(asks=_new_state),
        NEW_ASKS,
        _wrong_decoder(asks=_new_state, gets=torch.zeros_like),
        NEW_ASKS,
        _wrong_decoder(scale=lambda d: d**0.5),
        t("The scores are divided by √D. Here they are plain dot products: dot products, softmax, mean."),
        _wrong_decoder(read=lambda new, c, old: torch.cat([old, c], -1)),
        t("The logits are read from the old state, which does not know the last word yet."),
        _wrong_decoder(stuck=True),
        t("The old state is returned: the decoder would never move on. Return the new one."),
    ),
    properties=(
        blind_to_padding("keys", padded=lambda case: ~case.args["mask"], part=1),
        Property(
            t(
                "The new state is right, and the logits are not: they are [new state; context] Wo, with the context "
                "that has gone into the state."
            ),
            lambda run, case, mine, want: same(mine[1], want[1]) and not same(mine[0], want[0]),
        ),
        rows_are_independent("word", "state", "keys", "mask"),
    ),
    used=t("Yours is trained in [A decoder of your own](#A-decoder-of-your-own)."),
)
