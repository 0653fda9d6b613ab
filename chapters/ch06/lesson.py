"""Pre-training in class: our stories, WordPiece learned from them, a small BERT, both of its tasks, what it learned.

    lesson = BertLesson()
    model = lesson.model()
    lesson.train(model)                                    # under a minute on two cores
    lesson.measure(model, "test")                          # {"MLM accuracy": …, "NSP accuracy": …, …}
    lesson.fill(model, "anna went to the [MASK] to buy bread .")

Sizes: B batch, T time, V vocabulary. Source: Devlin et al. 2019, section 3.1.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from chapters.ch06.pairs import Input, Masked, collate, encode, special_mask
from course_kit import text
from course_kit.contexts import evaluating, seeded
from course_kit.data import stories
from course_kit.i18n import mark, t
from course_kit.models.fused import fuse
from course_kit.training import Run, fit, warm_then_fall
from course_utils.bert import BertConfig, BertForPreTraining, mask_tokens, pretraining_loss
from course_utils.loss import IGNORED

LIVE = {"size": 128, "layers": 2, "heads": 4, "hidden": 256, "context": 96}
STEPS, LR, WARM_UP, BATCH, PIECES = 1600, 2e-3, 300, 32, 1200
HELD_OUT = 512  # pairs that a model is measured on


def adam(parameters, lr: float) -> torch.optim.Optimizer:
    """AdamW as in `recipes`: it forgets old gradients sooner than by default."""
    return torch.optim.AdamW(parameters, lr=lr, betas=(0.9, 0.98), fused=True)


class Filled(NamedTuple):
    """What a model would write at each place of a text: tokens as given, [MASK] included; probabilities [T, V]; words:
    the V of them."""

    tokens: tuple[str, ...]
    probabilities: Tensor
    words: list[str]

    def top(self, place: int, count: int = 5) -> list[tuple[str, float]]:
        """The most probable words for a place, with their probabilities."""
        found = self.probabilities[place].topk(count)
        return [(self.words[i], p) for p, i in zip(found.values.tolist(), found.indices.tolist(), strict=True)]

    @property
    def masks(self) -> list[int]:
        """The positions of [MASK]."""
        return [i for i, token in enumerate(self.tokens) if token == "[MASK]"]


class BertLesson:
    """Stories, tokenizer, batches, measurements.

    tokenizer   learned from the training stories if left out
    longest     so many sentences at most in each half of a pair
    examples    {"train": […], "valid": […], "test": […]} of stories of your own, each with .sentences
    """

    def __init__(self, tokenizer: text.WordPiece | None = None, examples: dict | None = None, longest: int = 1):
        self.given, self._ids, self.longest = dict(examples or {}), {}, longest
        train = [sentence for story in self.examples("train") for sentence in story.sentences]
        self.tokenizer, self._told = tokenizer or text.WordPiece.build(train, PIECES), frozenset(map(_bare, train))

    def examples(self, split: str) -> list:
        """The stories of a split: train, valid (other stories) or test (other templates and words)."""
        return self.given[split] if split in self.given else stories.load("stories", split)

    def ids(self, split: str) -> list[list[list[int]]]:
        """Stories as numbers: [story][sentence][token]."""
        if split not in self._ids:
            flat = [sentence for story in self.examples(split) for sentence in story.sentences]
            found = iter(self.tokenizer.tokenizer.encode_batch(flat, add_special_tokens=False))
            self._ids[split] = [[next(found).ids for _ in story.sentences] for story in self.examples(split)]
        return self._ids[split]

    def __getstate__(self) -> dict:
        return vars(self) | {"_ids": {}}  # found again where needed: no part of what the lesson is

    def model(self, seed: int = 0, **config) -> BertForPreTraining:
        """A fresh model; config as BertConfig, small enough to be trained in class. The global random state is left
        alone.

        BERT begins with weights of ±0.02, made for 768 features. With few features that is next to nothing, and
        learning to attend takes long: here a projection begins with ±1/√(its inputs), an embedding with ±0.05.
        """
        with seeded(seed):
            made = BertForPreTraining(BertConfig(len(self.tokenizer), **(LIVE | config)))
            for part in made.modules():
                if isinstance(part, nn.Linear) and part is not made.output:
                    nn.init.normal_(part.weight, std=part.in_features**-0.5)
                elif isinstance(part, nn.Embedding):
                    nn.init.normal_(part.weight, std=0.05)
        return fuse(made)

    def pairs(self, split: str, generator: torch.Generator, size: int) -> list[tuple[list[int], list[int], int]]:
        """(A, B, label), `size` times: one to `longest` sentences of a story, and those behind them (0) or of another
        story (1)."""
        every, found = self.ids(split), []
        for place, cut, before, behind, label, other, at in torch.rand(size, 7, generator=generator).tolist():
            story = every[int(place * len(every))]
            middle, sizes = 1 + int(cut * (len(story) - 1)), [1 + int(x * self.longest) for x in (before, behind)]
            first, second = story[max(0, middle - sizes[0]) : middle], story[middle : middle + sizes[1]]
            if label >= 0.5:
                story = every[int(other * len(every))]
                middle = int(at * len(story))
                second = story[middle : middle + sizes[1]]
            found.append((sum(first, []), sum(second, []), int(label >= 0.5)))
        return found

    def batch(self, generator: torch.Generator, size: int = BATCH, split: str = "train") -> Masked:
        """Pairs of similar length, about half of them from two stories, with 15 % of their tokens to be found."""
        rows = sorted(self.pairs(split, generator, 4 * size), key=lambda row: len(row[0]) + len(row[1]))
        quarter = int(torch.randint(4, (), generator=generator))
        rows = rows[quarter * size : (quarter + 1) * size]
        cls, sep = self.tokenizer.cls, self.tokenizer.sep
        ids, mask = text.pad([[cls, *a, sep, *b, sep] for a, b, _ in rows])
        segments, _ = text.pad([[0] * (len(a) + 2) + [1] * (len(b) + 1) for a, b, _ in rows])
        ids = ids.masked_fill(~mask, self.tokenizer.pad)
        whole = Masked(ids, segments, mask, ids, torch.tensor([label for *_, label in rows]))
        inputs, labels = mask_tokens(
            ids, special_mask(self.tokenizer, whole), len(self.tokenizer), self.tokenizer.mask, generator
        )
        return whole._replace(ids=inputs, labels=labels)

    def train(self, model: BertForPreTraining, steps: int = STEPS, seed: int = 0, show: bool = False, **options) -> Run:
        """fit() on both tasks together; loss and accuracy of each on held-out stories. options: any of fit's, and
        size, the pairs of a batch."""
        size = options.pop("size", BATCH)
        settings = {"lr": LR, "clip": 1.0, "schedule": warm_then_fall(steps, WARM_UP), "optimizer": adam} | options
        device = next(model.parameters()).device
        return fit(model, lambda generator: self.batch(generator, size).to(device), loss,
                   steps=steps, seed=seed, show=show, title=t("Pre-training"), **settings)  # fmt: skip

    def valid(self, count: int = 128):
        """`evaluate` for `train`: both losses and both accuracies on held-out stories."""
        return lambda model: self.measure(model, "valid", count)

    @torch.no_grad()
    def measure(self, model: BertForPreTraining, split: str = "valid", count: int = HELD_OUT) -> dict[str, float]:
        """Both accuracies, 0 to 1, and both losses, on `count` pairs of a split, the same at each call."""
        with evaluating(model):
            device, generator = next(model.parameters()).device, torch.Generator().manual_seed(1)
            right = asked = follows = mlm = nsp = 0.0
            for _ in range(0, count, 64):
                b = self.batch(generator, 64, split).to(device)
                chosen, output = b.labels != IGNORED, model(b.ids, b.segments, b.mask)
                logits, true = output.mlm_logits[chosen], b.labels[chosen]
                right, asked = right + (logits.argmax(-1) == true).sum().item(), asked + len(true)
                mlm += torch.nn.functional.cross_entropy(logits, true, reduction="sum").item()
                follows += (output.nsp_logits.argmax(-1) == b.nsp).sum().item()
                nsp += torch.nn.functional.cross_entropy(output.nsp_logits, b.nsp, reduction="sum").item()
        pairs = 64 * -(-count // 64)
        return {mark("loss, both"): mlm / asked + nsp / pairs, mark("MLM accuracy"): right / asked,
                mark("NSP accuracy"): follows / pairs,
                mark("MLM loss"): mlm / asked, mark("NSP loss"): nsp / pairs}  # fmt: skip

    def fill(self, model: BertForPreTraining, first: str, second: str | None = None) -> Filled:
        """What the model would write at each place of a text, or pair, which may contain [MASK]."""
        found = encode(self.tokenizer, first, second, model.config.context)
        return Filled(found.tokens, _read(model, [found]).mlm_logits[0].softmax(-1), self.tokenizer.words)

    @torch.no_grad()
    def masked_right(self, models: dict, split: str = "valid", count: int = HELD_OUT) -> dict[str, float]:
        """Where the input is [MASK], the share of words that each model fills in rightly, and that the commonest word
        would: {"always the same answer": …, name: …}, on the pairs of `measure`."""
        generator, right, true = torch.Generator().manual_seed(1), dict.fromkeys(models, 0), []
        for _ in range(0, count, 64):
            b = self.batch(generator, 64, split)
            masked = b.ids == self.tokenizer.mask
            true.append(b.labels[masked])
            for name, model in models.items():
                with evaluating(model):
                    said = model(b.ids, b.segments, b.mask).mlm_logits[masked].argmax(-1)
                right[name] += (said == true[-1]).sum().item()
        words = torch.cat(true)
        return {mark("always the same answer"): words.bincount().max().item() / len(words)} | {
            name: found / len(words) for name, found in right.items()
        }

    def gaps(self, model: BertForPreTraining, read: Input) -> Tensor:
        """Each token masked in turn, [CLS] and [SEP] too: what belongs in the gap, probabilities [T, V]."""
        ids = torch.tensor(read.ids).repeat(len(read), 1).fill_diagonal_(self.tokenizer.mask)
        with evaluating(model), torch.no_grad():
            logits = model(ids, torch.tensor(read.segments).expand_as(ids)).mlm_logits
        return logits.diagonal(dim1=0, dim2=1).T.softmax(-1)

    def seen(self, sentence: str) -> bool:
        """Does the sentence occur in a training story, whatever its capitals and its last full stop?"""
        return _bare(sentence) in self._told

    def follows(self, model: BertForPreTraining, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """For each pair the probability that the second sentence follows the first."""
        found = [encode(self.tokenizer, a, b, model.config.context) for a, b in pairs]
        return _read(model, found).nsp_logits.softmax(-1)[:, 0].tolist()


def count_parameters(model: nn.Module) -> dict[str, int]:
    """How many parameters each part has; shared ones count once. On the "meta" device BERT-large takes no memory."""
    parts = {f"embeddings.{kind}s": f"{kind} embeddings" for kind in ("token", "segment", "position")}
    parts |= {
        "norm": "layer norms",
        ".attention.": "attention",
        ".ffn.": "feed-forward networks",
        "pooler": "pooler",
    }
    counts: Counter = Counter()
    for name, parameter in model.named_parameters():
        part = next((part for key, part in parts.items() if key in name), "heads")
        counts[part] += parameter.numel()
    return dict(counts)


def _bare(sentence: str) -> str:
    return sentence.lower().rstrip(".")


@torch.no_grad()
def _read(model, found: Sequence[Input]):
    with evaluating(model):
        return model(*collate(found))


def loss(model: BertForPreTraining, batch: Masked) -> Tensor:
    """Both losses added up, as `fit` takes it. A batch in which chance has chosen no token counts for NSP only."""
    ids, segments, mask, labels, nsp = batch
    if (labels == IGNORED).all():
        return torch.nn.functional.cross_entropy(model(ids, segments, mask).nsp_logits, nsp)
    return pretraining_loss(model, ids, labels, nsp, segments, mask).total
