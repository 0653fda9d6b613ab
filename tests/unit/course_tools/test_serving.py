"""What JupyterLab's server gives to the pages that it shows."""

import re
import subprocess
import sys
from types import SimpleNamespace

import course
from course_kit.files import course_folder
from course_kit.views import program
from course_kit.views.models import model_files
from course_tools.classroom import doctor, lab, serving, workbook
from course_tools.classroom.serving import PROGRAM, script_of

GUIDE = course_folder() / "docs" / "deploying.md"


def test_it_gives_what_the_website_has():
    for name, script in model_files("transformer-grammar").items():
        assert script_of(name) == script


def test_it_gives_the_program_that_views_ask_for():
    assert course_folder() / PROGRAM == program.FILE


def test_an_unknown_name_is_no_model():
    for name in ("nothing.js", "page.txt", "transformer-grammar.99.js", "../README.md", ""):
        assert script_of(name) is None


def test_the_server_does_not_load_torch():
    """It would add 200 MB to the server of each student."""
    program = "import course_tools.classroom.serving, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_on_a_hub_the_server_of_a_student_fills_a_workbook_in_the_home_folder(tmp_path, monkeypatch):
    """With what docs/deploying.md sets, and nothing else."""
    settings = dict(re.findall(r"^ +(COURSE_WORKBOOK|OMP_\w+): \"?(\w+|~/\w+)", GUIDE.read_text("utf-8"), re.M))
    here = {"HOME": str(tmp_path), "JUPYTERHUB_USER": "anna", "COURSE_VIEWS": "", "JUPYTER_DATA_DIR": str(tmp_path)}
    for name, value in (here | settings).items():
        monkeypatch.setenv(name, value)
    app = SimpleNamespace(settings={"base_url": "/user/anna/"}, add_handlers=lambda host, handlers: None)
    serving._load_jupyter_server_extension(SimpleNamespace(web_app=app))
    place, ours = tmp_path / "workbook", course_folder() / "notebooks"
    assert {path.name for path in place.glob("*.ipynb")} == {path.name for path in ours.glob("*.ipynb")}
    assert workbook.place() == place and doctor.check_workbook().todo == "" and course.main(["progress"]) == 0
    assert f"--LabApp.default_url=/lab/tree/workbook/{lab.FIRST}" in lab.options(course_folder())
    assert GUIDE.read_text("utf-8").count(f"/lab/tree/workbook/{lab.FIRST}") == 2
