"""Lesson plans, computed from the notebooks: `course plans` writes docs/lesson_plans.md, and README.md's minutes.

For each notebook its minutes; for each lesson the minutes of its sections, a plan for 45 and for 90 minutes, what
trains, the guesses with all their answers, and the exercises with a wrong answer to expect. What may be left out first
is the teacher's choice: docs/teaching.md names it, **Leave out** first *Section*, *Another*.
"""

import ast
import re
from dataclasses import dataclass

from course_kit import files, lessons, results
from course_kit.exercises import define
from course_tools.authoring import minutes, sources
from course_tools.authoring.markup import spoken
from course_tools.authoring.sources import tags

MEETING, BLOCK = 45, 90  # minutes
TWO_FROM = 5  # the first chapter whose lesson is two meetings
LEAVE_OUT = re.compile(r"\*\*Leave out\*\* first (.+?)\.(?: |$)", re.M)
GUIDE, PLANS = ("docs/teaching.md", "docs/lesson_plans.md")


@dataclass(frozen=True)
class Section:
    """What a class is shown under one heading. heading: as in the source; minutes: live; cells: of the source."""

    heading: str
    minutes: int
    cells: tuple

    @property
    def core(self):
        """Whether it is on the core path: what a class of 60 minutes takes."""
        return any("core" in tags(cell) for cell in self.cells)


@dataclass(frozen=True)
class Guess:
    """What a predict(…) cell asks. right: index of the right answer, None where there is none; reasons: a word for each
    answer, "" where nothing is said."""

    question: str
    answers: list[str]
    right: int | None
    reasons: list[str]

    @property
    def wrong(self):
        """The other answers, in one line."""
        return " / ".join(one for index, one in enumerate(self.answers) if index != self.right)

    @property
    def rightly(self):
        """The right answer, "" where there is none."""
        return "" if self.right is None else self.answers[self.right]

    @property
    def why(self):
        """Why it is right, "" where that is not said."""
        return "" if self.right is None else self.reasons[self.right]


def sections(name):
    """The sections of a lesson or an annex in the order in which a class sees them; the first is the title's."""
    notebook, parts, heading, shown = sources.read(name), {}, None, True
    for cell in notebook.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        shown = shown if kind == "-" else kind not in ("skip", "notes")
        if shown:
            heading = next((words for level, words in minutes.headings(cell) if level < 3), heading)
            parts.setdefault(heading, []).append(cell)
    spent = minutes.sections(notebook, name, list(parts))
    return [Section(head, time, tuple(cells)) for (head, cells), time in zip(parts.items(), spent, strict=True)]


def guesses(cells):
    """The Guess of each predict(…) in these cells."""
    for cell in cells:
        if "predict" in tags(cell):
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "predict":
                    given = {k.arg: _literal(k.value) for k in node.keywords}
                    answers, right, because = _literal(node.args[1]) or [], given.get("answer"), given.get("because")
                    if isinstance(because, str):
                        because = [because if number == right else "" for number in range(len(answers))]
                    yield Guess(spoken(_literal(node.args[0])), answers, right, because or [""] * len(answers))


def exercises(name, cells):
    """The exercises above functions in these cells, as chapters/chNN/exercises defines them."""
    sources.load_exercises(name)
    return [define.find(stub.name) for cell in cells if cell.cell_type == "code" for stub in define.stubs(cell.source)]


def meetings(shown, leave_out, count):
    """(sections of each of `count` meetings of 45 minutes, sections left out), dropping in the order of `leave_out`.

    The meetings begin at sections, and the longest of them is as short as it can be.
    """
    left, kept = [], list(shown)
    for heading in [None, *leave_out]:
        if heading:
            left += [one for one in kept if one.heading == heading]
            kept = [one for one in kept if one.heading != heading]
        cuts = range(1, len(kept)) if count == 2 else [len(kept)]
        parts = min(((kept[:cut], kept[cut:]) for cut in cuts), key=lambda two: max(map(total, two)))
        if max(map(total, parts)) <= MEETING:
            break
    return parts[:count], left


def total(shown):
    """Minutes of sections together."""
    return sum(one.minutes for one in shown)


def text(names):
    """docs/lesson_plans.md."""
    times = results.load("notebook_times")["seconds"]
    rows = [
        f"| {lessons.chapter(name)} | `{name}` | {minutes.minutes(name).alone} | {_live(name)} | {times[name]:.0f} |"
        for name in names
    ]
    told = [line for name in names if not lessons.is_annex(name) for line in _lesson(name)]
    return "\n".join([HEAD, *rows, *told, ""])


def _live(name):
    return "" if lessons.is_annex(name) else minutes.minutes(name).live


def _lesson(name):
    """The lines about one lesson."""
    shown, number = sections(name), lessons.chapter(name)
    yield from ("", f"## Chapter {number}: {shown[0].heading.rpartition(' · ')[2]}", "")
    yield from _plans(name, shown, number)
    yield from ("", "| Minutes | Section | Trains |", "|---|---|---|")
    yield from (f"| {one.minutes} | {'◆ ' * one.core}*{_titled(one, shown)}* |{_trains(one.cells)} |" for one in shown)
    for guess in guesses(cell for one in shown for cell in one.cells):
        yield from ("", f"**Guess.** {guess.question}", "")
        for index, answer in enumerate(guess.answers):
            mark = "**right:** " if index == guess.right else ""
            reason = f" ({guess.reasons[index].rstrip('.')})" if guess.reasons[index] else ""
            yield f"- {mark}{answer}{reason}"
    if there := exercises(name, sources.read(name).cells):
        yield from ("", "| Exercise | Minutes | Said of a mistake |", "|---|---|---|")
        yield from (f"| `{one.name}` | {one.minutes} | “{mistake(one)}” |" for one in there)


def _plans(name, shown, number):
    """The plans of a lesson, one line each."""
    guide = (files.course_folder() / GUIDE).read_text("utf-8")
    part = guide.split(f"\n## Chapter {number}: ")[1].split("\n## ")[0]
    leave_out = [head for found in LEAVE_OUT.findall(part) for head in re.findall(r"\*(.+?)\*", found)]
    if strange := set(leave_out) - {one.heading for one in shown}:
        raise ValueError(f"{GUIDE} leaves out of chapter {number} what it does not have: {', '.join(strange)}")
    parts, left = meetings(shown, leave_out, 2 if number >= TWO_FROM else 1)
    without = f", without {', '.join(f'*{one.heading}*' for one in left)}" if left else ""
    begins = [f"from *{_titled(part[0], shown)}* {total(part)}" for part in parts]
    what = f"{total(parts[0])} minutes" if len(parts) == 1 else " minutes, ".join(begins)
    times = "One meeting" if len(parts) == 1 else "Two meetings"
    yield f"- **{times} of {MEETING}:** {what}{without}."
    if core := minutes.minutes(name).core:
        yield f"- **{minutes.CLASS}:** the core path, which is the sections with ◆: {core} minutes."
    whole, room = total(shown), []
    for one in exercises(name, sources.read(name).cells):
        if whole + one.minutes / 2 <= BLOCK:  # half of it is in the live minutes
            whole, room = whole + one.minutes / 2, [*room, f"`{one.name}`"]
    solved = f", with {', '.join(room)} solved in the room" if room else ", the exercises at home"
    yield f"- **{BLOCK}:** all of it{solved}: {whole:.0f} minutes."


def _titled(section, shown):
    """The heading of a section; of the title's, what it begins with."""
    if section is not shown[0]:
        return section.heading
    inside = (words for cell in section.cells for level, words in minutes.headings(cell) if level == 2)
    return next(inside, "The beginning")


def _trains(cells):
    """What trains in these cells, in a table's cell."""
    spent = [cell.metadata.get("seconds", 0) for cell in cells if "training" in tags(cell)]
    return " " + ", ".join(f"{seconds} s" if seconds else "seconds" for seconds in spent) if spent else ""


def mistake(exercise):
    """What the checks say of the first of its known mistakes: its first sentence."""
    words = exercise.wrong[0].hint if exercise.wrong else exercise.task
    return re.split(r"(?<=[.!?])\s", " ".join(words.split()))[0].replace("|", "\\|")


def readme(page, names):
    """README.md with the minutes of these notebooks in its table."""
    for name in names:
        row = rf"(\(notebooks/{name}\.ipynb\) \|.+?\|) \d+ \|( \d+)? \|"
        page = re.sub(row, rf"\1 {minutes.minutes(name).alone} | {_live(name)} |", page)
    return page.replace("|  |", "| |")


def written():
    """The pages with computed minutes: {path: text}."""
    root, names = files.course_folder(), sources.names()
    first = root / "README.md"
    return {first: readme(first.read_text("utf-8"), names), root / PLANS: text(names)}


def run():
    """The command `course plans` -> exit status."""
    for path, words in written().items():
        files.write_atomically(path, words)
        print(path)
    return 0


def _literal(node):
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


HEAD = """# Lesson plans

Computed from the notebooks by `course plans`; the formula stands in `course_tools/authoring/minutes.py`, and nobody has timed a class by it. How to teach a lesson, and what to ask, is in [teaching.md](teaching.md).

*Alone* is with the exercises; *live* with each exercise explained, but solved elsewhere. *Runs in* is the whole notebook from the first cell to the last, trainings included, in seconds, as `data/results/notebook_times.json` has it (CPU, 2 threads). *Trains* is what a cell takes there. What chapter 7 leaves behind trains for ten minutes more, in a terminal.

| Chapter | Notebook | Alone | Live | Runs in |
|---|---|---|---|---|"""  # noqa: E501
