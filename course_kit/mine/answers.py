"""The reader's answers in `workbook/mine/chNN.py`: written there at each ✓, and read by name.

An answer goes there as its cell has it, with the helpers of that cell and the imports that it needs. It was judged when
its cell ran. As long as its text is what was written, that holds; one changed by hand is judged once. Before a kernel
loads a file in which anything was changed, it is tried in a process of its own: what hangs or ends does it there.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import linecache
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from course_kit import files, shell
from course_kit.exercises import cells, check
from course_kit.exercises.cells import Stub
from course_kit.exercises.define import Exercise, FindError
from course_kit.exercises.dependencies import parsed, prerequisites
from course_kit.exercises.guard import TookTooLong, quiet, time_limit, world_unchanged
from course_kit.exercises.registry import KNOWN, NoSuchExercise, chapter_of, current
from course_kit.i18n import t
from course_kit.programs.source_text import plain

from . import loading
from .composing import CannotTake
from .source import COURSE, Import, Source, course, uses
from .text import BETWEEN, blocks, imports, with_block, with_import, without_import
from .trying import why_it_fails
from .written import FILE, LOADS, Record

PATIENCE = 15.0  # seconds to wait for another kernel, which writes meanwhile
LOADING = 20.0  # seconds of computing, for a file that is loaded
PUBLIC = ("torch", "torch.nn.functional", "torch.nn", "math")  # where a name is looked for before its own module
_WARNED: set[str] = set()  # kernels that work outside of a workbook, and were told


def folder() -> Path | None:
    """`mine/` of the workbook that this kernel works in; None outside of a workbook."""
    workbook = files.workbook_folder()
    return workbook / loading.NAME if workbook else None


def read(module: str) -> Source:
    """A module of the course, or of the reader. Raises CannotTake where the reader's is not there, or no Python."""
    room, _, stem = module.partition(".")
    return course(module) if room != loading.NAME else Source(module, _text((folder() or Path()) / f"{stem}.py"))


def task_of(name: str) -> Exercise | None:
    """The exercise whose function has this name."""
    tasks = (task for task in KNOWN.values() if not isinstance(task, FindError))
    return next((task for task in tasks if task.function == name), None)


def keep_answer(task: Exercise, answer: Any, verdict: Any) -> str:
    """Take a right answer in -> "", or a sentence that the reader should know. Never raises."""
    package = folder()
    if isinstance(task, FindError) or verdict.state == "unsolved":
        return ""
    if package is None:
        return _outside_message() if verdict.right else ""
    try:
        if verdict.right:
            return _write_answer(package, task, answer, verdict)
        return _keep_earlier_answer(package, task, answer) if verdict.state == "wrong" else ""
    except CannotTake as why:
        return t("It is solved, but not in your package `mine`: {why}", why=why)
    except OSError as error:
        return t(
            "Your package `mine` could not be written: {value}. The exercise is not affected.",
            value=error.strerror or error,
        )
    except Exception as error:  # an answer may be any object
        return t(
            "It is solved, but not in your package `mine`: looking at it raises {name}.", name=type(error).__name__
        )


def _keep_earlier_answer(package: Path, task: Exercise, answer: Any) -> str:
    """What is said of a wrong answer where one that passed is kept. Where that is the same text, as a check may be
    stricter than an earlier edition's, it stays in its file, and is judged anew before anything uses it."""
    source, name = next(_files_with_answer(task, package), (None, ""))
    if not source:
        return ""
    with contextlib.suppress(CannotTake):
        cell, stub, _ = _cell_of(task, answer)
        definitions = _parts(source, name)
        if all(definitions.get(part) == text for part, text in _pieces(cell, stub, task)[0].items()):
            with files.alone(package.parent / f"mine{FILE}", PATIENCE):
                answers_written = Record(package)
                answers_written.forget(f"{_stem(source)}.py", name, definitions[name])
                answers_written.save()
            return t("{file} has this answer, which passed an earlier check. It stays there; `mine` takes the course's "
                     "function until yours passes again.", file=_file(source))  # fmt: skip
    return t("{file} keeps your answer that passed.", file=_file(source))


def solved() -> dict[str, Source]:
    """The reader's right answers: name of the function -> the file that has it."""
    tasks = [task for task in KNOWN.values() if not isinstance(task, FindError)]
    sources = {}
    for task in tasks:
        source, name, _ = answer_of(task)
        if source:
            other = "" if name == task.function else f"{BETWEEN}{task.function} = {name}\n"
            sources[task.function] = Source(source.module, source.text + other)
    return sources


def answer_of(task: Exercise) -> tuple[Source | None, str, str]:
    """The file that has the reader's right answer, and its name there; or None, "", and why what is there is not it."""
    package, message = folder(), ""
    for source, name in _files_with_answer(task, package) if package else ():
        if package and not (reason := _trouble(package, source, name, task)):
            return source, name, ""
        message = message or reason
    return None, "", message


def _files_with_answer(task: Exercise, package: Path) -> Iterator[tuple[Source, str]]:
    """Where an answer is, and its name there, in the files of its chapter: the one written last first."""
    try:
        paths = _readable(package, f"ch{chapter_of(task.name):02}*.py")
        newest = sorted(paths, key=lambda path: -path.stat().st_mtime)
        answers_written = Record(package)
    except (NoSuchExercise, OSError):
        return
    for path in newest:
        source = Source(f"{loading.NAME}.{path.stem}", _decoded(path))
        names = (task.function, *answers_written.answers(path.name, task.name))
        try:
            existing = list(blocks(source.text))
        except (SyntaxError, ValueError):
            existing = [name for name in names if f"def {name}(" in source.text]
        yield from ((source, name) for name in names if name in existing)


def _parts(source: Source, name: str) -> dict[str, str]:
    """A definition, and all that it uses in its file, by name. Raises SyntaxError or ValueError."""
    all_blocks = blocks(source.text)
    parts, waiting = {}, [name]
    while waiting:
        part = waiting.pop()
        if part in all_blocks and part not in parts:
            parts[part] = all_blocks[part]
            waiting += uses(all_blocks[part])
    return parts


def loaded(source: Source, name: str) -> Any:
    """An answer out of its file, which prints nothing and sets nothing. Raises what the file raises, TookTooLong for
    one that does not end: what it imports from beside `mine/` was not tried."""
    with quiet(), world_unchanged(), time_limit(LOADING):
        return getattr(loading.module(_stem(source)), name)


def _trouble(package: Path, source: Source, name: str, task: Exercise) -> str:
    """Why the reader's file cannot be loaded here, or what was changed in it is wrong. "" for nothing: it is noted."""
    answers_written, texts = Record(package), _reachable_texts(package, _stem(source))
    new = [(stem, LOADS, text) for stem, text in texts.items() if not answers_written.wrote(f"{stem}.py", LOADS, text)]
    if new and (reason := _loads(_stem(source), tuple(texts.items()))):
        return f"{_file(source)}: {reason.partition(':')[0]}"
    try:
        answer = loaded(source, name)
    except (Exception, SystemExit, TookTooLong) as error:  # only in this kernel
        slow = t("it takes more than {seconds} s", seconds=f"{LOADING:.0f}")
        return f"{_file(source)}: {slow if isinstance(error, TookTooLong) else type(error).__name__}"
    parts = [(_stem(source), part, text) for part, text in _parts(source, name).items()]
    if not all(answers_written.wrote(f"{stem}.py", part, text) for stem, part, text in parts):
        if not check(task.name, answer).right:
            return t("yours in {file} no longer passes its check", file=_file(source))
        new += parts
    if new:
        with contextlib.suppress(OSError), files.alone(package.parent / f"mine{FILE}", PATIENCE):
            answers_written = Record(package)
            for stem, part, text in new:
                answers_written.note(f"{stem}.py", part, text)
            answers_written.save()
    return ""


@functools.lru_cache(50)
def _loads(stem: str, texts: tuple[tuple[str, str], ...]) -> str:
    return why_it_fails(stem, dict(texts), alone=False)


def _reachable_texts(package: Path, stem: str) -> dict[str, str]:
    """The text of a file, and of the others in `mine/` that it names, which it may import; and so on."""
    paths = {path.stem: path for path in _readable(package, "*.py")}
    texts, waiting = {}, {stem} & paths.keys()
    while waiting:
        file = waiting.pop()
        texts[file] = _decoded(paths[file])
        waiting |= (set(re.findall(r"\w+", texts[file])) & paths.keys()) - texts.keys()
    return dict(sorted(texts.items()))


def _write_answer(package: Path, task: Exercise, answer: Any, verdict: Any) -> str:
    """Write an answer -> what was done, "" if it was there already. Raises CannotTake, OSError."""
    if verdict.cuts or verdict.converts:
        raise CannotTake(
            t("no gradient passes through it. Write it with torch.")
            if verdict.cuts
            else t("it gives no tensors. Write it with torch.")
        )
    cell, stub, space = _cell_of(task, answer)
    pieces, needs = _pieces(cell, stub, task)
    brought = {name: _import_of(name, space[name]) for name in sorted(needs) if name in space}
    with files.alone(package.parent / f"mine{FILE}", PATIENCE):
        path, answers_written = package / f"ch{chapter_of(task.name):02}.py", Record(package)
        loads = all(piece.startswith(("def ", "class ", f"{task.function} = ")) for piece in pieces.values())
        before = text = (
            _text(path)
            if path.exists()
            else t('"""What I wrote in chapter {chapter_of}."""\n', chapter_of=chapter_of(task.name))
        )
        existing = blocks(text)
        if existing.get(stub.bound) not in (None, pieces[stub.bound]) and not answers_written.wrote(
            path.name, stub.bound, existing[stub.bound]
        ):
            return t(
                "In mine/{name} you have changed `{bound}` by hand, so it stays there as it is.",
                name=path.name,
                bound=stub.bound,
            )
        for name, piece in pieces.items():
            users = {user for user, block in existing.items() if name in uses(block)} - pieces.keys()
            if name in (stub.bound, task.function):  # other answers may call it; as another exercise's answer it stays
                users = {user for user in users if existing[user] == f"{user} = {name}"}
            if existing.get(name) not in (None, piece) and users:
                raise CannotTake(_name_clash(name, users.pop()))
            successor = stub.bound if name != task.function else ""
            text = with_block(without_import(text, name), name, piece, before=successor)
            answers_written.note(path.name, name, piece)
        for name, imported in brought.items():
            text = _add_import(text, name, imported)
        if text == before:
            return ""
        if loads and (not path.exists() or answers_written.wrote(path.name, LOADS, before)):
            answers_written.note(path.name, LOADS, text)  # it was run just now
        answers_written.save()  # first: a text of which it does not know would count as changed by hand
        mark = b"\xef\xbb\xbf" if path.exists() and files.content(path).startswith(b"\xef\xbb\xbf") else b""
        files.write_atomically(path, mark + text.encode())
    return t("Yours to keep: `{bound}` is in mine/{name}.", bound=stub.bound, name=path.name)


def _name_clash(name: str, module: str) -> str:
    return t("`{name}` is something else in {where}. Give one of the two another name.", name=name, where=module)


def _add_import(text: str, name: str, imported: Import | None) -> str:
    """A file with an import. Raises CannotTake if the name means something else there."""
    if imported is None or name in blocks(text) and imported.module.partition(".")[0] in (*COURSE, loading.NAME):
        return text  # an answer in the same file
    line = imported.line(name).replace(f"from {loading.NAME}.", "from .")
    existing = imports(text).get(name, line)
    ours = [" ." in one or one.split()[1].partition(".")[0] in COURSE for one in (existing, line)]
    if name in blocks(text) or existing != line and not all(ours):
        raise CannotTake(_name_clash(name, t("another function")))
    return text if name in imports(text) and existing == line else with_import(without_import(text, name), line)


def _cell_of(task: Exercise, answer: Any) -> tuple[str, Stub, dict[str, Any]]:
    """The cell with an answer, its place there, and the notebook's names. Raises CannotTake."""
    parts = vars(answer).values() if isinstance(answer, type) else (answer,)
    functions = [function for function in map(inspect.unwrap, filter(callable, parts)) if hasattr(function, "__code__")]
    texts = ["".join(linecache.getlines(function.__code__.co_filename)) for function in functions]
    if ipython := shell.ipython():  # a class without methods, and what stands below %%time
        texts += ipython.history_manager.input_hist_raw[-1:]
    for text in texts:
        for stub in cells.answers(text):
            if current(stub.name) == task.name:
                return text, stub, functions[0].__globals__ if functions else ipython.user_ns
    raise CannotTake(t("the text of its cell is not known. Write it with `def` or `class`, and run the cell again."))


def _pieces(cell: str, stub: Stub, task: Exercise) -> tuple[dict[str, str], set[str]]:
    """The texts of an answer and of what it uses in its cell, by name, the answer last; and names from elsewhere."""
    pieces: dict[str, str] = {}
    needs: set[str] = set()
    rows = cell.split("\n")
    for node in prerequisites([parsed(cell)], 0, stub):
        decorators = getattr(node, "decorator_list", ())
        checks = [
            decorator for decorator in decorators if ast.unparse(decorator).startswith(("exercise(", "find_error("))
        ]
        if checks and node.end_lineno != stub.last:
            continue  # another exercise
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        hidden = {row for decorator in checks for row in range(decorator.lineno, decorator.end_lineno + 1)}
        text = "\n".join(rows[row - 1] for row in range(first, (node.end_lineno or first) + 1) if row not in hidden)
        needs |= set(uses(text))
        if not isinstance(node, ast.Import | ast.ImportFrom):
            pieces |= dict.fromkeys(frozenset().union(*parsed(text).binds), text)
    if "get_ipython" in needs and "get_ipython" not in cell:
        message = t("it uses a command of the notebook, such as `!ls`. Write that in Python, and run the cell again.")
        raise CannotTake(message)
    if stub.bound != task.function:
        pieces[task.function] = f"{task.function} = {stub.bound}"
    return pieces, needs - pieces.keys()


def _import_of(name: str, thing: Any) -> Import | None:
    """What brings a name of the notebook; None for an answer of the same chapter. Raises CannotTake."""
    if isinstance(thing, ModuleType):
        return Import(thing.__name__)
    room = getattr(thing, "__module__", None)
    for path in PUBLIC if room != "__main__" else ():
        if getattr(sys.modules.get(path), name, None) is thing:
            return Import(path, name)
    thing = inspect.unwrap(thing) if callable(thing) else thing
    own = getattr(thing, "__name__", "")
    if isinstance(room, str) and room != "__main__" and getattr(sys.modules.get(room), own, None) is thing:
        return Import(room, own)
    answered = task_of(name)
    package = folder()
    files_of_it = _files_with_answer(answered, package) if answered and package else ()
    source = next((source for source, _ in files_of_it), None)
    if source:
        return Import(source.module, name)
    if home := _on_the_page(name, thing):
        return Import(home, name)
    raise CannotTake(t("it uses `{name}`, which is in another cell. Put that into the same cell.", name=name))


def _on_the_page(name: str, thing: Any) -> str:
    """The module of the course that has a definition, or a value, of the notebook; "" if none has it."""
    paths = [path for path in list(sys.modules) if path.partition(".")[0] in COURSE]
    if not callable(thing):
        return next((path for path in paths if vars(sys.modules[path]).get(name) is thing), "")
    paths = [path for path in paths if getattr(getattr(sys.modules[path], name, None), "__module__", "") == path]
    code = getattr(getattr(thing, "forward", thing), "__code__", None)
    page = "".join(linecache.getlines(code.co_filename)) if code else ""
    return next((path for path in paths if plain(f"{path}:{name}") in page), "".join(paths[:1]))


def _outside_message() -> str:
    """Said once: that this kernel keeps nothing."""
    folder_name = str(Path.cwd())
    if folder_name in _WARNED or not shell.in_notebook():
        return ""
    _WARNED.add(folder_name)
    return t(
        "This kernel works in {here}, which is no workbook: neither your answers nor what you have solved is "
        "kept. `make lab` opens your workbook.",
        here=folder_name,
    )


def _stem(source: Source) -> str:
    return source.module.partition(".")[2]


def _file(source: Source) -> str:
    return f"mine/{_stem(source)}.py"


def _readable(package: Path, pattern: str) -> list[Path]:
    """Its files of such a name; what is no file, or far too large, is something of the reader's."""
    return [path for path in package.glob(pattern) if path.is_file() and path.stat().st_size <= files.MOST]


def _decoded(path: Path) -> str:
    return files.content(path).decode("utf-8-sig", "replace")


def _text(path: Path) -> str:
    """The text of a file of the reader's. Raises CannotTake where it is no Python, OSError where it cannot be read."""
    text = _decoded(path)
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        message = t("mine/{name} is not Python as it stands. Put that right, and run this cell again.", name=path.name)
        raise CannotTake(message) from None
    return text
