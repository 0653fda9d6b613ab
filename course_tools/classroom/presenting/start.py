"""Starts JupyterLab on chosen chapters, ready for a projector: `make present`, `make present ARGS="03 05"`.

A chapter is its lesson; `make present ARGS="05 annex"` is the annex of chapter 5.

The plugin in course_tools/classroom/jupyter/labextension shows one step a screen and hears the keys. It learns from
the page's configuration that it is wanted, which chapters there are, and their speaker notes.
"""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from course_kit import files, notebook_names
from course_kit.i18n import t
from course_tools.authoring import sources
from course_tools.classroom import lab, workbook

from . import screens
from .screens import without_screen
from .speaker import notes

CHAPTERS = "COURSE_CHAPTERS"  # environment variable: the names of the chapters, with commas


def run(names: Sequence[str] = (), arguments: Sequence[str] = (), screens: bool = False) -> int:
    """The command `present` -> exit status (on Linux and macOS JupyterLab takes over this process).

    names      as `chosen` has them
    screens    open nothing, and only say what of each lesson should have a screen, and has none
    arguments  options for JupyterLab, such as ["--no-browser", "--port", "8890"]
    Raises ValueError for a name that no chapter has.
    """
    root = files.course_folder()
    if screens:
        return print_missing(root)
    names = chosen(names)
    if not (where := lab.filled(root)):
        return 1
    os.environ |= {"COURSE_PRESENTING": "1", CHAPTERS: ",".join(names)}
    options = lab.options(root, [f"--LabApp.default_url=/doc/tree/{where.name}/{names[0]}.ipynb", *arguments])
    print(t("Presenting {names}. ? shows the keys; Ctrl-C here ends it.", names=", ".join(names)), flush=True)
    return lab.launch(root, options)


def print_missing(root: Path) -> int:
    """Says of each lesson what should have a screen, and has none -> exit status."""
    import nbformat

    for name in filter(lambda name: not notebook_names.is_annex(name), sources.names()):
        cells = nbformat.read(root / "notebooks" / f"{name}.ipynb", as_version=4).cells
        for what in without_screen(cells):
            print(f"{name}: without a screen: {what}")
    return 0


def chosen(names: Sequence[str] = ()) -> list[str]:
    """The notebooks that are meant, in the order given; none: the lesson of chapter 1.

    names: of lessons, or their beginnings, such as 03; the name of an annex, or "annex" behind its lesson's.
    Raises ValueError for a name that no notebook has.
    """
    found: list[str] = []
    for name in names or ["01"]:
        if name == "annex" and found:
            found[-1:] = sources.names([notebook_names.annex_of(found[-1])])
        else:
            there = sources.names([name])
            found += [one for one in there if not notebook_names.is_annex(one)] or there
    return list(dict.fromkeys(found))


def configuration() -> dict[str, Any]:
    """What the plugin finds in the page: {"chapters": [path], "notes": {name: [{heading, minutes, starts, html}]}}."""
    names = os.environ[CHAPTERS].split(",")
    folder = workbook.place().name  # the server's root is the folder that holds it
    notebooks = sources.folder(os.environ.get("COURSE_LANGUAGE", "en"))
    said = {}
    for name in names:
        heads = screens.headings(name, notebooks / f"{name}.ipynb")
        told = [replace(one, heading=heads.get(one.heading, one.heading)) for one in notes(name)]
        said[name] = [{"heading": x.heading, "minutes": x.minutes, "starts": x.starts, "html": x.html()} for x in told]
    return {"chapters": [f"{folder}/{name}.ipynb" for name in names], "notes": said}


LATE = t("No screens came in time. If the plugin is older than the course, `python course.py doctor` says what to do.")
CURTAIN = """<div id="course-curtain" translate="no"> </div><style>
#course-curtain{position:fixed;inset:0;z-index:99999;display:grid;place-items:center;padding:4vw;
font:700 5.3vw/1.12 system-ui,sans-serif;color-scheme:SCHEME;
color:light-dark(#000,#e6ebf1);background:light-dark(#fff,#1c2128)}
[data-jp-theme-light=true]>#course-curtain{color-scheme:light}[data-jp-theme-light=false]>#course-curtain{color-scheme:dark}
#course-curtain[data-late]{inset:auto 0 0;padding:9px;font:16px/1.2 system-ui,sans-serif;color:#000;background:#ffe9a8}
#course-curtain[hidden]{display:none}</style><script>{
const curtain = document.getElementById("course-curtain");
const { notes } = JSON.parse(document.getElementById("jupyter-config-data").textContent).coursePresenting;
const name = decodeURIComponent(location.pathname).split("/").pop().replace(".ipynb", "");
curtain.firstChild.data = notes[name]?.[0].heading ?? " ";
// an older plugin never lifts it, nor one that did not load: then a line at the foot says so, until it is clicked
const isLate = () => performance.now() > 30000 || document.body.classList.contains("course-presenting");
const watch = setInterval(() => {
  if (!curtain.hidden && !isLate()) return;
  clearInterval(watch);
  if (!curtain.hidden) curtain.firstChild.data = curtain.dataset.late = LATE;
}, 500);
curtain.onclick = () => (curtain.hidden = "late" in curtain.dataset);
}</script>""".replace("LATE", json.dumps(LATE))


def curtain(templates: Any) -> None:
    """Draw it before JupyterLab is loaded: its page, of Jinja's environment, begins with the title of the chapter."""
    from jinja2 import ChoiceLoader, DictLoader
    from jupyterlab.commands import get_user_settings_dir

    file = Path(get_user_settings_dir()) / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
    kept = file.read_text("utf-8") if file.is_file() else ""
    scheme = "dark" if re.search(r'^\s*"theme":.*Dark', kept, re.M) else "light"
    scheme = "light dark" if re.search(r'^\s*"adaptive-theme":\s*true', kept, re.M) else scheme
    page = templates.loader.get_source(templates, "index.html")[0]
    begun = re.sub(r"<body[^>]*>", lambda body: body[0] + CURTAIN.replace("SCHEME", scheme), page, count=1)
    templates.loader = ChoiceLoader([DictLoader({"index.html": begun}), templates.loader])
