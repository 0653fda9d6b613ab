"""The views in a notebook's outputs, taken apart: what stands still, which code they share, what is their own.

Each fragment brings all its code, so that it works alone. On a page with many of them one copy is enough: `Kits`.
"""

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass, field

from course_utils.views.view import json_for_script

VIEW = re.compile(
    r'<div class="course-view">(?P<still>(?:(?!<script>).)*)<script>\(\(\)=>\{(?P<code>(?:(?!</script>).)*?)'
    r"\nmount\(document\.currentScript\.parentElement,\{(?P<kind>\w+)\},(?P<spec>(?:(?!</script>).)*),"
    r'fromBase64\("(?P<data>[A-Za-z0-9+/=]*)"\)\)\}\)\(\)</script></div>',
    re.S,
)
PICTURE = re.compile(r'src="data:image/(?P<type>png|jpeg|svg\+xml);base64,(?P<data>[A-Za-z0-9+/=]+)"')


@dataclass(frozen=True)
class View:
    """A view as `course_utils.views` wrote it. still: its picture, caption and table, as HTML; code: its ES modules as
    one script; kind: the function that draws it; spec: JSON; data: its numbers in base64."""

    still: str
    code: str
    kind: str
    spec: dict
    data: str

    def presenting(self):
        """The same view in the size for a projector."""
        return View(self.still, self.code, self.kind, {**self.spec, "presenting": True}, self.data)


def replace_views(html, write):
    """The HTML of an output with each view in it replaced by what `write(view)` returns.

    Raises ValueError if a view is there in a form that is not known: then `VIEW` is behind `course_utils.views.view`.
    """

    def found(match):
        spec = json.loads(match["spec"])
        return write(View(match["still"], match["code"], match["kind"], spec, match["data"]))

    made, count = VIEW.subn(found, html)
    if count != html.count('<div class="course-view"'):
        raise ValueError("An output holds a view whose HTML is not as course_utils/views/view.py writes it.")
    return made


@dataclass
class Kits:
    """The code of all views of a page, each kept once. `use(view)` -> the view's HTML; `script()` -> the code, which
    has to stand before the first of them."""

    still: bool = True  # keep picture, caption and table for those without scripts
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)

    def use(self, view):
        name = "k" + hashlib.sha256((view.kind + view.code).encode()).hexdigest()[:10]
        self.codes[name] = view.kind, view.code
        spec = json_for_script(view.spec)
        call = f'courseViews.{name}(document.currentScript.parentElement,{spec},"{view.data}")'
        return f'<div class="course-view">{view.still if self.still else ""}<script>{call}</script></div>'

    def script(self):
        """JavaScript that defines `courseViews`; "" if there are no views."""
        if not self.codes:
            return ""
        kits = ",\n".join(
            f"{name}:(()=>{{{code}\nreturn (host,spec,data)=>mount(host,{{{kind}}},spec,fromBase64(data))}})()"
            for name, (kind, code) in sorted(self.codes.items())
        )
        return f"const courseViews={{\n{kits}}};"


def replace_pictures(html, write):
    """The HTML with the address of each embedded picture replaced by what `write(bytes, ending)` returns."""

    def found(match):
        try:
            data = base64.b64decode(match["data"], validate=True)
        except binascii.Error as error:
            raise ValueError(f"A picture in an output cannot be read: {error}") from None
        return f'src="{write(data, {"svg+xml": "svg"}.get(match["type"], match["type"]))}"'

    return PICTURE.sub(found, html)
