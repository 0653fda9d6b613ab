"""What a kernel shows, in the language that `setup` was given: outputs of ours on their way to the page."""

import html
import re
from typing import Any

from course_kit import language
from course_kit.views import fragments

OURS = re.compile(r'class="(?:course-|maps)')


def install(shell) -> None:
    """Lets an IPython shell show everything in the language in use. None: there is none. May be called again."""
    if shell is None or getattr(shell.display_formatter.format, "speaks", False):
        return
    before = shell.display_formatter.format

    def speaking(*given, **more):
        bundle, metadata = before(*given, **more)
        return output(bundle), metadata

    speaking.speaks = True  # type: ignore[attr-defined]
    shell.display_formatter.format = speaking


def output(bundle: dict[str, Any]) -> dict[str, Any]:
    """A bundle of an output by MIME type, with its words in the language in use."""
    if language.current() == "en" or not OURS.search(bundle.get("text/html", "")):
        return bundle
    made = {**bundle, "text/html": page(bundle["text/html"])}
    if "text/plain" in bundle:
        lines = bundle["text/plain"].split("\n")
        made["text/plain"] = "\n".join(line if line.startswith("  ") else language.words(line) for line in lines)
    return made


def page(made: str) -> str:
    """HTML of ours with its words in the language in use: a view, a verdict, a table."""
    if language.current() == "en":
        return made
    if (view := fragments.read(made)) is None:
        return language.text(made)
    before, _, _ = made.partition(fragments.START)
    still = view.still
    for mine in (view.spec["caption"], view.spec["words"]):  # whole: the picture's words are of several sentences
        plain = re.sub(r"\[\w+\|([^\]]*)\]", r"\1", mine)
        said = re.sub(r"\[\w+\|([^\]]*)\]", r"\1", language.words(mine))
        still = still.replace(html.escape(plain), html.escape(said)) if plain else still
    told = fragments.View(language.text(still), language.spec(view.spec), view.data)
    return (
        f"{before}{fragments.START}{told.still}{told.html().removeprefix(fragments.START)}{language.text(view.after)}"
    )
