"""Heads and connections ablated: which pronoun a Transformer prefers without some of them.

    ablations(loaded, CONNECTIONS)      # a row for each of some sets of heads and connections

Sources: Michel, Levy & Neubig 2019, Are sixteen heads really better than one?; Jain & Wallace 2019, Attention is not
explanation.
"""

import contextlib
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import torch
from torch import nn

from chapters.ch03.lesson import Example
from course_kit.checkpoints import Loaded
from course_kit.heads import attention_weights, silenced
from course_kit.i18n import mark, t
from course_kit.views.table import Table

from .twins import odds, pairs, shares, where

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
def without(loaded: Loaded, rows: Sequence[Example], forbidden: Iterable[Sequence]) -> Iterator[None]:
    """Within it connections are forbidden in a batch of twins; as in `ablations`."""
    with contextlib.ExitStack() as stack:
        for place, query, key, *only in forbidden:
            queries, keys = [where(e, query) for e in rows], [where(e, key) + (place == "decoder") for e in rows]
            stack.enter_context(blinded(loaded.model, place, queries, keys, *only))
        yield


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
            found = {t("to “{noun}”", noun=noun): row[words.index(noun)].item() for noun in nouns}
            rows.append({mark("sentence"): f"… too {words[-2]}", mark("weight from"): f"“{word}”"} | found)
    return Table(
        rows,
        t(
            "Encoder, head {layer}.{head}: weights from “it” and from the adjective to the two nouns",
            layer=layer,
            head=head,
        ),
    )


IT, IN_FRENCH = ("encoder", "it", "referent"), ("cross", "pronoun", "it")  # the two connections of "it"
CONNECTIONS = {  # the lesson's rows: what is cut, as information flows -> no head is silent, connections
    mark("nothing"): ([], []),
    mark("noun to “it”"): ([], [IT]),
    mark("“it” to French"): ([], [IN_FRENCH]),
    mark("both hops of “it”"): ([], [IT, IN_FRENCH]),
    mark("noun to adjective"): ([], [("encoder", "adjective", "referent")]),
    mark("adjective to French"): ([], [("cross", "pronoun", "adjective")]),
}


def ablations(
    loaded: Loaded, rows: Mapping[str, tuple], count: int | None = None, what: str = mark("forbidden")
) -> Table:
    """How often the right pronoun of twins is the likelier one, and its mean log-odds: a row for each of some sets.

    rows: name -> (heads that are silent, connections that no head may use). A connection is (place, query, key), words
    as `where` names them, such as ("encoder", "it", "referent"); with a fourth entry, (layer, head), only this head may
    not. count: so many pairs of held-out twins, or all.
    """
    examples, found = pairs(count), []
    for name, (heads, forbidden) in rows.items():
        with silenced(loaded.model, heads):
            log_odds = odds(loaded, examples, functools.partial(without, loaded, forbidden=list(forbidden)))
        means = shares((log_odds > 0).tolist()) | {mark("log-odds"): round(log_odds.mean().item(), 2)}
        found.append({what: t(name), **means})
    return Table(
        found,
        t(
            "The right pronoun is the likelier one: {count} sentences, {count2} pairs",
            count=len(examples),
            count2=len(examples) // 2,
        ),
    )
