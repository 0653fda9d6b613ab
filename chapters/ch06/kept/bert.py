"""A BERT in plain PyTorch: to pre-train, to fine-tune whole or by LoRA, to keep. Here it fills holes in palindromes.

    python -m mine.bert          # checks itself, then pre-trains for some seconds

    config = BertConfig(vocab=8000, size=64, layers=2, heads=4, context=128)
    model = BertForPreTraining(config)
    ids = torch.randint(5, 8000, (2, 12))                            # [B, T]
    ids[:, 0], ids[1, 9:] = 2, 0                                     # [CLS] in front, padding behind
    loss = masked_word_loss(model, ids, mask_id=4, special=(0, 2))   # covers 15 %, never padding or [CLS]
    tuned = BertForSequenceClassification(config, num_labels=3)
    tuned.bert.load_state_dict(model.bert.state_dict())
    add_low_rank(tuned.bert, rank=4)                                 # now only thin matrices and the head learn
    classes = tuned(ids, mask=ids != 0)                              # [B, 3]
    asks = BertForQuestionAnswering(config).eval()
    first, last = spans(asks, ids, mask=ids != 0)[0]                 # where the answer is, in each text
    save(tuned, "tuned.pt", tokenizer={"words": ["[PAD]", "…"], "mask_id": 4})
    tuned, tokenizer = load("tuned.pt")

Sizes: B batch, T tokens, D features, V vocabulary. A mask is boolean, True = a real token. Sources: Devlin et al.
2019; Hu et al. 2022.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict
from tempfile import TemporaryDirectory
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from chapters.ch06.pairs import best_span  # exercise: answer span
from course_kit.bert_heads import (
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
)
from course_kit.low_rank import low_rank  # exercise: low-rank change
from course_utils.attention import (
    masked_softmax,  # exercise: stable masked softmax
    multi_head,  # exercise: attention in heads
    scaled_dot_product_attention,  # exercise: scaled dot-product attention
    split_heads,  # exercise: split heads
)
from course_utils.bert import (
    Bert,
    BertConfig,
    BertForPreTraining,
    embed,  # exercise: embedding sum
    make_bert,
    mask_tokens,  # exercise: mask tokens
    mlm_loss,  # exercise: masked language model loss
)
from course_utils.toy_tasks import palindromes

__all__ = ["embed", "masked_softmax", "multi_head", "scaled_dot_product_attention", "split_heads"]
HEADS = BertForPreTraining, BertForSequenceClassification, BertForTokenClassification, BertForQuestionAnswering
MASK = 10  # of the palindromes: the token that says "guess here"; 0 to 9 are the digits


def masked_word_loss(
    model: BertForPreTraining, ids: Tensor, mask_id: int, special: Sequence[int] = (), padding: int | None = 0
) -> Tensor:
    """Cover some tokens, guess them: the mean of −log p of the covered ones, in nats; 0 where none was covered.

    ids [B, T]; special: ids that are never covered; padding: not read either, None for texts of one length
    """
    real = torch.ones_like(ids, dtype=torch.bool) if padding is None else ids != padding
    never = ~real | torch.isin(ids, torch.tensor(special, dtype=ids.dtype, device=ids.device))
    inputs, labels = mask_tokens(ids, never, model.config.vocab, mask_id, None)
    logits = model(inputs, None, real).mlm_logits
    return mlm_loss(logits, labels) if (labels != -100).any() else 0.0 * logits.sum()


@torch.no_grad()
def spans(
    model: BertForQuestionAnswering,
    ids: Tensor,
    segments: Tensor | None = None,
    mask: Tensor | None = None,
    allowed: Tensor | None = None,
    padding: int | None = 0,
) -> list[tuple[int, int]]:
    """First and last token of the answer in each text, by a model in eval mode. mask [B, T]: by default all that is no
    `padding`, all if that is None; allowed [B, T]: where an answer may be, by default segment 1, or the mask."""
    real = mask if mask is not None else torch.ones_like(ids, dtype=torch.bool) if padding is None else ids != padding
    allowed = allowed if allowed is not None else real if segments is None else segments == 1
    starts, ends = model(ids, segments, real)
    found = (best_span(*row) for row in zip(starts, ends, allowed & real, strict=True))
    return [(int(first), int(last)) for first, last in found]


class LowRank(nn.Module):
    """A change of rank r on top of a matrix, as a parametrization of a linear layer."""

    def __init__(self, W: Tensor, rank: int, alpha: float):
        super().__init__()
        self.alpha = alpha
        self.B = nn.Parameter(W.new_zeros(len(W), rank))  # 0: at first, nothing changes
        self.A = nn.Parameter(W.new_empty(rank, W.shape[1]).normal_(std=rank**-0.5))

    def forward(self, W: Tensor) -> Tensor:
        return low_rank(W, self.B, self.A, self.alpha)


def add_low_rank(bert: Bert, rank: int, alpha: float | None = None) -> None:
    """From here on only a change of this rank is learned, in the queries and values of each block; and the pooler,
    where the head uses it. Source: Hu et al. Raises ValueError for a rank below 1, and where it was done before."""
    if rank < 1 or any(isinstance(m, LowRank) for m in bert.modules()):
        raise ValueError(f"rank is {rank}; needed: at least 1" if rank < 1 else "there is a low-rank change already")
    bert.requires_grad_(False)
    for block in bert.blocks:
        for layer in (block.attention.query, block.attention.value):
            parametrize.register_parametrization(layer, "weight", LowRank(layer.weight, rank, alpha or rank))
    bert.pooler.requires_grad_(True)  # it belongs to the head; one that reads single tokens gives it no gradient


def save(model: nn.Module, path: str, tokenizer: Any = None) -> None:
    """Head, sizes, parameters, tokenizer (numbers, texts, lists, dicts). Raises ValueError for a class not in HEADS."""
    if type(model).__name__ not in (known := [kind.__name__ for kind in HEADS]):
        raise ValueError(f"`load` would not know {type(model).__name__}; it knows {', '.join(known)}.")
    layers = [m for m in model.modules() if isinstance(m, LowRank)]
    torch.save(
        {
            "head": type(model).__name__,
            "sizes": asdict(model.config),
            "labels": getattr(getattr(model, "classifier", None), "out_features", None),
            "low_rank": (len(layers[0].A), layers[0].alpha) if layers else None,
            "parameters": model.state_dict(),
            "tokenizer": tokenizer,
        },
        path,
    )


def load(path: str) -> tuple[nn.Module, Any]:
    """The model as it was saved, with its dtype, on the CPU with dropout off; and the tokenizer's part."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    kind = next(kind for kind in HEADS if kind.__name__ == saved["head"])
    labels = () if saved["labels"] is None else (saved["labels"],)
    model = kind(BertConfig(**saved["sizes"]), *labels)
    if saved["low_rank"]:
        add_low_rank(model.bert, *saved["low_rank"])
    model.to(saved["parameters"]["bert.pooler.weight"].dtype).load_state_dict(saved["parameters"])
    return model.eval(), saved["tokenizer"]


def check() -> None:
    """Padding never matters, both sides do, a text without a hole has no loss, LoRA begins where the model is, training
    improves the loss, what was saved comes back."""
    torch.manual_seed(0)
    model, ids = make_bert(MASK + 1, 16, 2, 2, context=12), palindromes(32)
    real, padded = (torch.arange(12) < 10).expand(32, 12), F.pad(ids, (0, 2), value=3)
    logits = model(ids).mlm_logits
    assert torch.allclose(model(padded, None, real).mlm_logits[:, :10], logits, atol=1e-4)
    other = ids.clone()
    other[:, -1] = MASK
    assert not torch.allclose(model(other).mlm_logits[:, 0], logits[:, 0], atol=1e-4)
    assert masked_word_loss(model, ids, MASK, special=range(MASK), padding=None) == 0
    known = torch.tensor([[[9.0, 0.0], [0.0, 0.0]]])  # [1, 2, V]: only the second has a label
    assert abs(mlm_loss(known, torch.tensor([[-100, 1]])).item() - math.log(2)) < 1e-5
    many = palindromes(1000)
    read, labels = mask_tokens(many, many == 0, MASK + 1, MASK, None)
    covered = labels != -100
    assert (labels == many)[covered].all() and not covered[many == 0].any() and (read == many)[~covered].all()
    assert 0.13 < covered[many != 0].float().mean() < 0.17 and 0.75 < (read == MASK)[covered].float().mean() < 0.87
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = [step(model, optimiser, ids) for _ in range(30)]
    assert sum(losses[-5:]) < sum(losses[:5])
    before = model(ids).mlm_logits
    add_low_rank(model.bert, rank=2)
    assert torch.allclose(model(ids).mlm_logits, before, atol=1e-5)
    with TemporaryDirectory() as folder:
        save(model, f"{folder}/model.pt", {"mask_id": MASK})
        again, tokenizer = load(f"{folder}/model.pt")
    assert torch.allclose(again(ids).mlm_logits, before, atol=1e-5) and tokenizer == {"mask_id": MASK}
    asks = BertForQuestionAnswering(model.config).eval()
    assert all(0 <= first <= last < 10 for first, last in spans(asks, padded, mask=real))


def step(model: BertForPreTraining, optimiser: torch.optim.Optimizer, ids: Tensor) -> float:
    """One step of pre-training on palindromes; the loss before."""
    loss = masked_word_loss(model, ids, MASK, padding=None)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def main(steps: int = 400) -> None:
    """Train on palindromes with holes, then fill one hole in each of 500 new ones."""
    torch.manual_seed(0)
    model = make_bert(MASK + 1, size=64, context=10)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for n in range(steps):
        loss = step(model, optimiser, palindromes(64))
        if n % 50 == 0:
            print(f"step {n:3}  loss {loss:.3f}")
    ids, hole = palindromes(500), torch.randint(10, (500, 1))
    with torch.no_grad():
        guess = model.eval()(ids.scatter(1, hole, MASK)).mlm_logits.argmax(-1)
    right = guess.gather(1, hole) == ids.gather(1, hole)
    print(f"{right.float().mean():.1%} of 500 holes are filled rightly.")


if __name__ == "__main__":
    check()
    main()
