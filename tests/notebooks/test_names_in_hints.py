"""Every name in the code of an exercise is one that its reader has: bound in the notebook at or above its cell.

Looked at: hints, what is said of mistakes and of lines, programs and solutions. A text may also explain a name itself,
by importing or assigning it, or in words.
"""

import ast
import builtins
import inspect
import re
import textwrap

import pytest

from course_kit.exercises.catalogue import find
from course_kit.exercises.define import FindError, stubs
from course_tools.authoring import building
from course_tools.authoring.rules.names import names

VERDICT = {"again", "hint", "solution"}  # every verdict leads to them
CODE = re.compile(r"`([^`]+)`")


def called(tree):
    """Names that are called, or that something is taken from; a single small letter stands for anything."""
    roots = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    roots += [node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return {root.id for root in roots if isinstance(root, ast.Name) and not re.fullmatch("[a-z]", root.id)}


def in_code(texts):
    """Names that the `code` in sentences needs without binding them: those that are called, and all of them."""
    calls, every, own = set(), set(), set()
    for snippet in CODE.findall("\n".join(texts)):
        try:
            tree = ast.parse(snippet.replace("…", "..."))
        except SyntaxError:
            continue  # `.sum()`, `~`: a part of some code
        made, needed = names(snippet.replace("…", "..."))
        calls, every, own = calls | called(tree), every | needed, own | made
    return calls - own, every - own


def in_words(texts):
    """Names that a text explains: what stands in its sentences, or alone in code."""
    text = "\n".join(texts)
    return {*re.findall(r"\w+", CODE.sub("", text)), *re.findall(r"`(\w+)`", text)}


def whole(code):
    """Names that a program or a function takes from elsewhere."""
    made, needed = names(textwrap.dedent(code))
    return needed - made


def taken(one):
    """name -> where an exercise uses it without binding it."""
    said = [wrong.hint for wrong in one.wrong]
    if isinstance(one, FindError):
        said += [one.found, *one.innocent.values(), *(one.program if one.claims else ())]
    found = dict.fromkeys(in_code(said)[0], "mistake or line")
    calls, every = in_code(one.hints)
    found |= dict.fromkeys(calls | {n for n in every if len(n) > 1} - in_words(one.hints), "hint")
    if isinstance(one, FindError) and not one.claims:
        found |= dict.fromkeys(whole("\n".join(one.program)), "program")
    if one.shown:
        found |= dict.fromkeys(whole(inspect.getsource(one.shown)), "solution")
    return found | dict.fromkeys(VERDICT, "verdict")


def parts_of(one):
    """Names that belong to an exercise: its arguments and results, the variables of its program."""
    found = set(one.returns)
    for case in one.cases():
        found |= {*case.args, *case.keywords}
    if isinstance(one, FindError) and not one.claims:
        found |= names("\n".join(one.program))[0]
    return found


def exercises_of(notebook):
    """(exercise, the names bound above its cell or in it)."""
    bound = set()
    for cell in building.read_source(notebook).cells:
        if cell.cell_type == "code" and "asserts" not in cell.metadata.get("tags", ()):
            bound |= names(cell.source)[0]
            yield from ((find(stub.name), bound) for stub in stubs(cell.source))


@pytest.mark.parametrize("notebook", building.names())
def test_every_name_is_bound_where_the_exercise_is(notebook):
    missing = []
    for one, bound in exercises_of(notebook):
        known = bound | parts_of(one) | set(dir(builtins))
        missing += [f"{one.name}: `{name}` in a {where}" for name, where in taken(one).items() if name not in known]
    assert not missing, "\n".join(sorted(missing))


def test_it_finds_what_is_missing():
    assert in_code(["`F.relu(x)`, then `x.sum()` and `len(x)`"])[0] == {"F", "len"}
    assert in_code(["`from math import log`, then `log(…) / n`", "with `ys = 2`: `ys.real`"]) == (set(), {"n"})
    assert in_code(["`hypothesis / reference`"]) == (set(), {"hypothesis", "reference"})
    assert in_words(["the `order` of the scores: `scores[order]`"]) >= {"order", "scores"}
    assert whole("def f(x):\n    y = math.exp(x)\n    return y + offset") == {"math", "offset"}
