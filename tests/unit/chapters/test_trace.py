"""Every traced tensor against an independent recomputation from the model's own weights."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from small_translator import WORDS, loaded

from chapters.ch05.labs.trace import trace
from course_kit.decoding import translate
from course_kit.heads import attention_weights
from course_kit.translators import TiedConfig, TiedTranslator
from course_utils.positions import sinusoidal_encoding


def near(a, b):
    return torch.allclose(a.double(), b.double(), atol=1e-5, rtol=1e-5)


@pytest.fixture
def made():
    given = loaded()
    text = "THE ANIMAL WAS TOO TIRED ."
    ids = torch.tensor([given.source.encode("it was too tired .")])
    words = torch.tensor([[2, *given.target.encode([w for w in text.split()])]])
    given.target.encode = lambda _: words[0, 1:].tolist()  # capitals stay capitals
    with torch.no_grad(), attention_weights(given.model) as weights:
        logits = given.model(ids, words)
    return given.model, trace(given, "it was too tired .", text), (logits, weights), ids, words


def test_weights_and_logits_are_the_models(made):
    model, t, (logits, weights), ids, words = made
    assert near(t.logits, logits[0])
    assert t.next == [["<pad>", "<unk>", "<bos>", "<eos>", *(w.upper() for w in WORDS)][i] for i in t.logits.argmax(-1)]
    for n in range(2):
        assert torch.equal(t.encoder.layers[n]["attention"].weights, weights["encoder"][n][0])
        assert torch.equal(t.decoder.layers[n]["attention"].weights, weights["decoder"][n][0])
        assert torch.equal(t.decoder.layers[n]["cross"].weights, weights["cross"][n][0])


def test_scores_are_products_and_weights_their_softmax(made):
    model, t, *_ = made
    for side, of in (("encoder", t.encoder), ("decoder", t.decoder)):
        for n, layer in enumerate(of.layers):
            for kind, part in layer.items():
                if kind == "ffn":
                    continue
                module = getattr(getattr(model, side)[n], "attention" if kind == "attention" else "cross_attention")
                read = part.read if kind == "attention" else t.encoder.normed
                q = F.linear(part.read, module.query.weight, module.query.bias).view(-1, 4, 4).transpose(0, 1)
                k = F.linear(read, module.key.weight, module.key.bias).view(len(read), -1, 4).transpose(0, 1)
                assert near(part.q, q) and near(part.k, k)
                v = F.linear(read, module.value.weight, module.value.bias).view(len(read), -1, 4).transpose(0, 1)
                assert near(part.v, v)
                keys, values = (x.repeat_interleave(4 // len(x), 0) for x in (part.k, part.v))
                seen = part.scores > float("-inf")
                assert near(part.scores[seen], (part.q @ keys.mT / 2)[seen])
                assert near(part.scores.softmax(-1), part.weights)
                assert near(part.weights @ values, part.heads)
                joined = part.heads.transpose(0, 1).flatten(1)
                assert near(part.written, F.linear(joined, module.out.weight, module.out.bias))
                q, k = seen.shape[1:]
                assert side == "encoder" or kind == "cross" or not seen.triu(1).any()
                if not (side == "decoder" and kind == "attention"):
                    assert seen.all() and (q, k) == part.weights.shape[1:]


def test_the_stream_is_the_sum_of_its_parts(made):
    """From words to logits: each `after` is before + written, and the next `before`."""
    model, t, _, ids, words = made
    for side, of, tokens in (("encoder", t.encoder, ids[0]), ("decoder", t.decoder, words[0])):
        embedding = (model.source_embedding if side == "encoder" else model.target_embedding).weight
        x = embedding[tokens] * 16**0.5
        assert near(of.token, x)
        table = sinusoidal_encoding(len(x), 16)
        assert near(of.position, table)
        x = x + table
        for n, layer in enumerate(of.layers):
            block = getattr(model, side)[n]
            for kind, part in layer.items():
                norm = getattr(block, f"around_{kind}").norm
                assert near(part.before, x)
                assert near(part.read, norm(x))
                x = x + part.written
                assert near(part.after, x)
                if kind == "ffn":
                    hidden = F.relu(F.linear(part.read, block.ffn.widen.weight, block.ffn.widen.bias))
                    assert near(part.hidden, hidden)
                    assert near(part.written, F.linear(hidden, block.ffn.narrow.weight, block.ffn.narrow.bias))
        x = getattr(model, f"{side}_norm")(x)
        assert near(of.normed, x)
    assert near(t.logits, model.output(x))


def test_nothing_is_left_on_the_model():
    given = loaded()
    given.model.train()
    trace(given, "it was tired .")
    assert given.model.training and not any(m._forward_hooks for m in given.model.modules())
    assert not any(p.requires_grad and p.grad is not None for p in given.model.parameters())
    given.model.encoder[1].ffn.forward = None
    with pytest.raises(TypeError):
        trace(given, "it was tired .")
    assert given.model.training and not any(m._forward_hooks for m in given.model.modules())


def test_without_a_target_it_is_what_the_model_writes():
    given = loaded(seed=3)
    t = trace(given, "it was tired .")
    written = translate(given, "it was tired .", beam=1)[0]
    assert t.tokens == ["<bos>", *written.tokens] and t.source_tokens == written.source_tokens
    assert t.next[: len(t.tokens) - 1] == t.tokens[1:]


def test_it_refuses_with_what_to_do():
    with pytest.raises(ValueError):
        trace(loaded(), "  ")
    other = SimpleNamespace(model=TiedTranslator(TiedConfig(9, 9)), source=None, target=None)
    with pytest.raises(TypeError):
        trace(other, "it")
