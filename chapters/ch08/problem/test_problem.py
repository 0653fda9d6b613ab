"""Judges problem.py beside it: `course problem 08`, or pytest. The model of one block and its texts are drawn anew."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_kit import data
from course_kit.checkpoints import load_checkpoint
from course_kit.i18n import t
from course_kit.problems import beside, fail, seed
from course_utils.cache import Cache
from course_utils.llama import Llama, LlamaConfig

FIRST, LAST = 4, 124
MOST = FIRST + LAST
SEED = seed()
problem = beside(__file__)


class Watched:
    """The reader's cache; each call is looked at."""

    def __init__(self):
        self.inner, self.length = problem.Memory(), 0

    def extend(self, k, v):
        before, new = self.length, k.shape[2]
        self.given = found = self.inner.call("extend", k, v)
        pair = found if isinstance(found, list | tuple) else [found]
        shapes = [tuple(getattr(one, "shape", ())) for one in pair]
        needed = (*k.shape[:2], before + new, k.shape[3])
        if shapes != [needed, needed]:
            fail(
                t(
                    "{kept} are kept, {new} are new: extend gave back {shapes}; needed: keys and values of {needed}",
                    **{"kept": before, "new": new, "shapes": shapes, "needed": needed},
                )
            )
        if not (torch.equal(found[0][:, :, before:], k) and torch.equal(found[1][:, :, before:], v)):
            fail(
                t(
                    "{kept} are kept, {new} are new: the new ones are not given back, behind the old",
                    kept=before,
                    new=new,
                )
            )
        shapes, wanted = self.inner.shapes(), min(MOST, before + new)
        kept = [shape[2] for shape in shapes if len(shape) == 4]
        self.length = length = self.inner.get("length")
        if isinstance(length, torch.Tensor) and length.numel() == 1:
            self.length = length = length.item()
        if not isinstance(length, int) or length != wanted or max(kept, default=0) > wanted:
            fail(
                t(
                    "{kept} were kept, {new} were new: now length is {length}, and tensors of {found} keys or values "
                    "are in the cache; needed: {wanted}",
                    **{"kept": before, "new": new, "length": self.length, "found": kept, "wanted": wanted},
                )
            )
        # keys, values, and one more of each, such as keys that are not turned yet
        numbers, most = sum(map(math.prod, shapes)), 4 * math.prod(k.shape) // new * wanted + 1000
        if numbers > most:
            fail(
                t(
                    "{kept} were kept, {new} were new: now {numbers} numbers are in the cache; needed: those of "
                    "{wanted} keys and values, {most} at most",
                    **{"kept": before, "new": new, "numbers": numbers, "wanted": wanted, "most": most},
                )
            )
        return found


def one_block():
    torch.manual_seed(SEED)
    model = Llama(LlamaConfig(50, size=32, layers=1, heads=4, key_heads=2, hidden=64)).eval()
    for linear in model.blocks.modules():
        if isinstance(linear, nn.Linear):
            linear.weight.data *= 10
    return model


def differ(a, b):
    return float((a - b).abs().max() / b.abs().max())


@torch.no_grad()
def read(model, ids, pieces, caches):
    """All logits, the text read in pieces."""
    return torch.cat([model(part, caches) for part in ids.split(pieces, 1)], 1)


@pytest.mark.parametrize("pieces", [1, 7, 128])
def test_short(pieces):
    """Up to 128 tokens: the same as with the lesson's cache, in pieces of"""
    model, draw = one_block(), torch.Generator().manual_seed(SEED)
    for count in (1, 2, 5, 8, 127, 128):
        ids = torch.randint(50, (2, count), generator=draw)
        found, wanted = (read(model, ids, pieces, [made()]) for made in (Watched, Cache))
        if (gap := differ(found, wanted)) > 1e-3:
            fail(t("a text of {count}: the logits differ by {gap} of the largest", count=count, gap=f"{gap:.1%}"))


@pytest.mark.parametrize("pieces", [1, 7, 200])
def test_one_block(pieces):
    """Longer: the next token is as if the kept ones stood side by side, in pieces of"""
    model, draw = one_block(), torch.Generator().manual_seed(SEED + pieces)
    for count in (129, 130, 140, 260, 1000):
        ids = torch.randint(50, (2, count + 1), generator=draw)
        text, new = ids[:, :-1], ids[:, -1:]
        caches = [Watched()]
        read(model, text, pieces, caches)
        with torch.no_grad():
            found = model(new, caches)[:, -1]
            wanted = model(torch.cat([text[:, :FIRST], text[:, -LAST:], new], 1))[:, -1]
        if (gap := differ(found, wanted)) > 1e-3:
            fail(
                t(
                    "a text of {count}: the logits of the next token differ by {gap} of the largest\n"
                    "of the first {first} kept values {right_first} are right, of the last {last} {right_last}\n"
                    "of the first {first} kept keys {right_first_k} are turned as they should be, of the last {last} "
                    "{right_last_k}",
                    **{"count": count, "gap": f"{gap:.0%}", "first": FIRST, "last": LAST},
                    **right(model, text, *caches[0].given),
                )
            )


def right(model, text, k, v):
    """How many kept keys and values are those of the kept tokens, side by side."""
    cache, found = Cache(), {}
    with torch.no_grad():
        model(torch.cat([text[:, :FIRST], text[:, -LAST:]], 1), [cache])
    for name, given, wanted in (("_k", k, cache.k), ("", v, cache.v)):
        same = ((given[:, :, :MOST] - wanted).abs().amax((0, 1, 3)) < 1e-2 * wanted.abs().max()).tolist()
        found[f"right_first{name}"], found[f"right_last{name}"] = sum(same[:FIRST]), sum(same[FIRST:])
    return found


def test_holmes():
    """1,000 tokens of a book by llama-holmes: from 128 on at most .93 of the loss of a cache that keeps all"""
    loaded = load_checkpoint("llama-holmes")
    text = data.book()
    start = len(text) * 92 // 100 + SEED % 10_000
    ids = torch.tensor([loaded.tokenizer.encode(text[start : start + 5000])[:1001]])
    losses = []
    for made in (Watched, Cache):
        logits = read(loaded.model, ids[:, :-1], 8, [made() for _ in loaded.model.blocks])
        losses.append(F.cross_entropy(logits[0, MOST:], ids[0, MOST + 1 :]).item())
    if not losses[0] <= 0.93 * losses[1]:
        fail(
            t(
                "from {most} to 1,000 tokens the loss is {found}; with all keys kept it is {all}, needed: {needed}",
                **{"most": MOST, "found": f"{losses[0]:.2f}", "all": f"{losses[1]:.2f}"},
                needed=f"{0.93 * losses[1]:.2f}",
            )
        )
