"""The head explorer without a browser: what it says, sorts, marks and refuses."""

import numpy as np
import pytest
import torch
from helpers import in_node, labs
from unit.sweeping import sweep

from course_kit.views.view import at

WORDS = ["the", "animal", "was", "tired", "because", "it", "ran"]


def soft(*shape, seed=0):
    return torch.softmax(2 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), -1)


def layers(count=2, heads=3, queries=7, keys=7, seed=0):
    return [soft(1, heads, queries, keys, seed=seed + i) for i in range(count)]


def three(first="encoder", **options):
    """Encoder, decoder and cross attention with words of their own; the decoder causal."""
    french = ["<bos>", "l'", "animal", "dort"]
    causal = torch.ones(4, 4).tril().bool()
    drawn = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    decoder = list(torch.softmax(drawn.masked_fill(~causal, -1e30), -1))
    maps = {"encoder": layers(), "decoder": decoder, "source": layers(2, 3, 4, 7)}
    return labs.heads(
        {first: maps.pop(first), **maps},
        {"encoder": WORDS, "decoder": french, "source": french},
        {"encoder": WORDS, "decoder": french, "source": WORDS},
        mask={"decoder": causal},
        **options,
    )


def test_the_number_of_one_head_is_said():
    weights = layers()
    view = at(labs.heads(weights, WORDS, select=("it", "animal"), layer=1), head=2)
    assert f"Layer 2, head 3: “it” gives {view.matrix[5, 1]:.3f} to “animal”" in view.describe()
    assert view.matrix == pytest.approx(weights[1][0, 2].numpy(), abs=5e-4)
    mean = at(view, head=-1)
    assert np.allclose(mean.matrix, weights[1][0].mean(0), atol=5e-4) and "mean of its heads" in mean.describe()
    assert f"“it” gives {view.matrix[5].max():.3f}" in at(view, key=-1).describe()


def test_table_and_ranking_are_sorted_by_what_stands_under_the_heads():
    weights = layers()
    view = at(labs.heads(weights, WORDS, select=("it", "animal")), knocked=[[0, 1]])
    by_hand = sorted(np.ndindex(2, 3), key=lambda p: -weights[p[0]][0, p[1], 5, 1].item())
    assert view.ranking() == by_hand
    table = view.table()
    assert table.header == ["head", "it → animal", "most on", "knocked out"] and len(table.rows) == 6 + 2
    numbers = [float(r[1]) for r in table.rows[:6]]
    assert numbers == sorted(numbers, reverse=True) and table.rows[-1][0] == "layer 2, mean of its heads"
    assert [r[0] for r in table.rows if r[3] == "yes"] == ["layer 1, head 2"]
    assert "Knocked out: layer 1 head 2." in view.describe()


def test_maps_have_words_and_masks_of_their_own():
    view = three("source", select=("animal", "animal"))
    assert view.weights.shape == (2, 3, 4, 7)
    assert "“animal” gives" in view.describe() and "to “animal”" in view.describe()
    decoder = at(view, map="decoder", query=1, key=3)
    assert "may not attend to “dort”" in decoder.describe()
    assert decoder.table().rows[0][1] == "masked"
    assert ": “dort” gives" in at(view, map="decoder", query=6, key=6).describe(), "kept inside a smaller map"
    marked = at(three(), knocked=[["source", 0, 1]])
    assert marked.knocked == set() and at(marked, map="source").knocked == {(0, 1)}
    assert sweep(three()) == 3
    for view in (marked, decoder):
        assert view.to_image()[:4] == b"RIFF"


def test_it_opens_where_there_is_something_to_see():
    """The head that the question asks for: with the largest weight, or the one without which most is lost."""
    weights = torch.stack([w[0] for w in layers()])
    best = divmod(int(weights[:, :, 5, 1].argmax()), 3)
    assert labs.heads(layers(), WORDS, select=("it", "animal")).opened == best != (0, 0)
    strongest = divmod(int(weights[:, :, 5].amax(-1).argmax()), 3)
    assert labs.heads(layers(), WORDS, select="it").opened == strongest
    assert labs.heads(layers(), WORDS, select=("it", "animal"), layer=1).opened == (1, 0)
    causal = torch.ones(7, 7).tril().bool()
    even = (causal / causal.sum(-1, keepdim=True)).expand(3, 7, 7)
    masked = labs.heads([even, even], WORDS, mask=causal, select=("the", "it"))
    assert masked.opened == (0, 0), "no head may attend there"


def test_one_head_and_pieces_of_words():
    view = labs.heads([soft(1, 1, 2, 2)], ["▁un", "known"])
    assert view.map["queries"] == ["un", "known"] and len(view.table().rows) == 1


def test_a_page_has_the_same_numbers_and_words():
    """Its functions in node: every head, the ranking, the table, and what is said of the head that is open."""
    decoder = three("decoder")
    views = [
        labs.heads(layers(), WORDS, select=("it", "animal")),
        at(labs.heads(layers(), WORDS, select="it"), head=-1, layer=1, knocked=[[0, 1]]),
        at(decoder, query=1, key=3, head=2, knocked=[["decoder", 0, 1], ["source", 1, 1]]),
        at(decoder, map="source", query=3, key=-1, layer=7),
        labs.heads([soft(1, 1, 2, 2)], ["▁un", "known"]),
    ]
    for view in views:
        found = in_node.call("views/heads_numbers.js", "numbersOf", *in_node.data_of(view))
        count = view.map["shape"][1]
        assert np.allclose(found["open"], view.matrix, atol=1e-6, equal_nan=True)
        numbers = np.array([row[:count] for row in found["heads"]], float)
        assert np.allclose(numbers, view.numbers, atol=1e-6, equal_nan=True)
        assert [tuple(place) for place in found["ranking"]] == view.ranking()
        table = view.table()
        assert found["table"] == {"header": list(table.header), "rows": [list(map(str, row)) for row in table.rows]}
        assert found["sentence"].removesuffix(", its largest share") in view.describe()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [((soft(3, 7, 7),), {}, ValueError, r"\[H, Q, K\] per layer"),
     (([soft(2, 3, 7, 7)],), {}, ValueError, r"\[w\[:1\] for w in weights\]"),
     (([None, None],), {}, ValueError, "attention_weights"),
     (([soft(3, 7, 7), soft(2, 7, 7)],), {}, ValueError, "layers differ"), (([],), {}, TypeError, "a list"),
     ((3,), {}, TypeError, "a list"), (({},), {}, ValueError, "no maps"),
     (([torch.randn(3, 7, 7)],), {}, ValueError, "between 0 and 1"),
     (([soft(3, 7, 7)], WORDS[:5]), {}, ValueError, "queries"),
     (([soft(3, 7, 7)],), {"layer": 1}, ValueError, "layer"),
     (([soft(3, 7, 7)], WORDS), {"select": "cat"}, ValueError, "no query 'cat'"),
     (([soft(1, 300, 4)],), {}, ValueError, "queries"),
     (([soft(8, 256, 256) for _ in range(4)],), {}, ValueError, "more than a page can hold")],
)  # fmt: skip
def test_refuses_with_what_to_do(arguments, options, error, message):
    with pytest.raises(error, match=message):
        labs.heads(*arguments, **options)
