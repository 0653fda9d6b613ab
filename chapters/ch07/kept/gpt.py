"""A GPT in plain PyTorch: it copies digits after a few seconds, and learns any text.

    model = CachedGPT(GPTConfig(vocab=11, size=32, context=16))    # or GPT, which keeps nothing
    optimisers = optimisers_of(model, rate=3e-3)
    ids = padded([[1, 2, 3, 10, 1, 2, 3], [4, 5, 10, 4, 5]])    # [B, N], −100 behind the end of a text
    for _ in range(20):
        loss = training_step(model, optimisers, ids)             # nats per token; padding costs nothing
    write(model, ids[:1, :4], count=3, temperature=0)            # [1, 7]
    save(model, "small.pt")
    model = load("small.pt", device="cpu")

Sizes: B texts, T tokens, D features, H heads of d, V tokens known. Radford et al. 2019."""

import io
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from course_kit.contexts import evaluating
from course_kit.files import write_atomically
from course_utils.attention import (
    masked_softmax,  # exercise: stable masked softmax
    split_heads,  # exercise: split heads
)
from course_utils.blocks import add_norm  # exercise: residual and norm
from course_utils.gpt import (
    GPT,
    CachedGPT,
    GPTConfig,
    copying,
    generate,
    inputs_and_targets,  # exercise: next token targets
    nucleus,  # exercise: top-p
    windows,
    with_temperature,  # exercise: temperature
)

__all__ = ["add_norm", "masked_softmax", "split_heads", "windows"]  # what the model is made of, besides what is here
IGNORED = -100  # as in torch: what has this target costs nothing


def padded(texts: Sequence[Sequence[int]]) -> Tensor:
    """Texts of different lengths as one batch [B, N]; behind the end of a shorter one is IGNORED."""
    return pad_sequence([torch.tensor(text) for text in texts], batch_first=True, padding_value=IGNORED)


def next_token_loss(model: nn.Module, ids: Tensor) -> Tensor:
    """The mean of −ln p of each next token, in nats. ids [B, N], padded at the end: no token sees what is later.

    Raises ValueError for more than the context and a token."""
    inputs, targets = inputs_and_targets(ids)
    if inputs.shape[1] > model.context:
        raise ValueError(
            f"ids has {ids.shape[1]:,} tokens a row; the context is read, and one more: {model.context + 1:,}."
        )
    logits = model(inputs.clamp(min=0))  # [B, T, V]
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)


def optimisers_of(model: nn.Module, rate: float) -> list[torch.optim.Optimizer]:
    """AdamW for all parameters, in a list as `training_step` takes it: one, or several that share the work."""
    return [torch.optim.AdamW(model.parameters(), lr=rate)]


def training_step(model: nn.Module, optimisers: Sequence[torch.optim.Optimizer], ids: Tensor) -> float:
    """Predict each next token, improve; the loss before, in nats per token. ids [B, N], on the model's device."""
    loss = next_token_loss(model.train(), ids)
    model.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimiser in optimisers:
        optimiser.step()
    return loss.item()


def write(
    model: nn.Module,
    ids: Tensor,
    count: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
    stop: int | None = None,
    seed: int | None = None,
) -> Tensor:
    """Draw a token, append it, ask again: ids [B, T] -> [B, T + count], or fewer where all rows have drawn `stop`.

    The last `context` tokens count. seed: the same numbers, whatever was drawn before. Raises ValueError.
    """
    if not (math.isfinite(temperature) and temperature >= 0 and 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature} and top_p {top_p}: at least 0, and between 0 and 1, are needed.")
    if not ids.shape[1]:
        raise ValueError("There is nothing to go on from: one token at least is needed.")
    source = None if seed is None else torch.Generator(ids.device).manual_seed(seed)
    chosen = temperature if temperature > 1e-4 else 0, max(top_p, 1e-6)
    with evaluating(model):
        return torch.cat([ids, *generate(model, ids, count, *chosen, stop, source)], 1)


def save(model: nn.Module, path: str | Path) -> None:
    """Sizes and parameters in a file, which is whole at each moment."""
    torch.save({"sizes": asdict(model.config), "model": model.state_dict()}, content := io.BytesIO())
    write_atomically(path, content.getvalue())


def load(path: str | Path, device: str = "cpu") -> nn.Module:
    """The model of a file, with its dtype, ready to write. Raises ValueError for a file that `save` did not write."""
    try:
        state = torch.load(path, weights_only=True, map_location=device)
        if state["sizes"]["layers"] > len(state["model"]):
            raise ValueError("there are fewer layers than sizes say")
        with torch.device("meta"):  # sizes alone take no memory
            model = CachedGPT(GPTConfig(**state["sizes"]))
        model.load_state_dict(state["model"], assign=True)
    except OSError:
        raise
    except Exception as error:  # a foreign file may hold anything
        raise ValueError(f"{path} holds no GPT that was saved here ({type(error).__name__}).") from None
    return model.eval()


def check() -> None:
    """The future changes nothing, nor does padding; all tokens are likely at first, and a step helps."""
    x = torch.randn(2, 3, 4)
    assert torch.allclose(add_norm(x, torch.sin, torch.tanh), x + x.tanh().sin(), atol=1e-5)
    seen = torch.tensor([[True, True, False], [True, True, True], [False, False, False]])
    shares = masked_softmax(torch.tensor([[200.0, 200.0, 300.0]]).expand(3, 3), seen)
    assert torch.allclose(shares, torch.tensor([[0.5, 0.5, 0], [0, 0, 1], [0, 0, 0]]), atol=1e-5)
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 4.0, 1.0]])
    assert torch.allclose(with_temperature(logits, 0.5), (2 * logits).softmax(-1), atol=1e-5)
    assert with_temperature(logits, 0).tolist() == [[1, 0, 0], [0, 1, 0]]
    two = torch.tensor([2.0, 1.0, -math.inf]).softmax(0)  # .67 alone is less than .7
    assert torch.allclose(nucleus(logits, 0.7), torch.stack([two, torch.eye(3)[1]]), atol=1e-5)
    model = GPT(GPTConfig(vocab=11, size=16, layers=2, heads=2, context=16))
    ids, other = copying(8), copying(8)
    other[:, :5] = ids[:, :5]
    assert torch.allclose(model(other)[:, :5], model(ids)[:, :5], atol=1e-5)
    alone, beside = padded([[1, 2, 3]]), padded([[1, 2, 3], [4]])
    assert torch.allclose(next_token_loss(model, beside), next_token_loss(model, alone), atol=1e-5)
    assert (write(model, ids, 3, seed=0) == write(model, ids, 3, seed=0)).all()
    optimisers = optimisers_of(model, rate=1e-3)
    losses = [training_step(model, optimisers, ids) for _ in range(3)]
    assert abs(losses[0] - math.log(11)) < 0.2 and losses[2] < losses[0]


def main(steps: int = 200) -> float:
    """Train on rows of digits that come twice, then copy rows that were never seen."""
    model = GPT(GPTConfig(vocab=11, size=64, layers=2, context=16))
    optimisers = optimisers_of(model, rate=3e-3)
    for _ in range(steps):
        loss = training_step(model, optimisers, copying(64))
    asked = copying(500)
    right = (write(model, asked[:, :7], 6, temperature=0) == asked).all(1)
    print(f"loss {loss:.2f} nats, {right.float().mean():.1%} of 500 new rows are copied.")
    return right.float().mean().item()


if __name__ == "__main__":
    check()
    main()
