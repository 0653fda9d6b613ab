"""A BERT from an empty file."""

from typing import Any

import torch

from chapters.ch05.scratch import HEADS
from course_kit.exercises.define import integers, some_numbers
from course_kit.mine.scratch_parts import Either, Model, Track

PARTS = f"""{HEADS}PositionwiseFFN: activation(x W₁ + b₁) W₂ + b₂
PostNorm: norm(x + dropout(f(x)))
BertBlock: attention, then the network, a PostNorm around each
embed
BertEmbeddings: dropout(norm(token + segment + position))
Bert: embeddings, blocks; pooled is tanh(pooler(x)) of the first token
BertForPreTraining*: words: output(norm(gelu(transform(hidden)))), output is the tokens' table; next_sentence(pooled)
mask_tokens
mlm_loss
masked_word_loss*: mlm_loss of what mask_tokens has covered, which is neither padding nor `special`
classify
BertForSequenceClassification: classify of the first token's hidden, with its own pooler and classifier, no dropout
low_rank
best_span
"""


def pool(c: Any) -> dict[str, Any]:
    """Inputs and sizes, by the names of parameters."""
    ids, config = integers(12, 2, 6, seed=1) + 1, c.BertConfig(13, 8, 2, 2, 12, 8, 2, 0.5, "relu", 1e-2)
    ids[1, 4:] = 0
    there = Either([None, (ids != 0)[:, None]])
    return {
        "x": some_numbers(2, 6, 8, seed=2), "memory": some_numbers(2, 6, 8, seed=3), "f": torch.tanh, "mask": there,
        "size": 8, "heads": 2, "hidden": 12, "dropout": 0.5, "activation": torch.nn.functional.gelu, "config": config,
        "c": config, "ids": ids, "segments": Either([None, (torch.arange(6) > 2).long().expand(2, 6)]),
        "join_heads.x": some_numbers(2, 2, 3, 4, seed=0), "model": Model("BertForPreTraining"),
        **dict.fromkeys(("Bert.mask", "BertForPreTraining.mask"), Either([None, ids != 0])),
        "mask_id": 4, "logits": some_numbers(2, 6, 13, seed=4), "labels": torch.where(ids % 2 > 0, ids, -100),
        "special": Either([(), tuple(range(1, 13))]),
    }  # fmt: skip


def covered(loss, names, model, ids, mask_id, special):
    """What is covered is drawn, so that only the size of the loss can be told: none, or some nats."""
    torch.manual_seed(0)
    found = loss(model, ids.repeat(50, 1), mask_id, special).item()
    return found if found == 0 else 0.5 < found < 10


GIVEN = "BertConfig", "BertOutput", "PreTrainingOutput", "make_bert", "MASK", "palindromes", "activation", "init_small"
HAVE = "a BERT to pre-train, and a change of low rank to tune it"
TRACKS = {"bert": Track(6, "bert", PARTS, pool, 210, HAVE, 90, calls={"masked_word_loss": covered}, given=GIVEN)}
