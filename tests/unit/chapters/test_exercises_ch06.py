"""Chapter 6's exercises: what its errata say."""

import pytest
import torch

from chapters.ch06.exercises.script import Reader, tokenizer
from chapters.ch06.pairs import best_span


def test_the_script_stops_where_it_is_said_to():
    model, encoded = Reader(0), tokenizer(["a good film", "good"])
    with pytest.raises(TypeError, match="must be Tensor, not list"):
        model(["a good film"])
    with pytest.raises(AttributeError):
        torch.nn.BCELoss()(model(**encoded), torch.tensor([0.0, 1.0]))
    alone = model(**tokenizer(["good"])).logits
    assert torch.allclose(model(**encoded).logits[1:], alone)  # its padding is not read, if it gets the mask
    assert not torch.allclose(model(encoded["input_ids"]).logits[1:], alone)


def all_pairs(start_logits, end_logits, allowed):
    p, q = start_logits.softmax(0).tolist(), end_logits.softmax(0).tolist()
    places = [i for i, fine in enumerate(allowed.tolist()) if fine]
    return max(((a, b) for a in places for b in places if b >= a), key=lambda pair: p[pair[0]] * q[pair[1]])


def test_the_best_span_is_the_best_of_all():
    draw = torch.Generator().manual_seed(0)
    for _ in range(20):
        start, end = torch.randn(2, 7, generator=draw)
        allowed = torch.rand(7, generator=draw) < 0.6
        allowed[3] = True
        assert best_span(start, end, allowed) == all_pairs(start, end, allowed)
