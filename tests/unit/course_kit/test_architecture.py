"""The drawing of a model without a browser: its shapes and parameters are those of the model that it draws."""

import math
import re

import labs
import pytest
import torch

from course_utils.bert import BertConfig, BertForPreTraining
from course_utils.gpt import GPT
from course_utils.llama import Llama, LlamaConfig
from course_utils.transformer import Transformer, TransformerConfig

S, T, IDS = 5, 7, torch.zeros(1, 7, dtype=torch.long)
BERT = BertConfig(17, size=12, layers=2, heads=3, hidden=20, context=9)
MODELS = {
    "Transformer": (lambda: Transformer(TransformerConfig(11, 13, 8, 3, 2, 20)), (IDS[:, :S], IDS)),
    "GPT": (lambda: GPT(17, size=12, layers=2, heads=3, context=9), (IDS,)),
    "Llama": (lambda: Llama(LlamaConfig(17, 24, 3, heads=6, key_heads=2, hidden=20)), (IDS,)),
    "BERT": (lambda: BertForPreTraining(BERT), (IDS,)),
}
READ = {"B": 1, "S": S, "T": T}  # the sizes that a model does not say


@pytest.fixture(params=MODELS)
def drawn(request):
    """(a model, its view, what it reads)"""
    make, given = MODELS[request.param]
    model = make().eval()
    return model, labs.architecture(model), given


def sizes_of(text):
    """The shapes in a text: "x [B, 8], f" -> {(1, 8)}."""
    number = lambda n: int(n) if n.isdigit() else READ.get(n, n)  # noqa: E731
    return {tuple(map(number, found.split(", "))) for found in re.findall(r"\[(.*?)\]", text)}


def shapes_of(tensors):
    return {tuple(x.shape) for x in tensors if isinstance(x, torch.Tensor)}


def test_the_parameters_of_all_parts_are_those_of_the_model(drawn):
    model, view, _ = drawn
    total = sum(p.numel() for p in model.parameters())
    assert view.parts.total == total and view.parts["model"].parameters == f"{total:,}"


def test_each_number_of_parameters_is_its_formula(drawn):
    model, view, _ = drawn
    sizes = view.parts.sizes
    for path, part in view.parts.items():
        said = re.match(r"(.*) = ([\d,]+)(?: in each of (\w+) blocks)?", part.parameters)
        if not said:
            continue
        formula, count, blocks = said.groups()
        terms = [term.replace("D²", "D D").split() for term in formula.split(" + ")]
        value = sum(math.prod(int(x) if x.isdigit() else sizes[x] for x in term) for term in terms)
        times = view.parts.layers if blocks else 1
        assert value == int(count.replace(",", "")) and value * times == part.count, path
    assert sum("=" in part.parameters for part in view.parts.values()) > 5


def test_shapes_are_those_that_the_model_has_when_it_runs(drawn):
    model, view, given = drawn
    seen, hooks = {}, []
    paths = [path for path, part in view.parts.items() if path != "model" and part.call]  # modules, not functions
    for path in paths:

        def keep(module, inputs, output, path=path):
            outputs = output if isinstance(output, tuple) else (output,)
            seen[path] = shapes_of(inputs), shapes_of(outputs[:1]), shapes_of(outputs[1:])

        hooks.append(view.parts.modules(path)[0].register_forward_hook(keep))
    with torch.no_grad():
        model(*given)
    for hook in hooks:
        hook.remove()
    tables = {path for path in paths if isinstance(view.parts.modules(path)[0], torch.nn.Embedding)}
    assert seen.keys() | tables == set(paths)  # BERT's tables are read, not called
    for path, (came, went, weights) in seen.items():
        told = {what: numbers or letters for what, letters, numbers in view.parts[path].shapes}
        module = view.parts.modules(path)[0]
        classes = getattr(module, "out_features", None)
        out = {tuple(classes if n == "C" else n for n in size) for size in sizes_of(told["out"])}
        came = {size for size in came if size != (T, T)}  # the mask
        assert (sizes_of(told["in"]), out) == (came, went), path
        gives_weights = type(module).__name__ == "MultiHeadAttention"
        assert weights == (sizes_of(told["weights"]) if gives_weights else set()), path


def test_the_columns_hold_every_part_in_the_order_of_the_table(drawn):
    _, view, _ = drawn
    found = []
    for column in view.options["columns"]:
        for row in column["rows"]:
            found.append(row["key"])
            for one in row.get("rows", ()):
                pair = [one["around"], one["inside"]]
                found += pair if one["pre"] else pair[::-1]
    assert ["model", *found] == list(view.parts) and len(view.table().rows) == len(view.parts)


def test_masks_and_norms_are_those_of_the_model():
    masks = {}
    for name in ("Transformer", "GPT", "BERT"):
        blocks = [row for column in labs.architecture(MODELS[name][0]()).options["columns"] for row in column["rows"]]
        rows = [one for row in blocks if row["kind"] == "block" for one in row["rows"]]
        masks[name] = [one["mask"] for one in rows if one["mask"]], {one["pre"] for one in rows}
    assert masks == {
        "Transformer": (["full", "causal", "cross"], {True}), "GPT": (["causal"], {True}), "BERT": (["full"], {False}),
    }  # fmt: skip


def test_beside_a_llama_stands_what_has_changed_since_a_gpt():
    llama, gpt = (labs.architecture(MODELS[name][0]()) for name in ("Llama", "GPT"))
    notes = llama.options["columns"][0]["notes"]
    assert {note["mark"] for note in notes} == {"1", "2", "3", "4"}
    assert {note["key"] for note in notes} <= llama.parts.keys()
    differ = {path for path in llama.parts if path not in ("model", "blocks") and path in gpt.parts}
    differ = {path for path in differ if llama.parts[path].made != gpt.parts[path].made}
    assert {note["key"] for note in notes} - {"tokens"} == differ
    assert "positions" in gpt.parts and "positions" not in llama.parts
    assert all(note["text"] in llama.describe() for note in notes) and "notes" not in gpt.options["columns"][0]


def test_what_is_chosen_is_said():
    view = labs.architecture(MODELS["Transformer"][0](), select="decoder.cross_attention")
    chosen = view.parts["decoder.cross_attention"]
    assert chosen.made.startswith("MultiHeadAttention(") and chosen.about in view.describe()


def test_a_model_that_is_none_of_the_course_is_refused():
    with pytest.raises(TypeError, match="model"):
        labs.architecture(torch.nn.Linear(2, 2))
