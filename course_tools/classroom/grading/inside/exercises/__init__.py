"""What an answer finds as `course_kit.exercises` while it is graded: the same names, which check nothing.

The real package, with the references and the inputs, is not in the sandbox. `ANSWERS` is how the worker learns what
stood below `@exercise(name)`.
"""

from collections.abc import Callable

ANSWERS: dict[str, object] = {}


def exercise(name: str) -> Callable:
    return lambda answer: ANSWERS.setdefault(name, answer)


def find_error(name: str) -> Callable:
    return exercise(name)


def hint(name: str) -> None: ...


def solution(name: str) -> None: ...


def again(name: str) -> None: ...


def register(_: object) -> None: ...


def check(*_: object, **__: object) -> None:
    raise RuntimeError("Answers are checked outside.")
