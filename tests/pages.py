"""Views in a page of their own, as tests open them: the program once, the views' data, without a notebook."""

from course_kit.views import program

PROGRAM = f"<script>{program.source()}</script>"


def bare(view) -> str:
    """A view without its static picture, which takes longest to make, and which the view replaces at once."""
    return f'<div class="course-view">{view.data()}{program.SHOW}</div>'
