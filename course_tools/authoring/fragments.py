"""The views in a notebook's outputs, taken apart: their still picture, the code that they share, what is their own.

Each fragment brings all its code, so that it works alone. On a page with many of them one copy is enough: `Kits`.
"""

import hashlib
import json
from dataclasses import dataclass, field, replace

from course_kit.views.view import BEGIN, END, json_for_script

from .markup import tree

START = '<div class="course-view">'


@dataclass(frozen=True)
class View:
    """A view as `course_kit.views` wrote it. still: its picture, caption and table, as HTML; code: its ES modules as
    one script; spec: JSON; data: its numbers in base64; after: what comes below it, as the words after a training."""

    still: str
    code: str
    spec: dict
    data: str
    after: str = ""

    @property
    def kind(self):
        """The name of the function that draws it."""
        return self.spec["kind"]

    def presenting(self):
        """The same view in the size for a projector."""
        return replace(self, spec={**self.spec, "presenting": True})


def read(made):
    """The view that an output's HTML is -> View; None if the output is something else.

    Raises ValueError if there is a view whose parts are not where `course_kit.views.view.View.scripts` puts them.
    """
    if START not in made:
        return None
    try:
        host, *after = tree(made).contents
        parts, code = (script.extract() for script in host.find_all("script"))
        spec, data = json.loads(parts.string)
        end = END.replace("KIND", spec["kind"])
        if not (made.startswith(START) and code.string.startswith(BEGIN) and code.string.endswith(end)):
            raise ValueError("the code is not between BEGIN and END")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"An output holds a view whose HTML is not as course_kit/views/view.py writes it ({error}). "
            "Build its notebook again: make notebooks"
        ) from None
    return View(host.decode_contents(), code.string[len(BEGIN) : -len(end)], spec, data, "".join(map(str, after)))


@dataclass
class Kits:
    """The code of all views of a page, each kept once. `use(view)` -> the view's HTML; `script()` -> the code, which
    has to stand before the first of them."""

    codes: dict[str, tuple[str, str]] = field(default_factory=dict)

    def use(self, view):
        name = "k" + hashlib.sha256((view.kind + view.code).encode()).hexdigest()[:10]
        self.codes[name] = view.kind, view.code
        call = f'courseViews.{name}(document.currentScript.parentElement,{json_for_script(view.spec)},"{view.data}")'
        return f"{START}<script>{call}</script></div>"

    def script(self):
        """JavaScript that defines `courseViews`; "" if there are no views."""
        if not self.codes:
            return ""
        kits = ",\n".join(
            f"{name}:(()=>{{{code}\nreturn (host,spec,data)=>mount(host,{{{kind}}},spec,fromBase64(data))}})()"
            for name, (kind, code) in sorted(self.codes.items())
        )
        return f"const courseViews={{\n{kits}}};"
