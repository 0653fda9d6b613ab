"""Browser tests wait: none asserts what it reads from a page at once, none has a time of its own, and none looks for a
cell of JupyterLab itself: tests/browser/jupyterlab_driver.py brings cells into sight, where they may not be yet."""

import re
from pathlib import Path

import pytest

BROWSER = Path(__file__).parents[1] / "browser"
READS = "inner_text|all_inner_texts|text_content|all_text_contents|inner_html|is_visible|is_hidden|is_enabled|"
READS += "is_disabled|is_checked|get_attribute|input_value|bounding_box|count"
AT_ONCE = rf"^ +assert (?!.*\blambda\b).*(\.({READS})\(\)|\b(state|picture)\(page)|wait_for_timeout|\btimeout="
BESIDE = r"\.(locator|get_by_\w+|wait_for_selector)\(|scrollToItem"  # the driver


def found(pattern, source):
    """The numbers of the lines that have it."""
    return [number for number, line in enumerate(source.splitlines(), 1) if re.search(pattern, line)]


@pytest.mark.parametrize("path", sorted(BROWSER.glob("test_*.py")), ids=lambda path: path.stem)
def test_browser_tests_wait_for_what_they_expect(path):
    source = path.read_text("utf-8")
    assert found(AT_ONCE, source) == []
    if re.search(r"\b(jupyterlab_driver|notebook\()", source):
        assert found(BESIDE, source) == []


def test_a_hasty_line_is_found():
    assert found(AT_ONCE, "    assert page.locator('p').count() == 2\n    page.wait_for_timeout(9)\n") == [1, 2]
    assert found(BESIDE, "    nb.page.get_by_text('a').click()\n") == [1]


def test_no_test_goes_by_the_clock_on_the_wall():
    """A busy machine stretches what it shows: count steps, or seconds of computing (`time.process_time`)."""
    clock = re.compile(r"\b(perf_counter|monotonic|performance\.now|Date\.now)\(\)")
    assert [path for path in BROWSER.parent.rglob("test_*.py") if clock.search(path.read_text("utf-8"))] == []
