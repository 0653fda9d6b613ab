"""A Transformer in plain PyTorch: it translates rows of ids, and here learns to copy and reverse digits.

    python -m mine.transformer          # checks itself, then trains for half a minute

    model = Transformer(checked(TransformerConfig(5000, 6000, size=64, layers=2, heads=4)))
    source, target = torch.randint(3, 5000, (2, 9)), torch.randint(3, 6000, (2, 7))
    source[1, 6:] = target[1, 4:] = 0                               # padding, in both
    target[0, 6] = target[1, 3] = 2                                 # <eos> ends each row: so it learns to stop
    loss = translation_loss(model, source, target, begin=1)         # counts no padding
    rows = translate(model, source, begin=1, end=2)                 # lists of ids, without <bos> and <eos>
    save(model, "transformer.pt")
    model = load("transformer.pt")                                  # ready to translate; model.train() goes on

Sizes: B batch, S source, T target, D features, H heads of d = D / H, V vocabulary. A mask is boolean,
True = may be attended. Source: Vaswani et al. 2017, with the norms first.
"""

from dataclasses import asdict
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from course_kit.contexts import evaluating
from course_kit.decoding.steps import TransformerSteps
from course_utils.attention import (
    masked_softmax,  # exercise: stable masked softmax
    multi_head,  # exercise: attention in heads
    scaled_dot_product_attention,  # exercise: scaled dot-product attention
    split_heads,  # exercise: split heads
)
from course_utils.blocks import add_norm  # exercise: residual and norm
from course_utils.loss import masked_loss  # exercise: masked loss
from course_utils.positions import sinusoidal_encoding  # exercise: sinusoidal encoding
from course_utils.toy_tasks import BEGIN, TOKENS, copy_or_reverse, train_step
from course_utils.transformer import (
    DecoderBlock,  # exercise: a decoder block
    Transformer,
    TransformerConfig,
)

__all__ = [
    "DecoderBlock",
    "add_norm",
    "masked_softmax",
    "multi_head",
    "scaled_dot_product_attention",
    "sinusoidal_encoding",
    "split_heads",
]


def checked(c: TransformerConfig) -> TransformerConfig:
    """The same sizes. Raises ValueError where the features cannot be cut into heads, and where one is no whole number
    above 0."""
    sizes = {name: value for name, value in asdict(c).items() if name != "dropout" and value is not None}
    if wrong := [name for name, value in sizes.items() if type(value) is not int or value < 1]:
        raise ValueError(f"{wrong[0]} is {sizes[wrong[0]]}; it must be a whole number above 0.")
    if c.size % c.heads:
        raise ValueError(f"{c.size} features for {c.heads} heads: each needs as many, and {c.size % c.heads} are left.")
    if c.size % 2:
        raise ValueError(f"{c.size} features: an even number is needed, as positions are pairs of a sine and a cosine.")
    return c


def real_words(rows: Tensor, padding: int, known: int | None = None) -> Tensor:
    """Mask of the ids [B, T] that are no padding. Raises ValueError for a row without one, and for an id that is not
    below `known`."""
    if not (some := (real := rows != padding).any(1)).all():
        raise ValueError(f"Row {int((~some).nonzero()[0])} has only padding.")
    if known is not None and len(wrong := rows[real & ((rows < 0) | (rows >= known))]):
        raise ValueError(
            f"{int(wrong[0])} is no id of this model: it has a table of {known:,}, from 0 to {known - 1:,}."
        )
    return real


def translation_loss(model: Transformer, source: Tensor, target: Tensor, begin: int, padding: int = 0) -> Tensor:
    """Mean cross-entropy of the right next words, in nats; padding and −100 do not count; 0 where nothing does.

    source [B, S]; target [B, T], rows end in <eos>, then `padding`; begin: what the decoder reads first -> scalar

    Raises ValueError for sizes of the model that do not fit each other, ids that it does not know, an empty source.
    """
    c = checked(model.config)
    real, counted = real_words(source, padding, c.source_vocab), (target != padding) & (target != -100)
    target = target.masked_fill(~counted, begin)  # since −100 has no embedding
    real_words(target, -100, c.target_vocab)
    read = torch.cat([torch.full_like(target[:, :1], begin), target[:, :-1]], 1)  # [B, T]
    logits = model(source, read, real)
    return masked_loss(logits, target, counted) if counted.any() else 0.0 * logits.sum()


@torch.no_grad()
def translate(
    model: Transformer, source: Tensor, begin: int, end: int, padding: int = 0, longest: int = 100
) -> list[list[int]]:
    """Word by word the likeliest next one, until <eos>: for each row its ids, at most `longest`. Without dropout.
    Raises ValueError as `translation_loss` does."""
    real = real_words(source, padding, checked(model.config).source_vocab)
    steps, written = TransformerSteps(model), source[:, :0]
    with evaluating(model):
        state, words = steps.start(source, real), torch.full_like(source[:, 0], begin)  # the source, once
        while written.shape[1] < longest and not (written == end).any(1).all():
            logits, state, _ = steps.step(words, state)  # [B, V]; keys and values of the words before are kept
            words = logits.argmax(-1)  # [B]
            written = torch.cat([written, words[:, None]], 1)
    rows = written.tolist()
    return [row[: row.index(end)] if end in row else row for row in rows]


def sine_first(model: Transformer) -> bool:
    """Whether a position begins with a sine; else with a cosine. A model needs the order that it learned with."""
    sine, cosine = model.positions.table[0, :2].tolist()
    return sine < cosine


def save(model: Transformer, path: str) -> None:
    """The sizes, the order of a position's pairs, and the parameters."""
    saved = {"sizes": asdict(model.config), "sine_first": sine_first(model), "parameters": model.state_dict()}
    torch.save(saved, path)


def load(path: str) -> Transformer:
    """A model as it was saved, with its dtype and its order of sine and cosine, on the CPU, with dropout off."""
    saved = torch.load(path, map_location="cpu", weights_only=True)
    model = Transformer(TransformerConfig(**saved["sizes"]))
    if saved.get("sine_first", True) != sine_first(model):  # saved with another sinusoidal_encoding than this file's
        for positions in (model.positions, model.target_positions):
            table = sinusoidal_encoding(4096, model.config.size).float()
            positions.table = table.unflatten(1, (-1, 2)).flip(-1).flatten(1)
    model.to(saved["parameters"]["output.weight"].dtype).load_state_dict(saved["parameters"])
    return model.eval()


def check() -> None:
    """The future is hidden, padding never matters, a step helps, <eos> ends a row, what was saved comes back."""
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(TOKENS, TOKENS, 16, 2, 2))
    source, target = copy_or_reverse(4)
    logits, other = model(source, target), target.clone()
    other[:, 5:] = 0
    assert torch.allclose(model(source, other)[:, :5], logits[:, :5], atol=1e-5)
    x, P = torch.randn(2, 3, 4), sinusoidal_encoding(2, 4).float()  # the basis of all blocks, and of the positions
    assert torch.allclose(add_norm(x, torch.sin, torch.tanh), x + x.tanh().sin(), atol=1e-5)
    angles = torch.tensor([1.0, 0.01])
    both = torch.stack([angles.sin(), angles.cos()], 1)  # a pair in either order
    assert torch.allclose(P[1].view(2, 2).sort().values, both.sort().values, atol=1e-5)
    source, target = source + 1, target + 1  # 0 is padding now
    model = Transformer(TransformerConfig(TOKENS + 1, TOKENS + 1, 16, 2, 2))
    longer = [torch.cat([rows, torch.zeros(4, 3, dtype=torch.long)], 1) for rows in (source, target)]
    loss, padded = translation_loss(model, source, target, BEGIN + 1), translation_loss(model, *longer, BEGIN + 1)
    assert torch.allclose(loss, padded, atol=1e-5)
    rows = translate(model, longer[0], BEGIN + 1, end=-1, longest=4)
    assert rows == translate(model, source, BEGIN + 1, end=-1, longest=4) and all(len(row) == 4 for row in rows)
    assert translate(model, source, BEGIN + 1, end := rows[0][-1], longest=4)[0] == rows[0][: rows[0].index(end)]
    with TemporaryDirectory() as folder:
        save(model, f"{folder}/model.pt")
        again = load(f"{folder}/model.pt")
    assert torch.equal(again(source, target), model(source, target))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    steps = [train_step(model, optimiser, source, target) for _ in range(3)]
    assert steps[2] < steps[0]


def main(steps: int = 400) -> float:
    """Train on rows of ten digits, then copy and reverse rows that were never seen."""
    torch.manual_seed(0)
    model = Transformer(TransformerConfig(TOKENS, TOKENS, size=64))
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1, 0, total_iters=steps)
    for step in range(steps):
        loss = train_step(model, optimiser, *copy_or_reverse(rows=64))
        falling.step()
        if step % 50 == 0:
            print(f"step {step:3}  loss {loss:.3f}")
    source, target = copy_or_reverse(500)
    written = translate(model, source, BEGIN, end=-1, padding=-1, longest=10)
    right = (torch.tensor(written) == target).all(1)
    print(f"{right.float().mean():.1%} of 500 new rows are right to the last digit.")
    return right.float().mean().item()


if __name__ == "__main__":
    check()
    main()
