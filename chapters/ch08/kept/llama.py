"""The decoder of today in plain PyTorch: RMSNorm, rotary positions, SwiGLU, shared keys and values.

    model = Llama(checked(LlamaConfig(1000)))           # ids [B, T] -> logits [B, T, V]
    logits = model(torch.randint(1000, (2, 9)))         # [2, 9, 1000]
    ids = torch.randint(1000, (1, 9))
    for token in generate(model, ids, count=5, stop={2}, temperature=0.7, top_p=0.9, seed=0):
        print(token)
    save(model, "llama.pt")
    model = load("llama.pt")

Sizes: B texts, T tokens, K keys, D features, H query heads, G of keys and values, d features of a head, V
tokens known. With published parameters it is SmolLM2 (smollm.py). Source: Touvron et al. 2023."""

import io
import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_kit.files import write_atomically
from course_utils.attention import (
    masked_softmax,  # exercise: stable masked softmax
    split_heads,  # exercise: split heads
)
from course_utils.gpt import (
    copying,
    next_token,
    nucleus,  # exercise: top-p
    with_temperature,  # exercise: temperature
)
from course_utils.llama import (
    Cache,
    Llama,
    LlamaConfig,
    rms_norm,  # exercise: rms norm
    share_heads,  # exercise: share heads
)

__all__ = ["masked_softmax", "rms_norm", "share_heads", "split_heads"]  # what the model is made of
BLOCK = 256  # tokens that are read at once: memory for attention grows with BLOCK · K instead of T²


def checked(c: LlamaConfig) -> LlamaConfig:
    """The same sizes. Raises ValueError where they do not fit each other."""
    sizes = asdict(c)
    if wrong := [name for name, value in sizes.items() if not (math.isfinite(value) and value > 0)]:
        raise ValueError(f"{wrong[0]} is {sizes[wrong[0]]}; it must be above 0.")
    if wrong := [name for name in sizes.keys() - {"base", "eps"} if type(sizes[name]) is not int]:
        raise ValueError(f"{wrong[0]} is {sizes[wrong[0]]}; it must be a whole number.")
    if c.size % (2 * c.heads):
        raise ValueError(f"{c.size} features for {c.heads} heads: each needs an even number, as pairs turn.")
    if c.heads % c.key_heads:
        raise ValueError(f"{c.heads} query heads cannot share {c.key_heads} key heads evenly.")
    return c


def alone() -> None:
    """What `between` does by default: nothing, as nobody else waits for the model."""


@torch.inference_mode()
def generate(
    model: Any,
    ids: Tensor,
    count: int = 200,
    stop: Collection[int] = (),
    temperature: float = 0.0,
    top_p: float = 1.0,
    seed: int | None = None,
    between: Callable[[], None] = alone,
) -> Iterator[int]:
    """The tokens that follow ids [1, T], each read once, until one of `stop` is drawn, which is given, too.

    model: any with blocks, context, and model(ids, caches) -> logits; between: called after each part of a long text
    that was read, and may raise. Raises ValueError, at the first token, for what does not fit into the context.
    """
    if ids.dim() != 2 or len(ids) != 1 or not ids.shape[1]:
        raise ValueError(f"ids of shape {list(ids.shape)}; one text is needed: [1, T] with at least a token.")
    if ids.shape[1] + count > model.context:
        raise ValueError(f"{ids.shape[1]:,} tokens and {count:,} more: {model.context:,} fit into the context.")
    if not (0 <= temperature < math.inf and 0 < top_p <= 1):
        raise ValueError(f"temperature {temperature} and top_p {top_p}: at least 0, and between 0 and 1, are needed.")
    source = None if seed is None else torch.Generator(ids.device).manual_seed(seed)
    caches = [Cache() for _ in model.blocks]
    *parts, ids = ids.split(BLOCK, 1)
    for part in parts:
        model(part, caches)
        between()
    for _ in range(count):
        logits = model(ids, caches)[:, -1]  # [1, V]
        if not logits.isfinite().all():
            raise ValueError("The model gives numbers that are not finite: its parameters are damaged.")
        ids = next_token(logits, temperature if temperature > 1e-4 else 0, max(top_p, 1e-6), source)  # [1, 1]
        yield int(ids)
        if int(ids) in stop:
            return


def save(model: Llama, path: str | Path) -> None:
    """Sizes and parameters in a file, which is whole at each moment."""
    torch.save({"sizes": asdict(model.config), "model": model.state_dict()}, content := io.BytesIO())
    write_atomically(path, content.getvalue())


def load(path: str | Path, device: str = "cpu") -> Llama:
    """The model of a file, with its dtype, ready to generate. Raises ValueError for one that `save` did not write."""
    try:
        state = torch.load(path, weights_only=True, map_location=device)
        config = checked(LlamaConfig(**state["sizes"]))
        if config.layers > len(state["model"]):
            raise ValueError("there are fewer layers than sizes say")
        with torch.device("meta"):  # sizes alone take no memory
            model = Llama(config)
        model.load_state_dict(state["model"], assign=True)
    except OSError:
        raise
    except Exception as error:  # a foreign file may hold anything
        raise ValueError(f"{path} holds no Llama that was saved here ({type(error).__name__}).") from None
    return model.eval()


def small() -> Llama:
    """Enough for rows of digits: two blocks, four query heads and two key heads."""
    return Llama(checked(LlamaConfig(11, 64, 2, 4, 2, 176, 13)))


@torch.no_grad()
def check() -> None:
    """The future changes nothing, token by token gives the same, and what does not fit is refused."""
    torch.manual_seed(0)
    x, scale = torch.randn(2, 5), torch.rand(5)
    assert torch.allclose(rms_norm(x, scale), nn.functional.rms_norm(x, (5,), scale, 1e-5), atol=1e-5)
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 4.0, 1.0]])
    assert torch.allclose(with_temperature(logits, 0.5), (2 * logits).softmax(-1), atol=1e-5)
    assert with_temperature(logits, 0).tolist() == [[1, 0, 0], [0, 1, 0]]
    two = torch.tensor([2.0, 1.0, -math.inf]).softmax(0)  # .67 alone is less than .7
    assert torch.allclose(nucleus(logits, 0.7), torch.stack([two, torch.eye(3)[1]]), atol=1e-5)
    model, ids = small(), copying(4)
    logits, other, caches = model(ids), ids.clone(), [Cache() for _ in range(2)]
    other[:, 5:] = 0
    assert torch.allclose(model(other)[:, :5], logits[:, :5], atol=1e-5)
    steps = torch.cat([model(one, caches) for one in ids.split(1, 1)], 1)
    assert torch.allclose(steps, logits, atol=1e-5) and caches[0].length == ids.shape[1]
    assert len(list(generate(model, ids[:1, :7], count=6))) == 6
    for wrong in (lambda: list(generate(model, ids[:1], 5)), lambda: checked(LlamaConfig(11, 64, 2, 4, 3))):
        try:
            wrong()
        except ValueError:
            continue
        raise AssertionError("what does not fit was taken")


def main(steps: int = 200) -> float:
    """Train on rows of digits that come twice, then copy rows that were never seen."""
    model = small()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 1e-2 * min((step + 1) / 20, 1 - step / steps)
        ids = copying(64)
        loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    asked = copying(200)
    copies = [list(generate(model, row[None, :7], count=6)) for row in asked]
    right = (torch.tensor(copies) == asked[:, 7:]).all(1)
    print(f"loss {loss:.2f} nats, {right.float().mean():.1%} of 200 new rows are copied.")
    return right.float().mean().item()


if __name__ == "__main__":
    check()
    main()
