"""Outputs as pages meet them: damaged, before or after the program. The page always says what is
wrong, keeps the picture, and shows everything else."""

import base64
import json
import re

import pytest
import torch
from helpers import labs
from helpers.waiting import until
from playwright.sync_api import expect

from course_kit.views import heatmap, program

pytestmark = pytest.mark.browser
BROKEN = "This view could not be shown: run its cell again."
OTHER = "This view was made by another edition of the course: run its cell again."
SOURCE, TARGET = ["he", "sleeps"], ["il", "dort"]
VIEWS = {
    "heatmap": lambda: heatmap([[0.25, 0.75], [0.6, 0.4]], ["a", "b"], ["c", "d"]),
    "alignment": lambda: labs.alignment((SOURCE, TARGET, torch.eye(2))),
}
SHOWN = """index => { const host = document.querySelectorAll('.course-view')[index], root = host.shadowRoot;
  const whole = root?.querySelector('.stage')?.getBoundingClientRect().height > 10;
  const still = [...host.querySelectorAll('img, li')].some(e => e.getBoundingClientRect().height > 10);
  return { whole: Boolean(whole), still, note: host.querySelector('.course-view-note')?.textContent ?? '' }; }"""


def output(view, change=lambda spec: spec, numbers=None, still=True) -> str:
    """A view's output with other data. change: spec -> spec; numbers: bytes instead of its own."""
    spec = change(view.spec())
    sent = base64.b64encode(view.payload() if numbers is None else numbers).decode()
    data = json.dumps([spec, sent]).replace("<", "\\u003c")
    element = f'<script type="application/json">{data}</script>'
    picture = view.still(view.describe()) if still else ""
    return f'<div class="course-view">{picture}{element}{program.SHOW}</div>'


def script(source: str) -> str:
    return f"<script>{source}</script>"


@pytest.fixture(scope="module")
def window(browser):
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def opened(window, tmp_path):
    """opened(html) -> (page, what it has logged): a page without a program but what the HTML brings."""
    logged = []
    heard = {
        "console": lambda message: logged.append(message.text) if message.type == "error" else None,
        "pageerror": lambda error: logged.append(f"uncaught: {error}"),
    }
    for event, listener in heard.items():
        window.on(event, listener)

    def open_page(html):
        path = tmp_path / "page.html"
        path.write_text(f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><main>{html}</main>', encoding="utf-8")
        window.goto(path.as_uri())
        return window, logged

    yield open_page
    for event, listener in heard.items():
        window.remove_listener(event, listener)


def without(name):
    return lambda spec: {key: value for key, value in spec.items() if key != name}


@pytest.mark.parametrize("name", VIEWS)
def test_data_that_lack_a_field_show_the_view_or_its_picture_and_a_sentence(opened, name):
    """Each field of the spec is missing once; the page never has an empty place, nor an error that nobody caught."""
    view = VIEWS[name]()
    fields = list(view.spec())
    kept = output(view)
    picture = re.search(r"<(?:figure|b)\b.*?(?=<script)", kept, flags=re.S)[0]
    cut = [output(view, without(field), still=False).replace(">", f">{picture}", 1) for field in fields]
    page, logged = opened(script(program.source()) + "".join(cut) + kept)
    seen = {}
    for i, field in enumerate(fields):
        expect(page.locator(".course-view").nth(i)).to_be_visible()
        shown = seen[field] = page.evaluate(SHOWN, i)
        ends_well = (shown["whole"] and not shown["note"]) or (shown["still"] and shown["note"] in (BROKEN, OTHER))
        assert ends_well, (field, shown)
    assert (seen["kind"]["note"], seen["format"]["note"]) == (BROKEN, OTHER)
    last = page.evaluate(SHOWN, len(fields))
    assert last["whole"] and not last["note"], "the one behind them is whole"
    assert not [text for text in logged if text.startswith("uncaught")]


def broken_outputs():
    """Outputs whose numbers or data are no good, each with its picture."""
    view, start = VIEWS["heatmap"](), '<script type="application/json">'
    garbled = output(view).replace("==", "!!").replace('="]', '!"]')
    assert garbled != output(view)
    return [
        output(view, numbers=view.payload()[:-1]),
        garbled,
        output(view).replace(start, start + "[{"),
        re.sub(f"{start}.*?</script>", "", output(view), flags=re.S),
    ]


def test_no_number_too_few_and_no_json_are_no_picture_and_what_is_behind_them_is_whole(opened):
    made = broken_outputs()
    page, _ = opened(script(program.source()) + "".join(made) + output(VIEWS["heatmap"]()))
    for i in range(len(made)):
        until(lambda: page.evaluate(SHOWN, i), {"whole": False, "still": True, "note": BROKEN})
    until(lambda: page.evaluate(SHOWN, len(made))["whole"])


def half_a_version(spec):
    """An alignment that can be built but not painted: its version does not say what has changed."""
    return spec | {"versions": [without("changed")(version) for version in spec["versions"]]}


def test_a_view_that_fails_only_when_it_is_painted_later_says_so_too(opened):
    """In a folded part of a page nothing is painted until it is unfolded."""
    folded = f"<details><summary>more</summary>{output(VIEWS['alignment'](), half_a_version)}</details>"
    page, _ = opened(script(program.source()) + folded)
    until(lambda: page.evaluate("!!document.querySelector('.course-view').view"))
    page.locator("summary").first.click()
    until(lambda: page.evaluate(SHOWN, 0), {"whole": False, "still": True, "note": BROKEN})


@pytest.mark.parametrize("bring", [lambda: script(program.source()), program.packed], ids=["plain", "packed"])
def test_data_may_come_before_the_program_and_after_it(opened, bring):
    good, bad = output(VIEWS["heatmap"]()), output(VIEWS["heatmap"](), without("state"))
    page, _ = opened(good + bad + bring() + good + bring())
    for i, note in enumerate(("", BROKEN, "")):
        until(lambda: page.evaluate(SHOWN, i), {"whole": not note, "still": bool(note), "note": note})


def test_without_a_program_the_picture_stays(opened):
    page, logged = opened(output(VIEWS["heatmap"]()))
    assert page.evaluate(SHOWN, 0) == {"whole": False, "still": True, "note": ""}
    assert logged == []
