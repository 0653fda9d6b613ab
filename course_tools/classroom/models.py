"""The trained models, as JupyterLab serves them to the pages that it shows: attention-course/models/NAME.js.

The files are made when they are first asked for; nothing of them lies in a notebook.
"""

import functools

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from course_utils.training.checkpoints import folder
from course_utils.views.models import model_files, page_files


class ModelFiles(JupyterHandler):
    """GET NAME.js -> the script of that name; 404 where no trained model has it."""

    @web.authenticated
    async def get(self, name: str) -> None:
        script = script_of(name)
        if script is None:
            raise web.HTTPError(404, f"no trained model has a file {name}")
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.finish(script)


def script_of(name: str) -> str | None:
    """The file of that name: page.js, or one of a trained model's."""
    if name == "page.js":
        return page_files()[name]
    model = name.split(".")[0]
    return _files(model).get(name) if model in {card.stem for card in folder().glob("*.json")} else None


@functools.lru_cache(maxsize=2)  # a few megabytes each
def _files(model: str) -> dict[str, str]:
    return model_files(model)


def _jupyter_server_extension_points():
    return [{"module": "course_tools.classroom.models"}]


def _load_jupyter_server_extension(server):
    """Jupyter Server calls it when it starts."""
    address = url_path_join(server.web_app.settings["base_url"], r"attention-course/models/([\w.-]+)")
    server.web_app.add_handlers(".*$", [(address, ModelFiles)])
