"""What JupyterLab serves to the pages that it shows, since no notebook holds it: attention-course/views.js, the program
of all views, and attention-course/models/NAME.js, the trained models; their files are made when first asked for. For a
class it says what is on which screen: attention-course/screens/PATH. On a hub, where `course lab` starts nothing, it
fills the workbook of the student whose server it is (docs/deploying.md).
"""

import asyncio
import functools
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import ensure_async, url_path_join
from tornado import web

from course_kit import notebook_names
from course_kit.files import course_folder
from course_kit.i18n import catalogues

from . import lab

MAKE = """import json, sys
from course_kit.views.models import model_files
print(json.dumps(model_files(sys.argv[1])))"""
PROGRAM = "course_kit/views/js/dist/views.js"  # as in course_kit.views.program, which needs numpy and matplotlib
ONE = ThreadPoolExecutor(1)  # files that are asked for at once are made once


class Program(JupyterHandler):
    """GET -> the program of all views. No name is asked for: JupyterLab loads it before anyone can open a notebook."""

    async def get(self) -> None:
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")  # kept by the browser, and asked for each time: it has an ETag
        table = catalogues.table(os.environ.get("COURSE_LANGUAGE", "en"))
        words = f"globalThis.courseWords={json.dumps(table, ensure_ascii=False)};\n" if table else ""
        self.finish(words.encode() + (course_folder() / PROGRAM).read_bytes())


class ModelFiles(JupyterHandler):
    """GET NAME.js -> the script of that name; 404 where no trained model has it."""

    @web.authenticated
    async def get(self, name: str) -> None:
        script = await asyncio.get_running_loop().run_in_executor(ONE, script_of, name)
        if script is None:
            raise web.HTTPError(404, f"no trained model has a file {name}")
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.finish(script)


class Screens(JupyterHandler):
    """GET PATH of a notebook -> its screens, as `presenting.screens.plan` has them, and the chapter's frame or None."""

    @web.authenticated
    async def get(self, path: str) -> None:
        from course_kit import chapter_maps

        from ..authoring import sources
        from .presenting import screens

        name = path.rpartition("/")[2]
        ours = sources.folder(os.environ.get("COURSE_LANGUAGE", "en")) / name
        run = json.loads(ours.read_bytes())["cells"] if ours.is_file() else ()
        notebook = await ensure_async(self.contents_manager.get(path, type="notebook"))
        drawn = chapter_maps.address(notebook_names.chapter(name))
        self.finish({"screens": screens.plan(notebook["content"]["cells"], run), "map": drawn})


def script_of(name: str) -> str | None:
    """The file of that name, of a trained model; None where there is none."""
    model = name.split(".")[0]
    known = {card.stem for card in (course_folder() / "data" / "checkpoints").glob("*.json")}
    return _files(model).get(name) if model in known else None


@functools.lru_cache(maxsize=3)  # a few megabytes each
def _files(model: str) -> dict[str, str]:
    """Made in a process of its own: torch is more than the server of a student should hold."""
    done = subprocess.run([sys.executable, "-c", MAKE, model], check=True, capture_output=True, encoding="utf-8")
    return json.loads(done.stdout)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "course_tools.classroom.serving"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Jupyter Server calls it when it starts. Kernels are told that their page brings the program along."""
    ours = url_path_join(server.web_app.settings["base_url"], "attention-course")
    handlers = [
        (f"{ours}/views.js", Program),
        (rf"{ours}/models/([\w.-]+)", ModelFiles),
        (rf"{ours}/screens/(.+)", Screens),
    ]
    server.web_app.add_handlers(".*$", handlers)
    os.environ["COURSE_VIEWS"] = "page"
    if {"JUPYTERHUB_USER", "COURSE_WORKBOOK"} <= os.environ.keys():
        lab.filled(course_folder())
    speak(catalogues.languages().get(os.environ.get("COURSE_LANGUAGE", "en"), {}).get("folder"))


async def _start_jupyter_server_extension(server: Any) -> None:
    """Called once all is set up. Browsers keep JupyterLab's files for a year, as one that changes has a new name; the
    plugin's, which keep theirs, are asked for each time."""
    settings = server.web_app.settings
    kept = settings.get("static_immutable_cache", [])
    settings["static_immutable_cache"] = [path for path in kept if "/attention-course/" not in path]


def speak(locale: str | None) -> None:
    """JupyterLab's own words, where its setting is "default", are those of this locale, if its package is there."""
    if locale:
        from jupyterlab_server import settings_utils, translation_utils, translations_handler

        modules: Any = (settings_utils, translation_utils, translations_handler)
        for module in modules:
            module.SYS_LOCALE = locale
