"""What sources and rooms import from the course is there; and what is not is named."""

import subprocess
import sys

import pytest

from course_tools.authoring.rules import imports


def test_all_that_is_imported_is_there():
    """In a Python of its own: what is imported must not hang on what other tests have loaded."""
    program = "from course_tools.authoring.rules import imports; print(*imports.missing(), sep='\\n', end='')"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("from course_utils.attention import causal_maks", "no causal_maks in course_utils.attention"),
        ("import course_utils.attentoin", "no course_utils.attentoin"),
        ("def late():\n    from course_kit import set_up", "no set_up in course_kit"),
        ("from mine import masked_softmx", "no masked_softmx in mine"),
        ("from chapters.ch01 import labs\nlabs.askk()", "no askk in chapters.ch01.labs"),
    ],
)
def test_what_is_not_there_is_named_with_file_and_line(tmp_path, line, said):
    there = "import torch.nothing\nfrom mine import masked_softmax\nfrom course_kit.views import plot, chart\n"
    (tmp_path / "new.py").write_text(f"{there}chart.Chart\n{line}\n")
    assert imports.missing([tmp_path / "new.py"]) == [f"new.py, line {4 + len(line.splitlines())}: there is {said}"]
