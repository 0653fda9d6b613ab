"""What has left the course: a page of an earlier edition that asks for it gets one sentence, and no traceback.

Whoever removes a module, or a lab, a function or a class of one, adds its full name to GONE. It is found where Python
looks for it: at its import, or as an attribute of the module that it was in.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from course_kit.i18n import t

GONE: dict[str, str] = {  # full name -> the page that is about it
    "chapters.ch00.experiments.held_out": "00_start_here",
    "chapters.ch00.experiments.word_by_word": "00_start_here",
    "chapters.ch00.experiments.words.held_out": "00_start_here",
    "chapters.ch00.experiments.words.word_by_word": "00_start_here",
    "chapters.ch01.labs.black_box": "01_nadaraya_watson",
    "chapters.ch01.labs.word_vectors": "01_nadaraya_watson_annex",
    "chapters.ch02.labs.goes": "02_scoring_functions",
    "chapters.ch02.labs.layer": "02_scoring_functions",
    "chapters.ch02.labs.steps": "02_scoring_functions",
    "chapters.ch03.labs.chain": "03_seq2seq",
    "chapters.ch03.labs.shifted": "05_transformer",
    "chapters.ch04.experiments.LettersBefore": "04_positional_encoding",
    "chapters.ch04.experiments.WhoDoesIt": "04_positional_encoding",
    "chapters.ch04.experiments.order.LettersBefore": "04_positional_encoding",
    "chapters.ch04.experiments.order.WhoDoesIt": "04_positional_encoding",
    "chapters.ch04.kept.positions.LetterReader": "04_positional_encoding",
    "chapters.ch04.labs.task": "04_positional_encoding",
    "chapters.ch04.labs.ways": "04_positional_encoding",
    "chapters.ch04.labs.who_does_it": "04_positional_encoding",
    "chapters.ch05.labs.attend": "05_transformer",
    "chapters.ch05.labs.shifted": "05_transformer",
    "chapters.ch05.labs.stream": "05_transformer",
    "chapters.ch05.labs.whole": "05_transformer",
    "chapters.ch06.labs.banks": "06_bert",
    "chapters.ch08.kept.serve": "07_gpt_annex",
}


class LeftTheCourse(ImportError):
    """A notebook says it in one line."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def ask_for(name: str) -> None:
    """Raises LeftTheCourse for the full name of what has gone; does nothing for any other."""
    if page := GONE.get(name):
        says = t("{name} left the course in 0.7; the page {page} of the new edition is beside this one.",
                 name=f"`{name}`", page=f"{page}.ipynb")  # fmt: skip
        raise LeftTheCourse(says, name=name)


class Finder:
    """Asked first for each module: one that has gone is refused, one that something has gone from refuses that."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        ask_for(name)
        parents = {gone.rpartition(".")[0] for gone in GONE}
        spec = PathFinder.find_spec(name, path) if name in parents else None
        if spec and spec.loader:
            run = spec.loader.exec_module
            spec.loader.exec_module = lambda module: run(watched(module))  # type: ignore[method-assign]
        return spec


def watched(module: ModuleType) -> ModuleType:
    """The module, which from now on refuses what has gone from it; any other name is missing as before."""

    def missing(name: str) -> Any:
        ask_for(f"{module.__name__}.{name}")
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}", name=name, obj=module)

    vars(module)["__getattr__"] = missing  # its own, if it has one, comes after
    return module


def install() -> None:
    """From now on, in this process. A second call changes nothing."""
    sys.meta_path[:] = [Finder, *(finder for finder in sys.meta_path if finder is not Finder)]
