"""What a cell says first that trains on: a model made in a cell above, which an earlier run of this one has trained.
And which copies of it, kept in a dict of the notebook, are a later run's."""

import ast
import contextlib
import math
import weakref
from typing import Any

from course_kit.i18n import sentences, t
from course_kit.markup import inline
from course_kit.programs import interrupted

_MODELS: dict[str, dict[str, weakref.ref]] = {}  # text of a cell -> the models that it has trained, by name
_KEPT: weakref.WeakKeyDictionary[Any, bool] = weakref.WeakKeyDictionary()  # a copy of one -> whether by a later run


def watch(shell: Any) -> None:
    """From now on, in this IPython shell."""

    def begin(info: Any) -> None:
        if words := message(info.raw_cell, shell.user_ns):
            shell.display_pub.publish({"text/html": f'<p role="status">{inline(words)}</p>', "text/plain": words})

    def end(result: Any) -> None:
        if result.success or isinstance(result.error_in_exec, KeyboardInterrupt):
            note(result.info.raw_cell, shell.user_ns)

    shell.events.register("pre_run_cell", begin)
    shell.events.register("post_run_cell", end)


def message(text: str, names: dict[str, Any]) -> str:
    """The sentences for a cell that is about to run, or ""."""
    if not _has_trained(text, names):
        return ""
    more = t("This cell has run before, and counts from its first step again.")
    return sentences(more, interrupted.going_on(_trained(text, names)))


def note(text: str, names: dict[str, Any]) -> None:
    """A cell has run, to its end or until it was stopped."""
    later, changed = _has_trained(text, names), {name: names[name] for name in _trained(text, names)}
    for copy in (x for one in changed.values() if isinstance(one, dict) for x in one.values() if interrupted.learns(x)):
        _KEPT.setdefault(copy, later)
    models = {name: weakref.ref(one) for name, one in changed.items() if interrupted.learns(one)}
    if models:
        _MODELS[text] = models


def by_later_run(model: Any) -> bool:
    """Whether a cell has kept it that had trained before: it has more steps behind it than are counted."""
    return _KEPT.get(model, False)


def _has_trained(text: str, names: dict[str, Any]) -> bool:
    return any(names.get(name) is model() for name, model in _MODELS.get(text, {}).items())


def _trained(text: str, names: dict[str, Any]) -> list[str]:
    with contextlib.suppress(SyntaxError):  # a cell with magics
        return interrupted.changed_objects(ast.parse(text).body, names, math.inf)
    return []
