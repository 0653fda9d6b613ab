"""Chapter 3's experiments: how translations go wrong, what is lost when a word is removed, how far a gradient reaches.

`course results seq2seq` records what takes longer than a lesson in data/results/.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_kit import decoding, text
from course_kit.checkpoints import Loaded, load_checkpoint
from course_kit.contexts import evaluating, seeded
from course_kit.decoding.steps import TranslatorState, TranslatorSteps
from course_kit.metrics import bleu
from course_utils.attention import masked_softmax

from .lesson import Example, Lesson

BANDS = 0.2, 0.5, 0.8, 0.95, 1.0  # largest weights up to these


def knocked_out(loaded: Loaded, sentence: str, what: str = "weight") -> list[dict]:
    """What is written when each source word in turn is missing: variants for `labs.alignment`.

    what: "weight", the encoder has read the word but the decoder may not attend to it; "word", it was never there.
    A translation that does not stop is cut after four words more than the whole one has.
    """
    whole = decoding.translate(loaded, sentence, beam=1)[0]
    variants, end = [], len(whole.tokens) + 4
    for place, word in enumerate(whole.source_tokens):
        if what == "word":
            rest = " ".join(whole.source_tokens[:place] + whole.source_tokens[place + 1 :])
            found = decoding.translate(loaded, rest, beam=1)[0]
        else:
            deaf = Loaded(Without(loaded.model, [place]), {}, loaded.source, loaded.target)
            found = decoding.translate(deaf, sentence, beam=1)[0]
        variants.append({"word": place, "tokens": found.tokens[:end], "weights": found.weights[:end], "name": word})
    return variants


class Without(nn.Module):
    """A model that may not attend to some source words. The encoder has read them; a mask before the
    decoder's softmax gives them no weight, and the other words share it out.

    places: positions of source words, from 0: [n], the same for all sentences, or [B, n]
    """

    def __init__(self, model: nn.Module, places):
        super().__init__()
        self.model, self.steps, self.places = model, TranslatorSteps(model), torch.as_tensor(places)
        self.context = self.steps.context
        self.train(model.training)  # what restores this one's mode restores the model's

    def start(self, source: Tensor, source_mask: Tensor | None = None) -> TranslatorState:
        """source [B, K], source_mask [B, K] -> the state before the first word, whose mask is False at the places."""
        state = self.steps.start(source, source_mask)
        rows = self.places.expand(len(source), self.places.shape[-1])
        return state._replace(mask=state.mask.scatter(1, rows, False))

    def step(self, words: Tensor, state: TranslatorState):
        return self.steps.step(words, state)


class Removed(NamedTuple):
    """A source word that was taken away: is the translation the same with the word masked, and with it deleted?"""

    word: str
    masked: bool
    deleted: bool


def survivors(lesson: Lesson, model: nn.Module, least: float, most: float, count: int = 200) -> list[Removed]:
    """What happens to the first `count` test sentences if the decoder may not attend to one word, or if it was never
    there: a word whose largest weight is from `least` to `most`, at another place in each, never the full stop.
    Sentences without such a word are left out."""
    examples = lesson.examples("test")[:count]
    ids = [lesson.source.encode(e.source) for e in examples]
    chosen = []  # (number of the sentence, place of the word, the whole translation)
    with evaluating(model):
        for i, (sentence, whole) in enumerate(zip(ids, decoding.beam_search(model, *text.pad(ids)), strict=True)):
            largest = torch.as_tensor(whole.weights)[:, : len(sentence) - 1].amax(0)  # of each word
            fit = [place for place, weight in enumerate(largest.tolist()) if least <= weight <= most]
            chosen += [(i, fit[i % len(fit)], whole)] if fit else []
        places = [place for _, place, _ in chosen]
        masked = decoding.beam_search(Without(model, [[p] for p in places]), *text.pad([ids[i] for i, _, _ in chosen]))
        deleted = decoding.beam_search(model, *text.pad([ids[i][:p] + ids[i][p + 1 :] for i, p, _ in chosen]))
    return [
        Removed(examples[i].source[place], whole.ids == one.ids, whole.ids == other.ids)
        for (i, place, whole), one, other in zip(chosen, masked, deleted, strict=True)
    ]


def record_masked(count: int = 400) -> dict:
    """Each word of `count` test sentences masked in turn, by its largest weight; data/results/seq2seq_masked.json.

    words: {"all" or a word: for each of the bands, [how often the translation stays the same, of how many]}.
    """
    lesson, loaded = Lesson("en-fr"), load_checkpoint("seq2seq-attention-en-fr-grammar")
    examples = lesson.examples("test")[:count]
    ids, model = [loaded.source.encode(e.source) for e in examples], loaded.model
    with evaluating(model):
        whole = decoding.beam_search(model, *text.pad(ids))
        every = [(i, place) for i, example in enumerate(examples) for place in range(len(example.source))]
        same: list[bool] = []
        for at in range(0, len(every), 200):
            some = every[at : at + 200]
            deaf = Without(model, [[place] for _, place in some])
            found = decoding.beam_search(deaf, *text.pad([ids[i] for i, _ in some]))
            same += [one.ids == whole[i].ids for one, (i, _) in zip(found, some, strict=True)]
    figures = {name: [[0, 0] for _ in BANDS] for name in ("all", "is", "the")}
    for (i, place), stays in zip(every, same, strict=True):
        largest = float(torch.as_tensor(whole[i].weights)[:, place].max())
        band = next(n for n, top in enumerate(BANDS) if largest <= top)
        for name in figures.keys() & {"all", examples[i].source[place]}:
            figures[name][band][0] += stays
            figures[name][band][1] += 1
    return {"seeds": [0], "sentences": count, "bands": list(BANDS), "words": figures}


class Diagonal(nn.Module):
    """No translator, but a baseline for alignments: each target word attends to the source word that is as far along
    its sentence as itself."""

    def forward(self, source: Tensor, target: Tensor, source_mask: Tensor) -> tuple[None, Tensor]:
        """source [B, K], target [B, T] (from <bos> on), source_mask [B, K] -> no logits, weights [B, T, K] of 0 and
        1."""
        ours, theirs = source_mask.sum(1, keepdim=True), (target != text.PAD).sum(1, keepdim=True) - 1  # [B, 1]
        places = (2 * torch.arange(target.shape[1]) + 1) * ours // (2 * theirs)  # [B, T], from the middle of each word
        weights = nn.functional.one_hot(places.clamp(max=source.shape[1] - 1), source.shape[1])  # [B, T, K]
        return None, weights.float()


def misses(lesson: Lesson, model: nn.Module, split: str = "test") -> tuple[float, float, float]:
    """Of the target words that have gold links: the share whose heaviest source word is none of theirs; how much of
    that share goes to a neighbour of the right word; and how much would, if all wrong words were equally likely."""
    linked = missed = near = by_chance = 0
    examples = lesson.examples(split)
    for example, weights in zip(examples, lesson.alignments(model, examples), strict=True):
        for t, heaviest in enumerate(weights.argmax(-1).tolist()):
            right = {s for word, s in example.links | example.possible if word == t}
            linked += bool(right)
            if right and heaviest not in right:
                wrong = set(range(len(example.source))) - right
                beside = {s for s in wrong if min(abs(s - r) for r in right) == 1}
                missed, near, by_chance = missed + 1, near + (heaviest in beside), by_chance + len(beside) / len(wrong)
    return missed / linked, near / max(1, missed), by_chance / max(1, missed)


def pronouns(lesson: Lesson, model: nn.Module) -> tuple[float, float]:
    """Of the test twins: the share in which the French pronoun after "parce qu'" agrees with what "it" is, and the
    share in which it is "il"."""
    twins = lesson.examples("twins")
    written = lesson.write(model, twins)
    right = sum(_agrees(w, e) for w, e in zip(written, twins, strict=True))
    return right / len(twins), sum(_pronoun(w) == ["il"] for w in written) / len(twins)


def pairs_right(lesson: Lesson, model: nn.Module) -> tuple[float, int]:
    """Of the pairs of test twins: the share in which both pronouns agree, and how many pairs there are."""
    twins, pairs = lesson.examples("twins"), {}
    for one, words in zip(twins, lesson.write(model, twins), strict=True):
        pairs.setdefault(one.twin.pair, []).append(_agrees(words, one))
    whole = [all(found) for found in pairs.values() if len(found) == 2]
    return sum(whole) / len(whole), len(whole)


def twins_bleu(lesson: Lesson, model: nn.Module) -> tuple[float, float, float]:
    """BLEU on the test twins: on all, on those with the right pronoun, on the others (0 where there are none)."""
    pairs = list(zip(lesson.write(model, twins := lesson.examples("twins")), twins, strict=True))
    groups = pairs, [p for p in pairs if _agrees(*p)], [p for p in pairs if not _agrees(*p)]
    found = [bleu([w for w, _ in g], [" ".join(e.target) for _, e in g], tokenize="none") if g else 0 for g in groups]
    return float(found[0]), float(found[1]), float(found[2])


def _agrees(written: str, twin: Example) -> bool:
    return _pronoun(written) == [twin.twin.pronoun]


def _pronoun(written: str) -> list[str]:
    """The last "il" or "elle" of a translation; [] if there is none."""
    return [word for word in written.split() if word in ("il", "elle")][-1:]


def reach(lesson: Lesson, model: nn.Module, words: int = 16, count: int = 20) -> Tensor:
    """How much each source word moves the last target word: shares [words] of the gradient of its log-probability.

    A mean over the first `count` test sentences with so many source words; the last word before the full stop.
    """
    shares, read = torch.zeros(words), []
    hook = model.encoder.embedding.register_forward_hook(lambda *heard: read.append(heard[-1]))
    examples = [e for e in lesson.examples("test") if len(e.source) == words][:count]
    for example in examples:
        batch = text.collate([(lesson.source.encode(example.source), lesson.target.encode(example.target))])
        logits = model(batch.source, batch.target_in, batch.source_mask)[0][0, -3]  # then the full stop, then <eos>
        (gradient,) = torch.autograd.grad(logits.log_softmax(-1)[batch.target_out[0, -3]], read.pop())  # [1, words, E]
        size = gradient[0].norm(dim=-1)
        shares += size / size.sum() / len(examples)
    hook.remove()
    return shares


def felt(
    kind: str, length: int = 60, size: int = 32, gain: float | None = 1.0, kept: float = 0.0, seed: int = 0
) -> Tensor:
    """How much of each input the output feels: norms [length] of d(output · v) / d(input), nearest input first.

    kind: "rnn" (tanh, its recurrent matrix an orthogonal one times `gain`; None: PyTorch's own) or "gru" (`kept` is
    added to what its update gates get before the sigmoid: the more, the more of the old state is kept): the output is
    the last state;
    "attention": a weighted mean of that RNN's states, with scaled dot products of the last one as scores. Untrained.
    """
    generator = torch.Generator().manual_seed(seed)
    with seeded(seed):
        cell = (nn.GRU if kind == "gru" else nn.RNN)(size, size, batch_first=True)
        if kind == "gru":
            cell.bias_ih_l0.data[size : 2 * size] += kept
        elif gain is not None:
            nn.init.orthogonal_(cell.weight_hh_l0, gain)
    inputs = (0.1 * torch.randn(16, length, size, generator=generator)).requires_grad_()
    states, _ = cell(inputs)
    output = states[:, -1]
    if kind == "attention":
        output = (masked_softmax(states[:, -1:] @ states.mT / size**0.5) @ states)[:, 0]
    (gradient,) = torch.autograd.grad((output * torch.randn(size, generator=generator)).sum(), inputs)
    return gradient.norm(dim=-1).mean(0).flip(0).detach()
