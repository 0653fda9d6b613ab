"""The live shell: the same view as an anywidget, for cells in which Python listens or answers.

Its traits are the entries of the view's state (`width`, `query`, `row`, …), so `ipywidgets.jslink` and `.observe` work.
"""

import re
from collections.abc import Callable
from typing import Any

import anywidget
import ipywidgets
import traitlets

from course_kit.shell import ipython
from course_kit.views import program
from course_kit.views.view import View, at


class LiveView(anywidget.AnyWidget):
    """A view that Python can move and hear. Made by `live=True`; one trait per entry of the view's state."""

    _spec = traitlets.Dict().tag(sync=True)
    _data = traitlets.Bytes().tag(sync=True)

    def __init__(self, view: View) -> None:
        self.view = view
        super().__init__(_spec={**view.spec(), "live": True}, _data=view.payload())

    def replace(self, view: View) -> None:
        """Shows another view of the same kind in its place: Python's answer to what a reader asked for."""
        with self.hold_sync():
            turn = self._spec.get("turn", 0) + 1
            self.view, self._spec = view, {**view.spec(), "live": True, "turn": turn}
            for name, value in view.state.items():
                setattr(self, name, value)
            self._data = view.payload()

    @property
    def state(self) -> dict:
        """The state as it is now, after what the reader did."""
        return {name: getattr(self, name) for name in self.view.state}

    @property
    def now(self) -> View:
        """The view with that state: what describe, table and pictures speak of."""
        return at(self.view, **self.state)

    controls = property(lambda self: self.view.controls)
    describe = property(lambda self: self.now.describe)
    table = property(lambda self: self.now.table)

    def close(self) -> None:
        """Takes the widget and its layout out of the page and of the kernel."""
        self.layout.close()
        super().close()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        made = super()._repr_mimebundle_(**kwargs)
        data, metadata = made if isinstance(made, tuple) else (made, {})
        return {**self.now._repr_mimebundle_(), **(data or {}), "text/plain": self.describe()}, metadata


# cell id -> (run, its live views): a cell run again closes its old ones
_shown: dict[str, tuple[str | None, list[LiveView]]] = {}


def shell(view: View, wanted: bool) -> Any:
    """The view itself, or, where it is wanted, the live shell around it that Python can hear."""
    return live(view) if wanted else view


def live(view: View) -> LiveView:
    """The live shell around a view. Running the cell again closes the widgets that its last run made."""
    traits = {name: _trait(view, name, value).tag(sync=True) for name, value in view.state.items()}
    made = type("LiveView", (LiveView,), {**traits, "_esm": program.module(), "__module__": __name__})(view)
    cell, run = _cell()
    if cell:
        before, views = _shown.get(cell, (run, []))
        if before != run:
            for old in views:
                old.close()
            views = []
        _shown[cell] = (run, [*views, made])
    return made


class Below(ipywidgets.HTML):
    """What Python writes below a live view. A saved notebook keeps it as it was when it was shown."""

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        plain = re.sub("<[^>]+>", "", self.value)
        return {**(super()._repr_mimebundle_(**kwargs) or {}), "text/html": self.value, "text/plain": plain}


def below(view: LiveView, tell: Callable[[], str], *names: str) -> Below:
    """The HTML that `tell()` gives, to display below the view; asked again whenever a trait of these names changes."""
    told = Below(tell())
    view.observe(lambda _: setattr(told, "value", tell()), [*names])
    return told


def _trait(view: View, name: str, value: Any) -> traitlets.TraitType:
    control: dict = next((c for c in view.controls if c["name"] == name), {})
    if control.get("kind") == "choice":
        return traitlets.Enum(control["options"], value)
    if isinstance(value, bool):
        return traitlets.Bool(value)
    if isinstance(value, int):
        return traitlets.Int(value)
    if isinstance(value, float):
        values = control.get("values")
        return traitlets.CFloat(value, **({"min": min(values), "max": max(values)} if values else {}))
    return traitlets.List(value) if isinstance(value, list) else traitlets.Unicode(value)


def _cell() -> tuple[str | None, str | None]:
    """The id of the cell that is running and of this run of it, where the front end tells."""
    try:
        parent = ipython().get_parent()
        return parent["metadata"].get("cellId"), parent["header"]["msg_id"]
    except (AttributeError, KeyError, TypeError):
        return None, None
