"""The cover: a sentence, whom its words attend to, what it becomes in French, and which word decides that.

The picture of every lecture shows whom "it" attends to. `study` changes one word, and then exchanges the encoder's
state of one word after the other between the two sentences: what carries the change is the word to ask. What a reader
types is studied in the page, by the same model.
"""

from typing import NamedTuple

import numpy as np
import torch

from course_kit.arguments import described, string
from course_kit.caching import TransformerState, TransformerWriter, project
from course_kit.checkpoints import Loaded, load_checkpoint
from course_kit.decoding import greedy
from course_kit.heads import attention_weights, silenced
from course_kit.text import BOS
from course_kit.views.live import shell
from course_kit.views.reader_input import options_of
from course_kit.views.table import TextTable
from course_kit.views.view import View
from course_utils.transformer import Transformer

MODEL = "transformer-grammar"
SENTENCE = "The animal didn't cross the street because it was too tired/wide."
OTHERS = (
    "The animal didn't cross the street/bridge because it was too wide.",
    "The cow didn't cross the bridge because it was too tired/narrow.",
    "The trophy didn't fit in the box because it was too big/small.",
)
PRONOUNS = ("il", "elle", "ils", "elles")
SURE = 0.5  # the model means what it writes when it gives it at least so much
HINT = "In French an animal is [output|il], and a street is [output|elle]. "  # to SENTENCE
LAYER, HEAD = 2, 2  # of the encoder, counted from 1
MOST = 24  # words of a sentence


class Study(NamedTuple):
    """Two sentences that differ in one word, s = 0 and 1.

    tokens [s][S] of the source, written [s][T] of the translation; weights [s][S, S] of one head of the encoder;
    place [s]: where the translations differ, in their pronouns if they do, and words [s] there; shares [s][w]: the
    probability of each of the two words after the translation's beginning; moved [s][S]: that of the other sentence's
    word when the state of one source word comes from there; rewritten [s][S]: what is written then; silenced [s]: the
    probability of its own word without that head. Where the translations are alike, or the model is not SURE of its
    words, place and what follows are empty.
    """

    tokens: list[list[str]]
    written: list[list[str]]
    weights: list[np.ndarray]
    place: list[int]
    words: list[str]
    shares: list[list[float]]
    moved: list[list[float]]
    rewritten: list[list[list[str]]]
    silenced: list[float]


class Reading(TransformerWriter):
    """Writes with a Transformer that has read: `states` [B, S, D] are the memory, whatever the source."""

    def __init__(self, model: Transformer, states: torch.Tensor):
        super().__init__(model)
        self.states = states

    def start(self, source: torch.Tensor, source_mask: torch.Tensor | None = None) -> TransformerState:
        read = tuple(project(block.cross_attention, self.states) for block in self.model.decoder)
        return TransformerState(read, None, ())


@torch.no_grad()
def study(loaded: Loaded, sentences: tuple[str, str]) -> Study:
    """What changes between two sentences of the same number of tokens, and which word's state carries it.

    loaded: a Transformer that translates. Raises ValueError for sentences of different lengths.
    """
    model = getattr(loaded, "model", None)
    if not isinstance(model, Transformer) or loaded.source is None:
        raise TypeError(f"model is {described(loaded)}; needed: a Transformer that translates, such as {MODEL!r}")
    ids = [torch.tensor([loaded.source.encode(s)]) for s in sentences]
    if ids[0].shape != ids[1].shape:
        raise ValueError(
            f"the sentences have {ids[0].shape[1]} and {ids[1].shape[1]} tokens; needed: as many, for an exchange"
        )
    memories, weights = [], []
    for source in ids:
        with attention_weights(model) as seen:
            memories.append(model.encode(source))
        weights.append(seen["encoder"][LAYER - 1][0, HEAD - 1].numpy())  # [1, H, S, S] -> [S, S]
    written = [greedy(model, source)[0].ids for source in ids]
    tokens, texts = [loaded.source.cut(s) for s in sentences], [loaded.target.tokens(w) for w in written]
    place, words, shares, moved, rewritten, silent = _difference(texts), [], [], [], [], []
    if place:
        pair = [w[t] for w, t in zip(written, place, strict=True)]
        words = loaded.target.tokens(pair)
        for s, memory in enumerate(memories):
            theirs = memories[1 - s]  # [1, S, D]
            eye = torch.eye(memory.shape[1], dtype=torch.bool)[..., None]  # row i: only word i comes from there
            with silenced(model, [("encoder", LAYER, HEAD)]):
                without = model.encode(ids[s])
            mixed = torch.cat([memory, without, torch.where(eye, theirs, memory)])  # [2 + S, S, D]
            prefix = torch.tensor([[BOS, *written[s][: place[s]]]])
            features = model.decode(prefix.expand(len(mixed), -1), mixed)
            p = model.output(features[:, -1]).softmax(-1)[:, pair]  # [2 + S, 2]
            shares.append(p[0].tolist()), silent.append(p[1, s].item()), moved.append(p[2:, 1 - s].tolist())
            again = greedy(Reading(model, mixed[2:]), ids[s].expand(len(mixed) - 2, -1))
            rewritten.append([loaded.target.tokens(text.ids) for text in again])
        if min(shares[0][0], shares[1][1]) < SURE:
            place, words, shares, moved, rewritten, silent = [], [], [], [], [], []
    return Study(tokens, texts, weights, place, words, shares, moved, rewritten, silent)


def _difference(texts: list[list[str]]) -> list[int]:
    """Where two translations differ: at their pronouns, if each has one and they differ; else at the first word."""
    pronouns = [[t for t, word in enumerate(text) if word in PRONOUNS] for text in texts]
    if all(len(found) == 1 for found in pronouns):
        place = [found[0] for found in pronouns]
        if texts[0][place[0]] != texts[1][place[1]]:
            return place
    first = next((t for t, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), None)
    return [] if first is None else [first, first]


class Cover(View):
    """See `cover`."""

    kind = "cover"
    size = (9.6, 3.2)
    colours = 128  # the word that asks has few pixels

    @property
    def shown(self) -> Study:
        """What is studied, with its weights in float64."""
        size = len(self.options["study"]["tokens"][0])
        weights = self.arrays["weights"].astype(np.float64).reshape(2, size, size)
        return Study(**self.options["study"], weights=list(weights))

    def describe(self) -> str:
        now, at = self.shown, self.state["shown"]
        asker = self.state["asker"]
        row = now.weights[at][asker]
        key = int(row.argmax())
        said = (
            f"“{' '.join(now.tokens[at])}” becomes “{' '.join(now.written[at])}”. In one attention map of the model "
            f"(head {HEAD} of layer {LAYER}) “{now.tokens[at][asker]}” gives {row[key]:.2f} of its attention to "
            f"“{now.tokens[at][key]}”."
        )
        if not now.place or not self.options["swaps"]:
            return said
        (one, other), (p, q) = (now.words[at], now.words[1 - at]), (now.shares[at][at], now.shares[at][1 - at])
        top = int(np.argmax(now.moved[at]))
        most = max(m for i, m in enumerate(now.moved[at]) if i != top)
        asked = now.weights[at][top]
        rest = f"at most {most:.3f}" if most >= 0.0005 else "less than 0.0005"
        word, noun = now.tokens[at][top], now.tokens[at][int(asked.argmax())]
        return (
            f"{said} It writes “{one}” with probability {p:.3f}, “{other}” with {q:.4f}. Which word carries that? "
            f"Replace what the model computed for “{word}” by what it computed for “{now.tokens[1 - at][top]}” in the "
            f"other sentence: “{other}” now gets {now.moved[at][top]:.3f}. Do the same with any other word: “{other}” "
            f"gets {rest}. “{word}” itself gives {asked.max():.2f} of its attention to “{noun}”."
        )

    def table(self) -> TextTable:
        now, at = self.shown, self.state["shown"]
        header = ["word", f"attention of “{now.tokens[at][self.state['asker']]}”"]
        columns = [now.tokens[at], [f"{w:.3f}" for w in now.weights[at][self.state["asker"]]]]
        if now.place and self.options["swaps"]:
            header.append(f"probability of “{now.words[1 - at]}” with this word's list from the other sentence")
            columns.append([f"{m:.3f}" for m in now.moved[at]])
        return TextTable(header, [list(row) for row in zip(*columns, strict=True)])

    def draw(self, figure) -> None:
        from matplotlib.patches import Arc

        from course_kit.views import picture

        now, at, asker = self.shown, self.state["shown"], self.state["asker"]
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set(xlim=(0, 96), ylim=(0, 34))
        words = _spaced(now.tokens[at])
        widths = [1.28 * len(w) + 1.6 for w in words]
        edges = np.cumsum([2, *widths])
        middle = (edges[:-1] + edges[1:]) / 2
        for i, (x, word) in enumerate(zip(middle, words, strict=True)):
            weight = now.weights[at][asker][i]
            axes.text(
                x, 12, word, ha="center", fontsize=14, color=picture.COLOURS["query"] if i == asker else "#1b2430",
                weight="bold" if i == asker or weight > 0.25 else "normal",
            )  # fmt: skip
            if i != asker:
                ink = picture.ink_map()(0.2 + 0.8 * weight)
                reach = abs(x - middle[asker])
                axes.add_patch(Arc(((x + middle[asker]) / 2, 15), reach, min(30, reach * 0.7), theta1=0, theta2=180,
                                   lw=0.6 + 9 * weight, color=ink))  # fmt: skip
            if weight > 0.2 and i != asker:
                axes.text((x + middle[asker]) / 2, 15.7 + min(30, abs(x - middle[asker]) * 0.7) / 2, f"{weight:.2f}",
                          ha="center", fontsize=9, color="#596573")  # fmt: skip
        french = " ".join(_spaced(now.written[at])).replace("' ", "'").replace(" .", ".")
        axes.text(2.6, 5, french, fontsize=14, color="#1b2430")  # the other one is what the reader guesses


def cover(
    sentence: str = SENTENCE,
    *,
    model: str | Loaded = MODEL,
    title="“It” attends to “animal”. Is that why the French says “il”?",
    caption="Arcs: what [query|it] attends to, in one attention map of a translation model that runs in this page.",
    swaps=True,
    live=False,
    presenting=None,
):
    """One living sentence: attention as arcs, the translation, and which word's state decided it.

    sentence: with a slash between two words that are compared, as in "too tired/wide."; model: a Transformer's
    checkpoint that translates; swaps: may a word's list be taken from the other sentence? The reader may type another
    sentence: the same model runs in the page, where its files
    are at hand. live=True: Python hears `shown`, `asker`, `tried`, `turned` and `own`.
    Returns a view: .shown -> Study. Raises ValueError for a sentence without that slash, or of unequal halves.
    """
    loaded = load_checkpoint(model) if isinstance(model, str) else model
    found = study(loaded, halves(sentence))
    tokens = found.tokens[0]
    asker = tokens.index("it") if "it" in tokens else len(tokens) - 1
    seen = " It was trained on the first sentence, too." if any(map(loaded.was_seen, halves(sentence))) else ""
    options = {
        "study": {k: v for k, v in found._asdict().items() if k != "weights"},
        "others": list(OTHERS), "sure": SURE, "layer": LAYER, "head": HEAD, "asker": asker, "pronouns": list(PRONOUNS),
        "hint": HINT if sentence == SENTENCE else "", "swaps": swaps,
        "own": options_of([loaded], sentence, MOST, "Your own sentence, a slash between two words:",
                     f" Shown: head {HEAD} of encoder layer {LAYER}.{seen}"),
    }  # fmt: skip
    state = {"shown": 0, "asker": asker, "tried": [], "turned": False, "own": ""}
    arrays = {"weights": np.stack(found.weights).astype("<f4").ravel()}
    return shell(Cover(title, caption, arrays, state, [{"kind": "button", "name": "reset", "label": "reset"}], options,
                       presenting), live)  # fmt: skip


def halves(sentence: str) -> tuple[str, str]:
    """ "too tired/wide." -> ("too tired.", "too wide."). Raises ValueError for anything but one slash between words."""
    words = string("sentence", sentence).split()
    marked = [i for i, word in enumerate(words) if "/" in word]
    if len(marked) != 1 or words[marked[0]].count("/") != 1 or not all(words[marked[0]].split("/")):
        raise ValueError(f"the sentence is {sentence!r}; needed: one slash between two words, as in “too tired/wide.”")
    one, other = words[marked[0]].split("/")
    end = other[len(other.rstrip(".,!?")) :]
    return tuple(" ".join([*words[: marked[0]], word, *words[marked[0] + 1 :]]) for word in (one + end, other))


def _spaced(tokens: list[str]) -> list[str]:
    return [tokens[0].capitalize(), *tokens[1:]]
