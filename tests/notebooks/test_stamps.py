"""A notebook runs short in tests only where nothing that it reads has changed since it ran whole."""

import json
import os
import subprocess
import sys

import pytest
from notebooks.nbval_notebooks import shorten, stamp, with_asserts, write

from course_kit import files
from course_tools.authoring import building, stamps

SOURCE = """\
    # %% [markdown]
    # A text.

    # %% tags=["nbval-check-output"]
    print("above")

    # %% steps=[400, 399] tags=["training"]
    for step in range(400):
        done = step == 399 or 0.400

    # %% tags=["asserts", "trained"]
    assert done is True

    # %% tags=["asserts"]
    assert done

    # %% tags=["nbval-check-output"]
    print("below")
"""


def test_a_stamp_holds_until_code_or_a_file_that_was_read_is_another(course, build, tmp_path):
    folder = course("01_small", SOURCE)
    build("01_small", folder)
    assert stamps.changed("01_small", folder) == []
    text = (source := folder / "source" / "01_small.py").read_text("utf-8")
    source.write_text(text.replace("A text.", "Another text."), encoding="utf-8")
    assert stamps.changed("01_small", folder) == [], "no text is executed"
    for before, after in (("399 or", "398 or"), ("assert done\n", "assert done == 1\n"), ("[400, 399]", "[400]")):
        source.write_text(text.replace(before, after), encoding="utf-8")
        assert stamps.changed("01_small", folder) == ["code"], before
    source.write_text(text, encoding="utf-8")
    path = folder / "stamps" / "01_small.json"
    told = json.loads(path.read_text("utf-8"))
    assert told.keys() == {"code", "course_kit/files.py", "requirements.lock"}
    path.write_text(json.dumps(told | {"course_kit/files.py": "0"}), encoding="utf-8")
    assert stamps.changed("01_small", folder) == ["course_kit/files.py"]
    write(["01_small"], tmp_path / "stage", folder)
    (tmp_path / "stage" / "01_small.read").write_text("course_kit/files.py\n", encoding="utf-8")  # whole, and passed
    stamp(["01_small"], tmp_path / "stage", folder)
    assert stamps.changed("01_small", folder) == []
    path.unlink()
    assert stamps.changed("01_small", folder) == ["notebooks/stamps/01_small.json"]


def test_a_kernel_lists_the_files_of_the_course_that_it_imports_and_opens(tmp_path):
    code = """if True:
        import types
        from course_tools.authoring import stamps
        told = []
        events = types.SimpleNamespace(register=lambda _, function: told.append(function))
        stamps.load_ipython_extension(types.SimpleNamespace(events=events))
        from course_kit import contexts, files
        for place in ("data/history.csv", "course_kit/views/js/dist/views.js", "README.md"):
            files.read(place)
        told[0](None)"""
    environment = os.environ | {"COURSE_READ": str(tmp_path / "read")}
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=files.course_folder(), check=True)
    read = (tmp_path / "read").read_text("utf-8").splitlines()
    assert {"course_kit/contexts.py", "course_kit/files.py", "data/history.csv"} <= set(read)
    assert not [path for path in read if path.endswith((".js", ".md", ".pyc")) or path.startswith("course_tools")]


def test_a_short_copy_has_a_tenth_of_the_steps_and_no_assert_of_what_was_trained(course, build):
    folder = course("01_small", SOURCE)
    build("01_small", folder)
    code = [cell.source for cell in with_asserts("01_small", folder, short=True).cells if cell.cell_type == "code"]
    assert "for step in range(40):\n    done = step == 39 or 0.400" in code
    assert sum("assert" in one for one in code) == 2, "in a cell, and the name of an extension"
    tags = [cell.metadata.get("tags") for cell in with_asserts("01_small", folder, short=True).cells]
    assert tags.count(["nbval-check-output"]) == 1, "below the training nothing is compared"
    notebook = building.read_source("01_small", folder)
    notebook.cells[2].metadata["steps"] = 500
    with pytest.raises(ValueError, match="steps of a header"):
        shorten(notebook)


def test_every_notebook_can_be_shortened():
    for name in building.names():
        shorten(building.read_source(name))
