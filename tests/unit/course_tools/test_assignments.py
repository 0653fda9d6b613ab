"""Hand-outs for nbgrader."""

import ast
import importlib
import logging
import re
import shutil
import tomllib

import nbformat
import pytest

from course import main
from course_kit import files
from course_kit.exercises.registry import chapters
from course_tools.classroom import assignments


@pytest.mark.parametrize("chapter", chapters()[1:])
def test_every_lesson_has_a_hand_out_with_no_solution_in_it(chapter):
    lesson = assignments._lesson(chapter.removeprefix("ch"))
    notebook = assignments.handout(lesson)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert notebook == assignments.handout(lesson), "the same each time"
    assert code or not importlib.import_module(f"chapters.{chapter}.exercises").EXERCISES
    for cell in code:
        name = assignments.MARK.search(cell.source)["name"]
        assert cell.metadata.nbgrader.grade_id == assignments.slug(name)
        body = [one for one in ast.walk(ast.parse(cell.source)) if isinstance(one, ast.FunctionDef)]
        assert body and all(isinstance(one, ast.Expr) for function in body for one in function.body), "docstrings alone"
        assert cell.source.count("### BEGIN SOLUTION\n") == len(body) and "course" not in cell.source
    words = "".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert not re.search(r"How the course|(?<!\\)<(?!=)[a-z]", re.sub(r"`[^`]*`", "", words))


def test_the_command_overwrites_nothing(tmp_path, capsys):
    assert main(["assign", "04", "--out", str(tmp_path)]) == 0
    assert "nbgrader generate_assignment 04" in capsys.readouterr().out
    assert "autograde_preprocessors = []" in (tmp_path / "nbgrader_config.py").read_text("utf-8")
    file = tmp_path / "source" / "04" / "04.ipynb"
    file.write_text("mine")
    assert main(["assign", "04", "--out", str(tmp_path)]) == 2
    assert "is there already" in capsys.readouterr().err and file.read_text() == "mine"


def test_a_hand_out_says_what_it_needs_of_the_one_before():
    cells = assignments.handout(assignments._lesson("02")).cells
    needs = [cell.source for cell in cells if "It calls `" in cell.source]
    assert len(needs) == 1 and "It calls `scaled_dot_product_attention`, your answer to *scaled dot-product" in needs[0]


@pytest.mark.parametrize(
    ("zone", "line"),
    [("Europe/Berlin", 'c.Platform.timezone = "Europe/Berlin"'), ("UTC", '# c.Platform.timezone = "Europe/Berlin"')],
)
def test_the_zone_of_the_platform_is_written_down(zone, line, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TZ", zone)
    assert main(["assign", "04", "--out", str(tmp_path)]) == 0
    assert f"\n{line}  #" in (tmp_path / "nbgrader_config.py").read_text("utf-8")
    assert ("are read as of Europe/Berlin" in capsys.readouterr().out) == (zone != "UTC")


def test_nbgrader_has_settings_in_every_folder(tmp_path, monkeypatch):
    """Without, each start of JupyterLab warns of it, twice."""
    apps = pytest.importorskip("nbgrader.apps.baseapp")
    project = tomllib.loads((files.course_folder() / "pyproject.toml").read_text("utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    (file,) = (source for source, place in shared.items() if place == "etc/jupyter/nbgrader_config.py")
    shutil.copy(files.course_folder() / file, tmp_path)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    app, records = apps.NbGrader(), []
    app.log = logging.Logger("nbgrader")
    app.log.addFilter(records.append)
    app.load_config_file()
    assert app.config.Autograde.autograde_preprocessors == []
    assert not [one for one in records if one.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["assign", "99"], "is no chapter and no track"),
     (["grade", "05"], "`course assign 05`, then `nbgrader generate_assignment 05` make it")],
)  # fmt: skip
def test_what_cannot_be_is_a_sentence(arguments, words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert words in capsys.readouterr().err
