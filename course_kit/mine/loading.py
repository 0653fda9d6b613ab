"""Files of `workbook/mine/` as modules, as they are now: after an edit, what was loaded before is forgotten."""

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

NAME = "mine"


def module(stem: str) -> ModuleType:
    """A file of the package, such as "ch01". Raises what the file raises."""
    forget()
    return importlib.import_module(f"{NAME}.{stem}")


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
    def find_spec(name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        package, _, stem = name.rpartition(".")
        for place in path or () if package == NAME else ():
            if (file := Path(place) / f"{stem}.py").is_file():
                return spec_from_file_location(name, file, loader=Anew(name, str(file)))
        return None
