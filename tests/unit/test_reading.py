"""The core is read aloud: it is small, and most of it stands on a page."""

import ast
import re
from pathlib import Path

from course_kit.exercises.registry import find
from course_kit.programs.definitions import NAMES
from course_tools.authoring.sources import load_exercises

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "course_utils"


def closure(file):
    """A file of the core with all that it imports from us: {path}."""
    seen, ahead = set(), [file]
    while ahead:
        path = ahead.pop()
        if path in seen:
            continue
        seen.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                base = path.parent if node.level else ROOT
                places = [base / (node.module or "").replace(".", "/")]
                places += [places[0] / alias.name for alias in node.names]
                ahead += [one.with_suffix(".py") for one in places if one.with_suffix(".py").is_file()]
                ahead += [one / "__init__.py" for one in places if (one / "__init__.py").is_file()]
    return {one for one in seen if one.is_relative_to(CORE)}


def length(paths):
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def test_a_gpt_its_training_and_its_writing_stand_alone_in_about_400_lines():
    """With a cache, a stop and one token at a time, which were the llama's before; a config, and sizes in its place."""
    assert 300 < length(closure(CORE / "gpt.py")) <= 492


def printed():
    """What notebooks print of the core, {file: {name}}: definitions, and how the course writes an exercise."""
    found = {}
    for source in sorted((ROOT / "notebooks" / "source").glob("*.py")):
        text = source.read_text(encoding="utf-8")
        load_exercises(source.stem)
        for line in text.splitlines():
            if names := NAMES.fullmatch(line.strip()):
                found.setdefault(names[1], set()).update(name.strip() for name in names[2].split(","))
        for task in map(find, re.findall(r'@exercise\("(.+?)"\)', text)):
            thing = task.shown or task.reference
            found.setdefault(thing.__module__, set()).add(getattr(thing, "__name__", ""))
    return found


def test_the_core_is_small_and_three_fifths_of_it_stand_on_a_page():
    """Longer is what a definition needs besides: what the file is about, sources, imports. The third edition had 5,368
    lines, a fifth of them on a page."""
    shown, lines = printed(), 0
    for path in CORE.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if getattr(node, "name", None) in shown.get(f"course_utils.{path.stem}", ()):
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                lines += node.end_lineno - first + 1
    whole = length(CORE.rglob("*.py"))
    assert 1000 < whole <= 1870 and lines > 0.6 * whole, (lines, whole)
