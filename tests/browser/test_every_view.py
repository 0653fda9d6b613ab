"""What holds of every view: it fits all widths and a class's screen, moves nothing below it, and is for everybody."""

import re

import nbformat
import pytest
from browser import one_page, pages
from browser.cut_labels import cut_labels
from helpers import scenes
from helpers.waiting import differs, picture, settle, until

from course_kit import files
from course_kit.views import fragments
from course_kit.views.view import json_for_script
from course_tools.translation import units

pytestmark = pytest.mark.browser
stage, put = one_page.fixtures()
WIDTHS = (1160, 700, 390)
OTHER_HEIGHTS = ("heads of a decoder", "masking")  # other maps, other rows
HIGH = ("game", "merges")  # their letters are large
PYTHON = ("gaps", "two models", "tags", "merges")  # tables of both
ELSEWHERE = {"bars", "cover", "descent", "lines", "maps", "replies"}  # have files of tests of their own
PROGRAM = files.course_folder() / "chapters" / "views.js"
CANVASES = "document.querySelector('.course-view').shadowRoot.querySelectorAll('canvas').length"
PSEUDO = (files.course_folder() / "tests" / "browser" / "pseudo.js").read_text("utf-8")
PRESS = """async () => { // what is folded, then what can be pressed
  const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const hosts = [...document.querySelectorAll('.course-view')];
  const press = 'input[type=radio], button.word, .controls button, .steps button';
  for (const { shadowRoot } of hosts) for (const one of shadowRoot.querySelectorAll('summary')) one.click();
  for (let i = 0; i < 3; i++) {
    for (const { shadowRoot } of hosts) shadowRoot.querySelectorAll(press)[i]?.click();
    await frame();
  }
}"""
CELLS = "v => [...v.shadowRoot.querySelectorAll('.foot tr')].map(r => [...r.children].map(c => c.textContent))"


def outputs_of(name):
    """(kind, view) of a notebook's views, the first of each kind."""
    cells = nbformat.read(files.course_folder() / "notebooks" / f"{name}.ipynb", 4).cells
    made = (fragments.read(o.get("data", {}).get("text/html", "")) for c in cells for o in c.get("outputs", []))
    return {view.kind: view for view in reversed([view for view in made if view])}.items()


def test_every_kind_is_looked_at():
    kinds = set(re.findall(r"^  (\w+),$", PROGRAM.read_text("utf-8"), re.M))
    missing = kinds - ELSEWHERE - {make().kind for make in scenes.VIEWS.values()}
    assert not missing, f"VIEWS of tests/helpers/scenes.py needs one of each: {', '.join(sorted(missing))}"


@pytest.mark.parametrize("name", scenes.VIEWS)
def test_every_control_repaints_and_nothing_jumps_or_is_cut_at_any_width(put, name):
    view = scenes.VIEWS[name]()
    page, moves = put(view), any(control["kind"] != "button" for control in view.controls)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        heights, pictures, over = page.evaluate(one_page.WALK)
        assert max(heights) - min(heights) <= 1 or name in OTHER_HEIGHTS, (width, heights)
        assert pictures > moves and over <= 1, (width, pictures, over)
        until(lambda width=width: page.evaluate("document.documentElement.scrollWidth") <= width)
        if page.evaluate(CANVASES):
            assert cut_labels(page) == [], width


@pytest.mark.parametrize(("dark", "width"), [(False, 1000), (True, 480)], ids=["light", "dark"])
def test_no_axe_violations(put, violations, dark, width):
    page = put(*(make() for make in scenes.VIEWS.values()), dark=dark, width=width)
    one_page.has_no_violations(page, violations, one_page.LOOK if dark else ())


@pytest.mark.parametrize("name", scenes.VIEWS)
def test_presenting_size(put, name):
    view = scenes.VIEWS[name]()
    view.presenting = True
    one_page.presents(put(view, width=1280), highest=1500 if name in HIGH else 1080)


def test_tables_in_a_page_are_those_of_python(put):
    views = [scenes.VIEWS[name]() for name in PYTHON]
    page = put(*views)
    for view, shown in zip(views, page.locator(".course-view").all(), strict=True):
        shown.locator(".summed-up summary").click()
        shown.locator(".foot tbody tr").first.wait_for()
        table = [[str(c).replace("−", "-") for c in row] for row in (view.table().header, *view.table().rows)]
        assert [[c.replace("−", "-") for c in row] for row in shown.evaluate(CELLS)] == table, view.kind


def test_everything_has_its_name_before_the_first_picture(put):
    """In an element without size nothing is painted: names must be there all the same."""
    page = put("".join(f'<div style="display:none">{pages.bare(make())}</div>' for make in scenes.VIEWS.values()))
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('.course-view')].flatMap(v => [...v.shadowRoot.querySelectorAll(
        'button, [tabindex], canvas, [role=group]')].filter(e => !e.getAttribute('aria-label') && !e.textContent.trim()
        && !e.getAttribute('aria-hidden')).map(e => e.outerHTML))"""
    )
    assert nameless == []
    until(page.locator(".course-view").count, len(scenes.VIEWS))


def test_theme_switch_repaints_the_pixels(put):
    page = put(scenes.encoder())
    before = picture(page), picture(page, 1)
    page.evaluate("document.body.style.cssText += ';background:#111;color:#e0e0e0'")
    until(lambda: picture(page), differs(before[0]))
    until(lambda: picture(page, 1), differs(before[1]))


def test_every_sentence_is_marked_for_other_languages(watch, tmp_path):
    """In a language whose words are all longer, only data are as they were; a sentence that is planted is found."""
    named = ("00_start_here", "05_transformer", "08_who_answers", "09_who_taught_it")
    made = [view for name in named for view in outputs_of(name)]
    views = [pages.bare(make()) for make in scenes.VIEWS.values()]
    views += [view.html() for kind, view in made if kind in ELSEWHERE]
    path = tmp_path / "page.html"
    keys = [f"{u.context}\4{u.text}" if u.context else u.text for _, _, u in units.of_room("views")]
    program = f"<script>globalThis.extracted={json_for_script(keys)};{PSEUDO}</script><script>"
    path.write_text(pages.page("<hr>".join(views)).replace("<script>", program, 1), "utf-8")
    page = watch(path.as_uri())
    until(lambda: page.evaluate("[...document.querySelectorAll('.course-view')].every(host => host.view)"))
    page.evaluate(PRESS)
    assert page.evaluate("unmarked()") == []
    page.evaluate("document.querySelector('.course-view').shadowRoot.querySelector('.body').append('Where it goes')")
    assert page.evaluate("unmarked()") == ["text: Where it goes"]
