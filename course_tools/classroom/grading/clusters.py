"""Wrong answers of a class that no check recognises, put together where they do the same: what to write a sentence for.

Two answers belong together if they come to the same outcome on every input of the exercise, however they are written.
"""

import pickle
from collections import defaultdict
from dataclasses import dataclass

from course_kit.exercises.diagnose import Outcome, Verdict

SHOWN, LINES, WIDTH = 10, 12, 100  # clusters that are printed; lines of code of each, and letters of a line
LARGEST = 1 << 20  # bytes of results that are kept of one answer


@dataclass(frozen=True)
class Unrecognised:
    """A wrong answer to which no known mistake fits. words: what the check says of it; outcomes: pickled, since a row
    comes from another process, and tensors would be shared with it."""

    words: str
    source: str
    outcomes: bytes


def unrecognised(verdict: Verdict, source: str) -> Unrecognised | None:
    """What is kept of a wrong answer; None if the check knows it, or judges more than its results."""
    if verdict.state != "wrong" or verdict.known is not None or verdict.here is None:
        return None
    body = pickle.dumps([Outcome(one.value, one.trouble) for one in verdict.outcomes])
    return Unrecognised(verdict.text, source, body if len(body) < LARGEST else pickle.dumps([]))


def clusters(students: list[dict[str, Unrecognised]]) -> list[tuple[str, list[Unrecognised]]]:
    """(exercise, the answers that do the same), the largest first. students: of each, what is unrecognised by name."""
    found: dict[str, list[tuple[list[Outcome], list[Unrecognised]]]] = defaultdict(list)
    for student in students:
        for name, one in student.items():
            mine = pickle.loads(one.outcomes)
            same = next((members for its, members in found[name] if _alike(mine, its)), None)
            if same is None:
                found[name].append((mine, [one]))
            else:
                same.append(one)
    every = [(name, members) for name, several in found.items() for _, members in several]
    return sorted(every, key=lambda pair: -len(pair[1]))


def _alike(mine: list[Outcome], its: list[Outcome]) -> bool:
    return len(mine) == len(its) and all(a.like(b) for a, b in zip(mine, its, strict=True))


def summary(students: list[dict[str, Unrecognised]]) -> str:
    """For the screen: the most frequent ones, with what was said and the shortest of their answers; "" for none."""
    found = clusters(students)
    if not found:
        return ""
    lines = ["", "Wrong answers that no check recognises, the most frequent first; same results, one entry:"]
    for name, members in found[:SHOWN]:
        example = min(members, key=lambda one: len(one.source))
        count = f"{len(members)} student" + "s" * (len(members) != 1)
        lines += ["", _line(f"{count}, {name}: {example.words}", 3 * WIDTH)]
        source = example.source.splitlines()
        lines += ["    " + _line(line, WIDTH) for line in source[:LINES]] + ["    …"] * (len(source) > LINES)
    more = len(found) - SHOWN
    return "\n".join([*lines, *(["", f"And {more} more that do something else."] * (more > 0))])


def _line(text: str, longest: int) -> str:
    """A line of a stranger's text: nothing in it that a terminal obeys."""
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= longest else text[: longest - 1] + "…"
