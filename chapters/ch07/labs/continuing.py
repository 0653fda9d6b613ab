"""A drawing: a line of tokens goes on, token by token, and for each the likeliest ones with their shares."""

import torch

from course_kit.checkpoints import Loaded
from course_kit.contexts import evaluating
from course_kit.i18n import t
from course_kit.text import EOS
from course_kit.views.figure import Figure, figure
from course_kit.views.layout import bar, box, column, grid, label, row, space, steps, words

SHOWN = 3  # candidates that are drawn


@torch.no_grad()
def likeliest(loaded: Loaded, prompt: str, most: int = 40) -> list[list[tuple[str, float]]]:
    """For each token of the likeliest continuation, to <eos> at the latest: [(token, share), …], the best first."""
    ids = loaded.tokenizer.encode(prompt)
    found: list[list[tuple[str, float]]] = []
    with evaluating(loaded.model):
        while ids[-1] != EOS and len(found) < most:
            best = loaded.model(torch.tensor([ids]))[0, -1].softmax(-1).topk(SHOWN)
            found.append(list(zip(loaded.tokenizer.tokens(best.indices), best.values.tolist(), strict=True)))
            ids.append(int(best.indices[0]))
    return found


def continuing(loaded: Loaded, prompt: str, *, title: str = "", caption: str = "") -> Figure:
    """The prompt, what a GPT writes behind it, and what it could choose from at each step.

    loaded: a checkpoint with one tokenizer; prompt: text. At each step the likeliest token is taken.
    """
    read, found = loaded.tokenizer.cut(prompt), likeliest(loaded, prompt)
    written = [candidates[0][0] for candidates in found]
    empty = [space() for _ in range(abs(len(read) - len(written)))]
    given = [box(word, "key") for word in read] + (empty if len(read) < len(written) else [])
    made = [*steps(*(box(word, "query") for word in written)), *(empty if len(written) < len(read) else [])]
    choices = [
        row(
            words([token for token, _ in ranked], anchor="end", strong=not place),
            bar([share for _, share in ranked], "query"),
            words([f"{share:.1%}" for _, share in ranked]),
            of=[1, 2, 1],
        )
        for place, ranked in enumerate(zip(*found, strict=True))
    ]
    scene = column(
        label(t("the line so far"), "quiet"),
        grid(row(*given), row(*made)),
        label(t("what comes next?"), "quiet"),
        *choices,
    )
    said = [t("After “{line}” the likeliest token is “{word}”, with {share}.",
              line=" ".join([*read, *written[:step]]), word=word, share=f"{p:.1%}")
            for step, ((word, p), *_) in enumerate(found)]  # fmt: skip
    rows = [[word, "  ".join(f"{other} {p:.1%}" for other, p in candidates)]
            for word, candidates in zip(written, found, strict=True)]  # fmt: skip
    axes = [("step", t("words written"), None)]
    return figure(scene, said, ([t("written"), t("the likeliest")], rows), axes=axes,
                  start={"step": 1}, play=t("▶ write"), title=title, caption=caption)  # fmt: skip
