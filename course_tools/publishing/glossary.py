"""All chapters' glossaries as one: English, 中文, a few words, and a link to each place where a term is introduced."""

from collections import defaultdict

from ..authoring.markup import headings, plain, tree

HEADING = ("Glossary", "术语表")


def terms(chapters):
    """The terms of `pages.Chapter`s, sorted: (English, 中文, [(chapter, anchor, a few words) of each place])."""
    names, places = {}, defaultdict(list)
    for chapter in chapters:
        for english, chinese, words in rows(chapter):
            link = english.find("a", href=True)  # authoring/rules/pattern.py sees to it that each term has one
            key = plain(link).casefold()
            names.setdefault(key, (plain(link), plain(chinese)))
            places[key].append((chapter.name, link["href"].partition("#")[2], plain(words)))
    return [(*names[key], places[key]) for key in sorted(names)]


def rows(chapter):
    """The cells (English, Chinese, words) of each row of the table under the heading *Glossary*."""
    for cell in chapter.cells:
        if any(words.startswith(HEADING) for _, _, words in cell.headings):
            heading = next(h for h in headings(tree(cell.source)) if plain(h).startswith(HEADING))
            return [row.find_all("td") for row in heading.find_next("tbody").find_all("tr")]
    return []
