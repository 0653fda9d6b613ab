"""Speaker notes: for each section of a chapter how long, what to ask, which wrong guesses to expect.

docs/teaching.md says what to ask; minutes, guesses, exercises and the wrong answers to expect are computed from the
notebook, as for docs/lesson_plans.md.
"""

import functools
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from course_kit import files, notebook_names
from course_kit.i18n import current, t
from course_kit.i18n.catalogues import languages
from course_tools.authoring.markup import spoken, to_keep
from course_tools.authoring.minutes import NOT_IN_CLASS
from course_tools.authoring.rewriting import rewrite
from course_tools.authoring.sources import tags
from course_tools.authoring.typography import curly
from course_tools.classroom import plans

GUIDE = "docs/teaching.md"


@dataclass(frozen=True)
class Note:
    """What the speaker should have in mind in one section.

    heading    as in the notebook, without # and marks of emphasis; the first note's is the title's
    minutes    planned, None where the plan has none
    starts     minute of the lesson at which the section begins
    ask        (words that the page has in bold, what they lead to) of what to ask or to show
    keep       the sentence to end with
    guesses    (question, the other answers, right answer or "", why)
    exercises  (name, minutes, what is said of a mistake)
    answers    those folded away in the section
    """

    heading: str
    minutes: int | None = None
    starts: int = 0
    ask: tuple[tuple[str, str], ...] = ()
    keep: str = ""
    guesses: tuple[tuple[str, str, str, str], ...] = ()
    exercises: tuple[tuple[str, str, str], ...] = ()
    answers: tuple[str, ...] = ()

    def lines(self) -> Iterator[tuple[str, str]]:
        """(what, words) of each line."""
        yield from self.ask
        for question, tempting, right, why in self.guesses:
            yield t("Guess"), question
            if tempting:
                yield t("Expect"), tempting
            yield (
                t("Right", context="note"),
                t("{right}. {why}", right=right.rstrip(".。"), why=why) if why else right,
            )
        for words in self.answers:
            yield t("Answer"), words
        for name, minutes, said in self.exercises:
            yield t("Exercise, {n} minutes", n=minutes), t("{name}. Expect: {said}", name=t(name), said=said)
        if self.keep:
            yield t("Keep"), self.keep

    def html(self) -> str:
        """An HTML fragment: a heading and a list, no script, no style."""
        rows = "".join(f"<dt>{html.escape(what)}</dt><dd>{html.escape(words)}</dd>" for what, words in self.lines())
        tag = languages().get(current(), {"tag": "en"})["tag"]
        return f'<h1>{html.escape(self.heading)}</h1><dl lang="{tag}" translate="no">{rows}</dl>'


def notes(name: str) -> list[Note]:
    """The notes of a notebook, such as "03_seq2seq": one for its title, one for each section. Headings are English,
    the rest is in the language in use.

    The guide plans lessons; the notes of an annex have what it asks itself.
    Raises FileNotFoundError if there is no such notebook or no guide.
    """
    return _notes(name, current())


@functools.cache
def _notes(name: str, language: str) -> list[Note]:
    part = "" if notebook_names.is_annex(name) else _parts().get(notebook_names.chapter(name), "")
    asks = {spoken(head): _without_head(line) for line, head in re.findall(r"^- (\*(.+?)\*: .+)$", part, re.M)}
    opening = _opening("\n".join(plans.said("teaching", line) for line in part.split("\n")))
    shown, found, starts = plans.sections(name), list[Note](), 0
    for section in shown:
        text = "\n\n".join(cell.source for cell in section.cells if cell.cell_type == "markdown")
        heading, inside = spoken(section.heading), [spoken(words) for words in re.findall(r"^## (.+)$", text, re.M)]
        asked = [(t("Ask"), asks[one]) for one in dict.fromkeys([heading, *inside]) if one in asks]
        texts = {cell.id: rewrite(cell.source, lambda unit: plans.said(name, unit)) for cell in section.cells}
        guess = [texts[cell.id] for cell in section.cells if "guess" in tags(cell)]
        ask = (*(() if found else opening), *asked, *_asked(guess))
        told = plans.guesses(section.cells, name)
        guesses = tuple((one.question, one.wrong, one.right_answer, one.why) for one in told)
        exercises = tuple((x.name, str(x.minutes), plans.mistake(x)) for x in plans.exercises(name, section.cells))
        keep = " ".join(spoken(to_keep(texts[cell.id])) for cell in section.cells if "keep" in tags(cell))
        folded = "".join(re.findall(r"<details>(.+?)</details>", "\n\n".join(texts.values()), re.S))
        answers = tuple(spoken(words) for words in re.findall(r"^\d+\. (.+)$", folded, re.M))
        minutes = None if notebook_names.is_annex(name) else section.minutes
        heading += f" {NOT_IN_CLASS}" if section.not_in_class else ""
        found.append(Note(curly(heading), minutes, starts, ask, keep, guesses, exercises, answers))
        starts += 0 if section.not_in_class else minutes or 0
    return found


def _without_head(line: str) -> str:
    """What the guide asks in a section, without the section's title before it."""
    return spoken(re.sub(r"^\*.+?\*[:：] ?", "", plans.said("teaching", line)))


def _asked(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The questions that a section's own text asks before it shows something, in cells tagged `guess`: of a
    paragraph its last bold words, and what they lead to."""
    for text in texts:
        for paragraph in re.split(r"\n\s*\n", re.sub(r"<details>.*?</details>", "", text, flags=re.S)):
            if found := re.search(r".*\*\*([^*]+)\*\*(.*[?？])", paragraph, re.S):
                asked = spoken(found[2]).lstrip(":：，。 ")
                yield spoken(found[1]).rstrip(".:：。"), asked


def _opening(part: str) -> list[tuple[str, str]]:
    """What the guide says before a chapter begins: (bold words, what they lead to), as the page has them."""
    found = re.findall(r"\*\*([^*]+)\*\*[:：。，]? ?(.+?)(?=\*\*|$)", part, re.M)
    return [(head.rstrip(".:：。"), spoken(words)) for head, words in found]


@functools.cache
def _parts() -> dict[int, str]:
    guide = (files.course_folder() / GUIDE).read_text("utf-8")
    pieces = re.split(r"^## Chapter (\d+): .+$", guide, flags=re.M)
    return {int(n): re.split(r"^## ", body, flags=re.M)[0] for n, body in zip(pieces[1::2], pieces[2::2], strict=True)}
