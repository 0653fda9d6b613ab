"""The cover: a sentence, what its words attend to, and what it becomes in French with attention and without.

Without: all heads of the encoder's self-attention are silenced, so that each word's list of numbers (its state) is
made from this word and its position alone. The decoder, and with it the cross-attention, stays as it is. Then one word
after the other gets the list back that attention made: which of them brings the French back? What a reader types is
studied in the page, by the same model.
"""

import json
from typing import NamedTuple

import numpy as np
import torch

from course_kit.checkpoints import Loaded, folder, load_checkpoint
from course_kit.decoding import beam_search
from course_kit.decoding.steps import TransformerState, TransformerSteps
from course_kit.heads import attention_weights, heads_of, silenced
from course_kit.i18n import mark, sentences, t
from course_kit.text import BOS, EOS
from course_kit.views.reader_input import options_of
from course_kit.views.table import TextTable
from course_kit.views.view import Control, View, in_class
from course_utils.transformer import Transformer

MODEL = "transformer-grammar"
LARGER = "transformer-en-fr"
COW = "The cow didn't cross the bridge because it was too tired."
ANIMAL = "The animal didn't cross the street because it was too tired."
GENDERS = {  # by sentence
    COW: mark("In French a cow is [output|elle], and a bridge is [output|il]."),
    ANIMAL: mark("In French an animal is [output|il], and a street is [output|elle]."),
}
NOTES = {  # in the picture: what the arcs show
    COW: mark("[query|it] gives most to “bridge”, and yet [output|elle] is the cow."),
    ANIMAL: mark("[query|it] gives most to “animal”, and [output|il] is the animal."),
}
NAMES = {COW: "cow … tired", ANIMAL: "animal … tired"}  # of the choice between them
PRONOUNS = ("il", "elle", "ils", "elles", "c'")
LAYER, HEAD = 2, 2  # of the encoder, counted from 1
MOST = 24  # words of a sentence
DEEP, LONG = 16, 23  # words of one that leads into the model (the descent of chapter 5), and of its translation
OWN = "The cat sleeps on the old chair because it is tired."  # stands in the field


class Study(NamedTuple):
    """One sentence with attention (0) and without (1).

    tokens [S] of the source, weights [S, S] of one head, written [2][T]: the translations; place: of the French word
    in question: the pronoun, else the first that differs, else the word that becomes least sure; words: this word, and
    the one that is most probable instead; shares [2][2]: their probabilities, given the French before them; given [S]:
    that of the first if the list of one source word alone is made with attention; rewritten [S][T]: what is written
    then.
    """

    tokens: list[str]
    weights: np.ndarray
    written: list[list[str]]
    place: int
    words: list[str]
    shares: list[list[float]]
    given: list[float]
    rewritten: list[list[str]]


class Reading(TransformerSteps):
    """A Transformer that has read: `states` [B, S, D] are the memory, whatever the source."""

    def __init__(self, model: Transformer, states: torch.Tensor):
        super().__init__(model)
        self.states = states

    def start(self, source: torch.Tensor, source_mask: torch.Tensor | None = None) -> TransformerState:
        return self.begin(self.states)


@torch.no_grad()
def study(loaded: Loaded, sentence: str) -> Study:
    """What attention does for the translation of a sentence, by a Transformer that translates."""
    model, source = loaded.model, torch.tensor([loaded.source.encode(sentence)])
    with attention_weights(model) as seen:
        with_it = model.encode(source)  # [1, S, D]
    weights = seen["encoder"][LAYER - 1][0, HEAD - 1].numpy()  # type: ignore[index]  # [1, H, S, S] -> [S, S]
    with silenced(model, heads_of(model, "encoder")):
        without = model.encode(source)
    eye = torch.eye(source.shape[1], dtype=torch.bool)[..., None]  # row i: word i alone has its list with attention
    memories = torch.cat([with_it, without, torch.where(eye, with_it, without)])  # [2 + S, S, D]
    said = [one.ids for one in beam_search(Reading(model, memories), source.expand(len(memories), -1))]
    first = said[0] + [EOS]
    p = model.output(model.decode(torch.tensor([[BOS, *said[0]]]).expand(len(memories), -1), memories)).softmax(-1)
    texts = [loaded.target.tokens(one) for one in said]
    sure = p[:2, range(len(first)), first]  # [2, T]
    place = _place(first, said[1] + [EOS], texts[0], (sure[0] - sure[1]).tolist())
    word = first[place]
    rivals = p[1, place].clone()
    rivals[word] = -1
    pair = [word, int(rivals.argmax())]
    p = p[:, place, pair].tolist()  # [2 + S][2]
    words = [t("(the end)") if one == EOS else loaded.target.tokens([one])[0] for one in pair]
    return Study(loaded.source.cut(sentence), weights, texts[:2], place, words, p[:2], [q for q, _ in p[2:]], texts[2:])


def _place(one: list[int], other: list[int], words: list[str], fall: list[float]) -> int:
    """The place of the pronoun; without one the first where two translations differ, or where p falls most."""
    differing = [n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b]
    pronouns = [n for n, word in enumerate(words) if word in PRONOUNS]
    return [*pronouns, *differing[:1], int(np.argmax(fall))][0]


class Cover(View):
    """See `cover`."""

    kind = "cover"
    wording = View.wording | {"note"}

    @property
    def shown(self) -> Study:
        """What is studied, with its weights in float64."""
        studies, text = self.options["studies"], self.state["sentence"]
        told, weights = studies[text], self.arrays[f"weights{list(studies).index(text)}"].astype(np.float64)
        size = len(told["tokens"])
        return Study(
            **{name: told[name] for name in Study._fields if name != "weights"}, weights=weights.reshape(size, size)
        )

    def describe(self) -> str:
        now = self.shown
        row = now.weights[now.tokens.index("it")]
        return t(
            "“{tokens}” becomes “{list}”. In one attention map of the model (head {HEAD} of layer {LAYER}) “it” "
            "gives {max} of its attention to “{tokens2}”.",
            tokens=" ".join(now.tokens),
            list=" ".join(now.written[0]),
            HEAD=HEAD,
            LAYER=LAYER,
            max=f"{row.max():.2f}",
            tokens2=now.tokens[row.argmax()],
        )

    def table(self) -> TextTable:
        now = self.shown
        header = [t("word"), t("attention of “it”")]
        columns = [now.tokens, [f"{w:.3f}" for w in now.weights[now.tokens.index("it")]]]
        if self.options["lists"]:
            header.append(t("probability of “{words}” with attention for this word alone", words=now.words[0]))
            columns.append([f"{p:.3f}" for p in now.given])
        return TextTable(header, [list(row) for row in zip(*columns, strict=True)])


def cover(
    *,
    title: str = mark("What does attention do for this translation?"),
    caption: str = mark("What [query|it] attends to, in one of twelve such pictures of a translation model."),
    lists: bool = True,
) -> Cover:
    """The course's two sentences, one of them shown: attention as arcs, the translation with attention and without.

    lists: can one word at a time get its list back? The reader may type another sentence: the same model runs in the
    page, where its files are at hand. Returns a view: .shown -> Study.
    """
    loaded = load_checkpoint(MODEL)
    studies: dict[str, dict] = {}
    arrays = {}
    for text, hint in GENDERS.items():
        found = study(loaded, text)
        arrays[f"weights{len(studies)}"] = found.weights.astype("<f4").ravel()
        told = {name: value for name, value in found._asdict().items() if name != "weights"}
        studies[text] = told | {"asker": found.tokens.index("it"), "hint": t(hint), "note": t(NOTES[text])}
    seen = t("It was trained on the first sentence, too.") if loaded.was_seen(COW) else ""
    options = {
        "studies": studies, "layer": LAYER, "head": HEAD, "pronouns": list(PRONOUNS), "lists": lists,
        "own": options_of(
            [loaded], OWN, MOST, larger=_larger(),
            note=sentences(t("Shown: head {head} of encoder layer {layer}.", head=HEAD, layer=LAYER), seen),
        ),
        "door": options_of([loaded], COW, DEEP, longest=LONG, caption=""),
    }  # fmt: skip
    state = {"sentence": COW, "attention": "on", "asker": -1, "tried": []}
    controls: list[Control] = [
        {"kind": "choice", "name": "attention", "label": t("attention"), "options": ["on", "off"]},
        {"kind": "choice", "name": "sentence", "label": t("sentence"), "options": list(studies), "words": NAMES},
        {"kind": "button", "name": "reset", "label": t("reset")},
    ]
    return in_class(Cover(title, caption, arrays, state, controls, options), "attention")


def _larger() -> dict:
    """What the field says of a model that was trained on other people's sentences: of its card alone, to be quick."""
    card = json.loads((folder() / f"{LARGER}.json").read_text(encoding="utf-8"))
    size = f"{card['weights']['bytes'] / 1e6:.0f} MB"
    about = t(
        "{LARGER}, trained on {card} sentence pairs of tatoeba.org. Reads any word, in pieces; BLEU {card2} on "
        "unseen sentences of theirs.",
        LARGER=LARGER,
        card=f"{card['data']['train_pairs']:,}",
        card2=f"{card['metrics']['test_bleu_beam_1']:.0f}",
    )
    return {"name": LARGER, "label": t("ask a larger one ({size})", size=size), "about": about}
