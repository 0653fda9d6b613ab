"""The text of a file, definition by definition: what is put in, and that nothing else moves."""

import ast

import pytest

from course_kit.mine.text import blocks, imports, lines, with_block, with_import, without_import

FILE = '''"""Mine."""

import math
import torch  # the library

from .given import a, b

# about x
X = 1
Y, Z = 2, 3


@torch.no_grad()
def f(x):
    """A form feed follows.\x0c"""
    return x  # end


class C:
    pass


if X:
    print("no definition")
'''


def test_blocks_are_the_texts_of_what_binds_a_name():
    found = blocks(FILE)
    assert sorted(found) == ["C", "X", "Y", "Z", "f"]
    assert found["X"] == "X = 1" and found["Z"] == "Y, Z = 2, 3"
    assert found["f"].startswith("@torch.no_grad()\ndef f") and found["f"].endswith("return x  # end")


def test_lines_are_counted_as_python_counts_them():
    text = "a = 1\x0c\r\nb = '\u2028'\rc = 3\n\x0cd = 4"
    assert "".join(lines(text)) == text and len(lines(text)) == 4
    assert [node.lineno for node in ast.parse(text).body] == [1, 2, 3, 4]
    assert blocks(text) == {"a": "a = 1\x0c", "b": "b = '\u2028'", "c": "c = 3", "d": "\x0cd = 4"}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["X", "f", "C"])
def test_a_definition_is_replaced_in_its_place_and_all_else_is_as_it_was(name, ends):
    text = FILE.replace("\n", ends)
    new = f"{name} = None  # new"
    changed = with_block(text, name, new)
    before, after = text.split(blocks(text)[name])
    assert changed.startswith(before + new) and changed.endswith(after.lstrip("\r\n"))
    assert list(blocks(changed)) == list(blocks(text)) and blocks(changed)[name] == new


def test_a_new_definition_goes_to_the_end_or_above_its_user_and_what_is_said_of_that():
    assert with_block(FILE, "g", "def g(): pass").endswith('definition")\n\n\ndef g(): pass\n')
    assert "def g(): pass\n\n\n# about x\nX = 1" in with_block(FILE, "g", "def g(): pass", before="X")
    assert with_block("", "g", "def g(): pass") == "def g(): pass\n"


def test_an_import_goes_below_those_at_the_top_and_takes_nothing_else_along():
    changed = with_import(FILE, "from .ch01 import c as d")
    assert "from .given import a, b\nfrom .ch01 import c as d\n\n# about x" in changed
    assert changed.replace("from .ch01 import c as d\n", "") == FILE and imports(changed)["d"]
    for text in ("", '"""Mine."""', '"""Mine."""\n\n\nX = 1\n', "import math"):
        assert imports(with_import(text, "import torch")).items() >= imports(text).items() | {("torch", "import torch")}
    assert with_import('"""Mine."""\n', "import torch") == '"""Mine."""\n\nimport torch\n'
    assert without_import("from .given import a, b\nx = a\n", "b") == "from .given import a\nx = a\n"
    assert without_import("from .given import a\nx = 1\n", "a") == "x = 1\n"
