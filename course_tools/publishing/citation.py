"""What a piece of the course says of itself outside of it: title, edition, licence. From CITATION.cff."""

import re

from course_kit import files
from course_kit.i18n import t


def facts() -> dict[str, str]:
    """Title and version."""
    text = (files.course_folder() / "CITATION.cff").read_text("utf-8")
    return dict(re.findall(r'^(title|version): "?(.+?)"?$', text, re.M))


def line() -> str:
    """One line, for the end of a talk."""
    about = facts()
    return t(
        "{title}, edition {version}. Text and figures: CC BY 4.0. Code: MIT.",
        title=t(about["title"]),
        version=about["version"],
    )
