"""Speaker notes: for each section of a chapter how long, what to ask, which wrong guesses to expect.

One source of truth: docs/teaching.md says minutes, questions, tempting answers and what is said of a mistake; the
chapter itself says what its predict(…) cells ask and why the right answer is right. Nothing is written twice.
"""

import ast
import functools
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from course_kit import files, lessons
from course_tools.authoring import building

GUIDE = "docs/teaching.md"
OPENING = ("Ready", "Trains", "Leave out", "Show first", "Ask", "Misconceptions")


@dataclass(frozen=True)
class Note:
    """What the speaker should have in mind in one section.

    heading    as in the chapter, without # and marks of emphasis; the first note's is the title's
    minutes    planned live, None where the plan has none
    starts     minute of the lesson at which the section begins
    ask        what to ask or to show, a line each
    keep       the sentence to end with
    guesses    (question, tempting answer or "", right answer, why)
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
        return f"<dl>{rows}</dl>"


@functools.cache
def notes(name: str) -> list[Note]:
    """The notes of a notebook, such as "03_seq2seq": one for its title, one for each section.

    The guide plans lessons; the notes of an annex have what it asks itself.
    Raises FileNotFoundError if there is no such notebook or no guide.
    """
    part = "" if lessons.is_annex(name) else _parts().get(lessons.chapter(name), "")
    asks, minutes, order = {}, {}, 0
    for row in table(part, "Live", "Section"):
        heading = plain(row[1])
        minutes[heading], asks[heading] = int(row[0]), plain(row[2]) if len(row) > 2 else ""
    tempting = {plain(row[0]): plain(row[1]) for row in table(part, "Guess", "Tempting", "Right")}
    said = {plain(row[0]): (row[1], plain(row[2])) for row in table(part, "Exercise", "Minutes", "Said of a mistake")}
    found = []
    for heading, cells in _sections(name):
        guesses = [_guess(cell, tempting) for cell in cells if "predict" in cell.metadata.get("tags", ())]
        names = [n for c in cells for n in re.findall(r'^@(?:exercise|find_error)\("([^"]+)"', c.source, re.M)]
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        ask = "\n".join(filter(None, [*([] if found else _opening(part)), asks.get(heading), *_asked(text)]))
        exercises = tuple((n, *said[n]) for n in dict.fromkeys(names) if n in said)
        keep = " ".join(plain(words) for words in re.findall(r"\*\*Keep this:\*\* (.+)", text))
        folded = "".join(re.findall(r"<summary>Answers</summary>(.+?)</details>", text, re.S))
        answers = tuple(plain(words) for words in re.findall(r"^\d+\. (.+)$", folded, re.M))
        guesses = tuple(filter(None, guesses))
        found.append(Note(heading, minutes.get(heading), order, ask, keep, guesses, exercises, answers))
        order += minutes.get(heading, 0)
    return found


def _sections(name: str) -> Iterator[tuple[str, list]]:
    """(heading, its cells) of each section that a class is shown."""
    heading, cells, skipped = "", [], False
    for cell in building.read_source(name).cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        skipped = skipped if kind == "-" else kind in ("skip", "notes")
        if skipped:
            continue
        first = re.search(r"^##? (.+)$", cell.source, re.M) if cell.cell_type == "markdown" else None
        if first:
            if heading:
                yield heading, cells
            heading, cells = plain(first[1]), []
        cells.append(cell)
    yield heading, cells


def _asked(text: str) -> Iterator[str]:
    """The questions that a section's own text asks before it shows something: **Guess:** …, **Before you …:** …"""
    for paragraph in re.split(r"\n\s*\n", text):
        for head, words in re.findall(r"\*\*((?:Guess|Before|Write down)\b[^*]*)\*\*(.+)", paragraph, re.S):
            if "?" in words:
                asked = plain(words[: words.rindex("?") + 1]).lstrip(": ")
                yield f"({plain(head).strip(':')}) {asked}" if plain(head).strip(":") != "Guess" else asked


def _guess(cell, tempting: dict[str, str]) -> tuple[str, str, str, str] | None:
    """What a predict(…) cell asks, as (question, tempting, right, because)."""
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "predict":
            given = {k.arg: _literal(k.value) for k in node.keywords}
            question, answers = _literal(node.args[0]), _literal(node.args[1]) or []
            right = answers[given["answer"]] if isinstance(given.get("answer"), int) else ""
            wrong = next((w for start, w in tempting.items() if plain(question).startswith(start)), "")
            expected = next((a for a in answers if wrong and plain(a).startswith(wrong)), wrong)
            because = given.get("because") or ""
            why = because[given["answer"]] if isinstance(because, list) else because
            return plain(question), expected, right, why
    return None


def _literal(node: ast.AST):
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _opening(part: str) -> Iterator[str]:
    """What the guide says before a chapter begins, one line each."""
    for head in OPENING:
        for words in re.findall(rf"\*\*{head}[.:]?\*\*:? ?(.+?)(?=\*\*[A-Z][a-z ]+[.:]?\*\*|$)", part, re.M):
            yield f"{head}: {plain(words)}"


@functools.cache
def _parts() -> dict[int, str]:
    guide = (files.course_folder() / GUIDE).read_text("utf-8")
    pieces = re.split(r"^## Chapter (\d+): .+$", guide, flags=re.M)
    return {int(n): re.split(r"^## ", body, flags=re.M)[0] for n, body in zip(pieces[1::2], pieces[2::2], strict=True)}


def table(text: str, *heads: str) -> Iterator[list[str]]:
    """The rows of the Markdown tables whose first columns have these heads, cells as text."""
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if tuple(cells[: len(heads)]) == heads:
            inside = True
        elif not cells:
            inside = False
        elif inside and set("".join(cells)) - set("-: "):
            yield cells


def plain(text: str) -> str:
    """Markdown's marks of emphasis and code taken away, short formulas as one would type them."""
    text = re.sub(r"\$([^$]+)\$", lambda found: _typed(found[1]), text)
    text = re.sub(r"<[^>]+>", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"\*\*|(?<!\w)\*|\*(?!\w)|`", "", text).strip()


def _typed(formula: str) -> str:
    """A short TeX formula in plain characters."""
    for tex, typed in {r"\tfrac12": "½", r"\sqrt ": "√", r"\cdot": " · ", "-": "−"}.items():
        formula = formula.replace(tex, typed)
    return re.sub(r"\\color\{[^}]*\}|\\\w+|[{}]", "", formula)
