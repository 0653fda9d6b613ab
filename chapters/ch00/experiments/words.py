"""Which word needs attention? Its list made with attention, all others without, or the other way round."""

import torch
from torch import Tensor

from chapters.ch00.labs.cover import COW, MODEL, Reading
from course_kit.checkpoints import Loaded, load_checkpoint
from course_kit.data.parallel import Pair, load_parallel
from course_kit.decoding import beam_search
from course_kit.heads import heads_of, silenced
from course_kit.i18n import mark, t
from course_kit.text import BOS
from course_kit.views import Table

WORDS = {
    mark("only the adjective"): mark("all but the adjective"),
    mark("only “it”"): mark("all but “it”"),
    mark("only the noun meant"): mark("all but the noun meant"),
}


@torch.no_grad()
def both_lists(loaded: Loaded, source: Tensor) -> tuple[Tensor, Tensor]:
    """What the decoder reads of sentences [B, S]: D numbers for each word, with attention and without, [B, S, D]."""
    with silenced(loaded.model, heads_of(loaded.model, "encoder")):
        without = loaded.model.encode(source)
    return loaded.model.encode(source), without


def word_by_word() -> Table:
    """For each word of the cow's sentence the French if this word alone has attention, and if all others have it."""
    loaded = load_checkpoint(MODEL)
    source = torch.tensor([loaded.source.encode(COW)])
    lists, without = both_lists(loaded, source)
    alone = torch.eye(source.shape[1], dtype=torch.bool)[..., None]  # [S, S, 1]
    memory = torch.cat([torch.where(alone, lists, without), torch.where(alone, without, lists)])  # [2 S, S, D]
    written = beam_search(Reading(loaded.model, memory), source.expand(len(memory), -1))
    french = [" ".join(loaded.target.tokens(one.ids)).replace("' ", "'").replace(" .", ".") for one in written]
    reasons = [one[one.index("parce") :] for one in french]
    words = loaded.source.cut(COW)
    halves = reasons[: len(words)], reasons[len(words) :]
    rows = [
        {mark("word"): word, mark("only this word attends"): one, mark("all but this word attend"): other}
        for word, one, other in zip(words, *halves, strict=True)
    ]
    return Table(rows, f"“{COW}”", data=tuple(rows[0]))


@torch.no_grad()
def held_out() -> Table:
    """How often the right one of il and elle is the more probable one, after the right French up to there: a row for
    each choice of the words that have attention.

    In sentences with a noun that no such sentence of the training has.
    """
    loaded = load_checkpoint(MODEL)
    pairs, right = load_parallel("en-fr", "twins"), []
    alike: dict[tuple[int, int], list[Pair]] = {}  # by where the French pronoun is, and the number of English words
    for pair in pairs:
        alike.setdefault((len(pair.target) - pair.target[::-1].index("qu'"), len(pair.source)), []).append(pair)
    for (pronoun, size), group in alike.items():
        source = torch.tensor([loaded.source.encode([word.lower() for word in pair.source]) for pair in group])
        french = [[word.lower() for word in pair.target[:pronoun]] for pair in group]
        prefix = torch.tensor([[BOS, *loaded.target.encode(words)] for words in french])
        pronouns = [loaded.target.encode([pair.twin.pronoun, pair.twin.other_pronoun]) for pair in group]
        lists, without = both_lists(loaded, source)
        mixed = {mark("every word"): lists, mark("no word"): without}
        for (only, but), places in zip(WORDS.items(), zip(*map(_places, group), strict=True), strict=True):
            alone = torch.eye(size, dtype=torch.bool)[list(places)][..., None]  # [B, S, 1]
            mixed[only] = torch.where(alone, lists, without)
            mixed[but] = torch.where(alone, without, lists)
        for memory in mixed.values():
            logits = loaded.model.output(loaded.model.decode(prefix, memory)[:, -1])
            one, other = logits.gather(1, torch.tensor(pronouns)).unbind(1)
            right.append((one > other).float())
    found = [torch.cat(right[i :: len(mixed)]).mean().item() for i in range(len(mixed))]
    shares = dict(zip(mixed, found, strict=True))
    order = [*list(shares)[:2], *WORDS, *WORDS.values()]
    return Table([{mark("attention for"): t(name), mark("right, %"): round(100 * shares[name])} for name in order],
                 t("The right one of il and elle, in {count} sentences.", count=len(pairs)))  # fmt: skip


def _places(pair: Pair) -> tuple[int, ...]:
    """The three WORDS of a sentence: where they are."""
    words = [word.lower() for word in pair.source]
    it = len(words) - 1 - words[::-1].index("it")
    noun = words.index(pair.twin.referent.lower())
    return len(words) - 2, it, noun
