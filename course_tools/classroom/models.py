"""The trained models, as JupyterLab serves them to the pages that it shows: attention-course/models/NAME.js.

The files are made when they are first asked for; nothing of them is in a notebook.
"""

import asyncio
import functools
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from course_kit.files import course_folder

MAKE = """import json, sys
from course_kit.views.models import model_files, page_files
print(json.dumps(page_files() if sys.argv[1] == "page" else model_files(sys.argv[1])))"""
ONE = ThreadPoolExecutor(1)  # files that are asked for at once are made once


class ModelFiles(JupyterHandler):
    """GET NAME.js -> the script of that name; 404 where no trained model has it."""

    @web.authenticated
    async def get(self, name: str) -> None:
        script = await asyncio.get_running_loop().run_in_executor(ONE, script_of, name)
        if script is None:
            raise web.HTTPError(404, f"no trained model has a file {name}")
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.finish(script)


def script_of(name: str) -> str | None:
    """The file of that name: page.js, or one of a trained model's; None where there is none."""
    model = name.split(".")[0]
    known = {card.stem for card in (course_folder() / "data" / "checkpoints").glob("*.json")}
    return _files(model).get(name) if model in known | {"page"} else None


@functools.lru_cache(maxsize=3)  # a few megabytes each
def _files(model: str) -> dict[str, str]:
    """Made in a process of its own: torch is more than the server of a student should hold."""
    done = subprocess.run([sys.executable, "-c", MAKE, model], check=True, capture_output=True, encoding="utf-8")
    return json.loads(done.stdout)


def _jupyter_server_extension_points():
    return [{"module": "course_tools.classroom.models"}]


def _load_jupyter_server_extension(server):
    """Jupyter Server calls it when it starts."""
    address = url_path_join(server.web_app.settings["base_url"], r"attention-course/models/([\w.-]+)")
    server.web_app.add_handlers(".*$", [(address, ModelFiles)])
