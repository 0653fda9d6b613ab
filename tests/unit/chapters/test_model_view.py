"""The whole-model view without a browser: words, tables, errors, sizes, Python's answer to an own sentence."""

import json

import labs
import pytest
import torch
from small_translator import loaded

from course_utils.views import sweep
from course_utils.views.view import at

SENTENCE = "the animal was too tired ."


def view(**options):
    model = {k: options.pop(k) for k in ("norm_first", "key_heads", "memory_layers", "positions") if k in options}
    return labs.model(loaded(seed=3, **model), SENTENCE, target="street was cross .", **options)


def test_words_and_table_speak_of_the_open_part():
    shown = view(part="decoder.2.cross", head=1, step=2)
    weights = shown.trace.decoder.layers[1]["cross"].weights[1]
    text = shown.describe()
    assert "2 + 2 layers, 4 heads and 16 features" in text and f"reads “{SENTENCE}”" in text
    assert (
        "In the decoder stand 2 of 5 words: “<bos> " in text and "Open: decoder 2, cross-attention. Head 2: “" in text
    )
    table = shown.table()
    assert table.header == ["word", *SENTENCE.split()] and len(table.rows) == 2
    assert table.rows[1][1:] == [f"{w:.3f}" for w in weights[1]]
    ffn = at(shown, part="encoder.1.ffn").table()
    assert ffn.header == ["word", *(f"length of {n}" for n in ("before", "read", "hidden", "written", "after"))]
    assert len(ffn.rows) == 6 and ffn.rows[0][3] == f"{shown.trace.encoder.layers[0]['ffn'].hidden[0].norm():.2f}"
    assert len(at(shown, part="encoder.embedding").table().header) == 4
    assert "Mean length" in at(shown, part="decoder.norm").describe()


def test_next_words_are_the_models_distribution():
    for step in (1, 5):
        shown = view(step=step, part="decoder.output")
        exact = shown.trace.logits[step - 1].double().softmax(-1)
        *named, rest = shown.next_words
        names = loaded(seed=3).target.words
        for word, logit, p in named:
            i = names.index(word)
            assert logit == pytest.approx(float(shown.trace.logits[step - 1, i]), abs=1e-5)
            assert p == pytest.approx(float(exact[i]), abs=1e-6)
        assert named[0][0] == shown.trace.next[step - 1]
        assert rest[2] == pytest.approx(0, abs=1e-6) and rest[0] == "all other 0 words"
        assert shown.table().rows[0][0] == named[0][0]
    many = loaded(words=[f"w{i}" for i in range(60)])
    *named, rest = labs.model(many, "w1 w2", target="").next_words
    assert len(named) == 20 and rest[0] == "all other 44 words"
    assert sum(p for *_, p in named) + rest[2] == pytest.approx(1, abs=1e-12) and rest[2] > 0.01


def test_what_travels_is_what_cannot_be_worked_out():
    shown = view()
    sizes = {name: a.size for name, a in shown.arrays.items()}
    assert sizes["encoder.1.attention/q"] == 6 * 16 and sizes["decoder.1.cross/k"] == 6 * 16
    assert sizes["decoder.2.attention/weights"] == 4 * 5 * 5 and sizes["decoder.2.ffn/hidden"] == 5 * 24
    assert {str(a.dtype) for n, a in shown.arrays.items() if "/" in n} == {"float16"}
    assert len(view(key_heads=1).arrays["decoder.1.cross/k"]) == 6 * 4
    assert "encoder.embedding/position" not in view(positions="none").arrays
    json.dumps(shown.spec(), allow_nan=False)


def test_every_state_can_be_shown():
    assert sweep(view(norm_first=False, memory_layers=(1, 2))) == 5 + 15 + 4
    words = view(source_word="tired", target_word=1, step=4)
    assert words.lit("encoder") == 4 and words.lit("decoder") == 1 and view().lit("encoder") == -1
    assert at(words, step=1).lit("decoder") == 0 and words.to_png()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"part": "decoder.3.cross"}, "'decoder.3.cross'.*; needed: one of encoder.embedding, encoder.1.attention"),
        ({"head": 4}, "head is 4; needed: a whole number from 0 to 3"),
        ({"step": 6}, "step is 6"),
        ({"step": 0}, "step is 0; needed: a whole number from 1"),
        ({"source_word": "it"}, "source_word is 'it'; there are the animal was too tired"),
        ({"target_word": 5}, "target_word is 5"),
    ],
)
def test_it_refuses_with_what_to_do(options, message):
    with pytest.raises(ValueError, match=message):
        view(**options)


def test_too_long_is_said():
    with pytest.raises(ValueError, match="25 source tokens and 2 in the decoder.*24 and 32.*shorter"):
        labs.model(loaded(), "it " * 25, target="it")
    wide = loaded(model_size=64, ffn_size=2048, num_layers=6)
    with pytest.raises(ValueError, match="24 and 20 tokens with 64 features take more than 1.1 MB"):
        labs.model(wide, "it " * 24, target="it " * 19)


def test_python_answers_an_own_sentence():
    given = loaded(seed=3)
    made, heard = labs.model(given, SENTENCE, target="it was .", part="encoder.2.ffn", head=2, live=True), []
    made.observe(lambda change: heard.append(change.new), "step")
    before = made._data
    made.step = 2
    made.sentence = "it was tired"
    assert made.now.trace.source_tokens == ["it", "was", "tired"] and made._data != before
    assert (made.part, made.head, made.note) == ("encoder.2.ffn", 2, "") and made.step == len(made.now.trace.tokens)
    assert made._spec["words"]["encoder"] == ["it", "was", "tired"] and made._spec["live"]
    assert "“it was tired”" in made.describe() and heard[0] == 2
    data = made._data
    made.sentence = ""
    assert "holds no word" in made.note and made._data == data
    made.sentence = "it " * 25
    assert "choose a shorter sentence" in made.note
    made.sentence = "it was tired ."
    assert made.note == "" and made._data != data
    made.close()


def test_small():
    """The script of this view is larger than that of others: the limit for those is 30 kB."""
    from course_utils.training.checkpoints import load_checkpoint

    shown = labs.model(load_checkpoint("transformer-grammar"), "the animal didn't cross the street .")
    assert len(shown.code().encode()) < 50_000
    tokens = len(shown.trace.source_tokens) + len(shown.trace.tokens)
    assert len(shown.payload()) < 10_000 * tokens
    assert torch.isfinite(shown.trace.logits).all()
