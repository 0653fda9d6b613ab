"""A training may be stopped at any step, and run again: what a later cell draws is as long as what it left."""

import ast

import pytest

from course_tools.authoring import sources


def _code(name):
    """(is a training, its tree) of each cell of code."""
    cells = [cell for cell in sources.read(name).cells if cell.cell_type == "code"]
    return [("training" in sources.tags(cell), ast.parse(cell.source)) for cell in cells if cell.source[:1] != "%"]


def _names(tree, kind=(ast.Load, ast.Store)):
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, kind)}


def _fixed(tree, left):
    """Pairs in a picture (range of numbers written out, what a training left)."""
    pairs = (node.elts for node in ast.walk(tree) if isinstance(node, ast.Tuple) and len(node.elts) == 2)
    return [
        ast.unparse(x)
        for x, y in pairs
        if isinstance(x, ast.Call) and ast.unparse(x.func) == "range" and not _names(x) - {"range"} and _names(y) & left
    ]


def fixed(code):
    """left: names that a training fills step by step, and what is made of them."""
    left, found = set(), []
    for is_training, tree in code:
        filled = {
            ast.unparse(call.func.value).split("[")[0]
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "append"
        }
        left |= filled if is_training else set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and _names(node.value) & left and not is_training:
                left |= {name for target in node.targets for name in _names(target)}
        found += _fixed(tree, left)
    return found


@pytest.mark.parametrize("name", sources.names())
def test_no_picture_counts_on_a_training_that_went_to_its_end(name):
    assert fixed(_code(name)) == []


def test_such_a_picture_is_found():
    cells = (True, "for _ in range(200): losses.append(1)"), (False, "half = losses[::2]")
    for drawn, said in (("range(0, 200, 2), half", ["range(0, 200, 2)"]), ("range(len(half)), half", [])):
        code = [(is_training, ast.parse(source)) for is_training, source in (*cells, (False, f"lines(({drawn}))"))]
        assert fixed(code) == said
