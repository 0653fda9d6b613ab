"""Every link of the built site: internal ones must lead to a file and a place in it, others be https addresses."""

import posixpath
from collections import Counter
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page refers to, which places it has, and its pictures without words."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__()
        self.ids, self.muted, self.targets = list[str](), list[str](), list[str]()
        self.root = "../" * name.count("/")
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids += [given["id"]] if "id" in given else []
        told = given.get("alt", "").strip() or given.get("aria-hidden")  # what stands beside words that say it
        self.muted += [given.get("src", "?")] if tag == "img" and not told else []
        self.targets += [given[name] for name in ("href", "src") if name in given]
        self.targets += [f"{self.root}numbers/{given['data-numbers']}.js"] if "data-numbers" in given else []


def dead_links(folder: Path) -> list[str]:
    """What is wrong with the pages of a folder, as sentences; empty if all is well. No network is used."""
    texts = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.html")}
    pages = {name: Page(name, text) for name, text in texts.items()}
    problems = []
    for name, page in sorted(pages.items()):
        problems += [f"{name}: the picture {source} has no alt text" for source in page.muted]
        twice = {id for id, count in Counter(page.ids).items() if count > 1}
        problems += [f"{name}: the place #{id} is there twice" for id in sorted(twice)]
        for target in dict.fromkeys(page.targets):
            if problem := _problem(folder, name, target, pages):
                problems.append(f"{name}: the link to {target} {problem}")
    return problems


def _problem(folder: Path, name: str, target: str, pages: Mapping[str, Any]) -> str:
    if target.startswith("data:"):
        return ""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return "" if parts.scheme == "https" and "." in parts.netloc and " " not in target else "is no https address"
    path = unquote(parts.path)
    file = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
    if not (folder / file).is_file():
        return "finds no such file"
    if parts.fragment and unquote(parts.fragment) not in pages[file].ids:
        return "finds no such place"
    return ""
