"""What the site's search knows: each section of each page, its heading, its words, and the terms of the glossary."""

from collections.abc import Sequence
from typing import Any

from course_kit.views.view import json_for_script
from course_tools.authoring.markup import HEADINGS, plain

LEFT_OUT = ["script", "style", "math", "pre", "nav", "button"]  # code is for reading in its place


def sections(page: Any) -> list[tuple[str, str, str]]:
    """(id, heading, text) of each section of a page's tree; the text before the first heading has the id ""."""
    found: list[tuple[str, str, list[str]]] = [("", "", [])]

    def collect(element: Any) -> None:
        for child in element.children:
            if isinstance(child, str):
                found[-1][2].append(child)
            elif child.name in HEADINGS[:4] and child.get("id"):
                found.append((child["id"], plain(child), []))
            elif "course-view" in child.get("class", ()):
                found[-1][2].append(f" {plain(child.b)} " if child.b else " ")  # its title; a thumbnail has none
            elif child.name in LEFT_OUT:
                found[-1][2].append(" ")
            else:
                collect(child)

    collect(page)
    told = [(place, heading, " ".join("".join(text).split())) for place, heading, text in found]
    return [section for section in told if any(section[1:])]


def script(pages: Sequence[Any], terms: Sequence[Any]) -> str:
    """search-data.js: pages is a list of (file, name, its sections), terms are the glossary's."""
    names = [{"file": file, "name": name} for file, name, _ in pages]
    number = {file.removesuffix(".html"): i for i, (file, _, _) in enumerate(pages)}
    places, headings = [], set()
    for i, (_, name, found) in enumerate(pages):
        for anchor, heading, text in found:
            if text or heading not in headings:  # a function that the reader's files hand on: where it is written
                places.append([i, anchor, heading or name, text, 0])
            headings.add(heading)
    for term in terms:
        english, chinese, found = term
        places += [[number[chapter], anchor, f"{english} · {chinese}", words, 1] for chapter, anchor, words in found]
    return f"course.places(...{json_for_script([names, places])})"
