"""Chapter 3's translators, and those of the checkpoints, against the same written the naive way: one sentence at a
time, without padding, torch's GRU called for each word."""

import pytest
import torch
import torch.nn.functional as F

from course_kit.models.translators import TiedConfig, TiedTranslator
from course_kit.text import collate
from course_utils.seq2seq import AttentiveDecoder, Decoder, Encoder, Translator


def naive(model, source, lengths, target):
    """-> logits [T, V] and weights, of each sentence."""
    encoder, decoder, rows, attended = model.encoder, model.decoder, [], []
    tied = isinstance(model, TiedTranslator)
    for words, length, wanted in zip(source, lengths, target, strict=True):
        states, last = encoder.gru(F.embedding(words[:length], encoder.embedding.weight)[None])
        c = torch.cat([last[0], last[1]], -1)  # [1, D]
        hidden, logits, weights = torch.tanh(c @ decoder.first.weight.T + decoder.first.bias)[None], [], []
        for word in wanted:
            x = decoder.embedding.weight[word][None, None]
            if tied and not model.config.attention:
                x = torch.cat([x, c[None]], -1)
            s, hidden = decoder.gru(x, hidden)
            context = c
            if isinstance(decoder, AttentiveDecoder):
                bias = decoder.b if tied else 0.0
                scores = [torch.tanh(s[0, 0] @ decoder.W1 + key @ decoder.W2 + bias) @ decoder.w for key in states[0]]
                weights.append(torch.stack(scores).softmax(0))
                context = weights[-1][None] @ states[0]
            both = torch.cat([s[0], context], -1)[0]
            if tied:
                read = decoder.output.readout
                features = torch.tanh(read.weight @ both + read.bias)
                logits.append(decoder.embedding.weight @ features + decoder.output.bias)
            else:
                logits.append(decoder.output.weight @ both + decoder.output.bias)
        rows.append(torch.stack(logits))
        attended.append(weights)
    return rows, attended


MODELS = {
    "plain": lambda: Translator(Encoder(19, 12), Decoder(23, 12)),
    "attentive": lambda: Translator(Encoder(19, 12), AttentiveDecoder(23, 12)),
    "tied": lambda: TiedTranslator(TiedConfig(19, 23, 12)),
    "tied, other sizes": lambda: TiedTranslator(TiedConfig(19, 23, 12, words=7, hidden=5, dropout=0.3)),
    "tied, c in each step": lambda: TiedTranslator(TiedConfig(19, 23, 12, words=7, attention=False)),
}


@pytest.mark.parametrize("name", MODELS)
def test_each_sentence_gets_the_logits_weights_and_gradients_of_the_naive_model(name):
    torch.manual_seed(3)
    model = MODELS[name]().double().eval()
    with torch.no_grad():  # scores that differ enough to be worth comparing
        for p in model.parameters():
            p.mul_(2.5)
    batch, lengths = collate([([5, 6, 7, 8, 4], [9, 8, 11]), ([10], [4, 5]), ([12, 13, 14], [20])]), [5, 1, 3]
    logits, weights = model(batch.source, batch.target_in, batch.source_mask)
    expected, attended = naive(model, batch.source, lengths, batch.target_in)
    for row, length in enumerate(lengths):
        torch.testing.assert_close(logits[row], expected[row])
        for t, theirs in enumerate(attended[row]):
            torch.testing.assert_close(weights[row, t, :length], theirs)
            assert (weights[row, t, length:] == 0).all()
    assert (weights is None) == (not attended[0])
    found, needed = (
        torch.autograd.grad(sum(row.square().sum() for row in rows), list(model.parameters()))
        for rows in (logits, expected)
    )
    torch.testing.assert_close(found, needed)
