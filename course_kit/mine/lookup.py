"""`from mine import masked_softmax` in a notebook: the reader's function if it is solved, else the course's.

`install()`, which setup() calls, lets right answers go into the package, and puts a module `mine` into sys.modules. Its
folder is the workbook's `mine/`: `import mine.transformer` is the reader's file. After a cell that imported
from it, one line says whose each function is.
"""

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from course_kit import exercises, shell
from course_kit.exercises.define import NoSuchExercise, chapter_of, find

from . import writing
from .solved import folder, keep_answer

TRAVELS = {  # what later chapters import: name -> its exercise, of a chapter that they import, too
    "masked_softmax": "stable masked softmax",
    "split_heads": "split heads",
    "multi_head": "attention in heads",
    "add_norm": "residual and norm",
    "DecoderBlock": "a decoder block",
    "train_step": "a training step",
}


class Mine(ModuleType):
    """The module `mine`."""

    def __init__(self, place: Path | None):
        super().__init__("mine", __doc__)
        self.__path__ = [str(place)] if place else []
        self._said: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        thing, whose = owned(name)
        self._said[name] = whose
        return thing

    def say(self, *_: Any) -> None:
        """What has been imported since, and whose it is."""
        if self._said:
            print(" · ".join(f"{name}: {whose}" for name, whose in self._said.items()))
            self._said.clear()


def install() -> None:
    """Make `from mine import …` work in this kernel."""
    if isinstance(sys.modules.get("mine"), Mine):
        return
    exercises.AFTER_RIGHT.append(keep_answer)
    module = Mine(folder())
    sys.modules["mine"] = module
    if shell.in_notebook():
        shell.ipython().events.register("post_run_cell", module.say)


def owned(name: str) -> tuple[Any, str]:
    """A function by its name -> the function, and whose it is, in words. Raises AttributeError for an unknown name."""
    file, exercise = _where(name)
    exercise = TRAVELS.get(name, exercise)
    try:
        chapter = chapter_of(exercise)
    except NoSuchExercise:
        raise AttributeError(
            f"`mine` has no {name!r}: it is no exercise that later chapters use, nor is it solved."
        ) from None
    if file:
        try:
            thing = getattr(_module(file), name)
        except Exception as error:  # whatever a file that was changed by hand may do
            return find(exercise).reference, f"the course's, since mine/{file} stops with {type(error).__name__}"
        if passes(exercise, thing):
            return thing, f"yours, from chapter {chapter}"
        return find(exercise).reference, f"the course's, since yours in mine/{file} no longer passes its check"
    return find(exercise).reference, "the course's"


def passes(exercise: str, thing: Any) -> bool:
    """Whether it is a right answer."""
    from course_kit.exercises import check

    return check(exercise, thing).right


def kept_text(name: str, exercise: str) -> str | None:
    """The text of the reader's right answer, as their package has it; None if there is none that passes."""
    file, found = _where(name, exercise)
    if not file or found != exercise:
        return None
    text = (folder() / file).read_text(encoding="utf-8")
    try:
        return writing.block(text, name) if passes(exercise, getattr(_module(file), name)) else None
    except Exception:  # changed by hand to something that does not run
        return None


def _where(name: str, exercise: str | None = None) -> tuple[str, str]:
    """The file of the reader's package that holds a name, the latest chapter's, and its exercise; ("", "") if none."""
    place = folder()
    wanted = exercise or TRAVELS.get(name)
    for file, names in sorted(writing.record(place).items(), reverse=True) if place else ():
        entry = names.get(name)
        fits = isinstance(entry, dict) and (wanted is None or entry.get("exercise") == wanted)
        if fits and (place / file).is_file():
            return file, entry.get("exercise", "")
    return "", ""


def _module(file: str) -> ModuleType:
    """A file of the package, as it is now."""
    name = f"mine.{file.removesuffix('.py')}"
    importlib.invalidate_caches()
    if name in sys.modules:
        return importlib.reload(sys.modules[name])
    return importlib.import_module(name)
