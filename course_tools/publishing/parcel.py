"""A lesson for its teacher in one zip: `course parcel 05` -> build/parcel/05_transformer.zip.

All of it comes from the executed notebook: nothing is run.
"""

import io
import re
import zipfile

from course_kit import files, lessons
from course_kit.views import fragments
from course_tools.authoring import building
from course_tools.authoring.markup import pictures, plain, tree
from course_tools.classroom import plans, question_bank
from course_tools.classroom.question_bank import DATE
from course_tools.publishing import citation, pages, slides

INSIDE = """
README.md            what is in it, licence, how to cite
slides.html          as `course slides` writes them: opens from disk
figures/NN.png       each picture of the notebook, at twice the size of the page, and NN.txt: title, caption, words
plan.md              the lesson's part of docs/lesson_plans.md and of docs/teaching.md, and the plan of all sessions
questions/           its guesses, lines and terms as questions for Canvas (QTI 1.2) and Moodle (XML)
capstone.md          the task of the last weeks, with its rubric
accessibility.md     what keyboards, screen readers and dark screens get, and what nobody has tried
"""


def run(name, out="build/parcel"):
    """The command `course parcel` -> exit status. Raises ValueError for a name that is not one lesson's."""
    found = [one for one in building.names([name]) if not lessons.is_annex(one)]
    if len(found) != 1:
        raise ValueError(f"{name!r} means {len(found)} lessons; needed: one, such as 05")
    path = files.course_folder() / out / f"{found[0]}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for inside, data in contents(found[0]).items():
            packed.writestr(zipfile.ZipInfo(inside, DATE), data, zipfile.ZIP_DEFLATED)
    print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
    return 0


def contents(name):
    """What the zip of a lesson holds: {path: bytes or text}."""
    docs, part = files.course_folder() / "docs", f"Chapter {lessons.chapter(name)}: "
    plan, guide = ((files.course_folder() / page).read_text("utf-8") for page in (plans.PLANS, plans.GUIDE))
    *_, title = _part(plan, part).splitlines()[0].partition(part)
    banks = question_bank.banks([name])
    qti = {f"questions/qti/{path}": text for path, text in question_bank.qti(banks).items()}
    return {
        "slides.html": slides.with_notes(name),
        "README.md": citation.page(title, f"```{INSIDE}```"),
        "plan.md": "\n".join([_part(plan, part), _part(guide, part), _part(plan, "Sessions of")]),
        **{page: (docs / page).read_text("utf-8") for page in ("capstone.md", "accessibility.md")},
        **(qti | {"questions/moodle.xml": question_bank.moodle(banks)} if banks else {}),
        **figures(name),
    }


def figures(name):
    """The pictures of a notebook: {figures/NN.png: bytes, figures/NN.txt: words}."""
    from PIL import Image

    found = {}
    for cell in pages.chapter(name).cells:
        for made in cell.outputs:
            page = tree(made.still if isinstance(made, fragments.View) else made)
            for image, data, _ in pictures(page):
                drawn = io.BytesIO()
                Image.open(io.BytesIO(data)).save(drawn, "PNG")
                around = image.find_parent("figure")
                words = [plain(part) for part in around.find_all(["b", "figcaption"])] if around else []
                inside = f"figures/{len(found) // 2 + 1:02}"
                found |= {f"{inside}.png": drawn.getvalue(), f"{inside}.txt": "\n\n".join([*words, image["alt"], ""])}
    return found


def _part(page, heading):
    """The part of a page whose heading begins so."""
    return re.search(rf"^## {heading}.+?(?=^## |\Z)", page, re.S | re.M)[0]
