"""The views in a notebook's outputs, read: the picture that stands for a view, and the data that it is drawn from."""

import json
from dataclasses import dataclass

from course_kit.views import program
from course_kit.views.view import data_element

START = '<div class="course-view">'
DATA, ENDED = '<script type="application/json">', "</script>"
END = f"{program.SHOW}</div>"


@dataclass(frozen=True)
class SavedView:
    """A view as `course_kit.views.view.View.fragment` wrote it.

    still: its picture, caption and table, as HTML; spec: all but its numbers; data: these, in base64;
    after: what comes below it in the output, such as the words after a training.
    """

    still: str
    spec: dict
    data: str
    after: str = ""

    @property
    def kind(self) -> str:
        """The name of the function that draws it."""
        return self.spec["kind"]

    def html(self) -> str:
        """The view alone, without its picture: for a page that is never read without scripts."""
        return f"{START}{data_element(self.spec, self.data)}{END}"


def read(made: str) -> SavedView | None:
    """The view that an output's HTML is -> SavedView; None if the output is something else.

    Raises ValueError if there is a view whose parts are not where `course_kit.views.view.View.fragment` puts them.
    """
    if START not in made:
        return None
    try:
        before, shown, after = made.partition(END)
        still, _, told = before.removesuffix(ENDED).rpartition(DATA)
        spec, data = json.loads(told)
        if not (shown and still.startswith(START) and isinstance(spec["kind"], str)) or START in after:
            raise ValueError("more or other parts than one picture, its data and the lines that show them")
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"An output holds a view whose HTML is not as course_kit/views/view.py writes it ({error}). "
            "Build its notebook again: make notebooks"
        ) from None
    return SavedView(still.removeprefix(START), spec, data, after)
