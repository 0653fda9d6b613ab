"""The rules of the house, read off the imports of Python (lazy ones and dotted names in strings included) and of
JavaScript (types in comments and style sheets included).

`course_utils` imports no other room, `course_kit` only `course_utils`, a chapter both and earlier chapters; a notebook
does not import `course_tools`, and nothing imports course.py. And there are no circles: between rooms, between the
folders of a room, between files.
"""

import ast
import os
import re
from functools import partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from course_kit import files

ROOT = files.course_folder()
ROOMS = ("course_utils", "course_kit", "chapters", "course_tools", "course")
MAY_IMPORT = {
    "course_utils": {"course_utils"},
    "course_kit": {"course_utils", "course_kit"},
    "chapters": {"course_utils", "course_kit", "chapters"},
    "course_tools": {"course_utils", "course_kit", "chapters", "course_tools"},
    "course": {"course_utils", "course_kit", "chapters", "course_tools"},
}
BUILT = {"dist", "node_modules"}  # or somebody else's
SPECIFIER = re.compile(r"""\b(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""")
DOTTED = re.compile(rf"\b(?:{'|'.join(ROOMS)})(?:\.\w+)+")


def modules(root=ROOT):
    """{dotted name: file} of all Python files of the rooms, and of all scripts and style sheets: those with suffix."""
    paths = [root / "course.py", *(path for room in ROOMS for path in (root / room).rglob("*.py"))]
    names = {path: ".".join(path.relative_to(root).with_suffix("").parts) for path in paths if path.is_file()}
    python = {name.removesuffix(".__init__"): path for path, name in names.items()}
    return python | {".".join(path.relative_to(root).parts): path for path in scripts(root)}


def scripts(root=ROOT):
    found = (path for room in ROOMS for kind in ("*.js", "*.css") for path in (root / room).rglob(kind))
    return [path for path in found if not BUILT & set(path.relative_to(root).parts)]


def imports(name, path, known):
    """The modules of ours that a file imports or names in a string that is not its documentation."""
    if path.suffix != ".py":
        texts = SPECIFIER.findall(path.read_text(encoding="utf-8")) if path.suffix == ".js" else []
        places = {Path(os.path.normpath(path.parent / text)) for text in texts}
        return {one for one, place in known.items() if place in places and one != name}
    tree, used = ast.parse(path.read_text(encoding="utf-8")), set()
    parents = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            above = parents[: len(parents) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            used |= {full if (full := f"{base}.{alias.name}") in known else base for alias in node.names}
        elif isinstance(node, ast.Import):
            used |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            used |= {text for text in DOTTED.findall(node.value) if text in known}
    return {one for one in used if one in known and one != name}


def house(root=ROOT):
    """{module: the modules of ours that it imports}."""
    known = modules(root)
    return {name: imports(name, path, known) for name, path in known.items()}


def broken(graph):
    """The imports that break a rule, as a list of sentences."""
    pairs = ((name, one) for name in graph for one in sorted(graph[name]))
    return [f"{name} imports {one}" for name, one in pairs if not allowed(name, one)]


def allowed(name, one):
    (room, chapter), (other, earlier) = ((*dotted.split("."), "")[:2] for dotted in (name, one))
    later = room == other == "chapters" and earlier > chapter
    return other in MAY_IMPORT[room] and not later


def folded(graph, fold):
    """The graph of what `fold` makes of the modules: a room, or a folder."""
    whole = {fold(name): set() for name in graph}
    for name, used in graph.items():
        whole[fold(name)] |= {fold(one) for one in used} - {fold(name)}
    return whole


def room_of(name):
    return name.split(".")[0]


def folder_of(name, depth=2):
    """A folder of a room, or a file directly in it; js/src of the views counts as a room. depth: 3, folders in it."""
    return ".".join(name.split(".")[: 5 if name.startswith("course_kit.views.js.src.") else depth])


inner_of = partial(folder_of, depth=3)


def circle(graph):
    """The modules of a circle, [] if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


@pytest.fixture(scope="module")
def whole():
    return house()


def test_no_notebook_needs_the_tools():
    sources = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "notebooks" / "source").glob("*.py")}
    assert sources and [name for name, text in sources.items() if "course_tools" in text] == []


def test_each_room_imports_what_it_may(whole):
    assert broken(whole) == []


def test_the_picture_of_the_rooms_has_their_imports(whole):
    """docs/architecture.svg has an arrow for each room that a room imports, and no other."""
    picture = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r'data-from="(\w+)" data-to="(\w+)"', picture))
    wanted = {(room, one) for room, used in folded(whole, room_of).items() for one in used}
    sources = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "notebooks" / "source").glob("*.py")]
    nodes = [node for tree in sources for node in ast.walk(tree)]
    named = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    named |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    wanted |= {("notebooks", room_of(name)) for name in named if room_of(name) in ROOMS}
    assert drawn == wanted


@pytest.mark.parametrize("fold", [room_of, folder_of, inner_of, str], ids=["rooms", "folders", "inner", "files"])
def test_there_is_no_circle(whole, fold):
    graph = folded(whole, fold)
    assert {"course_utils", "course_kit", "course_tools"} <= {room_of(name) for name in graph}
    assert circle(graph) == []


@pytest.fixture
def small_house(tmp_path):
    """small_house({"folder/file.py": text, …}) -> the graph of a house with these files."""

    def build(texts):
        for place, text in texts.items():
            path = tmp_path / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return house(tmp_path)

    return build


KIT, LAB = "course_kit/views/js/src", "chapters/ch02/labs/mask.js"
BREAK_A_RULE = [  # a file, what it says, and what it imports by that
    ("course_utils/attention.py", "def late():\n    from course_kit.programs import arguments",
     "course_kit/programs/arguments.py"),
    ("course_kit/programs/arguments.py", "import chapters.ch01.lesson", "chapters/ch01/lesson.py"),
    ("chapters/ch01/lesson.py", 'LATER = "chapters.ch02.lesson:draw"', "chapters/ch02/lesson.py"),
    ("course_tools/doctor.py", "import course", "course.py"),
    (f"{KIT}/main.js", 'import { mask } from "../../../../chapters/ch02/labs/mask.js";', LAB),
    (LAB, 'import CSS from "../../ch05/labs/map.css";', "chapters/ch05/labs/map.css"),
    (LAB, '/** @import { Map } from "../../ch05/labs/map.js" */', "chapters/ch05/labs/map.js"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "code", "other"), BREAK_A_RULE)
def test_an_import_against_the_rules_is_found(small_house, place, code, other):
    assert len(broken(small_house({other: "", place: f"{code}\n"}))) == 1
    assert broken(small_house({place: ""})) == []


def test_a_circle_between_folders_is_found_where_none_is_between_files(small_house):
    texts = {"course_kit/views/live.py": "from course_kit import runtime\n", "course_kit/views/picture.py": ""}
    texts |= {f"{KIT}/shared/a.js": 'import { b } from "../models/b.js";\n', f"{KIT}/models/b.js": ""}
    assert circle(folded(small_house(texts | {"course_kit/runtime.py": ""}), folder_of)) == []
    graph = small_house({"course_kit/runtime.py": "from .views import picture\n"})
    assert circle(graph) == []
    assert set(circle(folded(graph, folder_of))) == {"course_kit.views", "course_kit.runtime"}
    assert len(circle(small_house({f"{KIT}/models/b.js": 'import "../shared/a.js";\n'}))) == 3
    texts = {f"course_tools/a/{one}/x.py": f"from ..{other} import y\n" for one, other in ("bc", "cb")}
    graph = small_house(texts | {"course_tools/a/b/y.py": "", "course_tools/a/c/y.py": ""})
    assert set(circle(folded(graph, inner_of))) == {"course_tools.a.b", "course_tools.a.c"}


def test_scripts_and_style_sheets_have_lines_one_can_read():
    assert len(scripts()) > 50
    for path in scripts():
        longest = max(map(len, path.read_text(encoding="utf-8").splitlines()))
        assert longest <= 120, f"{path.relative_to(ROOT)} has a line of {longest}"


def test_the_tools_know_no_word_of_another_language():
    """What a text is, the tags of its cell say: nobody reads it off its words."""
    for path in (ROOT / "course_tools").rglob("*"):
        of_a_language = {"translation", "recipes"} & set(path.relative_to(ROOT).parts)  # a language's name, a corpus
        if path.suffix in (".py", ".js") and not of_a_language:
            found = re.findall("[\u4e00-\u9fff]+", path.read_text(encoding="utf-8"))
            assert not found, f"{path.relative_to(ROOT)} knows {found}"


def test_the_tools_know_no_cell_by_a_call_in_its_code():
    """What a cell is, a tag of it says: authoring/structure.py reads it off the syntax tree."""
    for path in (ROOT / "course_tools").rglob("*"):
        if path.suffix in (".py", ".js") and "assets" not in path.parts:
            text = path.read_text(encoding="utf-8")
            found = re.findall(r"\w{2,}\\\(|\w{2,}\(\"(?= in )", text)
            assert not found, f"{path.relative_to(ROOT)} looks for {found}"
