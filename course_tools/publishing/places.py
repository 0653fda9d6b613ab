"""What the site's search knows: each section of each page, its heading, its words, and the terms of the glossary."""

import html
import re

from course_utils.views.view import json_for_script

from .pages import plain

START = re.compile(r"<h([1-4]) id=\"([^\"]*)\">(.*?)</h\1>", re.S)
LEFT_OUT = re.compile(r"<(script|noscript|style|math|annotation)\b.*?</\1>", re.S)


def sections(body):
    """(id, heading, text) of each section of a page's HTML; what stands before the first heading has the id ""."""
    bare = LEFT_OUT.sub(" ", body)
    marks = list(START.finditer(bare))
    found = [("", "", plain(bare[: marks[0].start() if marks else None]))]
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        text = bare[mark.end() : following.start() if following else None]
        found.append((html.unescape(mark[2]), plain(mark[3]), plain(text)))
    return [section for section in found if any(section[1:])]


def script(pages, terms):
    """search-data.js: pages is a list of (file, name, body), terms of `glossary.Term`s."""
    names = [{"file": file, "name": name} for file, name, _ in pages]
    number = {file.removesuffix(".html"): i for i, (file, _, _) in enumerate(pages)}
    places = [
        [i, anchor, heading or name, text, 0]
        for i, (_, name, body) in enumerate(pages)
        for anchor, heading, text in sections(body)
    ]
    for term in terms:
        for chapter, anchor, words in term.places:
            places.append([number[chapter], anchor, f"{term.english} · {term.chinese}", words, 1])
    packed = json_for_script([names, places])
    return f"course.places(...{packed})"
