"""`from mine import masked_softmax` in a notebook: the reader's function if it is solved, else the course's.

`install()`, which setup() calls, lets right answers go into the package, and puts a module `mine` into sys.modules.
Its folder is the workbook's `mine/`: `import mine.transformer` is the reader's file. After a cell that imported from
it, one line says which functions are the reader's, and why one is not; nothing where all are the course's.
"""

import sys
from types import ModuleType
from typing import Any

from course_kit import exercises, shell
from course_kit.exercises.registry import chapter_of
from course_kit.exercises.show import display, note_of, sentence
from course_kit.i18n import t

from . import trainable
from .answers import answer_of, folder, keep_answer, loaded, task_of
from .loading import NAME, Finder


class NotThere(ImportError):
    """`mine` has nothing of this name. In a notebook it is said in one line, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class Mine(ModuleType):
    """The module `mine`."""

    def __init__(self) -> None:
        super().__init__(NAME, __doc__)
        self._said: dict[str, tuple[Any, str]] = {}  # of the cell that runs

    @property
    def __path__(self) -> list[str]:  # type: ignore[override]
        place = folder()
        return [str(place)] if place else []

    def __getattr__(self, name: str) -> Any:
        place = folder()
        if name.startswith("_") or place and (place / f"{name}.py").is_file():
            raise AttributeError(f"module {NAME!r} has no attribute {name!r}")
        if name not in self._said:
            try:
                self._said[name] = owned(name)
            except NotThere as error:
                if sys._getframe(1).f_code.co_name == "_handle_fromlist":  # `from mine import …` would not say why
                    raise
                raise AttributeError(str(error)) from None
        return self._said[name][0]

    def say(self, *_: Any) -> None:
        """What has been looked up since, and whose it is, unless all of it is the course's."""
        whose = {name: words for name, (_, words) in self._said.items()}
        self._said.clear()
        if set(whose.values()) - {t("the course's")}:
            words = [t("{name}: {text}", name=f"`{name}`", text=text) for name, text in whose.items()]
            display(note_of([sentence(" · ".join(words))], "dotted"))


def install() -> None:
    """Make `from mine import …` work in this kernel. A second call changes nothing."""
    exercises.LISTENERS[:] = [keep_answer, trainable.remember]
    if isinstance(sys.modules.get(NAME), Mine):
        return
    sys.modules[NAME] = module = Mine()
    sys.meta_path[:] = [Finder, *(finder for finder in sys.meta_path if finder is not Finder)]
    if shell.in_notebook():
        shell.ipython().events.register("post_run_cell", module.say)


def owned(name: str) -> tuple[Any, str]:
    """A function by its name -> the function, and whose it is, in words. Raises NotThere for any other name."""
    task = task_of(name)
    if task is None:
        raise NotThere(t("`mine` has no {name}: no exercise of this chapter, or of an earlier one that it uses, has a "
                         "function of this name.", name=repr(name)))  # fmt: skip
    source, there, trouble = answer_of(task)
    if source is None:
        return task.reference, t("the course's, since {trouble}", trouble=trouble) if trouble else t("the course's")
    thing = loaded(source, there)
    trainable.remember(task, thing)
    return thing, t("yours, from chapter {chapter_of}", chapter_of=chapter_of(task.name))
