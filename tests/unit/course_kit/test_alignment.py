"""Alignments without a browser: words, tables, errors that teach, variants."""

import numpy as np
import pytest
import torch
from helpers import in_node, labs
from unit.sweeping import sweep

from course_kit.decoding import Translation
from course_kit.views.view import at

SOURCE, TARGET = ["He", "is", "tired", "."], ["Il", "est", "fatigué", "."]


def soft(rows, columns, seed=0):
    return torch.softmax(torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed)), -1)


def near(rows=4):
    return 0.8 * torch.eye(4)[:rows] + 0.05


def lab(**options):
    return labs.alignment(Translation("", TARGET, SOURCE, near()), **options)


def without(word, tokens, **more):
    return {"word": word, "tokens": tokens, "weights": soft(len(tokens), 3), **more}


def test_words_and_table_speak_of_what_is_written():
    view = at(lab(), step=3)
    assert view.tokens == TARGET[:3] and view.weights.shape == (3, 4)
    assert "3 of 4 words written: “Il est fatigué”" in view.describe()
    assert "fatigué → tired 0.85" in view.describe()
    assert view.table().header == ["word", *SOURCE] and view.table().rows[2][-2:] == ["0.850", "0.050"]
    nothing = at(view, step=0)
    assert (
        nothing.table().rows == []
        and "0 of 4 words written" in nothing.describe()
        and nothing.to_image()[:4] == b"RIFF"
    )


def test_a_page_has_the_same_weights_at_every_step():
    view = lab(variants=[without(1, ["Il", "dort", "."])])
    of = "async (...of) => new (await load('views/alignment_numbers.js')).AlignmentNumbers(...of).numbers()"
    spec, arrays, state = in_node.data_of(view)
    for step in range(5):
        shown, ours = in_node.evaluate(of, spec, arrays, state | {"step": step}), at(view, step=step)
        assert shown["tokens"] == ours.tokens
        assert np.allclose(np.reshape(shown["weights"], (-1, 4)), ours.weights, atol=5e-4)
    rows = np.array(in_node.evaluate(of, spec, arrays, state | {"variant": 1})["weights"], float)
    assert np.isnan(rows[:, 1]).all()
    assert np.allclose(np.delete(rows, 1, 1), soft(3, 3), atol=5e-4)


def test_variants_mark_what_changed():
    cases = [
        without(0, ["Est", "fatigué", "."]),
        {"word": 1, "tokens": TARGET, "weights": None},
        without(3, ["Il", "est", "fatigué"]),
    ]
    view = lab(variants=cases)
    made = view.options["versions"]
    assert [v["label"] for v in made[1:]] == ["without “He”", "without “is”", "without “.”"]
    assert made[1]["changed"] == [True, False, False] and made[1]["lost"] == [True, True, False, False]
    assert made[2]["changed"] == [False] * 4
    gone = at(view, variant=1)
    assert np.isnan(gone.weights[:, 0]).all() and gone.weights[:, 1:].sum() == pytest.approx(3, abs=5e-3)
    assert "without “He”, 3 of 3" in gone.describe() and "1 word is new, 2 gone" in gone.describe()
    assert "Nothing changes" in at(view, variant=2).describe() and at(view, variant=2).links == set()
    masked = near().clone()
    masked[:, 2] = 0
    masked /= masked.sum(-1, keepdim=True)
    view = lab(variants=[{"word": 2, "tokens": TARGET, "weights": masked}])
    assert np.isnan(at(view, variant=1).weights[:, 2]).all(), "a column of zeros was masked"
    assert sweep(view) == 5 + 2


def test_pieces_are_shown_as_words():
    view = labs.alignment((["▁he", "▁", "."], ["▁il", "dort"], soft(2, 3)))
    assert view.options["source"] == ["he", "▁", "."] and view.tokens == ["il", "dort"]


def test_a_gloss_for_each_source_token_or_none():
    assert lab(glosses=["il", "est", "", "."]).options["glosses"] == ["il", "est", "", "."]
    assert "glosses" not in lab().options
    with pytest.raises(ValueError, match="glosses"):
        lab(glosses=["il"])


def test_alignment_refuses_with_what_to_do():
    cases = [
        (Translation("", TARGET, SOURCE, None), "has no attention", {}),
        (Translation("", [], [], None), "0 source tokens and 0 tokens", {}),
        ((["a"] * 65, TARGET, soft(4, 65)), "65 source tokens.*1 to 64", {}),
        ((SOURCE, TARGET, soft(3, 4)), r"\(3, 4\); needed: \[4, 4\]", {}),
        ((SOURCE, TARGET, torch.full((4, 4), torch.nan)), "16 of 16 numbers.*masked_softmax", {}),
        ((SOURCE, TARGET, torch.ones(4, 4)), "sums to 4", {}),
        (
            (SOURCE, TARGET, near()),
            r"variants\[0\] weights.*needed: \[1, 4\]",
            {"variants": [{"word": 0, "tokens": ["x"], "weights": soft(1, 2)}]},
        ),  # fmt: skip
    ]
    for given, match, options in cases:
        with pytest.raises(ValueError, match=match):
            labs.alignment(given, **options)
    with pytest.raises(TypeError):
        labs.alignment("Il est fatigué.")
