"""What pages of edition 0.6 lack, and get as they are opened: tags of their cells' structure, and what outputs say
beside what they show. With edition 0.8 this file goes, and with it what calls it.
"""

import html
import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_tools.authoring import structure

FILE = re.compile(r"<summary>(mine/\w+\.py)</summary>.*?<code[^>]*>(.*?)</code>", re.S)  # of `keep`, in 0.6
STOPPED = '<p class="course-stopped"'  # of ■, in 0.6


def tagged(cells: Sequence[Any]) -> None:
    """Gives the cells of a page that has none the tags that a build gives it today."""
    if not any({*structure.TAGS} & {*cell["metadata"].get("tags", ())} for cell in cells):
        for cell in cells:
            structure.mark(cell)


def course(output: Any) -> dict[str, Any]:
    """What an output says to the course's tools: the `file` that was kept and what it `defines`; that it `stopped`."""
    told = output.get("metadata", {}).get("course")
    page = "".join(output.get("data", {}).get("text/html", "")) if told is None else ""
    if found := FILE.search(page):
        return {"file": found[1], "defines": structure.definitions(html.unescape(found[2]))}
    return {"stopped": True} if STOPPED in page else told or {}


def open_with_tags(manager: Any) -> None:
    """Lets a server's contents manager open pages with these tags. An author's, whose source is beside it, stays as it
    is: what is added to it would be saved into the source."""
    read = manager.get

    def with_tags(model: Any) -> Any:
        content, path = model.get("content"), Path(model["path"])
        source = Path(manager.root_dir) / path.parent / "source" / f"{path.stem}.py"
        if model.get("type") == "notebook" and content and path.suffix == ".ipynb" and not source.exists():
            tagged(content["cells"])
        return model

    def get(*given: Any, **named: Any) -> Any:
        model = read(*given, **named)
        return _then(model, with_tags) if inspect.isawaitable(model) else with_tags(model)

    manager.get = get


async def _then(model: Any, change: Any) -> Any:
    return change(await model)
