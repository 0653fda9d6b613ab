"""All chapters' glossaries as one: English, Chinese, a few words, and a link to each place that introduces it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ..authoring.markup import plain, tree


def terms(chapters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The terms of `pages.Chapter`s, sorted: (English, Chinese, [(chapter, anchor, a few words) of each place])."""
    names, places = dict[str, tuple[str, str]](), defaultdict[str, list[Any]](list)
    for chapter in chapters:
        for english, chinese, words in rows(chapter):
            link = english.find("a", href=True)  # authoring/rules/pattern.py sees to it that each term has one
            key = plain(link).casefold()
            names.setdefault(key, (plain(link), plain(chinese)))
            places[key].append((chapter.name, link["href"].partition("#")[2], plain(words)))
    return [(*names[key], places[key]) for key in sorted(names)]


def rows(chapter: Any) -> list[Any]:
    """The cells (English, Chinese, words) of each row of the table of the cell tagged `glossary`."""
    for cell in chapter.cells:
        if "glossary" in cell.tags:
            return [row.find_all("td") for row in tree(cell.source).find("tbody").find_all("tr")]
    return []
