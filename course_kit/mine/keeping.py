"""`keep("transformer")`: a chapter's file, complete, tried in a process of its own, in the reader's `mine/`."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from course_kit import files
from course_kit.exercises.show import Piece, code, display, note_of, sentence
from course_kit.gone import LeftTheCourse
from course_kit.i18n import sentences, t
from course_kit.programs.arguments import NothingYet
from course_kit.shell import presenting

from . import answers, written
from .composing import Answers, Composed, composed, package
from .trying import why_it_fails

PATIENCE = 15.0  # seconds to wait for another kernel, which writes meanwhile


def keep(*names: str, chapter: int | None = None, said: str = "", beside: Mapping[str, str] | None = None) -> None:
    """Write files of a chapter into the workbook, each tried, and say what they are.

    names: such as "transformer"; chapter: by default the latest that was imported and has them; said: a sentence for
    the end; beside: file name -> its text, laid beside the notebooks unless it is there already
    """
    own, where = answers.solved(), answers.folder()
    for name in names:
        try:
            _keep(module_of(name, chapter), own, where, first=name == names[0])
        except LeftTheCourse as why:  # on a page of an earlier edition: the other files are written
            display(note_of([sentence(str(why))], "dotted"))
    for file, text in (beside or {}).items():
        if where and not (where.parent / file).exists():
            files.write_atomically(where.parent / file, text)
    if said:
        display(note_of([sentence(said)]))


def module_of(name: str, chapter: int | None = None) -> str:
    """The kept module of this name. Raises NothingYet if no chapter that was imported has one."""
    rooms = [key for key in list(sys.modules) if key.startswith("chapters.ch") and key.count(".") == 1]
    for room in sorted(rooms, reverse=True) if chapter is None else [f"chapters.ch{chapter:02}"]:
        if find_spec(f"{room}.kept") and find_spec(f"{room}.kept.{name}"):
            return f"{room}.kept.{name}"
    raise NothingYet(
        t("The chapter of `{name}` is not there yet: run the cells above, or choose *Kernel → Resume here*.", name=name)
    )


def working(module: str, own: Answers) -> tuple[Composed, list[str]]:
    """The file without the reader's functions that fail its test, and sentences that say which."""
    made = composed(module, own, answers.read)
    if not made.yours or not (trouble := _trouble(made, own)):
        return made, []
    said, rest = [], dict(own)
    for name in made.yours if len(made.yours) > 1 else ():
        alone = {key: source for key, source in own.items() if key == name or key not in made.yours}
        if why := _trouble(composed(module, alone, answers.read), alone):
            said.append(t("With your `{name}` the file fails its test ({why}).", name=name, why=why))
            del rest[name]
    made = composed(module, rest, answers.read)
    if together := _trouble(made, rest) if said else trouble:
        made, said = (
            composed(module, {}),
            [t("With what is yours the file fails its test ({together}).", together=together)],
        )
    return made, [*said, t("So the course's is in it; what you wrote stays where it is.")]


def _trouble(made: Composed, own: Answers) -> str:
    """What is wrong with a file, which is tried with those beside it."""
    return why_it_fails(made.name, package(made.module, own, answers.read))


def _keep(module: str, own: Answers, where: Path | None, first: bool) -> None:
    made, troubles = working(module, own)
    others = t("The course's: {course}.", course=t(", ").join(made.course)) if made.course and made.yours else ""
    is_said = made.yours or (made.course and not presenting())  # none are a class's
    said = [*([sentences(made.whose, others)] if is_said and (made.whose or others) else []), *made.notes, *troubles]
    if where is None:
        if first:
            said.append(
                t("Outside of a workbook nothing is written (`make lab` makes you one). This is what it would be:")
            )
        body = ast.parse(made.text).body
        defines = [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        pieces = [*map(sentence, said), _folded(made)]
        return display(note_of(pieces, "dotted", file=f"mine/{made.name}.py", defines=defines))
    laid, waiting = [made], list(made.beside)
    while waiting:  # those that it imports and that are not there
        other = waiting.pop()
        known = other in [one.module for one in laid]
        if not known and not (where / f"{other.rpartition('.')[2]}.py").exists():
            laid.append(working(other, own)[0])
            waiting += laid[-1].beside
    try:
        with files.alone(where.parent / f"mine{written.FILE}", PATIENCE):
            file, stays = [written.lay(where, one) for one in laid][0]
    except OSError as error:
        said.append(t("It could not be written: {value}. Your notebook is as it was.", value=error.strerror or error))
        return display(note_of(map(sentence, said), "dotted"))
    said.insert(
        0,
        sentences(
            t("Written: mine/{file}.", file=file),
            t("mine/{stays} stays as you have changed it.", stays=stays) if stays else "",
        ),
    )
    said.insert(1, _lines(made))
    if 'if __name__ == "__main__":' not in made.text:
        return display(note_of(map(sentence, said)))
    name = f"mine.{Path(file).stem}".removesuffix(".__main__")
    commands = [f"%run -m {name}", f"python -m {name}"]
    ways = sentence(t("Run it in a cell; or in the folder of your notebooks, with a Python that has torch:"))
    return display(note_of([*map(sentence, said), ways, (code("\n".join(commands)), "    " + "\n    ".join(commands))]))


def _lines(made: Composed) -> str:
    return t("{count} lines, which need only torch", count=len(made.text.splitlines()))


def _folded(made: Composed) -> Piece:
    """A file to unfold; as plain text its name, and the first line of its docstring."""
    about = (ast.get_docstring(ast.parse(made.text)) or "").partition("\n")[0]
    return (
        f"<details><summary>mine/{made.name}.py</summary><p>{_lines(made)}</p>{code(made.text)}</details>",
        t("{name}: {text}", name=f"mine/{made.name}.py", text=about),
    )
