"""The drawing of the Transformer without a browser: every parameter counted once, shapes as they are, errors."""

import in_node
import labs
import pytest
import torch

from chapters.ch05.variants import with_norms_last
from course_utils.transformer import make_transformer


def model(layers=3):
    return make_transformer(50, 60, model_size=16, layers=layers, heads=2)


def part(view, name):
    return next(part for part in view.parts if part["name"] == name)


@pytest.mark.parametrize("layers", [1, 3])
def test_the_parts_have_all_parameters_of_the_model_and_none_twice(layers):
    made = model(layers)
    view = labs.architecture(made)
    assert sum(p["count"] for p in view.parts) == sum(p.numel() for p in made.parameters())
    assert all(p["count"] == p["each"] * p["times"] for p in view.parts)
    assert part(view, "encoder.attention")["times"] == layers
    assert part(view, "decoder.cross_attention")["each"] == 4 * (16 * 16 + 16)
    assert part(view, "target_embedding")["count"] == 60 * 16
    assert part(view, "output")["count"] == 60  # the bias: the matrix is the target embedding's
    assert part(view, "encoder.around_ffn")["count"] == 0  # its norm is a part of its own


def numbers_in(shape, **sizes):
    """The numbers of "[B, S, D] = [B, S, 16]", or of "[B, S]", with these for the letters that no model knows."""
    last = shape.split("= ")[-1].strip("[]").split(", ")
    return [sizes[x] if x in sizes else int(x) for x in last]


def test_shapes_are_those_that_the_modules_read_and_give():
    made, sizes, seen = model(2).eval(), {"B": 2, "S": 5, "T": 7}, {}
    view = labs.architecture(made)
    for name, module in made.named_modules():
        if name:
            name = name.replace("coder.0.", "coder.")
            module.register_forward_hook(lambda _, given, got, name=name: seen.update({name: (given, got)}))
    source, target = torch.randint(4, 50, (2, 5)), torch.randint(4, 60, (2, 7))
    logits = made(source, target)
    checked = 0
    for p in view.parts:
        if p["name"] not in seen:
            continue
        given, got = seen[p["name"]]
        got = got[0] if isinstance(got, tuple) else got
        assert list(got.shape) == numbers_in(p["gives"], **sizes), p["name"]
        reads = [shape.split("twice")[0].strip() for shape in p["reads"].removeprefix("queries ").split(", memory ")]
        tensors = [x for x in given if torch.is_tensor(x) and x.dtype != torch.bool]
        for shape, tensor in zip(reads, tensors, strict=False):
            assert list(tensor.shape) == numbers_in(shape, **sizes), p["name"]
        checked += 1
    assert checked == len(view.parts) - 3  # source, target, logits: data, no modules
    assert list(logits.shape) == numbers_in(part(view, "logits")["gives"], **sizes)


@pytest.mark.parametrize(("half", "count"), [(None, 25), ("encoder", 10), ("decoder", 15)])
def test_words_table_and_picture(half, count):
    view = labs.architecture(model(), half=half)
    assert len(view.table().rows) == count == len({row[0] for row in view.table().rows})
    assert f"{count} parts" in view.describe() and view.selection is None
    assert view.to_png()[:4] == b"\x89PNG"
    layout = in_node.call("ch05/architecture_layout.js", "layoutOf", view.parts, 3, 600, SIZES)
    assert set(layout["boxes"]) == {p["name"] for p in view.parts}


SIZES = {
    **{"outer": 42, "lane": 26, "inner": 16, "gutter": 62, "letter": 17},
    **{"gap": 10, "branch": 14, "roles": 20, "sum": 6, "edge": 8},
    "high": {"data": 25, "layer": 27, "sublayer": 30, "norm": 24, "attention": 32, "residual": 24},
}


def test_a_chosen_part_is_described():
    view = labs.architecture(model(), "decoder.cross_attention")
    assert view.selection["title"] == "Cross-attention"
    assert "MultiHeadAttention(model_size=16, num_heads=2)" in view.describe()
    assert "[B, S, D] = [B, S, 16]" in view.describe() and "3 blocks" in view.describe()


def test_live():
    lab = labs.architecture(model(1), live=True)
    lab.selected = "output"
    assert lab.selection["count"] == 60


def test_errors_say_what_is_needed():
    with pytest.raises(TypeError, match="needed: a Transformer"):
        labs.architecture(torch.nn.Linear(2, 2))
    with pytest.raises(ValueError, match="norms come first"):
        labs.architecture(with_norms_last(model()))
    with pytest.raises(ValueError, match="half"):
        labs.architecture(model(), half="middle")
    with pytest.raises(ValueError, match="select"):
        labs.architecture(model(), "output", half="encoder")
