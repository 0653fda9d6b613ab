"""HTML read as a tree, by Beautiful Soup over Python's own parser: the course's pages are never searched as text."""

import base64
import re
from collections.abc import Iterator
from typing import Any

HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]


def tree(made: str) -> Any:
    """HTML -> its tree; `str(…)` writes it again."""
    from bs4 import BeautifulSoup

    return BeautifulSoup(made, "html.parser")


def headings(page: Any) -> Any:
    """Those headings of a tree that have an id, so that links can lead to them."""
    return page.find_all(HEADINGS, id=True)


def plain(made: Any) -> str:
    """HTML, or a part of a tree, as plain text in one line."""
    page = tree(made + "\n") if isinstance(made, str) else made  # one word alone would be taken for a file's name
    return " ".join(page.get_text().split())


def pictures(page: Any) -> Iterator[tuple[Any, bytes, str]]:
    """(element, bytes, "webp", "png" or "jpeg") of each picture that a tree carries in itself."""
    for image in page.find_all("img"):
        kind, _, data = image.get("src", "").partition(";base64,")
        if kind in ("data:image/webp", "data:image/png", "data:image/jpeg"):
            yield image, base64.b64decode(data), kind.rpartition("/")[2]


def sentences(text: str) -> list[str]:
    """The sentences of a text in one line, in any language: a full stop ends one before a space, `。` anywhere."""
    return re.split(r"(?<=[.?!])\s+|(?<=[。？！])", text)


def to_keep(text: str) -> str:
    """The sentence to keep of a cell that has one: its last paragraph, without the bold words in front."""
    return "".join(re.split(r"\*\*(?: |：)", text.strip().split("\n\n")[-1], maxsplit=1)[1:])


def spoken(text: str) -> str:
    """Markdown's marks of emphasis and code taken away, short formulas as one would type them."""
    text = re.sub(r"\$([^$]+)\$", lambda found: _typed(found[1]), text)
    text = re.sub(r"(`[^`]*`)|<[^>]+>", lambda found: found[1] or "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"\*\*|(?<!\w)\*|\*(?!\w)|`", "", text, flags=re.A).strip()  # of letters, only ours are words


def numbered(text: str) -> list[str]:
    """The entries of a numbered list, in Markdown, without numbers: the lines to keep of a cell tagged `lines`."""
    return re.findall(r"^\d+\. (.+)$", text, re.M)


def _typed(formula: str) -> str:
    """A short TeX formula in plain characters."""
    for tex, typed in {r"\tfrac12": "½", r"\sqrt ": "√", r"\cdot": " · ", "-": "−"}.items():
        formula = formula.replace(tex, typed)
    return re.sub(r"\\color\{[^}]*\}|\\\w+|[{}]", "", formula)
