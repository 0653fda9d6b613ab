"""The reference as it unfolds: under the name of the stub, and such that it can be pasted below the decorator."""

import ast
import contextlib
import functools
import textwrap

import pytest
import torch
from small_exercises import in_cell, not_right

from course_kit.exercises import check, reference, solution
from course_kit.exercises.catalogue import chapters, exercises, find, load
from course_kit.exercises.define import FindError, stubs
from course_tools.authoring import building


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    load()
    monkeypatch.setattr(reference, "STUBS", {})


def written(text, space):
    """Runs a piece of a notebook whose source can be found."""
    with contextlib.redirect_stdout(None):
        space.update(in_cell(text, **space))


@functools.cache
def code_of(name):
    """The code cells of a notebook's source."""
    return [cell.source for cell in building.read_source(name).cells if cell.cell_type == "code"]


@functools.cache
def answers():
    """Name of an answer on a page -> the course's own function, of all exercises."""
    cells = [source for name in building.names() for source in code_of(name)]
    return {stub.bound: find(stub.name).reference for source in cells for stub in stubs(source)}


def run_what_defines(statements, space):
    """The imports and definitions of a cell, so that the names are there that the page has; `mine` is the course's."""
    for one in statements:
        if isinstance(one, ast.ImportFrom) and one.module == "mine":
            space.update({each.name: answers()[each.name] for each in one.names})
        elif isinstance(one, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
            with contextlib.suppress(Exception):
                written(ast.unparse(one), space)


def wrong_with(stub, source, space):
    """What is wrong with the text that unfolds below this stub; "" for nothing."""
    one = find(stub.name)
    written("\n".join(source.splitlines()[stub.first - 1 : stub.last]), space)
    given, text = reference.STUBS[one.name], reference.reference_text(one, space)
    (made,) = ast.parse(text).body
    renamed = isinstance(one, FindError) and one.misnamed  # then the stub's name is one of the errors
    if type(made) is not type(given) or (made.name == stub.bound) == renamed or "chapters." in text:
        return f"{stub.name} cannot be pasted:\n{text}"
    if isinstance(given, ast.FunctionDef):
        ours, theirs = ([x.arg for x in each.args.args] for each in (made, given))
        if ours[: len(theirs)] != theirs:
            return f"{stub.name} has the parameters {ours}, and the stub {theirs}"
    decorator = f"@{'find_error' if isinstance(one, FindError) else 'exercise'}({one.name!r})\n"
    written(decorator + text, space)
    right = space[made.name] is not one.reference
    return "" if right else f"{check(one.name, space[made.name]).text}\n{text}"


@pytest.mark.parametrize("name", building.names())
def test_what_unfolds_is_right_below_the_decorator_of_its_stub(name):
    space, found = {}, []
    for source in code_of(name):
        with contextlib.suppress(SyntaxError):
            body = ast.parse(source).body
            run_what_defines([x for x in body if isinstance(x, ast.Import | ast.ImportFrom)], space)
            found += [wrong_with(stub, source, space) for stub in stubs(source)]
            run_what_defines([x for x in body if not isinstance(x, ast.Import | ast.ImportFrom)], space)
    assert found and not [words for words in found if words]


@pytest.mark.parametrize("chapter", chapters())
def test_each_has_a_text_before_its_cell_was_run(chapter):
    for one in exercises(chapter):
        text, space = reference.reference_text(one, {}), {"torch": torch}
        exec(text, space)
        assert not_right(one.name, space[ast.parse(text).body[-1].name]) == "", text


def answer_to(name, text):
    space = {}
    written(f"@exercise({name!r})\n" + textwrap.dedent(text), space)
    return reference.reference_text(find(name), space)


def test_names_description_and_defaults_are_the_readers():
    text = answer_to(
        "gaussian kernel",
        """
        def bell(d: float, w=2.0):
            \'\'\'Bell-shaped: d -> closeness.

            A second paragraph.\'\'\'
            raise NotImplementedError
        """,
    )
    lines = text.splitlines()
    assert lines[:2] == ["def bell(d, w=2.0):", '    """Bell-shaped: d -> closeness.'] and "A second" in text
    assert "d / w" in text and "distance" not in text


def test_parameters_keep_their_names_where_the_readers_mean_something_else_in_it():
    text = answer_to("gaussian kernel", "def bell(in_widths, w): raise NotImplementedError")
    assert text.startswith("def bell(distance, width=1.0):") and "in_widths = distance / width" in text
    more = answer_to("next token targets", "def cut(ids, more=3): raise NotImplementedError")
    assert more.startswith("def cut(ids):"), "a parameter more than the reference has"


def test_what_is_not_on_the_page_is_imported_inside():
    text = answer_to("clipped n-grams", "def count(a, b, n): raise NotImplementedError")
    assert "\n    from collections import Counter\n" in text


def test_it_unfolds_on_request_and_folds_after_a_right_answer(capsys):
    solution("weighted average")
    assert capsys.readouterr().out.startswith("def weighted_average(weights, values):")
    shown = reference.Unfolding("One way", "x = 1", unfolded=False)._repr_mimebundle_()
    assert shown["text/plain"] == "x = 1"
    assert shown["text/markdown"] == "<details><summary>One way</summary>\n\n```python\nx = 1\n```\n\n</details>"
    assert "<details open>" in reference.Unfolding("One way", "x = 1", unfolded=True).page
