"""The three rules of the house, read off the imports, lazy ones and dotted names in strings included:

`course_utils` imports no other room; a chapter imports course_utils and earlier chapters; nothing imports course.py.
And there are no circles, neither between rooms nor between files.
"""

import ast
import re
from graphlib import TopologicalSorter

from course_utils import files

ROOT = files.course_folder()
ROOMS = ("course_utils", "course_kit", "chapters", "course_tools", "course")
DOTTED = re.compile(rf"\b(?:{'|'.join(ROOMS)})(?:\.\w+)+")


def modules(root=ROOT):
    """{dotted name: file} of all Python files of the rooms."""
    found = [root / "course.py", *(path for room in ROOMS for path in (root / room).rglob("*.py"))]
    names = {path: ".".join(path.relative_to(root).with_suffix("").parts) for path in found}
    return {name.removesuffix(".__init__"): path for path, name in names.items() if "/inside/" not in path.as_posix()}


def imports(name, path, known):
    """The modules of ours that a file imports or names in a string that is not its documentation."""
    tree, found = ast.parse(path.read_text(encoding="utf-8")), set()
    parents = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = ".".join(
                [*parents[: len(parents) - node.level + 1], node.module or ""] if node.level else [node.module]
            )
            base = base.rstrip(".")
            found |= {full if (full := f"{base}.{alias.name}") in known else base for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            found |= {text for text in DOTTED.findall(node.value) if text in known}
    return {one for one in found if one in known and one != name}


def broken(root=ROOT):
    """What breaks a rule, as a list of sentences."""
    known = modules(root)
    graph = {name: imports(name, path, known) for name, path in known.items()}
    said = []
    for name, used in graph.items():
        for one in used:
            (room, chapter), (other, earlier) = ((*x.split("."), "")[:2] for x in (name, one))
            if (
                one == "course"
                or room == "course_utils" != other
                or room == "chapters"
                and (other == "course_tools" or other == "chapters" and earlier > chapter)
            ):
                said.append(f"{name} imports {one}")
    return said, graph


def test_the_three_rules_hold_and_there_is_no_circle():
    said, graph = broken()
    assert said == []
    TopologicalSorter(graph).prepare()  # raises CycleError, with the circle in its words


def test_the_folders_of_the_tools_form_no_circle():
    """authoring serves classroom, which serves publishing and recipes."""
    folder = lambda name: ".".join(name.split(".")[:2])  # noqa: E731
    tools = {name: used for name, used in broken()[1].items() if name.startswith("course_tools.")}
    graph = {folder(name): set() for name in tools}
    for name, used in tools.items():
        graph[folder(name)] |= {folder(one) for one in used if one.startswith("course_tools.")} - {folder(name)}
    assert len(graph) == 4
    TopologicalSorter(graph).prepare()


def test_scripts_and_style_sheets_have_lines_one_can_read():
    found = [path for room in ROOMS for kind in ("*.js", "*.css") for path in (ROOT / room).rglob(kind)]
    assert len(found) > 50
    for path in found:
        if "reveal" not in path.parts:  # somebody else's library
            longest = max(map(len, path.read_text(encoding="utf-8").splitlines()))
            assert longest <= 120, f"{path.relative_to(ROOT)} has a line of {longest}"
