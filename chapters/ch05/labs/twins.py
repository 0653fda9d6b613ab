"""Two sentences that differ in one word, translated without the heads that a reader has knocked out of a view."""

from collections.abc import Sequence
from html import escape

import ipywidgets

from course_utils.decoding import translate
from course_utils.models.heads import Head, silenced
from course_utils.training.checkpoints import Loaded


def twins_without(view, loaded: Loaded, sentences: Sequence[str], knocked: Sequence[Sequence[int]] = ()):
    """A widget that says how a Transformer translates the sentences, with all of its encoder's heads and without those
    that are knocked out of `view`, a live `heads`. knocked: those that are out at first, (layer, head) from 0."""
    told, whole = ipywidgets.HTML(), _lines("With all heads", loaded, sentences)

    def tell(change):
        out = [Head("encoder", layer + 1, head + 1) for layer, head in change["new"]]
        names = ", ".join(f"{one.layer}.{one.head}" for one in out)
        with silenced(loaded.model, out):
            told.value = whole + (_lines(f"Without {names}", loaded, sentences) if out else "")

    tell({"new": []})
    view.observe(tell, names="knocked")
    view.knocked = [list(one) for one in knocked]
    return told


def _lines(heading: str, loaded: Loaded, sentences: Sequence[str]) -> str:
    texts = (escape(str(one)) for one in translate(loaded, list(sentences), beam=1))
    return f"<p><b>{escape(heading)}</b><br>{'<br>'.join(texts)}</p>"
