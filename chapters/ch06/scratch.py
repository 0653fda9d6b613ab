"""A BERT from an empty file."""

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from chapters.ch05.scratch import heads
from course_kit.exercises.define import integers, some_numbers
from course_kit.i18n import mark
from course_kit.mine.scratch_parts import Track, TrackPart
from course_utils.bert import PreTrainingOutput
from course_utils.loss import IGNORED


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
    model, real, never = Knowing(text), text != padding, torch.isin(text, torch.tensor(special, dtype=torch.long))
    torch.manual_seed(0)
    found = loss(model, text, mask_id, special, padding)
    other = model.read != text
    return {
        "tokens that may be attended to": int(model.mask.sum()),
        "padding is covered": bool((other & ~real).any()),
        "special tokens are covered": bool((other & never).any()),
        "words are covered": bool(other.any()),
        "most of them by mask_id": bool((model.read[other] == mask_id).float().mean() > 0.7),
        "the loss where covered words cost 1, others 2": round(found.item(), 3) if not 0.95 < found < 1.4 else 1.1,
        "a gradient passes": found.requires_grad,
    }


def of_share(cover, names, share):
    """The share of tokens that is chosen."""
    torch.manual_seed(0)
    _, labels = cover(torch.ones(40, 50, dtype=torch.long), torch.zeros(40, 50, dtype=torch.bool), 9, 4, share=share)
    return round((labels != IGNORED).float().mean().item(), 1)


def parts(c: Any) -> list[TrackPart]:
    ids, x, memory = integers(12, 2, 6, seed=1) + 1, some_numbers(2, 6, 8, seed=2), some_numbers(2, 6, 8, seed=3)
    ids[1, 4:] = 0
    mask, kinds = ids != 0, (torch.arange(6) > 2).long().expand(2, 6)
    sizes = c.BertConfig(13, 8, 2, 2, 12, 8, 2, 0.5, "relu", 1e-2), c.BertConfig(13, 8, 1, 2, None, 8, 2, 0.2, eps=1e-2)
    configs, texts = [(one,) for one in sizes], ((ids, None, None), (ids, kinds, mask))
    starts, ends = some_numbers(6, seed=7) + torch.arange(6, 0, -1), some_numbers(6, seed=8) + torch.arange(6)
    asked = [torch.where(ids % 2 == rest, ids, IGNORED) for rest in (1, 0)]
    return [
        *heads(x, memory, mask[:, None]),
        TrackPart("PostNorm", "norm(x + dropout(f(x)))", (x, torch.tanh), (x, torch.tanh),
            init=[(8, 0.5), (8, 0.5, 0.1)], note="`eps` goes to the norm."),
        TrackPart("BertBlock", "attention, then the network, a PostNorm around each", (x, None), (x, mask[:, None]),
            init=configs, note="`hidden` of its config may be None: 4 · size."),
        TrackPart("embed"),
        TrackPart("BertEmbeddings", "dropout(norm(token + segment + position))", (ids, None), (ids, kinds),
            init=configs),
        TrackPart("Bert", "embeddings, blocks; pooled is tanh(pooler(x)) of the first token", *texts, init=configs),
        TrackPart("BertForPreTraining", "words: output(norm(gelu(transform(hidden)))), output is the tokens' table; "
            "next_sentence(pooled)", *texts, needed=True, init=configs),
        TrackPart("mask_tokens"),
        TrackPart("mask_tokens", "`share` of all tokens is chosen, not always 15 %", (0.2,), (0.6,),
            look="another share", call=of_share),
        TrackPart("mlm_loss", "the mean of −ln p of the right word, where the label is not −100",
            *((some_numbers(2, 6, 13, seed=4), labels) for labels in asked)),
        TrackPart("masked_word_loss",
            "mlm_loss of what mask_tokens has covered, which is neither padding nor `special`", (ids, 4, (), None),
            (ids, 4, (3, 5), 0), (ids, 4, (3, 5), 7), (ids, 4, tuple(range(1, 13)), 0), needed=True, call=covered,
            note="The model is called with texts and their mask, also by its name."),
        TrackPart("classify"),
        TrackPart("BertForSequenceClassification", "classify of the first hidden vector, with its own pooler", *texts,
            init=[(one, 3) for one in sizes], note="No dropout of its own: that of the encoder is enough. The "
            "new layer begins as `init_small` makes it."),
        TrackPart("low_rank"),
        TrackPart("best_span"),
        TrackPart("best_span", "the most probable first and last token, of at most `longest` tokens in all",
            *((starts, ends, None, n) for n in range(1, 6)), look="of some length"),
    ]  # fmt: skip


GIVEN = "BertConfig", "BertOutput", "PreTrainingOutput", "make_bert", "MASK", "palindromes", "activation", "init_small"
HAVE = mark("a BERT to pre-train, and a change of low rank to tune it")
TRACKS = {"bert": Track(6, "bert", parts, 210, HAVE, bar=90, given=GIVEN)}
