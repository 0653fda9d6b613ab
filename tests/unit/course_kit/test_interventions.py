"""A painted row or a silent head, and what a model in a page then says: in node, against hooks in Python."""

import contextlib

import pytest
import torch
from helpers import in_node
from helpers.in_page import open_in_node

from chapters.ch05 import labs
from course_kit.decoding import translate
from course_kit.heads import attentions, silenced
from course_kit.text import BOS

GRAMMAR = "transformer-grammar"
TIRED = "The animal didn't cross the street because it was too tired."
ASK = """async (ids, rows, out) => {
  const { changed, compared } = await load("models/interventions.js");
  return compared(it, ids, changed(it, ids, rows, out));
}"""


@contextlib.contextmanager
def painted(attention, head, query, keys):
    """Within it one query of a head attends to these keys alone: its answer is the mean of their values."""
    size, values = attention.query.out_features // attention.heads, []
    mine = slice(head * size, (head + 1) * size)

    def answer(_, args):
        joined = args[0].clone()
        joined[0, query, mine] = values[-1][0, keys, mine].mean(0)
        return (joined,)

    hooks = [
        attention.value.register_forward_hook(lambda _, __, output: values.append(output)),
        attention.out.register_forward_pre_hook(answer),
    ]
    yield
    for hook in hooks:
        hook.remove()


@torch.no_grad()
def chances(loaded, text):
    """The probability of each word of a translation of TIRED."""
    words = loaded.target.encode(text)
    logits = loaded.model(torch.tensor([loaded.source.encode(TIRED)]), torch.tensor([[BOS, *words]]))[0]
    return dict(zip(loaded.target.tokens(words), logits.softmax(-1)[range(len(words)), words].tolist(), strict=True))


@pytest.mark.parametrize("how", ["painted", "silent"])
def test_a_translation_is_pythons_before_and_after(how):
    loaded = open_in_node(GRAMMAR)
    ids = loaded.source.encode(TIRED)
    tired, street = (loaded.source.tokens(ids).index(word) for word in ("tired", "street"))
    rows, out = ([[1, 1, tired, [street]]], []) if how == "painted" else ([], [[1, 1]])
    said = lambda: translate(loaded, [TIRED], beam=1)[0].text  # noqa: E731
    found, first = in_node.evaluate(ASK, ids, rows, out), said()
    before = chances(loaded, first)
    attention = attentions(loaded.model)["encoder"][1]
    with painted(attention, 1, tired, [street]) if how == "painted" else silenced(loaded.model, [("encoder", 2, 2)]):
        then, after = said(), chances(loaded, first)
    assert [loaded.target.decode(loaded.target.encode("".join(text))) for text in found["texts"]] == [first, then]
    moved = sorted(before, key=lambda word: -abs(after[word] - before[word]))
    assert found["words"][0][0] == moved[0]
    for word, *both in found["words"]:
        assert both == pytest.approx([before[word], after[word]], abs=1e-4)
    view = labs.descent(TIRED, model=loaded, word=moved[0], layer=1, head=1)
    stops = view.options["stops"][::3]  # the input, and each layer's last
    assert [word for word, _ in found["stops"][0]] == [word for word, _ in stops]
    assert [p for _, p in found["stops"][0]] == pytest.approx([p for _, p in stops], abs=1e-4)
    assert found["stops"][1] != found["stops"][0]
