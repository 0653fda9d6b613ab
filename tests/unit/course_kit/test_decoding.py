"""Decoding: greedy and beam against exhaustive search and a naive decoder; translate() with every kind of input."""

import itertools
import math
from typing import NamedTuple

import pytest
import torch
from unit.edges import holds

from course_kit import decoding
from course_kit.checkpoints import Loaded, sentence_hashes
from course_kit.decoding.search import penalty
from course_kit.decoding.steps import TranslatorSteps
from course_kit.models.translators import TiedConfig, TiedTranslator
from course_kit.text import BOS, EOS, PAD, UNK, Vocabulary, pad
from course_utils.seq2seq import AttentiveDecoder, Decoder, Encoder, Translator
from course_utils.transformer import Transformer, TransformerConfig

SOURCE = Vocabulary(["the", "cat", "sleeps", ".", "animal", "was", "tired", "a", "b", "c"])
TARGET = Vocabulary(["le", "chat", "dort", ".", "l'", "animal", "était", "fatigué"])


def model(seed=0, vocabulary=12, kind="tied", **settings):
    torch.manual_seed(seed)
    sizes = len(SOURCE), vocabulary, 8
    make = {
        "tied": lambda: TiedTranslator(TiedConfig(*sizes, context=12, **settings)),
        "page": lambda: Translator(Encoder(len(SOURCE), 8), AttentiveDecoder(vocabulary, 8)),
        "plain": lambda: Translator(Encoder(len(SOURCE), 8), Decoder(vocabulary, 8)),
        "Transformer": lambda: Transformer(TransformerConfig(*sizes, heads=2, context=12)),
    }
    net = make[kind]().double().eval()
    with torch.no_grad():
        for p in net.parameters():
            p.mul_(1 if kind == "Transformer" else 3)
    return net


def loaded(**settings):
    return Loaded(model(**settings), {}, SOURCE, TARGET, seen=sentence_hashes(["the cat sleeps."]))


BATCH = pad([[4, 5, 6, 7], [8], [9, 10, 7], [11, 12, 13, 4, 5]])
KINDS = [{}, {"attention": False}, {"kind": "page"}, {"kind": "plain"}, {"kind": "Transformer"}]


def said(net, source, ids):
    """Logits [T, V] and weights [T, K], or None, of <bos> and ids by teacher forcing."""
    found = net(source[None], torch.tensor([[BOS, *ids]]), torch.ones(1, len(source), dtype=torch.bool))
    logits, weights = found if isinstance(found, tuple) else (found, None)
    logits = logits[0].clone()
    logits[:, [PAD, BOS]] = -math.inf
    return logits, None if weights is None else weights[0]


def log_probability(net, source, ids):
    """Of ids and <eos>."""
    return said(net, source, ids)[0].log_softmax(-1)[range(len(ids) + 1), [*ids, EOS]].sum().item()


@pytest.mark.parametrize("settings", KINDS, ids=str)
@torch.no_grad()
def test_a_beam_of_one_takes_the_most_probable_word_each_time(settings):
    net = model(**settings)
    for i, found in enumerate(decoding.beam_search(net, *BATCH, max_length=9)):
        source, ids = BATCH[0][i][BATCH[1][i]], []
        while (word := int(said(net, source, ids)[0][-1].argmax())) != EOS and len(ids) < 9:
            ids.append(word)
        assert found.ids == ids
        assert found.ended == (word == EOS)
        assert found.score == pytest.approx(log_probability(net, source, ids)), "<eos> counts, put there or written"
        if found.weights is not None:
            assert (found.weights[:, len(source) :] == 0).all()
        if (whole := said(net, source, ids)[1]) is not None:
            torch.testing.assert_close(found.weights[:, : len(source)], whole[: len(ids)].float())


@pytest.mark.parametrize("settings", KINDS, ids=str)
@pytest.mark.parametrize(("beam", "limits"), [(1, [2, 0, 5, 3]), (3, [2, 0, 5, 3]), (3, [9] * 4)], ids=str)
def test_a_sentence_cut_or_not_is_written_the_same_alone_and_in_a_batch(settings, beam, limits):
    net = model(**settings)
    for i, found in enumerate(decoding.beam_search(net, *BATCH, max_length=limits, beam=beam)):
        source = BATCH[0][i][BATCH[1][i]]
        (alone,) = decoding.beam_search(net, source[None], max_length=limits[i], beam=beam)
        assert (alone.ids, alone.ended) == (found.ids, found.ended) and len(found.ids) <= limits[i]
        assert alone.score == pytest.approx(found.score) == pytest.approx(log_probability(net, source, found.ids))
        if found.weights is not None:
            torch.testing.assert_close(alone.weights, found.weights[:, : len(source)])


class Tape:
    """A model that gives the same logits after so many words, whatever was written: table [steps, V]."""

    def __init__(self, *table):
        self.table = torch.tensor(table)

    def start(self, source, source_mask=None):
        return torch.zeros(len(source), 1, dtype=torch.long)

    def step(self, words, state):
        return Step(self.table[state[:, 0]], state + 1, None)


class Step(NamedTuple):
    logits: torch.Tensor
    state: torch.Tensor
    weights: torch.Tensor | None


A = 4  # a word


@pytest.mark.parametrize("beam", [1, 2])
def test_a_sentence_as_long_as_the_limit_ends_by_itself_where_the_end_is_most_probable(beam):
    word, end = [-9.0, -9, -9, 0, 9, 1], [-9.0, -9, -9, 9, 0, 1]
    for last, ended in ((end, True), (word, False)):
        tape = Tape(word, word, last)
        one = decoding.beam_search(tape, BATCH[0][:1], max_length=2, beam=beam)[0]
        expected = sum(float(tape.table[t].index_fill(0, torch.tensor([PAD, BOS]), -math.inf).log_softmax(-1)[i])
                       for t, i in enumerate([A, A, EOS]))  # fmt: skip
        assert (one.ids, one.ended) == ([A, A], ended) and one.score == pytest.approx(expected, abs=1e-5)


def test_a_search_goes_on_while_a_longer_sentence_can_still_win():
    """After one word the best ended sentence leads; with α = 2 the longer one overtakes it, with α = 0 it cannot."""
    p = lambda **share: [math.log(share.get(name, 1e-9)) for name in ("pad", "unk", "bos", "eos", "a", "b")]  # noqa: E731
    tape = Tape(p(eos=0.5, a=0.5), p(eos=0.1, a=0.9), p(eos=0.9, a=0.1), p(eos=1.0))
    found = {alpha: decoding.beam_search(tape, BATCH[0][:1], max_length=3, beam=3, length_penalty=alpha)[0]
             for alpha in (0.0, 2.0)}  # fmt: skip
    assert found[0.0].ids == [] and found[2.0].ids == [A, A]
    assert found[2.0].score == pytest.approx(math.log(0.5 * 0.9 * 0.9), abs=1e-5)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_model_whose_logits_are_no_numbers_is_told(value):
    net = model()
    with torch.no_grad():
        net.decoder.output.bias[7] = value
    with pytest.raises(ValueError, match="logits"):
        decoding.beam_search(net, *BATCH)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("seed", range(6))
def test_a_beam_wide_enough_finds_the_best_of_all_sentences(seed, alpha):
    """Vocabulary of 3 words, at most 3 of them: 40 sentences, all of which are tried."""
    net, source = model(seed, vocabulary=7), BATCH[0][:1]
    sentences = [ids for n in range(4) for ids in itertools.product([UNK, 4, 5, 6], repeat=n)]
    value = {s: log_probability(net, source[0], s) / ((6 + len(s)) / 6) ** alpha for s in sentences}
    best = max(value, key=value.get)
    (found,) = decoding.beam_search(net, source, max_length=3, beam=200, length_penalty=alpha)
    assert tuple(found.ids) == best
    assert found.score == pytest.approx(log_probability(net, source[0], best))


@pytest.mark.parametrize("beam", [1, 4])
def test_translations_come_in_the_order_of_the_sentences_with_their_weights(beam):
    sentences = ["The cat sleeps.", "the animal was tired.", "a", "a b c a b c", "The cat sleeps."]
    found = decoding.translate(loaded(), sentences, beam=beam, batch=2)
    assert len(found) == 5
    assert (found[0].text, found[0].tokens) == (found[4].text, found[4].tokens)
    for sentence, t in zip(sentences, found, strict=True):
        assert t.source_tokens == SOURCE.cut(sentence)
        assert t.weights.shape == (len(t.tokens), len(t.source_tokens))
        torch.testing.assert_close(t.weights.sum(-1), torch.ones(len(t.tokens)))
    assert [t.seen for t in found] == [True, False, False, False, True]


@pytest.mark.parametrize(
    ("sentence", "note", "source"),
    [("", "nothing to translate", []), (" \n\t ", "nothing to translate", []),
     ("the the " * 250, "only the first 12 of 500 tokens were read", ["the"] * 12),
     ("xylophone quartz", "unknown: xylophone, quartz", ["<unk>", "<unk>"]),
     ("😀 🎉", "unknown: 😀, 🎉", ["<unk>", "<unk>"]), ("שלום עולם", "unknown: שלום, עולם", ["<unk>", "<unk>"]),
     ("the dog sleeps .", "unknown: dog", ["the", "<unk>", "sleeps", "."]),
     ("the cat sleeps .\u200b", "unknown", None), ("<pad> the <eos>", "unknown: <, pad, >, eos", None)],
)  # fmt: skip
def test_strange_input_is_answered_and_said_so(sentence, note, source):
    (found,) = decoding.translate(loaded(), [sentence])
    assert note in found.note
    assert note in str(found)
    if source is not None:
        assert found.source_tokens == source
    assert found.weights is None or found.weights.shape == (len(found.tokens), len(found.source_tokens))


def test_half_a_character_is_refused_in_words():
    with pytest.raises(ValueError, match="half a character"):
        decoding.translate(loaded(), "the cat \ud83d")


def test_beams_lengths_and_batches_have_their_bounds():
    net, (source, mask) = model(), BATCH
    assert [w.ids for w in decoding.beam_search(net, source, mask, 0)] == [[]] * 4
    holds(lambda beam: decoding.beam_search(net, source, mask, 2, beam), [1, 6, 40], [0])
    small = loaded()
    holds(lambda batch: decoding.translate(small, "the cat", batch=batch), [1], [0])
    holds(lambda beam: decoding.translate(small, "the cat", beam), [1], [0])


@pytest.mark.parametrize(("words", "most"), [(1, 12), (3, 16), (5, 20)])
def test_a_translation_that_does_not_end_stops_at_twice_the_source_and_ten(words, most, monkeypatch):
    one, step = loaded(), TranslatorSteps.step

    def never_ends(*given):
        return step(*given)._replace(logits=step(*given).logits.index_fill(1, torch.tensor(EOS), -99.0))

    monkeypatch.setattr(TranslatorSteps, "step", never_ends)
    found = decoding.translate(one, "cat " * words, beam=1)[0]
    assert len(found.tokens) == most and "did not come to an end" in found.note
    both = decoding.translate(one, ["cat " * words, "cat " * 6], beam=1)
    assert both[0].tokens == found.tokens, "whatever else is translated with it"


def test_the_penalty_is_that_of_wu_and_others():
    """Wu et al. 2016, equation 14: ((5 + length) / 6)^α."""
    assert [penalty(length, 1.0) for length in (1, 7)] == [1, 2] and penalty(13, 0.5) == pytest.approx(3**0.5)


@pytest.mark.parametrize("alpha", [-1.0, math.nan, math.inf])
def test_a_length_penalty_that_compares_nothing_is_refused(alpha):
    with pytest.raises(ValueError, match="length_penalty"):
        decoding.beam_search(model(), *BATCH, length_penalty=alpha)
    assert decoding.beam_search(model(), *BATCH, max_length=2, length_penalty=20)
