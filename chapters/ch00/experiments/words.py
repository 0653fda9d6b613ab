"""Which word needs attention? Its list made with attention, all others without, in sentences new to the model."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor

from chapters.ch00.labs.cover import MODEL
from course_kit.checkpoints import load_checkpoint
from course_kit.data.parallel import Pair, load_parallel
from course_kit.heads import heads_of, silenced
from course_kit.i18n import mark, t
from course_kit.models.attending import attend_by
from course_kit.text import BOS
from course_kit.views import Table
from course_utils.transformer import Transformer


def _itself(q: Tensor, k: Tensor, v: Tensor, *rest: object) -> tuple[Tensor, None]:
    return v, None


def _alike(q: Tensor, k: Tensor, v: Tensor, *rest: object) -> tuple[Tensor, None]:
    return v.mean(1, keepdim=True).expand_as(v), None


WAYS: dict[str, Callable | None] = {
    mark("takes nothing"): None,
    mark("takes from itself alone"): _itself,
    mark("takes from all words alike"): _alike,
}


def _without(model: Transformer, attend: Callable | None, source: Tensor) -> Tensor:
    """The lists [B, S, D] of sentences whose words don't attend, but do what `attend` says, or take nothing."""
    if attend is None:
        with silenced(model, heads_of(model, "encoder")):
            return model.encode(source)
    changed = copy.deepcopy(model)
    for block in changed.encoder:
        attend_by(block.attention, attend)
    return changed.encode(source)


@torch.no_grad()
def right_pronouns() -> Table:
    """How often the right one of il and elle is the more probable one, after the right French up to there.

    In sentences with a noun that no such sentence of the training has: with the lists that attention makes of all
    words, of none, and of the adjective alone. A row for each of WAYS.
    """
    loaded = load_checkpoint(MODEL)
    pairs = load_parallel("en-fr", "twins")
    alike: dict[tuple[int, int], list[Pair]] = {}  # by where the French pronoun is, and the number of English words
    for pair in pairs:
        alike.setdefault((len(pair.target) - pair.target[::-1].index("qu'"), len(pair.source)), []).append(pair)
    right: dict[str, list[Tensor]] = {way: [] for way in WAYS}  # [3, B] of each group
    for (pronoun, size), group in alike.items():
        source = torch.tensor([loaded.source.encode([word.lower() for word in pair.source]) for pair in group])
        french = [[word.lower() for word in pair.target[:pronoun]] for pair in group]
        prefix = torch.tensor([[BOS, *loaded.target.encode(words)] for words in french])
        pronouns = torch.tensor([loaded.target.encode([pair.twin.pronoun, pair.twin.other_pronoun]) for pair in group])
        lists = loaded.model.encode(source)  # [B, S, D]
        adjective = (torch.arange(size) == size - 2)[:, None]  # [S, 1]: before the full stop
        for way, results in right.items():
            without = _without(loaded.model, WAYS[way], source)
            for memory in (lists, without, torch.where(adjective, lists, without)):
                logits = loaded.model.output(loaded.model.decode(prefix, memory)[:, -1])
                meant, other = logits.gather(1, pronouns).unbind(1)
                results.append((meant > other).float())
    rows = []
    for way, results in right.items():
        every, none, alone = (round(100 * torch.cat(results[i::3]).mean().item()) for i in range(3))
        rows.append({mark("without attention, a word"): t(way), mark("every word attends, %"): every,
                     mark("no word, %"): none, mark("the adjective alone, %"): alone})  # fmt: skip
    return Table(rows, t("The right one of il and elle, in {count} sentences.", count=len(pairs)))
