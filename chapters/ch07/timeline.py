"""One time line of what was published when, with the chapters of the course marked on it."""

import html

from course_kit.i18n import t
from course_kit.programs.arguments import string

GAP = 3  # years without an event from which on the line is dashed
LINE = (
    '<li style="display:flex;gap:.8em;align-items:baseline;margin:.2em 0;{}"><b style="flex:0 0 2.6em">{}</b>'
    "{}<span>{}</span></li>"
)
MARK = '<span style="flex:0 0 1.6em;text-align:center;border-radius:1em;{}">{}</span>'
INVERTED = "outline:2px solid currentColor;font-weight:700"


class Timeline:
    """Events as text, and as an ordered list in the colours of the page."""

    def __init__(self, events: list[tuple[int, str, int]], title: str, caption: str):
        self.events = events
        self.title, self.caption = string("title", title), string("caption", caption)

    def __repr__(self) -> str:
        told = (
            t("{year}: {what} (chapter {chapter})", **told) if told["chapter"] else t("{year}: {what}", **told)
            for told in (dict(zip(("year", "what", "chapter"), one, strict=True)) for one in self.events)
        )
        return t("; ").join([*[self.title] * bool(self.title), *told])

    def _repr_html_(self) -> str:
        before, lines = self.events[0][0], []
        for year, what, chapter in self.events:
            gap = "border-top:1px dashed" if year - before >= GAP else ""
            shown = year if year != before or not lines else ""
            mark = MARK.format(INVERTED if chapter else "opacity:.6", chapter or "·")
            lines.append(LINE.format(gap, shown, mark, html.escape(what)))
            before = year
        title, caption = f"<b>{html.escape(self.title)}</b>", f"<small>{html.escape(self.caption)}</small>"
        return f'{title}<br>{caption}<ol style="list-style:none;padding:0">{"".join(lines)}</ol>'


def timeline(events, *, title="", caption=""):
    """Events from top to bottom: the year, the chapter it belongs to in a circle, and what it brought.

    events: data.load("history"), or (year, what, chapter) in order; chapter 0 or None: a dot, no chapter. Up to 60.
    Raises ValueError that says what was given, what is needed, what to do.
    """
    if hasattr(events, "what"):
        events = zip(events.year, events.what, events.chapter, strict=True)
    events = [(int(year), t(str(what)), int(chapter or 0)) for year, what, chapter in events]
    if not 1 <= len(events) <= 60:
        raise ValueError(f"{len(events)} events; needed: 1 to 60, each (year, what, chapter)")
    years = [year for year, _, _ in events]
    if years != sorted(years):
        late = next(b for a, b in zip(years, years[1:], strict=False) if b < a)
        raise ValueError(
            f"the year {late} comes after a later one; needed: events in the order of their years; sort them"
        )
    return Timeline(events, title, caption)
