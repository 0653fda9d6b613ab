"""The text of a kept file: the course's as plain text, the reader's at its marks, and nothing else moves."""

import re
import runpy

import pytest

import chapters.ch05  # noqa: F401 - its exercises, and those before, are known by their names
from course_kit.mine.composing import CannotTake, composed, package
from course_kit.mine.source import Source, course

KEPT = '''"""Heads."""

import math

import torch

from chapters.ch05.kept.other import thing
from course_utils.attention import (
    MultiHeadAttention,
    split_heads,  # exercise: split heads
)

__all__ = ["MultiHeadAttention",
           "split_heads"]
SIZE  =  math.floor(4.5)   # byte  for byte


# exercise: residual and norm
def add_norm(x, f, norm):
    return norm(x) + f(x)


# no mark
def check():
    from chapters.ch05.kept.other import thing as one

    assert one is thing
    x = torch.ones(2, 3, SIZE)
    return MultiHeadAttention(4, 2)(x, x)
'''
OTHER = "from chapters.ch05.kept.heads import SIZE\n\n\ndef thing():\n    return SIZE\n"
FILES = {"chapters.ch05.kept.heads": KEPT, "chapters.ch05.kept.other": OTHER}
SPLIT = "def split_heads(x, heads):\n    return cut(x, heads)\n\n\ndef cut(x, heads):\n    return {}\n"
HOW = "x.unflatten(AXIS, (heads, -1)).transpose(1, 2)"


def made(text="", *names, module="chapters.ch05.kept.heads"):
    """The file with the reader's functions of these names, from a file ch05.py with this text."""
    sources = {name: Source(name, text) for name, text in FILES.items()} | {"mine.ch05": Source("mine.ch05", text)}
    return composed(module, dict.fromkeys(names, sources["mine.ch05"]), lambda name: sources.get(name) or course(name))


def test_with_nothing_solved_it_is_the_courses_as_plain_text_and_below_the_imports_byte_for_byte():
    file = made()
    assert file.text.startswith('"""Heads.\n\nSo far its functions are ours, and 2 of them can be yours: ')
    assert "your lines are in it. What is not yours is from the attention course: MIT License.\n" in file.text
    assert "\n\nimport math\n\nimport torch\nfrom torch import nn\n\nfrom .other import thing\n\n\n" in file.text
    assert "course_utils" not in file.text and "Float[" not in file.text and "# exercise" not in file.text
    below = KEPT.partition('"split_heads"]\n')[2].replace("# exercise: residual and norm\n", "")
    assert file.text.endswith(below.replace("chapters.ch05.kept.other", ".other")) and "__all__" not in file.text
    places = [file.text.index(f"def {name}") for name in ("join_heads", "multi_head", "check")]
    assert places == sorted(places) and file.text.count("def split_heads") == 1
    assert (file.course, file.yours, file.beside) == (("split_heads", "add_norm"), (), ("chapters.ch05.kept.other",))


def test_the_readers_functions_stand_at_the_marks_with_what_they_use_above():
    own = "import random\n\nAXIS = -1\n\n\n" + SPLIT.format(HOW) + "\n\ndef add_norm(x, f, norm):  # mine\n"
    own += "    random.seed(0)\n    return x +   f(norm(x))\n"
    file = made(own, "split_heads", "add_norm")
    assert file.yours == ("split_heads", "add_norm") and not file.notes and file.whose in file.text
    assert (
        "def add_norm(x, f, norm):  # mine\n    random.seed(0)\n    return x +   f(norm(x))\n\n\n# no mark" in file.text
    )
    assert file.text.index("AXIS = -1") < file.text.index("def cut") < file.text.index("def split_heads")
    assert "import math\nimport random\n\nimport torch" in file.text and "norm(x) + f(x)" not in file.text


def test_what_the_reader_calls_of_the_course_comes_along_and_another_name_of_an_answer():
    own = "from course_utils.attention import padding_mask, join_heads\n\n\ndef mine_own(x, heads):\n"
    own += "    padding_mask([1])\n    join_heads\n    return x.unflatten(-1, (heads, -1)).transpose(1, 2)\n\n\n"
    file = made(own + "split_heads = mine_own\n", "split_heads")
    assert file.text.count("def padding_mask") == file.text.count("def join_heads") == 1 and not file.notes
    assert file.text.index("def mine_own") < file.text.index("split_heads = mine_own")


def test_an_answer_that_uses_another_one_is_taken_without_it_too():
    own = SPLIT.format(HOW.replace("AXIS", "-1"))
    file = made(f"{own}\n\ndef add_norm(x, f, norm):\n    split_heads\n    return x + f(norm(x))\n", "add_norm")
    assert file.yours == ("add_norm",) and not file.notes and "def cut" not in file.text


@pytest.mark.parametrize(
    ("above", "why"),
    [("def join_heads(x):\n    pass\n\n\n", "its `join_heads` means something else in this file"),
     ("SIZE = 9\n", "its `SIZE` means something else in this file"),
     ("import numpy as np\n", "it uses `np` (numpy), and the file needs only torch"),
     ("from course_utils.attention import join_heads as j\n", "it uses `j`, another name of `join_heads`")],
)  # fmt: skip
def test_what_cannot_stand_in_the_file_keeps_the_answer_out_and_says_why(above, why, speak):
    name = "j" if " as j" in above else next(one for one in ("join_heads", "SIZE", "np") if one in above)
    file = made(f"{above}\n\ndef split_heads(x, heads):\n    {name}\n    return x\n", "split_heads")
    assert why in file.notes[0] and file.yours == () and "cut = x.reshape" in file.text
    speak("zh")
    (said,) = made(f"{above}\n\ndef split_heads(x, heads):\n    {name}\n    return x\n", "split_heads").notes
    assert not re.search("[a-z] [a-z]", said)


def test_two_files_that_need_each_other_lie_beside_each_other():
    texts = {name: Source(name, text) for name, text in FILES.items()}
    both = package("chapters.ch05.kept.heads", {}, lambda name: texts.get(name) or course(name))
    assert both.keys() == {"heads", "other"} and both["other"].count("from .heads import SIZE\n") == 1


def test_a_file_of_the_same_name_in_an_earlier_chapter_is_put_in():
    text = composed("chapters.ch02.kept.attention", {}).text
    assert "import chapters" not in text and "def vector_pooling(" in text and "class SelfAttention" in text


def test_ours_that_cannot_be_composed_is_an_error(monkeypatch):
    monkeypatch.setitem(FILES, "chapters.ch05.kept.heads", KEPT.replace("import math", "from os import join_heads"))
    with pytest.raises(CannotTake):
        made()


def test_it_runs(tmp_path):
    text = made("AXIS = -1\n\n\n" + SPLIT.format(HOW), "split_heads").text
    (tmp_path / "heads.py").write_text(
        text.replace("from .other import thing", "thing = one = 1").replace("as one", "")
    )
    assert runpy.run_path(str(tmp_path / "heads.py"))["check"]()[0].shape == (2, 3, 4)
