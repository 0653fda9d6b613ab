"""Heads ablated: what a Transformer does without some of them, and whether the heatmaps would have told.

    with silenced(model, [Head("encoder", 2, 1)]): ...    # layer 2, head 1, both counted from 1
    study = head_effects(loaded, lesson.examples("twins")[:100])

Sources: Michel, Levy & Neubig 2019, Are sixteen heads really better than one?; Jain & Wallace 2019, Attention is not
explanation.
"""

import contextlib
import functools
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor, nn

from chapters.ch03.lesson import Example, in_batches
from course_kit.checkpoints import Loaded, load_checkpoint
from course_kit.heads import Head, attention_weights, heads_of, silenced
from course_kit.views.table import Table

from .twins import corpus, odds, pairs, reader, shares, where

PLACES = {  # place: stack, query and key, as `where` names them
    "encoder": ("encoder", "it", "referent"),
    "cross": ("decoder", "pronoun", "referent"),
    "decoder": ("decoder", "pronoun", "noun"),
}


@contextlib.contextmanager
def blinded(
    model: nn.Module, place: str, queries: Sequence[int], keys: Sequence[int], only: tuple[int, int] | None = None
) -> Iterator[nn.Module]:
    """Within it no head of a place may attend from queries[b] to keys[b] in sentence b of the batch, in any layer.

    only: the one head that may not, (layer, head), both from 1
    """
    at = torch.arange(len(queries)), torch.as_tensor(queries), torch.as_tensor(keys)
    stack, argument = PLACES[place][0], 3 if place == "cross" else 2 if place == "decoder" else 1

    def hook(block, args):
        keys_of = args[1] if place == "cross" else args[0]
        mask = torch.ones(len(args[0]), block.attention.heads, args[0].shape[1], keys_of.shape[1], dtype=torch.bool)
        heads = slice(None) if only is None else slice(only[1] - 1, only[1])
        mask[at[0], heads, at[1], at[2]] = False  # [B, H, Q, K]
        given = args[argument]  # None, [Q, K] or [B, 1 or Q, K]
        mask = mask if given is None else mask & (given[:, None] if given.dim() == 3 else given)
        return *args[:argument], mask, *args[argument + 1 :]

    with contextlib.ExitStack() as open_hooks:
        for block in getattr(model, stack) if only is None else [getattr(model, stack)[only[0] - 1]]:
            open_hooks.callback(block.register_forward_pre_hook(hook).remove)
        yield model


@contextlib.contextmanager
def _without(loaded: Loaded, rows: Sequence[Example], forbidden: Iterable[Sequence]) -> Iterator[None]:
    """Within it connections are forbidden in a batch of twins; as in `right`."""
    with contextlib.ExitStack() as stack:
        for place, query, key, *only in forbidden:
            queries, keys = [where(e, query) for e in rows], [where(e, key) + (place == "decoder") for e in rows]
            stack.enter_context(blinded(loaded.model, place, queries, keys, *only))
        yield


@torch.no_grad()
def weight_between(
    loaded: Loaded,
    examples: Sequence[Example],
    place: str,
    query: str = "",
    key: str = "",
    forbidden: Sequence[Sequence] = (),
) -> Tensor:
    """The weight that each head of a place puts where the story says, [layers, heads], mean over twins.

    By default from "it" to the noun that it is (encoder), from the step that writes the pronoun to that noun (cross) or
    to its French word (decoder). query, key: other words, as `where` names them. forbidden: as in `right`.
    """
    _, from_word, to_word = PLACES[place]
    query, key, total = query or from_word, key or to_word, 0
    for rows, batch in in_batches(loaded, examples):
        with _without(loaded, rows, forbidden), attention_weights(loaded.model) as seen:
            loaded.model(batch.source, batch.target_in, batch.source_mask)
        own = place == "decoder"  # its keys are the words written so far, after <bos>
        cell = torch.arange(len(rows)), *(torch.tensor([where(e, r) for e in rows]) for r in (query, key))
        weights = torch.stack(seen[place]).movedim(0, 1)  # [B, layers, H, Q, K]
        total = total + weights[cell[0], :, :, cell[1], cell[2] + own].sum(0)
    return total / len(examples)


def right(
    loaded: Loaded, examples: Sequence[Example], heads: Iterable[Head] = (), forbidden: Iterable[Sequence] = ()
) -> tuple[float, float]:
    """(share of twins in % whose pronoun is the more probable one, mean log-odds for it) without some heads.

    forbidden: connections that no head may use, each (place, query, key), as in [("encoder", "it", "referent")]; with
    a fourth entry, (layer, head), only this head may not
    """
    forbidden = list(forbidden)
    with silenced(loaded.model, heads):
        found = odds(loaded, examples, lambda rows: _without(loaded, rows, forbidden))
    return round(100 * (found > 0).float().mean().item(), 1), round(found.mean().item(), 3)


def head_effects(loaded: Loaded, examples: Sequence[Example], places: Iterable[str] = tuple(PLACES)) -> Table:
    """For each head of the places: what it attends to and what is lost without it, largest loss first.

    "weight": on the word that the story wants (see `weight_between`); "other noun": on the noun that "it" is not (cross
    and encoder); "right": % of pronouns right without this head; "lost": log-odds lost without it.
    """
    whole, before = right(loaded, examples)
    rows = []
    for part in places:
        weight, other = weight_between(loaded, examples, part), None
        if part != "decoder":
            other = weight_between(loaded, examples, part, key="distractor")
        for head in heads_of(loaded.model, part):
            at = head.layer - 1, head.head - 1
            share, after = right(loaded, examples, [head])
            rows.append({
                "head": str(head), "weight": round(weight[at].item(), 3),
                "other noun": "" if other is None else round(other[at].item(), 3),
                "right": share, "lost": round(before - after, 3),
            })  # fmt: skip
    return Table(sorted(rows, key=lambda row: -row["lost"]), f"All heads: {whole} % right, log-odds {before}")


@torch.no_grad()
def both_readings(loaded: Loaded, sentences: Sequence[str], layer: int, head: int, nouns: Sequence[str]) -> Table:
    """What "it" and the adjective, the last word before the full stop, give to two nouns in a head of the encoder."""
    rows = []
    for sentence in sentences:
        ids = torch.tensor([loaded.source.encode(sentence)])
        words = loaded.source.tokens(ids[0])
        with attention_weights(loaded.model) as seen:
            loaded.model.encode(ids)
        for word in ("it", words[-2]):
            row = seen["encoder"][layer - 1][0, head - 1, words.index(word)]
            found = {f"to “{noun}”": row[words.index(noun)].item() for noun in nouns}
            rows.append({"sentence": f"… too {words[-2]}", "weight from": f"“{word}”"} | found)
    return Table(rows, f"Encoder, head {layer}.{head}: weights from “it” and from the adjective to the two nouns")


def head(name: str) -> Head:
    """The Head that a table calls "encoder 2.1"."""
    place, numbers = name.split()
    return Head(place, *map(int, numbers.split(".")))


def removed(loaded: Loaded, examples: Sequence[Example], order: Sequence[Head]) -> list[float]:
    """% of pronouns right with none, the first, the first two … of these heads silent."""
    return [right(loaded, examples, order[:n])[0] for n in range(len(order) + 1)]


def rank_correlation(x: Sequence[float], y: Sequence[float]) -> float:
    """Spearman's: the correlation of the ranks, from −1 to 1; of equal values, the mean rank."""
    ranks = []
    for values in (x, y):
        v = torch.as_tensor(values, dtype=torch.float64)
        rank = (v[:, None] > v).double().sum(1) + (v[:, None] == v).double().sum(1) / 2
        ranks.append(rank - rank.mean())
    a, b = ranks
    return ((a * b).sum() / (a.norm() * b.norm())).item()


CONNECTIONS = {  # forbidden in turn: name -> connections (place, query, key)
    "“it” → the noun it is": [("encoder", "it", "referent")],
    "“it” → either noun": [("encoder", "it", "referent"), ("encoder", "it", "distractor")],
    "“it” → either noun and the adjective": [("encoder", "it", k) for k in ("referent", "distractor", "adjective")],
    "either noun → “it”": [("encoder", "referent", "it"), ("encoder", "distractor", "it")],
    "the adjective → the noun it is about": [("encoder", "adjective", "referent")],
    "the adjective → the other noun": [("encoder", "adjective", "distractor")],
    "the adjective → either noun": [("encoder", "adjective", "referent"), ("encoder", "adjective", "distractor")],
    "either noun → the adjective": [("encoder", "referent", "adjective"), ("encoder", "distractor", "adjective")],
    "the pronoun's step → “it”": [("cross", "pronoun", "it")],
    "the pronoun's step → the adjective": [("cross", "pronoun", "adjective")],
    "the pronoun's step → either English noun": [("cross", "pronoun", "referent"), ("cross", "pronoun", "distractor")],
    "the pronoun's step → the French noun": [("decoder", "pronoun", "noun")],
}


IT, IN_FRENCH = ("encoder", "it", "referent"), ("cross", "pronoun", "it")  # the two connections of "it"
ROWS = {  # of the lesson's table: row -> what is forbidden, its connections
    "0": ("nothing", []),
    "1": ("“it” → right noun", [IT]),
    "2a": ("adjective → right noun", [("encoder", "adjective", "referent")]),
    "3a": ("French step → “it”", [IN_FRENCH]),
    "3b": ("French step → adjective", [("cross", "pronoun", "adjective")]),
    "1 and 3a": ("both connections of “it”", [IT, IN_FRENCH]),
}


def forbidden_table(loaded: Loaded, count: int | None = 60) -> Table:
    """How often the right pronoun is the likelier one with connections forbidden: each of ROWS, over so many pairs."""
    examples, rows = pairs(count), []
    for row, (name, forbidden) in ROWS.items():
        found = odds(loaded, examples, functools.partial(_without, loaded, forbidden=forbidden))
        rows.append({"row": row, "forbidden": name, **shares((found > 0).tolist())})
    return Table(rows, f"The right pronoun is the likelier one: {len(examples)} sentences, {len(examples) // 2} pairs")


def without_connections(loaded: Loaded, examples: Sequence[Example]) -> Table:
    """What is lost when no head of any layer may attend there: a row for each of CONNECTIONS."""
    whole, before = right(loaded, examples)
    rows = []
    for name, forbidden in CONNECTIONS.items():
        share, after = right(loaded, examples, forbidden=forbidden)
        rows.append({"forbidden": name, "right": share, "lost": round(before - after, 3)})
    return Table(rows, f"Nothing forbidden: {whole} % right, log-odds {before}")


def agreement(effects: Sequence[dict], place: str, top: int = 3) -> dict:
    """What the heatmaps of a place would have told of its heads: {"correlation" of weight and loss (Spearman),
    "by weight", "by loss": the first heads of either order, "in both"}."""
    rows = [row for row in effects if row["head"].startswith(place)]
    orders = [[row["head"] for row in sorted(rows, key=lambda row: -row[by])] for by in ("weight", "lost")]
    correlation = rank_correlation(*([row[by] for row in rows] for by in ("weight", "lost")))
    first = [order[:top] for order in orders]
    return {
        "correlation": round(correlation, 3), "by weight": first[0], "by loss": first[1],
        "in both": len(set(first[0]) & set(first[1])),
    }  # fmt: skip


def record_heads(name: str = "transformer-grammar", every: int = 6, sentences: int = 100, shuffles: int = 4) -> dict:
    """Every head of a checkpoint ablated; the figures behind data/results/transformer_heads.json.

    every: pronouns written, and the orders of removal, are judged on each so-manieth twin; sentences: for BLEU
    """
    loaded, generator = load_checkpoint(name), torch.Generator().manual_seed(0)
    twins, lesson = corpus().examples("twins"), reader(loaded)
    some, effects = twins[::every], head_effects(loaded, twins)
    figures = {
        "checkpoint": name, "steps": loaded.card["training"]["step"], "twins": len(twins), "some": len(some),
        "sentences": sentences, "all heads": dict(zip(("right", "odds"), right(loaded, twins), strict=True)),
    }  # fmt: skip
    figures["all heads"] |= {"bleu": round(lesson.bleu(loaded.model, count=sentences), 2)}
    for row in effects:
        with silenced(loaded.model, [head(row["head"])]):
            row["bleu"] = round(lesson.bleu(loaded.model, count=sentences), 2)
    figures |= {"heads": list(effects), "connections": list(without_connections(loaded, twins))}
    figures |= {"told": {}, "removed": {}}
    for place in PLACES:
        figures["told"][place] = agreement(effects, place)
        names = [str(one) for one in heads_of(loaded.model, place)]
        by = {r["head"]: r for r in effects}
        orders = {
            "by weight": [sorted(names, key=lambda n: -by[n]["weight"])],
            "by loss": [sorted(names, key=lambda n: -by[n]["lost"])],
            "at random": [[names[i] for i in torch.randperm(len(names), generator=generator)] for _ in range(shuffles)],
        }
        lines = {k: [removed(loaded, some, list(map(head, order))) for order in v] for k, v in orders.items()}
        means = {k: torch.tensor(v, dtype=torch.float64).mean(0).tolist() for k, v in lines.items()}
        figures["removed"][place] = {k: [round(x, 1) for x in v] for k, v in means.items()}
    return figures
