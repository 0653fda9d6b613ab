"""One sentence under a traceback: which argument is not what its function asks for.

    RuntimeError: The size of tensor a (8) must match the size of tensor b (7) …
    scaled_dot_product_attention: k has shape [2, 5, 7], needed [..., K, d] with d = 8, as q has: project k to 8
    features first.

Signatures carry their shapes as types (`q: Float[Tensor, "... Q d"]`). After an error, the arguments of the innermost
function with such a signature are compared with it: one name is one size, `...` and `*name` are any leading axes; of
the course's own functions plain arguments, too (`size: int`). A definition on a page has the signature of the course's
of its name. What cannot be said for sure is not said, and nothing is looked at while all is well. A name that a cell
does not find gets a sentence alone; kernel_start.py has it there before `setup()`.
"""

from __future__ import annotations

import contextlib
import functools
import linecache
import re
from typing import Any

from course_kit.i18n import sentences, t
from course_kit.programs import argument_types, further_training, interrupted, shape_errors
from course_kit.programs.calls import call_in, raised_by_hand, stack


def install(shell: Any) -> None:
    """From now on, an error in this IPython shell carries the sentence as a note, which IPython and Python show under
    a traceback; a cell that was stopped, or lacks a name, says so instead (interrupted.py). A second call changes
    nothing."""
    if shell is None or hasattr(shell.showtraceback, "explains"):
        return
    show = shell.showtraceback
    interrupted.Patience(shell)
    further_training.watch(shell)

    @functools.wraps(show)
    def showtraceback(exc_tuple: Any = None, *more: Any, **options: Any) -> Any:
        with contextlib.suppress(Exception):  # the error itself is what matters
            error = shell._get_exc_info(exc_tuple)[1]
            if isinstance(error, KeyboardInterrupt):
                return interrupted.tell(shell, *interrupted.message(error, shell.user_ns))
            if words := missing(error):
                return interrupted.tell(shell, words)
            annotate(error)
        return show(exc_tuple, *more, **options)

    showtraceback.explains = True  # type: ignore[attr-defined]
    shell.showtraceback = showtraceback


def annotate(error: BaseException) -> None:
    """Adds the sentence to an error as a note, if there is one and it is not there yet."""
    words = sentence(error)
    if words and words not in getattr(error, "__notes__", ()):
        error.add_note(words)


def sentence(error: BaseException) -> str:
    """Which argument of which function does not fit, and what to write; "" if that cannot be said. Never raises."""
    try:
        return _sentence(error)
    except Exception:
        return ""


def missing(error: BaseException) -> str:
    """Of a name or a key that a cell of the notebook has not made, or of a list that it left empty, as where one above
    was stopped: what to run; else ""."""
    if type(error).__name__ == "NothingYet":  # of arguments.py, which would import torch
        return str(error)
    found = interrupted.frames(error.__traceback__)
    own = [one for one in found if one[0].f_globals.get("__name__") == "__main__"]
    is_early = isinstance(error, ImportError) and error.name == "mine"  # setup() makes it
    if type(error) not in (NameError, KeyError, IndexError) and not is_early or not own:
        return ""
    frame, line = own[-1]
    code = linecache.getline(frame.f_code.co_filename, line).strip()
    if isinstance(error, IndexError):
        there = frame.f_globals | frame.f_locals
        empty = [name for name in re.findall(r"\w+", code) if there.get(name) == []]
        if not empty:
            return ""
        words = t(
            "`{name}` is empty: run the cells above to their end, or choose *Kernel → Resume here*.", name=empty[0]
        )
    elif own[-1] != found[-1]:
        return ""
    else:
        words = t(
            "`{name}` is not there yet: run the cells above, or choose *Kernel → Resume here*. If no cell makes it, is "
            "it spelt right?",
            name=error.name if isinstance(error, NameError | ImportError) else str(error),
        )
    return sentences(words, t("Line {line}: `{code}`", line=line, code=code))


def _sentence(error: BaseException) -> str:
    if not isinstance(error, Exception) or hasattr(error, "_render_traceback_"):
        return ""
    frames = list(stack(error.__traceback__))
    if not frames:
        return ""
    if raised_by_hand(error) and not frames[-1][0].f_globals.get("__name__", "").startswith("torch"):
        return ""  # its own words say what is needed
    found = ""
    for depth in reversed(range(len(frames))):
        call = call_in(*frames[depth])
        if call is None:
            continue
        if found:  # what went in further out is what the reader wrote
            words = argument_types.wrong_type(call) or shape_errors.too_small(call, error)
            found = t("{name}: {words}.", name=call.name, words=words) if words else found
            continue
        below = [frame.f_locals for frame, _ in frames[depth + 1 :]]
        words = (
            argument_types.wrong_type(call)
            or argument_types.wrong_layout(call)
            or argument_types.wrong_kind(call)
            or argument_types.wrong_device(call, str(error))
            or shape_errors.wrong_shape(call)
            or shape_errors.wrong_for_a_layer(call, below)
            or argument_types.two_kinds(call, str(error))
            or shape_errors.wrong_leading_axes(call)
            or shape_errors.beyond_the_table(call, str(error))
            or shape_errors.beyond_the_classes(str(error), below)
            or shape_errors.too_long_or_short(call, str(error))
            or shape_errors.indivisible(call, str(error))
            or shape_errors.too_small(call, error)
            or argument_types.nothing_there(call, str(error))
        )
        found = t("{name}: {words}.", name=call.name, words=words) if words else ""
    return found
