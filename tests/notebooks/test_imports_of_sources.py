"""What sources and rooms import from the course is there, read off their texts; and what is not is named."""

import pytest

from course_tools.authoring.rules import imports


def test_all_that_is_imported_is_there():
    missing = imports.missing()
    assert not missing, "\n" + "\n".join(map(str, missing))


HOUSE = {
    "course_utils/__init__.py": "",
    "course_utils/attention.py": "import math\n\nif math:\n    SIZE = 3\n\n\ndef causal_mask(size):\n    return size\n",
    "course_kit/__init__.py": "from .runtime import setup\n",
    "course_kit/runtime.py": "from course_utils.attention import *\n\n\ndef setup():\n    return causal_mask\n",
    "course_kit/lazy.py": 'PLACES = {"plot": "views"}\n\n\ndef __getattr__(x):\n    return PLACES[x] or "never"\n',
    "course_kit/views/__init__.py": '__all__ = ["plot"]\n',
    "course_kit/views/chart.py": "from ..runtime import setup\n\nfor width in (1, 2):\n    pass\n",
    "chapters/ch01/__init__.py": "from . import labs\n",
    "chapters/ch01/labs/__init__.py": "def heads():\n    pass\n",
    "tests/helper.py": "HELP = 1\n",
    "notebooks/source/01_one.py": '# %%\n@exercise("softmax")\ndef masked_softmax(x):\n    raise NotImplementedError\n',
}
THERE = """\
import torch.nothing
import course_kit.views.chart as chart
from course_kit import lazy, runtime, setup, views
from course_kit.lazy import never, plot
from course_kit.runtime import SIZE, causal_mask
from course_kit.views import chart, plot
from course_kit.views.chart import setup, width
from chapters.ch01 import labs
from helper import HELP
from mine import masked_softmax
import course_utils.attention

labs.heads()
views.chart.width
course_utils.attention


def other(labs):
    with pytest.raises(ImportError):
        from mine import nobody_wrote_this
    return labs.tails


runtime.setup()
"""
MISSING = {
    "from course_utils.attention import causal_maks": ("course_utils.attention has no 'causal_maks'", "'causal_mask'"),
    "from course_utils.attentoin import causal_mask": ("no module 'course_utils.attentoin'", "'attention'"),
    "import course_utils.attentoin": ("no module 'course_utils.attentoin'", "'attention'"),
    "from course_kit.views import heatmaps": ("course_kit.views has no 'heatmaps'", ""),
    "def late():\n    from course_kit import set_up": ("course_kit has no 'set_up'", "'setup'"),
    "from course_kit.lazy import plots": ("course_kit.lazy has no 'plots'", "'plot'"),
    "from helper import HELPS": ("helper has no 'HELPS'", "'HELP'"),
    "from mine import masked_softmx": ("mine has no 'masked_softmx'", "'masked_softmax'"),
    "from chapters.ch01 import labs\nlabs.head()": ("chapters.ch01.labs has no 'head'", "'heads'"),
    "from chapters.ch02 import labs": ("no module 'chapters.ch02'", "'ch01'"),
}


@pytest.fixture
def house(tmp_path):
    """house(text) -> what is missing in a small course with this source of a notebook, as texts."""

    def build(text):
        for place, content in {**HOUSE, "notebooks/source/02_two.py": text}.items():
            path = tmp_path / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return [str(one) for one in imports.missing(tmp_path)]

    return build


def test_what_is_there_is_found(house):
    assert house(THERE) == []


@pytest.mark.parametrize("line", MISSING)
def test_what_is_not_there_is_named_with_file_line_and_the_nearest_name(house, line):
    what, nearest = MISSING[line]
    (said,) = house(f"import math\n{line}\n")
    assert said.startswith(f"notebooks/source/02_two.py, line {1 + len(line.splitlines())}: ")
    assert what in said and nearest in said


def test_a_relative_import_in_a_room_is_looked_at(house, tmp_path):
    assert house("") == []
    (tmp_path / "course_kit" / "views" / "new.py").write_text("from ..runtime import setups\n")
    (said,) = [str(one) for one in imports.missing(tmp_path)]
    assert said.startswith("course_kit/views/new.py, line 1: course_kit.runtime has no 'setups'")
