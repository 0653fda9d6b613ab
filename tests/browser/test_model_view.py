"""The whole-model view in a browser: every number shown is the forward pass's; opened, stepped and read by keyboard."""

from pathlib import Path

import labs
import numpy as np
import pytest
from small_translator import loaded
from waiting import contains, differs, picture, settle, stays, until

from chapters.ch05.labs.trace import Attention
from course_utils.views.view import at

pytestmark = pytest.mark.browser
SENTENCE = "the animal did not cross the street because it was too tired ."
FRENCH = "it was the animal too tired because street cross not did ."
PARTS = ["embedding", "1.attention", "1.ffn", "2.attention", "2.ffn", "norm"]
STATE = "() => document.querySelector('.course-view').view.state"
NUMBERS = "s => { const v = document.querySelector('.course-view').view; v.set(s); return v.numbers(); }"
MODELS = {
    "pre-norm": {"seed": 3},
    "post-norm": {"seed": 4, "norm_first": False, "memory_layers": (1, 2)},
    "grouped": {"seed": 5, "key_heads": 2, "positions": "rotary", "window": 3},
}


def whole(model="pre-norm", **options):
    given = loaded(**MODELS[model])
    given.target.encode = given.source.encode
    return labs.model(given, SENTENCE, target=FRENCH, **options)


def bare(view) -> str:
    """The view without its static picture."""
    return f'<div class="course-view">{view.scripts()}</div>'


@pytest.fixture
def show(show):
    def open_page(*views, **options):
        whole_ = not options.get("scripts", True)
        return show(*(v if whole_ or isinstance(v, str) else bare(v) for v in views), **options)

    return open_page


def same(shown, expected, name):
    shown, expected = np.array(shown, float), np.asarray(expected, float)
    assert shown.shape == expected.shape, name
    until((np.isnan(shown) == ~np.isfinite(expected)).all)
    seen = np.isfinite(expected)
    assert np.allclose(shown[seen], expected[seen], atol=4e-3 * max(1, abs(expected[seen]).max())), name


@pytest.mark.parametrize("model", MODELS)
def test_every_tensor_equals_the_forward_pass(show, model):
    view = whole(model)
    page, compared = show(view), 0
    for side in ("encoder", "decoder"):
        of = getattr(view.trace, side)
        for n, layer in enumerate(of.layers):
            for kind, part in layer.items():
                for head in range(4 if isinstance(part, Attention) else 1):
                    shown = page.evaluate(NUMBERS, {"part": f"{side}.{n + 1}.{kind}", "head": head})
                    expected = {"x": part.before, "added": part.written, "x′": part.after}
                    if isinstance(part, Attention):
                        own = head // (4 // len(part.k))
                        expected |= {f"q, head {head + 1}": part.q[head], "k": part.k[own], "v": part.v[own]}
                        expected |= {"scores": part.scores[head], f"head {head + 1}": part.heads[head]}
                        weights = part.weights[head].masked_fill(part.scores[head] == float("-inf"), float("nan"))
                        expected["weights"] = weights
                    else:
                        expected["hidden"] = part.hidden
                    if view.options["norm_first"]:
                        expected["norm(x)"] = part.read
                    assert set(shown) - {"next", "long"} == set(expected)
                    for name, tensor in expected.items():
                        same(shown[name], tensor, f"{side}.{n + 1}.{kind}/{name}")
                        compared += tensor.numel()
                    same(shown["long"], part.after.norm(dim=-1), "length")
        start = page.evaluate(NUMBERS, {"part": f"{side}.embedding"})
        same(start["token"], of.token, "token")
        same(start["x′"], of.layers[0]["attention"].before, "embedding + position")
        assert ("position" in start) is (of.position is not None)
        same(page.evaluate(NUMBERS, {"part": f"{side}.norm"})["norm(x)"], of.normed, "last norm")
    for step in (1, 12):
        ahead = page.evaluate(NUMBERS, {"part": "decoder.output", "step": step})["next"]
        exact = view.trace.logits[step - 1].double()
        best = exact.topk(len(ahead["logits"]))
        assert np.allclose(ahead["logits"], best.values, atol=1e-5)
        assert np.allclose(ahead["chances"], exact.softmax(-1)[best.indices], atol=1e-6)
        assert ahead["words"][0] == view.trace.next[step - 1]
    assert compared > 20_000


def test_tables_agree_with_python(show):
    view = whole(step=7)
    page = show(view)
    page.locator(".more summary").first.click()
    for part in ("encoder.2.attention", "decoder.1.cross", "decoder.output"):
        page.evaluate(NUMBERS, {"part": part, "head": 3})
        settle(page)
        header, rows = at(view, part=part, head=3).table()
        until(page.locator("thead th").all_inner_texts, header)
        cells = [r.locator("th, td").all_inner_texts() for r in page.locator("tbody tr").all()]
        assert [r[0] for r in cells] == [r[0] for r in rows]
        for shown, said in zip(cells, rows, strict=True):
            for a, b in zip(shown[1:], said[1:], strict=True):
                assert a == b == "" or float(a.replace("−", "-")) == pytest.approx(float(b), abs=1.5e-3)


def test_word_by_word_with_keys_and_buttons(show):
    view = whole(step=1)
    page, said = show(view), None
    said = page.get_by_test_id("readout")
    until(said.inner_text, contains(f"After “<bos>”: “{view.trace.next[0]}”"))
    page.get_by_test_id("map").focus()
    pictures = {picture(page)}
    for i in (2, 3):
        page.keyboard.press("ArrowRight")
        settle(page)
        until(said.inner_text, contains(f"After “{view.trace.tokens[i - 1]}”: “{view.trace.next[i - 1]}”"))
        until(page.get_by_test_id("next").locator("b").first.inner_text, view.trace.next[i - 1])
        until(page.get_by_test_id("step").inner_text, f"{i} of 13")
        pictures.add(picture(page))
    assert len(pictures) == 3
    page.keyboard.press("End")
    settle(page)
    until(lambda: page.evaluate(STATE)["step"], 13)
    until(page.get_by_label("one word on").is_disabled)
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    page.wait_for_function("() => document.querySelector('.course-view').view.state.step > 2")
    page.get_by_test_id("play").click()
    step = page.evaluate(STATE)["step"]
    stays(lambda: page.evaluate(STATE)["step"], step, seconds=1)


def test_open_a_part_and_read_its_numbers_by_keyboard(show):
    view = whole(part="encoder.embedding", head=2)
    page = show(view)
    page.get_by_test_id("map").focus()
    page.keyboard.press("ArrowDown")
    settle(page)
    until(lambda: page.evaluate(STATE)["part"], "encoder.1.attention")
    until(page.get_by_label("open", exact=True).input_value, "encoder 1, self-attention")
    page.keyboard.press("Enter")
    settle(page)
    cell = page.locator("[role=gridcell]")
    until(lambda: cell.get_attribute("aria-label"), contains("“the” x, feature 1 of 16"))
    for _ in range(2):
        page.keyboard.press("PageDown")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    settle(page)
    q = view.trace.encoder.layers[0]["attention"].q[2, 1, 3]
    readout = page.get_by_test_id("readout")
    until(lambda: readout.inner_text().replace("−", "-"), contains(f"“animal” q, head 3, feature 4 of 4: {q:.2f}"[:-1]))
    until(readout.inner_text, contains("W_Q norm(x)"))
    for _ in range(4):
        page.keyboard.press("PageDown")
    page.keyboard.press("End")
    settle(page)
    weight = view.trace.encoder.layers[0]["attention"].weights[2, 1, 12]
    until(readout.inner_text, contains(f"“animal” → “.” {weight:.3f}"[:-1]))
    until(readout.inner_text, contains("of this head's attention on “.”"))
    page.keyboard.press("Enter")
    until(lambda: page.evaluate(STATE)["source_word"], 1)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    until(lambda: page.evaluate("() => document.activeElement.shadowRoot.activeElement.tagName"), "SUMMARY")


def test_the_future_is_masked_and_not_shown(show):
    page = show(whole(part="decoder.2.attention", step=4))
    shown = page.evaluate(NUMBERS, {})
    assert [np.isnan(row).sum() for row in shown["weights"]] == [12 - i for i in range(13)]
    page.get_by_test_id("panel").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    settle(page)
    until(page.get_by_test_id("readout").inner_text, contains(f"“{FRENCH.split()[2].upper()}” x, feature"))


def test_pointing_at_a_word_lights_it_everywhere(show):
    page = show(whole(step=6))
    before = picture(page, 0), picture(page, 1)
    word = page.get_by_role("button", name="tired", exact=True).first
    word.hover()
    settle(page)
    until(lambda: word.get_attribute("class"), "word on")
    until(lambda: picture(page, 0), differs(before[0]))
    page.mouse.move(0, 0)
    settle(page)
    until(lambda: (picture(page, 0), picture(page, 1)), before)
    word.click()
    page.mouse.move(0, 0)
    settle(page)
    until(lambda: page.evaluate(STATE)["source_word"], 11)
    until(lambda: word.get_attribute("aria-pressed"), "true")
    word.click()
    until(lambda: page.evaluate(STATE)["source_word"], -1)
    word.focus()
    page.keyboard.press("Home")
    settle(page)
    until(lambda: page.evaluate("() => document.activeElement.shadowRoot.activeElement.textContent"), "the")


def test_pressing_a_part_of_the_picture_opens_it(show):
    page = show(whole())
    box, opened = page.locator("canvas").first.bounding_box(), set()
    for x in (0.15, 0.75):
        for y in range(20, int(box["height"]), 8):
            page.mouse.click(box["x"] + x * box["width"], box["y"] + y)
            opened.add(page.evaluate(STATE)["part"])
    expected = {f"encoder.{p}" for p in PARTS} | {f"decoder.{p}" for p in PARTS}
    assert opened >= expected | {"decoder.1.cross", "decoder.2.cross", "decoder.output"}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_axe_violations(show, violations, dark):
    page = show(whole(step=5, source_word="animal"), dark=dark)
    page.locator(".more summary").first.click()
    page.get_by_role("button", name="tired", exact=True).first.hover()
    assert violations(page, "main") == []


@pytest.mark.parametrize("width", [480, 700, 1000])
def test_never_wider_than_the_column_and_no_jumps(show, width):
    page = show(whole(step=1), width=width)
    heights = set()
    for state in ({"step": 1}, {"step": 13}, {"source_word": 3}, {"target_word": 2}, {"head": 2}, {"step": 5}):
        page.evaluate(NUMBERS, state)
        settle(page)
        heights.add(page.locator(".course-view").evaluate("e => e.offsetHeight"))
    assert len(heights) == 1
    for part in ("encoder.1.attention", "decoder.2.cross", "decoder.1.ffn", "decoder.output", "encoder.embedding"):
        page.evaluate(NUMBERS, {"part": part})
        settle(page)
        inner, outer = page.locator(".course-view").evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert inner <= outer + 1, part
    until(lambda: page.evaluate("document.documentElement.scrollWidth") <= width)


def test_presenting_size(show):
    page = show(whole(presenting=True), width=1400)
    until(lambda: page.locator(".view").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 24)
    until(lambda: not page.locator(".caption").is_visible())


def test_without_scripts_picture_sentence_and_table_remain(show):
    page = show(whole(), scripts=False)
    until(lambda: page.locator("img").bounding_box()["width"] > 200)
    until(lambda: len(page.locator("img").get_attribute("alt")) > 100)
    page.locator("summary").click()
    until(lambda: page.locator("table tr").count() > 4)


LIVE = """
import sys
sys.path.insert(0, {tests!r})
from small_translator import loaded
from chapters.ch05 import labs
view = labs.model(loaded(seed=3), "the animal was tired .", target="it was .", live=True)
view
"""


def test_python_answers_an_own_sentence(notebook):
    nb = notebook("whole", [LIVE.format(tests=str(Path(__file__).parents[1]))])
    assert nb.run() == []
    nb.page.wait_for_function("document.querySelector('.jp-OutputArea .course-view')?.view")
    box = nb.page.get_by_label("own sentence")
    box.fill("it was too tired")
    box.press("Enter")
    nb.page.wait_for_function(
        "[...document.querySelector('.course-view').shadowRoot.querySelectorAll('[role=toolbar]')][0].textContent"
        " === 'itwastootired'"
    )
    until(lambda: nb.ask("print(view.now.trace.source_tokens)"), contains("['it', 'was', 'too', 'tired']"))
    focused = "() => document.querySelector('.course-view').shadowRoot.activeElement?.dataset.control"
    until(lambda: nb.page.evaluate(focused), "sentence")
    nb.page.get_by_test_id("map").focus()
    nb.page.keyboard.press("Home")
    until(lambda: nb.ask("print(view.step)"), contains("1"))
    nb.page.get_by_label("own sentence").fill(" ")
    nb.page.get_by_label("own sentence").press("Enter")
    nb.page.get_by_text("holds no word").wait_for()
    nb.save()
    nb.shut_down()
    nb.open()
    nb.page.wait_for_function("document.querySelector('.jp-OutputArea .course-view')?.view")
    until(nb.page.get_by_label("own sentence").count, 0)
