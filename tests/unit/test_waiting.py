"""Browser tests wait: none asserts what it reads from a page at once, none sleeps for a fixed time instead, and none
looks for a cell of JupyterLab itself: tests/jupyterlab_driver.py brings cells into sight, where they may not be yet."""

import ast
import re
from pathlib import Path

BROWSER = Path(__file__).parents[1] / "browser"
READS = {"inner_text", "all_inner_texts", "text_content", "all_text_contents", "inner_html", "is_visible", "is_hidden"}
READS |= {"is_enabled", "is_disabled", "is_checked", "get_attribute", "input_value", "bounding_box", "count"}
AT_ONCE = {"state", "picture"}  # of waiting.py: to be given to `until`


def hasty(source):
    """Lines of a test file that read a page in the same breath: in an assert, or in a name that one asserts; and those
    that have a time of their own, where tests/waiting.py has one for all."""
    tree = ast.parse(source)
    helpers = AT_ONCE | {
        f.name
        for f in tree.body
        if isinstance(f, ast.FunctionDef) and not f.name.startswith("test") and reads(f, set())
    }
    found = set()
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test"):
            taken = {
                name.id
                for node in ast.walk(function)
                if isinstance(node, ast.Assign) and reads(node.value, helpers if is_call(node) else set())
                for target in node.targets
                for name in ast.walk(target)
                if isinstance(name, ast.Name)
            }
            for node in ast.walk(function):
                if isinstance(node, ast.Assert):
                    names = {n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)}
                    if reads(node.test, helpers) or names & taken:
                        found.add(node.lineno)
    waits = {n.lineno for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr == "wait_for_timeout"}
    waits |= {n.value.lineno for n in ast.walk(tree) if isinstance(n, ast.keyword) and n.arg == "timeout"}
    return sorted(found | waits)


def is_call(assignment):
    """Whether it gives one name what one call gives."""
    return isinstance(assignment.value, ast.Call) and isinstance(assignment.targets[0], ast.Name)


def past_the_driver(source):
    """Lines of a test file that scroll JupyterLab or look for something in its page, with a driver or beside it."""
    if not re.search(r"\b(jupyterlab_driver|notebook\()", source):
        return []
    calls = (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute))
    found = {n.lineno for n in calls if re.match(r"locator$|get_by_|wait_for_selector$", n.func.attr)}
    return sorted(found | {n for n, line in enumerate(source.splitlines(), 1) if "scrollToItem" in line})


def reads(tree, helpers):
    """Whether a page is read in this piece of code, outside of a function that is only handed on."""
    if isinstance(tree, ast.Lambda):
        return False
    if isinstance(tree, ast.Call):
        called = tree.func
        if isinstance(called, ast.Attribute) and called.attr in READS and not (called.attr == "count" and tree.args):
            return True
        if isinstance(called, ast.Name) and called.id in helpers:
            return True
    return any(reads(child, helpers) for child in ast.iter_child_nodes(tree))


def test_browser_tests_wait_for_what_they_expect():
    assert hasty("def test_x(page):\n    assert page.locator('p').count() == 2\n") == [2]
    paths = sorted(BROWSER.glob("test_*.py"))
    assert len(paths) > 10
    assert {path.name: lines for path in paths if (lines := hasty(path.read_text("utf-8")))} == {}


def test_cells_of_jupyterlab_are_reached_through_the_driver_alone():
    planted = "from jupyterlab_driver import Notebook\ndef test_x(nb):\n    nb.page.get_by_text('a').click()\n"
    assert past_the_driver(planted) == [3]
    found = {path.name: past_the_driver(path.read_text("utf-8")) for path in BROWSER.glob("test_*.py")}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_no_test_goes_by_the_clock_on_the_wall():
    """A busy machine stretches what it shows: count steps, or seconds of computing (`time.process_time`)."""
    clock = re.compile(r"\b(perf_counter|monotonic)\(\)")
    assert [path for path in BROWSER.parent.rglob("test_*.py") if clock.search(path.read_text("utf-8"))] == []
