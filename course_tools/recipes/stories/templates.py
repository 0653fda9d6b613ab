"""Sentences with holes, and the words that fill them: `data/stories/*.txt`, read and drawn from.

{fruit}  a word of the class; the same word each time in one story     {fruit2}  another one     {a fruit}  an apple
{fruit.s}  what words.txt says about the word: here its plural         {A} {B}  two people       {he} {him} {his}  A
(red|green|)  one of these                                            <who {A}>  marked: an answer or a tag
"""

import re
from typing import NamedTuple

from course_kit import files
from course_kit.data.stories import FOLDER

SLOT = re.compile(r"\{(a )?(\w+?)(\d?)((?:\.\w+)?)\}")
CHOICE = re.compile(r"\(([^()]*)\)")
MARK = re.compile(r"<(\w+) ([^<>]*)>")
PEOPLE, PRONOUNS = ("A", "B", "C"), ("he", "him", "his")


class Word(NamedTuple):
    """A word of a class. group: 0 everywhere; 1 in stories and in labelled tests; 2 in tests only. more: its facts."""

    text: str
    group: int
    more: dict


def lines(name):
    """The lines of `data/stories/NAME.txt` without comments and empty ones."""
    text = files.read(f"{FOLDER}/{name}.txt").decode("utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def sections(name):
    """`== TITLE` and what follows -> list of (title, lines, test): test if the title begins with *."""
    found = []
    for line in lines(name):
        if line.startswith("=="):
            title = line[2:].strip()
            found.append((title.lstrip("* "), [], title.startswith("*")))
        else:
            found[-1][1].append(line)
    return found


def read_words():
    """words.txt -> {class: list of Word}. A class of classes (`person: man woman`) holds the words of each."""
    result = {}
    for line in lines("words"):
        if line.startswith("["):
            name, *common = line.strip("[]").split()
            result[name], group = [], 0
            continue
        if line.startswith("="):
            result[name] = [word for other in line[1:].split() for word in result[other]]
            continue
        for piece in re.split(r"([|;])", line):
            group += piece == "|"
            if piece.strip(" |;"):
                text, _, facts = piece.strip().partition(" (")
                more = dict(fact.split("=", 1) for fact in common)
                more.update(fact.strip().split("=", 1) for fact in facts.rstrip(")").split(",") if fact)
                result[name].append(Word(text, group, more))
    return result


def plural(noun):
    if re.search(r"(s|x|ch|sh)$", noun):
        return noun + "es"
    return noun[:-1] + "ies" if re.search(r"[^aeiou]y$", noun) else noun + "s"


class Draw:
    """One story's or one example's words: each hole is filled once and remembers it.

    random   a random.Random; only its `random()` is used, which is the same in every version of Python
    words    {class: list of Word}; groups: which groups may be drawn (a class without any of them: all its words)
    used     texts that other parts of the example have taken already
    """

    def __init__(self, random, words, groups, used=None):
        self.random, self.words, self.groups = random, words, groups
        self.bound, self.used = {}, set() if used is None else used

    def pick(self, items):
        return items[int(self.random.random() * len(items))]

    def fill(self, text):
        """A template -> a sentence: choices made, holes filled, a capital to begin with."""
        while CHOICE.search(text):
            text = CHOICE.sub(lambda found: self.pick(found[1].split("|")), text)
        while SLOT.search(text):
            text = SLOT.sub(self._slot, text)
        text = re.sub(r"\s+([.,?!])", r"\1", re.sub(r"\s+", " ", text)).strip()
        return re.sub(r"((?:^|[.?!] )(?:<\w+ )?)([a-z])", lambda found: found[1] + found[2].upper(), text)

    def _slot(self, found):
        article, name, number, fact = found[1], found[2], found[3], found[4][1:]
        if name.lower() in PRONOUNS:
            name, fact = "A", name.lower()
        word = self._word(name, number)
        if not fact:
            text = word.text
        else:
            key = (name + number, fact)
            known = word.more.get(fact) or {"s": plural(word.text)}.get(fact)
            if known is None:
                raise ValueError(f"{word.text!r} of class {name!r} has no {fact!r} in words.txt.")
            self.bound.setdefault(key, self.pick(known.split("/")))
            text = self.bound[key]
        if article:
            text = ("an " if text[0] in "aeiou" else "a ") + text
        return text

    def _word(self, name, number):
        if name + number not in self.bound:
            known = self.words["person" if name in PEOPLE else name]
            fitting = [w for w in known if w.group in self.groups] or known
            free = [w for w in fitting if w.text not in self.used] or [w for w in known if w.text not in self.used]
            if not free:
                raise ValueError(f"class {name!r} has too few words for {name + number!r}.")
            self.bound[name + number] = self.pick(free)
            self.used.add(self.bound[name + number].text)
        return self.bound[name + number]


def unmark(text):
    """ "<who Anna> sleeps." -> ("Anna sleeps.", [("who", 0, 4)])."""
    plain, marks, last = "", [], 0
    for found in MARK.finditer(text):
        plain += text[last : found.start()]
        marks.append((found[1], len(plain), len(plain) + len(found[2])))
        plain, last = plain + found[2], found.end()
    return plain + text[last:], marks
