"""Chapters on paper: what may not be cut fits on a page of A4, nothing is wider than the text, and a PDF comes out."""

import re

import pytest

import course
from course_tools.authoring import building
from course_tools.publishing import paper

pytestmark = pytest.mark.browser

PAGE = (297 - 22 - 20) * 96 / 25.4  # the height between the margins, in CSS pixels
WHOLE = """() => {
  const all = selector => [...document.querySelectorAll(selector)], style = e => getComputedStyle(e);
  const text = document.querySelector('main').getBoundingClientRect(), blocks = all(
    'figure, .highlight, table, .room, .guess, .formula, pre.stream, .course-exercise, .answer, h1, h2, h3');
  const rects = blocks.map(e => [e, e.getBoundingClientRect()]);
  return {
    high: Math.max(...rects.map(([, r]) => r.height)),
    cut: rects.filter(([e, r]) => r.height && style(e).breakInside !== 'avoid').map(([e]) => e.className || e.tagName),
    wide: rects.filter(([, r]) => r.right > text.right + 1).map(([e]) => e.textContent.slice(0, 40)),
    alone: all('h1, h2, h3').filter(e => style(e).breakAfter !== 'avoid').length,
    small: all('p, li, td, figcaption, pre').filter(e => parseFloat(style(e).fontSize) < 9).length,
    pictures: [...document.images].filter(i => !i.complete || !i.naturalWidth || !i.alt).length,
    dark: [style(document.documentElement).backgroundColor, style(document.body).color],
  };
}"""


@pytest.fixture
def sheets(watch, tmp_path):
    """sheets(name) -> a chapter as it is printed, on a machine that prefers dark colours."""

    def open_sheets(name):
        path = tmp_path / f"{name}.html"
        path.write_text(paper.build(name), encoding="utf-8")
        page = watch(path.as_uri(), size=(round(170 * 96 / 25.4), 900), color_scheme="dark")
        page.emulate_media(media="print")
        return page

    return open_sheets


@pytest.mark.parametrize("name", building.names())
def test_nothing_is_cut_by_the_edge_of_a_page(sheets, name):
    seen = sheets(name).evaluate(WHOLE)
    assert seen["high"] < PAGE, "higher than a page"
    assert seen["cut"] == [], "may be cut"
    assert seen["wide"] == [], "wider than the text"
    assert seen["alone"] == 0, "a heading may stand alone at the foot of a page"
    assert seen["small"] == 0, "type below 9 pixels, which are 7 points"
    assert seen["pictures"] == 0, "a picture without content or words"
    assert seen["dark"] == ["rgb(255, 255, 255)", "rgb(27, 36, 48)"], "light colours, whatever the screen prefers"


def test_a_pdf_comes_out(browser, tmp_path, monkeypatch, capsys):
    import find_browser

    monkeypatch.setenv("CHROMIUM", find_browser.executable())
    assert course.main(["paper", "00", "--out", str(tmp_path)]) == 0
    made = (tmp_path / "00_start_here.pdf").read_bytes()
    assert made.startswith(b"%PDF") and 2 <= len(re.findall(rb"/Type /Page\b", made)) <= 12
    sizes = {tuple(round(float(x)) for x in box.split()) for box in re.findall(rb"/MediaBox \[([^\]]*)\]", made)}
    assert sizes <= {(0, 0, 595, 842), (0, 0, 596, 842), (0, 0, 595, 841)}, "A4"
    assert "00_start_here.pdf" in capsys.readouterr().out
