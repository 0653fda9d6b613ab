"""Chapter 3's classes: padding is not read, no word sees a later one, and the score is the additive one."""

import torch
import torch.nn.functional as F

from chapters.ch02.scores import SCORES
from course_utils.seq2seq import AttentiveDecoder, Decoder, Encoder, Translator, look_back

MASK = torch.arange(7) < torch.tensor([7, 4])[:, None]


def made(kind):
    torch.manual_seed(0)
    return Translator(Encoder(20, 8), kind(30, 8)), torch.randint(20, (2, 7)), torch.randint(30, (2, 5))


def test_look_back_is_attention_with_the_additive_score():
    torch.manual_seed(0)
    query, keys = torch.randn(2, 5), torch.randn(2, 7, 6)
    W1, W2, w = torch.randn(5, 4), torch.randn(6, 4), torch.randn(4)
    score = SCORES["additive"](5, 6, 4)
    given = {"W1.weight": W1.T, "W2.weight": W2.T, "W1.bias": torch.zeros(4), "w.weight": w[None]}
    scores = torch.func.functional_call(score, given, (query[:, None], keys))
    expected = scores.masked_fill(~MASK[:, None], -torch.inf).softmax(-1)
    context, weights = look_back(query, keys, MASK, W1, W2, w)
    torch.testing.assert_close(weights, expected[:, 0])
    torch.testing.assert_close(context, (expected @ keys)[:, 0])


def test_padding_is_neither_read_nor_attended_to():
    for kind in (Decoder, AttentiveDecoder):
        model, source, target = made(kind)
        other = torch.where(MASK, source, (source + 1) % 20)
        logits, weights = model(source, target, MASK)
        torch.testing.assert_close(model(other, target, MASK)[0], logits)
        assert weights is None or (weights[1, :, 4:] == 0).all()


def test_no_word_sees_a_later_one_and_word_by_word_is_the_same():
    for kind in (Decoder, AttentiveDecoder):
        model, source, target = made(kind)
        logits, _ = model(source, target, MASK)
        states, c = model.encoder(source, MASK)
        last = model.decoder.begin(c)
        for t in range(5):
            one, _, last = model.decoder(target[:, t : t + 1], last, states, c, MASK)
            torch.testing.assert_close(one[:, 0], logits[:, t])


def test_the_encoder_is_torchs_gru_on_each_sentence_alone():
    model, source, _ = made(Decoder)
    states, c = model.encoder(source, MASK)
    short = model.encoder.embedding(source[1, :4])
    alone, last = model.encoder.gru(short)
    torch.testing.assert_close(states[1, :4], alone)
    torch.testing.assert_close(c[1], torch.cat([last[0], last[1]]))


def test_without_attention_every_word_reads_the_same_vector():
    model, source, target = made(Decoder)
    states, c = model.encoder(source, MASK)
    context, weights = model.decoder.context(torch.zeros(2, 5, 8), states, c, MASK)
    assert weights is None and (context == c[:, None]).all()
    logits = model(source, target, MASK)[0]
    assert F.cross_entropy(logits.flatten(0, 1), target.flatten()).isfinite()
