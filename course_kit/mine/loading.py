"""Files of `workbook/mine/` as modules, as they are now: after an edit, what was loaded before is forgotten.

What a file does when it is loaded is the reader's: it makes no sound, and is stopped after a few seconds.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from course_kit import files
from course_kit.exercises.guard import quiet, time_limit

NAME = "mine"


def folder() -> Path | None:
    """`mine/` of the workbook that this kernel works in; None outside of a workbook."""
    where = files.workbook_folder()
    return where / NAME if where else None


class CannotLoad(Exception):
    """A file that stops when it is imported. The message is the error's name."""


def module(file: str) -> ModuleType:
    """A file of the package, such as "ch01.py". Raises CannotLoad, whatever it does."""
    forget()
    return guarded(lambda: importlib.import_module(f"{NAME}.{file.removesuffix('.py')}"))


def as_module(file: str, text: str) -> ModuleType:
    """A text as the file of that name would be. Raises CannotLoad."""
    forget()
    loaded = ModuleType(f"{NAME}.{file.removesuffix('.py')}")
    loaded.__package__ = NAME
    before = sys.modules.get(loaded.__name__)
    sys.modules[loaded.__name__] = loaded  # a dataclass looks for its module
    try:
        guarded(lambda: exec(compile(text, f"<{file}>", "exec", dont_inherit=True), vars(loaded)))
        return loaded
    finally:
        sys.modules.pop(loaded.__name__)
        sys.modules.update({loaded.__name__: before} if before else {})


def guarded(load: Any) -> Any:
    """What `load()` gives: without a sound, and for a few seconds at most. Raises CannotLoad."""
    try:
        with quiet(), time_limit():
            return load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a file may do anything, `exit()` too
        raise CannotLoad(type(error).__name__) from None


def forget() -> None:
    """If a file has changed since it was loaded, all are loaded anew: they may hold something of it."""
    loaded = [name for name in sys.modules if name.startswith(f"{NAME}.")]
    if any(_has_changed(sys.modules[name]) for name in loaded):
        for name in loaded:
            del sys.modules[name]
            vars(sys.modules.get(NAME, ModuleType(NAME))).pop(name.partition(".")[2], None)
    importlib.invalidate_caches()


def _has_changed(loaded: ModuleType) -> bool:
    loader = getattr(loaded, "__loader__", None)
    try:
        return not isinstance(loader, Anew) or loader.get_data(loader.path) != loader.text
    except OSError:
        return True


class Anew(SourceFileLoader):
    """Compiles the text itself: bytecode beside it may be of another text of the same second."""

    text = b""

    def get_code(self, fullname: str) -> CodeType:
        self.text = self.get_data(self.path)
        return self.source_to_code(self.text, self.path)


class Finder:
    """Finds the package's files, by `sys.meta_path`."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        package, _, stem = name.rpartition(".")
        for place in path or () if package == NAME else ():
            if (file := Path(place) / f"{stem}.py").is_file():
                return spec_from_file_location(name, file, loader=Anew(name, str(file)))
        return None
