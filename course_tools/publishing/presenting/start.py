"""Starts JupyterLab on chosen chapters, ready for a projector: `make present`, `make present ARGS="03 05"`.

The plugin in course_tools/classroom/jupyter/labextension shows one step a screen and hears the keys. It learns from
the page's configuration that it is wanted, which chapters there are, and their speaker notes.
"""

import os
import sys

from course_tools.authoring import building
from course_tools.classroom import lab, workbook
from course_utils.support import files

from .speaker import notes

CHAPTERS = "COURSE_CHAPTERS"  # environment variable: the names of the chapters, with commas


def run(names=(), arguments=(), prepare=False):
    """The command `present` -> exit status (on Linux and macOS JupyterLab takes over this process).

    names      names of chapters or their beginnings; none: chapter 1
    arguments  options for JupyterLab, such as ["--no-browser", "--port", "8890"]
    prepare    run the chapters' cells once, without opening anything, so that what they train is kept
    Raises ValueError for a name that no chapter has.
    """
    root = files.course_folder()
    chosen = chapters(names)
    if not (where := lab.filled(root)):
        return 1
    if prepare:
        from .prepare import train

        return train(chosen, where)
    if problem := lab.port_problem(arguments):
        print(problem, file=sys.stderr)
        return 1
    os.environ |= {"COURSE_PRESENTING": "1", CHAPTERS: ",".join(chosen)}
    options = lab.options(root, [f"--LabApp.default_url=/doc/tree/{where.name}/{chosen[0]}.ipynb", *arguments])
    print(f"Presenting {', '.join(chosen)}. ? shows the keys; Ctrl-C here ends it.", flush=True)
    print("Trainings that are kept are shown at once; make present ARGS='--prepare …' runs them beforehand.")
    return lab.launch(root, options)


def chapters(names=()):
    """The chapters that these names, or beginnings of names, mean, in the order given."""
    return list(dict.fromkeys(one for name in names or ["01"] for one in building.names([name])))


def configuration():
    """What the plugin finds in the page: {"chapters": [path], "notes": {name: [{heading, minutes, starts, html}]}}."""
    names = os.environ[CHAPTERS].split(",")
    said = {
        name: [{"heading": x.heading, "minutes": x.minutes, "starts": x.starts, "html": x.html()} for x in notes(name)]
        for name in names
    }
    folder = workbook.place().name  # the server's root is the folder that holds it
    return {"chapters": [f"{folder}/{name}.ipynb" for name in names], "notes": said}
