"""Rules of guesses: what a reader sees before a guess does not answer it.

What follows a guess up to the next heading waits until it is made, but for the titles of its views: the page does it
(publishing/pages.py, and classroom/jupyter/labextension/static/guesses.js). So it is in sight what is above a guess in
its section, those titles, and what comes below the fold.
"""

import ast
import html
import re

from .notebook import tags

ENOUGH = 0.6  # of the words that the right answer alone has: a sentence with so many of them gives it away
LONGER = 1.3  # times the longest wrong answer: a right one that says so much more gives itself away
COMMON = re.compile(r"(an?|the|of|to|in|is|its?|that|which|for|and|or|by|on|at|as|not?|one|are|be|with|from|this)")
ASKED = re.compile(r"\*\*(Guess\b|Before you\b|With a pencil|Take a pencil)[^*]*\*\*")
# and a view is left as it was until then
BY_HAND = re.compile(r"(?i)\*\*(guess,|(guess )?before you (touch|drag|play|press|look|start|choose a hole))")
TITLE = re.compile(r'^ *(?:[^#"]*[(,] *)?title="([^"]*)"', re.M)  # of a view, which stays in sight
NEAR = 4  # cells below such a question, among which its view is


def in_sight(notebook):
    """No text, output, caption or readout that is not folded gives the answer of a guess away."""
    for number, question, answers, right in predictions(notebook):
        own, phrase = own_words(question, answers, right), " ".join(words(answers[right]))
        for place, said in unfolded(notebook, number):
            for sentence in re.split(r"(?<=[.:?!])\s+|[\n|]", said):
                there = words(sentence)
                share = len(own & set(there)) / len(own) if len(own) > 1 else 0
                if share >= ENOUGH or (" " in phrase and f" {phrase} " in f" {' '.join(there)} "):
                    what = f"its answer is in sight in cell {place}: {sentence.strip()[:60]!r}"
                    yield number, what, "Move that below the guess, in its section, or ask without it."
                    break


def alike(notebook):
    """The right answer is not the one that says by far the most."""
    for number, _, answers, right in predictions(notebook):
        if len(answers[right]) > LONGER * max(len(answer) for i, answer in enumerate(answers) if i != right):
            yield number, "its right answer is by far the longest", "Shorten it, or let a wrong one say as much."


def before_something(notebook):
    """What answers a guess of a lesson follows it, where the page folds it."""
    for number, *_ in predictions(notebook):
        after = [cell for cell in notebook.cells[number:] if "asserts" not in tags(cell)]
        folded = after and not (after[0].cell_type == "markdown" and after[0].source.startswith("#"))
        if not (notebook.is_annex or folded):
            yield number, "nothing follows it that a page could fold", "Move it before the cell that answers it."


def questions_in_text(notebook):
    """A guess that a text asks for has its answer behind a fold, or in a view that has to be moved."""
    for number, text in notebook.prose():
        found = ASKED.search(text)
        if not found or "guess" in tags(notebook.cells[number - 1]):
            continue
        rest, after = text[found.end() :], notebook.cells[number : number + NEAR]
        an_example = "pencil" in found[0] and "?" not in rest
        by_hand = BY_HAND.search(found[0]) and any("lab" in tags(cell) for cell in after)
        folded = "<details>" in rest or after[0].source.startswith("<details>") or "predict" in tags(after[0])
        if not (an_example or by_hand or folded):
            todo = "Ask it with predict(…), so that what follows is folded, or write <details> below it."
            yield number, f"the answer to {found[0]!r} is in sight", todo


def predictions(notebook):
    """(number of its cell, question, answers, index of the right one) of each predict(…)."""
    for number, cell in notebook.code():
        if "predict" in tags(cell) and "predict(" in cell.source:
            calls = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
            call = next(node for node in calls if getattr(node.func, "id", "") == "predict")
            named = {one.arg: one.value for one in call.keywords}
            given = [*call.args, *(named[name] for name in ("question", "answers", "answer")[len(call.args) :])][:3]
            yield number, *map(ast.literal_eval, given)


def unfolded(notebook, number):
    """(number of a cell, what it says) of those cells of a guess's section that can be read before it is made."""
    first = max((n for n, level, _ in notebook.headings() if n <= number and level <= 2), default=1)
    end = min((n for n, level, _ in notebook.headings() if n > number and level <= 2), default=len(notebook.cells) + 1)
    fold = min((n for n, _, _ in notebook.headings() if n > number), default=end)
    for place in [*range(first, number), *range(fold, end)]:
        yield place, said(notebook, place)
    for place in range(number + 1, fold):
        yield from ((place, title) for title in TITLE.findall(notebook.cells[place - 1].source))


def said(notebook, number):
    """What a cell says: of text all but what is folded, of code its outputs, with captions and alt texts."""
    cell = notebook.cells[number - 1]
    if cell.cell_type == "markdown":
        return _plain(cell.source)
    if notebook.built is None or len(notebook.built.cells) != len(notebook.cells) or "predict" in tags(cell):
        return ""
    parts = []
    for output in notebook.built.cells[number - 1].get("outputs", ()):
        made = "".join(output.get("data", {}).get("text/html", ""))
        plain = "".join(output.get("text", "") or output.get("data", {}).get("text/plain", ""))
        parts += [plain, _plain(made), *map(html.unescape, re.findall(r'alt="([^"]*)"', made))]
    return "\n".join(parts)


def _plain(made):
    shown = re.sub(r"<(details|script)\b.*?</\1>|<!--.*?-->|^#+ ", "", made, flags=re.S | re.M)
    return html.unescape(re.sub(r"<[^>]*>", " ", shown))


def words(text):
    """The words and numbers of a text, small, without the most common."""
    found = re.findall(r"[^\W_]+(?:[.,/][^\W_]+)*", text.lower())
    return [word for word in found if not COMMON.fullmatch(word)]


def own_words(question, answers, right):
    """The words of the right answer that neither the question nor a wrong answer has."""
    others = {word for i, answer in enumerate(answers) if i != right for word in words(answer)}
    return set(words(answers[right])) - set(words(question)) - others


RULES = [in_sight, alike, before_something, questions_in_text]
