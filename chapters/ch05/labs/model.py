"""The whole-model view: encoder and decoder in one picture, every part of which opens to its tensors for a sentence."""

import numpy as np

from course_utils.support.checks import one_of, whole_number
from course_utils.views import picture
from course_utils.views.live import shell
from course_utils.views.table import TextTable
from course_utils.views.translation import word_of
from course_utils.views.view import View

from .trace import Attention, Trace, packed, trace

MOST_SOURCE, MOST_TARGET, MOST_BYTES, TOP = 24, 32, 1_100_000, 20
NAMES = {
    "embedding": "embedding + position",
    "attention": "self-attention",
    "cross": "cross-attention",
    "ffn": "feed-forward",
    "norm": "last norm",
    "output": "logits and softmax",
}


class Whole(View):
    """See `model`, which makes it."""

    kind = "whole"
    modules = ("core", "stepper", "model_numbers", "model_panel", "model")
    size = (8.4, 5.4)
    trace: Trace  # all tensors, in float32

    @property
    def part(self) -> tuple[str, int, str]:
        """(side, layer from 1 or 0, kind) of the part that is open."""
        side, *layer, kind = self.state["part"].split(".")
        return side, int(layer[0]) if layer else 0, kind

    @property
    def tensors(self):
        """The tensors of the part that is open: a trace.Attention or trace.FFN; else a dict of them."""
        side, layer, kind = self.part
        of = getattr(self.trace, side)
        if layer:
            return of.layers[layer - 1][kind]
        before = of.layers[-1]["ffn"].after
        return {
            "embedding": {"token": of.token, "position": of.position, "after": of.layers[0]["attention"].before},
            "norm": {"before": before, "after": of.normed},
            "output": {"features": of.normed, "logits": self.trace.logits},
        }[kind]

    @property
    def words(self) -> dict[str, list[str]]:
        """The words of both sides, the decoder's up to the step."""
        return {
            "encoder": self.options["words"]["encoder"],
            "decoder": self.options["words"]["decoder"][: self.state["step"]],
        }

    @property
    def next_words(self) -> list[tuple[str, float, float]]:
        """(word, logit, probability) of the most probable next words, and of the rest together as the last."""
        step = self.state["step"] - 1
        logits = self.arrays["top"].reshape(-1, self.options["top"]).astype(np.float64)[step]
        probability = np.exp(logits - float(self.arrays["total"][step]))
        rest = f"all other {self.options['vocabulary'] - len(logits):,} words"
        named = zip(self.options["choices"][step], logits.tolist(), probability.tolist(), strict=True)
        return [*named, (rest, float("nan"), max(0.0, 1 - probability.sum()))]

    def lit(self, side: str) -> int:
        """The place of the word whose reading is shown; −1 in the encoder means all of them together."""
        place = self.state["source_word" if side == "encoder" else "target_word"]
        if side == "encoder":
            return place
        return self.state["step"] - 1 if place < 0 else min(place, self.state["step"] - 1)

    def describe(self) -> str:
        side, layer, kind = self.part
        o, words, ahead = self.options, self.words, self.next_words
        text = (
            f"A Transformer with {o['layers']} + {o['layers']} layers, {o['heads']} heads and {o['size']} features. It "
            f"reads “{' '.join(words['encoder'])}”. In the decoder stand {len(words['decoder'])} of "
            f"{len(o['words']['decoder'])} words: “{' '.join(words['decoder'])}”. Most probable next: "
            + ", ".join(f"{w} {p:.3f}" for w, _, p in ahead[:3])
            + f"; {ahead[-1][0]} {ahead[-1][2]:.3f}. Open: {o['labels'][self.state['part']]}. "
        )
        open_, count = self.tensors, len(words[side])
        if isinstance(open_, Attention):
            head = self.state["head"]
            keys = words["encoder" if kind == "cross" else side]
            place = max(0, self.lit(side))
            weights = open_.weights[head, place, : len(keys)]
            best = weights.argsort(descending=True)[:3].tolist()
            reads = ", ".join(f"{keys[k]} {weights[k]:.3f}" for k in best)
            return text + f"Head {head + 1}: “{words[side][place]}” reads {reads}."
        if kind == "output":
            return text + f"Softmax over {o['vocabulary']:,} logits."
        after = open_.after if layer else open_["after"]
        return text + f"Mean length of a word's vector behind it: {after[:count].norm(dim=-1).mean():.2f}."

    def table(self) -> TextTable:
        side, layer, kind = self.part
        open_, words = self.tensors, self.words[side]
        if isinstance(open_, Attention):
            keys = self.words["encoder" if kind == "cross" else side]
            rows = open_.weights[self.state["head"], : len(words), : len(keys)].tolist()
            return TextTable(
                ["word", *keys], [[w, *(f"{x:.3f}" for x in row)] for w, row in zip(words, rows, strict=True)]
            )
        if kind == "output":
            shown = [[w, "" if np.isnan(s) else f"{s:.2f}", f"{p:.3f}"] for w, s, p in self.next_words]
            return TextTable(["next word", "logit", "probability"], shown)
        given = open_._asdict() if layer else {n: x for n, x in open_.items() if x is not None}
        header, rows = ["word", *(f"length of {n}" for n in given)], []
        for i, word in enumerate(words):
            rows.append([word, *(f"{x[i].norm():.2f}" for x in given.values())])
        return TextTable(header, rows)

    def draw(self, figure) -> None:
        _draw(self, figure)


def model(
    loaded,
    sentence: str,
    *,
    target=None,
    step=None,
    part=None,
    head=0,
    source_word=None,
    target_word=None,
    title="What happens inside, from the sentence to the next word?",
    caption="Every number is this model's own. Ink: how much the lit [query|word] reads each [key|word], a sliver for "
    "each head. Purple: how much a part [output|adds] to a word, full where it is as much as was there; the grey "
    "line is the word's vector, as thick as it is long. Press a part to open it.",
    live=False,
    presenting=None,
):
    """The whole Transformer on one sentence: step through the prediction, open any part, see its tensors.

    loaded: .model (a Transformer) .source .target, as load_checkpoint gives it; sentence: at most 24 tokens.
    target: None, what the model writes greedily; a text: this is fed to the decoder. At most 32 tokens with <bos>.
    step: how many words stand in the decoder, <bos> included; None for all. head: from 0.
    part: "encoder.embedding", "encoder.1.attention", "encoder.1.ffn", …, "encoder.norm", "decoder.embedding",
        "decoder.1.attention", "decoder.1.cross", "decoder.1.ffn", …, "decoder.norm", "decoder.output".
    source_word, target_word: the lit word of either side, the word itself or its place from 0.
    live=True: the reader may type a sentence, and Python answers; it hears `sentence`, `step`, `part`, `head`, …

    Tensors travel as float16, sums and norms of them are made in the browser, scores and heads too; logits as float32.
    Returns a view: .trace (all tensors, exact) .tensors .next_words and what all have.
    Raises ValueError or TypeError that says what was given, what is needed and what to do.
    """
    view = _whole(loaded, sentence, target, step, part, head, source_word, target_word, title, caption, presenting)
    made = shell(view, live)
    if live:
        made.observe(lambda change: _answer(made, loaded, change.new), "sentence")
    return made


def _answer(made, loaded, sentence: str) -> None:
    """What Python does when the reader has typed a sentence."""
    old = made.now
    if sentence == old.options["sentence"]:
        return
    try:
        new = _whole(
            loaded, sentence, None, None, old.state["part"], old.state["head"], None, None, old.title, old.caption,
            old.presenting,
        )  # fmt: skip
    except ValueError as error:
        made.note = str(error)
    else:
        made.replace(new)


def _whole(loaded, sentence, target, step, part, head, source_word, target_word, title, caption, presenting) -> Whole:
    t, c = trace(loaded, sentence, target), loaded.model.config
    if len(t.source_tokens) > MOST_SOURCE or len(t.tokens) > MOST_TARGET:
        raise ValueError(
            f"{len(t.source_tokens)} source tokens and {len(t.tokens)} in the decoder: this view shows up to "
            f"{MOST_SOURCE} and {MOST_TARGET}; choose a shorter sentence"
        )
    arrays = packed(loaded.model, t)
    best, places = t.logits.topk(min(TOP, t.logits.shape[1]))
    arrays |= {"top": best.numpy().astype("<f4").ravel(), "total": t.logits.logsumexp(-1).numpy().astype("<f4")}
    if sum(a.nbytes for a in arrays.values()) > MOST_BYTES:
        raise ValueError(
            f"the tensors of {len(t.source_tokens)} and {len(t.tokens)} tokens with {c.model_size} features take more "
            f"than {MOST_BYTES / 1e6:.1f} MB: choose a shorter sentence or a smaller model"
        )
    order = {s: _parts(s, c.num_layers) for s in ("encoder", "decoder")}
    labels = {p: _label(p) for parts in order.values() for p in parts}
    words = {"encoder": [*map(word_of, t.source_tokens)], "decoder": [*map(word_of, t.tokens)]}
    part = f"decoder.{c.num_layers}.cross" if part is None else part
    state = {
        "step": len(t.tokens) if step is None else whole_number("step", step, 1, len(t.tokens)),
        "part": one_of("part", part, labels),
        "head": whole_number("head", head, 0, c.num_heads - 1),
        "source_word": _place(source_word, words["encoder"], "source_word"),
        "target_word": _place(target_word, words["decoder"], "target_word"),
        "sentence": sentence,
        "note": "",
    }
    steps = {"kind": "range", "name": "step", "label": "words", "digits": 0}
    menu = {"kind": "choice", "name": "part", "label": "open", "options": list(labels), "words": labels, "menu": True}
    heads = {"kind": "choice", "name": "head", "label": "head", "options": list(range(c.num_heads))}
    controls = [
        {**steps, "values": list(range(1, len(t.tokens) + 1))},
        menu,
        {**heads, "words": {h: str(h + 1) for h in range(c.num_heads)}},
    ]
    options = {
        "words": words,
        "order": order,
        "labels": labels,
        "choices": [[word_of(w) for w in loaded.target.tokens(row)] for row in places.tolist()],
        "sentence": sentence,
        "position": c.positions,
        "size": c.model_size,
        "layers": c.num_layers,
        "heads": c.num_heads,
        "shared": c.num_heads // (c.key_heads or c.num_heads),
        "hidden": c.inner_size,
        "norm_first": c.norm_first,
        "activation": c.activation,
        "window": c.window,
        "memory": list(c.reads),
        "vocabulary": t.logits.shape[1],
        "top": best.shape[1],
        "eps": loaded.model.encoder_norm.eps,
    }
    view = Whole(title, caption, arrays, state, controls, options, presenting)
    view.trace = t
    return view


def _parts(side: str, layers: int) -> list[str]:
    kinds = ("attention", "ffn") if side == "encoder" else ("attention", "cross", "ffn")
    inside = [f"{side}.{n + 1}.{kind}" for n in range(layers) for kind in kinds]
    return [f"{side}.embedding", *inside, f"{side}.norm", *(["decoder.output"] if side == "decoder" else [])]


def _label(part: str) -> str:
    side, *layer, kind = part.split(".")
    return ", ".join([" ".join([side, *layer]), NAMES[kind]])


def _place(word, words: list[str], name: str) -> int:
    if word is None:
        return -1
    if isinstance(word, str):
        if word not in words:
            raise ValueError(f"{name} is {word!r}; there are {' '.join(words)}")
        return words.index(word)
    return whole_number(name, word, 0, len(words) - 1)


def _draw(view, figure) -> None:
    """Draws the view at its current state into a matplotlib figure."""
    left, right, below = figure.subplot_mosaic(
        [["encoder", "decoder"], ["next", "next"]], height_ratios=[2.3, 1]
    ).values()
    purple = picture.ink_map(picture.PAPER, tuple(int(picture.COLOURS["output"][i : i + 2], 16) for i in (1, 3, 5)))
    written = {s: _written(view, s) for s in ("encoder", "decoder")}
    for axes, side, mark in ((left, "encoder", "s"), (right, "decoder", "t")):
        (labels, lengths), words = written[side], picture.names(view.options["words"][side], mark)
        lengths[:, len(view.words[side]) :] = np.nan
        axes.imshow(lengths, cmap=purple, vmin=0, vmax=1, aspect="auto")
        words = [w if i < len(view.words[side]) else "" for i, w in enumerate(words)]
        axes.set_xticks(range(len(words)), words, rotation=45, ha="left", fontsize=8)
        axes.set_yticks(range(len(labels)), labels, fontsize=8)
        axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
        axes.set_title(f"{side}: what each part adds", fontsize=9)
        axes.spines[:].set_visible(False)
        if view.part[0] == side and view.part[1]:
            opened = view.options["order"][side].index(view.state["part"]) - 1
            axes.get_yticklabels()[opened].set(weight="bold")
    shown = view.next_words[:6] + view.next_words[-1:]
    names = picture.names([w for w, _, _ in shown], "w")
    bars = below.bar(range(len(shown)), [p for *_, p in shown], color=picture.COLOURS["output"], width=0.6)
    below.bar_label(bars, [f"{p:.3f}" for *_, p in shown], fontsize=8)
    below.set_xticks(range(len(shown)), names, fontsize=8)
    below.set(ylim=(0, 1.15), yticks=[], title="next word")
    below.title.set_fontsize(9)


def _written(view, side: str) -> tuple[list[str], np.ndarray]:
    """How long what a part adds is, compared with what was there: (names of the parts, [parts, words])."""
    names, lengths = [], []
    for n, layer in enumerate(getattr(view.trace, side).layers):
        for kind, part in layer.items():
            names.append(f"{n + 1} {NAMES[kind]}")
            lengths.append((part.written.norm(dim=-1) / part.before.norm(dim=-1)).numpy())
    return names, np.array(lengths)
