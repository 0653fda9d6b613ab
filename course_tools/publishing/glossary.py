"""All chapters' glossaries as one: English, 中文, a few words, and a link to each place where a term is introduced."""

import re
from dataclasses import dataclass, field

from .pages import plain

ROW = re.compile(r"<tr>\s*<td[^>]*>(.*?)</td>\s*<td[^>]*>(.*?)</td>\s*<td[^>]*>(.*?)</td>\s*</tr>", re.S)
LINK = re.compile(r'<a href="([^"]+)">(.*?)</a>', re.S)


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
    """The terms of `pages.Chapter`s, sorted; one that comes in several chapters has several places.

    Raises ValueError for a term without link or Chinese word, naming chapter and term.
    """
    found = {}
    for chapter in chapters:
        for english, chinese, words in rows(chapter):
            link = LINK.search(english)
            if not link or not re.search(r"[\u4e00-\u9fff]", chinese):
                raise ValueError(
                    f"{chapter.name}: the glossary's row {plain(english)!r} needs a link and a Chinese term. "
                    "Write: | [term](#term) | 中文 | a few words |"
                )
            name, target = plain(link[2]), link[1]
            term = found.setdefault(name.casefold(), Term(name, plain(chinese)))
            term.places.append((chapter.name, target.partition("#")[2], plain(words)))
    return sorted(found.values(), key=lambda term: term.key)


def rows(chapter):
    """(English, Chinese, words) of the table under the heading *Glossary*, as HTML."""
    for cell in chapter.cells:
        if any(plain(words).startswith("Glossary") for _, _, words in cell.headings):
            after = re.split(r"<h\d id=\"Glossary", cell.source, maxsplit=1)[1]
            return ROW.findall(re.split(r"<h\d ", after, maxsplit=1)[0])
    return []
