"""A drawing: a line of tokens goes on, token by token, and for each the likeliest ones with their shares."""

import torch

from course_kit.contexts import evaluating
from course_kit.i18n import t
from course_kit.text import EOS
from course_kit.views.figure import figure, one

SHOWN = 3  # candidates that are drawn


@torch.no_grad()
def likeliest(loaded, prompt, most=40):
    """For each token of the likeliest continuation, to <eos> at the latest: [(token, share), …], the best first."""
    ids, found = loaded.tokenizer.encode(prompt), []
    with evaluating(loaded.model):
        while ids[-1] != EOS and len(found) < most:
            best = loaded.model(torch.tensor([ids]))[0, -1].softmax(-1).topk(SHOWN)
            found.append(list(zip(loaded.tokenizer.tokens(best.indices), best.values.tolist(), strict=True)))
            ids.append(int(best.indices[0]))
    return found


def continuing(loaded, prompt, *, title="", caption=""):
    """The prompt, what a GPT writes behind it, and what it could choose from at each step.

    loaded: a checkpoint with one tokenizer; prompt: text. At each step the likeliest token is taken.
    """
    read, found = loaded.tokenizer.cut(prompt), likeliest(loaded, prompt)
    written = [candidates[0][0] for candidates in found]
    columns = max(len(read), len(written))
    at = [(i + 0.5) / columns for i in range(columns)]
    wide = 0.92 / columns
    shapes = [one("text", 0, 12, t("the line so far"), "quiet", anchor="start", size=12.5)]
    shapes += [one("box", at[i], 38, word, "key", wide=wide, high=26, size=12.5) for i, word in enumerate(read)]
    shapes += [one("box", at[i], 74, word, "query", wide=wide, high=26, size=12.5, since=i)
               for i, word in enumerate(written)]  # fmt: skip
    shapes.append(one("text", 0, 112, t("what comes next?"), "quiet", anchor="start", size=12.5))
    for place in range(SHOWN):
        y, here = 138 + 26 * place, [candidates[place] for candidates in found]
        shapes += [
            one("text", 0.3, y, anchor="end", strong=not place, each=[{"words": word} for word, _ in here]),
            one("bar", 0.6, y, role="query", wide=0.54, high=12, each=[{"share": round(p, 4)} for _, p in here]),
            one("text", 0.9, y, anchor="start", size=12, each=[{"words": f"{p:.1%}"} for _, p in here]),
        ]
    said = [t("After “{line}” the likeliest token is “{word}”, with {share}.",
              line=" ".join([*read, *written[:step]]), word=word, share=f"{p:.1%}")
            for step, ((word, p), *_) in enumerate(found)]  # fmt: skip
    rows = [[word, "  ".join(f"{other} {p:.1%}" for other, p in candidates)]
            for word, candidates in zip(written, found, strict=True)]  # fmt: skip
    axes = [("step", t("words written"), range(1, len(written) + 1))]
    return figure(shapes, said, [([t("written"), t("the likeliest")], rows)], axes=axes, height=206,
                  start={"step": 1}, play=t("▶ write"), title=title, caption=caption)  # fmt: skip
