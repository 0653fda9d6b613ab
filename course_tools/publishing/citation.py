"""What a piece of the course says of itself outside of it: title, edition, licence, how to cite. From CITATION.cff."""

import re

from course_kit import files
from course_kit.i18n import t

LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def facts() -> dict[str, str]:
    """Title, version, date-released and name, of the authors."""
    text = (files.course_folder() / "CITATION.cff").read_text("utf-8")
    return dict(re.findall(r'^(?:  - )?(title|version|date-released|name): "?(.+?)"?$', text, re.M))


def line() -> str:
    """One line, for the end of a talk."""
    about = facts()
    return t(
        "{title}, edition {version}. Text and figures: CC BY 4.0. Code: MIT.",
        title=t(about["title"]),
        version=about["version"],
    )


def bibtex() -> str:
    """The entry of CITATION.cff for a list of literature."""
    about = facts()
    fields = {"title": about["title"], "author": f"{{{about['name']}}}", "year": about["date-released"][:4]}
    fields |= {"version": about["version"], "howpublished": t("Jupyter notebooks and software")}
    inside = "".join(f"  {key} = {{{value}}},\n" for key, value in fields.items())
    return f"@misc{{attention-course,\n{inside}}}\n"


def page(title: str, about: str) -> str:
    """A page in Markdown for what is given away: title: of the piece; about: what is in it."""
    course = facts()
    return f"""# {title}

From *{course["title"]}*, edition {course["version"]}, {course["date-released"]}, by {course["name"][0].lower()}{course["name"][1:]}.

{about}

**Licence.** Text, figures and questions: [CC BY 4.0]({LICENCE}). You may copy, change and sell them if you name the course and its edition, and say what you changed. Code: MIT License.

**How to cite.**

```bibtex
{bibtex()}```
"""  # noqa: E501
