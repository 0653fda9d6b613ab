"""Starts JupyterLab on chosen chapters, ready for a projector: `make present`, `make present ARGS="03 05"`.

A chapter is its lesson; `make present ARGS="05 annex"` is the annex of chapter 5.

The plugin in course_tools/classroom/jupyter/labextension shows one step a screen and hears the keys. It learns from
the page's configuration that it is wanted, which chapters there are, and their speaker notes.
"""

import os
from dataclasses import replace

from course_kit import files, lessons
from course_tools.authoring import building
from course_tools.classroom import lab, workbook

from . import screens
from .speaker import notes

CHAPTERS = "COURSE_CHAPTERS"  # environment variable: the names of the chapters, with commas


def run(names=(), arguments=()):
    """The command `present` -> exit status (on Linux and macOS JupyterLab takes over this process).

    names      as `chosen` has them
    arguments  options for JupyterLab, such as ["--no-browser", "--port", "8890"]
    Raises ValueError for a name that no chapter has.
    """
    root = files.course_folder()
    names = chosen(names)
    if not (where := lab.filled(root)):
        return 1
    os.environ |= {"COURSE_PRESENTING": "1", CHAPTERS: ",".join(names)}
    options = lab.options(root, [f"--LabApp.default_url=/doc/tree/{where.name}/{names[0]}.ipynb", *arguments])
    print(f"Presenting {', '.join(names)}. ? shows the keys; Ctrl-C here ends it.", flush=True)
    return lab.launch(root, options)


def chosen(names=()):
    """The notebooks that are meant, in the order given; none: the lesson of chapter 1.

    names: of lessons, or their beginnings, such as 03; the name of an annex, or "annex" behind its lesson's.
    Raises ValueError for a name that no notebook has.
    """
    found = []
    for name in names or ["01"]:
        if name == "annex" and found:
            found[-1:] = building.names([lessons.annex_of(found[-1])])
        else:
            there = building.names([name])
            found += [one for one in there if not lessons.is_annex(one)] or there
    return list(dict.fromkeys(found))


def configuration():
    """What the plugin finds in the page: {"chapters": [path], "notes": {name: [{heading, minutes, starts, html}]}}."""
    names = os.environ[CHAPTERS].split(",")
    folder = workbook.place().name  # the server's root is the folder that holds it
    notebooks = building.folder(os.environ.get("COURSE_LANGUAGE", "en"))
    said = {}
    for name in names:
        heads = screens.headings(name, notebooks / f"{name}.ipynb")
        told = [replace(one, heading=heads.get(one.heading, one.heading)) for one in notes(name)]
        said[name] = [{"heading": x.heading, "minutes": x.minutes, "starts": x.starts, "html": x.html()} for x in told]
    return {"chapters": [f"{folder}/{name}.ipynb" for name in names], "notes": said}
