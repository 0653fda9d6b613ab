"""All chapters' glossaries as one: English, 中文, a few words, and a link to each place where a term is introduced."""

from dataclasses import dataclass, field

from ..authoring.markup import headings, plain, tree

HEADING = ("Glossary", "术语表")


@dataclass
class Term:
    """english, chinese: as the first chapter that has the term writes them; places: (chapter, anchor, a few words)."""

    english: str
    chinese: str
    places: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def key(self):
        return self.english.casefold()


def terms(chapters):
    """The terms of `pages.Chapter`s, sorted; one that comes in several chapters has several places."""
    found = {}
    for chapter in chapters:
        for english, chinese, words in rows(chapter):
            link = english.find("a", href=True)  # authoring/rules/pattern.py sees to it that each term has one
            name = plain(link)
            term = found.setdefault(name.casefold(), Term(name, plain(chinese)))
            term.places.append((chapter.name, link["href"].partition("#")[2], plain(words)))
    return sorted(found.values(), key=lambda term: term.key)


def rows(chapter):
    """The cells (English, Chinese, words) of each row of the table under the heading *Glossary*."""
    for cell in chapter.cells:
        if any(words.startswith(HEADING) for _, _, words in cell.headings):
            heading = next(h for h in headings(tree(cell.source)) if plain(h).startswith(HEADING))
            return [row.find_all("td") for row in heading.find_next("tbody").find_all("tr")]
    return []
