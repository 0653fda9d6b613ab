"""What a cell says that was stopped by ■, instead of a traceback: how far it was and how to go on, and in a fold what
it has made.

    Stopped by hand, in round 178 of 400 of `for _ in range(steps)`. Run the cell again: it begins at its top.
    > What is there? What it had made by then stays until the kernel restarts: `layer`. Not there yet: `share`. The
      course’s text is about a finished run. These go on as they are now: `losses`. To begin anew, first run the cells
      above that make them.

`%tb` still shows where it was.
"""

from __future__ import annotations

import _thread
import ast
import inspect
import linecache
import math
import signal
import threading
import time
import traceback
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

from course_kit.i18n import sentences, t
from course_kit.markup import inline

TOLD = {"course": {"stopped": True}}  # metadata of the output of what was stopped
MOST = 5  # names that are listed
PATIENT = 10  # seconds
COMPOUND = (ast.For, ast.While, ast.With, ast.If, ast.Try)
APART = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.comprehension)  # with names of their own


def tell(shell: Any, words: str, details: str = "") -> None:
    """Shows this of a cell, in place of a traceback. It has failed nonetheless: what waits behind it does not run."""
    data = {"text/html": note(words, details), "text/plain": "■ " + sentences(words, details)}
    shell.display_pub.publish(data, TOLD)
    shell._last_traceback = []  # of the reply


class Patience:
    """■ waits for the end of an import, PATIENT seconds at most: what is half there, such as all that torch imports for
    its first optimizer, no later cell could import again."""

    since, heard = math.inf, -math.inf

    def __init__(self, shell: Any):
        self.shell = shell
        shell.events.register("pre_run_cell", self.begin)
        shell.events.register("post_run_cell", self.end)

    def begin(self, *info: Any) -> None:
        """A kernel sets its own handler before each cell."""
        self.since, self.heard = math.inf, -math.inf
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self.press)

    def press(self, number: int, frame: FrameType | None) -> None:
        """The signal."""
        now = time.monotonic()
        if now - self.heard < 1:  # what says so, and the kernel's answer, are not cut off
            return
        self.since = min(self.since, now)
        imports = any("importlib._bootstrap" in one.f_code.co_filename for one, _ in traceback.walk_stack(frame))
        if not imports or now - self.since > PATIENT:
            self.heard = now
            raise KeyboardInterrupt
        threading.Timer(0.1, _thread.interrupt_main).start()

    def end(self, result: Any) -> None:
        """Of a cell that imported to its end, and never heard: what waits behind it does not run."""
        if result.success and self.heard < self.since < math.inf:
            tell(self.shell, t("Stopped by hand, when all of this cell had run. What waited behind it has not run."))
            result.error_in_exec = KeyboardInterrupt()


def note(words: str, details: str = "") -> str:
    """What was stopped, said on a page: in sight behind a guess, too. TOLD goes with its output. details: in a fold."""
    fold = f"<details><summary>{t('What is there?')}</summary>{inline(details)}</details>" if details else ""
    return f'<div class="course-stopped" role="status">■ {inline(words)}{fold}</div>'


def message(error: BaseException, names: dict[str, Any]) -> tuple[str, str]:
    """How far a cell was and how to go on; and which of its names are there. names: those of the notebook."""
    found = frames(error.__traceback__)
    loops = (words for frame, line in found if (words := _round(frame, line)))
    top = next((one for one in found if one[0].f_globals is names), None)
    made, missing = _names(*top) if top else ([], [])
    stays = [name for name in made if name in names]
    before = [name for name in missing if name in names and name not in stays]
    absent = [name for name in missing if name not in names]
    above = changed_objects(_body(top[0]), top[0].f_globals, top[1]) if top else []
    lead = sentences(next(loops, t("Stopped by hand.")), t("Run the cell again: it begins at its top."))
    return lead, sentences(
        t("What it had made by then stays until the kernel restarts: {names}.", names=_listed(stays)) if stays else "",
        t("Not there yet: {names}.", names=_listed(absent)) if absent else "",
        t("Still as an earlier run left it: {names}.", names=_listed(before)) if before else "",
        t("The course’s text is about a finished run."),
        going_on(above),
    )


def going_on(above: list[str]) -> str:
    """What is said of names of cells above that a run of a cell changes, if there are any."""
    anew = t("These go on as they are now: {names}. To begin anew, first run the cells above that make them.",
             names=_listed(above))  # fmt: skip
    return anew if above else ""


def _listed(names: list[str]) -> str:
    return t(", ").join(f"`{name}`" for name in names[:MOST]) + (" …" if names[MOST:] else "")


def frames(trace: TracebackType | None) -> list[tuple[FrameType, int]]:
    """The frames of a traceback, outermost first, each with the line at which it stopped."""
    return list(traceback.walk_tb(trace))


def _body(frame: FrameType) -> list[ast.stmt]:
    """The statements of the file, or the cell, that a frame is in; none where they cannot be had."""
    try:
        return ast.parse("".join(linecache.getlines(frame.f_code.co_filename))).body
    except SyntaxError:  # a cell with magics
        return []


def _round(frame: FrameType, line: int) -> str:
    """How far the loop is, `for NAME in range(COUNT)`, in which a frame of a notebook stopped, or of what gives it one
    step after the other; "" if that is none."""
    if frame.f_globals.get("__name__") != "__main__" and not frame.f_code.co_flags & inspect.CO_GENERATOR:
        return ""
    for node in (one for part in _body(frame) for one in ast.walk(part)):
        match node:
            case ast.For(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=[count])):
                at, all_ = frame.f_locals.get(name), _value(count, frame)
                if node.lineno <= line <= (node.end_lineno or 0) and type(at) is int and type(all_) is int:
                    loop = f"for {name} in {ast.unparse(node.iter)}"
                    return t("Stopped by hand, in round {n} of {count} of `{loop}`.", n=at + 1, count=all_, loop=loop)
    return ""


def _value(node: ast.expr, frame: FrameType) -> Any:
    """What a name or a number in the source means there; None for anything longer."""
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    return node.value if isinstance(node, ast.Constant) else None


def _names(frame: FrameType, line: int) -> tuple[list[str], list[str]]:
    """The names that a cell had bound when it stopped at a line, and those that it had yet to bind."""
    made: dict[str, None] = {}
    missing: dict[str, None] = {}
    for part in _body(frame):
        done = (part.end_lineno or 0) < line or (isinstance(part, COMPOUND) and part.lineno <= line)
        (made if done else missing).update(dict.fromkeys(_bound(part)))
    return list(made), [name for name in missing if name not in made]


def changed_objects(parts: list[ast.stmt], names: dict[str, Any], line: float) -> list[str]:
    """The names of other cells' objects that a cell, these statements, has begun to change by a line: what it appends
    to or puts something into, and where it takes steps, optimizer, schedule and models that learn."""
    own = {name for part in parts for name in _bound(part)}
    inside = [node for part in parts if part.lineno <= line for node in _outside(part)]
    calls = [(node.func.value.id, node.func.attr) for node in inside if isinstance(node, ast.Call)
             and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)]  # fmt: skip
    changed = {name for name, attribute in calls if attribute in ("append", "extend", "update", "step")}
    changed |= {name for node in inside for name in _into(node)}
    used = dict.fromkeys(node.id for node in inside if isinstance(node, ast.Name) and node.id in names)
    steps = any(attribute == "step" for _, attribute in calls)
    return [name for name in used if name not in own and (name in changed or steps and learns(names[name]))]


def _into(node: ast.AST) -> Iterator[str]:
    """Whose part a statement sets: the `kept` of `kept[step] = …`."""
    if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
        base: ast.expr = node
        while isinstance(base, ast.Subscript | ast.Attribute):
            base = base.value
        if isinstance(base, ast.Name):
            yield base.id


def learns(value: Any) -> bool:
    """Whether it is a model with a parameter that is not frozen."""
    ask = None if isinstance(value, type) else getattr(value, "parameters", None)
    return callable(ask) and any(getattr(one, "requires_grad", False) for one in ask())


def _outside(part: ast.AST) -> Iterator[ast.AST]:
    """A statement's nodes, but for what lies in functions and classes that it defines."""
    if not isinstance(part, APART):
        yield part
        for inner in ast.iter_child_nodes(part):
            yield from _outside(inner)


def _bound(part: ast.AST) -> Iterator[str]:
    """The names that a statement binds, but for imports and those that begin with an underscore."""
    for node in _outside(part):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id[:1] != "_":
            yield node.id
