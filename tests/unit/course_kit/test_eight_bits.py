"""Weights of 8 bits: what a page loses by them, against the trained model; and that a page reads what was written.

What was measured when these models were chosen, on all 1,000 held-out sentences of the grammar: the same translation
for 996 or more. Of the other translators, 8 bits change 6 to 22 in 100, so theirs stay at 16, as do BERTs and GPTs: of
them, probabilities would change by 2 to 4 points.
"""

import gzip

import numpy as np
import pytest
import torch
from helpers.in_node import evaluate
from helpers.in_page import load_as_in_page, weights_in_page
from safetensors.numpy import load_file

from course_kit.checkpoints import folder, load_checkpoint
from course_kit.data import parallel
from course_kit.decoding import translate
from course_kit.heads import attention_weights
from course_kit.text import BOS
from course_kit.views.models import EIGHT_BITS, model_files, tensor_bytes
from course_utils.transformer import Transformer

GRAMMAR = "transformer-grammar"
SENTENCES = 100
MOST, MEAN = 0.03, 5e-4  # change of a probability or of an attention weight
RARE = 1e-3  # share of whole percentages that change by more than one
SECONDS, SPEED = 5, 4e6 / 8  # a visitor's first sentence, at so many bytes a second


@torch.no_grad()
def shown(loaded, source, target):
    """What views show of a sentence and its translation: probabilities [T, V], and all attention weights, flat."""
    ids = [torch.tensor([loaded.source.encode(source)]), torch.tensor([[BOS, *loaded.target.encode(target)]])]
    if not isinstance(loaded.model, Transformer):
        logits, weights = loaded.model(*ids, torch.ones_like(ids[0], dtype=torch.bool))
        return logits[0].softmax(-1), weights.flatten()
    with attention_weights(loaded.model) as seen:
        logits = loaded.model(*ids)
    weights = [layer.flatten() for place in ("encoder", "decoder", "cross") for layer in seen[place]]
    return logits[0].softmax(-1), torch.cat(weights)


@pytest.mark.parametrize("name", EIGHT_BITS)
def test_it_says_what_the_trained_model_says_and_shows_nearly_the_same(name):
    trained, rounded = load_checkpoint(name), load_as_in_page(name)
    language = "zh-en" if "zh-en" in name else "en-fr"
    pairs = parallel.load_parallel(language, "test")[:SENTENCES]
    sentences = [parallel.detokenize(p.source, language[:2]) for p in pairs]
    said = [one.text for one in translate(trained, sentences, beam=1)]
    assert [one.text for one in translate(rounded, sentences, beam=1)] == said
    both = [[shown(one, *pair) for one in (trained, rounded)] for pair in zip(sentences[:30], said, strict=False)]
    for what in range(2):
        before, after = (torch.cat([one[s][what].flatten() for one in both]) for s in range(2))
        change = (before - after).abs()
        leaps = ((100 * before).round() - (100 * after).round()).abs() > 1
        kind = ("probabilities", "attention weights")[what]
        print(f"{name}: {kind} change by {change.max():.4f}, in the mean {change.mean():.6f}; leaps {leaps.sum()}")
        assert 0 < change.max() < MOST
        assert change.mean() < MEAN
        assert leaps.float().mean() < RARE


@pytest.mark.parametrize(  # one of each kind for every change, the others weekly
    "name",
    ["seq2seq-attention-zh-en-grammar", "seq2seq-plain-en-fr-grammar"]
    + [pytest.param(one, marks=pytest.mark.weekly) for one in EIGHT_BITS if "zh-en" not in one],
)
def test_a_page_reads_what_was_written_to_the_last_bit(name):
    evaluate("async () => { await load('models/page.js') }")
    for script in model_files(name).values():
        evaluate(f"() => {{ {script} }}")
    weights = weights_in_page(name)
    assert weights.keys() == set(evaluate("name => Object.keys(courseModels.open(name).tensors)", name))
    for key, x in weights.items():
        ours = evaluate("(name, key) => courseModels.open(name).tensors[key].data", name, key)
        assert np.array_equal(np.array(ours, "f4"), x.ravel()), key
    stored = load_file(folder() / f"{name}.safetensors")
    for key, x in weights.items():
        whole = stored[key].astype("f4")
        half = np.abs(whole).max(-1, keepdims=True) / 127 * 0.51 if name in EIGHT_BITS and x.ndim > 1 else 0
        assert (np.abs(x - whole) <= half).all(), key


def test_a_row_is_a_scale_and_whole_numbers():
    x = np.array([[0, 0, 0], [127, -63.4, 0.4], [0.5, 1, -2]], "f4")
    data = tensor_bytes(x, 8)
    assert np.frombuffer(data[:6], "<f2") == pytest.approx([0, 1, 2 / 127], rel=1e-3)
    assert np.frombuffer(data[6:], "i1").tolist() == [0, 0, 0, 127, -63, 0, 32, 64, -127]
    assert tensor_bytes(x, 16) == x.astype("<f2").tobytes()


def test_it_has_come_before_five_seconds_are_over():
    sent = sum(len(gzip.compress(script.encode(), 6)) for script in model_files(GRAMMAR).values())
    print(f"{GRAMMAR}: {sent / 1e6:.2f} MB as a server sends it, {sent / SPEED:.1f} s")
    assert sent < 0.7 * SECONDS * SPEED  # the page itself needs the rest
