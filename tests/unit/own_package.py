"""A workbook with a package `mine` of its own, and cells that run in it as in a notebook."""

import contextlib
import itertools
import linecache
import sys
import types

import torch

from course_kit import exercises, files
from course_kit.exercises import exercise
from course_kit.mine import lookup

SOFTMAX = """def masked_softmax(scores, mask):
    hidden = ~mask
    weights = scores.masked_fill(hidden, float("-inf")).softmax(-1)
    return torch.where(hidden, torch.zeros(()), weights)"""
ADD = "def add_norm(x, f, norm):\n    return x + f(norm(x))"
SPLIT = "def split_heads(x, heads):\n    return x.unflatten(-1, (heads, -1)).transpose(1, 2)"

_numbers = itertools.count(1)


def loaded():
    return [name for name in sys.modules if name.partition(".")[0] == "mine"]


@contextlib.contextmanager
def workbook(folder):
    """A workbook in which the kernel works; `mine` is its own, and forgotten afterwards."""
    where = folder / "workbook"
    where.mkdir()
    (where / files.STATE).write_text('{"written": {}, "editions": {}}', encoding="utf-8")
    before = {name: sys.modules.pop(name) for name in loaded()}
    lookup.install()
    with contextlib.chdir(where):
        yield where
    exercises.LISTENERS.clear()
    for name in loaded():
        del sys.modules[name]
    sys.modules.update(before)


def cell(source, **names):
    """Runs a cell as a notebook does: its text is known to inspect -> its names."""
    file = f"<cell {next(_numbers)} of a test>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    space = vars(types.ModuleType("__main__")) | {"torch": torch, "nn": torch.nn, "exercise": exercise} | names
    exec(compile(source, file, "exec", dont_inherit=True), space)
    return space


def solve(name, text, above="", **names):
    """Runs an exercise's cell -> its names. above: what else is in the cell."""
    return cell(f'{above}@exercise("{name}")\n{text}\n', **names)


def changed(path, old, new):
    """Edits a file by hand -> its text."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text.replace(old, new)
