"""Speaker notes: for each section of a chapter how long, what to ask, which wrong guesses to expect.

docs/teaching.md says what to ask; minutes, guesses, exercises and the wrong answers to expect are computed from the
notebook, as for docs/lesson_plans.md.
"""

import functools
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from course_kit import files, lessons
from course_tools.authoring.markup import spoken, to_keep
from course_tools.authoring.minutes import NOT_IN_CLASS
from course_tools.authoring.sources import tags
from course_tools.classroom import plans

GUIDE = "docs/teaching.md"
OPENING = ("Ready", "Show first", "Leave out", "Ask", "Misconceptions")


@dataclass(frozen=True)
class Note:
    """What the speaker should have in mind in one section.

    heading    as in the notebook, without # and marks of emphasis; the first note's is the title's
    minutes    planned live, None where the plan has none
    starts     minute of the lesson at which the section begins
    ask        what to ask or to show, a line each
    keep       the sentence to end with
    guesses    (question, the other answers, right answer or "", why)
    exercises  (name, minutes, what is said of a mistake)
    answers    those folded away in the section
    """

    heading: str
    minutes: int | None = None
    starts: int = 0
    ask: str = ""
    keep: str = ""
    guesses: tuple[tuple[str, str, str, str], ...] = ()
    exercises: tuple[tuple[str, str, str], ...] = ()
    answers: tuple[str, ...] = ()

    def lines(self) -> Iterator[tuple[str, str]]:
        """(what, words) of each line."""
        for part in self.ask.split("\n"):
            if part:
                head, _, rest = part.partition(": ")
                yield (head, rest) if head in OPENING else ("Ask", part)
        for question, tempting, right, why in self.guesses:
            yield "Guess", question
            if tempting:
                yield "Expect", tempting
            yield "Right", f"{right.rstrip('.')}. {why}" if why else right
        for words in self.answers:
            yield "Answer", words
        for name, minutes, said in self.exercises:
            yield f"Exercise, {minutes} minutes", f"{name}. Expect: {said}"
        if self.keep:
            yield "Keep", self.keep

    def html(self) -> str:
        """An HTML fragment: a heading and a list, no script, no style."""
        return f"<h1>{html.escape(self.heading)}</h1>{self.rows()}"

    def rows(self) -> str:
        """The lines as an HTML list."""
        rows = "".join(f"<dt>{html.escape(what)}</dt><dd>{html.escape(words)}</dd>" for what, words in self.lines())
        return f'<dl lang="en" translate="no">{rows}</dl>'


@functools.cache
def notes(name: str) -> list[Note]:
    """The notes of a notebook, such as "03_seq2seq": one for its title, one for each section.

    The guide plans lessons; the notes of an annex have what it asks itself.
    Raises FileNotFoundError if there is no such notebook or no guide.
    """
    part = "" if lessons.is_annex(name) else _parts().get(lessons.chapter(name), "")
    asks = {spoken(head): spoken(words) for head, words in re.findall(r"^- \*(.+?)\*: (.+)$", part, re.M)}
    shown, found, starts = plans.sections(name), [], 0
    for section in shown:
        text = "\n\n".join(cell.source for cell in section.cells if cell.cell_type == "markdown")
        heading, inside = spoken(section.heading), [spoken(words) for words in re.findall(r"^## (.+)$", text, re.M)]
        asked = [asks.get(one) for one in dict.fromkeys([heading, *inside])]
        ask = "\n".join(filter(None, [*([] if found else _opening(part)), *asked, *_asked(section.cells)]))
        guesses = tuple((one.question, one.wrong, one.rightly, one.why) for one in plans.guesses(section.cells))
        exercises = tuple((x.name, str(x.minutes), plans.mistake(x)) for x in plans.exercises(name, section.cells))
        keep = " ".join(spoken(to_keep(cell.source)) for cell in section.cells if "keep" in tags(cell))
        folded = "".join(re.findall(r"<details>(.+?)</details>", text, re.S))
        answers = tuple(spoken(words) for words in re.findall(r"^\d+\. (.+)$", folded, re.M))
        minutes = None if lessons.is_annex(name) else section.minutes
        heading += f" {NOT_IN_CLASS}" * section.aside
        found.append(Note(heading, minutes, starts, ask, keep, guesses, exercises, answers))
        starts += minutes or 0
    return found


def _asked(cells) -> Iterator[str]:
    """The questions that a section's own text asks before it shows something, in cells tagged `guess`: of a
    paragraph what its last bold words lead to."""
    for cell in cells:
        text = re.sub(r"<details>.*?</details>", "", cell.source, flags=re.S)
        for paragraph in re.split(r"\n\s*\n", text) if "guess" in tags(cell) else ():
            if found := re.search(r".*\*\*([^*]+)\*\*([^?]*\?.*)", paragraph, re.S):
                head, words = spoken(found[1]).strip(":"), found[2]
                asked = spoken(words[: words.rindex("?") + 1]).lstrip(": ")
                yield f"({head}) {asked}" if " " in head else asked


def _opening(part: str) -> Iterator[str]:
    """What the guide says before a chapter begins, one line each."""
    for head in OPENING:
        for words in re.findall(rf"\*\*{head}[.:]?\*\*:? ?(.+?)(?=\*\*[A-Z][a-z ]+[.:]?\*\*|$)", part, re.M):
            yield f"{head}: {spoken(words)}"


@functools.cache
def _parts() -> dict[int, str]:
    guide = (files.course_folder() / GUIDE).read_text("utf-8")
    pieces = re.split(r"^## Chapter (\d+): .+$", guide, flags=re.M)
    return {int(n): re.split(r"^## ", body, flags=re.M)[0] for n, body in zip(pieces[1::2], pieces[2::2], strict=True)}
