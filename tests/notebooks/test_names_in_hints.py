"""Every name in the code of an exercise is one that its reader has: bound in the notebook at or above its cell.

Looked at: hints, what is said of mistakes and of lines, programs and solutions. A text may also explain a name itself,
by importing or assigning it, or in words.
"""

import ast
import builtins
import contextlib
import functools
import inspect
import re
import textwrap

import pytest

from course_kit.exercises.cells import stubs
from course_kit.exercises.define import FindError, call
from course_kit.exercises.registry import find
from course_kit.markup import LINK
from course_tools.authoring import building, minutes
from course_tools.authoring.rules.names import names

VERDICT = {"again", "hint", "solution"}  # every verdict leads to them
CODE = re.compile(r"`([^`]+)`")
cells_of = functools.cache(lambda name: building.read_source(name).cells)


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
        said += [one.found, *one.innocent.values()]
    found = dict.fromkeys(in_code(said)[0], "mistake or line")
    calls, every = in_code(one.hints)
    found |= dict.fromkeys(calls | {n for n in every if len(n) > 1} - in_words(one.hints), "hint")
    if isinstance(one, FindError):
        found |= dict.fromkeys(whole("\n".join(one.program)), "program")
    if one.shown:
        found |= dict.fromkeys(whole(inspect.getsource(one.shown)), "solution")
    return found | dict.fromkeys(VERDICT, "verdict")


def parts_of(one):
    """Names that belong to an exercise: its arguments and results, the variables of its program."""
    found = set(one.returns)
    for case in one.cases():
        found |= {*case.args, *case.keywords}
    if isinstance(one, FindError):
        found |= names("\n".join(one.program))[0]
    return found


def exercises_of(notebook):
    """(exercise, the names bound above its cell or in it)."""
    bound = set()
    for cell in cells_of(notebook):
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


PLACE = re.compile(r"\b(below|above|next cells?|later|lines? of the cell|further down|from here on)\b")


def near(notebook):
    """(exercise, the headings of its section and of those below)"""
    heads, section, found = [], 0, []
    for cell in cells_of(notebook):
        if cell.cell_type == "markdown":
            for level, words in re.findall(r"^(#{2,4}) (.+)$", cell.source, re.M):
                section = len(heads) if level == "##" else section
                heads.append(words.removesuffix(f" {minutes.NOT_IN_CLASS}"))
        else:
            found += [(find(stub.name), section) for stub in stubs(cell.source)]
    return [(one, heads[section:]) for one, section in found]


@pytest.mark.parametrize("notebook", building.names())
def test_what_is_promised_after_a_tick_is_linked_and_around_it_or_below(notebook):
    for one, heads in near(notebook):
        assert not one.used or LINK.search(one.used), one.used
        assert not PLACE.search(one.used), f"{one.name}: a place is named by a link, not in words: {one.used}"
        for words, anchor in LINK.findall(one.used):
            assert anchor == words.replace(" ", "-") and words in heads, (one.name, words)


def fails(one, code, space, parameters):
    """The inputs on which an expression of a hint raises; none where it needs what is made on the way."""
    found = []
    for case in one.cases():
        values = [*case.args.values()]
        names_there = space | dict(zip(parameters, values, strict=False)) | case.keywords
        if None in values or len(values) < len(parameters) - len(case.keywords):
            continue  # of what may be left out, the hint says so
        try:
            eval(code, names_there)
        except NameError:
            return []
        except Exception as error:
            found.append(f"{one.name}: {code!r} on {[getattr(x, 'shape', x) for x in values]}: {error}")
    return found


@pytest.mark.parametrize("notebook", building.names())
def test_what_a_hint_writes_runs_on_every_input(notebook):
    space, found = {}, []
    for cell in cells_of(notebook):
        if cell.cell_type != "code" or cell.source.startswith("%"):
            continue
        body = ast.parse(cell.source).body
        for node in (x for x in body if isinstance(x, ast.Import | ast.ImportFrom)):
            with contextlib.suppress(ImportError):  # what the reader wrote
                exec(ast.unparse(node), space)
        for stub in stubs(cell.source):
            one = find(stub.name)
            node = next(x for x in body if getattr(x, "name", "") == stub.bound)
            if isinstance(node, ast.FunctionDef) and not isinstance(one, FindError) and one.run is call:
                parameters = [x.arg for x in node.args.args]
                for code in CODE.findall("\n".join(one.hints)):
                    if is_expression(code):
                        found += fails(one, code, space, parameters)
            space[stub.bound] = one.reference
    assert found == []


def is_expression(code):
    """Whether a hint's code can be run as it stands; `sum(-1)` is the end of one."""
    try:
        tree = ast.parse(code, mode="eval").body
    except SyntaxError:
        return False
    return not (isinstance(tree, ast.Call) and getattr(tree.func, "id", "") in dir(builtins)) and "…" not in code
