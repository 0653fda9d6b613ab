"""The guided descent: one word of a translation from its embedding to its probability, in five scenes on one stage.

Every number comes from one pass of the model (`trace`); `study` takes from it what the scenes need for one word and one
head of cross-attention. The page derives the rest, and takes the same numbers from the model in the page when the
reader chooses another word, layer or head.
"""

from typing import NamedTuple

import numpy as np
import torch

from course_kit.checkpoints import Loaded, load_checkpoint
from course_kit.views.live import shell
from course_kit.views.reader_input import answered
from course_kit.views.table import TextTable
from course_kit.views.translation import whole
from course_kit.views.view import View

from .trace import Trace, trace

MODEL = "transformer-grammar"
SENTENCE = "The animal didn't cross the street because it was too tired."
MOST_SOURCE, MOST_WRITTEN, RIVALS = 16, 24, 6  # words on the stage, and the most probable ones of the last scene
SCENES = {
    "word to vector": 4,
    "query meets keys": 6,
    "scores to weights": 4,
    "average of values": 3,
    "heads to word": 5,
}  # each with its number of steps
LAST = sum(SCENES.values()) - 1
ASKS = 2  # up to this scene the shares are what the reader guesses
SUB_LAYERS = ("self-attention", "cross-attention", "feed-forward")


class Study(NamedTuple):
    """One word (s, counted from 1) and one head of cross-attention. D features, d of them in the head, S source words.

    numbers: name -> array, all that the page needs. token, position [D]; added [3 L, D]: what each sub-layer of the
    decoder writes; norm [2, D]: gain and shift before the cross-attention; query, key, value [d, D], with _bias [d];
    memory [S, D]; means [D]: all heads' means of their values; by_head [H, D]: what each adds through W_O, out_bias;
    last_norm [2, D]; rows [R, D], rows_bias [R]: the output vectors of `rivals`; total [1]: log Σ exp of all logits.
    stops: the most probable word and its probability, had the decoder stopped after its input, or after a sub-layer.
    """

    numbers: dict[str, np.ndarray]
    rivals: list[str]
    stops: list[tuple[str, float]]


@torch.no_grad()
def study(loaded: Loaded, traced: Trace, word: int, layer: int, head: int) -> Study:
    """The numbers of a descent. word: its place in the translation; layer, head: of the cross-attention, from 1."""
    model, at = loaded.model, word - 1
    block, of = model.decoder[layer - 1], traced.decoder
    part, module = of.layers[layer - 1]["cross"], block.cross_attention
    size = model.config.size // module.heads
    mine = slice((head - 1) * size, head * size)
    added = torch.stack([one.written[at] for layer_ in of.layers for one in layer_.values()])  # [3 L, D]
    states = torch.cat([of.layers[0]["attention"].before[at][None], added]).cumsum(0)  # [1 + 3 L, D]
    early = model.output(model.decoder_norm(states)).softmax(-1)  # [1 + 3 L, V]
    means = part.heads[:, at]  # [H, d]
    cut = module.out.weight.unflatten(1, (module.heads, -1))  # [D, H, d]
    _, rivals = traced.logits[at].topk(RIVALS)
    numbers = {
        "token": of.token[at], "position": of.position[at], "added": added,
        "norm": _norm(block.around_cross.norm), "memory": traced.encoder.normed, "means": means.flatten(),
        "by_head": torch.einsum("ohd,hd->ho", cut, means), "out_bias": module.out.bias,
        "last_norm": _norm(model.decoder_norm), "rows": model.output.weight[rivals],
        "rows_bias": model.output.bias[rivals], "total": traced.logits[at].logsumexp(-1)[None],
    }  # fmt: skip
    for name in ("query", "key", "value"):
        projection = getattr(module, name)
        numbers |= {name: projection.weight[mine], f"{name}_bias": projection.bias[mine]}
    best = early.max(-1)
    stops = list(zip(loaded.target.tokens(best.indices.tolist()), best.values.tolist(), strict=True))
    arrays = {name: np.ascontiguousarray(x.numpy(), "<f4") for name, x in numbers.items()}
    for name, x in arrays.items():  # trained weights are stored in half precision: nothing is lost
        half = np.clip(x, -65504, 65504).astype("<f2")
        arrays[name] = half if (half.astype("<f4") == x).all() else x
    return Study(arrays, loaded.target.tokens(rivals.tolist()), stops)


def _norm(norm) -> torch.Tensor:
    return torch.stack([norm.weight, norm.bias])


class Descent(View):
    """See `descent`, which makes it."""

    kind = "descent"
    loaded: Loaded
    trace: Trace

    @property
    def scene(self) -> int:
        """The scene of the step, from 1."""
        ends = np.cumsum(list(SCENES.values()))
        return int(np.searchsorted(ends, self.state["step"], side="right")) + 1

    @property
    def part(self):
        """The cross-attention that is shown: a trace.Attention."""
        return self.trace.decoder.layers[self.state["layer"] - 1]["cross"]

    @property
    def scores(self) -> np.ndarray:
        """Of the word's query with each source word's key, divided by √d, [S]."""
        return self.part.scores[self.state["head"] - 1, self.state["word"] - 1].double().numpy()

    @property
    def shares(self) -> np.ndarray:
        """The attention weights, [S]: softmax of the scores."""
        return self.part.weights[self.state["head"] - 1, self.state["word"] - 1].double().numpy()

    @property
    def next_words(self) -> list[tuple[str, float, float]]:
        """(word, logit, probability) of the most probable words."""
        logits = self.trace.logits[self.state["word"] - 1]
        best = logits.topk(RIVALS)
        words = self.loaded.target.tokens(best.indices.tolist())
        return list(zip(words, best.values.tolist(), logits.softmax(-1)[best.indices].tolist(), strict=True))

    @property
    def stops(self) -> list[tuple[str, str, float]]:
        """(after what, most probable word, probability), had the decoder stopped there."""
        found = study(self.loaded, self.trace, self.state["word"], self.state["layer"], self.state["head"]).stops
        return [(name, *stop) for name, stop in zip(self.options["names"], found, strict=True)]

    def describe(self) -> str:
        state, words = self.state, self.trace.source_tokens
        (word, logit, p), (other, _, q), *_ = self.next_words
        if self.scene <= ASKS:
            return (
                f"The decoder has written “{self.trace.tokens[state['word'] - 1]}” and is about to write “{word}”. "
                f"Which of the words {', '.join(words)} gets most from head {state['head']} of layer {state['layer']}?"
            )
        best = self.shares.argsort()[::-1][:2]
        read = " and ".join(f"“{words[i]}” (score {self.scores[i]:z.2f}, share {self.shares[i]:.3f})" for i in best)
        return (
            f"The decoder has written “{self.trace.tokens[state['word'] - 1]}” and is about to write “{word}”. "
            f"In head {state['head']} of layer {state['layer']} its query gets most from {read}. At the end “{word}” "
            f"has a logit of {logit:z.2f} and a probability of {p:.3f}, “{other}” one of {q:.4f}."
        )

    def table(self) -> TextTable:
        if self.scene == len(SCENES):
            rows = [[name, word, f"{p:.3f}"] for name, word, p in self.stops]
            return TextTable(["if it stopped after", "most probable word", "probability"], rows)
        numbers = zip(self.trace.source_tokens, self.scores, self.shares, strict=True)
        return TextTable(["word", "score", "share"], [[word, f"{s:z.3f}", f"{w:.3f}"] for word, s, w in numbers])


def descent(
    sentence: str = SENTENCE,
    *,
    model: str | Loaded = MODEL,
    word: str | int | None = None,
    layer: int | None = None,
    head: int = 1,
    step: int = 0,
    title=None,
    live=False,
):
    """One word of a translation, from its embedding to its probability, in five scenes with a press for each step.

    sentence: up to 16 tokens; model: a Transformer that translates, pre-norm, with positions that are added.
    word: the word about to be written, or its place in the translation from 1; None: its last but two.
    layer, head: of the decoder's cross-attention, from 1; None: the last layer. step: from 0 to 21.
    The page computes any other word, layer and head with the same model, and another sentence, where its files are at
    hand.
    live=True: Python hears `word`, `layer`, `head`, `step` and `free`.

    Returns a view: .trace (every tensor), .scores, .shares, .next_words, .stops and what all views have.
    Raises ValueError or TypeError that says what was given, what is needed and what to do.
    """
    loaded = load_checkpoint(model) if isinstance(model, str) else model
    traced = trace(loaded, sentence)
    config = loaded.model.config
    if len(traced.source_tokens) > MOST_SOURCE or len(traced.tokens) > MOST_WRITTEN:
        raise ValueError(
            f"{len(traced.source_tokens)} source tokens and {len(traced.tokens)} in the decoder: the stage has room "
            f"for {MOST_SOURCE} and {MOST_WRITTEN}; choose a shorter sentence"
        )
    place, layers = _place(word, traced.next), config.layers
    layer = layers if layer is None else layer
    for name, value, most in (("layer", layer, layers), ("head", head, config.heads)):
        if whole(value, most, name) < 1:
            raise ValueError(f"{name} is {value}; needed: from 1 to {most}")
    found = study(loaded, traced, place, layer, head)
    state = {"word": place, "layer": layer, "head": head, "step": whole(step, LAST, "step"), "free": False}
    pairs = zip(traced.next, traced.tokens, strict=True)
    written = {i: f"{w} (after {before})" if i > 1 else w for i, (w, before) in enumerate(pairs, 1)}
    menu = {"options": list(written), "words": written, "menu": True}
    controls = [
        {"kind": "choice", "name": "word", "label": "next word", **menu},
        {"kind": "choice", "name": "layer", "label": "layer", "options": list(range(1, layers + 1))},
        {"kind": "choice", "name": "head", "label": "head", "options": list(range(1, config.heads + 1))},
    ]
    names = ["the input", *(f"{kind} {n + 1}" for n in range(layers) for kind in SUB_LAYERS)]
    options = {
        "names": names, "sentence": sentence,
        "source": traced.source_tokens, "written": traced.tokens, "next": traced.next,
        "ids": [2, *loaded.target.encode(traced.tokens[1:])], "size": config.size, "heads": config.heads,
        "vocabulary": len(loaded.target), "rivals": found.rivals, "stops": found.stops,
        "eps": loaded.model.decoder_norm.eps, "asks": title is None, "waves": True,
    }  # fmt: skip
    title = f"How does a Transformer come to write “{traced.next[place - 1]}”?" if title is None else title
    arrays = {name: x.ravel() for name, x in found.numbers.items()}
    view = Descent(title, "", arrays, state, controls, options)
    view.loaded, view.trace = loaded, traced
    return shell(answered(view, loaded, sentence, MOST_SOURCE, longest=MOST_WRITTEN - 1, title=title, caption=""), live)


def _place(word, words: list[str]) -> int:
    if word is None:
        return max(1, len(words) - 2)
    if isinstance(word, str):
        if word not in words:
            raise ValueError(f"word is {word!r}; the model writes {' '.join(words)}")
        return words.index(word) + 1
    if whole(word, len(words), "word") < 1:
        raise ValueError(f"word is {word}; needed: from 1, the first word")
    return int(word)
