"""The guided descent: one word of a translation from its embedding to its probability, in five scenes on one stage.

Every number comes from one pass of the model (`read`); `study` takes from it what the scenes need for one word and one
head of cross-attention. The page derives the rest, and takes the same numbers from the model in the page when the
reader chooses another word, layer or head.
"""

from contextlib import ExitStack
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from course_kit.checkpoints import Loaded
from course_kit.contexts import evaluating
from course_kit.decoding import translate
from course_kit.heads import attention_weights
from course_kit.i18n import mark, t
from course_kit.programs.arguments import one_of, string, whole_number
from course_kit.text import BOS
from course_kit.views.reader_input import answered
from course_kit.views.table import TextTable
from course_kit.views.view import Control, View, in_class
from course_utils.transformer import Transformer

MOST_SOURCE, MOST_WRITTEN, RIVALS = 16, 24, 6  # words on the stage, and the most probable ones of the last scene
SUB_LAYERS = ("self-attention", "cross-attention", "feed-forward")


class Reading(NamedTuple):
    """One pass over S source tokens and the T that the decoder reads; D features, L decoder layers, V words.

    source [S], tokens [T] from <bos> on, next [T]: the most probable word behind each; token [T, D], the embeddings
    times √D; states [1 + 3 L, T, D]: the decoder's input, and the residual stream after each sub-layer; memory [S, D];
    means [L, T, D]: the means of values of all heads of a cross-attention; weights [L, H, T, S]; logits [T, V].
    """

    source: list[str]
    tokens: list[str]
    next: list[str]
    token: Tensor
    states: Tensor
    memory: Tensor
    means: Tensor
    weights: Tensor
    logits: Tensor


@torch.no_grad()
def read(loaded: Loaded, sentence: str) -> Reading:
    """A sentence and its greedy translation. Raises TypeError for a model that is no Transformer."""
    model = loaded.model
    if not isinstance(model, Transformer):
        raise TypeError(f"the model is a {type(model).__name__}; needed: a Transformer")
    ids = loaded.source.encode(string("sentence", sentence))
    if not ids:
        raise ValueError(f"{sentence!r} holds no word: give a sentence")
    written = [BOS, *loaded.target.encode(translate(loaded, sentence, beam=1)[0].tokens)]
    source, target = torch.tensor([ids]), torch.tensor([written])
    states: list[Tensor] = []
    means: list[Tensor] = []
    with evaluating(model), attention_weights(model) as weights, ExitStack() as hooks:
        token = model.target_embedding(target) * model.config.size**0.5
        states.append(model.target_positions(token)[0])
        for block in model.decoder:
            for part in (block.around_attention, block.around_cross, block.around_ffn):
                hooks.callback(part.register_forward_hook(lambda *call: states.append(call[-1][0])).remove)  # type: ignore[union-attr]
            out = block.cross_attention.out  # type: ignore[union-attr]
            hooks.callback(out.register_forward_pre_hook(lambda _, given: means.append(given[0][0])).remove)  # type: ignore[union-attr]
        memory = model.encode(source)
        logits = model.output(model.decode(target, memory))[0]
        maps = torch.cat(weights["cross"])  # type: ignore[arg-type]
    words = loaded.target.tokens
    return Reading(
        *(loaded.source.tokens(ids), words(written), words(logits.argmax(-1).tolist())),
        *(token[0], torch.stack(states), memory[0], torch.stack(means), maps, logits),
    )


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
def study(loaded: Loaded, reading: Reading, word: int, layer: int, head: int) -> Study:
    """The numbers of a descent. word: its place in the translation; layer, head: of the cross-attention, from 1."""
    model, at = loaded.model, word - 1
    block = model.decoder[layer - 1]
    module = block.cross_attention
    size = model.config.size // module.heads
    mine = slice((head - 1) * size, head * size)
    states = reading.states[:, at]  # [1 + 3 L, D]
    early = model.output(model.decoder_norm(states)).softmax(-1)  # [1 + 3 L, V]
    means = reading.means[layer - 1, at].unflatten(0, (module.heads, -1))  # [H, d]
    cut = module.out.weight.unflatten(1, (module.heads, -1))  # [D, H, d]
    logits = reading.logits[at]
    _, rivals = logits.topk(RIVALS)
    numbers = {
        "token": reading.token[at], "position": states[0] - reading.token[at], "added": states.diff(dim=0),
        "norm": _norm(block.around_cross.norm), "memory": reading.memory, "means": means.flatten(),
        "by_head": torch.einsum("ohd,hd->ho", cut, means), "out_bias": module.out.bias,
        "last_norm": _norm(model.decoder_norm), "rows": model.output.weight[rivals],
        "rows_bias": model.output.bias[rivals], "total": logits.logsumexp(-1)[None],
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


def _norm(norm: nn.LayerNorm) -> Tensor:
    return torch.stack([norm.weight, norm.bias])


class Descent(View):
    """See `descent`, which makes it."""

    kind = "descent"
    reading: Reading

    def describe(self) -> str:
        at, reading = self.state["word"] - 1, self.reading
        return t(
            "The decoder has written “{tokens}” and is about to write “{next}”. Which of the words {source} gets "
            "most from head {state} of layer {state2}?",
            tokens=reading.tokens[at],
            next=reading.next[at],
            source=", ".join(reading.source),
            state=self.state["head"],
            state2=self.state["layer"],
        )

    def table(self) -> TextTable:
        """The attention weight of each source word."""
        layer, head, word = (self.state[name] - 1 for name in ("layer", "head", "word"))
        shares = self.reading.weights[layer, head, word].tolist()
        rows = [[word, f"{share:.3f}"] for word, share in zip(self.reading.source, shares, strict=True)]
        return TextTable([t("word"), t("share")], rows)


def descent(sentence: str, *, model: Loaded, word: str, layer: int, head: int) -> Descent:
    """One word of a translation, from its embedding to its probability, in five scenes with a press for each step.

    sentence: up to 16 tokens; model: a Transformer that translates, pre-norm, with positions that are added; word: the
    one about to be written; layer, head: of the decoder's cross-attention, from 1. The page computes any other word,
    layer and head with the same model, and another sentence, where its files are at hand.

    Returns a view: .reading (every tensor), and what all views have.
    Raises ValueError or TypeError that says what was given, what is needed and what to do.
    """
    reading, config = read(model, sentence), model.model.config
    source, written, following = reading.source, reading.tokens, reading.next
    if len(source) > MOST_SOURCE or len(written) > MOST_WRITTEN:
        raise ValueError(
            f"{len(source)} source tokens and {len(written)} in the decoder: the stage has room for {MOST_SOURCE} and "
            f"{MOST_WRITTEN}; choose a shorter sentence"
        )
    place, layers = following.index(one_of("word", word, following)) + 1, config.layers
    whole_number("layer", layer, 1, layers), whole_number("head", head, 1, config.heads)
    found = study(model, reading, place, layer, head)
    pairs = zip(following, written, strict=True)
    names = {i: t("{w} (after {before})", w=w, before=before) if i > 1 else w for i, (w, before) in enumerate(pairs, 1)}
    controls: list[Control] = [
        {
            "kind": "choice",
            "name": "word",
            "label": t("next word"),
            "options": list(names),
            "words": names,
            "menu": True,
        },
        {"kind": "choice", "name": "layer", "label": mark("layer"), "options": list(range(1, layers + 1))},
        {"kind": "choice", "name": "head", "label": t("head"), "options": list(range(1, config.heads + 1))},
    ]
    options = {
        "names": [t("the input"), *(f"{kind} {n + 1}" for n in range(layers) for kind in SUB_LAYERS)],
        "sentence": sentence, "source": source, "written": written, "next": following,
        "ids": [BOS, *model.target.encode(written[1:])], "size": config.size, "heads": config.heads,
        "vocabulary": len(model.target), "rivals": found.rivals, "stops": found.stops,
        "eps": model.model.decoder_norm.eps,
    }  # fmt: skip
    title = t("How does a Transformer come to write “{word}”?", word=word)
    state = {"word": place, "layer": layer, "head": head, "step": 0, "free": False}
    view = Descent(title, "", {name: x.ravel() for name, x in found.numbers.items()}, state, controls, options)
    view.reading = reading
    in_class(view)  # 21 steps: → goes on, Tab and Enter lead into it
    return answered(view, model, sentence, MOST_SOURCE, longest=MOST_WRITTEN - 1, title=title, caption="")
