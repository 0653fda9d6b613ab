"""The exercises of a lesson as a hand-out, for nbgrader: `course assign 03`.

    course assign 03                   # source/03/03.ipynb, and an nbgrader_config.py where there is none
    nbgrader generate_assignment 03    # release/03/03.ipynb, which goes to the students
    course assign transformer          # the from-scratch track's file

A hand-out needs torch, and not the course, and prints no solution. Points are those of its cells: change them in
source/, and nothing there is overwritten. What comes back is judged by `course grade 03` (grading/).
"""

import ast
import inspect
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from course_kit import files, notebook_names
from course_kit.exercises import registry
from course_kit.exercises.cells import answers, sources, text_of
from course_kit.exercises.define import Exercise, FindError, construct, is_class
from course_kit.exercises.example import example_text
from course_kit.i18n import mark, t
from course_kit.mine import scratch

MARK = re.compile(r"^# Task: (?P<name>.+)$", re.M)
REGION = "### BEGIN SOLUTION\n{0}### END SOLUTION"  # nbgrader puts its own stub there
CONFIG = """c = get_config()
c.CourseDirectory.course_id = "attention"
c.Autograde.autograde_preprocessors = []  # runs nothing of a student's: `course grade` does that, in a sandbox
{comment}c.Platform.timezone = "{zone}"  # of the clock in the names that Blackboard gives: it says who is late
"""
HEAD = mark(
    "Write the functions below, with torch alone; helpers of your own may stand in their cells. Save, and hand in this "
    "notebook."
)
NEEDS = mark(
    "It calls `{function}`, your answer to *{name}* above. Where that one is not right, the course's stands in for it "
    "when this one is judged."
)


def run(name: str, out: str = ".") -> int:
    """The command -> exit status. Raises ValueError for an unknown name, or where nothing can be written."""
    folder = Path(out)
    if name in scratch.CHAPTERS:
        write_for_user(folder / f"{name}.py", scratch.handout(name), "--out FOLDER")
        told = {"file": f"{folder / name}.py", "name": name}
        print(t("{file}: to be built in workbook/mine/scratch/, checked by `python -m mine.scratch {name}`.", **told))
        return 0
    lesson = _lesson(name)
    number = lesson.name[:2]
    file, config = folder / "source" / number / f"{number}.ipynb", folder / "nbgrader_config.py"
    if file.exists():
        raise ValueError(f"{file} is there already, and may have points of yours: move it away for a new one.")
    write_for_user(file, nbformat.writes(handout(lesson)), "--out FOLDER")
    zone = _zone()
    if new := not config.exists():
        told = {"comment": "" if zone else "# ", "zone": zone or "Europe/Berlin"}
        write_for_user(config, CONFIG.format(**told), "--out FOLDER")
    then = f"nbgrader generate_assignment {number}"
    print(t("{file} written, a point for each exercise. Then, in that folder: {then}", file=file, then=then))
    if new and zone:
        print(t("Times that the platform writes are read as of {zone}; {config} says so, and can be changed.",
                zone=zone, config=config))  # fmt: skip
    return 0


def _zone() -> str:
    """The time zone of this machine, as "Europe/Berlin"; "" where that is none to live in, as on a server."""
    name = os.environ.get("TZ", "").lstrip(":") or os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    return name if re.fullmatch(r"[A-Z][\w+-]*/[\w/+-]+", name) and not name.startswith("Etc/") else ""


def write_for_user(file: Path, text: str, example: str) -> None:
    """Write a file that the user has named. Raises ValueError if that cannot be done, with an example that can."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        files.write_atomically(file, text)
    except OSError as error:
        raise ValueError(
            f"{file} cannot be written ({error.strerror or error}); needed: a file in a folder that is yours. "
            f"Name another one: {example}"
        ) from None


def _lesson(name: str) -> Path:
    """The notebook of a chapter's lesson, by its number."""
    for path in sorted((files.course_folder() / "notebooks").glob("[0-9]*.ipynb")):
        if path.name.startswith(name) and not notebook_names.is_annex(path.name) and name[:1].isdigit():
            return path
    tracks = ", ".join(scratch.CHAPTERS)
    raise ValueError(f"{name!r} is no chapter and no track; needed: a number, such as 05, or one of {tracks}.")


def handout(lesson: Path) -> Any:
    """The notebook that is handed out, as nbgrader wants its source."""
    registry.load()
    cells = [nbformat.v4.new_markdown_cell(f"# {lesson.stem[3:].replace('_', ' ').capitalize()}\n{t(HEAD)}")]
    above: list[tuple[Exercise, str]] = []
    for source in sources(lesson.read_bytes()):
        for stub in answers(source):
            exercise = registry.find(stub.name)
            if not isinstance(exercise, FindError) and _stands_alone(exercise):
                called = list(map(inspect.unwrap, _called(exercise.reference)))
                needs = [(one, bound) for one, bound in above if inspect.unwrap(one.reference) in called]
                cells += _cells(exercise, text_of(stub, source), needs)
                above.append((exercise, stub.bound))
    for number, cell in enumerate(cells):  # the same file each time
        cell["id"] = f"cell-{number}"
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def _stands_alone(exercise: Exercise) -> bool:
    """Whether it can be answered from its text alone: it uses no constant of the course, and its parameters, if it has
    any, are those of its own layers, which the task names."""
    if is_class(exercise.reference):
        model: Any = construct(exercise.reference, exercise.cases()[0])
        return all(name.count(".") == 1 for name in model.state_dict())
    function = inspect.unwrap(exercise.reference)
    return not any(isinstance(function.__globals__.get(name), int) for name in function.__code__.co_names)


def _called(reference: Any) -> Iterator[Any]:
    """The functions and classes that a reference's code names."""
    parts = vars(reference).values() if inspect.isclass(reference) else (reference,)
    for part in map(inspect.unwrap, filter(inspect.isroutine, parts)):
        waiting = [part.__code__] if inspect.isfunction(part) else []
        while waiting:
            code = waiting.pop()
            waiting += filter(inspect.iscode, code.co_consts)
            yield from filter(callable, map(part.__globals__.get, code.co_names))


def _cells(exercise: Exercise, stub: str, needs: list[tuple[Exercise, str]]) -> list[Any]:
    """The task, and the cell for the answer. nbgrader calls it manually graded: only then it has no tests to run.
    needs: the exercises above that its reference calls, with the names of their functions."""
    node: Any = ast.parse(stub).body[0]
    node.decorator_list = []
    for part in ast.walk(node):
        if isinstance(part, ast.FunctionDef):
            part.body = [one for one in part.body if isinstance(one, ast.Expr)] + ast.parse("SOLUTION").body
    text = re.sub(r"^( +)SOLUTION$", lambda found: found[1] + REGION.format(found[1]), ast.unparse(node), flags=re.M)
    words = re.sub(r"`[^`]*`|<", lambda found: found[0] if found[0][1:] else r"\<", exercise.task)  # <bos> is no HTML
    words += "".join(f"\n\n{t(NEEDS, function=bound, name=t(one.name))}" for one, bound in needs)
    task = f"## {exercise.effort}\n{words}\n\n```text\n{example_text(exercise.name)}\n```"
    code = f"# Task: {exercise.name}\nimport torch\nfrom torch import nn\n\n\n{text}"
    marked = {"grade_id": slug(exercise.name), "grade": True, "solution": True, "locked": False, "task": False}
    marked |= {"points": 1, "schema_version": 3}
    return [nbformat.v4.new_markdown_cell(task), nbformat.v4.new_code_cell(code, metadata={"nbgrader": marked})]


def slug(name: str) -> str:
    """The name of an exercise as nbgrader's ids are written."""
    return re.sub(r"\W+", "-", name)
