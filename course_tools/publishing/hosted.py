"""The course on hosted machines: Google Colab and Binder.

`repository()` finds the address of the repository; from it come the addresses that open a chapter there,
and the first cell of the notebooks for Colab, which fetches and installs the course. Binder does that by itself,
from the folder .binder.
"""

import copy
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

from course_kit import files
from course_kit.i18n import t
from course_kit.runtime import DISTRIBUTION, missing_packages
from course_utils import __version__

PUBLIC = re.compile(r"(?:https://|ssh://git@|git@)(github\.com)[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?/?")
NOTEBOOKS = "gh-pages"  # the branch with the built site, which has the notebooks prepared for Colab
CELL = """\
# On Google Colab this fetches the course and installs what is missing, once. Anywhere else it does nothing.
import os, subprocess, sys
if "COLAB_RELEASE_TAG" in os.environ:
    course = os.path.expanduser("~/attention-course")
    if not os.path.exists(course + "/pyproject.toml"):
        subprocess.run(["git", "init", "--quiet", course], check=True)
        subprocess.run(["git", "-C", course, "fetch", "--quiet", "--depth=1", {address!r}, {state!r}], check=True)
        subprocess.run(["git", "-C", course, "checkout", "--quiet", "FETCH_HEAD"], check=True)
    sys.path.insert(0, course)
    from course_tools.publishing import hosted
    hosted.prepare(course)"""


def repository(given=None, root=None):
    """The public address of the course's repository on GitHub, "https://github.com/OWNER/NAME", or None.

    given, else that of git's remote "origin". Raises ValueError if what was given is something else.
    """
    found = PUBLIC.fullmatch(given or _git(root or files.course_folder(), "remote", "get-url", "origin"))
    if given and not found:
        raise ValueError(f"The repository is {given!r}; it must be an address such as https://github.com/OWNER/NAME.")
    return f"https://{found[1]}/{found[2]}/{found[3]}" if found else None


def commit():
    """The commit of the course that is here, in full, or "main" where git has none."""
    return _git(files.course_folder(), "rev-parse", "HEAD") or "main"


def badges(address, name, state="main", folder=""):
    """[(what it says, address)] of the places that open a chapter; none without the repository's address.

    name: such as "01_nadaraya_watson"; state: the branch or commit that Binder is to take; folder: of its
    language, such as "es/".
    """
    if not address:
        return []
    owner = address.removeprefix("https://github.com/")
    colab = f"https://colab.research.google.com/github/{owner}/blob/{NOTEBOOKS}/{folder}notebooks/{name}.ipynb"
    binder = f"https://mybinder.org/v2/gh/{owner}/{state}?urlpath=lab/tree/notebooks/{folder}{name}.ipynb"
    return [(t("open in Colab"), colab), (t("open in Binder"), binder)]


def report(address, page):
    """Where a reader says that something on a page is wrong: a new issue with page and edition filled in.

    page: such as "03_seq2seq" or "glossary.html#bleu". None without the repository's address.
    """
    if not address:
        return None
    text = t(
        "Page: {page}\nEdition: {version}\n\nWhat is wrong, or what did you have to read twice?\n",
        page=page,
        version=__version__,
    )
    return f"{address}/issues/new?{urlencode({'title': f'{page}: ', 'body': text})}"


def prepared(notebook, address, name, state="main", folder=""):
    """A copy of a notebook (nbformat) for other machines: under its title where it opens, before its first code the
    cell that fetches the course on Colab, at its end where to report. Each view carries the program, since each output
    is a page of its own there. Without an address: the notebook as it is."""
    from course_kit.views import (
        fragments,
        program,  # not above: `prepare` runs before what they need is installed
    )

    made = copy.deepcopy(notebook)
    if not address:
        return made
    links = " · ".join(f"[{words}]({where})" for words, where in badges(address, name, state, folder))
    made.cells[0].source += f"\n\n{links}"
    made.cells[-1].source += t(
        "\n\n[Report something that is wrong in this chapter]({report})", report=report(address, name)
    )
    first = next(i for i, cell in enumerate(made.cells) if cell.cell_type == "code")
    cell = copy.deepcopy(made.cells[first])
    cell.update(
        id="course-on-colab", source=CELL.format(address=address, state=state), outputs=[], execution_count=None
    )
    cell.metadata = type(cell.metadata)({"cellView": "form", "jupyter": {"source_hidden": True}})
    made.cells.insert(first, cell)
    for data in (output.get("data", {}) for cell in made.cells for output in cell.get("outputs", ())):
        if fragments.START in data.get("text/html", ""):
            data["text/html"] = program.packed() + data["text/html"]
    return made


def prepare(course):
    """On Colab, after the course was fetched into the folder `course`: install what is missing, start in notebooks/.

    Raises RuntimeError with pip's last words if something cannot be installed.
    """
    if missing_packages() == [(DISTRIBUTION, None)]:
        _pip("--no-deps", "--editable", str(course))
        importlib.invalidate_caches()
    if wanted := [need for need, _ in missing_packages()]:
        _pip(*wanted)
    os.chdir(Path(course) / "notebooks")
    if "google.colab" in sys.modules:
        importlib.import_module("google.colab.output").enable_custom_widget_manager()


def _pip(*arguments):
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise RuntimeError(f"pip could not install {' '.join(arguments)}:\n{last}\nRun this cell again.")


def _git(root, *arguments):
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
