"""Cells: what one reads and defines, and the values of slow ones, kept by watching cells as they run.

A slow cell is kept if all that it read is afterwards as it was before (it changed no model, list or generator of
others), and if what it bound is plain. Brought back, its imports and definitions run, the rest is skipped.
"""

from __future__ import annotations

import ast
import builtins
import dis
import json
import time
from typing import Any

from .. import files
from . import keeping, plain
from .fingerprint import codes, fingerprint

SLOW = 0.4  # seconds
RAN = "cells.json"  # which cells have run, by their ids
SHOWS = ("course_utils.views", "IPython.display", "IPython.core.display_functions")
CHEAP = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def reads(tree: ast.Module, names: dict[str, Any]) -> list[str]:
    """Names of the user's that a cell reads before it binds them itself, sorted."""
    top, *inner = codes(compile(tree, "cell", "exec"))
    first: dict[str, bool] = {}
    for line in dis.get_instructions(top):
        if line.opname in ("LOAD_NAME", "STORE_NAME"):
            first.setdefault(line.argval, line.opname == "LOAD_NAME")
    for code in inner:
        for name in code.co_names:
            first.setdefault(name, True)
    ours = {"In", "Out", "get_ipython", "exit", "quit", "open", "display"}
    return sorted(n for n, read in first.items() if read and n in names and n not in ours and not n.startswith("_"))


def binds(statements: list[ast.stmt]) -> list[str]:
    """Names that these statements bind, in order, repeated where bound again."""
    code = compile(ast.Module(statements, []), "cell", "exec")
    return [line.argval for line in dis.get_instructions(code) if line.opname == "STORE_NAME"]


def key(text: str, tree: ast.Module, names: dict[str, Any]) -> str | None:
    """A fingerprint of a cell and of all that it reads; None where there can be none."""
    try:
        return fingerprint(("cell", text, [(name, names[name]) for name in reads(tree, names)]))
    except Exception:  # a student may have made any object
        return None


def without_shows(tree: ast.Module, names: dict[str, Any]) -> ast.Module:
    """The cell without what only shows or asserts: views, pictures, print."""
    own = {alias.asname or alias.name.split(".")[0]: f"{node.module}" for node in tree.body
           if isinstance(node, ast.ImportFrom) for alias in node.names}  # fmt: skip

    def shows(node: ast.stmt) -> bool:
        if isinstance(node, ast.Assert):
            return True
        if not isinstance(node, ast.Expr):
            return False
        call = node.value
        if not isinstance(call, ast.Call):
            return isinstance(call, ast.Name | ast.Attribute | ast.Constant | ast.Tuple) and not _calls(call)
        root = call.func
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name):
            return False
        found = names.get(root.id, getattr(builtins, root.id, None))
        place = own.get(root.id) or getattr(found, "__module__", None) or getattr(found, "__name__", "") or ""
        return found is print or place.startswith(SHOWS)

    return ast.Module([node for node in tree.body if not shows(node)], [])


def definitions(tree: ast.Module) -> ast.Module:
    """The imports, functions and classes of a cell."""
    return ast.Module([node for node in tree.body if isinstance(node, CHEAP)], [])


def _calls(node: ast.AST) -> bool:
    return any(isinstance(x, ast.Call | ast.NamedExpr | ast.Await) for x in ast.walk(node))


def skippable(tree: ast.Module, values: dict[str, Any]) -> ast.Module:
    """What still has to run of a cell whose values are kept: imports, definitions, and what binds other names."""
    bound = [set(binds([node])) for node in tree.body]
    must = [bool(names - values.keys()) for names in bound]
    rest = any(need and not isinstance(node, CHEAP) for node, need in zip(tree.body, must, strict=True))
    chosen = zip(tree.body, bound, must, strict=True)  # what binds nothing, such as a seed, may matter to the rest
    return ast.Module([n for n, names, need in chosen if isinstance(n, CHEAP) or need or (rest and not names)], [])


def worth_keeping(tree: ast.Module, names: dict[str, Any]) -> dict[str, Any] | None:
    """The plain values of the names that a cell has bound, or None if they cannot stand for the cell."""
    rest = [node for node in tree.body if not isinstance(node, CHEAP)]
    bound = binds(rest)
    values = {name: names[name] for name in bound if name in names and plain.is_plain(names[name])}
    left = skippable(tree, values).body
    mixed = [node for node in left if not isinstance(node, CHEAP)]
    again = {name for node in mixed for name in binds([node])} & values.keys()
    if again or (mixed and len(set(bound)) < len(bound)):
        return None  # a value would be computed from another's later state
    return values


class Watch:
    """Notes which cells run in a notebook of the workbook, and keeps what slow ones have computed."""

    def __init__(self, shell: Any):
        self.shell, self.before, self.cell = shell, None, None

    def start(self, info: Any) -> None:
        self.before, self.cell = None, getattr(info, "cell_id", None)
        try:
            if keeping.folder() is None or info.silent or not info.store_history:
                return
            tree = ast.parse(self.shell.transform_cell(info.raw_cell))
            self.before = info.raw_cell, tree, key(info.raw_cell, tree, self.shell.user_ns), time.monotonic()
        except Exception:  # to keep is a courtesy: it must not cost a cell
            self.before = None

    def end(self, result: Any) -> None:
        before, self.before = self.before, None
        if before is None or not result.success:
            return
        text, tree, found, started = before
        slow = time.monotonic() - started >= SLOW
        try:
            where = keeping.folder()
            if where is None:
                return
            self._ran(where)
            plain_python = found and "get_ipython()" not in ast.unparse(tree)
            if slow and plain_python and key(text, tree, self.shell.user_ns) == found:
                values = worth_keeping(tree, self.shell.user_ns)
                if values is not None:
                    keeping.write(where, found, values)
        except Exception:
            return

    def _ran(self, where: Any) -> None:
        ran = ids_that_ran(where)
        if self.cell and self.cell not in ran:
            where.mkdir(exist_ok=True)
            files.write_atomically(where / RAN, json.dumps([*ran, self.cell][-5000:]))


def ids_that_ran(where: Any) -> list[str]:
    """Ids of the cells that have run in this workbook, ever."""
    try:
        return [one for one in json.loads((where / RAN).read_bytes()) if isinstance(one, str)]
    except (OSError, ValueError, TypeError):
        return []


def watch() -> None:
    """Begin to watch, once a kernel; does nothing outside of one."""
    shell = keeping.shell()
    if shell is None or any(
        isinstance(getattr(f, "__self__", None), Watch) for f in shell.events.callbacks["pre_run_cell"]
    ):
        return
    one = Watch(shell)
    shell.events.register("pre_run_cell", one.start)
    shell.events.register("post_run_cell", one.end)
