"""The view that course_kit/views/js/README.md shows from beginning to end is one that works."""

import re
import shutil
import subprocess

import pytest

from course_kit import files
from course_tools.authoring import bundle

README = bundle.folder() / "README.md"


@pytest.fixture
def written():
    """The pieces of code of the README, by the name before each: `chapters/…`, `tests/…`."""
    pieces = re.findall(r"`([\w/.]+\.(?:py|js))`:?\s*\n+```\w+\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    return dict(pieces)


def test_its_python_says_what_it_shows(written):
    names = {}
    exec(written["chapters/ch01/labs/waiting.py"], names)
    view = names["waiting"]([1, 5, 9], limit=5)
    assert view.describe() == "3 waits; 33% are longer than 5 minutes." and len(view.to_image()) > 1000


@pytest.mark.parametrize(("limit", "right"), [("> limit", True), (">= limit", False)])
def test_its_javascript_passes_its_own_test(written, tmp_path, limit, right):
    kit = bundle.folder() / "src"
    shutil.copytree(kit, tmp_path / kit.relative_to(files.course_folder()))
    lab, its_test = "chapters/ch01/labs/waiting.js", "tests/unit/chapters/waiting.test.js"
    for name in (lab, its_test):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(written[name].replace("> limit", limit), encoding="utf-8")
    command = [str(bundle.node()), "--import", (bundle.folder() / "test/styles.mjs").as_uri(), "--test", its_test]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == right, done.stdout
