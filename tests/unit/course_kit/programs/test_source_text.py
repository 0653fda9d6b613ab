"""The text of a definition on the page: it needs only torch, and computes what the library computes."""

import ast
import dataclasses
import importlib
import inspect

import pytest
import torch

from course_kit.programs.source_text import checksum, plain

IMPORTS = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\nfrom dataclasses import dataclass\n"
MODULES = ["attention", "positions", "blocks", "loss", "transformer"]  # each after those that it reads


def public(name):
    """Functions and classes that a module of course_utils defines, in its order."""
    module = importlib.import_module(f"course_utils.{name}")
    defined = [one for one in vars(module).values() if getattr(one, "__module__", "") == module.__name__]
    return [one for one in defined if inspect.isfunction(one) or inspect.isclass(one)]


DEFINITIONS = [one for name in MODULES for one in public(name)]


@pytest.fixture(scope="module")
def page():
    """What a notebook has after all definitions were run in it, one after the other."""
    space = {"__name__": "page"}
    exec(IMPORTS, space)
    for one in DEFINITIONS:
        exec(compile(plain(one), one.__name__, "exec", dont_inherit=True), space)
    return space


@pytest.mark.parametrize("one", DEFINITIONS, ids=lambda one: one.__name__)
def test_has_no_annotation_and_fits_a_page(one):
    text = plain(one)
    (node,) = ast.parse(text).body
    annotated = [part for part in ast.walk(node) if getattr(part, "annotation", None) or getattr(part, "returns", None)]
    assert dataclasses.is_dataclass(one) or not annotated
    assert "jaxtyping" not in text
    assert max(map(len, text.splitlines())) <= 90
    assert text == plain(f"{one.__module__}:{one.__name__}")


@pytest.mark.parametrize("one", DEFINITIONS, ids=lambda one: one.__name__)
def test_the_body_is_the_library_s_to_the_last_comment(one):
    comments = [line.partition("  # ")[2] for line in inspect.getsource(one).splitlines() if "  # " in line]
    assert [line.partition("  # ")[2] for line in plain(one).splitlines() if "  # " in line] == comments


def test_functions_give_the_library_s_numbers(page):
    from course_utils import attention, positions

    generator = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 2, 4, 8, generator=generator)
    mask = torch.rand(2, 4, 4, generator=generator) > 0.4
    attend = "scaled_dot_product_attention"
    assert all(map(torch.equal, page[attend](q, k, v, mask), getattr(attention, attend)(q, k, v, mask)))
    assert torch.equal(page["padding_mask"]([1, 3]), attention.padding_mask([1, 3]))
    assert torch.equal(page["sinusoidal_encoding"](9, 8), positions.sinusoidal_encoding(9, 8))


def test_a_whole_model_gives_the_library_s_numbers(page):
    from course_utils.transformer import Transformer, TransformerConfig

    sizes = {"source_vocab": 11, "target_vocab": 13, "size": 16, "heads": 2}
    library = Transformer(TransformerConfig(**sizes)).eval()
    own = page["Transformer"](page["TransformerConfig"](**sizes)).eval()
    own.load_state_dict(library.state_dict())
    source, target = torch.tensor([[1, 4, 9, 0]]), torch.tensor([[2, 5, 7]])
    assert torch.equal(own(source, target, source > 0), library(source, target, source > 0))


@pytest.fixture
def library(tmp_path, monkeypatch):
    """library(text) writes it into a module that can be named "shelf:…"."""
    monkeypatch.syspath_prepend(tmp_path)
    return (tmp_path / "shelf.py").write_text


def test_shapes_are_told_in_the_docstring(library):
    library(
        "def attend(\n"
        '    q: Float[Tensor, "*B Q D"],  # here, too\n'
        '    mask: Bool[Tensor, "B Q K"] | None = None,\n'
        '    *, ids: Int[Tensor, "B"], scale: float = 1e-5,\n'
        ') -> tuple[Float[Tensor, "B Q D"], Float[Tensor, "B H Q K"] | None]:\n'
        '    """What it does.\n\n    More of it.\n    """\n'
        "    weights: Tensor = q  # ∂, counted in bytes\n"
        "    return q @ q, weights\n"
    )
    assert plain("shelf:attend") == (
        "def attend(q, mask=None, *, ids, scale=1e-5):\n"
        '    """What it does.\n'
        "    q [..., Q, D], mask [B, Q, K] bool or None, ids [B] int\n"
        '    -> output [B, Q, D], weights [B, H, Q, K] or None"""\n'
        "    weights = q  # ∂, counted in bytes\n"
        "    return q @ q, weights"
    )


def test_a_docstring_is_written_only_where_there_is_something_to_say(library):
    library('def size(x: int) -> int:\n    return x\n\n\ndef same(x: Float[Tensor, ""]):\n    return x\n')
    assert plain("shelf:size") == "def size(x):\n    return x"
    assert plain("shelf:same") == 'def same(x):\n    """x scalar"""\n    return x'


def test_records_keep_their_fields_and_other_classes_their_values(library):
    library(
        "@dataclass(frozen=True)\nclass Sizes:\n"
        '    size: int | None = None  # of all\n    table: Float[Tensor, "T D"] = None\n    make: Callable = int\n\n\n'
        "class Layer(nn.Module):\n    table: Tensor\n\n    factor: float = 0.5\n"
    )
    assert plain("shelf:Sizes") == (
        '@dataclass(frozen=True)\nclass Sizes:\n    """table [T, D]"""\n    size: int | None = None  # of all\n'
        "    table: torch.Tensor = None\n    make: object = int"
    )
    assert plain("shelf:Layer") == "class Layer(nn.Module):\n    factor = 0.5"


def test_a_long_signature_is_laid_out_as_a_formatter_would(library):
    names = [f"parameter_{number}" for number in range(9)]
    library(f"def the_first({', '.join(names[:6])}):\n    pass\n\n\ndef all({', '.join(names)}):\n    pass\n")
    assert plain("shelf:the_first") == f"def the_first(\n    {', '.join(names[:6])}\n):\n    pass"
    assert plain("shelf:all").splitlines()[1:10] == [f"    {name}," for name in names]


def test_what_is_not_there_is_answered_with_what_is(library):
    library("def there():\n    pass\n")
    with pytest.raises(LookupError, match=r"'gone'.*defines: there"):
        plain("shelf:gone")
    with pytest.raises(LookupError, match="no module 'no.such'"):
        plain("no.such:thing")


def test_spaces_at_the_ends_of_lines_do_not_count():
    assert checksum("a = 1  \nb\n\n") == checksum("a = 1\nb") != checksum(" a = 1\nc")
