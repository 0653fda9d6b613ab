"""A page of the site carries its words; large pieces are in files beside it, once, and are fetched when they come near.

`img/` gets the pictures, `numbers/` what a large view shows, `models/` those that views run. A view waits as its still
picture until it comes near the screen; then `website/views.js` lets the program, in `program.js`, draw the moving one.
"""

import hashlib
import io
from collections.abc import Sequence
from typing import Any

from course_kit.views.fragments import START
from course_kit.views.view import data_element, json_for_script
from course_tools.authoring.markup import pictures

INLINE = 8_000  # characters of numbers that a page itself may carry for one view


class Assets:
    """The files that pages share. content: path in the site -> bytes or text; a name is made of what is in the file."""

    def __init__(self) -> None:
        self.content: dict[str, bytes | str] = {}

    def take(self, page: Any, root: str = "") -> None:
        """Moves the pictures of a page's tree into files, leaves out what says nothing. root: from there to img/."""
        from PIL import Image

        for image, data, kind in pictures(page):
            with Image.open(io.BytesIO(data)) as opened:
                wide, high = opened.size
            width, path = int(image.get("width", wide)), f"img/{digest(data)}.{kind}"
            self.content[path] = data
            size = {"width": width, "height": round(width * high / wide)}
            image.attrs |= {**size, "src": root + path, "loading": "lazy", "decoding": "async"}
        for corner in page.find_all(lambda element: element.name == "th" and not element.contents):
            corner.name, corner.attrs = "td", {}  # an empty corner is no heading

    def view(self, given: Any, models: Sequence[str] = ()) -> str:
        """The HTML of a `fragments.SavedView`: its picture, and its data or the name of the file that has them.

        models: the files in models/ that it needs for a sentence of one's own.
        """
        start = f'{START[:-1]} data-models="{" ".join(models)}">' if models else START
        data = json_for_script([given.spec, given.data])
        if len(data) <= INLINE:
            return f"{start}{given.still}{data_element(given.spec, given.data)}</div>"
        name = digest(data.encode())
        self.content[f"numbers/{name}.js"] = f'course.numbers("{name}",{data})'
        return f'{start[:-1]} data-numbers="{name}">{given.still}</div>'


def digest(data: bytes) -> str:
    """A short name for bytes, the same for the same ones."""
    return hashlib.sha256(data).hexdigest()[:10]
