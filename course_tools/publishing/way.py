"""What each chapter needs: the lessons in a row, and an arc from each to those that build on it.

A lesson says it itself, in its first cell: `**Before:** [chapter 3](03_seq2seq.ipynb) (…)`.
"""

import html
import re

from course_kit import lessons
from course_tools.classroom import maps

BEFORE = re.compile(r"<strong>Before:</strong>(.*?)</p>", re.S)
HIGH = 46  # of the arcs, in units of which a lesson is 100 wide


def needs(chapters):
    """{lesson: the lessons that it names as to be read before}, from `pages.Chapter`s, in their order."""
    there = [one for one in chapters if not one.annex]
    names = [one.name for one in there]
    found = {}
    for one in there:
        said = BEFORE.search(one.cells[0].source)
        linked = re.findall(r'href="([\w-]+)\.html', said[1] if said else "")
        found[one.name] = [name for name in names if name in linked and name < one.name]
    return found


def drawn(chapters):
    """The map as HTML: an ordered list of links, above it the arcs."""
    before = needs(chapters)
    places = {name: i for i, name in enumerate(before)}
    arcs = "".join(_arc(places[one], places[name]) for name, ones in before.items() for one in ones)
    wide = 100 * len(places)
    items = "".join(_item(one, before[one.name]) for one in chapters if not one.annex)
    arcs = f'<svg viewBox="0 0 {wide} {HIGH}" preserveAspectRatio="none" aria-hidden="true">{arcs}</svg>'
    return f'<div class="maps way" style="--count:{len(places)}">{arcs}<ol>{items}</ol></div>'


def _arc(start, end):
    """From one lesson to another: the farther, the higher."""
    left, right = 100 * start + 50, 100 * end + 50
    top = HIGH - min(HIGH - 2, 14 + 16 * (end - start))
    return f'<path d="M{left} {HIGH}C{left} {top} {right} {top} {right} {HIGH}" vector-effect="non-scaling-stroke"/>'


def _item(chapter, before):
    number, question = lessons.chapter(chapter.name), chapter.title.rpartition(" · ")[2]
    ink = f'<span class="ink ink{number}" style="--share:100%"></span>' if number in maps.weights() else ""
    numbers = " and ".join(str(lessons.chapter(one)) for one in before)
    needed = f"<small>after {numbers}</small>" if before else ""
    return (
        f'<li><a href="{chapter.name}.html">{ink or "<span class=blank></span>"}<b>{number}</b> '
        f"{html.escape(question)}</a>{needed}</li>"
    )
