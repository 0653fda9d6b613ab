"""What was pre-training on text worth? `gpt-prose` and the same model from random parameters, on one small task.

    record_pretraining()          # both at the better of two rates, three seeds: about five minutes of one core

The task is the sentiment of chapter 6: is a sentence praise? A new layer reads the vector of its last token, and all
parameters are trained. Its test has new templates, names and nouns; words that carry a label stay (data/stories).
"""

import copy
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from chapters.ch07.reader_models import features
from course_kit import text
from course_kit.checkpoints import Loaded, load_checkpoint
from course_kit.contexts import seeded
from course_kit.data import stories
from course_kit.rotary_gpt import RotaryGPT

RATES, STEPS, LONGER = (3e-4, 1e-3), 60, 150
Examples = tuple[Tensor, Tensor, Tensor]  # ids [N, T], mask [N, T], labels [N], 1 = praise


def examples(loaded: Loaded, split: str, count: int | None = None) -> Examples:
    """Sentences of a split, as the model's tokens."""
    found = stories.load("sentiment", split)[:count]
    ids, mask = text.pad([loaded.tokenizer.encode(one.text) for one in found])
    return ids, mask, torch.tensor([one.label == "positive" for one in found]).long()


class Judge(nn.Module):
    """A GPT with a new layer on the vector of the last token."""

    def __init__(self, model: RotaryGPT):
        super().__init__()
        self.model = model
        self.head = nn.Linear(model.config.size, 2)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """ids, mask [B, T] -> logits [B, 2]"""
        last = mask.sum(1) - 1
        x = features(self.model, self.model.norm, ids)  # [B, T, D]
        return self.head(x[torch.arange(len(ids)), last])


def tuned(loaded: Loaded, pretrained: bool, known: Examples, steps: int, rate: float, seed: int = 0) -> Judge:
    """A judge after so many steps of 32 sentences, all its parameters trained."""
    with seeded(seed):
        judge = Judge(copy.deepcopy(loaded.model) if pretrained else RotaryGPT(loaded.model.config)).train()
        optimiser = torch.optim.AdamW(judge.parameters(), lr=rate)
        for step in range(steps):
            optimiser.param_groups[0]["lr"] = rate * min((step + 1) / 10, 1 - step / steps)
            some = torch.randint(len(known[0]), (32,))
            ids, mask, labels = (part[some] for part in known)
            loss = F.cross_entropy(judge(ids, mask), labels)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
            optimiser.step()
    return judge.eval()


@torch.no_grad()
def right(judge: Judge, asked: Examples) -> float:
    """The share of right answers."""
    ids, mask, labels = asked
    return (judge(ids, mask).argmax(-1) == labels).float().mean().item()


def record_pretraining(seeds: Iterable[int] = range(3)) -> dict:
    """The figures behind data/results/gpt_pretraining.json."""
    loaded = load_checkpoint("gpt-prose")
    known, valid, test = (examples(loaded, split) for split in ("train", "valid", "test"))
    found, chosen = {}, 100  # another seed chooses the rate
    for name, pretrained, steps in (
        ("pre-trained", True, STEPS),
        ("from random parameters", False, STEPS),
        (f"from random parameters, {LONGER} steps", False, LONGER),
    ):
        tried = {rate: right(tuned(loaded, pretrained, known, steps, rate, chosen), valid) for rate in RATES}
        rate = max(tried, key=lambda one: tried[one])
        judges = [tuned(loaded, pretrained, known, steps, rate, seed) for seed in seeds]
        scores = {"valid": [right(one, valid) for one in judges], "test": [right(one, test) for one in judges]}
        found[name] = {"steps": steps, "rate": rate, "tried": {str(r): share for r, share in tried.items()}, **scores}
    sizes = {"train": len(known[0]), "valid": len(valid[0]), "test": len(test[0])}
    return {"starts": found, "seeds": len(judges), "sentences": sizes, "always the same answer": 0.5}
