"""Colab and Binder: one address, from which badges come; the cell that fetches the course, on a Colab of our own."""

import os
import shutil
import subprocess
import sys
import urllib.parse
from importlib import metadata

import nbformat
import pytest

import course_utils
from course_kit import files, lessons, runtime
from course_kit.views import program
from course_tools.authoring import building
from course_tools.publishing import hosted

ROOT = files.course_folder()
ADDRESS = "https://github.com/someone/attention-course"
FETCHED = ["pyproject.toml", "data/tables.json", "notebooks/source/00_start_here.py"]
SAY = """
import importlib.util, os
print(importlib.util.find_spec("course_utils"), os.getcwd())"""


def git(folder, *arguments):
    command = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@localhost", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def github(tmp_path):
    """A repository with as much of the course as the cell needs, in the place of the public one."""
    folder, unseen = tmp_path / "github", shutil.ignore_patterns("__pycache__", "node_modules", "src", "test")
    for name in FETCHED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    for room in ("course_utils", "course_kit", "chapters", "course_tools"):
        shutil.copytree(ROOT / room, folder / room, ignore=unseen)
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "an edition")
    return folder


def run(cell, folder, **environment):
    """The cell in a Python of its own, in this folder, that has all packages but not the course."""
    packages = next(p for p in sys.path if p.endswith("site-packages"))
    command = [sys.executable, "-S", "-c", f"import sys; sys.path.append({packages!r})\n{cell}"]
    here = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
    return subprocess.run(command, cwd=folder, env=here, check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(os.name == "nt", reason="Colab runs on Linux")
def test_on_colab_the_cell_fetches_the_course_and_anywhere_else_it_does_nothing(github, tmp_path):
    state, colab, home = git(github, "rev-parse", "HEAD"), {"COLAB_RELEASE_TAG": "release-colab"}, tmp_path / "home"
    home.mkdir()
    cell = hosted.CELL.format(address=str(github), state=state)
    assert run(cell + SAY, home).stdout.split() == ["None", str(home)] and not list(home.iterdir()), "anywhere else"
    broken = run(hosted.CELL.format(address=str(tmp_path / "nowhere"), state=state), home, **colab)
    assert broken.returncode and "nowhere" in broken.stderr, "a fetch that fails can be repeated"
    done = run(f"{cell}{SAY}\nimport course_utils, course_kit\nprint(course_kit.setup())", home, **colab)
    assert done.returncode == 0 and "device cpu" in done.stdout, done.stderr
    assert f"{home}/attention-course/course_utils/__init__.py" in done.stdout
    (home / "attention-course/notebooks/mine.txt").write_text("kept")
    assert run(cell + SAY, home, **colab).returncode == 0
    assert (home / "attention-course/notebooks/mine.txt").read_text() == "kept"


def test_what_is_missing_is_installed_and_colab_keeps_its_own_front_end(monkeypatch):
    there, old = metadata.version, {"transformers": "4.50", "jupyterlab": "3.0", "ipykernel": "6.17.1"}
    monkeypatch.setattr(metadata, "version", lambda name: old.get(name) or there(name))
    monkeypatch.setenv("COLAB_RELEASE_TAG", "x")
    assert [need for need, _ in runtime.missing_packages()] == ["transformers>=5"]
    monkeypatch.delenv("COLAB_RELEASE_TAG")
    assert {need.split(">")[0] for need, _ in runtime.missing_packages()} == set(old)


def test_what_cannot_be_installed_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(hosted, "missing_packages", lambda: [("no such thing", None)])
    with pytest.raises(RuntimeError, match="pip could not install no such thing"):
        hosted.prepare(tmp_path)


def test_the_address_comes_from_git_where_none_is_given(tmp_path):
    git(tmp_path, "init", "-q")
    assert hosted.repository(root=tmp_path) is None
    git(tmp_path, "remote", "add", "origin", "git@github.com:someone/attention-course.git")
    assert hosted.repository(root=tmp_path) == hosted.repository(ADDRESS, root=tmp_path) == ADDRESS
    with pytest.raises(ValueError, match="must be an address such as"):
        hosted.repository("https://gitlab.com/a/b")


def test_a_prepared_notebook_has_a_cell_more_and_badges_and_its_views_carry_the_program():
    name = "01_nadaraya_watson"
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    made = hosted.prepared(notebook, ADDRESS, name, "abc")
    nbformat.validate(made)
    number = next(i for i, cell in enumerate(made.cells) if cell.cell_type == "code")
    assert "COLAB_RELEASE_TAG" in made.cells[number].source and "'abc'" in made.cells[number].source
    assert "setup()" in made.cells[number + 1].source and f"gh-pages/notebooks/{name}" in made.cells[0].source
    outputs = [output.get("data", {}).get("text/html", "") for cell in made.cells for output in cell.get("outputs", ())]
    views = [output for output in outputs if "course-view" in output]
    assert views and all(view.startswith(program.packed()) for view in views)
    assert hosted.prepared(notebook, None, name) == notebook


def test_binder_takes_the_versions_of_the_lock_and_torch_for_cpu():
    lines = (ROOT / ".binder" / "requirements.txt").read_text("utf-8").splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    constraint = next(line.split()[1] for line in wanted if line.startswith("--constraint"))
    assert (ROOT / ".binder" / constraint).resolve() == ROOT / "requirements.lock"
    assert f'make lab PIP_OPTIONS="{wanted[0]}"' in (ROOT / "README.md").read_text("utf-8")
    assert "--editable ." in wanted
    major, minor = (ROOT / ".binder" / "runtime.txt").read_text().strip().removeprefix("python-").split(".")
    assert (3, 11) <= (int(major), int(minor)) <= (3, 13)
    assert os.access(ROOT / ".binder" / "postBuild", os.X_OK)


def test_a_reader_can_report_with_page_and_edition_filled_in():
    address = hosted.report(ADDRESS, "03_seq2seq")
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)
    assert asked["title"] == ["03_seq2seq: "] and f"Edition: {course_utils.__version__}" in asked["body"][0]
    assert hosted.report(None, "03_seq2seq") is None
    for name in building.names():
        if not lessons.is_annex(name):
            last = (building.folder() / "source" / f"{name}.py").read_text("utf-8").rpartition("# %% ")[2]
            assert f"chapter {lessons.chapter(name)}, edition {course_utils.__version__}" in last, name
