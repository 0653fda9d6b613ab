"""Lesson plans, computed from the notebooks: `course plans` writes docs/lesson_plans.md, and README.md's minutes.

For each notebook its minutes; for each lesson what one can say after it, the minutes of its halves, its problem and its
sections, which of them are in class, what trains, the guesses with all their answers, and the exercises with a wrong
answer to expect.
"""

import ast
import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_kit import files, notebook_names, results
from course_kit.exercises import registry
from course_kit.exercises.cells import stubs
from course_kit.exercises.define import Exercise
from course_kit.i18n import catalogues, current, mark, t
from course_kit.i18n import sentences as in_turn
from course_tools.authoring import minutes, sources
from course_tools.authoring.markup import numbered, sentences, spoken, to_keep
from course_tools.authoring.shown import with_shown
from course_tools.authoring.sources import tags
from course_tools.authoring.typography import curly

GUIDE, PLANS = ("docs/teaching.md", "docs/lesson_plans.md")


@dataclass(frozen=True)
class Section:
    """What a class is shown under one heading. heading: as in the source; minutes: with it; cells: of the source;
    not_in_class: a class of 60 minutes leaves it out."""

    heading: str
    minutes: int
    cells: tuple[Any, ...]
    not_in_class: bool


@dataclass(frozen=True)
class Guess:
    """What a predict(…) cell asks. right: index of the right answer; reasons: a word for each answer, "" where nothing
    is said."""

    question: str
    answers: list[str]
    right: int
    reasons: list[str]

    @property
    def wrong(self) -> str:
        """The other answers, in one line."""
        return " / ".join(one for index, one in enumerate(self.answers) if index != self.right)

    @property
    def right_answer(self) -> str:
        """The right answer."""
        return self.answers[self.right]

    @property
    def why(self) -> str:
        """Why it is right, "" where that is not said."""
        return self.reasons[self.right]


@functools.cache
def sections(name: str) -> list[Section]:
    """The sections of a lesson or an annex in the order in which a class sees them; the first is the title's."""
    notebook, parts, heading = sources.read(name), dict[str, list[Any]](), ""
    left = set() if notebook_names.is_annex(name) else set(minutes.not_in_class(notebook.cells))
    out = {words for number in left for level, words in minutes.headings(notebook.cells[number]) if level == 2}
    for cell, is_shown in with_shown(notebook.cells):
        if is_shown:
            heading = next((words for level, words in minutes.headings(cell) if level < 3), heading)
            parts.setdefault(heading, []).append(cell)
    counted = {head: [] if "problem" in tags(cells[0]) else cells for head, cells in parts.items()}  # of its own
    return [Section(head, minutes.shown(counted[head], name), tuple(parts[head]), head in out) for head in parts]


@functools.cache
def _words(name: str, language: str) -> dict[str, str]:
    """{English: translation} of a catalogue, all of it."""
    return {} if language == "en" else catalogues.entries(p for p in catalogues.paths(language) if p.stem == name)


def said(name: str, text: str) -> str:
    """A unit of a notebook, or of the guide, in the language in use."""
    words, kept = _words(name, current()), text.removesuffix(f" {minutes.NOT_IN_CLASS}")
    found = words.get(kept) or words.get(curly(kept), kept)
    return found if kept == text else in_turn(found, t(minutes.NOT_IN_CLASS))


def guesses(cells: Iterable[Any], name: str) -> Iterator[Guess]:
    """The Guess of each predict(…) in these cells of a notebook, in the language in use."""
    for cell in cells:
        if "predict" in tags(cell):
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "predict":
                    given = {k.arg: _literal(k.value) for k in node.keywords}
                    answers, right, because = _literal(node.args[1]), given["answer"], given.get("because")
                    if isinstance(because, str):
                        because = [because if number == right else "" for number in range(len(answers))]
                    reasons = [said(name, one) for one in because or [""] * len(answers)]
                    question = spoken(said(name, _literal(node.args[0])))
                    yield Guess(question, [said(name, one) for one in answers], right, reasons)


def exercises(name: str, cells: Iterable[Any]) -> list[Exercise]:
    """The exercises above functions in these cells, as chapters/chNN/exercises defines them."""
    sources.load_exercises(name)
    return [registry.find(stub.name) for cell in cells if cell.cell_type == "code" for stub in stubs(cell.source)]


def text(names: Sequence[str]) -> str:
    """docs/lesson_plans.md, in the language in use."""
    times = results.load("notebook_times")["seconds"]
    spent = {name: f"{times[name]:.0f}" if name in times else "" for name in names}  # not timed yet: blank
    rows = [f"| {notebook_names.chapter(name)} | `{name}` | {_times(name)} | {spent[name]} |" for name in names]
    told = [line for name in names if not notebook_names.is_annex(name) for line in _lesson(name)]
    return "\n".join([t(HEAD), *rows, *told, ""])


@functools.cache
def _times(name: str) -> str:
    """Minutes alone and live, in two cells of a table; an annex is not for a class."""
    there = minutes.minutes(name)
    return f"{there.alone} | {'' if notebook_names.is_annex(name) else there.shown}"


def _lesson(name: str) -> Iterator[str]:
    """The lines about one lesson."""
    shown = sections(name)
    title = said(name, shown[0].heading).rpartition(" · ")[2]
    yield from ("", "## " + t("Chapter {number}: {title}", number=notebook_names.chapter(name), title=title), "")
    time = minutes.minutes(name)
    in_class = t("{live} minutes live, {core} of them in class.", live=time.shown, core=time.core)
    is_cut = time.core < time.shown and any(one.not_in_class for one in shown)
    told = in_class if is_cut else t("{live} minutes live.", live=time.shown)
    halves: dict[str, Any] = {"first": time.halves[0], "second": time.halves[-1]}
    more = t("Alone, the first half takes {first} minutes, the second {second}.", **halves)
    yield in_turn(told, more * (len(time.halves) > 1))
    if lines := lines_to_keep(name, sources.read(name).cells):
        yield from ("", t("**After this session you can** explain, in words of your own:"), "")
        yield from (f"- {line}" for line in lines)
    yield from ("", t("| Minutes | Section | Trains |"), "|---|---|---|")
    for one in shown:
        title, there = said(name, _titled(one, shown)), {tag for cell in one.cells for tag in tags(cell)}
        shown_as = in_turn(f"*{title}*", t(minutes.NOT_IN_CLASS) if one.not_in_class else "")
        if "problem" in there and (problem := minutes.problem(sources.read(name))):
            title, command = title.partition(" · ")[0], f"`course problem {notebook_names.chapter(name):02}`"
            shown_as = f"*{title}*" + t(", a problem of {n} minutes: {command}", n=problem[1], command=command)
        yield f"| {one.minutes} | {shown_as} |{_trains(one.cells)} |"
        if "half" in there:
            yield f"| | **{t('Half way')}** | |"
    for guess in guesses((cell for one in shown for cell in one.cells), name):
        yield from ("", t("**Guess.** {question}", question=guess.question), "")
        for index, answer in enumerate(guess.answers):
            right = t("**right:** {answer}", answer=answer) if index == guess.right else answer
            reason = guess.reasons[index].rstrip(".。")
            yield f"- {t('{right} ({reason})', right=right, reason=reason) if reason else right}"
    if asked := exercises(name, sources.read(name).cells):
        yield from ("", t("| Exercise | Minutes | Said of a mistake |"), "|---|---|---|")
        names = {one.name: f"{t(one.name)} · " if t(one.name) != one.name else "" for one in asked}  # what a card says
        yield from (f"| {names[one.name]}`{one.name}` | {one.minutes} | “{mistake(one)}” |" for one in asked)


def lines_to_keep(name: str, cells: list[Any]) -> list[str]:
    """What a class can say after a lesson, in the language in use: the lines of its cell tagged `lines`; of a lesson
    without one, those that its sections in class end with, each in a cell tagged `keep`."""
    gathered = [line for cell in cells if "lines" in tags(cell) for line in numbered(cell.source)]
    if gathered:
        return [said(name, line) for line in gathered if minutes.NOT_IN_CLASS not in line]
    left = set(minutes.not_in_class(cells))
    kept = [cell.source for number, cell in enumerate(cells) if "keep" in tags(cell) and number not in left]
    lines = [to_keep(said(name, source.strip().split("\n\n")[-1])) for source in kept]
    return [line[:1].upper() + line[1:] for line in lines]


def _titled(section: Section, shown: list[Section]) -> str:
    """The heading of a section; of the title's, what it begins with."""
    if section is not shown[0]:
        return section.heading
    inside = (words for cell in section.cells for level, words in minutes.headings(cell) if level == 2)
    return next(inside, t("The beginning"))


def _trains(cells: Iterable[Any]) -> str:
    """What trains in these cells, in a table's cell."""
    spent = [cell.metadata.get("seconds", 0) for cell in cells if "training" in tags(cell)]
    said = [t("{n} s", n=seconds) if seconds else t("seconds", context="of a training") for seconds in spent]
    return (" " + t(", ").join(said)).rstrip()


def mistake(exercise: Exercise) -> str:
    """What the checks say of the first of its known mistakes: its first sentence."""
    words = t(exercise.wrong[0].hint if exercise.wrong else exercise.task)
    return sentences(" ".join(words.split()))[0].replace("|", "\\|")


def readme(page: str, names: Iterable[str]) -> str:
    """README.md with the minutes of these notebooks in its table."""
    for name in names:
        row = rf"(\(notebooks/{name}\.ipynb\) \|[^|]+\|)[^|]*\|[^|]*\|"
        page = re.sub(row, rf"\1 {_times(name)} |", page)
    return page.replace("|  |", "| |")


def written() -> dict[Path, str]:
    """The pages with computed minutes: {path: text}."""
    root, names = files.course_folder(), sources.names()
    first = root / "README.md"
    return {first: readme(first.read_text("utf-8"), names), root / PLANS: text(names)}


def run() -> int:
    """The command `course plans` -> exit status."""
    for path, words in written().items():
        files.write_atomically(path, words)
        print(path)
    return 0


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


HEAD = mark("""# Lesson plans

Computed from the notebooks by `course plans`; the formula stands in `course_tools/authoring/minutes.py`, and nobody has timed a class by it. How to teach a lesson, and what to ask, is in [teaching.md](teaching.md).

*Alone* is with the exercises, half by half; *live* with each exercise explained, but solved elsewhere. A problem counts in neither. *Runs in* is the whole notebook from the first cell to the last, trainings included, in seconds, as `data/results/notebook_times.json` has it (CPU, 2 threads). *Trains* is what a cell takes there. What chapter 7 leaves behind trains for ten minutes more, in a terminal.

| Chapter | Notebook | Alone | Live | Runs in |
|---|---|---|---|---|""")  # noqa: E501
