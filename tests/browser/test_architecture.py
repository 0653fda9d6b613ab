"""The drawing of the Transformer in a browser: through all parts by keyboard, and nothing lies on anything else."""

import labs
import pytest
from cut_labels import crossed_labels, cut_labels
from waiting import settle, until

from course_utils.transformer import make_transformer

pytestmark = pytest.mark.browser
# labels of buttons that have no room in them, and buttons that lie on another
WRONG = """() => { const parts = [...document.querySelector('.course-view').shadowRoot.querySelectorAll('.part')];
  const box = e => e.getBoundingClientRect(), cut = parts.filter(p => [...p.children].some(inside => {
    const [a, b] = [box(inside), box(p)];
    return a.left < b.left || a.right > b.right || a.top < b.top - 1 || a.bottom > b.bottom + 1; }));
  const on = parts.filter((p, i) => parts.slice(0, i).some(q => { const [a, b] = [box(p), box(q)];
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom; }));
  return [...cut, ...on].map(p => p.dataset.part); }"""
FOCUSED = "() => document.querySelector('.course-view').shadowRoot.activeElement?.dataset.part"
SELECTED = "() => document.querySelector('.course-view').view.state.selected"


def view(select=None, **options):
    return labs.architecture(make_transformer(50, 60, model_size=16, heads=2), select, **options)


def test_through_all_parts_by_keyboard(show):
    page, parts = show(view()), view().parts
    said = page.get_by_test_id("readout")
    until(said.inner_text, "Choose a part.")
    tall = page.evaluate("document.querySelector('.course-view').offsetHeight")
    page.get_by_role("button", name="Encoder: source words").focus()
    page.keyboard.press("Enter")
    told = []
    for part in parts:
        until(lambda: page.evaluate(SELECTED), part["name"])
        until(lambda: page.evaluate(FOCUSED), part["name"])
        told.append(until(said.inner_text, lambda text, part=part: part["text"] in text and part["made"] in text))
        assert page.evaluate("document.querySelector('.course-view').offsetHeight") == tall
        page.keyboard.press("ArrowUp")
    assert len(set(told)) == len(parts)
    page.keyboard.press("ArrowLeft")
    until(lambda: page.evaluate(SELECTED), "encoder_norm")
    page.keyboard.press("Tab")  # the next in reading order, which is not chosen yet
    until(lambda: page.evaluate(FOCUSED), "target")
    page.keyboard.press("Space")
    until(lambda: page.evaluate(SELECTED), "target")
    page.keyboard.press("Space")
    until(said.inner_text, "Choose a part.")


def test_a_click_chooses_and_is_pressed(show):
    page = show(view())
    button = page.get_by_role("button", name="Decoder: cross-attention")
    button.click()
    until(lambda: button.get_attribute("aria-pressed"), "true")
    until(page.get_by_test_id("readout").inner_text, lambda text: "memory [B, S, D] = [B, S, 16]" in text)


@pytest.mark.parametrize("half", [None, "encoder", "decoder"])
@pytest.mark.parametrize("width", [1280, 1000, 560, 390])
def test_no_label_is_cut_or_lies_on_another(show, half, width):
    page = show(view("decoder.attention" if half != "encoder" else None, half=half, presenting=width == 1280))
    page.set_viewport_size({"width": width, "height": 900})
    settle(page)
    assert crossed_labels(page) == [] and cut_labels(page) == []
    assert page.evaluate(WRONG) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True])
def test_no_axe_violations(show, violations, dark):
    page = show(view("encoder.attention"), dark=dark)
    settle(page)
    assert violations(page, "main") == []
