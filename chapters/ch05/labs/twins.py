"""Sentences and their twins, translated without the heads that a reader has knocked out of a view."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import torch

from course_kit.checkpoints import Loaded
from course_kit.decoding import translate
from course_kit.heads import Head, silenced
from course_kit.text import BOS
from course_kit.views.live import below

PRONOUNS = ("il", "elle")
CELL = "padding:3px 18px 3px 0;text-align:left;vertical-align:middle;font-weight:400;border:0"
TRACK = "display:inline-block;position:relative;width:144px;height:12px;border-left:1px solid;border-right:1px solid"
APART = (1, 2)  # columns that are left out in front of a class
SHOWN = 2  # rows that a class sees: a pair of twins
MOST = 8.0  # log-odds: as far as a bar reaches


class Choice(NamedTuple):
    """What a model does with sentences, in lists: the words from "parce" on, and the log-odds of the pronoun that it
    writes there with all heads against the other one, after the words that it writes with all heads before it."""

    reasons: list[str]
    log_odds: list[float]


@torch.no_grad()
def choice(loaded: Loaded, sentences: Sequence[str], heads: Sequence[Head] = ()) -> Choice:
    """The Choice without some heads. Raises ValueError for a sentence whose translation has no "parce qu'il" or
    "parce qu'elle"."""
    odds = []
    for sentence in sentences:
        words = translate(loaded, sentence, beam=1)[0].tokens
        place = words.index("qu'") + 1 if "qu'" in words else 0
        if words[place] not in PRONOUNS:
            raise ValueError(f"{' '.join(words)!r} gives no reason with il or elle; needed: … parce qu'il …")
        other = PRONOUNS[1 - PRONOUNS.index(words[place])]
        source = torch.tensor([loaded.source.encode(sentence)])
        read = torch.tensor([[BOS, *loaded.target.encode(words[:place])]])
        with silenced(loaded.model, heads):
            logits = loaded.model(source, read)[0, -1, loaded.target.encode([words[place], other])]
        odds.append((logits[0] - logits[1]).item())
    with silenced(loaded.model, heads):
        written = [str(one) for one in translate(loaded, list(sentences), beam=1)]
    return Choice([text[max(0, text.find("parce")) :] for text in written], odds)


def twins_without(view, loaded: Loaded, sentences: Sequence[str], knocked: Sequence[Sequence[int]] = ()):
    """A table below `view`, a live `heads`: how a Transformer ends the sentences with all of its encoder's heads, and
    without those that are knocked out; the log-odds of its pronoun as bars. knocked: those that are out at first,
    (layer, head) from 0.

    A row for each sentence: was it trained on, the reason and its log-odds with all heads, and without some. A reason
    that differs is bold."""
    whole, view.knocked = choice(loaded, sentences), [list(one) for one in knocked]
    seen = ["seen" if loaded.was_seen(sentence) else "new" for sentence in sentences]

    def tell():
        out = [Head("encoder", layer + 1, head + 1) for layer, head in view.knocked]
        now = choice(loaded, sentences, out) if out else whole
        names = f"without {', '.join(f'{one.layer}.{one.head}' for one in out)}" if out else "nothing is off"
        rows = []
        for sentence, mark, was, reason, odds in zip(sentences, seen, whole.reasons, *now, strict=True):
            changed = "the same" if reason == was else f"<b>{escape(reason)}</b>"
            rows.append([escape(sentence), mark, escape(was), _bar(odds), changed])
        return _table(["English", "in training", "with all heads", "log-odds of that pronoun", names], rows)

    return below(view, tell, "knocked")


def _bar(odds: float) -> str:
    """Log-odds as a number and a bar: to the right of the middle the pronoun is the likelier one."""
    share = 50 * min(abs(odds), MOST) / MOST
    place = f"left:{50 if odds > 0 else 50 - share:.1f}%;width:{share:.1f}%"
    bar = f'<i style="position:absolute;top:1px;bottom:1px;background:currentColor;opacity:.6;{place}"></i>'
    middle = '<i style="position:absolute;top:-2px;bottom:-2px;left:50%;border-left:1px solid"></i>'
    return f'<span style="{TRACK}" aria-hidden="true">{bar}{middle}</span> {odds:z.1f}'


def _table(names: list[str], rows: list[list[str]]) -> str:
    columns = [' class="course-reading"' * (number in APART) for number in range(len(names))]
    heads = zip(columns, names, strict=True)
    head = "".join(f'<th scope="col"{look} style="{CELL};opacity:.75">{escape(name)}</th>' for look, name in heads)
    lines = ("".join(f'<td{look} style="{CELL}">{x}</td>' for look, x in zip(columns, r, strict=True)) for r in rows)
    body = "".join(f"<tr{columns[1] * (n >= SHOWN)}>{line}</tr>" for n, line in enumerate(lines))
    return f'<table style="border-collapse:collapse;line-height:1.45"><thead><tr>{head}</tr></thead>{body}</table>'
