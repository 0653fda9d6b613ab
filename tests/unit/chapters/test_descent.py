"""The guided descent without a browser: what is put into the page gives the model's own weights, logits and words."""

import numpy as np
import pytest
import torch
from helpers import in_node
from helpers.in_page import open_in_node
from unit.sweeping import sweep

from chapters.ch05 import labs
from chapters.ch05.labs.descent import study
from course_kit.checkpoints import load_checkpoint
from course_kit.heads import attention_weights
from course_kit.text import BOS
from course_kit.views.view import at

SENTENCE = "The animal didn't cross the street because it was too tired."


@pytest.fixture(scope="module")
def loaded():
    return load_checkpoint("transformer-grammar")


@pytest.fixture(scope="module")
def view(loaded):
    return labs.descent(SENTENCE, model=loaded, word="il", layer=3, head=4)


@pytest.fixture(scope="module")
def seen(loaded, view):
    """Weights and logits of the model itself."""
    words = torch.tensor([[BOS, *view.options["ids"][1:]]])
    with torch.no_grad(), attention_weights(loaded.model) as weights:
        logits = loaded.model(torch.tensor([loaded.source.encode(SENTENCE)]), words)[0]
    return weights["cross"], logits


def normed(x, norm, eps=1e-5):
    gain, shift = norm
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) * gain + shift


def derived(n, layer, head):
    """What follows from the numbers of a study, for one head of a layer: scores, shares, logits, …"""
    n = {name: x.astype(np.float64) for name, x in n.items()}
    states = np.cumsum([n["token"] + n["position"], *n["added"]], axis=0)
    state = states[3 * (layer - 1) + 1]
    q = n["query"] @ normed(state, n["norm"]) + n["query_bias"]
    k, v = (n["memory"] @ n[name].T + n[f"{name}_bias"] for name in ("key", "value"))
    scores = k @ q / np.sqrt(len(q))
    shares = np.exp(scores) / np.exp(scores).sum()
    adds = n["by_head"].sum(0) + n["out_bias"]
    logits = n["rows"] @ normed(states[-1], n["last_norm"]) + n["rows_bias"]
    found = {"q": q, "k": k, "v": v, "scores": scores, "shares": shares, "mean": shares @ v, "means": n["means"]}
    found |= {"adds": adds, "state": state, "after": state + adds, "logits": logits}
    return found | {"chances": np.exp(logits - n["total"][0]), "added": n["added"][3 * (layer - 1) + 1]}


@pytest.mark.parametrize(("word", "layer", "head"), [(11, 3, 4), (11, 1, 1), (3, 2, 3), (16, 3, 2)])
def test_what_travels_gives_the_models_weights_and_logits(loaded, view, seen, word, layer, head):
    found = derived(study(loaded, view.reading, word, layer, head).numbers, layer, head)
    weights, logits = seen
    assert np.allclose(found["shares"], weights[layer - 1][0, head - 1, word - 1], atol=1e-5)
    assert np.allclose(found["mean"], found["means"].reshape(4, -1)[head - 1], atol=1e-4)
    assert np.allclose(found["adds"], found["added"], atol=1e-4)
    best = logits[word - 1].topk(len(found["logits"]))
    assert np.allclose(found["logits"], best.values.numpy(), atol=1e-4)
    assert found["chances"] == pytest.approx(logits[word - 1].softmax(-1)[best.indices].numpy(), abs=1e-5)


def test_the_last_stop_is_the_models_answer(loaded, view, seen):
    found, logits = study(loaded, view.reading, 11, 3, 4), seen[1]
    assert found.rivals[:2] == ["il", "elle"] and len(found.stops) == 10
    assert found.stops[-1] == ("il", pytest.approx(float(logits[10].softmax(-1).max()), abs=1e-6))
    assert found.stops[0][0] == "qu'"


def test_half_precision_loses_nothing(loaded, view):
    numbers = study(loaded, view.reading, 11, 3, 4).numbers
    module = loaded.model.decoder[2].cross_attention
    assert {x.dtype.str for x in numbers.values()} == {"<f2", "<f4"}
    for name in ("query", "key", "value"):
        whole = getattr(module, name).weight[96:].detach().numpy()
        assert numbers[name].dtype == np.float16 and (numbers[name].astype(np.float32) == whole).all()


def test_it_asks_what_its_table_tells(view):
    rows = view.table().rows
    assert len(rows) == 12 and max(rows, key=lambda row: float(row[1]))[0] == "tired"
    assert "Which of the words" in view.describe() and "0.5" not in view.describe()


def test_every_state_can_be_shown(view):
    assert sweep(view) == 16 + 3 + 4


def test_nothing_is_left_on_the_model(loaded, view):
    assert view.reading.tokens[-1] == view.reading.next[-2] and view.reading.next[-1] == "<eos>"
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in loaded.model.modules())


@pytest.mark.parametrize(
    ("options", "message"),
    [({"word": "she"}, "word"), ({"layer": 4}, "layer"), ({"head": 0}, "head"), ({"sentence": "it " * 17}, "sentence"),
     ({"sentence": " "}, "word")],
)  # fmt: skip
def test_it_refuses_with_what_to_do(loaded, options, message):
    with pytest.raises(ValueError, match=message):
        labs.descent(**{"sentence": SENTENCE, "model": loaded, "word": "il", "layer": 3, "head": 4, **options})


def test_another_kind_of_transformer_is_refused():
    with pytest.raises(TypeError):
        labs.descent(SENTENCE, model=load_checkpoint("seq2seq-plain-en-fr-grammar"), word="il", layer=1, head=1)


def check_in_page(numbers, view, loaded):
    """What a page shows follows from the model in Python."""
    word, layer, head = (view.state[name] for name in ("word", "layer", "head"))
    expected = study(loaded, view.reading, word, layer, head)
    for name, wanted in derived(expected.numbers, layer, head).items():
        assert name == "added" or np.allclose(numbers[name], wanted, atol=2e-4), name
    assert numbers["rivals"] == expected.rivals
    assert [word for word, _ in numbers["stops"]] == [word for word, _ in expected.stops]
    assert [p for _, p in numbers["stops"]] == pytest.approx([p for _, p in expected.stops], abs=1e-4)
    assert sum(numbers["parts"]) + numbers["rest"] == pytest.approx(numbers["logits"][0], abs=1e-3)


def in_page(made, *given):
    of = f"async (...given) => {{ const own = await load('chapters/ch05/labs/descent_numbers.js'); {made} }}"
    return in_node.evaluate(of, *given)


def test_a_page_shows_what_travels(view, loaded):
    spec, arrays, state = in_node.data_of(view)
    made = "const [spec, arrays, state] = given; return own.derived(own.baked(arrays, spec), spec, state)"
    check_in_page(in_page(made, spec, arrays, state), view, loaded)


@pytest.mark.parametrize("choice", [{"layer": 2, "head": 2}, {"layer": 2, "head": 2, "word": 6}])
def test_a_page_computes_another_word_layer_and_head(choice):
    loaded = open_in_node("transformer-grammar")
    view = at(labs.descent(SENTENCE, model=loaded, word="il", layer=3, head=4), **choice)
    spec, _, state = in_node.data_of(view)
    made = "const [spec, state] = given; return own.derived(own.studied(it, spec, state), spec, state)"
    check_in_page(in_page(made, spec, state), view, loaded)
