"""The guided descent without a browser: what is put into the page gives the model's own weights, logits and words."""

import json

import in_node
import numpy as np
import pytest
import torch
from in_page import open_in_node

from chapters.ch05 import labs
from chapters.ch05.labs.descent import LAST, SENTENCE, study
from course_kit.checkpoints import load_checkpoint
from course_kit.heads import attention_weights
from course_kit.text import BOS
from course_kit.views import sweep
from course_kit.views.view import at


@pytest.fixture(scope="module")
def loaded():
    return load_checkpoint("transformer-grammar")


@pytest.fixture(scope="module")
def view(loaded):
    return labs.descent(model=loaded, word="il", head=4)


@pytest.fixture(scope="module")
def seen(loaded, view):
    """Weights and logits of the model itself, without a trace."""
    words = torch.tensor([[BOS, *view.options["ids"][1:]]])
    with torch.no_grad(), attention_weights(loaded.model) as weights:
        logits = loaded.model(torch.tensor([loaded.source.encode(SENTENCE)]), words)[0]
    return weights["cross"], logits


def normed(x, norm, eps=1e-5):
    gain, shift = norm
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) * gain + shift


@pytest.mark.parametrize(("word", "layer", "head"), [(11, 3, 4), (11, 1, 1), (3, 2, 3), (16, 3, 2)])
def test_what_travels_gives_the_models_weights_and_logits(loaded, view, seen, word, layer, head):
    n = {k: x.astype(np.float64) for k, x in study(loaded, view.trace, word, layer, head).numbers.items()}
    states = np.cumsum([n["token"] + n["position"], *n["added"]], axis=0)
    q = n["query"] @ normed(states[3 * (layer - 1) + 1], n["norm"]) + n["query_bias"]
    k, v = (n["memory"] @ n[name].T + n[f"{name}_bias"] for name in ("key", "value"))
    scores = k @ q / np.sqrt(len(q))
    shares = np.exp(scores) / np.exp(scores).sum()
    weights, logits = seen
    assert np.allclose(shares, weights[layer - 1][0, head - 1, word - 1], atol=1e-5)
    assert np.allclose(shares @ v, n["means"].reshape(4, -1)[head - 1], atol=1e-4)
    written = n["by_head"].sum(0) + n["out_bias"]
    assert np.allclose(written, n["added"][3 * (layer - 1) + 1], atol=1e-4)
    best = logits[word - 1].topk(len(n["rows"]))
    assert np.allclose(n["rows"] @ normed(states[-1], n["last_norm"]) + n["rows_bias"], best.values.numpy(), atol=1e-4)
    chances = logits[word - 1].softmax(-1)[best.indices].numpy()
    assert np.exp(best.values.numpy() - n["total"][0]) == pytest.approx(chances, abs=1e-6)


def test_the_last_stop_is_the_models_answer(loaded, view, seen):
    found, logits = study(loaded, view.trace, 11, 3, 4), seen[1]
    assert found.rivals[:2] == ["il", "elle"] and len(found.stops) == 10
    assert found.stops[-1] == ("il", pytest.approx(float(logits[10].softmax(-1).max()), abs=1e-6))
    assert found.stops[0][0] == "qu'"


def test_half_precision_loses_nothing(loaded, view):
    numbers = study(loaded, view.trace, 11, 3, 4).numbers
    module = loaded.model.decoder[2].cross_attention
    assert {x.dtype.str for x in numbers.values()} == {"<f2", "<f4"}
    for name in ("query", "key", "value"):
        whole = getattr(module, name).weight[96:].detach().numpy()
        assert numbers[name].dtype == np.float16 and (numbers[name].astype(np.float32) == whole).all()


def test_it_is_small(view):
    assert len(view.fragment()) < 100_000
    assert len(view.payload()) < 50_000
    json.dumps(view.spec(), allow_nan=False)


def test_scenes_and_table_follow_the_state(view):
    rows = view.table().rows
    assert len(rows) == 12 and max(rows, key=lambda row: float(row[2]))[0] == "tired"
    assert [at(view, step=step).scene for step in (0, 3, 4, 10, 14, 17)] == [1, 1, 2, 3, 4, 5]
    last = at(view, step=LAST)
    assert last.table().rows[-1][1] == view.next_words[0][0] == "il" and last.table().rows[0][1] == "qu'"
    assert view.shares.sum() == pytest.approx(1, abs=1e-6)


def test_the_first_scenes_ask_what_the_later_ones_tell(view):
    assert "Which of the words" in view.describe() and "0.5" not in view.describe()
    assert "most from “tired”" in at(view, step=LAST).describe()


def test_every_state_can_be_shown(view):
    assert sweep(view) == 16 + 3 + 4
    assert at(view, word=3, layer=1, head=2, step=LAST).to_png()[:4] == b"\x89PNG"


def test_python_hears_a_live_one(loaded):
    made = labs.descent(model=loaded, word="il", live=True)
    heard = []
    made.observe(lambda change: heard.append(change.new), "step")
    made.step = 9
    assert heard == [9] and made.now.scene == 2 and (made.word, made.layer, made.head) == (11, 3, 1)
    made.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"word": "she"}, "word"),
        ({"word": 17}, "word"),
        ({"word": 0}, "word"),
        ({"layer": 4}, "layer"),
        ({"head": 0}, "head"),
        ({"step": 22}, "step"),
        ({"sentence": "it " * 17}, "sentence"),
        ({"sentence": " "}, "word"),
    ],
)
def test_it_refuses_with_what_to_do(loaded, options, message):
    with pytest.raises(ValueError, match=message):
        labs.descent(**{"model": loaded, **options})


def test_another_kind_of_transformer_is_refused():
    with pytest.raises(TypeError):
        labs.descent(model="seq2seq-plain-en-fr-grammar")


def check_in_page(numbers, view):
    """What a page shows is what the view says in Python."""
    part, head, word = view.part, view.state["head"] - 1, view.state["word"] - 1
    expected = {
        "q": part.q[head, word], "k": part.k[head], "v": part.v[head], "scores": view.scores, "shares": view.shares,
        "mean": part.heads[head, word], "means": part.heads[:, word].flatten(), "adds": part.written[word],
        "state": part.before[word], "after": part.after[word], "logits": [x for _, x, _ in view.next_words],
        "chances": [p for *_, p in view.next_words],
    }  # fmt: skip
    for name, wanted in expected.items():
        assert np.allclose(numbers[name], np.asarray(wanted), atol=2e-4), name
    assert numbers["rivals"] == [word for word, *_ in view.next_words]
    assert [word for word, _ in numbers["stops"]] == [word for _, word, _ in view.stops]
    assert [p for _, p in numbers["stops"]] == pytest.approx([p for *_, p in view.stops], abs=1e-4)
    assert sum(numbers["parts"]) + numbers["rest"] == pytest.approx(numbers["logits"][0], abs=1e-3)


def in_page(made, *given):
    of = f"async (...given) => {{ const own = await load('chapters/ch05/labs/descent_numbers.js'); {made} }}"
    return in_node.evaluate(of, *given)


def test_a_page_shows_what_travels(view):
    spec, arrays, state = in_node.data_of(view)
    made = "const [spec, arrays, state] = given; return own.derived(own.baked(arrays, spec), spec, state)"
    check_in_page(in_page(made, spec, arrays, state), view)


@pytest.mark.parametrize("choice", [{"layer": 2, "head": 2}, {"layer": 2, "head": 2, "word": 6}])
def test_a_page_computes_another_word_layer_and_head(choice):
    view = at(labs.descent(model=open_in_node("transformer-grammar"), word="il", head=4), **choice)
    spec, _, state = in_node.data_of(view)
    made = "const [spec, state] = given; return own.derived(own.studied(it, spec, state), spec, state)"
    check_in_page(in_page(made, spec, state), view)
