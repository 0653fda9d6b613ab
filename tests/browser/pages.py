"""Views in a page of their own, as tests open them: the program once, the views' data, without a notebook."""

from course_kit.views import program

PROGRAM = f"<script>{program.source()}</script>"


def look(dark=False) -> str:
    """The style of a page's body."""
    colours = "background:#111;color:#e0e0e0" if dark else "background:#fff;color:#212121"
    return f"font:14px system-ui,sans-serif;margin:12px;{colours};"


def page(body="", told="", style="") -> str:
    """A page with the program and this in it. told: attributes of <html>."""
    return (
        f'<!DOCTYPE html><html lang="en"{told}><meta charset="utf-8"><title>views</title>'
        f'<meta name="viewport" content="width=device-width">{PROGRAM}<body style="{style}"><main>{body}</main>'
    )


def bare(view) -> str:
    """A view without its static picture, which takes longest to make, and which the view replaces at once."""
    return f'<div class="course-view">{view.data()}{program.SHOW}</div>'
