"""What JupyterLab's server gives to the pages that it shows."""

import subprocess
import sys

from course_kit.files import course_folder
from course_kit.views import program
from course_kit.views.models import model_files
from course_tools.classroom.serving import PROGRAM, script_of


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
