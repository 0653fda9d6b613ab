"""Chapter 3's labs in a browser: a translation grows, partners light up, words are knocked out."""

import functools

import labs
import numpy as np
import pages
import pytest
import torch
from waiting import contains, differs, numbers, picture, settle, stays, until

from course_kit.views.view import at
from course_utils.metrics import alignment_error_rate, links_of

pytestmark = pytest.mark.browser
SENTENCES = """The agreement on the European Economic Area was signed in August 1992 .
L' accord sur la zone économique européenne a été signé en août 1992 .
I am eating green apples ."""
ENGLISH, FRENCH, APPLES = (line.split() for line in SENTENCES.splitlines())
GOLD = [(0, 0), (1, 1), (2, 2), (3, 3), (4, 6), (5, 5), (6, 4), (7, 7), (8, 7), (9, 8), (10, 9), (11, 10), (12, 11)]
CHINESE = list("我正在吃绿色的苹果。")
STATE = "() => document.querySelector('.course-view').view.state"


def soft(rows, columns, links=(), seed=0):
    scores = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    for t, s in links:
        scores[t, s] += 4
    return torch.softmax(scores, -1)


def knocked():
    """“European” gone: one word less; “Area” replaced: two words other; “zone” kept from looking at “Area”."""
    without = [w for w in FRENCH if w != "européenne"]
    other = ["union" if w == "zone" else w for w in FRENCH]
    return [
        {"word": 4, "tokens": without, "weights": soft(13, 12, seed=1)},
        {"word": 6, "by": "Union", "tokens": other, "weights": soft(14, 13, GOLD, seed=2)},
        {"word": 6, "row": 4, "tokens": other, "weights": None},
    ]


def european(**options):
    return labs.alignment((ENGLISH, FRENCH, soft(14, 13, GOLD)), **options)


def chinese(source=CHINESE, **options):
    return labs.alignment((source, APPLES, soft(6, 10, [(0, 0), (2, 3), (4, 7)])), languages=("zh", "en"), **options)


@pytest.fixture
def show(show):
    """show(view, …) -> page, as everywhere; with scripts=False the static picture is there, too."""

    def open_page(*views, **options):
        whole = not options.get("scripts", True)
        return show(*(v if whole or isinstance(v, str) else pages.bare(v) for v in views), **options)

    return open_page


def word(page, line, text):
    return page.locator(".line:visible").nth(line).locator(".word", has_text=text).first


def test_weights_and_agreement_equal_python_at_every_step(show):
    weights = soft(14, 13, GOLD[:9], seed=4)
    page = show(labs.alignment((ENGLISH, FRENCH, weights), GOLD, variants=knocked()))
    for step in range(15):
        shown = numbers(page, step=step)
        assert len(shown["weights"]) == step == len(shown["tokens"])
        assert np.allclose(np.array(shown["weights"]).reshape(-1, 13), weights[:step], atol=5e-4)
        gold = {(t, s) for t, s in GOLD if t < step}
        links = links_of(weights[:step]) if step else set()
        assert shown["aer"] == pytest.approx(alignment_error_rate(links, gold) if step else 0)
        assert (shown["hits"], shown["words"]) == (len(links & gold), len({t for t, _ in gold}))
    rows = np.array(numbers(page, variant=1)["weights"], float)
    until(np.isnan(rows[:, 4]).all)
    assert np.allclose(np.delete(rows, 4, 1), soft(13, 12, seed=1), atol=5e-4)


def test_keys_and_buttons_write_word_by_word(show):
    page = show(european(step=0))
    lab, said = page.get_by_test_id("picture"), page.get_by_test_id("readout")
    until(said.inner_text, contains("nothing is written yet"))
    until(lambda: not word(page, 1, "L'").is_visible())
    lab.focus()
    pictures = {picture(page)}
    for i, new in enumerate(FRENCH[:3]):
        page.keyboard.press("ArrowRight")
        settle(page)
        until(said.inner_text, contains(f"“{new}” puts"))
        until(word(page, 1, new).is_visible)
        until(page.get_by_test_id("step").inner_text, f"{i + 1} of 14")
        pictures.add(picture(page))
    assert len(pictures) == 4
    page.keyboard.press("ArrowLeft")
    settle(page)
    until(lambda: page.evaluate(STATE)["step"], 2)
    until(lambda: not word(page, 1, FRENCH[2]).is_visible())
    for key, step in (("End", 14), ("Home", 0)):
        page.keyboard.press(key)
        until(lambda: page.evaluate(STATE)["step"], step)
    settle(page)
    until(page.get_by_label("one word back").is_disabled)
    page.get_by_label("one word on").click()
    until(lambda: page.evaluate(STATE)["step"], 1)
    lab.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    settle(page)
    until(lambda: page.evaluate(STATE)["row"], 11)
    until(said.inner_text, contains("“août” puts"))
    page.keyboard.press("Escape")
    until(lambda: page.evaluate(STATE)["row"], -1)


def test_play_pauses_and_reaches_the_end(show):
    page = show(chinese())
    button = page.get_by_test_id("play")
    page.get_by_test_id("picture").press(" ")
    stopped = page.wait_for_function(
        """() => { const view = document.querySelector('.course-view'), step = view.view.state.step;
        if (step < 2 || step === 6) return false;
        view.shadowRoot.querySelector('.play').click();
        return step; }"""
    ).json_value()
    until(button.inner_text, "play")
    stays(lambda: page.evaluate(STATE)["step"], stopped)
    page.get_by_test_id("picture").press(" ")
    page.wait_for_function("() => document.querySelector('.course-view').view.state.step === 6")
    settle(page)
    until(button.inner_text, "play")
    until(button.is_enabled)
    button.click()
    page.wait_for_function("() => document.querySelector('.course-view').view.state.step < 6")


def test_no_motion_for_those_who_want_none(show):
    """A new row fades in, but is there at once where the system asks for less motion."""
    for motion, still in (("no-preference", False), ("reduce", True)):
        page = show(european(step=0))
        page.emulate_media(reduced_motion=motion)
        first = page.evaluate(
            """async () => { const root = document.querySelector('.course-view').shadowRoot;
            root.querySelector('[aria-label="one word on"]').click();
            await new Promise(requestAnimationFrame);
            return root.querySelector('canvas').toDataURL(); }"""
        )
        if still:
            stays(lambda: picture(page), first)
        else:
            until(lambda: picture(page), differs(first))


def test_pointing_at_a_word_lights_its_partners(show):
    page = show(european(gold=GOLD))
    bold = lambda line, text: word(page, line, text).evaluate("e => !!e.style.boxShadow")  # noqa: E731
    said = page.get_by_test_id("readout")
    word(page, 1, "zone").hover()
    settle(page)
    until(lambda: bold(0, "Area"))
    until(lambda: bold(1, "zone"))
    until(lambda: not bold(0, "signed"))
    until(said.inner_text, contains("“zone” puts"))
    until(said.inner_text, contains("as gold does"))
    word(page, 0, "was").hover()
    settle(page)
    until(lambda: bold(0, "was"))
    until(lambda: bold(1, "été"))
    until(lambda: not bold(1, "zone"))
    until(said.inner_text, contains("of the 14 words’ attention"))
    canvas = page.locator("canvas").bounding_box()
    page.mouse.move(canvas["x"] + 12, canvas["y"] + canvas["height"] - 20)
    settle(page)
    until(said.inner_text, contains("“.” puts"))
    until(lambda: bold(1, "."))


def test_words_by_keyboard(show):
    page = show(european(step=3))
    word(page, 1, "L'").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    settle(page)
    until(lambda: page.evaluate(STATE)["step"], 4)
    until(lambda: page.evaluate("() => document.activeElement.shadowRoot.activeElement.textContent"), "la")
    page.keyboard.press("Home")
    settle(page)
    until(lambda: page.evaluate(STATE)["row"], 0)
    until(page.get_by_test_id("readout").inner_text, contains("“L'” puts"))
    page.keyboard.press("Tab")
    until(lambda: page.evaluate("() => document.activeElement.shadowRoot.activeElement.dataset.testid"), "picture")


def test_knock_out_a_word_and_bring_it_back(show):
    page = show(european(gold=GOLD, variants=knocked()))
    said, before = page.get_by_test_id("readout"), picture(page)
    until(lambda: not page.locator(".was").is_visible())
    until(said.inner_text, contains("Gold agrees with 13 of 13"))
    word(page, 0, "European").click()
    page.mouse.move(0, 0)
    settle(page)
    until(lambda: page.evaluate(STATE)["variant"], 1)
    until(lambda: picture(page), differs(before))
    until(said.inner_text, contains("Without “European”: 0 words are new, 1 gone"))
    until(page.locator(".was + * del").all_inner_texts, ["européenne"])
    until(lambda: word(page, 0, "European").get_attribute("aria-pressed"), "true")
    word(page, 0, "European").click()
    page.mouse.move(0, 0)
    settle(page)
    until(lambda: page.evaluate(STATE)["variant"], 0)
    until(said.inner_text, contains("Gold agrees"))
    page.get_by_label("knock out").select_option("with “Union” for “Area”")
    settle(page)
    until(page.locator(".line:visible .changed").all_inner_texts, ["union"])
    until(lambda: word(page, 0, "Area").get_attribute("data-by"), "Union")
    word(page, 1, "union").hover()
    settle(page)
    until(said.inner_text, contains("“union” puts"))
    until(said.inner_text, contains("on “Union”"))
    page.get_by_label("knock out").select_option("nothing")
    settle(page)
    word(page, 0, "Area").click()
    until(lambda: page.evaluate(STATE)["variant"], 2)


def test_knock_out_a_single_weight(show):
    """A press on the cell of “zone” and “Area”, found by walking over the picture; once more brings it back."""
    page = show(european(variants=knocked()))
    cell = page.evaluate(
        """() => { const v = document.querySelector('.course-view'), c = v.shadowRoot.querySelector('canvas');
        const r = c.getBoundingClientRect();
        for (let y = 90; y < r.height; y += 12) for (let x = 90; x < r.width; x += 12) {
          c.dispatchEvent(new MouseEvent('click', { clientX: r.left + x, clientY: r.top + y }));
          if (v.view.state.variant) return [r.left + x, r.top + y]; }
        return null; }"""
    )
    settle(page)
    until(lambda: page.evaluate(STATE)["variant"], 3)
    changed = "When “zone” may not attend to “Area”: 1 word is new, 1 gone"
    until(page.get_by_test_id("readout").inner_text, contains(changed))
    page.mouse.click(*cell)
    until(lambda: page.evaluate(STATE)["variant"], 0)


def test_it_opens_on_a_word_that_tells_something(show):
    """The one asked for, one that disagrees with gold, or the one that attends farthest from its own place."""
    opens = lambda **options: show(european(**options)).get_by_test_id("readout").inner_text  # noqa: E731
    until(opens(), contains("Area"))
    until(opens(select="signé"), contains("“signé” puts"))
    moved = [(t, s if t != 5 else 9) for t, s in GOLD]
    until(opens(gold=moved), contains("“économique” puts"))


def test_gold_links_are_outlined(show):
    page = show(european(gold=GOLD))
    until(page.locator(".legend").inner_text, contains("gold link"))
    until(lambda: picture(show(european(gold=GOLD))) != picture(show(european())))
    moved = [(t, (s + 1) % 13) for t, s in GOLD]
    page = show(european(gold=moved))
    until(page.get_by_test_id("readout").inner_text, contains("Gold agrees with 0 of 13"))


SCENES = {
    "alignment": lambda: european(gold=GOLD),
    "growing": lambda: european(gold=GOLD, step=6),
    "knocked": lambda: at(european(variants=knocked()), variant=1),
    "chinese": chinese,
}
VIEWS = list(SCENES)


@functools.cache
def html(name):
    return pages.bare(SCENES[name]())


@pytest.mark.parametrize(
    ("names", "dark"), [(("growing", "chinese"), False), (("knocked",), True)], ids=["light", "dark"]
)
def test_no_axe_violations(show, violations, names, dark):
    page = show(*map(html, names), dark=dark)
    page.locator(".summed-up summary").first.click()
    word(page, 0, ENGLISH[5]).hover()
    assert violations(page, "main") == []


@pytest.mark.parametrize("width", [480, 700, 1000])
def test_never_wider_than_the_column(show, width):
    page = show(*map(html, VIEWS), width=width)
    for i, name in enumerate(VIEWS):
        inner, outer = page.locator(".course-view").nth(i).evaluate("e => [e.scrollWidth, e.clientWidth]")
        assert inner <= outer + 1, name
    until(lambda: page.evaluate("document.documentElement.scrollWidth") <= width)


@pytest.mark.parametrize("width", [480, 1000])
def test_the_layout_does_not_jump(show, width):
    """Steps, words pointed at and variants leave every height as it is."""
    page = show(european(gold=GOLD, variants=knocked()), width=width)
    heights = {page.locator(".course-view").evaluate("e => e.offsetHeight")}
    for state in ({"variant": 1}, {"variant": 2}, {"variant": 0, "row": 4}, {"col": 6}, {"step": 7}, {"step": 1}):
        page.evaluate("s => document.querySelector('.course-view').view.set(s)", state)
        settle(page)
        heights.add(page.locator(".course-view").evaluate("e => e.offsetHeight"))
    assert len(heights) == 1, heights


def test_a_long_sentence_scrolls_with_what_is_written(show):
    source, target = [f"word{i}" for i in range(64)], [f"mot{i}" for i in range(140)]
    page = show(labs.alignment((source, target, soft(140, 64)), step=0), width=700)
    page.get_by_test_id("picture").focus()
    page.keyboard.press("End")
    settle(page)
    window = page.locator(".window")
    until(lambda: window.evaluate("e => e.scrollTop > 500 && e.scrollWidth > e.clientWidth"))
    until(lambda: page.evaluate("document.documentElement.scrollWidth") <= 700)


def test_presenting_size(show):
    page = show(european(gold=GOLD, presenting=True), width=1280)
    until(lambda: page.locator(".course-view").bounding_box()["height"] < 1000)
    until(lambda: page.locator(".view").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 24)


def test_chinese_labels(show, chinese_font):
    page = show(chinese(presenting=True))
    other = show(chinese(CHINESE[:-2] + ["花", "。"], presenting=True))
    until(lambda: picture(page) != picture(other))
    until(word(page, 0, "吃").is_visible)
    until(lambda: page.locator(".line").first.get_attribute("lang"), "zh")


@pytest.mark.parametrize("name", ["knocked", "chinese"])
def test_without_scripts_picture_sentence_and_table_remain(show, name):
    page = show(SCENES[name](), scripts=False)
    until(lambda: page.locator("img").bounding_box()["width"] > 200)
    until(lambda: len(page.locator("img").get_attribute("alt")) > 100)
    page.locator("summary").click()
    until(lambda: page.locator("table tr").count() > 4)
