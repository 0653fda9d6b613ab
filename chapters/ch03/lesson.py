"""A translation lesson on our own corpus: sentences, vocabularies, training, and all that is measured of a model.

lesson = Lesson("en-fr")
model = lesson.model(attention=True)
lesson.train(model, steps=400)
lesson.bleu(model), lesson.alignment_error(model)
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_kit import decoding, metrics, text
from course_kit.checkpoints import Loaded, sentence_hashes
from course_kit.contexts import evaluating, seeded
from course_kit.data import parallel
from course_kit.heads import attention_weights
from course_kit.training import fit, warm_then_fall
from course_utils.loss import masked_loss
from course_utils.seq2seq import AttentiveDecoder, Decoder, Encoder, Translator

THREADS = 10  # times more that the course's own threads come in a pass through the training sentences


class Example(NamedTuple):
    """A pair of sentences, lower-cased. links: gold alignment, a set of (target word, source word), from 0; possible:
    links that an annotator might set as well."""

    source: tuple[str, ...]
    target: tuple[str, ...]
    links: frozenset
    kind: str
    twin: parallel.Twin | None = None
    possible: frozenset = frozenset()


class Words(text.Vocabulary):
    """Words cut as our corpus cuts them, in lower case."""

    language = "en"

    def cut(self, sentence: str | Sequence[str]) -> list[str]:
        """The tokens of a sentence, known or not."""
        return [
            w.lower() for w in (parallel.tokenize(sentence, self.language) if isinstance(sentence, str) else sentence)
        ]


class Lesson:
    """Everything a translation lesson needs of our own corpus: sentences, vocabularies, batches, measurements.

    pair: "en-fr" or another of `data.parallel`; tokens: in a batch. No held-out source sentence was trained on.
    """

    def __init__(self, pair: str = "en-fr", tokens: int = 1000):
        self.pair, self._examples = pair, {}
        train = self.examples("train")
        self.source, self.target = (
            Words.build(side) for side in zip(*((e.source, e.target) for e in train), strict=True)
        )
        self.source.language, self.target.language = pair.split("-")
        often = train + THREADS * [e for e in train if e.kind == "thread"]
        ids = [(self.source.encode(e.source), self.target.encode(e.target)) for e in often]
        self.batches = text.Batches(ids, tokens)
        printed = [parallel.detokenize(e.source, pair[:2]) for e in train]
        self.seen = sentence_hashes([" ".join(e.source) for e in train] + printed)

    def examples(self, split: str) -> list[Example]:
        """The sentences of a split: train, valid, test, long, unseen or twins."""
        if split not in self._examples:
            self._examples[split] = [_example(pair) for pair in parallel.load_parallel(self.pair, split)]
        return self._examples[split]

    def __getstate__(self) -> dict:
        return vars(self) | {"_examples": {}}  # read again where needed: no part of what the lesson is

    def model(self, seed: int = 0, attention: bool = True, size: int = 128) -> Translator:
        """A fresh Translator of the page for this corpus. The global random state is left alone."""
        decoder = AttentiveDecoder if attention else Decoder
        with seeded(seed):
            return Translator(Encoder(len(self.source), size), decoder(len(self.target), size))

    def train(self, model: nn.Module, steps: int, seed: int = 0, show: bool = False, **options):
        """fit() with the settings of the lesson -> Run. options: any of fit's."""
        settings = {"lr": 1e-2, "clip": 1.0, "schedule": warm_then_fall(steps)} | options
        return fit(model, self.batches, loss, steps=steps, seed=seed, show=show, **settings)

    def translate(self, model: nn.Module, sentences: str | Sequence[str], beam: int = 1) -> list[decoding.Translation]:
        """`decoding.translate` with a model trained here; greedy unless a beam is asked for."""
        return decoding.translate(self.loaded(model), sentences, beam=beam)

    def loaded(self, model: nn.Module) -> Loaded:
        """A model trained here in the form of a checkpoint, as `decoding.translate` takes it."""
        return Loaded(model, {}, self.source, self.target, seen=self.seen)

    def write(self, model: nn.Module, examples: Sequence[Example]) -> list[str]:
        """Greedy translations, words joined by spaces, in the order of the examples."""
        written = [""] * len(examples)
        order = sorted(range(len(examples)), key=lambda i: len(examples[i].source))
        with evaluating(model):
            for at in range(0, len(order), 128):
                rows = order[at : at + 128]
                ids, mask = text.pad([self.source.encode(examples[i].source) for i in rows])
                longest = (2 * mask.sum(1) + 10).tolist()
                for i, found in zip(rows, decoding.beam_search(model, ids, mask, longest), strict=True):
                    written[i] = " ".join(self.target.tokens(found.ids))
        return written

    def bleu(self, model: nn.Module, split: str = "test", count: int | None = None) -> float:
        """Corpus BLEU of greedy translations, 0–100, on the first `count` sentences of a split."""
        examples = self.examples(split)[:count]
        references = [" ".join(e.target) for e in examples]
        return float(metrics.bleu(self.write(model, examples), references, tokenize="none"))

    @torch.no_grad()
    def alignments(self, model: nn.Module, examples: Sequence[Example]) -> list[Tensor]:
        """Weights [target words, source words] for each example, given the right words so far (teacher forcing)."""
        found: list[Tensor] = []
        for rows, batch in in_batches(self.loaded(model), examples):
            weights = _cross_weights(model, batch)
            found += [w[: len(e.target), : len(e.source)] for e, w in zip(rows, weights, strict=True)]
        return found

    def alignment_error(self, model: nn.Module, count: int | None = None) -> float:
        """AER of each target word's heaviest source word against the gold links, sure and possible.

        Target words without any gold link are left out. A Chinese word is a word: a link to any of its characters
        counts as one to all of them.
        """
        examples = self.examples("test")[:count]
        predicted, sure, possible = [], [], []
        for example, weights in zip(examples, self.alignments(model, examples), strict=True):
            word = _words(example) if self.pair.startswith("zh") else range(len(example.source))
            asked = {t for t, _ in example.links | example.possible}
            for found, links in zip(
                (predicted, sure, possible), (metrics.links_of(weights), example.links, example.possible), strict=True
            ):
                found.append({(t, word[s]) for t, s in links if t in asked})
        return metrics.alignment_error_rate(predicted, sure, possible)


def _cross_weights(model: nn.Module, batch: text.Batch) -> Tensor:
    """Weights [B, T, K] on the source, given the right words; of a Transformer its last layer's, mean of heads."""
    inputs = batch.source, batch.target_in, batch.source_mask
    if not isinstance(getattr(model, "decoder", None), nn.ModuleList):
        return model(*inputs)[1]
    with attention_weights(model) as weights:
        model(*inputs)
    return weights["cross"][-1].mean(1)


def in_batches(loaded: Loaded, examples: Sequence[Example]) -> Iterator[tuple[Sequence[Example], text.Batch]]:
    """Examples, and the batch that they make, 128 at a time; meanwhile the model is in eval mode."""
    with evaluating(loaded.model):
        for at in range(0, len(examples), 128):
            rows = examples[at : at + 128]
            yield rows, text.collate([(loaded.source.encode(e.source), loaded.target.encode(e.target)) for e in rows])


def _words(example: Example) -> list[int]:
    """The number of the word that each source character belongs to: neighbours with the same gold links are one."""
    says = [{t for t, s in example.links if s == place} for place in range(len(example.source))]
    begins = [not says[i] or says[i] != says[i - 1] for i in range(1, len(says))]
    return [sum(begins[:i]) for i in range(len(says))]


def _example(pair: parallel.Pair) -> Example:
    source, target = (tuple(w.lower() for w in words) for words in (pair.source, pair.target))
    return Example(source, target, frozenset(pair.alignment), pair.kind, pair.twin, frozenset(pair.possible))


def loss(model: nn.Module, batch: text.Batch) -> Tensor:
    """masked_loss of what a translator says next, as `fit` takes it."""
    logits = model(batch.source, batch.target_in, batch.source_mask)  # [B, T, V]; with GRUs the weights, too
    logits = logits[0] if isinstance(logits, tuple) else logits
    return masked_loss(logits, batch.target_out, batch.target_mask)


def gold_weights(pair) -> Tensor:
    """The gold links of a pair as if they were attention: [target words, source words], rows sum to 1, or to 0."""
    weights = torch.zeros(len(pair.target), len(pair.source))
    for target, source in pair[2]:
        weights[target, source] = 1.0
    return weights / weights.sum(-1, keepdim=True).clamp_min(1.0)
