"""A BERT from an empty file."""

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from chapters.ch05.scratch import HEADS
from course_kit.exercises.compare import Misfit
from course_kit.exercises.define import integers, some_numbers
from course_kit.mine.scratch_parts import Either, Track
from course_utils.bert import PreTrainingOutput
from course_utils.loss import IGNORED

PARTS = f"""{HEADS}PositionwiseFFN: activation(x W₁ + b₁) W₂ + b₂
PostNorm: norm(x + dropout(f(x)))
BertBlock: attention, then the network, a PostNorm around each
embed
BertEmbeddings: dropout(norm(token + segment + position))
Bert: embeddings, blocks; pooled is tanh(pooler(x)) of the first token
BertForPreTraining*: words: output(norm(gelu(transform(hidden)))), output is the tokens' table; next_sentence(pooled)
mask_tokens
mask_tokens, another share*: `share` of all tokens is chosen, not always 15 %
mlm_loss: the mean of −ln p of the right word, where the label is not −100
masked_word_loss*: mlm_loss of what mask_tokens has covered, which is neither padding nor `special`
classify
BertForSequenceClassification: classify of the first token's hidden, with its own pooler and classifier, no dropout
low_rank
best_span
best_span, of some length*: the most probable first and last token, of at most `longest` tokens in all
"""
TOLD = {
    "BertBlock": "`hidden` of its config may be None: 4 · size.",
    "PostNorm": "`eps` goes to the norm.",
    "masked_word_loss": "The model is called with texts and their mask, also by its name.",
    "BertForSequenceClassification": "No dropout of its own: that of the encoder is enough. The new layer begins as "
    "`init_small` makes it.",
}


def pool(c: Any) -> dict[str, Any]:
    """Inputs and sizes, by the names of parameters."""
    ids, config = integers(12, 2, 6, seed=1) + 1, c.BertConfig(13, 8, 2, 2, 12, 8, 2, 0.5, "relu", 1e-2)
    wide = c.BertConfig(13, 8, 1, 2, None, 8, 2, 0.2, "gelu", 1e-2)
    ids[1, 4:] = 0
    there = Either([None, (ids != 0)[:, None]])
    return {
        "x": some_numbers(2, 6, 8, seed=2), "memory": some_numbers(2, 6, 8, seed=3), "f": torch.tanh, "mask": there,
        "size": 8, "heads": 2, "hidden": 12, "dropout": 0.5, "activation": torch.nn.functional.gelu,
        "config": Either([config, wide]),
        "c": Either([config, wide]), "bias": Either([True, False]), "eps": Either([1e-5, 0.1]), "num_labels": 3,
        "ids": ids, "segments": Either([None, (torch.arange(6) > 2).long().expand(2, 6)]),
        "join_heads.x": some_numbers(2, 2, 3, 4, seed=0), "share": Either([0.15, 0.6]),
        **dict.fromkeys(("Bert.mask", "BertForPreTraining.mask"), Either([None, ids != 0])),
        "mask_id": 4, "logits": some_numbers(2, 6, 13, seed=4),
        "labels": Either([torch.where(ids % 2 == rest, ids, IGNORED) for rest in (1, 0)]),
        "special": Either([(), (3, 5), (3, 5), (), tuple(range(1, 13))]), "padding": Either([None, 0, 7, 0]),
        "starts": some_numbers(6, seed=7) + torch.arange(6, 0, -1), "ends": some_numbers(6, seed=8) + torch.arange(6),
        "longest": Either([1, 2, 3, 4, 5]),
    }  # fmt: skip


class Knowing(nn.Module):
    """A model that knows the text, and remembers what it read: −ln p of a right word is 2 where it stands, else 1."""

    def __init__(self, text: Tensor) -> None:
        super().__init__()
        self.config, self.text = SimpleNamespace(vocab=13, context=text.shape[1]), text
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, ids: Tensor, segments: Tensor | None = None, mask: Tensor | None = None) -> PreTrainingOutput:
        self.read, self.mask = ids, torch.ones_like(ids, dtype=torch.bool) if mask is None else mask
        p = torch.exp(-1.0 - (ids == self.text).float())[..., None]
        right = nn.functional.one_hot(self.text, 13) > 0
        return PreTrainingOutput(self.scale * torch.where(right, p, (1 - p) / 12).log(), torch.zeros(len(ids), 2))


def covered(loss, names, ids, mask_id, special, padding):
    """What is read, what is covered, what the loss counts: which words are covered is drawn."""
    text = ids.repeat(100, 1)
    model, real = Knowing(text), text != (-1 if padding is None else padding)
    torch.manual_seed(0)
    found = loss(model, text, mask_id, special, padding)
    never = ~real | torch.isin(text, torch.tensor(special, dtype=torch.long))
    other, given = model.read != text, f"special = {special}, padding = {padding}"
    if not torch.equal(model.mask, real):
        raise Misfit(f"With {given} the model may attend to {int(model.mask.sum())} of {text.numel()} tokens; "
                     f"expected: to {int(real.sum())}, all but padding.")  # fmt: skip
    for name, where in (("padding", ~real), ("a special token", real & never)):
        if (other & where).any():
            raise Misfit(f"With {given} it covers {name}, such as the id {int(text[other & where][0])}.")
    if never.all():
        if found.item() != 0:
            raise Misfit(f"Where no token may be covered, it gives {found.item():.3g}; expected: 0.")
        return torch.tensor(1)
    if not other.any():
        raise Misfit("The model reads the words themselves; expected: with some of them covered.")
    if (share := (model.read[other] == mask_id).float().mean()) < 0.7:
        raise Misfit(f"Of what is covered {share:.0%} becomes `mask_id`, {mask_id}; expected: most of it.")
    if not 0.95 < found.item() < 1.4:
        raise Misfit(f"A model that gives covered words −ln p = 1, visible ones 2, has a loss of {found.item():.3g}; "
                     "expected: about 1.1, the mean of the covered words alone.")  # fmt: skip
    if not found.requires_grad:
        raise Misfit("No gradient passes through the loss: it is there to train with.")
    return torch.tensor(1)


def of_share(cover, names, share):
    """Whether so many tokens are chosen."""
    torch.manual_seed(0)
    _, labels = cover(torch.ones(40, 50, dtype=torch.long), torch.zeros(40, 50, dtype=torch.bool), 9, 4, share=share)
    return abs((labels != IGNORED).float().mean().item() - share) < 0.05


def of_length(span, names, starts, ends, longest):
    """An answer that would be the whole text."""
    return tuple(map(int, span(starts, ends, None, longest)))


GIVEN = "BertConfig", "BertOutput", "PreTrainingOutput", "make_bert", "MASK", "palindromes", "activation", "init_small"
HAVE = "a BERT to pre-train, and a change of low rank to tune it"
CALLS = {"best_span, of some length": of_length, "masked_word_loss": covered, "mask_tokens, another share": of_share}
TRACKS = {"bert": Track(6, "bert", PARTS, pool, 210, HAVE, 90, calls=CALLS, given=GIVEN, told=TOLD)}
