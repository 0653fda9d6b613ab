"""Exercises of a lesson as hand-outs, each student's with names and numbers of its own: `course assign 05`.

    course assign 05 --seed spring --students names.txt --out assignments      # 05_anna.ipynb, …, 05_key.json
    course assign transformer                                                  # the from-scratch track's file
    course grade hand-ins --key assignments/05_key.json

The course's solutions are public, so a hand-out prints none of them, nor the names by which they are found. It needs
torch, and not the course. What was renamed stands in the key, with which `course grade` reads the answers; the inputs
on which they are judged are drawn when they are graded. Who wrote an answer, no program can tell: ask for a minute on
it.
"""

import ast
import hashlib
import inspect
import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat

from course_kit import files, lessons
from course_kit.cells import answers, sources, text_of
from course_kit.exercises import catalogue
from course_kit.exercises.define import Exercise, FindError, construct, is_class
from course_kit.exercises.example import example_text
from course_kit.mine import scratch

from .grading.remote import varied
from .handing_in import write_for_user

FORMAT = "attention-course key 1"
MARK = re.compile(r"^# Task: (?P<name>.+)$", re.M)
OTHER_NAMES = {  # of the inputs: as good as the usual ones, and found by nobody who looks for those
    "x": "states rows batch", "q": "asked questions", "k": "offered labels", "v": "contents books",
    "queries": "questions asked", "keys": "labels offered", "values": "contents books", "mask": "allowed visible",
    "scores": "ratings points", "weights": "shares portions", "logits": "outputs raw", "distance": "gap offset",
    "width": "reach spread", "heads": "groups parts", "target": "wanted translation", "ids": "tokens numbers",
    "words": "inputs sequence", "positions": "places steps", "length": "count rows", "size": "features columns",
    "temperature": "heat softness", "top_p": "share portion", "weight": "gain scale", "model": "network translator",
    "distances": "gaps offsets", "step": "advance follow", "matrix": "table grid", "alpha": "strength factor",
}  # fmt: skip
PREFIXES = ("my", "new", "our", "this", "the", "own")


def run(name: str, seed: str = "", students: str | None = None, out: str = "assignments") -> int:
    """The command -> exit status. Raises ValueError for an unknown name, or where nothing can be written."""
    folder = Path(out)
    if name in scratch.CHAPTERS:
        folder.mkdir(parents=True, exist_ok=True)
        write_for_user(folder / f"{name}.py", scratch.handout(name), "--out FOLDER")
        print(f"{folder / name}.py: to be built in workbook/mine/scratch/, checked by `python -m mine.scratch {name}`.")
        return 0
    everyone = ["student"]
    if students:
        everyone = [line.strip() for line in Path(students).read_text("utf-8-sig").splitlines() if line.strip()]
    lesson = _lesson(name)
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {}
    for student in dict.fromkeys(everyone):
        notebook, drawn[student] = handout(lesson, seed, student)
        name = re.sub(r"[^\w-]+", "_", student)
        write_for_user(folder / f"{lesson.name[:2]}_{name}.ipynb", nbformat.writes(notebook), "--out FOLDER")
    key = {"format": FORMAT, "lesson": lesson.name, "seed": seed, "students": drawn}
    file = folder / f"{lesson.name[:2]}_key.json"
    write_for_user(file, json.dumps(key, indent=1, ensure_ascii=False) + "\n", "--out FOLDER")
    print(f"{len(drawn)} hand-outs in {folder}; the key, for `course grade FOLDER --key {file}`: keep it to yourself.")
    return 0


def _lesson(name: str) -> Path:
    """The notebook of a chapter's lesson, by its number."""
    for path in sorted((files.course_folder() / "notebooks").glob("[0-9]*.ipynb")):
        if path.name.startswith(name) and not lessons.is_annex(path.name) and name[:1].isdigit():
            return path
    tracks = ", ".join(scratch.CHAPTERS)
    raise ValueError(f"{name!r} is no chapter and no track; needed: a number, such as 05, or one of {tracks}.")


def handout(lesson: Path, seed: str, student: str) -> tuple[Any, dict[str, Any]]:
    """A student's notebook, and what the key says of it: exercise -> its name there, and the example."""
    catalogue.load()
    cells, key = [_markdown(_head(lesson, student))], {}
    for source in sources(lesson.read_bytes()):
        for stub in answers(source):
            exercise = catalogue.find(stub.name)
            if not isinstance(exercise, FindError) and _stands_alone(exercise):
                dice = random.Random(f"{seed}\n{student}\n{stub.name}")
                both, key[stub.name] = _variant(exercise, text_of(stub, source), dice)
                cells += both
    notebook = nbformat.v4.new_notebook(cells=cells)
    for number, cell in enumerate(cells):  # the same file each time
        cell["id"] = hashlib.sha256(f"{seed}{student}{number}".encode()).hexdigest()[:8]
    return notebook, key


def _stands_alone(exercise: Exercise) -> bool:
    """Whether it can be answered from its text alone: it uses no constant of the course, and its parameters, if it has
    any, are those of its own layers, which the task names."""
    if is_class(exercise.reference):
        model = construct(exercise.reference, exercise.cases()[0])
        return all(name.count(".") == 1 for name in model.state_dict())
    function = inspect.unwrap(exercise.reference)
    return not any(isinstance(function.__globals__.get(name), int) for name in function.__code__.co_names)


def _head(lesson: Path, student: str) -> str:
    return (
        f"# {lesson.stem[3:].replace('_', ' ').capitalize()}: for {student}\n"
        "Write the functions below, with torch alone; helpers of your own may stand in their cells. Names and numbers "
        "are yours: no other student has them. Leave the line `# Task: …` above each, save, and hand in this notebook."
    )


def _variant(exercise: Exercise, stub: str, dice: random.Random) -> tuple[list[Any], dict[str, Any]]:
    """The cells of one exercise, and its entry in the key."""
    node = ast.parse(stub).body[0]
    names, usual, prefix = _renamed(node, dice), node.name, dice.choice(PREFIXES)
    theirs = prefix.capitalize() + usual if usual[0].isupper() else f"{prefix}_{usual}"
    node.decorator_list = []
    if isinstance(node, ast.FunctionDef):
        inputs = ", ".join([x.arg for x in node.args.args] + [f"{x.arg}={x.arg}" for x in node.args.kwonlyargs])
        bridge = f"def {usual}({ast.unparse(node.args)}):\n    return {theirs}({inputs})"
    else:
        bridge = f"class {usual}({theirs}):\n    pass"
    for part in ast.walk(node):
        if isinstance(part, ast.arg):
            part.arg = names.get(part.arg, part.arg)
        elif isinstance(part, ast.FunctionDef) and all(isinstance(one, ast.Expr) for one in part.body):
            part.body.append(ast.parse("raise NotImplementedError").body[0])
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            part.value = _in_words(part.value, names, everywhere=True)
    node.name = theirs
    example = _example(exercise, names, dice.getrandbits(30))
    task = f"## {exercise.effort}\n{_in_words(exercise.task, names)}\n\n```text\n{example}\n```"
    code = f"# Task: {exercise.name}\nimport torch\nfrom torch import nn\n\n\n{ast.unparse(node)}"
    entry = {"theirs": theirs, "inputs": sorted(names.values()), "bridge": bridge, "example": example}
    return [_markdown(task), nbformat.v4.new_code_cell(code)], entry


def _renamed(node: Any, dice: random.Random) -> dict[str, str]:
    """Other names for the inputs of a function; a class keeps its own, as its parts have names."""
    inputs = [one.arg for one in node.args.args] if isinstance(node, ast.FunctionDef) else []
    names: dict[str, str] = {}
    for one in inputs:
        if free := [x for x in OTHER_NAMES.get(one, "").split() if x not in {*inputs, *names.values()}]:
            names[one] = dice.choice(free)
    return names


def _in_words(text: str, names: dict[str, str], everywhere: bool = False) -> str:
    """A text with the new names: in a docstring everywhere, in a task where a name stands as one, before a shape or in
    code."""
    one = rf"\b({'|'.join(map(re.escape, names)) or '(?!)'})\b"
    where = (
        one if everywhere else rf"(?<=`){one}(?=[`(])|{one}(?= \[)|\b[{''.join(x for x in names if len(x) == 1)}_]\b"
    )
    return re.sub(where, lambda found: names.get(found[0], found[0]), text)


def _example(exercise: Exercise, names: dict[str, str], seed: int) -> str:
    """The shown case with other numbers, as a card shows it."""
    usual, cases = list(exercise.cases()), varied(exercise, seed)()
    scaled = cases[len(usual) :]  # none where random numbers were drawn anew
    case = scaled[0] if scaled else next(one for one in cases if one.shown)
    lines = example_text(replace(exercise, cases=lambda: [replace(case, shown=True)])).splitlines()
    label = re.match(r"\S+(?: \S+)*", lines[0])[0]
    start = re.match(rf"{re.escape(label)}\s+", lines[0]).end()  # where the numbers stand
    labels = [line[:start].strip() for line in lines]
    labels = [names.get(one, one) for one in labels]
    width = max(map(len, labels)) + 2
    return "\n".join(f"{one:<{width}}{line[start:]}" for one, line in zip(labels, lines, strict=True))


def _markdown(text: str) -> Any:
    return nbformat.v4.new_markdown_cell(text)


class Key:
    """What a key says, to read hand-ins with. Raises ValueError if the file is none."""

    def __init__(self, file: Path):
        try:
            content = json.loads(file.read_bytes())
            if content["format"] != FORMAT:
                raise ValueError
            self.students: dict[str, dict[str, Any]] = content["students"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{file} is no key; needed: the file that `course assign` has written.") from error
        self.exercises = list(next(iter(self.students.values()), {}))

    def restored(self, source: str) -> str:
        """A cell of a hand-out as the course's notebooks have it: below the student's function stands one with the
        course's name, which calls it. Any other cell stays as it is."""
        name = found["name"].strip() if (found := MARK.search(source)) else ""
        if owner := self.owner(source):
            return f"{source}\n\n\n@exercise({name!r})\n{self.students[owner][name]['bridge']}"
        return source

    def owner(self, source: str) -> str:
        """Whose hand-out a cell is from, by the names in it; "" where that is no one's."""
        name = found["name"].strip() if (found := MARK.search(source)) else ""
        bound = {part.name for part in _parsed(source) if isinstance(part, ast.FunctionDef | ast.ClassDef)}
        inputs = {part.arg for node in _parsed(source) for part in ast.walk(node) if isinstance(part, ast.arg)}
        matched = {
            student: inputs >= set(entry["inputs"])
            for student, entries in self.students.items()
            if (entry := entries.get(name)) and entry["theirs"] in bound
        }
        return next((student for student, whole in matched.items() if whole), next(iter(matched), ""))


def _parsed(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return []
