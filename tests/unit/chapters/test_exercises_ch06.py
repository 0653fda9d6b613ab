"""Chapter 6's exercises: what its errata say."""

import pytest
import torch

from chapters.ch06.exercises.script import Reader, tokenizer


def test_the_script_stops_where_it_is_said_to():
    model, encoded = Reader(0), tokenizer(["a good film", "good"])
    with pytest.raises(TypeError, match="must be Tensor, not list"):
        model(["a good film"])
    with pytest.raises(AttributeError):
        torch.nn.BCELoss()(model(**encoded), torch.tensor([0.0, 1.0]))
    alone = model(**tokenizer(["good"])).logits
    assert torch.allclose(model(**encoded).logits[1:], alone)  # its padding is not read, if it gets the mask
    assert not torch.allclose(model(encoded["input_ids"]).logits[1:], alone)
