"""Chapter 3's classes: padding is not read, no word sees a later one, and the score is the additive one."""

import torch

from course_utils.seq2seq import AttentiveDecoder, Decoder, Encoder, Translator

MASK = torch.arange(7) < torch.tensor([7, 4])[:, None]


def made(kind):
    torch.manual_seed(0)
    return Translator(Encoder(20, 8), kind(30, 8)), torch.randint(20, (2, 7)), torch.randint(30, (2, 5))


def test_no_word_sees_a_later_one_and_word_by_word_is_the_same():
    for kind in (Decoder, AttentiveDecoder):
        model, source, target = made(kind)
        logits, _ = model(source, target, MASK)
        states, c = model.encoder(source, MASK)
        last = model.decoder.begin(c)
        for t in range(5):
            one, _, last = model.decoder(target[:, t : t + 1], last, states, c, MASK)
            torch.testing.assert_close(one[:, 0], logits[:, t])
