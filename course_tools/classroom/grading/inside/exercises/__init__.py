"""What an answer finds as `course_kit.exercises` while it is graded: the same names, which check nothing.

The real package, with the references and the inputs, is not in the sandbox. `ANSWERS` is how the worker learns what
stood below `@exercise(name)`.
"""

ANSWERS = {}


def exercise(name):
    return lambda answer: ANSWERS.setdefault(name, answer)


def find_error(name):
    return exercise(name)


def hint(name): ...


def solution(name): ...


def again(name): ...


def register(_): ...


def check(*_, **__):
    raise RuntimeError("Answers are checked outside.")
