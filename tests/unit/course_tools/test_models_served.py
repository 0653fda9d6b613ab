"""The files of the models, as JupyterLab's server gives them."""

import subprocess
import sys

from course_kit.views.models import model_files, page_files
from course_tools.classroom.models import script_of


def test_it_gives_what_the_website_has():
    assert script_of("page.js") == page_files()["page.js"]
    for name, script in model_files("bert-sentiment").items():
        assert script_of(name) == script


def test_an_unknown_name_is_no_model():
    for name in ("nothing.js", "page.txt", "transformer-grammar.99.js", "../README.md", ""):
        assert script_of(name) is None


def test_the_server_does_not_load_torch():
    """It would add 200 MB to the server of each student."""
    program = "import course_tools.classroom.models, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
