"""What is kept when a notebook is saved: everything but live widgets.

A live widget exists as long as its kernel. Saved and opened again, its output would read "Error displaying widget".
So the saved copy shows the HTML that is beside it in the output; the open page keeps the live widget.
The same cleaning is applied to the notebooks that authors build.
"""

import os
from typing import Any

from course_kit.shell import presenting
from course_tools.authoring.clean import clean
from course_tools.classroom import earlier


def pre_save_hook(model: dict[str, Any], path: str = "", contents_manager: Any = None, **_: Any) -> None:
    """Jupyter's hook before a save: `model` is what is about to be written. Changes notebooks only."""
    content = model.get("content")
    if model.get("type") == "notebook" and isinstance(content, dict) and content.get("nbformat") == 4:
        clean(content)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "course_tools.classroom.saving"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Jupyter Server requires it; there is nothing to do before all extensions are loaded."""


async def _start_jupyter_server_extension(server: Any) -> None:
    """Called when all extensions are loaded: jupytext has put its own contents manager in place by then."""
    server.contents_manager.register_pre_save_hook(pre_save_hook)
    earlier.open_with_tags(server.contents_manager)
    page = server.web_app.settings.setdefault("page_config_data", {})
    page["courseLarge"] = presenting()  # the page is large; notebooks stay as they are
    if os.environ.get("COURSE_CHAPTERS"):
        from course_tools.classroom.presenting import start

        page["coursePresenting"] = start.configuration()
        start.curtain(server.web_app.settings["lab_jinja2_env"])
